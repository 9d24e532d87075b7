// Reads a log as its monitors do (c2sp.org/tlog-tiles, signed-note, tlog-checkpoint; RFC 6962). Own
// code on purpose: it shares no fault with that of the server.
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";

const WIDTH = 256;  // hashes of a full tile, entries of a full bundle
const HASH_BYTES = 32;
const ID_BYTES = 4;
const ED25519_TYPE = 1;

export const sha256 = (...parts) =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
export const leafHash = (leaf) => sha256(Buffer.of(0), leaf);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

// Of a tree with these hashes of leaves, as RFC 6962, 2.1 defines it.
export function treeHash(hashes) {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0];
  let left = 1;
  while (left * 2 < hashes.length) left *= 2;
  return nodeHash(treeHash(hashes.slice(0, left)), treeHash(hashes.slice(left)));
}

// The root that a path leads to: RFC 9162, 2.1.3.2.
export function rootOf(leaf, index, size, path) {
  assert.ok(index < size, `leaf ${index} of ${size}`);
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    assert.ok(last > 0, "the path is too long");
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  assert.equal(last, 0, "the path is too short");
  return hash;
}

const publicKeyOf = (spki) => createPublicKey({ key: spki, format: "der", type: "spki" });

// The log of a trusted root whose key is of this kind: its name, its key and its id.
export function logOf(root, keyDetails = "PKIX_ED25519") {
  const found = root.tlogs.filter((log) => log.publicKey.keyDetails === keyDetails);
  assert.equal(found.length, 1, `logs with ${keyDetails}`);
  return {
    name: new URL(found[0].baseUrl).hostname,
    key: publicKeyOf(Buffer.from(found[0].publicKey.rawBytes, "base64")),
    id: Buffer.from(found[0].logId.keyId, "base64"),
  };
}

// The id of an Ed25519 key under a name (c2sp.org/signed-note), not cut to four bytes.
export function noteKeyId(name, key) {
  const raw = Buffer.from(key.export({ format: "jwk" }).x, "base64url");
  return sha256(name, "\n", Buffer.of(ED25519_TYPE), raw);
}

// {text, lines: [{name, id, bytes}]} of a signed note.
export function parseNote(note) {
  const end = note.lastIndexOf("\n\n");
  assert.ok(end > 0 && note.endsWith("\n"), `no signed note: ${note}`);
  const lines = note.slice(end + 2, -1).split("\n").map((line) => {
    const match = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line);
    assert.ok(match, `no signature line: ${line}`);
    const bytes = Buffer.from(match[2], "base64");
    return { name: match[1], id: bytes.subarray(0, ID_BYTES), bytes: bytes.subarray(ID_BYTES) };
  });
  return { text: note.slice(0, end + 1), lines };
}

// {size, root} of a checkpoint that the log has signed.
export function openCheckpoint(note, { name, key, id }) {
  const { text, lines } = parseNote(note);
  const own = lines.filter((line) => line.name === name && line.id.equals(id.subarray(0, ID_BYTES)));
  assert.equal(own.length, 1, `signatures of ${name} in ${note}`);
  const algorithm = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  assert.ok(verify(algorithm, Buffer.from(text), key, own[0].bytes), `a wrong signature: ${note}`);
  const [origin, size, root, ...rest] = text.split("\n");
  assert.equal(origin.replace(/ - \d+$/, ""), name);
  assert.match(size, /^(0|[1-9]\d*)$/);
  assert.deepEqual(rest, [""], "nothing behind the root");
  assert.equal(Buffer.from(root, "base64").length, HASH_BYTES);
  return { size: Number(size), root: Buffer.from(root, "base64") };
}

// "000", "x001/067"
function indexPath(index) {
  const last = String(index % 1000).padStart(3, "0");
  return index < 1000 ? last : `${indexPath(Math.floor(index / 1000)).replace(/(\d{3})$/, "x$1")}/${last}`;
}

export function tilePath(level, index, width = WIDTH) {
  return `tile/${level}/${indexPath(index)}${width === WIDTH ? "" : `.p/${width}`}`;
}

// [[index, width]] of the tiles that hold `count` things.
function tilesOf(count) {
  return Array.from({ length: Math.ceil(count / WIDTH) }, (_, index) =>
    [index, Math.min(WIDTH, count - index * WIDTH)]);
}

function cutTile(bytes, width) {
  assert.equal(bytes.length, width * HASH_BYTES);
  return Array.from({ length: width }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

function cutEntries(bytes, width) {
  const entries = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 2 + bytes.readUInt16BE(at);
    assert.ok(end <= bytes.length, "an entry is cut off");
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  assert.equal(entries.length, width);
  return entries;
}

// All entries of a log and the hashes of its leaves, when its tiles are those of the tree that the
// checkpoint names. `fetch` gives the bytes of a path.
export async function readLog(fetch, { size, root }) {
  const entries = [];
  for (const [index, width] of tilesOf(size)) {
    entries.push(...cutEntries(await fetch(tilePath("entries", index, width)), width));
  }
  const hashes = entries.map(leafHash);
  let level = hashes;
  for (let number = 0; level.length > 0; number += 1) {
    for (const [index, width] of tilesOf(level.length)) {
      const tile = cutTile(await fetch(tilePath(number, index, width)), width);
      assert.deepEqual(tile, level.slice(index * WIDTH, index * WIDTH + width), tilePath(number, index, width));
    }
    const full = Math.floor(level.length / WIDTH);
    level = Array.from({ length: full }, (_, i) => treeHash(level.slice(i * WIDTH, (i + 1) * WIDTH)));
  }
  assert.deepEqual(treeHash(hashes), root, `the root of ${size} leaves`);
  return { entries, hashes };
}
