// The program under test and the folders, people and rows it is given.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve, dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { Child, runToEnd } from "./children.mjs";
import { TYPES, fixture, modelYaml, readings, toCsv, toJsonLines } from "./fixture.mjs";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
export const MAESTRO = resolve(ROOT, process.env.MC_MAESTRO ?? "build/release/bin/maestro");

const folders = [];
process.on("exit", () => {
  if (process.env.MC_E2E_KEEP) return;
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function makeFolder(name) {
  if (!existsSync(MAESTRO)) throw new Error(`build target maestro first: no ${MAESTRO}`);
  const folder = mkdtempSync(join(tmpdir(), `mc-e2e-${name}-`));
  folders.push(folder);
  return folder;
}

// A data directory with a configuration file beside it.
export class Site {
  constructor(name) {
    this.folder = makeFolder(name);
    this.config = join(this.folder, "maestro.yaml");
    this.dataDir = join(this.folder, "data");
    mkdirSync(this.dataDir);
  }

  path(name) {
    return join(this.folder, name);
  }

  write(name, text) {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  configure(yaml) {
    this.write("maestro.yaml", `data_dir: ${this.dataDir}\n${yaml}`);
  }

  run(...args) {
    return runToEnd(MAESTRO, ["--config", this.config, ...args]);
  }

  runWith(options, ...args) {
    return runToEnd(MAESTRO, args, options);
  }

  must(...args) {
    const done = this.run(...args);
    if (done.status !== 0) {
      throw new Error(`maestro ${args.join(" ")} ended with ${done.status}: ${done.err}`);
    }
    return done.out;
  }

  json(...args) {
    return JSON.parse(this.must("--json", ...args));
  }

  // Starts the server and waits until it listens.
  async serve(...args) {
    const child = new Child(MAESTRO, ["--config", this.config, "serve", ...args]);
    const match = await child.says(/Listening on (http:\/\/\S+)/);
    child.url = match[1];
    return child;
  }

  addPrincipal(tenant, id, roles) {
    this.json("principal", "create", id, "--tenant", tenant, "--roles", roles);
  }

  addToken(tenant, principal, scopes, ...more) {
    return this.json("token", "create", "--tenant", tenant, "--principal", principal,
      "--scopes", scopes, ...more);
  }
}

// Tenants alpha and bravo, one principal a role, and their tokens; the operator's one for metrics.
export function addPeople(site) {
  for (const tenant of ["alpha", "bravo", "system"]) site.must("tenant", "create", tenant);
  const people = {
    admin: ["alpha", "tenant-admin", "query,mutate,introspect,admin:read,admin:write"],
    analyst: ["alpha", "analyst", "query,mutate,introspect"],
    reader: ["alpha", "analyst", "query"],
    auditor: ["alpha", "auditor", "query,mutate"],
    counter: ["alpha", "analyst", "admin:read"],
    other: ["bravo", "tenant-admin", "query,mutate"],
    metrics: ["system", "oncall", "query,metrics"],
  };
  const tokens = {};
  for (const [id, [tenant, roles, scopes]] of Object.entries(people)) {
    site.addPrincipal(tenant, id, roles);
    tokens[id] = site.addToken(tenant, id, scopes).token;
  }
  const revoked = site.addToken("alpha", "analyst", "query");
  site.must("token", "revoke", revoked.id, "--tenant", "alpha");
  tokens.revoked = revoked.token;
  return tokens;
}

// Loads the fixture through `maestro dataset import`, CSV and JSON lines.
export function importFixture(site) {
  for (const [tenant, tables] of Object.entries(fixture())) {
    const all = tenant === "alpha" ? { ...tables, reading: readings() } : tables;
    for (const [name, rows] of Object.entries(all)) {
      if (rows.length === 0) continue;
      const csv = name !== "organisation";
      const file = site.write(`${tenant}.${name}.${csv ? "csv" : "jsonl"}`,
        csv ? toCsv(rows) : toJsonLines(rows));
      const types = Object.entries(TYPES[name]).flatMap(([header, type]) =>
        ["--type", `${header}=${type}`]);
      const report = site.json("dataset", "import", file, "--dataset", name, "--tenant", tenant,
        "--create", ...types);
      if (report.rows !== rows.length || report.bad_rows !== 0) {
        throw new Error(`import of ${name}: ${JSON.stringify(report)}`);
      }
    }
  }
}

export function writeModel(site, url) {
  return site.write("datasets.yaml", modelYaml(url));
}
