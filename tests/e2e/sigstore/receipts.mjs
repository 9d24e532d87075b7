// A receipt as a Sigstore bundle: a statement about the record, signed by the server's own key.
import assert from "node:assert/strict";

import { scenario } from "../lib/scenario.mjs";
import { sha256 } from "./log_reader.mjs";
import {
  STATEMENT_TYPE, base64, bytesOf, hintOf, opensslHolds, opensslStamped, signatureOf, signedBytes, timestampOf,
  verifyWithSigstore,
} from "./peers.mjs";

const RECORDS = "/v1/tenants/alpha/records";

async function receiptOf(notary) {
  const as = { Authorization: `Bearer ${notary.tokens.admin}` };
  const [newest] = (await notary.get(RECORDS, as)).json.items;
  const path = `${RECORDS}/${newest.record}/receipt`;
  return {
    leaf: (await notary.get(path, as)).json.record.leaf,
    bundle: (await notary.get(`${path}?form=bundle`, as)).json,
    signer: (await notary.get("/v1/ledger", as)).json.signer,
    path, as,
  };
}

scenario("a receipt in the form of a bundle verifies with sigstore-js, openssl and maestro", async ({ open }) => {
  const { leaf, bundle, signer } = await receiptOf(open);
  assert.equal(bundle.mediaType, "application/vnd.dev.sigstore.bundle.v0.3+json");
  assert.equal(bundle.verificationMaterial.publicKey.hint, hintOf(signer));
  assert.equal(bundle.dsseEnvelope.payloadType, STATEMENT_TYPE);
  const payload = bytesOf(bundle.dsseEnvelope.payload).toString();
  const statement = JSON.parse(payload);
  assert.equal(statement._type, "https://in-toto.io/Statement/v1");
  assert.ok(statement.subject.some(({ digest }) => digest.sha256 === sha256(leaf).toString("hex")));
  verifyWithSigstore(bundle, { root: open.root, key: signer });
  assert.ok(opensslHolds(open.site, signer, signedBytes(STATEMENT_TYPE, payload), signatureOf(bundle)));
  assert.ok(opensslStamped(open.site, timestampOf(bundle), signatureOf(bundle), open.chain));
  const key = open.site.write("server.pub", signer);
  assert.equal(open.verdict(bundle, { key, artifact: open.site.write("leaf", leaf) }), "verified");
});

scenario("a receipt of another record, of another server, or altered is refused", async ({ open, closed }) => {
  const { leaf, bundle, signer } = await receiptOf(open);
  const stranger = await receiptOf(closed);
  assert.notEqual(stranger.signer, signer, "each server has a key of its own");
  const key = open.site.write("server.pub", signer);
  const other = open.site.write("other", leaf.replace(/"seq":\d+/, '"seq":9007199254740991'));
  assert.equal(open.verdict(bundle, { key, artifact: other }), "artifact_mismatch");
  const artifact = open.site.write("leaf", leaf);
  assert.equal(open.verdict(stranger.bundle, { key, artifact }), "signer_unexpected");
  assert.throws(() => verifyWithSigstore(stranger.bundle, { root: open.root, key: stranger.signer }),
    { code: "TIMESTAMP_ERROR" });
  const payload = bytesOf(bundle.dsseEnvelope.payload).toString().replace("predicateType", "predicateTypo");
  const altered = { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: base64(payload) } };
  assert.throws(() => verifyWithSigstore(altered, { root: open.root, key: signer }), { code: "TLOG_BODY_ERROR" });
  assert.equal(open.verdict(altered, { key, artifact }), "signature_invalid");
});

scenario("a receipt has the forms that it has, for those who may read it", async ({ open }) => {
  const { path, as } = await receiptOf(open);
  const unknown = await open.ask("GET", `${path}?form=hologram`, undefined, as);
  assert.equal(unknown.status, 400, unknown.text);
  assert.match(unknown.json.detail, /form/);
  const { size } = await open.head();
  assert.equal((await open.ask("GET", `${path}?form=bundle`)).status, 401);
  assert.equal((await open.head()).size, size, "nothing is signed for a stranger");
});
