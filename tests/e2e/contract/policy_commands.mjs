// The commands that work on policies as files: what they print and how they end.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { Site } from "../lib/maestro.mjs";

export const WORDS = ["check", "fmt", "eval", "test", "bench", "build", "sign", "pack", "inspect"]
  .map((word) => `policy ${word}`);

const object = (properties) =>
  ({ type: "object", required: Object.keys(properties), properties, additionalProperties: false });
const list = (items, more = {}) => ({ type: "array", items, ...more });
const TEXT = { type: "string", minLength: 1 };
const ANY_TEXT = { type: "string" };
const COUNT = { type: "integer", minimum: 0 };
const FINDINGS = object({ errors: list(object({ code: TEXT, message: TEXT, file: TEXT, row: COUNT, column: COUNT }),
  { minItems: 1 }) });
const CLEAN = object({ errors: list({}, { maxItems: 0 }) });
const CHANGED = object({ changed: list(TEXT) });
const RESULTS = object({ results: list({ type: "object" }) });
const RESULT = { ...object({ package: TEXT, name: TEXT, file: TEXT, row: COUNT, message: ANY_TEXT,
  took_ns: COUNT, printed: list(ANY_TEXT), outcome: { enum: ["passed", "failed", "skipped", "error"] } }) };
const TESTS = object({ tests: list(RESULT) });
const COVERED = object({ tests: list(RESULT), coverage: object({ percent: { type: "number" },
  files: { type: "object", additionalProperties: object({ missed: list(COUNT), covered: COUNT }) } }) });
const TIMES = object({ count: COUNT, min_ns: COUNT, p50_ns: COUNT, p99_ns: COUNT, max_ns: COUNT, instructions: COUNT });
const DIGEST = { type: "string", pattern: "^sha256:[0-9a-f]{64}$" };
const MADE = object({ path: TEXT, digest: DIGEST, bytes: COUNT });
const BUNDLE = object({ revision: ANY_TEXT, digest: DIGEST, signed_by: ANY_TEXT, roots: list(ANY_TEXT),
  files: list(object({ path: TEXT, bytes: COUNT })), plan: { type: "boolean" },
  pack: { oneOf: [{ type: "null" }, object({ channel: TEXT, issued: TEXT, expires: TEXT, base: { type: ["string", "null"] },
    checked: { type: "boolean" } })] } });
const PACKED = object({ path: TEXT, digest: DIGEST, bytes: COUNT, version: TEXT, channel: TEXT, issued: TEXT, expires: TEXT,
  files: COUNT });
const HELD = ["--channel", "prod", "--expires", "90d", "--key", "k.pem"];

const GOOD = "package a\n\nallow if input.x == 1\n\nlist := [1, 2]\n";
const FILES = {
  "good/a/a.rego": GOOD,
  "good/a/data.json": '{"n": 1}',
  "tests/a.rego": "package a\n\nallow if input.x == 1\n",
  "tests/a_test.rego": 'package a_test\n\nimport data.a\n\ntest_one if a.allow with input as {"x": 1}\n',
  "failing/b_test.rego": "package b_test\n\ntest_no if 1 == 2\n\ntest_yes if 1 == 1\n\ntodo_test_later if 1 == 2\n",
  "uncovered/c.rego": "package c\n\na if input.x\n\nb if input.y\n",
  "uncovered/c_test.rego": 'package c_test\n\nimport data.c\n\ntest_a if c.a with input as {"x": true}\n',
  "odd/layout.rego": "package a\n\n\n\nlist:=[1,2]\n",
  "bad/unsafe.rego": "package b\n\nx if y\n",
  "bad/unused.rego": "package b\n\nimport data.c\n\nx := 1\n",
  "parse/no.rego": "package b {\n",
  "input.json": '{"x": 1}',
  "no.json": "{",
};

function prepare() {
  const site = new Site("policy-commands");
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(site.path(path)), { recursive: true });
    writeFileSync(site.path(path), text);
  }
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
  site.write("k.pem", privateKey);
  site.write("k.pub", publicKey);
  return site;
}

