// Operations of a maestro as an operator does them; each scenario has a data directory of its own.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

import { runScenarios } from "./lib/scenario.mjs";

const folder = fileURLToPath(new URL("operations", import.meta.url));
for (const file of readdirSync(folder).sort()) await import(join(folder, file));
process.exit(await runScenarios("operations", { capabilities: new Set() }));
