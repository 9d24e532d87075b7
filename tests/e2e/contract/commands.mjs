// Every command: its --json output against a schema, and its exit codes. The list of commands is
// asked from the program, so that a new one without a row here fails.
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";

import { runToEnd } from "../lib/children.mjs";
import { addPeople, importFixture, Site, writeModel } from "../lib/maestro.mjs";
import { fixture } from "../lib/fixture.mjs";
import { scenario } from "../lib/scenario.mjs";
import { WORDS as BUDGET_WORDS, budgetCommands } from "./budget_commands.mjs";
import { WORDS as DP_WORDS, dpCommands } from "./dp_commands.mjs";
import { WORDS as EXPORT_WORDS, exportCommands } from "./export_commands.mjs";
import { WORDS as KANON_WORDS, kanonCommands } from "./kanon_commands.mjs";
import { WORDS as POLICY_WORDS, policyCommands } from "./policy_commands.mjs";
import { privacyPlaces, privacyRows } from "./privacy.mjs";
import { WORDS as TAP_WORDS, tapCommands } from "./tap_commands.mjs";

const api = (name) => ({ $ref: `#/components/schemas/${name}` });
const object = (properties) =>
  ({ type: "object", required: Object.keys(properties), properties, additionalProperties: false });
const TEXT = { type: "string", minLength: 1 };
const LIST = { type: "array" };
const TIME = { type: "string", format: "date-time" };
const PEM = { type: "string", pattern: "^-----BEGIN " };
const KEY_LIST = object({ kind: { const: "mc.signing-keys/v1" }, keys: { type: "array", items: {
  type: "object",
  required: ["use", "id", "begin", "end", "public_key"],
  properties: {
    use: { enum: ["log", "promises", "signer", "time"] }, id: { type: "string", pattern: "^[0-9a-f]{64}$" },
    begin: TIME, end: { anyOf: [TIME, { type: "null" }] }, origin: TEXT, public_key: PEM,
    certificates: { type: "array", items: PEM },
  },
  additionalProperties: false,
} } });

const OVERRIDE_WHY = ["--reason", "load-test", "--note", "a test", "--ticket", "TKT-1"];

