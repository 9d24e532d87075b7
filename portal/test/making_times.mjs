// Makes a time-stamping authority and its tokens (RFC 3161), sound ones and others.
import { constants, createHash, sign } from "node:crypto";
import { hash, keyPair } from "./making.mjs";

const tlv = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...size), body]);
};
const seq = (...parts) => tlv(0x30, ...parts);
const set = (...parts) => tlv(0x31, ...parts);
const int = (...bytes) => tlv(0x02, Buffer.of(...bytes));
const oid = (hex) => tlv(0x06, Buffer.from(hex, "hex"));
const octets = (...parts) => tlv(0x04, ...parts);
const asIs = (part) => part;
const TRUE = Buffer.of(0x01, 0x01, 0xff);

const ECDSA_SHA256 = seq(oid("2a8648ce3d040302"));
const SHA256 = seq(oid("608648016503040201"));
const DIGESTS = { sha1: "2b0e03021a", sha224: "608648016503040204", sha256: "608648016503040201" };
// Ways of signing: what certificates and tokens call them.
const WAYS = {
  ecdsa: { algorithm: ECDSA_SHA256, digest: "sha256" },
  "ecdsa-sha1": { algorithm: seq(oid("2a8648ce3d0401")), digest: "sha1" },
  "ecdsa-sha224": { algorithm: seq(oid("2a8648ce3d040301")), digest: "sha224" },
  ed25519: { algorithm: seq(oid("2b6570")), digest: null },
  rsa: { algorithm: seq(oid("2a864886f70d01010b"), tlv(0x05)), digest: "sha256" },
  "rsa-pss": {
    algorithm: seq(oid("2a864886f70d01010a"), seq()), digest: "sha256",
    padding: { padding: constants.RSA_PKCS1_PSS_PADDING },
  },
};
const name = (text) => seq(set(seq(oid("550403"), tlv(0x0c, Buffer.from(text)))));
const extension = (hex, value, critical = true) => seq(oid(hex), ...(critical ? [TRUE] : []), octets(value));
const usage = (bits) => extension("551d0f", tlv(0x03, Buffer.of(0, bits)));
const signedBy = (pair, body, { digest, padding = {} } = WAYS.ecdsa) =>
  sign(digest, body, { key: pair.key, ...padding });

export const AUTHORITY = [extension("551d13", seq(TRUE)), usage(0x04)];
export const STAMPING = [extension("551d25", seq(oid("2b06010505070308"))), usage(0x80)];
export const NOT_CRITICAL = [extension("551d25", seq(oid("2b06010505070308")), false)];
export const SIGNING_TOO = [extension("551d25", seq(oid("2b06010505070308"), oid("2b06010505070303")))];
export const ENCRYPTING = [...STAMPING.slice(0, 1), usage(0x20)];
export const UNKNOWN = [...STAMPING, extension("2a0304", Buffer.of(5, 0))];
export const NAMES = [...AUTHORITY, extension("551d1e", seq(tlv(0xa0, seq(tlv(0x82, Buffer.from("a"))))), false)];
export const keyId = (text) => extension("551d0e", octets(Buffer.from(text)), false);
// Of a key's id, or of a certificate by its issuer and serial.
export const issuedBy = (text) => extension("551d23", seq(tlv(0x80, Buffer.from(text))), false);
export const issuedByOne = ({ issuer, serial }) =>
  extension("551d23", seq(tlv(0xa1, tlv(0xa4, issuer)), tlv(0x82, serial.subarray(2))), false);

// A key on P-256 with half of its point.
export function compressed({ spki }) {
  const point = spki.subarray(-64);
  const half = Buffer.concat([Buffer.of(0, 2 + (point[63] & 1)), point.subarray(0, 32)]);
  return seq(seq(oid("2a8648ce3d0201"), oid("2a8648ce3d030107")), tlv(0x03, half));
}
// An RSA key whose signatures anybody can make: what should come out is the signature.
export function powerOfOne({ spki }) {
  const at = spki.lastIndexOf(Buffer.of(0x02, 3, 1, 0, 1));
  const pair = seq(spki.subarray(spki.lastIndexOf(Buffer.of(0x02, 0x82, 1, 1, 0)), at), int(1));
  return seq(seq(oid("2a864886f70d010101"), tlv(0x05)), tlv(0x03, Buffer.of(0), pair));
}

let serials = 1;
// An authority that says of itself who it is has no `issuer`.
export function certificate({
  subject, extensions, issuer, from = "260101000000Z", to = "270101000000Z", kind = "P-256", way = "ecdsa", spki = asIs,
}) {
  const pair = keyPair(kind);
  const { algorithm } = WAYS[way]; // its issuer's
  const time = (text) => tlv(text.length > 13 ? 0x18 : 0x17, Buffer.from(text));
  const by = issuer ?? { pair, subject };
  const serial = int(serials++);
  const body = seq(
    tlv(0xa0, int(2)), serial, algorithm, name(by.subject), seq(time(from), time(to)), name(subject),
    spki(pair.spki, pair), tlv(0xa3, seq(...extensions)));
  const der = seq(body, algorithm, tlv(0x03, Buffer.of(0), signedBy(by.pair, body, WAYS[way])));
  return { der, pair, subject, serial, issuer: name(by.subject) };
}

// What of a token may be other than it should: each a function of the part, or the part itself.
export function token(signer, message, change = {}) {
  const {
    status = seq(int(0)), version = 3, time = "20260601120000Z", content = asIs, named = signer.der, attributes = asIs,
    unsigned = [], certificates = [], lists = [], digest = "sha256", digests = [seq(oid(DIGESTS[digest]))],
    signature = asIs, signers = asIs, way = "ecdsa", more = [], nameDigest = "sha256",
  } = change;
  const digestOf = (how, bytes) => createHash(how).update(bytes).digest();
  const info = seq(
    int(1), oid("2a0304"), seq(SHA256, octets(hash(message))), int(9), tlv(0x18, Buffer.from(time)), seq(int(1)), TRUE,
    int(7));
  const essId = (how, der) =>
    seq(...(how === "sha256" ? [] : [seq(oid(DIGESTS[how]))]), octets(digestOf(how, der)));
  const kept = seq(seq(essId(nameDigest, named), ...more.map((der) => essId("sha256", der))));
  const all = attributes([
    seq(oid("2a864886f70d010903"), set(oid("2a864886f70d0109100104"))),
    seq(oid("2a864886f70d010904"), set(octets(digestOf(digest, info)))),
    seq(oid("2a864886f70d010910022f"), set(kept)),
  ]);
  const own = seq(
    int(1), seq(signer.issuer, signer.serial), seq(oid(DIGESTS[digest])), tlv(0xa0, ...all), WAYS[way].algorithm,
    octets(signature(signedBy(signer.pair, set(...all), WAYS[way]))), ...unsigned);
  const data = seq(
    int(version), set(...digests), seq(oid("2a864886f70d0109100104"), tlv(0xa0, octets(content(info)))),
    ...(certificates.length > 0 ? [tlv(0xa0, ...certificates)] : []), ...lists, set(...signers([own])));
  return seq(status, seq(oid("2a864886f70d010702"), tlv(0xa0, data)));
}
export const PARTS = { seq, set, int, oid, octets, tlv };

// The member "timestampAuthorities" of a trusted root.
export const authority = (chain, validFor = { start: "2026-01-01T00:00:00Z" }) => ({
  subject: { organization: "Test", commonName: "Clock" }, uri: "", validFor,
  certChain: { certificates: chain.map(({ der }) => ({ rawBytes: der.toString("base64") })) },
});
