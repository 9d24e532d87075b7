// Two servers, one ledger in PostgreSQL (MC_TEST_POSTGRES_URL, tests/e2e/postgres.sh): whoever
// records, the other can show and prove it; what is answered is never lost, nor there twice.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import { eventually } from "../lib/children.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import { Database, Load, Member, checkRecords, continues, hasPsql, makePeople } from "./cluster.mjs";

const KILLS = Number(process.env.MC_KILLS ?? 5);
const TOKENS = "/v1/tenants/alpha/tokens";

class World {
  capabilities = new Set();

  static async start() {
    const world = new World();
    world.database = new Database("shared");
    const { url } = world.database;
    world.a = new Member("shared-a", { url, keyFile: "not-yet" });
    world.shared = { url, keyFile: world.a.site.path("ledger.key"), signing: world.a.site.path("data/signing") };
    world.a.configure(world.shared);
    Object.assign(world, makePeople(world.a.site));
    world.b = new Member("shared-b", world.shared);
    world.members = [world.a, world.b];
    await world.start();
    world.key = (await world.a.get("/v1/ledger", world.otto)).key;
    return world;
  }

  async start() {
    for (const member of this.members) if (!member.server) await member.start();
  }

  async stop() {
    for (const member of this.members) await member.stop();
  }

  load(more) {
    return new Load(this.members, this.otto, more);
  }

  // Both have the same, and all of it holds.
  async agree() {
    const same = await eventually("the same heads in both data directories", () => {
      const [left, right] = this.members.map((member) => member.heads());
      assert.deepEqual(left, right);
      return left;
    });
    const [left, right] = await Promise.all(this.members.map((member) => member.records(this.ada)));
    assert.deepEqual(left, right);
    return { heads: same, records: left };
  }

  verify(text) {
    return this.a.site.run("verify", this.a.site.write("receipt.json", text), "--log-key", this.key);
  }

  async receipt(member, record) {
    return JSON.stringify(await member.get(`/v1/tenants/alpha/records/${record}/receipt`, this.ada));
  }

  // A read of tenant data at a server, and its record as the other one shows it.
  async readAndFind(member, other) {
    const read = await member.ask("GET", TOKENS, this.otto);
    assert.equal(read.status, 200, read.text);
    return eventually("its record at the other server", async () =>
      (await other.records(this.ada)).find(({ payload }) =>
        payload?.request_id === read.headers["x-request-id"]));
  }

  // One history: each checkpoint continues the one before, by either server's word.
  async checkHistory(heads) {
    const ordered = [...heads].sort((left, right) => left.size - right.size);
    for (const [index, to] of ordered.entries()) {
      if (index === 0) continue;
      const from = ordered[index - 1];
      for (const member of this.members) {
        const { path } = await member.get(`/ledger/consistency?from=${from.size}&to=${to.size}`, this.otto);
        assert.ok(continues(from, to, path), `${from.size} to ${to.size}`);
        if (from.size < to.size) assert.ok(!continues({ ...from, root: to.root }, to, path));
      }
    }
  }
}

scenario("what is recorded at one server, the other shows and proves with the one key", async (world) => {
  for (const [here, there] of [[world.a, world.b], [world.b, world.a]]) {
    const found = await world.readAndFind(here, there);
    assert.equal(found.actor, "otto@system");
    const receipt = await world.receipt(there, found.record);
    const good = world.verify(receipt);
    assert.equal(good.status, 0, good.out + good.err);
    assert.equal(world.verify(receipt.replace("otto@system", "nobody@else")).status, 5);
  }
  assert.equal((await world.b.get("/v1/ledger", world.otto)).key, world.key);
  const [left, right] = await Promise.all(world.members.map((member) =>
    member.get("/signing/trusted_root.json", world.otto)));
  assert.deepEqual(left, right);
});

scenario("checkpoints of both servers are of one history", async (world) => {
  const heads = [];
  for (let i = 0; i < 8; ++i) {
    await world.readAndFind(world.members[i % 2], world.members[(i + 1) % 2]);
    for (const member of world.members) heads.push(await member.head());
  }
  assert.ok(new Set(heads.map(({ size }) => size)).size > 2);
  await world.checkHistory(heads);
});

scenario("200 requests at both at once: one record for each, without a gap", { limitMs: 60_000 },
  async (world) => {
    const load = world.load({ requests: 200 });
    await load.done();
    assert.equal(load.served().length, 200);
    for (const member of world.members) assert.ok(load.served(member).length > 20);
    checkRecords((await world.agree()).records, load);
  });

