// Servers that share state and ledger through databases of their own in one PostgreSQL.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "../lib/children.mjs";
import { send } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";

// A database in the PostgreSQL of MC_TEST_POSTGRES_URL, asked with psql.
export class Database {
  constructor(name) {
    this.name = `${name}_${process.pid}`;
    this.whole = process.env.MC_TEST_POSTGRES_URL;
    if (!this.whole) throw new Error("MC_TEST_POSTGRES_URL is not set; run this through postgres.sh");
    const url = new URL(this.whole);
    url.pathname = `/${this.name}`;
    this.url = url.href;
    this.admin(`CREATE DATABASE ${this.name}`);
  }

  ask(sql, url = this.url) {
    const done = spawnSync("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url], { encoding: "utf8", input: sql });
    if (done.error) throw done.error;
    assert.equal(done.status, 0, done.stderr);
    return done.stdout.trim();
  }

  // From outside of it.
  admin(sql) {
    return this.ask(sql, this.whole);
  }

  // Process ids of those whose last statement was like this.
  sessions(like) {
    return this.admin(`SELECT pid FROM pg_stat_activity
      WHERE datname = '${this.name}' AND query LIKE '${like}'`).split("\n").map(Number);
  }

  endSessions() {
    return Number(this.admin(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
      WHERE datname = '${this.name}'`));
  }

  // Nobody gets in until it is opened again.
  close() {
    this.admin(`ALTER DATABASE ${this.name} ALLOW_CONNECTIONS false`);
    this.endSessions();
  }

  open() {
    this.admin(`ALTER DATABASE ${this.name} ALLOW_CONNECTIONS true`);
  }

  drop() {
    this.admin(`DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
  }
}

export class Member {
  constructor(name, settings) {
    this.site = new Site(name);
    // What is signed beside the ledger is signed with the same keys too.
    if (settings.signing) cpSync(settings.signing, this.site.path("data/signing"), { recursive: true });
    this.configure(settings);
  }

  configure({ url, keyFile, previousKeyFile = "", origin = "ledger.example" }) {
    this.site.configure(`server: {port: 0}
state_url: "${url}"
ledger:
${url ? `  url: "${url}"` : ""}
  origin: ${origin}
  key_file: ${keyFile}
${previousKeyFile ? `  previous_key_file: ${previousKeyFile}` : ""}
  checkpoint_every: 100ms
`);
  }

  async start() {
    this.server = await this.site.serve();
  }

  async stop(signal) {
    await this.server?.stop(signal);
    this.server = null;
  }

  // A start that does not come to listening.
  refusal() {
    const done = this.site.run("serve");
    assert.notEqual(done.status, 0, done.out);
    return done.err;
  }

  ask(method, path, token, body) {
    return send(this.server.url + path, { method, headers: {
      Authorization: `Bearer ${token}`,
      ...(body ? { "Content-Type": "application/json" } : {}),
    }, body: body ? JSON.stringify(body) : undefined });
  }

  // As a person types it who works through the running server.
  command(token, ...args) {
    return this.site.runWith({ env: { MC_TOKEN: token } }, "--url", this.server.url, ...args);
  }

  async get(path, token) {
    const got = await this.ask("GET", path, token);
    assert.equal(got.status, 200, got.text);
    return got.json ?? got.text;
  }

  // All of a tenant, oldest first.
  async records(token, tenant = "alpha") {
    const out = [];
    for (let before = ""; before !== null;) {
      const page = await this.get(`/v1/tenants/${tenant}/records?limit=200${before}`, token);
      out.push(...page.items);
      before = page.next_before === null ? null : `&before=${page.next_before}`;
    }
    return out.reverse();
  }

  // Size and root of the newest checkpoint.
  async head() {
    const { text } = await send(`${this.server.url}/ledger/checkpoint`);
    const [origin, size, root] = text.split("\n");
    return { origin, size: Number(size), root };
  }

  // Each log's size and root, all of the ledger in the data directory read and checked.
  heads() {
    return this.site.json("--quiet", "ledger", "verify").heads;
  }

  // Whether a file of the data directory has these bytes.
  holds(bytes) {
    return readdirSync(this.site.dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .some((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name)).includes(bytes));
  }
}

export function makePeople(site) {
  for (const tenant of ["alpha", "system"]) site.must("tenant", "create", tenant);
  site.addPrincipal("alpha", "ada", "tenant-admin");
  site.addPrincipal("system", "otto", "operator");
  return {
    ada: site.addToken("alpha", "ada", "admin:read,admin:write").token,
    otto: site.addToken("system", "otto", "admin:read,admin:write,metrics").token,
  };
}

export const hasPsql = () => spawnSync("psql", ["--version"]).status === 0;

const pair = (left, right) =>
  createHash("sha256").update(Buffer.concat([Buffer.of(1), left, right])).digest();

// RFC 9162, 2.1.4.2: whether the tree of `to` continues the one of `from`.
export function continues(from, to, path) {
  const hashes = path.map((text) => Buffer.from(text, "base64"));
  const older = Buffer.from(from.root, "base64");
  const newer = Buffer.from(to.root, "base64");
  if (from.size === to.size) return hashes.length === 0 && older.equals(newer);
  if (from.size === 0) return hashes.length === 0;
  const proof = Number.isInteger(Math.log2(from.size)) ? [older, ...hashes] : hashes;
  let [fn, sn] = [from.size - 1, to.size - 1];
  for (; fn % 2 === 1; fn = (fn - 1) / 2) sn = Math.floor(sn / 2);
  let [fr, sr] = [proof[0], proof[0]];
  for (const hash of proof.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [pair(hash, fr), pair(hash, sr)];
      for (; fn % 2 === 0 && fn !== 0; fn /= 2) sn = Math.floor(sn / 2);
    } else {
      sr = pair(sr, hash);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && fr.equals(older) && sr.equals(newer);
}

// Asks for tenant data again and again at each server, until told to stop or `requests` are
// made. Gives what was answered: its status and the id that its record has.
export class Load {
  constructor(members, token, { requests = Infinity, width = 8 } = {}) {
    this.answers = [];
    this.lost = 0;
    this.left = requests;
    this.workers = members.flatMap((member) =>
      Array.from({ length: width }, () => this.work(member, token)));
  }

  async work(member, token) {
    const { server } = member;
    while (this.left-- > 0 && server.running) {
      try {
        const { status, headers } = await send(`${server.url}/v1/tenants/alpha/tokens`,
          { headers: { Authorization: `Bearer ${token}` }, limitMs: 60_000 });
        this.answers.push({ member, status, id: headers["x-request-id"] });
      } catch {
        this.lost += 1;  // a server that was killed answers nothing
      }
    }
  }

  served(member) {
    return this.answers.filter((one) => one.status === 200 && (!member || one.member === member));
  }

  async reaches(count, member) {
    await eventually(`${count} answers`, () => this.served(member).length >= count, 30_000);
  }

  async end() {
    this.left = 0;
    await Promise.all(this.workers);
  }

  async done() {
    await Promise.all(this.workers);
  }
}

// Each answered request has one record, no request has two, and the numbers have no gap.
export function checkRecords(records, load) {
  assert.deepEqual(records.map(({ record }) => record), records.map((_, index) => index));
  const counts = new Map();
  for (const { payload } of records) {
    if (payload) counts.set(payload.request_id, (counts.get(payload.request_id) ?? 0) + 1);
  }
  const wrong = load.served().filter(({ id }) => counts.get(id) !== 1);
  assert.deepEqual(wrong.map(({ id }) => [id, counts.get(id)]), []);
  const twice = load.answers.filter(({ id }) => (counts.get(id) ?? 0) > 1);
  assert.deepEqual(twice, []);
}
