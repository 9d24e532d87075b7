// The portal in Chromium: signing in, every page in each look, the keyboard, and hostile names.
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";

import { runScenarios, scenario } from "../lib/scenario.mjs";
import { Demo, closeBrowser, heading, missing, openPage, signIn } from "./browser.mjs";

if (missing) {
  console.log(`SKIP: ${missing}`);
  process.exit(77);
}
const demo = await Demo.start();
const PAGES = [
  ["/", "Overview"], ["/datasets", "Datasets"], ["/settings/sessions", "Your sessions"], ["/settings/tokens", "Tokens"],
];

scenario("one click on the printed link leads to a living overview", async () => {
  const page = await openPage();
  await page.goto(await demo.link("Otto Brandt"));
  await heading(page, "Overview");
  assert.equal(new URL(page.url()).hash, "");
  await page.getByRole("rowheader", { name: "alpha" }).waitFor();
  await page.waitForFunction(
    () => [...document.querySelectorAll("tbody tr td:nth-child(2)")].some((cell) => /[1-9]/.test(cell.textContent)),
    null, { timeout: 25_000 });
  assert.deepEqual(page.complaints, []);
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
  await otto.getByRole("rowheader", { name: "bravo" }).waitFor();
  assert.equal(await otto.getByRole("rowheader", { name: "alpha" }).count(), 0);
});

scenario("the keyboard alone reaches every page and reads a chart", async () => {
  const page = await openPage();
  await signIn(page, await demo.freshLink("alpha", "ada"));
  await page.keyboard.press("Control+k");
  await page.keyboard.type("datas");
  await page.keyboard.press("Enter");
  await heading(page, "Datasets");
  await page.waitForFunction(() => document.activeElement?.tagName === "H1");
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

scenario("a session ends where its person says, and signing out is at the server too", async () => {
  const one = await openPage({ userAgent: "Browser One" });
  const two = await openPage({ userAgent: "Browser Two" });
  await signIn(one, await demo.freshLink("alpha", "dora"));
  await signIn(two, await demo.freshLink("alpha", "dora"));
  await two.goto(`${demo.url}/settings/sessions`);
  await two.getByRole("row", { name: /Browser One/ }).getByRole("button").click();
  await two.getByRole("dialog").getByRole("button", { name: "End session" }).click();
  await two.getByText("1 live").waitFor();
  await one.goto(`${demo.url}/datasets`);
  await one.getByRole("heading", { name: "Sign in with a link" }).waitFor();
  const cookies = await two.context().cookies();
  await two.locator("summary", { hasText: "Dora Meier" }).click();
  await two.getByRole("button", { name: "Sign out" }).click();
  await two.getByRole("heading", { name: "Sign in with a link" }).waitFor();
  const replay = await fetch(`${demo.url}/v1/session`, {
    headers: { Cookie: cookies.map((one) => `${one.name}=${one.value}`).join("; ") },
  });
  assert.equal(replay.status, 401);
});

scenario("a token is made, shown once, works, and is revoked", async () => {
  const page = await openPage({ permissions: ["clipboard-read", "clipboard-write"] });
  await signIn(page, await demo.freshLink("alpha", "ada"));
  await page.goto(`${demo.url}/settings/tokens`);
  await page.getByRole("button", { name: "New token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Stands for").selectOption("ben");
  await dialog.getByLabel("Note").fill("from a test");
  await check(page, "the dialog of a new token");
  await dialog.getByRole("button", { name: "Create" }).click();
  const secret = await dialog.locator("pre").textContent();
  assert.match(secret, /^mct_[\w-]{43}$/);
  const self = () => fetch(`${demo.url}/v1/self`, { headers: { Authorization: `Bearer ${secret}` } });
  assert.equal((await (await self()).json()).scopes, "query");
  await dialog.getByRole("button", { name: "Copy" }).click();
  await dialog.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
  await dialog.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("row", { name: /from a test/ });
  await row.getByRole("button").click();
  assert.equal((await page.content()).includes(secret), false);
  await page.getByRole("dialog").getByRole("button", { name: "Revoke token" }).click();
  await row.getByText("revoked").waitFor();
  assert.equal((await self()).status, 401);
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
  const names = ["<img src=x onerror=alert(1)><script>alert(2)</script>", "\u202Eevil name", "x".repeat(200)];
  for (const [i, name] of names.entries()) {
    await demo.api("POST", "/v1/tenants/alpha/principals", { id: `odd${i}`, name, roles: "analyst" });
    const page = await openPage();
    let alerted = false;
    page.on("dialog", () => (alerted = true));
    await signIn(page, await demo.freshLink("alpha", `odd${i}`));
    const shown = await page.locator("details.user summary").textContent();
    assert.equal(shown, name);
    assert.equal(alerted, false);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false);
    assert.deepEqual(page.complaints, []);
  }
});

scenario("an unknown page and a silent server have their own states", async () => {
  const page = await openPage();
  await signIn(page, await demo.freshLink("alpha", "ada"));
  await page.goto(`${demo.url}/nowhere`);
  await heading(page, "No such page");
  await page.getByRole("main").getByRole("link", { name: "Go to the overview" }).click();
  await heading(page, "Overview");
  await page.getByRole("rowheader", { name: "alpha" }).waitFor();
  await page.context().setOffline(true);
  await page.getByText("The server does not answer. What you see may be old.").waitFor();
  await page.context().setOffline(false);
  await page.getByText("The server does not answer. What you see may be old.").waitFor({ state: "detached" });
});

for (const scheme of ["light", "dark"]) {
  for (const width of [1440, 390, 320]) {
    scenario(`axe finds nothing: ${scheme}, ${width} px`, { limitMs: 60_000 }, async () => {
      const page = await openPage({ colorScheme: scheme, viewport: { width, height: 900 } });
      await signIn(page, await demo.freshLink("system", "otto"));
      for (const [path, name] of PAGES) {
        await page.goto(demo.url + path);
        await heading(page, name);
        await page.locator("table").first().waitFor();
        await check(page, `${path} ${scheme} ${width}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        assert.equal(wide, false, `${path} is wider than ${width} px`);
      }
      await page.keyboard.press("Control+k");
      await check(page, "the palette");
      await page.context().clearCookies();
      await page.goto(`${demo.url}/sign-in`);
      await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
      await check(page, "sign-in");
      assert.deepEqual(page.complaints.filter((text) => !text.includes("401")), []);
    });
  }
}

async function check(page, what) {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  const told = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ").slice(0, 400)}`);
  assert.deepEqual(told, [], what);
}

const status = await runScenarios("portal", { capabilities: new Set() });
await closeBrowser();
await demo.child.stop("SIGINT");
process.exit(status);
