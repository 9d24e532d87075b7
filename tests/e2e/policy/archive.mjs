// Archives and signatures that no honest tool makes, put together byte by byte.
import { createHash, createHmac, createPrivateKey, sign } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";

const BLOCK = 512;

function header({ path, size, type = "0", link = "" }) {
  const out = Buffer.alloc(BLOCK);
  out.write(path, 0, 100, "utf8");
  out.write("0000644\0", 100);
  out.write("0000000\0", 108);
  out.write("0000000\0", 116);
  out.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  out.write("00000000000\0", 136);
  out.fill(" ", 148, 156);
  out.write(type, 156);
  out.write(link, 157, 100, "utf8");
  out.write("ustar\0", 257);
  out.write("00", 263);
  const sum = out.reduce((a, b) => a + b, 0);
  out.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return out;
}

// Entries {path, bytes, type, link} as a tar.gz, in their order.
export function pack(entries) {
  const parts = [];
  for (const { bytes = "", ...entry } of entries) {
    const body = Buffer.from(bytes);
    parts.push(header({ ...entry, size: body.length }), body);
    parts.push(Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return gzipSync(Buffer.concat(parts));
}

const textAt = (block, from, size) => block.toString("utf8", from, from + size).replace(/\0.*$/s, "");

export function unpack(tarGz) {
  const tar = gunzipSync(tarGz);
  const out = [];
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const block = tar.subarray(at, at + BLOCK);
    const size = parseInt(textAt(block, 124, 12), 8);
    const prefix = textAt(block, 345, 155);
    const path = `${prefix ? `${prefix}/` : ""}${textAt(block, 0, 100)}`;
    out.push({ path, bytes: tar.subarray(at + BLOCK, at + BLOCK + size) });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return out;
}

const encoded = (value) => Buffer.from(value).toString("base64url");
const decoded = (part) => JSON.parse(Buffer.from(part, "base64url"));

// The token of a bundle, taken apart.
export function signatureOf(entries) {
  const { bytes } = entries.find(({ path }) => path === ".signatures.json");
  const [token] = JSON.parse(bytes).signatures;
  const [head, payload] = token.split(".");
  return { head: decoded(head), payload: decoded(payload), token };
}

// A token with this head and payload. `how`: a PEM for RS256, {secret} for HS256, null for none.
export function makeToken(head, payload, how) {
  const input = `${encoded(JSON.stringify(head))}.${encoded(JSON.stringify(payload))}`;
  if (how === null) return `${input}.`;
  if (how.secret !== undefined) {
    return `${input}.${createHmac("sha256", how.secret).update(input).digest("base64url")}`;
  }
  return `${input}.${sign("sha256", Buffer.from(input), createPrivateKey(how)).toString("base64url")}`;
}

export function withSignature(entries, token) {
  const bytes = JSON.stringify({ signatures: [token] });
  return [...entries.filter(({ path }) => path !== ".signatures.json"),
    { path: ".signatures.json", bytes }];
}

export const PACK = "policies/ig.bundle";
const PACK_TYPE = "urn:maestro-conductor:policy-pack:v1";

// As RFC 8785 has it, for what stands in a pack.
export const canonical = (value) => JSON.stringify(value, (_, one) =>
  (one !== null && typeof one === "object" && !Array.isArray(one)
    ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one));

// The document of a pack for these entries, with `members` put in.
export function packDocument(entries, members) {
  const listed = (policies) => entries
    .filter(({ path }) => path !== PACK && path !== ".signatures.json" &&
      (path.endsWith(".rego") || path === "plan.json") === policies)
    .map(({ path, bytes }) => ({ path, sha256: sha256(bytes) })).sort((a, b) => (a.path < b.path ? -1 : 1));
  return { kind: "mc.policy-pack/v1", policies: listed(true), data: listed(false), ...members };
}

export function packStatement(document) {
  return canonical({ _type: "https://in-toto.io/Statement/v1", predicateType: PACK_TYPE, predicate: document,
    subject: [{ name: `policy-pack/${document.channel}/${document.version}`,
      digest: { sha256: sha256(canonical(document)) } }] });
}

// A statement in an envelope (DSSE), signed by a key in PEM.
export function makeEnvelope(statement, pem, payloadType = "application/vnd.in-toto+json") {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${Buffer.byteLength(statement)} `;
  const sig = sign("sha256", Buffer.concat([Buffer.from(head), Buffer.from(statement)]), createPrivateKey(pem));
  return JSON.stringify({ payload: Buffer.from(statement).toString("base64"), payloadType,
    signatures: [{ sig: sig.toString("base64") }] });
}

export function withPack(entries, file) {
  return [...entries.filter(({ path }) => path !== PACK), { path: PACK, bytes: file }];
}

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
