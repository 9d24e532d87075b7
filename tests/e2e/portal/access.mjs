// What a tenant sees of who reached for its data, how it answers requests, and the page of the ledger.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { eventually, runToEnd } from "../lib/children.mjs";
import { MAESTRO } from "../lib/maestro.mjs";
import { deferred } from "../lib/scenario.mjs";
import { check, heading, linkFrom, openPage, press, scenario, signIn, tabTo, write } from "./browser.mjs";

const recordsOf = (tenant) => new RegExp(`/v1/tenants/${tenant}/records`);
const rows = (page) => page.getByRole("region", { name: "Records" }).getByRole("rowheader");
const problem = (status, code, detail) => ({
  status, contentType: "application/problem+json",
  body: JSON.stringify({ type: "about:blank", title: code, status, detail, code, request_id: `req_${"0".repeat(26)}` }),
});

// A tenant of its own, with an administrator who is signed in.
async function admin(demo, tenant, options = {}) {
  await demo.api("POST", "/v1/tenants", { id: tenant });
  await demo.api("POST", `/v1/tenants/${tenant}/principals`, { id: "dag", name: "Dag Moe", roles: "tenant-admin" });
  const page = await openPage(options);
  await signIn(page, await demo.freshLink(tenant, "dag"));
  return page;
}

async function operator(demo, tenant) {
  const page = await openPage();
  await signIn(page, await demo.freshLink("system", "otto"));
  await page.goto(`${demo.url}/access?tenant=${tenant}`);
  await heading(page, "Access");
  return page;
}

// The rows may be many: backwards is quicker from the beginning.
async function pressFromTop(page, locator) {
  await page.getByRole("heading", { level: 1 }).focus();
  await press(page, locator);
}

// What a link of the page gives when it is pressed.
async function download(page, link) {
  const [got] = await Promise.all([page.waitForEvent("download"), pressFromTop(page, link)]);
  return { name: got.suggestedFilename(), path: await got.path() };
}

// Runs a copied command on a file that was downloaded.
async function runCommand(page, file) {
  const words = (await page.evaluate(() => navigator.clipboard.readText())).split(" ");
  assert.deepEqual(words.slice(0, 3), ["maestro", "verify", file.name]);
  return runToEnd(MAESTRO, ["verify", file.path, ...words.slice(3)]);
}

const warrant = (demo, tenant, more = {}) => demo.api("POST", `/v1/tenants/${tenant}/warrants`,
  { reference: "TKT-7", reason: "help with sign-in", actions: "read,change", lifetime: "8h", ...more });
const warrantsOf = async (demo, tenant) => (await demo.api("GET", `/v1/tenants/${tenant}/warrants`)).items;

