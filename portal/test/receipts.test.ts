// What the verifier refuses of receipts: changed, missing, strange.
import assert from "node:assert/strict";
import { test } from "node:test";
import { verify } from "../src/verify/verify.ts";
import { asked, both, bytes, outcome } from "./asking.ts";
import { canonical, Ledger, note, Signer } from "./making.mjs";

const ledger = new Ledger(40);
const known = { logKeys: [ledger.signer.vkey] };
type Receipt = ReturnType<typeof ledger.receipt>;
type Range = ReturnType<typeof ledger.range>;

const FORMAT = "format: format_invalid";
const RECORD = "record: record_invalid";
const PAYLOAD = "payload: payload_mismatch";
const HEAD = "head: head_invalid";
const INCLUSION = "inclusion: inclusion_invalid";
const CHECKPOINT = "checkpoint: checkpoint_invalid";
const HEAD_INCLUSION = "head_inclusion: head_inclusion_invalid";
const CHAIN = "chain: chain_broken";
const INCOMPLETE = "complete: range_incomplete";
const PAYLOADS = "payloads: payload_mismatch";

function changed<T>(of: T, change: (copy: T) => unknown): string {
  const copy = structuredClone(of);
  change(copy);
  return canonical(copy);
}
const inLeaf = (from: string | RegExp, to: string) => (one: Receipt) =>
  (one.record.leaf = one.record.leaf.replace(from, to));
const inRecord = (at: number, from: string, to: string) => (one: Range) => {
  const record = one.records.at(at)!;
  record.leaf = record.leaf.replace(from, to);
};

both("every record's receipt verifies, opened or erased", async () => {
  for (const seq of ledger.leaves.keys()) {
    const receipt = ledger.receipt(seq);
    assert.equal(await outcome(asked(canonical(receipt), known)), "verified", `record ${seq}`);
    const { opened, ...erased } = receipt;
    const report = await verify(asked(canonical(erased), known));
    assert.ok(report.verified);
    assert.deepEqual(report.steps.map((step) => `${step.name} ${step.outcome}`), [
      "record passed", "payload skipped", "head passed", "inclusion passed", "checkpoint passed",
      "head_inclusion passed",
    ]);
  }
});

test("no bit of a receipt can be changed, no byte be missing or be there twice", async () => {
  const good = bytes(canonical(ledger.receipt(20)));
  assert.equal(await outcome(asked(good, known)), "verified");
  const copy = good.slice();
  for (let at = 0; at < good.length; at += 1) {
    for (let bit = 1; bit < 256; bit *= 2) {
      copy[at] = good[at]! ^ bit;
      assert.notEqual(await outcome(asked(copy, known)), "verified", `bit ${bit} of byte ${at}`);
    }
    copy[at] = good[at]!;
    for (const next of [at - 1, at + 1]) {
      const other = Buffer.concat([good.subarray(0, at), good.subarray(next)]);
      assert.notEqual(await outcome(asked(other, known)), "verified", `byte ${at}`);
    }
  }
});

both("each change of a receipt is found at its step", async () => {
  const good = ledger.receipt(20);
  const other = ledger.receipt(21);
  const eve = new Ledger(40, ledger.signer, "eve@alpha").receipt(20);
  const twin = new Signer("ledger.example");
  const rows: [string, (receipt: Receipt) => unknown][] = [
    [RECORD, (one) => (one.record.leaf += " ")],
    [RECORD, inLeaf('"v":1', '"v":2')],
    [RECORD, inLeaf("ben@", "\\u0062en@")],
    [RECORD, inLeaf('"seq":20', '"seq":020')],
    [RECORD, inLeaf('"seq":20', '"seq":9007199254740992')],
    [RECORD, inLeaf("ben@alpha", "b".repeat(513))],
    [RECORD, inLeaf("ben@alpha", "é".repeat(257))],
    [RECORD, inLeaf("ben@alpha", "")],
    [RECORD, inLeaf("ben@alpha", "a\u0085")],
    [RECORD, inLeaf('"ts":"2026-11-28', '"ts":"2026-02-30')],
    [RECORD, inLeaf('"ts":"2026', '"ts":"2262')],
    [PAYLOAD, (one) => (one.opened!.payload = other.opened!.payload)],
    [PAYLOAD, (one) => (one.opened!.salt = other.opened!.salt)],
    [HEAD, (one) => (one.head.leaf += " ")],
    [HEAD, (one) => (one.head.leaf = one.head.leaf.replace("audit/alpha", "audit/beta"))],
    [INCLUSION, (one) => one.record.path.pop()],
    [INCLUSION, (one) => one.record.path.push(one.record.path[0]!)],
    [INCLUSION, (one) => one.record.path.reverse()],
    [INCLUSION, inLeaf("ben@", "eve@")],
    [INCLUSION, (one) => [(one.record.leaf = other.record.leaf), delete one.opened]],
    [CHECKPOINT, (one) => (one.checkpoint = one.checkpoint.replace("\n5\n", "\n6\n"))],
    [CHECKPOINT, (one) => (one.checkpoint += one.checkpoint)],
    [CHECKPOINT, (one) => (one.checkpoint = one.checkpoint.slice(0, one.checkpoint.indexOf("—")))],
    [CHECKPOINT, (one) => (one.checkpoint = note(`${one.checkpoint.split("\n\n")[0]}\n`, twin))],
    [HEAD_INCLUSION, (one) => one.head.path.pop()],
    [HEAD_INCLUSION, (one) => one.head.path.push(one.head.path[0]!)],
    [HEAD_INCLUSION, (one) => (one.checkpoint = eve.checkpoint)],
    [FORMAT, (one) => (one.kind = "mc.receipt/v2")],
    [FORMAT, (one) => (one.opened!.salt = one.opened!.payload)],
    [FORMAT, (one) => Object.assign(one, { more: 1 })],
    [FORMAT, (one) => Object.assign(one, { opened: null })],
    [FORMAT, (one) => (one.record.path[0] = one.record.path[0]!.replace("=", ""))],
    [FORMAT, (one) => (one.record.path = Array(65).fill(one.record.path[0]))],
  ];
  for (const [step, change] of rows) {
    assert.equal(await outcome(asked(changed(good, change), known)), step, String(change));
  }
});

