// One moment of an imaginary server, the same in each run: what the pictures are taken of.
export const NOW = "2026-11-27T12:00:00.000Z";

const before = (minutes) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
const after = (minutes) => before(-minutes);
const id = (kind, n) => `${kind}_01m8e000000000000000000${String(n).padStart(3, "0")}`;
const page = (items) => ({ items, next_cursor: null });
const DAY = 1440;

const session = {
  session: { id: id("ses", 1), method: "link", expires_at: after(600), idle_expires_at: after(60) },
  principal: "ada", name: "Ada Lindqvist", tenant: "alpha", roles: ["tenant-admin"],
  scopes: ["query", "mutate", "introspect", "admin:read", "admin:write"],
  tenants: ["alpha", "bravo"], csrf: "A".repeat(43), server: { version: "1.0.0", time: NOW, demo: true },
};

// A daily shape with a surge, without chance; the first steps are from before the server began.
function series(steps, scale, phase) {
  const wave = Array.from({ length: steps }, (_, i) =>
    i < 6 ? null : Math.round(scale * (3 + Math.sin((i + phase) / 9) + (i > 60 && i < 72 ? 2 : 0))));
  const of = (part) => wave.map((value) => (value === null ? null : Math.floor(value * part)));
  return {
    requests: wave, refused: of(0.04), failed: of(0.012),
    p50_ms: wave.map((value) => (value === null ? null : 2 + value / scale)),
    p99_ms: wave.map((value) => (value === null ? null : 18 + 9 * (value / scale))),
  };
}

function traffic(scale, phase) {
  const found = series(90, scale, phase);
  const sum = (values) => values.reduce((all, value) => all + (value ?? 0), 0);
  return {
    requests: sum(found.requests), refused: sum(found.refused), failed: sum(found.failed),
    latency_ms: { p50: 5.1, p95: 21.4, p99: 46 }, series: found,
  };
}

const silent = () => ({
  requests: null, refused: null, failed: null, latency_ms: null,
  series: Object.fromEntries(Object.keys(series(90, 1, 0)).map((name) => [name, Array(90).fill(null)])),
});

const overview = {
  from: before(15), to: NOW, step_s: 10, total: traffic(160, 0),
  tenants: [
    { tenant: "alpha", ...traffic(100, 0) }, { tenant: "bravo", ...traffic(60, 20) }, { tenant: "cosmos", ...silent() },
  ],
};

const alerts = page([{
  fingerprint: "f1", name: "BudgetBurn", severity: "warning", state: "firing", labels: { alertname: "BudgetBurn" },
  annotations: { summary: "bravo has used 92 % of its requests" }, starts_at: before(12), ends_at: null, received_at: before(11),
}]);

const column = (name, type, sensitivity, more = {}) => ({
  name, type, description: "", nullable: false, unique: false, filterable: true, sensitivity, quasi_identifier: false,
  licence_class: "Open-Data-OK", ...more,
});
const dataset = (name, plural, type, more = {}) => ({
  name, plural, type, description: "", region: "eu", licence_class: "Open-Data-OK", writable: false, endpoint: "/graphql",
  columns: 7, ...more,
});
const person = dataset("person", "persons", "Person", { writable: true, description: "People that cases are about" });
const datasets = page([
  person, dataset("organisation", "organisations", "Organisation"), dataset("asset", "assets", "Asset"),
  dataset("event", "events", "Event", { licence_class: "Restricted-TOS", region: "us" }),
]);
const personDetail = {
  ...person, key: "id", version: "version", retention_s: 90 * 86_400,
  columns: [
    column("id", "id", "internal", { unique: true }), column("fullName", "string", "personal"),
    column("birthDate", "date", "personal", { quasi_identifier: true }), column("nationalId", "string", "sensitive"),
    column("country", "string", "internal", { quasi_identifier: true }), column("organisationId", "id", "internal", { nullable: true }),
    column("version", "int", "internal"),
  ],
  relations: [
    { name: "organisation", to: "organisation", kind: "one", local: "organisationId", remote: "id" },
    { name: "events", to: "event", kind: "many", local: "id", remote: "personId" },
  ],
};

