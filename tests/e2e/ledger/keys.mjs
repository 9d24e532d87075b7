// The key of a ledger is changed for another: readers and a witness that know the old one follow to
// the new one alone, and what the old one signs behind its end is refused.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";

import { eventually, runToEnd } from "../lib/children.mjs";
import { freePort, send } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";

class World {
  capabilities = new Set();

  static async start() {
    const world = new World();
    world.site = new Site("keys");
    world.far = new Site("keys-witness");
    world.port = await freePort();
    world.configure("");
    for (const tenant of ["alpha", "system"]) world.site.must("tenant", "create", tenant);
    world.site.addPrincipal("alpha", "ada", "tenant-admin");
    world.ada = world.site.addToken("alpha", "ada", "admin:read,admin:write").token;
    world.old = world.site.json("ledger", "status").key;
    await world.startWitness([world.old]);
    const policy = world.site.write("policy", `log ${world.old}
witness far ${world.witnessKey} ${world.witness.url}/witness
quorum far
`);
    world.configure(`  policy_file: ${policy}\n`);
    await world.serve();
    return world;
  }

  configure(more) {
    this.site.configure(`server: {port: ${this.port}, metrics_public: true}
ledger:
  origin: ledger.example
  checkpoint_every: 100ms
${more}`);
  }

  async startWitness(logs) {
    const port = this.witness ? new URL(this.witness.url).port : 0;
    await this.witness?.stop();
    this.far.configure(`server: {port: ${port}}
witness:
  name: witness.example
  logs: ${JSON.stringify(logs)}
`);
    if (!this.witness) {
      this.far.must("tenant", "create", "system");
      this.far.addPrincipal("system", "otto", "operator");
      this.otto = this.far.addToken("system", "otto", "admin:read").token;
    }
    this.witness = await this.far.serve();
    this.witnessKey = (await this.get(this.witness, "/v1/ledger", this.otto)).witness;
  }

  async serve() {
    this.server = await this.site.serve();
  }

  async get(server, path, token) {
    const got = await send(server.url + path, { headers: token ? { Authorization: `Bearer ${token}` } : {} });
    assert.equal(got.status, 200, got.text);
    return got.json ?? got.text;
  }

  // Text, as it is served.
  async text(path, token) {
    const got = await send(this.server.url + path, { headers: token ? { Authorization: `Bearer ${token}` } : {} });
    assert.equal(got.status, 200, got.text);
    return got.text;
  }

  // The download makes a record of its own, so that there is always one to witness.
  receipt(record = 0) {
    return this.text(`/v1/tenants/alpha/records/${record}/receipt`, this.ada);
  }

  // Of the newest record.
  async newest() {
    const { items } = await this.get(this.server, "/v1/tenants/alpha/records?limit=1", this.ada);
    return this.receipt(items[0].record);
  }

  keys() {
    const done = this.site.runWith({ env: { MC_TOKEN: this.ada } }, "--json", "--url", this.server.url, "ledger", "keys");
    assert.equal(done.status, 0, done.err);
    return JSON.parse(done.out);
  }

  verify(text, ...trust) {
    return this.site.run("verify", this.site.write("given", text), ...trust);
  }

  holds(text, ...trust) {
    const done = this.verify(text, ...trust);
    assert.equal(done.status, 0, done.out + done.err);
    return done.out;
  }

  fails(text, step, ...trust) {
    const done = this.verify(text, ...trust);
    assert.equal(done.status, 5, done.out + done.err);
    assert.match(done.out, new RegExp(`\\u2715 ${step}`));
    return done.out;
  }

  async quorum(wanted) {
    await eventually(`a quorum of ${wanted}`, async () => {
      await this.receipt();
      const { text } = await send(`${this.server.url}/metrics`);
      return /^mc_ledger_quorum (\d)$/m.exec(text)[1] === wanted;
    });
  }

  async stop() {
    for (const child of [this.server, this.witness]) await child?.stop();
  }
}

const signatures = (note) => note.match(/^\u2014 ledger\.example /gm).length;

scenario("the first start records the first key", async (world) => {
  const [first, ...more] = world.keys();
  assert.deepEqual(more, []);
  assert.equal(first.key, world.old);
  assert.equal(first.end, null);
  const list = await world.text("/ledger/keys");
  assert.match(world.holds(list, "--log-key", world.old), /1 keys, the newest/);
  world.before = { receipt: await world.newest(), list };
  world.holds(world.before.receipt, "--log-key", world.old);
  await world.quorum("1");
});

scenario("a key is not changed under a running server, nor through one", async (world) => {
  for (const verb of ["rotate-key", "retire-key"]) {
    const running = world.site.run("ledger", verb);
    assert.equal(running.status, 8, running.err);
    assert.match(running.err, /stop the server first/);
    const through = world.site.run("--url", world.server.url, "ledger", verb);
    assert.equal(through.status, 2, through.err);
  }
  assert.equal(signatures(await world.text("/ledger/checkpoint")), 1);
});

scenario("a dry run changes nothing; there is nothing to retire yet", async (world) => {
  await world.server.stop();
  const key = readFileSync(world.site.path("data/ledger.key"));
  assert.equal(world.site.json("--dry-run", "ledger", "rotate-key").key, null);
  assert.deepEqual(readFileSync(world.site.path("data/ledger.key")), key);
  assert.equal(world.site.run("ledger", "retire-key").status, 3);
});

