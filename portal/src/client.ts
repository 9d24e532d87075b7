// Made by tools/client.mjs from openapi.json: the admin API, typed.

export type Time = string;
export type Cursor = string | null;
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  retry_after_s?: number;
};
export type SignIn = { link: string };
export type Session = {
  session: { id: string; method: "link" | "oidc"; expires_at: Time; idle_expires_at: Time } | null;
  return_to?: string;
  principal: string;
  name: string;
  tenant: string;
  roles: Role[];
  scopes: string[];
  tenants: string[];
  csrf: string | null;
  server: { version: string; time: Time; demo: boolean };
};
export type Role = "operator" | "oncall" | "tenant-admin" | "analyst" | "dpo" | "platform" | "auditor";
export type SessionInfo = {
  id: string;
  current: boolean;
  method: "link" | "oidc";
  created_at: Time;
  last_seen_at: Time;
  expires_at: Time;
  idle_expires_at: Time;
  peer: string;
  user_agent: string;
};
export type SessionPage = { items: SessionInfo[]; next_cursor: Cursor };
export type SignInWays = {
  oidc: { issuer: string; audience: string; cli_client_id: string | null; portal: boolean } | null;
};
export type CodeLogin = { return_to?: string; step_up?: boolean };
export type CodeLoginBegun = { authorization_url: string };
export type Code = { state: string; code: string; iss?: string };
export type Self = {
  tenant: string;
  principal: string;
  roles: string;
  scopes: string;
  purpose: string;
  expires_at: Time;
};
export type Overview = {
  from: Time;
  to: Time;
  step_s: number;
  total: Traffic;
  tenants: (Traffic & { tenant: string })[];
};
export type Traffic = {
  requests: number | null;
  refused: number | null;
  failed: number | null;
  latency_ms: { p50: number; p95: number; p99: number } | null;
  series: { requests: Series; refused: Series; failed: Series; p50_ms: Series; p99_ms: Series };
};
export type Series = (number | null)[];
export type Dataset = {
  name: string;
  plural: string;
  type: string;
  description: string;
  region: string;
  licence_class: string;
  writable: boolean;
  endpoint: string | null;
  columns: number;
};
export type DatasetDetail = {
  name: string;
  plural: string;
  type: string;
  description: string;
  region: string;
  licence_class: string;
  writable: boolean;
  endpoint: string | null;
  key: string;
  version: string | null;
  retention_s: number | null;
  columns: Column[];
  relations: Relation[];
};
export type Column = {
  name: string;
  type: "id" | "int" | "long" | "float" | "string" | "boolean" | "date" | "datetime" | "json";
  description: string;
  nullable: boolean;
  unique: boolean;
  filterable: boolean;
  sensitivity: "public" | "internal" | "personal" | "sensitive" | "secret";
  quasi_identifier: boolean;
  licence_class: string;
};
export type Relation = { name: string; to: string; kind: "one" | "many"; local: string; remote: string };
export type DatasetPage = { items: Dataset[]; next_cursor: Cursor };
export type NewEndpoint = {
  kind?: "webhook" | "mail";
  target: string;
  events?: string;
  note?: string;
  form?: EndpointForm;
};
export type EndpointForm = "cloudevents" | "ocsf";
export type EndpointPatch = {
  target?: string;
  events?: string;
  note?: string;
  form?: EndpointForm;
  state?: "active" | "disabled";
};
export type Endpoint = {
  tenant: string;
  id: string;
  kind: "webhook" | "mail";
  target: string;
  events: string;
  note: string;
  form: EndpointForm;
  state: "active" | "disabled";
  reason: string;
  former_secret_until: Time | null;
  created_at: Time;
  version: number;
};
export type EndpointMade = Endpoint & { secret?: string; public_key?: string };
export type EndpointPage = { items: Endpoint[]; next_cursor: Cursor };
export type Rotate = { overlap?: string };
export type Replay = { from: Time; to: Time };
export type TestBegun = { delivery: string };
export type ReplayBegun = { deliveries: number };
export type DeliveryState = "pending" | "delivered" | "failed";
export type Delivery = {
  tenant: string;
  id: string;
  endpoint: string;
  event: string;
  type: string;
  state: DeliveryState;
  attempts: number;
  next_at: Time | null;
  created_at: Time;
  ended_at: Time | null;
  last_status: number | null;
  last_error: string;
};
export type DeliveryPage = { items: Delivery[]; next_cursor: Cursor };
export type DeliveryDetail = Delivery & { log: Attempt[] };
export type Ledger = {
  origin: string;
  key: string;
  keys: LedgerKey[];
  checkpoint: string;
  cosigned: string | null;
  witness: string | null;
  signer: string | null;
  state: "recording" | "stopped";
  why: string | null;
};
export type LedgerKey = { key: string; begin: Time; end: string | null };
export type LedgerRecord = {
  record: number;
  at: Time;
  type: string;
  actor: string;
  action: string;
  purpose: string;
  warrant: string | null;
  erased: boolean;
  payload: Record<string, unknown> | null;
};
export type LedgerRecordPage = {
  items: LedgerRecord[];
  key: string;
  total: number;
  next_before: number | null;
  next_after: number | null;
};
export type Policy = {
  bundle: string;
  revision: string | null;
  digest: string | null;
  signed_by: string | null;
  channel: string;
  location_kind: "built-in" | "folder" | "file" | "url" | "opa";
  activated_at: Time | null;
  looked_at: Time | null;
  problem: string | null;
  expired: boolean;
  expires_at: Time | null;
  packed: boolean;
  refused: number;
  activations: number;
  counted?: number;
  sampled: boolean;
  estimated: number;
  rules: PolicyRule[];
};
export type PolicyRule = {
  id: string;
  title: string | null;
  description: string | null;
  decisions: number;
  estimated: number;
  denied: number;
};
export type PolicyFiles = { files: Record<string, string> };
export type Outcome = { allow: boolean; reasons: string[]; masked: Record<string, string> };
export type WhatIf = {
  revision: string;
  from: Time;
  to: Time;
  decisions: number;
  sampled: boolean;
  estimated: number;
  estimated_to_change: number;
  unchanged: number;
  changed: { decision_id: string; at: Time; tenant: string; principal: string; action: string; resource: ResourceName; before: Outcome; after: Outcome }[];
  skipped: { reason: string; count: number }[];
  complete: boolean;
};
export type ResourceName = { kind: string; name: string };
export type Decision = {
  id: string;
  at: Time;
  tenant: string;
  principal: string;
  action: string;
  purpose: string;
  resource: ResourceName;
  allowed: boolean;
  rate: number;
  rules: string[];
  reasons: string[];
  masked: Record<string, string>;
  revision: string;
  request_id: string;
  warrant: string | null;
};
export type DecisionPage = { items: Decision[]; next_cursor: Cursor };
export type DecisionDetail = Decision & { input: Record<string, unknown>; explanation: Explanation };
export type DecidedNow = {
  revision: string;
  policies_changed: boolean;
  outcome: Outcome | null;
  same: boolean;
};
export type Explanation = {
  summary: string;
  rules: { id: string; effect: "deny" | "other"; title: string | null; description: string | null; file: string | null; row: number | null }[];
  inputs: { name: string; value: unknown; rules: string[] }[];
  masks: { column: string; mask: string; sensitivity: string | null }[];
  now: DecidedNow | null;
  would_allow: { changes: { what: "purpose" | "granted-purpose" | "role" | "warrant" | "no-warrant" | "tenant" | "region" | "step-up"; from: string; to: string; text: string }[] }[];
  tried: number;
};
export type Warrant = {
  id: string;
  class: "legal" | "support-ticket" | "incident" | "approval";
  reference: string;
  reason: string;
  principals: string;
  actions: "read" | "change" | "read,change";
  state: "requested" | "active" | "denied" | "revoked" | "expired" | "lapsed";
  issued_by: string;
  issued_at: Time;
  expires_at: Time;
  deadline_at: Time;
  decided_by: string | null;
  decided_at: Time | null;
  uses: number;
  used_at: Time | null;
  version: number;
};
export type WarrantPage = { items: Warrant[]; next_cursor: Cursor };
export type WarrantBody = {
  class?: "legal" | "support-ticket" | "incident" | "approval";
  reference: string;
  reason: string;
  principals?: string;
  actions?: "read" | "change" | "read,change";
  lifetime?: string;
  deadline?: string;
};
export type ApproveBody = { actions?: string; expires_at?: string };
export type BudgetOverride = {
  id: string;
  tenant: string;
  scope: "tenant" | "tenant-route" | "tenant-user";
  route: string | null;
  dimension: "requests" | "credits" | "bytes" | "fanout" | "deliveries" | "exports" | "seats" | "subscriptions" | "day_credits" | "month_credits";
  amount: number | null;
  factor: string | null;
  from: Time;
  until: Time;
  reason: "incident" | "planned-event" | "migration" | "customer-request" | "load-test" | "abuse" | "mistake";
  note: string;
  ticket: string;
  state: "pending" | "active" | "expired" | "revoked" | "refused";
  asked_by: string;
  asked_at: Time;
  approved_by: string | null;
  ended_by: string | null;
  changed_at: Time;
  limit_before: number | null;
  limit_after: number | null;
  record: number | null;
  version: number;
};
export type BudgetOverridePage = { items: BudgetOverride[]; next_cursor: Cursor };
export type BudgetUsage = {
  at: string;
  window_s: number;
  step_s: number;
  rows: { tenant: string; route: string; admitted: number; rejected: number; shed: number; failed: number; slow: number; wait_p95_ms: number; series: { admitted: number; rejected: number; shed: number }[] }[];
  budgets: { tenant: string; dimension: string; limit: number; unit: "per_s" | "per_day" | "per_month"; burn: number; level: 80 | 90 | null; exhausted_at: string | null }[];
  more: boolean;
};
export type BudgetPreview = {
  tenant: string;
  window_s: number;
  decisions: number;
  rejected_before: number;
  rejected_after: number;
  admitted_instead: number;
  refused_instead: number;
  payers: { tenant: string; more_refused: number }[];
  takes_two: boolean;
  limit_of_plan: number | null;
  limit_before: number | null;
  limit_after: number | null;
};
export type BudgetDenial = {
  kind: "mc.denial/v1";
  tenant: string;
  request: string;
  status: 400 | 429 | 503;
  why: "budget" | "shared" | "overload";
  at?: string;
  run?: string;
  plan?: string;
  user?: string;
  route?: string;
  class?: string;
  exempt?: string[];
  asked?: Record<string, number>;
  policies?: string[];
  limit?: { policy: string; quota: number; left: number; asked: number };
  again_at?: string | null;
  waited_us?: number;
};
export type BudgetExplanation = {
  decisions: BudgetExplained[];
  queue: { seq: number; of: number; tenant: string; waited_ns: number; seats: number; in_use: number; position: number; shed: string }[];
};
export type BudgetExplained = {
  run: string;
  seq: number;
  step: number;
  at: string;
  request: string;
  tenant: string;
  plan: string;
  user: string;
  route: string;
  outcome: "admitted" | "warned" | "denied" | "denied_shared";
  class: string;
  exempt: string[];
  asked: Record<string, number>;
  limit: { policy?: string; asked?: number; quota?: number; left?: number; warns?: boolean; shared: boolean } | null;
  against: string[];
  let_in: { when: "at" | "never" | "when_let_go"; wait_ns?: number; at?: string } | null;
  settled: { after_ns: number; used: Record<string, number> } | null;
  window_ns: number;
  neighbours: { request: string; user: string; route: string; before_ns: number; amount: number; running: boolean }[];
  neighbours_count: number;
  neighbours_amount: number;
  next: { request: string; user: string; after_ns: number; outcome: string } | null;
};
export type BudgetPreviewBody = {
  scope?: "tenant" | "tenant-route" | "tenant-user";
  route?: string;
  dimension: "requests" | "credits" | "bytes" | "fanout" | "deliveries" | "exports" | "seats" | "subscriptions" | "day_credits" | "month_credits";
  amount?: number;
  factor?: string;
  from?: string;
  until?: string;
  lifetime?: string;
  reason?: string;
  note?: string;
  ticket?: string;
};
export type PrivacyBudget = {
  scope: "window" | "dataset" | "lifetime" | "block";
  dataset: string;
  purpose: string | null;
  filter: "pure" | "approx" | "zcdp" | "rdp";
  window_start: string | null;
  resets_at: string | null;
  epsilon_limit: string | null;
  epsilon_spent: string;
  epsilon_reserved: string;
  epsilon_top_up: string;
  epsilon_left: string | null;
  left_permille: number | null;
  delta_spent: string;
  delta_limit: string | null;
  rho_spent: string;
  rho_limit: string | null;
};
export type PrivacyBudgetPage = { items: PrivacyBudget[]; next_cursor: Cursor };
export type PrivacyBurnDown = {
  window_start: string;
  window_end: string;
  limit: string | null;
  points: { day: string; spent: string }[];
  forecast: null | PrivacyForecast;
};
export type PrivacyForecast = {
  left: string;
  per_day: string;
  exhausted_at: string | null;
  earliest: string | null;
  latest: string | null;
};
export type PrivacySpend = { name: string; epsilon: string; delta: string; rho: string; charges: number };
export type PrivacySpendPage = { items: PrivacySpend[]; next_cursor: Cursor };
export type PrivacyCharge = {
  id: string;
  dataset: string;
  purpose: string;
  analyst: string;
  query_type: string;
  mechanism: string;
  query: string;
  state: "reserved" | "executing" | "committed" | "burned" | "released";
  epsilon: string;
  delta: string;
  rho: string;
  window_start: string;
  reserved_at: string;
  settled_at: string | null;
  seq: number | null;
  result?: string | null;
};
export type PrivacyChargePage = { items: PrivacyCharge[]; next_cursor: Cursor };
export type QueuedQuery = {
  id: string;
  state: "waiting" | "answered" | "refused" | "failed" | "cancelled" | "expired";
  analyst: string;
  dataset: string;
  purpose: string;
  query_type: string | null;
  epsilon: string;
  delta: string;
  rho: string;
  asked_at: string;
  runs_at: string;
  expires_at: string;
  changed_at: string;
  charge: string | null;
  why: string | null;
};
export type QueuedQueryPage = { items: QueuedQuery[]; next_cursor: Cursor };
export type Accountant = {
  dataset: string;
  policy_version: string;
  hash: string;
  charges: number;
  epsilon: string;
  delta: string;
  rho: string;
};
export type TopUp = {
  id: string;
  tenant: string;
  dataset: string;
  purpose: string;
  epsilon: string;
  expires: string;
  warrant: string;
  ticket: string | null;
  reason: string;
  state: "pending" | "active" | "refused" | "revoked" | "expired";
  asked_by: string;
  asked_at: string;
  approved_by: string | null;
  ended_by: string | null;
  changed_at: string;
  window_start: string | null;
  taken: string | null;
  record: number | null;
  version: number;
};
export type TopUpPage = { items: TopUp[]; next_cursor: Cursor };
export type TopUpPreview = {
  dataset: string;
  purpose: string;
  window_start: string;
  window_end: string;
  limit_before: string | null;
  limit_after: string | null;
  left_before: string | null;
  left_after: string | null;
  lifetime_spent: string;
  odds_before: string | null;
  odds_after: string | null;
  error_before: string | null;
  error_after: string | null;
};
export type TopUpBody = {
  dataset: string;
  purpose: string;
  epsilon: string;
  expires?: string;
  lifetime?: string;
  warrant: string;
  ticket?: string;
  reason: string;
};
export type TopUpPreviewBody = {
  dataset: string;
  purpose: string;
  epsilon: string;
  expires?: string;
  lifetime?: string;
  warrant?: string;
  ticket?: string;
  reason?: string;
};
export type BudgetOverrideBody = {
  scope?: "tenant" | "tenant-route" | "tenant-user";
  route?: string;
  dimension: "requests" | "credits" | "bytes" | "fanout" | "deliveries" | "exports" | "seats" | "subscriptions" | "day_credits" | "month_credits";
  amount?: number;
  factor?: string;
  from?: string;
  until?: string;
  lifetime?: string;
  reason: "incident" | "planned-event" | "migration" | "customer-request" | "load-test" | "abuse" | "mistake";
  note: string;
  ticket: string;
};
export type EffectiveBudgets = {
  tenant: string;
  plan: string;
  items: EffectiveBudget[];
  next_cursor: Cursor;
};
export type EffectiveBudget = {
  scope: "tenant" | "tenant-route" | "tenant-user" | "tenant-class";
  route: string | null;
  class: string | null;
  dimension: "requests" | "credits" | "bytes" | "fanout" | "deliveries" | "exports" | "seats" | "subscriptions" | "day_credits" | "month_credits";
  limit: number;
  left: number | null;
  source: "plan" | "override";
  override: string | null;
  until: Time | null;
  limit_of_plan: number | null;
  warn_only: boolean;
  counted: boolean;
};
export type ExportBody = {
  kind?: "kanon" | "dp" | "hold";
  profile?: string;
  dataset?: string;
  format?: "csv" | "jsonl";
  purpose?: string;
  releases?: string[];
  legal_hold?: LegalHoldBody;
};
export type LegalHoldBody = { reference: string; reason: string; columns?: string[] };
export type LegalHold = {
  pet: "none";
  reference: string;
  reason: string;
  columns: string[];
  approved_by: string | null;
  approved_at: Time | null;
  exception: number | null;
};
export type ExportItem = {
  name: string;
  media_type: string;
  bytes: number;
  rows: number | null;
  sha256: string;
};
export type ExportJob = {
  id: string;
  state: "queued" | "running" | "paused" | "done" | "failed" | "cancelled";
  done: number;
  total: number | null;
  unit: string;
  message: string;
};
export type Export = {
  id: string;
  tenant: string;
  kind: "kanon" | "dp" | "hold";
  dataset: string;
  profile: string | null;
  format: "csv" | "jsonl";
  purpose: string;
  requester: string;
  state: "pending" | "running" | "ready" | "refused" | "failed" | "cancelled" | "expired";
  reason: string | null;
  asked_at: Time;
  changed_at: Time;
  expires_at: Time;
  decision: string | null;
  job: ExportJob | null;
  items: ExportItem[];
  manifest: string | null;
  snapshot: string | null;
  rows_in: number | null;
  rows_out: number | null;
  suppressed: number | null;
  record: number | null;
  legal_hold: LegalHold | null;
};
export type ExportPage = { items: Export[]; next_cursor: Cursor };
export type TapBody = {
  tenant?: string;
  route?: string;
  document?: string;
  client?: string;
  operation?: string;
  upstream?: string;
  everything?: boolean;
  action: "block" | "clamp-rate" | "clamp-seats" | "shed" | "safelist-only" | "no-introspection" | "read-only";
  rate?: number;
  burst?: number;
  seats?: number;
  percent?: number;
  reason: string;
  until?: string;
  lifetime?: string;
};
export type Tap = {
  id: string;
  tenant: string | null;
  route: string | null;
  document: string | null;
  client: string | null;
  operation: string | null;
  upstream: string | null;
  everything: boolean;
  action: "block" | "clamp-rate" | "clamp-seats" | "shed" | "safelist-only" | "no-introspection" | "read-only";
  rate: number | null;
  burst: number | null;
  seats: number | null;
  percent: number | null;
  reason: string;
  set_at: Time;
  until: Time;
  set_by: string;
  way: "api" | "socket" | "file";
  stored: boolean;
  record: number | null;
  affected: TapAffected;
};
export type TapAffected = {
  last_second: number;
  last_minute: number;
  total: number;
  refused_last_second: number;
  refused_last_minute: number;
  refused_total: number;
  tenants: { tenant: string | null; last_minute: number }[];
};
export type TapPage = { items: Tap[]; next_cursor: Cursor };
export type Access = { approval_required: boolean; version: number };
export type AccessBody = { approval_required: boolean };
export type EraseBody = { reason: string };
export type Erased = { record: number; redaction: number | null };
export type Receipt = {
  kind: "mc.receipt/v1";
  record: ProvenLeaf;
  opened?: Opened;
  head: ProvenLeaf;
  checkpoint: string;
};
export type RangeReceipt = {
  kind: "mc.range/v1";
  from: Time;
  to: Time;
  records: RangeRecord[];
  path: string[];
  head: ProvenLeaf;
  checkpoint: string;
};
export type RangeRecord = { leaf: string; opened?: Opened };
export type Opened = { payload: string; salt: string };
export type ProvenLeaf = { leaf: string; path: string[] };
export type Attempt = { attempt: number; at: Time; took_ms: number; status: number | null; error: string };
export type Alert = {
  fingerprint: string;
  name: string;
  severity: string;
  state: "firing" | "resolved";
  labels: Record<string, string>;
  annotations: Record<string, string>;
  starts_at: Time;
  ends_at: Time | null;
  received_at: Time;
};
export type AlertPage = { items: Alert[]; next_cursor: Cursor };
export type ResidencyProof = {
  tenant: string;
  period: string;
  region: string;
  node: string;
  node_region: string;
  from: Time;
  to: Time;
  at: Time;
  ok: boolean;
  reads: number;
  writes: number;
  probes: number;
  probes_ok: number;
  violations: number;
  sha256: string;
};
export type ResidencyProofPage = { items: ResidencyProof[]; next_cursor: Cursor };
export type Residency = {
  tenant: string;
  region: string;
  permitted: string[];
  unstated: "allow" | "deny";
  node: { name: string; region: string };
  proven: boolean;
  places: ResidencyPlace[];
  absent: string[];
};
export type ResidencyPlace = {
  source: string;
  region: string;
  datasets: string[];
  verdict: "permitted" | "source-outside" | "node-outside" | "source-unstated";
};
export type ResidencyAttempt = {
  record: number;
  at: Time;
  denied: boolean;
  actor: string;
  purpose: string;
  erased: boolean;
  code: string | null;
  action: string | null;
  dataset: string | null;
  source: string | null;
  src: string | null;
  dst: string | null;
  count: number | null;
  period: string | null;
  request_id: string | null;
};
export type ResidencyAttemptPage = { items: ResidencyAttempt[]; next_cursor: Cursor };
export type ResidencyTraffic = { src: string; dst: string; count: number; ok: boolean };
export type ResidencyViolation = {
  at: Time;
  code: "cross-region" | "region-unstated" | "wrong-region" | "foreign-sentinel";
  actor: string;
  action: string;
  source: string;
  src: string;
  dst: string;
  count: number;
  denied: boolean;
};
export type ResidencySource = {
  name: string;
  region: string;
  claim: string | null;
  database: string | null;
  write: string;
  read: string;
  write_ms: number;
  read_ms: number;
};
export type ResidencyDocument = {
  kind: "mc.residency/v1";
  tenant: string;
  region: string;
  permitted: string[];
  unstated: "allow" | "deny";
  period: string;
  from: Time;
  to: Time;
  at: Time;
  node: { name: string; region: string };
  ok: boolean;
  reads: ResidencyTraffic[];
  writes: ResidencyTraffic[];
  violations: ResidencyViolation[];
  violations_more: number;
  sources: ResidencySource[];
};
export type AlertsTaken = { changed?: number };
export type AlertmanagerMessage = {
  version: "4";
  alerts: { status: "firing" | "resolved"; labels: Record<string, string>; annotations: Record<string, string>; startsAt: string; endsAt?: string; fingerprint: string }[];
};
export type NewTenant = {
  id: string;
  region?: string;
  plan?: "starter" | "pro" | "enterprise";
  retention_tier?: string;
  licence_class?: string;
  state?: "active" | "suspended";
};
export type TenantPatch = {
  region?: string;
  plan?: "starter" | "pro" | "enterprise";
  retention_tier?: string;
  licence_class?: string;
  state?: "active" | "suspended";
};
export type Tenant = {
  id: string;
  region: string;
  plan: string;
  retention_tier: string;
  licence_class: string;
  state: "active" | "suspended";
  created_at: Time;
  version: number;
};
export type TenantPage = { items: Tenant[]; next_cursor: Cursor };
export type NewPrincipal = { id: string; name?: string; roles: string };
export type Principal = {
  tenant: string;
  id: string;
  name: string;
  roles: string;
  state: string;
  created_at: Time;
};
export type PrincipalPage = { items: Principal[]; next_cursor: Cursor };
export type NewToken = {
  principal: string;
  scopes?: string;
  purposes?: string;
  lifetime?: string;
  note?: string;
};
export type Token = {
  tenant: string;
  id: string;
  principal: string;
  scopes: string;
  purposes: string;
  created_at: Time;
  expires_at: Time;
  revoked_at: string | null;
  last_used_at: string | null;
  note: string;
};
export type TokenPage = { items: Token[]; next_cursor: Cursor };
export type IssuedToken = Token & { token: string };
export type SignInLink = { path: string; expires_at: Time };

