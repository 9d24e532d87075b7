// A server in eu-west-1 over three PostgreSQL servers (cluster.sh): a primary and a standby in its
// region, and one in another. Its tenant alpha is bound to eu-west-1.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

import { eventually, runToEnd } from "../lib/children.mjs";
import { post, send } from "../lib/http.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";

export const HERE = "eu-west-1";
export const THERE = "us-east-1";

const setting = (name) => {
  const value = process.env[`MC_TEST_CLUSTER_${name}`];
  if (!value) throw new Error(`MC_TEST_CLUSTER_${name} is not set; run this through cluster.sh`);
  return value;
};

const COLUMNS = `    tenant: tenant_id
    key: id
    licence: Open-Data-OK
    columns:
      - {name: id, type: id}
      - {name: note, type: string}`;

// `person` lies in the tenant's region, wherever its primary is by now; `replica` in another.
const model = () => `sources:
  - {name: main, url: "${setting("URL")}", region: ${HERE}}
  - {name: abroad, url: "${setting("THIRD")}", region: ${THERE}}
datasets:
  - name: person
    source: main
    table: person
    writable: true
${COLUMNS}
  - name: replica
    source: abroad
    table: person
${COLUMNS}
`;

const ROWS = Array.from({ length: 20 }, (_, i) => ({ id: `p${i}`, note: `note ${i}` }));

export const READ = "query Read($id: ID!) { person(id: $id) { id note } }";
export const WRITE = "mutation Write($input: PersonCreate!) { createPerson(input: $input) { id } }";
export const READ_ABROAD = "{ replicas(first: 1) { nodes { id note } } }";

export class World {
  capabilities = new Set();

  static async start() {
    const world = new World();
    const site = (world.site = new Site("residency"));
    const datasets = site.write("datasets.yaml", model());
    site.configure(`datasets_file: ${datasets}\nserver: {port: 0}\npolicy: {region: ${HERE}}\n`);
    const rows = site.write("person.jsonl", ROWS.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const report = site.json("dataset", "import", rows, "--dataset", "person", "--tenant", "alpha", "--create");
    assert.deepEqual([report.rows, report.bad_rows], [ROWS.length, 0]);
    for (const tenant of ["alpha", "system"]) site.must("tenant", "create", tenant, "--region", HERE);
    world.tokens = {};
    for (const [id, role, scopes] of [
      ["ada", "tenant-admin", "query,mutate,introspect,admin:read,admin:write"], ["aron", "auditor", "query,admin:read"],
      ["sam", "oncall", "query,metrics"],
    ]) {
      const tenant = id === "sam" ? "system" : "alpha";
      site.addPrincipal(tenant, id, role);
      world.tokens[id] = site.addToken(tenant, id, scopes).token;
    }
    world.server = await site.serve();
    world.url = world.server.url;
    return world;
  }

  async stop() {
    await this.server.stop();
  }

  // What a server says at its start that is to take the standby of the other region for one of its own.
  static refusal() {
    const site = new Site("residency-wrong");
    const wrong = model().replace(`region: ${THERE}`, `region: ${HERE}`);
    site.configure(`datasets_file: ${site.write("datasets.yaml", wrong)}\nserver: {port: 0}\npolicy: {region: ${HERE}}\n`);
    return site.run("serve");
  }

  graphql(query, variables = {}, who = "ada") {
    return post(`${this.url}/graphql`, this.tokens[who], { query, variables });
  }

  async get(path, who = "ada") {
    const { status, json, text } = await send(this.url + path, { headers: { Authorization: `Bearer ${this.tokens[who]}` } });
    assert.equal(status, 200, `${path}: ${text}`);
    return json;
  }

  async metric(series) {
    const { text } = await send(`${this.url}/metrics`, { headers: { Authorization: `Bearer ${this.tokens.sam}` } });
    const line = text.split("\n").find((one) => one.startsWith(`${series} `));
    return line === undefined ? 0 : Number(line.slice(series.length + 1));
  }

  // A command as a person gives it, against the running server.
  command(...words) {
    return runToEnd(MAESTRO, words, { env: { MC_URL: this.url, MC_TOKEN: this.tokens.ada } });
  }

  told(...words) {
    const done = this.command(...words);
    assert.equal(done.status, 0, `${words.join(" ")}: ${done.err}`);
    return done.out;
  }

  json(...words) {
    return JSON.parse(this.told("--json", ...words));
  }

  // A proof of now, as it was signed; two of one second there are not.
  prove() {
    const made = eventually("a proof of this second", () => {
      const done = this.command("--json", "residency", "probe", "--tenant", "alpha");
      if (done.status === 8) return null;
      assert.equal(done.status, 0, done.err);
      return JSON.parse(done.out);
    });
    return made.then((summary) => ({ ...this.files(summary.period), summary }));
  }

  files(period) {
    const of = ["residency", "show", period, "--tenant", "alpha"];
    const document = this.told(...of);
    return { period, bundle: this.told(...of, "--form", "bundle"), document, says: JSON.parse(document) };
  }

  // `maestro verify` as the guide has it, without the server.
  verify({ bundle, document }) {
    const { site } = this;
    const root = site.write("root.json", this.told("ledger", "trusted-root"));
    const { signer } = this.json("ledger", "status");
    return runToEnd(MAESTRO, ["verify", site.write("bundle.json", bundle), "--trust", root,
      "--key", site.write("signer.pem", signer), "--artifact", site.write("document.json", document)]);
  }

  // What the proofs have counted of alpha's requests since the start: those of hours that are over, and that of now.
  async counted() {
    const { says } = await this.prove();
    this.since ??= says.from;
    const hours = await eventually("the proof of each hour that is over", async () => {
      const { items } = await this.get("/v1/residency?tenant=alpha&limit=200");
      const over = items.filter(({ period, to }) => /T\d\dZ$/.test(period) && to <= says.from);
      return (says.from === this.since || over.some(({ to }) => to === says.from)) && over;
    });
    const whole = (ways) => ways.reduce((sum, { count }) => sum + count, 0);
    const sum = (name) => hours.reduce((all, one) => all + one[name], whole(says[name]));
    const violations = [...hours.map(({ period }) => this.files(period).says), says].flatMap((one) => one.violations);
    return { reads: sum("reads"), writes: sum("writes"), violations, says };
  }

  // Ends the primary, with no word to anybody, and returns when the next server takes writes.
  failover() {
    const child = spawn(setting("FAILOVER"), { stdio: ["ignore", "ignore", "inherit"] });
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (status) => (status === 0 ? resolve() : reject(new Error(`failover ended with ${status}`))));
    });
  }

  // Rows of alpha at the server in the other region, past all rules.
  askThere(sql) {
    const { status, out, err } = runToEnd(setting("PSQL"), ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, "-d", setting("THIRD")]);
    assert.equal(status, 0, err);
    return out.trim();
  }
}

