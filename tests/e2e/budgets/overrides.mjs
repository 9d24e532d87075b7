// A budget that is changed for a time, from the command line, on a server that is killed and whose
// disk fails. Its state is in the PostgreSQL of MC_TEST_POSTGRES_URL when there is one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import http from "node:http";

import { post, send } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";

const WHY = ["--reason", "incident", "--note", "the shop is slow", "--ticket", "TKT-7"];

// A server before an upstream, whose tenant may ask twice a second.
class Shop {
  static async start() {
    const shop = new Shop();
    shop.upstream = http.createServer((request, response) => {
      request.resume().on("end", () => {
        response.setHeader("Content-Type", "application/json");
        response.end('{"data":{"hello":"there"}}');
      });
    });
    await new Promise((resolve) => shop.upstream.listen(0, "127.0.0.1", resolve));
    const upstream = `http://127.0.0.1:${shop.upstream.address().port}/graphql`;
    const site = (shop.site = new Site("overrides"));
    const state = process.env.MC_TEST_POSTGRES_URL;
    site.configure(`server: {port: 0}
${state ? `state_url: "${state}"` : ""}
gateway: {routes: [{path: /graphql, kind: upstream, url: "${upstream}"}]}
ledger: {origin: ledger.example, checkpoint_every: 100ms}
budgets: {starter: {gql_qps: 2}}
`);
    for (const tenant of ["carla", "dora", "system"]) site.must("tenant", "create", tenant);
    for (const [tenant, id, roles] of [["carla", "cem", "tenant-admin"], ["dora", "dan", "tenant-admin"],
      ["system", "otto", "operator"], ["system", "mara", "operator"]]) {
      site.addPrincipal(tenant, id, roles);
      const scopes = tenant === "system" ? "admin:read,admin:write" : "query,admin:read,admin:write";
      shop[id] = site.addToken(tenant, id, scopes).token;
    }
    await shop.serve();
    return shop;
  }

  async serve() {
    this.server = await this.site.serve();
  }

  async stop() {
    await this.server.stop();
    await new Promise((resolve) => this.upstream.close(resolve));
  }

  run(token, ...args) {
    return this.site.runWith({ env: { MC_TOKEN: token, MC_URL: this.server.url } }, "--json", "budget", ...args);
  }

  must(token, ...args) {
    const done = this.run(token, ...args);
    assert.equal(done.status, 0, `budget ${args.join(" ")}: ${done.err}`);
    return JSON.parse(done.out);
  }

  get(path, token) {
    return send(this.server.url + path, { headers: { Authorization: `Bearer ${token}` } });
  }

  ask() {
    return post(`${this.server.url}/graphql`, this.cem, { query: "{ hello }" });
  }

  // What the tenant is told that it may, and that it is held to it.
  async rate() {
    let admitted = 0;
    let reply;
    for (let i = 0; i < 500 && reply?.status !== 429; i += 1) {
      reply = await this.ask();
      admitted += reply.status === 200 ? 1 : 0;
    }
    assert.equal(reply.status, 429, "it is never used up");
    const quota = Number(/q=(\d+)/.exec(reply.headers["ratelimit-policy"])[1]);
    await new Promise((resolve) => setTimeout(resolve, Number(reply.headers["retry-after"]) * 1000));
    assert.equal((await this.ask()).status, 200, "who waited as told is let in");
    return { quota, admitted };
  }

  limitFiles(bytes) {
    const done = spawnSync("prlimit", ["--pid", String(this.server.pid), `--fsize=${bytes}:unlimited`]);
    assert.equal(done.status, 0, String(done.stderr));
  }
}

scenario("an override: recorded, in force at once and after a kill, revoked; without a ledger refused",
  { limitMs: 120_000 }, async () => {
    const shop = await Shop.start();
    try {
      await theOverride(shop);
    } finally {
      await shop.stop();
    }
  });