const browser = (n, user_agent, current, minutes) => ({
  id: id("ses", n), method: "link", created_at: before(minutes), last_seen_at: before(n), expires_at: after(600),
  idle_expires_at: after(60 - n), peer: "192.0.2.7", user_agent, current,
});
const sessions = page([
  browser(1, "Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0", true, 20), browser(8, "curl/8.5.0", false, 300),
]);

const token = (n, principal, more = {}) => ({
  tenant: "alpha", id: id("tok", n), principal, scopes: "query,introspect", purposes: "demo", created_at: before(n * DAY),
  expires_at: after((90 - n) * DAY), revoked_at: null, last_used_at: null, note: "", ...more,
});
const tokens = page([
  token(1, "ada", { scopes: "query,mutate,introspect,admin:read,admin:write", last_used_at: before(3), note: "laptop" }),
  token(2, "ben", { last_used_at: before(2 * DAY), note: "notebook" }),
  token(3, "dora", { revoked_at: before(DAY) }), token(95, "aron"),
]);

const endpoint = (n, kind, target, more = {}) => ({
  tenant: "alpha", id: id("nep", n), kind, target, events: "*", note: "", form: "cloudevents", state: "active", reason: "",
  former_secret_until: null, created_at: before(n * DAY), version: 1, ...more,
});
const endpoints = page([
  endpoint(1, "webhook", "https://hooks.example.org/maestro", { note: "on call", events: "mc.token.*,mc.session.*" }),
  endpoint(2, "mail", "security@example.org", { state: "disabled", reason: "failed for 5 days" }),
]);
const delivery = (n, state, more = {}) => ({
  tenant: "alpha", id: id("dlv", n), endpoint: id("nep", 1), event: id("evt", n), type: "mc.token.created", state,
  attempts: 1, next_at: null, created_at: before(n * 7), ended_at: before(n * 7), last_status: 204, last_error: "", ...more,
});
const deliveries = page([
  delivery(1, "pending", { attempts: 2, next_at: after(1), ended_at: null, last_status: 500 }), delivery(2, "delivered"),
  delivery(3, "failed", { attempts: 8, last_status: null, last_error: "the name does not resolve" }),
]);

// A record every few hours; each eighth without a warrant, one refused, one erased.
const REASONS = [
  "own-data", "customer-support", "own-data", "own-data", "incident-response", "own-data", "own-data", "no-warrant",
];
function ledgerRecord(n) {
  const [reason, ours] = [REASONS[n % 8], REASONS[n % 8] === "own-data"];
  const type = n === 191 ? "denied" : ours ? "change" : "access";
  const name = n % 3 === 0 ? "tokens" : "principals";
  return {
    record: n, at: before((199 - n) * 517), type, actor: ours ? "ada@alpha" : "otto@system", purpose: "demo",
    action: `${ours ? "POST" : "GET"} /v1/tenants/{tenant}/${name}`, erased: n === 197,
    warrant: { "customer-support": "TKT-118", "incident-response": "INC-204" }[reason] ?? null,
    payload: n === 197 ? null : {
      object: `/v1/tenants/alpha/${name}`, reason, region: "local", roles: ours ? "tenant-admin" : "operator",
      request_id: id("req", n), rows: n % 5, fields: "id,name,state", status: 200,
    },
  };
}
const KEY = `demo.example+6a3c0d11+${"A".repeat(43)}=`;
const records = {
  items: Array.from({ length: 200 }, (_, i) => ledgerRecord(199 - i)), total: 200, next_before: null, next_after: null,
  key: KEY.replace("demo.example", "demo.example/audit/alpha"),
};
const warrant = (n, state, more = {}) => ({
  id: id("wrt", n), class: "support-ticket", reference: `TKT-${117 + n}`, reason: "help with sign-in", principals: "*",
  actions: "read", state, issued_by: "otto@system", issued_at: before(n * 90), expires_at: after(240 - n * 30),
  deadline_at: after(1440 - n * 90), decided_by: null, decided_at: null, uses: 0, used_at: null, version: 1, ...more,
});
const warrants = page([
  warrant(2, "requested", { actions: "read,change", principals: "otto" }),
  warrant(1, "active", { uses: 3, used_at: before(9), decided_by: "ada@alpha", decided_at: before(80) }),
]);
const checkpoint = (size, ...names) => [
  "demo.example", size, `${"B".repeat(43)}=`, "",
  ...names.map((name) => `\u2014 ${name} ${"C".repeat(96)}`), "",
].join("\n");
const ledger = {
  origin: "demo.example", key: KEY, keys: [{ key: KEY, begin: before(30 * DAY), end: null }],
  checkpoint: checkpoint(412, "demo.example"), state: "recording", why: null,
  cosigned: checkpoint(409, "demo.example", "witness.example"), witness: null,
  signer: `-----BEGIN PUBLIC KEY-----\n${"D".repeat(64)}\n-----END PUBLIC KEY-----\n`,
};

