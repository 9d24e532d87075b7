// The decision log on a disk that is full, or in a folder that cannot be: requests go on, what is
// lost is counted, denied decisions have a reserve.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Child, eventually } from "../lib/children.mjs";
import { MAESTRO } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";
import { sha256 } from "./archive.mjs";
import { SLOW_MS } from "./world.mjs";

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
  }, SLOW_MS);
  assert.equal(written, 0);
  assert.ok(failed > 1);
  // 30 allowed ones more than the queue holds, 10 denied ones more than the reserve, and the last
  // two.
  assert.equal(dropped, ids.allowed.length - QUEUE + ids.denied.length - RESERVE + 1);
  const told = await eventually("it is told", () => {
    const lines = stage.events("decisions.unwritten");
    return lines.length > 0 && lines;
  });
  assert.equal(told.length, 1, "the log says it once, not with each try");
  assert.equal(told[0].level, "error");
  assert.match(told[0].why, why);
}

// What was kept is written once the disk takes it: the first allowed ones and the denied ones.
async function mustRecover(stage, ids) {
  await eventually("what was kept is written", async () => (await counters(stage)).written === QUEUE + RESERVE, SLOW_MS);
  const found = stage.decisions().map(({ decision_id: id }) => id);
  assert.deepEqual([...found].sort(), [...ids.allowed.slice(0, QUEUE), ...ids.denied.slice(0, RESERVE)].sort());
  const { headers } = await stage.graphql("analyst", GOOD);
  await stage.decision(headers["x-ig-decision-id"]);
  await eventually("it is counted", async () => (await counters(stage)).written === QUEUE + RESERVE + 1);
}

const settings = `policy: {decisions: {queue_max: ${QUEUE}, denied_reserve: ${RESERVE}}}\n`;

scenario("decisions that cannot be written: a file is where the folder should be", { limitMs: 120_000 }, async (world) => {
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

scenario("decisions that cannot be written: the disk is full", { needs: ["mount"], limitMs: 120_000 }, async (world) => {
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

// As docs/formats/decision.md has it.
const isKept = (id, rate) => Number(BigInt(`0x${sha256(id).slice(0, 16)}`) >> 11n) / 2 ** 53 < rate;

scenario("of allowed decisions a share is kept by rule, of denied ones all; old files are deleted", { limitMs: 120_000 },
  async (world) => {
    const stage = world.stage("sampled").prepare();
    stage.configure(`policy:
  decisions: {sample: {default: 1, rules: {role-analyst: 0.2, role-dpo: 0}}, file_bytes_max: 8192, files_max: 3}
`);
    await stage.serve();
    const asked = [];
    for (let i = 0; i < 60; i += 1) {
      const { headers } = await stage.graphql("analyst", GOOD);
      asked.push(headers["x-ig-decision-id"]);
    }
    const wanted = asked.filter((id) => isKept(id, 0.2));
    assert.ok(wanted.length < 40, "a share is left out");
    assert.equal(await stage.metric('mc_decisions_total{log="sampled_out"}'), 60 - wanted.length);
    assert.equal(await stage.metric('mc_decisions_total{log="dropped"}'), 0);
    await eventually("they are written", async () => (await counters(stage)).written === wanted.length);
    const lines = stage.decisions();
    assert.deepEqual(lines.map(({ decision_id: id }) => id).sort(), [...wanted].sort());
    assert.deepEqual([...new Set(lines.map(({ rate }) => rate))], wanted.length > 0 ? [0.2] : []);
    // None of these; what OPA's API decides has no rules of ours.
    const dpo = await stage.graphql("dpo", GOOD);
    assert.match(dpo.headers["x-ig-rule-id"], /\brole-dpo\b/);
    await stage.ask("/v1/data/mc/settings/purposes", {});
    await eventually("that of OPA's API is written", async () => (await counters(stage)).written === wanted.length + 1);
    assert.equal(await stage.metric('mc_decisions_total{log="sampled_out"}'), 61 - wanted.length);
    assert.equal(stage.decisions().at(-1).rate, 1);
    // The counts say what they are of.
    const { json: status } = await stage.get("/v1/policy");
    assert.equal(status.counted, wanted.length + 1);
    assert.equal(status.sampled, wanted.length > 0);
    assert.equal(status.estimated, 5 * wanted.length + 1);
    const analyst = status.rules.find(({ id }) => id === "role-analyst");
    assert.equal(analyst.decisions, wanted.length);
    assert.equal(analyst.estimated, 5 * wanted.length);
    const folder = new URL("../../../policies/default", import.meta.url).pathname;
    const tried = stage.site.runWith({ env: { MC_TOKEN: stage.tokens.operator } }, "--url", stage.url, "--json", "policy",
      "what-if", folder);
    assert.equal(tried.status, 0, tried.err);
    const { sampled, estimated, estimated_to_change: toChange, decisions } = JSON.parse(tried.out);
    assert.deepEqual([sampled, estimated, toChange, decisions],
      [wanted.length > 0, 5 * wanted.length + 1, 0, wanted.length + 1]);
    const denied = [];
    for (let i = 0; i < 60; i += 1) {
      const { headers } = await stage.graphql("analyst", GOOD, { purpose: "training" });
      denied.push(headers["x-ig-decision-id"]);
      await stage.decision(denied.at(-1));
    }
    await eventually("old files are deleted", () => stage.decisionFiles().length === 3);
    const kept = stage.decisions();
    assert.ok(kept.length < 60 + wanted.length, "the oldest are gone");
    assert.ok(kept.every(({ rate }) => rate === 1));
    assert.deepEqual(kept.map(({ decision_id: id }) => id), denied.slice(-kept.length));
    assert.equal(await stage.stop(), 0);
  });
