// Why a record was, and what of it must be seen.
import type { LedgerRecord } from "../client.ts";
import { UNKNOWN } from "../format.ts";
import { proofText } from "../residency/words.ts";

export const REASONS = [
  "own-data", "legal-process", "customer-support", "incident-response", "customer-approved", "no-warrant",
  "approval-required", "cross-region", "contract", "warrant-invalid", "has-administrator", "other", "region-unstated",
  "wrong-region", "foreign-sentinel",
] as const;
export type Reason = (typeof REASONS)[number];

const REASONED = ["access", "change", "denied", "violation"];

// Of outcomes, proofs and redactions, and where the payload was erased, it is not known.
export function reasonOf(record: LedgerRecord): Reason {
  const told = record.payload?.["reason"];
  return (REASONED.includes(record.type) ? REASONS.find((one) => one === told) : undefined) ?? "other";
}

export const isUnwarranted = (record: LedgerRecord) => reasonOf(record) === "no-warrant";
export const isDenied = (record: LedgerRecord) => record.type === "denied";
export const isViolation = (record: LedgerRecord) => record.type === "violation";

export const reasonName = (reason: Reason) => (reason === "other" ? "outcomes and others" : reason);
export function reasonText(reason: Reason): string {
  if (reason === "other") return UNKNOWN;
  return reason === "no-warrant" ? "▲ no-warrant" : reason;
}
const SIGNS: Record<string, string> = { denied: "✕ ", violation: "▲ " };
export const typeText = (type: string) => `${SIGNS[type] ?? ""}${type}`;

// In the place of a reason: why it was, what a proof of residency says, what a budget was changed for.
export function whyText(record: LedgerRecord): string {
  if (record.erased) return "✕ erased";
  if (record.type === "residency") return proofText(record.payload?.["ok"] === true);
  const told = record.payload?.["reason"];
  if (record.type === "override" && typeof told === "string") return told;
  return reasonText(reasonOf(record));
}
