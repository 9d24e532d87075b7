// What budgets leave behind in the ledger: each burn and each change of the settings, with receipts
// that hold without the server; also what happened while the ledger was down.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { eventually } from "../lib/children.mjs";
import { send } from "../lib/http.mjs";
import { scenario } from "../lib/scenario.mjs";
import { RATE, surroundings } from "./burn.mjs";

const DEMAND = RATE * 300; // of five minutes

async function records(shop, tenant, token) {
  const { items } = await shop.must("GET", `/v1/tenants/${tenant}/records?type=budget&limit=100`, token);
  return items.toReversed();
}

async function actionsOf(shop, tenant, token) {
  return (await records(shop, tenant, token)).map(({ action }) => action);
}

async function metric(shop, name) {
  const { text } = await send(`${shop.server.url}/metrics`, { headers: { Authorization: `Bearer ${shop.otto}` } });
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  assert.ok(line, `no ${name} in the metrics`);
  return Number(line.split(" ")[1]);
}

// Nothing more is recorded by this process: its ledger has met a disk that fails, once.
async function stopLedger(shop) {
  const limit = (bytes) => assert.equal(
    spawnSync("prlimit", ["--pid", String(shop.server.pid), `--fsize=${bytes}:unlimited`]).status, 0);
  limit(1);
  const refused = () => shop.call("POST", "/v1/tenants/bravo/principals", shop.ben, { id: "eve", roles: "analyst" });
  assert.equal((await refused()).status, 503);
  limit("unlimited");
  assert.equal((await refused()).status, 503);
}

scenario("what crosses 80 and 90 % stands in the tenant's log, and its receipt holds without the server",
  { limitMs: 120_000 }, surroundings(async (shop) => {
    await shop.surge(DEMAND * 0.84);
    const [first] = await eventually("the record of 80", async () => {
      const all = await records(shop, "bravo", shop.ben);
      return all.length === 1 && all;
    }, 30_000);
    await shop.surge(DEMAND * 0.5);
    const all = await eventually("the record of 90", async () => {
      const found = await records(shop, "bravo", shop.ben);
      return found.length === 2 && found;
    }, 30_000);
    assert.deepEqual(all.map(({ action, type, actor }) => [action, type, actor]),
      Array(2).fill(["budget.burn", "budget", "node@system"]));
    const payload = first.payload;
    assert.deepEqual([payload.dimension, payload.level, payload.limit, payload.exhausted_at], ["requests", 80, RATE, null]);
    assert.ok(payload.used >= DEMAND * 0.8 && payload.used < DEMAND * 0.9, `used ${payload.used}`);
    assert.match(payload.node, /^node_[0-9a-z]+$/);
    assert.equal(Date.parse(payload.window.until) - Date.parse(payload.window.from), 300_000);
    assert.equal(payload.window.until, payload.at);
    // It is looked at every five seconds, so some of the second surge may come behind it.
    const { level, used } = all[1].payload;
    assert.equal(level, 90);
    assert.ok(used >= DEMAND * 0.9 && used <= DEMAND * 1.34, `used ${used}`);
    for (const { payload: each } of all) {
      assert.equal(each.burn_millionths, Math.round(each.used / DEMAND * 1e6));
    }
    assert.deepEqual(await actionsOf(shop, "alpha", shop.ada), [], "nobody else's log has it");

    const { json: { key } } = await shop.call("GET", "/v1/ledger", shop.ben);
    const receipts = [];
    for (const { record } of all) {
      receipts.push(await eventually("the receipt", async () => {
        const { status, text } = await shop.call("GET", `/v1/tenants/bravo/records/${record}/receipt`, shop.ben);
        return status === 200 && text;
      }));
    }
    await shop.server.stop();
    for (const [i, text] of receipts.entries()) {
      const verify = (what) => shop.site.run("verify", shop.site.write(`burn-${i}.json`, what), "--log-key", key);
      const good = verify(text);
      assert.equal(good.status, 0, `${good.out}${good.err}`);
      const opened = JSON.parse(text).opened.payload;
      const payload = Buffer.from(opened, "base64").toString();
      assert.match(payload, /"level":[89]0,/);
      const other = payload.replace(/"level":([89])0/, (_, level) => `"level":${level === "8" ? 9 : 8}0`);
      const changed = text.replace(opened, Buffer.from(other).toString("base64"));
      assert.notEqual(changed, text);
      assert.equal(verify(changed).status, 5, "another level is none that was recorded");
    }
    shop.server = await shop.site.serve();
  }));

