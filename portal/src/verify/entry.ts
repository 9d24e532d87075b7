// Entries of a signature log as their leaves hold them, as src/trust/proof/entry.h reads them: Rekor's kinds
// hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1 and 0.0.2, intoto 0.0.2.
import { type Bytes, excerpt, fromAnyBase64, fromHex, textOf } from "./bytes.ts";
import { readPem } from "./crypto.ts";
import { Fields } from "./fields.ts";
import { type Json, parseJson } from "./json.ts";
import { bad, Invalid } from "./report.ts";

const BYTES_MAX = 16 << 20;

interface Digest {
  algorithm: string; // "sha256", "sha384", "sha512"
  digest: Bytes;
}
export interface EntrySignature {
  bytes: Bytes;
  verifier: Bytes; // DER: a certificate, or a key's SPKI
}
export interface Entry extends Digest {
  kind: string;
  version: string;
  ofPayload: boolean; // the digest is of an envelope's payload; else of what was signed
  signatures: EntrySignature[];
}
type Read = (spec: Fields) => Omit<Entry, "kind" | "version">;

// Of a hash algorithm in either notation.
function algorithmOf(fields: Fields): string {
  const name = fields.requiredText("algorithm").replace(/^SHA2_(?=\d)/, "sha");
  return /^sha(256|384|512)$/.test(name) ? name : fields.refuse("algorithm", "it is not known");
}

function readHash(fields: Fields): Digest {
  const out = { algorithm: algorithmOf(fields), digest: fromHex(fields.requiredText("value")) };
  fields.done();
  return out;
}

function readDigest(fields: Fields): Digest {
  const out = { algorithm: algorithmOf(fields), digest: fields.requiredBytes("digest") };
  fields.done();
  return out;
}

// DER behind base64 of PEM, as version 0.0.1 has it.
function pemIn(fields: Fields, name: string): Bytes {
  const pem = textOf(fields.requiredBytes(name));
  return readPem(pem, pem.includes("BEGIN CERTIFICATE") ? "CERTIFICATE" : "PUBLIC KEY");
}

// A signature with its verifier, as version 0.0.2 has it.
function readSignature(fields: Fields): EntrySignature {
  const bytes = fields.requiredBytes("content");
  const verifier = fields.fields("verifier");
  verifier.requiredText("keyDetails");
  const key = verifier.fields(verifier.has("x509Certificate") ? "x509Certificate" : "publicKey");
  const out = { bytes, verifier: key.requiredBytes("rawBytes") };
  for (const each of [key, verifier, fields]) each.done();
  return out;
}

const each = <T>(fields: Fields, read: (one: Fields) => T): T[] =>
  fields.list("signatures").map((value: Json) => {
    const one = new Fields(value, fields.path("signatures"));
    const out = read(one);
    one.done();
    return out;
  });

function readHashedrekord1(spec: Fields) {
  const data = spec.fields("data");
  const hash = readHash(data.fields("hash"));
  const signature = spec.fields("signature");
  const key = signature.fields("publicKey");
  const signatures = [{ bytes: signature.requiredBytes("content"), verifier: pemIn(key, "content") }];
  for (const one of [data, key, signature]) one.done();
  return { ...hash, ofPayload: false, signatures };
}

function readHashedrekord2(spec: Fields) {
  const body = spec.fields("hashedRekordV002");
  const digest = readDigest(body.fields("data"));
  const signatures = [readSignature(body.fields("signature"))];
  body.done();
  return { ...digest, ofPayload: false, signatures };
}

function readDsse1(spec: Fields) {
  readHash(spec.fields("envelopeHash")); // of a text that no bundle keeps
  const hash = readHash(spec.fields("payloadHash"));
  const signatures = each(spec, (one) => ({ bytes: one.requiredBytes("signature"), verifier: pemIn(one, "verifier") }));
  return { ...hash, ofPayload: true, signatures };
}

function readDsse2(spec: Fields) {
  const body = spec.fields("dsseV002");
  const digest = readDigest(body.fields("payloadHash"));
  const signatures = each(body, readSignature);
  body.done();
  return { ...digest, ofPayload: true, signatures };
}

// Its envelope has its bytes in base64 twice.
function readIntoto2(spec: Fields) {
  const content = spec.fields("content");
  const hash = readHash(content.fields("payloadHash"));
  readHash(content.fields("hash"));
  const envelope = content.fields("envelope");
  envelope.text("payloadType");
  envelope.text("payload");
  const signatures = each(envelope, (one) => {
    one.text("keyid");
    return { bytes: fromAnyBase64(textOf(one.requiredBytes("sig"))), verifier: pemIn(one, "publicKey") };
  });
  for (const one of [envelope, content]) one.done();
  return { ...hash, ofPayload: true, signatures };
}

const KINDS = new Map<string, Read>([
  ["hashedrekord 0.0.1", readHashedrekord1], ["hashedrekord 0.0.2", readHashedrekord2], ["dsse 0.0.1", readDsse1],
  ["dsse 0.0.2", readDsse2], ["intoto 0.0.2", readIntoto2],
]);

export function parseEntry(body: Bytes): Entry {
  try {
    if (body.length > BYTES_MAX) bad(`it is longer than ${BYTES_MAX} bytes`);
    const fields = new Fields(parseJson(textOf(body)), "");
    const kind = fields.requiredText("kind");
    const version = fields.requiredText("apiVersion");
    const read = KINDS.get(`${kind} ${version}`) ??
      bad(`entries of kind ${excerpt(kind)} ${excerpt(version)} are not known`);
    const spec = fields.fields("spec");
    const out = { kind, version, ...read(spec) };
    spec.done();
    fields.done();
    return out;
  } catch (error) {
    if (error instanceof Invalid) bad(`log entry: ${error.message}`);
    throw error;
  }
}
