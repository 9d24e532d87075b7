import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import type { PrivacyBudget, PrivacyBurnDown, TopUp, TopUpPreview } from "../src/client.ts";
import { band, burnOf } from "../src/privacy/burn.ts";
import { textOfUnits, unitsOf } from "../src/verify/decimal.ts";
import { canonical, type ChargeEntry, type Claim, recount } from "../src/verify/recount.ts";
import {
  type Ask, askLine, forecastText, leftText, levelOf, oddsText, previewFacts, reasonLeft, sortedTopUps, wrongEpsilon,
} from "../src/privacy/words.ts";
import { answer } from "../src/verify/answers.ts";

test("decimals of 18 places add up to the last one, and what is none is told", () => {
  const sum = (...texts: string[]) => textOfUnits(texts.reduce((all, text) => all + unitsOf(text)!, 0n));
  assert.equal(sum("0.1", "0.2"), "0.3");
  assert.equal(sum("0.000000000000000001", "123456789012345"), "123456789012345.000000000000000001");
  assert.equal(sum(), "0");
  assert.equal(sum("0.5", "0.5"), "1");
  for (const text of ["", "-1", "1.", ".5", "01", "1e3", "undefined", "0.0000000000000000001"]) assert.equal(unitsOf(text), null, text);
});

// The worked example of the document: its charges are the two objects in it, its hashes those it names.
const [DOCUMENT] = readFileSync(new URL("../../docs/formats/accountant.md", import.meta.url), "utf8").split("\n## Shards\n") as [string];
const TEXTS = [...DOCUMENT.matchAll(/```json\n(.*)\n```/g)].map(([, text]) => text!);
const HASHES = [...DOCUMENT.matchAll(/`(sha256:[0-9a-f]{64})`/g)].map(([, hash]) => hash!);
const charges = (): ChargeEntry[] => TEXTS.slice(0, 2).map((text, i) => ({ record: i + 7, payload: JSON.parse(text) }));
const CLAIM: Claim = {
  dataset: "visits", policy_version: "1", hash: HASHES[3]!, charges: 2, epsilon: "0.6", delta: "0.000000001", rho: "0.005",
};
const failed = async (entries: ChargeEntry[], claim: Claim = CLAIM) => {
  const { steps, hash } = await recount(entries, "alpha", claim);
  const one = steps.find(({ outcome }) => outcome === "failed");
  return { name: one?.name, detail: one?.detail, after: steps.filter(({ outcome }) => outcome === "skipped").length, hash };
};

test("the worked example of the accountant hash comes out to the byte", async () => {
  assert.equal(TEXTS.length, 3);
  for (const text of TEXTS) assert.equal(canonical(JSON.parse(text)), text);
  const { steps, hash } = await recount(charges().reverse(), "alpha", CLAIM);
  assert.deepEqual(steps.map(({ outcome }) => outcome), Array(5).fill("passed"));
  assert.equal(hash, HASHES[3]);
  const nothing: Claim = { ...CLAIM, hash: HASHES[2]!, charges: 0, epsilon: "0", delta: "0", rho: "0" };
  assert.equal((await recount([], "alpha", nothing)).hash, HASHES[2]);
});

