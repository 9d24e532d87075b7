// The page Exports: rows that leave with their proof, verified where they are shown.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { World } from "../exports/world.mjs";
import { check, heading, openPage, press, scenario, signIn, tabTo, write } from "./browser.mjs";
import { WIDTHS, checkLooks, looksMs, region } from "./states.mjs";

const SCOPES = "query,mutate,introspect,admin:read,admin:write";  // a link is worth no more than who makes it
const TABLE = region("Table of exports");

async function visit(world, id, by = "ada") {
  const { json } = await world.api("POST", `/v1/tenants/alpha/principals/${id}/links`, by);
  const page = await openPage();
  await signIn(page, world.server.url + json.path);
  await page.goto(`${world.server.url}/exports`);
  await heading(page, "Exports");
  return page;
}

async function fill(page, profile) {
  await press(page, page.getByRole("button", { name: "Export", exact: true }));
  const dialog = page.getByRole("dialog", { name: "Have rows leave as files" });
  await write(page, dialog.getByLabel("Profile of the configuration"), profile);
  return dialog;
}

async function exported(world) {
  const page = await visit(world, "dora");
  await page.getByRole("heading", { name: "Nothing has left yet" }).waitFor();
  await check(page, "no export");
  // What the policies do not let out says why; a look ahead makes nothing.
  const weak = await fill(page, "weak");
  await press(page, weak.getByRole("button", { name: "Check only" }));
  await weak.getByRole("alert").getByText(/export-k: the profile's k is 5/).waitFor();
  await write(page, weak.getByLabel("Profile of the configuration"), "people");
  await press(page, weak.getByRole("button", { name: "Check only" }));
  await weak.getByText(/^✓ It would be let out: person for investigation, as csv/).waitFor();
  assert.deepEqual((await world.get("/v1/tenants/alpha/exports")).items.filter(({ state }) => state !== "refused"), []);
  await check(page, "the dialog of an export");
  await press(page, weak.getByRole("button", { name: "Start" }));
  await page.getByRole("status").getByText(/^✓ exp_\w+ is under way\.$/).waitFor();
  await TABLE(page).getByText("✓ ready", { exact: true }).first().waitFor({ timeout: 60_000 });
  await page.getByRole("table", { name: /^Files of exp_/ }).getByRole("rowheader", { name: "table.csv" }).waitFor();
  await press(page, page.getByRole("button", { name: /^Verify in this browser/ }));
  await page.getByText("✓ Verified: the file is the one that was signed").waitFor();
  await page.locator('dt:text-is("k") + dd').getByText("10", { exact: true }).waitFor();
  await check(page, "an export that verifies");
  const [got] = await Promise.all([
    page.waitForEvent("download"), press(page, page.getByRole("link", { name: "Download table.csv", exact: true }))]);
  assert.equal(readFileSync(await got.path(), "utf8").split("\n")[0], "age,illness,sex,team");
  assert.deepEqual(page.complaints.filter((text) => !/40[03]/.test(text)), []);

  // A file that is not the signed one does not verify.
  await page.route(/\/files\/table\.kanon\.json$/, async (route) => {
    const reply = await route.fetch();
    await route.fulfill({ response: reply, body: `${await reply.text()} ` });
  });
  await page.getByRole("button", { name: /^Verify in this browser/ }).click();
  await page.getByText("✕ Not verified", { exact: true }).waitFor();
  for (const widths of WIDTHS) await checkLooks(page, widths, "an export that does not verify");
  await page.context().close();

  // Who has no rows has no buttons for them either.
  const aron = await visit(world, "aron");
  await TABLE(aron).waitFor();
  assert.equal(await aron.getByRole("button", { name: "Export", exact: true }).count(), 0);
  await aron.context().close();
}

async function ended(world) {
  // Reading many rows takes longer than it takes to end it.
  const { json } = await world.api("POST", "/v1/tenants/bravo/principals/bea/links", "bea");
  const page = await openPage();
  await signIn(page, world.server.url + json.path);
  await page.goto(`${world.server.url}/exports`);
  const dialog = await fill(page, "people");
  await press(page, dialog.getByRole("button", { name: "Start" }));
  await press(page, page.getByRole("button", { name: "Pause", exact: true }));
  await TABLE(page).getByText("▲ paused").waitFor();
  await check(page, "an export that is paused");
  await tabTo(page, page.getByRole("button", { name: "End it" }));
  await page.keyboard.press("Enter");
  await TABLE(page).getByText("✕ cancelled").first().waitFor();
  await page.context().close();
}

export function addExportScenarios() {
  const inWorld = async (run) => {
    const world = await World.start();
    await world.stop();
    for (const [tenant, id] of [["alpha", "ada"], ["bravo", "bea"]]) world.tokens[id] = world.site.addToken(tenant, id, SCOPES).token;
    // Sessions have this purpose alone.
    const config = readFileSync(world.site.config, "utf8");
    world.site.write("maestro.yaml", config.replaceAll("purposes: [training]", "purposes: [investigation]"));
    await world.serve();
    try {
      await run(world);
    } finally {
      await world.stop();
    }
  };
  scenario("Exports: checked, started, ready, verified in the browser and downloaded, by keyboard", { limitMs: looksMs(4) }, () => inWorld(exported));
  scenario("Exports: one that is under way is paused and ended", () => inWorld(ended));
}
