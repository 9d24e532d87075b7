import assert from "node:assert/strict";
import { test } from "node:test";

import { proofLine, proofNames } from "../src/access/command.ts";
import { isViolation, reasonOf, typeText, whyText } from "../src/access/reasons.ts";
import type { LedgerRecord, ResidencyPlace } from "../src/client.ts";
import { withQuery } from "../src/path.ts";
import {
  attemptsAsked, type Filters, isNothing, NOTHING, proofsAsked, queryOf, readFilters, readPeriod, writeFilters,
} from "../src/residency/filters.ts";
import {
  attemptText, codeText, periodText, placeText, probesText, proofText, regionText, stepText, wayText,
} from "../src/residency/words.ts";

const some: Filters = {
  result: "not-held", code: "cross-region", actor: "a&b=c@alpha", from: "2026-11-27T11:00", to: "2026-11-27T12:00",
  period: "2026-11-22T11Z",
};

test("filters of residency go into the address and come back as they were", () => {
  const each = Object.entries(some).map(([name, value]) => ({ ...NOTHING, [name]: value }));
  for (const filters of [NOTHING, some, ...each]) {
    const address = withQuery("/residency", writeFilters(filters));
    assert.deepEqual(readFilters(new URL(address, "https://own.example").searchParams), filters);
    assert.equal(isNothing(filters), filters === NOTHING);
    assert.equal(`/residency${filters === NOTHING ? "" : "?"}${queryOf(filters)}`, address);
  }
});

test("what is no filter of residency in an address is none", () => {
  const odd = "result=maybe&code=other&from=2026-02-31T10:00&to=2026-11-27&actor=%20&tenant=alpha&window=1h";
  assert.deepEqual(readFilters(new URLSearchParams(odd)), NOTHING);
  for (const period of ["2026-02-31T11Z", "2026-11-22T24Z", "2026-11-22T11", "2026-11-22T11-60-00Z", "../x", "2026-11-22T11-00Z"]) {
    assert.equal(readFilters(new URLSearchParams({ period })).period, "", period);
    assert.equal(readPeriod(period), null, period);
  }
  assert.equal(readFilters(new URLSearchParams({ actor: "x".repeat(600) })).actor.length, 200);
});

test("proofs and attempts are asked for by instants in UTC, and each by its own filters", () => {
  assert.deepEqual(proofsAsked(NOTHING), { from: "", to: "" });
  assert.deepEqual(proofsAsked({ ...some, period: "" }), {
    from: "2026-11-27T11:00:00Z", to: "2026-11-27T12:00:00Z", ok: false,
  });
  assert.equal(proofsAsked({ ...NOTHING, result: "held" }).ok, true);
  assert.deepEqual(attemptsAsked(some), {
    code: "cross-region", actor: "a&b=c@alpha", from: "2026-11-27T11:00:00Z", to: "2026-11-27T12:00:00Z",
  });
});

test("of a proof that somebody points to, those up to its end are asked for, whatever the other filters are", () => {
  assert.deepEqual(proofsAsked(some), { from: "", to: "2026-11-22T12:00:00.000Z" });
  assert.deepEqual(proofsAsked({ ...NOTHING, period: "2026-11-22T11-42-07Z" }), { from: "", to: "2026-11-22T11:42:08.000Z" });
});

test("periods are read as hours and moments", () => {
  assert.equal(periodText("2026-11-22T11Z", true), "22 Nov 2026, 11:00 to 12:00 UTC");
  assert.equal(periodText("2026-11-22T23Z", true), "22 Nov 2026, 23:00 to 00:00 UTC");
  assert.equal(periodText("2026-11-22T11-42-07Z", true), "22 Nov 2026, 11:42:07 UTC");
  assert.doesNotMatch(periodText("2026-11-22T11Z", false), /UTC|:\d\d:\d\d/);
  assert.equal(periodText("something else", true), "something else");
});

test("what is not stated is said to be that, and never looks like a region", () => {
  assert.equal(regionText(""), "▲ not stated");
  assert.equal(regionText(null), "—");
  assert.equal(wayText("eu", "us"), "eu → us");
  assert.equal(wayText("", "us"), "▲ not stated → us");
});

test("what becomes of a request at a place, and that nothing is proven of an unnamed one", () => {
  const place = (verdict: ResidencyPlace["verdict"], region: string, bound = true) => placeText({ verdict, region }, bound);
  assert.equal(place("permitted", "eu"), "✓ permitted");
  assert.equal(place("permitted", ""), "▲ served, and not proven");
  assert.equal(place("permitted", "local"), "▲ served, and not proven");
  assert.equal(place("permitted", "", false), "✓ permitted");
  for (const verdict of ["source-outside", "node-outside", "source-unstated"] as const) {
    assert.match(place(verdict, ""), /^✕ refused: /);
  }
});

test("results are told by a sign and a word", () => {
  assert.equal(proofText(true), "✓ held");
  assert.equal(proofText(false), "✕ not proven");
  assert.equal(attemptText(true), "✕ denied");
  assert.equal(attemptText(false), "▲ found by a probe");
  assert.equal(probesText({ probes: 2, probes_ok: 2 }), "✓ 2 of 2");
  assert.equal(probesText({ probes: 2, probes_ok: 1 }), "✕ 1 of 2");
  assert.equal(probesText({ probes: 0, probes_ok: 0 }), "✕ 0 of 0", "nothing was looked at, so nothing is proven");
  assert.match(stepText("wrong-region"), /^✕ wrong region/);
  assert.equal(stepText("conflict"), "✕ conflict");
  assert.match(codeText("foreign-sentinel"), /two regions are one database/);
  assert.equal(codeText("something"), "something");
});

test("the command names the files as the server does, and quotes what a shell would take", () => {
  assert.deepEqual(proofNames("alpha", "2026-11-22T11Z"), {
    bundle: "residency-alpha-2026-11-22T11Z.sigstore.json", document: "residency-alpha-2026-11-22T11Z.json",
  });
  assert.equal(proofLine("alpha", "2026-11-22T11Z"),
    "maestro verify residency-alpha-2026-11-22T11Z.sigstore.json --trust trusted_root.json --key signer.pem " +
    "--artifact residency-alpha-2026-11-22T11Z.json");
  assert.match(proofLine("a'b", "2026-11-22T11Z"), /^maestro verify 'residency-a'\\''b-/);
});

function record(type: string, payload: Record<string, unknown> | null): LedgerRecord {
  return {
    record: 1, at: "2026-11-22T12:00:00Z", type, actor: "residency@system", action: "residency probe", purpose: "not stated",
    warrant: null, erased: payload === null, payload,
  };
}

test("the access log tells proofs, denials and finds in words", () => {
  assert.equal(whyText(record("residency", { ok: true })), "✓ held");
  assert.equal(whyText(record("residency", { ok: false })), "✕ not proven");
  assert.equal(whyText(record("residency", {})), "✕ not proven", "what does not say that it held did not");
  for (const code of ["cross-region", "region-unstated", "wrong-region"]) {
    assert.equal(reasonOf(record("denied", { reason: code })), code);
  }
  const found = record("violation", { reason: "foreign-sentinel" });
  assert.equal(reasonOf(found), "foreign-sentinel");
  assert.equal(whyText(found), "foreign-sentinel");
  assert.ok(isViolation(found));
  assert.ok(!isViolation(record("denied", {})));
  assert.equal(typeText("violation"), "▲ violation");
  assert.equal(typeText("denied"), "✕ denied");
  assert.equal(typeText("residency"), "residency");
  assert.equal(whyText(record("residency", null)), "✕ erased");
});
