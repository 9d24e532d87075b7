// The page of a receipt, opened from a disk with the network away: it checks itself, and is found out when it
// was changed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { Signer } from "../../../portal/test/making.mjs";
import { check, heading, openPage, press, scenario, signIn, write } from "./browser.mjs";
import { WIDTHS, checkLooks } from "./states.mjs";

const HOSTILE = `"'><img src=x onerror=alert(1)></script><script>alert(2)</script><!-- \u2028\u202Egnp.`;
const STEPS = ["record", "payload", "head", "inclusion", "checkpoint", "head_inclusion"];

const logKey = async (demo) => (await demo.api("GET", "/v1/ledger")).key;
const verdict = (page, title) => page.getByRole("status").getByRole("heading", { name: title }).waitFor();
const outcomes = (page) => page.locator("#steps li").evaluateAll((rows) => rows.map((row) => row.className));
const cell = (page, name) => page.locator(`#record tr:has(th > bdi:text-is("${name}")) td`);

// Steps of the command line, as "record passed", and its exit status.
async function commandLine(demo, path, key) {
  const done = demo.site.runWith({}, "--json", "verify", path, "--log-key", key);
  const report = done.out.startsWith("{") ? JSON.parse(done.out) : { steps: [] };
  return { status: done.status, err: done.err, steps: report.steps.map(({ outcome }) => outcome) };
}