const rule = (id, title, decisions, denied = 0) => ({ id, title, description: null, decisions, denied, estimated: decisions });
const policy = {
  bundle: "policies", revision: "2026-11-27.2", digest: `sha256:${"5e".repeat(32)}`, signed_by: "release-2026",
  channel: "prod", location_kind: "url", activated_at: before(95), looked_at: before(1), expired: false, refused: 1,
  expires_at: null, packed: false, sampled: false, estimated: 1304,
  activations: 3, problem: "mc/access/deny.rego:14:2: rego_parse_error: unexpected } token",
  counted: 1304,
  rules: [
    rule("cross-region", "Data stay in the region of their tenant", 0),
    rule("cross-tenant", "No tenant reaches into another one", 4, 4),
    rule("mask-personal", "How the columns of a sensitivity are masked", 812),
    rule("mask-sensitive", "How the columns of a sensitivity are masked", 790),
    rule("purpose-mismatch", "The actor's purposes contain what the resource is for", 17, 17),
    rule("purpose-missing", "A request states its purpose", 61, 61),
    rule("role", null, 23, 23), rule("role-*", "The action is one of the role's", 0),
    rule("role-analyst", "The action is one of the role's", 1204), rule("role-dpo", "The action is one of the role's", 96),
  ],
};
const masks = { fullName: "hash", birthDate: "generalise:12", nationalId: "partial:4" };
const decision = (n, more = {}) => ({
  id: id("dec", n), at: before(n * 3), tenant: "alpha", principal: n % 3 === 0 ? "dora" : "ben", action: "read",
  purpose: "support", resource: { kind: "dataset", name: n % 4 === 0 ? "event" : "person" }, allowed: true,
  rules: ["mask-personal", "mask-sensitive", "role-analyst"], reasons: [], masked: masks, revision: "policies@2026-11-27.2",
  request_id: id("req", n), warrant: null, rate: 1, ...more,
});
const deniedFor = (reason, more = {}) =>
  ({ allowed: false, rules: [reason, "role-analyst"], reasons: [reason], masked: {}, ...more });
