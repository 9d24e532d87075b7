// Bundles that must not be taken, one a kind: the one in use stays, and log, ledger, API and metrics
// say what was wrong with which file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { eventually } from "../lib/children.mjs";
import { scenario } from "../lib/scenario.mjs";
import { makeToken, pack, sha256, signatureOf, unpack, withSignature } from "./archive.mjs";
import { KEY_ID, SCOPE, SLOW_MS, policyFiles } from "./world.mjs";

const PATH = "/refusals";

const changed = (entries, path, change) =>
  entries.map((entry) => (entry.path === path ? { ...entry, bytes: change(String(entry.bytes)) } : entry));

// Signs with the command what no `maestro policy build` would make.
function signed(world, entries) {
  const path = world.site.write("odd.tar.gz",
    pack(entries.filter(({ path: name }) => name !== ".signatures.json")));
  world.site.must("policy", "sign", path, "--key", world.privateKey, "--key-id", KEY_ID, "--scope", SCOPE);
  return readFileSync(path);
}

// [what, the bundle, what the reason must say], made of a good bundle's entries. Of some the
// reason is of two, by where it was noticed first.
function badBundles(world) {
  const good = unpack(world.build(100));
  const { payload, token } = signatureOf(good);
  const head = { alg: "RS256", kid: KEY_ID, typ: "JWT" };
  const now = Math.floor(Date.now() / 1000);
  const resigned = (members, how = world.privatePem, kind = head) =>
    pack(withSignature(good, makeToken(kind, { ...payload, ...members }, how)));
  const renamed = (file, members) => ({ files: payload.files.map((one) => (one.name === file ? { ...one, ...members } : one)) });
  const allow = "app/authz.rego";
  const whole = (name, text) => ({ ...policyFiles(100), [name]: text });
  return [
    ["a path that leaves the folder", pack([...good, { path: "app/../../../evil.rego", bytes: "package evil" }]),
      /evil\.rego.*leaves its folder/],
    ["a path with a backslash", pack([...good, { path: "app\\..\\evil.rego", bytes: "" }]), /backslash/],
    ["a symbolic link", pack([...good, { path: "app/link.json", type: "2", link: "/etc/passwd" }]),
      /app\/link\.json.*no links/],
    ["a hard link", pack([...good, { path: "app/hard.json", type: "1", link: "/etc/passwd" }]),
      /app\/hard\.json.*no links/],
    ["a device", pack([...good, { path: "app/device", type: "3" }]), /app\/device.*only plain files/],
    ["a file of more than the limit", pack([{ path: "app/zeros", bytes: Buffer.alloc(257 << 20) }, ...good]),
      /app\/zeros: more than \d+ bytes/],
    ["more files than the limit", pack([...Array.from({ length: 20_001 }, (_, i) => ({ path: `f/${i}` })), ...good]),
      /more than 20000/],
    ["a path twice", pack([...good, good.find(({ path }) => path === allow)]), /app\/authz\.rego: twice/],
    ["a tar that is not packed", Buffer.from("app/authz.rego"), /^archive: /],
    ["half an archive", pack(good).subarray(0, 900), /^archive: /],
    ["gzip of no tar", gzipSync("package app"), /^archive: /],
    ["a missing file", pack(good.filter(({ path }) => path !== allow)),
      /'app\/authz\.rego' is in the signature, but not in the bundle/],
    ["an extra policy", pack([...good, { path: "app/extra.rego", bytes: "package app.authz\n\nallow := true" }]),
      /'app\/extra\.rego' is in the bundle, but not in the signature/],
    ["an extra file that means nothing", pack([...good, { path: "app/.hidden", bytes: "x" }]),
      /'app\/\.hidden' is in the bundle, but not in the signature/],
    ["an altered policy", pack(changed(good, allow, (text) => text.replace("default allow := false", "default allow := true "))),
      /'app\/authz\.rego' differs from what was signed/],
    ["altered data", pack(changed(good, "app/authz/data.json", (text) => text.replace("ada", "eve"))),
      /'app\/authz\/data\.json' differs from what was signed/],
    ["an altered manifest", pack(changed(good, ".manifest", (text) => text.replace('"r100"', '"r101"'))),
      /'\.manifest' differs from what was signed/],
    ["another scope", world.build(100, { scope: "dev" }), /scope is 'dev', wanted 'prod'/],
    ["no scope", resigned({ scope: undefined }), /scope is '', wanted 'prod'/],
    ["algorithm none", resigned({}, null, { ...head, alg: "none" }), /does not verify with the key 'release-1'/],
    ["algorithm none, the signature kept", pack(withSignature(good,
      `${makeToken({ ...head, alg: "none" }, payload, null)}${token.split(".")[2]}`)), /does not verify/],
    ["HS256 with the public key for a secret", resigned({}, { secret: world.publicPem }, { ...head, alg: "HS256" }),
      /does not verify with the key 'release-1' \(RS256\)/],
    ["the same with its last line break cut", resigned({}, { secret: world.publicPem.trim() }, { ...head, alg: "HS256" }),
      /does not verify/],
    ["another key of the same id", resigned({}, world.otherPem), /does not verify with the key 'release-1'/],
    ["an id that is not configured", resigned({ keyid: "release-2" }, world.privatePem, { ...head, kid: "release-2" }),
      /no configured key has the id 'release-2'/],
    ["a signature that has expired", resigned({ exp: now - 60 }), /does not verify.*or it has expired/],
    ["a signature for later", resigned({ nbf: now + 3_600 }), /does not verify/],
    ["a payload that is not the signed one", pack(withSignature(good, [token.split(".")[0],
      Buffer.from(JSON.stringify({ ...payload, scope: SCOPE, files: [] })).toString("base64url"), token.split(".")[2]].join("."))),
    /does not verify/],
    ["MD5", resigned(renamed(allow, { algorithm: "MD5" })), /hash 'MD5'/],
    ["no hash", resigned(renamed(allow, { hash: "" })), /'app\/authz\.rego' differs/],
    ["no list of files", resigned({ files: undefined }), /\.signatures\.json/],
    ["no signature in the list", pack([...good.filter(({ path }) => path !== ".signatures.json"),
      { path: ".signatures.json", bytes: '{"signatures": []}' }]), /\.signatures\.json/],
    ["signatures that are no JSON", pack([...good.filter(({ path }) => path !== ".signatures.json"),
      { path: ".signatures.json", bytes: "{" }]), /\.signatures\.json/],
    ["no signature", world.build(100, { key: false }), /not signed, and a key is configured/],
    ["what does not parse", signed(world, changed(good, allow, (text) => `${text}\nallow if {`)), /app\/authz\.rego:\d+/],
    ["what does not compile", signed(world, changed(good, allow, (text) => `${text}\nallow if nowhere.x > 1`)),
      /app\/authz\.rego:\d+:\d+: .*unsafe/],
    ["a rule of two kinds", signed(world, [...good, { path: "app/kinds.rego", bytes: "package app.authz\n\nwho contains 1" }]),
      /app\/.*rego:\d+:\d+: /],
    ["rules that need each other", signed(world, [...good, { path: "app/loop.rego",
      bytes: "package app.loop\n\na if b\n\nb if a" }]), /app\/loop\.rego:\d+:\d+: .*recursive/],
    ["a package outside the roots", signed(world, [...good, { path: "app/out.rego", bytes: "package other\n\nx := 1" }]),
      /app\/out\.rego: the package 'other' lies outside the roots/],
    ["data outside the roots", signed(world, [...good, { path: "other/data.json", bytes: '{"x": 1}' }]),
      /other\/data\.json: .*outside the roots/],
    ["data that are no JSON", pack(changed(good, "app/info/data.json", () => "{")), /app\/info\/data\.json/],
    ["roots that overlap", signed(world, changed(good, ".manifest", (text) => text.replace('"app"', '"app","app/info"'))),
      /\.manifest: roots: .*overlap/],
    ["the old version of Rego", signed(world, changed(good, ".manifest", (text) => text.replace('"rego_version":1', '"rego_version":0'))),
      /\.manifest: rego_version/],
    ["policies that have ended", world.build(100, { manifest: { metadata: { expires: "2020-01-01T00:00:00Z" } } }),
      /\.manifest: metadata\.expires has passed/],
    ["a call of a function that is not there", signed(world, [...good, { path: "app/call.rego",
      bytes: "package app.call\n\nx := no_such_function(1)" }]), /app\/call\.rego:\d+:\d+: .*no_such_function/],
    ["a changed default rule that signs nothing", pack([...unpack(world.build(100, { files: whole(allow,
      "package app.authz\n\nallow := true\n") })).filter(({ path }) => path !== ".signatures.json"),
    ...good.filter(({ path }) => path === ".signatures.json")]), /'app\/authz\.rego' differs/],
  ];
}

