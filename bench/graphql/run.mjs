// Parse speed of MC and graphql-js side by side, CPU time, best of several rounds that alternate
// between the two. Prints one JSON line.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, version } from 'graphql';

import { aliases, introspection, small } from './documents.mjs';

const ROUNDS = 5;
const ROUND_MIN_US = 150_000;
const program = join(dirname(fileURLToPath(import.meta.url)), '../../build/release/bin/graphql_parse_bench');

function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

// Microseconds for one parse.
function measure(source) {
  let times = 0;
  const before = cpuUs();
  let spent = 0;
  do {
    for (let i = 0; i < 8; i++) parse(source);
    times += 8;
    spent = cpuUs() - before;
  } while (spent < ROUND_MIN_US);
  return spent / times;
}

const documents = { small, introspection, aliases: aliases() };
const folder = mkdtempSync(join(tmpdir(), 'mc-bench-'));
const files = Object.entries(documents).map(([name, text]) => {
  const file = join(folder, `${name}.graphql`);
  writeFileSync(file, text);
  return file;
});
const best = {};
let bombUs = Infinity;
for (const name of Object.keys(documents)) best[name] = { bytes: 0, mc_us: Infinity, js_us: Infinity };
for (let round = 0; round < ROUNDS; round++) {
  const line = JSON.parse(execFileSync(program, files, { encoding: 'utf8' }));
  bombUs = Math.min(bombUs, line.fragment_bomb_measure_us);
  for (const [i, name] of Object.keys(documents).entries()) {
    best[name].bytes = line.documents[i].bytes;
    best[name].mc_us = Math.min(best[name].mc_us, line.documents[i].us);
    best[name].js_us = Math.min(best[name].js_us, measure(documents[name]));
  }
}
rmSync(folder, { recursive: true });
const round = (value) => Number(value.toPrecision(4));
const rows = Object.entries(best).map(([name, { bytes, mc_us, js_us }]) => ({
  name,
  bytes,
  mc_us: round(mc_us),
  mc_mb_per_s: round(bytes / mc_us),
  js_us: round(js_us),
  js_mb_per_s: round(bytes / js_us),
  times_faster: round(js_us / mc_us),
}));
console.log(JSON.stringify({ bench: 'graphql.parse', graphql_js: version, machine: cpus()[0].model,
  load: round(loadavg()[0]), fragment_bomb_measure_us: round(bombUs), rows }));
