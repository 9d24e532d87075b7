// Sigstore bundles 0.1 to 0.3 (dev.sigstore.bundle.v1, JSON), as src/trust/proof/bundle.h reads them: a
// signature with all that is needed to check it.
import { type Bytes, excerpt, fromAnyBase64 } from "./bytes.ts";
import { type Envelope, readEnvelope } from "./envelope.ts";
import { Fields } from "./fields.ts";
import type { Json } from "./json.ts";
import type { TreeHead } from "./merkle.ts";
import { bad } from "./report.ts";

const ENTRIES_MAX = 8;
const TIMESTAMPS_MAX = 8;
const CHAIN_MAX = 8;

const MINOR_OF = new Map([
  ["application/vnd.dev.sigstore.bundle.v0.3+json", 3], ["application/vnd.dev.sigstore.bundle+json;version=0.3", 3],
  ["application/vnd.dev.sigstore.bundle+json;version=0.2", 2],
  ["application/vnd.dev.sigstore.bundle+json;version=0.1", 1],
]);

export interface LogProof {
  index: bigint;
  head: TreeHead;
  path: Bytes[];
  checkpoint: string; // a signed note
}

// An entry of a log, with the log's word for it: a promise (the signed entry timestamp of Rekor v1), a
// proof, or both.
export interface LogEntry {
  index: bigint; // in all shards of the log; the proof's is in its own
  logId: Bytes;
  kind: string;
  version: string;
  integrated: bigint; // seconds since 1970; only the promise signs it
  promise: Bytes; // DER, empty when there is none
  proof: LogProof | null;
  body: Bytes; // the leaf
}

export interface MessageSignature {
  algorithm: string; // "SHA2_256"
  digest: Bytes;
  signature: Bytes; // ECDSA in DER
}

export interface Bundle {
  minor: number; // of version 0.x
  certificates: Bytes[]; // none when the signer is a key
  keyHint: string;
  entries: LogEntry[];
  timestamps: Bytes[]; // TimeStampResp in DER, over the signature
  message: MessageSignature | null; // one of these two
  envelope: Envelope | null;
}

export const signatureOf = ({ message, envelope }: Bundle): Bytes => message?.signature ?? envelope!.signatures[0]!;

function readCertificate(fields: Fields): Bytes {
  const der = fields.requiredBytes("rawBytes");
  fields.done();
  return der;
}

function readSigner(material: Fields, minor: number): Pick<Bundle, "certificates" | "keyHint"> {
  const known = ["certificate", "x509CertificateChain", "publicKey"];
  const kinds = known.filter((kind) => material.has(kind));
  if (kinds.length !== 1) material.refuse("", `it must have exactly one of ${known.join(", ")}`);
  const fields = material.fields(kinds[0]!);
  switch (kinds[0]) {
    case "publicKey": {
      const keyHint = fields.requiredText("hint");
      fields.done();
      return { certificates: [], keyHint };
    }
    case "certificate":
      if (minor < 3) material.refuse("certificate", "it came with version 0.3");
      return { certificates: [readCertificate(fields)], keyHint: "" };
    default: {
      if (minor >= 3) material.refuse("x509CertificateChain", "it went with version 0.3");
      const path = fields.path("certificates");
      const certificates = fields.list("certificates").map((entry) => readCertificate(new Fields(entry, path)));
      if (certificates.length === 0) fields.refuse("certificates", "there is none");
      if (certificates.length > CHAIN_MAX) fields.refuse("certificates", `there are more than ${CHAIN_MAX}`);
      fields.done();
      return { certificates, keyHint: "" };
    }
  }
}

function hashOf(fields: Fields, name: string, bytes: Bytes): Bytes {
  return bytes.length === 32 ? bytes : fields.refuse(name, "it is not 32 bytes");
}

