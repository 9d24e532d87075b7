import assert from "node:assert/strict";
import { test } from "node:test";

import { ownPath, withQuery } from "../src/path.ts";

test("signing in leads to this site only", () => {
  for (const good of ["/", "/datasets", "/?tenant=alpha&window=1h"]) assert.equal(ownPath(good), good);
  const bad = [
    null, "", "https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "datasets",
    "/\t/evil.example", "\\/evil.example", "/\n/evil.example",
  ];
  for (const wanted of bad) {
    const path = ownPath(wanted);
    assert.equal(new URL(path, "https://own.example").origin, "https://own.example");
    assert.equal(path, "/");
  }
});

test("only what is set is in the query, escaped", () => {
  assert.equal(withQuery("/", { tenant: "", window: "" }), "/");
  assert.equal(withQuery("/", { tenant: "a&b=c", window: "1h" }), "/?tenant=a%26b%3Dc&window=1h");
});
