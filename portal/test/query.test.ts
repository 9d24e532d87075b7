import assert from "node:assert/strict";
import { test } from "node:test";

import {
  type Answer, type AnswerRow, type Asked, keyText, leftText, outcomeOf, type Quote, queueQuery, quoteQuery, readHistory,
  refusalOfQuote, rowText, runQuery, scaleOf, secondsLeft, startersOf, stateText, verdictText, within, withAsked, wrongQuestion,
} from "../src/privacy/query.ts";
import { refusedOf } from "../src/privacy/refusals.ts";

const QUOTE: Quote = {
  id: "qte_1", validUntil: "2026-11-27T12:01:00.000Z", rmse: "2.8", halfWidth: "6", alwaysShown: null, remaining: "1.8",
  resetsAt: "2026-12-03T00:00:00.000Z", queriesLeft: 3, nearest: null, queueRunsAt: null, credits: 21,
};
const ANSWER: Answer = { verdict: "ALLOW", epsilon: "0.5", delta: "0", mechanism: "LAPLACE", release: null, rows: [], quote: QUOTE };

test("what a quote says is said in words, and what is unknown is a dash", () => {
  assert.equal(within("6"), "within 6 of the truth in 95 of 100");
  assert.equal(within(null), "—");
  assert.equal(leftText(QUOTE), "1.8, about 3 such queries");
  assert.equal(leftText({ ...QUOTE, queriesLeft: 1 }), "1.8, about 1 such query");
  assert.equal(leftText({ ...QUOTE, queriesLeft: null }), "1.8");
  assert.equal(leftText({ ...QUOTE, remaining: null }), "no limit");
  assert.equal(verdictText("DENY"), "✕ It would not pass");
  assert.equal(verdictText("SOMETHING"), "SOMETHING");
});

test("a quote holds until its second, and not a moment longer", () => {
  const end = Date.parse(QUOTE.validUntil!);
  assert.deepEqual([-60_000, -59_001, -1, 0, 5000].map((ms) => secondsLeft(QUOTE.validUntil, end + ms)), [60, 60, 1, 0, 0]);
  assert.equal(secondsLeft(null, end), 0);
});

test("what is asked needs a question and an epsilon above 0, and both queries ask the same", () => {
  const one = { sql: "SELECT COUNT(*) FROM person", epsilon: " 0.5 ", mechanism: "LAPLACE" as const, purpose: "" };
  assert.equal(wrongQuestion(one), "");
  assert.match(wrongQuestion({ ...one, sql: " " }), /what to count/);
  for (const epsilon of ["", "0", "-1", "1e3", "NaN", "0.0000000001"]) assert.match(wrongQuestion({ ...one, epsilon }), /above 0/, epsilon);
  const args = /sqlDP\((.*?), (dryRun: true|quote: \$quote)\)/;
  assert.equal(args.exec(quoteQuery)?.[1], args.exec(runQuery)?.[1]);
  assert.deepEqual([args.exec(quoteQuery)?.[2], args.exec(runQuery)?.[2]], ["dryRun: true", "quote: $quote"]);
});

test("an answer, a refusal that helps, and what is wrong are told apart", () => {
  assert.deepEqual(outcomeOf({ data: { sqlDP: ANSWER } }, 200), { state: "answer", answer: ANSWER });
  const error = {
    message: "short of epsilon", extensions: {
      code: "DP_BUDGET_EXHAUSTED", budget: "window of purpose demo", requested: "5", remaining: "1.8", windowReset: "2026-12-03T00:00:00.000Z",
      nearest: { epsilon: "1.8", rmse: "0.689" },
    },
  };
  assert.deepEqual(outcomeOf({ errors: [error], data: { sqlDP: null } }, 429), {
    state: "refused", why: "short of epsilon", refusal: {
      budget: "window of purpose demo", requested: "5", remaining: "1.8", resetsAt: "2026-12-03T00:00:00.000Z", nearest: { epsilon: "1.8", rmse: "0.689" },
      queueRunsAt: null,
    },
  });
  const bare = outcomeOf({ errors: [{ message: "no", extensions: { code: "DP_BUDGET_EXHAUSTED" } }] }, 403);
  assert.deepEqual(bare.state === "refused" && bare.refusal, { budget: null, requested: "—", remaining: null, resetsAt: null, nearest: null, queueRunsAt: null });
  assert.deepEqual(outcomeOf({ errors: [{ message: "sql:16: an aggregate is missing", extensions: { code: "BAD_USER_INPUT" } }] }, 200),
    { state: "wrong", code: "BAD_USER_INPUT", why: "sql:16: an aggregate is missing" });
  for (const body of [null, "x", {}, { data: null }, { errors: [] }]) assert.equal(outcomeOf(body, 502).state, "wrong");
  assert.deepEqual(refusalOfQuote({ ...ANSWER, epsilon: "5", quote: { ...QUOTE, nearest: "1.8" } }),
    { budget: null, requested: "5", remaining: "1.8", resetsAt: QUOTE.resetsAt, nearest: { epsilon: "1.8", rmse: null }, queueRunsAt: null });
});

