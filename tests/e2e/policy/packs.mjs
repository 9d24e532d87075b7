// Packs of policies: what the commands make is verified by them and taken by a server, and by rules of
// our own the same; what was changed is refused while the last good bundle serves; what has ended.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";

import { eventually } from "../lib/children.mjs";
import { scenario } from "../lib/scenario.mjs";
import { canonical, makeEnvelope, PACK, pack, packDocument, packStatement, sha256, unpack, withPack } from "./archive.mjs";
import { KEY_ID, policyFiles, SLOW_MS } from "./world.mjs";

const PATH = "/packs";
const DAY = 86_400_000;
const QUERY = { query: "{ persons(first: 1) { nodes { id } } }" };

const iso = (ms) => new Date(ms).toISOString();

// A bundle that is not signed, with its pack in it, as the commands make it.
function packed(world, revision) {
  const path = world.site.write(`packed-${revision}.tar.gz`, world.build(revision, { key: false }));
  world.site.must("policy", "pack", path, "--channel", "prod", "--expires", "90d", "--key", world.privateKey);
  return readFileSync(path);
}

// The same, put together here. `change` may take the document apart.
function crafted(world, entries, members, { pem = world.privatePem, change = (document) => document } = {}) {
  const now = Date.now();
  const document = change(packDocument(entries, { version: "r100", channel: "prod", issued: iso(now),
    expires: iso(now + DAY), ...members }));
  return makeEnvelope(packStatement(document), pem);
}

const changed = (entries, path, change) =>
  entries.map((entry) => (entry.path === path ? { ...entry, bytes: change(String(entry.bytes)) } : entry));
const without = (entries, path) => entries.filter((entry) => entry.path !== path);

