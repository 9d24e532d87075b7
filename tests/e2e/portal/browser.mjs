// Debian's Chromium on pages of a demo, with everything it complains about kept.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

import { Child } from "../lib/children.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";
import { scenario as add } from "../lib/scenario.mjs";

const PROGRAM = process.env.MC_CHROMIUM ?? "/usr/bin/chromium";
export const missing = existsSync(PROGRAM) ? "" : `no ${PROGRAM}`;

// A browser on a slow machine takes its time. What goes wrong at once is seen at once all the same.
const SCENARIO_MS = 120_000;
const STEP_MS = 30_000;

export function scenario(name, ...rest) {
  const body = rest.pop();
  add(name, { limitMs: SCENARIO_MS, ...rest[0] }, body);
}

export class Demo {
  static async start({ scale = 2, traffic = true, limitMs = SCENARIO_MS } = {}) {
    const demo = new Demo();
    demo.site = new Site("portal");
    const more = traffic ? [] : ["--no-traffic"];
    demo.child = new Child(MAESTRO, ["demo", "--port", "0", "--dir", demo.site.folder, "--scale", `${scale}`, ...more]);
    demo.url = (await demo.child.says(/^ {2}(http:\/\/127\.0\.0\.1:\d+)$/m, limitMs))[1];
    return demo;
  }
  async link(name) {
    return (await this.child.says(new RegExp(`${name}, .*?(http://\\S+/sign-in#mcl_\\S+)`)))[1];
  }
  async token(name) {
    return (await this.child.says(new RegExp(`${name}, .*?(mct_\\S+)`)))[1];
  }
  // A link that nobody used yet. Of a tenant that has an administrator no operator makes one.
  async freshLink(tenant, id) {
    const made = await this.api("POST", `/v1/tenants/${tenant}/principals/${id}/links`, undefined,
      tenant === "alpha" ? "Ada Lindqvist" : "Otto Brandt");
    return this.url + made.path;
  }
  async api(method, path, body, who = "Otto Brandt") {
    const reply = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${await this.token(who)}`,
        "Content-Type": "application/json",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
    return reply.status === 204 ? undefined : reply.json();
  }
  // Whatever comes of it: some are meant to be refused.
  async graphql(who, query, headers = {}) {
    const reply = await fetch(`${this.url}/graphql`, {
      method: "POST",
      headers: { Authorization: `Bearer ${await this.token(who)}`, "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ query }),
    });
    return reply.json();
  }
}

// A link that the person of a page makes.
export async function linkFrom(page, tenant, id) {
  return page.evaluate(async ([path]) => {
    const { csrf } = await (await fetch("/v1/session")).json();
    const reply = await fetch(path, { method: "POST", headers: { "X-CSRF-Token": csrf } });
    return location.origin + (await reply.json()).path;
  }, [`/v1/tenants/${tenant}/principals/${id}/links`]);
}

let browser = null;

async function launched() {
  browser ??= await chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox"] });
  return browser;
}

export const browserVersion = async () => (await launched()).version();

export async function openPage(options = {}) {
  const browser = await launched();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.setDefaultTimeout(STEP_MS);
  return page;
}

export async function closeBrowser() {
  await browser?.close();
}

export async function heading(page, text) {
  await page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
}

// The page of the overview comes with its first answers in it. A test that answers in the place of the
// server takes them out, and the page asks for them.
export async function withoutAnswers(page) {
  await page.route(({ pathname }) => pathname === "/", async (route) => {
    const reply = await route.fetch();
    const body = (await reply.text()).replace(/(<script type="application\/json" id="answers">).*?(<\/script>)/s, "$1{}$2");
    await route.fulfill({ response: reply, body });
  });
}

export async function signIn(page, link) {
  await page.goto(link);
  await heading(page, "Overview");
}

// Tab until the wanted element has the focus, as a person without a mouse does.
export async function tabTo(page, locator, limit = 60) {
  for (let i = 0; i < limit; i += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the focus does not get to ${locator}`);
}

// With the focus on it, as it came there by Tab.
export async function press(page, locator, key = "Enter") {
  await locator.waitFor();
  await tabTo(page, locator);
  await page.keyboard.press(key);
}

// Instead of what stood there.
export async function write(page, locator, text) {
  await press(page, locator, "Control+a");
  await page.keyboard.type(text);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

// What a change of colours alone can break.
export const COLOURS = ["color-contrast", "link-in-text-block"];

// axe-core finds nothing on the page as it stands; `rules`: these alone.
export async function check(page, what, rules = null) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const told = await page.evaluate(async (runOnly) => {
    const { violations, passes } = await window.axe.run({ runOnly, resultTypes: ["violations"], iframes: false });
    if (passes.length === 0) return ["axe looked at nothing"];
    return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ").slice(0, 400)}`);
  }, rules ? { type: "rule", values: rules } : { type: "tag", values: TAGS });
  assert.deepEqual(told, [], what);
}