// Command words; arguments that work and the schema of what they print; arguments that do not, and
// the exit status. In this order: later rows use what earlier ones made.
const REMOTE = [
  ["tenant create", ["cli", "--region", "eu-west-1"], api("Tenant"), [[8, "cli", "--region", "eu-west-1"],
    [2, "x", "--plan", "gold"]]],
  ["tenant list", [], api("TenantPage"), []],
  ["tenant show", ["cli"], api("Tenant"), [[3, "nowhere"]]],
  ["tenant update", ["cli", "--plan", "pro"], api("Tenant"), [[3, "nowhere", "--plan", "pro"]]],
  ["principal create", ["ann", "--tenant", "cli", "--roles", "analyst"], api("Principal"),
    [[8, "ann", "--tenant", "cli", "--roles", "analyst"], [2, "b", "--tenant", "cli", "--roles", "boss"]]],
  ["principal list", ["--tenant", "cli"], api("PrincipalPage"), [[3, "--tenant", "nowhere"]]],
  ["token create", ["--tenant", "cli", "--principal", "ann", "--scopes", "query"], api("IssuedToken"),
    [[3, "--tenant", "cli", "--principal", "nobody", "--scopes", "query"]]],
  ["token list", ["--tenant", "cli"], api("TokenPage"), [[3, "--tenant", "nowhere"]]],
  ["user list", ["--tenant", "cli"], api("PrincipalPage"), [[3, "--tenant", "nowhere"]]],
  ["user link", ["ann", "--tenant", "cli"], "link", [[3, "nobody", "--tenant", "cli"]]],
  ["endpoint create", ["http://127.0.0.1:9/hook", "--tenant", "cli"], api("EndpointMade"),
    [[2, "ftp://x", "--tenant", "cli"], [3, "https://a.example", "--tenant", "nowhere"]]],
  ["endpoint list", ["--tenant", "cli"], api("EndpointPage"), [[3, "--tenant", "nowhere"]]],
  ["endpoint show", ["{endpoint}", "--tenant", "cli"], api("Endpoint"), [[3, "nep_x", "--tenant", "cli"]]],
  ["endpoint update", ["{endpoint}", "--tenant", "cli", "--note", "new"], api("Endpoint"),
    [[3, "nep_x", "--tenant", "cli", "--note", "new"]]],
  ["endpoint rotate", ["{endpoint}", "--tenant", "cli"], api("EndpointMade"), [[3, "nep_x", "--tenant", "cli"]]],
  ["endpoint test", ["{endpoint}", "--tenant", "cli"], api("TestBegun"), [[3, "nep_x", "--tenant", "cli"]]],
  ["endpoint replay", ["{endpoint}", "--tenant", "cli", "--from", "2026-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"],
    api("ReplayBegun"), [[2, "{endpoint}", "--tenant", "cli", "--from", "now", "--to", "then"]]],
  ["delivery list", ["--tenant", "cli"], api("DeliveryPage"), [[2, "--tenant", "cli", "--state", "lost"]]],
  ["delivery show", ["{delivery}", "--tenant", "cli"], api("DeliveryDetail"), [[3, "dlv_x", "--tenant", "cli"]]],
  ["delivery send", ["{ended}", "--tenant", "cli"], api("Delivery"), [[8, "{ended}", "--tenant", "cli"]]],
  ["alert list", [], api("AlertPage"), []],
  ["endpoint delete", ["{endpoint}", "--tenant", "cli"], object({}), [[3, "{endpoint}", "--tenant", "cli"]]],
  ["overview", ["--tenant", "cli"], api("Overview"), [[3, "--tenant", "nowhere"]]],
  ["ledger status", [], api("Ledger"), []],
  ["ledger records", ["--tenant", "cli", "--limit", "5"], api("LedgerRecordPage"),
    [[3, "--tenant", "nowhere"], [2, "--tenant", "cli", "--limit", "1000"]]],
  ["ledger export", ["--tenant", "cli", "--from", "2026-01-01T00:00:00Z"], api("RangeReceipt"),
    [[2, "--tenant", "cli", "--from", "yesterday"], [3, "--tenant", "nowhere", "--from", "2026-01-01T00:00:00Z"]]],
  ["ledger receipt", ["0", "--tenant", "cli"], api("Receipt"), [[3, "999999", "--tenant", "cli"]]],
  ["warrant create", ["--tenant", "cli", "--class", "approval", "--reference", "TKT-1", "--reason", "a test"],
    api("Warrant"), [[2, "--tenant", "cli", "--reference", "", "--reason", "a test"],
      [3, "--tenant", "nowhere", "--reference", "T", "--reason", "a test"]]],
  ["warrant list", ["--tenant", "cli"], api("WarrantPage"), [[3, "--tenant", "nowhere"]]],
  ["warrant revoke", ["{warrant}", "--tenant", "cli"], api("Warrant"), [[3, "wrt_x", "--tenant", "cli"],
    [8, "{warrant}", "--tenant", "cli"]]],
  ["access show", ["--tenant", "cli"], api("Access"), [[3, "--tenant", "nowhere"]]],
  ["budget usage", ["--tenant", "contract"], api("BudgetUsage"), [[3, "--tenant", "nowhere"]]],
  ["budget denial", ["{denied}", "--tenant", "contract"], api("BudgetDenial"), [[3, "r_none", "--tenant", "contract"],
    [3, "r_none", "--tenant", "contract", "--form", "bundle"], [3, "{denied}", "--tenant", "nowhere"]]],
  ["budget explain", ["{denied}", "--tenant", "contract"], api("BudgetExplanation"), [[3, "r_none", "--tenant", "contract"],
    [3, "{denied}", "--tenant", "nowhere"], [2, "{denied}"]]],
  ["budget override preview", ["--tenant", "contract", "--dimension", "requests", "--factor", "2"], api("BudgetPreview"), [
    [2, "--tenant", "contract", "--dimension", "requests", "--factor", "x"],
    [2, "--tenant", "contract", "--dimension", "nothing", "--factor", "2"],
    [3, "--tenant", "nowhere", "--dimension", "requests", "--factor", "2"]]],
  ["budget override create", ["--tenant", "contract", "--dimension", "requests", "--factor", "2", "--for", "1h",
    ...OVERRIDE_WHY], api("BudgetOverride"), [
    [2, "--tenant", "contract", "--dimension", "requests", "--factor", "x", "--for", "1h", ...OVERRIDE_WHY],
    [2, "--tenant", "contract", "--dimension", "requests", "--factor", "2", "--for", "25h", ...OVERRIDE_WHY],
    [3, "--tenant", "nowhere", "--dimension", "requests", "--factor", "2", "--for", "1h", ...OVERRIDE_WHY]]],
  ["budget override list", ["--tenant", "contract"], api("BudgetOverridePage"), [[3, "--tenant", "nowhere"]]],
  ["budget override approve", ["{asked}", "--tenant", "contract"], api("BudgetOverride"),
    [[3, "ovr_x", "--tenant", "contract"], [8, "{asked}", "--tenant", "contract"]]],
  ["budget override refuse", ["{unwanted}", "--tenant", "contract"], api("BudgetOverride"),
    [[3, "ovr_x", "--tenant", "contract"], [8, "{unwanted}", "--tenant", "contract"]]],
  ["budget override revoke", ["{override}", "--tenant", "contract"], api("BudgetOverride"),
    [[3, "ovr_x", "--tenant", "contract"], [8, "{override}", "--tenant", "contract"]]],
  ["budget effective", ["--tenant", "contract"], api("EffectiveBudgets"), [[3, "--tenant", "nowhere"],
    [2, "--tenant", "contract", "--route", "/nowhere"]]],
  ["tap set", ["--tenant", "nobody", "--action", "shed", "--percent", "10", "--for", "1h", "--reason", "a test"],
    api("Tap"), [[2, "--action", "block", "--for", "1h", "--reason", "a test"],
      [2, "--tenant", "nobody", "--action", "block", "--for", "25h", "--reason", "a test"],
      [2, "--route", "/nowhere", "--action", "block", "--for", "1h", "--reason", "a test"]]],
  ["tap list", [], api("TapPage"), []],
  ["tap lift", ["{tap}"], api("Tap"), [[3, "tap_x"], [3, "{tap}"]]],
  ["policy status", [], api("Policy"), []],
  ["policy reload", [], api("Policy"), []],
  ["policy what-if", ["{policies}", "--tenant", "contract"], api("WhatIf"), [[2, "{broken}"],
    [2, "{policies}", "--limit", "0"], [3, "{policies}", "--tenant", "nowhere"], [3, "no-such-folder"]]],
  ["decision list", ["--tenant", "contract", "--limit", "2"], api("DecisionPage"),
    [[3, "--tenant", "nowhere"], [2, "--limit", "1000"], [2, "--from", "then"]]],
  ["decision show", ["{decision}"], api("DecisionDetail"), [[3, "dec_x"]]],
  ["policy explain", ["{decision}"], api("DecisionDetail"), [[3, "dec_x"]]],
  ["residency probe", ["--tenant", "alpha"], api("ResidencyProof"), [[3, "--tenant", "cli"], [3, "--tenant", "nowhere"]]],
  ["residency list", ["--tenant", "alpha"], api("ResidencyProofPage"),
    [[3, "--tenant", "nowhere"], [2, "--limit", "0"], [2, "--cursor", "x"]]],
  ["residency where", ["--tenant", "alpha"], api("Residency"), [[3, "--tenant", "nowhere"]]],
  ["residency attempts", ["--tenant", "alpha", "--code", "cross-region"], api("ResidencyAttemptPage"),
    [[3, "--tenant", "nowhere"], [2, "--tenant", "alpha", "--limit", "0"]]],
  ["residency show", ["{period}", "--tenant", "alpha"], api("ResidencyDocument"),
    [[3, "2026-01-01T00Z", "--tenant", "alpha"]]],
];