const decisions = page([
  decision(1), decision(2, deniedFor("purpose-missing", { purpose: "" })), decision(3), decision(4),
  decision(5, deniedFor("role", { action: "write", rules: [] })), decision(6, deniedFor("purpose-mismatch")), decision(7),
]);
const input = {
  action: "read", purpose: "", principal: { id: "ben", tenant: "alpha", roles: ["analyst"], purposes: ["support"] },
  tenant: { id: "alpha", region: "eu" }, resource: { kind: "dataset", name: "person" },
};
const spoke = (rule, effect, title, file, row) => ({ id: rule, effect, title, description: null, file, row });
const way = (what, from, to, text) => ({ changes: [{ what, from, to, text }] });
const decided = {
  ...decisions.items[1], input,
  explanation: {
    summary: "Denied: read of dataset 'person' by ben; purpose-missing (A request states its purpose).",
    rules: [
      spoke("purpose-missing", "deny", "A request states its purpose", "mc/access/deny.rego", 7),
      spoke("role-analyst", "other", "The action is one of the role's", "mc/access/allow.rego", 6),
    ],
    inputs: [
      { name: "action", value: "read", rules: ["role-analyst"] },
      { name: "principal.roles", value: ["analyst"], rules: ["role-analyst"] },
      { name: "purpose", value: "", rules: ["purpose-missing"] },
    ],
    masks: Object.entries(masks).map(([column, mask]) => ({ column, mask, sensitivity: "personal" })),
    now: {
      revision: "policies@2026-11-27.2", policies_changed: false, same: true,
      outcome: { allow: false, reasons: ["purpose-missing"], masked: {} },
    },
    would_allow: [way("purpose", "", "support", "with the purpose 'support'")], tried: 14,
  },
};

// A proof an hour; in one a source gave no answer, in another somebody reached for what lies elsewhere.
const hour = (n) => before(n * 60).slice(0, 13);
const proof = (n, more = {}) => ({
  tenant: "alpha", period: `${hour(n)}Z`, region: "eu", node: "demo.example", node_region: "eu", from: before(n * 60),
  to: before(n * 60 - 60), at: before(n * 60 - 60), ok: true, reads: 5200 - 137 * n, writes: 310 - 9 * n, probes: 1, probes_ok: 1,
  violations: 0, sha256: "5e".repeat(32), ...more,
});
const proofs = page([
  proof(1), proof(2, { violations: 1 }), proof(3), proof(4, { ok: false, probes_ok: 0 }),
  proof(5, { period: `${hour(5)}-42-07Z`, reads: 12, writes: 0 }), ...Array.from({ length: 6 }, (_, i) => proof(6 + i)),
]);
const residency = {
  tenant: "alpha", region: "eu", permitted: ["eu-north"], unstated: "allow", node: { name: "demo.example", region: "eu" },
  proven: true, absent: [],
  places: [
    { source: "graph", region: "eu", datasets: ["person", "organisation", "asset"], verdict: "permitted" },
    { source: "archive", region: "us", datasets: ["event"], verdict: "source-outside" },
  ],
};
const attempt = (record, more = {}) => ({
  record, at: before(400 - record), denied: true, actor: "ben@alpha", purpose: "support", erased: false, code: "cross-region",
  action: "read", dataset: "event", source: "archive", src: "eu", dst: "us", count: 1, period: null, request_id: id("req", record),
  ...more,
});
const ofProbe = { actor: "residency@system", dataset: null, source: "graph", request_id: null };
const attempts = page([
  attempt(151, { count: 12 }), attempt(148), attempt(120, { ...ofProbe, code: "wrong-region", action: "write", period: `${hour(4)}Z` }),
  attempt(97, { ...ofProbe, code: "foreign-sentinel", denied: false, period: `${hour(9)}Z` }),
]);
const inside = { src: "eu", dst: "eu", ok: true };
const source = (name, region, outcome, more = {}) => ({
  name, region, claim: region, database: "PostgreSQL 15.18", write: outcome, read: outcome, write_ms: 3, read_ms: 2, ...more,
});
const proofDocument = {
  kind: "mc.residency/v1", tenant: "alpha", region: "eu", permitted: ["eu-north"], unstated: "allow", period: `${hour(2)}Z`,
  from: before(120), to: before(60), at: before(60), node: { name: "demo.example", region: "eu" }, ok: true,
  reads: [{ ...inside, count: 4926 }], writes: [{ ...inside, count: 292 }],
  violations: [{
    at: before(100), code: "cross-region", actor: "ben@alpha", action: "read", source: "archive", src: "eu", dst: "us", count: 13,
    denied: true,
  }],
  violations_more: 0, sources: [source("graph", "eu", "ok"), source("archive", "us", "not-permitted", { claim: null, database: null })],
};
export const PROOF = { path: `/v1/residency/alpha/${hour(2)}Z`, period: `${hour(2)}Z`, document: proofDocument };