export function addAccessScenarios(demo) {
  scenario("by keyboard: what the operator read is found, opened, and proved with the copied command",
    async () => {
      await demo.api("GET", "/v1/tenants/alpha/tokens");
      const page = await openPage({ permissions: ["clipboard-read", "clipboard-write"] });
      await signIn(page, await demo.freshLink("alpha", "ada"));
      await page.keyboard.press("g");
      await page.keyboard.press("a");
      await heading(page, "Access");
      await rows(page).first().waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("otto@*");
      await press(page, page.getByLabel("Action"), "Control+a");
      await page.keyboard.type("GET /v1/tenants/{tenant}/tokens");
      await page.keyboard.press("Enter");
      await page.waitForURL(/actor=otto%40\*/);
      const row = page.getByRole("row", { name: /tokens/ }).first();
      await row.getByText("▲ no-warrant").waitFor();
      for (const cell of await page.locator(".records tbody td:nth-child(3)").allTextContents()) {
        assert.equal(cell, "otto@system");
      }
      await press(page, row.getByRole("button"));
      const opened = page.locator(".opened");
      const facts = await opened.locator(".facts").textContent();
      for (const told of ["otto@system", "operator", "no-warrant", "req_", "/v1/tenants/alpha/tokens", "principal"]) {
        assert.ok(facts.includes(told), `${told} is not in ${facts}`);
      }
      await check(page, "an opened record");
      await press(page, opened.getByRole("button", { name: "Copy the command" }));
      await opened.getByRole("button", { name: "✓ Copied" }).waitFor();
      const receipt = await download(page, opened.getByRole("link", { name: /^Receipt/ }));
      const done = await runCommand(page, receipt);
      assert.equal(done.status, 0, done.out + done.err);
      assert.equal(JSON.parse(readFileSync(receipt.path, "utf8")).kind, "mc.receipt/v1");
      const bundle = await download(page, opened.getByRole("link", { name: /^Sigstore bundle/ }));
      assert.match(bundle.name, /^receipt-alpha-\d+\.sigstore\.json$/);
      const proof = await download(page, opened.getByRole("link", { name: /^Log proof/ }));
      assert.match(readFileSync(proof.path, "utf8"), /^c2sp\.org\/tlog-proof@v1\n/);
      await pressFromTop(page, row.getByRole("button"));
      await opened.waitFor({ state: "detached" });
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });

  scenario("by keyboard: filters are in the address, hold for the files, and are kept as a view",
    async () => {
      await demo.api("GET", "/v1/tenants/alpha/tokens");
      const page = await openPage();
      await signIn(page, await demo.freshLink("alpha", "ada"));
      await page.goto(`${demo.url}/access`);
      await heading(page, "Access");
      await tabTo(page, page.getByLabel("Type"));
      await page.keyboard.type("acc");
      await press(page, page.getByRole("button", { name: "Show", exact: true }));
      await page.waitForURL(/type=access/);
      await rows(page).first().waitFor();
      const types = await page.locator(".records tbody td:nth-child(4)").allTextContents();
      assert.ok(types.every((type) => type === "access"), String(types));
      const csv = await download(page, page.getByRole("link", { name: "CSV" }));
      assert.equal(csv.name, "records-alpha.csv");
      const [header, ...lines] = readFileSync(csv.path, "utf8").trim().split("\r\n");
      assert.match(header, /^record,at,type,tenant,actor,action/);
      assert.ok(lines.length > 0 && lines.every((line) => line.split(",")[2] === "access"), lines[0]);
      const ocsf = await download(page, page.getByRole("link", { name: "OCSF" }));
      const events = readFileSync(ocsf.path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
      assert.ok(events.length >= lines.length && events.every((event) => event.class_uid === 6005));
      const range = await download(page, page.getByRole("link", { name: "Range receipt" }));
      const { key } = await demo.api("GET", "/v1/ledger");
      const done = runToEnd(MAESTRO, ["verify", range.path, "--log-key", key]);
      assert.equal(done.status, 0, done.out + done.err);

      await pressFromTop(page, page.getByText("Saved views (0)"));
      await write(page, page.getByLabel("Name of what is shown now"), "All reads");
      await page.keyboard.press("Enter");
      const view = page.getByRole("link", { name: "All reads" });
      await view.waitFor();
      await check(page, "saved views");
      await pressFromTop(page, page.getByRole("button", { name: "Clear", exact: true }));
      await page.waitForURL((url) => !url.search.includes("type"));
      await page.reload();
      await pressFromTop(page, page.getByText("Saved views (1)"));
      await press(page, view);
      await page.waitForURL(/type=access/);
      assert.equal(await page.getByLabel("Type").inputValue(), "access");
      await page.getByLabel("Window").selectOption("1h");
      await page.waitForURL(/window=1h/);
      assert.equal(new URL(page.url()).searchParams.get("type"), "access", "another window loses the filters");
      await pressFromTop(page, page.getByRole("button", { name: "Delete the view All reads" }));
      await page.getByText("Saved views (0)").waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY", "the focus is lost");
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });

  scenario("the chart counts the loaded records by day, marks what had no warrant, and is read by keyboard",
    async () => {
      await demo.api("GET", "/v1/tenants/alpha/tokens");
      const page = await openPage();
      await signIn(page, await demo.freshLink("alpha", "ada"));
      await page.goto(`${demo.url}/access?actor=otto%40*&type=access`);
      await rows(page).first().waitFor();
      const told = await page.getByText(/^Of the \d+ records that are loaded/).textContent();
      const counted = Number(/\d+/.exec(told)[0]);
      const figure = page.locator("figure");
      await figure.getByText("▲", { exact: true }).first().waitFor();
      await figure.locator("svg[role=application]").focus();
      await page.keyboard.press("End");
      await figure.getByRole("status").getByText(/no-warrant \d+.*without a warrant \d+/).waitFor();
      await page.keyboard.press("t");
      await figure.locator("tbody tr").nth(89).waitFor();
      const cells = await figure.locator("tbody tr td:nth-child(2)").allTextContents();
      assert.equal(cells.length, 90);
      assert.equal(cells.reduce((sum, text) => sum + Number(text), 0), counted);
      await check(page, "the table of a chart");
      await page.context().close();
    });

  scenario("by keyboard: a tenant is asked, approves narrower, and denies", async () => {
    const page = await admin(demo, "delta");
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await heading(page, "Access");
    await press(page, page.getByRole("button", { name: "Ask us before" }));
    await page.getByText("✓ The operator's people are let in only when").waitFor();
    await warrant(demo, "delta");
    await warrant(demo, "delta", { reference: "TKT-8" });
    await warrant(demo, "delta", { reference: "TKT-9", actions: "read" });
    await page.reload();
    await page.getByRole("heading", { name: "3 requests wait for you" }).waitFor();
    const card = page.getByRole("listitem").filter({ hasText: "TKT-7" });
    for (const told of ["otto@system", "anybody of the operator", "help with sign-in", "read and change", "silence"]) {
      await card.getByText(told, { exact: false }).first().waitFor();
    }
    await check(page, "requests that wait");
    const dialog = page.getByRole("dialog");
    const approve = page.getByRole("button", { name: "Approve TKT-7" });
    await press(page, approve);
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await eventually("the focus is back on the button", () => approve.evaluate((one) => one === document.activeElement));
    await page.keyboard.press("Enter");
    await dialog.getByRole("heading", { name: "Approve TKT-7?" }).waitFor();
    await check(page, "the dialog of an approval");
    await tabTo(page, dialog.getByLabel(/As asked: read and change/));
    await page.keyboard.press("ArrowDown");
    assert.equal(await dialog.getByLabel("Read only").isChecked(), true);
    await tabTo(page, dialog.getByLabel("How long"));
    await page.keyboard.type("1 h");
    await press(page, dialog.getByRole("button", { name: "Approve" }));
    await page.getByText(/TKT-7 is approved: read, until/).waitFor();
    await card.waitFor({ state: "detached" });
    await page.waitForFunction(() => document.activeElement.tagName === "H1");
    await press(page, page.getByRole("button", { name: "Deny TKT-8" }));
    await press(page, dialog.getByRole("button", { name: "Deny" }));
    await page.getByText("TKT-8 is denied.").waitFor();
    await press(page, page.getByRole("button", { name: "Approve TKT-9" }));
    assert.equal(await dialog.getByRole("radio").count(), 1, "a request to read cannot be narrowed to read");
    await press(page, dialog.getByRole("button", { name: "Approve" }));
    await page.getByText(/TKT-9 is approved/).waitFor();
    const held = Object.fromEntries((await warrantsOf(demo, "delta")).map((one) => [one.reference, one]));
    const left = Date.parse(held["TKT-7"].expires_at) - Date.now();
    assert.deepEqual([held["TKT-7"].state, held["TKT-7"].actions], ["active", "read"]);
    assert.ok(left > 3_000_000 && left <= 3_600_000, String(left));
    assert.equal(held["TKT-8"].state, "denied");
    assert.ok(Date.parse(held["TKT-9"].expires_at) - Date.now() > 7 * 3_600_000);
    await demo.api("GET", "/v1/tenants/delta/tokens");  // which the approval opens
    await page.reload();
    await rows(page).first().waitFor();
    await page.getByRole("row", { name: /customer-support TKT-/ }).first().waitFor();
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  scenario("a setting and a request that somebody else has changed are told, and shown anew",
    async () => {
      const page = await admin(demo, "echo");
      await page.goto(`${demo.url}/access`);
      const ask = page.getByRole("button", { name: "Ask us before" });
      await ask.waitFor();
      const other = await openPage();
      await signIn(other, await linkFrom(page, "echo", "dag"));
      await other.goto(`${demo.url}/access`);
      await other.getByRole("button", { name: "Ask us before" }).click();
      await other.getByRole("button", { name: "Stop asking us" }).waitFor();
      await ask.click();
      await page.getByRole("heading", { name: "Somebody was faster" }).waitFor();
      await page.getByText("the setting has version 1").waitFor();
      await page.getByRole("button", { name: "Try again" }).press("Enter");
      await page.getByRole("button", { name: "Stop asking us" }).waitFor();
      await warrant(demo, "echo");
      for (const each of [page, other]) {
        await each.reload();
        await each.getByRole("button", { name: "Approve TKT-7" }).click();
      }
      await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
      await page.getByText(/TKT-7 is approved/).waitFor();
      await other.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
      await other.getByRole("dialog").getByText("the warrant is active").waitFor();
      await check(other, "a request that is decided already");
      await page.context().close();
      await other.context().close();
    });

  scenario("by keyboard: an operator is shut out, asks for a warrant, is let in, and ends it",
    async () => {
      const tenant = await admin(demo, "foxtrot");
      await tenant.goto(`${demo.url}/access`);
      await tenant.getByRole("button", { name: "Ask us before" }).click();
      await tenant.getByRole("button", { name: "Stop asking us" }).waitFor();
      const page = await operator(demo, "foxtrot");
      await page.getByText("approval-required: tenant foxtrot is opened by a warrant").waitFor();
      await page.getByText("A warrant opens it: ask for one above.").waitFor();
      assert.equal(await page.getByRole("button", { name: /us before|asking us/ }).count(), 0);
      await check(page, "a tenant that is shut");
      await page.goto(`${demo.url}/?tenant=foxtrot`);
      await page.getByText("approval-required: tenant foxtrot is opened by a warrant").waitFor();
      await page.getByText("A warrant opens it: ask for one on the page Access.").waitFor();
      assert.equal(await page.getByRole("rowheader").count(), 0);
      await check(page, "an overview that is shut");
      await page.getByRole("main").getByRole("link", { name: "Access", exact: true }).click();
      await heading(page, "Access");
      await page.getByText("A warrant opens it: ask for one above.").waitFor();
      const dialog = page.getByRole("dialog");
      await press(page, page.getByRole("button", { name: "Ask for a warrant" }));
      await check(page, "the dialog of a new warrant");
      await tabTo(page, dialog.getByLabel("Class"));
      await page.keyboard.type("Inc");
      await write(page, dialog.getByLabel("Reference"), "INC-204");
      await write(page, dialog.getByLabel("Reason, as the tenant reads it"), "look at failed sign-ins");
      await press(page, dialog.getByRole("button", { name: "Ask" }));
      await page.getByText("INC-204 is asked for; it opens nothing until foxtrot approves it.").waitFor();
      await page.getByRole("heading", { name: "1 request waits for the tenant's administrators" }).waitFor();
      assert.equal(await page.getByRole("button", { name: /^Approve/ }).count(), 0);
      const [made] = await warrantsOf(demo, "foxtrot");
      assert.deepEqual([made.class, made.reason, made.actions, made.issued_by],
        ["incident", "look at failed sign-ins", "read", "otto@system"]);
      await tenant.reload();
      await tenant.getByRole("button", { name: "Approve INC-204" }).click();
      await tenant.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
      await tenant.getByText(/INC-204 is approved/).waitFor();
      await page.reload();
      await rows(page).first().waitFor();
      await press(page, page.getByText(/^Warrants \(1, 1 active\)/));
      await check(page, "the list of warrants");
      await press(page, page.getByRole("button", { name: "Revoke INC-204" }));
      await press(page, dialog.getByRole("button", { name: "Revoke" }));
      await page.getByText("INC-204 is revoked.").waitFor();
      await page.getByText("✕ revoked").waitFor();
      await page.waitForFunction(() => document.activeElement.tagName === "H1");
      await page.getByText("approval-required: tenant foxtrot is opened by a warrant").waitFor();
      await page.context().close();
      await tenant.context().close();
    });

  scenario("nothing that matches, older records and a failure of theirs", async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.goto(`${demo.url}/access?actor=nobody&from=2026-01-01`);
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await page.locator("main dl").getByText("nobody").waitFor();
    await check(page, "nothing matches");
    await press(page, page.getByRole("button", { name: "Clear the filters" }));
    await rows(page).first().waitFor();
    assert.equal(new URL(page.url()).search, "");
    await page.waitForFunction(() => document.activeElement.tagName === "H1");

    // The server has few records; this one has three pages.
    let broken = true;
    await page.route(recordsOf("alpha"), async (route) => {
      const reply = await route.fetch();
      const json = await reply.json();
      const [one] = json.items;
      const before = Number(new URL(route.request().url()).searchParams.get("before") ?? 600);
      if (before === 400 && broken) return route.fulfill(problem(503, "unavailable", "the queue is full"));
      const items = Array.from({ length: 200 }, (_, i) => ({ ...one, record: before - 1 - i }));
      const next_before = before > 200 ? before - 200 : null;
      return route.fulfill({ response: reply, json: { ...json, items, total: 600, next_before } });
    });
    await page.goto(`${demo.url}/access`);
    await page.getByText("200 are loaded").waitFor();
    const older = page.getByRole("button", { name: "Load older" });
    await older.press("Enter");  // there are many rows before it
    await page.getByRole("heading", { name: "The server is busy" }).waitFor();
    await page.getByText("200 are loaded").waitFor();
    broken = false;
    await page.getByRole("button", { name: "Try again" }).press("Enter");
    await page.getByText("400 are loaded").waitFor();
    await older.press("Enter");
    await page.getByText("All 600 that match are loaded").waitFor();
    assert.equal(await older.evaluate((button) => button === document.activeElement && button.ariaDisabled), "true");
    await page.context().close();
  });

  scenario("by keyboard: what had no warrant is found by the server, among all records, and in the files",
    async () => {
      const page = await admin(demo, "golf");
      await page.goto(`${demo.url}/access?reason=no-warrant&actor=nobody`);
      await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
      await page.locator("main dl").getByText("no-warrant").waitFor();
      await check(page, "nothing without a warrant");
      await demo.api("GET", "/v1/tenants/golf/tokens");  // no-warrant
      await demo.api("GET", "/v1/tenants/golf");  // the contract
      await page.goto(`${demo.url}/access`);
      await rows(page).nth(1).waitFor();
      await tabTo(page, page.getByLabel("Without a warrant"));
      await page.keyboard.press("Space");
      const [asked] = await Promise.all([
        page.waitForRequest((request) => /\/records\?/.test(request.url())),
        press(page, page.getByRole("button", { name: "Show", exact: true })),
      ]);
      assert.equal(new URL(asked.url()).searchParams.get("reason"), "no-warrant");
      await page.waitForURL(/reason=no-warrant/);
      const shown = async () => (await page.locator(".records tbody td:nth-child(6)").allTextContents());
      await page.waitForFunction(() => {
        const all = [...document.querySelectorAll(".records tbody td:nth-child(6)")];
        return all.length > 0 && all.every((one) => one.textContent === "▲ no-warrant");
      });
      const found = (await shown()).length;
      assert.ok(found >= 1);
      await page.getByText(`All ${found} that match are loaded`).waitFor();
      const csv = await download(page, page.getByRole("link", { name: "CSV" }));
      assert.equal(readFileSync(csv.path, "utf8").trim().split("\r\n").length, found + 1);
      await check(page, "what had no warrant");
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });

  scenario("by keyboard: the days that are shown come as a PDF, and too many are refused in words",
    async () => {
      const page = await openPage();
      await signIn(page, await demo.freshLink("alpha", "ada"));
      const day = new Date().toISOString().slice(0, 10);
      await page.goto(`${demo.url}/access?from=${day}`);
      await rows(page).first().waitFor();
      const link = page.getByRole("link", { name: "Range as PDF" });
      const pdf = await download(page, link);
      assert.equal(pdf.name, "receipts-alpha.pdf");
      assert.equal(readFileSync(pdf.path).subarray(0, 5).toString(), "%PDF-");
      const words = "form: pdf is for at most 1000 records; ask for a shorter time, or for json";
      await page.route(/\/receipts\?.*form=pdf/, (route) => route.fulfill(problem(400, "invalid", words)));
      await pressFromTop(page, link);
      await page.getByRole("alert").getByText(words).waitFor();
      await page.getByText("The PDF is the list of these days for people, up to 1,000.", { exact: false }).waitFor();
      await check(page, "a PDF that is refused");
      await page.context().close();
    });

  scenario("a file that the server refuses is told on the page", async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.goto(`${demo.url}/access`);
    await rows(page).first().waitFor();
    const held = deferred();
    let asked = 0;
    await page.route(/\/receipts\?/, async (route) => {
      asked += 1;
      await held.promise;
      await route.fulfill(problem(400, "invalid", "more than 10000 records"));
    });
    const link = page.getByRole("link", { name: "Range receipt" });
    await link.dblclick();
    await page.getByText("Downloading").waitFor({ state: "attached" });
    assert.equal(await link.getAttribute("aria-disabled"), "true");
    held.resolve();
    await page.getByRole("alert").getByText("more than 10000 records").waitFor();
    assert.equal(asked, 1, "what is clicked twice is fetched once");
    await check(page, "a refused file");
    await press(page, page.getByRole("button", { name: "Try again" }));
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.context().close();
  });

  scenario("by keyboard: the ledger's key is copied, its files are there, and its records lead to Access",
    async () => {
      await demo.api("GET", "/v1/tenants/alpha/tokens");
      const page = await openPage({ permissions: ["clipboard-read", "clipboard-write"] });
      await signIn(page, await demo.freshLink("alpha", "ada"));
      await page.keyboard.press("g");
      await page.keyboard.press("l");
      await heading(page, "Ledger");
      await page.getByText("✓ It records.").waitFor();
      await press(page, page.getByRole("button", { name: "Copy the verifier key" }));
      await page.getByRole("button", { name: "✓ Copied the verifier key" }).waitFor();
      const { key } = await demo.api("GET", "/v1/ledger");
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
      await press(page, page.getByText(/^Newest checkpoint: \d+ leaves/));
      await check(page, "the ledger");
      for (const link of await page.locator(".files a:not([href^='/verify'])").all()) {
        const href = await link.getAttribute("href");
        assert.equal((await fetch(demo.url + href)).status, 200, href);
      }
      const newest = page.getByRole("region", { name: "Newest records" }).getByRole("rowheader").first();
      const record = await newest.textContent();
      await press(page, newest.getByRole("link"));
      await heading(page, "Access");
      await page.waitForURL(new RegExp(`record=${record}`));
      await page.locator(".opened").waitFor();
      assert.match(await rows(page).first().textContent(), new RegExp(`Record ${record} `));
      const ranges = page.getByRole("link", { name: "Range receipt" });
      assert.equal(await ranges.count(), 0, "records of any days are shown");
      await press(page, page.getByRole("button", { name: "Show the newest" }));
      await page.waitForURL((url) => url.search === "");
      await page.locator(".opened").waitFor({ state: "detached" });
      await rows(page).first().waitFor();
      assert.equal(await ranges.count(), 1);
      await page.goBack();
      await press(page, page.locator(".opened").getByRole("link", { name: "Verify in this browser" }));
      await heading(page, "Verify");
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });

  scenario("a tenant that has no record yet, and the operator's own log", async () => {
    const page = await operator(demo, "");
    await page.getByText("Choose a tenant above to see its log.").waitFor();
    await rows(page).first().waitFor();
    assert.equal(await page.getByText(/^Warrants/).count(), 0, "the operator's own data need no warrant");
    await page.route(recordsOf("alpha"), async (route) => {
      const reply = await route.fetch();
      const json = { ...(await reply.json()), items: [], total: 0, next_before: null };
      await route.fulfill({ response: reply, json });
    });
    for (const [path, title] of [["/access", "Access"], ["/records", "Ledger"]]) {
      await page.goto(`${demo.url}${path}?tenant=alpha`);
      await heading(page, title);
      await page.getByText(/^Nothing is recorded yet/).waitFor();
      await check(page, `${path} without a record`);
    }
    await page.context().close();
  });
}
