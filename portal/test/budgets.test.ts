import assert from "node:assert/strict";
import { test } from "node:test";

import { whyText } from "../src/access/reasons.ts";
import {
  bodyOf, type Draft, draftOf, LIFETIMES, overrideLine, previewBody, previewOf, type Target, wrongNumber,
} from "../src/budgets/form.ts";
import {
  bandOf, bandsOf, cellName, cellText, gridOf, MEASURES, moved, type Order, ordered, ROUTES_MAX, summed, TENANTS_MAX,
} from "../src/budgets/heat.ts";
import { isChangeable, limitKey, limitsOf } from "../src/budgets/limits.ts";
import type { BudgetBurn, UsageRow } from "../src/budgets/wire.ts";
import { durationText, explainedFacts, letInText, limitLine, othersText, queueText, summaryOf } from "../src/budgets/why.ts";
import {
  affectedText, budgetText, burnText, changeText, exhaustedText, leftText, limitText, matchText, previewFacts, sortedOverrides, stateText, tapText, windowText,
} from "../src/budgets/words.ts";
import type { BudgetExplained, BudgetOverride, BudgetPreview, EffectiveBudget, LedgerRecord, Tap } from "../src/client.ts";

const row = (tenant: string, route: string, admitted: number, rejected = 0, shed = 0, wait = 3): UsageRow =>
  ({ tenant, route, admitted, rejected, shed, failed: 0, slow: 0, wait_p95_ms: wait, series: [] });
const NOW = Date.parse("2026-11-27T12:00:00Z");

test("a cell is coloured by its share turned away, its requests, or its wait, and unknown is none of the bands", () => {
  const bands = (measure: "away" | "asked" | "wait", rows: (UsageRow | undefined)[]) => rows.map((one) => bandOf(measure, one, 100));
  assert.deepEqual(bands("away", [
    row("a", "/", 100), row("a", "/", 99, 1), row("a", "/", 95, 3, 2), row("a", "/", 80, 0, 20), row("a", "/", 79, 21), row("a", "/", 0, 0, 1),
  ]), [0, 1, 2, 3, 4, 4]);
  assert.deepEqual(bands("asked", [row("a", "/", 25), row("a", "/", 25, 25), row("a", "/", 75), row("a", "/", 100)]), [1, 2, 3, 4]);
  assert.deepEqual(bands("wait", [1, 1.1, 50, 250, 251].map((wait) => row("a", "/", 1, 0, 0, wait))), [0, 1, 2, 3, 4]);
  for (const [measure] of MEASURES) {
    assert.equal(bandOf(measure, undefined, 100), null);
    assert.equal(bandOf(measure, row("a", "/", 0), 100), null);
    assert.equal(bandsOf(measure).length, 5);
  }
});

test("what is not known is a dash in a cell, and a cell says all of it in words", () => {
  const one = row("alpha", "/shop", 1200, 30, 2, 3.1);
  assert.equal(cellText("away", one), "2.6 %");
  assert.equal(cellText("asked", one), "1,232");
  assert.equal(cellText("wait", one), "3.1 ms");
  assert.equal(cellText("away", row("alpha", "/", 5)), "0 %");
  for (const [measure] of MEASURES) assert.equal(cellText(measure, undefined), "—");
  assert.equal(cellName("alpha", "/shop", one), "alpha on /shop: 1,232 requests, 2.6 % turned away, p95 of the wait 3.1 ms");
  assert.equal(cellName("alpha", "/shop", row("alpha", "/shop", 1, 0, 0, 0)), "alpha on /shop: 1 request, 0 % turned away, p95 of the wait 0 ms");
  assert.equal(cellName("bravo", "/shop", undefined), "bravo on /shop: no requests");
});

