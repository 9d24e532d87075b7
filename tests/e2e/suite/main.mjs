// One world, all scenarios:  node main.mjs sqlite | postgres | apollo
//
//   sqlite    datasets in one SQLite file
//   postgres  datasets and state in the PostgreSQL of MC_TEST_POSTGRES_URL
//   apollo    the same schema served by an Apollo Server behind maestro
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { eventually } from "../lib/children.mjs";
import { post } from "../lib/http.mjs";
import { runScenarios } from "../lib/scenario.mjs";
import { makeWorld } from "./world.mjs";

const kind = process.argv[2];
const begin = Date.now();
const world = await makeWorld(kind);
console.log(`world ${kind}: ${world.graphql}, made in ${Date.now() - begin} ms`);
world.post = (body, who = world.tokens.admin, options = {}) =>
  post(world.graphql, who, body, options);
world.logLine = (matches) => eventually("a log line", () =>
  world.server.logLines().find((line) => line.event === "request.done" && matches(line)));

const folder = fileURLToPath(new URL(".", import.meta.url));
for (const file of readdirSync(folder).sort()) {
  if (!["main.mjs", "check.mjs", "world.mjs"].includes(file)) await import(join(folder, file));
}
const status = await runScenarios(kind, world);
await world.close();
process.exit(status);
