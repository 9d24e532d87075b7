// The portal in Chromium: signing in, every page in each look, the keyboard, and hostile names.
import assert from "node:assert/strict";

import { catalogue } from "../../../ops/catalogue.mjs";
import { eventually } from "../lib/children.mjs";
import { runScenarios } from "../lib/scenario.mjs";
import { addAccessScenarios } from "./access.mjs";
import { Demo, check, closeBrowser, heading, missing, openPage, scenario, signIn } from "./browser.mjs";
import { addBudgetScenarios } from "./budgets.mjs";
import { addExportScenarios } from "./exports.mjs";
import { addFlowScenarios } from "./flows.mjs";
import { addGoldenScenarios } from "./golden.mjs";
import { addPolicyScenarios } from "./policy.mjs";
import { addPrivacyScenarios } from "./privacy.mjs";
import { addQueryScenarios } from "./query.mjs";
import { addReceiptPageScenarios } from "./receipt_page.mjs";
import { addResidencyScenarios } from "./residency.mjs";
import { addStateScenarios } from "./states.mjs";
import { addVerifyScenarios } from "./verify.mjs";
import { addVerifyKeysScenarios } from "./verify_keys.mjs";

if (missing) {
  console.log(`SKIP: ${missing}`);
  process.exit(77);
}
const update = process.argv.includes("--update");
// Pictures alone are taken anew.
if (update) process.env.MC_E2E_ONLY = "picture";
const demo = await Demo.start();

scenario("one click on the printed link leads to a living overview", async () => {
  const page = await openPage();
  await page.goto(await demo.link("Otto Brandt"));
  await heading(page, "Overview");
  assert.equal(new URL(page.url()).hash, "");
  await page.getByRole("rowheader", { name: "alpha" }).waitFor();
  await page.waitForFunction(
    () => [...document.querySelectorAll("tbody tr td:nth-child(2)")].some((cell) => /[1-9]/.test(cell.textContent)),
    null, { timeout: 60_000 });
  assert.deepEqual(page.complaints, []);
});

