// What a server starts with: nothing, the bundle that it kept, a kept one that was changed on disk;
// and deltas, which are kept as well. Folders and files as sources.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Child, eventually } from "../lib/children.mjs";
import { MAESTRO } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";
import { pack, unpack } from "./archive.mjs";
import { KEY_ID, ROOTS, SCOPE, SLOW_MS, policyFiles } from "./world.mjs";

const PATH = "/starts";
const NOBODY = "https://127.0.0.1:9/bundle";

// Beside this process, which has the bundle server.
async function mustFail(stage, status, ...patterns) {
  const done = new Child(MAESTRO, ["--config", stage.site.config, "serve"]);
  assert.equal(await done.exited, status, done.err);
  assert.match(done.err, /^maestro: \S/m);
  for (const pattern of patterns) assert.match(done.err, pattern);
  assert.doesNotMatch(done.out + done.err, /Listening on/);
}

scenario("a first start without any policies fails, and says why", { limitMs: 60_000 }, async (world) => {
  const stage = world.startStage = world.stage("starts").prepare();
  stage.configure(world.settings(NOBODY));
  await mustFail(stage, 1, /no policies: https:\/\/127\.0\.0\.1:9\/bundle: /, /none are kept/);
  stage.configure(world.settings(`${world.bundles.url}/nothing`));
  await mustFail(stage, 1, /no policies: bundle server .*\/nothing: status 404/, /none are kept/);
  const bad = unpack(world.build(1)).filter(({ path }) => path !== "app/pair.rego");
  world.bundles.publish(PATH, pack(bad));
  stage.configure(world.settings(`${world.bundles.url}${PATH}`));
  await mustFail(stage, 1, /no policies: bundle: 'app\/pair\.rego' is in the signature, but not in the bundle/);
  stage.configure(`policy: {source: {location: "${world.bundles.url}${PATH}", token_file: ${world.tokenFile}}}`);
  await mustFail(stage, 1, /no policies: .*certificate/);
  const unsigned = stage.site.path("nobody.tar.gz");
  writeFileSync(unsigned, world.build(1));
  stage.configure(`policy: {source: {location: ${unsigned}}}`);
  await mustFail(stage, 1, /it is signed, and no key to verify it with is configured/);
  stage.configure(`policy: {source: {location: ${stage.site.path("no-such-folder")}}}`);
  await mustFail(stage, 1, /no policies: .*no-such-folder/);
});

scenario("settings that cannot be are refused", async ({ startStage: stage }) => {
  for (const [yaml, pattern] of [
    ["policy: {source: {location: \"http://127.0.0.1:9/b\", token_file: /tmp/x}}", /token_file: a token is not sent without TLS/],
    ["policy: {source: {location: x, channel: \"../prod\"}}", /channel: letters, digits and '-' are allowed/],
    ["policy: {source: {location: x, poll: 1ms}}", /poll/],
  ]) {
    stage.configure(yaml);
    await mustFail(stage, 2, pattern);
  }
  stage.configure(`policy: {source: {location: x}, keys: [{id: a, key_file: ${stage.site.path("no.key")}}]}`);
  const done = stage.site.run("serve");
  assert.notEqual(done.status, 0);
  assert.match(done.err, /no\.key/);
});

scenario("with the bundle server away, a start uses what was kept", { limitMs: 60_000 }, async (world) => {
  const { startStage: stage, bundles } = world;
  bundles.publish(PATH, world.build(7));
  stage.configure(world.settings(`${bundles.url}${PATH}`));
  await stage.serve();
  assert.equal(await stage.revision(), 7);
  assert.equal(await stage.stop(), 0);
  await bundles.down();
  try {
    await stage.serve();
    assert.equal(await stage.revision(), 7);
    assert.equal((await stage.ask("/v1/data/app/authz/allow", { user: "ada" })).json.result, true);
    assert.ok(stage.events("policy.unreachable").length > 0);
    assert.equal(await stage.metric("mc_policy_problem"), 1);
    const [record] = (await stage.records()).filter(({ type }) => type === "policy");
    assert.equal(record.action, "activated policies");
    assert.equal(record.payload.revision, "r7");
    assert.equal(record.payload.signed_by, KEY_ID);
    assert.equal(record.payload.from_disk, true);
  } finally {
    await bundles.up();
  }
  await eventually("the bundle server is back", async () => await stage.metric("mc_policy_problem") === 0);
  assert.equal(stage.events("policy.activated").length, 1, "304: it is the same one");
  bundles.publish(PATH, world.build(8));
  await stage.activated(8);
  assert.equal(await stage.stop(), 0);
});

