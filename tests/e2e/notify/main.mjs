// Notifications from a real server to real receivers: signatures that the reference library
// verifies, retries, rotation, replay, mail over STARTTLS, and a server that is killed again and
// again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";

import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

import { eventually, sleep } from "../lib/children.mjs";
import { freePort, send } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import { MailServer, Receiver } from "./receivers.mjs";

const KILLS = Number(process.env.MC_KILLS ?? 100);
const ALPHA = "/v1/tenants/alpha";

class World {
  capabilities = new Set();

  static async start() {
    const world = new World();
    world.site = new Site("notify");
    world.receiver = await Receiver.start();
    const smtpd = spawnSync("/usr/bin/python3", ["-c", "import aiosmtpd"]).status === 0;
    if (smtpd) {
      world.capabilities.add("aiosmtpd");
      world.mail = await MailServer.start(world.site);
    }
    world.port = await freePort();
    world.configure("127.0.0.0/8");
    for (const tenant of ["alpha", "system"]) world.site.must("tenant", "create", tenant);
    world.site.addPrincipal("system", "otto", "operator");
    world.operator = world.site.addToken("system", "otto", "admin:read,admin:write").token;
    world.site.addPrincipal("alpha", "ada", "tenant-admin");
    world.token = world.site.addToken("alpha", "ada",
      "query,mutate,introspect,admin:read,admin:write").token;
    await world.begin();
    return world;
  }

  configure(networks) {
    const smtp = this.mail === undefined ? "" : `smtp:
  url: smtp://127.0.0.1:${this.mail.port}
  from: maestro@example.org
  ca_file: ${this.mail.certificate}
`;
    const state = process.env.MC_TEST_POSTGRES_URL;
    const policy = this.site.write("access.yaml",
      `actions: [{action: "GET ${ALPHA.replace("alpha", "{tenant}")}/principals", without_warrant: deny}]\n`);
    this.site.configure(`server: {port: ${this.port}}
transparency: {policy_file: ${policy}}
${state ? `state_url: "${state}"` : ""}
notify: {allowed_networks: [${networks}]}
${smtp}`);
  }

  async begin() {
    this.server = await this.site.serve();
  }

  async ask(method, path, body, headers = {}) {
    return send(`${this.server.url}${path}`, {
      method, body: body && JSON.stringify(body),
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json", ...headers },
    });
  }

  async must(...request) {
    const reply = await this.ask(...request);
    assert.ok(reply.status < 300, `${request[0]} ${request[1]}: ${reply.status} ${reply.text}`);
    return reply.json;
  }

  endpoint(path, more = {}) {
    return this.must("POST", `${ALPHA}/endpoints`, { target: this.receiver.url + path, ...more });
  }

  makeToken() {
    return this.must("POST", `${ALPHA}/tokens`, { principal: "ada", scopes: "query" });
  }

  async change(id, patch) {
    const { headers } = await this.ask("GET", `${ALPHA}/endpoints/${id}`);
    return this.must("PATCH", `${ALPHA}/endpoints/${id}`, patch, { "If-Match": headers.etag });
  }

  deliveries(id) {
    return this.must("GET", `${ALPHA}/deliveries?endpoint=${id}&limit=200`).then((page) => page.items);
  }

  // The one delivery of an endpoint, once `state` holds for it.
  delivery(id, state) {
    return eventually(`a delivery of ${id} is ${state}`, async () =>
      (await this.deliveries(id)).find((delivery) => delivery.state === state));
  }

  received(path, count = 1) {
    return eventually(`${count} requests at ${path}`,
      () => this.receiver.at(path).length >= count && this.receiver.at(path));
  }
}

// Ed25519 over the same content, with nothing of ours.
function verifyAsymmetric(publicKey, request) {
  const raw = Buffer.from(publicKey.replace(/^whpk_/, ""), "base64");
  const key = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk",
  });
  const { headers, body } = request;
  const content = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  return headers["webhook-signature"].split(" ").filter((one) => one.startsWith("v1a,"))
    .some((one) => verify(null, Buffer.from(content), key, Buffer.from(one.slice(4), "base64")));
}