// [what, the bundle, what the reason must say, and what `maestro verify --channel prod` says of it: "" = it is
// good to it, null = it is no pack].
function badBundles(world) {
  const good = unpack(packed(world, 100));
  const plain = without(good, PACK);
  const now = Date.now();
  const made = (members, options) => pack(withPack(plain, crafted(world, plain, members, options)));
  const text = (statement) => pack(withPack(plain, makeEnvelope(statement, world.privatePem)));
  const statement = packStatement(packDocument(plain, { version: "r100", channel: "prod", issued: iso(now),
    expires: iso(now + DAY) }));
  const other = generateKeyPairSync("ec", { namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
  return [
    ["an altered policy", pack(changed(good, "app/authz.rego", (rego) => rego.replace(":= false", ":= true"))),
      /policies\/ig\.bundle: 'app\/authz\.rego' differs from the pack/, "file_changed"],
    ["altered data", pack(changed(good, "app/authz/data.json", (json) => json.replace("ada", "eve"))),
      /'app\/authz\/data\.json' differs/, "file_changed"],
    ["data of another layout", pack(changed(good, "app/authz/data.json", (json) => ` ${json}`)),
      /'app\/authz\/data\.json' differs/, "file_changed"],
    ["an altered manifest", pack(changed(good, ".manifest", (json) => ` ${json}`)), /'\.manifest' differs/, "file_changed"],
    ["a missing policy", pack(without(good, "app/authz.rego")),
      /'app\/authz\.rego' is in the pack, but not there/, "file_missing"],
    ["missing data", pack(without(good, "app/info/data.json")), /'app\/info\/data\.json' is in the pack/, "file_missing"],
    ["an extra policy", pack([...good, { path: "app/extra.rego", bytes: "package app.authz\n\nallow := true" }]),
      /'app\/extra\.rego' is there, but not in the pack/, "file_extra"],
    ["an extra file that means nothing", pack([...good, { path: "app/.hidden", bytes: "x" }]),
      /'app\/\.hidden' is there/, "file_extra"],
    ["two files that changed their names", pack(good.map((entry) => ({ ...entry, path: {
      "app/info/data.json": "app/authz/data.json", "app/authz/data.json": "app/info/data.json" }[entry.path] ?? entry.path }))),
    /'app\/authz\/data\.json' differs/, "file_changed"],
    ["another channel", made({ channel: "dev" }), /for the channel 'dev', not 'prod'/, "channel_mismatch"],
    ["what has expired", made({ issued: iso(now - 2 * DAY), expires: iso(now - DAY) }),
      /policies\/ig\.bundle: .*it has expired/, "pack_expired"],
    ["what holds later", made({ issued: iso(now + DAY), expires: iso(now + 2 * DAY) }), /issued for later/, "pack_early"],
    ["another key", made({}, { pem: world.otherPem }), /no configured key has signed it/, "signature_invalid"],
    ["a key of another kind", made({}, { pem: other.privateKey }), /no configured key has signed it/, "signature_invalid"],
    ["another version than the manifest's", made({ version: "r101" }), /'r101' is not the revision of \.manifest/, ""],
    ["a pack of a delta", made({ base: "r99" }), /of a delta, and this bundle is a whole one/, ""],
    ["a document of another version", made({}, { change: (one) => ({ ...one, kind: "mc.policy-pack/v2" }) }),
      /kind/, "pack_invalid"],
    ["a member too much", made({}, { change: (one) => ({ ...one, more: 1 }) }), /more/, "pack_invalid"],
    ["a policy among the data", made({}, { change: ({ policies, data, ...one }) =>
      ({ ...one, policies: policies.slice(1), data: [policies[0], ...data].sort((a, b) => (a.path < b.path ? -1 : 1)) }) }),
    /not written as one of a pack/, "pack_invalid"],
    ["files in another order", made({}, { change: (one) => ({ ...one, policies: one.policies.toReversed() }) }),
      /not written as one of a pack/, "pack_invalid"],
    ["a file twice", made({}, { change: (one) => ({ ...one, data: [...one.data, one.data[0]] }) }), /twice/, "pack_invalid"],
    ["a blank in what is signed", text(`${statement} `), /not written as one of a pack/, "pack_invalid"],
    ["another subject", text(statement.replace("policy-pack/prod", "policy-pack/dev")),
      /not written as one of a pack/, "pack_invalid"],
    ["a statement of another type", text(statement.replaceAll("policy-pack:v1", "policy-pack:v2")), /no envelope/, null],
    ["a payload of another type", pack(withPack(plain, makeEnvelope(statement, world.privatePem, "text/plain"))),
      /no envelope/, null],
    ["no JSON", pack(withPack(plain, "{")), /no envelope/, null],
    ["an empty file", pack(withPack(plain, "")), /no envelope/, null],
    ["no pack", world.build(100), /policies\/ig\.bundle: it is missing, and policy\.source\.require_pack wants it/, null],
    ["neither pack nor signature", pack(plain), /it is not signed|it is missing/, null],
  ];
}

scenario("what the commands pack is verified by them, in a bundle, beside it, and of a folder", async (world) => {
  const { site } = world;
  const bundle = site.write("whole.tar.gz", packed(world, 90));
  const proof = site.path("ig.bundle");
  const folder = world.folder("packed-folder", policyFiles(90), { revision: "r90" });
  const bare = site.write("bare.tar.gz", world.build(90, { key: false }));
  const flags = ["--channel", "prod", "--expires", "90d", "--key", world.privateKey];
  site.must("policy", "pack", bare, "-o", proof, ...flags);
  site.must("policy", "pack", folder, ...flags);
  const verify = (...words) => {
    const { status, out, err } = site.runWith({}, "--json", "verify", ...words, "--key", world.publicKey);
    return { status, err, report: out === "" ? null : JSON.parse(out) };
  };
  const outcomes = ({ report }) => Object.fromEntries(report.steps.map(({ step, outcome }) => [step, outcome]));
  const all = { format: "passed", signature: "passed", artifact: "skipped", pack: "passed", channel: "passed",
    period: "passed", files: "passed" };
  for (const words of [[bundle], [proof, "--artifact", bare], [`${folder}/${PACK}`, "--artifact", folder]]) {
    const done = verify(...words, "--channel", "prod");
    assert.equal(done.status, 0, done.err);
    assert.deepEqual(outcomes(done), all);
  }
  const alone = verify(proof);
  assert.equal(alone.status, 0, alone.err);
  assert.deepEqual(outcomes(alone), { ...all, channel: "skipped", files: "skipped" });
  // What we put together by the format's page is what the command makes.
  const { payload, ...envelope } = JSON.parse(readFileSync(proof, "utf8"));
  const statement = JSON.parse(Buffer.from(payload, "base64"));
  const { issued, expires } = statement.predicate;
  assert.equal(Buffer.from(payload, "base64").toString(),
    packStatement(packDocument(unpack(readFileSync(bare)), { version: "r90", channel: "prod", issued, expires })));
  assert.equal(Date.parse(expires) - Date.parse(issued), 90 * DAY);
  assert.equal(envelope.payloadType, "application/vnd.in-toto+json");
  // A changed folder, and another's bundle.
  writeFileSync(`${folder}/app/pair.rego`, "package app.pair\n\nsaid := 91\n");
  for (const [words, reason] of [
    [[`${folder}/${PACK}`, "--artifact", folder], "file_changed"],
    [[proof, "--artifact", site.write("another.tar.gz", world.build(91, { key: false }))], "file_changed"],
    [[bundle, "--channel", "staging"], "channel_mismatch"],
  ]) {
    const done = verify(...words);
    assert.equal(done.status, 5, done.err);
    assert.equal(done.report.steps.find(({ outcome }) => outcome === "failed").reason, reason);
    assert.equal(done.report.verified, false);
  }
  const inspected = site.json("policy", "inspect", bundle, "--key", world.publicKey, "--key-id", KEY_ID);
  assert.equal(inspected.signed_by, KEY_ID);
  assert.equal(inspected.pack.channel, "prod");
  assert.equal(inspected.pack.checked, true);
  // One that is signed already would lose its signature.
  const signed = site.write("signed.tar.gz", world.build(90));
  const refused = site.runWith({}, "policy", "pack", signed, ...flags);
  assert.equal(refused.status, 2);
  assert.match(refused.err, /\.signatures\.json/);
});

scenario("the default policies have a pack as any folder has", async (world) => {
  const { site } = world;
  const folder = site.path("defaults");
  cpSync(new URL("../../../policies/default", import.meta.url), folder, { recursive: true });
  const proof = site.path("defaults.bundle");
  site.must("policy", "pack", folder, "--channel", "prod", "--expires", "90d", "--key", world.privateKey, "-o", proof);
  const done = site.runWith({}, "verify", proof, "--artifact", folder, "--key", world.publicKey, "--channel", "prod");
  assert.equal(done.status, 0, done.err);
  assert.match(done.out, /✓ files/);
});

scenario("a packed bundle is taken, each spoilt one is refused, and the last good one serves", { limitMs: 240_000 },
  async (world) => {
    const stage = world.packStage = world.stage("packs").prepare();
    const { bundles, site } = world;
    bundles.publish(PATH, packed(world, 1));
    stage.configure(world.settings(`${bundles.url}${PATH}`, ", long_poll: 20s, require_pack: true"));
    await stage.serve();
    assert.equal(await stage.revision(), 1);
    const { json: status } = await stage.get("/v1/policy");
    assert.equal(status.packed, true);
    assert.equal(status.signed_by, KEY_ID);
    assert.equal(status.expired, false);
    assert.ok(Date.parse(status.expires_at) > Date.now() + 80 * DAY, status.expires_at);
    assert.ok(Math.abs(await stage.metric("mc_policy_expires_timestamp_seconds") - Date.parse(status.expires_at) / 1e3) < 1);
    assert.equal(await stage.metric("mc_policy_expired"), 0);
    world.packsRefused = [];
    for (const [what, bundle, why, said] of badBundles(world)) {
      const digest = `sha256:${sha256(bundle)}`;
      const file = site.write("bad.tar.gz", bundle);
      const checked = site.runWith({}, "--json", "verify", file, "--key", world.publicKey, "--channel", "prod");
      assert.equal(checked.status, said === null ? 2 : said === "" ? 0 : 5, `${what}: ${checked.err}`);
      if (said) {
        const failed = JSON.parse(checked.out).steps.find(({ outcome }) => outcome === "failed");
        assert.equal(failed.reason, said, what);
      }
      bundles.publish(PATH, bundle);
      const told = await eventually(`${what} is refused`, () =>
        stage.events("policy.refused").find((line) => line.digest === digest)
        ?? stage.events("policy.activated").find((line) => line.digest === digest), SLOW_MS);
      assert.equal(told.event, "policy.refused", `${what} was taken`);
      assert.match(told.why, why, what);
      assert.equal(await stage.revision(), 1, what);
      const { json } = await stage.graphql("analyst", QUERY);
      assert.equal(json.data.persons.nodes.length, 1, what);
      world.packsRefused.push({ digest, why: told.why });
    }
    assert.equal(stage.events("policy.activated").length, 1);
    assert.equal(await stage.metric("mc_policy_problem"), 1);
    // The log tells of it first.
    const records = await eventually("the last is recorded", async () => {
      const found = (await stage.records()).filter(({ type }) => type === "policy");
      return found.some(({ payload }) => payload.digest === world.packsRefused.at(-1).digest) && found;
    });
    for (const { digest, why } of world.packsRefused) {
      assert.ok(records.some(({ action, payload }) => action === "refused policies" && payload.digest === digest &&
        payload.why === why), why);
    }
    const first = records.at(-1);
    assert.equal(first.payload.channel, "prod");
    assert.equal(first.payload.expires, status.expires_at);
  });

scenario("a pack in a bundle that is signed too, and one that is put together here, are taken", async (world) => {
  const { packStage: stage, bundles, site } = world;
  const entries = unpack(world.build(2, { key: false }));
  bundles.publish(PATH, pack(withPack(entries, crafted(world, entries, { version: "r2" }))));
  await stage.activated(2);
  const both = site.write("both.tar.gz", packed(world, 3));
  site.must("policy", "sign", both, "--key", world.privateKey, "--key-id", KEY_ID, "--scope", "prod");
  bundles.publish(PATH, readFileSync(both));
  await stage.activated(3);
  assert.equal(await stage.metric("mc_policy_problem"), 0);
});

const delta = (world, base, revision, value) => {
  const entries = [
    { path: ".manifest", bytes: JSON.stringify({ revision, roots: ["mc/access", "mc/settings", "app", "system"] }) },
    { path: "patch.json", bytes: JSON.stringify({ data: [{ op: "upsert", path: "/app/info/more", value }] }) },
  ];
  return pack(withPack(entries, crafted(world, entries, { version: revision, base })));
};

scenario("a delta needs a pack for what it changes, and is kept with it", { limitMs: 60_000 }, async (world) => {
  const { packStage: stage, bundles } = world;
  const more = async () => (await stage.ask("/v1/data/app/info/more", {})).json?.result;
  const refusedWith = (why) =>
    eventually(`${why}`, () => stage.events("policy.refused").some((line) => why.test(line.why)), SLOW_MS);
  bundles.publish(PATH, delta(world, "r2", "r3.1", 5));
  await refusedWith(/of a delta to 'r2', not to 'r3'/);
  bundles.publish(PATH, delta(world, "r3", "r3.1", 5));
  await eventually("the delta is taken", async () => await more() === 5, SLOW_MS);
  await stage.stop();
  await bundles.down();
  try {
    await stage.serve();
    assert.equal(await more(), 5);
    assert.equal(await stage.revision(), 3);
  } finally {
    await bundles.up();
  }
  assert.equal(await stage.stop(), 0);
});

// What decides when the pack of the bundle in use ends while the server runs.
for (const [expired, denies] of [["serve", false], ["deny", true]]) {
  scenario(`a pack that ends while its bundle is in use: expired: ${expired}`, { limitMs: 180_000 }, async (world) => {
    const stage = world.stage(`expiry-${expired}`).prepare();
    const { bundles } = world;
    const path = `/expiry-${expired}`;
    bundles.publish(path, packed(world, 200));
    stage.configure(world.settings(`${bundles.url}${path}`, `, require_pack: true, expired: ${expired}`));
    await stage.serve();
    const entries = unpack(world.build(201, { key: false }));
    const end = Date.now() + 20_000; // it is fetched, verified, compiled and in use by then
    bundles.publish(path, pack(withPack(entries, crafted(world, entries, { version: "r201", expires: iso(end) }))));
    await stage.activated(201);
    const told = await eventually("its end is told", () => stage.events("policy.expired")[0], 20_000 + SLOW_MS);
    assert.equal(told.revision, "r201");
    assert.match(told.why, denies ? /everything is denied/ : /it stays in use/);
    assert.ok(Date.now() >= end);
    assert.equal(await stage.metric("mc_policy_expired"), 1);
    const { json: status } = await stage.get("/v1/policy");
    assert.equal(status.expired, true);
    assert.equal(status.expires_at, iso(end));
    const { json, headers } = await stage.graphql("analyst", QUERY);
    const decision = await stage.decision(headers["x-ig-decision-id"]);
    if (denies) {
      assert.equal(json.errors[0].extensions.code, "FORBIDDEN");
      assert.match(json.errors[0].message, /policy-expired/);
      assert.equal(headers["x-ig-rule-id"], "policy-expired");
      assert.equal(decision.revision, "policies@r201-expired");
      assert.equal(await stage.revision(), undefined);
    } else {
      assert.equal(json.data.persons.nodes.length, 1);
      assert.equal(decision.revision, "policies@r201");
      assert.equal(await stage.revision(), 201);
    }
    const record = await eventually("its record", async () =>
      (await stage.records()).find(({ action }) => action === "expired policies"));
    assert.equal(record.payload.revision, "r201");
    assert.equal(record.payload.expires, iso(end));
    // A start while the source is away begins as it ended.
    await stage.stop();
    await bundles.down();
    try {
      await stage.serve();
      await eventually("it has ended at the start", async () => await stage.metric("mc_policy_expired") === 1);
      assert.equal(await stage.revision(), denies ? undefined : 201);
    } finally {
      await bundles.up();
    }
    bundles.publish(path, packed(world, 202));
    await stage.activated(202);
    assert.equal(await stage.metric("mc_policy_expired"), 0);
    assert.equal((await stage.graphql("analyst", QUERY)).json.data.persons.nodes.length, 1);
    assert.equal(await stage.stop(), 0);
  });
}

scenario("a pack that a server has logged is a Sigstore bundle, which is verified whole and taken", async (world) => {
  const stage = world.stage("logged").prepare();
  const { site } = stage;
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
  const [key, pub] = [site.write("acme.key", privateKey), site.write("acme.pub", publicKey)];
  const bundle = site.write("logged.tar.gz", world.build(300, { key: false }));
  stage.configure("");
  const { token } = site.addToken("system", "otto", "signatures:write");
  await stage.serve();
  const done = site.runWith({ env: { MC_TOKEN: token } }, "--url", stage.url, "--config", site.config,
    "policy", "pack", bundle, "--channel", "prod", "--expires", "90d", "--key", key, "--logged");
  assert.equal(done.status, 0, done.err);
  const root = site.write("root.json", (await stage.get("/signing/trusted_root.json")).text);
  assert.equal(await stage.stop(), 0);
  const { mediaType } = JSON.parse(unpack(readFileSync(bundle)).find(({ path }) => path === PACK).bytes);
  assert.match(mediaType, /sigstore\.bundle/);
  const verified = site.runWith({}, "--json", "verify", bundle, "--key", pub, "--trust", root, "--channel", "prod");
  assert.equal(verified.status, 0, verified.out + verified.err);
  const passed = JSON.parse(verified.out).steps.filter(({ outcome }) => outcome === "passed").map(({ step }) => step);
  assert.deepEqual(["timestamp", "inclusion", "checkpoint", "entry", "pack", "channel", "period", "files"].filter((step) =>
    !passed.includes(step)), []);
  stage.configure(`policy:
  source: {location: ${bundle}, require_pack: true}
  keys: [{id: acme, algorithm: ES256, key_file: ${pub}}]
`);
  await stage.serve();
  assert.equal(await stage.revision(), 300);
  const { json: status } = await stage.get("/v1/policy");
  assert.deepEqual([status.packed, status.signed_by], [true, "acme"]);
  assert.equal(await stage.stop(), 0);
});

scenario("a pack that is required needs a source and a key", async (world) => {
  const { site } = world;
  for (const [yaml, why] of [
    ["policy: {source: {require_pack: true}}", /require_pack: the built-in policies have no pack/],
    [`policy: {source: {require_pack: true, location: ${site.path("x.tar.gz")}}}`, /require_pack needs a key in policy\.keys/],
    ["policy: {source: {expired: never}}", /expired/],
  ]) {
    site.configure(`${yaml}\n`);
    const done = site.runWith({}, "--config", site.config, "config", "check");
    assert.equal(done.status, 2, yaml);
    assert.match(done.err, why);
  }
});

assert.equal(canonical({ b: 1, a: [{ d: 2, c: "x" }] }), '{"a":[{"c":"x","d":2}],"b":1}');