const seen = new Set();

function leaves(site, words = []) {
  const { out } = site.runWith({}, ...words, "--help");
  const list = out.split(/^Subcommands:$/m)[1];
  if (list === undefined) return [words.join(" ")];
  return [...list.matchAll(/^ {2}([a-z-]+) /gm)].flatMap(([, name]) => leaves(site, [...words, name]));
}

function check(world, what, schema, out) {
  let value;
  try {
    value = JSON.parse(out);
  } catch {
    assert.fail(`${what}: no JSON: ${out}`);
  }
  world.document.validate(schema, value, what);
  return value;
}

scenario("commands through a server: --json has its schema, exit codes are those documented",
  { limitMs: 60_000 }, async (world) => {
    const env = { MC_TOKEN: world.operator, MC_URL: world.url, HOME: world.site.path("home") };
    const run = (words, args, more = env) =>
      world.site.runWith({ env: more }, "--json", ...words.split(" "), ...args);
    const schemas = { link: linkSchema(world.document) };
    await world.askForRows();
    // What later rows mean by {endpoint}, {delivery} and {ended}.
    const made = { "{policies}": policyFolder(world.site, "policies", "true"),
      "{broken}": policyFolder(world.site, "broken", "nowhere") };
    // What another person of the operator's has asked for, far above the plan.
    for (const name of ["{asked}", "{unwanted}"]) made[name] = (await world.askForTenfold()).id;
    made["{denied}"] = await world.askUntilDenied();
    for (const [name, value] of Object.entries(await privacyPlaces(world))) made[`{${name}}`] = value;
    const known = (args) => args.map((arg) => made[arg] ?? arg);
    for (const [words, template, schema, failures] of [...REMOTE, ...privacyRows(api)]) {
      if (words === "delivery send") made["{ended}"] = endedDelivery(run, made["{endpoint}"]);
      const args = known(template);
      const tried = run(words, [...args, "--dry-run"]);
      assert.equal(tried.status, 0, `${words} --dry-run: ${tried.err}`);
      const done = run(words, args);
      assert.equal(done.status, 0, `${words}: ${done.err}`);
      const value = check(world, words, schemas[schema] ?? schema, done.out);
      if (words === "endpoint create") made["{endpoint}"] = value.id;
      if (words === "endpoint test") made["{delivery}"] = value.delivery;
      if (words === "warrant create") made["{warrant}"] = value.id;
      if (words === "budget override create") made["{override}"] = value.id;
      if (words === "tap set") made["{tap}"] = value.id;
      if (words === "decision list") made["{decision}"] = value.items[0].id;
      if (words === "residency probe") made["{period}"] = value.period;
      for (const [status, ...wrong] of failures) {
        const failed = run(words, known(wrong));
        assert.equal(failed.status, status, `${words} ${wrong.join(" ")}: ${failed.err}`);
        assert.match(failed.err, /^maestro: \S/, words);
        assert.equal(failed.out, "", words);
      }
      const nobody = run(words, args, { ...env, MC_TOKEN: "" });
      assert.equal(nobody.status, 4, `${words} without a token: ${nobody.err}`);
      seen.add(words);
    }
    const { items: [token] } = JSON.parse(run("token list", ["--tenant", "cli"]).out);
    const revoked = run("token revoke", [token.id, "--tenant", "cli"]);
    assert.equal(revoked.status, 0, revoked.err);
    check(world, "token revoke", object({}), revoked.out);
    assert.equal(run("token revoke", [token.id, "--tenant", "cli"]).status, 3);
    seen.add("token revoke");
    followCommand(world, run);
    oddNames(run);
    // What a sign-in prints is in the suite with a provider; this server has none.
    for (const words of ["login", "logout"]) {
      assert.equal(run(words, []).status, 3, words);
      assert.equal(run(words, [], { HOME: env.HOME }).status, 2, `${words} without a server`);
      seen.add(words);
    }
  });

