// sigstore-js signs against the server as it does against the public services.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

import { RekorWitness, TSAWitness } from "@sigstore/sign";

import { scenario } from "../lib/scenario.mjs";
import { noteKeyId, leafHash, logOf, openCheckpoint, rootOf, sha256 } from "./log_reader.mjs";
import {
  Signer, base64, blobEntry, bytesOf, envelopeEntry, keyMaterial, openssl, opensslHolds, opensslStamped, signatureOf,
  signWithSigstore, timestampOf, verifyWithSigstore,
} from "./peers.mjs";

const BLOB = Buffer.from([0, 1, 254, 255]);
const SUBJECT = "a subject";
const STATEMENT = JSON.stringify({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "subject", digest: { sha256: sha256(SUBJECT).toString("hex") } }],
  predicateType: "https://example.org/built/v1",
  predicate: { by: "sigstore-js" },
});

const witnesses = ({ server }, tsaPath = "") => [
  new RekorWitness({ rekorBaseURL: server.url, majorApiVersion: 2 }),
  new TSAWitness({ tsaBaseURL: server.url + tsaPath }),
];

// Both verifiers, and openssl over what the signature and the timestamp are of.
function mustVerify({ open, bundle, signer, artifact, file }) {
  verifyWithSigstore(bundle, { root: open.root, key: signer.pem, artifact });
  assert.ok(opensslStamped(open.site, timestampOf(bundle), signatureOf(bundle), open.chain));
  const key = open.site.write("signer.pub", signer.pem);
  assert.equal(open.verdict(bundle, { key, artifact: file }), "verified");
}

const entryOf = (bundle) => bundle.verificationMaterial.tlogEntries[0];

scenario("the first entry of an empty log is one of sigstore-js, and verifies", async ({ open }) => {
  assert.deepEqual(await open.head(), { size: 0, root: sha256() });
  const signer = new Signer();
  const bundle = await signWithSigstore(signer, witnesses(open), BLOB);
  const entry = entryOf(bundle);
  assert.equal(entry.logIndex, undefined, "zeros are left out");
  const root = rootOf(leafHash(bytesOf(entry.canonicalizedBody)), 0, 1, []);
  assert.deepEqual(openCheckpoint(entry.inclusionProof.checkpoint.envelope, logOf(open.root)), { size: 1, root });
  mustVerify({ open, bundle, signer, artifact: BLOB, file: open.site.write("blob", BLOB) });
});

scenario("the answer is a TransparencyLogEntry with nothing that nobody signed", async ({ open }) => {
  const signer = new Signer();
  const entry = await open.mustAdd(signer.blobRequest(BLOB));
  const log = logOf(open.root);
  assert.deepEqual(Object.keys(entry).sort(),
    ["canonicalizedBody", "inclusionProof", "kindVersion", "logId", "logIndex"]);
  assert.deepEqual(bytesOf(entry.logId.keyId), log.id);
  assert.deepEqual(log.id, noteKeyId(log.name, log.key));
  const { inclusionProof: proof } = entry;
  const { size, root } = openCheckpoint(proof.checkpoint.envelope, log);
  assert.equal(proof.logIndex, entry.logIndex);
  assert.equal(proof.treeSize, String(size));
  assert.deepEqual(bytesOf(proof.rootHash), root);
  const leaf = leafHash(bytesOf(entry.canonicalizedBody));
  assert.deepEqual(rootOf(leaf, Number(entry.logIndex), size, proof.hashes.map(bytesOf)), root);
});

scenario("a blob and a statement that sigstore-js signs verify with sigstore-js and with maestro", async ({ open }) => {
  const signer = new Signer();
  const blob = await signWithSigstore(signer, witnesses(open), BLOB);
  mustVerify({ open, bundle: blob, signer, artifact: BLOB, file: open.site.write("blob", BLOB) });
  assert.ok(opensslHolds(open.site, signer.pem, BLOB, signatureOf(blob)));
  // sigstore-js calls its key a certificate; what is logged is the key that it is.
  assert.equal(bytesOf(entryOf(blob).canonicalizedBody).toString(),
    blobEntry(BLOB, signatureOf(blob), keyMaterial(signer.pem)).toString());
  const statement = await signWithSigstore(signer, witnesses(open, "/api/v1/timestamp"), STATEMENT);
  mustVerify({ open, bundle: statement, signer, file: open.site.write("subject", SUBJECT) });
  assert.equal(bytesOf(entryOf(statement).canonicalizedBody).toString(),
    envelopeEntry(STATEMENT, signatureOf(statement), keyMaterial(signer.pem)).toString());
});

