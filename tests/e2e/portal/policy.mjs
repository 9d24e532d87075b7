// The page Policy, a decision's page, what-if, and what the console says of masks.
import assert from "node:assert/strict";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { eventually } from "../lib/children.mjs";
import { send } from "../lib/http.mjs";
import { ROOT, Site } from "../lib/maestro.mjs";
import { deferred } from "../lib/scenario.mjs";
import { check, heading, openPage, press, scenario, signIn, write } from "./browser.mjs";
import { API, WHAT_IF } from "./fixed.mjs";
import { WIDTHS, checkLooks, looksMs } from "./states.mjs";

const OURS = join(ROOT, "policies/default");
const SLOW_MS = 60_000;
const SETTINGS = "mc/settings/data.json";
const FILES = readdirSync(OURS, { recursive: true }).filter((path) => /(?<!_test)\.(rego|json)$|^\.manifest$/.test(path));
const textOf = (path) => readFileSync(join(OURS, path), "utf8");
const problem = (status, code, detail) => ({
  status, contentType: "application/problem+json",
  body: JSON.stringify({ type: "about:blank", title: code, status, detail, code, request_id: `req_${"0".repeat(26)}` }),
});
const [PATH, DECIDED] = Object.entries(API).find(([path]) => path.startsWith("/v1/decisions/"));
const DECISION = PATH.replace("/v1/decisions/", "/policy/decisions/");

async function as(demo, tenant, id, options = {}) {
  const page = await openPage(options);
  await signIn(page, await demo.freshLink(tenant, id));
  return page;
}

async function visit(page, demo, path, title) {
  await page.goto(demo.url + path);
  await heading(page, title);
}

// What somebody drops on the page; a chooser of files cannot give them their folders.
async function drop(page, files) {
  const data = await page.evaluateHandle((list) => {
    const out = new DataTransfer();
    for (const [name, text] of list) {
      const file = new File([text], name);
      Object.defineProperty(file, "webkitRelativePath", { value: name });
      out.items.add(file);
    }
    return out;
  }, files);
  await page.dispatchEvent("h1", "drop", { dataTransfer: data });
}

// A server whose policies lie in a folder.
class Foldered {
  static async start() {
    const out = new Foldered();
    out.site = new Site("portal-policy");
    out.folder = out.site.path("policies");
    cpSync(OURS, out.folder, { recursive: true });
    out.site.configure(`server: {port: 0}\npolicy: {source: {location: "${out.folder}", poll: 3600s}}\n`);
    out.site.must("tenant", "create", "system");
    out.site.addPrincipal("system", "otto", "operator");
    out.operator = out.site.addToken("system", "otto", "query,mutate,introspect,metrics,admin:read,admin:write").token;
    out.server = await out.site.serve();
    out.url = out.server.url;
    return out;
  }
  put(path, text) {
    writeFileSync(join(this.folder, path), text);
  }
  async link() {
    const headers = { Authorization: `Bearer ${this.operator}` };
    const { json, text } = await send(`${this.url}/v1/tenants/system/principals/otto/links`, { method: "POST", headers });
    assert.ok(json.path, text);
    return this.url + json.path;
  }
}

const manifest = (revision) => JSON.stringify({ ...JSON.parse(textOf(".manifest")), revision });

// What a decision says, changed into each of its looks, and what the page shows of it then.
const explained = (part, more = {}) => ({ ...DECIDED, ...more, explanation: { ...DECIDED.explanation, ...part } });
const NOW = DECIDED.explanation.now;
const LOOKS = [
  ["denied, and a way out of it", DECIDED, "with the purpose 'support'"],
  ["denied, and no way out of it", explained({ would_allow: [] }), "None of the 14 other requests that were tried."],
  ["denied by no rule", explained({ rules: [], inputs: [] }, { rules: [] }), "No rule spoke: nothing allowed it"],
  ["allowed, with masks", explained({ would_allow: [], tried: 0 }, { allowed: true, reasons: [] }), "Masked: 3 columns"],
  ["allowed, without masks", explained({ masks: [] }, { allowed: true, reasons: [] }), "No column is masked."],
  ["otherwise now", explained({ now: { ...NOW, same: false, policies_changed: true, outcome: { allow: true, reasons: [], masked: {} } } }),
    "would decide otherwise: ✓ allowed"],
  ["of a dataset that has gone", explained({ now: { ...NOW, outcome: null }, would_allow: [], tried: 0 }), "is not there any more, so"],
  ["of an OPA server elsewhere", explained({ now: null, inputs: [], would_allow: [], tried: 0 }), "Its policies are not known here"],
  ["with odd names", explained({}, { principal: "<img src=x onerror=alert(1)>", resource: { kind: "dataset", name: "\u05D0 x".repeat(40) } }),
    "<img src=x onerror=alert(1)>"],
];

