// The server as transparency log and timestamp authority of others, and maestro's own bundles in
// others' hands: sigstore-js and openssl sign and verify against it, beside readers of this suite's
// own for the log's tiles and for key files.
import { runScenarios } from "../lib/scenario.mjs";
import "./sigstore_js.mjs";  // first: it begins the log
import "./own_bundles.mjs";
import "./log.mjs";
import "./timestamps.mjs";
import "./refusals.mjs";
import "./key_files.mjs";
import "./receipts.mjs";
import "./rekor1.mjs";
import "./remote_time.mjs";
import "./rotation.mjs";
import { World } from "./world.mjs";

const world = await World.start();
let status = 1;
try {
  status = await runScenarios("sigstore", world);
} finally {
  await world.stop();
}
process.exit(status);
