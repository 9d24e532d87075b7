// What was refused, as the records of the log tell it (docs/formats/dp-notices.md).
import type { LedgerRecord } from "../client.ts";
import { UNKNOWN } from "../format.ts";
import { type Members, members, text } from "./members.ts";

export interface Refused {
  record: number;
  at: string;
  who: string; // "ben"
  what: string; // "count of person"
  purpose: string;
  why: string; // what the caller was told
  budget: string;
  requested: string;
  resetsAt: string | null;
  nearest: string;
}

function nearestText(nearest: Members): string {
  const epsilon = text(nearest["epsilon"]);
  const rmse = text(nearest["rmse"]);
  if (epsilon === null) return "none with this budget";
  return `epsilon ${epsilon}${rmse === null ? "" : `, off by ${rmse} (RMSE)`}`;
}

// A record whose payload was erased says who and when alone.
export function refusedOf({ record, at, actor, purpose, payload }: LedgerRecord): Refused {
  const told = members(payload);
  const kind = text(told["query_type"]);
  return {
    record, at, purpose, who: actor.replace(/@[^@]*$/, ""), what: kind === null ? UNKNOWN : `${kind} of ${text(told["dataset"]) ?? UNKNOWN}`,
    why: text(told["message"]) ?? UNKNOWN, budget: text(told["budget"]) ?? UNKNOWN, requested: text(told["requested"]) ?? UNKNOWN,
    resetsAt: text(told["resets_at"]), nearest: nearestText(members(told["nearest"])),
  };
}
