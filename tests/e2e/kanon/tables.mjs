// A small table with its hierarchies and configuration, made the same each time; and a twin that
// computes what a manifest claims from the release alone, the slow way.
import { createHash } from "node:crypto";

const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
export const hexOf = (text) => sha(text).toString("hex");

const ILLNESSES = ["flu", "cold", "asthma", "a, b or c", "\"gout\""];
const quoted = (text) => (text === "" || /[,"]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text);
export const toCsv = (rows) => rows.map((row) => `${row.map(quoted).join(",")}\n`).join("");

// 600 people of 3 towns; every tenth is the only one of their street.
export function people() {
  const rows = [["name", "street", "age", "sex", "illness", "note"]];
  let state = 7;
  const random = (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  for (let i = 0; i < 600; i += 1) {
    rows.push([`person ${i}`, `${i % 3}-${random(40)}`, `${20 + random(50)}`, random(2) ? "m" : "w",
      ILLNESSES[random(ILLNESSES.length)], i % 5 ? "" : "x"]);
  }
  return toCsv(rows);
}

const STREETS = [0, 1, 2].flatMap((town) => Array.from({ length: 40 }, (_, i) => [`${town}-${i}`, `town ${town}`, "*"]));
const AGES = Array.from({ length: 50 }, (_, i) => {
  const age = 20 + i;
  const from = age - (age % 10);
  return [`${age}`, `${from}-${from + 9}`, age < 40 ? "20-39" : "40-69", "*"];
});
const lines = (rows) => rows.map((row) => `${row.join(";")}\n`).join("");

export const HIERARCHIES = { "street.csv": lines(STREETS), "age.csv": lines(AGES), "sex.csv": "m;*\nw;*\n" };

export const config = (more = {}) => JSON.stringify({
  kind: "kanon", version: 1, k: 5, suppression: "0.05",
  columns: {
    name: { role: "identifying" }, street: { role: "quasi", hierarchy: "h/street.csv" },
    age: { role: "quasi", hierarchy: "h/age.csv" }, sex: { role: "quasi", hierarchy: "h/sex.csv" },
    illness: { role: "sensitive" }, note: { role: "insensitive" },
  },
  ...more,
});

// RFC 4180, for what is written here.
export function fromCsv(text) {
  return text.split("\n").slice(0, -1).map((line) =>
    [...`${line},`.matchAll(/("(?:[^"]|"")*"|[^,]*),/g)].map(([, field]) =>
      (field.startsWith("\"") ? field.slice(1, -1).replaceAll("\"\"", "\"") : field)));
}

function treeHash(leaves) {
  if (leaves.length === 0) return sha("");
  if (leaves.length === 1) return sha(Buffer.of(0), leaves[0]);
  let cut = 1;
  while (cut * 2 < leaves.length) cut *= 2;
  return sha(Buffer.of(1), treeHash(leaves.slice(0, cut)), treeHash(leaves.slice(cut)));
}

function bigEndian(number, bytes) {
  const out = Buffer.alloc(bytes);
  out.writeUIntBE(number, Math.max(0, bytes - 6), Math.min(6, bytes));
  return out;
}

// What `manifest` should say of the release: members that need nothing else.
export function twinOf(release, quasi) {
  const [header, ...rows] = fromCsv(release);
  const places = quasi.map((name) => header.indexOf(name));
  const counts = new Map();
  for (const row of rows) {
    const key = Buffer.concat(places.flatMap((place) => {
      const text = Buffer.from(row[place]);
      return [bigEndian(text.length, 4), text];
    })).toString("latin1");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const sizes = new Map();
  for (const count of counts.values()) sizes.set(count, (sizes.get(count) ?? 0) + 1);
  const histogram = [...sizes].sort(([a], [b]) => a - b).map(([size, classes]) => ({ classes, rows: size }));
  const leaves = [...counts].map(([key, count]) => Buffer.concat([sha(Buffer.from(key, "latin1")), bigEndian(count, 8)]));
  leaves.sort(Buffer.compare);
  return {
    classes: { count: counts.size, histogram, min: Math.min(...counts.values()), root: treeHash(leaves).toString("hex") },
    release: { bytes: Buffer.byteLength(release), delimiter: ",", rows: rows.length, sha256: hexOf(release) },
  };
}

// RFC 8785 of what a manifest has: no numbers but integers.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}
