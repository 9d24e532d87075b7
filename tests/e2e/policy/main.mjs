// Policies in a real server: OPA's own client asks it, bundles come from a bundle server and change
// under load, bad ones are refused, and what people may not see is in nothing that leaves.
import { runScenarios } from "../lib/scenario.mjs";
import "./opa_client.mjs";
import "./rollover.mjs";
import "./refusals.mjs";
import "./starts.mjs";
import "./purposes.mjs";
import "./canaries.mjs";
import "./decision_log.mjs";
import { World } from "./world.mjs";

const world = await World.start();
let status = 1;
try {
  status = await runScenarios("policy", world);
} finally {
  await world.stop();
}
process.exit(status);