test("a recount says which step failed and why, and counts nothing further", async () => {
  const [first, second] = charges() as [ChargeEntry, ChargeEntry];
  const changed = (part: object): ChargeEntry => ({ record: 8, payload: { ...(second.payload as object), ...part } });
  const cases: [string, RegExp, ChargeEntry[], Claim?][] = [
    ["Records of this budget", /record 7 was erased/, [{ record: 7, payload: null }, second]],
    ["Records of this budget", /record 8 is of another budget/, [first, changed({ tenant: "bravo" })]],
    ["Records of this budget", /record 8 is no charge/, [first, changed({ kind: "x" })]],
    ["Every place has its charge", /place 1 has no record; the next is 2/, [second]],
    ["Every place has its charge", /place 1 is there twice/, [first, first]],
    ["Every place has its charge", /the log has 1, the server counts 2/, [first]],
    ["The amounts add up", /epsilon adds up to 0.7, the server says 0.6/, [first, changed({ cost: { delta: "0.000000001", epsilon: "0.2", rho: "0.005" } })]],
    ["The amounts add up", /its delta is no decimal/, [first, changed({ cost: {} })]],
    ["The accountant hash is the same", /is not what the server says/, [first, changed({ analyst: "eve" })]],
    ["The accountant hash is the same", /is not what the server says/, [first, second], { ...CLAIM, policy_version: "2" }],
  ];
  for (const [name, detail, entries, claim] of cases) {
    const found = await failed(entries, claim);
    assert.equal(found.name, name);
    assert.match(found.detail ?? "", detail);
    assert.equal(found.after, 4 - ["Records", "Every", "Hashes", "The amounts", "The accountant"].findIndex((begin) => name.startsWith(begin)));
    assert.equal(found.hash === null, !name.startsWith("The accountant"), "a hash that was counted is shown though it differs");
  }
  const told = await answer({ ask: "recount", entries: charges(), tenant: "alpha", claim: CLAIM }, () => undefined);
  assert.equal(told.state === "recount" && told.recount.hash, HASHES[3]);
});

const BURN: PrivacyBurnDown = {
  window_start: "2026-11-03T00:00:00.000Z", window_end: "2026-11-13T00:00:00.000Z", limit: "10",
  points: [["03", "0"], ["04", "2"], ["05", "6"]].map(([day, spent]) => ({ day: `2026-11-${day}T00:00:00.000Z`, spent: spent! })),
  forecast: { left: "4", per_day: "2", exhausted_at: "2026-11-07T00:00:00.000Z", earliest: "2026-11-06T00:00:00.000Z", latest: null },
};

test("a burn-down has what was left until today, and where it goes from there until the window ends", () => {
  const found = burnOf(BURN)!;
  assert.equal(found.days.length, 10);
  assert.deepEqual([found.days[0], found.days[9]], ["2026-11-03", "2026-11-12"]);
  assert.deepEqual(found.left.slice(0, 4), [10, 8, 4, null]);
  assert.deepEqual(found.forecast.slice(0, 6), [null, null, 4, 2, 0, 0]);
  assert.deepEqual(found.earliest.slice(2, 5), [4, 0, 0]);
  assert.deepEqual(found.latest.slice(1, 4), [null, 4, 4], "not within the window: it may stay as it is");
  const lasting = burnOf({ ...BURN, forecast: { left: "4", per_day: "0.1", exhausted_at: null, earliest: null, latest: null } })!;
  assert.deepEqual(lasting.forecast.slice(2, 4), [4, 3.9]);
  assert.ok(lasting.earliest.every((value) => value === null));
  assert.equal(burnOf({ ...BURN, limit: null }), null);
  assert.ok(burnOf({ ...BURN, forecast: null })!.forecast.every((value) => value === null));
});

test("the band goes along one line and back along the other, and is nothing where one is unknown", () => {
  const own = (value: number) => value;
  assert.equal(band([null, 1, 0], [null, 3, 2], own, own), "M1.0 3.0L2.0 2.0L2.0 0.0L1.0 1.0Z");
  assert.equal(band([null, 1, null], [null, 3, 2], own, own), "");
});

const BUDGET: PrivacyBudget = {
  scope: "window", dataset: "person", purpose: "demo", filter: "approx", window_start: null, resets_at: null, epsilon_limit: "10",
  epsilon_spent: "8.2", epsilon_reserved: "0", epsilon_top_up: "0", epsilon_left: "1.8", left_permille: 180, delta_spent: "0",
  delta_limit: null, rho_spent: "0", rho_limit: null,
};