scenario("a webhook is signed as Standard Webhooks say, and its body is a CloudEvent",
  async (world) => {
    const made = await world.endpoint("/signed", { events: "mc.token.*" });
    assert.match(made.secret, /^whsec_/);
    const token = await world.makeToken();
    const [request] = await world.received("/signed");
    assert.deepEqual(new Webhook(made.secret).verify(request.body, request.headers),
      JSON.parse(request.body));
    assert.throws(() => new Webhook(made.secret).verify(`${request.body} `, request.headers));
    assert.ok(verifyAsymmetric(made.public_key, request));
    assert.ok(!verifyAsymmetric(made.public_key, { ...request, body: `${request.body} ` }));
    const event = HTTP.toEvent({ headers: request.headers, body: request.body });
    assert.ok(event.validate());
    assert.equal(event.type, "mc.token.created");
    assert.equal(event.subject, token.id);
    assert.equal(event.source, ALPHA);
    assert.equal(event.id, request.headers["webhook-id"]);
    assert.equal(event.data.principal, "ada");
    assert.ok(!request.body.includes(token.token), "the token's text is told");
    const delivered = await world.delivery(made.id, "delivered");
    const { log } = await world.must("GET", `${ALPHA}/deliveries/${delivered.id}`);
    assert.equal(log.length, 1);
    assert.equal(log[0].status, 204);
    const shown = await world.must("GET", `${ALPHA}/endpoints/${made.id}`);
    assert.equal(shown.secret, undefined);
  });

scenario("a receiver that fails is tried again under the same id", async (world) => {
  const made = await world.endpoint("/flaky", { events: "mc.token.*" });
  world.receiver.answer = ({ path }) =>
    (path === "/flaky" && world.receiver.at("/flaky").length === 1 ? 500 : 204);
  await world.makeToken();
  const [first, second] = await world.received("/flaky", 2);
  assert.equal(first.headers["webhook-id"], second.headers["webhook-id"]);
  assert.equal(first.body, second.body);
  const delivered = await world.delivery(made.id, "delivered");
  assert.equal(delivered.attempts, 2);
  const { log } = await world.must("GET", `${ALPHA}/deliveries/${delivered.id}`);
  assert.deepEqual(log.map((attempt) => attempt.status), [500, 204]);
  world.receiver.answer = () => 204;
});

scenario("410 disables the endpoint; a redirect is not followed", async (world) => {
  const gone = await world.endpoint("/gone");
  const moved = await world.endpoint("/moved", { events: "mc.token.*" });
  world.receiver.answer = ({ path }) =>
    (path === "/gone" ? 410 : path === "/moved" ? [302, { Location: "/elsewhere" }] : 204);
  await world.makeToken();
  await world.delivery(gone.id, "failed");
  const held = await world.must("GET", `${ALPHA}/endpoints/${gone.id}`);
  assert.equal(held.state, "disabled");
  assert.match(held.reason, /410/);
  const pending = await eventually("the redirect is logged", async () =>
    (await world.deliveries(moved.id)).find((delivery) => delivery.last_status === 302));
  assert.equal(pending.state, "pending");
  assert.equal(world.receiver.at("/elsewhere").length, 0);
  await world.must("DELETE", `${ALPHA}/endpoints/${moved.id}`);
  world.receiver.answer = () => 204;
});

