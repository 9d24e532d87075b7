// Debian's Chromium on pages of a demo, with everything it complains about kept.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

import { Child } from "../lib/children.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";

const PROGRAM = process.env.MC_CHROMIUM ?? "/usr/bin/chromium";
export const missing = existsSync(PROGRAM) ? "" : `no ${PROGRAM}`;

export class Demo {
  static async start() {
    const demo = new Demo();
    demo.site = new Site("portal");
    demo.child = new Child(MAESTRO, ["demo", "--port", "0", "--dir", demo.site.folder, "--scale", "2"]);
    demo.url = (await demo.child.says(/^ {2}(http:\/\/127\.0\.0\.1:\d+)$/m, 40_000))[1];
    return demo;
  }
  async link(name) {
    return (await this.child.says(new RegExp(`${name}, .*?(http://\\S+/sign-in#mcl_\\S+)`)))[1];
  }
  async token(name) {
    return (await this.child.says(new RegExp(`${name}, .*?(mct_\\S+)`)))[1];
  }
  // A link that nobody used yet.
  async freshLink(tenant, id) {
    const made = await this.api("POST", `/v1/tenants/${tenant}/principals/${id}/links`);
    return this.url + made.path;
  }
  async api(method, path, body) {
    const reply = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${await this.token("Otto Brandt")}`,
        "Content-Type": "application/json",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
    return reply.status === 204 ? undefined : reply.json();
  }
}

let browser = null;

export async function openPage(options = {}) {
  browser ??= await chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox"] });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.setDefaultTimeout(10_000);
  return page;
}

export async function closeBrowser() {
  await browser?.close();
}

export async function heading(page, text) {
  await page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
}

export async function signIn(page, link) {
  await page.goto(link);
  await heading(page, "Overview");
}
