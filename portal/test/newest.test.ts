// Only the newest of what was put is used, however slow an older one is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Newest } from "../src/newest.ts";

interface Held<T> {
  value: Promise<T>;
  come: (value: T) => void;
  fail: () => void;
}

function held<T>(): Held<T> {
  const out = {} as Held<T>;
  out.value = new Promise<T>((resolve, reject) => {
    out.come = resolve;
    out.fail = () => reject(new Error("it cannot be read"));
  });
  return out;
}

test("what was asked for with an older one is not done when that comes", async () => {
  const newest = new Newest<string>();
  const [slow, quick] = [held<string>(), held<string>()];
  const used: (string | null)[] = [];
  const use = () => newest.use(async (value) => {
    used.push(value);
  });
  const first = newest.put(slow.value);
  const asked = use();
  const second = newest.put(quick.value);
  quick.come("quick");
  slow.come("slow");
  await asked;
  assert.deepEqual(used, []);
  assert.deepEqual([first(), second()], [false, true]);
  await use();
  assert.deepEqual(used, ["quick"]);
});

test("who is at work with one hears that another was put meanwhile", async () => {
  const newest = new Newest<string>();
  const seen: boolean[] = [];
  newest.put(Promise.resolve("a"));
  await newest.use(async (_, still) => {
    seen.push(still());
    newest.put(Promise.resolve("b"));
    seen.push(still());
  });
  assert.deepEqual(seen, [true, false]);
});

test("none yet, and one that did not come, are null", async () => {
  const newest = new Newest<string>();
  const used: (string | null)[] = [];
  const use = () => newest.use(async (value) => {
    used.push(value);
  });
  await use();
  const broken = held<string>();
  newest.put(broken.value);
  const asked = use();
  broken.fail();
  await asked;
  assert.deepEqual(used, [null, null]);
});