// Five minutes of requests of two tenants on three routes; one tenant is over its budget on one of them.
const used = (tenant, route, scale, rejected, shed, wait) => {
  const steps = Array.from({ length: 30 }, (_, i) => ({
    admitted: Math.round(scale * (3 + Math.sin(i / 4))), rejected: i > 17 ? rejected : 0, shed: i > 24 ? shed : 0,
  }));
  const sum = (name) => steps.reduce((all, step) => all + step[name], 0);
  return {
    tenant, route, admitted: sum("admitted"), rejected: sum("rejected"), shed: sum("shed"), failed: 0, slow: rejected,
    wait_p95_ms: wait, series: steps,
  };
};
const burning = (tenant, dimension, limit, unit, burn, more = {}) =>
  ({ tenant, dimension, limit, unit, burn, level: null, exhausted_at: null, ...more });
const usage = {
  at: NOW, window_s: 300, step_s: 10, more: false,
  rows: [
    used("alpha", "/graphql", 40, 0, 0, 0.4), used("alpha", "/shop", 14, 9, 2, 31), used("alpha", "/stock", 2, 0, 0, 2.6),
  ],
  budgets: [
    burning("alpha", "requests", 400, "per_s", 0.42), burning("alpha", "credits", 5000, "per_s", 0.87, { level: 80 }),
    burning("alpha", "day_credits", 2_000_000, "per_day", 0.93, { level: 90, exhausted_at: after(195) }),
  ],
};
const limit = (scope, route, dimension, quota, left, more = {}) => ({
  scope, route, class: null, dimension, limit: quota, left, source: "plan", override: null, until: null, limit_of_plan: quota, warn_only: false,
  counted: true, ...more,
});
const effective = {
  tenant: "alpha", plan: "pro", next_cursor: null,
  items: [
    limit("tenant", null, "requests", 400, 380, { source: "override", override: id("ovr", 1), until: after(47), limit_of_plan: 200 }),
    limit("tenant", null, "credits", 5000, 710), limit("tenant", null, "seats", 40, 6),
    limit("tenant", null, "day_credits", 2_000_000, 140_000),
    limit("tenant-route", "/shop", "requests", 50, 0), limit("tenant-user", null, "requests", 20, null, { warn_only: true }),
    limit("tenant", null, "exports", 20, 20, { counted: false }),
  ],
};
const override = (n, state, more = {}) => ({
  id: id("ovr", n), tenant: "alpha", scope: "tenant", route: null, dimension: "requests", amount: null, factor: "2", from: before(13 * n),
  until: after(60 - 13 * n), reason: "incident", note: "the shop is slow", ticket: `TKT-${200 + n}`, state, asked_by: "otto@system",
  asked_at: before(13 * n), approved_by: null, ended_by: null, changed_at: before(13 * n), limit_before: 200, limit_after: 400,
  record: 180 - n, version: 1, ...more,
});
const overrides = page([
  override(3, "pending", { scope: "tenant-route", route: "/shop", amount: 500, factor: null, limit_before: 50, limit_after: 500,
    reason: "planned-event", note: "the sale begins", until: after(600) }),
  override(1, "active"),
  override(40, "revoked", { ended_by: "mara@system", reason: "mistake", note: "meant bravo", until: before(400) }),
  override(90, "expired", { dimension: "day_credits", reason: "migration", limit_before: 2_000_000, limit_after: 4_000_000,
    approved_by: "mara@system", until: before(900) }),
]);
// Of two tenants, as the operator has it.
export const ALL_USAGE = {
  ...usage,
  rows: [...usage.rows, used("bravo", "/graphql", 6, 0, 0, 0), used("bravo", "/shop", 1, 4, 0, 260)],
  budgets: [...usage.budgets, burning("bravo", "requests", 10, "per_s", 1.42, { level: 90 })],
};
export const PREVIEW = {
  tenant: "bravo", window_s: 900, decisions: 1234, rejected_before: 100, rejected_after: 10, admitted_instead: 90, refused_instead: 0,
  payers: [{ tenant: "cosmos", more_refused: 3 }], takes_two: false, limit_of_plan: 10,
  limit_before: 10, limit_after: 20,
};
// A denial at the second step, which others of the tenant had used up.
const letIn = {
  run: "adm_1", seq: 41, step: 1, at: NOW, request: "req_7", tenant: "alpha", plan: "pro", user: "ada", route: "/shop",
  outcome: "admitted", class: "", exempt: [], asked: { requests: 1, seats: 1 },
  limit: { policy: "tenant-requests", asked: 1, quota: 400, left: 380, warns: false, shared: false }, against: [], let_in: null,
  settled: { after_ns: 2_000_000, used: { requests: 1, seats: 1 } }, window_ns: 1_000_000_000, neighbours: [], neighbours_count: 0,
  neighbours_amount: 0, next: null,
};
export const EXPLANATION = {
  decisions: [letIn, {
    ...letIn, seq: 43, step: 2, outcome: "denied", asked: { credits: 520 }, settled: null,
    limit: { policy: "tenant-credits", asked: 520, quota: 5000, left: 110, warns: false, shared: false },
    against: ["tenant-credits", "tenant-day_credits"], let_in: { when: "at", wait_ns: 82_000_000, at: NOW },
    neighbours: [3400, 900].map((amount, i) => (
      { request: `req_${i + 1}`, user: "ben", route: "/graphql", before_ns: 97_000_000 * (i + 1), amount, running: i === 0 })),
    neighbours_count: 14, neighbours_amount: 9890, next: { request: "req_8", user: "ben", after_ns: 300_000_000, outcome: "admitted" },
  }],
  queue: [{ seq: 42, of: 41, tenant: "alpha", waited_ns: 12_000_000, seats: 8, in_use: 7, position: 2, shed: "" }],
};
export const TAPS = page([{
  id: id("tap", 1), tenant: "bravo", route: "/shop", document: null, client: null, operation: null, upstream: null, everything: false,
  action: "clamp-rate", rate: 50, burst: 50, seats: null, percent: null, reason: "a loop in their client", set_at: before(5),
  until: after(25), set_by: "otto@system", way: "api", stored: true, record: 12,
  affected: {
    last_second: 21, last_minute: 1312, total: 6100, refused_last_second: 19, refused_last_minute: 1201, refused_total: 5600,
    tenants: [{ tenant: "bravo", last_minute: 1312 }],
  },
}]);

