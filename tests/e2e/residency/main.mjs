// Where a tenant's data lie, with real servers: proofs that verify, a primary that is killed under
// load, a standby in another region that is named in the configuration, a request that would cross.
// In this order: each failover is for good.
import assert from "node:assert/strict";

import { eventually } from "../lib/children.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import { HERE, Load, READ, READ_ABROAD, THERE, Watch, World, WRITE } from "./world.mjs";

const ATTEMPTS = "/v1/residency/alpha/attempts";
const VIOLATIONS = 'mc_residency_violations_total{tenant="alpha"}';
const HOLDS = 'mc_residency_holds{tenant="alpha"}';

// What one read by key, and one write, are to the counts.
let cost = null;
// Written before the failover, and behind it.
const kept = { before: [], behind: [] };

// What a session asks before all else, and what promotes the server.
const asksWhere = (line) => /mc\.region|pg_promote/.test(line);

async function readOne(world, id) {
  const { json, text } = await world.graphql(READ, { id });
  assert.equal(json?.data?.person?.id, id, text);
}

async function writeOne(world, id) {
  const { json, text } = await world.graphql(WRITE, { input: { id, note: "one" } });
  assert.equal(json?.data?.createPerson?.id, id, text);
}

scenario("reads and writes are counted as they were made, and the proof of them verifies", async (world) => {
  const begin = await world.counted();
  await readOne(world, "p1");
  const read = await world.counted();
  await writeOne(world, "one");
  const write = await world.counted();
  cost = {
    read: read.reads - begin.reads, write: write.writes - read.writes, readOfWrite: write.reads - read.reads,
  };
  assert.equal(cost.read, 1, "a read by key is one statement");
  assert.equal(read.writes, begin.writes);
  assert.ok(cost.write >= 1, "a write is one statement or more");
  for (let i = 0; i < 12; i += 1) await readOne(world, `p${i}`);
  for (let i = 0; i < 5; i += 1) await writeOne(world, `two-${i}`);
  kept.before.push("one", ...Array.from({ length: 5 }, (_, i) => `two-${i}`));
  const all = await world.counted();
  assert.equal(all.reads - write.reads, 12 * cost.read + 5 * cost.readOfWrite);
  assert.equal(all.writes - write.writes, 5 * cost.write);

  const proof = await world.prove();
  const { says } = proof;
  assert.equal(says.ok, true);
  assert.deepEqual([says.region, says.node.region], [HERE, HERE]);
  assert.deepEqual(says.sources.map(({ name, claim, write: written }) => [name, claim, written]),
    [["main", HERE, "ok"], ["abroad", null, "not-permitted"]]);
  for (const way of [...says.reads, ...says.writes]) assert.deepEqual([way.src, way.dst, way.ok], [HERE, HERE, true]);
  assert.equal(await world.metric(HOLDS), 1);
  const good = world.verify(proof);
  assert.equal(good.status, 0, good.out + good.err);
});

scenario("a changed document, and a changed bundle, do not verify", async (world) => {
  const proof = await world.prove();
  const { count } = proof.says.reads[0];
  const [was, made] = [`"count":${count},`, `"count":${count + 1},`];
  assert.ok(proof.document.includes(was));
  for (const document of [proof.document.replace(was, made), proof.document.replace('"ok":true', '"ok":false'), `${proof.document}\n`]) {
    const { status, out, err } = world.verify({ ...proof, document });
    assert.equal(status, 5, out + err);
  }
  const bundle = JSON.parse(proof.bundle);
  const statement = Buffer.from(bundle.dsseEnvelope.payload, "base64").toString();
  bundle.dsseEnvelope.payload = Buffer.from(statement.replaceAll(was, made)).toString("base64");
  const { status, out, err } = world.verify({ document: proof.document.replace(was, made), bundle: JSON.stringify(bundle) });
  assert.equal(status, 5, out + err);
});

