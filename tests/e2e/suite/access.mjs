// Who may ask, whose rows they see, and what the log knows of it.
import { JSON_TYPE, send } from "../lib/http.mjs";
import { eventually } from "../lib/children.mjs";
import { fixture } from "../lib/fixture.mjs";
import { scenario } from "../lib/scenario.mjs";
import { ask, askBadly, assert, ids } from "./check.mjs";

const HELLO = { query: "query Hello { __typename }" };
const code = (reply) => reply.json?.errors?.[0]?.extensions?.code;

const admin = (world, method, path, body, who = world.tokens.admin) =>
  send(`${world.url}/v1${path}`, {
    method, body: body && JSON.stringify(body),
    headers: { ...(who ? { Authorization: `Bearer ${who}` } : {}), "Content-Type": JSON_TYPE },
  });

scenario("without a token, or with a wrong one, nothing is answered", async (world) => {
  const good = world.tokens.admin;
  const flipped = good.slice(0, -1) + (good.endsWith("a") ? "b" : "a");
  const cases = [[null, null], ["", null], ["Basic YTpi", null], ["Bearer", null],
    ["Bearer nonsense", "invalid"], [`Bearer ${flipped}`, "invalid"],
    [`Bearer ${good}x`, "invalid"], [`Bearer ${world.tokens.revoked}`, "invalid"],
    [`Bearer ${"x".repeat(5000)}`, "invalid"]];
  for (const [authorization, invalid] of cases) {
    const reply = await world.post(HELLO, null,
      { headers: authorization === null ? {} : { Authorization: authorization } });
    assert.equal(reply.status, 401, authorization);
    assert.equal(code(reply), "UNAUTHENTICATED");
    assert.equal(reply.headers["www-authenticate"],
      invalid ? 'Bearer error="invalid_token"' : "Bearer", authorization);
    assert.equal(reply.json.data, undefined);
  }
});

scenario("a token counts in the Authorization header only, its scheme in any case",
  async (world) => {
    const inQuery = await send(`${world.graphql}?query=%7B__typename%7D&access_token=` +
      `${world.tokens.admin}`, { headers: { Accept: JSON_TYPE } });
    assert.equal(inQuery.status, 401);
    const lower = await world.post(HELLO, null,
      { headers: { Authorization: `bEARER ${world.tokens.admin}` } });
    assert.equal(lower.status, 200);
  });

scenario("a token ends with its lifetime", async (world) => {
  const made = await admin(world, "POST", "/tenants/alpha/tokens",
    { principal: "analyst", scopes: "query", lifetime: "2s" });
  assert.equal(made.status, 201, made.text);
  assert.equal((await world.post(HELLO, made.json.token)).status, 200);
  await eventually("401 after its time", async () =>
    (await world.post(HELLO, made.json.token)).status === 401);
});

scenario("a revoked token is refused from the next request on", async (world) => {
  const made = await admin(world, "POST", "/tenants/alpha/tokens",
    { principal: "analyst", scopes: "query" });
  assert.equal((await world.post(HELLO, made.json.token)).status, 200);
  const revoked = await admin(world, "DELETE", `/tenants/alpha/tokens/${made.json.id}`);
  assert.equal(revoked.status, 204, revoked.text);
  assert.equal((await world.post(HELLO, made.json.token)).status, 401);
});

scenario("a token without the scope query may not ask", async (world) => {
  const reply = await world.post(HELLO, world.tokens.counter);
  assert.equal(reply.status, 403);
  assert.equal(code(reply), "FORBIDDEN");
});

