// The server's keys are replaced, one after the other: what was signed before keeps its proof under the
// new trusted root, and the old root knows nothing of what comes after.
import assert from "node:assert/strict";
import { verify } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";

import { scenario } from "../lib/scenario.mjs";
import { bytesOf, verifyWithSigstore } from "./peers.mjs";
import { Notary } from "./world.mjs";

const ARTIFACT = "an artifact\n";
const RECORDS = "/v1/tenants/alpha/records";
const USES = ["log", "promises", "signer", "time"];
const FILES = { log: "log.key", promises: "promise.key", signer: "signer.key", time: "time.key" };
// Which bundle the old trusted root refuses after the rotation, and how.
const REFUSED = {
  log: { plain: ["TLOG_INCLUSION_PROOF_ERROR", "checkpoint_invalid"] },
  promises: { promised: ["TLOG_INCLUSION_PROMISE_ERROR", "promise_invalid"] },
  signer: {},
  time: { plain: ["TIMESTAMP_ERROR", "timestamp_invalid"], promised: ["TIMESTAMP_ERROR", "timestamp_invalid"] },
};

const privateHalf = (notary, use) =>
  readFileSync(notary.site.path(`data/signing/${FILES[use]}`), "utf8").split("\n")[1];
const onDisk = (notary, text) => readdirSync(notary.site.path("data/signing"))
  .filter((name) => readFileSync(notary.site.path(`data/signing/${name}`), "utf8").includes(text));
const currentOf = (keys, use) => keys.findLast((key) => key.use === use);

async function keysOf(notary) {
  const { json, headers } = await notary.get("/signing/keys.json");
  assert.equal(headers["content-type"], "application/json");
  assert.equal(json.kind, "mc.signing-keys/v1");
  return json.keys;
}

// A bundle of each kind that this server makes.
async function signAll(notary, key, artifact) {
  const as = { Authorization: `Bearer ${notary.tokens.admin}` };
  const [{ record }] = (await notary.get(RECORDS, as)).json.items;
  const receipt = (await notary.get(`${RECORDS}/${record}/receipt?form=bundle`, as)).json;
  const { leaf } = (await notary.get(`${RECORDS}/${record}/receipt`, as)).json.record;
  const signer = (await notary.get("/v1/ledger", as)).json.signer;
  return {
    plain: { bundle: notary.mustSign(artifact, key.file), pem: key.pem, of: ARTIFACT },
    promised: {
      bundle: notary.mustSign(artifact, key.file, { more: ["--profile", "rekor-v1"] }), pem: key.pem, of: ARTIFACT,
    },
    receipt: { bundle: receipt, pem: signer, of: leaf },
  };
}

// Why sigstore-js and maestro refuse it under this root; null when both take it.
function verdictOf(notary, { bundle, pem, of }, root) {
  let code = null;
  try {
    verifyWithSigstore(bundle, { root, key: pem, artifact: bundle.messageSignature ? of : undefined });
  } catch (error) {
    code = error.code;
  }
  const own = notary.verdict(bundle, {
    key: notary.site.write("key.pub", pem),
    artifact: notary.site.write("of", of),
    trust: notary.site.write("root.json", JSON.stringify(root)),
  });
  return code === null && own === "verified" ? null : [code, own];
}

async function rotate(notary, use) {
  const busy = notary.site.run("signing", "rotate", use);
  assert.equal(busy.status, 8, busy.err);
  assert.match(busy.err, /stop the server/);
  await notary.server.stop();
  const list = notary.site.json("signing", "keys").keys;
  const tried = notary.site.json("--dry-run", "signing", "rotate", use);
  assert.equal(tried.new, null);
  assert.deepEqual(notary.site.json("signing", "keys").keys, list);
  const secret = privateHalf(notary, use);
  assert.deepEqual(onDisk(notary, secret), [FILES[use]]);
  const done = notary.site.json("signing", "rotate", use);
  assert.deepEqual(onDisk(notary, secret), [], "the old private half is gone");
  assert.equal(done.old, currentOf(list, use).id);
  await notary.begin();
  const keys = await keysOf(notary);
  assert.equal(keys.length, list.length + 1);
  assert.deepEqual(keys.slice(0, -1), list.map((key) =>
    (key.id === done.old ? { ...key, end: done.at } : key)));
  assert.deepEqual([keys.at(-1).use, keys.at(-1).id, keys.at(-1).begin, keys.at(-1).end],
    [use, done.new, done.at, null]);
  return done;
}

