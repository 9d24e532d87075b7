// Bytes and their spellings. Readers take the one spelling that a writer has, and nothing else.
import { bad } from "./report.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const bytesOf = (text: string): Bytes => encoder.encode(text);
export const byteLength = (text: string): number =>
  /^[\0-\x7f]*$/.test(text) ? text.length : encoder.encode(text).length;

export function textOf(bytes: Bytes): string {
  try {
    return strict.decode(bytes);
  } catch {
    return bad("it is not text in UTF-8");
  }
}

// Without control characters: what can stand in a line for people.
export const isOneLine = (text: string): boolean => !/[\0-\x1f\x7f-\x9f]/.test(text);

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += HEX[byte]!;
  return out;
}

// Whether toHex() gives this, without making it.
export function isHex(bytes: Uint8Array, text: string): boolean {
  return text.length === 2 * bytes.length && bytes.every((byte, i) => text.startsWith(HEX[byte]!, 2 * i));
}

// Of either case.
export function fromHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) bad("it is not hexadecimal");
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const NONE = 255;
const VALUES = new Uint8Array(128).fill(NONE);
for (let i = 0; i < ALPHABET.length; i += 1) VALUES[ALPHABET.charCodeAt(i)] = i;

export function toBase64(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    out += ALPHABET[bits >> 18]! + ALPHABET[(bits >> 12) & 63]!;
    out += left > 1 ? ALPHABET[(bits >> 6) & 63]! : "=";
    out += left > 2 ? ALPHABET[bits & 63]! : "=";
  }
  return out;
}

// RFC 4648 section 4, padded; only what toBase64() writes. Gives how many bytes it put into `out` from `at` on.
export function decodeBase64(text: string, out: Uint8Array, at: number): number {
  if (text.length % 4 !== 0) bad("base64 text of impossible length");
  const digits = text.length - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
  let bits = 0;
  let to = at;
  for (let i = 0; i < digits; i += 1) {
    const value = VALUES[text.charCodeAt(i)] ?? NONE;
    if (value === NONE) bad("not a base64 character");
    bits = (bits << 6) | value;
    if (i % 4 === 0) continue;
    const held = 6 - 2 * (i % 4); // bits that are left for the next byte
    out[to++] = bits >> held;
    bits &= (1 << held) - 1;
  }
  if (bits !== 0) bad("base64 text not canonical");
  return to - at;
}

export function fromBase64(text: string): Bytes {
  const out = new Uint8Array((text.length / 4) * 3);
  return out.slice(0, decodeBase64(text, out, 0));
}

// Whether fromBase64() reads it.
export const isBase64 = (text: string): boolean =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?$/.test(text);

// Of either alphabet of RFC 4648; padded, or without padding in the second.
export function fromAnyBase64(text: string): Bytes {
  if (!/[-_]/.test(text)) return fromBase64(text);
  if (/[+/]/.test(text)) bad("not a base64url character");
  const digits = text.replace(/={1,2}$/, "").replaceAll("-", "+").replaceAll("_", "/");
  if (digits.includes("=")) bad("not a base64url character");
  return fromBase64(digits.padEnd(Math.ceil(digits.length / 4) * 4, "="));
}

// At most 60 characters, for messages.
export const excerpt = (text: string, max = 60): string => (text.length <= max ? text : `${text.slice(0, max)}…`);
