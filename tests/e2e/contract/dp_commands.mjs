// The falsifier as a command: what it prints and how it ends.
import assert from "node:assert/strict";

import { Site } from "../lib/maestro.mjs";

export const WORDS = ["dp audit"];

const object = (properties) =>
  ({ type: "object", required: Object.keys(properties), properties, additionalProperties: false });
const TEXT = { type: "string", minLength: 1 };
const AMOUNT = { type: "number", minimum: 0 };
const CHANCE = { type: "number", minimum: 0, maximum: 1 };
const orNull = (schema) => ({ anyOf: [{ type: "null" }, schema] });
const AUDIT = object({
  holds: { const: true }, samples: { type: "integer", minimum: 1000 }, noise_source: { const: "csprng" }, error_chance: CHANCE,
  pairs: { type: "array", minItems: 1, items: object({
    mechanism: TEXT, pair: TEXT, holds: { const: true }, epsilon: AMOUNT, epsilon_at_least: AMOUNT, delta: CHANCE,
    rho: orNull(AMOUNT), rho_at_least: orNull(AMOUNT), event: TEXT, chance: CHANCE, chance_other: CHANCE }) },
});

// `check(world, what, schema, out)` holds an output against a schema.
export function dpCommands(world, check) {
  const site = new Site("dp-commands");
  site.configure("");
  const run = (...words) => site.runWith({ cwd: site.folder }, ...words);
  const done = run("--json", "dp", "audit", "--samples", "2000");
  assert.equal(done.status, 0, done.err);
  const all = check(world, "dp audit", AUDIT, done.out);
  assert.ok(all.pairs.length >= 20);
  const one = check(world, "dp audit --mechanism", AUDIT,
    run("--json", "dp", "audit", "--mechanism", "differencing", "--samples", "20000").out);
  assert.equal(one.pairs.length, 1);
  assert.ok(one.pairs[0].epsilon_at_least > 0);
  assert.match(run("dp", "audit", "--mechanism", "top", "--samples", "2000").out, /^claim +mechanism/);
  for (const words of [["--samples", "999"], ["--samples", "x"], ["--mechanism", "none"], ["--samples", "100000001"]]) {
    const refused = run("dp", "audit", ...words);
    assert.equal(refused.status, 2, `${words.join(" ")}: ${refused.out}${refused.err}`);
    assert.equal(refused.out, "");
  }
}
