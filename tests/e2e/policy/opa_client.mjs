// OPA's client for JavaScript, as it comes, against `maestro serve`.
import assert from "node:assert/strict";

import { OPAClient } from "@open-policy-agent/opa";

import { send } from "../lib/http.mjs";
import { scenario } from "../lib/scenario.mjs";

const PATH = "/opa-client";

function client(world, token = world.opaStage.tokens.operator) {
  return new OPAClient(world.opaStage.opa, { headers: { Authorization: `Bearer ${token}` } });
}

const isError = (status) => (error) => {
  assert.equal(error.httpMeta?.response.status ?? error.statusCode, status, String(error));
  return true;
};

scenario("a server takes its policies from a bundle server, signed, with a token",
  { limitMs: 60_000 }, async (world) => {
    const stage = world.opaStage = world.stage("opa").prepare();
    world.bundles.publish(`${PATH}/prod`, world.build(1));
    stage.configure(world.settings(`${world.bundles.url}${PATH}/{channel}`));
    await stage.serve();
    const [first] = world.bundles.requests.filter(({ path }) => path === `${PATH}/prod`);
    assert.equal(first.token, "Bearer bundles-7f3a");
    assert.equal(first.etag, "");
    const [told] = stage.events("policy.activated");
    assert.equal(told.revision, "r1");
    assert.equal(told.signed_by, "release-1");
    assert.match(told.digest, /^sha256:[0-9a-f]{64}$/);
  });

scenario("evaluate: true, false, an object, undefined, with and without an input", async (world) => {
  const opa = client(world);
  assert.equal(await opa.evaluate("app/authz/allow", { user: "ada" }), true);
  assert.equal(await opa.evaluate("app/authz/allow", { user: "eve" }), false);
  assert.deepEqual(await opa.evaluate("app/pair/whole"), { said: 1, kept: 1, agree: true });
  assert.deepEqual(await opa.evaluate("app/authz/admins"), ["ada", "ben"]);
  assert.equal(await opa.evaluate("app/authz/who", { name: "no user" }), undefined);
  assert.equal(await opa.evaluate("app/nothing/here", {}), undefined);
  const asked = { toInput: () => ({ user: "ben" }) };
  assert.equal(await opa.evaluate("app/authz/allow", asked), true);
  const opposite = { fromResult: (result) => !result };
  assert.equal(await opa.evaluate("app/authz/allow", { user: "ada" }, opposite), false);
});

scenario("evaluateDefault asks the default decision", async (world) => {
  const opa = client(world);
  assert.deepEqual(await opa.evaluateDefault({ user: "ada" }), { allowed: true, who: "ada" });
  assert.deepEqual(await opa.evaluateDefault(), { allowed: false, who: "nobody" });
});

scenario("evaluateBatch: all well, some failed, all failed", async (world) => {
  const opa = client(world);
  const inputs = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`n${i}`, { user: i % 2 ? "ada" : "eve" }]));
  const all = await opa.evaluateBatch("app/authz/allow", inputs);
  assert.deepEqual(all, Object.fromEntries(Object.keys(inputs).map((id, i) => [id, i % 2 === 1])));

  const mixed = await opa.evaluateBatch("app/authz/level",
    { low: { low: true }, both: { low: true, high: true }, neither: {} });
  assert.equal(mixed.low, 1);
  assert.equal(mixed.neither, undefined);
  assert.ok(Object.hasOwn(mixed, "neither"));
  assert.equal(mixed.both.httpStatusCode, "500");
  assert.equal(mixed.both.code, "internal_error");
  assert.match(mixed.both.decisionId, /^dec_/);
  const conflict = /complete rules must not produce multiple outputs/;
  assert.match(JSON.stringify(mixed.both), conflict);
  await assert.rejects(opa.evaluateBatch("app/authz/level",
    { low: { low: true }, both: { low: true, high: true } }, { rejectMixed: true }));

  const both = { low: true, high: true };
  await assert.rejects(opa.evaluateBatch("app/authz/level", { a: both, b: both }), (error) => {
    assert.equal(error.name, "BatchServerError");
    assert.deepEqual(Object.keys(error.responses).sort(), ["a", "b"]);
    assert.match(JSON.stringify(error.responses.a), conflict);
    return true;
  });
  assert.deepEqual(await opa.evaluateBatch("app/authz/allow", {}), {});
});

