// A server with a dataset of people, profiles of exports over it, and the people who ask for them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Child, eventually } from "../lib/children.mjs";
import { send } from "../lib/http.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";

export const PEOPLE = 240;
const MANY = 30_000;  // so that reading them takes a while
const ILLNESSES = ["flu", "cold", "gout"];

const ageOf = (i) => 20 + ((i * 7) % 40);
const row = (i) => [`p${String(i).padStart(5, "0")}`, ageOf(i), i % 2 === 0 ? "m" : "w",
  `${10 + (i % 10)}000`, ILLNESSES[i % 3], `p${i}@example.org`, i % 5 === 0 ? "" : "red"];
export const toCsv = (rows) =>
  ["id,age,sex,zip,illness,mail,team", ...rows.map((cells) => cells.join(","))].join("\n") + "\n";

const lines = (list) => `${list.join("\n")}\n`;
const AGES = lines(Array.from({ length: 40 }, (_, i) => {
  const ten = Math.floor((20 + i) / 10) * 10;
  return `${20 + i};${ten}-${ten + 9};*`;
}));
const ZIPS = lines(Array.from({ length: 10 }, (_, i) => `${10 + i}000;${i < 5 ? "low" : "high"};*`));

const MODEL = (url) => `sources:
  - {name: main, url: "${url}"}
datasets:
  - name: person
    source: main
    table: person
    plural: persons
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    limits: {first_default: 50, first_max: 50}
    columns:
      - {name: id, type: id}
      - {name: age, type: int, sensitivity: personal, quasi_identifier: true}
      - {name: sex, type: string, sensitivity: personal, quasi_identifier: true}
      - {name: zip, type: string, sensitivity: personal, quasi_identifier: true}
      - {name: illness, type: string, sensitivity: sensitive}
      - {name: mail, type: string, sensitivity: personal}
      - {name: team, type: string, nullable: true}
`;

const CONFIG = (site) => `server: {port: 0, metrics_public: true}
datasets_file: ${site.path("datasets.yaml")}
gateway: {routes: [{path: /graphql, kind: datasets}]}
ledger: {origin: ledger.example, checkpoint_every: 100ms}
exports:
  lease: 15s
  hold_machines: true  # dan approves with a token
  profiles:
    people: &people
      dataset: person
      purposes: [training]
      search_time: 2s
      columns:
        age: {role: quasi, hierarchy: ${site.path("age.csv")}}
        sex: {role: quasi, hierarchy: ${site.path("sex.csv")}}
        illness: {role: sensitive, criteria: [{kind: distinct-l, l: "2"}]}
        team: {role: insensitive}
    lines:
      dataset: person
      purposes: [training]
      format: jsonl
      search_time: 2s
      columns:
        age: {role: quasi, hierarchy: ${site.path("age.csv")}}
        sex: {role: quasi, hierarchy: ${site.path("sex.csv")}}
        illness: {role: sensitive, criteria: [{kind: distinct-l, l: "2"}]}
    zips:
      dataset: person
      purposes: [training]
      search_time: 2s
      columns:
        zip: {role: quasi, hierarchy: ${site.path("zip.csv")}}
        sex: {role: quasi, hierarchy: ${site.path("sex.csv")}}
        illness: {role: sensitive, criteria: [{kind: distinct-l, l: "2"}]}
    weak:
      dataset: person
      purposes: [training]
      k: 5
      search_time: 2s
      columns:
        age: {role: quasi, hierarchy: ${site.path("age.csv")}}
`;

export class World {
  capabilities = new Set();
  tokens = {};

