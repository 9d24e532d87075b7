// Two servers that share budgets, whose way to a real Redis goes wrong: one of them is cut off
// without being told, Redis is slow, is something else, or another one takes over. What both let in
// together is never more than the stated bound; each bound is printed beside what came.
import assert from "node:assert/strict";
import net from "node:net";

import { sleep, eventually } from "../lib/children.mjs";
import { freePort } from "../lib/http.mjs";
import { scenario } from "../lib/scenario.mjs";
import { HELD, RATE, Redis, shared } from "./share.mjs";

const EVENTS = ["budget.store_lost", "budget.store_back"];

// One command, and the first bytes of its answer.
function say(port, command) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: "127.0.0.1" }, () => socket.write(`${command}\r\n`));
    socket.once("data", (bytes) => {
      socket.destroy();
      resolve(bytes.toString());
    });
    socket.once("error", reject);
  });
}

const limits = (onLoss) => `gql_qps: ${RATE}, on_store_loss: {requests: ${onLoss}}`;
const seconds = (from) => (performance.now() - from) / 1_000;

for (const onLoss of ["closed", "local_share", "last_known", "open"]) {
  scenario(`one of two servers is cut off from Redis without a word, ${onLoss}`, { limitMs: 90_000 },
    shared("on_store_loss: open", async (fleet) => {
      const [one, two] = fleet.nodes;
      await fleet.for(4_500);
      const own = fleet.ownRate(0);
      const begun = performance.now();
      fleet.proxies[0].hold();
      await fleet.until("the server says that it has lost it", fleet.lost(1, [one]));
      await fleet.for(2_000);
      await fleet.until("the other one has it", fleet.lost(0, [two]));
      const cut = seconds(begun);
      const alone = fleet.times.filter(([at, of]) => of === 0 && at >= begun).length;
      fleet.proxies[0].heal();
      await fleet.until("the server says that it is back", fleet.lost(0));
      const away = seconds(begun);
      await fleet.for(1_500);
      // On a machine that is late the other one misses an answer, too: then it counts alone as well.
      const lost = (await fleet.hasRecorded("budget.store_lost", two)) ? 2 : 1;
      fleet.check(`cut off, ${onLoss}${lost === 2 ? ", and the other one for a moment" : ""}`, lost * { closed: 0, local_share: RATE / 2 + (RATE / 2) * away,
        last_known: own * (away + 1), open: RATE + RATE * away }[onLoss]);
      // And what it held, for itself.
      const most = HELD + { closed: 0, local_share: RATE / 2 + (RATE / 2) * cut, last_known: own * (cut + 1),
        open: RATE + RATE * cut }[onLoss];
      console.log(`   the server that was cut off let in ${alone} in ${cut.toFixed(1)} s, of ${Math.round(most)}`);
      assert.ok(alone <= most, `${alone} let in, ${most} allowed`);
      await fleet.recorded(EVENTS, [one]);
    }, limits(onLoss), true));
}

scenario("each answer of Redis comes after 50 ms, of which a request waits 10", { limitMs: 90_000 },
  shared("on_store_loss: open", async (fleet) => {
    await fleet.for(3_000);
    const begun = performance.now();
    for (const proxy of fleet.proxies) proxy.delayMs = 50;
    await fleet.until("both servers say that it is lost", fleet.lost(1));
    await fleet.for(2_000);
    assert.ok(await fleet.lost(1)(), "it stays lost");
    for (const proxy of fleet.proxies) proxy.delayMs = 0;
    await fleet.until("both servers say that it is back", fleet.lost(0));
    const away = seconds(begun);
    await fleet.for(1_500);
    // Two of two: each has half, for itself.
    fleet.check("slow, local_share", RATE + RATE * away);
    await fleet.recorded(EVENTS);
  }, limits("local_share"), true));

const WRONG = {
  "an HTTP server": "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
  "bytes": Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 167 + 13) % 256)),
  "an endless line": "+" + "x".repeat(1 << 17),
  "a list that is too long": "*2000000000\r\n",
  "-ERR": "-ERR unknown command\r\n",
  "-READONLY": "-READONLY You can't write against a read only replica.\r\n",
  "-LOADING": "-LOADING Redis is loading the dataset in memory\r\n",
  "-NOSCRIPT, always": "-NOSCRIPT No matching script.\r\n".repeat(4),
  "a number": ":1\r\n",
  "numbers that are no lease": "*6\r\n:0\r\n:1\r\n:-5\r\n:9\r\n:9\r\n:2\r\n",
};