scenario("a request that would cross regions is denied, recorded and counted, and the tenant's own people see it", async (world) => {
  const watch = new Watch();
  const before = await world.metric(VIOLATIONS);
  const { json, text } = await world.graphql(READ_ABROAD);
  assert.equal(json.errors?.[0].extensions.code, "FORBIDDEN", text);
  assert.match(json.errors[0].message, /cross-region/);
  assert.ok(!text.includes("note "), text);
  assert.equal(await world.metric(VIOLATIONS), before + 1);

  const { items: [attempt] } = await eventually("the attempt over the API", async () => {
    const page = await world.get(`${ATTEMPTS}?code=cross-region`);
    return page.items.length > 0 && page;
  });
  assert.deepEqual(
    [attempt.actor, attempt.action, attempt.dataset, attempt.source, attempt.src, attempt.dst, attempt.count, attempt.denied],
    ["ada@alpha", "read", "replica", "abroad", HERE, THERE, 1, true]);
  assert.deepEqual((await world.get(ATTEMPTS, "aron")).items, (await world.get(ATTEMPTS)).items, "the auditor sees the same");
  // The same record by the command line, in the two places where it can be looked for.
  const [listed] = world.json("residency", "attempts", "--tenant", "alpha", "--code", "cross-region").items;
  assert.deepEqual(listed, attempt);
  const { items: [record] } =
    world.json("ledger", "records", "--tenant", "alpha", "--type", "denied", "--reason", "cross-region", "--limit", "1");
  assert.equal(record.record, attempt.record);
  assert.equal(record.payload.request_id, attempt.request_id);
  const receipt = world.told("ledger", "receipt", `${record.record}`, "--tenant", "alpha");
  assert.equal(JSON.parse(receipt).kind, "mc.receipt/v1");

  // Another one like it within the minute is counted, and no record of its own.
  await world.graphql(READ_ABROAD);
  assert.equal(await world.metric(VIOLATIONS), before + 2);
  const { says, violations } = await world.counted();
  assert.equal(says.ok, true, "what was denied spoils no proof");
  const ours = violations.filter(({ code, actor, denied }) => code === "cross-region" && actor === "ada@alpha" && denied);
  assert.equal(ours.reduce((sum, { count }) => sum + count, 0), 2);
  assert.deepEqual(watch.statements(), [], "nothing was asked of the server in the other region");
});

scenario("a source that is named where it does not stand stops the start, before any statement", async () => {
  const watch = new Watch();
  const { status, err } = World.refusal();
  assert.equal(status, 2, err);
  assert.match(err, new RegExp(`source abroad of ${HERE}: the database says that it stands in region ${THERE}`));
  assert.deepEqual(watch.statements().filter((line) => !asksWhere(line)), []);
});

scenario("a primary that is killed under load: the standby of the region goes on, and the proof with it", { limitMs: 180_000 },
  async (world) => {
    const watch = new Watch();
    const begin = await world.counted();
    const load = new Load(world);
    await load.reaches(60);
    kept.before.push(...load.writes.done);
    await world.failover();
    const written = load.writes.done.length;
    await load.reaches(load.answered + 60);
    await load.end();
    kept.behind.push(...load.writes.done.slice(written));
    assert.ok(kept.behind.length > 0, "there are writes behind the failover");

    // What was answered is there, on the server that took the place.
    for (const id of load.writes.done) await readOne(world, id);
    const end = await world.counted();
    const { reads, writes } = load;
    const readsDone = reads.done + load.writes.done.length;
    const counted = { reads: end.reads - begin.reads, writes: end.writes - begin.writes };
    const least = {
      reads: readsDone * cost.read + writes.done.length * cost.readOfWrite, writes: writes.done.length * cost.write,
    };
    const failed = reads.failed + writes.failed.length;
    console.log(`      ${readsDone} reads and ${writes.done.length} writes answered, ${failed} refused in between; ` +
      `counted ${counted.reads} and ${counted.writes}`);
    // A statement that began and got no answer is counted, too; one that could not begin is not.
    assert.ok(counted.reads >= least.reads, `${counted.reads} reads are counted of ${least.reads}`);
    assert.ok(counted.reads <= least.reads + reads.failed * cost.read + writes.failed.length * cost.readOfWrite);
    assert.ok(counted.writes >= least.writes, `${counted.writes} writes are counted of ${least.writes}`);
    assert.ok(counted.writes <= least.writes + writes.failed.length * cost.write);

    const proof = await world.prove();
    assert.equal(proof.says.ok, true, proof.document);
    assert.deepEqual(proof.says.sources.filter(({ name }) => name === "main").map(({ claim, write, read }) => [claim, write, read]),
      [[HERE, "ok", "ok"]]);
    assert.ok(proof.says.violations.every(({ code }) => code === "cross-region"), "the failover is no violation");
    for (const way of [...proof.says.reads, ...proof.says.writes]) assert.deepEqual([way.src, way.dst], [HERE, HERE]);
    const good = world.verify(proof);
    assert.equal(good.status, 0, good.out + good.err);
    assert.equal(await world.metric(HOLDS), 1);
    assert.deepEqual(watch.statements(), [], "the server in the other region was sent a statement");
  });

