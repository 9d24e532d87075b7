// What `maestro sign` makes, at verifiers that know nothing of maestro; and each way to spoil it.
import assert from "node:assert/strict";

import { sha256 } from "./log_reader.mjs";
import {
  STATEMENT_TYPE, Signer, blobEntry, bytesOf, hintOf, keyMaterial, opensslHolds, opensslStamped, signatureOf,
  signedBytes, timestampOf, verifyWithSigstore,
} from "./peers.mjs";
import { scenario } from "../lib/scenario.mjs";

const PREDICATE_TYPE = "https://example.org/reviewed/v1";
const PREDICATE = { reviewer: "Zoë", passed: true, notes: ["ä", "\u2028", "{}"], count: 17 };
const ARTIFACT = "an artifact\n";

const withMaterial = (bundle, change) =>
  ({ ...bundle, verificationMaterial: { ...bundle.verificationMaterial, ...change } });
const withPayload = (bundle, payload) =>
  ({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: Buffer.from(payload).toString("base64") } });
const payloadOf = (bundle) => bytesOf(bundle.dsseEnvelope.payload).toString();

function checkShape(bundle, key) {
  assert.equal(bundle.mediaType, "application/vnd.dev.sigstore.bundle.v0.3+json");
  const { publicKey, tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  assert.equal(publicKey.hint, hintOf(key.pem));
  assert.equal(tlogEntries.length, 1);
  assert.deepEqual(tlogEntries[0].kindVersion, { kind: "hashedrekord", version: "0.0.2" });
  assert.equal(timestampVerificationData.rfc3161Timestamps.length, 1);
}

// The entry is what verifiers rebuild from the rest of the bundle, byte for byte.
function checkEntry(bundle, key, message) {
  const body = bytesOf(bundle.verificationMaterial.tlogEntries[0].canonicalizedBody).toString();
  assert.equal(body, blobEntry(message, signatureOf(bundle), keyMaterial(key.pem)).toString());
}

function signStatement({ open, key }, artifact) {
  const predicate = open.site.write("predicate.json", JSON.stringify(PREDICATE));
  return open.mustSign(artifact, key.file, { more: ["--type", PREDICATE_TYPE, "--predicate", predicate] });
}

scenario("a file that maestro signs verifies with sigstore-js, openssl and maestro", async ({ open, key }) => {
  const artifact = open.site.write("artifact", ARTIFACT);
  const bundle = open.mustSign(artifact, key.file);
  checkShape(bundle, key);
  checkEntry(bundle, key, ARTIFACT);
  assert.equal(bundle.messageSignature.messageDigest.algorithm, "SHA2_256");
  assert.deepEqual(bytesOf(bundle.messageSignature.messageDigest.digest), sha256(ARTIFACT));
  verifyWithSigstore(bundle, { root: open.root, key: key.pem, artifact: ARTIFACT });
  const signature = signatureOf(bundle);
  assert.ok(opensslHolds(open.site, key.pem, ARTIFACT, signature));
  assert.ok(opensslStamped(open.site, timestampOf(bundle), signature, open.chain));
  assert.equal(open.verdict(bundle, { key: key.public, artifact }), "verified");
});

scenario("an altered artifact and another key are refused by each of the three", async ({ open, key }) => {
  const artifact = open.site.write("artifact", ARTIFACT);
  const altered = open.site.write("altered", `${ARTIFACT} `);
  const bundle = open.mustSign(artifact, key.file);
  const signature = signatureOf(bundle);
  const refused = (code, question) => assert.throws(() => verifyWithSigstore(bundle,
    { root: open.root, key: key.pem, artifact: ARTIFACT, ...question }), { code });
  refused("SIGNATURE_ERROR", { artifact: `${ARTIFACT} ` });
  assert.ok(!opensslHolds(open.site, key.pem, `${ARTIFACT} `, signature));
  assert.equal(open.verdict(bundle, { key: key.public, artifact: altered }), "signature_invalid");
  const other = new Signer();
  assert.ok(!opensslHolds(open.site, other.pem, ARTIFACT, signature));
  assert.equal(open.verdict(bundle, { key: open.site.write("other.pub", other.pem), artifact }), "signer_unexpected");
  // Under the other key's own hint the bundle is still not its.
  const claimed = withMaterial(bundle, { publicKey: { hint: other.hint } });
  assert.throws(() => verifyWithSigstore(claimed, { root: open.root, key: other.pem, artifact: ARTIFACT }),
    { code: "SIGNATURE_ERROR" });
  assert.equal(open.verdict(claimed, { key: open.site.path("other.pub"), artifact }), "signature_invalid");
  assert.ok(!opensslStamped(open.site, timestampOf(bundle), Buffer.from("another signature"), open.chain));
});

scenario("a stranger's log or timestamp authority is refused, under the same names", async ({ open, closed, key }) => {
  const artifact = open.site.write("artifact", ARTIFACT);
  const bundle = open.mustSign(artifact, key.file);
  const roots = [
    ["all of it", closed.root, "TIMESTAMP_ERROR", "timestamp_invalid"],
    ["the authority", { ...open.root, timestampAuthorities: closed.root.timestampAuthorities },
      "TIMESTAMP_ERROR", "timestamp_invalid"],
    ["the log", { ...open.root, tlogs: closed.root.tlogs }, "TLOG_INCLUSION_PROOF_ERROR", "checkpoint_invalid"],
    // The stranger's key under the id of ours.
    ["the key of the log", { ...open.root, tlogs: [{ ...closed.root.tlogs[0], logId: open.root.tlogs[0].logId }] },
      "TLOG_INCLUSION_PROOF_ERROR", "checkpoint_invalid"],
  ];
  for (const [what, root, code, reason] of roots) {
    assert.throws(() => verifyWithSigstore(bundle, { root, key: key.pem, artifact: ARTIFACT }), { code }, what);
    const trust = open.site.write("stranger.json", JSON.stringify(root));
    assert.equal(open.verdict(bundle, { key: key.public, artifact, trust }), reason, what);
  }
  assert.ok(!opensslStamped(open.site, timestampOf(bundle), signatureOf(bundle), closed.chain));
});

scenario("a bundle without its entry, with that of another signature, or without its time is refused",
  async ({ open, key }) => {
    const artifact = open.site.write("artifact", ARTIFACT);
    const [bundle, again] = [open.mustSign(artifact, key.file), open.mustSign(artifact, key.file)];
    const refused = (altered, code) => assert.throws(() =>
      verifyWithSigstore(altered, { root: open.root, key: key.pem, artifact: ARTIFACT }), { code });
    const unlogged = withMaterial(bundle, { tlogEntries: [] });
    refused(unlogged, "TLOG_ERROR");
    assert.equal(open.verdict(unlogged, { key: key.public, artifact }), "inclusion_invalid");
    const swapped = withMaterial(bundle, { tlogEntries: again.verificationMaterial.tlogEntries });
    refused(swapped, "TLOG_BODY_ERROR");
    assert.equal(open.verdict(swapped, { key: key.public, artifact }), "entry_mismatch");
    const { timestampVerificationData } = again.verificationMaterial;
    const mistimed = withMaterial(bundle, { timestampVerificationData });
    refused(mistimed, "TIMESTAMP_ERROR");
    assert.equal(open.verdict(mistimed, { key: key.public, artifact }), "timestamp_invalid");
    // A key needs no time for maestro; sigstore-js was told to want one.
    refused(withMaterial(bundle, { timestampVerificationData: { rfc3161Timestamps: [] } }), "TIMESTAMP_ERROR");
  });

scenario("a statement that maestro signs verifies with sigstore-js, openssl and maestro", async ({ open, key }) => {
  const artifact = open.site.write("artifact", ARTIFACT);
  const bundle = signStatement({ open, key }, artifact);
  checkShape(bundle, key);
  assert.equal(bundle.dsseEnvelope.payloadType, STATEMENT_TYPE);
  const statement = JSON.parse(payloadOf(bundle));
  assert.equal(statement._type, "https://in-toto.io/Statement/v1");
  assert.equal(statement.predicateType, PREDICATE_TYPE);
  assert.deepEqual(statement.predicate, PREDICATE);
  assert.deepEqual(statement.subject.map(({ digest }) => digest), [{ sha256: sha256(ARTIFACT).toString("hex") }]);
  const message = signedBytes(STATEMENT_TYPE, payloadOf(bundle));
  checkEntry(bundle, key, message);
  verifyWithSigstore(bundle, { root: open.root, key: key.pem });
  const signature = signatureOf(bundle);
  assert.ok(opensslHolds(open.site, key.pem, message, signature));
  assert.ok(!opensslHolds(open.site, key.pem, payloadOf(bundle), signature), "the type is signed as well");
  assert.ok(opensslStamped(open.site, timestampOf(bundle), signature, open.chain));
  assert.equal(open.verdict(bundle, { key: key.public, artifact }), "verified");
});

scenario("an altered statement, and one of another artifact, are refused", async ({ open, closed, key }) => {
  const artifact = open.site.write("artifact", ARTIFACT);
  const bundle = signStatement({ open, key }, artifact);
  const altered = withPayload(bundle, payloadOf(bundle).replace('"passed":true', '"passed":false'));
  assert.notEqual(payloadOf(altered), payloadOf(bundle));
  const question = { root: open.root, key: key.pem };
  assert.throws(() => verifyWithSigstore(altered, question), { code: "TLOG_BODY_ERROR" });
  assert.ok(!opensslHolds(open.site, key.pem, signedBytes(STATEMENT_TYPE, payloadOf(altered)), signatureOf(altered)));
  assert.equal(open.verdict(altered, { key: key.public, artifact }), "signature_invalid");
  const other = open.site.write("other", "another artifact");
  assert.equal(open.verdict(bundle, { key: key.public, artifact: other }), "artifact_mismatch");
  const retyped = { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payloadType: "text/plain" } };
  assert.throws(() => verifyWithSigstore(retyped, question), { code: "TLOG_BODY_ERROR" });
  assert.equal(open.verdict(retyped, { key: key.public, artifact }), "signature_invalid");
  assert.throws(() => verifyWithSigstore(bundle, { ...question, root: closed.root }), { code: "TIMESTAMP_ERROR" });
});

scenario("maestro sign says what it lacks, and then logs and writes nothing", async ({ open, key }) => {
  const artifact = open.site.write("artifact", ARTIFACT);
  const broken = open.site.write("broken.json", '{"a":1,"a":2}');
  const rows = [
    [open.site.path("no such file"), {}, /no such file/],
    [artifact, { more: ["--type", PREDICATE_TYPE, "--predicate", broken] }, /predicate.*duplicate key/],
    [artifact, { more: ["--type", PREDICATE_TYPE] }, /--predicate/],
    [artifact, { more: ["--predicate", broken] }, /--type/],
    [artifact, { url: "http://127.0.0.1:9" }, /127\.0\.0\.1:9/],
  ];
  const { size } = await open.head();
  for (const [file, options, why] of rows) {
    const done = open.sign(file, key.file, options);
    assert.notEqual(done.status, 0, `${why}`);
    assert.match(done.err, why);
    assert.equal(done.text, null, `${why}`);
  }
  assert.equal((await open.head()).size, size);
});
