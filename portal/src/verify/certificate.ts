// X.509 certificates of time-stamping authorities (RFC 5280), and the way from one to an authority that is
// trusted. What is not understood is not passed over: names are compared byte by byte, and what others check
// and this does not is Unsupported.
import { type Bytes, equal, toHex } from "./bytes.ts";
import { isCompressed, PublicKey } from "./crypto.ts";
import { BIT_STRING, Der, INTEGER, OCTET_STRING, OID, opened, SEQUENCE } from "./der.ts";
import type { Hash } from "./pure.ts";
import { bad, Invalid, Unsupported } from "./report.ts";

const BYTES_MAX = 64 << 10;
const CHAIN_MAX = 8;
const NANOS_PER_MS = 1_000_000n;
const BOOLEAN = 0x01;
const UTC_TIME = 0x17;
const GENERAL_TIME = 0x18;
const CONTEXT_0 = 0xa0;
const CONTEXT_1 = 0xa1;
const CONTEXT_3 = 0xa3;
const CONTEXT_4 = 0xa4;
const KEY_ID = 0x80; // members of an AuthorityKeyIdentifier
const SERIAL = 0x82;

const BASIC_CONSTRAINTS = "551d13";
const KEY_USAGE = "551d0f";
const EXTENDED_USAGE = "551d25";
const ALTERNATIVE_NAME = "551d11";
const NAME_CONSTRAINTS = "551d1e";
const SUBJECT_KEY = "551d0e";
const AUTHORITY_KEY = "551d23";
const KNOWN = [BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_USAGE, ALTERNATIVE_NAME];
const TIME_STAMPING = "2b06010505070308";
const DIGITAL_SIGNATURE = 0; // bits of the usage of a key
const NON_REPUDIATION = 1;
const CERTIFICATE_SIGN = 5;

// Algorithms of signatures, by the bytes of their identifiers: the hash, and what the key is called.
const SIGNATURES = new Map<string, { hash: Hash; key: RegExp }>([
  ["2a8648ce3d040302", { hash: "SHA-256", key: /^ES/ }], ["2a8648ce3d040303", { hash: "SHA-384", key: /^ES/ }],
  ["2a8648ce3d040304", { hash: "SHA-512", key: /^ES/ }], ["2a864886f70d01010b", { hash: "SHA-256", key: /^RS/ }],
  ["2a864886f70d01010c", { hash: "SHA-384", key: /^RS/ }], ["2a864886f70d01010d", { hash: "SHA-512", key: /^RS/ }],
  ["2b6570", { hash: "SHA-512", key: /^EdDSA$/ }],
]);
export const signatureKind = (oid: string) => SIGNATURES.get(oid) ?? notHere("an algorithm of signatures");
const RSA_PSS = "2a864886f70d01010a";

export function notHere(what: string): never {
  throw new Unsupported("bundle", `A certificate or a time-stamp token has ${what} that is not checked here.`);
}

// The identifier of an algorithm that has no parameters, or the NULL that older rules want.
export function plainAlgorithm(der: Der): string {
  const inside = der.inside(SEQUENCE);
  const oid = toHex(inside.take(OID));
  if (oid === RSA_PSS) notHere("a signature of RSA-PSS");
  const rest = inside.rest();
  if (rest.length > 1 || (rest[0] && toHex(rest[0].whole) !== "0500")) bad("an algorithm has parameters");
  return oid;
}

interface Extension {
  critical: boolean;
  value: Bytes;
}

export interface Certificate {
  der: Bytes;
  issuer: Bytes; // DER
  serial: Bytes; // the content of its INTEGER
  subject: Bytes; // DER
  notBefore: bigint; // nanoseconds since 1970
  notAfter: bigint;
  key: PublicKey;
  signed: Bytes; // what its issuer has signed
  signatureOid: string;
  signature: Bytes;
  extensions: Map<string, Extension>;
}

// From 1950 to 9999, which stands for no end (RFC 5280 section 4.1.2.5).
function readTime(der: Der): bigint {
  const { tag, body } = der.element();
  const text = String.fromCharCode(...body);
  const century = tag === UTC_TIME ? (text < "5" ? "20" : "19") : "";
  if (tag !== UTC_TIME && tag !== GENERAL_TIME) bad("its validity is no time");
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(century + text) ?? bad("its validity is no time");
  const [, year, month, day, hour, minute, second] = parts;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const at = new Date(iso);
  // Days that a month may not have are taken as those of the next one.
  if (Number.isNaN(at.getTime()) || at.toISOString() !== iso) bad("its validity is no time");
  return BigInt(at.getTime()) * NANOS_PER_MS;
}

function readExtensions(der: Der): Map<string, Extension> {
  const out = new Map<string, Extension>();
  for (const { tag, body } of der.rest()) {
    if (tag !== SEQUENCE) bad("an extension is not one");
    const extension = new Der(body);
    const oid = toHex(extension.take(OID));
    const flag = extension.optional(BOOLEAN);
    if (flag && toHex(flag) !== "ff") bad("an extension is not in DER");
    if (out.has(oid)) bad("an extension is there twice");
    out.set(oid, { critical: flag !== null, value: extension.take(OCTET_STRING) });
    extension.end();
  }
  return out;
}

function bits(body: Bytes): Bytes {
  if (body[0] !== 0) bad("its bits are no bytes");
  return body.slice(1);
}

