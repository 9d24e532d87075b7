import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";

import type { PolicyRule } from "../src/client.ts";
import { idsOf, maskedIn } from "../src/graphql/decided.ts";
import { withQuery } from "../src/path.ts";
import { BYTES_MAX, NotAsked, readChosen } from "../src/policy/files.ts";
import { asked, type Filters, isNothing, NOTHING, queryOf, readFilters, writeFilters } from "../src/policy/filters.ts";
import {
  changeText, denialsByReason, isFamily, maskChanges, maskText, rulesByUse, skippedText, tally,
} from "../src/policy/words.ts";

const some: Filters = {
  verdict: "denied", principal: "ben", rule: "role-analyst", reason: "a&b=c", from: "2026-11-27T11:00", to: "2026-11-27T12:00",
};

test("filters of decisions go into the address and come back as they were", () => {
  const each = Object.entries(some).map(([name, value]) => ({ ...NOTHING, [name]: value }));
  for (const filters of [NOTHING, some, ...each]) {
    const address = withQuery("/policy", writeFilters(filters));
    assert.deepEqual(readFilters(new URL(address, "https://own.example").searchParams), filters);
    assert.equal(isNothing(filters), filters === NOTHING);
    assert.equal(`/policy${filters === NOTHING ? "" : "?"}${queryOf(filters)}`, address);
  }
});

test("what is no filter of decisions in an address is none", () => {
  const odd = "verdict=maybe&from=2026-02-31T10:00&to=2026-11-27&principal=%20&tenant=alpha&window=1h";
  assert.deepEqual(readFilters(new URLSearchParams(odd)), NOTHING);
  for (const from of ["1999-01-01T00:00", "2026-01-01T24:30", "2026-01-01T00:00:00Z", "2026-11-27T1:00"]) {
    assert.equal(readFilters(new URLSearchParams({ from })).from, "", from);
  }
  assert.equal(readFilters(new URLSearchParams({ rule: "x".repeat(600) })).rule.length, 200);
});

test("decisions are asked for by instants in UTC, and by a verdict only when one is wanted", () => {
  assert.deepEqual(asked(NOTHING), { principal: "", rule: "", reason: "", from: "", to: "" });
  assert.deepEqual(asked(some), {
    principal: "ben", rule: "role-analyst", reason: "a&b=c", from: "2026-11-27T11:00:00Z", to: "2026-11-27T12:00:00Z",
    allowed: false,
  });
  assert.equal(asked({ ...NOTHING, verdict: "allowed" }).allowed, true);
});

const rule = (id: string, decisions: number, denied: number, title: string | null = null): PolicyRule =>
  ({ id, title, description: null, decisions, denied, estimated: decisions });

test("the rules that spoke most come first, those that never did come too, and reasons are those that denied", () => {
  const rules = [rule("b", 5, 0), rule("a", 5, 2, "Title"), rule("silent", 0, 0), rule("z", 9, 9)];
  assert.deepEqual(rulesByUse(rules).map(({ id, allowed, denied }) => [id, allowed, denied]),
    [["z", 0, 9], ["a", 3, 2], ["b", 5, 0], ["silent", 0, 0]]);
  assert.deepEqual(denialsByReason(rules).map(({ id, note, denied }) => [id, note, denied]), [["z", "", 9], ["a", "Title", 2]]);
  assert.equal(rulesByUse([rule("odd", 1, 3)])[0]?.allowed, 0);
  assert.deepEqual([isFamily("role-*"), isFamily("role-analyst")], [true, false]);
});

test("masks are told in words, those that nobody knows as they stand", () => {
  for (const mask of ["keep", "hash", "null", "partial", "partial:2", "tokenise", "generalise", "generalise:10", "drop"]) {
    assert.notEqual(maskText(mask), mask);
  }
  assert.match(maskText("partial:2"), /last 2 /);
  assert.equal(maskText("scramble:3"), "scramble:3");
  for (const reason of ["resource-gone", "unreadable", "gate-shut"]) assert.notEqual(skippedText(reason), reason);
  assert.equal(skippedText("other"), "other");
});

const outcome = (allow: boolean, reasons: string[] = [], masked: Record<string, string> = {}) => ({ allow, reasons, masked });
const change = (before: ReturnType<typeof outcome>, after: ReturnType<typeof outcome>) => ({
  decision_id: "dec_1", at: "2026-11-27T12:00:00Z", tenant: "alpha", principal: "ben", action: "read",
  resource: { kind: "dataset", name: "person" }, before, after,
});

