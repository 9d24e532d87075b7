import assert from "node:assert/strict";
import { test } from "node:test";

import { firstTile, headOf, namedIn } from "../src/access/checkpoint.ts";
import { receiptName, verifyLine } from "../src/access/command.ts";
import { daily } from "../src/access/daily.ts";
import {
  asked, exportPath, type Filters, isNothing, NOTHING, rangePath, readFilters, writeFilters,
} from "../src/access/filters.ts";
import { reasonOf, reasonText } from "../src/access/reasons.ts";
import { parseViews, queryOf, withView } from "../src/access/views.ts";
import type { LedgerRecord } from "../src/client.ts";
import { withQuery } from "../src/path.ts";

const NOW = Date.parse("2026-11-27T12:00:00Z");

function record(n: number, at: string, type: string, payload: Record<string, unknown> | null = {}): LedgerRecord {
  return {
    record: n, at, type, actor: "otto@system", action: "GET /v1/tenants/{tenant}/tokens", purpose: "demo",
    warrant: null, erased: payload === null, payload,
  };
}

const some: Filters = {
  type: "denied", actor: "otto*", action: "GET /v1/a&b=c?d#e", warrant: "TKT 1+2", from: "2026-09-01", to: "2026-09-30",
  unwarranted: true, record: 17,
};

test("filters go into the address and come back as they were", () => {
  const each = Object.entries(some).map(([name, value]) => ({ ...NOTHING, [name]: value }));
  for (const filters of [NOTHING, some, ...each]) {
    const address = withQuery("/access", writeFilters(filters));
    assert.deepEqual(readFilters(new URL(address, "https://own.example").searchParams), filters);
    assert.equal(isNothing(filters), filters === NOTHING);
    assert.equal(`/access${filters === NOTHING ? "" : "?"}${queryOf(filters)}`, address);
  }
});

test("what is no filter in an address is none", () => {
  const odd = "type=all&from=2026-02-31&to=soon&record=-1&reason=own-data&actor=%20%20&tenant=alpha&window=1h";
  assert.deepEqual(readFilters(new URLSearchParams(odd)), NOTHING);
  for (const from of ["1999-01-01", "2026-1-1", "2026-01-01T00:00:00Z", "+2026-01-01"]) {
    assert.equal(readFilters(new URLSearchParams({ from })).from, "", from);
  }
  assert.equal(readFilters(new URLSearchParams({ actor: "x".repeat(600) })).actor.length, 512);
});

test("without days it is the last 90 with today, and the last day is inside", () => {
  assert.deepEqual(asked(NOTHING, NOW), {
    type: "", actor: "", action: "", warrant: "", reason: "", from: "2026-08-30", to: "",
  });
  const days = asked({ ...NOTHING, from: "2026-01-31", to: "2026-02-28" }, NOW);
  assert.deepEqual([days.from, days.to], ["2026-01-31", "2026-03-01"]);
  assert.deepEqual(asked({ ...NOTHING, record: 17 }, NOW),
    { type: "", actor: "", action: "", warrant: "", reason: "", from: "", to: "", before: 18 });
  assert.equal(asked({ ...NOTHING, unwarranted: true }, NOW).reason, "no-warrant");
});

test("files are asked for with the same filters, the range with its days", () => {
  const path = exportPath("a/b", some, "csv", NOW);
  const url = new URL(path, "https://own.example");
  assert.equal(url.pathname, "/v1/tenants/a%2Fb/records");
  const { before, ...texts } = asked(some, NOW);
  assert.deepEqual(Object.fromEntries(url.searchParams), { form: "csv", ...texts, before: String(before) });
  assert.equal(rangePath("alpha", NOTHING, NOW), "/v1/tenants/alpha/receipts?from=2026-08-30");
  const days = { ...some, record: null };
  assert.equal(rangePath("alpha", days, NOW), "/v1/tenants/alpha/receipts?from=2026-09-01&to=2026-10-01");
  assert.equal(rangePath("alpha", days, NOW, "pdf"), "/v1/tenants/alpha/receipts?from=2026-09-01&to=2026-10-01&form=pdf");
  // What is shown then are records of any days.
  for (const filters of [some, { ...NOTHING, record: 17 }]) assert.equal(rangePath("alpha", filters, NOW), null);
});

test("the reason is that of an access, a change or a refusal; of all else there is none", () => {
  const rows: [string, Record<string, unknown> | null, string][] = [
    ["access", { reason: "own-data" }, "own-data"], ["change", { reason: "contract" }, "contract"],
    ["denied", { reason: "warrant-invalid" }, "warrant-invalid"],
    ["denied", { reason: "has-administrator" }, "has-administrator"], ["change", { reason: "customer-support" }, "customer-support"],
    ["denied", { reason: "no-warrant" }, "no-warrant"], ["denied", { reason: "cross-region" }, "cross-region"],
    ["redaction", { reason: "no-warrant" }, "other"], ["outcome", {}, "other"], ["access", null, "other"],
    ["access", { reason: "news" }, "other"], ["access", { reason: 5 }, "other"],
  ];
  for (const [type, payload, reason] of rows) {
    assert.equal(reasonOf(record(0, "2026-11-27T00:00:00Z", type, payload)), reason);
  }
  assert.equal(reasonText("no-warrant"), "▲ no-warrant");
  assert.equal(reasonText("other"), "—");
});

