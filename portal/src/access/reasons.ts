// Why a record was, and what of it must be seen.
import type { LedgerRecord } from "../client.ts";
import { UNKNOWN } from "../format.ts";

export const REASONS = [
  "own-data", "legal-process", "customer-support", "incident-response", "customer-approved", "no-warrant",
  "approval-required", "cross-region", "contract", "warrant-invalid", "has-administrator", "other",
] as const;
export type Reason = (typeof REASONS)[number];

const GATED = ["access", "change", "denied"];

// Of outcomes and redactions, and where the payload was erased, it is not known.
export function reasonOf(record: LedgerRecord): Reason {
  const told = record.payload?.["reason"];
  return (GATED.includes(record.type) ? REASONS.find((one) => one === told) : undefined) ?? "other";
}

export const isUnwarranted = (record: LedgerRecord) => reasonOf(record) === "no-warrant";
export const isDenied = (record: LedgerRecord) => record.type === "denied";

export const reasonName = (reason: Reason) => (reason === "other" ? "outcomes and others" : reason);
export function reasonText(reason: Reason): string {
  if (reason === "other") return UNKNOWN;
  return reason === "no-warrant" ? "▲ no-warrant" : reason;
}
export const typeText = (type: string) => (type === "denied" ? "✕ denied" : type);