test("the grid has all of a few, and of many those with most turned away, then the busiest, by name", () => {
  const grid = gridOf([row("b", "/y", 1), row("a", "/x", 5, 1), row("b", "/x", 2)]);
  assert.deepEqual([grid.tenants, grid.routes, grid.moreTenants, grid.moreRoutes, grid.top], [["a", "b"], ["/x", "/y"], 0, 0, 6]);
  assert.equal(grid.at("b", "/x")?.admitted, 2);
  assert.equal(grid.at("a", "/y"), undefined);

  const many = Array.from({ length: 40 }, (_, i) => row(`t${i + 10}`, `/r${i + 10}`, 1000 - i));
  many.push(row("quiet", "/quiet", 0, 1));
  const large = gridOf(many);
  assert.deepEqual([large.tenants.length, large.moreTenants], [TENANTS_MAX, 41 - TENANTS_MAX]);
  assert.deepEqual([large.routes.length, large.moreRoutes], [ROUTES_MAX, 41 - ROUTES_MAX]);
  assert.deepEqual(large.tenants, ["quiet", ...Array.from({ length: TENANTS_MAX - 1 }, (_, i) => `t${i + 10}`)]);
  assert.deepEqual(gridOf([]).tenants, []);
  // Names that would be one when they are only put together.
  assert.equal(gridOf([row("a", "b c", 1), row("a b", "c", 2)]).at("a b", "c")?.admitted, 2);
});

test("keys lead from cell to cell, and not out of the grid", () => {
  const from = (key: string, at: [number, number]) => moved(key, at, 3, 4);
  assert.deepEqual(from("ArrowRight", [1, 1]), [1, 2]);
  assert.deepEqual(from("ArrowDown", [1, 1]), [2, 1]);
  assert.deepEqual(from("Home", [1, 2]), [1, 0]);
  assert.deepEqual(from("End", [1, 2]), [1, 3]);
  assert.deepEqual(from("PageUp", [2, 2]), [0, 2]);
  assert.deepEqual(from("PageDown", [0, 2]), [2, 2]);
  for (const [key, at] of [["ArrowRight", [0, 3]], ["ArrowLeft", [0, 0]], ["ArrowUp", [0, 0]], ["ArrowDown", [2, 0]], ["x", [1, 1]]] as const) {
    assert.equal(from(key, [...at]), null, key);
  }
});

test("rows stand by name, or by what is wanted first and then by name", () => {
  const rows = [row("b", "/x", 9, 1, 0, 0), row("a", "/y", 1, 0, 1, 7), row("a", "/x", 1, 5, 0, 2)];
  const names = (order: Order) => ordered(rows, order).map(({ tenant, route }) => tenant + route);
  assert.deepEqual(names("name"), ["a/x", "a/y", "b/x"]);
  assert.deepEqual(names("away"), ["a/x", "a/y", "b/x"]);
  assert.deepEqual(names("asked"), ["b/x", "a/x", "a/y"]);
  assert.deepEqual(names("wait"), ["a/y", "a/x", "b/x"]);
});

test("rows are summed step by step from the newest on", () => {
  const step = (admitted: number, rejected = 0, shed = 0) => ({ admitted, rejected, shed });
  const found = summed([
    { ...row("a", "/", 0), series: [step(10), step(20, 5), step(30)] }, { ...row("b", "/", 0), series: [step(1, 0, 2), step(2)] },
  ], 2);
  assert.deepEqual(found, { admitted: [10, 21, 32], rejected: [0, 5, 0], shed: [0, 2, 0] });
  assert.deepEqual(summed([], 2), { admitted: [0, 0], rejected: [0, 0], shed: [0, 0] });
});

const burn = (tenant: string, more: Partial<BudgetBurn> = {}): BudgetBurn =>
  ({ tenant, dimension: "requests", limit: 50, unit: "per_s", burn: 0.5, level: null, exhausted_at: null, ...more });
const effective = (more: Partial<EffectiveBudget> = {}): EffectiveBudget => ({
  scope: "tenant", route: null, class: null, dimension: "requests", limit: 50, left: 12, source: "plan", override: null, until: null,
  limit_of_plan: 50, warn_only: false, counted: true, ...more,
});

