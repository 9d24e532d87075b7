// The page's side of a check: the worker that verifies, and what only the server of a log can show.
import { problemOf, silent } from "../api.ts";
import type { Answer, Asked, Verdict, VerifyAsked } from "../verify/messages.ts";
import type { Fact, SeenHead, Step } from "../verify/report.ts";
import workerUrl from "../verify/worker.ts?worker&url";
import { heads, relation, type Remembered, rememberHead } from "./verify_memory.ts";

const ANSWER_WITHIN_MS = 10_000;

// Under Trusted Types a worker begins from what such a policy gives, and this one gives one address.
interface WorkerPolicy {
  createScriptURL: (text: string) => string;
}
interface Policies {
  createPolicy: (name: string, rules: WorkerPolicy) => WorkerPolicy;
}
const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
let policy: WorkerPolicy | undefined;

function begin(): Worker {
  policy ??= policies?.createPolicy("verifier", { createScriptURL: () => workerUrl });
  return new Worker(policy?.createScriptURL(workerUrl) ?? workerUrl, { type: "module" });
}

let worker: Worker | null = null;
let busy = false;

// The last answer; steps are told as they are done. What was asked before is given up, and never answered.
function ask(asked: Asked, told: (step: Step) => void): Promise<Answer> {
  if (busy) worker?.terminate();
  if (busy) worker = null;
  busy = true;
  return new Promise((resolve) => {
    const end = (answer: Answer) => {
      busy = false;
      resolve(answer);
    };
    const broken = (why: string) => {
      worker?.terminate();
      worker = null;
      end({ state: "broken", why });
    };
    try {
      worker ??= begin();
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if (data.state === "step" && asked.ask === "verify") told(data.step);
        else end(data);
      };
      worker.onerror = (event) => broken(event.message || "its script did not come");
      worker.postMessage(asked);
    } catch (error) {
      broken(String(error));
    }
  });
}

async function get(path: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(path, {
      credentials: "omit", redirect: "error", signal: AbortSignal.timeout(ANSWER_WITHIN_MS), headers: { Accept: "*/*" },
    });
  } catch {
    throw silent();
  }
  if (!response.ok) throw await problemOf(response);
  return response.text();
}

export const getLogKey = async (): Promise<string> => (await get("/ledger/key")).trim();
export const getTrustedRoot = (): Promise<string> => get("/signing/trusted_root.json");

// Whether the log goes on from what this browser remembers of it.
export interface Continuity {
  step: Step;
  // Both are signed by the log, and one history has no room for both.
  fork: { seen: Remembered; head: SeenHead } | null;
}

const skipped = (detail: string): Continuity => ({
  step: { name: "consistency", outcome: "skipped", reason: "", detail, facts: [] }, fork: null,
});

// From the server of the log, which is this one or none that can be asked.
async function consistencyProof(key: string, older: SeenHead, newer: SeenHead): Promise<string> {
  if ((await getLogKey()) !== key) throw new Error("This server does not have that log.");
  return get(`/ledger/consistency?from=${older.size}&to=${newer.size}`);
}

// Two heads of one size need no proof: they are of one tree or not.
function compared(seen: Remembered, head: SeenHead, same: boolean): Continuity {
  const facts: Fact[] = [["Note that was seen before", seen.note], ["Note of this file", head.note]];
  const detail = same ? `the same head as seen at ${seen.at}` : `not the tree of this size that was seen at ${seen.at}`;
  const step = { name: "consistency", detail, facts };
  return same
    ? { step: { ...step, outcome: "passed", reason: "" }, fork: null }
    : { step: { ...step, outcome: "failed", reason: "consistency_invalid" }, fork: { seen, head } };
}

async function continuity(head: SeenHead, over: () => boolean): Promise<Continuity> {
  const seen = heads().find((one) => one.key === head.key);
  const how = relation(seen, head);
  if (how === "first" || seen === undefined) {
    const kept = rememberHead(head, seen);
    if (kept === "changed") return continuity(head, over);
    return skipped(kept === "kept"
      ? "The first head of this log that this browser sees. It is remembered."
      : "This browser has no room to remember the head.");
  }
  if (how === "same" || how === "fork") return compared(seen, head, how === "same");
  const [older, newer] = how === "newer" ? [seen, head] : [head, seen];
  let proof: string;
  try {
    proof = await consistencyProof(head.key, older, newer);
  } catch (error) {
    return skipped(`Not shown: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (over()) return skipped("Not shown: the check was given up.");
  const answer = await ask({ ask: "continues", older, newer, answer: proof }, () => undefined);
  if (answer.state !== "step") return skipped("Not shown: the check did not run.");
  const { step } = answer;
  // Another tab has gone on meanwhile: this head is held against what is remembered now.
  const goesOn = step.outcome === "passed" && how === "newer";
  if (goesOn && rememberHead(head, seen) === "changed") return continuity(head, over);
  return { step, fork: step.outcome === "failed" ? { seen, head } : null };
}

export type Shown =
  | { state: "empty" }
  | { state: "busy"; steps: Step[] }
  | { state: "done"; verdict: Verdict; continuity: Continuity | null }
  | Exclude<Answer, { state: "step" | "verdict" }>;

// `over` is asked whether another check has begun by now.
export async function check(asked: VerifyAsked, over: () => boolean, show: (shown: Shown) => void) {
  let steps: Step[] = [];
  show({ state: "busy", steps });
  const answer = await ask(asked, (step) => {
    steps = [...steps, step];
    show({ state: "busy", steps });
  });
  if (answer.state === "step") return; // never the last
  if (answer.state !== "verdict") return show(answer);
  const { verdict } = answer;
  show({ state: "done", verdict, continuity: verdict.head && (await continuity(verdict.head, over)) });
}