// A path with those of the parameters that are given.
function address(path: string, query: Record<string, string | number | boolean | undefined>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]]);
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`;
}

export abstract class Operations {
  // Sends a request and gives what the answer carries; throws what the answer refuses.
  abstract call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;

  // Who is signed in, and what the portal needs to begin.
  getSession = () =>
    this.call<Session>("GET", "/v1/session");
  // End the session of the cookie.
  signOut = () =>
    this.call<void>("DELETE", "/v1/session");
  // The live sessions of the caller, newest first.
  listSessions = () =>
    this.call<SessionPage>("GET", "/v1/sessions");
  // Begin a session with a one-time sign-in link.
  signIn = (given: { body: SignIn }) =>
    this.call<Session>("POST", "/v1/sessions", given.body);
  // End one session of the caller.
  revokeSession = (given: { session: string }) =>
    this.call<void>("DELETE", `/v1/sessions/${encodeURIComponent(given.session)}`);
  // How people and programs sign in here.
  getSignIn = () =>
    this.call<SignInWays>("GET", "/v1/sign-in");
  // Begin to sign in at the OpenID provider, in this browser.
  beginCodeLogin = (given: { body: CodeLogin }) =>
    this.call<CodeLoginBegun>("POST", "/v1/sign-in/oidc", given.body);
  // Begin a session with what the OpenID provider sent the browser back with.
  finishCodeLogin = (given: { body: Code }) =>
    this.call<Session>("POST", "/v1/sign-in/oidc/code", given.body);
  // What the token of this request may do.
  getSelf = () =>
    this.call<Self>("GET", "/v1/self");
  // Requests, errors and latency of the tenants that the caller may see.
  getOverview = (given: { tenant?: string; window?: "15m" | "1h" | "24h" } = {}) =>
    this.call<Overview>("GET", address("/v1/overview", { tenant: given.tenant, window: given.window }));
  // The governed datasets.
  listDatasets = () =>
    this.call<DatasetPage>("GET", "/v1/datasets");
  // One dataset with its columns and relations.
  getDataset = (given: { dataset: string }) =>
    this.call<DatasetDetail>("GET", `/v1/datasets/${encodeURIComponent(given.dataset)}`);
  // The proofs of where tenants' data lie, newest first, of those tenants that the caller may see.
  listResidency = (given: { tenant?: string; from?: string; to?: string; ok?: boolean; limit?: number; cursor?: string } = {}) =>
    this.call<ResidencyProofPage>("GET", address("/v1/residency", { tenant: given.tenant, from: given.from, to: given.to, ok: given.ok, limit: given.limit, cursor: given.cursor }));
  // Where a tenant's data lie and may lie, as it is configured.
  locateResidency = (given: { tenant: string }) =>
    this.call<Residency>("GET", `/v1/residency/${encodeURIComponent(given.tenant)}`);
  // What was tried on a tenant's data outside of its regions and denied, and what probes found there, newest first: the records of the tenant's log.
  listResidencyAttempts = (given: { tenant: string; code?: string; actor?: string; from?: string; to?: string; limit?: number; cursor?: string }) =>
    this.call<ResidencyAttemptPage>("GET", address(`/v1/residency/${encodeURIComponent(given.tenant)}/attempts`, { code: given.code, actor: given.actor, from: given.from, to: given.to, limit: given.limit, cursor: given.cursor }));
  // One proof: the bundle that was signed, or what it says.
  getResidency = (given: { tenant: string; period: string; form?: "bundle" | "document" }) =>
    this.call<Record<string, unknown>>("GET", address(`/v1/residency/${encodeURIComponent(given.tenant)}/${encodeURIComponent(given.period)}`, { form: given.form }));
  // Prove it now; the proof of the hour is still made at its end.
  probeResidency = (given: { tenant: string; dry_run?: boolean }) =>
    this.call<ResidencyProof>("POST", address(`/v1/residency/${encodeURIComponent(given.tenant)}/probes`, { dry_run: given.dry_run }));
  // What an override would have done to the last 15 minutes of decisions.
  previewBudgetOverride = (given: { tenant: string; body: BudgetPreviewBody }) =>
    this.call<BudgetPreview>("POST", `/v1/tenants/${encodeURIComponent(given.tenant)}/budgets/overrides/preview`, given.body);
  // Why a request of the last minutes was turned away.
  getBudgetDenial = (given: { tenant: string; request: string }) =>
    this.call<BudgetDenial>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/budgets/denials/${encodeURIComponent(given.request)}`);
  // The same, signed by the server's own key, logged and time-stamped.
  signBudgetDenial = (given: { tenant: string; request: string }) =>
    this.call<Record<string, unknown>>("POST", `/v1/tenants/${encodeURIComponent(given.tenant)}/budgets/denials/${encodeURIComponent(given.request)}/receipt`);
  // The limits of a tenant as they are, where each comes from, and what is left of it.
  getEffectiveBudgets = (given: { tenant?: string; route?: string; user?: string } = {}) =>
    this.call<EffectiveBudgets>("GET", address("/v1/budgets/effective", { tenant: given.tenant, route: given.route, user: given.user }));
  // What changes or changed the tenant's budgets: open ones first, then the newest.
  listBudgetOverrides = (given: { tenant: string }) =>
    this.call<BudgetOverridePage>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/budgets/overrides`);
  // Change a budget for at most 24 hours; the operator's people only. It is recorded, then active at once; above three times of what there is, or of the plan, it waits for somebody else's approval.
  createBudgetOverride = (given: { tenant: string; dry_run?: boolean; body: BudgetOverrideBody }) =>
    this.call<BudgetOverride>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/budgets/overrides`, { dry_run: given.dry_run }), given.body);
  // Approve a pending one; the operator's people only, and not who asked for it.
  approveBudgetOverride = (given: { tenant: string; override: string; dry_run?: boolean }) =>
    this.call<BudgetOverride>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/budgets/overrides/${encodeURIComponent(given.override)}/approve`, { dry_run: given.dry_run }));
  // Refuse a pending one.
  refuseBudgetOverride = (given: { tenant: string; override: string; dry_run?: boolean }) =>
    this.call<BudgetOverride>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/budgets/overrides/${encodeURIComponent(given.override)}/refuse`, { dry_run: given.dry_run }));
  // End one before its time.
  revokeBudgetOverride = (given: { tenant: string; override: string; dry_run?: boolean }) =>
    this.call<BudgetOverride>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/budgets/overrides/${encodeURIComponent(given.override)}/revoke`, { dry_run: given.dry_run }));
  // Alerts that were told to the caller's tenant, firing first.
  listAlerts = () =>
    this.call<AlertPage>("GET", "/v1/alerts");
  // Take what a Prometheus Alertmanager tells by its webhook.
  receiveAlerts = (given: { dry_run?: boolean; body: AlertmanagerMessage }) =>
    this.call<AlertsTaken>("POST", address("/v1/alerts", { dry_run: given.dry_run }), given.body);
  // Where the tenant's events are told.
  listEndpoints = (given: { tenant: string }) =>
    this.call<EndpointPage>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/endpoints`);
  // Tell events to a webhook or mail address.
  createEndpoint = (given: { tenant: string; dry_run?: boolean; body: NewEndpoint }) =>
    this.call<EndpointMade>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/endpoints`, { dry_run: given.dry_run }), given.body);
  // One endpoint.
  getEndpoint = (given: { tenant: string; endpoint: string }) =>
    this.call<Endpoint>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/endpoints/${encodeURIComponent(given.endpoint)}`);
  // Change an endpoint; absent members stay.
  updateEndpoint = (given: { tenant: string; endpoint: string; dry_run?: boolean; etag: string; body: EndpointPatch }) =>
    this.call<Endpoint>("PATCH", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/endpoints/${encodeURIComponent(given.endpoint)}`, { dry_run: given.dry_run }), given.body, { "If-Match": given.etag });
  // Delete an endpoint; the log of its deliveries stays.
  deleteEndpoint = (given: { tenant: string; endpoint: string; dry_run?: boolean }) =>
    this.call<void>("DELETE", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/endpoints/${encodeURIComponent(given.endpoint)}`, { dry_run: given.dry_run }));
  // A new secret; the former one signs too for a while.
  rotateEndpoint = (given: { tenant: string; endpoint: string; dry_run?: boolean; body: Rotate }) =>
    this.call<EndpointMade>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/endpoints/${encodeURIComponent(given.endpoint)}/rotate`, { dry_run: given.dry_run }), given.body);
  // Send an event of type mc.test to this endpoint alone.
  testEndpoint = (given: { tenant: string; endpoint: string; dry_run?: boolean }) =>
    this.call<TestBegun>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/endpoints/${encodeURIComponent(given.endpoint)}/test`, { dry_run: given.dry_run }));
  // Send the events of a time again, under their ids.
  replayEndpoint = (given: { tenant: string; endpoint: string; dry_run?: boolean; body: Replay }) =>
    this.call<ReplayBegun>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/endpoints/${encodeURIComponent(given.endpoint)}/replay`, { dry_run: given.dry_run }), given.body);
  // Deliveries, the newest first.
  listDeliveries = (given: { tenant: string; endpoint?: string; state?: DeliveryState; cursor?: string; limit?: number }) =>
    this.call<DeliveryPage>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/deliveries`, { endpoint: given.endpoint, state: given.state, cursor: given.cursor, limit: given.limit }));
  // One delivery with the log of its attempts.
  getDelivery = (given: { tenant: string; delivery: string }) =>
    this.call<DeliveryDetail>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/deliveries/${encodeURIComponent(given.delivery)}`);
  // Send a delivery again that has ended.
  sendDelivery = (given: { tenant: string; delivery: string; dry_run?: boolean }) =>
    this.call<Delivery>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/deliveries/${encodeURIComponent(given.delivery)}/send`, { dry_run: given.dry_run }));
  // The ledger's key, its newest checkpoint, and whether it records.
  getLedger = () =>
    this.call<Ledger>("GET", "/v1/ledger");
  // The ledger's records of a tenant, newest first; with `after` oldest first, to be read on as they come.
  listRecords = (given: { tenant: string; type?: string; actor?: string; action?: string; purpose?: string; warrant?: string; reason?: string; from?: string; to?: string; form?: "json" | "csv" | "ocsf"; before?: number; after?: number; limit?: number }) =>
    this.call<LedgerRecordPage>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/records`, { type: given.type, actor: given.actor, action: given.action, purpose: given.purpose, warrant: given.warrant, reason: given.reason, from: given.from, to: given.to, form: given.form, before: given.before, after: given.after, limit: given.limit }));
  // The receipt of a record: what its subject needs to verify it alone. The download is recorded.
  getReceipt = (given: { tenant: string; record: number; form?: "json" | "bundle" | "tlog-proof" | "pdf" | "html" }) =>
    this.call<Receipt>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/records/${encodeURIComponent(given.record)}/receipt`, { form: given.form }));
  // All records of a tenant between two times, with the proof that none was left out. The download is recorded.
  getRangeReceipt = (given: { tenant: string; from: Time; to?: Time; form?: "json" | "pdf" }) =>
    this.call<RangeReceipt>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/receipts`, { from: given.from, to: given.to, form: given.form }));
  // What opens or opened the tenant's data to the operator's people: open ones first, then the newest.
  listWarrants = (given: { tenant: string }) =>
    this.call<WarrantPage>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/warrants`);
  // Ask for access with a class and a reference; the operator's people only. It is active at once unless the tenant wants to be asked.
  createWarrant = (given: { tenant: string; dry_run?: boolean; body: WarrantBody }) =>
    this.call<Warrant>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/warrants`, { dry_run: given.dry_run }), given.body);
  // Approve a request, as it is or narrower; the tenant's own administrators only.
  approveWarrant = (given: { tenant: string; warrant: string; dry_run?: boolean; body: ApproveBody }) =>
    this.call<Warrant>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/warrants/${encodeURIComponent(given.warrant)}/approve`, { dry_run: given.dry_run }), given.body);
  // Deny a request; the tenant's own administrators only.
  denyWarrant = (given: { tenant: string; warrant: string; dry_run?: boolean }) =>
    this.call<Warrant>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/warrants/${encodeURIComponent(given.warrant)}/deny`, { dry_run: given.dry_run }));
  // End a warrant or withdraw a request.
  revokeWarrant = (given: { tenant: string; warrant: string; dry_run?: boolean }) =>
    this.call<Warrant>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/warrants/${encodeURIComponent(given.warrant)}/revoke`, { dry_run: given.dry_run }));
  // Whether the tenant wants to be asked before the operator's people reach for its data.
  getAccess = (given: { tenant: string }) =>
    this.call<Access>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/access`);
  // Change it; the tenant's own administrators only.
  setAccess = (given: { tenant: string; etag: string; dry_run?: boolean; body: AccessBody }) =>
    this.call<Access>("PUT", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/access`, { dry_run: given.dry_run }), given.body, { "If-Match": given.etag });
  // Erase the payload of a record for good; the tenant's own administrators only. A redaction is recorded first, and every proof stays valid.
  eraseRecord = (given: { tenant: string; record: number; dry_run?: boolean; body: EraseBody }) =>
    this.call<Erased>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/records/${encodeURIComponent(given.record)}/erase`, { dry_run: given.dry_run }), given.body);
  // Why a request of the last 15 minutes was admitted, denied or shed.
  explainBudget = (given: { request: string; tenant?: string; form?: "json" | "text" }) =>
    this.call<BudgetExplanation>("GET", address(`/v1/budgets/explain/${encodeURIComponent(given.request)}`, { tenant: given.tenant, form: given.form }));
  // What tenants asked for in the last five minutes, and how much of their budgets that burns.
  getBudgetUsage = (given: { tenant?: string; window?: 300 } = {}) =>
    this.call<BudgetUsage>("GET", address("/v1/budgets/usage", { tenant: given.tenant, window: given.window }));
  // What is left of the privacy budgets: of windows, of lifetimes, and, for the operator's people, of datasets over all tenants.
  listPrivacyBudgets = (given: { tenant: string; dataset?: string; purpose?: string }) =>
    this.call<PrivacyBudgetPage>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/budgets`, { dataset: given.dataset, purpose: given.purpose }));
  // What was spent by each day of the present window, and when the rest will be gone.
  getPrivacyBurnDown = (given: { tenant: string; dataset: string; purpose: string }) =>
    this.call<PrivacyBurnDown>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/burn-down`, { dataset: given.dataset, purpose: given.purpose }));
  // Who or what has spent of the present window.
  getPrivacySpend = (given: { tenant: string; dataset: string; purpose?: string; by?: "analyst" | "query_type" | "day" }) =>
    this.call<PrivacySpendPage>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/spend`, { dataset: given.dataset, purpose: given.purpose, by: given.by }));
  // What was paid for, the newest first; without the answers.
  listPrivacyCharges = (given: { tenant: string; dataset: string; purpose?: string; cursor?: string; limit?: number }) =>
    this.call<PrivacyChargePage>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/charges`, { dataset: given.dataset, purpose: given.purpose, cursor: given.cursor, limit: given.limit }));
  // One of them with the digest of what was released.
  getPrivacyCharge = (given: { tenant: string; charge: string }) =>
    this.call<PrivacyCharge>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/charges/${encodeURIComponent(given.charge)}`);
  // The accountant hash of all settled charges of a dataset.
  getAccountant = (given: { tenant: string; dataset: string }) =>
    this.call<Accountant>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/accountant`, { dataset: given.dataset }));
  // Private queries that wait for a window, or have waited, newest first.
  listQueuedQueries = (given: { tenant: string }) =>
    this.call<QueuedQueryPage>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/queue`);
  // One of them. Its answer is given by the GraphQL field queuedDP.
  getQueuedQuery = (given: { tenant: string; queued: string }) =>
    this.call<QueuedQuery>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/queue/${encodeURIComponent(given.queued)}`);
  // Have one wait no more; one that is being answered just then is charged all the same.
  cancelQueuedQuery = (given: { tenant: string; queued: string; dry_run?: boolean }) =>
    this.call<QueuedQuery>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/queue/${encodeURIComponent(given.queued)}/cancel`, { dry_run: given.dry_run }));
  // What more of a budget would mean.
  previewTopUp = (given: { tenant: string; body: TopUpPreviewBody }) =>
    this.call<TopUpPreview>("POST", `/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/top-ups/preview`, given.body);
  // Top-ups: open ones first, then the newest.
  listTopUps = (given: { tenant: string }) =>
    this.call<TopUpPage>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/top-ups`);
  // Ask for more of a privacy budget; roles dpo and tenant-admin, and the operator's people. It waits for somebody else's approval.
  createTopUp = (given: { tenant: string; dry_run?: boolean; body: TopUpBody }) =>
    this.call<TopUp>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/top-ups`, { dry_run: given.dry_run }), given.body);
  // Approve a pending one; not who asked for it. It is good for the present window.
  approveTopUp = (given: { tenant: string; top_up: string; dry_run?: boolean }) =>
    this.call<TopUp>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/top-ups/${encodeURIComponent(given.top_up)}/approve`, { dry_run: given.dry_run }));
  // Refuse a pending one.
  refuseTopUp = (given: { tenant: string; top_up: string; dry_run?: boolean }) =>
    this.call<TopUp>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/top-ups/${encodeURIComponent(given.top_up)}/refuse`, { dry_run: given.dry_run }));
  // End an open one; what is not spent of it is gone.
  revokeTopUp = (given: { tenant: string; top_up: string; dry_run?: boolean }) =>
    this.call<TopUp>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/privacy/top-ups/${encodeURIComponent(given.top_up)}/revoke`, { dry_run: given.dry_run }));
  // The tenant's exports, newest first.
  listExports = (given: { tenant: string; limit?: number; cursor?: string }) =>
    this.call<ExportPage>("GET", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/exports`, { limit: given.limit, cursor: given.cursor }));
  // Have rows leave as files: a k-anonymous table, or a report of differentially private answers. The tenant's own people only; policies say who, for what, and how strong the protection is at least. The same Idempotency-Key gives the same export.
  createExport = (given: { tenant: string; dry_run?: boolean; key?: string; body: ExportBody }) =>
    this.call<Export>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/exports`, { dry_run: given.dry_run }), given.body, given.key === undefined ? {} : { "Idempotency-Key": given.key });
  // One export, with what its job is doing.
  getExport = (given: { tenant: string; export: string }) =>
    this.call<Export>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/exports/${encodeURIComponent(given.export)}`);
  // A file of a ready export; each download stands in the tenant's log. The proofs are for all who see the export, the rows for who asked for them and the tenant's tenant-admin and dpo, of a legal hold for who asked alone.
  getExportFile = (given: { tenant: string; export: string; file: string }) =>
    this.call<Record<string, unknown>>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/exports/${encodeURIComponent(given.export)}/files/${encodeURIComponent(given.file)}`);
  // Let an export for a legal hold go on; by a person else than who asked for it, in a session and not with a token, who may read the rows and has the permission too.
  approveExport = (given: { tenant: string; export: string; dry_run?: boolean }) =>
    this.call<Export>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/exports/${encodeURIComponent(given.export)}/approve`, { dry_run: given.dry_run }));
  // End it: nothing of it leaves; who asked for it, and the tenant's tenant-admin and dpo.
  cancelExport = (given: { tenant: string; export: string; dry_run?: boolean }) =>
    this.call<Export>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/exports/${encodeURIComponent(given.export)}/cancel`, { dry_run: given.dry_run }));
  // Hold it back until it is resumed; who asked for it, and the tenant's tenant-admin and dpo.
  pauseExport = (given: { tenant: string; export: string; dry_run?: boolean }) =>
    this.call<Export>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/exports/${encodeURIComponent(given.export)}/pause`, { dry_run: given.dry_run }));
  // Let it go on; who asked for it, and the tenant's tenant-admin and dpo.
  resumeExport = (given: { tenant: string; export: string; dry_run?: boolean }) =>
    this.call<Export>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/exports/${encodeURIComponent(given.export)}/resume`, { dry_run: given.dry_run }));
  // The taps in force, the newest first, with whom they affect now; works without database and ledger.
  listTaps = () =>
    this.call<TapPage>("GET", "/v1/taps");
  // Hold back some of the traffic for at most 24 hours. In force at once, recorded as soon as the ledger takes it.
  setTap = (given: { dry_run?: boolean; body: TapBody }) =>
    this.call<Tap>("POST", address("/v1/taps", { dry_run: given.dry_run }), given.body);
  // One tap in force.
  getTap = (given: { tap: string }) =>
    this.call<Tap>("GET", `/v1/taps/${encodeURIComponent(given.tap)}`);
  // Lift a tap before its time.
  liftTap = (given: { tap: string; dry_run?: boolean }) =>
    this.call<Tap>("DELETE", address(`/v1/taps/${encodeURIComponent(given.tap)}`, { dry_run: given.dry_run }));
  // The policies in use, and how often each rule spoke in the last hour.
  getPolicy = () =>
    this.call<Policy>("GET", "/v1/policy");
  // Look at the source of the policies now.
  reloadPolicy = (given: { dry_run?: boolean } = {}) =>
    this.call<Policy>("POST", address("/v1/policy/reload", { dry_run: given.dry_run }));
  // Which logged decisions would be others under other policies.
  tryPolicy = (given: { tenant?: string; from?: string; to?: string; limit?: number; body: PolicyFiles | Blob }) =>
    this.call<WhatIf>("POST", address("/v1/policy/what-if", { tenant: given.tenant, from: given.from, to: given.to, limit: given.limit }), given.body);
  // The logged decisions on a tenant's data, newest first.
  listDecisions = (given: { tenant?: string; principal?: string; rule?: string; reason?: string; allowed?: boolean; from?: string; to?: string; limit?: number; cursor?: string } = {}) =>
    this.call<DecisionPage>("GET", address("/v1/decisions", { tenant: given.tenant, principal: given.principal, rule: given.rule, reason: given.reason, allowed: given.allowed, from: given.from, to: given.to, limit: given.limit, cursor: given.cursor }));
  // A logged decision, explained.
  getDecision = (given: { decision: string }) =>
    this.call<DecisionDetail>("GET", `/v1/decisions/${encodeURIComponent(given.decision)}`);
  // The tenants that the caller may know of.
  listTenants = () =>
    this.call<TenantPage>("GET", "/v1/tenants");
  // Create a tenant.
  createTenant = (given: { dry_run?: boolean; body: NewTenant }) =>
    this.call<Tenant>("POST", address("/v1/tenants", { dry_run: given.dry_run }), given.body);
  // One tenant; its version is the ETag.
  getTenant = (given: { tenant: string }) =>
    this.call<Tenant>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}`);
  // Change a tenant; absent members stay. Its region: only by an operator of that region or of local, and of the operator's own tenant not over HTTP.
  updateTenant = (given: { tenant: string; dry_run?: boolean; etag: string; body: TenantPatch }) =>
    this.call<Tenant>("PATCH", address(`/v1/tenants/${encodeURIComponent(given.tenant)}`, { dry_run: given.dry_run }), given.body, { "If-Match": given.etag });
  // The people and machines of a tenant.
  listPrincipals = (given: { tenant: string }) =>
    this.call<PrincipalPage>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/principals`);
  // Create a principal.
  createPrincipal = (given: { tenant: string; dry_run?: boolean; body: NewPrincipal }) =>
    this.call<Principal>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/principals`, { dry_run: given.dry_run }), given.body);
  // A one-time sign-in link for a person; good for 15 minutes.
  createLink = (given: { tenant: string; principal: string; dry_run?: boolean }) =>
    this.call<SignInLink>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/principals/${encodeURIComponent(given.principal)}/links`, { dry_run: given.dry_run }));
  // The tokens of a tenant, never their secrets.
  listTokens = (given: { tenant: string }) =>
    this.call<TokenPage>("GET", `/v1/tenants/${encodeURIComponent(given.tenant)}/tokens`);
  // Create a token; its secret is told here and never again.
  createToken = (given: { tenant: string; dry_run?: boolean; body: NewToken }) =>
    this.call<IssuedToken>("POST", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/tokens`, { dry_run: given.dry_run }), given.body);
  // Revoke a token.
  revokeToken = (given: { tenant: string; token: string; dry_run?: boolean }) =>
    this.call<void>("DELETE", address(`/v1/tenants/${encodeURIComponent(given.tenant)}/tokens/${encodeURIComponent(given.token)}`, { dry_run: given.dry_run }));
  // This document.
  getOpenApi = () =>
    this.call<Record<string, unknown>>("GET", "/v1/openapi.json");
}
