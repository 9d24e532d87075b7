// The commands on k-anonymous releases, which ask no server: what they print and how they end. What
// they do is for tests/e2e/kanon.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { HIERARCHIES, config, people } from "../kanon/tables.mjs";
import { Site } from "../lib/maestro.mjs";

export const WORDS = ["kanon run", "kanon preview", "kanon verify"];

const WHOLE = { type: "integer", minimum: 0 };
const DECIMAL = { type: "string", pattern: "^[0-9]+([.][0-9]{1,12})?$" };
const HASH = { type: "string", pattern: "^[0-9a-f]{64}$" };
const TEXT = { type: "string", minLength: 1 };
const object = (properties, optional = []) => ({ type: "object", properties, additionalProperties: false,
  required: Object.keys(properties).filter((name) => !optional.includes(name)) });
const LEVELS = { type: "array", items: WHOLE, minItems: 1 };
const SUMMARY = { rows_in: WHOLE, rows_out: WHOLE, suppressed: WHOLE, suppressed_max: WHOLE, k: WHOLE, classes: WHOLE,
  class_min: WHOLE, method: { enum: ["global", "local"] }, levels: LEVELS, loss: DECIMAL, loss_arithmetic: DECIMAL,
  bound: DECIMAL, optimal: { type: "boolean" }, nodes: WHOLE };
const RISK = object({ prosecutor_highest: DECIMAL, prosecutor_average: DECIMAL, journalist_highest: DECIMAL,
  journalist_average: DECIMAL, marketer: DECIMAL, smallest_class: WHOLE, rows_below_k: WHOLE });
const RUN = object({ ...SUMMARY, release: TEXT, manifest: TEXT, sha256: HASH, written: { type: "boolean" } }, ["levels"]);
const PREVIEW = object({ ...SUMMARY,
  columns: { type: "array", minItems: 1, items: object({ name: TEXT, level: WHOLE, level_max: WHOLE, loss: DECIMAL,
    suppressed: WHOLE }, ["level", "suppressed"]) },
  risk_before: RISK, risk_after: RISK,
  quality: object({ precision: DECIMAL, discernibility: WHOLE, average_class_micro: WHOLE, ambiguity: DECIMAL, entropy: DECIMAL }),
  sizes: { type: "array", items: object({ rows: WHOLE, classes: WHOLE }) },
}, ["levels"]);
const VERIFY = object({ subject: { const: "kanon-release" }, verified: { type: "boolean" },
  steps: { type: "array", minItems: 1, items: object({ step: TEXT, outcome: { enum: ["passed", "failed", "skipped"] },
    reason: TEXT, detail: { type: "string" } }, ["reason"]) } });

// `check(world, what, schema, out)` holds an output against a schema.
export function kanonCommands(world, check) {
  const site = new Site("kanon-commands");
  mkdirSync(site.path("h"));
  for (const [file, text] of Object.entries(HIERARCHIES)) site.write(join("h", file), text);
  site.write("in.csv", people());
  site.write("c.yaml", config());
  site.write("local.yaml", config({ method: "local" }));
  site.write("much.yaml", config({ k: 10_000 }));
  site.write("odd.yaml", config({ kk: 1 }));
  const run = (...words) => site.runWith({ cwd: site.folder }, "--json", "kanon", ...words);
  const from = (file) => ["--input", "in.csv", "--config", file];
  const held = ["--input", "o.csv", "--manifest", "m.json"];
  const out = ["--out", "o.csv", "--manifest", "m.json"];
  for (const [schema, ...words] of [
    [RUN, "run", ...from("c.yaml"), ...out, "--dry-run"],
    [PREVIEW, "preview", ...from("c.yaml")],
    [PREVIEW, "preview", ...from("local.yaml")],
    [RUN, "run", ...from("local.yaml"), ...out],
    [RUN, "run", ...from("c.yaml"), ...out],
    [VERIFY, "verify", ...held],
    [VERIFY, "verify", ...held, "--hierarchies", "h"],
  ]) {
    const done = run(...words);
    assert.equal(done.status, 0, `${words.join(" ")}: ${done.err}`);
    check(world, `kanon ${words.join(" ")}`, schema, done.out);
  }
  const changed = run("verify", "--input", "in.csv", "--manifest", "m.json");
  assert.equal(changed.status, 5);
  assert.equal(check(world, "kanon verify of another file", VERIFY, changed.out).verified, false);
  for (const [status, said, ...words] of [
    [2, /kk/, "run", ...from("odd.yaml"), ...out],
    [2, /kk/, "preview", ...from("odd.yaml")],
    [3, /none/, "preview", ...from("none.yaml")],
    [6, /no generalisation/, "run", ...from("much.yaml"), ...out],
    [6, /no generalisation/, "preview", ...from("much.yaml")],
    [3, /none/, "verify", "--input", "none", "--manifest", "m.json"],
    [2, /--manifest/, "verify", "--input", "o.csv"],
  ]) {
    const done = run(...words);
    assert.equal(done.status, status, `${words.join(" ")}: ${done.out}${done.err}`);
    assert.match(done.err, said, words.join(" "));
    assert.equal(done.out, "");
  }
}
