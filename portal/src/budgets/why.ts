// Why a request got what it got, as people read it.
import type { BudgetExplained, BudgetExplanation } from "../client.ts";
import { count, millis, time } from "../format.ts";
import type { Fact } from "./words.ts";

const NS_PER_MS = 1_000_000;
export const durationText = (ns: number) => millis(ns / NS_PER_MS);

const OUTCOMES: Record<BudgetExplained["outcome"], string> = {
  admitted: "✓ Let in", warned: "▲ Let in, over a limit that only warns", denied: "✕ Denied",
  denied_shared: "✕ Denied, by what all servers count together",
};
export const outcomeText = (outcome: string) => OUTCOMES[outcome as BudgetExplained["outcome"]] ?? outcome;
export const isDenied = ({ outcome }: Pick<BudgetExplained, "outcome">) => outcome.startsWith("denied");

const amounts = (all: Record<string, number>) =>
  Object.entries(all).map(([dimension, amount]) => `${count(amount)} ${dimension}`).join(", ") || "nothing";

export function limitLine({ limit, outcome }: Pick<BudgetExplained, "limit" | "outcome">): string {
  if (limit === null) return "none of the tenant's own";
  const { policy, quota = null, left = null, asked = null } = limit;
  if (policy === undefined) return "one that it shares with others, of which no more is told";
  const rest = outcome.startsWith("denied") ? `were left for the ${count(asked)} asked` : "were left after it";
  const more = limit.warns === true ? "; it only warns" : "";
  return `${policy}: ${count(quota)}, of which ${count(left)} ${rest}${more}${limit.shared ? "; tenants share it" : ""}`;
}

export function letInText({ when, wait_ns: wait, at }: NonNullable<BudgetExplained["let_in"]>, utc: boolean): string {
  if (when === "never") return "never: it is more than the limit has at once";
  if (when === "when_let_go" || wait === undefined || at === undefined) return "as soon as others let go of what they hold";
  return `${durationText(wait)} later, ${time(at, utc)}, if nothing else came`;
}

const HELD_NS = 3.15e16; // a year: what is held has no window

export function othersText(one: Pick<BudgetExplained, "neighbours_count" | "neighbours_amount" | "window_ns">): string {
  const { neighbours_count: many, neighbours_amount: amount, window_ns: window } = one;
  if (many === 0) return "no other request of the tenant had any of it";
  const before = window > 0 && window < HELD_NS ? ` in the ${durationText(window)} before` : "";
  return `${count(many)} of the tenant had ${count(amount)}${before}`;
}

// All there is to say of a decision in a line each.
export function explainedFacts(one: BudgetExplained, utc: boolean): Fact[] {
  const out = [
    { name: "When", text: time(one.at, utc) },
    { name: "Who", text: `${one.user}, plan ${one.plan}${one.route === "" ? "" : `, on ${one.route}`}` },
    { name: "Asked for", text: amounts(one.asked) },
    { name: "Limit", text: limitLine(one) },
  ];
  if (one.class !== "") out.push({ name: "Class", text: one.class });
  if (one.exempt.length > 0) out.push({ name: "Exempt", text: `from the tenant's own limits of ${one.exempt.join(", ")}` });
  if (one.let_in) out.push({ name: "Would be let in", text: letInText(one.let_in, utc) });
  if (one.against.length > 1) out.push({ name: "All against it", text: one.against.join(", ") });
  if (one.limit) out.push({ name: "Others", text: othersText(one) });
  if (one.settled) out.push({ name: "Used", text: `${amounts(one.settled.used)}, known ${durationText(one.settled.after_ns)} later` });
  if (one.next) {
    out.push({ name: "Next of the tenant", text: `${one.next.request}, ${durationText(one.next.after_ns)} later: ${outcomeText(one.next.outcome)}` });
  }
  return out;
}

export function queueText({ waited_ns: waited, position, seats, in_use: used, shed }: BudgetExplanation["queue"][number]): string {
  const where = seats > 0 ? ` at place ${count(position)}, ${count(used)} of ${count(seats)} seats in use` : "";
  return `It waited ${durationText(waited)} for a seat${where}: ${shed === "" ? "✓ served" : `✕ turned away, ${shed}`}.`;
}

// The line that is spoken when it has come.
export function summaryOf({ decisions, queue }: BudgetExplanation): string {
  const denied = decisions.find(isDenied);
  const shed = queue.find((one) => one.shed !== "");
  if (denied) return `${outcomeText(denied.outcome)}. Limit: ${limitLine(denied)}.`;
  if (shed) return "✕ It got no seat in time: the server was overloaded.";
  const last = decisions.at(-1);
  return last ? `${outcomeText(last.outcome)}. It was not denied by a budget.` : "It came to no decision.";
}