test("of all tenants what burns most is first; of one all its limits are there, with the burn of those that have one", () => {
  const burns = [burn("alpha"), burn("bravo", { burn: 1.2, level: 90 }), burn("cosmos", { burn: 0.5, dimension: "day_credits" })];
  assert.deepEqual(limitsOf(burns, null).map(({ tenant }) => tenant), ["bravo", "alpha", "cosmos"]);
  const [one, route, made] = limitsOf(burns, { tenant: "bravo", items: [
    effective(), effective({ scope: "tenant-route", route: "/shop", limit: 10, limit_of_plan: 5, until: "2026-11-27T13:00:00Z" }),
    effective({ dimension: "seats", limit_of_plan: null, warn_only: true }),
  ] });
  assert.deepEqual([one?.burn, one?.level, one?.left, one?.factors], [1.2, 90, 12, true]);
  assert.deepEqual([route?.burn, route?.route, route?.planned, route?.until], [null, "/shop", 5, "2026-11-27T13:00:00Z"]);
  assert.deepEqual([made?.factors, made?.warnOnly, made?.burn], [false, true, null]);
  assert.equal(new Set([one!, route!, made!].map(limitKey)).size, 3);
  const classes = limitsOf(burns, { tenant: "bravo", items: ["batch", "ad-hoc"].map((name) =>
    effective({ scope: "tenant-class", class: name })) });
  assert.equal(new Set(classes.map(limitKey)).size, 2);
  assert.deepEqual([one!, route!, classes[0]!].map(isChangeable), [true, true, false], "no override changes a class");
  assert.deepEqual(limitsOf(burns, { tenant: "nobody", items: [] }), []);
});

test("limits are read with what they count in", () => {
  assert.equal(limitText("requests", 5000), "5,000/s");
  assert.equal(limitText("seats", 4), "4 at a time");
  assert.equal(limitText("exports", 5), "5/min");
  assert.equal(limitText("month_credits", 1_000_000), "1,000,000 a month");
  assert.equal(changeText("requests", null, 100), "no limit → 100/s");
  assert.equal(budgetText({ scope: "tenant", route: null, dimension: "requests" }), "Requests");
  assert.equal(budgetText({ scope: "tenant-route", route: "/shop", dimension: "seats" }), "Seats on /shop");
  assert.equal(budgetText({ scope: "tenant-user", route: null, dimension: "bytes" }), "Bytes of answers of each user");
  assert.equal(budgetText({ scope: "tenant-class", route: null, ofClass: "batch", dimension: "seats" }), "Seats of class batch");
  // Of a newer server.
  assert.equal(budgetText({ scope: "tenant", route: null, dimension: "tokens" as "bytes" }), "tokens");
  assert.equal(limitText("tokens" as "bytes", 7), "7");
});

test("a burn says its level, also while it holds only because it just was over it", () => {
  assert.equal(burnText(0.83, 80), "▲ 83 %, over 80 %");
  assert.equal(burnText(1.42, 90), "▲ 142 %, over 90 %");
  assert.equal(burnText(0.87, 90), "▲ 87 %, was over 90 %");
  assert.equal(burnText(0.45, null), "45 %");
  assert.equal(burnText(0, null), "0 %");
  assert.equal(burnText(null, null), "—");
});

test("when something is used up, and how long something holds", () => {
  const at = "2026-11-27T18:20:00Z";
  const used = (dimension: "requests" | "day_credits" | "month_credits", exhausted_at: string | null) => exhaustedText({ dimension, exhausted_at }, NOW, true);
  assert.equal(used("requests", null), "—");
  assert.equal(used("day_credits", null), "not before the day ends");
  assert.equal(used("month_credits", null), "not before the month ends");
  assert.equal(used("day_credits", at), "▲ 27 Nov 2026, 18:20:00 UTC, 6 h 20 min left");
  assert.equal(used("day_credits", "2026-11-27T11:59:59Z"), "▲ used up");
  const left = (ms: number) => leftText(new Date(NOW + ms).toISOString(), NOW);
  assert.deepEqual([-1, 0, 1000, 59_000, 60_000, 3_599_000, 3_600_000, 172_800_000].map(left),
    ["over", "over", "1 s left", "59 s left", "1 min left", "59 min left", "1 h 0 min left", "2 d left"]);
  assert.equal(leftText("soon", NOW), "—");
  assert.equal(windowText(300), "last 5 minutes");
  assert.equal(windowText(60), "last minute");
  assert.equal(windowText(12), "last 12 s");
});

