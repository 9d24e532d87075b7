import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { forgetHead, heads, keepTrust, readTrust, relation, rememberHead } from "../src/pages/verify_memory.ts";

const stored = new Map<string, string>();
let full = false;
Object.assign(globalThis, { localStorage: {
  getItem: (name: string) => stored.get(name) ?? null,
  setItem: (name: string, value: string) => {
    if (full) throw new Error("no room");
    stored.set(name, value);
  },
} });
beforeEach(() => stored.clear());

const head = (size: string, root = "root", key = "key") => ({ key, origin: "log.example", size, root, note: "note" });

test("a head is before, behind, the same as or against the one that was seen", () => {
  assert.equal(relation(undefined, head("5")), "first");
  assert.equal(relation(head("0"), head("5")), "first");
  assert.equal(relation(head("5"), head("5")), "same");
  assert.equal(relation(head("5"), head("5", "other")), "fork");
  assert.equal(relation(head("9"), head("10")), "newer");
  assert.equal(relation(head("18446744073709551615"), head("18446744073709551614")), "older");
});

test("the head of each log is remembered by its key, and forgotten by it", () => {
  assert.deepEqual(heads(), []);
  for (const one of [head("5"), head("6", "root", "__proto__"), head("7")]) assert.ok(rememberHead(one));
  assert.deepEqual(heads().map(({ key, size }) => `${key} ${size}`).sort(), ["__proto__ 6", "key 7"]);
  assert.ok(Date.parse(heads()[0]!.at) > 0);
  forgetHead("key");
  assert.deepEqual(heads().map(({ key }) => key), ["__proto__"]);
});

test("what is no memory of ours is none, and no room is told", () => {
  for (const text of ["", "x", "null", "[]", "5", '{"a":null}', '{"a":{"key":"a"}}', '{"a":5}']) {
    stored.set("mc.verify.heads", text);
    stored.set("mc.verify.trust", text);
    assert.deepEqual(heads(), [], text);
    assert.deepEqual(readTrust(), { keys: "", policy: "", pem: "", root: "", served: "" });
  }
  const trust = { keys: "a", policy: "b", pem: "c", root: "d", served: "e" };
  assert.ok(keepTrust(trust));
  assert.deepEqual(readTrust(), trust);
  full = true;
  assert.equal(rememberHead(head("5")), false);
  assert.equal(keepTrust(trust), false);
  full = false;
});
