// Classes and exemptions by policy: the example of the guide, word for word, on a real server.
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync, mkdirSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";

import { post } from "../lib/http.mjs";
import { ROOT, Site } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";

// The two files of the guide's section, in its order.
function examples() {
  const guide = readFileSync(join(ROOT, "docs/guides/budgets.md"), "utf8");
  const section = guide.split("\n## ").find((part) => part.startsWith("Classes and exemptions by policy\n"));
  assert.ok(section, "the guide has no such section");
  const blocks = [...section.matchAll(/^```rego\n(.*?)^```$/gms)].map((match) => match[1]);
  assert.equal(blocks.length, 2, "the rule and its test");
  return blocks;
}

// Policies of a new installation with those of the guide.
function writePolicies(site) {
  const folder = site.path("acme");
  cpSync(join(ROOT, "policies/default"), folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(folder, ".manifest"), "utf8"));
  manifest.roots.push("mc/budget");
  writeFileSync(join(folder, ".manifest"), JSON.stringify(manifest));
  mkdirSync(join(folder, "mc/budget"));
  const [rules, tests] = examples();
  writeFileSync(join(folder, "mc/budget/decision.rego"), rules);
  writeFileSync(join(folder, "mc/budget/decision_test.rego"), tests);
  return folder;
}

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
    const site = (shop.site = new Site("classes"));
    shop.policies = writePolicies(site);
    const url = `http://127.0.0.1:${shop.upstream.address().port}/graphql`;
    site.configure(`server: {port: 0}
gateway: {routes: [{path: /graphql, kind: upstream, url: "${url}"}]}
policy: {source: {location: ${shop.policies}}}
budgets: {starter: {gql_qps: 5, classes: {batch: {gql_qps: 2, priority: 0}}}}
`);
    for (const tenant of ["alpha", "bravo"]) site.must("tenant", "create", tenant);
    const token = (tenant, id, purposes, scopes) => {
      site.addPrincipal(tenant, id, "analyst");
      return site.addToken(tenant, id, scopes, "--purposes", purposes).token;
    };
    shop.ana = token("alpha", "ana", "demo,training,investigation", "query,admin:read");
    shop.bob = token("bravo", "bob", "demo", "query");
    shop.server = await site.serve();
    return shop;
  }

  ask(token, purpose) {
    return post(`${this.server.url}/graphql`, token, { query: "{ hello }" }, { headers: { "X-MC-Purpose": purpose } });
  }

  // Until a request is refused by a budget: that one.
  async useUp(token, purpose) {
    for (let i = 0; i < 1000; i += 1) {
      const reply = await this.ask(token, purpose);
      if (reply.status === 429 || reply.status === 503) return reply;
    }
    return assert.fail(`the budget for ${purpose} is never used up`);
  }

  async stop() {
    await this.server.stop();
    await new Promise((resolve) => this.upstream.close(resolve));
  }
}

scenario("policies put requests into classes and exempt them, by purposes that their tokens hold",
  { limitMs: 60_000 }, async () => {
    const shop = await Shop.start();
    const { site } = shop;
    const seen = {};
    try {
      site.must("policy", "test", shop.policies);
      const batch = await shop.useUp(shop.ana, "training");
      assert.equal(batch.headers["ratelimit-policy"], '"tenant-class-requests";q=2;w=1');
      assert.equal(batch.json.errors[0].extensions.policies[0], "tenant-class-requests");
      seen.batch = batch.headers["x-request-id"];
      const plain = await shop.useUp(shop.ana, "demo");
      assert.equal(plain.headers["ratelimit-policy"], '"tenant-requests";q=5;w=1');
      seen.plain = plain.headers["x-request-id"];
      // More at once than the tenant has in a second: none of it is charged, nor told.
      for (let i = 0; i < 20; i += 1) {
        const exempt = await shop.ask(shop.ana, "investigation");
        assert.equal(exempt.status, 200, exempt.text);
        assert.equal(exempt.headers.ratelimit, undefined);
        seen.exempt = exempt.headers["x-request-id"];
      }
      // Whose token does not hold it may state it as often as it likes.
      for (const purpose of ["investigation", "training"]) {
        const spoofed = await shop.useUp(shop.bob, purpose);
        assert.equal(spoofed.status, 429);
        assert.equal(spoofed.headers["ratelimit-policy"], '"tenant-requests";q=5;w=1');
      }
      const env = { MC_TOKEN: shop.ana, MC_URL: shop.server.url };
      const effective = site.runWith({ env }, "--json", "budget", "effective", "--tenant", "alpha");
      assert.equal(effective.status, 0, effective.err);
      const of = JSON.parse(effective.out).items.filter((line) => line.scope === "tenant-class");
      assert.deepEqual(of.map((line) => [line.class, line.dimension, line.limit]), [["batch", "requests", 2]]);
      const refused = site.runWith({ env }, "budget", "override", "create", "--tenant", "alpha", "--scope", "tenant-class",
        "--dimension", "requests", "--amount", "9", "--for", "1h", "--reason", "incident", "--note", "n", "--ticket", "T-1");
      assert.equal(refused.status, 2, refused.err);
      assert.match(refused.err, /tenant-class/);
    } finally {
      await shop.stop();
    }
    const log = join(site.dataDir, "admission");
    const explain = (id) => site.must("budget", "explain", id, "--log", log, "--tenant", "alpha");
    const batch = explain(seen.batch);
    assert.match(batch, /^class {5}batch$/m);
    assert.match(batch, /^limit {5}tenant-class-requests: 2, of which 0 were left/m);
    assert.doesNotMatch(batch, /^exempt/m);
    assert.match(explain(seen.exempt), /^exempt {4}from its own limits of requests, bytes$/m);
    assert.doesNotMatch(explain(seen.plain), /^(class|exempt)/m);
    const replayed = site.json("budget", "replay", "--log", log);
    assert.ok(replayed.decisions > 25, JSON.stringify(replayed));
    assert.equal(replayed.differences, 0, JSON.stringify(replayed));
    // Under other budgets the logged class meets the new file's limits.
    const wider = site.write("wider.yaml", "budgets: {starter: {gql_qps: 1000, classes: {batch: {gql_qps: 1000}}}}\n");
    const compared = site.json("budget", "replay", "--log", log, "--policy", wider);
    assert.ok(compared.would_pass > 0 && compared.would_be_refused === 0, JSON.stringify(compared));
    const closed = site.write("closed.yaml", "budgets: {starter: {gql_qps: 1000, classes: {batch: {gql_qps: 1}}}}\n");
    const narrower = site.json("budget", "replay", "--log", log, "--policy", closed);
    assert.ok(narrower.would_be_refused >= 1, JSON.stringify(narrower));
  });

scenario("a server whose policies are asked elsewhere says at its start that it has no classes", async () => {
  for (const [plan, lines] of [["{gql_qps: 5, classes: {batch: {gql_qps: 2}}}", 1], ["{gql_qps: 5}", 0]]) {
    const site = new Site("classes-elsewhere");
    site.configure(`server: {port: 0}
policy: {opa: {url: "http://127.0.0.1:9"}}
budgets: {starter: ${plan}, pro: ${plan}}
`);
    const server = await site.serve();
    await server.stop();
    const told = server.out.split("\n").filter((line) => line.includes("budget.classes_not_asked"));
    assert.equal(told.length, lines, told.join("\n"));
  }
});
