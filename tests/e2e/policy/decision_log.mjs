// The decision log on a disk that is full, or in a folder that cannot be: requests go on, what is
// lost is counted, denied decisions have a reserve.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Child, eventually } from "../lib/children.mjs";
import { MAESTRO } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";

const QUEUE = 40, RESERVE = 20;
const GOOD = { query: "{ persons(first: 1) { nodes { id } } }" };

// Asks so often that the queue and the reserve are full; ids of all decisions, in order.
async function flood(stage) {
  const ids = { allowed: [], denied: [] };
  const ask = async (purpose, list) => {
    const { status, json, headers, text } = await stage.graphql("analyst", GOOD, { purpose });
    assert.equal(status, 200, text);
    const denied = json.errors?.[0].extensions.code === "FORBIDDEN";
    assert.equal(denied, list === ids.denied, text);
    if (!denied) assert.equal(json.data.persons.nodes.length, 1);
    list.push(headers["x-ig-decision-id"]);
  };
  for (let i = 0; i < QUEUE + 30; i += 1) await ask("support", ids.allowed);
  for (let i = 0; i < RESERVE + 10; i += 1) await ask("training", ids.denied);
  await ask("support", ids.allowed);
  const { status, json } = await stage.ask("/v1/data/mc/settings/purposes", {});
  assert.equal(status, 200);
  assert.ok(json.result.includes("support"), "OPA's API goes on too");
  return ids;
}

const counters = async (stage) => ({
  written: await stage.metric('mc_decisions_total{log="written"}'),
  dropped: await stage.metric('mc_decisions_total{log="dropped"}'),
  failed: await stage.metric("mc_decision_log_failures_total"),
});

async function mustCount(stage, ids, why) {
  const { written, dropped, failed } = await eventually("failed writes are counted", async () => {
    const now = await counters(stage);
    return now.failed > 1 && now;
  });
  assert.equal(written, 0);
  assert.ok(failed > 1);
  // 30 allowed ones more than the queue holds, 10 denied ones more than the reserve, and the last
  // two.
  assert.equal(dropped, ids.allowed.length - QUEUE + ids.denied.length - RESERVE + 1);
  const told = stage.events("decisions.unwritten");
  assert.equal(told.length, 1, "the log says it once, not with each try");
  assert.equal(told[0].level, "error");
  assert.match(told[0].why, why);
}

// What was kept is written once the disk takes it: the first allowed ones and the denied ones.
async function mustRecover(stage, ids) {
  await eventually("what was kept is written", async () => (await counters(stage)).written === QUEUE + RESERVE);
  const found = stage.decisions().map(({ decision_id: id }) => id);
  assert.deepEqual([...found].sort(), [...ids.allowed.slice(0, QUEUE), ...ids.denied.slice(0, RESERVE)].sort());
  const { headers } = await stage.graphql("analyst", GOOD);
  await stage.decision(headers["x-ig-decision-id"]);
  await eventually("it is counted", async () => (await counters(stage)).written === QUEUE + RESERVE + 1);
}

const settings = `policy: {decisions: {queue_max: ${QUEUE}, denied_reserve: ${RESERVE}}}\n`;

scenario("decisions that cannot be written: a file is where the folder should be", { limitMs: 60_000 }, async (world) => {
  const stage = world.stage("no-folder").prepare();
  stage.configure(settings);
  writeFileSync(stage.decisionsFolder, "");
  await stage.serve();
  const ids = await flood(stage);
  await mustCount(stage, ids, /decisions/);
  rmSync(stage.decisionsFolder);
  await mustRecover(stage, ids);
  assert.equal(await stage.stop(), 0);
});

scenario("decisions that cannot be written: the disk is full", { needs: ["mount"], limitMs: 60_000 }, async (world) => {
  const stage = world.stage("full").prepare();
  stage.configure(settings);
  mkdirSync(stage.decisionsFolder);
  const keeper = new Child("unshare", ["-m", "sh", "-c",
    'mount -t tmpfs -o size=64k none "$1" && echo mounted && exec sleep infinity', "sh", stage.decisionsFolder]);
  try {
    await keeper.says(/mounted/);
    const inside = join(`/proc/${keeper.pid}/root`, stage.decisionsFolder);
    const filler = join(inside, "filler");
    spawnSync("sh", ["-c", 'cat /dev/zero > "$1"', "sh", filler]);
    await stage.serveIn(["nsenter", `--mount=/proc/${keeper.pid}/ns/mnt`, MAESTRO]);
    stage.decisionsSeen = inside;
    const ids = await flood(stage);
    await mustCount(stage, ids, /No space left/);
    rmSync(filler);
    await mustRecover(stage, ids);
    assert.equal(await stage.stop(), 0);
  } finally {
    await stage.stop();
    await keeper.stop("SIGKILL");
  }
});

scenario("of allowed decisions one in so many is kept, of denied ones all; old files are deleted", { limitMs: 60_000 },
  async (world) => {
    const stage = world.stage("sampled").prepare();
    stage.configure("policy: {decisions: {sample: 10, file_bytes_max: 4096, files_max: 3}}\n");
    await stage.serve();
    for (let i = 0; i < 100; i += 1) await stage.graphql("analyst", GOOD);
    assert.equal(await stage.metric('mc_decisions_total{log="sampled_out"}'), 90);
    await eventually("ten are written", async () => (await counters(stage)).written === 10);
    const denied = [];
    for (let i = 0; i < 60; i += 1) {
      const { headers } = await stage.graphql("analyst", GOOD, { purpose: "training" });
      denied.push(headers["x-ig-decision-id"]);
      await stage.decision(denied.at(-1));
    }
    const kept = stage.decisions();
    assert.ok(kept.length < 70, "the oldest are gone");
    assert.equal(stage.decisionFiles().length, 3);
    assert.deepEqual(kept.map(({ decision_id: id }) => id), denied.slice(-kept.length));
    assert.equal(await stage.stop(), 0);
  });