scenario("while the ledger is down a burn is told as ever, and recorded once it is back, after kill -9 too",
  { limitMs: 120_000 }, surroundings(async (shop) => {
    await shop.must("POST", "/v1/tenants/bravo/endpoints", shop.ben,
      { target: `${shop.receiver.url}/burn`, events: "mc.budget.*" });
    await stopLedger(shop);
    await shop.surge(DEMAND * 0.84);
    const [told] = await eventually("the webhook says 80", () => shop.told().length === 1 && shop.told(), 30_000);
    await eventually("it waits", async () => (await metric(shop, "mc_budget_records_waiting")) === 1);
    const spool = join(shop.site.dataDir, "budget-records.json");
    await eventually("it is in a file", () => existsSync(spool));
    assert.equal((await shop.ask(shop.ada)).status, 200);
    await shop.server.stop("SIGKILL");
    shop.server = await shop.site.serve();
    const all = await eventually("the record", async () => {
      const found = await records(shop, "bravo", shop.ben);
      return found.length > 0 && found;
    });
    assert.deepEqual(all.map(({ action, payload }) => [action, payload.level, payload.at]), [["budget.burn", 80, told.data.at]]);
    await eventually("nothing waits", () => !existsSync(spool));
    assert.equal(await metric(shop, "mc_budget_records_waiting"), 0);
    assert.equal(await metric(shop, "mc_budget_records_dropped_total"), 0);
  }));

scenario("an objective that burns is recorded for the tenant and for all, with what it was made of",
  { limitMs: 60_000 }, surroundings(async (shop) => {
    shop.upstream.removeAllListeners("request");
    shop.upstream.on("request", (request) => request.socket.destroy());
    for (let i = 0; i < 12; i += 1) assert.ok((await shop.ask(shop.ada)).status >= 500);
    const begun = (all) => all.filter(({ action }) => action === "budget.slo_burn.begin");
    const own = await eventually("alpha's records", async () => {
      const all = begun(await records(shop, "alpha", shop.ada));
      return all.length === 3 && all;
    }, 30_000);
    assert.deepEqual(own.map(({ payload }) => [payload.pair, payload.severity, payload.of]).toSorted(),
      [["creeping", "ticket", "tenant"], ["fast", "page", "tenant"], ["slow", "page", "tenant"]]);
    const { payload } = own.find((one) => one.payload.pair === "fast");
    // It may be found before the last of them has failed, and in a later step than the first.
    for (const window of [payload.long, payload.short]) {
      assert.equal(window.good, 0);
      assert.equal(window.bad, window.shed + window.failed);
      assert.ok(window.bad >= 1 && window.bad <= 12, `${window.bad} are bad`);
      assert.ok(window.burn_millionths > payload.threshold_millionths, `it burns ${window.burn_millionths}`);
    }
    assert.ok(payload.long.bad >= 10, `${payload.long.bad} are bad`);
    assert.deepEqual(payload.objective, { good_millionths: 999_000, latency_ms: 1000 });
    assert.equal(payload.threshold_millionths, 14_400_000);
    assert.equal(payload.node, own[0].payload.node);
    assert.equal(Date.parse(payload.long.until) - Date.parse(payload.long.from), 3_600_000);
    assert.equal(Date.parse(payload.short.until) - Date.parse(payload.short.from), 300_000);
    const together = await eventually("those of all together", async () => {
      const all = begun(await records(shop, "system", shop.otto));
      return all.length === 3 && all;
    });
    assert.deepEqual(new Set(together.map((one) => one.payload.of)), new Set(["all"]));
    assert.deepEqual(await actionsOf(shop, "bravo", shop.ben), []);
  }));

