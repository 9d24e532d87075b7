// What a page and its worker say to each other.
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
export type Asked = VerifyAsked | ContinuesAsked;

export interface Verdict {
  subject: string;
  verified: boolean;
  steps: Step[];
  head: SeenHead | null;
  tookMs: number;
}

export type Answer =
  | { state: "step"; step: Step } // as soon as it is done; for "continues" the only answer
  | { state: "verdict"; verdict: Verdict }
  | { state: "refused"; why: string; wanted: Wanted | null }
  | { state: "unsupported"; subject: string; why: string }
  | { state: "broken"; why: string };
