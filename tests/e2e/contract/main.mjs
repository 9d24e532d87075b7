// The admin API as its document promises it, on a demo: each operation, each kind of refusal, and
// that an auditor changes nothing anywhere.
import assert from "node:assert/strict";

import { Validator } from "@seriousme/openapi-schema-validator";

import { Child } from "../lib/children.mjs";
import { send } from "../lib/http.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import "./commands.mjs";
import { Document } from "./document.mjs";
import { privacy } from "./privacy.mjs";

const SCOPES = "query,mutate,introspect,admin:read,admin:write,metrics";

class World {
  capabilities = new Set();

  static async start() {
    const world = new World();
    world.site = new Site("contract");
    world.child = new Child(MAESTRO,
      ["demo", "--port", "0", "--dir", world.site.folder, "--scale", "2"]);
    world.url = (await world.child.says(/^ {2}(http:\/\/127\.0\.0\.1:\d+)$/m, 40_000))[1];
    world.operator = (await world.child.says(/Otto Brandt, .*?(mct_\S+)/))[1];
    const text = (await send(`${world.url}/v1/openapi.json`)).text;
    world.document = new Document(text);
    await world.must("POST", "/v1/tenants", world.operator, { id: "contract", region: "eu-west-1" });
    for (const role of ["tenant-admin", "auditor", "analyst"]) world[role] = await world.person(role);
    return world;
  }