  static async start() {
    const world = new World();
    const site = (world.site = new Site("exports"));
    site.write("age.csv", AGES);
    site.write("sex.csv", "m;*\nw;*\n");
    site.write("zip.csv", ZIPS);
    site.write("datasets.yaml", MODEL(`sqlite:${site.path("people.db")}`));
    site.configure(CONFIG(site).replace(" &people", ""));
    for (const [tenant, id, roles, scopes] of [
      ["alpha", "dora", "dpo", "query,admin:read,admin:write"],
      ["alpha", "dan", "dpo", "query,admin:read,admin:write"],
      ["alpha", "ada", "tenant-admin", "query,admin:read,admin:write"],
      ["alpha", "ben", "analyst", "query,admin:read,admin:write"],
      ["alpha", "aron", "auditor", "query,admin:read,admin:write"],
      ["bravo", "bea", "tenant-admin", "query,admin:read,admin:write"],
      ["system", "otto", "operator", "query,admin:read,admin:write"]]) {
      if (world.tokens[tenant] === undefined) site.must("tenant", "create", tenant);
      world.tokens[tenant] = true;
      site.addPrincipal(tenant, id, roles);
      world.tokens[id] = site.addToken(tenant, id, scopes, "--purposes", "training,support").token;
    }
    world.import("alpha", Array.from({ length: PEOPLE }, (_, i) => row(i)));
    world.import("bravo", Array.from({ length: MANY }, (_, i) => row(i)));
    await world.serve();
    return world;
  }

  import(tenant, rows) {
    const file = this.site.write(`${tenant}.csv`, toCsv(rows));
    const report = this.site.json("dataset", "import", file, "--dataset", "person", "--tenant", tenant, "--create",
      "--type", "id=id", "--type", "age=int", "--type", "zip=string");
    assert.equal(report.rows, rows.length);
  }

  async serve() {
    this.server = await this.site.serve();
  }

  async stop() {
    await this.server.stop();
  }

  api(method, path, who = "dora", body = undefined, headers = {}) {
    return send(this.server.url + path, { method, body: body && JSON.stringify(body),
      headers: { Authorization: `Bearer ${this.tokens[who]}`, "Content-Type": "application/json", ...headers } });
  }

  async get(path, who = "dora") {
    const reply = await this.api("GET", path, who);
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  }

  // A command of somebody's, beside the server.
  async run(who, ...args) {
    const child = new Child(MAESTRO, ["--json", "--url", this.server.url, ...args], { env: { MC_TOKEN: this.tokens[who] } });
    const status = await child.exited;
    let json;
    try {
      json = JSON.parse(child.out);
    } catch { /* stays undefined */ }
    return { status, out: child.out, err: child.err, json };
  }

  async must(who, ...args) {
    const done = await this.run(who, ...args);
    assert.equal(done.status, 0, `${args.join(" ")}: ${done.err}`);
    return done.json;
  }

  async exported(profile, folder, who = "dora") {
    return this.must(who, "export", "run", "--profile", profile, "--out", this.site.path(folder));
  }

  file(folder, name) {
    return readFileSync(this.site.path(`${folder}/${name}`), "utf8");
  }

  async keys() {
    if (this.trust === undefined) {
      const { text } = await send(`${this.server.url}/signing/trusted_root.json`);
      this.trust = this.site.write("trust.json", text);
      const keys = await send(`${this.server.url}/signing/keys.json`);
      const signer = keys.json.keys.find(({ use }) => use === "signer");
      this.signer = this.site.write("signer.pem", signer.public_key);
    }
  }

  // maestro verify: the manifest's proof with one of the files.
  async verify(folder, artifact) {
    await this.keys();
    return this.site.runWith({}, "--json", "verify", this.site.path(`${folder}/manifest.sigstore.json`),
      "--trust", this.trust, "--key", this.signer, "--artifact", artifact);
  }

  recheck(table, manifest) {
    return this.site.runWith({}, "--json", "kanon", "verify", "--input", table, "--manifest", manifest);
  }

  async records(action) {
    const page = await this.get("/v1/tenants/alpha/records?limit=200", "ada");
    return page.items.filter((record) => record.action.startsWith(action));
  }

  until(id, state, tenant = "alpha", who = "dora") {
    return eventually(`${id} is ${state}`, async () => {
      const shown = await this.get(`/v1/tenants/${tenant}/exports/${id}`, who);
      return shown.state === state && shown;
    }, 60_000);
  }
}