test("each day has its records by reason, days between have none, older ones are not known", () => {
  const records = [
    record(5, "2026-11-27T00:00:00Z", "access", { reason: "own-data" }),
    record(4, "2026-11-25T23:59:59.999Z", "denied", { reason: "no-warrant" }),
    record(3, "2026-11-25T10:00:00Z", "access", { reason: "no-warrant" }),
    record(2, "2026-11-25T00:00:00Z", "outcome"),
  ];
  const all = daily(records, "2026-11-24", "2026-11-27", false);
  assert.deepEqual(all.days, ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"]);
  assert.deepEqual(all.reasons, [
    { reason: "own-data", values: [0, 0, 0, 1] }, { reason: "no-warrant", values: [0, 2, 0, 0] },
    { reason: "other", values: [0, 1, 0, 0] },
  ]);
  assert.deepEqual(all.unwarranted, [0, 2, 0, 0]);
  assert.deepEqual(all.denied, [0, 1, 0, 0]);
  const part = daily(records, "2026-11-24", "2026-11-27", true);
  assert.deepEqual(part.denied, [null, 1, 0, 0]);
  assert.deepEqual(daily(records, "", "2026-11-27", true).days, all.days.slice(1));
  assert.deepEqual(daily([], "2026-11-26", "2026-11-27", false).reasons, []);
  const long = daily(records, "2000-01-01", "2026-11-27", false).days;
  assert.deepEqual([long.length, long.at(-1)], [400, "2026-11-27"]);
});

test("the sum of all bars is the number of records inside of the days", () => {
  const begin = Date.parse("2026-11-01T00:00:00Z");
  const types = ["access", "change", "outcome", "denied", "redaction"];
  const reasons = ["own-data", "no-warrant", "customer-support", "odd"];
  const at = (n: number) => new Date(begin + n * 4_000_000).toISOString();
  const records = Array.from({ length: 500 }, (_, i) => 500 - i).map((n) =>
    record(n, at(n), types[n % types.length]!, { reason: reasons[n % reasons.length] }));
  const found = daily(records, "2026-11-03", "2026-11-20", false);
  const inside = records.filter(({ at }) => at >= "2026-11-03" && at < "2026-11-21").length;
  const sum = found.reasons.flatMap(({ values }) => values).reduce<number>((all, value) => all + (value ?? 0), 0);
  assert.equal(sum, inside);
});

test("the command is one for a shell, whatever the names", () => {
  assert.equal(verifyLine(receiptName("alpha", 17), "localhost+6a3c0d11+AQ/x+y="),
    "maestro verify receipt-alpha-17.json --log-key localhost+6a3c0d11+AQ/x+y=");
  assert.equal(verifyLine("a b.json", "it's; rm -rf ~"), "maestro verify 'a b.json' --log-key 'it'\\''s; rm -rf ~'");
});

test("views are kept by name, and read from whatever is stored", () => {
  const views = withView(withView([], { name: "b", query: "type=denied" }), { name: "a", query: "" });
  assert.deepEqual(views.map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(withView(views, { name: "b", query: "" }), [{ name: "a", query: "" }, { name: "b", query: "" }]);
  assert.deepEqual(parseViews(JSON.stringify(views)), views);
  const nothing = [null, "", "{", "5", "null", "{}", "[null, 5, {}]"];
  for (const bad of [...nothing, '[{"name":"","query":""}]', '[{"name":5,"query":""}]']) {
    assert.deepEqual(parseViews(bad), [], String(bad));
  }
  const odd = [
    { name: "x".repeat(61), query: "" }, { name: "x", query: "type=all&from=y&reason=no-warrant" },
    { name: "x", query: "" },
  ];
  assert.deepEqual(parseViews(JSON.stringify(odd)), [{ name: "x", query: "reason=no-warrant" }]);
  const many = Array.from({ length: 80 }, (_, i) => ({ name: `view ${i}`, query: "" }));
  assert.equal(parseViews(JSON.stringify(many)).length, 50);
  assert.equal(withView(parseViews(JSON.stringify(many)), { name: "new", query: "" }).length, 50);
});

test("a checkpoint says its size, its root and who signed it", () => {
  const note = "ledger.example\n300\nAAAA\n\n— ledger.example c2ln\n— witness.example d2l0\n";
  assert.deepEqual(headOf(note),
    { origin: "ledger.example", size: 300, root: "AAAA", signers: ["ledger.example", "witness.example"] });
  assert.deepEqual(namedIn(headOf(note)!), ["witness.example"]);
  const alone = headOf("ledger.example\n300\nAAAA\n\n— ledger.example c2ln\n— ledger.example c2lo\n")!;
  assert.deepEqual(namedIn(alone), []);
  const before = headOf("ledger.example\n300\nAAAA\n\n— a.example d2l0\n— ledger.example c2ln\n— a.example d2l1\n")!;
  assert.deepEqual(namedIn(before), ["a.example"]);
  for (const bad of ["", "a\nb\nc\n\n", "a\n-1\nc\n\n", "a\n\n"]) assert.equal(headOf(bad), null);
  const first = "/ledger/tile/0/000";
  assert.deepEqual([0, 1, 255, 256].map(firstTile), [null, `${first}.p/1`, `${first}.p/255`, first]);
});
