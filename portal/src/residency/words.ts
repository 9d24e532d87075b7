// Places, proofs and attempts as people read them.
import type { ResidencyPlace, ResidencySource } from "../client.ts";
import { clock, time, UNKNOWN } from "../format.ts";
import { readPeriod } from "./filters.ts";

export const ANYWHERE = "local"; // the region of a tenant that is bound to none

export const regionText = (region: string | null) => (region === null ? UNKNOWN : region || "▲ not stated");

// "eu → us"
export const wayText = (src: string | null, dst: string | null) => `${regionText(src)} → ${regionText(dst)}`;

// An hour as "22 Nov 2026, 11:00 to 12:00 UTC", a moment as a time.
export function periodText(name: string, utc: boolean): string {
  const period = readPeriod(name);
  if (period === null) return name;
  const begin = time(new Date(period.begin).toISOString(), utc);
  if (!period.hour) return begin;
  return begin.replace(/:\d\d( UTC)?$/, (_, zone: string | undefined) => ` to ${clock(period.end, utc)}${zone ?? ""}`);
}

export const proofText = (ok: boolean) => (ok ? "✓ held" : "✕ not proven");

const PLACES: Record<ResidencyPlace["verdict"], string> = {
  permitted: "✓ permitted",
  "source-outside": "✕ refused: it is outside of the tenant's regions",
  "node-outside": "✕ refused: this server is outside of the tenant's regions",
  "source-unstated": "✕ refused: where it is is not stated",
};
// What is served from a place that is not stated is not proven.
export function placeText({ verdict, region }: Pick<ResidencyPlace, "verdict" | "region">, bound: boolean): string {
  if (verdict === "permitted" && bound && (region === "" || region === ANYWHERE)) return "▲ served, and not proven";
  return PLACES[verdict];
}

const CODES: Record<string, string> = {
  "cross-region": "the data, or the server, are in a region that is not permitted",
  "region-unstated": "where the data are is not stated, and that is not allowed here",
  "wrong-region": "the database's server says that it is in another region than its source",
  "foreign-sentinel": "rows of another region's probes are in this one: two regions are one database, or a copy",
};
export const codeText = (code: string) => CODES[code] ?? code;

export const attemptText = (denied: boolean) => (denied ? "✕ denied" : "▲ found by a probe");

const STEPS: Record<string, string> = {
  ok: "✓ ok", "not-permitted": "✕ not permitted, nothing was sent", "wrong-region": "✕ wrong region, nothing was sent",
  mismatch: "✕ another row came back", unavailable: "▲ no answer",
};
export const stepText = (outcome: ResidencySource["write"]) => STEPS[outcome] ?? `✕ ${outcome}`;

export const probesText = ({ probes, probes_ok: held }: { probes: number; probes_ok: number }) =>
  `${held === probes && probes > 0 ? "✓" : "✕"} ${held} of ${probes}`;
