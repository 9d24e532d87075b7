// The page Verify: what holds and what does not, without a session, by keyboard, and with the network away.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import {
  Ledger, Signer, SignatureLog, bundleOfBlob, canonical, consistency, envelopeOf, keyPair, statementOf,
} from "../../../portal/test/making.mjs";
import { deferred } from "../lib/scenario.mjs";
import { check, heading, openPage, press, scenario, signIn, tabTo, write } from "./browser.mjs";
import { WIDTHS, checkLooks, looksMs } from "./states.mjs";

const RECEIPT_STEPS = ["record", "payload", "head", "inclusion", "checkpoint", "head_inclusion"];

const logKey = async (demo) => (await demo.api("GET", "/v1/ledger")).key;
async function receiptOf(demo, record) {
  await demo.api("GET", "/v1/tenants/alpha/tokens");  // recorded, so that there is one
  return JSON.stringify(await demo.api("GET", `/v1/tenants/alpha/records/${record}/receipt`));
}

// As if somebody else had done it; who was first depends on what ran before.
const anothers = (receipt) => receipt.replace(JSON.parse(JSON.parse(receipt).record.leaf).actor, "nobody@else");

async function openVerify(demo, options) {
  const page = await openPage(options);
  await page.goto(`${demo.url}/verify`);
  await heading(page, "Verify");
  return page;
}
const fileOf = (name, text) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(text) });
const give = (page, name, text) => page.getByLabel("File to check").setInputFiles(fileOf(name, text));
const keys = (page) => page.getByLabel("Verifier keys of logs");
const said = (page, title) => page.getByRole("heading", { name: title }).waitFor();
const servedIn = (page, where) => page.locator(where).getByText("compare it with one from somewhere else");
const outcomes = (page) => page.locator(".steps li").evaluateAll((rows) => rows.map((row) => row.className));
// The session that is not there is the one thing that a browser complains about here.
const complaints = (page) => page.complaints.filter((text) => !text.includes("401"));
const lineOf = async (page) => page.locator(".command pre").first().textContent();

// What the command line says of the same file: "passed" and the like, by step.
function commandLine(demo, name, text, ...args) {
  const done = demo.site.runWith({}, "--json", "verify", demo.site.write(name, text), ...args);
  return JSON.parse(done.out).steps;
}

// Served in the place of the server's own ledger.
async function serveLog(page, key, proof) {
  await page.route(/\/ledger\/key$/, (route) => route.fulfill({ contentType: "text/plain", body: `${key}\n` }));
  await page.route(/\/ledger\/consistency/, (route) => route.fulfill(proof));
}