const midnight = (days) => `${new Date(Date.parse(NOW) - days * DAY * 60_000).toISOString().slice(0, 10)}T00:00:00.000Z`;
const privacyBudget = (scope, purpose, more = {}) => ({
  scope, dataset: "person", purpose, filter: "approx", window_start: scope === "window" ? midnight(18) : null,
  resets_at: scope === "window" ? midnight(-12) : null, epsilon_limit: "10", epsilon_spent: "8.2", epsilon_reserved: "0", epsilon_top_up: "0",
  epsilon_left: "1.8", left_permille: 180, delta_spent: "0.000002", delta_limit: "0.0001", rho_spent: "2.02", rho_limit: null, ...more,
});
const queued = page(["waiting", "answered", "refused"].map((state, i) => ({
  id: `dpq_${i}`, state, analyst: "ben", dataset: "person", purpose: "investigation", query_type: "count", epsilon: "0.5", delta: "0", rho: "0",
  asked_at: midnight(3), runs_at: midnight(1), expires_at: midnight(0), changed_at: midnight(1), charge: i === 1 ? "chg_1" : null,
  why: i === 2 ? "denied by policy: purpose-not-granted" : null,
})));
const privacyBudgets = page([
  privacyBudget("window", "fraud-risk"),
  privacyBudget("window", "investigation", { epsilon_spent: "2.5", epsilon_left: "9.5", epsilon_top_up: "2", left_permille: 791 }),
  privacyBudget("lifetime", null, { epsilon_limit: "60", epsilon_spent: "31.7", epsilon_left: "28.3", left_permille: 471 }),
]);
const burnDown = {
  window_start: midnight(18), window_end: midnight(-12), limit: "10",
  points: Array.from({ length: 19 }, (_, i) => ({ day: midnight(18 - i), spent: String(Math.round(i * 4.5 + (i % 4)) / 10 ) })),
  forecast: { left: "1.8", per_day: "0.44", exhausted_at: midnight(-4), earliest: midnight(-2), latest: midnight(-9) },
};
const spend = page([["ben", "5.4", 11], ["nora", "2.8", 6]].map(([name, epsilon, charges]) => ({ name, epsilon, delta: "0.000001", rho: "1", charges })));
const charge = (n) => ({
  id: id("chg", n), dataset: "person", purpose: "fraud-risk", analyst: n % 3 ? "ben" : "nora", query_type: n % 2 ? "count" : "mean",
  mechanism: "discrete_laplace", query: `sha256:${"5f".repeat(32)}`, state: n === 3 ? "burned" : "committed", epsilon: "0.5", delta: "0", rho: "0.125",
  window_start: midnight(18), reserved_at: before(400 - n * 60), settled_at: before(400 - n * 60), seq: n,
});
const topUp = (n, state, more = {}) => ({
  id: id("top", n), tenant: "alpha", dataset: "person", purpose: "fraud-risk", epsilon: "2", expires: after(7 * DAY), warrant: id("wrt", 1),
  ticket: "TKT-4711", reason: "Quarterly risk report needs three more counts", state, asked_by: "dora@alpha", asked_at: before(60 * n),
  approved_by: null, ended_by: null, changed_at: before(60 * n), window_start: null, taken: null, record: 120 + n, version: 1, ...more,
});
const refusal = (record) => ({
  record, at: before(DAY), type: "dp.refusal", actor: "ben@alpha", action: "dp.refusal.person", purpose: "fraud-risk", warrant: null, erased: false,
  payload: {
    query_type: "count", dataset: "person", budget: "window of purpose fraud-risk", requested: "2", remaining: "1.8", resets_at: after(12 * DAY),
    nearest: { epsilon: "1.8", rmse: "0.6" },
    message: "the privacy budget of dataset 'person' (window) is short of epsilon: 2 of epsilon was requested, 1.8 is left",
  },
});
const topUps = page([
  topUp(1, "pending"), topUp(2, "active", { purpose: "investigation", approved_by: "ada@alpha", taken: "0.5", window_start: midnight(18) }),
]);
const exported = (n, state, more = {}) => ({
  id: id("exp", n), tenant: "alpha", kind: "kanon", dataset: "person", profile: "people", format: "csv", purpose: "investigation",
  requester: "dora@alpha", state, reason: null, asked_at: before(90 * n), changed_at: before(80 * n), expires_at: after(30 * DAY),
  decision: id("dec", 2), job: null, items: [], manifest: null, snapshot: null, rows_in: null, rows_out: null, suppressed: null, record: null, legal_hold: null, ...more,
});
const exports = page([
  exported(1, "running", { job: { id: id("job", 1), state: "running", done: 1200, total: 4000, unit: "rows", message: "reading" } }),
  exported(2, "ready", { rows_in: 4000, rows_out: 3968, suppressed: 32, record: 118, manifest: `sha256:${"ab".repeat(32)}` }),
  exported(3, "refused", { reason: "export-k: the profile's k is 5, and at least 10 is wanted (rule bound-default)" }),
  exported(4, "pending", {
    kind: "hold", profile: null, legal_hold: {
      pet: "none", reference: "CASE-17", reason: "preserved for the court, by its order of March", columns: [], approved_by: null,
      approved_at: null, exception: null,
    },
  }),
]);

