// Pictures of the pages, held against those in golden/. They are of fixed.mjs alone, at a fixed time.
//
//   node main.mjs --update    takes anew the pictures that differ, and removes those of no page
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";

import { Document } from "../contract/document.mjs";
import { ROOT } from "../lib/maestro.mjs";
import { browserVersion, heading, openPage, scenario } from "./browser.mjs";
import { API, NOW, graphql } from "./fixed.mjs";
import { region, text, title } from "./states.mjs";

const FOLDER = join(ROOT, "tests/e2e/portal/golden");
const FAILED = join(ROOT, "tests/e2e/portal/failed");
const MADE_WITH = join(FOLDER, "made_with.json");

// A pixel differs by more than this share of black to white (pixelmatch's own measure)...
const COLOUR_STEP = 0.1;
// ... in at most this share of all pixels: less than a changed word (the test below holds it to that).
// Runs on one machine differ in none.
const PIXELS_MAX = 0.0001;
const PAGE_BYTES_MAX = 200_000;  // of a page in all its looks, on average

const DECISION = "/policy/decisions/dec_01m8e000000000000000000002";
const DECISIONS = region("Table of decisions");
const RESIDENCY = ["Table of places", "Table of proofs", "Table of attempts"].map(region);
const cell = (name) => (page) => page.getByRole("cell", { name, exact: true });

// Name, path, heading, and what tells that all that is asked for has come.
const PAGES = [
  ["sign-in", "/sign-in", "Maestro Conductor", [text("Continue with login.example.org")]],
  ["overview", "/", "Overview", [region("Tenants"), text("bravo has used 92 % of its requests")]],
  ["budgets", "/budgets", "Budgets", [region("Budgets of alpha"), region("Requests by tenant and route"), text("the sale begins")]],
  ["datasets", "/datasets", "Datasets", [cell("4,000")]],
  ["dataset", "/datasets/person", "Dataset person", [region("Relations")]],
  ["access", "/access", "Access", [text(/^Warrants \(/), text("Stop asking us"), region("Records")]],
  ["ledger", "/records", "Ledger", [text(/^Newest checkpoint: /), region("Newest records")]],
  ["policy", "/policy", "Policy", [text("Decisions by rule, last hour"), DECISIONS]],
  ["decision", DECISION, "Decision", [text("with the purpose 'support'")]],
  ["residency", "/residency", "Residency", RESIDENCY],
  ["privacy", "/privacy", "Privacy", [region("Budgets of this window"), region("Spent by analyst, in this window"), region("Charges, newest first")]],
  ["query", "/query", "Query", [title("A quote costs nothing")]],
  ["exports", "/exports", "Exports", [region("Table of exports")]],
  ["console", "/console", "GraphQL console", [title("Nothing asked yet")]],
  ["notifications", "/notifications", "Notifications", [region("Endpoints"), region("Table of deliveries")]],
  ["sessions", "/settings/sessions", "Your sessions", [text("2 live")]],
  ["tokens", "/settings/tokens", "Tokens", [region("Tokens")]],
  ["preferences", "/settings/preferences", "Preferences", [text("Single-key shortcuts")]],
];
const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }];
const SCHEMES = ["light", "dark"];
const NAMES = PAGES.flatMap(([name]) => SCHEMES.flatMap((scheme) => SIZES.map(({ width }) => `${name}-${scheme}-${width}.png`)));

// Letters look otherwise in another font, so pictures of another font say nothing.
const font = () => execFileSync("fc-match", ["-f", "%{family} %{fontversion}", "system-ui"], { encoding: "utf8" });

async function freeze(page) {
  await page.clock.setFixedTime(NOW);
  await page.route(/\/v1\//, (route) => {
    const { pathname, searchParams } = new URL(route.request().url());
    const json = API[`${pathname}?type=${searchParams.get("type")}`] ?? API[pathname];
    return json ? route.fulfill({ json }) : route.abort();
  });
  await page.route(/\/graphql$/, (route) => route.fulfill({ json: graphql(route.request().postDataJSON().query) }));
}

async function picture(page, path, name, come) {
  await page.goto(path);
  await heading(page, name);
  for (const shown of come) await shown(page).waitFor();
  await page.waitForFunction(() => document.querySelector(".skeleton") === null);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForLoadState("networkidle");
  return page.screenshot({ animations: "disabled", caret: "hide" });
}

// The share of pixels that differ, and a picture of them.
function compare(before, now) {
  const [a, b] = [PNG.sync.read(before), PNG.sync.read(now)];
  if (a.width !== b.width || a.height !== b.height) return { share: 1, diff: null };
  const diff = new PNG({ width: a.width, height: a.height });
  const count = pixelmatch(a.data, b.data, diff.data, a.width, a.height, { threshold: COLOUR_STEP });
  return { share: count / (a.width * a.height), diff: PNG.sync.write(diff) };
}

