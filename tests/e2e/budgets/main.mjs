// Budgets with a real server before a real upstream that counts what reaches it.
import assert from "node:assert/strict";
import http from "node:http";

import { post } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import "./burn.mjs";
import "./classes.mjs";
import "./evidence.mjs";
import "./overrides.mjs";
import "./share.mjs";
import "./store.mjs";
import "./windows.mjs";

const ASK = { query: "{ hello }" };
const BUDGETS = `budgets:
  starter: { gql_qps: 5, subs_fanout: 1000, exports_per_min: 5 }
  pro: { gql_qps: 200, subs_fanout: 4000, exports_per_min: 20 }
`;

class World {
  capabilities = new Set();
  reached = 0;

  static async start() {
    const world = new World();
    world.upstream = http.createServer((request, response) => {
      world.reached += 1;
      request.resume().on("end", () => {
        response.setHeader("Content-Type", "application/json");
        response.end('{"data":{"hello":"there"}}');
      });
    });
    await new Promise((resolve) => world.upstream.listen(0, "127.0.0.1", resolve));
    const site = (world.site = new Site("budgets"));
    const url = `http://127.0.0.1:${world.upstream.address().port}/graphql`;
    world.settings = `server: {port: 0}\ngateway: {routes: [{path: /graphql, kind: upstream, url: "${url}"}]}\n`;
    site.configure(world.settings + BUDGETS);
    world.tokens = {};
    for (const [tenant, plan] of [["alpha", "starter"], ["bravo", "pro"]]) {
      site.must("tenant", "create", tenant, "--plan", plan);
      site.addPrincipal(tenant, "ada", "tenant-admin");
      world.tokens[tenant] = site.addToken(tenant, "ada", "query,mutate").token;
    }
    world.server = await site.serve();
    return world;
  }

  ask(tenant) {
    return post(`${this.server.url}/graphql`, this.tokens[tenant], ASK);
  }

  async stop() {
    await this.server.stop();
    await new Promise((resolve) => this.upstream.close(resolve));
  }
}

scenario("over its budget a tenant gets 429 with the time to wait, and no other tenant notices", async (world) => {
  const replies = [];
  while (replies.at(-1)?.status !== 429) {
    assert.ok(replies.length < 1000, "5 requests a second are never used up");
    replies.push(await world.ask("alpha"));
  }
  const denied = replies.pop();
  assert.ok(replies.length >= 5);
  for (const { status, headers, json } of replies) {
    assert.equal(status, 200);
    assert.equal(json.data.hello, "there");
    assert.equal(headers["ratelimit-policy"], '"tenant-requests";q=5;w=1');
    assert.match(headers.ratelimit, /^"tenant-requests";r=[0-4]$/);
  }
  assert.equal(world.reached, replies.length, "what is denied does not reach the upstream");
  assert.equal(denied.json.errors[0].extensions.code, "BUDGET_EXCEEDED");
  assert.equal(denied.headers.ratelimit, '"tenant-requests";r=0;t=1');
  assert.equal(denied.headers["retry-after"], "1");
  for (let i = 0; i < 20; i += 1) {
    const other = await world.ask("bravo");
    assert.equal(other.status, 200);
    assert.match(other.headers.ratelimit, /^"tenant-requests";r=\d+$/);
  }
  await new Promise((resolve) => setTimeout(resolve, Number(denied.headers["retry-after"]) * 1000));
  assert.equal((await world.ask("alpha")).status, 200, "who waited as told is let in");
});

scenario("settings that are wrong are named before a server starts", async (world) => {
  for (const [yaml, wanted] of [
    ["budgets: {starter: {gql_qsp: 50}}", /budgets\.starter\.gql_qsp/],
    ["budgets: {starter: {gql_qps: 0}}", /budgets\.starter\.gql_qps/],
    ["budgets: {starter: {gql_qps: 5000000000}}", /budgets\.starter\.gql_qps/],
    ["budgets: {starter: {routes: {/nowhere: {gql_qps: 5}}}}", /budgets\.starter\.routes\.\/nowhere/],
    ["budgets: {starter: {warn_only: [speed]}}", /budgets\.starter\.warn_only: no dimension 'speed'/],
    ["budgets: {starter: {classes: {Batch: {gql_qps: 5}}}}", /budgets\.starter\.classes\.Batch/],
    ["budgets: {starter: {classes: {batch: {gql_qps: 0}}}}", /budgets\.starter\.classes\.batch\.gql_qps/],
    ["admission: {global: {burst: 0}}", /admission\.global\.burst/],
    ["budget_store: {redis: nowhere}", /budget_store\.redis: host:port, not 'nowhere'/],
    ['budget_store: {redis: "127.0.0.1:1", user: mc}', /budget_store\.user: needs budget_store\.password/],
    ["budgets: {starter: {gql_qps: 5, on_store_loss: {requests: shut}}}", /on_store_loss\.requests/],
  ]) {
    const site = new Site("budgets-wrong");
    site.configure(`${world.settings}${yaml}\n`);
    const { status, out, err } = site.run("config", "check");
    assert.equal(status, 2, `${yaml}: ${out}${err}`);
    assert.match(out + err, wanted);
  }
  const { budgets } = world.site.json("config", "show");
  assert.equal(budgets.starter.gql_qps, 5);
  assert.equal(budgets.pro.exports_per_min, 20);
});

const world = await World.start();
let status = 1;
try {
  status = await runScenarios("budgets", world);
} finally {
  await world.stop();
}
process.exit(status);
