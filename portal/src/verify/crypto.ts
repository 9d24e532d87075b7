// Hashes and signatures: WebCrypto's where the page has it, else those of pure.ts. A key is good for one
// algorithm, as in src/core/crypto.
import { sha256 as sha2 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal, fromBase64, fromHex, toBase64, toHex } from "./bytes.ts";
import { ecdsaSignature, opened, rsaNumbers, SEQUENCE } from "./der.ts";
import { pure } from "./load_pure.ts";
import type { Curve, Hash } from "./pure.ts";
import { bad, Invalid } from "./report.ts";

// Undefined where the page has no secure context.
export const platform: { subtle: SubtleCrypto | undefined } = { subtle: globalThis.crypto?.subtle };

const HASH_OF = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" } as const;

// In JavaScript always: of much that is small, WebCrypto takes longer.
export function sha256(...parts: Uint8Array[]): Bytes {
  const hash = sha2.create();
  for (const part of parts) hash.update(part);
  return hash.digest() as Bytes;
}

// RFC 6962 section 2.1.
const PREFIX_LEAF = Uint8Array.of(0);
export const leafHash = (leaf: Uint8Array): Bytes => sha256(PREFIX_LEAF, leaf);

const AT_ONCE = 2_000;
// Of many: WebCrypto's run beside each other, and need no warming up.
export async function sha256All(all: Bytes[]): Promise<Uint8Array[]> {
  const { subtle } = platform;
  if (!subtle) return all.map((one) => sha256(one));
  const out: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE).map((one) => subtle.digest("SHA-256", one));
    for (const each of await Promise.all(some)) out.push(new Uint8Array(each));
  }
  return out;
}

async function hashed(hash: Hash, bytes: Bytes): Promise<Bytes> {
  if (platform.subtle) return new Uint8Array(await platform.subtle.digest(hash, bytes));
  return (await pure()).digest(hash, bytes);
}

// By "sha256", "sha384" or "sha512".
export function digestOf(algorithm: string, bytes: Bytes): Promise<Bytes> {
  if (!Object.hasOwn(HASH_OF, algorithm)) bad(`'${algorithm}' is not sha256, sha384 or sha512`);
  return hashed(HASH_OF[algorithm as keyof typeof HASH_OF], bytes);
}

// Old browsers have WebCrypto without some of its algorithms; null then, and without WebCrypto.
async function native(
  format: "raw" | "spki", key: Bytes, algorithm: AlgorithmIdentifier | EcKeyImportParams | RsaHashedImportParams,
): Promise<CryptoKey | null> {
  try {
    return (await platform.subtle?.importKey(format, key, algorithm, false, ["verify"])) ?? null;
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return null;
    return bad("the public key is not a sound one");
  }
}

async function verifyEd25519(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  const own = await native("raw", key, "Ed25519");
  if (own && platform.subtle) return platform.subtle.verify("Ed25519", own, signature, message);
  return (await pure()).verifyEd25519(key, message, signature);
}

interface CurveKind {
  algorithm: string;
  curve: Curve;
  hash: Hash;
  half: number; // bytes of a coordinate
  prefix: Bytes; // of a SubjectPublicKeyInfo with its point uncompressed
}
const CURVE_KINDS: CurveKind[] = [
  {
    algorithm: "ES256", curve: "P-256", hash: "SHA-256", half: 32,
    prefix: fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
  },
  {
    algorithm: "ES384", curve: "P-384", hash: "SHA-384", half: 48,
    prefix: fromHex("3076301006072a8648ce3d020106052b81040022036200"),
  },
  {
    algorithm: "ES512", curve: "P-521", hash: "SHA-512", half: 66,
    prefix: fromHex("30819b301006072a8648ce3d020106052b8104002303818600"),
  },
];
const ED25519_PREFIX = fromHex("302a300506032b6570032100");
const RSA_BITS_MIN = 2048;
const RSA_BITS_MAX = 8192;
const RSA_EXPONENT_BYTES_MAX = 4;

// Whether it is a key on one of the curves with half of its point, which is not read here.
export function isCompressed(spki: Bytes): boolean {
  const info = opened(spki, SEQUENCE);
  const algorithm = toHex(info.element().whole);
  const first = info.element().body[1];
  return (first === 2 || first === 3) && CURVE_KINDS.some(({ prefix }) => toHex(prefix).includes(algorithm));
}

