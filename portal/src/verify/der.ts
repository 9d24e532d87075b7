// DER (X.690), as far as keys and signatures need it: low tags, lengths in their shortest form.
import { type Bytes, concat, equal } from "./bytes.ts";
import { bad } from "./report.ts";

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const NULL = 0x05;
export const OID = 0x06;
export const OCTET_STRING = 0x04;
export const SEQUENCE = 0x30;
export const SET = 0x31;

export interface Element {
  tag: number;
  body: Bytes;
  whole: Bytes;
}

export class Der {
  readonly #bytes: Bytes;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }
  get over(): boolean {
    return this.#at === this.#bytes.length;
  }
  // Of the next element; undefined behind the last.
  get tag(): number | undefined {
    return this.#bytes[this.#at];
  }
  element(): Element {
    const begin = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) bad("it is not the DER that is expected");
    let length = this.#byte();
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4) bad("it is not DER");
      length = 0;
      for (let i = 0; i < count; i += 1) length = length * 256 + this.#byte();
      if (length < 0x80 || length < 256 ** (count - 1)) bad("it is not DER");
    }
    const end = this.#at + length;
    if (end > this.#bytes.length) bad("the DER ends too early");
    const body = this.#bytes.slice(this.#at, end);
    this.#at = end;
    return { tag, body, whole: this.#bytes.slice(begin, end) };
  }
  // The content of the next element, which has this tag.
  take(tag: number): Bytes {
    const next = this.element();
    return next.tag === tag ? next.body : bad("it is not the DER that is expected");
  }
  optional(tag: number): Bytes | null {
    return this.tag === tag ? this.take(tag) : null;
  }
  // All that is left.
  rest(): Element[] {
    const out: Element[] = [];
    while (!this.over) out.push(this.element());
    return out;
  }
  inside(tag: number): Der {
    return new Der(this.take(tag));
  }
  // A whole number that is not negative, without zeros before it.
  number(): Bytes {
    const read = this.take(INTEGER);
    if (read.length === 0 || read[0]! >= 0x80) bad("a number is negative");
    if (read.length === 1 || read[0] !== 0) return read;
    if (read[1]! < 0x80) bad("a number is not in DER");
    return read.slice(1);
  }
  end() {
    if (!this.over) bad("bytes behind the end of the DER");
  }
  #byte(): number {
    return this.#bytes[this.#at++] ?? bad("the DER ends too early");
  }
}

// The one element that these bytes are, opened.
export function opened(der: Bytes, tag: number): Der {
  const outer = new Der(der);
  const out = outer.inside(tag);
  outer.end();
  return out;
}

export function element(tag: number, ...parts: Uint8Array[]): Bytes {
  const body = concat(...parts);
  if (body.length < 0x80) return concat(Uint8Array.of(tag, body.length), body);
  const length: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  return concat(Uint8Array.of(tag, 0x80 | length.length, ...length), body);
}

// r || s of an ECDSA-Sig-Value (RFC 3279 section 2.2.3), each of `half` bytes.
export function ecdsaSignature(der: Bytes, half: number): Bytes {
  const pair = opened(der, SEQUENCE);
  const out = new Uint8Array(2 * half);
  for (const end of [half, 2 * half]) {
    const number = pair.number();
    if (number.length > half) bad("no ECDSA signature of this curve");
    out.set(number, end - number.length);
  }
  pair.end();
  return out;
}

const RSA_ALGORITHM = element(
  SEQUENCE, element(OID, Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1)), element(NULL));

// RSAPublicKey (RFC 8017 A.1.1) as SubjectPublicKeyInfo.
export const rsaSpki = (pkcs1: Bytes): Bytes =>
  element(SEQUENCE, RSA_ALGORITHM, element(BIT_STRING, Uint8Array.of(0), pkcs1));

// Modulus and exponent of a SubjectPublicKeyInfo; null when it is of another algorithm.
export function rsaNumbers(spki: Bytes): { n: Bytes; e: Bytes } | null {
  const info = opened(spki, SEQUENCE);
  if (!equal(element(SEQUENCE, info.take(SEQUENCE)), RSA_ALGORITHM)) return null;
  const bits = info.take(BIT_STRING);
  info.end();
  if (bits[0] !== 0) bad("it is not DER");
  const pair = opened(bits.slice(1), SEQUENCE);
  const out = { n: pair.number(), e: pair.number() };
  pair.end();
  return out;
}