  // A request, judged by the document. `who` is a token, or headers.
  async ask(method, target, who, body, headers = {}) {
    const reply = await send(this.url + target, {
      method,
      headers: {
        ...(typeof who === "string" ? { Authorization: `Bearer ${who}` } : who ?? {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    this.document.judge(method, target, reply);
    return reply;
  }

  async must(...request) {
    const reply = await this.ask(...request);
    assert.ok(reply.status < 300, `${request[0]} ${request[1]}: ${reply.status} ${reply.text}`);
    return reply.json;
  }

  async refused(status, ...request) {
    const reply = await this.ask(...request);
    assert.equal(reply.status, status, `${request[0]} ${request[1]}: ${reply.text}`);
    return reply.json;
  }

  // The operator makes the tenant's administrator, who makes all others.
  async person(role) {
    const people = "/v1/tenants/contract/principals";
    const who = this["tenant-admin"] ?? this.operator;
    await this.must("POST", people, who, { id: role, name: role, roles: role });
    return (await this.must("POST", "/v1/tenants/contract/tokens", who,
      { principal: role, scopes: SCOPES })).token;
  }

  // Signs a principal in as a browser: the headers of its requests.
  async session(id) {
    const link = await this.must("POST", `/v1/tenants/contract/principals/${id}/links`, this["tenant-admin"]);
    const reply = await this.ask("POST", "/v1/sessions", null, { link: link.path.split("#")[1] });
    assert.equal(reply.status, 201, reply.text);
    return { Cookie: reply.headers["set-cookie"][0].split(";")[0], "X-CSRF-Token": reply.json.csrf };
  }

  // Every operation on endpoints, deliveries and alerts. Nobody listens at the target.
  async notifications(admin, operator) {
    const base = "/v1/tenants/contract";
    const wanted = { target: "http://127.0.0.1:9/hook", note: "contract" };
    await this.must("POST", `${base}/endpoints?dry_run=true`, admin, wanted);
    const made = await this.must("POST", `${base}/endpoints`, admin, wanted);
    await this.must("POST", `${base}/endpoints`, admin, { kind: "mail", target: "a@example.org" });
    const one = `${base}/endpoints/${made.id}`;
    await this.must("GET", `${base}/endpoints`, admin);
    const { headers: { etag } } = await this.ask("GET", one, admin);
    for (const dry of ["?dry_run=true", ""]) {
      await this.must("PATCH", one + dry, admin, { events: "mc.token.*" }, { "If-Match": etag });
      await this.must("POST", `${one}/rotate${dry}`, admin, { overlap: "1h" });
      await this.must("POST", `${one}/test${dry}`, admin, {});
      await this.must("POST", `${one}/replay${dry}`, admin,
        { from: "2026-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" });
    }
    const page = await this.must("GET", `${base}/deliveries?endpoint=${made.id}&limit=1`, admin);
    assert.ok(page.next_cursor);
    await this.must("GET", `${base}/deliveries?cursor=${page.next_cursor}&state=pending`, admin);
    const delivery = `${base}/deliveries/${page.items[0].id}`;
    await this.must("GET", delivery, admin);
    await this.refused(409, "POST", `${delivery}/send`, admin, {});
    // What a disabled endpoint still had to send has ended, and can be sent again once it is not.
    const change = async (state) => {
      const { headers } = await this.ask("GET", one, admin);
      await this.must("PATCH", one, admin, { state }, { "If-Match": headers.etag });
    };
    await change("disabled");
    await change("active");
    for (const dry of ["?dry_run=true", ""]) {
      await this.must("POST", `${delivery}/send${dry}`, admin, {});
    }
    for (const dry of ["?dry_run=true", ""]) await this.must("DELETE", one + dry, admin);
    await this.refused(404, "GET", one, admin);
    const { token } = await this.must("POST", `${base}/tokens`, admin,
      { principal: "tenant-admin", scopes: "admin:read,alerts:write" });
    const alert = {
      status: "firing", labels: { alertname: "Down" }, annotations: {}, fingerprint: "f1",
      startsAt: "2026-11-27T10:00:00Z", endsAt: "0001-01-01T00:00:00Z",
    };
    for (const dry of ["?dry_run=true", ""]) {
      await this.must("POST", `/v1/alerts${dry}`, token, { version: "4", alerts: [alert] });
    }
    const { items } = await this.must("GET", "/v1/alerts", token);
    assert.equal(items.length, 1);
    await this.refused(403, "POST", "/v1/alerts", operator, { version: "4", alerts: [alert] });
  }

  // Of a tenant with rows in the demo's databases.
  // The analyst asks for rows: whatever is decided on it stands in the log of decisions.
  async askForRows() {
    const { items: [dataset] } = await this.must("GET", "/v1/datasets", this.operator);
    const query = `{ __typename ${dataset.plural}(first: 1) { nodes { __typename } } }`;
    await send(this.url + dataset.endpoint, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.analyst}`, "Content-Type": "application/json" },
      body: JSON.stringify({ query }),
    });
    return dataset.name;
  }

  async policies(operator, analyst) {
    await this.must("GET", "/v1/policy", operator);
    for (const dry of ["?dry_run=true", ""]) await this.must("POST", `/v1/policy/reload${dry}`, operator);
    const dataset = await this.askForRows();
    const page = await this.must("GET", "/v1/decisions?tenant=contract&limit=1", operator);
    assert.equal(page.items[0].principal, "analyst");
    await this.must("GET", `/v1/decisions?cursor=${page.items[0].id}&allowed=true`, analyst);
    const one = await this.must("GET", `/v1/decisions/${page.items[0].id}`, analyst);
    assert.equal(one.input.resource.name, dataset);
    const closed = `package mc.access\n\ndecision := {"allow": false, "rules": ["closed"], "reasons": ["closed"]}\n`;
    const files = { files: { ".manifest": "{\"revision\":\"closed\"}", "mc/access/decision.rego": closed } };
    const tried = await this.must("POST", "/v1/policy/what-if?tenant=contract", operator, files);
    assert.equal(tried.changed.at(-1).after.reasons[0], "closed");
    await this.must("POST", "/v1/policy/what-if?limit=2", operator, files);
    await this.refused(400, "POST", "/v1/policy/what-if", operator, { files: { "a.rego": "package" } });
    await this.refused(403, "POST", "/v1/policy/what-if", analyst, files);
    await this.refused(403, "POST", "/v1/policy/reload", analyst);
    await this.refused(404, "GET", "/v1/decisions/dec_x", analyst);
  }

  async residency(operator) {
    await this.must("POST", "/v1/residency/alpha/probes?dry_run=true", operator);
    const { period, ok } = await this.must("POST", "/v1/residency/alpha/probes", operator);
    assert.equal(ok, true);
    const { items } = await this.must("GET", "/v1/residency?tenant=alpha&limit=1", operator);
    assert.equal(items.length, 1);
    await this.must("GET", `/v1/residency/alpha/${period}`, operator);
    await this.must("GET", "/v1/residency?ok=true&from=2026-01-01", operator);
    await this.must("GET", "/v1/residency/alpha", operator);
    await this.must("GET", "/v1/residency/alpha/attempts?code=cross-region", operator);
    await this.refused(400, "GET", "/v1/residency/alpha/attempts?code=x&limit=0", operator);
    await this.refused(404, "POST", "/v1/residency/contract/probes", operator);
  }

  async warrants(admin, operator) {
    const base = "/v1/tenants/contract";
    const wanted = { class: "approval", reference: "TKT-1", reason: "a test" };
    const ask = (dry = "") => this.must("POST", `${base}/warrants${dry}`, operator, wanted);
    await ask("?dry_run=true");
    for (const verb of ["approve", "deny", "revoke"]) {
      const { id } = await ask();
      for (const dry of ["?dry_run=true", ""]) {
        await this.must("POST", `${base}/warrants/${id}/${verb}${dry}`, admin, {});
      }
      await this.refused(409, "POST", `${base}/warrants/${id}/deny`, admin, {});
    }
    await this.must("GET", `${base}/warrants`, admin);
    for (const dry of ["?dry_run=true", ""]) {
      const { headers } = await this.ask("GET", `${base}/access`, admin);
      await this.must("PUT", `${base}/access${dry}`, admin, { approval_required: false },
        { "If-Match": headers.etag });
    }
    await this.refused(403, "PUT", `${base}/access`, operator, { approval_required: true });
  }

  // A pending override of the tenant, asked for by somebody else of the operator's.
  async askForTenfold() {
    if (this.other === undefined) {
      const people = "/v1/tenants/system/principals";
      await this.must("POST", people, this.operator, { id: "other", name: "Other", roles: "operator" });
      this.other = (await this.must("POST", "/v1/tenants/system/tokens", this.operator,
        { principal: "other", scopes: "admin:read,admin:write" })).token;
    }
    const asked = await this.must("POST", "/v1/tenants/contract/budgets/overrides", this.other,
      { dimension: "requests", factor: "10", lifetime: "1h", reason: "load-test", note: "a test", ticket: "TKT-1" });
    assert.equal(asked.state, "pending");
    return asked;
  }

  // The id of a request of the tenant's that its budget does not allow, while it may ask once a second.
  async askUntilDenied() {
    const overrides = "/v1/tenants/contract/budgets/overrides";
    const { id } = await this.must("POST", overrides, this.operator,
      { dimension: "requests", amount: 1, lifetime: "1h", reason: "load-test", note: "a test", ticket: "TKT-1" });
    const ask = () => send(`${this.url}/graphql`, { method: "POST", body: '{"query":"{ __typename }"}',
      headers: { Authorization: `Bearer ${this["tenant-admin"]}`, "Content-Type": "application/json" } });
    let denied;
    for (let i = 0; i < 100 && denied === undefined; i += 1) {
      const replies = await Promise.all(Array.from({ length: 10 }, ask));
      denied = replies.find(({ status }) => status === 429);
    }
    await this.must("POST", `${overrides}/${id}/revoke`, this.operator, {});
    assert.ok(denied, "ten requests at once, a hundred times, are within one a second");
    return denied.headers["x-request-id"];
  }

  async budgets(admin, operator) {
    const overrides = "/v1/tenants/contract/budgets/overrides";
    const wanted = { dimension: "requests", amount: 1500, lifetime: "1h", reason: "load-test", note: "a test", ticket: "T" };
    for (const verb of ["approve", "refuse", "revoke"]) {
      const { id } = await this.askForTenfold();
      await this.refused(403, "POST", `${overrides}/${id}/${verb}`, admin, {});
      for (const dry of ["?dry_run=true", ""]) {
        await this.must("POST", `${overrides}/${id}/${verb}${dry}`, operator, {});
      }
      await this.refused(409, "POST", `${overrides}/${id}/refuse`, operator, {});
    }
    for (const dry of ["?dry_run=true", ""]) await this.must("POST", overrides + dry, operator, wanted);
    await this.refused(403, "POST", overrides, admin, wanted);
    await this.refused(400, "POST", overrides, operator, { ...wanted, factor: "2" });
    const { items: [newest] } = await this.must("GET", overrides, admin);
    await this.must("POST", `${overrides}/${newest.id}/revoke`, operator, {});
    const preview = { dimension: "requests", factor: "2" };
    for (const who of [admin, operator]) await this.must("POST", `${overrides}/preview`, who, preview);
    await this.refused(400, "POST", `${overrides}/preview`, admin, { ...preview, amount: 7 });
    await this.must("GET", "/v1/budgets/usage", admin);
    await this.must("GET", "/v1/budgets/usage?window=300", operator);
    await this.refused(400, "GET", "/v1/budgets/usage?window=1", admin);
    const denied = await this.askUntilDenied();
    const explain = `/v1/budgets/explain/${denied}`;
    await this.must("GET", explain, admin);
    await this.must("GET", `${explain}?tenant=contract`, operator);
    await this.refused(404, "GET", `${explain}x`, admin);
    await this.refused(404, "GET", explain, operator);
    await this.refused(400, "GET", `${explain}?form=xml`, admin);
    const denial = `/v1/tenants/contract/budgets/denials/${denied}`;
    await this.must("GET", denial, admin);
    await this.must("POST", `${denial}/receipt`, admin, {});
    await this.refused(404, "GET", `${denial}x`, admin);
    await this.must("GET", "/v1/budgets/effective", admin);
    await this.must("GET", "/v1/budgets/effective?tenant=contract&route=%2Fgraphql", operator);
    await this.refused(400, "GET", "/v1/budgets/effective?speed=1", admin);
  }

  async taps(admin, operator) {
    const wanted = { tenant: "nobody", action: "clamp-rate", rate: 5, lifetime: "1h", reason: "a test" };
    for (const dry of ["?dry_run=true", ""]) {
      const { id } = await this.must("POST", `/v1/taps${dry}`, operator, wanted);
      if (dry !== "") continue;
      await this.must("GET", `/v1/taps/${id}`, operator);
      const { items } = await this.must("GET", "/v1/taps", operator);
      assert.equal(items[0].id, id);
      for (const again of ["?dry_run=true", ""]) await this.must("DELETE", `/v1/taps/${id}${again}`, operator);
      await this.refused(404, "DELETE", `/v1/taps/${id}`, operator);
    }
    for (const bad of [{ rate: 0 }, { lifetime: "25h" }, { reason: "" }, { everything: true }, { colour: "red" }]) {
      await this.refused(400, "POST", "/v1/taps", operator, { ...wanted, ...bad });
    }
    await this.refused(403, "POST", "/v1/taps", admin, wanted);
    await this.refused(403, "GET", "/v1/taps", admin);
  }

  // All that the admin API could change in the tenant, sessions aside.
  async state() {
    const parts = [];
    for (const path of ["", "/principals", "/tokens", "/endpoints"]) {
      const json = await this.must("GET", `/v1/tenants/contract${path}`, this.operator);
      for (const item of json.items ?? []) delete item.last_used_at;
      parts.push(json);
    }
    parts.push(await this.must("GET", "/v1/tenants", this.operator));
    return JSON.stringify(parts);
  }
}

scenario("the document is OpenAPI 3.1", async ({ document }) => {
  const result = await new Validator().validate(JSON.parse(document.text));
  assert.ok(result.valid, JSON.stringify(result.errors));
  assert.match(document.spec.openapi, /^3\.1\./);
  const ids = document.operations().map((operation) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length, "operation ids are unique");
});

scenario("every operation answers as the document says", async (world) => {
  const { operator, document } = world;
  const admin = world["tenant-admin"];
  for (const path of ["/v1/self", "/v1/sign-in", "/v1/openapi.json", "/v1/overview",
    "/v1/overview?tenant=contract&window=24h", "/v1/datasets", "/v1/datasets/person", "/v1/tenants",
    "/v1/tenants/contract", "/v1/tenants/contract/principals", "/v1/tenants/contract/tokens"]) {
    await world.must("GET", path, operator);
  }
  for (const dry of ["?dry_run=true", ""]) {
    await world.must("POST", `/v1/tenants${dry}`, operator, { id: "second", region: "eu-west-1" });
    await world.must("POST", `/v1/tenants/contract/principals${dry}`, admin,
      { id: "second", name: "Second", roles: "analyst" });
    await world.must("POST", `/v1/tenants/contract/principals/analyst/links${dry}`, admin);
    const tenant = await world.ask("GET", "/v1/tenants/second", operator);
    if (dry === "") {
      await world.must("PATCH", "/v1/tenants/second", operator, { plan: "pro" },
        { "If-Match": tenant.headers.etag });
    }
    const token = await world.must("POST", `/v1/tenants/contract/tokens${dry}`, admin,
      { principal: "analyst", scopes: "query" });
    if (dry === "") {
      await world.must("DELETE", `/v1/tenants/contract/tokens/${token.id}?dry_run=true`, admin);
      await world.must("DELETE", `/v1/tenants/contract/tokens/${token.id}`, admin);
    }
  }
  await world.must("GET", "/v1/ledger", admin);
  const { items: [newest], total } = await world.must("GET", "/v1/tenants/contract/records?limit=1", admin);
  assert.equal(newest.record, total - 1);
  const onward = await world.must("GET", `/v1/tenants/contract/records?after=${total - 2}&reason=own-data`, admin);
  assert.ok(onward.next_after >= total - 1);  // the hour's proof may have come since
  await world.must("GET", `/v1/tenants/contract/records/${newest.record}/receipt`, admin);
  await world.must("GET", "/v1/tenants/contract/receipts?from=2026-01-01T00:00:00Z", admin);
  for (const dry of ["?dry_run=true", ""]) {
    await world.must("POST", `/v1/tenants/contract/records/0/erase${dry}`, admin, { reason: "test" });
  }
  await world.warrants(admin, operator);
  await world.taps(admin, operator);
  await world.budgets(admin, operator);
  await privacy(world);
  await world.notifications(admin, operator);
  await world.policies(operator, world.analyst);
  await world.residency(operator);
  const first = await world.session("analyst");
  const second = await world.session("analyst");
  await world.must("GET", "/v1/session", first);
  const { items } = await world.must("GET", "/v1/sessions", first);
  const other = items.find((item) => !item.current);
  await world.must("DELETE", `/v1/sessions/${other.id}`, first);
  await world.refused(401, "GET", "/v1/session", second);
  await world.must("DELETE", "/v1/session", first);
  // The first two need an OpenID provider: the suite oidc judges them. An approval takes a second
  // person, and exports of their own: the commands on exports hold its answer against the document.
  const elsewhere = new Set(["beginCodeLogin", "finishCodeLogin", "approveExport"]);
  const missing = document.operations().map((operation) => operation.operationId)
    .filter((id) => !document.shown.has(id) && !elsewhere.has(id));
  assert.deepEqual(missing, [], "operations that this test never saw succeed");
});

scenario("every operation that needs somebody refuses nobody, and a token that is none",
  async (world) => {
    for (const { path, method, security } of world.document.operations()) {
      if (security?.length === 0) continue;
      const target = path.replaceAll(/\{\w+\}/g, "x");
      await world.refused(401, method, target, null, method === "GET" ? undefined : {});
      await world.refused(401, method, target, "mct_" + "A".repeat(43),
        method === "GET" ? undefined : {});
    }
  });

scenario("each kind of refusal is problem details that name what is wrong", async (world) => {
  const { operator } = world;
  const admin = world["tenant-admin"];
  const unknown = await world.refused(400, "POST", "/v1/tenants", operator,
    { id: "third", colour: "red" });
  assert.match(unknown.detail, /colour/);
  const choice = await world.refused(400, "POST", "/v1/tenants", operator,
    { id: "third", plan: "gold" });
  assert.match(choice.detail, /plan/);
  await world.refused(404, "GET", "/v1/tenants/nowhere", operator);
  await world.refused(404, "GET", "/v1/datasets/nothing", operator);
  await world.refused(404, "POST", "/v1/sign-in/oidc", null, {});
  await world.refused(404, "GET", "/v1/tenants/second/tokens", admin);
  await world.refused(409, "POST", "/v1/tenants", operator, { id: "contract", region: "eu-west-1" });
  await world.refused(409, "PATCH", "/v1/tenants/contract", operator, { plan: "pro" },
    { "If-Match": "\"99\"" });
  await world.refused(403, "POST", "/v1/tenants", admin, { id: "third", region: "eu-west-1" });
  await world.refused(403, "POST", "/v1/sessions", null, { link: "mcl_" + "A".repeat(43) });
});

scenario("an auditor changes nothing: no operation that writes, by token or by session",
  async (world) => {
    const { document } = world;
    const session = await world.session("auditor");
    const before = await world.state();
    const bodies = {
      createTenant: { id: "by-auditor", region: "eu-west-1" },
      updateTenant: { plan: "pro" },
      createPrincipal: { id: "by-auditor", name: "x", roles: "operator" },
      createToken: { principal: "auditor", scopes: "query" },
      createEndpoint: { target: "https://hooks.example.org" },
      replayEndpoint: { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" },
    };
    // What concerns nothing but the auditor's own browser.
    const own = new Set(["signIn", "signOut", "revokeSession", "beginCodeLogin", "finishCodeLogin",
      // Nothing at all: what would have been, and a proof of what was.
      "previewBudgetOverride", "signBudgetDenial", "previewTopUp"]);
    const { items: [token] } = await world.must("GET", "/v1/tenants/contract/tokens", world.operator);
    const writes = document.operations().filter(({ method, operationId }) =>
      method !== "GET" && !own.has(operationId));
    assert.ok(writes.length >= 6, "the document's writes");
    for (const { path, method, operationId } of writes) {
      const target = path.replace("{tenant}", "contract").replace("{principal}", "analyst")
        .replace("{token}", token.id);
      for (const who of [world.auditor, session]) {
        for (const dry of ["", "?dry_run=true"]) {
          await world.refused(403, method, target + dry, who, bodies[operationId] ?? {},
            operationId === "updateTenant" ? { "If-Match": "\"1\"" } : {});
        }
      }
    }
    assert.equal(await world.state(), before);
    await world.must("GET", "/v1/tenants/contract/tokens", world.auditor);
  });

const world = await World.start();
const status = await runScenarios("contract", world);
await world.child.stop();
process.exit(status);