scenario("a bad bundle at a start leaves what was kept in use", { limitMs: 60_000 }, async (world) => {
  const { startStage: stage, bundles } = world;
  bundles.publish(PATH, world.build(9, { key: false }));
  await stage.serve();
  assert.equal(await stage.revision(), 8);
  assert.match(stage.events("policy.refused")[0].why, /it is not signed, and a key is configured/);
  assert.equal(await stage.metric("mc_policy_problem"), 1);
  bundles.publish(PATH, world.build(10));
  await stage.activated(10);
  assert.equal(await stage.metric("mc_policy_problem"), 0);
  assert.equal(await stage.stop(), 0);
});

// The kept file is a line of JSON and what follows it.
function alterKept(path, change) {
  const bytes = readFileSync(path);
  const end = bytes.indexOf(10);
  const head = JSON.parse(bytes.subarray(0, end));
  const rest = change(bytes.subarray(end + 1));
  head.sizes = [rest.length];
  head.sha256 = createHash("sha256").update(rest).digest("hex");
  writeFileSync(path, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), rest]));
}

scenario("a kept bundle that was changed on disk is not used", async (world) => {
  const { startStage: stage } = world;
  const path = join(stage.site.dataDir, "policies/policies.bundle");
  const good = readFileSync(path);
  stage.configure(world.settings(NOBODY));
  writeFileSync(path, Buffer.concat([good.subarray(0, -1), Buffer.from([good.at(-1) ^ 1])]));
  await mustFail(stage, 1, /the kept bundle 'policies' is damaged/);
  // Whoever can write there can make the digest fit, but no signature.
  writeFileSync(path, good);
  alterKept(path, (bytes) => pack(unpack(bytes).map((entry) => (entry.path !== "app/authz.rego" ? entry
    : { ...entry, bytes: "package app.authz\n\nallow := true\n" }))));
  await mustFail(stage, 1, /the kept ones: bundle: 'app\/authz\.rego' differs from what was signed/);
  alterKept(path, (bytes) => pack(unpack(bytes).filter(({ path: name }) => name !== ".signatures.json")));
  await mustFail(stage, 1, /the kept ones: bundle: .*not signed/);
  rmSync(path);
  await mustFail(stage, 1, /none are kept/);
  writeFileSync(path, good);
  await stage.serve();
  assert.equal(await stage.revision(), 10);
  assert.equal(await stage.stop(), 0);
});

function delta(world, revision, data, { key = world.privateKey, more = [], name = "delta.tar.gz" } = {}) {
  const path = world.site.path(name);
  writeFileSync(path, pack([...more, { path: "patch.json", bytes: JSON.stringify({ data }) },
    { path: ".manifest", bytes: JSON.stringify({ revision, roots: ROOTS }) }]));
  if (key) world.site.must("policy", "sign", path, "--key", key, "--key-id", KEY_ID, "--scope", SCOPE);
  return readFileSync(path);
}

const ask = async (stage, path, input = {}) => (await stage.ask(path, input)).json;