scenario("errors of an evaluation are the client's errors, and name the place", async (world) => {
  await assert.rejects(client(world).evaluate("app/authz/level", { low: 1, high: 1 }), (error) => {
    assert.equal(error.name, "ServerError");
    assert.equal(error.code, "internal_error");
    const [found] = error.errors;
    assert.equal(found.code, "eval_conflict_error");
    assert.match(found.message, /must not produce multiple outputs/);
    assert.equal(found.location.file, "policies/app/authz.rego");
    assert.ok(found.location.row > 0);
    return true;
  });
});

scenario("served policies know the machine's time zones, and read GraphQL", async (world) => {
  assert.deepEqual(await client(world).evaluate("app/host"), { berlin: [1, 0, 0], graphql_is_read: true });
});

scenario("a token is asked for, of the right tenant and scope", async (world) => {
  const { opaStage: stage } = world;
  await assert.rejects(new OPAClient(stage.opa).evaluate("app/authz/allow", { user: "ada" }), isError(401));
  await assert.rejects(client(world, "mct_none").evaluate("app/authz/allow", {}), isError(401));
  for (const who of ["analyst", "admin"]) {
    await assert.rejects(client(world, stage.tokens[who]).evaluate("app/authz/allow", { user: "ada" }),
      isError(403), `${who} is of another tenant than system`);
  }
  const { text } = await send(`${stage.opa}/v1/data/app/authz/allow`);
  assert.ok(!text.includes("result"), text);
});

scenario("partial evaluation is not served, and the client is told so", async (world) => {
  await assert.rejects(client(world).getFilters("app/authz/allow", {}, { target: "ucastPrisma" }), isError(501));
});

scenario("health: for anybody, of bundles, and of a rule", async ({ opaStage: stage }) => {
  const status = async (path, headers = {}) => (await send(`${stage.opa}${path}`, { headers })).status;
  const asked = { Authorization: `Bearer ${stage.tokens.operator}` };
  for (const path of ["/health", "/health?bundles", "/health?bundles=true&plugins"]) {
    assert.equal(await status(path), 200, path);
  }
  assert.equal(await status("/health/ready", asked), 200);
  assert.equal(await status("/health/broken", asked), 500);
  assert.equal(await status("/health/ready"), 401);
});

scenario("provenance, ids and metrics of an answer", async ({ opaStage: stage }) => {
  const { status, json } = await stage.ask("/v1/data/app/authz/allow?provenance&metrics&pretty", { user: "ada" });
  assert.equal(status, 200);
  assert.equal(json.result, true);
  assert.deepEqual(json.provenance.bundles, { policies: { revision: "r1" } });
  assert.ok(json.metrics.timer_rego_query_eval_ns > 0);
  const line = await stage.decision(json.decision_id);
  assert.equal(line.path, "app/authz/allow");
  assert.equal(line.revision, "policies@r1");
  assert.equal(line.allowed, true);
  assert.equal(line.principal, "otto");
});

scenario("policies and data of bundles cannot be changed from outside", async ({ opaStage: stage }) => {
  const headers = { Authorization: `Bearer ${stage.tokens.operator}`, "Content-Type": "text/plain" };
  for (const [method, path, body] of [
    ["PUT", "/v1/policies/app", "package app.authz\nallow := true"],
    ["DELETE", "/v1/policies/policies/app/authz.rego"],
    ["PUT", "/v1/data/app/authz/admins", "[\"eve\"]"],
    ["PATCH", "/v1/data/app", "[]"],
  ]) {
    const { status, text } = await send(`${stage.opa}${path}`, { method, body, headers });
    assert.ok(status === 400 || status === 405, `${method} ${path}: ${status} ${text}`);
  }
  const { json } = await stage.ask("/v1/data/app/authz/allow", { user: "eve" });
  assert.equal(json.result, false);
});