async function looksOfDecision(demo, page) {
  const call = /\/v1\/decisions\/dec_/;
  for (const widths of WIDTHS) {
    await page.setViewportSize({ width: widths[0], height: 900 });
    for (const [name, json, shown] of LOOKS) {
      await page.route(call, (route) => route.fulfill({ json }));
      await visit(page, demo, DECISION, "Decision");
      await page.getByText(shown).first().waitFor();
      await checkLooks(page, widths, `a decision ${name}`);
      await page.unroute(call);
    }
    const refusals = [
      [() => {}, page.getByRole("status", { name: "Loading" })],
      [(route) => route.fulfill(problem(403, "denied", "role tenant-admin or auditor is required")), page.getByText("You may not see this")],
      [(route) => route.fulfill(problem(404, "not_found", "no such decision")), page.getByText("keeps decisions for a while only")],
      [(route) => route.fulfill(problem(500, "corrupt", "broken")), page.getByText("This did not work")],
    ];
    for (const [answer, shown] of refusals) {
      await page.route(call, answer);
      await visit(page, demo, DECISION, "Decision");
      await shown.waitFor();
      await checkLooks(page, widths, "a decision that is not there");
      await page.unroute(call);
    }
  }
}

const ANSWERS = [
  [{ json: WHAT_IF }, "of 1,301 decisions 4 would be others, 1,294 would stay"],
  [{ json: { ...WHAT_IF, changed: [], unchanged: 1298 } }, "✓ No verdict would change"],
  [{ json: { ...WHAT_IF, changed: [], skipped: [], unchanged: 0, decisions: 0 } }, "Nothing to compare"],
  [{ json: { ...WHAT_IF, complete: false } }, "▲ There were more decisions"],
  [problem(400, "invalid", "a.rego:1:1: rego_parse_error: package expected"), "✕ These policies cannot be used"],
  [problem(413, "too_large", "the body is larger than 1048576 bytes"), "✕ These policies cannot be used"],
  [problem(503, "unavailable", "the queue of admin requests is full"), "The server takes no change now"],
];

async function looksOfWhatIf(demo, page) {
  const call = /\/v1\/policy\/what-if/;
  const files = page.getByLabel("Bundle, or its files");
  const shows = page.getByRole("button", { name: "Show what would change" });
  for (const widths of WIDTHS) {
    await page.setViewportSize({ width: widths[0], height: 900 });
    await visit(page, demo, "/policy/what-if", "What if");
    await shows.click();
    await page.getByText("▲ Choose a bundle or its files first.").waitFor();
    await files.setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
    await page.getByText("notes.txt is no part of a bundle").waitFor();
    await checkLooks(page, widths, "what-if without a bundle");
    await files.setInputFiles({ name: "next.tar.gz", mimeType: "application/gzip", buffer: gzipSync("x") });
    await page.getByText("✓ next.tar.gz").waitFor();
    const answer = deferred();
    await page.route(call, async (route) => route.fulfill((await answer.promise)[0]));
    await shows.click();
    await page.getByRole("progressbar", { name: "The decisions of the log are made again by next.tar.gz" }).waitFor();
    await checkLooks(page, widths, "what-if at work");
    answer.resolve(ANSWERS[0]);
    await page.getByText(ANSWERS[0][1]).waitFor();
    await page.unroute(call);
    for (const [reply, shown] of ANSWERS) {
      await page.route(call, (route) => route.fulfill(reply));
      await shows.click();
      await page.getByText(shown).first().waitFor();
      await checkLooks(page, widths, `what-if: ${shown}`);
      await page.unroute(call);
    }
  }
}