const startsWith = (bytes: Bytes, prefix: Bytes) => equal(bytes.subarray(0, prefix.length), prefix);

// DER of the one block in `pem`, which has this label and nothing but blanks around it.
export function readPem(pem: string, label: string): Bytes {
  const text = pem.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  if (text.length < begin.length + end.length || !text.startsWith(begin) || !text.endsWith(end)) {
    bad(`no PEM block ${label}`);
  }
  return fromBase64(text.slice(begin.length, -end.length).replaceAll(/[ \t\r\n]/g, ""));
}

type Check = (message: Bytes, signature: Bytes, hash: Hash) => Promise<boolean>;

export class PublicKey {
  readonly algorithm: string; // as JOSE has it: "ES256"
  readonly spki: Bytes;
  readonly #hash: Hash;
  readonly #check: Check;

  private constructor(algorithm: string, spki: Bytes, hash: Hash, check: Check) {
    this.algorithm = algorithm;
    this.spki = spki;
    this.#hash = hash;
    this.#check = check;
  }
  // 32 bytes.
  static ed25519(key: Bytes): PublicKey {
    if (key.length !== 32) bad("an Ed25519 key has 32 bytes");
    return new PublicKey("EdDSA", concat(ED25519_PREFIX, key), "SHA-512", (message, signature) =>
      verifyEd25519(key, message, signature));
  }
  // SubjectPublicKeyInfo (RFC 5280 section 4.1) of RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519.
  static async fromSpki(spki: Bytes): Promise<PublicKey> {
    if (startsWith(spki, ED25519_PREFIX)) return PublicKey.ed25519(spki.slice(ED25519_PREFIX.length));
    const kind = CURVE_KINDS.find(({ prefix }) => startsWith(spki, prefix));
    return kind ? PublicKey.#ofCurve(kind, spki) : PublicKey.#rsa(spki);
  }
  static fromPem(pem: string): Promise<PublicKey> {
    return PublicKey.fromSpki(readPem(pem, "PUBLIC KEY"));
  }
  static async #ofCurve({ algorithm, curve, hash: usual, half, prefix }: CurveKind, spki: Bytes): Promise<PublicKey> {
    const point = spki.slice(prefix.length);
    if (point.length !== 1 + 2 * half || point[0] !== 4) bad("the public key is not a sound one");
    const own = await native("spki", spki, { name: "ECDSA", namedCurve: curve });
    if (!own && !(await pure()).isPoint(curve, point)) bad("the public key is not a sound one");
    return new PublicKey(algorithm, spki, usual, async (message, der, hash) => {
      const signature = ecdsaSignature(der, half);
      if (own && platform.subtle) return platform.subtle.verify({ name: "ECDSA", hash }, own, signature, message);
      return (await pure()).verifyEcdsa(curve, point, await hashed(hash, message), signature);
    });
  }
  static async #rsa(spki: Bytes): Promise<PublicKey> {
    const numbers = rsaNumbers(spki) ?? bad("the key is not RSA of 2048 bits, P-256, P-384, P-521 or Ed25519");
    const { n, e } = numbers;
    const bits = n.length * 8 - Math.clz32(n[0]!) + 24;
    const odd = (n.at(-1)! & e.at(-1)! & 1) === 1;
    const isOne = e.length === 1 && e[0] === 1; // what is raised to it is its own signature
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || e.length > RSA_EXPONENT_BYTES_MAX || !odd || isOne) {
      bad("the key is not RSA of 2048 bits, P-256, P-384, P-521 or Ed25519");
    }
    return new PublicKey("RS256", spki, "SHA-256", async (message, signature, hash) => {
      const own = await native("spki", spki, { name: "RSASSA-PKCS1-v1_5", hash });
      if (own && platform.subtle) return platform.subtle.verify("RSASSA-PKCS1-v1_5", own, signature, message);
      return (await pure()).verifyRsa(numbers, hash, message, signature);
    });
  }

  // How a key is named in a bundle: base64 of SHA-256 of its SPKI.
  get hint(): string {
    return toBase64(sha256(this.spki));
  }
  // Signatures of ECDSA are in DER. Only certificates have another hash than that of the algorithm.
  async verify(message: Bytes, signature: Bytes, hash: Hash = this.#hash): Promise<boolean> {
    try {
      return await this.#check(message, signature, hash);
    } catch (error) {
      if (error instanceof Invalid) return false; // no signature at all
      throw error;
    }
  }
}