scenario("a rotated secret: both sign during the overlap, then the new one alone",
  async (world) => {
    const made = await world.endpoint("/rotated", { events: "mc.test" });
    const test = () => world.must("POST", `${ALPHA}/endpoints/${made.id}/test`, {});
    const rotated = await world.must("POST", `${ALPHA}/endpoints/${made.id}/rotate`, { overlap: "1h" });
    assert.notEqual(rotated.secret, made.secret);
    await test();
    const [first] = await world.received("/rotated");
    for (const { secret, public_key: key } of [made, rotated]) {
      new Webhook(secret).verify(first.body, first.headers);
      assert.ok(verifyAsymmetric(key, first));
    }
    const last = await world.must("POST", `${ALPHA}/endpoints/${made.id}/rotate`, { overlap: "0s" });
    await test();
    const [, second] = await world.received("/rotated", 2);
    new Webhook(last.secret).verify(second.body, second.headers);
    for (const { secret, public_key: key } of [made, rotated]) {
      assert.throws(() => new Webhook(secret).verify(second.body, second.headers));
      assert.ok(!verifyAsymmetric(key, second));
    }
  });

scenario("a replay sends a range again under the same ids, and what was missed", async (world) => {
  const from = new Date(Date.now() - 1000).toISOString();
  const missed = await world.makeToken();
  const made = await world.endpoint("/replayed", { events: "mc.token.*" });
  const seen = await world.makeToken();
  const [first] = await world.received("/replayed");
  await world.delivery(made.id, "delivered");
  const to = new Date(Date.now() + 1000).toISOString();
  const { deliveries } = await world.must("POST", `${ALPHA}/endpoints/${made.id}/replay`, { from, to });
  assert.ok(deliveries >= 2);
  const all = await world.received("/replayed", 1 + deliveries);
  const again = all.filter((request) => request.headers["webhook-id"] === first.headers["webhook-id"]);
  assert.equal(again.length, 2);
  const subjects = all.map((request) => JSON.parse(request.body).subject);
  assert.ok(subjects.includes(missed.id) && subjects.includes(seen.id));
});

scenario("an address that may not be reached is not, by number or by name", async (world) => {
  await world.server.stop();
  world.configure("");
  await world.begin();
  const { port } = new URL(world.receiver.url);
  for (const [path, host] of [["/number", "127.0.0.1"], ["/name", "localhost"], ["/six", "[::1]"]]) {
    const made = await world.must("POST", `${ALPHA}/endpoints`, { target: `http://${host}:${port}${path}` });
    await world.must("POST", `${ALPHA}/endpoints/${made.id}/test`, {});
    const tried = await eventually("an attempt is logged", async () =>
      (await world.deliveries(made.id)).find((delivery) => delivery.attempts > 0));
    assert.match(tried.last_error, /may not be reached/);
    assert.equal(world.receiver.at(path).length, 0);
    await world.must("DELETE", `${ALPHA}/endpoints/${made.id}`);
  }
  await world.server.stop();
  world.configure("127.0.0.0/8");
  await world.begin();
});

scenario("mail goes out over STARTTLS; a refusal for good is final, one for a while is not",
  { needs: ["aiosmtpd"] }, async (world) => {
    const add = (target) => world.must("POST", `${ALPHA}/endpoints`,
      { kind: "mail", target, events: "mc.test" });
    const test = ({ id }) => world.must("POST", `${ALPHA}/endpoints/${id}/test`, {});
    const ops = await add("ops@example.org");
    await test(ops);
    const message = await eventually("a mail", () =>
      world.mail.messages().find(({ to }) => to[0] === "ops@example.org"));
    assert.ok(message.tls);
    assert.equal(message.from, "maestro@example.org");
    assert.equal(message.subject, "[alpha] mc.test");
    const delivered = await world.delivery(ops.id, "delivered");
    assert.equal(message.id, `<${delivered.event}.${ops.id}@example.org>`);
    assert.ok(message.text.includes(delivered.event));
    const nobody = await add("nobody@example.org");
    await test(nobody);
    const failed = await world.delivery(nobody.id, "failed");
    assert.equal(failed.last_status, 550);
    const later = await add("later@example.org");
    await test(later);
    const waiting = await eventually("a try", async () =>
      (await world.deliveries(later.id)).find((delivery) => delivery.attempts > 0));
    assert.equal(waiting.state, "pending");
    assert.equal(waiting.last_status, 451);
    for (const { id } of [ops, nobody, later]) await world.must("DELETE", `${ALPHA}/endpoints/${id}`);
  });

