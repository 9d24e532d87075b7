// GraphQL over HTTP: statuses, media types, GET, persisted queries, batches, limits.
import { createHash } from "node:crypto";

import { GRAPHQL_TYPE, JSON_TYPE, post, send } from "../lib/http.mjs";
import { scenario } from "../lib/scenario.mjs";
import { assert } from "./check.mjs";

const get = (world, query, { who = world.tokens.admin, headers = {}, ...more } = {}) =>
  send(`${world.graphql}?${new URLSearchParams({ query, ...more })}`,
    { headers: { Accept: JSON_TYPE, Authorization: `Bearer ${who}`, ...headers } });
const code = (reply) => reply.json?.errors?.[0]?.extensions?.code;
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

const statuses = [
  // what, body, status as application/json, as application/graphql-response+json, code
  ["a good operation", { query: "{ __typename }" }, 200, 200, undefined],
  ["a syntax error", { query: "{ persons(" }, 200, 400, "GRAPHQL_PARSE_FAILED"],
  ["an unknown field", { query: "{ nobody }" }, 200, 400, "GRAPHQL_VALIDATION_FAILED"],
  ["a wrong argument", { query: "{ person(id: {}) { id } }" }, 200, 400,
    "GRAPHQL_VALIDATION_FAILED"],
  ["an unknown operation", { query: "query A { __typename }", operationName: "B" }, 200, 400,
    "OPERATION_RESOLUTION_FAILURE"],
  ["several operations and no name", { query: "query A { __typename } query B { __typename }" },
    200, 400, "OPERATION_RESOLUTION_FAILURE"],
  ["no query", {}, 400, 400, "BAD_REQUEST"],
  ["a query that is no text", { query: 7 }, 400, 400, "BAD_REQUEST"],
  ["variables that are a list", { query: "{ __typename }", variables: [] }, 400, 400,
    "BAD_REQUEST"],
  ["a body that is no JSON", "{ nope", 400, 400, "BAD_REQUEST"],
  ["a body that is a text", "\"x\"", 400, 400, "BAD_REQUEST"],
  ["a body with a key twice", '{"query":"{__typename}","query":"{__typename}"}', 400, 400,
    "BAD_REQUEST"],
];
for (const [what, body, asJson, asGraphql, wanted] of statuses) {
  scenario(`status of ${what}`, async (world) => {
    for (const [accept, status] of [[JSON_TYPE, asJson], [GRAPHQL_TYPE, asGraphql]]) {
      const reply = await world.post(body, world.tokens.admin, { headers: { Accept: accept } });
      assert.equal(reply.status, status, `${accept}: ${reply.text}`);
      assert.match(reply.headers["content-type"], new RegExp(`^${accept.replace("+", "\\+")}`));
      assert.equal(code(reply), wanted, reply.text);
      if (wanted) assert.equal("data" in reply.json, false, "a request error has no data");
    }
  });
}

scenario("status of a missing variable", { needs: ["native-status"] }, async (world) => {
  const body = { query: "query($id: ID!) { person(id: $id) { id } }" };
  for (const [accept, status] of [[JSON_TYPE, 200], [GRAPHQL_TYPE, 400]]) {
    const reply = await world.post(body, world.tokens.admin, { headers: { Accept: accept } });
    assert.equal(reply.status, status, reply.text);
    assert.match(reply.json.errors[0].message, /\$id/);
  }
});

scenario("the draft profile has statuses of its own", { needs: ["sqlite"] }, async (world) => {
  const server = await world.site.serve("--set", "gateway.http_profile=draft-2026",
    "--data-dir", world.site.path("draft"), "--set", "log.level=error");
  try {
    const bootstrap = (await server.says(/MC_TOKEN=(\S+)/))[1];
    const ask = (query) => post(`${server.url}/graphql`, bootstrap, { query },
      { headers: { Accept: GRAPHQL_TYPE } });
    assert.equal((await ask("{ nobody }")).status, 422);
    assert.equal((await ask("{ persons(first: 1000) { nodes { id } } __typename }")).status, 294);
    assert.equal((await ask("{ __typename }")).status, 200);
    assert.equal((await ask("{")).status, 400);
  } finally {
    await server.stop();
  }
});

scenario("errors carry the request id and where", async (world) => {
  const reply = await world.post({ query: "{\n  nobody }" });
  assert.equal(reply.json.extensions.requestId, reply.headers["x-request-id"]);
  assert.deepEqual(reply.json.errors[0].locations, [{ line: 2, column: 3 }]);
});

