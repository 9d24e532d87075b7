// What the operator's people do with a tenant's data, as the tenant gets to know of it: the record,
// its receipt, a webhook and a mail; with a warrant, without one, and when the tenant is asked first.
import assert from "node:assert/strict";

import { eventually } from "../lib/children.mjs";
import { scenario } from "../lib/scenario.mjs";

const ALPHA = "/v1/tenants/alpha";
const PEOPLE = `${ALPHA}/principals`;  // shut without a warrant, by the policy of the world

// As the operator.
function reach(world, method, path, body, headers = {}) {
  return world.ask(method, path, body, { Authorization: `Bearer ${world.operator}`, ...headers });
}

function warrant(world, more = {}) {
  return reach(world, "POST", `${ALPHA}/warrants`, { reference: "TKT-123", reason: "a test", ...more });
}

async function newestRecord(world) {
  const page = await world.must("GET", `${ALPHA}/records?limit=1`);
  return page.items[0];
}

function eventsAt(world, path, type) {
  return world.receiver.at(path).map(({ body }) => JSON.parse(body)).filter((event) => event.type === type);
}

scenario("an operator's read with a warrant: record first, its receipt at once, webhook and mail",
  { needs: ["aiosmtpd"] }, async (world) => {
    const hook = await world.endpoint("/access", { events: "mc.access.*" });
    const mail = await world.must("POST", `${ALPHA}/endpoints`,
      { kind: "mail", target: "dpo@example.org", events: "mc.access.*" });
    const given = (await warrant(world)).json;
    assert.equal(given.state, "active");
    const read = await reach(world, "GET", PEOPLE, undefined, { "X-Maestro-Warrant": given.id });
    assert.equal(read.status, 200, read.text);
    const record = await newestRecord(world);
    assert.equal(record.actor, "otto@system");
    assert.equal(record.warrant, "TKT-123");
    assert.equal(record.payload.reason, "customer-support");
    assert.equal(record.payload.rows, read.json.items.length);
    assert.ok(record.payload.fields.split(",").includes("roles"));
    const receipt = await world.ask("GET", `${ALPHA}/records/${record.record}/receipt`);
    assert.equal(receipt.status, 200);
    const key = (await world.must("GET", "/v1/ledger")).key;
    const verified = world.site.run("verify", world.site.write("r.json", receipt.text), "--log-key", key);
    assert.equal(verified.status, 0, verified.out + verified.err);
    await eventually("a webhook", () => eventsAt(world, "/access", "mc.access.read").length === 1);
    const [event] = eventsAt(world, "/access", "mc.access.read");
    assert.equal(event.data.record, record.record);
    assert.equal(event.data.warrant, given.id);
    await eventually("a mail", () => world.mail.messages().find(({ to, subject }) =>
      to[0] === "dpo@example.org" && subject === "[alpha] mc.access.read"));
    const [used] = (await world.must("GET", `${ALPHA}/warrants`)).items;
    assert.equal(used.uses, 1);
    await world.must("POST", `${ALPHA}/warrants/${given.id}/revoke`, {});
    for (const { id } of [hook, mail]) await world.must("DELETE", `${ALPHA}/endpoints/${id}`);
  });

scenario("without a warrant the policy decides: told and allowed, or refused", async (world) => {
  const hook = await world.endpoint("/unwarranted", { events: "mc.access.unwarranted,mc.access.denied" });
  const tokens = await reach(world, "GET", `${ALPHA}/tokens`);
  assert.equal(tokens.status, 200);
  assert.equal((await newestRecord(world)).payload.reason, "no-warrant");
  const people = await reach(world, "GET", PEOPLE);
  assert.equal(people.status, 403);
  assert.match(people.json.detail, /^no-warrant: /);
  assert.equal((await newestRecord(world)).type, "denied");
  await eventually("both events", () => world.receiver.at("/unwarranted").length === 2);
  assert.deepEqual(world.receiver.at("/unwarranted").map(({ body }) => JSON.parse(body).type).sort(),
    ["mc.access.denied", "mc.access.unwarranted"]);
  await world.must("DELETE", `${ALPHA}/endpoints/${hook.id}`);
});

scenario("a tenant that wants to be asked approves narrower, denies, and silence denies", async (world) => {
  const hook = await world.endpoint("/asked", { events: "mc.warrant.*" });
  const { headers } = await world.ask("GET", `${ALPHA}/access`);
  const on = await world.ask("PUT", `${ALPHA}/access`, { approval_required: true },
    { "If-Match": headers.etag });
  assert.equal(on.status, 200, on.text);
  assert.equal((await reach(world, "GET", `${ALPHA}/tokens`)).status, 403);
  const asked = (await warrant(world, { actions: "read,change" })).json;
  assert.equal(asked.state, "requested");
  assert.equal((await reach(world, "GET", `${ALPHA}/tokens`)).status, 403);
  assert.equal((await reach(world, "POST", `${ALPHA}/warrants/${asked.id}/approve`, {})).status, 403);
  await world.must("POST", `${ALPHA}/warrants/${asked.id}/approve`, { actions: "read" });
  assert.equal((await reach(world, "GET", `${ALPHA}/tokens`)).status, 200);
  const change = await reach(world, "POST", PEOPLE, { id: "eve", roles: "analyst" });
  assert.equal(change.status, 403);
  assert.match(change.json.detail, /^approval-required: /);
  const other = (await warrant(world)).json;
  await world.must("POST", `${ALPHA}/warrants/${other.id}/deny`, {});
  await eventually("all events", () => world.receiver.at("/asked").length === 4);
  assert.deepEqual(world.receiver.at("/asked").map(({ body }) => JSON.parse(body).type).sort(),
    ["mc.warrant.approved", "mc.warrant.denied", "mc.warrant.requested", "mc.warrant.requested"]);
  const off = await world.ask("PUT", `${ALPHA}/access`, { approval_required: false },
    { "If-Match": on.headers.etag });
  assert.equal(off.status, 200, off.text);
  await world.must("POST", `${ALPHA}/warrants/${asked.id}/revoke`, {});
  await world.must("DELETE", `${ALPHA}/endpoints/${hook.id}`);
});
