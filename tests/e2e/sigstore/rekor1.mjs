// The first version of Rekor's API, for clients and verifiers that know no other: entries with the
// log's promise, under a checkpoint with one signature.
import assert from "node:assert/strict";
import { verify } from "node:crypto";

import { RekorWitness, TSAWitness } from "@sigstore/sign";

import { scenario } from "../lib/scenario.mjs";
import { leafHash, logOf, openCheckpoint, parseNote, rootOf, sha256 } from "./log_reader.mjs";
import { STATEMENT_TYPE, Signer, base64, bytesOf, signWithSigstore, verifyWithSigstore } from "./peers.mjs";

const BLOB = Buffer.from("a blob");
const SUBJECT = "a subject";
const STATEMENT = JSON.stringify({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "subject", digest: { sha256: sha256(SUBJECT).toString("hex") } }],
  predicateType: "https://example.org/built/v1",
  predicate: {},
});
const PATH = "/api/v1/log/entries";

const rekor = ({ server }) => new RekorWitness({ rekorBaseURL: server.url });
const logged = (root) => logOf(root, "PKIX_ECDSA_P256_SHA_256");
const spkiOf = (key) => key.export({ format: "der", type: "spki" });

function hashedrekord(signer, message) {
  return { apiVersion: "0.0.1", kind: "hashedrekord", spec: {
    data: { hash: { algorithm: "sha256", value: sha256(message).toString("hex") } },
    signature: { content: base64(signer.signature(message)), publicKey: { content: base64(signer.pem) } },
  } };
}

scenario("Rekor 1: a blob and a statement need no other time than the log's promise", { needs: ["rekor1"] },
  async ({ open }) => {
    const signer = new Signer();
    const key = open.site.write("signer.pub", signer.pem);
    const rows = [[BLOB, open.site.write("blob", BLOB), "hashedrekord"],
      [STATEMENT, open.site.write("subject", SUBJECT), "dsse"]];
    for (const witnesses of [[rekor(open)], [rekor(open), new TSAWitness({ tsaBaseURL: open.server.url })]]) {
      for (const [content, artifact, kind] of rows) {
        const bundle = await signWithSigstore(signer, witnesses, content);
        const [entry] = bundle.verificationMaterial.tlogEntries;
        assert.deepEqual(entry.kindVersion, { kind, version: "0.0.1" });
        verifyWithSigstore(bundle, { root: open.root, key: signer.pem, artifact: BLOB });
        assert.equal(open.verdict(bundle, { key, artifact }), "verified");
        const later = structuredClone(bundle);
        later.verificationMaterial.tlogEntries[0].integratedTime = String(Number(entry.integratedTime) + 1);
        assert.throws(() => verifyWithSigstore(later, { root: open.root, key: signer.pem, artifact: BLOB }),
          { code: "TLOG_INCLUSION_PROMISE_ERROR" });
        assert.equal(open.verdict(later, { key, artifact }), "promise_invalid");
      }
    }
  });

scenario("Rekor 1: the answer, its promise and its checkpoint are what verifiers of old want", { needs: ["rekor1"] },
  async ({ open }) => {
    const proposal = hashedrekord(new Signer(), BLOB);
    const reply = await open.post(PATH, proposal);
    assert.equal(reply.status, 201, reply.text);
    const [[uuid, entry], ...others] = Object.entries(reply.json);
    assert.deepEqual(others, []);
    assert.match(uuid, /^([0-9a-f]{16})?[0-9a-f]{64}$/);
    const { name, key, id } = logged(open.root);
    assert.deepEqual(id, sha256(spkiOf(key)));
    assert.equal(entry.logID, id.toString("hex"));
    assert.ok(Math.abs(entry.integratedTime - Date.now() / 1000) < 60);
    assert.deepEqual(JSON.parse(bytesOf(entry.body)), proposal);
    const { body, integratedTime, logID, logIndex, verification } = entry;
    const promised = JSON.stringify({ body, integratedTime, logID, logIndex });
    assert.ok(verify("sha256", Buffer.from(promised), key, bytesOf(verification.signedEntryTimestamp)));
    const { inclusionProof: proof } = verification;
    const note = parseNote(proof.checkpoint);
    assert.equal(note.lines.length, 1, "verifiers of old take no other");
    assert.match(note.text, new RegExp(`^${name} - \\d+\\n`));
    const { size, root } = openCheckpoint(proof.checkpoint, { name, key, id });
    assert.deepEqual([proof.treeSize, proof.rootHash], [size, root.toString("hex")]);
    const path = proof.hashes.map((hash) => Buffer.from(hash, "hex"));
    assert.deepEqual(rootOf(leafHash(bytesOf(body)), proof.logIndex, size, path), root);
  });

