// A change of a limit, from what stands in the form to what is sent.
import { quoted } from "../access/command.ts";
import type { BudgetOverride, BudgetOverrideBody, BudgetPreviewBody } from "../client.ts";
import type { Changeable } from "./limits.ts";
import type { Reason } from "./wire.ts";

export const NOTE_MAX = 300;
export const TICKET_MAX = 64;
const FACTOR_MIN = 0.001;
const FACTOR_MAX = 1000;
const AMOUNT_MAX = 10_000_000_000_000;

export const LIFETIMES = [
  ["15m", "15 minutes"], ["30m", "30 minutes"], ["1h", "1 hour"], ["2h", "2 hours"], ["4h", "4 hours"], ["8h", "8 hours"],
  ["24h", "24 hours"],
] as const;

export interface Draft {
  way: "factor" | "amount";
  factor: string;
  amount: string;
  lifetime: string;
  reason: Reason | "";
  note: string;
  ticket: string;
}

export type Target = Pick<Changeable, "tenant" | "scope" | "route" | "dimension" | "limit" | "factors">;

// Twice as much for an hour.
export const draftOf = ({ factors, limit }: Target): Draft => ({
  way: factors ? "factor" : "amount", factor: "2", amount: String(Math.min(AMOUNT_MAX, 2 * limit)), lifetime: "1h",
  reason: "", note: "", ticket: "",
});

// Why it is no number that can be asked for; "" when it is one.
export function wrongNumber({ way, factor, amount }: Draft): string {
  if (way === "factor") {
    const good = /^\d{1,4}(\.\d{1,3})?$/.test(factor.trim()) && Number(factor) >= FACTOR_MIN && Number(factor) <= FACTOR_MAX;
    return good ? "" : `A factor is from ${FACTOR_MIN} to ${FACTOR_MAX}, with at most three digits behind the point.`;
  }
  const good = /^\d{1,14}$/.test(amount.trim()) && Number(amount) >= 1 && Number(amount) <= AMOUNT_MAX;
  return good ? "" : "A limit is a whole number from 1 on.";
}

type Change = Pick<BudgetOverrideBody, "scope" | "route" | "dimension" | "amount" | "factor">;

function changeOf({ scope, route, dimension }: Target, draft: Draft): Change {
  const size = draft.way === "factor" ? { factor: draft.factor.trim() } : { amount: Number(draft.amount) };
  return { scope, ...(route === null ? {} : { route }), dimension, ...size };
}

// Null while it says no limit.
export function bodyOf(target: Target, draft: Draft, reason: Reason): BudgetOverrideBody | null {
  if (wrongNumber(draft) !== "") return null;
  const { lifetime, note, ticket } = draft;
  return { ...changeOf(target, draft), lifetime, reason, note: note.trim(), ticket: ticket.trim() };
}

// Of the limit alone: what a preview is of.
export const previewBody = (target: Target, draft: Draft): BudgetPreviewBody | null =>
  (wrongNumber(draft) === "" ? changeOf(target, draft) : null);

// Of one that waits for approval.
export function previewOf({ scope, route, dimension, amount, factor }: BudgetOverride): BudgetPreviewBody {
  const size = factor === null ? { amount: amount ?? 1 } : { factor };
  return { scope, ...(route === null ? {} : { route }), dimension, ...size };
}

// The same from a shell.
export function overrideLine(target: Target, draft: Draft): string {
  const words = ["--tenant", target.tenant, "--dimension", target.dimension];
  if (target.scope !== "tenant") words.push("--scope", target.scope);
  if (target.route !== null) words.push("--route", target.route);
  words.push(draft.way === "factor" ? "--factor" : "--amount", draft[draft.way].trim());
  words.push("--for", draft.lifetime, "--reason", draft.reason || "incident");
  words.push("--note", draft.note.trim() || "why", "--ticket", draft.ticket.trim() || "TKT-1");
  return `maestro budget override create ${words.map(quoted).join(" ")}`;
}
