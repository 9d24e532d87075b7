// Two servers, each with a ledger of its own; one is the other's witness. What a tenant is told of
// itself, and what happens when a server comes back with an old copy of its data.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";

import { eventually } from "../lib/children.mjs";
import { freePort, send } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import "./follow.mjs";
import { hasPdfsig } from "./forms.mjs";

const NO_WITNESS = "quorum none\n";

class World {
  capabilities = new Set();

  static async start() {
    const world = new World();
    if (hasPdfsig()) world.capabilities.add("pdfsig");
    world.site = new Site("ledger");
    world.far = new Site("witness");
    world.port = await freePort();
    world.configure("");
    for (const tenant of ["alpha", "system"]) world.site.must("tenant", "create", tenant);
    world.site.addPrincipal("alpha", "ada", "tenant-admin");
    world.site.addPrincipal("system", "otto", "operator");
    world.admin = world.site.addToken("alpha", "ada", "admin:read,admin:write").token;
    world.operator = world.site.addToken("system", "otto", "admin:read,admin:write,metrics").token;
    world.key = world.site.json("ledger", "status").key;
    await world.startWitness();
    world.policy = world.site.write("policy", `log ${world.key}
witness far ${world.witnessKey} ${world.witness.url}/witness
quorum far
`);
    world.configure(`  policy_file: ${world.policy}\n`);
    world.server = await world.site.serve();
    return world;
  }

  configure(more) {
    this.site.configure(`server: {port: ${this.port}}
ledger:
  origin: ledger.example
  checkpoint_every: 100ms
${more}`);
  }

  async startWitness() {
    this.far.configure(`server: {port: 0}
witness:
  name: witness.example
  logs: ["${this.key}"]
`);
    this.far.must("tenant", "create", "system");
    this.far.addPrincipal("system", "otto", "operator");
    const { token } = this.far.addToken("system", "otto", "admin:read");
    this.witness = await this.far.serve();
    const { json } = await this.ask(this.witness, "GET", "/v1/ledger", token);
    this.witnessKey = json.witness;
  }

  ask(server, method, path, token, body) {
    return send(server.url + path, { method, headers: {
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(body ? { "Content-Type": "application/json" } : {}),
    }, body: body ? JSON.stringify(body) : undefined });
  }

  async records() {
    const { json } = await this.ask(this.server, "GET", "/v1/tenants/alpha/records", this.admin);
    return json.items;
  }

  async receipt(record) {
    const got = await this.ask(this.server, "GET", `/v1/tenants/alpha/records/${record}/receipt`, this.admin);
    assert.equal(got.status, 200, got.text);
    return got.text;
  }

  verify(text, trust, name = "receipt.json") {
    return this.site.run("verify", this.site.write(name, text), "--trust", trust);
  }

  async metric(name) {
    const { text } = await this.ask(this.server, "GET", "/metrics", this.operator);
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)[1]);
  }

  async stop() {
    for (const child of [this.server, this.witness]) await child?.stop();
  }
}

scenario("what the operator reads of a tenant, the tenant finds in its log and can prove alone",
  async (world) => {
    const read = await world.ask(world.server, "GET", "/v1/tenants/alpha/tokens", world.operator);
    assert.equal(read.status, 200, read.text);
    const [newest] = await world.records();
    assert.equal(newest.actor, "otto@system");
    assert.equal(newest.action, "GET /v1/tenants/{tenant}/tokens");
    const receipt = await world.receipt(newest.record);
    const own = world.site.write("own", `log ${world.key}\n${NO_WITNESS}`);
    const good = world.verify(receipt, own);
    assert.equal(good.status, 0, good.out + good.err);
    const altered = world.verify(receipt.replace("otto@system", "nobody@else"), own);
    assert.equal(altered.status, 5);
    assert.match(altered.out, /\u2715 inclusion/);
    const stranger = world.site.write("stranger", `log ${world.key.replace("ledger.example", "other")}\n${NO_WITNESS}`);
    assert.equal(world.verify(receipt, stranger).status, 2, "a key whose id is not its own is no key");
  });

scenario("the witness cosigns each checkpoint, and receipts verify with its word", async (world) => {
  const [newest] = await world.records();
  await eventually("a cosigned receipt", async () =>
    world.verify(await world.receipt(newest.record), world.policy).status === 0);
  const { out } = world.verify(await world.receipt(newest.record), world.policy);
  assert.match(out, /checkpoint +ledger\.example, \d+ leaves, cosigned by 1 since 20/);
  const { text } = await world.ask(world.server, "GET", "/ledger/checkpoint");
  assert.equal(world.verify(text, world.policy, "checkpoint").status, 0);
  await eventually("a quorum", async () => (await world.metric("mc_ledger_quorum")) === 1);
  assert.equal(await world.metric("mc_ledger_recording"), 1);
});

scenario("a witness that is away is missed, and asked again when it is back", { limitMs: 60_000 },
  async (world) => {
    await world.witness.stop();
    await world.receipt(0);  // recorded, so there is something new to cosign
    await eventually("a missing witness", async () =>
      (await world.metric("mc_ledger_witnesses_missing")) === 1);
    assert.equal(await world.metric("mc_ledger_quorum"), 0);
    const port = new URL(world.witness.url).port;
    world.far.write("maestro.yaml", readFileSync(world.far.config, "utf8").replace("port: 0", `port: ${port}`));
    world.witness = await world.far.serve();
    await world.receipt(0);
    await eventually("the quorum again", async () => (await world.metric("mc_ledger_quorum")) === 1, 30_000);
  });

