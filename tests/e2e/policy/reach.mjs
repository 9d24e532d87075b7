// Rows of another tenant: a warrant opens them, the tenant's log has it before they are served, and
// columns stay masked.
import assert from "node:assert/strict";

import { send } from "../lib/http.mjs";
import { scenario } from "../lib/scenario.mjs";
import { PERSONS } from "./rows.mjs";

const ROW = 'query Help { person(id: "p3") { id country name email secret } }';
const CHANGE = 'mutation { updatePerson(id: "p3", input: {note: "looked after"}) { id note } }';
const [, , ROW3] = PERSONS;
const ALPHA = { "X-MC-Tenant": "alpha", "X-MC-Purpose": "support" };

async function logOf(stage, tenant) {
  const { status, json, text } = await stage.get(`/v1/tenants/${tenant}/records?limit=200`, tenant === "alpha" ? "admin" : "operator");
  assert.equal(status, 200, text);
  return json.items;
}
const reaches = (records) => records.filter(({ action }) => action?.startsWith("GraphQL "));

scenario("without a warrant no row of another tenant is served, and its log says who tried", async ({ opaStage: stage }) => {
  const before = reaches(await logOf(stage, "alpha")).length;
  const { status, json, text } = await stage.graphql("helper", { query: ROW }, { headers: ALPHA });
  assert.equal(status, 403);
  assert.equal(json.errors[0].extensions.code, "FORBIDDEN");
  assert.match(json.errors[0].message, /no-warrant/);
  assert.equal(json.data, undefined, text);
  const records = reaches(await logOf(stage, "alpha"));
  assert.equal(records.length, before + 1);
  const [{ type, actor, action }] = records;
  assert.equal(type, "denied");
  assert.equal(actor, "otto@system");
  assert.equal(action, "GraphQL query");
});

scenario("a warrant opens rows for what it says, and not columns", async ({ opaStage: stage }) => {
  const { status: made, json: { id } } = await send(`${stage.url}/v1/tenants/alpha/warrants`, { method: "POST",
    headers: { Authorization: `Bearer ${stage.tokens.operator}`, "Content-Type": "application/json" },
    body: JSON.stringify({ class: "support-ticket", reference: "TKT-7", reason: "help", actions: "read", lifetime: "1h" }) });
  assert.equal(made, 201);
  const warrant = { ...ALPHA, "X-Maestro-Warrant": id };
  const { status, json, headers, text } = await stage.graphql("helper", { query: ROW }, { headers: warrant });
  assert.equal(status, 200, text);
  assert.equal(json.data.person.country, ROW3.country);
  assert.equal(json.data.person.secret, null);
  for (const column of ["name", "email"]) assert.ok(!text.includes(ROW3[column]), column);
  const decision = await stage.decision(headers["x-ig-decision-id"]);
  assert.equal(decision.tenant, "alpha");
  assert.equal(decision.input.warrant.reference, "TKT-7");
  const [record] = reaches(await logOf(stage, "alpha"));
  assert.equal(record.type, "access");
  assert.equal(record.actor, "otto@system");
  const whole = JSON.stringify(record);
  for (const part of [id, "TKT-7", "Help", "customer-support"]) assert.ok(whole.includes(part), `${part}: ${whole}`);
  // It is for reading alone, and for this tenant.
  const change = await stage.graphql("helper", { query: CHANGE }, { headers: warrant });
  assert.equal(change.status, 403, change.text);
  assert.match(change.json.errors[0].message, /warrant-invalid/);
  const { json: kept } = await stage.graphql("admin", { query: '{ person(id: "p3") { note } }' });
  assert.equal(kept.data.person.note, ROW3.note);
  const { status: revoked } = await send(`${stage.url}/v1/tenants/alpha/warrants/${id}/revoke`, { method: "POST",
    headers: { Authorization: `Bearer ${stage.tokens.operator}` } });
  assert.equal(revoked, 200);
  const ended = await stage.graphql("helper", { query: ROW }, { headers: warrant });
  assert.equal(ended.status, 403, ended.text);
  assert.match(ended.json.errors[0].message, /warrant-invalid/);
});

scenario("people of a tenant reach no other, and do not learn whether there is one", async ({ opaStage: stage }) => {
  const answers = [];
  for (const tenant of ["system", "no-such-tenant"]) {
    const { status, json } = await stage.graphql("admin", { query: ROW }, { headers: { "X-MC-Tenant": tenant } });
    assert.equal(status, 403);
    answers.push(json.errors[0].message.replace(/dec_\w+/, "dec"));
  }
  assert.equal(answers[0], answers[1]);
  assert.match(answers[0], /cross-tenant/);
  const own = await stage.graphql("admin", { query: ROW }, { headers: { "X-MC-Tenant": "alpha" } });
  assert.equal(own.json.data.person.email, ROW3.email);
});

scenario("headers that say two things are refused", async ({ opaStage: stage }) => {
  const cases = [{ "X-MC-Tenant": ["alpha", "system"] }, { "X-Maestro-Warrant": "wrt_1" }, { "X-MC-Tenant": "a".repeat(64) }];
  for (const headers of cases) {
    const { status, text } = await stage.graphql("helper", { query: ROW }, { headers });
    assert.equal(status, 400, text);
  }
});
