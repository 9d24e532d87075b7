// Time-stamp tokens (RFC 3161), as src/core/pki/timestamp.h checks them: a whole TimeStampResp in DER. Only
// what its signature covers is accepted: no status but "granted", no unsigned attribute, no certificate that
// is not the authority's.
import { type Bytes, concat, equal, fromHex, toHex } from "./bytes.ts";
import {
  type Certificate, isAuthority, notHere, parseCertificate, plainAlgorithm, sameCertificate, signatureKind,
  stampingChain,
} from "./certificate.ts";
import { digestOf } from "./crypto.ts";
import { Der, type Element, element, INTEGER, OCTET_STRING, OID, opened, SEQUENCE, SET } from "./der.ts";
import { bad, Invalid, Unsupported } from "./report.ts";
import { parseTime } from "./time.ts";
import { contains, type TimestampAuthority } from "./trusted_root.ts";

const BYTES_MAX = 64 << 10;
const GENERAL_TIME = 0x18;
const CONTEXT_0 = 0xa0;
const CONTEXT_1 = 0xa1;
const CONTEXT_4 = 0xa4;

const SIGNED_DATA = "2a864886f70d010702";
const TIME_INFO = "2a864886f70d0109100104";
const CONTENT_TYPE = "2a864886f70d010903";
const MESSAGE_DIGEST = "2a864886f70d010904";
const SIGNING_CERTIFICATE = "2a864886f70d010910022f"; // version 2 (RFC 5035)
const SIGNING_CERTIFICATE_1 = "2a864886f70d010910020c";
const RSA_ENCRYPTION = "2a864886f70d010101";
const WEB_NAMES = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" } as const;
const DIGESTS = new Map<string, keyof typeof WEB_NAMES>([
  ["608648016503040201", "sha256"], ["608648016503040202", "sha384"], ["608648016503040203", "sha512"],
]);
const digestName = (oid: string) => DIGESTS.get(oid) ?? notHere("a digest");

function only<T>(all: T[], what: string): T {
  return all.length === 1 ? all[0]! : bad(`it has not one ${what}`);
}

interface Signer {
  issuer: Bytes; // DER
  serial: Bytes;
  digest: string;
  attributes: Map<string, Bytes>; // the one value of each
  signed: Bytes; // all of them, as they are signed
  signatureOid: string;
  signature: Bytes;
}
interface Token {
  content: Bytes; // TSTInfo
  certificates: Element[];
  signer: Signer;
}

// RFC 5652 section 11: no attribute is there twice, or has several values.
function readAttributes(all: Element[]): Map<string, Bytes> {
  const out = new Map<string, Bytes>();
  for (const { whole } of all) {
    const attribute = opened(whole, SEQUENCE);
    const oid = toHex(attribute.take(OID));
    const values = attribute.inside(SET).rest();
    attribute.end();
    if (out.has(oid)) bad("a signed attribute is there twice");
    out.set(oid, values.length === 1 ? values[0]!.whole : bad("a signed attribute has not one value"));
  }
  return out;
}

function readSigner(der: Bytes): Signer {
  const info = opened(der, SEQUENCE);
  if (toHex(info.take(INTEGER)) !== "01") bad("its signer's version is not 1");
  const id = info.inside(SEQUENCE);
  const issuer = id.element().whole;
  const serial = id.take(INTEGER);
  id.end();
  const digest = plainAlgorithm(info);
  const attributes = info.inside(CONTEXT_0).rest();
  const signed = element(SET, ...attributes.map(({ whole }) => whole));
  const signatureOid = plainAlgorithm(info);
  const signature = info.take(OCTET_STRING);
  if (info.optional(CONTEXT_1)?.length) bad("it has unsigned attributes");
  info.end();
  return { issuer, serial, digest, attributes: readAttributes(attributes), signed, signatureOid, signature };
}

// What no signature covers must be empty or say what is said elsewhere.
function readToken(response: Bytes): Token {
  if (response.length > BYTES_MAX) bad(`it is longer than ${BYTES_MAX} bytes`);
  const outer = opened(response, SEQUENCE);
  if (toHex(outer.take(SEQUENCE)) !== "020100") bad('its status is not "granted" alone');
  const info = outer.inside(SEQUENCE);
  outer.end();
  if (toHex(info.take(OID)) !== SIGNED_DATA) bad("there is no signed token in it");
  const data = opened(info.take(CONTEXT_0), SEQUENCE);
  info.end();
  if (toHex(data.take(INTEGER)) !== "03") bad("its version is not 3");
  const listed = data.inside(SET);
  const digest = plainAlgorithm(listed);
  if (!listed.over) bad("it has not one digest algorithm");
  const inner = data.inside(SEQUENCE);
  if (toHex(inner.take(OID)) !== TIME_INFO) bad("there is no time in it");
  const holder = inner.inside(CONTEXT_0);
  const content = holder.take(OCTET_STRING);
  holder.end();
  inner.end();
  const certificates = new Der(data.optional(CONTEXT_0) ?? new Uint8Array(0)).rest();
  if (data.optional(CONTEXT_1)?.length) bad("it has revocation lists");
  const signer = readSigner(only(data.inside(SET).rest(), "signer").whole);
  data.end();
  if (signer.digest !== digest) bad("its digest algorithms are not one");
  return { content, certificates, signer };
}