// Policies that allow what `allow` says.
function policyFolder(site, name, allow) {
  mkdirSync(site.path(name), { recursive: true });
  site.write(`${name}/decision.rego`, `package mc.access

decision := {"allow": ${allow}, "rules": [], "reasons": []}
`);
  return site.path(name);
}

// An argument names what is at its place and nothing else, whatever stands in it.
function oddNames(run) {
  for (const [status, words, ...args] of [
    [3, "ledger receipt", "../tokens?", "--tenant", "cli"],
    [3, "ledger receipt", "0/receipt?", "--tenant", "cli"],
    [3, "ledger records", "--tenant", "cli/../system"],
    [3, "ledger export", "--tenant", "cli/receipts?from=2026-01-01T00:00:00Z#", "--from", "2026-01-01T00:00:00Z"],
    [3, "tenant show", "cli/principals"],
    [3, "tenant show", "cli?"],
    [3, "residency show", "../../tenants?", "--tenant", "alpha"],
    [3, "residency probe", "--tenant", "alpha/.."],
    [3, "residency where", "--tenant", "alpha/attempts"],
    [3, "residency attempts", "--tenant", "alpha/../bravo"],
    [3, "principal list", "--tenant", "cli/principals#"],
    [3, "user list", "--tenant", "cli/../cli"],
    [3, "token revoke", "../../cli", "--tenant", "cli"],
    [3, "endpoint show", "x/../..", "--tenant", "cli"],
    [3, "delivery show", "../deliveries", "--tenant", "cli"],
    [2, "delivery list", "--tenant", "cli", "--state", "failed&limit=1"],
    [3, "warrant list", "--tenant", "cli/../cli"],
    [3, "access show", "--tenant", "cli/access?"],
    [3, "budget override list", "--tenant", "cli/../cli"],
    [3, "budget override revoke", "../overrides?", "--tenant", "cli"],
    [3, "budget effective", "--tenant", "cli&user=ann"],
    [3, "overview", "--tenant", "cli&window=24h"],
    [3, "tap lift", "../taps?"],
    [3, "decision show", "../decisions?"],
    [3, "decision list", "--tenant", "cli&principal=ann"],
    [3, "ledger follow", "--tenant", "cli/../cli", "--once"],
    [2, "tenant show", ".."],
    [2, "endpoint show", "", "--tenant", "cli"],
    [2, "endpoint delete", ".", "--tenant", "cli"],
    [2, "delivery show", "", "--tenant", "cli"],
    [2, "token list", "--tenant", ""],
  ]) {
    const done = run(words, args);
    assert.equal(done.status, status, `${words} ${args.join(" ")}: ${done.out}${done.err}`);
    assert.equal(done.out, "");
    assert.match(done.err, /^maestro: \S/);
  }
}