scenario("a standby outside of the region that takes over is refused, recorded, and serves nothing", { limitMs: 120_000 },
  async (world) => {
    const watch = new Watch();
    const before = await world.metric(VIOLATIONS);
    await world.failover();
    const refused = await eventually("a request that reaches the server in the other region", async () => {
      const { json } = await world.graphql(READ, { id: "p1" });
      assert.equal(json?.data?.person ?? null, null);
      return (await world.metric(VIOLATIONS)) > before && json;
    }, 30_000);
    assert.equal(refused.errors[0].extensions.code, "UNAVAILABLE");
    assert.ok(!JSON.stringify(refused).includes(THERE), "where it went is for the log");
    const { json } = await world.graphql(WRITE, { input: { id: "three", note: "x" } });
    assert.equal(json.errors[0].extensions.code, "UNAVAILABLE");

    const { items } = await eventually("the attempts over the API", async () => {
      const page = await world.get(`${ATTEMPTS}?code=wrong-region&actor=ada@alpha`);
      return page.items.length > 0 && page;
    });
    for (const one of items) {
      assert.deepEqual([one.dataset, one.source, one.src, one.dst, one.denied], ["person", "main", HERE, THERE, true]);
    }
    const { items: records } =
      world.json("ledger", "records", "--tenant", "alpha", "--type", "denied", "--reason", "wrong-region", "--actor", "ada*");
    // The sum of a minute may have become one more since.
    const numbers = records.map(({ record }) => record);
    assert.deepEqual(items.map(({ record }) => record).filter((record) => !numbers.includes(record)), []);

    // The proof says so, and verifies.
    const proof = await world.prove();
    assert.equal(proof.says.ok, false);
    assert.equal(proof.says.sources.find(({ name }) => name === "main").write, "wrong-region");
    assert.equal(world.verify(proof).status, 0);
    assert.equal(await world.metric(HOLDS), 0);
    const byProbe = world.json("residency", "attempts", "--tenant", "alpha", "--actor", "residency@system").items;
    assert.ok(byProbe.some(({ code, period, dst }) => code === "wrong-region" && period === proof.period && dst === THERE));

    // Each session that came was asked where it is, and nothing behind that.
    const sent = watch.statements();
    assert.ok(sent.some((line) => line.includes("mc.region")), "nobody came");
    assert.deepEqual(sent.filter((line) => !asksWhere(line)), []);
    // It takes writes by now, and has none of ours from behind the first failover.
    assert.equal(world.askThere("SELECT pg_is_in_recovery()"), "f");
    const has = (ids) => Number(world.askThere(`SELECT count(*) FROM person WHERE id IN (${ids.map((id) => `'${id}'`).join(",")})`));
    assert.equal(has(kept.before.slice(0, 6)), 6, "it is a copy of what the primary had");
    assert.equal(has(kept.behind), 0);
    assert.equal(has(["three"]), 0);
    assert.equal(world.askThere(`SELECT count(*) FROM mc_residency_probe WHERE period >= '${proof.period}'`), "0");
    assert.ok(watch.statements().length > sent.length, "the log has what it is sent");
  });

const world = await World.start();
let status = 1;
try {
  status = await runScenarios("residency", world);
} finally {
  await world.stop();
}
process.exit(status);
