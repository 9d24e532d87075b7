// The page Residency: where data lie, proofs that verify, and what was tried against it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { eventually, runToEnd } from "../lib/children.mjs";
import { post, send } from "../lib/http.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";
import { check, heading, openPage, press, scenario, signIn, tabTo } from "./browser.mjs";
import { API, PROOF } from "./fixed.mjs";
import { WIDTHS, checkLooks, looksMs } from "./states.mjs";

const SLOW_MS = 60_000;
const COLUMNS = "columns: [{name: id, type: id}, {name: name, type: string}]";
const dataset = (name, source) => `  - {name: ${name}, source: ${source}, table: person, key: id, tenant: tenant_id,
     licence: Open-Data-OK, ${COLUMNS}}`;
const PEOPLE = [["ada", "tenant-admin", "query,mutate,introspect,admin:read,admin:write"], ["ben", "analyst", "query,introspect"],
  ["dora", "dpo", "query,admin:read"], ["aron", "auditor", "query,admin:read"]];

// A server in eu: the people of alpha lie there, and a replica of them in us.
class Regional {
  static async start() {
    const out = new Regional();
    const site = (out.site = new Site("portal-residency"));
    const [eu, us] = ["eu", "us"].map((region) => `sqlite:${site.path(`${region}.db`)}`);
    const model = (sources, datasets) => `sources:\n${sources.join("\n")}\ndatasets:\n${datasets.join("\n")}\n`;
    const rows = site.write("person.jsonl", '{"id":"p1","name":"Zo\u00eb"}\n');
    for (const url of [eu, us]) {
      const file = site.write("one.yaml", model([`  - {name: main, url: "${url}"}`], [dataset("person", "main")]));
      site.configure(`datasets_file: ${file}\n`);
      site.json("dataset", "import", rows, "--dataset", "person", "--tenant", "alpha", "--create");
    }
    const file = site.write("datasets.yaml", model(
      [`  - {name: main, url: "${eu}", region: eu}`, `  - {name: abroad, url: "${us}", region: us}`],
      [dataset("person", "main"), dataset("replica", "abroad")]));
    site.configure(`datasets_file: ${file}\nserver: {port: 0}\npolicy: {region: eu}\n`);
    site.must("tenant", "create", "alpha", "--region", "eu");
    site.must("tenant", "create", "system");
    site.addPrincipal("system", "otto", "operator");
    out.tokens = { otto: site.addToken("system", "otto", "query,mutate,introspect,metrics,admin:read,admin:write").token };
    for (const [id, roles, scopes] of PEOPLE) {
      site.addPrincipal("alpha", id, roles);
      out.tokens[id] = site.addToken("alpha", id, scopes).token;
    }
    out.server = await site.serve();
    out.url = out.server.url;
    // Each page loads what there is once.
    await eventually("the first proof", async () => (await out.ask("GET", "/v1/residency", "ada")).items.length > 0, SLOW_MS);
    return out;
  }

