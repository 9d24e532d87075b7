// The page Query: a quote, exactly that run, error bars; and a refusal that helps.
import assert from "node:assert/strict";

import { eventually } from "../lib/children.mjs";
import { check, heading, openPage, press, scenario, signIn, write } from "./browser.mjs";
import { WIDTHS, checkLooks, looksMs } from "./states.mjs";

// Of cosmos, whose budget the demo leaves alone; that of alpha is at its end.
async function visit(demo, tenant = "cosmos", id = "cai") {
  const page = await openPage();
  await signIn(page, await demo.freshLink(tenant, id));
  await page.goto(`${demo.url}/query`);
  await heading(page, "Query");
  return page;
}

const quote = (page) => page.getByRole("region", { name: /^✓ It passes$/ });
const answer = (page) => page.getByRole("region", { name: "Answer", exact: true });
const GROUPED = "SELECT country, COUNT(*) FROM person WHERE riskScore >= 20 GROUP BY country";

async function asked(demo) {
  const page = await visit(demo);
  await write(page, page.getByLabel("Question, in SQL"), GROUPED);
  await write(page, page.getByLabel("Epsilon: more is more exact, and costs more"), "0.5");
  await press(page, page.getByRole("button", { name: "Quote" }));
  await quote(page).getByText("within 6 of the truth in 95 of 100").waitFor();
  await quote(page).getByText("epsilon 0.5").waitFor();
  await quote(page).getByText(/^Credits$/).waitFor();
  await quote(page).getByText(/about \d+ such quer/).waitFor();
  await quote(page).getByText(/^valid for \d+ s$/).waitFor();
  await check(page, "a quote");
  await press(page, quote(page).getByRole("button", { name: "Run exactly that" }));
  await answer(page).getByText(/^✓ Answered for epsilon 0.5/).waitFor();
  await answer(page).getByRole("listitem").filter({ hasText: /^DE/ }).getByText(/^-?\d+, between -?\d+ and -?\d+$/).waitFor();
  await check(page, "an answer");
  await press(page, answer(page).getByRole("button", { name: "Table" }));
  await answer(page).getByRole("row", { name: /^DE/ }).waitFor();
  await check(page, "an answer as a table");
  const history = page.getByRole("region", { name: "Answers of this session, newest first" });
  await history.getByRole("row").filter({ hasText: "ALLOW" }).waitFor();
  // The same question in the same snapshot costs nothing.
  await page.reload();
  await press(page, history.getByRole("button", { name: /^Take over/ }));
  assert.equal(await page.getByLabel("Question, in SQL").inputValue(), GROUPED);
  await page.getByRole("heading", { level: 1 }).focus();
  await press(page, page.getByRole("button", { name: "Quote" }));
  await page.getByRole("heading", { name: "✓ It was answered in this snapshot: given again, for nothing" }).waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

async function refused(demo) {
  const page = await visit(demo);
  await page.getByText("No budget has refused a query yet.").waitFor();
  // Of 10, 6 are spent; then there is less than 5 left.
  for (const [least, epsilon] of [[33, "5"], [34, "1"]]) {
    await page.getByRole("heading", { level: 1 }).focus();
    await write(page, page.getByLabel("Question, in SQL"), `SELECT COUNT(*) FROM person WHERE riskScore >= ${least}`);
    await write(page, page.getByLabel("Epsilon: more is more exact, and costs more"), epsilon);
    await press(page, page.getByRole("button", { name: "Quote" }));
    await press(page, quote(page).getByRole("button", { name: "Run exactly that" }));
    await answer(page).getByText(`✓ Answered for epsilon ${epsilon}`, { exact: false }).waitFor();
  }
  await page.getByRole("heading", { level: 1 }).focus();
  await write(page, page.getByLabel("Question, in SQL"), "SELECT COUNT(*) FROM person WHERE riskScore >= 77");
  await write(page, page.getByLabel("Epsilon: more is more exact, and costs more"), "5");
  await press(page, page.getByRole("button", { name: "Quote" }));
  const refusal = page.getByRole("region", { name: "✕ The budget does not have that much left" });
  await refusal.getByText("Nothing was asked yet, and nothing was spent.").waitFor();
  await check(page, "a refusal");
  await press(page, refusal.getByRole("button", { name: /^Let it wait until / }));
  await page.getByRole("region", { name: "▲ It waits for the next window" }).getByText(/costs nothing until then/).waitFor();
  const waits = page.getByRole("region", { name: "Queries that wait, newest first" });
  const waiting = waits.getByRole("row").filter({ hasText: "count of person" }).first();
  await waiting.getByText("▲ waits").waitFor();
  await check(page, "a query that waits");
  await press(page, waiting.getByRole("button", { name: /^Cancel/ }));
  await waiting.getByText("cancelled").waitFor();
  await page.getByRole("heading", { level: 1 }).focus();
  await press(page, page.getByRole("button", { name: "Quote" }));
  await press(page, refusal.getByRole("button", { name: /^Quote with epsilon [\d.]+$/ }));
  await quote(page).getByText(/about 1 such query/).waitFor();
  // A quote that is over is not run.
  await page.clock.install();
  await page.clock.fastForward(61_000);
  await page.getByText("▲ The quote is over. Ask for another one.").waitFor();
  assert.equal(await quote(page).getByRole("button", { name: "Run exactly that" }).getAttribute("aria-disabled"), "true");
  await check(page, "a quote that is over");
  await page.context().close();
}

// What the demo has asked as Ben, by the API and for the purpose that his sessions state.
async function ofTheDemo(demo) {
  const refusals = (page) => page.getByRole("region", { name: "Refusals, the newest 20 at most" });
  const api = (method, path, who = "Dora Meier") => demo.api(method, `/v1/tenants/alpha/privacy/${path}`, undefined, who);
  const left = async () => (await api("GET", "budgets?dataset=person&purpose=investigation")).items
    .find(({ scope }) => scope === "window").left_permille;
  const waiting = await eventually("somebody has asked for more", async () =>
    (await api("GET", "top-ups")).items.find(({ ticket, state }) => ticket === "TKT-4711" && state === "pending"), 30_000);
  assert.equal(await left(), 180);
  assert.equal(waiting.asked_by, "dora@alpha");
  const page = await visit(demo, "alpha", "ben");
  const own = refusals(page).getByRole("row").filter({ hasText: "count of person for investigation" });
  await own.getByText("window of purpose investigation: ").waitFor();
  const told = await own.textContent();
  assert.match(told, /2 of epsilon was requested, 1\.8 is left; it resets at \d{4}-/);
  assert.match(told, /epsilon 1\.8, off by [\d.]+ \(RMSE\)/);
  assert.equal(await own.count(), 1);
  await check(page, "what was refused");
  // What it says is nearest passes, and what was asked does not.
  await write(page, page.getByLabel("Question, in SQL"), "SELECT COUNT(*) FROM person WHERE riskScore >= 60");
  await write(page, page.getByLabel("Epsilon: more is more exact, and costs more"), "2");
  await press(page, page.getByRole("button", { name: "Quote" }));
  const refusal = page.getByRole("region", { name: "✕ The budget does not have that much left" });
  await press(page, refusal.getByRole("button", { name: "Quote with epsilon 1.8" }));
  await quote(page).getByText(/about 1 such query/).waitFor();
  // The DPO sees who was refused.
  const dora = await openPage();
  await signIn(dora, await demo.freshLink("alpha", "dora"));
  await dora.goto(`${demo.url}/privacy`);
  await refusals(dora).getByRole("row").filter({ hasText: "count of person" }).getByText("ben", { exact: true }).waitFor();
  // The second approver approves, and what was refused passes.
  await assert.rejects(api("POST", `top-ups/${waiting.id}/approve`), /403.*somebody else/);
  const ada = await openPage();
  await signIn(ada, await demo.freshLink("alpha", "ada"));
  await ada.goto(`${demo.url}/privacy`);
  const row = ada.getByRole("region", { name: "Top-ups, open ones first" }).getByRole("row").filter({ hasText: "TKT-4711" });
  await press(ada, row.getByRole("button", { name: /^Approve/ }));
  await press(ada, ada.getByRole("dialog", { name: "Approve the top-up of person?" }).getByRole("button", { name: "Approve" }));
  await ada.getByRole("status").getByText(/^✓ It is approved and counts: \+ 2 for person, investigation/).waitFor();
  await write(page, page.getByLabel("Epsilon: more is more exact, and costs more"), "2");
  await press(page, page.getByRole("button", { name: "Quote" }));
  await quote(page).getByText("epsilon 2", { exact: true }).waitFor();
  await api("POST", `top-ups/${waiting.id}/revoke`);
  assert.equal(await left(), 180);
  assert.deepEqual([page.complaints, dora.complaints, ada.complaints], [[], [], []]);
  for (const each of [page, dora, ada]) await each.context().close();
}

async function wrong(demo) {
  const page = await visit(demo);
  await write(page, page.getByLabel("Question, in SQL"), "SELECT nonsense");
  await press(page, page.getByRole("button", { name: "Quote" }));
  await page.getByRole("alert").getByText("BAD_USER_INPUT").waitFor();
  await check(page, "what is no question");
  await write(page, page.getByLabel("Epsilon: more is more exact, and costs more"), "0");
  await page.keyboard.press("Enter");
  await page.getByText("▲ Epsilon is a number above 0, such as 0.5.").waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

const EXHAUSTED = {
  errors: [{
    message: "the privacy budget of dataset 'person' (window) is short of epsilon: 5 was requested, 0.05 is left", extensions: {
      code: "DP_BUDGET_EXHAUSTED", verdict: "DENY", budget: "window of purpose demo", requested: "5", remaining: "0.05",
      windowReset: "2026-12-03T00:00:00.000Z", overrideUrl: "/privacy", queueRunsAt: "2026-12-03T00:00:00.000Z", nearest: { epsilon: "0.05", rmse: "28.3" },
    },
  }], data: { sqlDP: null },
};
const rows = (n) => Array.from({ length: n }, (_, i) => (
  { key: [i === 0 ? "\u05D0 <img src=x onerror=alert(1)> ".repeat(8) : `group ${i}`], value: `${i * 7 - 9}`, low: i % 5 ? `${i * 7 - 20}` : null, high: `${i * 7 + 2}` }));
const given = (n) => ({ data: { sqlDP: { verdict: "ALLOW", epsilon: "0.5", delta: "0.000001", mechanism: "LAPLACE", release: "chg_1", rows: rows(n), quote: {
  id: "qte_1", validUntil: "2099-01-01T00:00:00Z", rmse: "2.8", halfWidth: "6", alwaysShown: 40, remaining: null, resetsAt: null, queriesLeft: null, nearest: null, queueRunsAt: null, credits: 1234,
} } } });
const LOOKS = [["refused at the run", EXHAUSTED, "window of purpose demo"], ["many groups", given(40), "group 3"], ["no group", given(0), "No group has enough people"]];

async function looks(demo) {
  const page = await visit(demo);
  for (const widths of WIDTHS) {
    for (const [name, body, shown] of LOOKS) {
      await page.setViewportSize({ width: widths[0], height: 900 });
      await page.route(/\/graphql$/, (route) => {
        const { query } = route.request().postDataJSON();
        if (query.includes("__schema")) return route.continue();
        return route.fulfill({ json: query.includes("dryRun") ? given(0) : body });
      });
      await page.goto(`${demo.url}/query`);
      await page.getByRole("button", { name: "Quote" }).click();
      await page.getByRole("button", { name: "Run exactly that" }).click();
      await page.getByText(shown).first().waitFor();
      await checkLooks(page, widths, name);
      await page.unroute(/\/graphql$/);
    }
  }
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

export function addQueryScenarios(demo) {
  scenario("Query: quoted, run exactly so, shown with error bars and kept in the history, by keyboard", () => asked(demo));
  scenario("Query: a refusal names what is left and leads to the nearest that passes; a quote ends", () => refused(demo));
  scenario("Query: alpha has 18 % left, its refused query is told to Ben, and the second approver lets it pass", () => ofTheDemo(demo));
  scenario("Query: what is no question says so", () => wrong(demo));
  scenario("Query: every look, light and dark, at 1440, 390 and 320 px", { limitMs: looksMs(LOOKS.length + 1) }, () => looks(demo));
}
