// Budgets, overrides and taps as people read them.
import type { BudgetOverride, BudgetPreview, Tap } from "../client.ts";
import { count, share, time, UNKNOWN } from "../format.ts";
import type { Dimension, LimitScope, Reason } from "./wire.ts";

const DIMENSIONS: Record<Dimension, readonly [string, string]> = {
  requests: ["Requests", "/s"], credits: ["Credits", "/s"], bytes: ["Bytes of answers", "/s"], fanout: ["Fan-out", "/s"],
  deliveries: ["Deliveries", "/s"], exports: ["Exports", "/min"], seats: ["Seats", " at a time"],
  subscriptions: ["Subscriptions", " at a time"], day_credits: ["Credits of a day", " a day"],
  month_credits: ["Credits of a month", " a month"],
};
const isPeriod = (dimension: Dimension) => dimension === "day_credits" || dimension === "month_credits";
export const dimensionText = (dimension: Dimension) => DIMENSIONS[dimension]?.[0] ?? dimension;

export function limitText(dimension: Dimension, limit: number | null): string {
  return limit === null ? "no limit" : `${count(limit)}${DIMENSIONS[dimension]?.[1] ?? ""}`;
}
export const changeText = (dimension: Dimension, before: number | null, after: number | null) =>
  `${limitText(dimension, before)} → ${limitText(dimension, after)}`;

interface BudgetPlace {
  scope: LimitScope;
  route: string | null;
  ofClass?: string | null;
  dimension: Dimension;
}

// "Requests on /shop"
export function budgetText({ scope, route, ofClass, dimension }: BudgetPlace): string {
  const where: Record<string, string> = {
    "tenant-route": ` on ${route ?? UNKNOWN}`, "tenant-user": " of each user", "tenant-class": ` of class ${ofClass ?? UNKNOWN}`,
  };
  return dimensionText(dimension) + (where[scope] ?? "");
}

// A level that was reached counts as that until the burn has fallen well below it.
export function burnText(burn: number | null, level: 80 | 90 | null): string {
  if (burn === null) return UNKNOWN;
  const used = share(burn, 1);
  if (level === null) return used;
  return `▲ ${used}, ${burn * 100 >= level ? "over" : "was over"} ${level} %`;
}

const MINUTE_MS = 60_000;

// "59 min": of what is ahead.
export function leftText(until: string, now: number): string {
  const seconds = Math.round((Date.parse(until) - now) / 1000);
  if (Number.isNaN(seconds)) return UNKNOWN;
  if (seconds <= 0) return "over";
  if (seconds < 60) return `${seconds} s left`;
  const minutes = Math.floor((seconds * 1000) / MINUTE_MS);
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min left` : `${Math.floor(hours / 24)} d left`;
}

interface Used {
  dimension: Dimension;
  exhausted_at: string | null;
}

export function exhaustedText({ dimension, exhausted_at: at }: Used, now: number, utc: boolean): string {
  if (!isPeriod(dimension)) return UNKNOWN;
  if (at === null) return `not before the ${dimension === "day_credits" ? "day" : "month"} ends`;
  if (Date.parse(at) <= now) return "▲ used up";
  return `▲ ${time(at, utc)}, ${leftText(at, now)}`;
}

export const REASONS: readonly (readonly [Reason, string])[] = [
  ["incident", "Incident"], ["planned-event", "Planned event"], ["migration", "Migration"], ["customer-request", "Customer request"],
  ["load-test", "Load test"], ["abuse", "Abuse"], ["mistake", "Mistake"],
];
export const reasonText = (reason: Reason) => REASONS.find(([value]) => value === reason)?.[1] ?? reason;

const STATES: Record<BudgetOverride["state"], string> = {
  pending: "▲ pending", active: "✓ active", expired: "expired", revoked: "✕ revoked", refused: "✕ refused",
};
type Open = Pick<BudgetOverride, "state" | "until">;
// One that was open when it was asked for ends by itself.
export const isOpen = ({ state, until }: Open, now: number) =>
  (state === "pending" || state === "active") && Date.parse(until) > now;

// One that is approved for later is active, and not in force yet.
export function stateText(one: Open & Pick<BudgetOverride, "from">, now: number): string {
  const { state, from } = one;
  if (state === "pending" || state === "active") {
    if (!isOpen(one, now)) return STATES.expired;
    if (state === "active" && Date.parse(from) > now) return "active later";
  }
  return STATES[state] ?? state;
}

export function sortedOverrides(all: BudgetOverride[]): BudgetOverride[] {
  const rank = (one: BudgetOverride) => (one.state === "pending" ? 0 : one.state === "active" ? 1 : 2);
  return [...all].sort((a, b) => rank(a) - rank(b) || Date.parse(b.changed_at) - Date.parse(a.changed_at));
}

export function windowText(seconds: number): string {
  if (seconds < 60) return `last ${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes === 1 ? "last minute" : `last ${minutes} minutes`;
}

export interface Fact {
  name: string;
  text: string;
}

// What a change would have done, and to whom.
export function previewFacts(found: BudgetPreview): Fact[] {
  const name = `In the ${windowText(found.window_s)}`;
  if (found.decisions === 0) return [{ name, text: "nothing was decided that it would change" }];
  const out = [
    { name, text: `${count(found.decisions)} decisions` },
    { name: "Refused", text: `${count(found.rejected_before)}; it would have been ${count(found.rejected_after)}` },
    { name: "Let in instead", text: count(found.admitted_instead) },
    { name: "Refused instead", text: count(found.refused_instead) },
  ];
  const payers = found.payers.map(({ tenant, more_refused: more }) => `${tenant}: ${count(more)} more refused`);
  return [...out, { name: "Who pays", text: payers.join(", ") || "no other tenant" }];
}

// "tenant bravo, route /shop"
export function matchText(tap: Tap): string {
  if (tap.everything) return "every request";
  return (["tenant", "route", "document", "client", "operation", "upstream"] as const)
    .flatMap((name) => (tap[name] === null ? [] : [`${name} ${tap[name]}`])).join(", ");
}

// "clamp-rate, 50/s, 100 at once"
export function tapText({ action, rate, burst, seats, percent }: Tap): string {
  const parts: string[] = [action];
  if (rate !== null) parts.push(`${count(rate)}/s`);
  if (burst !== null) parts.push(`${count(burst)} at once`);
  if (seats !== null) parts.push(`${count(seats)} at a time`);
  if (percent !== null) parts.push(`${percent} %`);
  return parts.join(", ");
}

// Whose requests fitted it in the last minute, the most first.
export function affectedText({ affected: { last_minute: all, tenants } }: Tap): string {
  if (all === 0) return "nobody";
  return tenants.map(({ tenant, last_minute: many }) => `${tenant ?? "others"} ${count(many)}`).join(", ");
}