const override = (more: Partial<BudgetOverride> = {}): BudgetOverride => ({
  id: "ovr_1", tenant: "alpha", scope: "tenant", route: null, dimension: "requests", amount: null, factor: "2", from: "2026-11-27T11:00:00Z",
  until: "2026-11-27T13:00:00Z", reason: "incident", note: "slow", ticket: "TKT-1", state: "active", asked_by: "otto@system",
  asked_at: "2026-11-27T11:00:00Z", approved_by: null, ended_by: null, changed_at: "2026-11-27T11:00:00Z", limit_before: 50,
  limit_after: 100, record: 17, version: 1, ...more,
});

test("overrides that wait are first, then those in force, then the newest of the others", () => {
  const all = [
    override({ id: "old", state: "expired" }), override({ id: "new", state: "revoked", changed_at: "2026-11-27T11:30:00Z" }),
    override({ id: "active" }), override({ id: "pending", state: "pending" }),
  ];
  assert.deepEqual(sortedOverrides(all).map(({ id }) => id), ["pending", "active", "new", "old"]);
  assert.equal(stateText(override(), NOW), "✓ active");
  assert.equal(stateText(override({ from: "2026-11-27T12:00:01Z" }), NOW), "active later");
  assert.equal(stateText(override(), Date.parse("2026-11-27T13:00:00Z")), "expired", "also before the server says so");
  assert.equal(stateText(override({ state: "revoked" }), Date.parse("2026-11-27T13:00:00Z")), "✕ revoked");
  assert.equal(stateText(override({ state: "pending", from: "2026-11-28T12:00:00Z", until: "2026-11-28T13:00:00Z" }), NOW), "▲ pending");
});

const target: Target = { tenant: "alpha", scope: "tenant", route: null, dimension: "requests", limit: 50, factors: true };
const draft = (more: Partial<Draft> = {}): Draft => ({ ...draftOf(target), ...more });

test("a change begins as twice the plan for an hour, and says no reason by itself", () => {
  assert.deepEqual(draftOf(target), { way: "factor", factor: "2", amount: "100", lifetime: "1h", reason: "", note: "", ticket: "" });
  assert.equal(draftOf({ ...target, factors: false }).way, "amount");
  assert.ok(LIFETIMES.some(([value]) => value === draftOf(target).lifetime));
  assert.equal(LIFETIMES.at(-1)?.[0], "24h");
});

test("what is no number of a limit is told, and not sent", () => {
  for (const factor of ["0.001", "1.5", "1000", " 2 "]) assert.equal(wrongNumber(draft({ factor })), "", factor);
  for (const factor of ["", "0", "0.0001", "1000.1", "-2", "1e3", "two", "0x2"]) {
    assert.match(wrongNumber(draft({ factor })), /^A factor is/, factor);
    assert.equal(previewBody(target, draft({ factor })), null);
    assert.equal(bodyOf(target, draft({ factor }), "abuse"), null);
  }
  for (const amount of ["1", "10000000000000"]) assert.equal(wrongNumber(draft({ way: "amount", amount })), "", amount);
  for (const amount of ["", "0", "1.5", "-1", "10000000000001"]) {
    assert.match(wrongNumber(draft({ way: "amount", amount })), /^A limit is/, amount);
  }
});

test("what is sent is what the form says, and a preview is the same whatever the reason", () => {
  const filled = draft({ note: " slow ", ticket: " TKT-7 ", lifetime: "2h" });
  assert.deepEqual(bodyOf(target, filled, "incident"), {
    scope: "tenant", dimension: "requests", factor: "2", lifetime: "2h", reason: "incident", note: "slow", ticket: "TKT-7",
  });
  const route: Target = { ...target, scope: "tenant-route", route: "/shop", dimension: "seats" };
  assert.deepEqual(bodyOf(route, draft({ ...filled, way: "amount", amount: "7" }), "abuse"), {
    scope: "tenant-route", route: "/shop", dimension: "seats", amount: 7, lifetime: "2h", reason: "abuse", note: "slow", ticket: "TKT-7",
  });
  assert.deepEqual(previewBody(target, draft()), previewBody(target, draft({ note: "x", ticket: "y", reason: "abuse" })));
  assert.deepEqual(previewBody(target, draft()), { scope: "tenant", dimension: "requests", factor: "2" });
  const pending = previewOf(override({ amount: 500, factor: null, scope: "tenant-route", route: "/shop" }));
  assert.deepEqual(pending, { scope: "tenant-route", route: "/shop", dimension: "requests", amount: 500 });
  assert.deepEqual([previewOf(override()).factor, previewOf(override()).amount], ["2", undefined]);
});