scenario("Rekor 1: an entry that is there already is a conflict, and clients fetch the one that is",
  { needs: ["rekor1"] }, async ({ open }) => {
    const proposal = hashedrekord(new Signer(), BLOB);
    const first = await open.post(PATH, proposal);
    const [[uuid, entry]] = Object.entries(first.json);
    assert.equal(first.headers.location, `${PATH}/${uuid}`);
    const again = await open.post(PATH, proposal);
    assert.equal(again.status, 409);
    assert.equal(again.headers.location, first.headers.location);
    for (const path of [first.headers.location, `${PATH}?logIndex=${entry.logIndex}`]) {
      const [[name, found], ...others] = Object.entries((await open.get(path)).json);
      assert.deepEqual(others, []);
      assert.equal(name, uuid);
      const { verification, ...rest } = found;
      assert.deepEqual({ ...rest, verification: entry.verification }, entry, "body, time and place are what they were");
      const { body, integratedTime, logID, logIndex } = found;
      assert.ok(verify("sha256", Buffer.from(JSON.stringify({ body, integratedTime, logID, logIndex })),
        logged(open.root).key, bytesOf(verification.signedEntryTimestamp)));
    }
    // The same signature twice, as after a lost answer: sigstore-js goes where the conflict points.
    const signer = new Signer();
    const signature = signer.signature(BLOB);
    signer.signature = () => signature;
    const [one, two] = [await signWithSigstore(signer, [rekor(open)], BLOB),
      await signWithSigstore(signer, [rekor(open)], BLOB)];
    const place = (bundle) => {
      const { logIndex, integratedTime, canonicalizedBody } = bundle.verificationMaterial.tlogEntries[0];
      return { logIndex, integratedTime, canonicalizedBody };
    };
    assert.deepEqual(place(two), place(one));
    verifyWithSigstore(two, { root: open.root, key: signer.pem, artifact: BLOB });
  });

scenario("Rekor 1: an entry has its time and its place for good, also when the server has been away",
  { needs: ["rekor1"] }, async ({ open }) => {
    const proposal = hashedrekord(new Signer(), BLOB);
    const first = await open.post(PATH, proposal);
    const [[uuid, entry]] = Object.entries(first.json);
    await open.server.stop();
    await open.begin();
    const again = await open.post(PATH, proposal);
    assert.equal(again.status, 409, "the server knows what it has logged before");
    const { [uuid]: found } = (await open.get(again.headers.location)).json;
    for (const member of ["body", "integratedTime", "logID", "logIndex"]) assert.equal(found[member], entry[member]);
  });

scenario("Rekor 1: the log shows its head and its key; it is one tree with the second version's", { needs: ["rekor1"] },
  async ({ open }) => {
    const log = (await open.get("/api/v1/log")).json;
    const { size, root } = await open.head();
    assert.deepEqual([log.treeSize, log.rootHash], [size, root.toString("hex")]);
    assert.deepEqual(openCheckpoint(log.signedTreeHead, logged(open.root)), { size, root });
    assert.ok(log.signedTreeHead.includes(` - ${log.treeID}\n`));
    const { key } = logged(open.root);
    assert.equal((await open.get("/api/v1/log/publicKey")).text, key.export({ format: "pem", type: "spki" }));
    const [[, entry]] = Object.entries((await open.post(PATH, hashedrekord(new Signer(), BLOB))).json);
    const second = await open.mustAdd(new Signer().blobRequest(BLOB));
    assert.equal(Number(second.logIndex), entry.logIndex + 1);
  });