scenario("a start with other budgets is recorded with both hashes, a start with the same is not",
  { limitMs: 60_000 }, surroundings(async (shop) => {
    const settings = async () => (await records(shop, "system", shop.otto)).filter(({ action }) => action === "budget.settings");
    const restart = async (from, to) => {
      await shop.server.stop();
      const text = readFileSync(shop.site.config, "utf8");
      assert.ok(text.includes(from));
      shop.site.write("maestro.yaml", text.replace(from, to));
      shop.server = await shop.site.serve();
    };
    const [first, ...none] = await settings();
    assert.deepEqual(none, []);
    assert.equal(first.payload.hash_before, null);
    assert.equal(JSON.parse(first.payload.settings).budgets.starter.gql_qps, RATE);
    await restart("gql_qps: 1000", "gql_qps: 1000");
    assert.equal((await settings()).length, 1);
    await restart("gql_qps: 1000", "gql_qps: 900");
    const [, second, ...others] = await settings();
    assert.deepEqual(others, []);
    assert.equal(second.payload.hash_before, first.payload.hash);
    assert.equal(JSON.parse(second.payload.settings).budgets.pro.gql_qps, 900);
    const node = readFileSync(join(shop.site.dataDir, "node"), "utf8");
    for (const { payload } of [first, second]) {
      assert.equal(payload.node, node);
      assert.equal(payload.hash, `sha256:${createHash("sha256").update(payload.settings).digest("hex")}`);
      assert.equal(payload.settings_bytes, payload.settings.length);
    }
    // The admission log of the run names the same settings.
    assert.equal((await shop.ask(shop.ada)).status, 200);
    const folder = join(shop.site.dataDir, "admission");
    await eventually("the header of this run", () => {
      const newest = readdirSync(folder).toSorted().at(-1);
      const [header] = readFileSync(join(folder, newest), "utf8").split("\n");
      return header !== "" && JSON.parse(header).hash === second.payload.hash;
    });
  }));

scenario("a refused request is explained by the server as by the admission log, over the API and the command line",
  { limitMs: 60_000 }, surroundings(async (shop) => {
    const denied = (await shop.surge(20)).headers["x-request-id"];
    await shop.ask(shop.ada);
    const cli = (token, ...words) => shop.site.runWith({ env: { MC_URL: shop.server.url, MC_TOKEN: token } },
      ...words, "budget", "explain", denied, "--tenant", "bravo");
    const path = `/v1/budgets/explain/${denied}`;
    const log = shop.site.path("data/admission");
    const ofLog = (...words) => shop.site.must(...words, "budget", "explain", denied, "--log", log, "--tenant", "bravo");
    // The log is written each second, and each time it has more of what came with the request.
    const wanted = await eventually("the log has all that the server has", async () => {
      const done = shop.site.run("--json", "budget", "explain", denied, "--log", log, "--tenant", "bravo");
      const ofServer = await shop.call("GET", `${path}?tenant=bravo`, shop.otto);
      return done.status === 0 && isDeepStrictEqual(JSON.parse(done.out), ofServer.json) && ofServer.json;
    });
    const [one] = wanted.decisions;
    assert.deepEqual([one.outcome, one.tenant, one.limit.policy, one.limit.quota], ["denied", "bravo", "tenant-requests", RATE]);
    assert.ok(one.neighbours_count >= 1);
    // Where its decisions stand in the log counts those of all tenants.
    const own = { ...wanted, decisions: wanted.decisions.map((each) => ({ ...each, seq: 0 })) };
    for (const [token, query, told] of [[shop.ben, "", own], [shop.ben, "?tenant=bravo", own], [shop.otto, "?tenant=bravo", wanted]]) {
      assert.deepEqual(await shop.must("GET", path + query, token), told);
      const asked = cli(token, "--json");
      assert.equal(asked.status, 0, asked.err);
      assert.deepEqual(JSON.parse(asked.out), told);
    }
    assert.equal(cli(shop.ben).out, ofLog(), "for people it is the same, byte for byte");
    assert.match(ofLog(), /^limit {5}tenant-requests: 4, of which 0 were left for the 1 asked$/m);
    for (const [token, query] of [[shop.ada, ""], [shop.ada, "?tenant=bravo"], [shop.otto, ""], [shop.otto, "?tenant=alpha"]]) {
      assert.equal((await shop.call("GET", path + query, token)).status, 404);
    }
    assert.equal(cli(shop.ada).status, 3);
  }));
