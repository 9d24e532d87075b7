// The page Budgets: what is used and turned away, and a limit that is changed for a time, with its record and its end.
import assert from "node:assert/strict";
import http from "node:http";

import { eventually } from "../lib/children.mjs";
import { post, send } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { check, heading, openPage, press, scenario, signIn, tabTo } from "./browser.mjs";
import { ALL_USAGE, API, EXPLANATION, PREVIEW, TAPS } from "./fixed.mjs";
import { WIDTHS, checkLooks, looksMs } from "./states.mjs";

const SLOW_MS = 60_000;
const SCOPES = "query,mutate,introspect,admin:read,admin:write";
const PEOPLE = [
  ["carla", "cem", "tenant-admin"], ["dora", "dan", "tenant-admin"], ["system", "otto", "operator"], ["system", "mara", "operator"],
  ["system", "petra", "platform"], ["system", "sam", "oncall"],
];

// A server before an upstream, whose tenants may ask twice a second.
class Shop {
  static async start() {
    const shop = new Shop();
    shop.upstream = http.createServer((request, response) => {
      request.resume().on("end", () => {
        response.setHeader("Content-Type", "application/json");
        response.end('{"data":{"hello":"there"}}');
      });
    });
    await new Promise((resolve) => shop.upstream.listen(0, "127.0.0.1", resolve));
    const upstream = `http://127.0.0.1:${shop.upstream.address().port}/graphql`;
    const site = (shop.site = new Site("portal-budgets"));
    site.configure(`server: {port: 0}
gateway: {routes: [{path: /graphql, kind: upstream, url: "${upstream}"}, {path: /shop, kind: upstream, url: "${upstream}"}]}
ledger: {origin: ledger.example, checkpoint_every: 100ms}
budgets: {starter: {gql_qps: 2}}
`);
    for (const tenant of ["carla", "dora", "system"]) site.must("tenant", "create", tenant);
    shop.tokens = {};
    for (const [tenant, id, roles] of PEOPLE) {
      site.addPrincipal(tenant, id, roles);
      const scopes = roles === "platform" || roles === "oncall" ? "query,admin:read,metrics" : `${tenant === "system" ? "metrics," : ""}${SCOPES}`;
      shop.tokens[id] = site.addToken(tenant, id, scopes).token;
    }
    shop.server = await site.serve();
    shop.url = shop.server.url;
    return shop;
  }

  async stop() {
    await this.server.stop();
    await new Promise((resolve) => this.upstream.close(resolve));
  }