export const API = {
  "/v1/tenants/alpha/privacy/budgets": privacyBudgets, "/v1/tenants/alpha/privacy/burn-down": burnDown,
  "/v1/tenants/alpha/privacy/spend": spend, "/v1/tenants/alpha/privacy/charges": page([5, 4, 3, 2, 1].map(charge)),
  "/v1/tenants/alpha/records?type=dp.refusal": { items: [refusal(198), refusal(197)], key: "", total: 199, next_before: null, next_after: null },
  "/v1/tenants/alpha/privacy/queue": queued, "/v1/tenants/alpha/privacy/top-ups": topUps, "/v1/tenants/alpha/exports": exports,
  "/v1/budgets/usage": usage, "/v1/budgets/effective": effective, "/v1/tenants/alpha/budgets/overrides": overrides,
  "/v1/residency": proofs, "/v1/residency/alpha": residency, "/v1/residency/alpha/attempts": attempts,
  "/v1/policy": policy, "/v1/decisions": decisions, [`/v1/decisions/${id("dec", 2)}`]: decided,
  "/v1/session": session, "/v1/overview": overview, "/v1/alerts": alerts, "/v1/datasets": datasets,
  "/v1/datasets/person": personDetail, "/v1/sessions": sessions, "/v1/tenants/alpha/tokens": tokens,
  "/v1/tenants/alpha/endpoints": endpoints, "/v1/tenants/alpha/deliveries": deliveries,
  "/v1/tenants/alpha/records": records, "/v1/tenants/alpha/warrants": warrants, "/v1/ledger": ledger,
  "/v1/tenants/alpha/access": { approval_required: true, version: 1 },
  "/v1/sign-in": { oidc: { issuer: "https://login.example.org", audience: "mc", cli_client_id: null, portal: true } },
};