function readProof(fields: Fields): LogProof {
  const index = fields.number("logIndex");
  const head = { size: fields.number("treeSize"), root: hashOf(fields, "rootHash", fields.requiredBytes("rootHash")) };
  const path = fields.list("hashes").map((entry) =>
    hashOf(fields, "hashes", fromAnyBase64(typeof entry === "string" ? entry : "")));
  const checkpoint = fields.fields("checkpoint");
  const out = { index, head, path, checkpoint: checkpoint.text("envelope") };
  checkpoint.done();
  fields.done();
  return out;
}

function readEntry(value: Json, path: string): LogEntry {
  const fields = new Fields(value, path);
  const [id, kind, promise] = ["logId", "kindVersion", "inclusionPromise"].map((name) => fields.fields(name)) as
    [Fields, Fields, Fields];
  const out = {
    index: fields.number("logIndex"), logId: id.requiredBytes("keyId"), kind: kind.requiredText("kind"),
    version: kind.requiredText("version"), integrated: fields.number("integratedTime"),
    promise: promise.bytes("signedEntryTimestamp"),
    proof: fields.has("inclusionProof") ? readProof(fields.fields("inclusionProof")) : null,
    body: fields.requiredBytes("canonicalizedBody"),
  };
  for (const each of [id, kind, promise, fields]) each.done();
  return out;
}

function checkEntry(material: Fields, minor: number, entry: LogEntry) {
  if (minor === 1 && entry.promise.length === 0) {
    material.refuse("tlogEntries", "version 0.1 must have an inclusionPromise");
  }
  if (minor > 1 && entry.proof === null) material.refuse("tlogEntries", "an inclusionProof is missing");
  if (entry.proof?.checkpoint === "") material.refuse("tlogEntries", "an inclusionProof has no checkpoint");
}

type Material = Pick<Bundle, "certificates" | "keyHint" | "entries" | "timestamps">;

function readMaterial(material: Fields, minor: number): Material {
  const signer = readSigner(material, minor);
  const entries = material.list("tlogEntries").map((entry, i) => readEntry(entry, material.path(`tlogEntries[${i}]`)));
  // Early logs gave proofs that nobody signed; their word was the promise.
  for (const entry of entries) if (minor === 1 && entry.proof?.checkpoint === "") entry.proof = null;
  if (entries.length > ENTRIES_MAX) material.refuse("tlogEntries", `there are more than ${ENTRIES_MAX}`);
  for (const entry of entries) checkEntry(material, minor, entry);
  const times = material.fields("timestampVerificationData");
  const timestamps = times.list("rfc3161Timestamps").map((value) => {
    const time = new Fields(value, times.path("rfc3161Timestamps"));
    const out = time.requiredBytes("signedTimestamp");
    time.done();
    return out;
  });
  if (timestamps.length > TIMESTAMPS_MAX) times.refuse("rfc3161Timestamps", `there are more than ${TIMESTAMPS_MAX}`);
  times.done();
  material.done();
  return { ...signer, entries, timestamps };
}

function readMessage(message: Fields): MessageSignature {
  const digest = message.fields("messageDigest");
  const out = {
    algorithm: digest.requiredText("algorithm"), digest: digest.requiredBytes("digest"),
    signature: message.requiredBytes("signature"),
  };
  digest.done();
  message.done();
  return out;
}

export function parseBundle(value: Json): Bundle {
  const fields = new Fields(value, "");
  const type = fields.requiredText("mediaType");
  const minor = MINOR_OF.get(type) ?? bad(`bundle: '${excerpt(type, 80)}' is not a bundle of version 0.1 to 0.3`);
  if (!fields.has("verificationMaterial")) fields.refuse("verificationMaterial", "it is missing");
  const material = readMaterial(fields.fields("verificationMaterial"), minor);
  if (fields.has("messageSignature") === fields.has("dsseEnvelope")) {
    fields.refuse("", "it must have one of messageSignature and dsseEnvelope");
  }
  const message = fields.has("messageSignature") ? readMessage(fields.fields("messageSignature")) : null;
  const envelope = message === null ? readEnvelope(fields.fields("dsseEnvelope")) : null;
  if (envelope && envelope.signatures.length !== 1) fields.refuse("dsseEnvelope.signatures", "it must be one");
  fields.done();
  return { minor, ...material, message, envelope };
}
