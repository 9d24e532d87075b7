import assert from "node:assert/strict";
import { test } from "node:test";

import { bodyOf, type Draft, EMPTY, filePath, manifestFacts, manifestIn, progressText, runLine, stateText, suppressedText, wrongDraft } from "../src/exports/words.ts";

const JOB = { id: "job_1", state: "running", done: 1200, total: 4000, unit: "rows", message: "reading" } as const;

test("what an export's job does is said with its number, and what is unknown is a dash", () => {
  assert.equal(progressText(JOB), "at work, 1,200 of 4,000 rows: reading");
  assert.equal(progressText({ ...JOB, total: null, message: "" }), "at work, 1,200 rows");
  assert.equal(progressText(null), "—");
  assert.equal(stateText({ state: "running", job: { ...JOB, state: "paused" } }), "▲ paused");
  assert.equal(stateText({ state: "ready", job: { ...JOB, state: "paused" } }), "✓ ready");
  assert.equal(suppressedText({ suppressed: 3, rows_in: 300 }), "3 (1 %)");
  assert.equal(suppressedText({ suppressed: 0, rows_in: null }), "0");
  assert.equal(suppressedText({ suppressed: null, rows_in: 300 }), "—");
  assert.equal(filePath({ id: "exp_1", tenant: "a/b" }, "table.csv"), "/v1/tenants/a%2Fb/exports/exp_1/files/table.csv");
});

const REPORT: Draft = { ...EMPTY, kind: "dp", dataset: " person ", releases: "chg_1,\n chg_2 " };

test("a draft says what is missing, and is the same in the request and on the command line", () => {
  assert.match(wrongDraft(EMPTY), /profile/);
  assert.match(wrongDraft({ ...REPORT, dataset: "" }), /dataset/);
  assert.match(wrongDraft({ ...REPORT, releases: " , " }), /answer/);
  assert.equal(wrongDraft(REPORT), "");
  assert.deepEqual(bodyOf({ ...EMPTY, profile: " people " }), { profile: "people" });
  assert.deepEqual(bodyOf({ ...REPORT, format: "jsonl", purpose: "training" }),
    { kind: "dp", dataset: "person", releases: ["chg_1", "chg_2"], format: "jsonl", purpose: "training" });
  assert.equal(runLine({ ...EMPTY, profile: "people", format: "csv", purpose: "it's" }),
    "maestro export run --profile people --format csv --purpose 'it'\\''s' --follow");
  assert.equal(runLine(REPORT), "maestro export run --dataset person --release chg_1 --release chg_2 --follow");
});

const bundle = (predicate: object) => {
  const payload = Buffer.from(JSON.stringify({ predicate })).toString("base64");
  return JSON.stringify({ dsseEnvelope: { payload } });
};

test("a manifest is found in its bundle and said in words; what is none is nothing", () => {
  const made = manifestIn(bundle({
    kind: "mc.export/v1", kanon: { k: 10, criteria: ["illness: at least 2 different values"], suppression: { limit: "0.02", rows: 4 } },
    label: { handling: "k-anonymous", watermark: "alpha / zo\u00eb@alpha" }, lineage: { source: "dataset/person" }, input: {}, absent: ["licenseProof"],
  }));
  const facts = Object.fromEntries(manifestFacts(made!).map(({ name, text }) => [name, text]));
  assert.equal(facts["k"], "10");
  assert.equal(facts["Risk of who knows that somebody is in it"], "at most 1 in 10");
  assert.equal(facts["Criterion"], "illness: at least 2 different values");
  assert.equal(facts["Rows left out"], "4");
  assert.equal(facts["Watermark"], "alpha / zo\u00eb@alpha");
  assert.equal(facts["Snapshot of the input"], "—");
  assert.equal(facts["Not part of it"], "licenseProof");
  const report = manifestFacts(manifestIn(bundle({ kind: "mc.export/v1", dp: { epsilon: "0.5", delta: "0", mechanism: "several" } }))!);
  assert.ok(report.some(({ name, text }) => name === "Epsilon" && text === "0.5"));
  for (const text of ["", "[]", "null", "{}", '{"dsseEnvelope":{"payload":"@"}}', bundle({ kind: "other" })]) assert.equal(manifestIn(text), null, text);
});

test("a legal hold says that nothing protects it, and wants a case and a reason", () => {
  const hold: Draft = { ...EMPTY, kind: "hold", dataset: "person", reference: "CASE-17", reason: "preserved for the court" };
  assert.match(wrongDraft({ ...hold, reference: " " }), /case/);
  assert.match(wrongDraft({ ...hold, reason: "short" }), /why/);
  assert.equal(wrongDraft(hold), "");
  assert.deepEqual(bodyOf(hold), {
    kind: "hold", dataset: "person", legal_hold: { reference: "CASE-17", reason: "preserved for the court" },
  });
  assert.equal(runLine(hold),
    "maestro export run --dataset person --legal-hold CASE-17 --reason 'preserved for the court' --follow");
  const facts = manifestFacts(manifestIn(bundle({
    kind: "mc.export/v1", hold: { pet: "none", reference: "CASE-17", approved_by: "ben@alpha", masked: [] },
  }))!);
  assert.equal(facts[0]?.text, "⚠ none: the rows are as they were read");
  assert.ok(facts.some(({ name, text }) => name === "Approved by" && text === "ben@alpha"));
});