const named = (kind, name) => ({ kind, name });
const field = (name, type) => ({ name, description: null, type, args: [] });
const type = (name, fields) => ({ kind: "OBJECT", name, fields, inputFields: null, enumValues: null });
const introspection = { __schema: {
  queryType: { name: "Query", fields: [{ name: "persons" }, { name: "personsDP" }] }, mutationType: null, directives: [],
  types: [
    type("Query", [field("person", named("OBJECT", "Person"))]),
    type("Person", ["id", "fullName", "birthDate"].map((name) => field(name, named("SCALAR", "String")))),
  ],
} };

// What a what-if answers: one verdict of each kind would be another.
const outcome = (allow, reasons = [], masked = {}) => ({ allow, reasons, masked });
const changes = (n, was, would) => {
  const { id: decision_id, at, tenant, principal, action, resource } = decision(n);
  return { decision_id, at, tenant, principal, action, resource, before: was, after: would };
};
export const WHAT_IF = {
  revision: "2026-11-28.1", from: before(60), to: NOW, decisions: 1301, unchanged: 1294, complete: true,
  sampled: false, estimated: 1301, estimated_to_change: 4,
  skipped: [{ reason: "resource-gone", count: 2 }, { reason: "gate-shut", count: 1 }],
  changed: [
    changes(1, outcome(true, [], masks), outcome(false, ["purpose-mismatch"])),
    changes(2, outcome(false, ["purpose-missing"]), outcome(true, [], masks)),
    changes(3, outcome(true, [], masks), outcome(true, [], { ...masks, fullName: "null", country: "generalise" })),
    changes(4, outcome(false, ["role"]), outcome(false, ["cross-region", "role"])),
  ],
};

// What the gateway says to the portal's own queries: the schema, and rows by alias d0, d1 and so on.
export function graphql(query) {
  if (query.includes("__schema")) return { data: introspection };
  const aliases = [...query.matchAll(/\bd(\d+):/g)];
  return { data: Object.fromEntries(aliases.map(([, n]) => [`d${n}`, { count: 1000 * (Number(n) + 1) }])) };
}
