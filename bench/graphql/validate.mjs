// Validation time of MC and graphql-js side by side: CPU time, best of several rounds that
// alternate between the two. Prints one JSON line. Needs what run.sh prepares.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSchema, parse, validate, version } from 'graphql';

import { documents, schema } from './validate_documents.mjs';

const ROUNDS = 3;
const ROUND_MIN_US = 100_000;
const program = join(dirname(fileURLToPath(import.meta.url)), '../../build/release/bin/graphql_validate_bench');
const built = buildSchema(schema);

function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

// Microseconds for one validation.
function measure(document) {
  let times = 0;
  const before = cpuUs();
  let spent = 0;
  do {
    validate(built, document);
    times++;
    spent = cpuUs() - before;
  } while (spent < ROUND_MIN_US);
  return spent / times;
}

const folder = mkdtempSync(join(tmpdir(), 'mc-bench-'));
const put = (name, text) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const files = [put('schema', schema), ...Object.entries(documents).map(([name, text]) => put(name, text))];
const rows = Object.entries(documents).map(([name, text]) => {
  const parsed = parse(text);
  return { name, bytes: text.length, parsed, mc_errors: 0, js_errors: validate(built, parsed).length, mc_us: Infinity, js_us: Infinity };
});
for (let round = 0; round < ROUNDS; round++) {
  const line = JSON.parse(execFileSync(program, files, { encoding: 'utf8' }));
  for (const [i, row] of rows.entries()) {
    row.mc_us = Math.min(row.mc_us, line.documents[i].us);
    row.mc_errors = line.documents[i].errors;
    row.js_us = Math.min(row.js_us, measure(row.parsed));
  }
}
rmSync(folder, { recursive: true });
const round = (value) => Number(value.toPrecision(4));
const shown = rows.map(({ name, bytes, mc_errors, js_errors, mc_us, js_us }) => ({ name, bytes, mc_errors,
  js_errors, mc_us: round(mc_us), js_us: round(js_us), times_faster: round(js_us / mc_us) }));
console.log(JSON.stringify({ bench: 'graphql.validate', graphql_js: version, machine: cpus()[0].model,
  load: round(loadavg()[0]), rows: shown }));