scenario("an admin gives no more than it has, and not elsewhere", async (world) => {
  const body = { principal: "analyst", scopes: "query" };
  const wide = await admin(world, "POST", "/tenants/alpha/tokens", { ...body, scopes: "metrics" });
  assert.equal(wide.status, 403, wide.text);
  assert.equal((await admin(world, "POST", "/tenants/bravo/tokens", body)).status, 404);
  assert.equal((await admin(world, "GET", "/tenants/bravo")).status, 404);
  assert.equal((await admin(world, "GET", "/tenants/none")).status, 404);
  assert.equal((await admin(world, "POST", "/tenants/alpha/tokens", body, world.tokens.analyst))
    .status, 403);
  assert.equal((await admin(world, "GET", "/tenants", undefined, null)).status, 401);
  const own = await admin(world, "GET", "/tenants");
  assert.deepEqual(own.json.items.map((tenant) => tenant.id), ["alpha"]);
  const self = await admin(world, "GET", "/self");
  assert.equal(self.json.principal, "admin");
  const operator = await admin(world, "POST", "/tenants/alpha/principals",
    { id: "evil", roles: "operator" });
  assert.equal(operator.status, 403, operator.text);
});

scenario("each tenant has its own rows under the same keys", async (world) => {
  const rows = fixture();
  const query = `{ persons(first: 100) { edges { node { id } } }
    person(id: "p001") { fullName tasks(first: 5) { nodes { id } } }
    foreign: person(id: "p050") { id }
    like: persons(filter: {fullName: {startsWith: "alpha"}}) { nodes { id } } }`;
  const mine = await ask(world, query);
  assert.equal(mine.persons.edges.length, rows.alpha.person.length);
  assert.equal(mine.person.fullName, rows.alpha.person[0].fullName);
  const theirs = await ask(world, query, {}, world.tokens.other);
  assert.deepEqual(ids(theirs.persons), rows.bravo.person.map((row) => row.id));
  assert.deepEqual(theirs.person, { fullName: "bravo person 001", tasks: { nodes: [] } });
  assert.equal(theirs.foreign, null);
  assert.deepEqual(theirs.like.nodes, []);
});

scenario("no mutation reaches a row of another tenant", async (world) => {
  const other = world.tokens.other;
  const before = await ask(world, '{ person(id: "p050") { fullName version } }');
  const update = await askBadly(world,
    'mutation { updatePerson(id: "p050", input: {fullName: "taken"}) { id } }', {}, other);
  assert.equal(update.code, "NOT_FOUND");
  const remove = await askBadly(world, 'mutation { deletePerson(id: "p050") }', {}, other);
  assert.equal(remove.code, "NOT_FOUND");
  await ask(world, `mutation { createPerson(input: {id: "p050", fullName: "b", email: "b@b.test",
    birthDate: "2000-01-01", balance: 1, active: true, createdAt: "2026-01-01T00:00:00Z"}) { id } }`,
  {}, other);
  assert.deepEqual(await ask(world, '{ person(id: "p050") { fullName version } }'), before);
  await ask(world, 'mutation { deletePerson(id: "p050") }', {}, other);
  assert.deepEqual(await ask(world, '{ person(id: "p050") { fullName version } }'), before);
});

const FORGED = {
  "X-MC-Tenant": "bravo", "x-mc-principal": "other", "X-Tenant-Id": "bravo",
  "X-IG-Tenant": "bravo", "X-Request-Id": "req_forged", "X-Forwarded-For": "203.0.113.9",
  Forwarded: "for=203.0.113.9", "X-Real-IP": "203.0.113.9", Cookie: "session=1",
};

scenario("headers of a client never say who it is", async (world) => {
  const { "X-MC-Tenant": tenant, ...others } = FORGED;
  const query = { query: '{ person(id: "p007") { fullName } }' };
  const reply = await world.post(query, undefined,
    { headers: { ...others, Connection: "close, X-MC-Tenant, X-MC-Principal" } });
  assert.equal(reply.json.data.person.fullName, "alpha person 007", reply.text);
  assert.notEqual(reply.headers["x-request-id"], "req_forged");
  const line = await world.logLine((entry) => entry.request_id === reply.headers["x-request-id"]);
  assert.equal(line.tenant, "alpha");
  assert.equal(line.principal, "admin");
  assert.match(line.peer, /^127\.0\.0\.1:\d+$/);
  // Of datasets it says whose rows are wanted, which takes a warrant; an upstream is not told.
  const reach = await world.post(query, undefined, { headers: { "X-MC-Tenant": tenant } });
  assert.equal(reach.status, world.capabilities.has("upstream") ? 200 : 403, reach.text);
  assert.doesNotMatch(reach.text, /bravo person/);
});