test("the same stands in a line for a shell, whatever is in it", () => {
  assert.equal(overrideLine(target, draft({ note: "it's slow; rm -rf", ticket: "TKT-7", reason: "incident" })),
    "maestro budget override create --tenant alpha --dimension requests --factor 2 --for 1h --reason incident "
    + "--note 'it'\\''s slow; rm -rf' --ticket TKT-7");
  assert.match(overrideLine({ ...target, scope: "tenant-route", route: "/shop" }, draft({ way: "amount" })),
    / --scope tenant-route --route \/shop --amount 100 /);
});

const preview = (more: Partial<BudgetPreview> = {}): BudgetPreview => ({
  tenant: "alpha", window_s: 900, decisions: 1234, rejected_before: 100, rejected_after: 10, admitted_instead: 90, refused_instead: 0,
  payers: [{ tenant: "beta", more_refused: 3 }], takes_two: false, limit_of_plan: 50, limit_before: 50, limit_after: 100, ...more,
});

test("a preview says what would have been let in, and who pays for it", () => {
  const text = (found: BudgetPreview) => previewFacts(found).map(({ name, text: value }) => `${name}: ${value}`);
  assert.deepEqual(text(preview()), [
    "In the last 15 minutes: 1,234 decisions", "Refused: 100; it would have been 10", "Let in instead: 90", "Refused instead: 0",
    "Who pays: beta: 3 more refused",
  ]);
  assert.equal(text(preview({ payers: [] })).at(-1), "Who pays: no other tenant");
  assert.deepEqual(text(preview({ decisions: 0 })), ["In the last 15 minutes: nothing was decided that it would change"]);
});

const tap = (more: Partial<Tap> = {}): Tap => ({
  id: "tap_1", tenant: null, route: null, document: null, client: null, operation: null, upstream: null, everything: false, action: "block",
  rate: null, burst: null, seats: null, percent: null, reason: "a loop", set_at: "2026-11-27T11:00:00Z", until: "2026-11-27T13:00:00Z",
  set_by: "otto@system", way: "api", stored: true, record: 3,
  affected: { last_second: 0, last_minute: 0, total: 0, refused_last_second: 0, refused_last_minute: 0, refused_total: 0, tenants: [] }, ...more,
});

test("what a tap does, to whose requests, and whom it has held up", () => {
  assert.equal(matchText(tap({ tenant: "bravo", route: "/shop" })), "tenant bravo, route /shop");
  assert.equal(matchText(tap({ everything: true })), "every request");
  assert.equal(tapText(tap()), "block");
  assert.equal(tapText(tap({ action: "clamp-rate", rate: 1000, burst: 50 })), "clamp-rate, 1,000/s, 50 at once");
  assert.equal(tapText(tap({ action: "shed", percent: 30 })), "shed, 30 %");
  assert.equal(tapText(tap({ action: "clamp-seats", seats: 4 })), "clamp-seats, 4 at a time");
  assert.equal(affectedText(tap()), "nobody");
  const affected = { ...tap().affected, last_minute: 1315, tenants: [{ tenant: "bravo", last_minute: 1312 }, { tenant: null, last_minute: 3 }] };
  assert.equal(affectedText(tap({ affected })), "bravo 1,312, others 3");
});

test("in the access log an override says what for", () => {
  const record = (more: Partial<LedgerRecord>) => ({ type: "override", erased: false, payload: { reason: "incident" }, ...more }) as LedgerRecord;
  assert.equal(whyText(record({})), "incident");
  assert.equal(whyText(record({ payload: null })), "—");
  assert.equal(whyText(record({ erased: true })), "✕ erased");
});

const explained = (more: Partial<BudgetExplained> = {}): BudgetExplained => ({
  run: "adm_1", seq: 7, step: 1, at: "2026-11-27T12:00:00.000Z", request: "req_7", tenant: "alpha", plan: "starter", user: "ana",
  route: "/shop", outcome: "denied", class: "", exempt: [], asked: { requests: 1, seats: 1 },
  limit: { policy: "tenant-requests", asked: 1, quota: 4, left: 0, warns: false, shared: false }, against: ["tenant-requests"],
  let_in: { when: "at", wait_ns: 150_000_000, at: "2026-11-27T12:00:00.150Z" }, settled: null, window_ns: 1_000_000_000,
  neighbours: [], neighbours_count: 4, neighbours_amount: 1200, next: null, ...more,
});

