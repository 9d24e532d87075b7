// Lists of a ledger's keys: who knows one of them finds the others, and nobody else's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { followKeys } from "../src/verify/keys.ts";
import { verify } from "../src/verify/verify.ts";
import { asked, both, bytes, outcome } from "./asking.ts";
import { canonical, Ledger, Signer } from "./making.mjs";
import { KeyLedger } from "./making_keys.mjs";

const [a, b, c, stranger] = Array.from({ length: 4 }, () => new Signer("ledger.example")) as
  [Signer, Signer, Signer, Signer];

// From a to b to c.
function changedTwice(): KeyLedger {
  const out = new KeyLedger();
  out.begin(a);
  out.change(b, [a, b]);
  out.end(a);
  out.change(c, [b, c]);
  out.end(b);
  return out;
}
const list = changedTwice().list(c);
const text = canonical(list);
type List = typeof list;

const of = (document: List, ...known: Signer[]) =>
  outcome(asked(canonical(document), { logKeys: known.map(({ vkey }) => vkey) }));

const EVENTS = "events: event_invalid";
const KNOWN = "known: key_unknown";
const VOUCHED = "vouched: key_unvouched";
const CHECKPOINT = "checkpoint: checkpoint_invalid";
const FORMAT = "format: format_invalid";

both("who knows one of the keys finds all, and who knows none finds nothing", async () => {
  for (const known of [[a], [b], [c], [a, c], [stranger, a]]) {
    assert.equal(await of(list, ...known), "verified");
    const policy = await followKeys(text, known.map(({ vkey }) => vkey));
    assert.deepEqual(policy.logs.map(({ printed }) => printed), [a, b, c].map(({ vkey }) => vkey));
    assert.deepEqual(policy.from, known.filter((one) => one !== stranger).map(({ vkey }) => vkey));
  }
  assert.equal(await of(list, stranger), KNOWN);
  assert.equal(await of(list), "wants policy");
  const report = await verify(asked(text, { logKeys: [a.vkey] }));
  assert.equal(report.subject, "keys");
  assert.deepEqual(report.steps.map(({ name }) => name),
    ["events", "known", "vouched", "head", "inclusion", "checkpoint", "head_inclusion"]);
  assert.equal(report.head?.key, c.vkey);
});

both("who names a known key among others cannot put a key in the list, wherever it stands", async () => {
  const before = new KeyLedger();
  before.begin(stranger);
  before.begin(a);
  assert.equal(await of(before.list(stranger), a), CHECKPOINT);
  assert.equal(await of(before.list(stranger, a), a), "verified"); // then the one that is known says so itself
  const behind = new KeyLedger();
  behind.begin(a);
  behind.change(stranger, [stranger]);
  assert.equal(await of(behind.list(stranger), a), VOUCHED);
  const between = new KeyLedger();
  between.begin(a);
  between.change(stranger, [stranger]);
  between.change(b, [stranger, b]);
  assert.equal(await of(between.list(stranger), a, b), VOUCHED);
  await assert.rejects(followKeys(canonical(before.list(stranger)), [a.vkey]), /does not hold: checkpoint/);
});

both("a later key counts when one before it and itself have signed that it begins", async () => {
  for (const [by, wanted] of [[[a, b], "verified"], [[b, a], "verified"], [[a], VOUCHED], [[b], VOUCHED],
    [[stranger, b], VOUCHED], [[], VOUCHED]] as [Signer[], string][]) {
    const ledger = new KeyLedger();
    ledger.begin(a);
    ledger.change(b, by.length > 0 ? by : [stranger]);
    const made = ledger.list(b);
    assert.equal(await of(made, a), wanted);
    assert.equal(await of(made, b), "verified"); // who knows the last needs nobody's word
    const other = structuredClone(made);
    other.vouched[0]!.record = 0;
    assert.equal(await of(other, a), VOUCHED);
    other.vouched = [];
    assert.equal(await of(other, a), VOUCHED);
  }
});