scenario("every panel that the catalogue names is on the overview, and says what it means", async () => {
  const page = await openPage();
  await signIn(page, await demo.freshLink("system", "otto"));
  const main = page.locator("main");
  await main.getByText("What these figures mean").click();
  for (const { title, help } of catalogue.portal) {
    await main.getByText(title, { exact: true }).nth(1).waitFor();
    await main.getByText(help, { exact: false }).waitFor();
  }
  await main.getByText("sum by (tenant) (rate(mc_requests_total[1m]))").waitFor();
  await check(page, "the overview with what its figures mean");
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

scenario("a used link is told from a good one, and tells nothing more", async () => {
  const link = await demo.freshLink("alpha", "ben");
  await signIn(await openPage(), link);
  const second = await openPage();
  await second.goto(link);
  await second.getByRole("heading", { name: "This link does not work any more" }).waitFor();
  assert.equal(new URL(second.url()).hash, "");
});

scenario("without a session every page asks to sign in, and comes back after it", async () => {
  const page = await openPage();
  await page.goto(`${demo.url}/datasets`);
  await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
  await page.goto(await demo.freshLink("alpha", "ada"));
  await heading(page, "Datasets");
});

scenario("people see their own tenant, operators all", async () => {
  const ada = await openPage();
  await signIn(ada, await demo.freshLink("alpha", "ada"));
  await ada.getByRole("rowheader", { name: "alpha" }).waitFor();
  assert.equal(await ada.getByRole("rowheader", { name: "bravo" }).count(), 0);
  assert.equal(await ada.getByLabel("Tenant", { exact: true }).count(), 0);
  await ada.goto(`${demo.url}/?tenant=bravo`);
  await ada.getByRole("alert").getByText("no tenant 'bravo'").waitFor();
  const otto = await openPage();
  await signIn(otto, await demo.freshLink("system", "otto"));
  await otto.getByLabel("Tenant", { exact: true }).selectOption("bravo");
  assert.equal(new URL(otto.url()).searchParams.get("tenant"), "bravo");
  await otto.getByRole("rowheader", { name: "alpha" }).waitFor({ state: "detached" });
  await otto.getByRole("rowheader", { name: "bravo" }).waitFor();
  await otto.getByText("Each look at bravo stands in its log, with your name.").waitFor();
  const looked = async () => (await demo.api("GET", "/v1/tenants/bravo/records?limit=1&action=GET+/v1/overview")).items[0].record;
  const before = await looked();
  await otto.getByRole("button", { name: "Look again" }).click();
  await eventually("the next look is recorded", async () => (await looked()) > before, 30_000);
});

scenario("the keyboard alone reaches every page and reads a chart", async () => {
  const page = await openPage();
  await signIn(page, await demo.freshLink("alpha", "ada"));
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("datas");
  await page.keyboard.press("Enter");
  await heading(page, "Datasets");
  await page.waitForFunction(() => document.activeElement?.tagName === "H1");
  await page.getByRole("searchbox").waitFor();  // the heading is there before the list
  await page.keyboard.press("/");
  await page.keyboard.type("zzz");
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("rowheader").first().waitFor();
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await heading(page, "Your sessions");
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await heading(page, "Overview");
  const chart = page.locator("svg[role=application]").first();
  await chart.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.locator("figure").first().getByRole("status").getByText(/alpha/).waitFor();
  await page.keyboard.press("t");
  await page.locator("figure table").first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  assert.deepEqual(page.complaints, []);
});

scenario("who may not see tokens is told what is missing, and an auditor has no buttons", async () => {
  const ben = await openPage();
  await signIn(ben, await demo.freshLink("alpha", "ben"));
  await ben.goto(`${demo.url}/settings/tokens`);
  await ben.getByRole("heading", { name: "You may not see this" }).waitFor();
  await ben.getByText("role tenant-admin or auditor is required").waitFor();
  await check(ben, "denied");
  const aron = await openPage();
  await signIn(aron, await demo.freshLink("alpha", "aron"));
  await aron.goto(`${demo.url}/settings/tokens`);
  await aron.getByRole("table").waitFor();
  assert.equal(await aron.getByRole("main").getByRole("button").count(), 0);
});

scenario("names are text, whatever stands in them", async () => {
  const names = ["<img src=x onerror=alert(1)><script>alert(2)</script>", "\u05D0 evil name", "x".repeat(200)];
  for (const [i, name] of names.entries()) {
    await demo.api("POST", "/v1/tenants/alpha/principals", { id: `odd${i}`, name, roles: "analyst" },
      "Ada Lindqvist");
    const page = await openPage();
    let alerted = false;
    page.on("dialog", () => (alerted = true));
    await signIn(page, await demo.freshLink("alpha", `odd${i}`));
    const shown = await page.locator("details.user summary").textContent();
    assert.equal(shown, name);
    await page.goto(demo.url);  // where the name stands in the page itself
    await page.getByRole("rowheader", { name: "alpha" }).waitFor();
    assert.equal(await page.locator("details.user summary").textContent(), name);
    assert.equal(alerted, false);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false);
    assert.deepEqual(page.complaints, []);
  }
});

scenario("the overview comes with its first answers, in the page of a session alone", async () => {
  const page = await openPage();
  await signIn(page, await demo.freshLink("alpha", "ada"));
  const asked = [];
  page.on("request", (request) => { if (request.url().includes("/v1/")) asked.push(request.url()); });
  const ours = await page.goto(`${demo.url}/?window=1h`);
  await page.locator(".tile b").first().waitFor();
  assert.deepEqual(asked, []);
  assert.equal(ours.headers()["cache-control"], "no-store");
  const answers = JSON.parse(await page.locator("#answers").textContent());
  assert.deepEqual(Object.keys(answers), ["/v1/session", "/v1/overview?window=1h", "/v1/alerts"]);
  assert.deepEqual(answers["/v1/session"].tenants, ["alpha"]);
  await page.waitForRequest(/\/v1\/overview\?window=1h/);  // later it asks as ever
  for (const cookie of [null, "mc_session=mcs_" + "A".repeat(43)]) {
    const reply = await fetch(demo.url, { headers: { Accept: "text/html", ...(cookie ? { Cookie: cookie } : {}) } });
    assert.ok(!(await reply.text()).includes('id="answers"'));
    assert.notEqual(reply.headers.get("etag"), null);
  }
  assert.deepEqual(page.complaints, []);
});

scenario("an unknown page and a silent server have their own states", async () => {
  const page = await openPage();
  await signIn(page, await demo.freshLink("alpha", "ada"));
  await page.goto(`${demo.url}/nowhere`);
  await heading(page, "No such page");
  await page.getByRole("main").getByRole("link", { name: "Go to the overview" }).click();
  await heading(page, "Overview");
  await page.getByRole("rowheader", { name: "alpha" }).waitFor();
  const silent = page.getByText("The server does not answer. What you see may be old.");
  await page.route(/\/v1\//, (route) => route.abort("connectionrefused"));
  await silent.waitFor();
  await page.unroute(/\/v1\//);
  await silent.waitFor({ state: "detached" });
});

addStateScenarios(demo);
addFlowScenarios(demo);
addVerifyScenarios(demo);
addVerifyKeysScenarios();
addAccessScenarios(demo);
addPolicyScenarios(demo);
addResidencyScenarios(demo);
addBudgetScenarios(demo);
addPrivacyScenarios(demo);
addQueryScenarios(demo);
addExportScenarios();
addReceiptPageScenarios(demo);
addGoldenScenarios(demo, update);

const status = await runScenarios("portal", { capabilities: new Set() });
await closeBrowser();
await demo.child.stop("SIGINT");
process.exit(status);