scenario("what answers is no Redis, or none that may be written to", { limitMs: 120_000 },
  shared("on_store_loss: open", async (fleet) => {
    await fleet.for(1_500);
    for (const [name, answer] of Object.entries(WRONG)) {
      for (const proxy of fleet.proxies) proxy.says = answer;
      await fleet.until(`${name}: both servers say that it is lost`, fleet.lost(1));
      await fleet.for(300);
      for (const proxy of fleet.proxies) proxy.says = null;
      await fleet.until(`${name}: both servers say that it is back`, fleet.lost(0));
      await fleet.for(500);
    }
    fleet.check(`${Object.keys(WRONG).length} wrong answers, closed`, 0);
    await fleet.recorded(EVENTS);
    for (const { server } of fleet.nodes) assert.ok(server.running, "both still run");
  }, limits("closed"), true));

for (const how of ["the primary is killed", "the primary becomes the replica"]) {
  scenario(`a replica of Redis takes over: ${how}`, { limitMs: 90_000 },
    shared("on_store_loss: open", async (fleet) => {
      const replica = new Redis(await freePort());
      await replica.start("--replicaof", "127.0.0.1", String(fleet.redis.port));
      try {
        await eventually("the replica has all", async () =>
          (await say(replica.port, "INFO replication")).includes("master_link_status:up"));
        await fleet.for(3_000);
        const begun = performance.now();
        if (how.includes("killed")) await fleet.redis.kill();
        await say(replica.port, "REPLICAOF NO ONE");
        // -READONLY, until the way leads to the other one.
        if (!how.includes("killed")) await say(fleet.redis.port, `REPLICAOF 127.0.0.1 ${replica.port}`);
        await fleet.until("both servers say that it is lost", fleet.lost(1));
        for (const proxy of fleet.proxies) proxy.turnTo(replica.port);
        await fleet.until("both servers say that it is back", fleet.lost(0));
        console.log(`   without a store for ${seconds(begun).toFixed(1)} s`);
        await fleet.for(1_500);
        // What the replica had not heard of: of a burst at most, and what the servers hold.
        fleet.check(`failed over, closed, ${how}`, RATE + HELD);
        await fleet.recorded(EVENTS);
      } finally {
        await replica.kill();
      }
    }, limits("closed"), true));
}

const percentile = (list, part) => list.toSorted((a, b) => a - b)[Math.floor((list.length - 1) * part)];

// Fewer than there are, so that all of them are let in and none waits for a rate.
scenario("what a silent Redis costs those that are let in", { limitMs: 90_000 },
  shared("on_store_loss: open", async (fleet) => {
    const [one] = fleet.nodes;
    const pace = async (ms) => {
      const from = fleet.times.length;
      const end = performance.now() + ms;
      const asked = [];
      while (performance.now() < end) {
        asked.push(fleet.ask(one, 0));
        await sleep(1_000 / (RATE / 4));
      }
      await Promise.all(asked);
      return fleet.times.slice(from).map(([, , took]) => took);
    };
    await pace(1_000);
    const before = await pace(4_000);
    fleet.proxies[0].hold();
    const silent = await pace(4_000);
    assert.equal(await fleet.metric(one, "mc_budget_store_lost"), 1);
    fleet.proxies[0].heal();
    assert.ok(before.length > 50 && silent.length > 50, `${before.length} and ${silent.length} let in`);
    const more = percentile(silent, 0.99) - percentile(before, 0.99);
    console.log(`   p99 ${percentile(before, 0.99).toFixed(1)} ms before, ${percentile(silent, 0.99).toFixed(1)} ms ` +
      `while it is silent, p50 ${percentile(before, 0.5).toFixed(1)} and ${percentile(silent, 0.5).toFixed(1)} ms: ` +
      `${more <= 10 ? "within" : "NOT within"} +10 ms at p99 (not checked: the machine's)`);
  }, limits("local_share"), true));