test("why a request was denied: a line for each thing that is known, and none for what is not", () => {
  assert.deepEqual(explainedFacts(explained(), true), [
    { name: "When", text: "27 Nov 2026, 12:00:00 UTC" },
    { name: "Who", text: "ana, plan starter, on /shop" },
    { name: "Asked for", text: "1 requests, 1 seats" },
    { name: "Limit", text: "tenant-requests: 4, of which 0 were left for the 1 asked" },
    { name: "Would be let in", text: "150 ms later, 27 Nov 2026, 12:00:00 UTC, if nothing else came" },
    { name: "Others", text: "4 of the tenant had 1,200 in the 1 s before" },
  ]);
  const more = explainedFacts(explained({
    route: "", asked: {}, against: ["tenant-requests", "tenant-seats"], settled: { after_ns: 2_000_000, used: { credits: 5 } },
    next: { request: "req_8", user: "ben", after_ns: 300_000_000, outcome: "admitted" }, class: "batch", exempt: ["bytes", "credits"],
  }), true);
  const text = (name: string) => more.find((one) => one.name === name)?.text;
  assert.equal(text("Who"), "ana, plan starter");
  assert.equal(text("Asked for"), "nothing");
  assert.equal(text("Class"), "batch");
  assert.equal(text("Exempt"), "from the tenant's own limits of bytes, credits");
  assert.equal(text("All against it"), "tenant-requests, tenant-seats");
  assert.equal(text("Used"), "5 credits, known 2 ms later");
  assert.equal(text("Next of the tenant"), "req_8, 300 ms later: ✓ Let in");
});

test("of a limit that is shared no number is told, and each way to be let in has its words", () => {
  assert.match(limitLine({ limit: { shared: true }, outcome: "denied" }), /^one that it shares with others/);
  assert.equal(limitLine({ limit: null, outcome: "admitted" }), "none of the tenant's own");
  assert.equal(limitLine({ limit: { policy: "tenant-bytes", asked: 1, quota: 10, left: 9, warns: true, shared: false }, outcome: "warned" }),
    "tenant-bytes: 10, of which 9 were left after it; it only warns");
  assert.match(limitLine({ limit: { policy: "global-requests", asked: 1, quota: 10, left: 0, warns: false, shared: true }, outcome: "denied" }),
    /; tenants share it$/);
  assert.match(letInText({ when: "never" }, true), /^never/);
  assert.match(letInText({ when: "when_let_go" }, true), /let go/);
  assert.equal(othersText({ neighbours_count: 0, neighbours_amount: 0, window_ns: 0 }), "no other request of the tenant had any of it");
  assert.equal(othersText({ neighbours_count: 2, neighbours_amount: 3, window_ns: 126_144_000_000_000_000 }), "2 of the tenant had 3");
  assert.equal(durationText(1_500_000_000), "1.5 s");
});

test("the summary says the denial first, then the queue, then that it was let in", () => {
  const queued = { seq: 8, of: 7, tenant: "alpha", waited_ns: 250_000_000, seats: 0, in_use: 0, position: 0, shed: "expired" };
  assert.equal(queueText(queued), "It waited 250 ms for a seat: ✕ turned away, expired.");
  assert.equal(queueText({ ...queued, seats: 8, in_use: 7, position: 3, shed: "" }),
    "It waited 250 ms for a seat at place 3, 7 of 8 seats in use: ✓ served.");
  const admitted = explained({ outcome: "admitted", let_in: null });
  assert.match(summaryOf({ decisions: [admitted, explained({ step: 2 })], queue: [] }), /^✕ Denied. Limit: tenant-requests: 4/);
  assert.match(summaryOf({ decisions: [admitted], queue: [queued] }), /^✕ It got no seat/);
  assert.match(summaryOf({ decisions: [admitted], queue: [] }), /^✓ Let in/);
  assert.equal(summaryOf({ decisions: [], queue: [{ ...queued, shed: "" }] }), "It came to no decision.");
});
