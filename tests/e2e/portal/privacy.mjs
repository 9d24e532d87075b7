// The page Privacy: what is left, a top-up that two people decide about, and a recount that comes out the same.
import assert from "node:assert/strict";

import { check, heading, openPage, press, scenario, signIn, tabTo, write } from "./browser.mjs";
import { WIDTHS, checkLooks, looksMs, region } from "./states.mjs";

const BUDGETS = region("Budgets of this window");
const TOP_UPS = region("Top-ups, open ones first");
const CHARGES = region("Charges, newest first");
const REASON = "Counts for the weekly report of the board";

async function visit(demo, tenant, id, path = "/privacy") {
  const page = await openPage();
  await signIn(page, await demo.freshLink(tenant, id));
  await page.goto(demo.url + path);
  await heading(page, "Privacy");
  return page;
}

const budgetOf = async (demo) => (await demo.api("GET", "/v1/tenants/alpha/privacy/budgets?dataset=person", undefined, "Dora Meier")).items
  .find(({ scope, purpose }) => scope === "window" && purpose === "investigation");

async function seen(demo) {
  const page = await visit(demo, "alpha", "dora");
  const row = BUDGETS(page).getByRole("row", { name: /^person for investigation/ });
  const budget = await budgetOf(demo);
  await row.getByText(`▲ ${budget.epsilon_left} of 10 left (18 %)`).waitFor();
  await page.getByText("A new window resets a number, and not what was learned: this goes on.").waitFor();
  await page.getByRole("table", { name: "Spent by analyst, in this window" }).getByRole("rowheader", { name: "ben" }).waitFor();
  await page.getByLabel("By", { exact: true }).selectOption("day");
  await page.getByRole("table", { name: "Spent by day, in this window" }).waitFor();
  await page.getByRole("heading", { level: 1 }).focus();
  const chart = page.locator("svg[role=application]");
  await tabTo(page, chart);
  await page.keyboard.press("Home");
  await page.locator("figure").getByRole("status").getByText(/Left 10/).waitFor();
  await page.keyboard.press("t");
  await page.getByRole("table").getByRole("columnheader", { name: "Forecast" }).waitFor();
  await press(page, CHARGES(page).getByRole("button", { name: /^More at place 1$/ }));
  await page.getByRole("dialog").getByText(/^sha256:/).first().waitFor();
  await check(page, "more of a charge");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await check(page, "Privacy");
  // Another budget, by keyboard; the address has it.
  await page.getByRole("heading", { level: 1 }).focus();
  await press(page, BUDGETS(page).getByRole("button", { name: "Show relation for investigation" }));
  await page.getByRole("heading", { name: "Burn-down of relation for investigation" }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("dataset"), "relation");
  await page.getByText("Nothing was asked of this dataset yet.").waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

const facts = (dialog) => dialog.locator(".preview dd").allTextContents();

async function toppedUp(demo) {
  const before = await budgetOf(demo);
  const warrants = await demo.api("GET", "/v1/tenants/alpha/warrants", undefined, "Dora Meier");
  const dora = await visit(demo, "alpha", "dora");
  await press(dora, dora.getByRole("button", { name: "Ask for more" }), "Enter");
  const dialog = dora.getByRole("dialog", { name: "Ask for more of a budget" });
  await dialog.getByText("Say first how much.").waitFor();
  await write(dora, dialog.getByLabel("Epsilon more"), "1.5");
  await dialog.getByText(`${before.epsilon_limit} → 11.5`).waitFor();
  const asked = await facts(dialog);
  await write(dora, dialog.getByLabel("Active warrant"), warrants.items.find(({ state }) => state === "active").id);
  await write(dora, dialog.getByLabel("What for, for the record"), "too short");
  await dialog.getByText("11 characters more at least").waitFor();
  await write(dora, dialog.getByLabel("What for, for the record"), REASON);
  await check(dora, "the dialog of a top-up");
  await press(dora, dialog.getByRole("button", { name: "Ask", exact: true }));
  await dora.getByRole("status").getByText(/^▲ It waits until somebody else approves it: \+ 1.5 for person, investigation/).waitFor();
  const own = TOP_UPS(dora).getByRole("row").filter({ hasText: REASON });
  await own.getByText("you asked for it, so somebody else approves it").waitFor();
  assert.equal(await own.getByRole("button", { name: /^Approve/ }).count(), 0);
  await check(dora, "a top-up that waits");

  // Another person, in another session, sees the very same preview.
  const ada = await visit(demo, "alpha", "ada");
  const row = TOP_UPS(ada).getByRole("row").filter({ hasText: REASON });
  await press(ada, row.getByRole("button", { name: /^Approve/ }));
  const approval = ada.getByRole("dialog", { name: "Approve the top-up of person?" });
  await approval.getByText(`${before.epsilon_limit} → 11.5`).waitFor();
  assert.deepEqual(await facts(approval), asked, "who approves sees what who asked has seen");
  await check(ada, "the dialog of an approval");
  await press(ada, approval.getByRole("button", { name: "Approve" }));
  await ada.getByRole("status").getByText(/^✓ It is approved and counts: \+ 1.5 for person, investigation/).waitFor();
  await BUDGETS(ada).getByText(/of 11.5 left/).waitFor();
  assert.equal((await budgetOf(demo)).epsilon_top_up, "1.5");

  await press(ada, row.getByRole("button", { name: /^Revoke/ }));
  await press(ada, ada.getByRole("dialog").getByRole("button", { name: "Revoke" }));
  await ada.getByRole("status").getByText(/^✓ It is revoked/).waitFor();
  assert.equal((await budgetOf(demo)).epsilon_top_up, "0");
  for (const page of [dora, ada]) {
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
}

async function recounted(demo) {
  const page = await visit(demo, "alpha", "dora");
  const button = page.getByRole("button", { name: "Count again in this browser" });
  await press(page, button);
  await page.getByRole("heading", { name: /^✓ \d+ charges counted again: the same$/ }).waitFor();
  const { hash } = await demo.api("GET", "/v1/tenants/alpha/privacy/accountant?dataset=person", undefined, "Dora Meier");
  assert.equal(await page.locator("code").getByText(hash, { exact: true }).count() >= 2, true);
  assert.equal(await page.getByRole("list", { name: "Steps of the check" }).getByText("passed", { exact: true }).count(), 5);
  await check(page, "a recount");
  // A server that claims something else, or hides a charge, is found out.
  const records = /\/v1\/tenants\/alpha\/records/;
  await page.route(records, async (route) => {
    const reply = await route.fetch();
    const json = await reply.json();
    await route.fulfill({ response: reply, json: { ...json, items: json.items.slice(1) } });
  });
  await button.click();
  await page.getByRole("heading", { name: "✕ The server's figure was not confirmed" }).waitFor();
  await page.getByText(/the log has \d+, the server counts \d+/).first().waitFor();
  await page.unroute(records);
  await page.route(/\/privacy\/accountant/, async (route) => {
    const reply = await route.fetch();
    await route.fulfill({ response: reply, json: { ...(await reply.json()), hash: `sha256:${"0".repeat(64)}` } });
  });
  await button.click();
  await page.getByText(/it is not what the server says/).first().waitFor();
  await check(page, "a recount that failed");
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

async function others(demo) {
  const ben = await visit(demo, "alpha", "ben");
  await TOP_UPS(ben).waitFor();
  assert.equal(await ben.getByRole("button", { name: /^(Ask for more|Approve|Refuse|Revoke)/ }).count(), 0);
  const otto = await visit(demo, "system", "otto");
  await otto.getByText("Choose a tenant above to see its privacy budgets.").waitFor();
  await otto.getByLabel("Tenant", { exact: true }).selectOption("alpha");
  await BUDGETS(otto).getByRole("row", { name: /^person for investigation/ }).waitFor();
  const aron = await visit(demo, "alpha", "aron");
  await TOP_UPS(aron).waitFor();
  assert.equal(await aron.getByRole("button", { name: /^(Ask for more|Approve|Refuse|Revoke)/ }).count(), 0);
  for (const page of [ben, otto, aron]) await page.context().close();
}

const LONG = "\u05D0 <img src=x onerror=alert(1)> ".repeat(8);

async function looks(demo) {
  const page = await visit(demo, "alpha", "ada");
  for (const widths of WIDTHS) {
    await page.setViewportSize({ width: widths[0], height: 900 });
    await page.route(/\/privacy\/top-ups$/, async (route) => {
      const reply = await route.fetch();
      const json = await reply.json();
      await route.fulfill({ response: reply, json: { ...json, items: json.items.map((one) => ({ ...one, reason: LONG, asked_by: LONG })) } });
    });
    await page.goto(`${demo.url}/privacy`);
    await TOP_UPS(page).waitFor();
    await CHARGES(page).waitFor();
    await checkLooks(page, widths, "odd names");
    await page.setViewportSize({ width: widths[0], height: 900 });
    await page.getByRole("button", { name: "Ask for more" }).click();
    await page.getByLabel("Epsilon more").fill("x");
    await checkLooks(page, widths, "the dialog with what is no number");
    await page.unroute(/\/privacy\/top-ups$/);
  }
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

export function addPrivacyScenarios(demo) {
  scenario("Privacy: what is left, how it goes down, who spent it, and one answer, by keyboard", () => seen(demo));
  scenario("Privacy: a top-up is asked for, approved by another with the same preview, and revoked", () => toppedUp(demo));
  scenario("Privacy: the accountant hash is counted again in the browser, and a lie is found out", () => recounted(demo));
  scenario("Privacy: the operator chooses a tenant; an analyst and an auditor have no buttons", () => others(demo));
  scenario("Privacy: every look, light and dark, at 1440, 390 and 320 px", { limitMs: looksMs(4) }, () => looks(demo));
}