scenario("bad bundles of each kind are refused, and the good one stays", { limitMs: 240_000 }, async (world) => {
  const stage = world.refusalStage = world.stage("refusals").prepare();
  world.bundles.publish(PATH, world.build(1));
  stage.configure(world.settings(`${world.bundles.url}${PATH}`, ", long_poll: 20s"));
  await stage.serve();
  assert.equal(await stage.metric("mc_policy_problem"), 0);
  world.refused = [];
  for (const [what, bundle, why] of badBundles(world)) {
    const digest = `sha256:${sha256(bundle)}`;
    world.bundles.publish(PATH, bundle);
    const told = await eventually(`${what} is refused`, () =>
      stage.events("policy.refused").find((line) => line.digest === digest)
      ?? stage.events("policy.activated").find((line) => line.digest === digest), SLOW_MS);
    assert.equal(told.event, "policy.refused", `${what} was taken`);
    assert.match(told.why, why, what);
    assert.equal(told.before, "r1", what);
    assert.equal(told.level, "warn");
    world.refused.push({ what, digest, why: told.why });
    assert.equal(await stage.revision(), 1, what);
    assert.equal((await stage.ask("/v1/data/app/authz/allow", { user: "eve" })).json.result, false, what);
    const { json, headers } = await stage.graphql("analyst", { query: "{ persons(first: 1) { nodes { id } } }" });
    assert.equal(json.data.persons.nodes.length, 1, what);
    assert.match(headers["x-ig-rule-id"], /said-1\b/);
    assert.equal(await stage.metric("mc_policy_problem"), 1, what);
  }
  assert.equal(stage.events("policy.activated").length, 1);
  assert.equal(await stage.metric('mc_policy_updates_total{result="refused"}'), world.refused.length);
});