scenario("a purpose that the token was not given opens nothing", async (world) => {
  for (const purpose of ["evil", "training"]) {
    const reply = await world.post({ query: '{ person(id: "p007") { fullName } }' }, undefined,
      { headers: { "X-MC-Purpose": purpose } });
    assert.match(reply.text, /denied by policy: purpose-/);
    assert.doesNotMatch(reply.text, /alpha person/);
  }
});

scenario("an upstream sees who asks, and nothing of the credentials", { needs: ["upstream"] },
  async (world) => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const reply = await world.post(HELLO, undefined, { headers: { ...FORGED, traceparent,
      "X-Own": "kept", Connection: "close, X-MC-Tenant, X-Own-Hop", "X-Own-Hop": "dropped" } });
    assert.equal(reply.status, 200, reply.text);
    const { json: seen } = await send(`${world.upstreamUrl}/seen`);
    assert.equal(seen["x-mc-tenant"], "alpha");
    assert.equal(seen["x-mc-principal"], "admin");
    assert.equal(seen["x-mc-purpose"], "investigation");
    assert.equal(seen["x-request-id"], reply.headers["x-request-id"]);
    assert.equal(seen["x-forwarded-for"], "127.0.0.1");
    assert.equal(seen["x-forwarded-proto"], "http");
    assert.equal(seen["x-own"], "kept");
    assert.ok(Number(seen["x-mc-deadline-ms"]) > 4000);
    assert.match(seen.traceparent, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
    for (const name of ["authorization", "cookie", "x-tenant-id", "x-ig-tenant", "forwarded",
      "x-real-ip", "x-own-hop"]) {
      assert.equal(seen[name], undefined, name);
    }
  });

scenario("every answer has an id that the log knows", async (world) => {
  const wanted = [
    [await world.post({ query: "query Named { persons(first: 2) { nodes { id } } }" }), 200, ""],
    [await world.post(HELLO, null), 401, "UNAUTHENTICATED"],
    [await world.post({ query: "{" }), 200, "GRAPHQL_PARSE_FAILED"],
    [await world.post(HELLO, world.tokens.counter), 403, "FORBIDDEN"],
  ];
  const seen = new Set();
  for (const [reply, status, refused] of wanted) {
    const id = reply.headers["x-request-id"];
    assert.match(id, /^req_[0-9a-hjkmnp-tv-z]{26}$/i);
    seen.add(id);
    const line = await world.logLine((entry) => entry.request_id === id);
    assert.equal(line.status, status);
    assert.equal(line.code ?? "", refused);
    assert.equal(line.route, "/graphql");
  }
  assert.equal(seen.size, wanted.length);
  const named = await world.logLine((entry) => entry.operation === "Named");
  assert.equal(named.principal, "admin");
  assert.ok(named.us > 0 && named.bytes > 0);
});

scenario("a trace id given by the client is in the log", async (world) => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const reply = await world.post(HELLO, undefined,
    { headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } });
  const line = await world.logLine((entry) => entry.request_id === reply.headers["x-request-id"]);
  assert.equal(line.trace_id, trace);
});

scenario("metrics need their scope, probes need nothing", async (world) => {
  const metrics = (who) => send(`${world.url}/metrics`,
    { headers: who ? { Authorization: `Bearer ${who}` } : {} });
  assert.equal((await metrics()).status, 401);
  assert.equal((await metrics(world.tokens.admin)).status, 403);
  const page = await metrics(world.tokens.metrics);
  assert.equal(page.status, 200);
  assert.match(page.text, /^mc_requests_total\{.*tenant="alpha".*\} \d+$/m);
  for (const path of ["/livez", "/readyz", "/version", "/", "/status.css"]) {
    assert.equal((await send(world.url + path)).status, 200, path);
  }
});

scenario("no token is ever written to the log", async (world) => {
  for (const [name, token] of Object.entries(world.tokens)) {
    const secret = token.slice("mct_".length);
    assert.ok(secret.length >= 20);
    assert.ok(!world.server.out.includes(secret) && !world.server.err.includes(secret), name);
  }
});