export function addVerifyScenarios(demo) {
  scenario("a receipt verifies without a session, as on the command line, and is sent to nobody", async () => {
    const receipt = await receiptOf(demo, 0);
    const key = await logKey(demo);
    const page = await openPage();
    const asked = [];
    page.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await page.goto(`${demo.url}/verify`);
    await heading(page, "Verify");
    await give(page, "receipt.json", receipt);
    await said(page, "The log's verifier key is missing");
    await page.getByRole("button", { name: "Fill it in" }).click();
    assert.equal(await keys(page).evaluate((field) => field === document.activeElement), true);
    await page.getByRole("button", { name: "Ask this server for its key" }).click();
    await said(page, "✓ Verified: receipt");
    for (const where of [".notice", "form"]) await servedIn(page, where).waitFor();
    assert.equal(await keys(page).inputValue(), key);
    const steps = commandLine(demo, "receipt.json", receipt, "--log-key", key);
    assert.deepEqual(steps.map(({ step }) => step), RECEIPT_STEPS);
    assert.deepEqual(await outcomes(page), [...steps.map(({ outcome }) => outcome), "skipped"]);
    const titles = page.locator(".steps summary");
    for (const [i, { step, detail }] of steps.entries()) {
      await titles.nth(i).click();
      const row = page.locator(".steps li").nth(i);
      await row.getByText(step, { exact: true }).waitFor();
      await row.getByText(detail, { exact: true }).waitFor();
    }
    assert.equal(await lineOf(page), `maestro verify receipt.json --log-key ${key}`);
    assert.deepEqual(asked.filter((one) => !/^GET \/(verify|assets\/.*|v1\/session|ledger\/key)$/.test(one)), []);
    await check(page, "verified, all steps open");
    assert.deepEqual(complaints(page), []);
    await page.context().close();
  });

  scenario("what was altered fails at its step, by name, and the line to check it is copied", async () => {
    const receipt = await receiptOf(demo, 0);
    const key = await logKey(demo);
    const page = await openVerify(demo, { permissions: ["clipboard-read", "clipboard-write"] });
    await keys(page).fill(key);
    const rows = [
      ["inclusion", anothers(receipt), "It stands in the log, at its place"],
      ["payload", receipt.replace(/"payload":"../, '"payload":"AA'), "The payload is the one recorded"],
      ["checkpoint", receipt.replace(/\\n\d+\\n/, "\\n9999\\n"), "The log has signed its head"],
      ["format", `${receipt}\n`, "It is in the form that is written"],
    ];
    for (const [step, altered, title] of rows) {
      await give(page, `${step} altered.json`, altered);
      await page.getByRole("heading", { name: `✕ Not verified: receipt ${step} altered.json` }).waitFor();
      await page.locator(".notice.bad").getByText(title).waitFor();
      const steps = commandLine(demo, "altered.json", altered, "--log-key", key);
      assert.equal(steps.find(({ outcome }) => outcome === "failed").step, step);
      assert.deepEqual(await outcomes(page), steps.map(({ outcome }) => outcome));
      const remembered = await page.evaluate(() => localStorage.getItem("mc.verify.heads"));
      assert.equal(remembered, null, "what fails is remembered");
    }
    const failed = page.locator(".steps .failed");
    await failed.locator("summary").click();
    await failed.getByText("format_invalid").waitFor();
    await failed.getByRole("button", { name: "Copy the command" }).click();
    await failed.getByRole("button", { name: "Copied" }).waitFor();
    const line = `maestro verify 'format altered.json' --log-key ${key}`;
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), line);
    await check(page, "a failure, open");
    assert.deepEqual(complaints(page), []);
    await page.context().close();
  });

  scenario("a range shows that nothing was left out, and one record less fails", async () => {
    await receiptOf(demo, 0);
    const range = await demo.api("GET", "/v1/tenants/alpha/receipts?from=2026-01-01T00:00:00Z");
    const page = await openVerify(demo);
    await keys(page).fill(await logKey(demo));
    await give(page, "range.json", JSON.stringify(range));
    await said(page, "✓ Verified: range receipt");
    const { length } = range.records;
    for (const [at, step] of [[0, "range_incomplete"], [1, "chain_broken"], [length - 1, "range_incomplete"]]) {
      await give(page, `without ${at}`, JSON.stringify({ ...range, records: range.records.toSpliced(at, 1) }));
      await page.getByRole("heading", { name: `✕ Not verified: range receipt without ${at}` }).waitFor();
      await page.locator(".steps .failed summary").click();
      await page.locator(".steps .failed").getByText(step).waitFor();
    }
    assert.deepEqual(complaints(page), []);
    await page.context().close();
  });

  scenario("by keyboard alone: a file, a key, a step, a text; and what is pasted or dropped anywhere", async () => {
    const receipt = await receiptOf(demo, 0);
    const key = await logKey(demo);
    const file = demo.site.write("by-keyboard.json", receipt);
    const page = await openVerify(demo, { permissions: ["clipboard-read", "clipboard-write"] });
    await press(page, keys(page), "Control+a");
    await page.keyboard.type(key);
    await page.getByRole("heading", { level: 1 }).focus();
    const chosen = page.waitForEvent("filechooser");
    await press(page, page.getByLabel("File to check"));
    await (await chosen).setFiles(file);
    await said(page, "✓ Verified: receipt by-keyboard.json");
    await press(page, page.locator(".steps summary").first());
    await page.getByText("record", { exact: true }).waitFor();
    await page.getByRole("heading", { level: 1 }).focus();
    await press(page, page.getByText("As text"));
    await write(page, page.getByLabel("Text to check"), "{}");
    await press(page, page.getByRole("button", { name: "Check this text" }));
    await said(page, "Nothing could be checked");
    const paste = async (text) => {
      await page.getByRole("heading", { level: 1 }).focus();
      await page.evaluate((words) => navigator.clipboard.writeText(words), text);
      await page.keyboard.press("Control+v");
    };
    await paste(`\n${receipt}\n`);
    await said(page, "✓ Verified: receipt");
    await paste((await (await fetch(`${demo.url}/ledger/checkpoint`)).text()).trim());
    await said(page, "✓ Verified: checkpoint");
    const drop = await page.evaluateHandle((text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "dropped.json"));
      return data;
    }, receipt);
    await page.dispatchEvent("main", "drop", { dataTransfer: drop });
    await said(page, "✓ Verified: receipt dropped.json");
    assert.deepEqual(complaints(page), []);
    await page.context().close();
  });

  scenario("who is signed in has the page in the frame, and comes back to it from signing in", async () => {
    const page = await openPage();
    await page.goto(`${demo.url}/datasets`);
    await press(page, page.getByRole("link", { name: "Verify a receipt" }));
    await heading(page, "Verify");
    await press(page, page.getByRole("button", { name: "Sign in" }));
    await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
    await page.goto(await demo.freshLink("alpha", "ada"));
    await heading(page, "Verify");
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Verify" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await heading(page, "Overview");
    await page.keyboard.press("g");
    await page.keyboard.press("v");
    await heading(page, "Verify");
    await keys(page).fill(await logKey(demo));
    await give(page, "receipt.json", await receiptOf(demo, 0));
    await said(page, "✓ Verified: receipt");
    await page.context().close();
  });

  scenario("a log that goes on from what this browser saw is shown to, by its own proof", async () => {
    const page = await openVerify(demo);
    await keys(page).fill(await logKey(demo));
    const checkpoint = async () => (await fetch(`${demo.url}/ledger/checkpoint`)).text();
    const last = page.locator(".steps li").last();
    const older = await checkpoint();
    await give(page, "older", older);
    await last.getByText("The first head of this log that this browser sees").waitFor();
    let newer = older;
    while (newer === older) {
      await demo.api("GET", "/v1/tenants/alpha/tokens");
      newer = await checkpoint();
    }
    await give(page, "newer", newer);
    await last.getByText(/^the first \d+ of \d+ leaves are those that were seen before$/).waitFor();
    assert.deepEqual(await outcomes(page), ["passed", "passed"]);
    await page.reload();
    await give(page, "older", older);
    await last.getByText(/^the first \d+ of \d+ leaves/).waitFor();
    await give(page, "newer", newer);
    await last.getByText(/^the same head as seen at/).waitFor();
    await page.getByText("Logs that this browser remembers: 1").click();
    await page.getByRole("button", { name: "Forget" }).click();
    assert.equal(await page.evaluate(() => localStorage.getItem("mc.verify.heads")), "{}");
    assert.deepEqual(complaints(page), []);
    await page.context().close();
  });

  scenario("two histories of one log are an alarm with both notes, and no proof is never a good one", async () => {
    const signer = new Signer("ledger.example");
    const ledger = new Ledger(3, signer);
    const other = new Ledger(3, signer, "eve@alpha");
    const [first, later, fork] = [ledger.receipt(2), ledger.receipt(2, { more: 9 }), other.receipt(2)];
    const page = await openVerify(demo);
    await keys(page).fill(signer.vkey);
    const last = page.locator(".steps li").last();
    await give(page, "first", canonical(first));
    await last.getByText("It is remembered").waitFor();
    await give(page, "later", canonical(later));
    await last.getByText("Not shown: This server does not have that log.").waitFor();
    const good = { json: { path: consistency(ledger.root(3, 9).leaves, 5).map((each) => each.toString("base64")) } };
    const bad = { json: { path: good.json.path.toReversed() } };
    const answers = [
      ["no answer", { status: 404 }, "skipped"], ["another page", { body: "<p>Welcome to the airport</p>" }, "skipped"],
      ["no hashes", { json: { path: ["AA=="] } }, "skipped"], ["other hashes", bad, "failed"],
      ["a proof", good, "passed"],
    ];
    for (const [name, proof, outcome] of answers) {
      await serveLog(page, signer.vkey, proof);
      await give(page, name, canonical(later));
      await page.getByRole("heading", { name }).waitFor();
      assert.equal((await outcomes(page)).at(-1), outcome, name);
      assert.equal(await page.getByRole("alert").count(), outcome === "failed" ? 1 : 0);
      if (outcome === "failed") await said(page, "▲ It holds, its log is not shown to go on");
      await page.unroute(/\/ledger\//);
    }
    await page.getByText("Logs that this browser remembers").click();
    await page.getByRole("button", { name: "Forget" }).click();
    await give(page, "first again", canonical(first));
    await last.getByText("It is remembered").waitFor();
    await give(page, "fork", canonical(fork));
    const alarm = page.getByRole("alert");
    await alarm.getByRole("heading", { name: "The log ledger.example contradicts itself" }).waitFor();
    await said(page, "▲ It holds, its log does not");
    const saved = page.waitForEvent("download");
    await alarm.getByRole("button", { name: "Download both notes" }).click();
    const evidence = readFileSync(await (await saved).path(), "utf8");
    assert.equal(evidence, `${first.checkpoint}\n${fork.checkpoint}`);
    for (const widths of WIDTHS) await checkLooks(page, widths, "two histories");
    await give(page, "first again", canonical(first));
    await last.getByText(/^the same head as seen at/).waitFor();  // the other history did not take its place
    await page.context().close();
  });

  scenario("envelopes, bundles and what is not checked here", async () => {
    const [log, signer, artifact] = [new SignatureLog(), keyPair("P-256"), Buffer.from("artifact")];
    const page = await openVerify(demo);
    await give(page, "envelope.json", JSON.stringify(envelopeOf(signer, statementOf(artifact))));
    await said(page, "The signer's public key is missing");
    await page.getByRole("button", { name: "Fill it in" }).press("Enter");
    await page.keyboard.insertText(signer.pem);
    await said(page, "✓ Verified: envelope");
    const bundle = bundleOfBlob(log, signer, artifact);
    await give(page, "app.sigstore.json", JSON.stringify(bundle));
    await said(page, "The trusted root is missing");
    await page.getByLabel("Trusted root").fill(JSON.stringify(log.root));
    await said(page, "The artifact is missing");
    await page.getByLabel("Artifact").setInputFiles(fileOf("app.tar", "artifact"));
    await said(page, "✓ Verified: bundle");
    await page.getByLabel("Artifact").setInputFiles(fileOf("app.tar", "another"));
    await said(page, "✕ Not verified: bundle");
    const material = { ...bundle.verificationMaterial, publicKey: undefined, certificate: { rawBytes: "AAAA" } };
    await give(page, "keyless.json", JSON.stringify({ ...bundle, verificationMaterial: material }));
    await said(page, "▲ Not checked here");
    assert.equal(await lineOf(page),
      "maestro verify keyless.json --trust trusted_root.json --identity NAME --issuer URL --artifact app.tar");
    assert.equal(await page.locator(".steps, .good").count(), 0);
    await check(page, "not checked here");
    await page.reload();
    assert.equal(await page.getByLabel("Public key of the signer").inputValue(), signer.pem, "it is remembered");
    await page.context().close();
  });

  scenario("what this server gives goes beside what was typed, and a field keeps what is dropped on it", async () => {
    const [typed, key] = [new Signer("typed.example").vkey, await logKey(demo)];
    const page = await openVerify(demo);
    await keys(page).fill(typed);
    await give(page, "receipt.json", await receiptOf(demo, 0));
    await said(page, "✕ Not verified: receipt");
    // What is typed while the server takes its time stays too.
    const held = deferred();
    await page.route(/\/ledger\/key$/, async (route) => {
      await held.promise;
      await route.continue();
    });
    await page.getByRole("button", { name: "Ask this server for its key" }).click();
    const later = new Signer("later.example").vkey;
    await keys(page).fill(`${typed}\n${later}`);
    held.resolve();
    await said(page, "✓ Verified: receipt");
    assert.equal(await keys(page).inputValue(), `${typed}\n${later}\n${key}`);
    await servedIn(page, ".notice").waitFor();
    await page.getByText("A policy, a signer's key, a trusted root, an artifact").click();
    const askRoot = page.getByRole("button", { name: "Ask this server for its trusted root" });
    await page.getByLabel("Trusted root").fill("{}");
    await askRoot.click();
    await page.getByText("The field has another one: empty it first.").waitFor();
    await page.getByLabel("Trusted root").fill("");
    await askRoot.click();
    await servedIn(page, "form").nth(1).waitFor(); // one for each field
    assert.equal(await servedIn(page, "form").count(), 2);
    const taken = await page.getByLabel("Artifact").evaluate((field) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "app.tar"));
      return !field.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    });
    assert.equal(taken, false);
    await said(page, "✓ Verified: receipt receipt.json");
    await check(page, "keys of several");
    assert.deepEqual(complaints(page), []);
    await page.context().close();
  });

  scenario("the server's own bundle of a record, with the word of its log and of its clock", async () => {
    const { record } = JSON.parse(await receiptOf(demo, 0));
    const bundle = await demo.api("GET", "/v1/tenants/alpha/records/0/receipt?form=bundle");
    const page = await openVerify(demo);
    await give(page, "record.sigstore.json", JSON.stringify(bundle));
    await said(page, "The trusted root is missing");
    await page.getByRole("button", { name: "Fill it in" }).click();
    await page.getByRole("button", { name: "Ask this server for its trusted root" }).click();
    await said(page, "The artifact is missing");
    await page.getByLabel("Artifact").setInputFiles(fileOf("leaf", record.leaf));
    await said(page, "The signer's public key is missing");
    await page.getByLabel("Public key of the signer").fill((await demo.api("GET", "/v1/ledger")).signer);
    await said(page, "✓ Verified: bundle");
    const skipped = ["promise", "certificate", "transparency", "identity"];
    const steps = ["signer", "timestamp", "promise", "inclusion", "checkpoint", "time", "certificate", "transparency",
      "identity", "signature", "artifact", "entry"];
    assert.deepEqual(await outcomes(page), steps.map((step) => (skipped.includes(step) ? "skipped" : "passed")));
    for (const where of [".notice", "form"]) await servedIn(page, where).waitFor();
    assert.deepEqual(complaints(page), []);
    await page.context().close();
  });

  scenario("every state of /verify, light and dark, at 1440, 390 and 320 px", { limitMs: looksMs(6) }, async () => {
    const receipt = await receiptOf(demo, 0);
    const page = await openVerify(demo);
    const name = `${"long-name-".repeat(20)}<img src=x>.json`;
    for (const widths of WIDTHS) {
      await page.evaluate(() => localStorage.clear());
      await page.setViewportSize({ width: widths[0], height: 900 });
      await page.goto(`${demo.url}/verify`);
      await said(page, "Nothing to check yet");
      await checkLooks(page, widths, "empty");
      await page.getByText("As text").click();
      await page.getByText("A policy, a signer's key, a trusted root, an artifact").click();
      await give(page, name, receipt);
      await said(page, "The log's verifier key is missing");
      await checkLooks(page, widths, "a key is missing, all fields open");
      await page.route(/\/ledger\/key$/, (route) => route.abort("connectionrefused"));
      await page.getByRole("button", { name: "Ask this server for its key" }).click();
      await page.getByText("The server did not give it: No answer came.").waitFor();
      await checkLooks(page, widths, "no key");
      await page.unroute(/\/ledger\/key$/);
      await keys(page).fill("no key");
      await said(page, "Nothing could be checked");
      await checkLooks(page, widths, "no key of a log");
      await keys(page).fill(await logKey(demo));
      await said(page, "✓ Verified: receipt");
      for (const summary of await page.locator(".steps summary").all()) await summary.click();
      await checkLooks(page, widths, "verified, all steps open");
      await give(page, name, anothers(receipt));
      await said(page, "✕ Not verified: receipt");
      await checkLooks(page, widths, "failed");
    }
    await page.context().close();
  });

  scenario("on a plain page, where browsers have no cryptography, the same is verified by JavaScript alone", async () => {
    const receipt = await receiptOf(demo, 0);
    const page = await openPage();
    const plain = "http://plain.example";
    await page.route(`${plain}/**`, async (route) => {
      const url = route.request().url().replace(plain, demo.url);
      await route.fulfill({ response: await route.fetch({ url }) });
    });
    await page.goto(`${plain}/verify`);
    await heading(page, "Verify");
    assert.equal(await page.evaluate(() => isSecureContext), false);
    await keys(page).fill(await logKey(demo));
    await give(page, "receipt.json", receipt);
    await said(page, "✓ Verified: receipt");
    await give(page, "altered.json", receipt.replace(/\\n\d+\\n/, "\\n9999\\n"));
    await said(page, "✕ Not verified: receipt altered.json");
    await page.locator(".steps .failed summary").click();
    await page.locator(".steps .failed").getByText("checkpoint_invalid").waitFor();
    assert.equal(await page.getByRole("button", { name: "Copy" }).count(), 0);
    await page.context().close();
  });

  scenario("a check that does not run says so, and runs again", async () => {
    const page = await openPage();
    await page.route(/\/assets\/worker-/, (route) => route.fulfill({ status: 404 }));
    await page.goto(`${demo.url}/verify`);
    await give(page, "receipt.json", await receiptOf(demo, 0));
    await said(page, "The check did not run");
    await check(page, "the check did not run");
    await page.unroute(/\/assets\/worker-/);
    await page.getByRole("button", { name: "Try again" }).press("Enter");
    await said(page, "The log's verifier key is missing");
    await page.context().close();
  });

  scenario("ten thousand records are verified off the page", async () => {
    const ledger = new Ledger(10_001);
    const range = canonical(ledger.range(0, 10_000));
    const page = await openVerify(demo);
    await keys(page).fill(ledger.signer.vkey);
    await give(page, "range", range);
    await said(page, "✓ Verified: range receipt range");
    await tabTo(page, page.getByLabel("File to check"));
    await page.context().close();
  });
}
