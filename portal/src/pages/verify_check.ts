// The page's side of a check: the worker that verifies, and this server.
import { Problem, problemOf, silent } from "../api.ts";
import type { Recount } from "../verify/recount.ts";
import type { Answer, Asked, RecountAsked, Verdict, VerifyAsked } from "../verify/messages.ts";
import type { Step } from "../verify/report.ts";
import workerUrl from "../verify/worker.ts?worker&url";
import { type Continuity, continuity, follow, type Followed, type Io } from "./verify_log.ts";

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

export async function recountIn(asked: RecountAsked): Promise<Recount> {
  const answer = await ask(asked, () => undefined);
  if (answer.state === "recount") return answer.recount;
  throw new Problem(0, "broken", "why" in answer ? answer.why : "the worker did not answer");
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

export type Shown =
  | { state: "empty" }
  | { state: "busy"; steps: Step[] }
  | { state: "done"; verdict: Verdict; continuity: Continuity | null; followed: Followed | null }
  | Exclude<Answer, { state: "step" | "verdict" | "keys" | "recount" }>;

// `known` are the keys of logs that this browser has kept, `over` is asked whether another check has begun by now.
export async function check(
  asked: VerifyAsked, known: string[], over: () => boolean, show: (shown: Shown) => void,
) {
  // What is asked now would end a check that has begun since.
  const io: Io = {
    get,
    ask: (more) => (over() ? Promise.resolve({ state: "broken", why: "the check was given up" }) : ask(more, () => undefined)),
  };
  let steps: Step[] = [];
  show({ state: "busy", steps });
  const answer = await ask(asked, (step) => {
    steps = [...steps, step];
    show({ state: "busy", steps });
  });
  if (answer.state === "step" || answer.state === "keys" || answer.state === "recount") return; // never the last
  if (answer.state !== "verdict") return show(answer);
  const { verdict, followed } = await follow(asked, answer.verdict, known, io);
  const { head, from } = verdict;
  show({ state: "done", verdict, followed, continuity: head && (await continuity(head, from, io)) });
}
