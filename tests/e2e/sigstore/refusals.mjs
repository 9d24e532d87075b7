// What the log does not take: each is refused with the name of what is wrong, and leaves no trace.
import assert from "node:assert/strict";

import { scenario } from "../lib/scenario.mjs";
import { sha256 } from "./log_reader.mjs";
import { STATEMENT_TYPE, Signer, base64, signedBytes } from "./peers.mjs";

const MESSAGE = "a message";
const PAYLOAD = '{"a":1}';
const signer = new Signer();
const other = new Signer();

// A good request with one thing changed.
function blob(change, by = signer) {
  const request = by.blobRequest(MESSAGE);
  change(request.hashedRekordRequestV002);
  return request;
}

function envelope(change, by = signer) {
  const request = by.envelopeRequest(PAYLOAD);
  change(request.dsseRequestV002);
  return request;
}

const asText = (text, replacement) => JSON.stringify(signer.blobRequest(MESSAGE)).replace(text, replacement);
const claimed = (kind) => blob((request) => (request.signature.verifier.keyDetails = signer.details), new Signer(kind));

// A name, what is sent, and what the refusal speaks of.
const BLOBS = [
  ["a signature of other bytes", blob((request) => (request.digest = base64(sha256("other")))), /signature\.content/],
  ["a signature by another key", blob((request) => (request.signature.verifier = other.verifier())),
    /signature\.content/],
  ["a signature cut short", blob((request) => (request.signature.content = request.signature.content.slice(0, -8))),
    /signature\.content/],
  ["a signature with a byte behind it",
    blob((request) => (request.signature.content = base64([...signer.signature(MESSAGE), 0]))),
    /signature\.content/],
  ["an RSA key", new Signer("rsa").blobRequest(MESSAGE), /keyDetails/],
  ["a P-384 key", new Signer("p384").blobRequest(MESSAGE), /keyDetails/],
  ["an Ed25519 key", new Signer("ed25519").blobRequest(MESSAGE), /keyDetails/],
  ["an RSA key that says it is of P-256", claimed("rsa"), /publicKey\.rawBytes/],
  ["a P-384 key that says it is of P-256", claimed("p384"), /publicKey\.rawBytes/],
  ["an Ed25519 key that says it is of P-256", claimed("ed25519"), /publicKey\.rawBytes/],
  ["a key that is none", blob((request) => (request.signature.verifier.publicKey.rawBytes = base64("key"))),
    /publicKey\.rawBytes/],
  ["a key with a byte behind it",
    blob(({ signature }) => (signature.verifier.publicKey.rawBytes = base64([...signer.spki, 0]))),
    /publicKey\.rawBytes/],
  ["a certificate that is none",
    blob((request) => (request.signature.verifier =
      { x509Certificate: { rawBytes: base64("certificate") }, keyDetails: signer.details })),
    /x509Certificate\.rawBytes/],
  ["a key and a certificate",
    blob((request) => (request.signature.verifier.x509Certificate = { rawBytes: base64(signer.spki) })),
    /x509Certificate/],
  ["base64 that is none in the signature", blob((request) => (request.signature.content = "%%%%")),
    /signature\.content/],
  ["base64 that is none in the digest", blob((request) => (request.digest = `${request.digest}=`)), /digest/],
  ["base64 with bits that say nothing", blob((request) => (request.digest = `${"A".repeat(42)}B=`)), /digest/],
  ["a digest of another length", blob((request) => (request.digest = base64(Buffer.alloc(64)))), /digest/],
  ["a digest that is a number", blob((request) => (request.digest = 1)), /digest/],
  ["no digest", blob((request) => delete request.digest), /digest/],
  ["no signature", blob((request) => delete request.signature), /signature/],
  ["an empty signature", blob((request) => (request.signature.content = "")), /signature\.content/],
  ["no verifier", blob((request) => delete request.signature.verifier), /verifier/],
  ["no key details", blob((request) => delete request.signature.verifier.keyDetails), /keyDetails/],
  ["a member that is not known", blob((request) => (request.extra = 1)), /extra/],
  ["a member twice", asText('"digest":', '"digest":"","digest":'), /duplicate key "digest"/],
  ["a member twice under two spellings", asText('"digest":', '"d\\u0069gest":"","digest":'), /duplicate key "digest"/],
  ["both kinds of request", { ...signer.blobRequest(MESSAGE), ...signer.envelopeRequest(PAYLOAD) }, /dsseRequestV002/],
  ["no request", {}, /hashedRekordRequestV002/],
  ["a request of another version", { hashedRekordRequestV003: {} }, /hashedRekordRequestV00/],
  ["a list", [signer.blobRequest(MESSAGE)], /object/],
  ["text behind the end", asText(/$/, "{}"), /bytes after the end/],
  ["text that ends early", asText(/}$/, ""), /JSON/],
  ["nothing", "", /JSON/],
  ["text that is not UTF-8", Buffer.from(asText("PKIX", "\xff"), "latin1"), /UTF-8/],
  ["a hundred thousand brackets", "[".repeat(100_000), /nested/],
];