test("events that cannot follow are found", async () => {
  const rows: [(ledger: KeyLedger) => unknown, RegExp][] = [
    [(one) => one.begin(a), /begun already/],
    [(one) => one.end(b), /has not begun/],
    [(one) => [one.end(a), one.end(a)], /has ended already/],
    [(one) => one.event(`vouch ${a.vkey}`), /needs no word/],
    [(one) => [one.change(b, [a, b]), one.event(`vouch ${b.vkey}`)], /needs no word/],
    [(one) => one.begin(new Signer("other.example")), /another name/],
    [(one) => one.begin(new Signer("ledger.example", 4)), /a witness's key/],
    [(one) => one.event("begin "), /key event 1: note key/],
    [(one) => one.event(`begins ${b.vkey}`), /begin, vouch or end/],
    [(one) => one.event(`begin ${b.vkey}`, { log: "audit/alpha" }), /it is none/],
    [(one) => one.event(`begin ${b.vkey}`, { type: "access" }), /it is none/],
    [(one) => one.event(`begin ${b.vkey}`, { seq: 7 }), /event 1 is missing/],
  ];
  for (const [change, why] of rows) {
    const ledger = new KeyLedger();
    ledger.begin(a);
    change(ledger);
    const report = await verify(asked(canonical(ledger.list(a)), { logKeys: [a.vkey] }));
    const failed = report.steps.find((step) => step.outcome === "failed");
    assert.equal(failed?.name, "events");
    assert.match(failed.detail, why);
  }
  for (const at of list.events.keys()) {
    assert.notEqual(await of({ ...list, events: list.events.toSpliced(at, 1) }, a), "verified", `without ${at}`);
  }
  assert.equal(await of({ ...list, events: [] }, a), EVENTS);
  assert.equal(await of({ ...list, events: list.events.with(1, "") }, a), EVENTS);
});

test("a list is in one form only, and within its limits", async () => {
  const many = <T>(one: T, count: number) => Array<T>(count).fill(one);
  const rows: [string, unknown][] = [
    [FORMAT, { ...list, kind: "mc.keys/v2" }], [FORMAT, { ...list, more: 1 }], [FORMAT, { ...list, events: [1] }],
    [FORMAT, { ...list, vouched: undefined }], [FORMAT, { ...list, vouched: [1] }],
    [FORMAT, { ...list, vouched: [{ ...list.vouched[0], record: "1" }] }],
    [FORMAT, { ...list, vouched: [{ ...list.vouched[0], record: -1 }] }],
    [FORMAT, { ...list, vouched: [{ ...list.vouched[0], more: 1 }] }],
    [FORMAT, { ...list, events: many("x", 1001) }], [EVENTS, { ...list, events: many("x", 1000) }],
    [FORMAT, { ...list, vouched: many(list.vouched[0], 1001) }],
    ["verified", { ...list, vouched: [...list.vouched, ...many(list.vouched[0], 900)] }],
    [FORMAT, { ...list, checkpoint: "x".repeat(4 << 20) }],
  ];
  for (const [wanted, document] of rows) {
    assert.equal(await outcome(asked(canonical(document), { logKeys: [a.vkey] })), wanted, canonical(document).slice(0, 99));
  }
  for (const [wanted, file] of [
    [FORMAT, `${text}\n`], [FORMAT, text.replace("{", "{ ")], ["refused", `${text}x`],
    ["refused", text.replace("mc.keys/v1", "mc.keys/v1\\ud800")], ["refused", text.replace("begin", "\\udc00")],
  ] as const) {
    assert.equal(await outcome(asked(file, { logKeys: [a.vkey] })), wanted, file.slice(0, 99));
  }
});

test("no bit of a list can be changed unseen", { timeout: 120_000 }, async () => {
  const short = new KeyLedger();
  short.begin(a);
  short.change(b, [a, b]);
  const good = bytes(canonical(short.list(b)));
  assert.equal(await outcome(asked(good, { logKeys: [a.vkey] })), "verified");
  const copy = good.slice();
  for (let at = 0; at < good.length; at += 1) {
    for (const bit of [1, 4, 32]) {
      copy[at] = good[at]! ^ bit;
      assert.notEqual(await outcome(asked(copy, { logKeys: [a.vkey] })), "verified", `bit ${bit} of byte ${at}`);
    }
    copy[at] = good[at]!;
  }
});

both("a receipt holds by a key that the list leads to, and not behind the end of its key", async () => {
  const by = async (signer: Signer, seq: number, known: Signer, more: Signer[] = []) => {
    const receipt = canonical(new Ledger(40, signer).receipt(seq, { cosigners: more }));
    return outcome(asked(receipt, { policy: text, logKeys: [known.vkey] }));
  };
  assert.equal(await by(c, 20, a), "verified");
  assert.equal(await by(a, 2, c), "verified");
  assert.equal(await by(a, 3, c), "verified"); // at its end
  assert.equal(await by(a, 4, c), CHECKPOINT);
  assert.equal(await by(a, 4, c, [b]), "verified"); // one of them still signed then
  assert.equal(await by(b, 7, c, [a]), CHECKPOINT);
  assert.equal(await by(stranger, 2, a), CHECKPOINT);
  assert.equal(await by(c, 20, stranger), "refused");
  const receipt = asked(canonical(new Ledger(40, c).receipt(20)));
  assert.equal(await outcome({ ...receipt, policy: text }), "wants policy");
  for (const policy of ["{", "{}", `${text}\n`, `${text}x`]) {
    assert.equal(await outcome({ ...receipt, policy, logKeys: [a.vkey] }), "refused", policy.slice(0, 9));
  }
  const late = await verify({ ...asked(canonical(new Ledger(40, a).receipt(4))), policy: text, logKeys: [c.vkey] });
  assert.match(late.steps.find((step) => step.outcome === "failed")!.detail, /has ended at 2026-/);
  assert.equal(late.keyUnknown, false);
});

test("a report says which known keys it goes back to, and whether it is the key alone that is not known", async () => {
  const receipt = canonical(new Ledger(40, b).receipt(5, { cosigners: [c] }));
  const verified = (more: object) => verify(asked(receipt, more));
  assert.deepEqual((await verified({ logKeys: [c.vkey, b.vkey] })).from, [c.vkey, b.vkey]);
  assert.deepEqual((await verified({ logKeys: [c.vkey] })).from, [c.vkey]);
  assert.deepEqual((await verified({ policy: text, logKeys: [a.vkey] })).from, [a.vkey]);
  assert.equal((await verified({ logKeys: [stranger.vkey] })).keyUnknown, true);
  const spoilt = receipt.replace(/\\n5\\n/, "\\n6\\n");
  assert.notEqual(spoilt, receipt);
  const report = await verify(asked(spoilt, { logKeys: [b.vkey] }));
  assert.deepEqual([report.verified, report.keyUnknown, report.from], [false, false, []]);
});
