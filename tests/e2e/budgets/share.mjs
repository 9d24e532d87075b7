// Two servers that share the budgets of a tenant in a real Redis: what both let in together is
// never more than the stated bound, whatever becomes of Redis. Each bound is printed beside what
// came.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import http from "node:http";

import { Child, eventually } from "../lib/children.mjs";
import { freePort, post, send } from "../lib/http.mjs";
import { Site, makeFolder } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";
import { Proxy } from "./proxy.mjs";

export const RATE = 200; // requests a second, and as many at once
const LOOPS = 6; // requests that each server has at a time
export const HELD = (2 * RATE) / 10; // what both may hold when Redis forgets
export const REDIS = "/usr/bin/redis-server";

export class Redis {
  constructor(port) {
    this.port = port;
    this.folder = makeFolder("redis");
  }

  async start(...options) {
    this.child = new Child(REDIS, ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.folder,
      "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", ...options]);
    await this.child.says(/Ready to accept connections/);
  }

  async kill() {
    await this.child.stop("SIGKILL");
  }
}

export class Fleet {
  times = []; // of what was let in, [ms, server]
  answers = []; // of all, [ms]

  // `proxied`: each server reaches Redis through a proxy of its own.
  static async start(settings, limits = `gql_qps: ${RATE}`, proxied = false) {
    const fleet = new Fleet();
    fleet.held = [];
    fleet.upstream = http.createServer((request, response) => {
      let body = "";
      request.on("data", (bytes) => (body += bytes)).on("end", () => {
        if (body.includes("slow")) return fleet.held.push(response);
        response.setHeader("Content-Type", "application/json");
        response.end('{"data":{"hello":"there"}}');
      });
    });
    await new Promise((resolve) => fleet.upstream.listen(0, "127.0.0.1", resolve));
    fleet.redis = new Redis(await freePort());
    await fleet.redis.start();
    fleet.proxies = [];
    const upstream = `http://127.0.0.1:${fleet.upstream.address().port}/graphql`;
    fleet.nodes = [];
    for (const name of ["one", "two"]) {
      const site = new Site(`share-${name}`);
      if (proxied) fleet.proxies.push(await Proxy.start(fleet.redis.port));
      const store = fleet.proxies.at(-1)?.port ?? fleet.redis.port;
      site.configure(`server: {port: 0}
gateway: {routes: [{path: /graphql, kind: upstream, url: "${upstream}"}]}
ledger: {origin: ledger.example, checkpoint_every: 100ms}
budget_store: {redis: "127.0.0.1:${store}", nodes_min: 2, ${settings}}
budgets: {starter: {${limits}}}
`);
      for (const tenant of ["carla", "dora", "system"]) site.must("tenant", "create", tenant);
      site.addPrincipal("carla", "cem", "tenant-admin");
      site.addPrincipal("dora", "dan", "tenant-admin");
      site.addPrincipal("system", "otto", "operator");
      const node = { site, token: site.addToken("carla", "cem", "query").token,
        other: site.addToken("dora", "dan", "query").token,
        metrics: site.addToken("system", "otto", "metrics,admin:read").token };
      node.server = await site.serve();
      fleet.nodes.push(node);
    }
    return fleet;
  }

  async stop() {
    for (const response of this.held) response.destroy();
    for (const { server } of this.nodes) await server.stop("SIGKILL");
    for (const proxy of this.proxies) await proxy.stop();
    await this.redis.kill();
    await new Promise((resolve) => this.upstream.close(resolve));
  }

  async metric(node, name) {
    const { text } = await send(`${node.server.url}/metrics`, { headers: { Authorization: `Bearer ${node.metrics}` } });
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  }

  async ask(node, index) {
    const sent = performance.now();
    const { status, text } = await post(`${node.server.url}/graphql`, node.token, { query: "{ hello }" });
    assert.ok([200, 429].includes(status), `status ${status}: ${text}`);
    const now = performance.now();
    this.answers.push([now]);
    if (status === 200) this.times.push([now, index, now - sent]);
  }

  // Asks both servers as fast as they answer, until `over` says so.
  async press(over) {
    this.begun ??= performance.now();
    const loop = async (node, index) => {
      while (!over()) {
        await this.ask(node, index);
      }
    };
    await Promise.all(this.nodes.flatMap((node, i) => Array.from({ length: LOOPS }, () => loop(node, i))));
    this.ended = performance.now();
  }

  for(ms) {
    const end = performance.now() + ms;
    return this.press(() => performance.now() >= end);
  }

  async until(what, probe, limitMs = 10_000) {
    let done = false;
    const watch = eventually(what, probe, limitMs).finally(() => (done = true));
    await Promise.all([this.press(() => done), watch]);
  }

  lost(value, nodes = this.nodes) {
    return async () => (await Promise.all(nodes.map((node) => this.metric(node, "mc_budget_store_lost"))))
      .every((one) => one === value);
  }

  async hasRecorded(action, node) {
    const { json } = await send(`${node.server.url}/v1/tenants/system/records?type=budget`,
      { headers: { Authorization: `Bearer ${node.metrics}` } });
    return json.items.some((item) => item.action === action);
  }