// It prints a record a line.
function followCommand(world, run) {
  const words = "ledger follow";
  const done = run(words, ["--tenant", "cli", "--once"]);
  assert.equal(done.status, 0, done.err);
  const lines = done.out.trimEnd().split("\n");
  assert.ok(lines.length > 5);
  for (const line of lines) check(world, words, api("LedgerRecord"), line);
  for (const [status, ...wrong] of [[2, "--tenant", "cli"], [2, "--tenant", "cli", "--once", "--every", "0s"],
    [3, "--tenant", "nowhere", "--once"]]) {
    const failed = run(words, wrong);
    assert.equal(failed.status, status, `${wrong.join(" ")}: ${failed.err}`);
    assert.match(failed.err, /^maestro: \S/);
    assert.equal(failed.out, "");
  }
  seen.add(words);
}

// A delivery that can be sent again: those of an endpoint that was disabled have ended.
function endedDelivery(run, endpoint) {
  for (const state of ["disabled", "active"]) {
    assert.equal(run("endpoint update", [endpoint, "--tenant", "cli", "--state", state]).status, 0);
  }
  const { out } = run("delivery list", ["--tenant", "cli", "--state", "failed"]);
  return JSON.parse(out).items[0].id;
}

// `user link` adds the whole address to what the API says.
function linkSchema(document) {
  const { unevaluatedProperties, ...open } = document.closed.SignInLink;
  return { ...open, required: [...open.required, "url"],
    properties: { ...open.properties, url: { type: "string", pattern: "^http.*#mcl_" } },
    additionalProperties: false };
}

