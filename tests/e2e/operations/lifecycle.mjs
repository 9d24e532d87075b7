// Start, reload, stop, crash: what an operator's day does to a server.
import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { execFileSync } from "node:child_process";

import { Child, eventually, runToEnd } from "../lib/children.mjs";
import { post, send } from "../lib/http.mjs";
import { MAESTRO, Site, addPeople, importFixture, writeModel } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";
import { emptySite } from "./command_line.mjs";

// A site with the fixture in SQLite and its people.
export function filledSite(name, yaml = "") {
  const site = new Site(name);
  site.configure(`datasets_file: ${writeModel(site, `sqlite:${site.path("rows.db")}`)}\n` +
    `server: {port: 0, drain_timeout: 10s}\n${yaml}`);
  importFixture(site);
  return { site, tokens: addPeople(site) };
}

async function listenAnywhere(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

scenario("a second server on the same data directory is refused", async () => {
  const site = emptySite("second");
  const first = await site.serve();
  const second = site.run("serve");
  assert.equal(second.status, 8, second.err);
  assert.match(second.err, /another instance is running on the data directory/);
  assert.ok(second.err.includes(site.dataDir));
  assert.equal((await send(`${first.url}/readyz`)).status, 200);
  assert.equal(await first.stop(), 0);
  const third = await site.serve();
  assert.equal(await third.stop(), 0);
});

scenario("a port that is taken is a clear error", async () => {
  const other = net.createServer();
  const port = await listenAnywhere(other);
  try {
    const site = emptySite("port");
    const done = site.run("--set", `server.port=${port}`, "serve");
    assert.ok([1, 8].includes(done.status), `${done.status}: ${done.err}`);
    assert.match(done.err, new RegExp(`^maestro: .*${port}.*in use`, "mi"));
    assert.ok(!/mct_/.test(done.err), "a start that failed gives no token");
  } finally {
    other.close();
  }
});

scenario("a reload logs what changed and what of it counts at once", async () => {
  const site = emptySite("reload", "log: {level: info}\n");
  const server = await site.serve();
  const changed = (path) => eventually(`the change of ${path}`, () =>
    server.logLines().find((line) => line.event === "config.changed" && line.path === path));
  site.configure("server: {port: 1, drain_timeout: 5s}\nlog: {level: warn}\n");
  server.kill("SIGHUP");
  const level = await changed("log.level");
  assert.deepEqual([level.before, level.after, level.applied].map(String),
    ['"info"', '"warn"', "true"]);
  const port = await changed("server.port");
  assert.deepEqual([port.before, port.after, port.applied].map(String), ["0", "1", "false"]);
  site.configure("server: {prot: 1}\n");
  server.kill("SIGHUP");
  const refused = await eventually("the refusal", () =>
    server.logLines().find((line) => line.event === "config.reload_refused"));
  assert.match(refused.why, /maestro\.yaml:2.*prot/);
  assert.equal((await send(`${server.url}/readyz`)).status, 200);
  assert.equal(await server.stop(), 0);
});

// Asks without a pause until the server is gone. Every request ends in `answered`, `refused` (the
// connection could not be made) or `lost`.
async function keepAsking(url, token, agent, tally) {
  for (;;) {
    try {
      const reply = await post(`${url}/graphql`, token,
        { query: "{ persons(first: 5) { nodes { id tasks(first: 2) { nodes { id } } } } }" }, { agent });
      if (reply.status !== 200 || reply.json?.data?.persons?.nodes?.length !== 5) {
        tally.lost.push(`${reply.status} ${reply.text}`);
      }
      tally.answered += 1;
      if (reply.headers.connection === "close") tally.told += 1;
    } catch (error) {
      if (error.code === "ECONNREFUSED") {
        tally.refused += 1;
      } else {
        tally.lost.push(`${error.code ?? error.message}${agent ? " on a kept connection" : ""}`);
      }
      return;
    }
  }
}

scenario("SIGTERM under load loses no request", { limitMs: 60_000 }, async () => {
  const { site, tokens } = filledSite("drain");
  const server = await site.serve();
  const tally = { answered: 0, refused: 0, told: 0, lost: [] };
  const agents = Array.from({ length: 8 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  const clients = [...agents, null, null].map((agent) =>
    keepAsking(server.url, tokens.admin, agent, tally));
  await eventually("load", () => tally.answered > 300);
  const before = tally.answered;
  server.kill("SIGTERM");
  await Promise.all(clients);
  assert.equal(await server.exited, 0, server.err);
  agents.forEach((agent) => agent.destroy());
  assert.deepEqual(tally.lost, [], `${before} answered before, ${tally.answered} in all`);
  assert.equal(tally.refused, clients.length);
  const stopped = server.logLines().find((line) => line.event === "server.stopped");
  assert.equal(stopped.complete, true);
  const logged = server.logLines().filter((line) => line.event === "request.done");
  assert.equal(logged.length, tally.answered, "one log line a request, also the last ones");
});

scenario("what was acknowledged survives kill -9", { limitMs: 60_000 }, async () => {
  const { site, tokens } = filledSite("crash");
  const acknowledged = [];
  for (let round = 0; round < 3; ++round) {
    const server = await site.serve();
    assert.ok(!/mct_/.test(server.err));
    const write = async (client) => {
      for (let i = 0; ; ++i) {
        const id = `c${round}-${client}-${i}`;
        const reply = await post(`${server.url}/graphql`, tokens.admin, {
          query: `mutation($id: ID!) { createPerson(input: {id: $id, fullName: "C", email: "c@x.test",
            birthDate: "2000-01-01", balance: 1, active: true, createdAt: "2026-01-01T00:00:00Z"})
            { id version } }`, variables: { id } }).catch(() => null);
        if (reply?.json?.data?.createPerson?.id === id) acknowledged.push(id);
        else return;
      }
    };
    const goal = acknowledged.length + 60 + 25 * round;
    const writers = Array.from({ length: 4 }, (_, client) => write(client));
    await eventually("writes", () => acknowledged.length >= goal, 20_000);
    server.kill("SIGKILL");
    await Promise.all(writers);
    await server.exited;
  }
  const server = await site.serve();
  const held = new Set();
  for (let at = 0; at < acknowledged.length; at += 100) {
    const reply = await post(`${server.url}/graphql`, tokens.admin, {
      query: "query($ids: [ID!]) { persons(first: 100, filter: {id: {in: $ids}}) { nodes { id } } }",
      variables: { ids: acknowledged.slice(at, at + 100) } });
    reply.json.data.persons.nodes.forEach((node) => held.add(node.id));
  }
  assert.deepEqual(acknowledged.filter((id) => !held.has(id)), []);
  assert.equal(await server.stop(), 0);
});

scenario("tokens made before kill -9 work after it", async () => {
  const site = emptySite("crash-state");
  let server = await site.serve();
  const token = /MC_TOKEN=(\S+)/.exec(server.err)[1];
  const env = { MC_TOKEN: token, MC_URL: server.url };
  const made = site.runWith({ env }, "--json", "tenant", "create", "kept");
  assert.equal(made.status, 0, made.err);
  await server.stop("SIGKILL");
  server = await site.serve();
  const reply = await send(`${server.url}/v1/tenants/kept`,
    { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(reply.status, 200, reply.text);
  assert.equal(await server.stop(), 0);
});

scenario("every log line is JSON, and text when asked for", async () => {
  const { site, tokens } = filledSite("log");
  const server = await site.serve();
  await post(`${server.url}/graphql`, tokens.admin, { query: "query \"\n" });
  await server.stop();
  const lines = server.out.trim().split("\n");
  for (const line of lines) JSON.parse(line);
  assert.ok(lines.length >= 3, server.out);
  const text = await site.serve("--set", "log.format=text");
  await text.stop();
  assert.match(text.out, /server\.started/);
  assert.ok(!text.out.startsWith("{"));
});

scenario("the metrics page passes promtool", async () => {
  try {
    execFileSync("promtool", ["--version"], { stdio: "ignore" });
  } catch {
    return "promtool is not installed";
  }
  const { site, tokens } = filledSite("metrics");
  const server = await site.serve();
  for (const query of ["{ persons { nodes { id } } }", "{", "{ nobody }"]) {
    await post(`${server.url}/graphql`, tokens.admin, { query });
  }
  await post(`${server.url}/graphql`, null, { query: "{ __typename }" });
  const page = await send(`${server.url}/metrics`,
    { headers: { Authorization: `Bearer ${tokens.metrics}` } });
  const checked = runToEnd("promtool", ["check", "metrics"], { input: page.text });
  assert.equal(checked.status, 0, checked.err + checked.out);
  assert.equal((checked.err + checked.out).trim(), "", "no advice either");
  const wanted = [/^mc_requests_total\{tenant="alpha",route="\/graphql",status="200"\} 3$/m,
    /^mc_requests_refused_total\{code="UNAUTHENTICATED"\} 1$/m,
    /^mc_request_duration_seconds_count\{route="\/graphql"\} 4$/m];
  for (const pattern of wanted) assert.match(page.text, pattern);
  await server.stop();
});

scenario("the demo starts, answers and ends", { limitMs: 60_000 }, async () => {
  const site = new Site("demo");
  const demo = new Child(MAESTRO, ["demo", "--port", "0", "--dir", site.folder, "--scale", "1"]);
  const url = (await demo.says(/^ {2}(http:\/\/127\.0\.0\.1:\d+)$/m, 40_000))[1];
  const token = (await demo.says(/Ben Okafor, analyst of alpha\s+(mct_\S+)/))[1];
  const reply = await post(`${url}/graphql`, token,
    { query: "{ persons(first: 3) { edges { node { fullName organisation { name } } } } }" });
  assert.equal(reply.json?.data?.persons?.edges?.length, 3, reply.text);
  assert.match((await send(`${url}/status`)).text, /DEMO/);
  assert.match((await send(url)).text, /<title>Maestro Conductor<\/title>/);
  assert.equal(await demo.stop("SIGINT"), 0, demo.err);
});
