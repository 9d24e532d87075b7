import { start, mode } from "/tmp/mcmock.mjs";
import { openPage, closeBrowser, check, heading } from "./browser.mjs";
import { NOW } from "./fixed.mjs";
import { gzipSync } from "node:zlib";
const { s, url } = await start();
const D = "/policy/decisions/dec_01m8e000000000000000000002";
for (const scheme of ["light", "dark"]) for (const width of [1440, 390, 320]) {
  const page = await openPage({ viewport: { width, height: 900 }, colorScheme: scheme, timezoneId: "UTC", locale: "en-GB" });
  await page.clock.setFixedTime(NOW);
  for (const [name, path, title] of [["policy", "/policy", "Policy"], ["decision", D, "Decision"], ["what-if", "/policy/what-if", "What if"], ["console", "/console", "GraphQL console"]]) {
    mode.operator = name !== "policy" || scheme === "dark";
    await page.goto(url + path);
    await heading(page, title);
    if (name === "what-if") {
      await page.setInputFiles("#what-if-files", { name: "b.tar.gz", mimeType: "application/gzip", buffer: gzipSync("x") });
      await page.getByText("b.tar.gz, ").waitFor();
      await page.getByRole("button", { name: "Show what would change" }).click();
      await page.getByRole("heading", { name: "What would change" }).waitFor();
    } else if (name === "console") {
      await page.getByLabel("Query").fill("{ persons { nodes { fullName birthDate } } }");
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByText("denied by policy").waitFor();
    } else await page.getByRole("table").first().waitFor();
    await page.waitForTimeout(300);
    try { await check(page, name); } catch (e) { console.log(name, scheme, width, e.message.slice(0, 800)); }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (wide) console.log("WIDE", name, width);
    await page.screenshot({ path: `/tmp/look-${name}-${scheme}-${width}.png`, fullPage: true });
  }
  if (page.complaints.length) console.log(page.complaints);
  await page.context().close();
}
await closeBrowser(); s.close();
