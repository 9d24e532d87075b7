// Makes a time-stamping authority and its tokens (RFC 3161), sound ones and others.
import { sign } from "node:crypto";
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
const TRUE = Buffer.of(0x01, 0x01, 0xff);

const ECDSA_SHA256 = seq(oid("2a8648ce3d040302"));
const SHA256 = seq(oid("608648016503040201"));
const name = (text) => seq(set(seq(oid("550403"), tlv(0x0c, Buffer.from(text)))));
const extension = (hex, value, critical = true) => seq(oid(hex), ...(critical ? [TRUE] : []), octets(value));
const usage = (bits) => extension("551d0f", tlv(0x03, Buffer.of(0, bits)));
const signedBy = (pair, body) => sign("sha256", body, pair.key);

export const AUTHORITY = [extension("551d13", seq(TRUE)), usage(0x04)];
export const STAMPING = [extension("551d25", seq(oid("2b06010505070308"))), usage(0x80)];
export const NOT_CRITICAL = [extension("551d25", seq(oid("2b06010505070308")), false)];
export const SIGNING_TOO = [extension("551d25", seq(oid("2b06010505070308"), oid("2b06010505070303")))];
export const ENCRYPTING = [...STAMPING.slice(0, 1), usage(0x20)];
export const UNKNOWN = [...STAMPING, extension("2a0304", Buffer.of(5, 0))];

let serials = 1;
// An authority that says of itself who it is has no `issuer`.
export function certificate({ subject, extensions, issuer, from = "260101000000Z", to = "270101000000Z" }) {
  const pair = keyPair("P-256");
  const by = issuer ?? { pair, subject };
  const serial = int(serials++);
  const body = seq(
    tlv(0xa0, int(2)), serial, ECDSA_SHA256, name(by.subject),
    seq(tlv(0x17, Buffer.from(from)), tlv(0x17, Buffer.from(to))), name(subject), pair.spki,
    tlv(0xa3, seq(...extensions)));
  const der = seq(body, ECDSA_SHA256, tlv(0x03, Buffer.of(0), signedBy(by.pair, body)));
  return { der, pair, subject, serial, issuer: name(by.subject) };
}

// What of a token may be other than it should: each a function of the part, or the part itself.
const asIs = (part) => part;
export function token(signer, message, change = {}) {
  const {
    status = seq(int(0)), version = 3, time = "20260601120000Z", content = asIs, named = signer.der, attributes = asIs,
    unsigned = [], certificates = [], lists = [], digests = [SHA256], signature = asIs, signers = asIs,
  } = change;
  const info = seq(
    int(1), oid("2a0304"), seq(SHA256, octets(hash(message))), int(9), tlv(0x18, Buffer.from(time)), seq(int(1)), TRUE,
    int(7));
  const kept = seq(seq(seq(octets(hash(named)))));
  const all = attributes([
    seq(oid("2a864886f70d010903"), set(oid("2a864886f70d0109100104"))),
    seq(oid("2a864886f70d010904"), set(octets(hash(info)))),
    seq(oid("2a864886f70d010910022f"), set(kept)),
  ]);
  const own = seq(
    int(1), seq(signer.issuer, signer.serial), SHA256, tlv(0xa0, ...all), ECDSA_SHA256,
    octets(signature(signedBy(signer.pair, set(...all)))), ...unsigned);
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