scenario(`${KILLS} kills under load lose nothing that was answered`, { limitMs: 300_000 },
  async (world) => {
    for (let i = 0; i < KILLS; ++i) {
      const [killed, other] = i % 2 === 0 ? [world.a, world.b] : [world.b, world.a];
      const load = world.load();
      await load.reaches(10 + 7 * i, killed);
      await killed.stop("SIGKILL");
      await load.reaches(load.served(other).length + 20, other);  // it goes on alone
      await load.end();
      checkRecords(await other.records(world.ada), load);
      await world.start();
      checkRecords((await world.agree()).records, load);
    }
  });

scenario("a payload that is erased at one server is nowhere, its proof stays", async (world) => {
  const { record } = await world.readAndFind(world.a, world.b);
  const before = await world.receipt(world.b, record);
  const payload = Buffer.from(JSON.parse(before).opened.payload, "base64");
  const salt = Buffer.from(JSON.parse(before).opened.salt, "base64");
  const inDatabase = (bytes) => Number(world.database.ask(`SELECT count(*) FROM ledger_batch
    WHERE position('\\x${bytes.toString("hex")}'::bytea in bytes) > 0`));
  for (const bytes of [payload, salt]) {
    for (const member of world.members) assert.ok(member.holds(bytes));
    assert.equal(inDatabase(bytes), 1);
  }
  const erased = world.a.command(world.ada, "ledger", "erase", String(record), "--tenant", "alpha",
    "--reason", "request 17");
  assert.equal(erased.status, 0, erased.err);
  await eventually("the other server has erased it too", async () =>
    (await world.b.records(world.ada))[record].erased);
  for (const bytes of [payload, salt]) {
    for (const member of world.members) assert.ok(!member.holds(bytes));
    assert.equal(inDatabase(bytes), 0);
  }
  const after = await world.receipt(world.b, record);
  assert.equal(JSON.parse(after).opened, undefined);
  for (const receipt of [before, after]) assert.equal(world.verify(receipt).status, 0);
  const again = world.b.command(world.ada, "ledger", "erase", String(record), "--tenant", "alpha",
    "--reason", "twice");
  assert.notEqual(again.status, 0);
  await world.agree();
});

scenario("a server that joins later, or whose copy is damaged, takes all from the database",
  { limitMs: 60_000 }, async (world) => {
    const { heads } = await world.agree();
    const late = new Member("shared-c", world.shared);
    // A start activates policies, which is a record; all the rest was there before.
    const hasAll = () => eventually("all have the same, and nothing is lost", async () => {
      const now = late.heads();
      assert.deepEqual(now, (await world.agree()).heads);
      assert.deepEqual(now["audit/alpha"], heads["audit/alpha"]);
      return now["audit/system"].size > heads["audit/system"].size;
    });
    try {
      await late.start();
      await hasAll();
      await late.stop();
      const folder = late.site.path("data/ledger/segments");
      const [first] = readdirSync(folder);
      truncateSync(`${folder}/${first}`, 200);
      rmSync(late.site.path("data/ledger/mark"), { force: true });
      await late.start();
      await hasAll();
      const found = await world.readAndFind(late, world.a);
      assert.equal(world.verify(await world.receipt(late, found.record)).status, 0);
    } finally {
      await late.stop();
    }
  });

scenario("sessions that end under load: what was answered is there once", { limitMs: 120_000 },
  async (world) => {
    const load = world.load();
    for (let i = 0; i < 10; ++i) {
      await load.reaches(load.served().length + 15);
      await eventually("a session to end", () => world.database.endSessions() > 0);
    }
    await load.reaches(load.served().length + 40);
    await load.end();
    checkRecords((await world.agree()).records, load);
  });

scenario("while the database is away nothing is served; then it goes on", { limitMs: 120_000 },
  async (world) => {
    const load = world.load();
    await load.reaches(20);
    world.database.close();
    await eventually("both servers refuse", async () => {
      const answers = await Promise.all(world.members.map((member) => member.ask("GET", TOKENS, world.otto)));
      for (const { status, text } of answers) {
        if (status !== 200) assert.ok(!text.includes("admin:read"), text);
      }
      return answers.every(({ status }) => status >= 500);
    }, 30_000);
    const { text } = await world.a.ask("GET", TOKENS, world.otto);
    assert.ok(!text.includes("admin:read"), text);
    world.database.open();
    for (const member of world.members) await load.reaches(load.served(member).length + 20, member);
    await load.end();
    checkRecords((await world.agree()).records, load);
    for (const member of world.members) {
      assert.equal((await member.get("/v1/ledger", world.otto)).state, "recording");
    }
  });

scenario("a database that is silent is given up, and asked again", { limitMs: 120_000 }, async (world) => {
  const held = world.database.sessions("%ledger_order%");
  assert.ok(held.length >= 2);
  const signal = (name) => held.forEach((pid) => process.kill(pid, name));
  signal("SIGSTOP");
  const load = world.load({ requests: 4 });
  try {
    await load.done();
    // Refused, or recorded over a new session.
    assert.equal(load.answers.length, 4);
    assert.ok(load.answers.every(({ status }) => status === 200 || status === 503));
  } finally {
    signal("SIGCONT");
  }
  await eventually("both record again", async () => {
    const answers = await Promise.all(world.members.map((member) => member.ask("GET", TOKENS, world.otto)));
    return answers.every(({ status }) => status === 200);
  });
  checkRecords((await world.agree()).records, load);
});

