// What the operator's people do with a tenant's data, as the tenant gets to know of it: the record,
// its receipt, a webhook and a mail; with a warrant, without one, and when the tenant is asked first.
import assert from "node:assert/strict";

import { Webhook } from "standardwebhooks";

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

scenario("an access goes to a SIEM as OCSF, signed, until the collector has it, and again in a replay",
  async (world) => {
    const asked = { target: `${world.receiver.url}/siem`, form: "ocsf" };
    for (const [more, told] of [[{}, /^events: in form ocsf/], [{ events: "mc.access.*,mc.test" }, /^events: in form ocsf/],
      [{ events: "mc.access.*", kind: "mail", target: "siem@example.org" }, /^form: mail has none/]]) {
      const refused = await world.ask("POST", `${ALPHA}/endpoints`, { ...asked, ...more });
      assert.equal(refused.status, 400);
      assert.match(refused.json.detail, told);
    }
    const made = await world.endpoint("/siem", { events: "mc.access.*", form: "ocsf" });
    assert.equal(made.form, "ocsf");
    const plain = await world.endpoint("/plain", { events: "mc.access.*" });
    assert.equal(plain.form, "cloudevents");
    const from = new Date(Date.now() - 1000).toISOString();
    world.receiver.answer = ({ path }) => (path === "/siem" && world.receiver.at("/siem").length === 1 ? 503 : 204);
    assert.equal((await reach(world, "GET", `${ALPHA}/tokens`)).status, 200);
    const record = await newestRecord(world);
    assert.equal(record.payload.reason, "no-warrant");
    const [first, second] = await world.received("/siem", 2);
    assert.equal(first.body, second.body);
    assert.equal(first.headers["webhook-id"], second.headers["webhook-id"]);
    assert.match(first.headers["content-type"], /^application\/json/);
    const event = new Webhook(made.secret).verify(second.body, second.headers);
    assert.deepEqual([event.class_uid, event.type_uid, event.status_id], [6005, 600501, 1]);
    assert.equal(event.time, Date.parse(record.at));
    assert.deepEqual(event.actor.user, { name: "otto", org: { name: "system" }, type: "operator" });
    assert.deepEqual([event.metadata.uid, event.metadata.sequence, event.metadata.correlation_uid],
      [`audit/alpha/${record.record}`, record.record, second.headers["webhook-id"]]);
    assert.equal(event.unmapped.reason, "no-warrant");
    // The same event of an export, but for the notification's id; and of the endpoint that has the other form.
    const { correlation_uid: _, ...metadata } = event.metadata;
    const line = await world.ask("GET", `${ALPHA}/records?form=ocsf&after=${record.record - 1}&limit=1`);
    assert.deepEqual(JSON.parse(line.text), { ...event, metadata });
    const [told] = await world.received("/plain");
    assert.equal(JSON.parse(told.body).data.record, record.record);
    assert.equal(told.headers["webhook-id"], second.headers["webhook-id"]);
    const delivered = await world.delivery(made.id, "delivered");
    const { log } = await world.must("GET", `${ALPHA}/deliveries/${delivered.id}`);
    assert.deepEqual(log.map(({ status }) => status), [503, 204]);

    assert.equal((await reach(world, "GET", PEOPLE)).status, 403);
    const refused = JSON.parse((await world.received("/siem", 3))[2].body);
    assert.deepEqual([refused.class_uid, refused.type_uid, refused.status_id], [6003, 600302, 2]);
    await world.must("POST", `${ALPHA}/endpoints/${made.id}/test`, {});
    const test = JSON.parse((await world.received("/siem", 4))[3].body);
    assert.deepEqual([test.class_uid, test.message], [0, "A test that somebody asked for."]);
    // What is erased is told without its payload from then on.
    await world.must("POST", `${ALPHA}/records/${record.record}/erase`, { reason: "request 17" });
    const to = new Date(Date.now() + 1000).toISOString();
    const { deliveries } = await world.must("POST", `${ALPHA}/endpoints/${made.id}/replay`, { from, to });
    const again = (await world.received("/siem", 4 + deliveries)).slice(4)
      .find(({ headers }) => headers["webhook-id"] === second.headers["webhook-id"]);
    new Webhook(made.secret).verify(again.body, again.headers);
    const erased = JSON.parse(again.body);
    assert.deepEqual([erased.metadata.uid, erased.unmapped.reason, erased.actor.user.name], [event.metadata.uid, "", "otto"]);
    const changed = await world.change(made.id, { form: "cloudevents" });
    assert.equal(changed.form, "cloudevents");
    world.receiver.answer = () => 204;
    for (const { id } of [made, plain]) await world.must("DELETE", `${ALPHA}/endpoints/${id}`);
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

scenario("the operator's people are nobody in a tenant that has an administrator, unless it approves that",
  async (world) => {
    const hook = await world.endpoint("/rights", { events: "mc.access.*,mc.warrant.*" });
    const tokens = (await world.must("GET", `${ALPHA}/tokens`)).items.length;
    const gifts = [
      ["POST", `${ALPHA}/tokens`, { principal: "ada", scopes: "admin:read,admin:write" }],
      ["POST", `${ALPHA}/principals/ada/links`, {}],
      ["POST", PEOPLE, { id: "mallory", roles: "tenant-admin" }],
      ["POST", `${ALPHA}/endpoints/${hook.id}/rotate`, { overlap: "1h" }],
    ];
    const given = (await warrant(world, { actions: "read,change" })).json;
    for (const [method, path, body] of gifts) {
      for (const headers of [{}, { "X-Maestro-Warrant": given.id }]) {
        const refused = await reach(world, method, path, body, headers);
        assert.equal(refused.status, 403, refused.text);
        assert.match(refused.json.detail, /^has-administrator: .*class approval/);
        assert.doesNotMatch(refused.text, /mct_|mcl_|whsec_/);
        const record = await newestRecord(world);
        assert.deepEqual([record.type, record.actor, record.payload.reason],
          ["denied", "otto@system", "has-administrator"]);
      }
    }
    assert.equal((await world.must("GET", `${ALPHA}/tokens`)).items.length, tokens);
    await eventually("each refusal is told", () =>
      eventsAt(world, "/rights", "mc.access.denied").filter(({ data }) => data.reason === "has-administrator")
        .length === 2 * gifts.length);
    const asked = (await warrant(world, { class: "approval", actions: "change" })).json;
    assert.equal(asked.state, "requested");
    assert.equal((await reach(world, ...gifts[0])).status, 403);
    assert.equal((await reach(world, "POST", `${ALPHA}/warrants/${asked.id}/approve`, {})).status, 403);
    await world.must("POST", `${ALPHA}/warrants/${asked.id}/approve`, {});
    const made = await reach(world, ...gifts[0]);
    assert.equal(made.status, 201, made.text);
    await world.must("DELETE", `${ALPHA}/tokens/${made.json.id}`);
    for (const { id } of [asked, given]) await world.must("POST", `${ALPHA}/warrants/${id}/revoke`, {});
    assert.equal((await reach(world, ...gifts[0])).status, 403);
    await world.must("DELETE", `${ALPHA}/endpoints/${hook.id}`);
  });

scenario("one tenant's figures are a read of it, and direction marks make no reference", async (world) => {
  const { status } = await reach(world, "GET", "/v1/overview?tenant=alpha");
  assert.equal(status, 200);
  const record = await newestRecord(world);
  assert.deepEqual([record.type, record.action, record.payload.object, record.payload.reason],
    ["access", "GET /v1/overview", "/v1/overview?tenant=alpha", "no-warrant"]);
  const turned = await warrant(world, { reference: "TKT-1\u202E321" });
  assert.equal(turned.status, 400);
  assert.match(turned.json.detail, /^reference: /);
  const twice = await reach(world, "GET", `${ALPHA}/records?limit=1&limit=2`);
  assert.equal(twice.status, 400);
  assert.match(twice.json.detail, /^limit: /);
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
  const change = await reach(world, "POST", `${ALPHA}/endpoints/${hook.id}/test`, {});
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
