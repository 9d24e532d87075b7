import assert from "node:assert/strict";
import { test } from "node:test";

import type { Session } from "../src/client.ts";
import { sessionEnd } from "../src/ends.ts";

const session = (expires_at: string, idle_expires_at: string) => ({
  session: { id: "s", method: "link", expires_at, idle_expires_at },
  server: { version: "", time: "2026-11-27T10:00:00Z", demo: false },
}) as unknown as Session;
const HOUR = 3_600_000;

test("a session ends when nothing was heard for its idle time, on this computer's clock", () => {
  const one = session("2026-11-27T18:00:00Z", "2026-11-27T11:00:00Z");
  assert.deepEqual(sessionEnd(one, 0, 0), { at: HOUR, idle: true });
  assert.deepEqual(sessionEnd(one, 0, 7 * 60_000), { at: HOUR + 7 * 60_000, idle: true });
});

test("an answer from before the session prolongs nothing", () => {
  const one = session("2026-11-27T18:00:00Z", "2026-11-27T11:00:00Z");
  assert.equal(sessionEnd(one, 10, 5)?.at, HOUR + 10);
});

test("no answer keeps a session over its age", () => {
  const one = session("2026-11-27T11:30:00Z", "2026-11-27T11:00:00Z");
  assert.deepEqual(sessionEnd(one, 0, HOUR), { at: 1.5 * HOUR, idle: false });
});

test("a caller without a session has no end", () => {
  assert.equal(sessionEnd({ ...session("", ""), session: null }, 0, 0), null);
});
