import assert from "node:assert/strict";
import { test } from "node:test";

import { keep, lineCount, offsetOf } from "../src/graphql/editing.ts";

test("the last 20 queries are kept, the newest first, each once", () => {
  let kept: string[] = [];
  for (let i = 0; i < 30; i += 1) kept = keep(kept, `{ a${i} }`);
  assert.equal(kept.length, 20);
  assert.equal(kept[0], "{ a29 }");
  kept = keep(kept, "{ a15 }");
  assert.deepEqual([kept.length, kept[0], kept[1]], [20, "{ a15 }", "{ a29 }"]);
});

test("what may hold a secret is not kept", () => {
  const secrets = [
    'mutation { x(token: "mct_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") }', "# mcl_abc\n{ a }",
    '{ x(secret: "whsec_abc") }', "# Authorization: Bearer abc\n{ a }", '{ x(t: "eyJhbGciOiJFZERTQSJ9.e30.AA") }',
  ];
  for (const query of secrets) assert.deepEqual(keep(["{ a }"], query), ["{ a }"], query);
  assert.equal(keep([], "{ tokens { id } }").length, 1);
});

test("the place of an error is found in the text", () => {
  const text = "{\n  persons {\n    nope\n  }\n}";
  assert.equal(lineCount(text), 5);
  assert.equal(text.slice(offsetOf(text, 3, 5)).startsWith("nope"), true);
  assert.equal(offsetOf(text, 1, 1), 0);
  assert.equal(offsetOf(text, 99, 1), text.length);
});