scenario("Accept is negotiated", async (world) => {
  const cases = [["*/*", JSON_TYPE], ["application/*", JSON_TYPE], [`${GRAPHQL_TYPE}, */*`,
    GRAPHQL_TYPE], [`text/html, ${JSON_TYPE};q=0.5`, JSON_TYPE],
  [`${GRAPHQL_TYPE};q=0, ${JSON_TYPE}`, JSON_TYPE], [`${JSON_TYPE}; charset=utf-8`, JSON_TYPE]];
  for (const [accept, type] of cases) {
    const reply = await world.post({ query: "{ __typename }" }, undefined,
      { headers: { Accept: accept } });
    assert.equal(reply.status, 200, accept);
    assert.equal(reply.headers["content-type"].split(";")[0], type, accept);
  }
  for (const accept of ["text/html", "image/*", `${JSON_TYPE};q=0`]) {
    const reply = await world.post({ query: "{ __typename }" }, undefined,
      { headers: { Accept: accept } });
    assert.equal(reply.status, 406, accept);
  }
});

scenario("the body must be JSON in UTF-8", async (world) => {
  for (const type of ["text/plain", "application/graphql", "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded", "application/json; charset=latin1", ""]) {
    const reply = await world.post({ query: "{ __typename }" }, undefined,
      { headers: { "Content-Type": type } });
    assert.equal(reply.status, 415, `${type}: ${reply.text}`);
  }
  const utf8 = await world.post({ query: "{ __typename }" }, undefined,
    { headers: { "Content-Type": "Application/JSON; Charset=\"UTF-8\"" } });
  assert.equal(utf8.status, 200);
});

scenario("queries go by GET, mutations do not", async (world) => {
  const reply = await get(world, "query One($id: ID!) { person(id: $id) { id } }",
    { variables: '{"id":"p001"}', operationName: "One" });
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(reply.json.data, { person: { id: "p001" } });
  const mutation = await get(world, "mutation { deletePerson(id: \"p001\") }");
  assert.equal(mutation.status, 405);
  assert.equal(mutation.headers.allow, "POST");
  const still = await get(world, "{ person(id: \"p001\") { id } }");
  assert.deepEqual(still.json.data.person, { id: "p001" });
});

scenario("a GET with broken parameters is refused", async (world) => {
  const auth = { Accept: JSON_TYPE, Authorization: `Bearer ${world.tokens.admin}` };
  for (const query of ["", "?query=", "?query=%7B__typename%7D&variables=nope",
    "?query=%7B__typename%7D&query=%7B__typename%7D", "?query=%zz", "?variables=%7B%7D"]) {
    const reply = await send(world.graphql + query, { headers: auth });
    assert.equal(reply.status, 400, query);
  }
});

scenario("other methods get 405 with Allow", async (world) => {
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"]) {
    const reply = await send(world.graphql, { method,
      headers: { Accept: JSON_TYPE, Authorization: `Bearer ${world.tokens.admin}` } });
    assert.equal(reply.status, 405, method);
    assert.equal(reply.headers.allow, "GET, POST", method);
    if (method === "HEAD") assert.equal(reply.text, "");
  }
});

const persisted = (query, more = {}) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: sha256(query) } }, ...more,
});

scenario("automatic persisted queries: not found, registered, found by POST and GET",
  async (world) => {
    const query = `{ person(id: "p001") { id } } # ${process.pid} ${Date.now()}`;
    const miss = await world.post(persisted(query));
    assert.equal(miss.status, 200);
    assert.equal(code(miss), "PERSISTED_QUERY_NOT_FOUND");
    assert.equal(miss.json.errors[0].message, "PersistedQueryNotFound");
    const put = await world.post(persisted(query, { query }));
    assert.deepEqual(put.json.data, { person: { id: "p001" } });
    assert.deepEqual((await world.post(persisted(query))).json.data, put.json.data);
    const { extensions } = persisted(query);
    const byGet = await send(`${world.graphql}?extensions=` +
      encodeURIComponent(JSON.stringify(extensions)),
    { headers: { Accept: JSON_TYPE, Authorization: `Bearer ${world.tokens.admin}` } });
    assert.deepEqual(byGet.json.data, put.json.data);
    const foreign = await world.post(persisted(query), world.tokens.other);
    assert.equal(code(foreign), "PERSISTED_QUERY_NOT_FOUND");
  });

scenario("a persisted query with a wrong hash is refused and not kept", async (world) => {
  const query = `{ __typename } # wrong ${process.pid} ${Date.now()}`;
  const other = "{ person(id: \"p001\") { id } }";
  const reply = await world.post(persisted(query, { query: other }));
  assert.equal(reply.status, 400);
  assert.equal(code(reply), "PERSISTED_QUERY_HASH_MISMATCH");
  assert.equal(code(await world.post(persisted(query))), "PERSISTED_QUERY_NOT_FOUND");
  for (const broken of [{ version: 2, sha256Hash: sha256(query) }, { version: 1 }, "x",
    { version: 1, sha256Hash: "abc" }]) {
    const bad = await world.post({ query, extensions: { persistedQuery: broken } });
    assert.equal(bad.status, 400, JSON.stringify(broken));
  }
});