const ENVELOPES = [
  ["a signature of the payload alone",
    envelope((request) => (request.envelope.signatures[0].sig = base64(signer.signature(PAYLOAD)))),
    /envelope\.signatures/],
  ["another payload", envelope((request) => (request.envelope.payload = base64("{}"))), /envelope\.signatures/],
  ["another type", envelope((request) => (request.envelope.payloadType = "text/plain")), /envelope\.signatures/],
  ["another verifier", envelope((request) => (request.verifiers = [other.verifier()])), /envelope\.signatures/],
  ["a second signature by nobody",
    envelope((request) => request.envelope.signatures.push(
      { sig: base64(other.signature(signedBytes(STATEMENT_TYPE, PAYLOAD))) })),
    /envelope\.signatures/],
  ["no signature", envelope((request) => (request.envelope.signatures = [])), /signatures/],
  ["no verifier", envelope((request) => (request.verifiers = [])), /verifiers/],
  ["an RSA verifier", envelope(() => {}, new Signer("rsa")), /keyDetails/],
  ["no payload", envelope((request) => delete request.envelope.payload), /payload/],
  ["no envelope", envelope((request) => delete request.envelope), /envelope/],
  ["base64 that is none", envelope((request) => (request.envelope.payload = "*")), /payload/],
];

// The log has nothing of what `act` did.
async function unchanged(notary, act) {
  const before = await notary.head();
  await act();
  assert.deepEqual(await notary.head(), before);
  const { logIndex } = await notary.mustAdd(new Signer().blobRequest("the next one"));
  assert.equal(Number(logIndex), before.size, "nothing went in between");
}

for (const [what, rows] of [["a signature", BLOBS], ["an envelope", ENVELOPES]]) {
  scenario(`${rows.length} bad requests for ${what}: each is refused by name, and none is logged`, ({ open }) =>
    unchanged(open, async () => {
      for (const [name, body, why] of rows) {
        const reply = await open.add(body);
        assert.equal(reply.status, 400, `${name}: ${reply.text}`);
        assert.equal(reply.headers["content-type"], "application/problem+json", name);
        assert.match(reply.json.detail, why, name);
      }
    }));
}

scenario("another content type, another method and a body without end are refused", ({ open }) =>
  unchanged(open, async () => {
    const request = JSON.stringify(signer.blobRequest(MESSAGE));
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
      const reply = await open.add(request, { "Content-Type": type });
      assert.ok(reply.status === 400 || reply.status === 415, `${type}: ${reply.text}`);
      assert.match(reply.json.detail, /content-type/i);
    }
    for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
      const reply = await open.ask(method, "/api/v2/log/entries", method === "GET" ? undefined : request,
        { "Content-Type": "application/json" });
      assert.ok(reply.status >= 400 && reply.status < 500, `${method}: ${reply.status}`);
    }
    const long = blob((entry) => (entry.extra = "x".repeat(5 << 20)));
    const reply = await open.add(long).catch((error) => error);
    if (reply instanceof Error) assert.match(reply.code, /ECONNRESET|EPIPE/);
    else assert.equal(reply.status, 413, reply.text.slice(0, 200));
  }));

scenario("content types that mean JSON are taken", async ({ open }) => {
  for (const type of ["application/json; charset=utf-8", "Application/JSON"]) {
    await open.mustAdd(new Signer().blobRequest(MESSAGE), { "Content-Type": type });
  }
});

scenario("a log that is not open wants a token with the right scope; everybody may read it", async ({ closed }) => {
  const { tokens } = closed;
  const bearer = (token) => ({ Authorization: `Bearer ${token}` });
  const rows = [
    ["no token", {}, 401],
    ["a token that is none", bearer("mct_nonsense"), 401],
    ["a token for something else", bearer(tokens.admin), 403],
    ["an auditor, who writes nothing", bearer(tokens.auditor), 403],
  ];
  const stampRequest = { artifactHash: base64(sha256(MESSAGE)), hashAlgorithm: "sha256" };
  const good = bearer(tokens.signer);
  const { size } = await closed.head();
  for (const [name, headers, status] of rows) {
    const refusals = [await closed.add(signer.blobRequest(MESSAGE), headers),
      await closed.post("/api/v1/timestamp", stampRequest, headers)];
    for (const reply of refusals) {
      assert.equal(reply.status, status, `${name}: ${reply.text}`);
      assert.equal(reply.headers["content-type"], "application/problem+json", name);
    }
  }
  assert.equal((await closed.head()).size, size);
  const entry = await closed.mustAdd(signer.blobRequest(MESSAGE), good);
  assert.equal(Number(entry.logIndex), size);
  assert.equal((await closed.post("/api/v1/timestamp", stampRequest, good)).status, 201);
});

scenario("maestro signs with a token where one is wanted, and not without", async ({ closed, key }) => {
  const artifact = closed.site.write("artifact", MESSAGE);
  const refused = closed.sign(artifact, key.file);
  assert.equal(refused.status, 4, refused.err);
  assert.equal(refused.text, null);
  const bundle = closed.mustSign(artifact, key.file, { token: closed.tokens.signer });
  assert.equal(closed.verdict(bundle, { key: key.public, artifact }), "verified");
});
