// Policies in a real server: OPA's own client asks it, bundles come from a bundle server and change
// under load, bad ones are refused, and what people may not see is in nothing that leaves.
import { runScenarios } from "../lib/scenario.mjs";
import { World } from "./world.mjs";

// With `postgres`: only what a database may give away, in the PostgreSQL of MC_TEST_POSTGRES_URL.
const PARTS = process.argv[2] === "postgres" ? ["canaries"]
  : ["opa_client", "rollover", "refusals", "packs", "starts", "purposes", "reach", "elsewhere", "canaries", "upstream",
    "decision_log"];
for (const part of PARTS) await import(`./${part}.mjs`);

const world = await World.start();
let status = 1;
try {
  status = await runScenarios("policy", world);
} finally {
  await world.stop();
}
process.exit(status);
