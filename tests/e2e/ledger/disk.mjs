// A real disk that fails under a running server: what must be recorded is refused, and nothing of
// it is in the reply; what was acknowledged before is there after the next start.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import http from "node:http";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { Child, runToEnd } from "../lib/children.mjs";
import { post, send } from "../lib/http.mjs";
import { MAESTRO, Site, importFixture, writeModel } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";

const succeeds = (command, ...args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

// Words of the tenant's data, the note of a token of its, to be searched for in replies.
const SECRET = "only-alpha-may-read-this";

// Files under a folder and their sizes; those that go away meanwhile are left out.
function sizes(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((path) => ({ path, size: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }));
}

// A server with two tenants and a row to read over GraphQL. Where its disk is and how it fails is
// said by who extends it.
class Disk {
  constructor(name) {
    this.site = new Site(name);
    this.prefix = [];
    this.site.configure(`datasets_file: ${writeModel(this.site, `sqlite:${this.site.path("rows.db")}`)}
server: {port: 0}
ledger: {origin: ledger.example, checkpoint_every: 100ms}
`);
  }

  prepare() {
    importFixture(this.site);
    for (const tenant of ["alpha", "system"]) this.must("tenant", "create", tenant);
    this.must("principal", "create", "ada", "--tenant", "alpha", "--roles", "tenant-admin");
    this.must("principal", "create", "otto", "--tenant", "system", "--roles", "operator");
    this.ada = this.token("alpha", "ada", "query,admin:read,admin:write", SECRET);
    this.otto = this.token("system", "otto", "admin:read,admin:write,metrics", "operator");
  }

  run(...args) {
    const [command, ...rest] = [...this.prefix, MAESTRO, "--config", this.site.config, ...args];
    return runToEnd(command, rest);
  }

  must(...args) {
    const done = this.run(...args);
    assert.equal(done.status, 0, `maestro ${args.join(" ")}: ${done.err}`);
    return done.out;
  }

  token(tenant, principal, scopes, name) {
    return JSON.parse(this.must("--json", "token", "create", "--tenant", tenant, "--principal", principal,
      "--scopes", scopes, "--note", name)).token;
  }

  async serve() {
    const [command, ...rest] = [...this.prefix, MAESTRO, "--config", this.site.config, "serve"];
    this.server = new Child(command, rest);
    [, this.url] = await this.server.says(/Listening on (http:\/\/\S+)/);
  }

  async stop() {
    await this.server?.stop();
  }

  ask(method, path, token, body, agent) {
    return send(this.url + path, { method, agent, headers: { Authorization: `Bearer ${token}`,
      ...(body ? { "Content-Type": "application/json" } : {}) }, body: body && JSON.stringify(body) });
  }

  // As a person types it who works through the running server.
  command(token, ...args) {
    return this.site.runWith({ env: { MC_TOKEN: token } }, "--url", this.url, ...args);
  }

  segments() {
    return sizes(join(this.ledgerFolder(), "segments")).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  ledgerFolder() {
    return join(this.site.dataDir, "ledger");
  }

  async metric(name) {
    const { text } = await this.ask("GET", "/metrics", this.otto);
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)[1]);
  }

  async records(tenant, token) {
    const out = [];
    for (let before = ""; before !== null;) {
      const page = await this.ask("GET", `/v1/tenants/${tenant}/records?limit=200${before}`, token);
      assert.equal(page.status, 200, page.text);
      out.push(...page.json.items);
      before = page.json.next_before === null ? null : `&before=${page.json.next_before}`;
    }
    return out;
  }

  verified() {
    return JSON.parse(this.must("--quiet", "--json", "ledger", "verify"));
  }
}

// The kernel refuses each write behind a place in a file (EFBIG, and a signal that would end the
// server). `room`: bytes that still fit behind the newest segment's end.
class LimitedFiles extends Disk {
  constructor(name, room) {
    super(name);
    this.room = room;
  }

  // The newest segment is made the largest file, so that the limit meets nothing else: a start
  // empties the write-ahead logs of the databases.
  async fill() {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
    await Promise.all(Array.from({ length: 600 }, async () => {
      const got = await this.ask("GET", "/v1/tenants/alpha/records/0/receipt", this.ada, undefined, agent);
      assert.equal(got.status, 200, got.text);
    }));
    agent.destroy();
    assert.equal(await this.server.stop(), 0);
    await this.serve();
    const segment = this.segments().at(-1);
    for (const { path, size } of sizes(this.site.dataDir)) {
      assert.ok(path === segment.path || size * 2 < segment.size, `${path} has ${size} of ${segment.size}`);
    }
    this.limit(segment.size + this.room);
  }