async function theOverride(shop) {
  assert.equal((await shop.rate()).quota, 2);
  const wanted = ["--tenant", "carla", "--dimension", "requests", "--for", "1h", ...WHY];
  const triple = [...wanted, "--factor", "3"];
  const tried = shop.must(shop.otto, "override", "create", ...triple, "--dry-run");
  assert.deepEqual([tried.limit_before, tried.limit_after, tried.record], [2, 6, null]);
  assert.equal((await shop.rate()).quota, 2);

  const made = shop.must(shop.otto, "override", "create", ...triple);
  assert.equal(made.state, "active");
  const now = await shop.rate();
  assert.equal(now.quota, 6);
  assert.ok(now.admitted > 2, `${now.admitted} were admitted`);

  // Its record, which the tenant can prove alone.
  const receipt = await shop.get(`/v1/tenants/carla/records/${made.record}/receipt`, shop.cem);
  assert.equal(receipt.status, 200, receipt.text);
  const { json: ledger } = await shop.get("/v1/ledger", shop.cem);
  const verified = shop.site.run("verify", shop.site.write("receipt.json", receipt.text), "--log-key", ledger.key);
  assert.equal(verified.status, 0, `${verified.out}${verified.err}`);
  const { json: page } = await shop.get("/v1/tenants/carla/records?type=override", shop.cem);
  const [record] = page.items;
  assert.equal(record.record, made.record);
  assert.equal(record.actor, "otto@system");
  assert.equal(record.action, "budget.override.begin");
  assert.equal(record.payload.override, made.id);
  assert.deepEqual([record.payload.limit_before, record.payload.limit_after], [2, 6]);
  assert.deepEqual([record.payload.reason, record.payload.ticket], ["incident", "TKT-7"]);

  // What the tenant sees, and nobody else's.
  const own = shop.must(shop.cem, "effective", "--tenant", "carla").items[0];
  assert.deepEqual([own.limit, own.override, own.limit_of_plan], [6, made.id, 2]);
  assert.equal(shop.run(shop.dan, "effective", "--tenant", "carla").status, 3);
  assert.equal(shop.run(shop.dan, "override", "list", "--tenant", "carla").status, 3);
  assert.equal(shop.run(shop.cem, "override", "create", ...triple).status, 4, "a tenant gives itself nothing");

  await shop.server.stop("SIGKILL");
  await shop.serve();
  assert.equal((await shop.rate()).quota, 6, "in force again after a kill");

  // Far above what there is, it takes two.
  const tenfold = shop.must(shop.otto, "override", "create", ...wanted, "--factor", "10");
  assert.equal(tenfold.state, "pending");
  assert.equal(shop.run(shop.otto, "override", "approve", tenfold.id, "--tenant", "carla").status, 4);
  assert.equal((await shop.rate()).quota, 6);
  assert.equal(shop.must(shop.mara, "override", "approve", tenfold.id, "--tenant", "carla").state, "active");
  assert.equal((await shop.rate()).quota, 20);

  for (const id of [tenfold.id, made.id]) {
    assert.equal(shop.must(shop.otto, "override", "revoke", id, "--tenant", "carla").state, "revoked");
  }
  assert.equal((await shop.rate()).quota, 2);

  // It ends by itself, to the second, and that is recorded.
  const short = shop.must(shop.otto, "override", "create", ...triple.map((arg) => (arg === "1h" ? "2s" : arg)));
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, Date.parse(short.until) - Date.now())));
  assert.equal((await shop.rate()).quota, 2);
  let actions = [];
  while (!actions.includes("budget.override.expire")) {
    const { json } = await shop.get("/v1/tenants/carla/records?type=override", shop.cem);
    actions = json.items.map((item) => item.action);
  }
  assert.deepEqual(actions.toReversed().map((action) => action.split(".")[2]),
    ["begin", "ask", "approve", "revoke", "revoke", "begin", "expire"]);

  shop.limitFiles(1);
  const refused = shop.run(shop.otto, "override", "create", ...triple);
  assert.equal(refused.status, 1, refused.out);
  assert.match(refused.err, /ledger/);
  assert.equal((await shop.rate()).quota, 2);
  const { json: all } = await shop.get("/v1/tenants/carla/budgets/overrides", shop.cem);
  assert.deepEqual(all.items.map((item) => item.state).toSorted(), ["expired", "revoked", "revoked"]);
}
