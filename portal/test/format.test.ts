import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, clock, count, date, millis, rate, share, time, UNKNOWN } from "../src/format.ts";

test("what is unknown is a dash, and zero is zero", () => {
  for (const text of [count, millis, rate]) {
    assert.equal(text(null), UNKNOWN);
    assert.notEqual(text(0), UNKNOWN);
  }
  assert.equal(share(null, 5), UNKNOWN);
  assert.equal(share(1, null), UNKNOWN);
  assert.equal(share(0, 0), UNKNOWN);
  assert.equal(share(0, 5), "0 %");
});

test("numbers have few digits", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(millis(0.2649), "0.265 ms");
  assert.equal(millis(1460), "1.46 s");
  assert.equal(rate(19.666), "19.7/s");
  assert.equal(share(1, 3), "33.3 %");
});

test("times in words, and never in the future", () => {
  assert.equal(ago(1_000, 500), "0 s ago");
  assert.equal(ago(0, 59_000), "59 s ago");
  assert.equal(ago(0, 119_000), "1 min ago");
  assert.equal(ago(0, 7_200_000), "2 h ago");
  assert.equal(ago(0, 200_000_000), "2 d ago");
});

test("times of the server are shown in UTC, and nonsense as a dash", () => {
  assert.equal(time("2026-11-06T10:00:05.000Z", true), "6 Nov 2026, 10:00:05 UTC");
  assert.equal(clock(Date.parse("2026-11-06T23:07:59Z"), true), "23:07");
  assert.equal(time("soon", true), UNKNOWN);
});

test("days are shown as dates, and nonsense as a dash", () => {
  assert.equal(date("2026-11-06"), "6 Nov 2026");
  for (const odd of ["", "soon", "2026-13-01"]) assert.equal(date(odd), UNKNOWN);
});

test("numbers and times are what Intl says in British English", () => {
  const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
  const three = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 3 });
  const parts = { dateStyle: "medium", timeStyle: "medium" } as const;
  for (let i = 0; i < 2000; i += 1) {
    const value = 10 ** ((i / 2000) * 11 - 3) * (1 + (i % 7) / 7);
    assert.equal(count(value), whole.format(value));
    assert.equal(rate(value), `${three.format(value)}/s`);
    const at = new Date(1_700_000_000_000 + i * 40_000_007);
    const zoned = (timeZone?: string) => new Intl.DateTimeFormat("en-GB", { ...parts, timeZone }).format(at).replace("Sept", "Sep");
    assert.equal(time(at.toISOString(), true), `${zoned("UTC")} UTC`);
    assert.equal(time(at.toISOString(), false), zoned());
  }
});
