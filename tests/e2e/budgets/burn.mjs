// A tenant that nears its budget: it is told at 80 and 90 %, everybody sees it, nobody else is
// harmed; an override is tried before it is made; what was refused is proven without the server.
import assert from "node:assert/strict";
import http from "node:http";

import { eventually } from "../lib/children.mjs";
import { post, send } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";
import { Receiver } from "../notify/receivers.mjs";

export const RATE = 4; // requests a second, 1,200 in five minutes

export class Shop {
  refused = 0; // in surges

  static async start() {
    const shop = new Shop();
    shop.upstream = http.createServer((request, response) => {
      request.resume().on("end", () => {
        response.setHeader("Content-Type", "application/json");
        response.end('{"data":{"hello":"there"}}');
      });
    });
    await new Promise((resolve) => shop.upstream.listen(0, "127.0.0.1", resolve));
    shop.receiver = await Receiver.start();
    const upstream = `http://127.0.0.1:${shop.upstream.address().port}/graphql`;
    const site = (shop.site = new Site("burn"));
    site.configure(`server: {port: 0}
gateway: {routes: [{path: /graphql, kind: upstream, url: "${upstream}"}]}
ledger: {origin: ledger.example, checkpoint_every: 100ms}
notify: {allowed_networks: ["127.0.0.0/8"]}
budgets: {starter: {gql_qps: ${RATE}}, pro: {gql_qps: 1000}}
`);
    for (const [tenant, plan] of [["bravo", "starter"], ["alpha", "pro"], ["system", "starter"]]) {
      site.must("tenant", "create", tenant, "--plan", plan);
    }
    for (const [tenant, id, roles] of [["bravo", "ben", "tenant-admin"], ["alpha", "ada", "tenant-admin"],
      ["system", "otto", "operator"]]) {
      site.addPrincipal(tenant, id, roles);
      const scopes = tenant === "system" ? "admin:read,admin:write,metrics" : "query,admin:read,admin:write";
      shop[id] = site.addToken(tenant, id, scopes).token;
    }
    shop.server = await site.serve();
    return shop;
  }

  async stop() {
    await this.server.stop();
    await this.receiver.stop();
    await new Promise((resolve) => this.upstream.close(resolve));
  }

  async call(method, path, token, body) {
    const reply = await send(this.server.url + path, { method, headers: { Authorization: `Bearer ${token}`,
      ...(body ? { "Content-Type": "application/json" } : {}) }, body: body && JSON.stringify(body) });
    return reply;
  }

  async must(...request) {
    const reply = await this.call(...request);
    assert.ok(reply.status < 300, `${request[0]} ${request[1]}: ${reply.status} ${reply.text}`);
    return reply.json;
  }

  ask(token) {
    return post(`${this.server.url}/graphql`, token, { query: "{ hello }" });
  }

  // Of bravo, fifty at a time; the last that was refused.
  async surge(count) {
    let denied;
    for (let left = count; left > 0; left -= 50) {
      const replies = await Promise.all(Array.from({ length: Math.min(left, 50) }, () => this.ask(this.ben)));
      denied = replies.findLast(({ status }) => status === 429) ?? denied;
      this.refused += replies.filter(({ status }) => status === 429).length;
    }
    return denied;
  }

  told() {
    return this.receiver.at("/burn").map(({ body }) => JSON.parse(body)).filter(({ type }) => type === "mc.budget.burn");
  }
}

export const surroundings = (go) => async () => {
  const shop = await Shop.start();
  try {
    await go(shop);
  } finally {
    await shop.stop();
  }
};

