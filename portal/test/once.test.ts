// What is clicked twice is done once, and what went wrong is told, whatever it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { asProblem, Problem } from "../src/api.ts";
import { Once } from "../src/once.ts";

test("what runs is not begun again, and can be when it is over, also when it failed", async () => {
  const once = new Once();
  const told: boolean[] = [];
  let begun = 0;
  let end = () => {};
  const call = () => new Promise<void>((resolve) => {
    begun += 1;
    end = resolve;
  });
  const first = once.run(call, (runs) => told.push(runs));
  assert.equal(await once.run(call, (runs) => told.push(runs)), false);
  assert.deepEqual([begun, told], [1, [true]]);
  end();
  assert.equal(await first, true);
  assert.deepEqual(told, [true, false]);
  const fails = () => Promise.reject(new Error("no"));
  await assert.rejects(once.run(fails, (runs) => told.push(runs)));
  const again = once.run(call, (runs) => told.push(runs));
  end();
  assert.equal(await again, true);
  assert.equal(begun, 2);
});

test("an error that is no problem is told as one", () => {
  const own = new Problem(409, "conflict", "it was changed");
  assert.equal(asProblem(own), own);
  const { status, code, message } = asProblem(new TypeError("x is no function"));
  assert.deepEqual([status, code, message], [0, "broken", "TypeError: x is no function"]);
});
