// Rules, reasons and masks as people read them.
import type { Outcome, PolicyRule, WhatIf } from "../client.ts";

export interface Count {
  id: string;
  note: string;
  allowed: number;
  denied: number;
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

// The rules that spoke most come first; those that never did are there, too.
export function rulesByUse(rules: PolicyRule[]): Count[] {
  return rules
    .map(({ id, title, decisions, denied }) => ({ id, note: title ?? "", allowed: Math.max(0, decisions - denied), denied }))
    .sort((a, b) => b.allowed + b.denied - (a.allowed + a.denied) || byId(a, b));
}

export function denialsByReason(rules: PolicyRule[]): Count[] {
  return rules.filter(({ denied }) => denied > 0)
    .map(({ id, title, denied }) => ({ id, note: title ?? "", allowed: 0, denied }))
    .sort((a, b) => b.denied - a.denied || byId(a, b));
}

// A family of ids, role-*, is none that a decision names.
export const isFamily = (id: string) => id.includes("*");

export const columnsText = (columns: number) => (columns === 1 ? "1 column" : `${columns} columns`);

export const verdictText = (allowed: boolean) => (allowed ? "✓ allowed" : "✕ denied");

const MASKS: Record<string, string> = {
  keep: "shown as it is", hash: "a digest, the same for equal values", null: "no value",
  tokenise: "other letters and digits of the same form", drop: "left out",
};

// "partial:4" in words; what is not known is shown as it stands.
export function maskText(mask: string): string {
  const [strategy = "", parameter] = mask.split(":");
  if (strategy === "partial") return `the last ${parameter ?? 4} characters, half of them at most`;
  if (strategy === "generalise") return parameter ? `coarser, in steps of ${parameter}` : "coarser";
  return MASKS[strategy] ?? mask;
}

export type Changed = WhatIf["changed"][number];

export function changeText({ before, after }: Pick<Changed, "before" | "after">): string {
  if (before.allow && !after.allow) return "✕ would be denied";
  if (!before.allow && after.allow) return "▲ would be allowed";
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  return same([...before.reasons].sort(), [...after.reasons].sort()) ? "other masks" : "other reasons";
}

export interface MaskChange {
  column: string;
  before: string; // "" = it is not masked
  after: string;
}

export function maskChanges(before: Outcome, after: Outcome): MaskChange[] {
  const columns = [...new Set([...Object.keys(before.masked), ...Object.keys(after.masked)])].sort();
  return columns
    .map((column) => ({ column, before: before.masked[column] ?? "", after: after.masked[column] ?? "" }))
    .filter((one) => one.before !== one.after);
}

// How many of the changed are of a kind, the most first.
export function tally(changed: Changed[]): { what: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const one of changed) counts.set(changeText(one), (counts.get(changeText(one)) ?? 0) + 1);
  return [...counts].map(([what, count]) => ({ what, count })).sort((a, b) => b.count - a.count);
}

const SKIPPED: Record<string, string> = {
  "resource-gone": "their dataset or route is not there any more",
  unreadable: "their line in the log cannot be read",
  "gate-shut": "their tenant opens its data to nobody of the operator's now",
};
export const skippedText = (reason: string) => SKIPPED[reason] ?? reason;
