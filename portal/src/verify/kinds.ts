// What kind of file it is, by its bytes.
import { type Bytes, bytesOf, equal, textOf } from "./bytes.ts";

const SIGNATURES = bytesOf("\n\n— ");
const NEWLINE = 0x0a;
const HASH_BYTES = 32;
const TILE_BYTES_MAX = 256 * HASH_BYTES;

const hasAt = (file: Bytes, at: number, wanted: Bytes) => equal(file.subarray(at, at + wanted.length), wanted);
export const startsWith = (file: Bytes, wanted: Bytes): boolean => hasAt(file, 0, wanted);

function has(file: Bytes, wanted: Bytes): boolean {
  for (let at = file.indexOf(wanted[0]!); at >= 0; at = file.indexOf(wanted[0]!, at + 1)) {
    if (hasAt(file, at, wanted)) return true;
  }
  return false;
}

// By its size, a line of digits, and its signatures: programs and pages hold such dashes too.
export function isCheckpoint(file: Bytes): boolean {
  if (!has(file, SIGNATURES)) return false;
  const begin = file.indexOf(NEWLINE) + 1;
  const size = file.subarray(begin, file.indexOf(NEWLINE, begin));
  return size.length > 0 && size.every((byte) => byte >= 0x30 && byte <= 0x39);
}

// A tile is hashes and nothing that says so.
export function mayBeTile(file: Bytes): boolean {
  if (file.length > TILE_BYTES_MAX || file.length % HASH_BYTES !== 0) return false;
  try {
    textOf(file);
    return false;
  } catch {
    return true;
  }
}