scenario("while both keys sign, who knows the old one verifies all, the witness too", async (world) => {
  world.site.must("ledger", "rotate-key");
  assert.equal(world.site.run("ledger", "rotate-key").status, 8, "the one before comes first");
  await world.serve();
  const keys = world.keys();
  assert.deepEqual(keys.map(({ key, end }) => [key === world.old, end]), [[true, null], [false, null]]);
  world.new = keys[1].key;
  assert.equal(signatures(await world.text("/ledger/checkpoint")), 2);
  const receipt = await world.newest();
  for (const key of [world.old, world.new]) world.holds(receipt, "--log-key", key);
  const proof = await world.text("/v1/tenants/alpha/records/0/receipt?form=tlog-proof", world.ada);
  assert.equal(signatures(proof.replaceAll("ledger.example/audit/alpha ", "ledger.example ")), 2);
  await world.quorum("1");
  const list = await world.text("/ledger/keys");
  world.holds(list, "--log-key", world.old);
  world.fails(world.before.list, "known", "--log-key", world.new);
});

scenario("a witness is given the new key beside the old one", async (world) => {
  await world.startWitness([world.old, world.new]);
  await world.quorum("1");
});

scenario("behind the end of the old key the list leads to the new one", async (world) => {
  await world.server.stop();
  world.oldKey = readFileSync(world.site.path("data/ledger.previous.key"), "utf8");
  world.site.must("ledger", "retire-key");
  assert.ok(!existsSync(world.site.path("data/ledger.previous.key")));
  const policy = readFileSync(world.site.path("policy"), "utf8");
  world.site.write("policy", policy.replace(world.old, world.new));
  await world.serve();
  assert.equal(signatures(await world.text("/ledger/checkpoint")), 1);
  const receipt = await world.newest();
  world.fails(receipt, "checkpoint", "--log-key", world.old);
  world.holds(receipt, "--log-key", world.new);
  const list = world.site.write("keys.json", await world.text("/ledger/keys"));
  world.holds(receipt, "--trust", list, "--log-key", world.old);
  world.holds(world.before.receipt, "--trust", list, "--log-key", world.new);
  await world.quorum("1");
  const offline = runToEnd("build/release/bin/ig-offline", ["verify", world.site.path("given"), "--trust", list,
    "--log-key", world.old]);
  assert.equal(offline.status, 0, offline.err);
  // What a list says of itself is not believed.
  const alone = world.verify(receipt, "--trust", list);
  assert.equal(alone.status, 2, alone.out);
  const short = JSON.parse(readFileSync(list, "utf8"));
  short.vouched = [];
  const unvouched = world.verify(receipt, "--trust", world.site.write("short.json", JSON.stringify(short)),
    "--log-key", world.old);
  assert.notEqual(unvouched.status, 0);
  assert.match(unvouched.err, /vouched/);
});

scenario("a key that has ended, or is another's, does not start", async (world) => {
  await world.server.stop();
  world.server = null;
  const key = world.site.path("data/ledger.key");
  const kept = readFileSync(key);
  const refused = (why) => {
    const done = world.site.run("serve");
    assert.equal(done.status, 8, done.out + done.err);
    assert.match(done.err, why);
  };
  world.site.write("data/ledger.previous.key", world.oldKey);
  refused(/has ended at/);
  rmSync(world.site.path("data/ledger.previous.key"));
  world.site.write("data/ledger.key", world.oldKey);
  refused(/has ended at/);
  copyFileSync(world.far.path("data/ledger.key"), key);
  refused(/ledger\.previous_key_file/);
  world.site.write("data/ledger.key", kept);
  await world.serve();
  world.holds(await world.newest(), "--log-key", world.new);
  const { records } = world.site.json("--quiet", "ledger", "verify");
  assert.ok(records > 0);
});

scenario("keys in files of one's own are changed by the configuration", async (world) => {
  await world.server.stop();
  const own = world.site.path("own.key");
  const made = runToEnd("openssl", ["genpkey", "-algorithm", "ed25519", "-out", own]);
  assert.equal(made.status, 0, made.err);
  const policy = `  policy_file: ${world.site.path("policy")}\n`;
  world.configure(`${policy}  key_file: ${own}\n`);
  const unsaid = world.site.run("serve");
  assert.equal(unsaid.status, 8, unsaid.err);
  assert.match(unsaid.err, /ledger\.previous_key_file/);
  world.configure(`${policy}  key_file: ${own}\n  previous_key_file: ${world.site.path("data/ledger.key")}\n`);
  assert.equal(world.site.run("ledger", "rotate-key").status, 2);
  await world.serve();
  assert.equal(signatures(await world.text("/ledger/checkpoint")), 2);
  const list = world.site.write("keys.json", await world.text("/ledger/keys"));
  assert.match(world.holds(await world.text("/ledger/keys"), "--log-key", world.old), /3 keys/);
  world.holds(await world.newest(), "--trust", list, "--log-key", world.old);
});

const world = await World.start();
let status = 1;
try {
  status = await runScenarios("keys of the ledger", world);
} finally {
  await world.stop();
}
process.exit(status);
