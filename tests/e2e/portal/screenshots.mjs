// Takes the pictures of the README and the guides from a running demo: make screenshots
import { join } from "node:path";

import { eventually } from "../lib/children.mjs";
import { ROOT } from "../lib/maestro.mjs";
import { Demo, closeBrowser, heading, missing, openPage, signIn } from "./browser.mjs";

const FOLDER = join(ROOT, "docs/pictures");
const STEPS_WANTED = 12; // of 10 s, so that the charts have something to show

if (missing) {
  console.error(`no pictures: ${missing}`);
  process.exit(3);
}
const demo = await Demo.start();
const page = await openPage({ viewport: { width: 1280, height: 860 } });
await signIn(page, await demo.freshLink("system", "otto"));
const busySteps = async () => {
  const figures = await page.evaluate(() => fetch("/v1/overview").then((reply) => reply.json()));
  return figures.total.series.requests.filter((value) => value > 0).length;
};
await eventually("enough steps", async () => (await busySteps()) >= STEPS_WANTED, 300_000);
for (const scheme of ["light", "dark"]) {
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(demo.url);
  await heading(page, "Overview");
  await page.getByRole("rowheader", { name: "alpha" }).waitFor();
  await page.screenshot({ path: join(FOLDER, `portal-${scheme}.png`) });
  console.log(`docs/pictures/portal-${scheme}.png`);
}
await closeBrowser();
await demo.child.stop("SIGINT");
process.exit(0);
