// The commands that work on admission logs: what they print and how they end.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { Site } from "../lib/maestro.mjs";

export const WORDS = ["replay", "explain"].map((word) => `budget ${word}`);

const object = (properties) =>
  ({ type: "object", required: Object.keys(properties), properties, additionalProperties: false });
const list = (items) => ({ type: "array", items });
const TEXT = { type: "string", minLength: 1 };
const COUNT = { type: "integer", minimum: 0 };
const TIME = { type: "string", format: "date-time" };
const AMOUNTS = { type: "object", additionalProperties: { type: "integer", minimum: 1 } };
const orNull = (schema) => ({ oneOf: [{ type: "null" }, schema] });
const GAPS = { not_compared: COUNT, missing: COUNT, repeated: COUNT, partial_runs: COUNT, cut: list(TEXT) };
const VERIFIED = object({ log: TEXT, same: { type: "boolean" }, runs: COUNT, decisions: COUNT, settlements: COUNT,
  differences: COUNT, ...GAPS,
  first_difference: orNull(object({ place: TEXT, logged: { type: "object" }, replayed: { type: "object" } })) });
const COUNTS = { decisions: COUNT, denied: COUNT, would_pass: COUNT, would_be_refused: COUNT, refused_by_shared: COUNT,
  warned: COUNT, would_warn: COUNT, not_reached: COUNT };
const OF_TENANTS = list(object({ tenant: TEXT, ...COUNTS }));
const COMPARED = object({ log: TEXT, policy: TEXT, hash: { type: "string", pattern: "^sha256:[0-9a-f]{64}$" }, runs: COUNT,
  ...COUNTS, assumed: COUNT, assumed_without_any: COUNT, ...GAPS, tenants: OF_TENANTS, losers: OF_TENANTS,
  policies: list(object({ policy: TEXT, would_pass: COUNT, would_be_refused: COUNT })) });
const EXPLAINED = object({
  decisions: list(object({
    run: TEXT, seq: COUNT, step: COUNT, at: TIME, request: TEXT, tenant: TEXT, plan: TEXT, user: TEXT, route: TEXT,
    outcome: { enum: ["admitted", "warned", "denied"] }, class: { type: "string" }, exempt: list(TEXT), asked: AMOUNTS,
    limit: orNull(object({ policy: TEXT, asked: COUNT, quota: COUNT, left: COUNT, warns: { type: "boolean" },
      shared: { type: "boolean" } })),
    against: list(TEXT),
    let_in: orNull({ oneOf: [object({ when: { enum: ["never", "when_let_go"] } }),
      object({ when: { const: "at" }, wait_ns: COUNT, at: TIME })] }),
    settled: orNull(object({ after_ns: COUNT, used: AMOUNTS })),
    window_ns: COUNT,
    neighbours: list(object({ request: TEXT, user: TEXT, route: TEXT, before_ns: COUNT, amount: COUNT,
      running: { type: "boolean" } })),
    neighbours_count: COUNT, neighbours_amount: COUNT,
    next: orNull(object({ request: TEXT, user: TEXT, after_ns: COUNT, outcome: TEXT })),
  })),
  queue: list(object({ seq: COUNT, of: COUNT, tenant: TEXT, waited_ns: COUNT, seats: COUNT, in_use: COUNT, position: COUNT,
    shed: { type: "string" } })),
});

function prepare() {
  const site = new Site("budget-commands");
  const log = readFileSync(new URL("../../corpus/journal_line/small", import.meta.url), "utf8");
  const lines = log.split("\n");
  for (const folder of ["log", "empty"]) mkdirSync(site.path(folder));
  writeFileSync(site.path("log/admission-adm_1-000001.jsonl"), log);
  site.write("torn.jsonl", log.slice(0, -40));
  site.write("lied.jsonl", log.replace('"quota":2,"left":1', '"quota":2,"left":0'));
  site.write("bad.jsonl", lines.with(3, lines[3].replace('"step":1', '"step":0')).join("\n"));
  site.write("headless.jsonl", lines.slice(1).join("\n"));
  site.write("more.yaml", "budgets:\n  starter: {gql_qps: 20}\n");
  site.write("less.yaml", "budgets:\n  starter: {gql_qps: 20}\nadmission:\n  global: {gql_qps: 1}\n");
  site.write("typo.yaml", "budgets:\n  starter: {gql_pqs: 20}\n");
  site.write("range.yaml", "budgets:\n  starter: {gql_qps: 0}\n");
  site.write("route.yaml", "admission:\n  routes: {/nowhere: {gql_qps: 1}}\n");
  return site;
}