scenario("a backup that reads the tables holds up neither a start nor the others", async (world) => {
  const backup = spawn("psql", ["-XAtq", "-d", world.database.url], { stdio: ["pipe", "pipe", "inherit"] });
  const locked = new Promise((resolve) => backup.stdout.once("data", resolve));
  // The lock that pg_dump has until it ends.
  backup.stdin.write("BEGIN; LOCK TABLE ledger_batch, ledger_order, ledger_signed IN ACCESS SHARE MODE;" +
    " SELECT 'locked';\n");
  const late = new Member("shared-d", world.shared);
  try {
    await locked;
    await late.start();
    await world.readAndFind(world.a, late);
  } finally {
    backup.stdin.end();
    await Promise.all([new Promise((resolve) => backup.once("exit", resolve)), late.stop()]);
  }
});

scenario("a server with another key, or another origin, is refused", async (world) => {
  for (const [name, more] of [["key", { keyFile: world.b.site.path("other.key") }],
    ["origin", { origin: "other.example" }]]) {
    const stranger = new Member(`shared-${name}`, { ...world.shared, ...more });
    const why = stranger.refusal();
    assert.match(why, /ledger\.origin/);
    assert.match(why, /ledger\.key_file/);
  }
});

scenario("a server that would sign bundles with other keys is refused", async (world) => {
  const other = new Member("shared-other-signing", { ...world.shared, signing: "" });
  assert.match(other.refusal(), /signing keys: .* other keys than this one/);
});

