// Credits of a day and a month on a server that is killed, and on one that ends in order.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";

import { eventually } from "../lib/children.mjs";
import { post } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";

const USED_UP = /tenant-(day|month)_credits/;

// Until the count of a tenant stands in the database's file, as whoever reads it after a kill.
async function written(site, tenant) {
  const node = readFileSync(join(site.dataDir, "node"), "latin1");
  const row = `${tenant}${node}tenant`;
  await eventually(`the count of ${tenant} in the database`, () =>
    ["state.db", "state.db-wal"].some((name) => {
      const file = join(site.dataDir, name);
      return existsSync(file) && readFileSync(file, "latin1").includes(row);
    }));
}

scenario("credits of a day that are used up stay used up, after a kill and after a restart",
  { limitMs: 60_000 }, async () => {
    const upstream = http.createServer((request, response) => {
      request.resume().on("end", () => {
        response.setHeader("Content-Type", "application/json");
        response.end('{"data":{"hello":"there"}}');
      });
    });
    await new Promise((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const site = new Site("windows");
    // The month as well, as the day may end while this runs.
    site.configure(`server: {port: 0}
gateway: {routes: [{path: /graphql, kind: upstream, url: "http://127.0.0.1:${upstream.address().port}/graphql"}]}
budgets: {starter: {credits_per_day: 1, credits_per_month: 1}}
`);
    const tokens = {};
    for (const tenant of ["alpha", "bravo"]) {
      site.must("tenant", "create", tenant);
      site.addPrincipal(tenant, "ada", "tenant-admin");
      tokens[tenant] = site.addToken(tenant, "ada", "query").token;
    }
    let server = await site.serve();
    const ask = (tenant) => post(`${server.url}/graphql`, tokens[tenant], { query: "{ hello }" });
    const isUsedUp = async (tenant) => {
      const denied = await ask(tenant);
      assert.equal(denied.status, 429, denied.text);
      assert.equal(denied.json.errors[0].extensions.code, "BUDGET_EXCEEDED");
      assert.match(denied.headers.ratelimit, USED_UP);
    };
    try {
      assert.equal((await ask("alpha")).status, 200);
      await isUsedUp("alpha");
      await written(site, "alpha");
      await server.stop("SIGKILL");
      server = await site.serve();
      await isUsedUp("alpha");

      // In order nothing is forgotten: it is written at the end.
      assert.equal((await ask("bravo")).status, 200);
      await server.stop();
      server = await site.serve();
      await isUsedUp("bravo");
      await isUsedUp("alpha");
    } finally {
      await server.stop();
      upstream.close();
    }
    const replayed = site.json("budget", "replay", "--log", join(site.dataDir, "admission"));
    assert.ok(replayed.runs >= 2, JSON.stringify(replayed));
    assert.equal(replayed.differences, 0, JSON.stringify(replayed));
  });
