import assert from "node:assert/strict";
import { test } from "node:test";
import { Ahead } from "../src/ahead.ts";

test("what is asked ahead is asked once, there when it came, and for one who takes it", async () => {
  const ahead = new Ahead();
  let asked = 0;
  ahead.start("a", async () => (asked += 1));
  assert.equal(asked, 1);
  assert.equal(ahead.here("a"), null);
  assert.equal(ahead.here("b"), null);
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(ahead.here("a"), { value: 1 });
  assert.equal(await ahead.take("a"), 1);
  assert.equal(ahead.here("a"), null);
  assert.equal(ahead.take("a"), null);
  assert.equal(asked, 1);
});

test("what failed is told to who takes it, and to nobody else", async () => {
  const ahead = new Ahead();
  ahead.start("a", () => Promise.reject(new Error("no network")));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ahead.here("a"), null);
  await assert.rejects(ahead.take("a") ?? Promise.resolve(), { message: "no network" });
});

test("what is forgotten is not there", async () => {
  const ahead = new Ahead();
  ahead.start("a", async () => 1);
  ahead.forget();
  assert.equal(ahead.take("a"), null);
});