async function read(der: Bytes): Promise<Certificate> {
  if (der.length > BYTES_MAX) bad(`it is longer than ${BYTES_MAX} bytes`);
  const outer = opened(der, SEQUENCE);
  const signed = outer.element();
  const algorithm = outer.element();
  const signature = bits(outer.take(BIT_STRING));
  outer.end();
  const body = opened(signed.whole, SEQUENCE);
  if (toHex(body.take(CONTEXT_0)) !== "020102") bad("its version is not 3");
  const serial = body.take(INTEGER);
  if (!equal(body.element().whole, algorithm.whole)) bad("it names two algorithms");
  const issuer = body.element().whole;
  const validity = body.inside(SEQUENCE);
  const [notBefore, notAfter] = [readTime(validity), readTime(validity)];
  validity.end();
  const subject = body.element().whole;
  const spki = body.element().whole;
  if (isCompressed(spki)) notHere("a key as a compressed point");
  const key = await PublicKey.fromSpki(spki);
  const rest = body.tag === CONTEXT_3 ? opened(body.take(CONTEXT_3), SEQUENCE) : new Der(new Uint8Array(0));
  body.end();
  return {
    der, issuer, serial, subject, notBefore, notAfter, key, signed: signed.whole, signature,
    extensions: readExtensions(rest), signatureOid: plainAlgorithm(new Der(algorithm.whole)),
  };
}

export async function parseCertificate(der: Bytes): Promise<Certificate> {
  try {
    return await read(der);
  } catch (error) {
    if (error instanceof Invalid) bad(`certificate: ${error.message}`);
    throw error;
  }
}

// Bit 0 is the first.
function keyUsage({ extensions }: Certificate): ((bit: number) => boolean) | null {
  const found = extensions.get(KEY_USAGE);
  if (!found) return null;
  const whole = new Der(found.value);
  const body = whole.take(BIT_STRING);
  whole.end();
  return (bit) => (((body[1 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
}

// How many authorities may stand below it; -1 when it is none.
function authoritiesBelow({ extensions }: Certificate): number {
  const found = extensions.get(BASIC_CONSTRAINTS);
  if (!found) return -1;
  const inside = opened(found.value, SEQUENCE);
  const flag = inside.optional(BOOLEAN);
  const length = inside.tag === INTEGER ? inside.number() : null;
  inside.end();
  if (!flag || toHex(flag) !== "ff") return -1;
  return length === null ? CHAIN_MAX : length.length === 1 ? length[0]! : CHAIN_MAX;
}

export function isAuthority(certificate: Certificate): boolean {
  return authoritiesBelow(certificate) >= 0 && (keyUsage(certificate)?.(CERTIFICATE_SIGN) ?? true);
}

// For time stamps alone, as RFC 3161 section 2.3 wants it.
function mayStamp(certificate: Certificate): boolean {
  const found = certificate.extensions.get(EXTENDED_USAGE);
  if (!found?.critical) return false;
  const usages = opened(found.value, SEQUENCE).rest();
  if (usages.length !== 1 || toHex(usages[0]!.body) !== TIME_STAMPING) return false;
  const usage = keyUsage(certificate);
  const others = [2, 3, 4, 5, 6, 7, 8];
  return usage === null ||
    ((usage(DIGITAL_SIGNATURE) || usage(NON_REPUDIATION)) && !others.some((bit) => usage(bit)));
}

function keyId({ value }: Extension): Bytes {
  const der = new Der(value);
  const out = der.take(OCTET_STRING);
  der.end();
  return out;
}

// Whether it does not say that another key, or another certificate of that name, has issued it (RFC 5280
// section 4.2.1.1).
function fitsIssuer(issuer: Certificate, { extensions }: Certificate): boolean {
  const found = extensions.get(AUTHORITY_KEY);
  if (!found) return true;
  const id = opened(found.value, SEQUENCE);
  const [key, names, serial] = [id.optional(KEY_ID), id.optional(CONTEXT_1), id.optional(SERIAL)];
  id.end();
  const own = issuer.extensions.get(SUBJECT_KEY);
  if (key && own && !equal(keyId(own), key)) return false;
  const name = names && new Der(names).rest().find(({ tag }) => tag === CONTEXT_4);
  return (!serial || equal(issuer.serial, serial)) && (!name || equal(issuer.issuer, name.body));
}

async function issued(issuer: Certificate, certificate: Certificate): Promise<boolean> {
  if (!equal(issuer.subject, certificate.issuer) || !fitsIssuer(issuer, certificate)) return false;
  const kind = signatureKind(certificate.signatureOid);
  if (!kind.key.test(issuer.key.algorithm)) return false;
  return issuer.key.verify(certificate.signed, certificate.signature, kind.hash);
}

function checkOne(certificate: Certificate, at: bigint) {
  const second = at - (at % 1_000_000_000n);
  if (second < certificate.notBefore || second > certificate.notAfter) bad("a certificate was not valid at that time");
  for (const [oid, { critical }] of certificate.extensions) {
    if (critical && !KNOWN.includes(oid)) notHere("a critical extension");
    if (oid === NAME_CONSTRAINTS) notHere("a rule for names");
  }
}

// From `leaf`, which may stamp times, to `root`, by way of `between`.
export async function stampingChain(
  leaf: Certificate, between: Certificate[], root: Certificate, at: bigint,
): Promise<Certificate[]> {
  if (!mayStamp(leaf)) bad("its certificate is not for time stamps");
  const out = [leaf];
  checkOne(leaf, at);
  while (!equal(out.at(-1)!.der, root.der)) {
    const last = out.at(-1)!;
    let issuer: Certificate | undefined;
    for (const each of [root, ...between]) {
      if (!issuer && !out.includes(each) && (await issued(each, last))) issuer = each;
    }
    if (!issuer || out.length > CHAIN_MAX) return bad("its certificate does not lead to the authority");
    if (!isAuthority(issuer) || authoritiesBelow(issuer) < out.length - 1) bad("a certificate may not issue others");
    checkOne(issuer, at);
    out.push(issuer);
  }
  return out;
}

export const sameCertificate = (a: Certificate, b: Certificate): boolean => equal(a.der, b.der);