// `check(world, what, schema, out)` holds an output against a schema.
export function budgetCommands(world, check) {
  const site = prepare();
  const run = (...words) => site.runWith({ cwd: site.folder }, ...words);
  // [exit status, schema of what --json prints (null: nothing), what is said, words...]
  for (const [status, schema, said, ...words] of [
    [0, VERIFIED, /^$/, "replay", "--log", "log"],
    [0, VERIFIED, /^$/, "replay", "--log", "log/admission-adm_1-000001.jsonl"],
    [0, VERIFIED, /torn\.jsonl:11: the last line is cut off/, "replay", "--log", "torn.jsonl"],
    [1, VERIFIED, /differ from the log: 1, the first at lied\.jsonl:2/, "replay", "--log", "lied.jsonl"],
    [0, VERIFIED, /^$/, "replay", "--log", "log", "--since", "2027-01-16"],
    [2, null, /bad\.jsonl:4: .*step/, "replay", "--log", "bad.jsonl"],
    [2, null, /headless\.jsonl:1: a log begins with a header/, "replay", "--log", "headless.jsonl"],
    [2, null, /--since/, "replay", "--log", "log", "--since", "tuesday"],
    [2, null, /--tenant goes with --policy/, "replay", "--log", "log", "--tenant", "alpha"],
    [2, null, /log/, "replay"],
    [3, null, /no files admission-/, "replay", "--log", "empty"],
    [3, null, /nowhere/, "replay", "--log", "nowhere"],
    [0, COMPARED, /^$/, "replay", "--log", "log", "--policy", "more.yaml"],
    [0, COMPARED, /^$/, "replay", "--log", "log", "--policy", "less.yaml", "--tenant", "alpha"],
    [2, null, /typo\.yaml:2:.*gql_pqs/, "replay", "--log", "log", "--policy", "typo.yaml"],
    [2, null, /range\.yaml:2:.*budgets\.starter\.gql_qps/, "replay", "--log", "log", "--policy", "range.yaml"],
    [2, null, /admission\.routes\.\/nowhere: there is no such route/, "replay", "--log", "log", "--policy", "route.yaml"],
    [2, null, /no\.yaml/, "replay", "--log", "log", "--policy", "no.yaml"],
    [0, EXPLAINED, /^$/, "explain", "r3", "--log", "log"],
    [0, EXPLAINED, /^$/, "explain", "r4", "--log", "log", "--tenant", "bravo"],
    [3, null, /no request r4 of tenant alpha/, "explain", "r4", "--log", "log", "--tenant", "alpha"],
    [3, null, /no request r9/, "explain", "r9", "--log", "log"],
    [2, null, /REQUEST/, "explain", "--log", "log"],
    [2, null, /--tenant says whose request/, "explain", "r3"],
  ]) {
    const what = `budget ${words.join(" ")}`;
    const done = run("--json", "budget", ...words);
    assert.equal(done.status, status, `${what}: ${done.err}`);
    assert.match(done.err, said, what);
    if (schema === null) assert.equal(done.out, "", what);
    else check(world, what, schema, done.out);
  }
  const json = (...words) => JSON.parse(run("--json", "budget", ...words).out);
  const whole = json("replay", "--log", "log");
  assert.deepEqual([whole.same, whole.decisions, whole.settlements, whole.first_difference], [true, 5, 4, null]);
  const lied = json("replay", "--log", "lied.jsonl");
  assert.equal(lied.first_difference.logged.nearest.left, 0);
  assert.equal(lied.first_difference.replayed.nearest.left, 1);
  const more = json("replay", "--log", "log", "--policy", "more.yaml");
  assert.deepEqual([more.denied, more.would_pass, more.would_be_refused], [1, 1, 0]);
  const less = json("replay", "--log", "log", "--policy", "less.yaml", "--tenant", "alpha");
  assert.deepEqual(less.tenants.map(({ tenant }) => tenant), ["alpha"]);
  assert.deepEqual(less.losers.map(({ tenant }) => tenant), ["alpha", "bravo"]);
  const [denied] = json("explain", "r3", "--log", "log").decisions;
  assert.equal(denied.limit.policy, "tenant-requests");
  assert.deepEqual(denied.neighbours.map(({ request }) => request), ["r2", "r1"]);
  assert.equal(denied.next.request, "r5");
  const text = run("budget", "explain", "r4", "--log", "log").out;
  assert.match(text, /queue {5}waited 250 ms at place 3, 8 of 8 seats in use: turned away, timeout/);
  assert.doesNotMatch(text, /alpha|r1|ada/);
}