  limit(bytes) {
    const done = spawnSync("prlimit", ["--pid", String(this.server.pid), `--fsize=${bytes}:unlimited`]);
    assert.equal(done.status, 0, String(done.stderr));
  }

  mend() {
    this.limit("unlimited");
  }
}

// The ledger's folder is a file system of its own, small, and full (ENOSPC). It is mounted where
// only the server and the commands see it, and gone with the process that keeps it.
class FullDisk extends Disk {
  async serve() {
    if (!this.keeper) await this.mount(join(this.site.dataDir, "ledger"));
    await super.serve();
  }

  // What is there already comes along.
  async mount(folder) {
    const script = 'mv "$1" "$1.old" && mkdir "$1" && mount -t tmpfs -o size=4m none "$1" && ' +
      'mv "$1.old"/* "$1" && rmdir "$1.old" && echo mounted && exec sleep infinity';
    this.keeper = new Child("unshare", ["-m", "sh", "-c", script, "sh", folder]);
    await this.keeper.says(/mounted/);
    this.prefix = ["nsenter", `--mount=/proc/${this.keeper.pid}/ns/mnt`];
  }

  ledgerFolder() {
    return join(`/proc/${this.keeper.pid}/root`, this.site.dataDir, "ledger");
  }

  get filler() {
    return join(this.ledgerFolder(), "filler");
  }

  fill() {
    const blocks = spawnSync("sh", ["-c", 'cat /dev/zero > "$1"', "sh", this.filler], { encoding: "utf8" });
    assert.match(blocks.stderr, /No space left/);
  }

  mend() {
    rmSync(this.filler);
  }

  async stop() {
    await super.stop();
    await this.keeper?.stop();
  }
}

// What must be recorded before it is served, and what of it must not be in a refusal.
const RECORDED_READS = [
  ["/v1/tenants/alpha/tokens", SECRET],
  ["/v1/tenants/alpha/principals", "ada"],
  ["/v1/tenants/alpha/records?form=csv", "otto@system"],
  ["/v1/tenants/alpha", "created_at"],
  ["/v1/tenants", "alpha"],
  ["/v1/overview", "alpha"],
];

async function mustBeRefused(disk, method, path, token, body) {
  const got = await disk.ask(method, path, token, body);
  assert.equal(got.status, 503, `${method} ${path}: ${got.text}`);
  assert.match(got.headers["content-type"], /^application\/problem\+json/);
  return got;
}

async function hasPrincipal(disk, id) {
  const { status, json, text } = await disk.ask("GET", "/v1/tenants/alpha/principals", disk.ada);
  assert.equal(status, 200, text);
  return json.items.some((one) => one.id === id);
}