  async ask(method, path, who, body) {
    const headers = { Authorization: `Bearer ${this.tokens[who]}`, "Content-Type": "application/json" };
    const { status, json, text } = await send(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(status < 300, `${method} ${path}: ${text}`);
    return json;
  }

  async signedIn(tenant, id, options = {}) {
    const by = tenant === "system" ? "otto" : "ada";
    const { path } = await this.ask("POST", `/v1/tenants/${tenant}/principals/${id}/links`, by);
    const page = await openPage(options);
    await signIn(page, this.url + path);
    return page;
  }

  // A request for what lies elsewhere, which stands in the log somewhat later.
  async cross(who) {
    const { json } = await post(`${this.url}/graphql`, this.tokens[who], { query: "{ replicas(first: 1) { nodes { id } } }" });
    assert.match(json.errors[0].message, /cross-region/);
    await eventually(`the attempt of ${who} in the log`, async () =>
      (await this.ask("GET", "/v1/residency/alpha/attempts", "ada")).items.some(({ actor }) => actor === `${who}@alpha`), SLOW_MS);
  }

  files() {
    const root = this.site.write("root.json", this.site.runWith({ env: this.env() }, "ledger", "trusted-root").out);
    const { out } = this.site.runWith({ env: this.env() }, "--json", "ledger", "status");
    return { root, signer: this.site.write("signer.pem", JSON.parse(out).signer) };
  }

  env() {
    return { MC_URL: this.url, MC_TOKEN: this.tokens.ada };
  }
}

const proofs = (page) => page.getByRole("region", { name: "Table of proofs" });
const attempts = (page) => page.getByRole("region", { name: "Table of attempts" });
const places = (page) => page.getByRole("region", { name: "Table of places" });

async function visit(page, url, title = "Residency") {
  await page.goto(url);
  await heading(page, title);
}

async function download(page, link) {
  await page.getByRole("heading", { level: 1 }).focus();
  const [got] = await Promise.all([page.waitForEvent("download"), press(page, link)]);
  return { name: got.suggestedFilename(), path: await got.path() };
}

// Each look of the page, and what it shows of it.
const [PROOFS, PLACES, ATTEMPTS] = ["", "/alpha", "/alpha/attempts"].map((path) => API[`/v1/residency${path}`]);
const [NEWEST] = PROOFS.items;
const first = (more) => ({ ...PROOFS, items: [{ ...NEWEST, ...more }, ...PROOFS.items.slice(1)] });
const LONG = "\u05D0 <img src=x onerror=alert(1)> ".repeat(8);
const LOOKS = [
  ["as it is", {}, "The newest proof says that all data were in place"],
  ["not proven", { "": first({ ok: false, probes_ok: 0 }) }, "The newest proof does not say that the data were in place"],
  ["old", { "": first({ at: "2026-01-01T00:00:00.000Z" }) }, "The newest proof is old"],
  ["a server that does not say where it stands", { "/alpha": { ...PLACES, node: { name: "n", region: "" } } },
    "where it stands is not stated (policy.region)"],
  ["a tenant that is bound to none", { "/alpha": { ...PLACES, region: "local", permitted: [] } }, "local: it is bound to none"],
  ["places that are not stated",
    { "/alpha": { ...PLACES, unstated: "deny", places: PLACES.places.map((one) => ({ ...one, region: "" })), absent: ["visit"] } },
    "No place for its data have: visit."],
  ["no proofs are made", { "/alpha": { ...PLACES, proven: false }, "": { items: [], next_cursor: null } }, "There is no proof yet"],
  ["an erased attempt", { "/alpha/attempts": { ...ATTEMPTS, items: ATTEMPTS.items.map((one) => ({ ...one, erased: true, code: null,
    action: null, dataset: null, source: null, src: null, dst: null, count: null })) } }, "✕ erased"],
  ["odd names", { "/alpha/attempts": { ...ATTEMPTS, items: [{ ...ATTEMPTS.items[0], actor: LONG, dataset: LONG }] } }, "<img src=x"],
];

async function looks(demo, page) {
  for (const widths of WIDTHS) {
    await page.setViewportSize({ width: widths[0], height: 900 });
    for (const [name, changed, shown] of LOOKS) {
      await page.route(/\/v1\/residency/, (route) => {
        const path = new URL(route.request().url()).pathname.replace("/v1/residency", "");
        const json = changed[path] ?? API[`/v1/residency${path}`];
        return route.fulfill({ json: json ?? PROOF.document });
      });
      await visit(page, `${demo.url}/residency`);
      await page.getByText(shown).first().waitFor();
      await checkLooks(page, widths, name);
      if (name === "as it is") {
        await page.getByRole("button", { name: /^27 Nov 2026, 10:00 to 11:00/ }).press("Enter");
        await page.getByRole("region", { name: "Attempts and finds of that time" }).getByText("ben@alpha").waitFor();
        await checkLooks(page, widths, "an opened proof");
      }
      await page.unroute(/\/v1\/residency/);
    }
  }
}

export function addResidencyScenarios(demo) {
  scenario("by keyboard: an attempt made by a request is on the page, leads to its record, and is in the access log",
    async () => {
      const world = await Regional.start();
      try {
        const page = await world.signedIn("alpha", "ada");
        await page.keyboard.press("g");
        await page.keyboard.press("r");
        await heading(page, "Residency");
        await page.getByRole("heading", { name: "✓ Nothing was tried" }).waitFor();
        const place = places(page).getByRole("row", { name: /^main eu/ });
        await place.getByText("✓ permitted").waitFor();
        await places(page).getByRole("row", { name: /^abroad us/ }).getByText("✕ refused: it is outside").waitFor();
        await check(page, "residency without an attempt");

        await world.cross("ben");
        await world.cross("ada");
        await page.reload();
        const row = attempts(page).getByRole("row", { name: /ben@alpha/ });
        for (const text of ["replica", "read", "eu → us", "cross-region", "✕ denied"]) await row.getByText(text, { exact: true }).waitFor();
        // By who tried: one of the two.
        await page.keyboard.press("/");
        await tabTo(page, page.getByLabel("Who tried"));
        await page.keyboard.type("ben*");
        await page.keyboard.press("Enter");
        await page.waitForURL(/actor=ben\*/);
        await page.getByText("Attempts on data of alpha, newest first: 1 record").waitFor();
        await check(page, "attempts of one person");
        const link = row.getByRole("link", { name: /^Record \d+$/ });
        const record = Number((await link.textContent()).replace("Record ", ""));
        await press(page, link);
        await heading(page, "Access");
        await page.waitForURL(new RegExp(`record=${record}`));
        const opened = page.locator(".opened");
        for (const [name, value] of [["Source", "abroad"], ["Dataset", "replica"], ["Region of the server", "eu"],
          ["Region of the data", "us"], ["Reason", "cross-region"]]) {
          const shown = await opened.locator(`dt:text-is("${name}") + dd`).textContent();
          assert.equal(shown, value, name);
        }
        const denied = page.getByRole("row", { name: new RegExp(`^Record ${record} `) });
        await denied.getByText("✕ denied").waitFor();
        await denied.getByText("cross-region", { exact: true }).waitFor();

        // The access log by the types of residency: the proofs, in words.
        await visit(page, `${world.url}/access`, "Access");
        await page.getByLabel("Type").selectOption("residency");
        await page.getByRole("button", { name: "Show", exact: true }).click();
        await page.waitForURL(/type=residency/);
        const kept = page.getByRole("row", { name: /residency probe/ }).first();
        await kept.getByText("✓ held").waitFor();
        await kept.getByRole("button").press("Enter");
        await page.locator('.opened dt:text-is("All in place") + dd').getByText("✓ yes").waitFor();
        await check(page, "a proof in the access log");
        await page.locator('.opened dt:text-is("Proof of") + dd').getByRole("link").press("Enter");
        await heading(page, "Residency");
        await page.waitForURL(/period=/);
        await page.getByRole("button", { expanded: true }).waitFor();
        assert.deepEqual(page.complaints, []);
        await page.context().close();
      } finally {
        await world.server.stop();
      }
    });

  scenario("by keyboard: a proof is made, opened, downloaded, and verifies on the command line and in the browser",
    async () => {
      const world = await Regional.start();
      try {
        const page = await world.signedIn("alpha", "ada", { permissions: ["clipboard-read", "clipboard-write"] });
        await visit(page, `${world.url}/residency`);
        await proofs(page).getByRole("rowheader").first().waitFor();
        // There is none twice in a second.
        await eventually("a proof that was asked for", async () => {
          await press(page, page.getByRole("button", { name: "Prove it now" }));
          const made = page.getByRole("status").filter({ hasText: /^✓ held: the proof of .* is made$/ });
          await made.or(page.getByRole("alert")).first().waitFor();
          return (await made.count()) === 1;
        }, SLOW_MS);
        await page.waitForFunction(() => document.querySelectorAll('[aria-label="Table of proofs"] tbody > tr').length >= 2);
        const row = proofs(page).getByRole("row").nth(1);
        await row.getByText("✓ held").waitFor();
        await press(page, row.getByRole("button"));
        const opened = page.locator(".opened");
        const probes = opened.getByRole("region", { name: "A row was written to each source, and read back" });
        await probes.getByRole("row", { name: /^main eu/ }).getByText(/^✓ ok/).first().waitFor();
        await probes.getByRole("row", { name: /^abroad us/ }).getByText("✕ not permitted, nothing was sent").first().waitFor();
        await check(page, "an opened proof");
        const bundle = await download(page, opened.getByRole("link", { name: /^Bundle/ }));
        const document = await download(page, opened.getByRole("link", { name: /^Document/ }));
        await press(page, opened.getByRole("button", { name: "Copy the command" }));
        await opened.getByRole("button", { name: "✓ Copied the command" }).waitFor();
        const words = (await page.evaluate(() => navigator.clipboard.readText())).split(" ");
        assert.deepEqual(words, ["maestro", "verify", bundle.name, "--trust", "trusted_root.json", "--key", "signer.pem",
          "--artifact", document.name]);
        const { root, signer } = world.files();
        const verify = (artifact) =>
          runToEnd(MAESTRO, ["verify", bundle.path, "--trust", root, "--key", signer, "--artifact", artifact]);
        const good = verify(document.path);
        assert.equal(good.status, 0, good.out + good.err);
        const changed = world.site.write("changed.json", readFileSync(document.path, "utf8").replace('"ok":true', '"ok":false'));
        assert.equal(verify(changed).status, 5);

        await press(page, opened.getByRole("link", { name: "Verify in this browser" }));
        await heading(page, "Verify");
        await page.getByText("A policy, a signer's key, a trusted root, an artifact").click();
        await page.getByLabel("Trusted root").fill(readFileSync(root, "utf8"));
        await page.getByLabel("Public key of the signer").fill(readFileSync(signer, "utf8"));
        await page.getByLabel("Artifact").setInputFiles(document.path);
        await page.getByLabel("File to check").setInputFiles(bundle.path);
        await page.getByRole("heading", { name: /^✓ Verified: bundle/ }).waitFor();
        await page.getByLabel("Artifact").setInputFiles(changed);
        await page.getByRole("heading", { name: /^✕ Not verified: bundle/ }).waitFor();
        assert.deepEqual(page.complaints.filter((text) => !text.includes("409")), []);
        await page.context().close();
      } finally {
        await world.server.stop();
      }
    });

  scenario("who sees residency: the tenant's people their own, an operator all, and it is recorded; others are told",
    async () => {
      const world = await Regional.start();
      try {
        await world.cross("ben");
        for (const id of ["dora", "aron"]) {
          const page = await world.signedIn("alpha", id);
          await visit(page, `${world.url}/residency`);
          await attempts(page).getByRole("row", { name: /ben@alpha/ }).waitFor();
          await proofs(page).getByRole("rowheader").first().waitFor();
          assert.equal(await page.getByRole("button", { name: "Prove it now" }).count(), 0);
          await visit(page, `${world.url}/residency?tenant=bravo`);
          await page.getByRole("alert").getByText("no tenant 'bravo'").waitFor();
          assert.equal(await page.getByRole("alert").count(), 1, "one failure of three is told once");
          await page.context().close();
        }
        const page = await world.signedIn("system", "otto");
        await visit(page, `${world.url}/residency`);
        await page.getByText("Choose a tenant above").waitFor();
        await proofs(page).getByRole("link", { name: "alpha" }).first().waitFor();
        assert.equal(await page.getByRole("heading", { name: "Attempts" }).count(), 0);
        await check(page, "residency of all tenants");
        const all = page.url();
        await proofs(page).getByRole("button").first().press("Enter");
        await page.locator(".opened").getByRole("link", { name: "Link to this proof" }).press("Enter");
        await page.waitForURL(/tenant=alpha.*period=|period=.*tenant=alpha/);
        await page.getByText("That proof, and those before it.").waitFor();
        await page.locator(".opened").waitFor();
        await page.goto(all);
        await proofs(page).getByRole("link", { name: "alpha" }).first().press("Enter");
        await page.waitForURL(/tenant=alpha/);
        await attempts(page).getByRole("row", { name: /ben@alpha/ }).waitFor();
        await page.getByText("That you look at it is recorded.").waitFor();
        for (const path of ["", "/{tenant}", "/{tenant}/attempts"]) {
          await eventually(`GET /v1/residency${path} is recorded`, async () => {
            const { items } = await world.ask("GET", "/v1/tenants/alpha/records?type=access&actor=otto*", "ada");
            return items.some(({ action }) => action === `GET /v1/residency${path}`);
          });
        }
        assert.deepEqual(page.complaints, []);
        await page.context().close();
      } finally {
        await world.server.stop();
      }
    });

  scenario("what asks nothing of a silent server does not say that it has answered", async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("system", "otto"));
    await page.getByRole("rowheader", { name: "alpha" }).waitFor();
    let answer = (route) => route.abort("connectionrefused");
    await page.route(/\/v1\//, (route) => answer(route));
    const silent = page.getByText("The server does not answer. What you see may be old.");
    await silent.waitFor();
    answer = () => {}; // from now on nothing comes, good or bad
    for (const [key, title] of [["r", "Residency"], ["a", "Access"]]) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await heading(page, title);
      await page.getByRole("status", { name: "Loading" }).first().waitFor();
      assert.equal(await silent.count(), 1, title);
    }
    await page.context().close();
  });

  scenario("filters of residency are in the address, and what matches none says so", async () => {
    // The hour may not be over; there is none twice in a second.
    await eventually("a proof", () => demo.api("POST", "/v1/residency/alpha/probes", undefined, "Ada Lindqvist"), SLOW_MS);
    const page = await openPage();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await visit(page, `${demo.url}/residency?result=not-held&to=2026-01-01T00:00`);
    await page.getByRole("heading", { name: "Nothing matches" }).first().waitFor();
    assert.equal(await page.getByRole("form", { name: "Filters" }).getByLabel("Proofs").inputValue(), "not-held");
    await check(page, "no proof matches");
    await page.getByRole("button", { name: "Clear the filters" }).first().press("Enter");
    await page.waitForURL((url) => url.search === "");
    await proofs(page).getByRole("rowheader").first().waitFor();
    await page.waitForFunction(() => document.activeElement.tagName === "H1");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  scenario("every look of residency, light and dark, at 1440, 390 and 320 px", { limitMs: looksMs(LOOKS.length + 1) }, async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.clock.setFixedTime("2026-11-27T12:00:00.000Z");
    await looks(demo, page);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });
}