scenario("commands on files: --json has its schema, exit codes are those documented",
  { limitMs: 60_000 }, async (world) => {
    const site = new Site("commands");
    const model = writeModel(site, `sqlite:${site.path("rows.db")}`);
    site.configure(`datasets_file: ${model}\n`);
    addPeople(site);
    importFixture(site);
    const json = (schema, ...words) => check(world, words.join(" "), schema, site.must("--json", ...words));
    json(object({ ok: { const: true } }), "config", "check");
    const settings = json({ type: "object", required: ["$schema", "properties"] }, "config", "schema");
    assert.equal(settings.$schema, "https://json-schema.org/draft/2020-12/schema");
    assert.equal(site.must("config", "schema"), site.must("--json", "config", "schema"));
    world.document.ajv.addSchema(settings, "mc:settings");
    json({ $ref: "mc:settings" }, "config", "show");
    json(object({ key: TEXT, explanation: TEXT }), "config", "explain", "server.port");
    json(object({ sdl: TEXT }), "dataset", "sdl");
    ledgerCommands(site, json);
    signingCommands(site, json);
    keyCommands(site, json);
    const rows = site.write("more.jsonl",
      `${JSON.stringify({ ...fixture().alpha.organisation[0], id: "new" })}\n`);
    json({ type: "object", required: ["rows", "bad_rows"] }, "dataset", "import", rows,
      "--dataset", "organisation", "--tenant", "alpha");
    for (const [status, ...words] of [
      [2, "--set", "server.port=x", "config", "check"],
      [2, "--set", "server.port=x", "config", "show"],
      [3, "config", "explain", "no.such.key"],
      [2, "--set", "datasets_file=", "dataset", "sdl"],
      [3, "dataset", "import", rows, "--dataset", "nothing", "--tenant", "alpha"],
      [2, "--set", "server.port=x", "serve"],
      [2, "--set", "server.port=x", "ledger", "verify"],
      [3, "--data-dir", site.path("nothing"), "ledger", "verify"],
      [2, "ledger", "fence"],
      [3, "ledger", "retire-key"],
      [2, "--set", `ledger.key_file=${site.path("data/ledger.key")}`, "ledger", "rotate-key"],
      [2, "--url", "http://127.0.0.1:9", "ledger", "rotate-key"],
      [2, "--set", `ledger.url=sqlite:${site.path("other.db")}`, "ledger", "fence"],
      [4, "ledger", "erase", "0", "--tenant", "alpha", "--reason", "not the tenant's own"],
      [2, "verify", site.path("receipt.json")],
      [4, "warrant", "approve", "wrt_x", "--tenant", "alpha"],
      [4, "warrant", "deny", "wrt_x", "--tenant", "alpha"],
      [4, "access", "set", "--tenant", "alpha", "--approval", "required"],
      [8, "signer", "create", "--out", site.path("own.key"), "--passphrase", `file:${site.path("phrase")}`],
      [2, "signer", "public", site.path("own.key")],
      [2, "sign", site.path("receipt.json"), "--key", site.path("phrase")],
      [3, "sign", site.path("no-such-file"), "--key", site.path("own.key"), "--passphrase", `file:${site.path("phrase")}`],
      [3, "verify", site.path("no-such-file"), "--log-key", "x"],
      [2, "signing", "rotate", "witness"],
      [2, "--url", "http://127.0.0.1:9", "signing", "rotate", "log"],
      [2, "demo", "--scale", "x"],
    ]) {
      const done = site.run("--json", ...words);
      assert.equal(done.status, status, `${words.join(" ")}: ${done.err}`);
    }
    for (const shell of ["bash", "zsh", "fish"]) {
      const { script } = json(object({ shell: { const: shell }, script: TEXT }), "completion", shell);
      assert.equal(script, site.must("completion", shell));
    }
    const { page } = json(object({ page: TEXT }), "man");
    assert.equal(page, site.must("man"));
    assert.equal(site.run("completion", "tcsh").status, 2);
    for (const words of ["completion", "config check", "config schema", "config show", "config explain",
      "dataset sdl", "dataset import", "ledger verify", "ledger fence", "ledger keys", "ledger rotate-key",
      "ledger retire-key", "ledger erase", "verify", "warrant approve",
      "warrant deny", "access set", "sign", "signer create", "signer public",
      "signing keys", "signing rotate", "ledger trusted-root", "serve", "demo", "man"]) seen.add(words);
  });

scenario("commands on policies: --json has its schema, exit codes are those documented",
  { limitMs: 60_000 }, async (world) => {
    policyCommands(world, check);
    for (const words of POLICY_WORDS) seen.add(words);
  });

scenario("commands on admission logs: --json has its schema, exit codes are those documented",
  { limitMs: 60_000 }, async (world) => {
    budgetCommands(world, check);
    for (const words of BUDGET_WORDS) seen.add(words);
  });

scenario("commands on taps without a server: --json has its schema, exit codes are those documented",
  { limitMs: 60_000 }, async (world) => {
    tapCommands(world, check);
    for (const words of TAP_WORDS) seen.add(words);
  });

