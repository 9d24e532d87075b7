// What receipts need of pure.ts, apart from the curves and RSA that only bundles have.
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal, toHex } from "./bytes.ts";

export type Hash = "SHA-256" | "SHA-384" | "SHA-512";

const HASHES = { "SHA-256": sha256, "SHA-384": sha384, "SHA-512": sha512 };

export const digest = (hash: Hash, bytes: Bytes): Bytes => HASHES[hash](bytes) as Bytes;

export const number = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes) || "0"}`);
const little = (bytes: Uint8Array): bigint => number(bytes.toReversed());

// RFC 8032 section 5.1.7 without the cofactor, as OpenSSL and the browsers have it.
export function verifyEd25519(key: Bytes, message: Bytes, signature: Bytes): boolean {
  const { Point } = ed25519;
  const order = Point.Fn.ORDER;
  if (signature.length !== 64) return false;
  const r = signature.subarray(0, 32);
  const s = little(signature.subarray(32));
  if (s >= order) return false;
  let own;
  try {
    own = Point.fromBytes(key, true);
  } catch {
    return false; // not a point
  }
  const k = little(sha512(concat(r, key, message))) % order;
  return equal(Point.BASE.multiplyUnsafe(s).subtract(own.multiplyUnsafe(k)).toBytes(), r);
}