// Nothing is asked of anybody, whatever the page would like.
async function openFile(path, options = {}) {
  const page = await openPage(options);
  page.asked = [];
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) page.asked.push(request.url());
  });
  page.on("dialog", (dialog) => {
    page.complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.context().setOffline(true);
  await page.goto(pathToFileURL(path).href);
  return page;
}

async function fetchPage(demo, name, path, token) {
  const reply = await fetch(demo.url + path, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(reply.status, 200, path);
  return demo.site.write(name, await reply.text());
}

async function receiptPage(demo, name = "receipt.html") {
  await demo.api("GET", "/v1/tenants/alpha/tokens");  // recorded, so that there is one
  const token = await demo.token("Otto Brandt");
  return fetchPage(demo, name, "/v1/tenants/alpha/records/0/receipt?form=html", token);
}

const verified = "✓ Verified with the key that stands in this file";

function changed(demo, path, name, from, to) {
  const text = readFileSync(path, "utf8");
  const out = text.replace(from, to);
  assert.notEqual(out, text, `${name}: nothing was changed`);
  return demo.site.write(name, out);
}

export function addReceiptPageScenarios(demo) {
  scenario("the page of a receipt is downloaded, and verifies itself from the disk without a network",
    async () => {
      await demo.api("GET", "/v1/tenants/alpha/tokens");
      const portal = await openPage();
      await signIn(portal, await demo.freshLink("alpha", "ada"));
      await portal.goto(`${demo.url}/access?record=0`);
      await heading(portal, "Access");
      const link = portal.locator(".opened").getByRole("link", { name: /^Self-verifying page/ });
      const [got] = await Promise.all([portal.waitForEvent("download"), press(portal, link)]);
      assert.equal(got.suggestedFilename(), "receipt-alpha-0.html");
      const path = demo.site.path(got.suggestedFilename());
      await got.saveAs(path);
      assert.deepEqual(portal.complaints, []);
      await portal.context().close();
      const { items } = await demo.api("GET", "/v1/tenants/alpha/records?actor=ada@alpha&limit=1");
      assert.equal(items[0].action, "GET /v1/tenants/{tenant}/records/{record}/receipt", "its download is recorded");

      const page = await openFile(path);
      await heading(page, "Receipt of record 0 of tenant alpha");
      await verdict(page, verified);
      await page.getByText(/^alpha - ada@alpha - 20\d\d-.*Z - /).waitFor();
      assert.match(await cell(page, "Who").textContent(), /@/);
      const key = await logKey(demo);
      assert.equal(await page.locator("#key").textContent(), key);
      assert.equal(await page.locator("#command").textContent(),
        `maestro verify receipt-alpha-0.html --log-key '${key}'`);
      const told = await commandLine(demo, path, key);
      assert.equal(told.status, 0, told.err);
      assert.deepEqual(told.steps, STEPS.map(() => "passed"));
      assert.deepEqual(await outcomes(page), [...told.steps, "passed"], "the page compares its words as well");
      for (const summary of await page.locator("#steps summary").all()) await press(page, summary);
      await page.getByText("SHA-256(0x02, salt, payload)").waitFor();
      for (const widths of WIDTHS) await checkLooks(page, widths, "the page of a receipt");
      assert.deepEqual(page.asked, []);
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });

  scenario("the page of a receipt verifies where a browser has no WebCrypto, and tells its words without JavaScript",
    async () => {
      const path = await receiptPage(demo);
      const options = { viewport: { width: 800, height: 900 } };
      const page = await openPage(options);
      await page.addInitScript(() => Object.defineProperty(Crypto.prototype, "subtle", { value: undefined }));
      await page.goto(pathToFileURL(path).href);
      await verdict(page, verified);
      assert.equal(await page.evaluate(() => typeof crypto.subtle), "undefined");
      assert.deepEqual(page.complaints, []);
      await page.context().close();
      const plain = await openPage({ ...options, javaScriptEnabled: false });
      await plain.goto(pathToFileURL(path).href);
      await plain.getByRole("heading", { name: "Not checked yet" }).waitFor();
      await plain.getByText("The steps need JavaScript.").waitFor();
      assert.equal(await cell(plain, "Tenant").textContent(), "alpha");
      await plain.context().close();
    });

  scenario("one changed character of the receipt, or of the words about it, is found out and named",
    async () => {
      const good = await receiptPage(demo);
      const key = await logKey(demo);
      const other = (all, before, one) => before + (one === "X" ? "Y" : "X");
      const rows = [
        ["actor", /(\\"actor\\":\\"\w)(\w)/, other, "inclusion"],
        ["payload", /("payload":")(e)/, other, "payload"],
        ["number", /(\\"seq\\":\d*)(\d)/, (all, before, digit) => before + ((Number(digit) + 1) % 10), "head_inclusion"],
        ["signature", /(\\n\\n— \S+ [\w+/]{12})(.)/, other, "checkpoint"],
        ["kind", /("mc\.rec)(e)/, other, "format"],
        ["word", /(<bdi>Who<\/bdi><\/th><td><bdi>\w)(\w)/, other, "words"],
        ["title", /(<h1>Receipt of )(r)/, other, "words"],
      ];
      for (const [name, from, to, step] of rows) {
        const path = changed(demo, good, `${name}.html`, from, to);
        const page = await openFile(path);
        await verdict(page, `✕ Not verified: it failed at the step ${step}`);
        const told = await commandLine(demo, path, key);
        const seen = await outcomes(page);
        assert.deepEqual(seen.slice(0, -1), told.steps, name);
        assert.equal(seen.at(-1), step === "words" ? "failed" : "skipped", name);
        // Words are no part of the proof: only the page compares them.
        assert.equal(told.status, step === "words" ? 0 : 5, name);
        if (step !== "words") assert.match(told.err, new RegExp(`verification failed: ${step}: `));
        await check(page, `a changed page: ${name}`);
        await page.context().close();
      }
    });

  scenario("the key that is given decides, whatever stands in the file", async () => {
    const page = await openFile(await receiptPage(demo));
    await verdict(page, verified);
    const field = page.getByLabel("The ledger's key, as you know it");
    const button = page.getByRole("button", { name: "Check with this key" });
    await write(page, field, new Signer("ledger.example").vkey);
    await press(page, button);
    await verdict(page, "✕ Not verified: it failed at the step checkpoint");
    await page.getByRole("status").getByText("no trusted log named localhost signed it").waitFor();
    await write(page, field, "no key");
    await press(page, button);
    await verdict(page, "✕ Nothing could be checked");
    await check(page, "a key that is none");
    await write(page, field, await logKey(demo));
    await press(page, button);
    await verdict(page, "✓ Verified with the key that you gave");
    assert.deepEqual(await outcomes(page), [...STEPS, "words"].map(() => "passed"));
    assert.deepEqual(page.asked, []);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  scenario("a hostile text stays text, an erased payload is told, and a script that is put in does not run",
    async () => {
      await demo.api("GET", "/v1/tenants/alpha/tokens");
      const ada = await demo.token("Ada Lindqvist");
      const erased = await fetch(`${demo.url}/v1/tenants/alpha/records/0/erase`, {
        method: "POST", headers: { Authorization: `Bearer ${ada}`, "Content-Type": "application/json" },
        body: JSON.stringify({ reason: HOSTILE.replace(/[\u2028\u202E]/g, "") }),
      });
      assert.equal(erased.status, 200, await erased.clone().text());
      const { redaction } = await erased.json();
      const of = (record) => `/v1/tenants/alpha/records/${record}/receipt?form=html`;
      const page = await openFile(await fetchPage(demo, "hostile.html", of(redaction), ada));
      await verdict(page, verified);
      assert.equal(await cell(page, "Reason").textContent(), HOSTILE.replace(/[\u2028\u202E]/g, ""));
      assert.equal(await page.locator("img").count(), 0);
      assert.deepEqual(page.complaints, []);
      await page.context().close();

      const bare = await openFile(await fetchPage(demo, "erased.html", of(0), ada));
      await verdict(bare, verified);
      assert.equal(await cell(bare, "Payload").textContent(), "erased; the proof stays");
      assert.equal((await outcomes(bare))[1], "skipped");
      await check(bare, "a page of what was erased");
      await bare.context().close();

      const put = "<script>document.title = 'mine'</script></main>";
      const path = changed(demo, demo.site.path("hostile.html"), "injected.html", "</main>", put);
      const other = await openFile(path);
      await verdict(other, "✕ Nothing could be checked");
      assert.match(await other.title(), /^Receipt of record/);
      assert.ok(other.complaints.some((text) => text.includes("Content Security Policy")), String(other.complaints));
      const told = await commandLine(demo, path, await logKey(demo));
      assert.equal(told.status, 2);
      assert.match(told.err, /the page has scripts that a receipt's page does not have/);
      await other.context().close();
    });

  scenario("the page Verify takes the page of a receipt too, and so does the command that fetches it", async () => {
    const path = await receiptPage(demo);
    const page = await openPage();
    await page.goto(`${demo.url}/verify`);
    await heading(page, "Verify");
    await page.getByLabel("Verifier keys of logs").fill(await logKey(demo));
    await page.getByLabel("File to check").setInputFiles(path);
    await page.getByRole("heading", { name: "✓ Verified: receipt receipt.html" }).waitFor();
    await page.context().close();
    const env = { MC_URL: demo.url, MC_TOKEN: await demo.token("Ada Lindqvist") };
    const done = demo.site.runWith({ env }, "ledger", "receipt", "0", "--tenant", "alpha", "--form", "html");
    assert.equal(done.status, 0, done.err);
    const told = await commandLine(demo, demo.site.write("by_command.html", done.out), await logKey(demo));
    assert.equal(told.status, 0, told.err);
  });

  scenario("a page of the portal is given to who takes any type, what is none is not found", async () => {
    const status = async (path, headers) => (await fetch(demo.url + path, { headers })).status;
    assert.equal(await status("/verify", { Accept: "*/*" }), 200);
    assert.equal(await status("/verify", { Accept: "application/json" }), 404);
    assert.equal(await status("/nowhere", { Accept: "*/*" }), 404);
  });
}
