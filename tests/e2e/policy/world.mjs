// What the scenarios share: keys, policies as files, a bundle server, and a server whose people
// may see more or less of the planted rows.
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { Child, eventually } from "../lib/children.mjs";
import { post, send } from "../lib/http.mjs";
import { MAESTRO, ROOT, Site } from "../lib/maestro.mjs";
import { BundleServer } from "./bundle_server.mjs";
import { MODEL, ROWS, TABLE_TYPES } from "./rows.mjs";

export const ROOTS = ["mc/access", "mc/export", "mc/settings", "app", "system"];
export const SCOPE = "prod";
export const KEY_ID = "release-1";
// What takes a moment takes this long on a slow machine.
export const SLOW_MS = 40_000;

// The default policies, and beside them what the tests ask for over OPA's API. All that depends on
// the revision says so twice: once in a rule, once in data.
export function policyFiles(revision) {
  return {
    "app/info/data.json": JSON.stringify({ rev: revision }),
    "app/authz/data.json": JSON.stringify({ admins: ["ada", "ben"] }),
    "app/authz.rego": `package app.authz

default allow := false

allow if input.user in data.app.authz.admins

who := input.user

# Two answers for one question, when the input has both.
level := 1 if input.low

level := 2 if input.high
`,
    "app/host.rego": `package app.host

berlin := time.clock([0, "Europe/Berlin"])

graphql_is_read := graphql.schema_is_valid("type Query { a: Int }")
`,
    "app/pair.rego": `package app.pair

said := ${revision}

kept := data.app.info.rev

agree if said == kept

whole := {"said": said, "kept": kept, "agree": agree}
`,
    "mc/access/revision.rego": `package mc.access

# METADATA
# title: The revision, as a rule has it
masked_by contains "said-${revision}" if true

# METADATA
# title: The revision, as data have it
masked_by contains sprintf("kept-%d", [data.app.info.rev])
`,
    "system/main.rego": `package system

main := {"allowed": allowed, "who": object.get(input, "user", "nobody")}

default allowed := false

allowed if data.app.authz.allow
`,
    "system/health.rego": `package system.health

ready if count(data.app.authz.admins) > 0

broken if count(data.app.authz.admins) > 100
`,
  };
}

export class World {
  capabilities = new Set();
  stages = [];