scenario("rotation: each key is replaced; old and new bundles verify under the new trusted root",
  { limitMs: 180_000 }, async () => {
    const notary = await Notary.start("sigstore-rotation", true);
    try {
      const key = notary.createKey("cosign.key");
      const artifact = notary.site.write("artifact", ARTIFACT);
      const all = [await signAll(notary, key, artifact)];
      for (const use of USES) {
        const { root: oldRoot } = notary;
        const before = all.at(-1);
        await rotate(notary, use);
        const after = await signAll(notary, key, artifact);
        all.push(after);
        for (const made of all) {
          for (const [kind, one] of Object.entries(made)) {
            assert.equal(verdictOf(notary, one, notary.root), null, `${kind} after the rotation of ${use}`);
          }
        }
        for (const kind of ["plain", "promised"]) {
          assert.equal(verdictOf(notary, before[kind], oldRoot), null, `old ${kind}, ${use}`);
          assert.deepEqual(verdictOf(notary, after[kind], oldRoot), REFUSED[use][kind] ?? null, `${kind}, ${use}`);
        }
        assert.equal(before.receipt.pem !== after.receipt.pem, use === "signer");
      }
      // Every key that receipts were signed with is listed, with the time in which it counted.
      const listed = (await keysOf(notary)).filter((one) => one.use === "signer").map((one) => one.public_key);
      assert.deepEqual(listed, [...new Set(all.map(({ receipt }) => receipt.pem))]);
      assert.deepEqual(JSON.parse(notary.cli({}, "--json", "signing", "keys").out).keys, await keysOf(notary));
      await notary.server.stop();
      const { items } = notary.site.json("ledger", "records", "--tenant", "system", "--type", "key-event");
      assert.deepEqual(items.map(({ actor, action }) => [actor, action]).reverse(),
        USES.map((use) => ["local@system", `maestro signing rotate ${use}`]));
      assert.equal(notary.site.json("ledger", "verify").verified, true);
    } finally {
      await notary.stop();
    }
  });

scenario("rotation: an entry of Rekor's first version is found under its old UUID, with a promise of today",
  { limitMs: 60_000 }, async () => {
    const notary = await Notary.start("sigstore-rotation-uuid", true);
    try {
      const key = notary.createKey("cosign.key");
      const bundle = notary.mustSign(notary.site.write("artifact", ARTIFACT), key.file,
        { more: ["--profile", "rekor-v1"] });
      const [logged] = bundle.verificationMaterial.tlogEntries;
      const path = "/api/v1/log/entries";
      const [uuid] = Object.keys((await notary.get(`${path}?logIndex=${logged.logIndex}`)).json);
      const { at } = await rotate(notary, "promises");
      const { [uuid]: found } = (await notary.get(`${path}/${uuid}`)).json;
      assert.equal(found.body, logged.canonicalizedBody);
      const current = currentOf(await keysOf(notary), "promises");
      assert.equal(found.logID, current.id);
      assert.equal(found.integratedTime, Math.max(Date.parse(at) / 1000, Number(logged.integratedTime)));
      const { body, integratedTime, logID, logIndex, verification } = found;
      assert.ok(verify("sha256", Buffer.from(JSON.stringify({ body, integratedTime, logID, logIndex })),
        current.public_key, bytesOf(verification.signedEntryTimestamp)));
      const [today] = Object.keys((await notary.get(`${path}?logIndex=${logged.logIndex}`)).json);
      assert.notEqual(today, uuid);
      assert.equal(today.slice(16), uuid.slice(16));
      assert.equal((await notary.ask("GET", `${path}/${"0123456789abcdef"}${uuid.slice(16)}`)).status, 404);
    } finally {
      await notary.stop();
    }
  });

scenario("rotation: a key that is not the listed one stops the start, and says which", async () => {
  const notary = await Notary.start("sigstore-rotation-swap", true);
  await notary.stop();
  const other = await Notary.start("sigstore-rotation-other", true);
  await other.stop();
  const file = (one) => one.site.path("data/signing/log.key");
  const own = readFileSync(file(notary));
  notary.site.write("data/signing/log.key", readFileSync(file(other)));
  const refused = notary.site.run("signing", "keys");
  assert.equal(refused.status, 5, refused.err);
  assert.match(refused.err, /log: the key .* not the one that is listed/);
  notary.site.write("data/signing/log.key", own);
  assert.match(notary.site.must("signing", "keys"), /^use .*\nlog .*\npromises .*\nsigner .*\ntime .*\n$/);
});
