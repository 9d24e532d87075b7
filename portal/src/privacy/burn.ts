// The burn-down of a window: what was left by each day, and how it goes on.
import type { PrivacyBurnDown } from "../client.ts";

const DAY_MS = 86_400_000;
const DAYS_MAX = 400;

export interface Burn {
  days: string[]; // as 2026-11-06
  left: (number | null)[]; // of epsilon, at the end of each day until today
  forecast: (number | null)[]; // from today on
  earliest: (number | null)[];
  latest: (number | null)[];
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

// Straight from `left` on the day `from` to nothing at `end`.
function fall(days: number[], from: number, left: number, end: number): (number | null)[] {
  return days.map((day, i) => (i < from ? null : Math.max(0, left * (1 - (day - days[from]!) / Math.max(1, end - days[from]!)))));
}

// Null: without a limit nothing is left or used up.
export function burnOf(burn: PrivacyBurnDown): Burn | null {
  if (burn.limit === null || burn.points.length === 0) return null;
  const limit = Number(burn.limit);
  const start = Date.parse(burn.window_start);
  const count = Math.min(DAYS_MAX, Math.max(burn.points.length, Math.ceil((Date.parse(burn.window_end) - start) / DAY_MS)));
  const days = Array.from({ length: count }, (_, i) => start + i * DAY_MS);
  const left = days.map((_, i) => {
    const point = burn.points[i];
    return point === undefined ? null : Math.max(0, limit - Number(point.spent));
  });
  const today = burn.points.length - 1;
  const nothing = days.map(() => null);
  const { forecast } = burn;
  const out: Burn = { days: days.map(dayOf), left, forecast: nothing, earliest: nothing, latest: nothing };
  if (forecast === null) return out;
  const now = Number(forecast.left);
  const rate = Number(forecast.per_day);
  const line = (end: string | null) => (end === null ? null : fall(days, today, now, Date.parse(end)));
  const mean = days.map((_, i) => (i < today ? null : Math.max(0, now - rate * (i - today))));
  out.forecast = line(forecast.exhausted_at) ?? mean;
  out.earliest = line(forecast.earliest) ?? nothing;
  out.latest = line(forecast.latest) ?? (forecast.earliest === null ? nothing : days.map((_, i) => (i < today ? null : now)));
  return out;
}

// Between the two lines, from left to right and back; "" where one of them is not known.
export function band(low: (number | null)[], high: (number | null)[], x: (i: number) => number, y: (v: number) => number): string {
  const known = low.flatMap((value, i) => (value === null || (high[i] ?? null) === null ? [] : [i]));
  if (known.length < 2) return "";
  const point = (values: (number | null)[]) => (i: number) => `${x(i).toFixed(1)} ${y(values[i]!).toFixed(1)}`;
  return `M${[...known.map(point(high)), ...known.reverse().map(point(low))].join("L")}Z`;
}
