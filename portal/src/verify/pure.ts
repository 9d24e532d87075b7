// Hashes and signatures in JavaScript, for pages that have no WebCrypto: plain http on any name but
// that of this computer.
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { type Bytes, concat, fromHex } from "./bytes.ts";
import { digest, type Hash, number } from "./pure_ed25519.ts";

export { digest, type Hash, verifyEd25519 } from "./pure_ed25519.ts";
export type Curve = "P-256" | "P-384" | "P-521";

const CURVES = { "P-256": p256, "P-384": p384, "P-521": p521 };

export function isPoint(curve: Curve, point: Bytes): boolean {
  return CURVES[curve].utils.isValidPublicKey(point, false);
}

// `signature` is r || s.
export function verifyEcdsa(curve: Curve, point: Bytes, digested: Bytes, signature: Bytes): boolean {
  try {
    return CURVES[curve].verify(signature, digested, point, { lowS: false, format: "compact", prehash: false });
  } catch {
    return false; // r or s is 0 or past the order
  }
}

// DigestInfo (RFC 8017 section 9.2, note 1).
const INFO = {
  "SHA-256": fromHex("3031300d060960864801650304020105000420"),
  "SHA-384": fromHex("3041300d060960864801650304020205000430"),
  "SHA-512": fromHex("3051300d060960864801650304020305000440"),
};

// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2): what must come out is made and compared.
export function verifyRsa({ n, e }: { n: Bytes; e: Bytes }, hash: Hash, message: Bytes, signature: Bytes): boolean {
  if (signature.length !== n.length) return false;
  const modulus = number(n);
  let base = number(signature);
  if (base >= modulus) return false;
  let power = 1n;
  for (let rest = number(e); rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) power = (power * base) % modulus;
    base = (base * base) % modulus;
  }
  const tail = concat(Uint8Array.of(0), INFO[hash], digest(hash, message));
  const wanted = concat(Uint8Array.of(0, 1), new Uint8Array(n.length - 2 - tail.length).fill(0xff), tail);
  return power === number(wanted);
}
