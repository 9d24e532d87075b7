// maestro ledger follow: a reader that is killed, a server that is away, pages that lie, and who may not.
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import http from "node:http";

import { Child, eventually } from "../lib/children.mjs";
import { MAESTRO } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";

const ALPHA = "/v1/tenants/alpha";

function start(world, token, args, url = world.server.url) {
  const file = world.site.write(`token-${token.slice(-8)}`, token);
  return new Child(MAESTRO, ["--url", url, "--token-file", file, "ledger", "follow", "--tenant", "alpha",
    ...(args.includes("--every") ? [] : ["--every", "100ms"]), ...args]);
}

// Only whole lines: the last one may be on its way.
const lines = (child) => child.out.split("\n").slice(0, -1);
const numbers = (child) => lines(child).map((line) => JSON.parse(line).record);
const upTo = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

async function newest(world) {
  return (await world.records())[0].record;
}

async function read(world, what = "tokens") {
  const reply = await world.ask(world.server, "GET", `${ALPHA}/${what}`, world.operator);
  assert.equal(reply.status, 200, reply.text);
}

scenario("a follower has each record once, as it comes, over kills of its own and of the server",
  { limitMs: 90_000 }, async (world) => {
    const cursor = world.site.path("cursor.json");
    await read(world);
    const seen = [];
    let follower = start(world, world.admin, ["--cursor-file", cursor]);
    await eventually("what was there", () => numbers(follower).length > 0);
    for (let round = 0; round < 4; round += 1) {
      await read(world);
      const last = await newest(world);
      await eventually(`record ${last}`, () => numbers(follower).at(-1) === last);
      if (round === 1) {
        await world.server.stop();
        await eventually("that it says so", () => /tried again every 100ms/.test(follower.out + follower.err));
        world.server = await world.site.serve();
        await eventually("that it is back", () => /the server is back/.test(follower.err));
        await read(world);
        const again = await newest(world);
        await eventually(`record ${again}`, () => numbers(follower).at(-1) === again);
        assert.equal(follower.err.match(/tried again/g).length, 1, follower.err);
      }
      // SIGKILL between two polls or in one: what was printed may come again, nothing is missing.
      await follower.stop(round % 2 === 0 ? "SIGKILL" : "SIGTERM");
      seen.push(...numbers(follower));
      follower = start(world, world.admin, ["--cursor-file", cursor]);
    }
    const last = await newest(world);
    await eventually("the cursor", () => JSON.parse(readFileSync(cursor, "utf8")).after === last);
    assert.deepEqual([...new Set(seen)], upTo(0, seen.at(-1)), "at least once, in order, none left out");
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      await read(world);
      await eventually("another record", () => lines(follower).length > 0);
      assert.equal(await follower.stop(signal), 0, `${signal}: ${follower.err}`);
      follower = start(world, world.admin, ["--cursor-file", cursor]);
    }
    await follower.stop("SIGKILL");
    rmSync(cursor);
  });

scenario("a follower with filters, in each form, says the same as the list", async (world) => {
  await read(world, "deliveries");
  const page = await world.ask(world.server, "GET",
    `${ALPHA}/records?reason=no-warrant&limit=200`, world.admin);
  const listed = page.json.items.map(({ record }) => record).reverse();
  assert.ok(listed.length > 0);
  assert.ok(page.json.items.every(({ payload }) => payload.reason === "no-warrant"));
  const once = async (...args) => {
    const child = start(world, world.admin, ["--once", ...args]);
    await child.exited;
    assert.equal(child.status, 0, child.err);
    return child;
  };
  assert.deepEqual(numbers(await once("--reason", "no-warrant")), listed);
  const events = lines(await once("--reason", "no-warrant", "--form", "ocsf")).map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ metadata }) => metadata.sequence), listed);
  assert.ok(events.every(({ unmapped }) => unmapped.reason === "no-warrant"));
  const [header, ...rows] = lines(await once("--reason", "no-warrant", "--form", "csv"));
  assert.match(header, /^record,at,type/);
  assert.deepEqual(rows.map((row) => Number(row.split(",")[0])), listed);
  assert.deepEqual(numbers(await once("--after", String(listed.at(-1)), "--reason", "no-warrant")), []);
  const csv = await world.ask(world.server, "GET", `${ALPHA}/records?reason=no-warrant&form=csv`, world.admin);
  assert.equal(csv.text.trimEnd().split("\r\n").length, listed.length + 1);
});

scenario("a follower ends where it cannot go on, and says why", async (world) => {
  const ended = async (status, told, token, ...args) => {
    const child = start(world, token, args);
    await child.exited;
    assert.equal(child.status, status, child.err);
    assert.match(child.err, told);
    assert.equal(child.out, "");
  };
  await ended(4, /^maestro: /, "mct_no-such-token");
  await ended(2, /would feed itself/, world.operator);
  await ended(2, /^maestro: every: /, world.admin, "--every", "1ms");
  await ended(2, /^maestro: after: /, world.admin, "--after", "-2");
  await ended(2, /is no cursor/, world.admin, "--cursor-file", world.site.write("odd.json", "17"));
  const bravo = world.site.run("ledger", "follow", "--tenant", "alpha");
  assert.equal(bravo.status, 2);
  assert.match(bravo.err, /only a running server is followed/);
  // Once, an operator reads; it stands in the log, and does not go on for ever.
  const before = await newest(world);
  const child = start(world, world.operator, ["--once"]);
  await child.exited;
  assert.equal(child.status, 0, child.err);
  assert.ok(numbers(child).at(-1) >= before);
  assert.ok((await newest(world)) > before);
});

scenario("a server that leaves a record out is found out", async (world) => {
  // Between the follower and the server: without record 2.
  const thief = http.createServer(async (request, response) => {
    const reply = await fetch(world.server.url + request.url, { headers: { Authorization: request.headers.authorization } });
    const body = await reply.json();
    if (Array.isArray(body.items)) body.items = body.items.filter(({ record }) => record !== 2);
    response.writeHead(reply.status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise((resolve) => thief.listen(0, "127.0.0.1", resolve));
  const child = start(world, world.admin, [], `http://127.0.0.1:${thief.address().port}`);
  await child.exited;
  thief.closeAllConnections();
  await new Promise((resolve) => thief.close(resolve));
  assert.equal(child.status, 5, child.err);
  assert.match(child.err, /records 2 to 2 were left out; they are asked for again/);
  assert.match(child.err, /record 2 of tenant alpha is missing/);
  assert.deepEqual(numbers(child), [0, 1]);
});
