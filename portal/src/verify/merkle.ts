// Proofs in Merkle trees over SHA-256 (RFC 6962 section 2.1), as src/core/tlog/merkle.h checks them.
import { type Bytes, equal } from "./bytes.ts";
import { sha256 } from "./crypto.ts";
import { bad } from "./report.ts";

export interface TreeHead {
  size: bigint;
  root: Bytes;
}

const PREFIX_NODE = Uint8Array.of(1);

const nodeHash = (left: Bytes, right: Bytes): Bytes => sha256(PREFIX_NODE, left, right);
const isOdd = (n: bigint) => (n & 1n) === 1n;
const tooShort = () => bad("the proof has too few hashes");
const tooLong = () => bad("the proof has too many hashes");

function zerosBehind(n: bigint): bigint {
  let out = 0n;
  while (n > 0n && !isOdd(n >> out)) out += 1n;
  return out;
}

// RFC 9162 section 2.1.3.2: the root that a path leads to from leaf `index` of a tree of `size` leaves.
function rootOf(leaf: Bytes, index: bigint, size: bigint, path: Bytes[]): Bytes {
  if (index >= size) bad(`leaf ${index} is not in a tree of ${size} leaves`);
  let at = index;
  let last = size - 1n;
  let hash = leaf;
  for (const next of path) {
    if (last === 0n) tooLong();
    if (isOdd(at) || at === last) {
      hash = nodeHash(next, hash);
      const up = isOdd(at) ? 0n : zerosBehind(at);
      at >>= up;
      last >>= up;
    } else {
      hash = nodeHash(hash, next);
    }
    at >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? hash : tooShort();
}

export function checkInclusion(leaf: Bytes, index: bigint, tree: TreeHead, path: Bytes[]) {
  if (!equal(rootOf(leaf, index, tree.size, path), tree.root)) bad("the proof leads to another root");
}

// RFC 9162 section 2.1.4.2. A tree without leaves has no proof and is refused.
export function checkConsistency(older: TreeHead, newer: TreeHead, path: Bytes[]) {
  if (older.size === 0n) bad("a tree without leaves proves nothing");
  if (older.size > newer.size) bad("the older tree is the larger one");
  let first = 0n; // positions that climb together: of the older tree's first and last leaf, of the newer's last
  let last = older.size - 1n;
  let edge = newer.size - 1n;
  const up = (levels: bigint) => {
    first >>= levels;
    last >>= levels;
    edge >>= levels;
  };
  const whole = last === edge;
  while (first !== last && (whole || isOdd(last))) up(1n);
  let rest = path;
  let inner = older.root;
  if (first !== last) {
    inner = path[0] ?? tooShort();
    rest = path.slice(1);
  }
  let outer = inner;
  for (const hash of rest) {
    if (edge === 0n) tooLong();
    if (isOdd(last) || last === edge) {
      if (first < last) inner = nodeHash(hash, inner);
      outer = nodeHash(hash, outer);
      up(zerosBehind(last));
    } else {
      outer = nodeHash(outer, hash);
    }
    up(1n);
  }
  if (edge !== 0n) tooShort();
  if (!equal(inner, older.root)) bad("the proof is of another tree");
  if (!equal(outer, newer.root)) bad("the proof leads to another root");
}