  async ask(method, path, who, body) {
    const headers = { Authorization: `Bearer ${this.tokens[who]}`, "Content-Type": "application/json" };
    const { status, json, text } = await send(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(status < 300, `${method} ${path}: ${text}`);
    return json;
  }

  query(who, path = "/graphql") {
    return post(this.url + path, this.tokens[who], { query: "{ hello }" });
  }

  // What the tenant is told that it may.
  async quota(who) {
    const { headers } = await this.query(who);
    return Number(/q=(\d+)/.exec(headers["ratelimit-policy"])[1]);
  }

  // More than the budget lets in, so that there is something to see; gives the id of one that was refused.
  async burst(who) {
    const replies = await Promise.all(Array.from({ length: 12 }, () => this.query(who)));
    const refused = replies.find(({ status }) => status === 429);
    assert.ok(refused);
    return refused.headers["x-request-id"];
  }

  async signedIn(id) {
    const [tenant] = PEOPLE.find(([, each]) => each === id);
    const { path } = await this.ask("POST", `/v1/tenants/${tenant}/principals/${id}/links`, tenant === "system" ? "otto" : id);
    const page = await openPage();
    await signIn(page, this.url + path);
    return page;
  }

  overrides(state, tenant = "carla") {
    return this.ask("GET", `/v1/tenants/${tenant}/budgets/overrides`, "otto").then(({ items }) => items.filter((one) => one.state === state));
  }
}

const region = (page, name) => page.getByRole("region", { name, exact: true });
const ALL = "Budgets of all tenants, what burns most first";

async function inShop(run) {
  const shop = await Shop.start();
  try {
    await run(shop);
  } finally {
    await shop.stop();
  }
}

// By keyboard: what is typed counts as no click.
async function fillAndApply(page, note) {
  const dialog = page.getByRole("dialog");
  await press(page, dialog.getByLabel("Why, for the record"), "Control+a");
  await page.keyboard.type(note);
  await press(page, dialog.getByLabel("Ticket"), "Control+a");
  await page.keyboard.type("TKT-7");
}

async function changed(shop) {
  await shop.burst("cem");
  const page = await shop.signedIn("otto");
  let clicks = 0;
  const click = async (locator) => {
    clicks += 1;
    await locator.click();
  };
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await heading(page, "Budgets");
  await page.getByRole("grid", { name: "Tenants and routes" }).getByRole("button", { name: /^carla on \/graphql: .* turned away/ }).waitFor();
  await check(page, "budgets of all tenants");
  assert.equal(await shop.quota("cem"), 2);

  await click(region(page, ALL).getByRole("button", { name: "Change Requests of carla" }));
  const dialog = page.getByRole("dialog", { name: "Change Requests of carla" });
  await dialog.getByText("2/s → 4/s").waitFor();
  await dialog.getByText("Let in instead").waitFor();
  assert.equal(await dialog.getByLabel("Factor").inputValue(), "2");
  assert.equal(await dialog.getByLabel("How long, from now").inputValue(), "1h");
  await check(page, "the dialog of a change");
  assert.deepEqual(await shop.overrides("active"), [], "a preview changes nothing");
  await click(dialog.getByLabel("Incident"));
  await fillAndApply(page, "the shop is slow");
  await click(dialog.getByRole("button", { name: "Apply" }));
  await page.getByRole("status").getByText(/✓ Requests of carla: 2\/s → 4\/s, until/).waitFor();
  assert.equal(clicks, 3);
  await dialog.waitFor({ state: "detached" });

  // Its effect, and its record.
  assert.equal(await shop.quota("cem"), 4);
  const [made] = await shop.overrides("active");
  const row = region(page, "Overrides, open ones first").getByRole("row", { name: /^carla: Requests/ });
  for (const text of ["✓ active", "otto@system", "TKT-7"]) await row.getByText(text, { exact: true }).waitFor();
  await row.getByText(/59 min left/).waitFor();
  await check(page, "an override in force");
  const link = page.getByRole("status").getByRole("link", { name: `Record ${made.record} of carla` });
  await press(page, link);
  await heading(page, "Access");
  await page.waitForURL(new RegExp(`tenant=carla.*record=${made.record}|record=${made.record}.*tenant=carla`));
  const opened = page.locator(".opened");
  for (const [name, value] of [["Override", made.id], ["Limit before", "2"], ["Limit after", "4"], ["Ticket", "TKT-7"]]) {
    assert.equal(await opened.locator(`dt:text-is("${name}") + dd`).textContent(), value, name);
  }
  assert.deepEqual(page.complaints, []);
  await page.context().close();
  // The tenant's contract opens all of it, the preview too.
  const { items } = await shop.ask("GET", "/v1/tenants/carla/records?reason=no-warrant", "cem");
  const unwarranted = items.map(({ action }) => action).filter((action) => action.includes("/budgets/"));
  assert.deepEqual(unwarranted, []);
}

async function decided(shop) {
  const wanted = { dimension: "requests", factor: "10", lifetime: "1h", reason: "incident", note: "a sale", ticket: "TKT-8" };
  const [otto, mara] = [await shop.signedIn("otto"), await shop.signedIn("mara")];
  await otto.goto(`${shop.url}/budgets?tenant=carla`);
  const table = region(otto, "Budgets of carla");
  await press(otto, table.getByRole("button", { name: "Change Requests of carla" }));
  const dialog = otto.getByRole("dialog");
  await press(otto, dialog.getByLabel("Factor"), "Control+a");
  await otto.keyboard.type("10");
  await dialog.getByText("2/s → 20/s").waitFor();
  await dialog.getByText("until somebody else of the operator's approves it").waitFor();
  await tabTo(otto, dialog.getByLabel("Incident"));
  await otto.keyboard.press("Space");
  await fillAndApply(otto, wanted.note);
  await press(otto, dialog.getByRole("button", { name: "Apply" }));
  await otto.getByRole("status").getByText(/^▲ Requests of carla: it waits/).waitFor();
  const own = region(otto, "Overrides, open ones first");
  await own.getByText("somebody else approves it").waitFor();
  assert.equal(await own.getByRole("button", { name: /^Approve/ }).count(), 0);
  assert.equal(await shop.quota("cem"), 2);
  await check(otto, "an override that waits");

  // The other sees what it would do, and approves it.
  await mara.goto(`${shop.url}/budgets`);
  await press(mara, mara.getByRole("button", { name: /^Show those of all \d+ tenants$/ }));
  await press(mara, region(mara, "Overrides, open ones first").getByRole("button", { name: "Approve Requests of carla" }));
  const approval = mara.getByRole("dialog", { name: "Approve the override of carla?" });
  await approval.getByText("2/s → 20/s").nth(1).waitFor();
  await check(mara, "the dialog of an approval");
  await press(mara, approval.getByRole("button", { name: "Approve" }));
  await mara.getByRole("status").getByText(/✓ Requests of carla: 2\/s → 20\/s/).waitFor();
  assert.equal(await shop.quota("cem"), 20);

  // Revoked in two; who thinks better of it leaves it.
  const revoke = region(mara, "Overrides, open ones first").getByRole("button", { name: "Revoke Requests of carla" });
  await press(mara, revoke);
  await mara.keyboard.press("Escape");
  await mara.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal((await shop.overrides("active")).length, 1);
  await press(mara, revoke);
  await press(mara, mara.getByRole("dialog").getByRole("button", { name: "Revoke" }));
  await mara.getByRole("status").getByText("✓ The override of Requests of carla is revoked.").waitFor();
  assert.equal(await shop.quota("cem"), 2);

  // One that ends by itself.
  await shop.ask("POST", "/v1/tenants/carla/budgets/overrides", "otto", { ...wanted, factor: "3", lifetime: "2s" });
  await eventually("it has expired", async () => (await shop.overrides("expired")).length === 1, SLOW_MS);
  await otto.reload();
  await own.getByRole("row").getByText("expired", { exact: true }).waitFor();
  assert.equal(await shop.quota("cem"), 2);
  for (const page of [otto, mara]) {
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
}

async function ownAlone(shop) {
  await shop.burst("cem");
  await shop.burst("dan");
  const page = await shop.signedIn("cem");
  await page.goto(`${shop.url}/budgets`);
  await region(page, "Requests by tenant and route").getByRole("rowheader", { name: "carla" }).first().waitFor();
  const limit = region(page, "Budgets of carla").getByRole("row", { name: /^Requests / });
  await limit.getByText("2/s", { exact: true }).waitFor();
  assert.equal(await page.getByText("dora").count(), 0);
  assert.equal(await page.getByRole("heading", { name: "Taps" }).count(), 0);
  assert.equal(await page.getByRole("button", { name: /^(Change|Show those)/ }).count(), 0);
  assert.deepEqual(page.complaints, []);
  await page.goto(`${shop.url}/budgets?tenant=dora`);
  await page.getByRole("alert").getByText("no tenant 'dora'").waitFor();
  assert.equal(await page.getByRole("alert").count(), 1, "one failure of two is told once");
  await page.context().close();

  // Of the operator's, who may not change anything has no buttons for it.
  for (const [id, shown] of [["petra", ALL], ["sam", "How much is used"]]) {
    const other = await shop.signedIn(id);
    await other.goto(`${shop.url}/budgets`);
    await region(other, shown).waitFor();
    assert.equal(await other.getByRole("rowheader", { name: "dora" }).count() > 0, id === "petra", id);
    assert.equal(await other.getByRole("button", { name: /^Change / }).count(), 0);
    assert.deepEqual(other.complaints, []);
    await other.context().close();
  }
}

// By keyboard: what is asked for is explained, and what is not there says so.
async function explained(shop) {
  const [own, other] = [await shop.burst("cem"), await shop.burst("dan")];
  const page = await shop.signedIn("cem");
  const why = (of) => of.getByRole("region", { name: "Why was a request denied?", exact: true });
  const ask = async (of, id) => {
    await press(of, why(of).getByLabel("Id of the request"), "Control+a");
    if (id === "") await of.keyboard.press("Delete");
    else await of.keyboard.type(id);
    await of.keyboard.press("Enter");
  };
  await page.goto(`${shop.url}/budgets`);
  await why(page).getByText("The server has the last 15 minutes in memory.", { exact: true }).waitFor();
  await ask(page, "");
  await why(page).getByRole("alert").getByText("Say first which request.").waitFor();
  await ask(page, own);
  await why(page).getByRole("status").getByText(/^✕ Denied\. Limit: tenant-requests: 2, of which 0 were left for the 1 asked\.$/).waitFor();
  assert.equal(await why(page).getByRole("alert").count(), 0);
  const fact = (name) => why(page).locator(`dt:text-is("${name}") + dd`);
  assert.match(await fact("Who").textContent(), /^cem, plan starter, on \/graphql$/);
  assert.match(await fact("Would be let in").textContent(), /^[\d.]+ m?s later, .*, if nothing else came$/);
  await why(page).getByRole("table", { name: "Who of the tenant had it, the largest first" }).waitFor();
  await check(page, "a request that is explained");
  // Another tenant's is as one that never was.
  for (const id of [other, "req_none"]) {
    await ask(page, id);
    await why(page).getByRole("heading", { name: "No such request is in memory" }).waitFor();
    await why(page).getByText(`maestro budget explain ${id} --log admission/ --tenant carla`).waitFor();
    assert.equal(await fact("Who").count(), 0);
  }
  await check(page, "a request that is not there");
  assert.deepEqual(page.complaints.filter((text) => !text.includes("404")), []);
  await page.context().close();

  const otto = await shop.signedIn("otto");
  await otto.goto(`${shop.url}/budgets`);
  await why(otto).getByText("Choose a tenant above to ask for one of its requests.").waitFor();
  await otto.goto(`${shop.url}/budgets?tenant=dora`);
  await why(otto).getByText("That you look at it stands in the tenant's log.").waitFor();
  await ask(otto, other);
  await why(otto).getByRole("status").getByText(/^✕ Denied/).waitFor();
  const { items } = await shop.ask("GET", "/v1/tenants/dora/records?type=access", "dan");
  assert.ok(items.some(({ action, actor }) => action === "GET /v1/budgets/explain/{request}" && actor === "otto@system"));
  assert.deepEqual(otto.complaints, []);
  await otto.context().close();
}

async function tapped(shop) {
  const wanted = { tenant: "dora", action: "block", reason: "a loop in their client", lifetime: "10m" };
  const set = await shop.ask("POST", "/v1/taps", "otto", wanted);
  assert.equal((await shop.query("dan")).status, 503);
  assert.equal((await shop.query("cem")).status, 200);
  const page = await shop.signedIn("otto");
  await page.goto(`${shop.url}/budgets`);
  const row = region(page, "Emergency taps").getByRole("row", { name: /^block tenant dora/ });
  for (const text of ["tenant dora", "a loop in their client", "otto@system", "dora 1"]) await row.getByText(text, { exact: true }).waitFor();
  await row.getByText(/^9 min left$/).waitFor();
  await check(page, "a tap");
  await shop.ask("DELETE", `/v1/taps/${set.id}`, "otto");
  await page.getByText("✓ None is set.").waitFor(); // it renews itself
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

const problem = (status, code, detail) => ({
  status, contentType: "application/problem+json",
  body: JSON.stringify({ type: "about:blank", title: code, status, detail, code, request_id: `req_${"0".repeat(26)}` }),
});
const PAGE = API["/v1/tenants/alpha/budgets/overrides"];
const NOTHING = { items: [], next_cursor: null };

// The answers that the page lives by, as the operator has them; `changed` stands in their place.
async function answered(page, changed = {}) {
  const answers = {
    usage: { json: ALL_USAGE }, effective: { json: API["/v1/budgets/effective"] }, overrides: { json: PAGE }, preview: { json: PREVIEW },
    taps: { json: TAPS }, req_7: { json: EXPLANATION }, req_8: problem(503, "unavailable", "nothing is limited here"), ...changed,
  };
  await page.route(/\/v1\/(.*\/?budgets\/|taps)/, (route) => {
    const { pathname } = new URL(route.request().url());
    const name = pathname.split("/").at(-1);
    const other = pathname.endsWith("/overrides") && !pathname.includes("/alpha/");
    return route.fulfill(other ? { json: NOTHING } : answers[name]);
  });
}

const LONG = "\u05D0 <img src=x onerror=alert(1)> ".repeat(8);
const many = Array.from({ length: 60 }, (_, i) => ({ ...ALL_USAGE.rows[0], tenant: `tenant-${i}`, route: `/route-${i % 20}` }));
// Name, where, what is answered instead, what the page shows then.
const LOOKS = [
  ["all tenants", "", {}, "Show those of all"],
  ["one tenant", "?tenant=alpha", {}, "the plan says 200/s"],
  ["a chosen cell", "?of=alpha&route=%2Fshop", {}, "Requests of alpha on /shop"],
  ["no taps", "", { taps: { json: NOTHING } }, "✓ None is set."],
  ["more than there is room for", "", { usage: { json: { ...ALL_USAGE, rows: many, more: true } } }, "are not in the grid"],
  ["a tap that is not kept", "", { taps: { json: { ...TAPS, items: TAPS.items.map((one) => ({ ...one, stored: false, record: null })) } } },
    "a restart forgets it"],
  ["odd names", "?tenant=alpha", {
    usage: { json: { ...ALL_USAGE, rows: [{ ...ALL_USAGE.rows[0], route: LONG }] } },
    overrides: { json: { ...PAGE, items: PAGE.items.map((one) => ({ ...one, note: LONG, asked_by: LONG })) } },
  }, "<img src=x"],
  ["failed overrides", "?tenant=alpha", { overrides: problem(503, "unavailable", "the state database does not answer") },
    "the state database does not answer"],
];

async function looks(demo, page) {
  for (const widths of WIDTHS) {
    await page.setViewportSize({ width: widths[0], height: 900 });
    for (const [name, query, changes, shown] of LOOKS) {
      await answered(page, changes);
      await page.goto(`${demo.url}/budgets${query}`);
      await heading(page, "Budgets");
      await page.getByText(shown).first().waitFor();
      await checkLooks(page, widths, name);
      await page.unroute(/\/v1\/(.*\/?budgets\/|taps)/);
    }
    await answered(page);
    await page.goto(`${demo.url}/budgets?tenant=alpha`);
    for (const [id, told] of [["req_7", "✕ Denied, at step 2"], ["req_8", "nothing is limited here"]]) {
      await press(page, page.getByLabel("Id of the request"), "Control+a");
      await page.keyboard.type(id);
      await page.keyboard.press("Enter");
      await page.getByText(told).waitFor();
      await checkLooks(page, widths, `why ${id}`);
      await page.setViewportSize({ width: widths[0], height: 900 });
    }
    await page.unroute(/\/v1\/(.*\/?budgets\/|taps)/);
    await answered(page, { preview: { json: { ...PREVIEW, takes_two: true } } });
    await page.setViewportSize({ width: widths[0], height: 900 });
    await page.goto(`${demo.url}/budgets`);
    await press(page, page.getByRole("button", { name: "Change Requests of bravo" }));
    const dialog = page.getByRole("dialog");
    await dialog.getByText("cosmos: 3 more refused").waitFor();
    await checkLooks(page, widths, "the dialog");
    await press(page, dialog.getByLabel("Factor"), "Control+a");
    await page.keyboard.type("x");
    await dialog.getByText("Say first how much.").waitFor();
    await dialog.getByText(/^A factor is from/).waitFor();
    await checkLooks(page, widths, "a factor that is none");
    await page.unroute(/\/v1\/(.*\/?budgets\/|taps)/);
  }
}

async function keyboard(demo, page) {
  await answered(page);
  await page.goto(`${demo.url}/budgets`);
  const grid = page.getByRole("grid", { name: "Tenants and routes" });
  const cell = (name) => grid.getByRole("button", { name });
  await tabTo(page, cell(/^alpha on \/graphql: [\d,]+ requests, 0 % turned away/));
  await page.keyboard.press("ArrowRight");
  const shop = cell(/^alpha on \/shop: .* turned away, p95 of the wait 31 ms$/);
  assert.equal(await shop.evaluate((button) => button === document.activeElement), true);
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowDown");
  const nothing = cell("bravo on /stock: no requests");
  assert.equal(await nothing.evaluate((button) => button === document.activeElement), true);
  assert.equal(await nothing.textContent(), "—", "what is not known is no 0");
  await page.keyboard.press("Enter");
  await page.getByText("Requests of bravo on /stock, 10 s each", { exact: true }).waitFor();
  await page.keyboard.press("ArrowDown"); // there is nothing below
  assert.equal(await nothing.evaluate((button) => button === document.activeElement), true);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  await page.getByText("Requests of alpha on /shop, 10 s each", { exact: true }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("route"), "/shop");
  assert.equal(await shop.getAttribute("aria-pressed"), "true");
  await press(page, page.getByRole("button", { name: "Show all of them" }));
  await page.waitForFunction(() => document.activeElement?.tagName === "H1");
  await page.getByText("Requests, 10 s each", { exact: true }).waitFor();
  // One stop for Tab, however many cells there are.
  assert.equal(await grid.locator('button[tabindex="0"]').count(), 1);
  await tabTo(page, page.getByLabel("What the cells show"));
  await page.keyboard.press("ArrowDown");
  await cell(/^bravo on \/shop/).getByText("139", { exact: true }).waitFor();
  // The table: what is turned away most stands first, and a filter that matches nothing says so.
  await page.getByLabel("Order").selectOption("away");
  const table = region(page, "Requests by tenant and route");
  assert.match(await table.getByRole("row").nth(1).textContent(), /^alpha\/shop/);
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("/");
  await page.keyboard.type("zzz");
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  assert.deepEqual(page.complaints, []);
}

async function renewed(demo, page) {
  let round = 0;
  await page.clock.install();
  await page.route(/\/v1\/budgets\/usage/, (route) => {
    round += 1;
    const rows = ALL_USAGE.rows.map((row) => ({ ...row, rejected: row.rejected + 1000 * (round - 1) }));
    return route.fulfill({ json: { ...ALL_USAGE, rows } });
  });
  const looked = [];
  let renewed = 0;  // as the page asks, whenever it is answered
  page.on("request", (request) => {
    if (/effective|overrides/.test(request.url())) looked.push(request.url());
    if (/budgets\/usage/.test(request.url())) renewed += 1;
  });
  await page.goto(`${demo.url}/budgets?tenant=bravo`);
  const table = region(page, "Requests by tenant and route");
  await table.getByRole("row", { name: /^bravo/ }).first().waitFor();
  await page.getByText("That you look at its limits and overrides is recorded").waitFor();
  await page.clock.runFor(11_000);
  await table.getByText("1,000", { exact: true }).first().waitFor();
  await page.clock.runFor(60_000);
  await eventually("both were asked for", () => looked.length >= 2);
  assert.equal(new Set(looked).size, looked.length, `each look is recorded, so none is taken by itself: ${looked}`);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText(/^paused, updated/).waitFor();
  const before = renewed;
  await page.clock.runFor(60_000);
  assert.equal(renewed, before, "a paused page asks for nothing");
}

export function addBudgetScenarios(demo) {
  const operator = async (run) => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("system", "otto"));
    await run(page);
    await page.context().close();
  };
  scenario("Budgets: a limit is changed in three clicks, with its preview, its record and its effect", () => inShop(changed));
  scenario("Budgets: by keyboard, what takes two waits for the other; it is revoked, and one ends by itself", () => inShop(decided));
  scenario("Budgets: a tenant's people see their own alone, and who changes nothing has no buttons", () => inShop(ownAlone));
  scenario("Budgets: a request is explained by its id, by keyboard; what is not there says so", () => inShop(explained));
  scenario("Budgets: a tap that is set is there, with whom it holds up, and gone when it is lifted", () => inShop(tapped));
  scenario("Budgets: the keyboard walks through the grid, and filters the table", () => operator((page) => keyboard(demo, page)));
  scenario("Budgets: the usage renews itself, looks that are recorded do not", () => operator((page) => renewed(demo, page)));
  scenario("Budgets: every look, light and dark, at 1440, 390 and 320 px", { limitMs: looksMs(LOOKS.length + 5) },
    () => operator(async (page) => {
      await page.clock.setFixedTime("2026-11-27T12:00:00.000Z");
      await looks(demo, page);
      assert.deepEqual(page.complaints.filter((text) => !text.includes("503")), []);
    }));
}