function scenariosOf(form, need, make, why) {
  const disk = { current: null };
  const needs = [need];

  scenario(`${form}: the operator's read of a tenant is refused, with none of it in the reply`,
    { needs, limitMs: 120_000 }, async (world) => {
      disk.current = make();
      world.disks.push(disk.current);
      const { current } = disk;
      current.prepare();
      await current.serve();
      for (const [path, word] of RECORDED_READS) {
        const { status, text } = await current.ask("GET", path, current.otto);
        assert.equal(status, 200, text);
        assert.ok(text.includes(word), `${path} has '${word}' while all is well: ${text}`);
      }
      await current.fill();
      current.served = [];
      // What is left of a block may hold a record or two more.
      let read;
      for (let i = 0; i < 50 && read?.status !== 503; ++i) {
        read = await current.ask("GET", "/v1/tenants/alpha/tokens", current.otto);
        if (read.status === 200) current.served.push(read.headers["x-request-id"]);
      }
      assert.equal(read.status, 503, read.text);
      assert.ok(!read.text.includes(SECRET), read.text);
      current.refused = [read.headers["x-request-id"]];
      assert.ok(current.server.running, "the signal of the limit does not end it");
      for (const [path, word] of RECORDED_READS) {
        const got = await mustBeRefused(current, "GET", path, current.otto);
        assert.ok(!got.text.includes(word) || path.includes(word), got.text);
        current.refused.push(got.headers["x-request-id"]);
      }
    });

  scenario(`${form}: changes are refused and not done, the tenant reads its own`,
    { needs }, async () => {
      const { current } = disk;
      for (const token of [current.ada, current.otto]) {
        await mustBeRefused(current, "POST", "/v1/tenants/alpha/principals", token,
          { id: "eve", kind: "human", roles: ["analyst"] });
      }
      assert.equal(await hasPrincipal(current, "eve"), false);
      const records = (await current.records("alpha", current.ada)).length;
      const erased = await mustBeRefused(current, "POST", "/v1/tenants/alpha/records/0/erase",
        current.ada, { reason: "request 17" });
      current.refused.push(erased.headers["x-request-id"]);
      const kept = await current.records("alpha", current.ada);
      assert.equal(kept.length, records);
      assert.ok(kept.at(-1).payload, "record 0 is not erased");
      await mustBeRefused(current, "GET", "/v1/tenants/alpha/records/0/receipt", current.ada);
      const own = await post(`${current.url}/graphql`, current.ada,
        { query: "{ persons(first: 1) { edges { node { fullName } } } }" });
      assert.equal(own.status, 200, own.text);
      assert.equal(own.json.errors, undefined, own.text);
      assert.equal(own.json.data.persons.edges.length, 1);
    });

  scenario(`${form}: status, metric, and a signed checkpoint that claims nothing more`,
    { needs }, async () => {
      const { current } = disk;
      const status = current.command(current.otto, "--json", "ledger", "status");
      assert.equal(status.status, 0, status.err);
      const { state, why: said, checkpoint } = JSON.parse(status.out);
      assert.equal(state, "stopped");
      assert.match(said, why);
      const told = (await current.ask("GET", "/v1/ledger", current.ada)).json;
      assert.equal(told.why, "the ledger has stopped; the operator's log says why");
      const refused = await mustBeRefused(current, "POST", "/v1/tenants/alpha/principals", current.ada,
        { id: "eve", roles: "analyst" });
      assert.equal(refused.json.detail, told.why);
      current.refused.push(refused.headers["x-request-id"]);
      await current.server.says(new RegExp(`admin.failed.*${refused.headers["x-request-id"]}`));
      assert.equal(await current.metric("mc_ledger_recording"), 0);
      assert.equal((await send(`${current.url}/readyz`)).status, 200, "GraphQL is served");
      assert.equal((await send(`${current.url}/ledger/checkpoint`)).text, checkpoint);
      // The disk alone does not bring it back: what is on it has to be read first.
      current.mend();
      current.refused.push((await mustBeRefused(current, "GET", "/v1/tenants/alpha/tokens",
        current.otto)).headers["x-request-id"]);
    });

  scenario(`${form}: the next start has what was acknowledged, and nothing that was refused`,
    { needs, limitMs: 120_000 }, async () => {
      const { current } = disk;
      const shown = await current.records("alpha", current.ada);
      assert.equal(await current.server.stop(), 0);
      const before = current.verified();
      assert.ok(before.verified);
      assert.ok(current.room === undefined || before.torn_bytes === current.room, before.torn_bytes);
      await current.serve();
      const records = await current.records("alpha", current.ada);
      assert.deepEqual(records, shown);
      const ids = records.map(({ payload }) => payload?.request_id);
      for (const id of current.served) assert.equal(ids.filter((one) => one === id).length, 1, id);
      for (const id of current.refused) assert.ok(!ids.includes(id), id);
      assert.equal(await hasPrincipal(current, "eve"), false);
      const read = await current.ask("GET", "/v1/tenants/alpha/tokens", current.otto);
      assert.equal(read.status, 200, read.text);
      assert.ok(read.text.includes(SECRET));
      const [newest] = await current.records("alpha", current.ada);
      assert.equal(newest.payload.request_id, read.headers["x-request-id"]);
      assert.equal(newest.record, records.length, "the numbers go on without a gap");
      assert.equal(await current.metric("mc_ledger_recording"), 1);
      await current.server.stop();
      const after = current.verified();
      assert.ok(after.heads["audit/alpha"].size > before.heads["audit/alpha"].size);
    });
}

scenariosOf("a batch that a file may not hold", "prlimit",
  () => new LimitedFiles("file-limit", 0), /File too large/);
scenariosOf("a batch of which the beginning is written", "prlimit",
  () => new LimitedFiles("torn", 100), /File too large/);
scenariosOf("a full disk", "mount", () => new FullDisk("full"), /No space left/);

const world = { capabilities: new Set(), disks: [] };
if (succeeds("prlimit", "--version")) world.capabilities.add("prlimit");
if (succeeds("unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt")) {
  world.capabilities.add("mount");
}
let status = 1;
try {
  status = await runScenarios("ledger on a failing disk", world);
} finally {
  for (const each of world.disks) await each.stop();
}
process.exit(status);
