// DSSE envelopes (github.com/secure-systems-lab/dsse), as src/trust/proof/envelope.h reads and checks them.
import { type Bytes, byteLength, bytesOf, concat } from "./bytes.ts";
import type { PublicKey } from "./crypto.ts";
import { Fields } from "./fields.ts";
import { bad } from "./report.ts";

export interface Envelope {
  payloadType: string;
  payload: Bytes;
  signatures: Bytes[]; // ECDSA in DER
}

// What is signed (DSSE protocol, "PAE").
export const signedBytes = ({ payloadType, payload }: Envelope): Bytes =>
  concat(bytesOf(`DSSEv1 ${byteLength(payloadType)} ${payloadType} ${payload.length} `), payload);

export function readEnvelope(fields: Fields): Envelope {
  const payloadType = fields.requiredText("payloadType");
  const payload = fields.requiredBytes("payload");
  const signatures = fields.list("signatures").map((entry, i) => {
    const signature = new Fields(entry, fields.path(`signatures[${i}]`));
    const out = signature.requiredBytes("sig");
    signature.text("keyid");
    signature.done();
    return out;
  });
  if (signatures.length === 0) fields.refuse("signatures", "there is none");
  fields.done();
  return { payloadType, payload, signatures };
}

// One of the signatures is this key's.
export async function checkEnvelope(envelope: Envelope, key: PublicKey) {
  const message = signedBytes(envelope);
  for (const signature of envelope.signatures) {
    if (await key.verify(message, signature)) return;
  }
  bad("the envelope has no signature of this key");
}
