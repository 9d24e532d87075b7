// usage: silent.mjs [--rounds 5] [--seconds 4]
// Two servers that share budgets in a real Redis; one of them is asked at an even pace, far below
// its limit, before and while nothing of Redis reaches it. In turns, so that what else the machine
// does is in both.
import { existsSync } from "node:fs";

import { eventually, sleep } from "../../tests/e2e/lib/children.mjs";
import { Fleet, RATE, REDIS } from "../../tests/e2e/budgets/share.mjs";

const option = (name, usual) => Number(process.argv[process.argv.indexOf(`--${name}`) + 1] ?? usual) || usual;
const rounds = option("rounds", 5), seconds = option("seconds", 4);
const percentile = (list, part) => list.toSorted((a, b) => a - b)[Math.floor((list.length - 1) * part)];
const rounded = (ms) => Math.round(ms * 100) / 100;

async function pace(fleet) {
  const from = fleet.times.length;
  const end = performance.now() + seconds * 1_000;
  const asked = [];
  while (performance.now() < end) {
    asked.push(fleet.ask(fleet.nodes[0], 0));
    await sleep(1_000 / (RATE / 4));
  }
  await Promise.all(asked);
  return fleet.times.slice(from).map(([, , took]) => took);
}

if (!existsSync(REDIS)) console.error(`skipped: there is no ${REDIS}`);
for (const mode of existsSync(REDIS) ? ["lease", "exact"] : []) {
  const fleet = await Fleet.start(`mode: ${mode}, on_store_loss: local_share`, undefined, true);
  const before = [], silent = [], more = [];
  try {
    await pace(fleet);
    for (let round = 0; round < rounds; ++round) {
      const one = await pace(fleet);
      fleet.proxies[0].hold();
      const two = await pace(fleet);
      fleet.proxies[0].heal();
      await eventually("Redis is back", fleet.lost(0));
      before.push(...one);
      silent.push(...two);
      more.push(percentile(two, 0.99) - percentile(one, 0.99));
    }
  } finally {
    await fleet.stop();
  }
  console.log(JSON.stringify({ bench: "store_silent", mode, rounds, op_timeout_ms: 10, requests: before.length,
    p50_before_ms: rounded(percentile(before, 0.5)), p50_silent_ms: rounded(percentile(silent, 0.5)),
    p99_before_ms: rounded(percentile(before, 0.99)), p99_silent_ms: rounded(percentile(silent, 0.99)),
    p99_more_ms: rounded(percentile(more, 0.5)), p99_more_worst_ms: rounded(Math.max(...more)) }));
}
