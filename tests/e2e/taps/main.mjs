// Emergency taps with a real server: set in each of the three ways, with everything else broken.
// How long each took to act is printed; the aim is 250 ms.
import assert from "node:assert/strict";
import { lstatSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { eventually, sleep } from "../lib/children.mjs";
import { Site } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import { WHY, World } from "./world.mjs";

const tell = (what, ms) => console.log(`${what}: ${Math.round(ms)} ms`);
const block = (tenant, more = {}) => ({ tenant, action: "block", lifetime: "1h", reason: "the shop is on fire", ...more });

scenario("a tenant is blocked through the API and let in again, and no other tenant notices", async (world) => {
  await world.mustPass("alpha");
  const tried = await world.api("POST", "/v1/taps?dry_run=true", block("alpha"));
  assert.equal(tried.status, 200, tried.text);
  await world.mustPass("alpha");
  let begin = performance.now();
  const [made, acted] = await Promise.all([world.api("POST", "/v1/taps", block("alpha")),
    world.untilAnswered("alpha", 503, begin)]);
  assert.equal(made.status, 201, made.text);
  tell("acts, by the API", acted);
  for (let i = 0; i < 5; i += 1) {
    await world.mustBeHeldBack("alpha");
    await world.mustPass("bravo");
  }
  const { json: { items: [shown] } } = await world.api("GET", "/v1/taps");
  assert.ok(shown.affected.refused_total >= 5);
  assert.ok(shown.affected.last_minute >= 5);
  assert.deepEqual(shown.affected.tenants.map(({ tenant }) => tenant), ["alpha"]);
  assert.equal(await world.metric("mc_taps_active"), 1);
  assert.ok(await world.metric('mc_tap_matched_total{action="block"}') >= 5);
  for (const who of ["alpha", "bravo"]) {
    assert.equal((await world.api("GET", "/v1/taps", undefined, who)).status, 403);
    assert.equal((await world.api("DELETE", `/v1/taps/${shown.id}`, undefined, who)).status, 403);
  }
  begin = performance.now();
  const [lifted, ended] = await Promise.all([world.api("DELETE", `/v1/taps/${shown.id}`),
    world.untilAnswered("alpha", 200, begin)]);
  assert.equal(lifted.status, 200, lifted.text);
  tell("is lifted, by the API", ended);
  const all = await eventually("both records", async () => {
    const records = await world.records();
    return records.length >= 2 && records;
  });
  assert.deepEqual(all.slice(-2).map(({ action, actor }) => [action, actor]),
    [["tap.set", "otto@system"], ["tap.lift", "otto@system"]]);
  assert.equal(all.at(-2).payload.effective_at, shown.set_at);
});

scenario("the socket is its owner's alone; what is wrong is named, and without a server there is none", async (world) => {
  const socket = lstatSync(join(world.site.dataDir, "tap.sock"));
  assert.ok(socket.isSocket());
  assert.equal(socket.mode & 0o777, 0o600);
  for (const [wanted, ...args] of [
    [/until/, "set", "--tenant", "alpha", "--action", "block", ...WHY],
    [/everything/, "set", "--action", "block", "--for", "1h", ...WHY],
    [/route: this server has none/, "set", "--route", "/grapqhl", "--action", "block", "--for", "1h", ...WHY],
    [/rate/, "set", "--tenant", "alpha", "--action", "clamp-rate", "--for", "1h", ...WHY],
    [/24 hours|lifetime/, "set", "--tenant", "alpha", "--action", "block", "--for", "25h", ...WHY],
  ]) {
    const done = await world.tap(...args);
    assert.equal(done.status, 2, `${args.join(" ")}: ${done.out}${done.err}`);
    assert.match(done.err, wanted);
  }
  assert.equal((await world.tap("lift", "tap_x")).status, 3);
  await world.mustTap("set", "--tenant", "alpha", "--action", "block", "--for", "1h", ...WHY, "--dry-run");
  assert.deepEqual((await world.mustTap("list")).items, []);
  const lonely = new Site("taps-alone");
  lonely.configure("");
  const done = lonely.run("tap", "list");
  assert.equal(done.status, 1);
  assert.match(done.err, /no server listens at .*tap\.sock/);
});

scenario("each action, and a tap that ends by itself", async (world) => {
  const set = (...args) => world.mustTap("set", "--for", "1h", ...WHY, ...args);
  await set("--upstream", world.address, "--action", "clamp-rate", "--rate", "1", "--burst", "3");
  const statuses = [];
  for (let i = 0; i < 10; i += 1) statuses.push((await world.ask("alpha")).status);
  assert.ok(statuses.slice(0, 3).every((status) => status === 200), statuses.join(" "));
  assert.ok(statuses.includes(503), statuses.join(" "));
  await world.liftAll();
  await set("--route", "/graphql", "--operation", "mutation", "--action", "read-only");
  const changed = await world.ask("alpha", "mutation { change }");
  assert.equal(changed.status, 403);
  assert.equal(changed.json.errors[0].extensions.code, "TAP");
  await world.mustPass("alpha");
  await world.liftAll();
  await set("--client", "bea", "--action", "safelist-only");
  assert.equal((await world.ask("bravo")).status, 403);
  await world.mustPass("alpha");
  await world.liftAll();

  const { until } = await world.mustTap("set", "--everything", "--action", "shed", "--percent", "100", "--for", "2s", ...WHY);
  await world.mustBeHeldBack("alpha");
  await world.mustBeHeldBack("bravo");
  await sleep(Math.max(0, Date.parse(until) - Date.now()));
  await world.untilAnswered("alpha", 200, 0);
  await eventually("its record", async () => (await world.records()).at(-1).action === "tap.expire");
  const last = (await world.records()).at(-1);
  assert.equal(last.payload.effective_at, until);
  assert.equal(last.actor, "time@system");
});

scenario("with the state database locked and the ledger stopped: set, killed, found again, recorded in order",
  { limitMs: 90_000 }, async (world) => {
    const before = (await world.records()).length;
    await world.stopLedger();
    const keeper = await world.lockState();
    const begin = performance.now();
    const [made, acted] = await Promise.all([
      world.mustTap("set", "--tenant", "alpha", "--action", "block", "--for", "1h", ...WHY),
      world.untilAnswered("alpha", 503, begin)]);
    tell("acts, by the socket, without database and ledger (with the start of the command)", acted);
    assert.equal(made.stored, true);
    await world.mustBeHeldBack("alpha");
    await world.mustPass("bravo");
    // The API too, but for what must be recorded first.
    const second = await world.api("POST", "/v1/taps", block("bravo"));
    assert.equal(second.status, 201, second.text);
    await world.mustBeHeldBack("bravo");
    assert.equal((await world.api("DELETE", `/v1/taps/${second.json.id}`)).status, 200);
    await world.mustPass("bravo");
    const wanted = { dimension: "requests", amount: 5, lifetime: "1h", reason: "incident", note: "x", ticket: "T-1" };
    assert.equal((await world.api("POST", "/v1/tenants/alpha/budgets/overrides", wanted)).status, 503);
    assert.equal(await world.metric("mc_taps_unrecorded"), 3);

    await world.server.stop("SIGKILL");
    await keeper.stop("SIGKILL");
    await world.serve();
    await world.mustBeHeldBack("alpha");
    await world.mustPass("bravo");
    const { items: [found] } = await world.mustTap("list");
    assert.equal(found.id, made.id);
    assert.equal(found.until, made.until);
    const records = await eventually("the records", async () => {
      const all = (await world.records()).slice(before);
      return all.length >= 3 && all;
    });
    assert.deepEqual(records.map(({ action, payload }) => [action, payload.tap]),
      [["tap.set", made.id], ["tap.set", second.json.id], ["tap.lift", second.json.id]]);
    for (const { payload } of records) assert.ok(payload.recorded_at > payload.effective_at);
    assert.equal((await world.mustTap("list")).items[0].record !== null, true);
    await world.mustTap("lift", made.id);
    await world.mustPass("alpha");
    const after = await eventually("its record", async () => {
      const all = (await world.records()).slice(before);
      return all.length >= 4 && all;
    });
    assert.deepEqual(after.map(({ action }) => action), ["tap.set", "tap.set", "tap.lift", "tap.lift"]);
  });

scenario("a disk that takes nothing keeps no tap from working", { limitMs: 60_000 }, async (world) => {
  world.limitFiles(1);
  const made = await world.tap("set", "--tenant", "alpha", "--action", "block", "--for", "1h", ...WHY);
  assert.equal(made.status, 0, made.err);
  assert.equal(made.json.stored, false);
  assert.match(made.err, /the server's disk did not take it/);
  await world.mustBeHeldBack("alpha");
  world.limitFiles("unlimited");
  await eventually("it is stored", async () => (await world.mustTap("list")).items[0].stored);
  await world.server.stop("SIGKILL");
  await world.serve();
  await world.mustBeHeldBack("alpha");
  await world.liftAll();
});

scenario("signed files: good, tampered, replayed, expired, of another key", { limitMs: 60_000 }, async (world) => {
  const inbox = join(world.site.dataDir, "taps");
  const sign = (name, ...args) => {
    const file = world.site.path(name);
    return { file, ...world.site.json("tap", "sign", "--key", world.site.path("oncall.key"), "--out", file, ...args) };
  };
  const terms = ["--tenant", "alpha", "--action", "block", "--for", "1h", ...WHY];
  const drop = (text, name) => {
    writeFileSync(join(inbox, `${name}.part`), text);
    renameSync(join(inbox, `${name}.part`), join(inbox, `${name}.tap`));
  };
  const become = (name) => eventually(name, () => readdirSync(inbox).includes(name));
  const refused = async (name, why) => {
    await become(`${name}.refused`);
    const line = world.server.logLines().findLast(({ event, file }) => event === "tap.order_refused" && file === `${name}.tap`);
    assert.match(line.why, why);
    await world.mustPass("alpha");
  };

  const order = sign("block.tap", ...terms, "--serial", "10");
  const good = readFileSync(order.file, "utf8");
  const envelope = JSON.parse(good);
  const payload = Buffer.from(envelope.payload, "base64").toString().replace('"alpha"', '"bravo"');
  drop(JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString("base64") }), "tampered");
  await refused("tampered", /none of the configured keys/);

  let begin = performance.now();
  drop(good, "good");
  tell("acts, by a signed file", await world.untilAnswered("alpha", 503, begin));
  await become("good.taken");
  await world.mustPass("bravo");
  const { items: [shown] } = await world.mustTap("list");
  assert.deepEqual([shown.id, shown.way, shown.set_by], [order.tap, "file", `key:${order.key_id}`]);

  const lift = sign("lift.tap", "--lift", order.tap, "--serial", "11");
  begin = performance.now();
  drop(readFileSync(lift.file), "lift");
  tell("is lifted, by a signed file", await world.untilAnswered("alpha", 200, begin));

  drop(good, "replayed");
  await refused("replayed", /serial/);
  drop(readFileSync(sign("older.tap", ...terms, "--serial", "9").file), "older");
  await refused("older", /serial/);
  const short = sign("short.tap", ...terms, "--serial", "12", "--expires", "1s");
  await sleep(Math.max(0, Date.parse(short.expires_at) - Date.now()) + 1);
  drop(readFileSync(short.file), "expired");
  await refused("expired", /expires_at/);
  world.site.must("signer", "create", "--out", world.site.path("other.key"), "--passphrase", `file:${world.site.write("phrase", "x")}`);
  const other = world.site.path("other.tap");
  world.site.must("tap", "sign", "--key", world.site.path("other.key"), "--passphrase", `file:${world.site.path("phrase")}`,
    "--out", other, ...terms);
  drop(readFileSync(other), "other");
  await refused("other", /none of the configured keys/);

  await world.server.stop("SIGKILL");
  await world.serve();
  drop(good, "again");
  await refused("again", /serial/);
});

const world = await World.start();
let status = 1;
try {
  status = await runScenarios("taps", world);
} finally {
  await world.stop();
}
process.exit(status);
