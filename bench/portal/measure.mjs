// The portal's goals for speed, measured one after the other.
//
//   measure.mjs [--rounds N] [--scale PERCENT] [--dry]      --dry: keeps nothing in bench/history.jsonl
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { MAESTRO, ROOT } from "../../tests/e2e/lib/maestro.mjs";
import { Demo, browserVersion, closeBrowser, missing } from "../../tests/e2e/portal/browser.mjs";
import { filtering, interactions, paints, tables, verifying } from "./browser.mjs";
import { median, quantile, round, table } from "./figures.mjs";

const { values: options } = parseArgs({ options: {
  rounds: { type: "string", default: "11" }, scale: { type: "string", default: "2500" },
  dry: { type: "boolean", default: false },
} });
if (missing) {
  console.error(`no figures of the portal: ${missing}`);
  process.exit(3);
}
const rounds = Number(options.rounds);

function timed(command, args, more = {}) {
  const begin = performance.now();
  const done = spawnSync(command, args, { encoding: "utf8", ...more });
  if (done.status !== 0) throw new Error(`${command} ended with ${done.status}: ${done.stderr}`);
  return performance.now() - begin;
}

function buildTime() {
  const folder = mkdtempSync(join(tmpdir(), "mc-bench-portal-"));
  const build = () => timed(join(ROOT, "tools/node/run"),
    ["npm", "run", "--silent", "build", "--", "--outDir", folder, "--emptyOutDir"], { cwd: join(ROOT, "portal") });
  const took = Array.from({ length: 3 }, build);
  rmSync(folder, { recursive: true });
  return median(took);
}

const help = Array.from({ length: 2 * rounds + 1 }, () => timed(MAESTRO, ["--help"]));
const result = { bench: "portal", rounds, build_ms: buildTime(), help_ms: median(help), help_p95_ms: quantile(help, 0.95) };

const small = await Demo.start();
result.chromium = await browserVersion();
result.paint = await paints(small, rounds);
result.interaction = await interactions(small, rounds);
result.filter = await filtering(small, rounds);
result.verify = await verifying(small, rounds);
await small.child.stop("SIGINT");

const large = await Demo.start({ scale: Number(options.scale), traffic: false, limitMs: 600_000 });
result.table = await tables(large, 10 * rounds);
await closeBrowser();
await large.child.stop("SIGINT");

const { paint, interaction, filter, verify, table: rows } = result;
console.error(table([
  ["largest paint of a blank page", paint.blank_ms, "ms", null],
  ["largest paint of the overview", paint.overview_ms, "ms", 500],
  ["the same, times the blank page", paint.overview_ms / paint.blank_ms, "x", 4],
  [`key or click to next paint, p95 of ${interaction.count}`, interaction.p95_ms, "ms", 200],
  [`filter over ${filter.rows} rows, p95 of ${filter.count}`, filter.p95_ms, "ms", 100],
  [`first 50 of ${rows.rows} rows, p95`, rows.by_key.p95_ms, "ms", 150],
  ["the same with a filter, p95", rows.filtered.p95_ms, "ms", 150],
  ["the same through the console, to its paint, p95", rows.console_p95_ms, "ms", null],
  ["a receipt verified in the browser, median", verify.receipt_ms, "ms", 50],
  [`a window of ${verify.records} records verified, median`, verify.window_ms, "ms", 500],
  ["build of the portal", result.build_ms / 1000, "s", 15],
  ["maestro --help", result.help_ms, "ms", 30],
]));

const rounded = JSON.stringify(result, (_, value) =>
  (typeof value === "number" && !Number.isInteger(value) ? round(value) : value));
if (options.dry) console.log(rounded);
else execFileSync("python3", [join(ROOT, "bench/record.py")], { input: rounded, stdio: ["pipe", "inherit", "inherit"] });
process.exit(0);