scenario("each refusal stands in the ledger, readable by the operator", async (world) => {
  const { refusalStage: stage } = world;
  // The log tells of it first.
  const records = await eventually("the last is recorded", async () => {
    const found = (await stage.records()).filter(({ type }) => type === "policy");
    return found.some(({ payload }) => payload.digest === world.refused.at(-1).digest) && found;
  });
  assert.equal(records.at(-1).action, "activated policies");
  assert.equal(records.at(-1).payload.revision, "r1");
  assert.equal(records.at(-1).payload.signed_by, KEY_ID);
  for (const { what, digest, why } of world.refused) {
    const [record] = records.filter(({ action, payload }) => action === "refused policies" && payload.digest === digest);
    assert.ok(record, `no record of ${what}`);
    assert.equal(record.payload.why, why);
    assert.equal(record.actor, "system");
  }
  assert.equal(records.length, world.refused.length + 1);
  const listed = stage.site.runWith({ env: { MC_TOKEN: stage.tokens.operator } }, "--url", stage.url, "--json",
    "ledger", "records", "--tenant", "system", "--type", "policy", "--limit", "200");
  assert.equal(listed.status, 0, listed.err);
  assert.equal(JSON.parse(listed.out).items.length, records.length);
  assert.equal((await stage.get("/v1/tenants/system/records", "admin")).status, 404);
});

scenario("a good bundle behind the bad ones is taken, which ends the problem", async (world) => {
  const { refusalStage: stage } = world;
  world.bundles.publish(PATH, world.build(2));
  await stage.activated(2);
  assert.equal(await stage.metric("mc_policy_problem"), 0);
  const told = await eventually("it is in the log", () => stage.events("policy.activated")[1]);
  assert.equal(told.before, "r1");
  assert.equal(told.revision, "r2");
  const [record] = await stage.records();
  assert.equal(record.action, "activated policies");
  assert.equal(record.payload.before, "r1");
});

scenario("an older bundle that was good is good again, and two signatures need one good one", async (world) => {
  const { refusalStage: stage } = world;
  const entries = unpack(world.build(3));
  const { head, payload, token } = signatureOf(entries);
  const bytes = JSON.stringify({ signatures: [makeToken({ ...head, kid: "elsewhere" }, payload, world.otherPem), token] });
  world.bundles.publish(PATH, pack([...entries.filter(({ path }) => path !== ".signatures.json"),
    { path: ".signatures.json", bytes }]));
  await stage.activated(3);
  world.bundles.publish(PATH, world.build(2));
  await stage.activated(2);
});

scenario("policies reach nothing outside of the server", async (world) => {
  const { refusalStage: stage, bundles } = world;
  bundles.publish(PATH, world.build(4, { files: { ...policyFiles(4), "app/call.rego": `package app.call

got := http.send({"method": "GET", "url": "${bundles.url}/leak", "tls_insecure_skip_verify": true})

found := net.lookup_ip_addr("bundles.example")

known := opa.runtime().env
` } }));
  await stage.activated(4);
  for (const name of ["got", "found", "known"]) {
    const { json, text } = await stage.ask(`/v1/data/app/call/${name}`, {});
    assert.equal(json.result, undefined, `${name}: ${text}`);
  }
  const strict = await stage.ask("/v1/data/app/call/got?strict-builtin-errors", {});
  assert.equal(strict.status, 500, strict.text);
  assert.deepEqual(bundles.requests.filter(({ path }) => path === "/leak"), []);
  bundles.publish(PATH, world.build(2));
  await stage.activated(2);
});

scenario("a bundle server that fails or refuses is told of, and nothing else changes", { limitMs: 60_000 }, async (world) => {
  const { refusalStage: stage, bundles } = world;
  try {
    for (const status of [500, 404, 401, 302, 204]) {
      const before = stage.events("policy.unreachable").length;
      bundles.status = status;
      bundles.publish(PATH, bundles.bundles.get(PATH).bytes);
      await eventually(`${status} is told of`, () =>
        stage.events("policy.unreachable").slice(before).some(({ why }) => why.includes(`status ${status}`)), SLOW_MS);
      assert.equal(await stage.metric("mc_policy_problem"), 1);
      assert.equal(await stage.revision(), 2);
    }
  } finally {
    bundles.status = null;
  }
  // Though the server holds its answer again, as it has nothing new.
  await eventually("the problem is over", async () => await stage.metric("mc_policy_problem") === 0);
  const records = (await stage.records()).filter(({ action }) => action.startsWith("unreachable"));
  assert.deepEqual(records, [], "what cannot be reached is no record");
  await stage.stop();
});
