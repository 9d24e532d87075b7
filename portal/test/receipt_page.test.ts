// The page of a receipt: what it reads of itself, and the words that it shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf, titleOf } from "../src/receipt/rows.ts";
import { fromBlock, receiptInPage, toBlock } from "../src/verify/page.ts";
import { parseReceipt } from "../src/verify/receipt.ts";
import { asked, both, bytes, outcome } from "./asking.ts";
import { canonical, Ledger } from "./making.mjs";

const ledger = new Ledger(40);
const known = { logKeys: [ledger.signer.vkey] };
const receipt = canonical(ledger.receipt(20));
const PROGRAM = "<script>go()</script>";
const blockOf = (text: string) => `<script type="application/json" id="receipt">${toBlock(text)}</script>`;
const pageOf = (text: string) => `<!doctype html>\n<p>&lt;script&gt;</p>${blockOf(text)}${PROGRAM}`;

both("a receipt in a page gets the report of the receipt", async () => {
  assert.equal(await outcome(asked(pageOf(receipt), known)), "verified");
  assert.equal(await outcome(asked(pageOf(receipt))), "wants policy");
  const changed = receipt.replace("ben@alpha", "eve@alpha");
  assert.notEqual(changed, receipt);
  assert.equal(await outcome(asked(pageOf(changed), known)), "inclusion: inclusion_invalid");
  for (const none of ["{", `${receipt}\n`, '{"mediaType":"x"}', "", receipt.replace("kind", "k\\u0069nd")]) {
    assert.equal(await outcome(asked(pageOf(none), known)), "format: format_invalid", none.slice(0, 40));
  }
});

test("what stands in the block is read as it was, and cannot end it", () => {
  const texts = ["{}", "</script><script>alert(1)</script>", "<!-- <script>", String.raw`\\u003c`, '{"a":"\\\\"}', "a\\",
    "\u2028\u2029", "\\\n<"];
  for (const text of texts) {
    assert.ok(!toBlock(text).includes("<"));
    assert.equal(fromBlock(toBlock(text)), text);
    assert.equal(receiptInPage(bytes(pageOf(text))), text);
  }
});

test("a page with anything else that could be taken for its receipt is refused", () => {
  const start = "<!doctype html>\n";
  const block = blockOf("{}");
  const open = block.slice(0, -"</script>".length);
  const rows: [string, RegExp][] = [
    [start + PROGRAM, /no receipt/], [start + block + block + PROGRAM, /more than one receipt/], [start + block, /scripts/],
    [start + PROGRAM + block, /scripts/], [start + block + PROGRAM + PROGRAM, /scripts/],
    [`${start}${block}<SCRIPT id=receipt>[]</SCRIPT>${PROGRAM}`, /scripts/],
    [`${start}<!--${block}-->${PROGRAM}`, /comment/], [start + open + PROGRAM, /no end/],
    [pageOf("x".repeat(2 << 20)), /longer than/],
  ];
  for (const [page, why] of rows) assert.throws(() => receiptInPage(bytes(page)), why);
});

test("the words are those of the record, each in one line, whatever stands in it", () => {
  const leaf = canonical({
    action: "GET /v1/<b>", actor: "eve\u2028</script>", log: "audit/alpha", pc: "0".repeat(64), prev: "0".repeat(64),
    purpose: "\"'&<", seq: 7, tenant: "alpha", ts: "2026-01-01T12:00:00.123Z", type: "access", v: 1, warrant: "",
  });
  const payload = { extra: [1, "a", { b: null }], of: 3, reason: "a\nb\u0001", rows: 2, request_id: "<!--" };
  const opened = { payload: Buffer.from(canonical(payload)).toString("base64"), salt: "" };
  const whole = { ...parseReceipt(receipt, JSON.parse(receipt)), leaf, opened };
  assert.equal(titleOf(whole), "Receipt of record 7 of tenant alpha");
  assert.deepEqual(rowsOf(whole), [
    ["Tenant", "alpha"], ["Who", "eve\u2028</script>"], ["What", "GET /v1/<b>"], ["When", "2026-01-01T12:00:00.123Z"],
    ["Kind", "access"], ["Purpose", "\"'&<"], ["Reason", "a\ufffdb\ufffd"], ["Rows", "2"],
    ["Outcome of record", "3"], ["Request", "<!--"], ["extra", '[1,"a",{"b":null}]'],
  ]);
  assert.deepEqual(rowsOf({ ...whole, opened: null }).at(-1), ["Payload", "erased; the proof stays"]);
});