test("what is left is said with its share and marked below 20 %; unknown is a dash", () => {
  assert.equal(leftText(BUDGET), "▲ 1.8 of 10 left (18 %)");
  assert.equal(leftText({ ...BUDGET, epsilon_left: "3.8", epsilon_top_up: "2", left_permille: 316 }), "3.8 of 12 left (31.6 %)");
  assert.equal(leftText({ ...BUDGET, epsilon_left: null, left_permille: null }), "— of 10 left");
  assert.equal(leftText({ ...BUDGET, epsilon_limit: null }), "8.2 spent, no limit");
  assert.deepEqual([null, 1000, 201, 200, 101, 100, 0].map(levelOf), [0, 0, 0, 80, 80, 90, 90]);
});

test("a forecast says when the rest is gone, and what is not known", () => {
  assert.equal(forecastText(BURN, true), "▲ At 2 a day, the mean of this window, it is gone on 7 Nov 2026, 00:00:00 UTC," +
    " 6 Nov 2026, 00:00:00 UTC at the earliest, and perhaps not within the window.");
  const { forecast } = BURN;
  assert.match(forecastText({ ...BURN, forecast: { ...forecast!, exhausted_at: null } }, true), /lasts until the window ends; with days like the busiest/);
  assert.match(forecastText({ ...BURN, forecast: { ...forecast!, per_day: "0" } }, true), /^Nothing was spent/);
  assert.match(forecastText({ ...BURN, forecast: null }, true), /^✕ Nothing is left/);
  assert.match(forecastText({ ...BURN, limit: null }, true), /no limit/);
});

test("the preview of a top-up says limit, odds and error before and after", () => {
  const seen: TopUpPreview = {
    dataset: "person", purpose: "demo", window_start: "2026-11-03T00:00:00.000Z", window_end: "2026-12-03T00:00:00.000Z",
    limit_before: "10", limit_after: "12", left_before: "0", left_after: "2", lifetime_spent: "10", odds_before: "22026.47",
    odds_after: null, error_before: null, error_after: "185",
  };
  const facts = Object.fromEntries(previewFacts(seen, true).map(({ name, text }) => [name, text]));
  assert.equal(facts["Limit"], "10 → 12");
  assert.equal(facts["Odds of a guess about one person rise by at most"], "22,026 times → more than 10^18 times");
  assert.equal(facts["Of a hundred counts, 95 are within"], "— → ± 185");
  assert.equal(oddsText("2.72", "1"), "2.72 times");
  assert.equal(oddsText(null, null), "without a bound");
});

test("what is asked for is complete with a number, a warrant and twenty characters, and copies as a command", () => {
  for (const text of ["", "x", "-1", "0", "0.0", "1e3", "1.0000000001"]) assert.notEqual(wrongEpsilon(text), "", text);
  for (const text of ["2", " 2.5 ", "0.000000001"]) assert.equal(wrongEpsilon(text), "", text);
  assert.equal(reasonLeft(" too short "), 11);
  assert.equal(reasonLeft("x".repeat(20)), 0);
  const ask: Ask = { dataset: "person", purpose: "demo", epsilon: "2", lifetime: "168h", warrant: "wrt_1", ticket: "", reason: "it's for a report of ours" };
  assert.equal(askLine("alpha", ask), "maestro privacy top-up ask --tenant alpha --dataset person --purpose demo --epsilon 2 --for 168h" +
    " --warrant wrt_1 --reason 'it'\\''s for a report of ours'");
});

test("top-ups that are open come first, then the newest", () => {
  const one = (id: string, state: TopUp["state"], asked_at: string) => ({ id, state, asked_at }) as TopUp;
  const all = [one("a", "expired", "1"), one("b", "active", "1"), one("c", "refused", "2"), one("d", "pending", "0")];
  assert.deepEqual(sortedTopUps(all).map(({ id }) => id), ["d", "b", "c", "a"]);
});
