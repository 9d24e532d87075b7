// The small readers that the verifier stands on, and what it must not have.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fromAnyBase64, fromBase64, fromHex, isBase64, isHex, toBase64, toHex } from "../src/verify/bytes.ts";
import { parseJson } from "../src/verify/json.ts";
import { Invalid } from "../src/verify/report.ts";
import { parseRecordTime, parseTime } from "../src/verify/time.ts";

const refuses = (read: () => unknown, what: string) => assert.throws(read, Invalid, what);

test("base64 and hexadecimal have one spelling, and only the second alphabet may leave out its padding", () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + length * 7) % 256);
    const text = Buffer.from(bytes).toString("base64");
    assert.equal(toBase64(bytes), text);
    assert.deepEqual(fromBase64(text), bytes);
    const url = Buffer.from(bytes).toString("base64url");
    if (/[-_]/.test(url)) assert.deepEqual(fromAnyBase64(url), bytes);
    assert.deepEqual(fromAnyBase64(text.replaceAll("+", "-").replaceAll("/", "_")), bytes);
    assert.ok(isBase64(text));
    assert.equal(toHex(bytes), Buffer.from(bytes).toString("hex"));
    assert.deepEqual(fromHex(toHex(bytes)), bytes);
    assert.ok(isHex(bytes, toHex(bytes)));
    assert.equal(isHex(bytes, `${toHex(bytes)}00`), false);
  }
  for (const text of [
    "A", "AA", "AAA", "A===", "====", "=", "AB==", "AAB=", "AA=A", "AA==AA==", "AA\n=", "AAA\u0100", "-_-_", " ",
  ]) {
    refuses(() => fromBase64(text), text);
    assert.equal(isBase64(text), false, text);
  }
  for (const text of ["-A+A", "A", "-", "-A===", "-B", "-=A="]) refuses(() => fromAnyBase64(text), text);
  for (const text of ["0", "0g", "zz"]) refuses(() => fromHex(text), text);
});

test("JSON is what RFC 8259 says, and nothing that it leaves open", () => {
  const rows: [string, unknown][] = [
    ["9007199254740993", 9007199254740993n], ["-0", -0], ["1.5e3", 1500], ["9223372036854775808", 9223372036854775808],
    ['"\\u00e9\\ud83d\\ude00\\/"', "é😀/"], [" [ 1 , true ] ", [1n, true]],
    ['{"a":{},"":null}', new Map<string, unknown>([["a", new Map()], ["", null]])],
  ];
  for (const [text, value] of rows) assert.deepEqual(parseJson(text), value, text);
  for (const text of [
    "", "01", "1.", ".5", "1e", "+1", "--1", "1e999", "nul", "True", "[1,]", "[,1]", "[1", '{"a":1,}', '{"a"}', "{a:1}",
    "{1:1}", '{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '"\u0000"', '"\n"', '"\\x"', '"\\u12"', '"\\ud800"', '"\\udc00"',
    '"\\ud800\\u0041"', '"', '"\\', "1 1", "[]]", "'a'", "/**/1", "\u00a01", "NaN", "[".repeat(66) + "]".repeat(66),
  ]) {
    refuses(() => parseJson(text), text);
  }
});

test("times are of the calendar, and a record's have one form", () => {
  assert.equal(parseTime("1970-01-01T00:00:00.000000001Z"), 1n);
  assert.equal(parseTime("2026-11-28T12:00:00+02:00"), parseTime("2026-11-28t10:00:00.0z"));
  assert.equal(parseRecordTime("2024-02-29T23:59:59.999Z"), Date.parse("2024-02-29T23:59:59.999Z"));
  for (const text of [
    "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z",
    "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "1969-12-31T23:59:59Z",
    "2262-01-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00.1234567890Z", "2024-01-01T00:00:00+24:00",
  ]) {
    refuses(() => parseTime(text), text);
    refuses(() => parseRecordTime(text), text);
  }
  for (const text of [
    "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.0000Z", "2024-01-01T00:00:00.00+Z", "2024-01-01t00:00:00.000Z",
  ]) {
    refuses(() => parseRecordTime(text), text);
  }
});

test("the verifier has no code for a network", () => {
  const folder = new URL("../src/verify/", import.meta.url);
  const network = /\bfetch\b|XMLHttpRequest|WebSocket|EventSource|WebTransport|sendBeacon|importScripts/;
  for (const name of readdirSync(folder)) {
    const text = readFileSync(new URL(name, folder), "utf8");
    assert.doesNotMatch(text, network, name);
    for (const [, still, later] of text.matchAll(/\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/g)) {
      assert.match((still ?? later)!, /^\.\/\w+\.ts$|^@noble\/(hashes|curves)\//, name);
    }
  }
});