test("a receipt is in one form only, and what is no JSON is no receipt", async () => {
  const good = canonical(ledger.receipt(3));
  const kind = (text: string) => good.replace("mc.receipt/v1", `mc.receipt/v1${text}`);
  const path = (text: string) => good.replace('"path":[', `"path":[${text}`);
  const rows: [string, string[]][] = [
    [FORMAT, [
      `${good}\n`, good.replace("{", "{ "), good.replace('"kind"', '"\\u006bind"'), good.replaceAll("/", "\\/"),
      kind("\\ud83d\\ude00"), path("1,"), path('"",'), '{"kind":1}', '{"kind":null}', '{"kind":"mc.range/v9"}',
      '{"kind":"mc.receipt/v1","record":[],"head":1}', good.replace("\\n", "\\u000a"),
    ]],
    ["refused", [
      ` ${good}`, `${good}x`, `${good}${good}`, `\ufeff${good}`, good.slice(0, -1), "", "{", "{}", "[]",
      good.replace("{", '{"kind":"mc.receipt/v1",'), kind("\\ud800"), kind("\\udc00\\ud800"), kind("\t"), kind("\\x"),
      good.replace("ben@alpha", "\\ud800"), canonical(ledger.range(1, 3)).replace("ben@alpha", "\\udc00"),
      path("01,"), path("1e999,"), path("+1,"), path("["), path("[".repeat(80)),
      '{"__proto__":{"kind":"mc.receipt/v1"}}',
    ]],
  ];
  for (const [wanted, texts] of rows) {
    for (const text of texts) assert.equal(await outcome(asked(text, known)), wanted, text.slice(0, 200));
  }
  const broken = bytes(good);
  broken[broken.indexOf(0x62)] = 0xff;
  assert.equal(await outcome(asked(broken, known)), "refused");
});

both("a range shows that nothing was left out, wherever a record is taken out", async () => {
  for (const [from, to] of [[0, 39], [5, 20], [1, 2], [7, 39]] as const) {
    const good = ledger.range(from, to);
    assert.equal(await outcome(asked(canonical(good), known)), "verified");
    for (const at of good.records.keys()) {
      const short = changed(good, (one) => one.records.splice(at, 1));
      const wanted = at === 0 || at === good.records.length - 1 ? INCOMPLETE : CHAIN;
      assert.equal(await outcome(asked(short, known)), wanted, `${from} to ${to}, without ${at}`);
    }
  }
});

test("each change of a range is found at its step", async () => {
  const good = ledger.range(5, 20);
  const rows: [string, (range: Range) => unknown][] = [
    [FORMAT, (one) => (one.records = [])],
    [FORMAT, (one) => (one.from = one.from.replace("Z", "+00:00"))],
    [FORMAT, (one) => (one.kind = "mc.range/v2")],
    ["records: record_invalid", inRecord(2, '"}', '"} ')],
    ["records: record_invalid", inRecord(2, "audit/alpha", "audit/beta")],
    [CHAIN, (one) => ([one.records[2], one.records[3]] = [one.records[3]!, one.records[2]!])],
    [CHAIN, (one) => (one.records[2] = one.records[3]!)],
    [CHAIN, inRecord(2, "ben@", "eve@")],
    [INCOMPLETE, (one) => (one.from = "2026-11-28T09:00:00.000Z")],
    [INCOMPLETE, (one) => (one.to = "2026-11-28T12:00:00.000Z")],
    [INCOMPLETE, (one) => (one.to = one.from)],
    [PAYLOADS, (one) => (one.records[2]!.opened = one.records[3]!.opened!)],
    [PAYLOADS, (one) => (one.records[0]!.opened = one.records[1]!.opened!)],
    [HEAD, (one) => (one.head.leaf += " ")],
    [INCLUSION, (one) => one.path.pop()],
    [INCLUSION, inRecord(-1, "ben@", "eve@")],
    [CHECKPOINT, (one) => (one.checkpoint += " ")],
    [HEAD_INCLUSION, (one) => one.head.path.pop()],
    ["verified", (one) => delete one.records[4]!.opened],
  ];
  for (const [step, change] of rows) {
    assert.equal(await outcome(asked(changed(good, change), known)), step, String(change));
  }
});