scenario("commands on k-anonymous releases: --json has its schema, exit codes are those documented",
  { limitMs: 60_000 }, async (world) => {
    kanonCommands(world, check);
    for (const words of KANON_WORDS) seen.add(words);
  });

scenario("commands on exports: --json has its schema, exit codes are those documented",
  { limitMs: 120_000 }, async (world) => {
    await exportCommands(world, check);
    for (const words of EXPORT_WORDS) seen.add(words);
  });

scenario("the audit of noisy answers: --json has its schema, exit codes are those documented",
  { limitMs: 60_000 }, async (world) => {
    dpCommands(world, check);
    for (const words of DP_WORDS) seen.add(words);
  });

// The ledger's key is changed, and the one before ends.
function keyCommands(site, json) {
  const made = object({ key: TEXT, dry_run: { const: false } });
  const [before] = json({ type: "array", items: api("LedgerKey") }, "ledger", "keys");
  const { key } = json(made, "ledger", "rotate-key");
  assert.notEqual(key, before.key);
  assert.equal(json(made, "ledger", "retire-key").key, key);
  const kept = json({ type: "array", minItems: 2, maxItems: 2 }, "ledger", "keys");
  assert.equal(kept[0].key, before.key);
  assert.ok(kept[0].end !== null && kept[1].end === null);
}

// A key, a bundle that it signs, and the trusted root that verifies it.
function signingCommands(site, json) {
  const phrase = `file:${site.write("phrase", "a phrase")}`;
  const pem = object({ public_key: { type: "string", pattern: "^-----BEGIN PUBLIC KEY-----" } });
  const made = json(pem, "signer", "create", "--out", site.path("own.key"), "--passphrase", phrase);
  assert.deepEqual(json(pem, "signer", "public", site.path("own.key"), "--passphrase", phrase), made);
  const key = site.write("own.pub", made.public_key);
  const file = site.write("signed.txt", "content");
  const signed = json(object({ bundle: TEXT, entry: { type: "integer", minimum: 0 } }), "sign", file,
    "--key", site.path("own.key"), "--passphrase", phrase, "--out", site.path("bundle.json"));
  const root = json(object({ mediaType: TEXT, tlogs: LIST, certificateAuthorities: LIST, ctlogs: LIST,
    timestampAuthorities: LIST }), "ledger", "trusted-root");
  const trust = site.write("root.json", JSON.stringify(root));
  const verified = json({ type: "object", required: ["subject", "verified", "steps"] }, "verify", signed.bundle,
    "--trust", trust, "--key", key, "--artifact", file);
  assert.equal(verified.verified, true);
  const offline = runToEnd(new URL("../../../build/release/bin/ig-offline", import.meta.url).pathname,
    ["--json", "verify", signed.bundle, "--trust", trust, "--key", key, "--artifact", file]);
  assert.equal(offline.status, 0, offline.err);
  assert.deepEqual(JSON.parse(offline.out), verified);
  const { items } = KEY_LIST.properties.keys;
  const { keys } = json(KEY_LIST, "signing", "keys");
  const rotated = json(object({ use: { const: "log" }, at: items.properties.begin, old: items.properties.id,
    new: items.properties.id }), "signing", "rotate", "log");
  assert.equal(rotated.old, keys[0].id);
  assert.equal(json(KEY_LIST, "signing", "keys").keys.at(-1).id, rotated.new);
}

// What was done on this site stands in its ledger; a receipt of it verifies, and no changed copy.
function ledgerCommands(site, json) {
  const whole = json({ type: "object", required: ["verified", "records", "heads"] }, "ledger", "verify");
  assert.equal(whole.verified, true);
  assert.ok(whole.heads["audit/alpha"].size > 0);
  const { key } = JSON.parse(site.must("--json", "ledger", "status"));
  const receipt = site.must("ledger", "receipt", "0", "--tenant", "alpha");
  const steps = json({ type: "object", required: ["subject", "verified", "steps"] },
    "verify", site.write("receipt.json", receipt), "--log-key", key);
  assert.equal(steps.verified, true);
  const altered = receipt.replace("local@system", "other@system");
  assert.notEqual(altered, receipt);
  const failed = site.run("verify", site.write("altered.json", altered), "--log-key", key);
  assert.equal(failed.status, 5, failed.err);
  assert.match(failed.out, /\u2715 inclusion/);
  // The same by hand, as docs/formats/proofs.md has it.
  const recipe = (name) => runToEnd(new URL("recipe.sh", import.meta.url).pathname, [site.path(name), key]);
  assert.equal(recipe("receipt.json").out, "verified\n");
  assert.equal(recipe("altered.json").out, "does not hold: inclusion\n");
}