test("a changed verdict says what would be other, and how many are of a kind", () => {
  const denied = change(outcome(true), outcome(false, ["role"]));
  const allowed = change(outcome(false, ["role"]), outcome(true));
  const reasons = change(outcome(false, ["a", "b"]), outcome(false, ["a"]));
  const masks = change(outcome(false, ["a", "b"], { name: "hash" }), outcome(false, ["b", "a"]));
  const texts = ["✕ would be denied", "▲ would be allowed", "other reasons", "other masks"];
  assert.deepEqual([denied, allowed, reasons, masks].map(changeText), texts);
  assert.deepEqual(tally([allowed, denied, denied]), [{ what: texts[0], count: 2 }, { what: texts[1], count: 1 }]);
  assert.deepEqual(tally([]), []);
  assert.deepEqual(maskChanges(outcome(true, [], { a: "hash", b: "null", c: "drop" }), outcome(true, [], { b: "null", c: "hash", d: "null" })),
    [{ column: "a", before: "hash", after: "" }, { column: "c", before: "drop", after: "hash" }, { column: "d", before: "", after: "null" }]);
});

test("masked columns of a result are those that its query names, whatever it calls them", () => {
  const decisions = [{ masked: { fullName: "hash", nationalId: "partial" } }, { masked: { fullName: "hash", note: "drop" } }];
  assert.deepEqual(maskedIn("{ persons { nodes { called: fullName note } } }", decisions), ["fullName", "note"]);
  assert.deepEqual(maskedIn("{ persons { nodes { id } } } # fullName", decisions), []);
  assert.deepEqual(maskedIn("{ persons { nodes { fullNames } } }", decisions), []);
  assert.deepEqual(maskedIn("", decisions), []);
  assert.deepEqual(idsOf("dec_1, dec_2,"), ["dec_1", "dec_2"]);
  assert.deepEqual(idsOf(null), []);
});

const file = (name: string, content: string | Uint8Array<ArrayBuffer> = "package a\n") => ({ name, file: new Blob([content]) });
const packed = new Uint8Array(gzipSync("a bundle"));

test("a bundle is sent as it is, files by their paths", async () => {
  const bundle = await readChosen([file("b.tar.gz", packed)]);
  assert.equal(bundle.kind, "bundle");
  assert.equal(bundle.bytes, packed.length);
  assert.equal(bundle.kind === "bundle" && bundle.body.type, "application/gzip");
  const files = await readChosen([file("a/b.rego"), file("a/data.json", "{}"), file(".manifest", "{}")]);
  assert.deepEqual(files.kind === "files" && files.files, { "a/b.rego": "package a\n", "a/data.json": "{}", ".manifest": "{}" });
  assert.equal(files.name, "3 files");
  assert.equal((await readChosen([file("one.rego")])).name, "one.rego");
});

test("what is no bundle is not sent, and the reason names the file", async () => {
  const rows: [Parameters<typeof readChosen>[0], RegExp][] = [
    [[], /Nothing was chosen/],
    [[file("b.tar.gz", "plain")], /b\.tar\.gz is not packed by gzip/],
    [[file("b.tgz", packed), file("a.rego")], /One bundle, or files/],
    [[file("a.rego"), file("notes.txt")], /notes\.txt is no part of a bundle/],
    [[file("mydata.json")], /mydata\.json is no part/],
    [[file("a.rego"), file("a.rego")], /Two files are called a\.rego/],
    [[file("a.rego", new Uint8Array([0xff, 0xfe]))], /a\.rego is not text in UTF-8/],
    [[{ name: "gone.rego", file: { size: 4, arrayBuffer: () => Promise.reject(new Error("gone")) } as Blob }], /gone\.rego cannot be read here/],
    [[{ name: "big.rego", file: { size: BYTES_MAX + 1 } as Blob }], /more than the/],
    [Array.from({ length: 1001 }, (_, i) => file(`${i}.rego`)), /1001 files are more than 1000/],
  ];
  for (const [chosen, why] of rows) {
    await assert.rejects(readChosen(chosen), (error: Error) => error instanceof NotAsked && why.test(error.message), String(why));
  }
});