scenario("a stranger's copy is refused, and left as it is", { limitMs: 60_000 }, async (world) => {
  const other = new Database("stranger");
  const bytesOf = (member) => readdirSync(member.site.path("data/ledger/segments")).map((name) =>
    readFileSync(member.site.path(`data/ledger/segments/${name}`)).toString("base64"));
  try {
    for (const [name, url, why] of [["shared", other.url, /another ledger's/], ["alone", "", /a ledger of its own/]]) {
      const stranger = new Member(`stranger-${name}`, { ...world.shared, url });
      makePeople(stranger.site);
      const before = bytesOf(stranger);
      stranger.configure(world.shared);
      assert.match(stranger.refusal(), why, name);
      assert.deepEqual(bytesOf(stranger), before);
      if (name !== "alone") continue;
      // Damage does not make it a copy of this one.
      const folder = stranger.site.path("data/ledger/segments");
      const segment = `${folder}/${readdirSync(folder)[0]}`;
      const bytes = readFileSync(segment);
      bytes[200] ^= 1;
      writeFileSync(segment, bytes);
      const damaged = bytesOf(stranger);
      assert.match(stranger.refusal(), why, name);
      assert.ok(isDeepStrictEqual(bytesOf(stranger), damaged), "the only copy of a ledger is gone");
    }
  } finally {
    other.drop();
  }
});

scenario("a batch that was changed in the database is taken in by nobody", async (world) => {
  const flip = () => world.database.ask(`UPDATE ledger_batch
    SET bytes = set_bit(bytes, 1700, 1 - get_bit(bytes, 1700)) WHERE number = 3`);
  flip();
  const late = new Member("shared-changed", world.shared);
  assert.match(late.refusal(), /batch 3 of the database/);
  flip();
  await late.start();
  await late.stop();
});

scenario("a copy is no ledger of its own: without ledger.url it does not start", { limitMs: 60_000 },
  async (world) => {
    const alone = new Member("shared-alone", world.shared);
    await alone.start();
    await alone.stop();
    alone.configure({ ...world.shared, url: "" });
    assert.match(alone.refusal(), /ledger\.url/);
    alone.configure(world.shared);
    await alone.start();
    await alone.stop();
  });

scenario("the key is changed at one server after the other, while both record", { limitMs: 90_000 },
  async (world) => {
    const next = { ...world.shared, keyFile: world.a.site.path("next.key") };
    const made = spawnSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", next.keyFile], { encoding: "utf8" });
    assert.equal(made.status, 0, made.stderr);
    const heads = [];
    for (const settings of [{ ...next, previousKeyFile: world.shared.keyFile }, next]) {
      for (const member of world.members) {
        const load = world.load();
        await load.reaches(5, member);
        heads.push(await member.head());
        await member.stop();
        member.configure(settings);
        await member.start();
        await load.reaches(load.served().length + 5);
        await load.end();
        checkRecords((await world.agree()).records, load);
      }
    }
    for (const member of world.members) heads.push(await member.head());
    await world.checkHistory(heads);
    const [old, now, ...more] = (await world.a.get("/v1/ledger", world.otto)).keys;
    assert.deepEqual(more, []);
    assert.equal(old.key, world.key);
    assert.ok(old.end !== null && now.end === null);
    const refused = new Member("shared-old-key", world.shared);
    assert.match(refused.refusal(), /give all the same ledger.origin and ledger.key_file/);
    const receipt = await world.receipt(world.b, 0);
    assert.equal(world.verify(receipt).status, 5);
    const list = world.a.site.write("keys.json", JSON.stringify(await world.b.get("/ledger/keys", world.otto)));
    const followed = world.a.site.run("verify", world.a.site.path("receipt.json"), "--trust", list, "--log-key", world.key);
    assert.equal(followed.status, 0, followed.out + followed.err);
    world.shared = next;
    world.key = now.key;
  });

scenario("fenced servers refuse until they are started again", { limitMs: 60_000 }, async (world) => {
  const empty = new Database("empty");
  try {
    const refused = world.a.site.run("--set", `ledger.url=${empty.url}`, "ledger", "fence");
    assert.equal(refused.status, 3, refused.err);
    assert.match(refused.err, /the database has no ledger/);
  } finally {
    empty.drop();
  }
  const told = world.a.site.json("ledger", "fence");
  assert.equal(told.epoch, 2);
  const refuses = async (member) => {
    const { status, text } = await member.ask("GET", TOKENS, world.otto);
    assert.equal(status, 503, text);
    assert.ok(!text.includes("admin:read"), text);
    const shown = await member.get("/v1/ledger", world.otto);
    assert.equal(shown.state, "stopped");
    assert.match(shown.why, /fence/);
  };
  const before = await Promise.all(world.members.map((member) => member.head()));
  for (const member of world.members) await refuses(member);
  await world.a.stop();
  await world.a.start();
  assert.equal((await world.a.ask("GET", TOKENS, world.otto)).status, 200);
  await refuses(world.b);
  await world.b.stop();
  await world.b.start();
  await world.readAndFind(world.b, world.a);
  await world.checkHistory([...before, await world.a.head(), await world.b.head()]);
  await world.agree();
});

scenario("a database that was restored to an older state is refused by all", { limitMs: 60_000 },
  async (world) => {
    await world.stop();
    const keep = (suffix) => world.database.ask(["order", "batch"].map((table) =>
      `CREATE TABLE ${suffix}_${table} AS TABLE ledger_${table};`).join("\n"));
    const bring = (suffix) => world.database.ask(["order", "batch"].map((table) =>
      `DELETE FROM ledger_${table}; INSERT INTO ledger_${table} TABLE ${suffix}_${table};`).join("\n"));
    keep("older");
    await world.start();
    await world.load({ requests: 20 }).done();
    await world.agree();
    await world.stop();
    keep("newer");
    bring("older");
    for (const member of world.members) assert.match(member.refusal(), /a part of it was lost, or a backup restored/);
    const late = new Member("shared-e", world.shared);
    assert.match(late.refusal(), /was signed/, "what was signed is in a table of its own");
    bring("newer");
    await world.start();
    await world.agree();
  });

scenario("a database that goes back while the servers run stops them", { limitMs: 60_000 },
  async (world) => {
    world.database.ask("CREATE TABLE held_order AS TABLE ledger_order;");
    await world.load({ requests: 20 }).done();
    const newest = "(SELECT number FROM held_order)";
    world.database.ask(`BEGIN; LOCK TABLE ledger_order;
      CREATE TABLE lost_order AS TABLE ledger_order;
      CREATE TABLE lost_batch AS SELECT * FROM ledger_batch WHERE number >= ${newest};
      DELETE FROM ledger_batch WHERE number >= ${newest};
      DELETE FROM ledger_order; INSERT INTO ledger_order TABLE held_order; COMMIT;`);
    for (const member of world.members) {
      const shown = await eventually("it stops", async () => {
        const state = await member.get("/v1/ledger", world.otto);
        return state.state === "stopped" && state;
      });
      assert.match(shown.why, /lost batches/);
      assert.equal((await member.ask("GET", TOKENS, world.otto)).status, 503);
    }
    await world.stop();
    world.database.ask(`DELETE FROM ledger_order; INSERT INTO ledger_order TABLE lost_order;
      INSERT INTO ledger_batch TABLE lost_batch;`);
    await world.start();
    await world.agree();
  });

if (!hasPsql()) {
  console.log("skip: no psql");
  process.exit(77);
}
const world = await World.start();
let status = 1;
try {
  status = await runScenarios("one ledger of two servers", world);
} finally {
  await world.stop();
  world.database.drop();
}
process.exit(status);