// What bash offers for the last word, after `maestro` and the words before it.
function offers(site, ...words) {
  const ask = `source ${site.path("completion.bash")}
COMP_WORDS=(maestro "$@"); COMP_CWORD=$#; _maestro; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const done = runToEnd("bash", ["--norc", "-uc", ask, "bash", ...words]);
  assert.equal(done.err, "");
  return done.out.split("\n").filter((line) => line !== "");
}

scenario("bash completes every command and its flags, wherever shared flags stand",
  async ({ site }) => {
    site.write("completion.bash", site.must("completion", "bash"));
    assert.deepEqual(offers(site, "ten"), ["tenant"]);
    assert.deepEqual(offers(site, "tenant", "").filter((word) => !word.startsWith("-")).sort(),
      ["create", "list", "show", "update"]);
    assert.deepEqual(offers(site, "tenant", "create", "x", "--ret"), ["--retention-tier"]);
    assert.deepEqual(offers(site, "--json", "user", "l").sort(), ["link", "list"]);
    assert.deepEqual(offers(site, "user", "link", "--to"), ["--token-file"]);
    assert.deepEqual(offers(site, "no-such", "zzz"), []);
    for (const words of leaves(site)) {
      assert.ok(offers(site, ...words.split(" "), "--").includes("--help"), words);
      assert.ok(offers(site, ...words.split(" ")).includes(words.split(" ").pop()), words);
    }
  });

// What another shell offers for the words after `maestro`, asked by its own means.
function offersOf(site, shell, words) {
  const script = site.write(`completion.${shell}`, site.must("completion", shell));
  const line = ["maestro", ...words].join(" ");
  const ask = {
    fish: ["-c", `source ${script}; complete -C "${line}"`],
    // compadd is what a function of zsh gives its words to.
    zsh: ["-fc", `compdef() { : }; compadd() { shift; print -l -- "$@" }; _files() { : }; source ${script}
words=(${["maestro", ...words].map((word) => `"${word}"`).join(" ")}); CURRENT=$#words; _maestro`],
  };
  const done = runToEnd(shell, ask[shell]);
  assert.equal(done.status, 0, done.err);
  return done.out.split("\n").map((one) => one.split("\t")[0]).filter((one) => one !== "");
}

for (const shell of ["zsh", "fish"]) {
  scenario(`${shell} completes every command and its flags`, async ({ site }) => {
    if (!existsSync(`/usr/bin/${shell}`)) return `there is no ${shell}`;
    for (const words of leaves(site)) {
      const parts = words.split(" ");
      assert.ok(offersOf(site, shell, [...parts, "--"]).includes("--help"), `${words} --`);
      const above = offersOf(site, shell, [...parts.slice(0, -1), ""]);
      assert.ok(above.includes(parts.at(-1)), `${words}: ${above}`);
    }
  });
}

scenario("the manual page has every command, and groff has nothing to say", async ({ site }) => {
  const page = site.must("man");
  for (const words of leaves(site)) {
    assert.ok(page.includes(`.SS \\fBmaestro ${words.replaceAll("-", "\\-")}\\fR`), words);
  }
  if (!existsSync("/usr/bin/groff")) return "there is no groff";
  const done = runToEnd("groff", ["-man", "-Tutf8", "-ww", "-rLL=80n", "-P-cbou"], { input: page });
  assert.equal(done.status, 0);
  assert.equal(done.err, "");
  assert.match(done.out, /maestro endpoint rotate/);
});

scenario("every command was seen, and refuses a flag that it does not have", async (world) => {
  const all = leaves(world.site);
  assert.deepEqual(all.filter((words) => !seen.has(words)), [], "commands without a row here");
  for (const words of all) {
    const done = world.site.runWith({}, ...words.split(" "), "--no-such-flag");
    assert.equal(done.status, 2, words);
  }
});