scenario("a batch is answered in order", async (world) => {
  const one = (i) => ({ query: "query($id: ID!) { person(id: $id) { id } }",
    variables: { id: `p00${i}` } });
  const reply = await world.post([1, 2, 3, 4].map(one));
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(reply.json.map((item) => item.data.person.id), ["p001", "p002", "p003", "p004"]);
  assert.equal((await world.post([])).status, 400);
  const full = await world.post(Array.from({ length: 10 }, () => one(1)));
  assert.equal(full.json.length, 10);
  const over = await world.post(Array.from({ length: 11 }, () => one(1)));
  assert.equal(over.status, 400);
  assert.equal(code(over), "BATCH_LIMIT_EXCEEDED");
  assert.equal((await world.post([one(1), 7])).status, 400);
});

const nested = (levels) => {
  const inner = Array.from({ length: levels }, (_, i) => (i % 2 ? "person" : "tasks(first: 1) { nodes"))
    .reduceRight((below, field) => (field === "person" ? `person { ${below} }` : `${field} { ${below} } }`),
      "id");
  return `{ person(id: "p001") { ${inner} } }`;
};
const limits = [
  ["aliases", (n) => `{ ${Array.from({ length: n }, (_, i) => `a${i}: __typename`).join(" ")} }`,
    101, "ALIAS"],
  ["root fields", (n) => `{ ${Array.from({ length: n }, (_, i) => `r${i}: __typename`).join(" ")} }`,
    21, "ROOT"],
  ["depth", (n) => nested(n), 60, "DEPTH"],
  ["tokens", (n) => `{ person(id: "p001") { ${"id ".repeat(n)} } }`, 16_000, "TOKEN"],
  ["directives", (n) => `{ person(id: "p001") { ${"id @skip(if: false) ".repeat(n)} } }`, 51,
    "DIRECTIVE"],
  ["syntax nesting", (n) => `{ person(id: ${"[".repeat(n)}1${"]".repeat(n)}) { id } }`, 300, ""],
];
for (const [what, make, over] of limits) {
  scenario(`limit of ${what}`, async (world) => {
    const reply = await world.post({ query: make(over) }, undefined,
      { headers: { Accept: GRAPHQL_TYPE } });
    assert.equal(reply.status, 400, reply.text.slice(0, 300));
    assert.equal(reply.json.data, undefined);
    assert.match(code(reply), /LIMIT|PARSE_FAILED/, reply.text.slice(0, 300));
    assert.equal((await world.post({ query: "{ __typename }" })).status, 200);
  });
}

scenario("a fragment bomb is refused at once", async (world) => {
  const levels = 30;
  const fragments = Array.from({ length: levels }, (_, i) =>
    `fragment F${i} on Person { ...F${i + 1} ...F${i + 1} }`).join(" ");
  const query = `{ person(id: "p001") { ...F0 } } ${fragments} fragment F${levels} on Person { id }`;
  const begin = Date.now();
  const reply = await world.post({ query }, undefined, { headers: { Accept: GRAPHQL_TYPE } });
  assert.equal(reply.status, 400, reply.text.slice(0, 300));
  assert.ok(Date.now() - begin < 2_000);
});

scenario("variables nested too deep are refused", async (world) => {
  const deep = `${'{"a":'.repeat(100)}1${"}".repeat(100)}`;
  const reply = await world.post(`{"query":"{ __typename }","variables":${deep}}`);
  assert.equal(reply.status, 400);
});

scenario("a body beyond the limit gets 413, at the limit it is read", async (world) => {
  const size = 1 << 20;
  const sized = (bytes) => {
    const frame = JSON.stringify({ query: "{ __typename }", pad: "" });
    return frame.replace('"pad":""', `"pad":"${"x".repeat(bytes - frame.length)}"`);
  };
  assert.equal((await world.post(sized(size))).status, 200);
  const over = await world.post(sized(size + 1)).catch((error) => error);
  if (over instanceof Error) assert.match(over.code, /ECONNRESET|EPIPE/);
  else assert.equal(over.status, 413);
});

scenario("heads beyond the limit get 431", async (world) => {
  const one = await world.post({ query: "{ __typename }" }, undefined,
    { headers: { "X-Long": "x".repeat(70_000) } }).catch((error) => error);
  if (one instanceof Error) assert.match(one.code, /ECONNRESET|EPIPE/);
  else assert.equal(one.status, 431);
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`X-H${i}`, "1"]));
  const reply = await world.post({ query: "{ __typename }" }, undefined, { headers: many });
  assert.equal(reply.status, 431);
});