scenario("a surge of one tenant: told at 80 and at 90 %, seen by all who should, felt by nobody else",
  { limitMs: 120_000 }, surroundings(async (shop) => {
    await shop.must("POST", "/v1/tenants/bravo/endpoints", shop.ben,
      { target: `${shop.receiver.url}/burn`, events: "mc.budget.*" });
    await shop.surge(RATE * 300 * 0.84);
    const [first] = await eventually("the webhook says 80", () => shop.told().length === 1 && shop.told(), 30_000);
    assert.equal(first.subject, "requests");
    assert.equal(first.data.level, 80);
    assert.equal(first.data.limit, RATE);
    assert.ok(first.data.burn >= 0.8 && first.data.burn < 0.9, `burn ${first.data.burn}`);
    const denied = await shop.surge(RATE * 300 * 0.5);
    await eventually("the webhook says 90", () => shop.told().length === 2, 30_000);
    assert.equal(shop.told()[1].data.level, 90);

    // What burns is looked at every five seconds, and 90 % may have been found amid the surge.
    const [usage, bravo] = await eventually("a look at the whole surge", async () => {
      const seen = await shop.must("GET", "/v1/budgets/usage", shop.otto);
      const [burning] = seen.budgets.filter(({ tenant }) => tenant === "bravo");
      return burning.burn > 1.3 && [seen, burning];
    }, 30_000);
    assert.deepEqual([bravo.dimension, bravo.limit, bravo.unit, bravo.level], ["requests", RATE, "per_s", 90]);
    assert.ok(bravo.burn < 1.4, `burn ${bravo.burn}`);
    const [row] = usage.rows.filter(({ tenant }) => tenant === "bravo");
    assert.equal(row.admitted + row.rejected, RATE * 300 * 1.34);
    const metrics = (await send(`${shop.server.url}/metrics`, { headers: { Authorization: `Bearer ${shop.otto}` } })).text;
    assert.match(metrics, /^mc_budget_burn_ratio\{tenant="bravo",dimension="requests"\} 1\.3/m);
    assert.match(metrics, /^mc_slo_guard 0$/m, "what is refused to one tenant is no failure of the service");

    // Nobody else: not in the answers, and not in what another tenant may look at.
    for (let i = 0; i < 20; i += 1) assert.equal((await shop.ask(shop.ada)).status, 200);
    const own = await shop.call("GET", "/v1/budgets/usage", shop.ada);
    assert.equal(own.status, 200);
    assert.ok(!own.text.includes("bravo"));
    assert.equal((await shop.call("GET", "/v1/budgets/usage?tenant=bravo", shop.ada)).status, 404);

    // What was refused, signed; it holds without the server, and not when it is changed.
    const request = denied.headers["x-request-id"];
    const path = `/v1/tenants/bravo/budgets/denials/${request}`;
    const document = (await shop.call("GET", path, shop.ben)).text;
    assert.equal(JSON.parse(document).status, 429);
    assert.equal(JSON.parse(document).limit.quota, RATE);
    const receipt = await shop.call("POST", `${path}/receipt`, shop.ben, {});
    assert.equal(receipt.status, 200, receipt.text);
    const { json: ledger } = await shop.call("GET", "/v1/ledger", shop.ben);
    const key = shop.site.write("signer.pem", ledger.signer);
    const root = shop.site.write("root.json", (await send(`${shop.server.url}/signing/trusted_root.json`,
      { headers: { Authorization: `Bearer ${shop.ben}` } })).text);
    const bundle = shop.site.write("denial.sigstore.json", receipt.text);
    const verify = (artifact) => shop.site.run("verify", bundle, "--key", key, "--trust", root, "--artifact",
      shop.site.write("denial.json", artifact));
    const good = verify(document);
    assert.equal(good.status, 0, `${good.out}${good.err}`);
    assert.equal(verify(document.replace('"left":0', '"left":1')).status, 5);
    assert.equal((await shop.call("GET", path, shop.ada)).status, 404);
    const explained = await eventually("the log has it", () => {
      const done = shop.site.run("--json", "budget", "explain", request, "--log", shop.site.path("data/admission"));
      return done.status === 0 && JSON.parse(done.out);
    });
    assert.equal(explained.decisions[0].limit.policy, JSON.parse(document).limit.policy);
  }));

scenario("an override is tried on what happened, then made, and does what was foretold",
  { limitMs: 60_000 }, surroundings(async (shop) => {
    await shop.surge(100);
    const overrides = "/v1/tenants/bravo/budgets/overrides";
    const limit = { dimension: "requests", factor: "3" };
    const seen = await shop.must("POST", `${overrides}/preview`, shop.otto, limit);
    assert.equal(seen.decisions, 100);
    assert.equal(seen.rejected_before, shop.refused);
    assert.equal(seen.rejected_after, seen.rejected_before - seen.admitted_instead);
    assert.ok(seen.admitted_instead >= 2 * RATE, `${seen.admitted_instead} would be let through`);
    assert.deepEqual([seen.limit_before, seen.limit_after, seen.takes_two], [RATE, 3 * RATE, false]);
    assert.deepEqual(seen.payers, []);
    assert.deepEqual((await shop.must("GET", overrides, shop.otto)).items, [], "a preview changes nothing");
    const made = await shop.must("POST", overrides, shop.otto,
      { ...limit, lifetime: "1h", reason: "incident", note: "a surge", ticket: "TKT-1" });
    assert.equal(made.state, "active");
    const { headers } = await shop.ask(shop.ben);
    assert.match(headers["ratelimit-policy"], new RegExp(`q=${3 * RATE};`));
  }));
