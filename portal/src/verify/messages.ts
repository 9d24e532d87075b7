// What a page and its worker say to each other.
import type { ChargeEntry, Claim, Recount } from "./recount.ts";
import type { SeenHead, Step, Wanted } from "./report.ts";

export interface VerifyAsked {
  ask: "verify";
  file: Blob;
  policy: string | null;
  root: Blob | null;
  logKeys: string[];
  publicKey: string | null;
  artifact: Blob | null;
  now: number; // milliseconds since 1970
}
export interface ContinuesAsked {
  ask: "continues";
  older: SeenHead;
  newer: SeenHead;
  answer: string; // of the server
}
export interface KeysAsked {
  ask: "keys";
  list: string; // of a ledger's keys
  known: string[];
}
export interface RecountAsked {
  ask: "recount";
  entries: ChargeEntry[];
  tenant: string;
  claim: Claim;
}
export type Asked = VerifyAsked | ContinuesAsked | KeysAsked | RecountAsked;

export interface Verdict {
  subject: string;
  verified: boolean;
  steps: Step[];
  head: SeenHead | null;
  from: string[]; // the known keys that it goes back to
  keyUnknown: boolean; // it fails as no key that is known has signed it, and for nothing else
  leftOut: string; // why the artifact that was given was not looked at; "" when none was left out
  tookMs: number;
}

export type Answer =
  | { state: "step"; step: Step } // as soon as it is done; for "continues" the only answer
  | { state: "verdict"; verdict: Verdict }
  | { state: "keys"; keys: string[]; from: string[] } // of a list that holds, in the order in which they began
  | { state: "recount"; recount: Recount }
  | { state: "refused"; why: string; wanted: Wanted | null }
  | { state: "unsupported"; subject: string; why: string }
  | { state: "broken"; why: string };
