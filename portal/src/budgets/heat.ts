// Tenants by routes: which are shown, what a cell says, and how it is coloured.
import { count, millis, share, UNKNOWN } from "../format.ts";
import type { UsageRow, UsageStep } from "./wire.ts";

export const TENANTS_MAX = 24;
export const ROUTES_MAX = 12;

export type Measure = "away" | "asked" | "wait";
export const MEASURES: readonly (readonly [Measure, string])[] = [
  ["away", "Share turned away"], ["asked", "Requests"], ["wait", "Wait, p95"],
];

export const awayOf = ({ rejected, shed }: UsageStep) => rejected + shed;
export const askedOf = (step: UsageStep) => step.admitted + awayOf(step);

// Upper ends of the bands: of shares, and of milliseconds. What is above the last is in a band of its own.
const AWAY = [0, 0.01, 0.05, 0.2];
const WAIT = [1, 10, 50, 250];
const ASKED = [0, 0.25, 0.5, 0.75]; // of the most that a row has
const BANDS: Record<Measure, readonly string[]> = {
  away: ["none", "to 1 %", "to 5 %", "to 20 %", "more"],
  asked: ["none", "to a quarter of the most", "to a half", "to three quarters", "more"],
  wait: ["to 1 ms", "to 10 ms", "to 50 ms", "to 250 ms", "more"],
};
export const bandsOf = (measure: Measure) => BANDS[measure];

const bandIn = (ends: readonly number[], value: number) => {
  const found = ends.findIndex((end) => value <= end);
  return found < 0 ? ends.length : found;
};

// 0 to 4; null where nothing is known. `top`: the most requests that a row has.
export function bandOf(measure: Measure, row: UsageRow | undefined, top: number): number | null {
  const asked = row ? askedOf(row) : 0;
  if (!row || asked === 0) return null;
  if (measure === "asked") return bandIn(ASKED, asked / top);
  if (measure === "away") return bandIn(AWAY, awayOf(row) / asked);
  return bandIn(WAIT, row.wait_p95_ms);
}

export function cellText(measure: Measure, row: UsageRow | undefined): string {
  const asked = row ? askedOf(row) : 0;
  if (!row || asked === 0) return UNKNOWN;
  if (measure === "asked") return count(asked);
  return measure === "away" ? share(awayOf(row), asked) : millis(row.wait_p95_ms);
}

// All of a cell in words, whatever its colour is of.
export function cellName(tenant: string, route: string, row: UsageRow | undefined): string {
  const asked = row ? askedOf(row) : 0;
  if (!row || asked === 0) return `${tenant} on ${route}: no requests`;
  const requests = `${count(asked)} ${asked === 1 ? "request" : "requests"}`;
  return `${tenant} on ${route}: ${requests}, ${share(awayOf(row), asked)} turned away, p95 of the wait ${millis(row.wait_p95_ms)}`;
}

export interface Grid {
  tenants: string[];
  routes: string[];
  moreTenants: number; // that have no row of their own
  moreRoutes: number;
  top: number;
  at: (tenant: string, route: string) => UsageRow | undefined;
}

// Where most is turned away comes first, then the busiest; what is kept stands in the order of names.
function kept(rows: UsageRow[], nameOf: (row: UsageRow) => string, max: number): { names: string[]; more: number } {
  const sums = new Map<string, { away: number; asked: number }>();
  for (const row of rows) {
    const sum = sums.get(nameOf(row)) ?? { away: 0, asked: 0 };
    sums.set(nameOf(row), { away: sum.away + awayOf(row), asked: sum.asked + askedOf(row) });
  }
  const names = [...sums].sort(([a, x], [b, y]) => y.away - x.away || y.asked - x.asked || (a < b ? -1 : 1)).map(([name]) => name);
  return { names: names.slice(0, max).sort(), more: Math.max(0, names.length - max) };
}

const keyOf = (tenant: string, route: string) => JSON.stringify([tenant, route]);

export function gridOf(rows: UsageRow[]): Grid {
  const tenants = kept(rows, (row) => row.tenant, TENANTS_MAX);
  const routes = kept(rows, (row) => row.route, ROUTES_MAX);
  const found = new Map(rows.map((row) => [keyOf(row.tenant, row.route), row]));
  return {
    tenants: tenants.names, routes: routes.names, moreTenants: tenants.more, moreRoutes: routes.more,
    top: Math.max(1, ...rows.map(askedOf)),
    at: (tenant, route) => found.get(keyOf(tenant, route)),
  };
}

// Where a key leads from a cell; null when it leads nowhere.
export function moved(key: string, [row, column]: [number, number], rows: number, columns: number): [number, number] | null {
  const to: Record<string, [number, number]> = {
    ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
    Home: [row, 0], End: [row, columns - 1], PageUp: [0, column], PageDown: [rows - 1, column],
  };
  const [down, right] = to[key] ?? [-1, -1];
  return down < 0 || down >= rows || right < 0 || right >= columns ? null : [down, right];
}

export type Order = "name" | "away" | "asked" | "wait";
export const ORDERS: readonly (readonly [Order, string])[] = [
  ["name", "By name"], ["away", "Most turned away first"], ["asked", "Most requests first"], ["wait", "Longest wait first"],
];

export function ordered(rows: UsageRow[], order: Order): UsageRow[] {
  const value: Record<Order, (row: UsageRow) => number> = {
    name: () => 0, away: awayOf, asked: askedOf, wait: (row) => row.wait_p95_ms,
  };
  const byName = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1);
  return [...rows].sort((a, b) =>
    value[order](b) - value[order](a) || byName(a.tenant, b.tenant) || byName(a.route, b.route));
}

// Several rows as one, step by step, `min` of them or more: for a chart.
export function summed(rows: UsageRow[], min: number): Record<keyof UsageStep, number[]> {
  const steps = Math.max(min, ...rows.map(({ series }) => series.length));
  const of = (name: keyof UsageStep) => Array.from({ length: steps }, (_, i) => {
    // The newest of each is the last.
    return rows.reduce((all, { series }) => all + (series[series.length - steps + i]?.[name] ?? 0), 0);
  });
  return { admitted: of("admitted"), rejected: of("rejected"), shed: of("shed") };
}