// Kept with fewer shades than the comparison tells apart, without a filter of lines: half the size.
const SHADE = 8;
function packed(bytes) {
  const png = PNG.sync.read(bytes);
  png.data = png.data.map((value) => Math.min(255, Math.round(value / SHADE) * SHADE));
  return PNG.sync.write(png, { colorType: 2, deflateLevel: 9, deflateStrategy: 0, filterType: 0 });
}

function hold(name, now, update) {
  const file = join(FOLDER, name);
  const before = existsSync(file) ? readFileSync(file) : null;
  const { share, diff } = before ? compare(before, now) : { share: 1, diff: null };
  if (share <= PIXELS_MAX) return null;
  if (update) {
    writeFileSync(file, packed(now));
    console.log(`took ${name}`);
    return null;
  }
  mkdirSync(FAILED, { recursive: true });
  writeFileSync(join(FAILED, name), now);
  if (diff) writeFileSync(join(FAILED, name.replace(".png", ".diff.png")), diff);
  const how = before ? `differs in ${(100 * share).toFixed(3)} % of its pixels, more than ${100 * PIXELS_MAX} %` : "is not in golden/";
  return `${name} ${how}; see it${diff ? " and the difference" : ""} in ${FAILED}`;
}

async function holdAll(demo, scheme, size, update) {
  const page = await openPage({ viewport: size, colorScheme: scheme, timezoneId: "UTC", locale: "en-GB", reducedMotion: "reduce" });
  await freeze(page);
  const wrong = [];
  for (const [name, path, wanted, come] of PAGES) {
    const bytes = await picture(page, demo.url + path, wanted, come);
    wrong.push(hold(`${name}-${scheme}-${size.width}.png`, bytes, update));
  }
  await page.context().close();
  const told = wrong.filter((one) => one !== null);
  const { chromium } = JSON.parse(readFileSync(MADE_WITH, "utf8"));
  const version = await browserVersion();
  const other = chromium === version ? "" : `\nThey are of Chromium ${chromium}, this is ${version}.`;
  if (told.length > 0) assert.fail(`${told.join("\n")}${other}\nWhen it is meant: node main.mjs --update`);
}

export function addGoldenScenarios(demo, update) {
  rmSync(FAILED, { recursive: true, force: true });
  scenario("what the pictures are of is what the API document names", () => {
    const document = new Document(readFileSync(join(ROOT, "src/serve/api/openapi.json"), "utf8"));
    const headers = { "content-type": "application/json", "x-request-id": `req_${"0".repeat(26)}` };
    for (const [path, json] of Object.entries(API)) document.judge("GET", path, { status: 200, headers, json, text: "" });
  });

  scenario("the comparison of pictures sees a changed word, and not that a picture was packed", async () => {
    const page = await openPage({ viewport: SIZES[0], colorScheme: "light" });
    await freeze(page);
    const before = await picture(page, `${demo.url}/settings/preferences`, "Preferences", []);
    assert.equal(compare(packed(before), before).share, 0);
    await page.locator("nav").getByText("Tokens").evaluate((link) => (link.textContent = "Things"));
    const { share } = compare(packed(before), await page.screenshot({ animations: "disabled" }));
    assert.ok(share > PIXELS_MAX, String(share));
    await page.setViewportSize(SIZES[1]);
    assert.equal(compare(before, await page.screenshot()).share, 1);
    await page.context().close();
  });

  for (const scheme of SCHEMES) {
    for (const size of SIZES) {
      scenario(`pictures, ${scheme}, ${size.width} px`, async () => {
        const own = { chromium: await browserVersion(), font: font() };
        if (update) {
          mkdirSync(FOLDER, { recursive: true });
          writeFileSync(MADE_WITH, `${JSON.stringify(own)}\n`);
        }
        const made = JSON.parse(readFileSync(MADE_WITH, "utf8"));
        if (made.font !== own.font) return `made with ${made.font}, here is ${own.font}`;
        return holdAll(demo, scheme, size, update);
      });
    }
  }

  scenario("each picture is of a page, and all are small", () => {
    const kept = readdirSync(FOLDER).filter((file) => file.endsWith(".png"));
    for (const file of kept.filter((one) => !NAMES.includes(one) && update)) rmSync(join(FOLDER, file));
    assert.deepEqual(kept.sort(), [...NAMES].sort());
    const bytes = kept.reduce((sum, file) => sum + readFileSync(join(FOLDER, file)).length, 0);
    const limit = PAGE_BYTES_MAX * PAGES.length;
    assert.ok(bytes <= limit, `${bytes} bytes of pictures, more than ${limit}`);
  });
}