test("a query that can wait says when it would run, and what waits is no answer yet", () => {
  const error = { message: "short", extensions: { code: "DP_BUDGET_EXHAUSTED", queueRunsAt: QUOTE.resetsAt } };
  const refused = outcomeOf({ errors: [error] }, 429);
  assert.equal(refused.state === "refused" && refused.refusal.queueRunsAt, QUOTE.resetsAt);
  assert.equal(refusalOfQuote({ ...ANSWER, quote: { ...QUOTE, queueRunsAt: QUOTE.resetsAt } }).queueRunsAt, QUOTE.resetsAt);
  const queued = { id: "dpq_1", state: "waiting", runsAt: QUOTE.resetsAt! };
  const waits = { ...ANSWER, verdict: "QUEUE", quote: null, queued };
  assert.deepEqual(outcomeOf({ data: { sqlDP: waits } }, 200), { state: "answer", answer: waits });
  assert.deepEqual(outcomeOf({ data: { queuedDP: waits } }, 200), { state: "answer", answer: waits });
  assert.match(queueQuery, /consent: \[QUEUE\]/);
  assert.deepEqual(["waiting", "answered", "strange"].map(stateText), ["▲ waits", "✓ answered", "strange"]);
});

test("bars and error bars share one scale that has zero in it, also below zero", () => {
  const row = (value: string, low: string | null, high: string | null): AnswerRow => ({ key: ["DE"], value, low, high });
  const at = scaleOf([row("50", "-50", "150"), row("0", null, null)]);
  assert.deepEqual(["-50", "0", "150", "50"].map(at), [0, 25, 100, 50]);
  assert.equal(scaleOf([row("10", null, null)])("0"), 0);
  assert.equal(scaleOf([])("0"), 0);
  assert.equal(keyText([]), "all");
  assert.equal(keyText(null), "all");
  assert.equal(keyText([null, "x"]), "—, x");
  assert.equal(keyText(["DE", "x"]), "DE, x");
  assert.equal(rowText(row("41", "35", "47")), "41, between 35 and 47");
  assert.equal(rowText(row("41", null, null)), "41");
});

test("what a session has asked is kept, the newest first, and what is no such list counts as nothing", () => {
  const one: Asked = { sql: "SELECT", epsilon: "0.5", mechanism: "LAPLACE", purpose: "", at: "2026-11-27T12:00:00Z", cost: "0.5", verdict: "ALLOW", rows: 1 };
  const two = withAsked([one], { ...one, sql: "2" });
  assert.deepEqual(two.map(({ sql }) => sql), ["2", "SELECT"]);
  assert.deepEqual(readHistory(JSON.stringify(two)), two);
  assert.equal(Array.from({ length: 40 }).reduce<Asked[]>((all) => withAsked(all, one), []).length, 30);
  for (const stored of [null, "x", "{}", "[1]", '[{"sql":"x"}]', JSON.stringify([{ ...one, rows: "1" }])]) assert.deepEqual(readHistory(stored), []);
});

test("a page begins with datasets that give private answers", () => {
  const datasets = [{ name: "person", plural: "persons" }, { name: "event", plural: "events" }];
  assert.deepEqual(startersOf(["persons", "personsDP", "events", "sqlDP"], datasets), ["SELECT COUNT(*) FROM person"]);
});

test("a record of a refusal says what was refused, why, when it resets and what would pass", () => {
  const record = {
    record: 7, at: "2026-11-27T12:00:00.000Z", type: "dp.refusal", actor: "a@b@alpha", action: "dp.refusal.person", purpose: "investigation",
    warrant: null, erased: false, payload: {
      query_type: "count", dataset: "person", budget: "window of purpose investigation", requested: "2", remaining: "1.8",
      resets_at: "2026-12-03T00:00:00.000Z", nearest: { epsilon: "1.8", rmse: "0.6" }, message: "it is short",
    },
  };
  assert.deepEqual(refusedOf(record), {
    record: 7, at: record.at, who: "a@b", what: "count of person", purpose: "investigation", why: "it is short",
    budget: "window of purpose investigation", requested: "2", resetsAt: "2026-12-03T00:00:00.000Z",
    nearest: "epsilon 1.8, off by 0.6 (RMSE)",
  });
  assert.equal(refusedOf({ ...record, payload: { ...record.payload, nearest: null } }).nearest, "none with this budget");
  const erased = refusedOf({ ...record, erased: true, payload: null });
  assert.deepEqual([erased.what, erased.why, erased.resetsAt], ["—", "—", null]);
});
