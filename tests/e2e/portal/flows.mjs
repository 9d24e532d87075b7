// What people do with the portal, by keyboard alone where nothing else is said.
import assert from "node:assert/strict";

import { eventually } from "../lib/children.mjs";
import { Receiver } from "../notify/receivers.mjs";
import { check, heading, openPage, press, scenario, signIn, tabTo, write } from "./browser.mjs";

const sawSignIn = (page) => page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
const self = (demo, secret) => fetch(`${demo.url}/v1/self`, { headers: { Authorization: `Bearer ${secret}` } });

export function addFlowScenarios(demo) {
  scenario("by keyboard: another tenant, another window, and the way into a tenant's row", async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("system", "otto"));
    await page.getByRole("rowheader", { name: "alpha" }).waitFor();
    await press(page, page.getByLabel("Window"), "ArrowDown");
    await page.waitForURL(/window=1h/);
    await page.keyboard.press("ArrowDown");
    await page.waitForURL(/window=24h/);
    await page.getByRole("heading", { level: 1 }).focus();
    await tabTo(page, page.getByLabel("Tenant", { exact: true }));
    await page.keyboard.type("br");
    await page.waitForURL(/tenant=bravo/);
    await page.getByRole("rowheader", { name: "alpha" }).waitFor({ state: "detached" });
    await page.getByRole("rowheader", { name: "bravo" }).waitFor();
    await page.keyboard.press("Home");
    await page.getByRole("rowheader", { name: "alpha" }).waitFor();
    await press(page, page.getByRole("link", { name: "alpha", exact: true }));
    await page.waitForURL(/tenant=alpha/);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  scenario("by keyboard: a session ends where its person says, and signing out is at the server too", async () => {
    const one = await openPage({ userAgent: "Browser One" });
    const two = await openPage({ userAgent: "Browser Two" });
    await signIn(one, await demo.freshLink("alpha", "dora"));
    await signIn(two, await demo.freshLink("alpha", "dora"));
    await two.keyboard.press("g");
    await two.keyboard.press("s");
    await heading(two, "Your sessions");
    await press(two, two.getByRole("row", { name: /Browser One/ }).getByRole("button"));
    await two.getByRole("dialog").waitFor();
    await two.keyboard.press("Escape");
    await two.getByRole("dialog").waitFor({ state: "hidden" });
    await press(two, two.getByRole("row", { name: /Browser One/ }).getByRole("button"));
    await press(two, two.getByRole("dialog").getByRole("button", { name: "End session" }));
    await two.getByText("1 live").waitFor();
    await one.goto(`${demo.url}/datasets`);
    await sawSignIn(one);
    const cookies = await two.context().cookies();
    await press(two, two.locator("summary", { hasText: "Dora Meier" }));
    await press(two, two.getByRole("button", { name: "Sign out" }));
    await sawSignIn(two);
    assert.equal(await two.getByText("Your session is over").count(), 0);
    const replay = await fetch(`${demo.url}/v1/session`, {
      headers: { Cookie: cookies.map((each) => `${each.name}=${each.value}`).join("; ") },
    });
    assert.equal(replay.status, 401);
    await one.context().close();
    await two.context().close();
  });

  scenario("by keyboard: a token is made, shown once, works, is found, and is revoked", async () => {
    const page = await openPage({ permissions: ["clipboard-read", "clipboard-write"] });
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await heading(page, "Tokens");
    await press(page, page.getByRole("button", { name: "New token" }));
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("option", { name: /Ben/ }).waitFor({ state: "attached" });
    await tabTo(page, dialog.getByLabel("Stands for"));
    await page.keyboard.type("Ben");
    await write(page, dialog.getByLabel("Note"), "from a test");
    await check(page, "the dialog of a new token");
    await press(page, dialog.getByRole("button", { name: "Create" }));
    const secret = await dialog.locator("pre").textContent();
    assert.match(secret, /^mct_[\w-]{43}$/);
    const found = await (await self(demo, secret)).json();
    assert.deepEqual([found.principal, found.scopes], ["ben", "query"]);
    await press(page, dialog.getByRole("button", { name: "Copy" }));
    await dialog.getByRole("button", { name: "Copied" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    await press(page, dialog.getByRole("button", { name: "Done" }));
    await page.getByRole("heading", { level: 1 }).focus();
    await page.keyboard.press("/");
    await page.keyboard.type("FROM A TEST");
    await page.getByText(/^1 of \d+ of alpha/).waitFor();
    const row = page.getByRole("row", { name: /from a test/ });
    await press(page, row.getByRole("button"));
    assert.equal((await page.content()).includes(secret), false);
    await press(page, page.getByRole("dialog").getByRole("button", { name: "Revoke token" }));
    await row.getByText("revoked").waitFor();
    assert.equal((await self(demo, secret)).status, 401);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  scenario("by keyboard: the console completes, runs as the person, and says what is wrong", async () => {
    const page = await openPage({ permissions: ["clipboard-read", "clipboard-write"] });
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.goto(`${demo.url}/datasets/person`);
    await heading(page, "Dataset person");
    await page.getByRole("rowheader", { name: "fullName" }).waitFor();
    assert.match(await page.locator(".facts dd").nth(1).textContent(), /^[\d,]+$/);
    await press(page, page.getByRole("link", { name: "Open in the console" }));
    await heading(page, "GraphQL console");
    const query = page.getByLabel("Query");
    await press(page, query, "Control+Enter");
    await page.getByText(/Status 200 in/).waitFor();
    await page.getByText(/request req_\w{26}/).waitFor();
    const json = page.getByRole("region", { name: "JSON" });
    assert.equal(JSON.parse(await json.textContent()).data.persons.nodes.length, 5);
    await check(page, "a result");
    await press(page, page.getByRole("button", { name: "Copy" }));
    await page.getByRole("button", { name: "Copied" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await json.textContent());
    await write(page, query, "{ persons(first: 1) { nodes { fullN");
    await page.keyboard.press("Control+Space");
    await page.getByRole("option", { name: "fullName String" }).waitFor();
    await check(page, "completions");
    await page.keyboard.press("Enter");
    await page.keyboard.type(" } } }");
    assert.equal(await query.inputValue(), "{ persons(first: 1) { nodes { fullName } } }");
    await page.keyboard.press("Control+Enter");
    await page.getByText("\"fullName\"").waitFor();
    await write(page, query, "{\n  persons { nope } }");
    await page.keyboard.press("Control+Enter");
    await page.getByText("GRAPHQL_VALIDATION_FAILED").first().waitFor();
    await check(page, "errors");
    await press(page, page.getByRole("button", { name: "line 2, column 13" }));
    assert.equal(await query.evaluate((area) => area === document.activeElement && area.selectionStart), 14);
    await write(page, page.getByLabel("Variables (JSON)"), "{");
    await page.getByRole("heading", { level: 1 }).focus();
    await page.keyboard.press("/");
    await page.keyboard.press("Control+Enter");
    await page.getByText(/Variables are no JSON/).waitFor();
    await write(page, page.getByLabel("Variables (JSON)"), "{\"n\": 2}");
    await page.getByRole("heading", { level: 1 }).focus();
    await write(page, query, "query Q($n: Int) { persons(first: $n) { nodes { id } } } # mct_secret");
    await page.keyboard.press("Control+Enter");
    await page.waitForFunction(() => JSON.parse(document.querySelector(".result").textContent).data?.persons.nodes.length === 2);
    const kept = JSON.parse(await page.evaluate(() => sessionStorage.getItem("mc.queries")));
    assert.equal(kept.length, 3);
    assert.equal(kept.some((one) => one.includes("mct_")), false, "what may hold a secret is kept");
    await press(page, page.getByLabel("Earlier queries"), "ArrowDown");
    assert.equal(await query.inputValue(), kept[0]);
    assert.deepEqual(page.complaints.filter((text) => !text.includes("400")), []);
    await page.context().close();
  });

  scenario("the console of somebody who may not look at the schema still runs", async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("system", "sam"));
    await page.goto(`${demo.url}/console`);
    await page.getByText("You may not look at the schema").waitFor();
    await page.getByLabel("Query").fill("{ __typename }");
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText("\"Query\"").waitFor();
    await page.context().close();
  });

  scenario("preferences hold in this browser: theme, times, shortcuts", async () => {
    const page = await openPage({ timezoneId: "Asia/Tokyo" });
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await heading(page, "Preferences");
    await tabTo(page, page.getByLabel("As the system"));
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await page.goto(`${demo.url}/settings/sessions`);
    await heading(page, "Your sessions");
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.getByRole("table").waitFor();
    assert.equal(await page.getByRole("table").getByText("UTC").count(), 0);
    await page.getByRole("heading", { level: 1 }).focus();
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    assert.equal(new URL(page.url()).pathname, "/settings/sessions");
    await page.context().close();
  });

  scenario("by keyboard: an endpoint is made, tested, given a new secret, replayed and deleted", async () => {
    const receiver = await Receiver.start();
    const page = await openPage();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    await heading(page, "Notifications");
    await press(page, page.getByRole("button", { name: "New endpoint" }));
    const dialog = page.getByRole("dialog");
    await write(page, dialog.getByLabel("Address"), "ftp://wrong");
    await page.keyboard.press("Enter");
    await dialog.getByText(/target must be https/).waitFor();
    await check(page, "the dialog of a new endpoint, with an error");
    await write(page, dialog.getByLabel("Address"), `${receiver.url}/portal`);
    await press(page, dialog.getByLabel("CloudEvents"), "ArrowRight");
    assert.equal(await dialog.getByLabel("Events", { exact: true }).inputValue(), "mc.access.*");
    await press(page, dialog.getByLabel("Webhook"), "ArrowRight");
    await dialog.getByRole("group", { name: "Form" }).waitFor({ state: "detached" });
    assert.equal(await dialog.getByLabel("Events", { exact: true }).inputValue(), "*");
    await page.keyboard.press("ArrowLeft");
    await press(page, dialog.getByLabel("CloudEvents"), "ArrowRight");
    await write(page, dialog.getByLabel("Events", { exact: true }), "mc.token.*");
    await page.keyboard.press("Enter");
    await dialog.getByText(/in form ocsf they are mc\.access/).waitFor();
    await write(page, dialog.getByLabel("Events", { exact: true }), "mc.access.*");
    await write(page, dialog.getByLabel("Note"), "from the portal");
    await page.keyboard.press("Enter");
    await dialog.getByText("The secret, shown this once").waitFor();
    assert.match(await dialog.locator("pre").first().textContent(), /^whsec_/);
    await check(page, "the dialog of a secret");
    await press(page, dialog.getByRole("button", { name: "Done" }));
    const row = page.getByRole("row", { name: /from the portal/ });
    await row.getByRole("cell", { name: "OCSF", exact: true }).waitFor();
    await press(page, row.getByRole("button", { name: /^Test/ }));
    await page.getByText(/is on its way/).waitFor();
    await eventually("the test at its receiver", () => receiver.at("/portal").length > 0, 60_000);
    await eventually("its answer is kept", async () =>
      (await demo.api("GET", "/v1/tenants/alpha/deliveries?state=delivered")).items.some(({ type }) => type === "mc.test"), 60_000);
    await page.reload();
    const delivery = page.getByRole("row", { name: /mc\.test/ }).first();
    await delivery.getByText("✓ delivered").waitFor();
    await check(page, "endpoints and deliveries");
    await press(page, delivery.getByRole("button", { name: /^Log/ }));
    await dialog.getByText(/: 204 in/).waitFor();
    await check(page, "the log of a delivery");
    await press(page, dialog.getByRole("button", { name: "Done" }));
    await press(page, row.getByRole("button", { name: /^New secret/ }));
    await page.getByText("The former one signs too for 24 hours.").waitFor();
    await press(page, dialog.getByRole("button", { name: "Done" }));
    await press(page, row.getByRole("button", { name: /^Replay/ }));
    await check(page, "the dialog of a replay");
    await press(page, dialog.getByRole("button", { name: "Send again" }));
    await page.getByText(/deliveries are due/).waitFor();
    await press(page, dialog.getByRole("button", { name: "Done" }));
    await press(page, row.getByRole("button", { name: /^Disable/ }));
    await row.getByText("✕ disabled").waitFor();
    await press(page, row.getByRole("button", { name: /^Delete/ }));
    await check(page, "the question before an endpoint is deleted");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await press(page, row.getByRole("button", { name: /^Delete/ }));
    await press(page, dialog.getByRole("button", { name: "Delete endpoint" }));
    await row.waitFor({ state: "detached" });
    await page.getByText(/is deleted; the log stays/).waitFor();
    assert.deepEqual(page.complaints.filter((text) => !text.includes("400")), []);
    await receiver.stop();
    await page.context().close();
  });

  scenario("an alert that fires is what needs you on the overview", async () => {
    const { token } = await demo.api("POST", "/v1/tenants/system/tokens",
      { principal: "otto", scopes: "alerts:write" });
    const tell = (status) => fetch(`${demo.url}/v1/alerts`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ version: "4", alerts: [{
        status, fingerprint: "portal", labels: { alertname: "DiskFull", severity: "page" },
        annotations: { summary: "<b>disk</b> of db1 is full" }, startsAt: "2026-11-27T10:00:00Z", endsAt: "2026-11-27T11:00:00Z",
      }] }),
    });
    assert.equal((await tell("firing")).status, 200);
    const page = await openPage();
    await signIn(page, await demo.freshLink("system", "otto"));
    await page.getByText("<b>disk</b> of db1 is full").waitFor();
    assert.equal((await tell("resolved")).status, 200);
    await page.reload();
    await heading(page, "Overview");
    await page.getByRole("heading", { name: "What needs you" }).waitFor();
    await page.getByText("DiskFull").waitFor({ state: "detached" });
    await page.context().close();
  });
}