await import("./access.mjs");

// A small generator, so that a failure can be repeated (mulberry32).
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Makes tokens until the server is killed; the ids of those that it acknowledged.
async function makeUntilKilled(world, afterMs, acknowledged) {
  let killed = false;
  const makers = Array.from({ length: 3 }, async () => {
    for (let i = 0; i < 3 && !killed; i += 1) {
      try {
        const reply = await world.ask("POST", `${ALPHA}/tokens`,
          { principal: "ada", scopes: "query", lifetime: "60s" });
        if (reply.status === 201) acknowledged.push(reply.json.id);
      } catch { /* it was killed meanwhile */ }
    }
  });
  await sleep(afterMs);  // the random point; nothing is waited for
  killed = true;
  await world.server.stop("SIGKILL");
  await Promise.all(makers);
}

scenario(`${KILLS} kills at random points lose no notification; what comes twice has one id`,
  { limitMs: 600_000 }, async (world) => {
    const seed = Number(process.env.MC_SEED ?? Date.now() % 100_000);
    const random = generator(seed);
    const hook = await world.endpoint("/killed", { events: "mc.token.created" });
    const mail = world.mail && await world.must("POST", `${ALPHA}/endpoints`,
      { kind: "mail", target: "killed@example.org", events: "mc.token.created" });
    world.receiver.answer = async ({ path }) => {
      if (path === "/killed") await sleep(random() * 30);  // so that kills meet open requests
      return 204;
    };
    const acknowledged = [];
    for (let i = 0; i < KILLS; i += 1) {
      await makeUntilKilled(world, random() * 150, acknowledged);
      await world.begin();
    }
    assert.ok(acknowledged.length >= KILLS / 4, `seed ${seed}: only ${acknowledged.length} tokens`);
    await eventually("nothing is left to send", async () =>
      (await world.must("GET", `${ALPHA}/deliveries?state=pending`)).items.length === 0, 300_000);
    const bySubject = new Map();
    const byId = new Map();
    for (const request of world.receiver.at("/killed")) {
      new Webhook(hook.secret).verify(request.body, request.headers);
      const id = request.headers["webhook-id"];
      assert.equal(byId.get(id) ?? request.body, request.body, "one id, two bodies");
      byId.set(id, request.body);
      const { subject } = JSON.parse(request.body);
      assert.equal(bySubject.get(subject) ?? id, id, `${subject} was told under two ids`);
      bySubject.set(subject, id);
    }
    const lost = acknowledged.filter((id) => !bySubject.has(id));
    assert.deepEqual(lost, [], `seed ${seed}: lost`);
    // Nothing is told that did not happen.
    const { items } = await world.must("GET", `${ALPHA}/tokens`);
    const real = new Set(items.map((token) => token.id));
    assert.deepEqual([...bySubject.keys()].filter((id) => !real.has(id)), []);
    const doubled = world.receiver.at("/killed").length - byId.size;
    let mails = "no mail server";
    if (mail) {
      const messages = world.mail.messages().filter(({ to }) => to[0] === "killed@example.org");
      const ids = new Map(messages.map(({ id, text }) => [id, text]));
      for (const { id, text } of messages) assert.equal(ids.get(id), text);
      const told = new Set(messages.map(({ text }) => /"subject":"(tok_\w+)"/.exec(text)[1]));
      assert.deepEqual(acknowledged.filter((id) => !told.has(id)), [], `seed ${seed}: mail lost`);
      mails = `${messages.length} mails, ${messages.length - ids.size} of them again`;
    }
    console.log(`      seed ${seed}: ${acknowledged.length} acknowledged, ${byId.size} webhooks told, ` +
      `${doubled} of them again; ${mails}`);
    world.receiver.answer = () => 204;
  });

const world = await World.start();
const status = await runScenarios("notify", world);
await world.server.stop();
await world.mail?.child.stop();
await world.receiver.stop();
process.exit(status);
