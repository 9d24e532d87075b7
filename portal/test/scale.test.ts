import assert from "node:assert/strict";
import { test } from "node:test";

import { largest, path, ticks } from "../src/chart/scale.ts";

test("ticks are round, begin at 0 and reach the largest value", () => {
  for (const max of [0.0003, 0.07, 1, 3, 9.99, 10, 11, 250, 12_345, 7e6]) {
    const marks = ticks(max);
    assert.equal(marks[0], 0);
    assert.ok((marks.at(-1) ?? 0) >= max, `${max}: ${marks}`);
    assert.ok((marks.at(-2) ?? 0) < max, `${max}: ${marks}`);
    assert.ok(marks.length >= 3 && marks.length <= 6, `${max}: ${marks}`);
    const step = (marks[1] ?? 0) / 10 ** Math.floor(Math.log10(marks[1] ?? 1));
    assert.ok([1, 2, 2.5, 5].some((round) => Math.abs(round - step) < 1e-9), `${max}: ${marks}`);
  }
});

test("nothing to show still has an axis", () => {
  for (const max of [0, -1, NaN, Infinity]) assert.deepEqual(ticks(max), [0, 1]);
  assert.equal(largest([[null, null], []]), 0);
});

test("a gap is a gap, and a value alone is a dot", () => {
  const draw = (values: (number | null)[]) => path(values, (i) => i, (v) => v);
  assert.equal(draw([1, 2, null, 3, 4]), "M0.0 1.0L1.0 2.0M3.0 3.0L4.0 4.0");
  assert.equal(draw([null, 5, null]), "M1.0 5.0h0.1");
  assert.equal(draw([null, null]), "");
  assert.equal(draw([0, 0]), "M0.0 0.0L1.0 0.0");
});
