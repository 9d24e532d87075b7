// What this browser remembers for the page Verify: whom to trust, and the newest head of each log that it
// has verified. A head gives way to a later one only when the log has shown that it goes on from it.
import type { SeenHead } from "../verify/report.ts";

export interface Trust {
  keys: string; // verifier keys of logs, one a line
  policy: string; // c2sp.org/tlog-policy, instead of the keys
  pem: string; // the public key of a signer
  root: string; // a trusted root (Sigstore's JSON)
  served: string; // what of it came from this server: a key, or the trusted root
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
  return { keys: text("keys"), policy: text("policy"), pem: text("pem"), root: text("root"), served: text("served") };
}
export const keepTrust = (trust: Trust): boolean => keep(TRUST, trust);

// A log is its key: one of the same name with another key is another log.
export function heads(): Remembered[] {
  return Object.values(stored(HEADS)).filter((one): one is Remembered => {
    const head = one as Partial<Record<keyof Remembered, unknown>> | null;
    const texts = [head?.key, head?.origin, head?.root, head?.note, head?.at];
    return texts.every((text) => typeof text === "string") && /^\d+$/.test(String(head?.size));
  });
}
export function rememberHead(head: SeenHead): boolean {
  const kept = Object.fromEntries(heads().map((one) => [one.key, one]));
  return keep(HEADS, { ...kept, [head.key]: { ...head, at: new Date().toISOString() } });
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