scenario("what sigstore-js signed and somebody altered is refused", async ({ open, closed }) => {
  const signer = new Signer();
  const bundle = await signWithSigstore(signer, witnesses(open), BLOB);
  const key = open.site.write("signer.pub", signer.pem);
  const altered = Buffer.concat([BLOB, BLOB]);
  const refused = (code, question) => assert.throws(() => verifyWithSigstore(bundle,
    { root: open.root, key: signer.pem, artifact: BLOB, ...question }), { code });
  refused("SIGNATURE_ERROR", { artifact: altered });
  refused("TIMESTAMP_ERROR", { root: closed.root });
  assert.equal(open.verdict(bundle, { key, artifact: open.site.write("altered", altered) }), "signature_invalid");
  const statement = await signWithSigstore(signer, witnesses(open), STATEMENT);
  statement.dsseEnvelope.payload = base64(STATEMENT.replace("sigstore-js", "somebody"));
  assert.throws(() => verifyWithSigstore(statement, { root: open.root, key: signer.pem }), { code: "TLOG_BODY_ERROR" });
  assert.equal(open.verdict(statement, { key, artifact: open.site.write("subject", SUBJECT) }), "signature_invalid");
});

// A certificate for signing code by an authority of this test's own, in the way of Fulcio's.
function issue(site, name) {
  const must = (...args) => {
    const done = openssl(...args);
    assert.equal(done.status, 0, done.err);
    return done.out;
  };
  const [root, leaf] = ["root.pem", "leaf.pem"].map((file) => site.path(file));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  must("req", "-x509", ...key, "-keyout", site.path("root.key"), "-out", root, "-days", "2", "-subj", "/CN=authority",
    "-addext", "keyUsage=critical,keyCertSign");
  must("req", "-x509", ...key, "-keyout", site.path("leaf.key"), "-out", leaf, "-days", "1", "-subj", "/CN=leaf",
    "-CA", root, "-CAkey", site.path("root.key"), "-addext", "basicConstraints=critical,CA:FALSE",
    "-addext", "keyUsage=critical,digitalSignature", "-addext", "extendedKeyUsage=codeSigning",
    "-addext", `subjectAltName=critical,email:${name}`);
  const raw = (file) => base64(new X509Certificate(readFileSync(file)).raw);
  return {
    signer: Signer.fromPem(readFileSync(site.path("leaf.key")), readFileSync(leaf, "utf8")),
    material: { x509Certificate: { rawBytes: raw(leaf) } },
    authorities: [{
      subject: { organization: "test", commonName: "authority" }, uri: "https://authority.localhost",
      certChain: { certificates: [{ rawBytes: raw(root) }] }, validFor: { start: "2020-01-01T00:00:00Z" },
    }],
  };
}

scenario("a certificate is logged as one; its name is checked, and that no log of certificates saw it",
  async ({ open }) => {
    const { signer, material, authorities } = issue(open.site, "ada@example.org");
    const root = { ...open.root, certificateAuthorities: authorities };
    const file = open.site.write("subject", SUBJECT);
    const bundle = await signWithSigstore(signer, witnesses(open), STATEMENT);
    assert.equal(bytesOf(entryOf(bundle).canonicalizedBody).toString(),
      envelopeEntry(STATEMENT, signatureOf(bundle), material).toString());
    const policy = { subjectAlternativeName: "^ada@example\\.org$" };
    verifyWithSigstore(bundle, { root, policy });
    assert.throws(() => verifyWithSigstore(bundle, { root, policy: { subjectAlternativeName: "^eve@" } }),
      { code: "UNTRUSTED_SIGNER_ERROR" });
    assert.throws(() => verifyWithSigstore(bundle, { root: open.root, policy }), { code: "CERTIFICATE_ERROR" });
    const more = ["--identity", "ada@example.org", "--issuer", "https://issuer.localhost"];
    const trust = open.site.write("authority.json", JSON.stringify(root));
    assert.equal(open.verdict(bundle, { artifact: file, trust, more }), "transparency_missing");
  });

scenario("sigstore-js is told when the log refuses, and nothing is logged", async ({ open, closed }) => {
  const { size } = await open.head();
  const refused = (notary, signer, statusCode) => assert.rejects(
    signWithSigstore(signer, witnesses(notary).slice(0, 1), BLOB), (error) => {
      assert.equal(error.code, "TLOG_CREATE_ENTRY_ERROR");
      assert.equal(error.cause.statusCode, statusCode);
      return true;
    });
  for (const kind of ["p384", "rsa", "ed25519"]) await refused(open, new Signer(kind), 400);
  const liar = new Signer();
  liar.signature = () => new Signer().signature(BLOB);
  await refused(open, liar, 400);
  await refused(closed, new Signer(), 401);
  assert.equal((await open.head()).size, size);
  assert.equal((await closed.head()).size, 0);
});