scenario("Rekor 1: entries want the token that the second version's do", { needs: ["rekor1"] }, async ({ closed }) => {
  const post = (token) => closed.post(PATH, hashedrekord(new Signer(), BLOB),
    token ? { Authorization: `Bearer ${token}` } : {});
  const { size } = await closed.head();
  assert.equal((await post()).status, 401);
  assert.equal((await post(closed.tokens.admin)).status, 403);
  assert.equal((await post(closed.tokens.auditor)).status, 403);
  assert.equal((await closed.head()).size, size);
  const reply = await post(closed.tokens.signer);
  assert.equal(reply.status, 201, reply.text);
  assert.equal((await closed.get(reply.headers.location)).status, 200);
});

scenario("Rekor 1: maestro signs in this profile, with and without its time", { needs: ["rekor1"] },
  async ({ open, key }) => {
    const artifact = open.site.write("artifact", BLOB);
    const predicate = open.site.write("predicate.json", "{}");
    const statement = ["--type", "https://example.org/built/v1", "--predicate", predicate];
    for (const [more, kind] of [[[], "hashedrekord"], [statement, "dsse"]]) {
      const bundle = open.mustSign(artifact, key.file, { more: ["--profile", "rekor-v1", ...more] });
      const { tlogEntries: [entry], timestampVerificationData } = bundle.verificationMaterial;
      assert.deepEqual(entry.kindVersion, { kind, version: "0.0.1" });
      assert.ok(Number(entry.integratedTime) > 0);
      assert.equal(timestampVerificationData.rfc3161Timestamps.length, 1);
      const question = { root: open.root, key: key.pem, artifact: BLOB };
      verifyWithSigstore(bundle, question);
      bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [] };
      verifyWithSigstore(bundle, question);  // the promise is a time
      assert.equal(open.verdict(bundle, { key: key.public, artifact }), "verified");
      const promise = bytesOf(entry.inclusionPromise.signedEntryTimestamp);
      promise[promise.length - 1] ^= 1;
      entry.inclusionPromise.signedEntryTimestamp = base64(promise);
      assert.throws(() => verifyWithSigstore(bundle, question), { code: "TLOG_INCLUSION_PROMISE_ERROR" });
      assert.equal(open.verdict(bundle, { key: key.public, artifact }), "promise_invalid");
    }
  });

scenario("Rekor 1: bad proposals are refused by name, and none is logged", { needs: ["rekor1"] }, async ({ open }) => {
  const signer = new Signer();
  const good = hashedrekord(signer, BLOB);
  const changed = (change) => {
    const proposal = structuredClone(good);
    change(proposal.spec);
    return proposal;
  };
  const envelope = (sig) => JSON.stringify({
    payload: base64(STATEMENT), payloadType: STATEMENT_TYPE, signatures: [{ sig: base64(sig) }],
  });
  const dsse = (sig, verifiers = [base64(signer.pem)]) => ({ apiVersion: "0.0.1", kind: "dsse",
    spec: { proposedContent: { envelope: envelope(sig), verifiers } } });
  const rows = [
    [changed((spec) => (spec.data.hash.value = sha256("other").toString("hex"))), /signature/],
    [changed((spec) => (spec.data.hash.value = "no hash")), /hash/],
    [changed((spec) => (spec.data.hash.algorithm = "sha1")), /algorithm/],
    [changed((spec) => (spec.signature.publicKey.content = base64("no key"))), /publicKey/],
    [changed((spec) => delete spec.signature), /signature/],
    [{ ...good, apiVersion: "0.0.9" }, /0\.0\.9/],
    [{ ...good, kind: "rpm" }, /rpm/],
    [dsse(signer.signature(STATEMENT)), /envelope/],
    [dsse(signer.signature(STATEMENT), []), /verifiers/],
  ];
  const before = await open.head();
  for (const [body, why] of rows) {
    const reply = await open.post(PATH, body);
    assert.equal(reply.status, 400, `${why}: ${reply.text}`);
    assert.match(reply.json.detail ?? reply.json.message, why);
  }
  assert.deepEqual(await open.head(), before);
});
