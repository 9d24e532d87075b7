// The command line: first start, people, tokens, configuration, exit codes.
import assert from "node:assert/strict";

import { runToEnd } from "../lib/children.mjs";
import { send } from "../lib/http.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";

export function emptySite(name, yaml = "") {
  const site = new Site(name);
  site.configure(`server: {port: 0, drain_timeout: 5s}\n${yaml}`);
  return site;
}

const TOKEN = /mct_[A-Za-z0-9_-]{20,}/;

scenario("the first start shows an operator token once, on standard error only", async () => {
  const site = emptySite("first");
  const first = await site.serve();
  const token = TOKEN.exec(first.err)?.[0];
  assert.ok(token, first.err);
  const self = await send(`${first.url}/v1/self`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(self.status, 200, self.text);
  assert.equal(self.json.roles, "operator");
  assert.equal(await first.stop(), 0);
  assert.ok(!TOKEN.test(first.out), "the log must not hold it");
  const second = await site.serve();
  assert.equal(await second.stop(), 0);
  assert.ok(!TOKEN.test(second.err + second.out), second.err);
});

// The same commands on the data directory and through a server.
function workThroughCommands(run) {
  const must = (...args) => {
    const done = run(...args);
    assert.equal(done.status, 0, `${args.join(" ")}: ${done.err}`);
    return done.out;
  };
  const json = (...args) => JSON.parse(must("--json", ...args));
  assert.equal(json("tenant", "create", "acme", "--region", "eu", "--plan", "pro").plan, "pro");
  assert.equal(run("tenant", "create", "acme").status, 8);
  assert.equal(run("tenant", "create", "Not Valid").status, 2);
  assert.equal(run("tenant", "show", "nobody").status, 3);
  assert.equal(json("tenant", "update", "acme", "--plan", "starter").version, 2);
  assert.equal(json("tenant", "show", "acme").plan, "starter");
  assert.equal(json("--dry-run", "tenant", "create", "ghost").id, "ghost");
  assert.equal(run("tenant", "show", "ghost").status, 3);
  assert.match(must("tenant", "list"), /^id +region +plan .*\n(.*\n)*acme +eu +starter/);
  json("principal", "create", "ann", "--tenant", "acme", "--roles", "analyst", "--name", "Ann");
  assert.equal(run("principal", "create", "bob", "--tenant", "acme", "--roles", "king").status, 2);
  assert.equal(run("principal", "create", "bob", "--tenant", "zzz", "--roles", "analyst").status, 3);
  const people = json("principal", "list", "--tenant", "acme").items;
  assert.deepEqual(people.map((item) => [item.id, item.name, item.roles]), [["ann", "Ann", "analyst"]]);
  const made = json("token", "create", "--tenant", "acme", "--principal", "ann", "--lifetime", "1h");
  assert.match(made.token, TOKEN);
  const nobody = run("token", "create", "--tenant", "acme", "--principal", "nobody");
  assert.equal(nobody.status, 3, nobody.err);
  assert.ok(!must("token", "list", "--tenant", "acme").includes(made.token));
  must("token", "revoke", made.id, "--tenant", "acme");
  const [held] = json("token", "list", "--tenant", "acme").items;
  assert.equal(held.id, made.id);
  assert.notEqual(held.revoked_at, null);
  assert.equal(run("token", "revoke", "tok_none", "--tenant", "acme").status, 3);
}

scenario("tenants, principals and tokens on the data directory", async () => {
  const site = emptySite("local");
  workThroughCommands((...args) => site.run(...args));
});

scenario("tenants, principals and tokens through a running server", async () => {
  const site = emptySite("remote");
  const server = await site.serve();
  const token = TOKEN.exec(server.err)[0];
  const env = { MC_TOKEN: token, MC_URL: server.url };
  workThroughCommands((...args) => site.runWith({ env }, ...args));
  const file = site.write("token", `${token}\n`);
  const byFile = site.runWith({}, "--url", server.url, "--token-file", file, "tenant", "list");
  assert.equal(byFile.status, 0, byFile.err);
  const without = site.runWith({}, "--url", server.url, "tenant", "list");
  assert.equal(without.status, 4, without.err);
  assert.match(without.err, /MC_TOKEN/);
  const wrong = site.runWith({ env: { MC_TOKEN: "mct_wrong" } }, "--url", server.url, "tenant", "list");
  assert.equal(wrong.status, 4, wrong.err);
  // Without --url the lock of the running server is in the way, and the message says what to do.
  const locked = site.run("tenant", "list");
  assert.equal(locked.status, 8, locked.err);
  assert.match(locked.err, /another instance is running.*--url/s);
  await server.stop();
  const gone = site.runWith({ env }, "tenant", "list");
  assert.equal(gone.status, 1, gone.err);
  assert.ok(site.json("tenant", "list").items.some((tenant) => tenant.id === "acme"));
});

scenario("usage errors end with 2 and say why", async () => {
  for (const args of [[], ["nonsense"], ["tenant"], ["tenant", "create"], ["serve", "--nope"],
    ["--set", "noequals", "config", "check"], ["config", "explain"]]) {
    const done = runToEnd(MAESTRO, args);
    assert.equal(done.status, 2, args.join(" "));
    assert.notEqual(done.err + done.out, "");
  }
  const version = runToEnd(MAESTRO, ["--version"]);
  assert.equal(version.status, 0);
  assert.match(version.out, /^maestro \d+\.\d+\.\d+/);
  assert.equal(runToEnd(MAESTRO, ["--help"]).status, 0);
});

scenario("config check names file and line of every mistake", async () => {
  const site = emptySite("config");
  assert.equal(site.must("config", "check"), "ok\n");
  assert.deepEqual(site.json("config", "check"), { ok: true });
  site.write("maestro.yaml", "server:\n  port: 8080\n  prot: 1\nlog:\n  level: loud\n");
  const done = site.run("config", "check");
  assert.equal(done.status, 2);
  assert.match(done.err, /maestro\.yaml:3.*prot/);
  assert.match(done.err, /maestro\.yaml:5.*level/);
  for (const [yaml, line] of [["server:\n  port: 99999\n", 2], ["server: [\n", null],
    ["gateway:\n  routes:\n    - {path: nope}\n", null], ["datasets_file: /nowhere.yaml\n", null]]) {
    site.write("maestro.yaml", yaml);
    const bad = site.run("config", "check");
    assert.notEqual(bad.status, 0, yaml);
    if (line) assert.match(bad.err, new RegExp(`maestro\\.yaml:${line}`));
    assert.equal(bad.out, "");
  }
  const absent = site.runWith({}, "--config", site.path("absent.yaml"), "config", "check");
  assert.notEqual(absent.status, 0);
  assert.match(absent.err, /absent\.yaml/);
});

scenario("config show, explain and schema", async () => {
  const site = new Site("show");
  const secret = "correct-horse-battery-staple";
  site.configure(`server: {port: 0}\ncursor_key: file:${site.write("key", secret)}\n`);
  const shown = site.runWith({ env: { MC_LOG_LEVEL: "warn" } }, "--config", site.config, "--set",
    "server.host=127.0.0.2", "config", "show");
  assert.equal(shown.status, 0, shown.err);
  assert.match(shown.out, /127\.0\.0\.2/);
  assert.match(shown.out, /warn/);
  assert.ok(!(shown.out + site.must("--json", "config", "show")).includes(secret));
  const tree = site.json("config", "show");
  assert.equal(tree.server.port, 0);
  const explained = site.must("config", "explain", "server.port");
  assert.match(explained, /TCP port/);
  assert.match(explained, /maestro\.yaml:2/);
  assert.equal(site.run("config", "explain", "server.nope").status, 3);
  const typo = site.runWith({ env: { MC_LOG_LEVLE: "warn" } }, "config", "check");
  assert.match(typo.err, /MC_LOG_LEVLE names no key; did you mean MC_LOG_LEVEL/);
  const schema = JSON.parse(site.must("config", "schema"));
  assert.equal(schema.type, "object");
  assert.equal(schema.additionalProperties, false);
  assert.ok(schema.properties.gateway.properties.routes);
});