// Of digits, with a fraction or without, in UTC.
function parseDigits(digits: string): bigint {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d(?:\.\d+)?)Z$/.exec(digits) ?? bad("its time is no time");
  const [, year, month, day, hour, minute, second] = parts;
  return parseTime(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

// The time that it tells of a message.
async function readTime(content: Bytes, message: Bytes): Promise<bigint> {
  const info = opened(content, SEQUENCE);
  if (toHex(info.take(INTEGER)) !== "01") bad("the version of its content is not 1");
  info.take(OID);
  const imprint = info.inside(SEQUENCE);
  const algorithm = DIGESTS.get(toHex(imprint.inside(SEQUENCE).take(OID))) ??
    bad("its digest is not SHA-256, SHA-384 or SHA-512");
  const digest = imprint.take(OCTET_STRING);
  imprint.end();
  if (!equal(digest, await digestOf(algorithm, message))) bad("it is of other bytes");
  info.take(INTEGER);
  const text = String.fromCharCode(...info.take(GENERAL_TIME));
  for (const tag of [SEQUENCE, 0x01, INTEGER, CONTEXT_0, CONTEXT_1]) info.optional(tag); // accuracy to extensions
  info.end();
  return parseDigits(text);
}

const attribute = (signer: Signer, oid: string): Bytes =>
  signer.attributes.get(oid) ?? bad("a signed attribute is missing");

// ESSCertIDv2 (RFC 5035 section 4).
async function isNamed(id: Bytes, certificate: Certificate): Promise<boolean> {
  const der = opened(id, SEQUENCE);
  const name = der.tag === SEQUENCE ? digestName(plainAlgorithm(der)) : "sha256";
  const digest = der.take(OCTET_STRING);
  const issuer = der.optional(SEQUENCE);
  der.end();
  const own = concat(
    element(SEQUENCE, element(CONTEXT_4, certificate.issuer)), Uint8Array.of(INTEGER, certificate.serial.length),
    certificate.serial);
  return equal(digest, await digestOf(name, certificate.der)) && (issuer === null || equal(issuer, own));
}

// The certificates that the signer has named under its signature: its own first, then others of its chain.
async function checkNamed(signer: Signer, chain: Certificate[]) {
  if (signer.attributes.has(SIGNING_CERTIFICATE_1)) notHere("a name of a certificate by SHA-1");
  const value = opened(attribute(signer, SIGNING_CERTIFICATE), SEQUENCE);
  const ids = value.inside(SEQUENCE).rest();
  value.optional(SEQUENCE); // policies
  value.end();
  if (ids.length === 0) bad("it names no certificate");
  for (const [i, { whole }] of ids.entries()) {
    const found: boolean[] = [];
    const candidates = i === 0 ? chain.slice(0, 1) : chain.slice(1);
    for (const certificate of candidates) found.push(await isNamed(whole, certificate));
    if (!found.includes(true)) bad("it names another certificate");
  }
}

// Whether this is a way of signing with this digest and the signer's key. Ed25519 is none: it does not name
// its digest (src/core/pki/timestamp.cc).
function isWay(signatureOid: string, digest: string, { key: { algorithm } }: Certificate): boolean {
  if (algorithm === "EdDSA") return false;
  if (signatureOid === RSA_ENCRYPTION) return algorithm === "RS256";
  const kind = signatureKind(signatureOid);
  return kind.key.test(algorithm) && kind.hash === WEB_NAMES[digestName(digest)];
}

// The signer's chain. The certificates of the token may be the authority's or the signer's own, no others.
async function signerChain(token: Token, authority: Certificate[], at: bigint): Promise<Certificate[]> {
  const embedded: Certificate[] = [];
  for (const { whole } of token.certificates) embedded.push(await parseCertificate(whole));
  const { issuer, serial, signatureOid, digest } = token.signer;
  const own = [...authority, ...embedded].find((each) => equal(each.issuer, issuer) && equal(each.serial, serial)) ??
    bad("its signer is not known");
  if (!sameCertificate(own, authority[0]!) && !isAuthority(authority[0]!)) bad("it is of another signer");
  if (embedded.some((each) => ![own, ...authority].some((known) => sameCertificate(known, each)))) {
    bad("it has a certificate that is not its authority's");
  }
  if (!isWay(signatureOid, digest, own)) bad("its signature is of another kind");
  return stampingChain(own, [...authority, ...embedded], authority.at(-1)!, at);
}

async function checkAuthority(token: Token, { chain: ders, period }: TimestampAuthority, at: bigint) {
  if (!contains(period, at)) bad("its authority was not trusted at its time");
  const authority: Certificate[] = [];
  for (const der of ders) authority.push(await parseCertificate(der));
  const chain = await signerChain(token, authority, at);
  const { signer, content } = token;
  const type = element(OID, fromHex(TIME_INFO));
  if (!equal(attribute(signer, CONTENT_TYPE), type)) bad("its signature is of another content");
  const name = digestName(signer.digest);
  const digest = element(OCTET_STRING, await digestOf(name, content));
  if (!equal(attribute(signer, MESSAGE_DIGEST), digest)) bad("its signature is of another content");
  await checkNamed(signer, chain);
  const { key } = chain[0]!;
  if (!(await key.verify(signer.signed, signer.signature, WEB_NAMES[name]))) bad("its signature does not hold");
}

// Its time, in nanoseconds since 1970, when one of the authorities has stamped just this message.
export async function checkTimestamp(
  response: Bytes, message: Bytes, authorities: TimestampAuthority[],
): Promise<bigint> {
  try {
    const token = readToken(response);
    const time = await readTime(token.content, message);
    let last: Invalid | Unsupported = new Invalid("no authority is trusted");
    for (const authority of authorities) {
      try {
        await checkAuthority(token, authority, time);
        return time;
      } catch (error) {
        if (error instanceof Unsupported) last = error; // perhaps this one has stamped it
        else if (!(error instanceof Invalid)) throw error;
        else if (!(last instanceof Unsupported)) last = error;
      }
    }
    throw last;
  } catch (error) {
    if (error instanceof Invalid) bad(`timestamp: ${error.message}`);
    throw error;
  }
}