scenario("deltas change data, signed, and outlive a restart", { limitMs: 60_000 }, async (world) => {
  const { startStage: stage, bundles } = world;
  stage.configure(world.settings(`${bundles.url}${PATH}`));
  await stage.serve();
  assert.equal(await stage.revision(), 10);
  const active = (revision) => eventually(`${revision} is active`, async () =>
    (await ask(stage, "/v1/data/app?provenance")).provenance.bundles.policies.revision === revision, SLOW_MS);
  bundles.publish(PATH, delta(world, "r10-1", [
    { op: "upsert", path: "/app/authz/admins", value: ["ada", "zoe"] },
    { op: "upsert", path: "/app/fresh/a~1b", value: { n: 1 } },
    { op: "replace", path: "/app/info/rev", value: 10 },
  ]));
  await active("r10-1");
  assert.equal((await ask(stage, "/v1/data/app/authz/allow", { user: "zoe" })).result, true);
  assert.equal((await ask(stage, "/v1/data/app/authz/allow", { user: "ben" })).result, false);
  assert.deepEqual((await ask(stage, "/v1/data/app/fresh/a%2Fb/n")).result, 1);
  bundles.publish(PATH, delta(world, "r10-2", [{ op: "remove", path: "/app/fresh/a~1b" }]));
  await active("r10-2");
  assert.deepEqual((await ask(stage, "/v1/data/app/fresh")).result, {});

  for (const [what, bundle, why] of [
    ["not signed", delta(world, "r10-3", [{ op: "upsert", path: "/app/x", value: 1 }], { key: null }), /not signed/],
    ["no operation", delta(world, "r10-3", []), /patch\.json: `data` is a list of 1/],
    ["outside the roots", delta(world, "r10-3", [{ op: "upsert", path: "/other/x", value: 1 }]), /patch\.json: .*outside the roots/],
    ["all of data", delta(world, "r10-3", [{ op: "upsert", path: "/", value: {} }]), /patch\.json: /],
    ["what is not there", delta(world, "r10-3", [{ op: "replace", path: "/app/none", value: 1 }]), /patch\.json: 'none' is not there/],
    ["an operation that is none", delta(world, "r10-3", [{ op: "move", path: "/app/info", value: 1 }]), /patch\.json: op 'move'/],
    ["half of it good", delta(world, "r10-3", [{ op: "upsert", path: "/app/half", value: 1 },
      { op: "remove", path: "/app/none" }]), /patch\.json: 'none' is not there/],
    ["data under a rule", delta(world, "r10-3", [{ op: "upsert", path: "/app/authz/allow", value: true }]), /app|allow/],
    ["a policy beside it", delta(world, "r10-3", [{ op: "upsert", path: "/app/x", value: 1 }],
      { more: [{ path: "app/more.rego", bytes: "package app.more\n\nx := 1" }] }), /patch\.json: 'app\/more\.rego'/],
  ]) {
    const before = stage.events("policy.refused").length;
    bundles.publish(PATH, bundle);
    // It may follow the one that was refused before, so it is asked for again from the one in use.
    await eventually(`a delta is refused: ${what}`, () =>
      stage.events("policy.refused").slice(before).some((told) => why.test(told.why)), SLOW_MS);
    assert.equal((await ask(stage, "/v1/data/app?provenance")).provenance.bundles.policies.revision, "r10-2", what);
    assert.equal((await ask(stage, "/v1/data/app/half")).result, undefined);
  }
  assert.equal(await stage.stop(), 0);
  await bundles.down();
  try {
    await stage.serve();
    const { result, provenance } = await ask(stage, "/v1/data/app?provenance", { user: "zoe" });
    assert.equal(provenance.bundles.policies.revision, "r10-2");
    assert.equal(result.authz.allow, true);
    assert.deepEqual(result.fresh, {});
  } finally {
    await bundles.up();
  }
  bundles.publish(PATH, world.build(11));
  await stage.activated(11);
  assert.equal((await ask(stage, "/v1/data/app/authz/allow", { user: "zoe" })).result, false, "a whole bundle is whole");
  assert.equal(await stage.stop(), 0);
});

scenario("policies from a file, and from a folder, are taken when they change", { limitMs: 60_000 }, async (world) => {
  const { startStage: stage } = world;
  const file = stage.site.path("policies.prod.tar.gz");
  writeFileSync(file, world.build(20));
  stage.configure(world.settings(stage.site.path("policies.{channel}.tar.gz")));
  await stage.serve();
  assert.equal(await stage.revision(), 20);
  writeFileSync(file, world.build(21));
  await stage.activated(21);
  assert.equal(await stage.stop(), 0);

  const folder = world.folder("in-a-folder", policyFiles(30), { revision: "r30" });
  stage.configure(`policy: {source: {location: ${folder}, poll: 100ms}}`);
  await stage.serve();
  assert.equal(await stage.revision(), 30);
  // Two files change one behind the other; what holds of one alone may be seen in between.
  writeFileSync(join(folder, "app/pair.rego"), policyFiles(31)["app/pair.rego"]);
  await stage.activated(31);
  writeFileSync(join(folder, "app/pair.rego"), "package app.pair\n\nsaid := {");
  const told = await eventually("it is refused", () => stage.events("policy.refused")[0]);
  assert.match(told.why, /app\/pair\.rego:\d+/);
  const looked = async () => JSON.parse((await stage.get("/v1/policy")).text).looked_at;
  const then = await looked();
  await eventually("another look", async () => await looked() !== then);
  assert.equal(await stage.metric("mc_policy_problem"), 1, "as long as the folder has nothing better");
  assert.equal(await stage.revision(), 31);
  assert.equal(await stage.stop(), 0);
});

scenario("without a source the built-in policies decide", async (world) => {
  const { startStage: stage } = world;
  stage.configure("");
  await stage.serve();
  const { json, headers } = await stage.graphql("analyst", { query: "{ persons(first: 1) { nodes { id name } } }" });
  assert.equal(json.errors, undefined);
  assert.match(headers["x-ig-rule-id"], /\brole-analyst\b/);
  assert.match((await stage.decision(headers["x-ig-decision-id"])).revision, /^policies@default-/);
  assert.equal(await stage.metric("mc_policy_problem"), 0);
  assert.equal(await stage.stop(), 0);
});
