// The page Verify and the page Ledger over a change of the ledger's key, in one browser that knows the first one.
import assert from "node:assert/strict";

import { freePort, send } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { check, heading, openPage, scenario, signIn } from "./browser.mjs";
import { WIDTHS, checkLooks, looksMs } from "./states.mjs";

// A server that is stopped and started again at the same address, so that the browser takes it for the same.
class Changing {
  static async start() {
    const out = new Changing();
    out.site = new Site("portal-keys");
    out.site.configure(`server: {port: ${await freePort()}}
ledger:
  origin: ledger.example
  checkpoint_every: 100ms
`);
    for (const tenant of ["alpha", "system"]) out.site.must("tenant", "create", tenant);
    out.site.addPrincipal("alpha", "ada", "tenant-admin");
    out.site.addPrincipal("system", "otto", "operator");
    out.token = out.site.addToken("alpha", "ada", "admin:read,admin:write").token;
    out.operator = out.site.addToken("system", "otto", "query,mutate,introspect,metrics,admin:read,admin:write").token;
    out.server = await out.site.serve();
    out.url = out.server.url;
    return out;
  }
  // Stopped, with these commands on its data directory, and started again.
  async change(...verbs) {
    await this.server.stop();
    for (const verb of verbs) this.site.must("ledger", verb);
    this.server = await this.site.serve();
    assert.equal(this.server.url, this.url);
  }
  async api(path, { method = "GET", token = this.token } = {}) {
    const got = await send(this.url + path, { method, headers: { Authorization: `Bearer ${token}` } });
    assert.ok(got.status < 300, `${path}: ${got.status} ${got.text}`);
    return got;
  }
  // Of a record that is made for it.
  async receipt() {
    await this.api("/v1/tenants/alpha/tokens");
    const [newest] = (await this.api("/v1/tenants/alpha/records?limit=1")).json.items;
    return (await this.api(`/v1/tenants/alpha/records/${newest.record}/receipt`)).text;
  }
  verify(text, ...args) {
    return this.site.run("verify", this.site.write("receipt.json", text), ...args);
  }
}

const give = (page, name, text) =>
  page.getByLabel("File to check").setInputFiles({ name, mimeType: "application/json", buffer: Buffer.from(text) });
const said = (page, title) => page.getByRole("heading", { name: title }).waitFor();
const complaints = (page) => page.complaints.filter((text) => !text.includes("401"));

async function openVerify(world) {
  const page = await openPage();
  await page.goto(`${world.url}/verify`);
  await heading(page, "Verify");
  return page;
}

async function follows(world, page, key) {
  const last = page.locator(".steps li").last();
  const receipt = await world.receipt();
  assert.equal(world.verify(receipt, "--log-key", key).status, 5, "the old key alone does not do");
  await give(page, "new.json", receipt);
  await said(page, "✓ Verified: receipt new.json");
  await page.getByText("The ledger has changed its key; the key that you know vouches for the new one.").waitFor();
  await last.getByText(/^the first \d+ of \d+ leaves are those that were seen before, under another key/).waitFor();
  assert.equal(await page.getByText("compare it with one from somewhere else").count(), 0);
  await page.locator(".steps summary").first().click();
  assert.equal(await page.locator(".command pre").first().textContent(),
    `maestro verify new.json --trust keys.json --log-key ${key}`);
  const list = world.site.write("keys.json", (await send(`${world.url}/ledger/keys`)).text);
  const told = world.verify(receipt, "--trust", list, "--log-key", key);
  assert.equal(told.status, 0, told.out + told.err);
  for (const widths of WIDTHS) await checkLooks(page, widths, "a key that was followed");
  await page.setViewportSize({ width: 1440, height: 900 });
  return receipt;
}

// What the list of the server is, given as a file, as a trust, and spoilt.
async function listed(world, page, key, receipt) {
  const list = (await send(`${world.url}/ledger/keys`)).text;
  await give(page, "keys.json", list);
  await said(page, "✓ Verified: keys keys.json");
  await page.getByText("The keys before vouch for the later ones").waitFor();
  await page.getByText("A policy, a signer's key, a trusted root, an artifact").click();
  await page.getByLabel("Policy, or list of keys").fill(`${list}\n`);
  await give(page, "by-list.json", receipt);
  await said(page, "✓ Verified: receipt by-list.json");
  await page.locator(".steps summary").first().click();
  assert.equal(await page.locator(".command pre").first().textContent(),
    `maestro verify by-list.json --trust keys.json --log-key ${key}`);
  await page.getByLabel("Policy, or list of keys").fill("");
  const vouched = JSON.stringify({ ...JSON.parse(list), vouched: [] });
  await page.route(/\/ledger\/keys$/, (route) => route.fulfill({ contentType: "application/json", body: vouched }));
  await give(page, "not-followed.json", receipt);
  await said(page, "✕ Not verified: receipt not-followed.json");
  await page.getByText(/^the list of keys does not hold: vouched: nobody vouches for ledger\.example\+/).waitFor();
  await page.unroute(/\/ledger\/keys$/);
}

export function addVerifyKeysScenarios() {
  scenario("a change of the ledger's key is followed by a browser that knows the old one, and hides nothing",
    { limitMs: looksMs(5) }, async () => {
      const world = await Changing.start();
      try {
        const key = (await send(`${world.url}/ledger/key`)).text.trim();
        const page = await openVerify(world);
        await page.getByLabel("Verifier keys of logs").fill(key);
        const old = await world.receipt();
        await give(page, "old.json", old);
        await page.locator(".steps li").last().getByText("The first head of this log that this browser sees").waitFor();
        await world.change("rotate-key", "retire-key");
        await page.reload();
        const receipt = await follows(world, page, key);
        await give(page, "old.json", old);
        await said(page, "✓ Verified: receipt old.json");
        await page.locator(".steps li").last().getByText(/seen before, under another key of the log$/).waitFor();
        await listed(world, page, key, receipt);
        await check(page, "a list that does not hold");
        assert.deepEqual(complaints(page), []);

        const links = "/v1/tenants/system/principals/otto/links";
        const { path } = (await world.api(links, { method: "POST", token: world.operator })).json;
        await signIn(page, world.url + path);
        await page.goto(`${world.url}/records`);
        await heading(page, "Ledger");
        const table = page.getByRole("region", { name: "Keys of the ledger" });
        assert.equal(await table.getByRole("rowheader").first().textContent(), key);
        assert.equal(await table.getByRole("rowheader").count(), 2);
        await table.getByText("signs now").waitFor();
        const link = page.getByRole("main").getByRole("link", { name: "Keys", exact: true });
        assert.equal(await link.getAttribute("href"), "/ledger/keys");
        for (const widths of WIDTHS) await checkLooks(page, widths, "a ledger with two keys");
        await page.context().close();
      } finally {
        await world.server.stop();
      }
    });
}
