import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, Problem } from "../src/api.ts";

interface Sent {
  path: string;
  init: RequestInit;
}

function clientFor(answer: () => Response | Promise<Response>): { client: Client; sent: Sent[] } {
  const sent: Sent[] = [];
  const client = new Client(async (path, init) => {
    sent.push({ path: String(path), init: init ?? {} });
    return answer();
  });
  return { client, sent };
}

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

test("changes carry the session's token, reads do not", async () => {
  const { client, sent } = clientFor(() => json(200, { items: [] }));
  client.csrf = "secret";
  await client.call("GET", "/v1/tenants");
  await client.call("DELETE", "/v1/session");
  await client.call("POST", "/v1/tenants", { id: "a" });
  const tokens = sent.map(({ init }) => new Headers(init.headers).get("X-CSRF-Token"));
  assert.deepEqual(tokens, [null, "secret", "secret"]);
  assert.equal(new Headers(sent[2]?.init.headers).get("Content-Type"), "application/json");
});

test("bytes are sent as they are, under their own type", async () => {
  const { client, sent } = clientFor(() => json(200, {}));
  const body = new Blob(["\x1f\x8b"], { type: "application/gzip" });
  await client.call("POST", "/v1/policy/what-if", body);
  assert.equal(sent[0]?.init.body, body);
  assert.equal(new Headers(sent[0]?.init.headers).get("Content-Type"), "application/gzip");
});

test("no call follows a redirect or goes to another origin", async () => {
  const { client, sent } = clientFor(() => json(200, {}));
  await client.getSession();
  await client.getOverview({ window: "1h", tenant: "a/../b?c" });
  for (const { path, init } of sent) {
    assert.equal(init.redirect, "error");
    assert.equal(init.credentials, "same-origin");
    assert.ok(path.startsWith("/v1/"));
  }
  assert.equal(sent[1]?.path, "/v1/overview?tenant=a%2F..%2Fb%3Fc&window=1h");
});

test("problem details become a problem, anything else at least a status", async () => {
  const told = clientFor(() => json(403, { detail: "no", code: "denied", request_id: "req_1" }));
  await assert.rejects(told.client.getSession(), (error: Problem) => {
    assert.deepEqual([error.status, error.code, error.message, error.requestId], [403, "denied", "no", "req_1"]);
    return true;
  });
  for (const body of ["<html>", "", "[]", "null", '{"detail":5}']) {
    const odd = clientFor(() => new Response(body, { status: 502 }));
    await assert.rejects(odd.client.getSession(), { status: 502, message: "The server answered 502." });
  }
});

test("silence has the status 0", async () => {
  const { client } = clientFor(() => Promise.reject(new TypeError("no network")));
  await assert.rejects(client.getSession(), { status: 0, code: "offline" });
});

test("an answer that came with the page is given once, and only to who asks for just that", async () => {
  const { client, sent } = clientFor(() => json(200, { from: "server" }));
  client.given = new Map([["/v1/overview?window=15m", { from: "page" }]]);
  const asked = [];
  for (const window of ["1h", "15m", "15m"] as const) asked.push(await client.call("GET", `/v1/overview?window=${window}`));
  assert.deepEqual(asked, [{ from: "server" }, { from: "page" }, { from: "server" }]);
  client.given = new Map([["/v1/session", {}]]);
  await client.signOut();
  assert.deepEqual(sent.map(({ path, init }) => `${init.method} ${path}`),
    ["GET /v1/overview?window=1h", "GET /v1/overview?window=15m", "DELETE /v1/session"]);
});

test("a file comes as it is, under the server's name; what is refused is a problem", async () => {
  const bytes = new Uint8Array([0, 255, 10, 13]);
  const headers = { "Content-Disposition": 'attachment; filename="receipt-alpha-17.pdf"' };
  const { client, sent } = clientFor(() => new Response(bytes, { headers }));
  const got = await client.file("/v1/x");
  assert.equal(got.name, "receipt-alpha-17.pdf");
  assert.deepEqual(new Uint8Array(await got.bytes.arrayBuffer()), bytes);
  assert.deepEqual([sent[0]?.init.method, new Headers(sent[0]?.init.headers).get("Accept")], ["GET", "*/*"]);
  assert.equal((await clientFor(() => new Response("")).client.file("/v1/x")).name, "download");
  const refused = clientFor(() => json(400, { detail: "too many", code: "invalid" }));
  await assert.rejects(refused.client.file("/v1/x"), { status: 400, message: "too many" });
});