  // In the ledgers of these servers.
  async recorded(actions, nodes = this.nodes) {
    for (const node of nodes) {
      for (const action of actions) {
        await eventually(`the ledger says ${action}`, () => this.hasRecorded(action, node));
      }
    }
  }

  // What a server let in within four seconds until now, as a rate of two.
  ownRate(index) {
    const from = performance.now() - 4_000;
    return this.times.filter(([at, of]) => of === index && at >= from).length / 2;
  }

  // How many of these came in a time.
  static within(list, from, to) {
    return list.filter(([at]) => at >= from && at < to).length;
  }

  check(what, bound) {
    const usual = RATE + (RATE * (this.ended - this.begun)) / 1_000;
    const over = Math.max(0, Math.round(this.times.length - usual));
    console.log(`   ${what}: admitted ${this.times.length}, over ${over}, bound ${Math.round(bound)}`);
    assert.ok(over <= bound, `${what}: ${over} too many, ${bound} allowed`);
    const both = [0, 1].map((index) => this.times.filter(([, of]) => of === index).length);
    assert.ok(Math.min(...both) > 0, `${what}: both servers let some in: ${both}`);
  }
}

export const shared = (settings, go, limits, proxied) => async () => {
  if (!existsSync(REDIS)) return `there is no ${REDIS}`;
  const fleet = await Fleet.start(settings, limits, proxied);
  try {
    await go(fleet);
  } finally {
    await fleet.stop();
  }
};

for (const mode of ["lease", "exact"]) {
  scenario(`two servers let in what one would, ${mode}`, { limitMs: 60_000 },
    // No answer of a busy machine is taken for a loss.
    shared(`mode: ${mode}, op_timeout: 500ms`, async (fleet) => {
      await fleet.for(4_000);
      fleet.check(mode, 0);
      assert.ok(fleet.times.length > RATE * 3, `${fleet.times.length} of a rate that allows ${RATE * 5}`);
      for (const node of fleet.nodes) {
        assert.equal(await fleet.metric(node, "mc_budget_store_nodes"), 2);
        assert.equal((await post(`${node.server.url}/graphql`, node.other, { query: "{ hello }" })).status, 200,
          "another tenant notices nothing");
      }
    }));
}

for (const onLoss of ["closed", "local_share", "last_known", "open"]) {
  scenario(`Redis is killed and comes back without its memory, ${onLoss}`, { limitMs: 90_000 },
    // Beside it a budget that says for itself what becomes of it.
    shared("on_store_loss: open", async (fleet) => {
      await fleet.for(4_500);
      const own = fleet.ownRate(0) + fleet.ownRate(1);
      const killed = performance.now();
      await fleet.redis.kill();
      await fleet.until("both servers say that it is lost", fleet.lost(1));
      const alone = performance.now();
      await fleet.for(1_500);
      const seconds = (performance.now() - alone) / 1_000;
      const [came, served] = [fleet.answers, fleet.times].map((list) => Fleet.within(list, alone, performance.now()));
      await fleet.redis.start();
      await fleet.until("both servers say that it is back", fleet.lost(0));
      const away = (performance.now() - killed) / 1_000;
      await fleet.for(1_000);
      const bounds = { closed: HELD, local_share: RATE + RATE * away + HELD,
        last_known: own * (away + 1) + HELD, open: 2 * RATE + RATE * away + HELD };
      fleet.check(`killed, ${onLoss}`, bounds[onLoss]);
      console.log(`   without Redis ${Math.round(served / seconds)}/s of ${Math.round(came / seconds)}/s asked`);
      // What a server holds is used up within two seconds.
      if (onLoss === "closed") assert.ok(served <= HELD + 2, `${served} served`);
      // Each as if it were alone.
      if (onLoss === "open" && came > 3 * RATE * seconds) assert.ok(served > 1.5 * RATE * seconds, `${served} served`);
      await fleet.recorded(["budget.store_lost", "budget.store_back"]);
    }, `gql_qps: ${RATE}, on_store_loss: {requests: ${onLoss}}`));
}

scenario("seats of a server that is killed are free again", { limitMs: 60_000 },
  shared("mode: lease, op_timeout: 500ms", async (fleet) => {
    const [one, two] = fleet.nodes;
    const slow = () => post(`${one.server.url}/graphql`, one.token, { query: "{ slow }" }).catch(() => null);
    const running = [slow(), slow(), slow()];
    await eventually("three run on one server", () => fleet.held.length === 3);
    const ask = () => post(`${two.server.url}/graphql`, two.token, { query: "{ hello }" });
    const denied = await eventually("the other has none left", async () => {
      const reply = await ask();
      return reply.status === 429 && reply;
    });
    assert.equal(denied.json.errors[0].extensions.policies[0], "tenant-seats");
    const killed = performance.now();
    await one.server.stop("SIGKILL");
    await Promise.all(running);
    await eventually("a seat is free", async () => (await ask()).status === 200, 10_000);
    const after = (performance.now() - killed) / 1_000;
    console.log(`   seats free after ${after.toFixed(1)} s`);
    assert.ok(after <= 6, `${after} s`); // leases are 4.5 s; the rest is this machine's
  }, "seats: 3"));