// `check(world, what, schema, out)` holds an output against a schema.
export function policyCommands(world, check) {
  const site = prepare();
  const run = (...words) => site.runWith({ cwd: site.folder }, ...words);
  // [exit status, schema of what --json prints (null: nothing), words...]. What fails says why.
  for (const [status, schema, ...words] of [
    [0, CLEAN, "check", "good"],
    [0, CLEAN, "check", "good", "uncovered"],
    [0, CLEAN, "check", "bad/unused.rego"],
    [1, FINDINGS, "check", "--strict", "bad/unused.rego"],
    [1, FINDINGS, "check", "bad/unsafe.rego"],
    [1, FINDINGS, "check", "good", "parse"],
    [2, null, "check", "no/where"],
    [2, null, "check"],
    [0, CHANGED, "fmt", "odd"],
    [0, CHANGED, "fmt", "good", "tests/a.rego"],
    [0, CHANGED, "fmt", "--list", "good"],
    [1, CHANGED, "fmt", "--list", "odd"],
    [1, FINDINGS, "fmt", "parse"],
    [3, null, "fmt", "no/where"],
    [0, RESULTS, "eval", "data.a.allow", "-d", "good", "-i", "input.json"],
    [0, RESULTS, "eval", "x := data.a.list[_]", "-d", "good"],
    [0, RESULTS, "eval", "data.a.nothing", "-d", "good"],
    [0, RESULTS, "eval", "1 / 0"],
    [1, null, "eval", "--strict-errors", "1 / 0"],
    [0, RESULTS, "eval", "--strict-errors", "time.clock([0, \"Europe/Berlin\"])"],
    [0, RESULTS, "eval", "--strict-errors", "graphql.schema_is_valid(\"type Query { a: Int }\")"],
    [1, FINDINGS, "eval", "1 +"],
    [1, FINDINGS, "eval", "x"],
    [2, null, "eval", "data.a", "-d", "no/where"],
    [3, null, "eval", "data.a", "-i", "no/where"],
    [2, null, "eval", "data.a", "-i", "no.json"],
    [0, TESTS, "test", "tests"],
    [0, COVERED, "test", "tests", "--coverage"],
    [0, COVERED, "test", "tests", "--coverage-min", "100"],
    [1, COVERED, "test", "uncovered", "--coverage-min", "100"],
    [1, TESTS, "test", "tests", "failing"],
    [0, TESTS, "test", "failing", "--run", "yes"],
    [3, TESTS, "test", "tests", "--run", "nothing"],
    [3, TESTS, "test", "good"],
    [1, FINDINGS, "test", "bad/unsafe.rego"],
    [2, null, "test", "no/where"],
    [2, null, "test", "tests", "--coverage-min", "101"],
    [0, TIMES, "bench", "data.a.allow", "-d", "good", "-i", "input.json", "--count", "50"],
    [1, FINDINGS, "bench", "x", "-d", "good"],
    [2, null, "bench", "data.a.allow", "-d", "no/where"],
    [2, null, "bench", "data.a.allow", "-d", "good", "--count", "1"],
    [0, MADE, "build", "good", "-o", "b.tar.gz", "--revision", "r1", "--root", "a"],
    [0, MADE, "build", "good", "-o", "p.tar.gz", "--plan", "--entrypoint", "a/allow"],
    [2, null, "build", "good", "-o", "b2.tar.gz", "--root", "other"],
    [2, null, "build", "good", "-o", "p.tar.gz", "--plan"],
    [2, null, "build", "bad", "-o", "b2.tar.gz"],
    [3, null, "build", "no/where", "-o", "b2.tar.gz"],
    [2, null, "build", "good"],
    [0, BUNDLE, "inspect", "b.tar.gz"],
    [5, null, "inspect", "b.tar.gz", "--key", "k.pub", "--key-id", "k"],
    [0, MADE, "sign", "b.tar.gz", "--key", "k.pem", "--key-id", "k", "--scope", "prod"],
    [2, null, "sign", "b.tar.gz"],
    [2, null, "sign", "b.tar.gz", "--key", "k.pub"],
    [2, null, "sign", "b.tar.gz", "--key", "k.pem", "--algorithm", "ES256"],
    [2, null, "sign", "input.json", "--key", "k.pem"],
    [3, null, "sign", "no/where", "--key", "k.pem"],
    [3, null, "sign", "b.tar.gz", "--key", "no/where"],
    [0, BUNDLE, "inspect", "b.tar.gz", "--key", "k.pub", "--key-id", "k", "--scope", "prod"],
    [5, null, "inspect", "b.tar.gz", "--key", "k.pub", "--key-id", "k", "--scope", "dev"],
    [5, null, "inspect", "b.tar.gz", "--key", "k.pub", "--key-id", "other", "--scope", "prod"],
    [5, null, "inspect", "input.json"],
    [3, null, "inspect", "no/where"],
    [0, BUNDLE, "inspect", "p.tar.gz"],
    [2, null, "pack", "b.tar.gz", ...HELD],
    [2, null, "pack", "p.tar.gz", ...HELD],
    [2, null, "pack", "good", ...HELD],
    [0, MADE, "build", "good", "-o", "k.tar.gz", "--revision", "r2", "--root", "a"],
    [0, PACKED, "pack", "k.tar.gz", "-o", "ig.bundle", ...HELD],
    [5, null, "inspect", "k.tar.gz", "--key", "k.pub", "--key-id", "k"],
    [0, PACKED, "pack", "k.tar.gz", "--channel", "dev", "--expires", "2200-01-01T00:00:00Z", "--key", "k.pem"],
    [0, PACKED, "pack", "k.tar.gz", ...HELD],
    [0, BUNDLE, "inspect", "k.tar.gz"],
    [0, BUNDLE, "inspect", "k.tar.gz", "--key", "k.pub", "--key-id", "k"],
    [2, null, "pack", "k.tar.gz"],
    [2, null, "pack", "k.tar.gz", "--channel", "Prod", "--expires", "90d", "--key", "k.pem"],
    [2, null, "pack", "k.tar.gz", "--channel", "prod", "--expires", "never", "--key", "k.pem"],
    [2, null, "pack", "k.tar.gz", "--channel", "prod", "--expires", "0s", "--key", "k.pem"],
    [2, null, "pack", "k.tar.gz", "--channel", "prod", "--expires", "2020-01-01T00:00:00Z", "--key", "k.pem"],
    [2, null, "pack", "k.tar.gz", "--base", "r1", ...HELD],
    [2, null, "pack", "k.tar.gz", "--channel", "prod", "--expires", "90d", "--key", "k.pub"],
    [2, null, "pack", "k.tar.gz", "--logged", ...HELD],
    [2, null, "pack", "input.json", ...HELD],
    [3, null, "pack", "no/where", ...HELD],
    [3, null, "pack", "k.tar.gz", "--channel", "prod", "--expires", "90d", "--key", "no/where"],
  ]) {
    const what = `policy ${words.join(" ")}`;
    const done = run("--json", "policy", ...words);
    assert.equal(done.status, status, `${what}: ${done.err}`);
    if (status !== 0 && words.length > 1) assert.match(done.err, /\S/, what);
    if (schema === null) assert.equal(done.out, "", what);
    else check(world, what, schema, done.out);
  }
  const json = (...words) => JSON.parse(run("--json", "policy", ...words).out);
  assert.deepEqual(json("eval", "data.a.allow", "-d", "good", "-i", "input.json"), { results: [{ result: true }] });
  assert.deepEqual(json("eval", "data.a.nothing", "-d", "good"), { results: [] });
  assert.deepEqual(json("eval", "x").errors.map(({ message }) => message), ["var x is unsafe"]);
  assert.deepEqual(json("fmt", "--write", "odd").changed, ["odd/layout.rego"]);
  assert.equal(readFileSync(site.path("odd/layout.rego"), "utf8"), "package a\n\nlist := [1, 2]\n");
  assert.deepEqual(json("fmt", "--list", "odd").changed, []);
  assert.deepEqual(json("test", "failing").tests.map(({ outcome }) => outcome).sort(), ["failed", "passed", "skipped"]);
  const signed = json("inspect", "b.tar.gz", "--key", "k.pub", "--key-id", "k", "--scope", "prod");
  assert.equal(signed.revision, "r1");
  assert.equal(signed.signed_by, "k");
  assert.deepEqual(signed.roots, ["a"]);
  assert.equal(json("inspect", "p.tar.gz").plan, true);
  const packed = json("inspect", "k.tar.gz", "--key", "k.pub", "--key-id", "k");
  assert.equal(packed.signed_by, "k");
  assert.deepEqual([packed.pack.channel, packed.pack.base, packed.pack.checked], ["prod", null, true]);
  assert.equal(json("inspect", "k.tar.gz").pack.checked, false);
  assert.equal(json("inspect", "p.tar.gz").pack, null);
  // What is only tried changes nothing.
  const dry = run("--json", "--dry-run", "policy", "build", "good", "-o", "dry.tar.gz");
  assert.equal(dry.status, 0, dry.err);
  assert.ok(!existsSync(site.path("dry.tar.gz")));
  // The same folder gives the same bytes.
  const again = json("build", "good", "-o", "b3.tar.gz", "--revision", "r1", "--root", "a");
  const bytes = readFileSync(site.path("b3.tar.gz"));
  assert.equal(json("build", "good", "-o", "b3.tar.gz", "--revision", "r1", "--root", "a").digest, again.digest);
  assert.ok(readFileSync(site.path("b3.tar.gz")).equals(bytes));
}
