// What only the server of a log can show: that it goes on from what this browser remembers of it, and that the key
// which has signed follows one that is known. What it gives counts for what it proves, and for no more.
import type { Answer, Asked, Verdict, VerifyAsked } from "../verify/messages.ts";
import type { Fact, SeenHead, Step } from "../verify/report.ts";
import { heads, isKeyList, relation, type Remembered, rememberHead } from "./verify_memory.ts";

export interface Io {
  get: (path: string) => Promise<string>; // of this server
  ask: (asked: Asked) => Promise<Answer>; // of the worker
}

const LIST = "/ledger/keys";
const whyOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
const why = (answer: Answer) => ("why" in answer ? answer.why : "the check did not run");

// Whether the log goes on from what this browser remembers of it.
export interface Continuity {
  step: Step;
  // Both are signed by the log, and one history has no room for both.
  fork: { seen: Remembered; head: SeenHead } | null;
}

const skipped = (detail: string): Continuity => ({
  step: { name: "consistency", outcome: "skipped", reason: "", detail, facts: [] }, fork: null,
});

// Two heads of one size need no proof: they are of one tree or not.
function compared(seen: Remembered, head: SeenHead, same: boolean): Continuity {
  const facts: Fact[] = [["Note that was seen before", seen.note], ["Note of this file", head.note]];
  const detail = same ? `the same head as seen at ${seen.at}` : `not the tree of this size that was seen at ${seen.at}`;
  const step = { name: "consistency", detail, facts };
  return same
    ? { step: { ...step, outcome: "passed", reason: "" }, fork: null }
    : { step: { ...step, outcome: "failed", reason: "consistency_invalid" }, fork: { seen, head } };
}

// Whether the list of this server leads from one of `known` to `key`; throws when there is no list.
async function leads(known: string[], key: string, { get, ask }: Io): Promise<boolean> {
  const answer = await ask({ ask: "keys", list: await get(LIST), known });
  return answer.state === "keys" && answer.keys.includes(key);
}

// From the server of the log, which is this one or none that can be asked.
async function consistencyProof(keys: string[], older: SeenHead, newer: SeenHead, io: Io): Promise<string> {
  const own = (await io.get("/ledger/key")).trim();
  const has = keys.includes(own) || (await leads(keys, own, io).catch(() => false));
  if (!has) throw new Error("This server does not have that log.");
  return io.get(`/ledger/consistency?from=${older.size}&to=${newer.size}`);
}

async function proven(seen: Remembered, head: SeenHead, io: Io): Promise<Continuity> {
  const [older, newer] = relation(seen, head) === "newer" ? [seen, head] : [head, seen];
  let proof: string;
  try {
    proof = await consistencyProof([...new Set([seen.key, head.key])], older, newer, io);
  } catch (error) {
    return skipped(`Not shown: ${whyOf(error)}`);
  }
  const answer = await io.ask({ ask: "continues", older, newer, answer: proof });
  if (answer.state !== "step") return skipped(`Not shown: ${why(answer)}.`);
  return { step: answer.step, fork: answer.step.outcome === "failed" ? { seen, head } : null };
}

// What was seen under another key is said to be that.
function withKeys({ step, fork }: Continuity, seen: Remembered, head: SeenHead): Continuity {
  if (seen.key === head.key) return { step, fork };
  const facts: Fact[] = [...step.facts, ["Key that it was seen under", seen.key], ["Key of this head", head.key]];
  return { step: { ...step, detail: `${step.detail}, under another key of the log`, facts }, fork };
}

// What is remembered of the log under its other keys, and why some of that name may be another log's.
async function underOtherKeys(head: SeenHead, from: string[], io: Io): Promise<[seen: Remembered[], why: string]> {
  const named = heads().filter((one) => one.origin === head.origin && one.key !== head.key);
  const linked = named.filter((one) => from.includes(one.key));
  const others = named.filter((one) => !from.includes(one.key));
  let reason = "";
  try {
    const list = others.length > 0 ? await io.get(LIST) : "";
    for (const one of others) {
      const answer = await io.ask({ ask: "keys", list, known: [one.key] });
      if (answer.state === "keys" && answer.keys.includes(head.key)) linked.push(one);
      else reason = answer.state === "keys" ? "the key is not in the list of this server" : why(answer);
    }
  } catch (error) {
    reason = `the list of keys of this server did not come: ${whyOf(error)}`;
  }
  return [linked, reason];
}

function first(kept: "kept" | "full", reason: string): Continuity {
  if (kept === "full") return skipped("This browser has no room to remember the head.");
  const other = reason === "" ? "" : ` Not held against what was seen under another key of this name: ${reason}.`;
  return skipped(`The first head of this log that this browser sees. It is remembered.${other}`);
}

// `from` are the known keys that the head goes back to.
export async function continuity(head: SeenHead, from: string[], io: Io): Promise<Continuity> {
  const own = heads().filter((one) => one.key === head.key);
  const [linked, reason] = await underOtherKeys(head, from, io);
  const seen = [...own, ...linked];
  let found: Continuity | null = null;
  let goesOn = true; // from all that was seen
  for (const one of seen) {
    const how = relation(one, head);
    if (how === "first") continue;
    const plain = how === "same" || how === "fork" ? compared(one, head, how === "same") : await proven(one, head, io);
    const here = withKeys(plain, one, head);
    if (here.step.outcome !== "passed") return here;
    goesOn &&= how !== "older";
    found ??= here;
  }
  const isNew = seen.length !== 1 || own.length !== 1 || relation(own[0], head) !== "same";
  if (!goesOn || !isNew) return found!;
  const kept = rememberHead(head, seen);
  // Another tab has gone on meanwhile: this head is held against what is remembered now.
  if (kept === "changed") return continuity(head, from, io);
  return found ?? first(kept, reason);
}

// That the key which has signed is not one that is known, and what the server's list of keys says to that.
export interface Followed {
  how: "newer" | "older" | "not";
  key: string; // that has signed
  from: string[]; // known keys
  why: string; // when it is not followed
}

const SUBJECTS = ["receipt", "range receipt", "checkpoint"];

// Of a check that has failed for want of a known key. `known` are keys that were kept before this server was asked.
// Gives the check by the list's keys instead when it leads to the one that has signed.
export async function follow(
  asked: VerifyAsked, verdict: Verdict, known: string[], io: Io,
): Promise<{ verdict: Verdict; followed: Followed | null }> {
  const byKeys = asked.policy === null || isKeyList(asked.policy);
  const wanted = verdict.keyUnknown && SUBJECTS.includes(verdict.subject) && byKeys && known.length > 0;
  if (!wanted) return { verdict, followed: null };
  const not = (reason: string) =>
    ({ verdict, followed: { how: "not" as const, key: "", from: known, why: reason } });
  let list: string;
  try {
    list = await io.get(LIST);
  } catch (error) {
    return not(`it did not come: ${whyOf(error)}`);
  }
  const led = await io.ask({ ask: "keys", list, known });
  if (led.state !== "keys") return not(why(led));
  const answer = await io.ask({ ...asked, policy: list, logKeys: known });
  if (answer.state !== "verdict") return not(why(answer));
  if (answer.verdict.keyUnknown) return not("it holds, but the key that signed this is not in it");
  const key = answer.verdict.head?.key ?? "";
  const isOlder = led.keys.indexOf(key) < Math.min(...led.from.map((one) => led.keys.indexOf(one)));
  return { verdict: answer.verdict, followed: { how: isOlder ? "older" : "newer", key, from: led.from, why: "" } };
}