  static async start() {
    const world = new World();
    world.site = new Site("policy");
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
    const other = generateKeyPairSync("rsa", { modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
    world.publicPem = publicKey;
    world.privatePem = privateKey;
    world.otherPem = other.privateKey;
    world.publicKey = world.site.write("release.pub", publicKey);
    world.privateKey = world.site.write("release.key", privateKey);
    world.tokenFile = world.site.write("bundles.token", "bundles-7f3a\n");
    world.bundles = await BundleServer.start(world.site, "bundles-7f3a");
    if (spawnSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"]).status === 0) {
      world.capabilities.add("mount");
    }
    return world;
  }

  // A folder with the default policies and these files.
  folder(name, files, manifest) {
    const folder = this.site.path(name);
    cpSync(join(ROOT, "policies/default"), folder, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    writeFileSync(join(folder, ".manifest"), JSON.stringify({ roots: ROOTS, ...manifest }));
    return folder;
  }

  // A bundle of these files, made by the commands; its bytes. `key`: false = it is not signed.
  build(revision, { files = policyFiles(revision), manifest = {}, key = this.privateKey, scope = SCOPE } = {}) {
    const name = `r${revision}-${World.builds += 1}`;
    const out = this.site.path(`${name}.tar.gz`);
    this.site.must("policy", "build", this.folder(name, files, manifest), "--output", out,
      "--revision", `r${revision}`);
    if (key) {
      this.site.must("policy", "sign", out, "--key", key, "--key-id", KEY_ID, "--scope", scope);
    }
    return readFileSync(out);
  }

  static builds = 0;

  // The configuration that takes policies from `location`.
  settings(location, more = "") {
    return `policy:
  source: {location: "${location}", channel: prod, token_file: ${this.tokenFile}, ca_file: ${this.bundles.certificate},
    poll: 100ms${more}}
  keys: [{id: ${KEY_ID}, algorithm: RS256, key_file: ${this.publicKey}, scope: ${SCOPE}}]
`;
  }

  stage(name) {
    const stage = new Stage(name);
    this.stages.push(stage);
    return stage;
  }

  async stop() {
    for (const stage of this.stages) await stage.stop();
    await this.bundles.down();
  }
}

const PEOPLE = {
  analyst: ["analyst", "query,mutate,introspect", "support,fraud-risk"],
  auditor: ["auditor", "query,mutate,introspect", "support"],
  oncall: ["oncall", "query,mutate,introspect,metrics", "support"],
  platform: ["platform", "query,mutate,introspect", "support"],
  dpo: ["dpo", "query,introspect", "support"],
  admin: ["tenant-admin", "query,mutate,introspect,admin:read", "support,fraud-risk"],
};

// A server with rows, people, and OPA's API on a port of its own.
export class Stage {
  constructor(name) {
    this.site = new Site(name);
  }

  configure(yaml) {
    this.site.configure(`datasets_file: ${this.model}
server: {port: 0}
opa: {enabled: true, port: 0}
${yaml}`);
  }

  // Before it is configured for good: `tenant` and so on need no policies.
  prepare() {
    const { site } = this;
    const url = process.env.MC_TEST_POSTGRES_URL ?? `sqlite:${site.path("rows.db")}`;
    this.model = site.write("datasets.yaml", MODEL(url));
    site.configure(`datasets_file: ${this.model}\n`);
    for (const [name, rows] of Object.entries(ROWS)) {
      const file = site.write(`${name}.jsonl`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      const types = Object.keys(rows[0]).flatMap((column) =>
        ["--type", `${column}=${TABLE_TYPES[name]?.[column] ?? "string"}`]);
      const report = site.json("dataset", "import", file, "--dataset", name, "--tenant", "alpha", "--create", ...types);
      if (report.bad_rows !== 0) throw new Error(`import of ${name}: ${JSON.stringify(report)}`);
    }
    for (const tenant of ["alpha", "system"]) site.must("tenant", "create", tenant);
    this.tokens = {};
    for (const [id, [roles, scopes, purposes]] of Object.entries(PEOPLE)) {
      site.addPrincipal("alpha", id, roles);
      this.tokens[id] = site.addToken("alpha", id, scopes, "--purposes", purposes).token;
    }
    site.addPrincipal("system", "otto", "operator");
    this.tokens.operator = site.addToken("system", "otto", "query,admin:read,admin:write,metrics").token;
    this.tokens.helper = site.addToken("system", "otto", "query,mutate", "--purposes", "support").token;
    this.tokens.stranger = site.addToken("alpha", "analyst", "admin:read").token;
    return this;
  }

  serve() {
    return this.serveIn([MAESTRO]);
  }

  // `command`: what starts maestro.
  async serveIn([command, ...words]) {
    this.server = new Child(command, [...words, "--config", this.site.config, "serve"]);
    [, this.url] = await this.server.says(/Listening on (http:\/\/\S+)/, SLOW_MS);
    const { port } = await eventually("opa.started in the log", () =>
      this.server.logLines().find(({ event }) => event === "opa.started"));
    this.opa = `http://127.0.0.1:${port}`;
  }

  async stop() {
    return this.server?.stop();
  }

  get decisionsFolder() {
    return join(this.site.dataDir, "decisions");
  }

  graphql(who, body, { purpose, ...options } = {}) {
    const headers = purpose === undefined ? {} : { "X-MC-Purpose": purpose };
    return post(`${this.url}/graphql`, this.tokens[who] ?? who, body,
      { ...options, headers: { ...headers, ...options.headers } });
  }

  // Over OPA's API.
  ask(path, input, { token = this.tokens.operator, ...options } = {}) {
    return post(`${this.opa}${path}`, token, { input }, options);
  }

  get(path, who = "operator") {
    return send(`${this.url}${path}`, { headers: { Authorization: `Bearer ${this.tokens[who]}` } });
  }

  events(name) {
    return this.server.logLines().filter(({ event }) => event === name);
  }

  async metric(series) {
    const { text } = await this.get("/metrics");
    const line = text.split("\n").find((one) => one.startsWith(`${series} `));
    if (line === undefined) throw new Error(`no metric ${series}`);
    return Number(line.slice(series.length + 1));
  }

  async revision() {
    const { json } = await this.ask("/v1/data/app/pair/said", {});
    return json?.result;
  }

  activated(revision) {
    return eventually(`revision ${revision} is active`, async () => await this.revision() === revision, SLOW_MS);
  }

  decisionFiles() {
    const folder = this.decisionsSeen ?? this.decisionsFolder;
    if (!existsSync(folder)) return [];
    return readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort().map((name) => join(folder, name));
  }

  // Whole lines of the decision log's files.
  decisions() {
    return this.decisionFiles().flatMap((path) => readFileSync(path, "utf8").split("\n").slice(0, -1)
      .map((line) => JSON.parse(line)));
  }

  decision(id) {
    return eventually(`the decision ${id} is in the log`, () =>
      this.decisions().find(({ decision_id: one }) => one === id), SLOW_MS);
  }

  // Records of the operator's own tenant.
  async records() {
    const out = [];
    for (let before = ""; before !== null;) {
      const page = await this.get(`/v1/tenants/system/records?limit=200${before}`);
      if (page.status !== 200) throw new Error(page.text);
      out.push(...page.json.items);
      before = page.json.next_before === null ? null : `&before=${page.json.next_before}`;
    }
    return out;
  }
}