export function addPolicyScenarios(demo) {
  scenario("a decision in each of its looks, light and dark, at 1440, 390 and 320 px", { limitMs: looksMs(LOOKS.length + 4) }, async () => {
    const page = await as(demo, "alpha", "ada");
    await looksOfDecision(demo, page);
    assert.deepEqual(page.complaints.filter((text) => !/40[34]|500/.test(text)), []);
    await page.context().close();
  });

  scenario("what-if in each of its looks, light and dark, at 1440, 390 and 320 px", { limitMs: looksMs(ANSWERS.length + 2) }, async () => {
    const page = await as(demo, "system", "otto");
    await looksOfWhatIf(demo, page);
    assert.deepEqual(page.complaints.filter((text) => !/400|413|503/.test(text)), []);
    await page.context().close();
    const ada = await as(demo, "alpha", "ada");
    await visit(ada, demo, "/policy/what-if", "What if");
    await ada.getByRole("heading", { name: "You may not do this" }).waitFor();
    await check(ada, "what-if of who may not");
    await ada.context().close();
  });

  scenario("by keyboard: a masked result leads to the decision, and a tenant finds what was denied", async () => {
    const page = await as(demo, "alpha", "ada", { permissions: ["clipboard-read", "clipboard-write"] });
    await demo.graphql("Ben Okafor", "{ persons(first: 1) { nodes { fullName nationalId } } }");
    await demo.graphql("Ben Okafor", "{ persons(first: 1) { nodes { id } } }", { "X-MC-Purpose": "no-such-purpose" });
    // Its people ask all the time; the list wants more than one page of it.
    const decisions = async (query) => (await demo.api("GET", `/v1/decisions?${query}`, undefined, "Ada Lindqvist")).items.length;
    await eventually("enough decisions", async () =>
      (await decisions("limit=100")) > 60 && (await decisions("reason=purpose-unknown")) > 0, SLOW_MS);
    await page.getByRole("heading", { level: 1 }).focus();
    await page.keyboard.press("g");
    await page.keyboard.press("y");
    await heading(page, "Policy");
    await page.getByText("✓ The policies that come with the program decide.").waitFor();
    const denials = page.getByRole("figure", { name: "Denials by reason, last hour" });
    await press(page, denials.getByRole("link", { name: "purpose-unknown" }));
    await page.waitForURL(/reason=purpose-unknown/);
    assert.equal(await page.evaluate(() => document.activeElement.id), "decisions");
    const table = page.getByRole("region", { name: "Table of decisions" });
    await table.getByText("✓ allowed").first().waitFor({ state: "detached" });
    await table.getByText("✕ denied").first().waitFor();
    await check(page, "denied decisions");
    await press(page, table.getByRole("rowheader").first().getByRole("link"));
    await heading(page, "Decision");
    await page.getByRole("heading", { name: "✕ Denied" }).waitFor();
    const id = new URL(page.url()).pathname.split("/").at(-1);
    await check(page, "a denied decision");
    await press(page, page.getByRole("button", { name: "Copy the command" }));
    await page.getByRole("button", { name: "✓ Copied the command" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `maestro policy explain ${id}`);
    await page.goBack();
    await heading(page, "Policy");
    await page.keyboard.press("/");
    await page.keyboard.press("ArrowUp");
    assert.equal(await page.getByLabel("Reason", { exact: true }).inputValue(), "purpose-unknown");
    await write(page, page.getByLabel("Reason", { exact: true }), "nothing-like-it");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await check(page, "no decision matches");
    await press(page, page.getByRole("button", { name: "Clear the filters" }));
    await table.getByRole("rowheader").first().waitFor();
    assert.equal(new URL(page.url()).search, "");
    await page.getByText("50 are loaded").waitFor();
    await page.getByRole("button", { name: "Load older" }).press("Enter");
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length > 50);
    const ids = await table.getByRole("rowheader").evaluateAll((heads) => heads.map((head) => head.querySelector(".hidden").textContent));
    assert.equal(new Set(ids).size, ids.length, "a decision stands there twice");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  scenario("what-if on the decisions of the demo: the same policies change nothing, others do, and which is said",
    { limitMs: 5 * SLOW_MS }, async () => {
      await demo.graphql("Ben Okafor", "{ persons(first: 1) { nodes { id } } }");
      const page = await as(demo, "system", "otto");
      await visit(page, demo, "/policy", "Policy");
      await press(page, page.getByRole("link", { name: "What if" }));
      await heading(page, "What if");
      const ours = FILES.map((path) => [path, textOf(path)]);
      await drop(page, ours);
      await page.getByText(`✓ ${FILES.length} files`).waitFor();
      // The demo has decided on much by now, and all of it is made again.
      await page.getByLabel("Decisions of the last").selectOption("15 minutes");
      await press(page, page.getByRole("button", { name: "Show what would change" }));
      await page.getByRole("heading", { name: "✓ No verdict would change" }).waitFor({ timeout: SLOW_MS });
      await page.waitForFunction(() => document.activeElement.id === "what-if-result");
      const settings = JSON.parse(textOf(SETTINGS));
      settings.actions.analyst = [];
      const others = ours.map(([path, text]) => [path, path === SETTINGS ? JSON.stringify(settings) : text]);
      await drop(page, others.map(([path, text]) => [path, path === ".manifest" ? manifest("no-analysts") : text]));
      await page.getByRole("button", { name: "Show what would change" }).press("Enter");
      await page.getByText("no-analysts").waitFor({ timeout: SLOW_MS });
      const table = page.getByRole("region", { name: "Decisions that would be others" });
      const row = table.getByRole("row", { name: /ben/ }).first();
      await row.getByText("✓ allowed").waitFor();
      await row.getByText("✕ would be denied").waitFor();
      await check(page, "verdicts that would change");
      await drop(page, ours.map(([path, text]) => [path, path.endsWith("deny.rego") ? `${text}\n}` : text]));
      await page.getByRole("button", { name: "Show what would change" }).press("Enter");
      await page.getByRole("region", { name: "What is wrong" }).getByText(/mc\/access\/deny\.rego:\d+/).waitFor();
      assert.deepEqual(page.complaints.filter((text) => !text.includes("400")), []);
      await page.context().close();
    });

  scenario("what-if is of what is chosen now: not of a file before it that took longer to read", async () => {
    const page = await as(demo, "system", "otto");
    await visit(page, demo, "/policy/what-if", "What if");
    await page.evaluate(() => {
      const read = Blob.prototype.arrayBuffer;
      Blob.prototype.arrayBuffer = function arrayBuffer() {
        if (this.name !== "slow.rego") return read.call(this);
        return new Promise((resolve) => {
          window.readSlow = () => resolve(read.call(this));
        });
      };
    });
    const asked = [];
    await page.route(/\/v1\/policy\/what-if/, (route) => {
      asked.push(Object.keys(route.request().postDataJSON().files));
      return route.fulfill(ANSWERS[0][0]);
    });
    const give = (name) => page.getByLabel("Bundle, or its files")
      .setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from("package a") });
    const shows = page.getByRole("button", { name: "Show what would change" });
    await give("slow.rego");
    await shows.click();
    await give("quick.rego");
    await page.getByText("✓ quick.rego").waitFor();
    await page.evaluate(() => window.readSlow());
    await shows.click();
    await page.getByText(ANSWERS[0][1]).waitFor();
    assert.deepEqual(asked, [["quick.rego"]]);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  scenario("the console says which columns are masked, and explains a denial", async () => {
    const page = await as(demo, "alpha", "ben");
    await visit(page, demo, "/console", "GraphQL console");
    const query = page.getByLabel("Query");
    await query.fill("{ persons(first: 1) { nodes { id country } } }");
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText(/Status 200 in/).waitFor();
    await page.waitForLoadState("networkidle");
    assert.equal(await page.getByText(/masked by policy/).count(), 0);
    await query.fill("{ persons(first: 1) { nodes { id called: nationalId } } }");
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText("▲ 1 column is masked by policy (nationalId): explain").waitFor();
    await check(page, "a masked result");
    await page.getByRole("link", { name: "explain" }).click();
    await heading(page, "Decision");
    await page.getByRole("region", { name: "Masked: 1 column" }).getByRole("rowheader", { name: "nationalId" }).waitFor();
    await page.context().close();
  });

  scenario("a bundle that is refused is named with its file and its reason, while the last good one serves",
    async () => {
      const world = await Foldered.start();
      try {
        const page = await openPage();
        await signIn(page, await world.link());
        await visit(page, world, "/policy", "Policy");
        await page.getByText("default-1", { exact: true }).waitFor();
        await page.getByText("▲ nobody: unsigned bundles are taken here").waitFor();
        const look = page.getByRole("button", { name: "Look at the source now" });
        await look.press("Enter");
        await page.getByText("policies default-1 stays in use", { exact: true }).waitFor();
        world.put(".manifest", manifest("second"));
        await look.press("Enter");
        await page.getByText("policies second is in use now").waitFor();
        await page.getByText("second", { exact: true }).waitFor();
        world.put("mc/access/deny.rego", "package mc.access\n\ndenied_by contains\n");
        await look.press("Enter");
        await page.getByRole("alert").getByText(/mc\/access\/deny\.rego/).waitFor();
        await page.getByRole("heading", { name: "✕ The last look at the source brought no good bundle" }).waitFor();
        await page.getByText("policies second stays in use, and decides on every request meanwhile.").waitFor();
        await page.getByText("▲ 1 refused").waitFor();
        for (const widths of WIDTHS) await checkLooks(page, widths, "a refused bundle");
        world.put("mc/access/deny.rego", textOf("mc/access/deny.rego"));
        await look.press("Enter");
        await page.getByText("✓ What decides is the newest of its source.").waitFor();
        assert.deepEqual(page.complaints.filter((text) => !text.includes("409")), []);
        await page.context().close();
      } finally {
        await world.server.stop();
      }
    });
}
