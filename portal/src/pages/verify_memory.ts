// What this browser remembers for the page Verify: whom to trust, and the newest head of each log that it
// has verified. A head gives way to a later one only when the log has shown that it goes on from it.
import type { SeenHead } from "../verify/report.ts";

export interface Trust {
  keys: string; // verifier keys of logs, one a line
  policy: string; // c2sp.org/tlog-policy, instead of the keys; or a list of keys that they lead to
  pem: string; // the public key of a signer
  root: string; // a trusted root (Sigstore's JSON)
  servedKey: string; // the key that this server gave
  servedRoot: string; // the trusted root that this server gave
}
export interface Remembered extends SeenHead {
  at: string; // when it was verified
}

const TRUST = "mc.verify.trust";
const HEADS = "mc.verify.heads";

function stored(name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(name) ?? "{}");
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {}; // nothing that was kept here
  }
}
// Whether there is room for it.
function keep(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function readTrust(): Trust {
  const found = stored(TRUST);
  const text = (name: keyof Trust) => (typeof found[name] === "string" ? found[name] : "");
  return {
    keys: text("keys"), policy: text("policy"), pem: text("pem"), root: text("root"), servedKey: text("servedKey"),
    servedRoot: text("servedRoot"),
  };
}
export const keysOf = (trust: Trust) => trust.keys.split("\n").map((key) => key.trim()).filter((key) => key !== "");

export const isKeyList = (policy: string): boolean => policy.trimStart().startsWith("{");

// With a key of this server; what was there stays.
export function withKey(trust: Trust, key: string): Partial<Trust> {
  const keys = keysOf(trust).includes(key) ? trust.keys : [...keysOf(trust), key].join("\n");
  return { keys, servedKey: key };
}
// With the trusted root of this server, unless there is another one.
export function withRoot(trust: Trust, root: string): Partial<Trust> | null {
  const isOther = trust.root.trim() !== "" && trust.root !== root && trust.root !== trust.servedRoot;
  return isOther ? null : { root, servedRoot: root };
}

export const isServed = (text: string, served: string): boolean => served !== "" && text.includes(served);
// Whether a verdict goes back to what this server gave and to nothing else: `from` are the keys of logs that it needed.
export const vouchedByServer = (trust: Trust, subject: string, from: string[]): boolean =>
  subject === "bundle"
    ? isServed(trust.root, trust.servedRoot)
    : from.length > 0 && from.every((key) => key === trust.servedKey);

export const keepTrust = (trust: Trust): boolean => keep(TRUST, trust);

// A log is its key: one of the same name with another key is another log, unless a list of its keys leads from one to
// the other.
export function heads(): Remembered[] {
  return Object.values(stored(HEADS)).filter((one): one is Remembered => {
    const head = one as Partial<Record<keyof Remembered, unknown>> | null;
    const texts = [head?.key, head?.origin, head?.root, head?.note, head?.at];
    return texts.every((text) => typeof text === "string") && /^\d+$/.test(String(head?.size));
  });
}
// `seen` is what was remembered of the log when the check began, under each of its keys; the head takes the place of all
// of it. Another tab may have gone on since, and then nothing is kept.
export function rememberHead(head: SeenHead, seen: Remembered[]): "kept" | "changed" | "full" {
  const kept = new Map(heads().map((one) => [one.key, one]));
  const before = new Map(seen.map((one) => [one.key, one]));
  for (const key of new Set([head.key, ...before.keys()])) {
    const [now, then] = [kept.get(key), before.get(key)];
    if (now?.size !== then?.size || now?.root !== then?.root) return "changed";
    kept.delete(key);
  }
  kept.set(head.key, { ...head, at: new Date().toISOString() });
  return keep(HEADS, Object.fromEntries(kept)) ? "kept" : "full";
}
export function forgetHead(key: string) {
  keep(HEADS, Object.fromEntries(heads().filter((one) => one.key !== key).map((one) => [one.key, one])));
}

export type Relation = "first" | "same" | "fork" | "newer" | "older";

// Of a verified head to what was remembered of its log.
export function relation(seen: SeenHead | undefined, head: SeenHead): Relation {
  if (seen === undefined || seen.size === "0") return "first"; // a tree without leaves is in every other
  if (seen.size === head.size) return seen.root === head.root ? "same" : "fork";
  return BigInt(seen.size) < BigInt(head.size) ? "newer" : "older";
}