// Every statement that the server in the other region was sent, from now on.
export class Watch {
  constructor() {
    this.from = this.text().length;
  }

  text() {
    return readFileSync(setting("LOG2"), "utf8");
  }

  statements() {
    return this.text().slice(this.from).split("\n").filter((line) => /LOG: {2}(statement|execute)|DETAIL: {2}[Pp]arameters/.test(line));
  }
}

// People who read and write without a pause, until they are told to end.
export class Load {
  constructor(world, { workers = 4 } = {}) {
    this.world = world;
    this.reads = { done: 0, failed: 0 };
    this.writes = { done: [], failed: [] }; // ids
    this.wrong = []; // answers that are neither rows nor a plain refusal
    this.over = false;
    this.runs = Array.from({ length: workers }, (_, worker) => this.run(worker));
  }

  get answered() {
    return this.reads.done + this.writes.done.length;
  }

  async run(worker) {
    for (let i = 0; !this.over; i += 1) {
      const row = `p${i % ROWS.length}`;
      const id = `${Load.name}-${(Load.made += 1)}-${worker}`;
      if (i % 2 === 0) this.read(row, await this.world.graphql(READ, { id: row }));
      else this.wrote(id, await this.world.graphql(WRITE, { input: { id, note: "load" } }));
    }
  }

  static made = 0;

  refused({ status, json, text }) {
    const codes = (json?.errors ?? []).map((error) => error.extensions?.code);
    const plain = codes.length > 0 && codes.every((code) => code === "UNAVAILABLE");
    if (!plain && status !== 503) this.wrong.push(text);
  }

  read(row, reply) {
    if (reply.json?.data?.person?.id === row) this.reads.done += 1;
    else {
      this.reads.failed += 1;
      this.refused(reply);
    }
  }

  wrote(id, reply) {
    if (reply.json?.data?.createPerson?.id === id) this.writes.done.push(id);
    else {
      this.writes.failed.push(id);
      this.refused(reply);
    }
  }

  reaches(count) {
    return eventually(`${count} requests that were answered`, () => this.answered >= count, 60_000);
  }

  async end() {
    this.over = true;
    await Promise.all(this.runs);
    assert.deepEqual(this.wrong, []);
    return this;
  }
}
