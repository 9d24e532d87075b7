import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { isOtherField } from "../src/pages/verify_drop.ts";
import {
  forgetHead, heads, isServed, keepTrust, readTrust, relation, rememberHead, type Trust, vouchedByServer, withKey,
  withRoot,
} from "../src/pages/verify_memory.ts";

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

const NO_TRUST: Trust = { keys: "", policy: "", pem: "", root: "", servedKey: "", servedRoot: "" };

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
  for (const one of [head("5"), head("6", "root", "__proto__"), head("7")]) {
    assert.equal(rememberHead(one, heads().filter(({ key }) => key === one.key)), "kept");
  }
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
    assert.deepEqual(readTrust(), NO_TRUST);
  }
  const trust = { keys: "a", policy: "b", pem: "c", root: "d", servedKey: "e", servedRoot: "f" };
  assert.ok(keepTrust(trust));
  assert.deepEqual(readTrust(), trust);
  full = true;
  assert.equal(rememberHead(head("5"), []), "full");
  assert.equal(keepTrust(trust), false);
  full = false;
});

test("a head that another tab has remembered meanwhile stays", () => {
  rememberHead(head("5"), []);
  const seen = heads();
  const [here, there] = [head("7"), head("9")];
  assert.equal(rememberHead(there, seen), "kept");
  assert.equal(rememberHead(here, seen), "changed");
  assert.equal(heads()[0]!.size, "9");
  assert.equal(rememberHead(head("6"), []), "changed");
  assert.equal(rememberHead(head("9", "other"), [{ ...seen[0]!, size: "9", root: "third" }]), "changed");
  assert.equal(heads()[0]!.root, "root");
  forgetHead("key");
  assert.equal(rememberHead(here, seen), "changed");
  assert.deepEqual(heads(), []);
});

test("a head under a new key takes the place of those under the ones before, unless one has changed", () => {
  for (const [size, key] of [["5", "a"], ["7", "b"], ["6", "other"]] as const) rememberHead(head(size, "root", key), []);
  const seen = heads().filter(({ key }) => key !== "other");
  assert.equal(rememberHead(head("9", "root", "c"), seen), "kept");
  const now = () => heads().map(({ key, size }) => `${key} ${size}`).sort();
  assert.deepEqual(now(), ["c 9", "other 6"]);
  assert.equal(rememberHead(head("10", "root", "d"), seen), "changed"); // another tab has done the same
  assert.equal(rememberHead(head("10", "root", "c"), []), "changed");
  assert.deepEqual(now(), ["c 9", "other 6"]);
});

test("what this server gave goes beside what was typed, and is told from it in both fields", () => {
  const typed = { ...NO_TRUST, keys: " own+1+a \n" };
  const asked = { ...typed, ...withKey(typed, "served+2+b") };
  assert.equal(asked.keys, "own+1+a\nserved+2+b");
  assert.deepEqual(withKey(asked, "served+2+b"), { keys: asked.keys, servedKey: "served+2+b" });
  const both = { ...asked, ...withRoot(asked, "{root}") };
  assert.ok(isServed(both.keys, both.servedKey) && isServed(both.root, both.servedRoot));
  assert.deepEqual(withRoot(both, "{newer}"), { root: "{newer}", servedRoot: "{newer}" });
  assert.equal(withRoot({ ...both, root: "{typed}" }, "{root}"), null);
  assert.equal(isServed("anything", ""), false);

  assert.equal(vouchedByServer(both, "receipt", ["served+2+b"]), true);
  assert.equal(vouchedByServer(both, "receipt", ["own+1+a"]), false);
  assert.equal(vouchedByServer(both, "receipt", ["served+2+b", "own+1+a"]), false);
  assert.equal(vouchedByServer(both, "receipt", []), false);
  assert.equal(vouchedByServer(both, "envelope", []), false);
  assert.equal(vouchedByServer(both, "bundle", []), true);
  assert.equal(vouchedByServer({ ...both, root: "{typed}" }, "bundle", []), false);
});

test("what is dropped on a field is that field's, but for those of what is to be checked", () => {
  const element = (field: boolean, inDrop: boolean) => {
    const own = { closest: (names: string): unknown => ((names === ".drop" ? inDrop : field) ? own : null) };
    return own as unknown as EventTarget;
  };
  assert.equal(isOtherField(element(true, false)), true);
  assert.equal(isOtherField(element(true, true)), false);
  assert.equal(isOtherField(element(false, false)), false);
  assert.equal(isOtherField({} as EventTarget), false); // the document
  assert.equal(isOtherField(null), false);
});