scenario("a tenant exports a range, and sees that nothing was left out", async (world) => {
  const { text } = await world.ask(world.server, "GET",
    "/v1/tenants/alpha/receipts?from=2026-01-01T00:00:00Z", world.admin);
  const own = world.site.path("own");
  const good = world.verify(text, own, "range.json");
  assert.equal(good.status, 0, good.out + good.err);
  const receipt = JSON.parse(text);
  assert.ok(receipt.records.length > 3);
  for (const index of receipt.records.keys()) {
    const records = receipt.records.toSpliced(index, 1);
    const failed = world.verify(JSON.stringify({ ...receipt, records }), own, "short.json");
    assert.equal(failed.status, 5, `without record ${index}: ${failed.out}`);
  }
});

scenario("a copy of the log's files verifies tile by tile, without the server", async (world) => {
  const own = world.site.path("own");
  const bytes = async (path) => Buffer.from(await (await fetch(`${world.server.url}/ledger/${path}`)).arrayBuffer());
  const checkpoint = await bytes("checkpoint");
  const size = Number(checkpoint.toString().split("\n")[1]);
  const tile = `tile/0/000.p/${size}`;
  mkdirSync(world.site.path("copy/tile/0/000.p"), { recursive: true });
  world.site.write("copy/checkpoint", checkpoint);
  const good = await bytes(tile);
  const verified = (content) => {
    const file = world.site.write(`copy/${tile}`, content);
    return world.site.run("verify", file, "--trust", own);
  };
  const done = verified(good);
  assert.equal(done.status, 0, done.out + done.err);
  assert.match(done.out, new RegExp(`leaves 0 to ${size} of ${size}`));
  const flipped = Buffer.from(good);
  flipped[40] ^= 1;
  const failed = verified(flipped);
  assert.equal(failed.status, 5, failed.out);
  assert.match(failed.out, /\u2715 tile/);
  assert.equal(verified(good.subarray(32)).status, 5);
});

scenario("a payload is erased, the proof of its record stays", async (world) => {
  const [{ record }] = await world.records();
  const before = await world.receipt(record);
  const payload = Buffer.from(JSON.parse(before).opened.payload, "base64");
  const onDisk = () => readdirSync(world.site.path("data/ledger/segments")).some((name) =>
    readFileSync(world.site.path(`data/ledger/segments/${name}`)).includes(payload));
  assert.ok(onDisk());
  const erased = await world.ask(world.server, "POST", `/v1/tenants/alpha/records/${record}/erase`,
    world.admin, { reason: "request 17" });
  assert.equal(erased.status, 200, erased.text);
  assert.ok(!onDisk());
  const after = await world.receipt(record);
  assert.equal(JSON.parse(after).opened, undefined);
  const own = world.site.path("own");
  for (const each of [before, after]) assert.equal(world.verify(each, own).status, 0);
  const whole = world.site.json("--quiet", "ledger", "verify");
  assert.equal(whole.erased, 1);
});

scenario("an old copy of the data does not start where what was signed was kept apart", async (world) => {
  await world.server.stop();
  const data = world.site.path("data");
  const old = world.site.path("old");
  rmSync(old, { recursive: true, force: true });
  cpSync(data, old, { recursive: true });
  world.server = await world.site.serve();
  for (let i = 0; i < 3; ++i) await world.receipt(0);
  await eventually("a quorum", async () => (await world.metric("mc_ledger_quorum")) === 1);
  await world.server.stop();
  const newer = world.site.path("newer");
  cpSync(data, newer, { recursive: true });
  rmSync(`${data}/ledger`, { recursive: true });
  cpSync(`${old}/ledger`, `${data}/ledger`, { recursive: true });
  const refused = world.site.run("ledger", "status");
  assert.equal(refused.status, 5, refused.err);
  assert.match(refused.err, /ledger/);
});

scenario("a whole machine that is restored forks its log: the witness refuses and keeps both notes",
  { limitMs: 60_000 }, async (world) => {
    const data = world.site.path("data");
    rmSync(data, { recursive: true });
    mkdirSync(data);
    cpSync(world.site.path("old"), data, { recursive: true });
    world.server = await world.site.serve();
    // Until this history is longer than what the witness knows.
    const { text: known } = await world.ask(world.witness, "GET", "/livez");
    assert.equal(known, "ok\n");
    for (let i = 0; i < 8; ++i) await world.receipt(0);
    const evidence = () => readdirSync(world.far.path("data/witness/evidence"));
    await eventually("evidence", () => evidence().length > 0, 30_000);
    const kept = readFileSync(world.far.path(`data/witness/evidence/${evidence()[0]}`), "utf8");
    assert.equal(kept.match(/^\u2014 ledger\.example /gm).length, 2, kept);
    // The evidence is written before the server has the answer, and its log comes through a pipe.
    await eventually("that the log says so", () => /ledger\.witness_missing/.test(world.server.out));
    assert.equal(await world.metric("mc_ledger_quorum"), 0);
  });

scenario("a key that is gone is not made anew", async (world) => {
  await world.server.stop();
  rmSync(world.site.path("data/ledger.key"));
  const refused = world.site.run("ledger", "status");
  assert.equal(refused.status, 5, refused.err);
  assert.match(refused.err, /ledger\.key is gone/);
  world.server = null;
});

const world = await World.start();
let status = 1;
try {
  status = await runScenarios("ledger", world);
} finally {
  await world.stop();
}
process.exit(status);
