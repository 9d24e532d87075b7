// Asking for private answers: what is sent, and what comes back in words.
import { UNKNOWN } from "../format.ts";
import { type Members, members, text } from "./members.ts";

export type Mechanism = "LAPLACE" | "GAUSSIAN";
export interface Question {
  sql: string;
  epsilon: string;
  mechanism: Mechanism;
  purpose: string; // "": that of the session
}
export interface Quote {
  id: string | null;
  validUntil: string | null;
  rmse: string;
  halfWidth: string;
  alwaysShown: number | null;
  remaining: string | null;
  resetsAt: string | null;
  queriesLeft: number | null;
  nearest: string | null; // epsilon of the nearest query that would pass
  queueRunsAt: string | null; // when it could run, if it waits
  credits: number | null; // null: nothing is priced
}
export interface AnswerRow {
  key: (string | null)[] | null; // null: there are no groups
  value: string;
  low: string | null;
  high: string | null;
}
export interface Answer {
  verdict: string;
  epsilon: string;
  delta: string;
  mechanism: string;
  release: string | null;
  rows: AnswerRow[];
  quote: Quote | null;
  queued?: Queued | null;
}
export interface Queued {
  id: string;
  state: string;
  runsAt: string;
}
export interface Refusal {
  budget: string | null;
  requested: string;
  remaining: string | null;
  resetsAt: string | null;
  nearest: { epsilon: string; rmse: string | null } | null;
  queueRunsAt: string | null;
}
export type Outcome =
  | { state: "answer"; answer: Answer }
  | { state: "refused"; refusal: Refusal; why: string }
  | { state: "wrong"; code: string; why: string };

const QUOTE = "quote { id validUntil rmse halfWidth alwaysShown remaining resetsAt queriesLeft nearest queueRunsAt credits }";
const GIVEN = "$sql: String!, $epsilon: Decimal!, $mechanism: DPMechanism!";
const ARGS = "sql: $sql, epsilon: $epsilon, mechanism: $mechanism";
const FIELDS = "verdict epsilon delta mechanism release rows { key value low high }";

export const quoteQuery = `query (${GIVEN}) { sqlDP(${ARGS}, dryRun: true) { ${FIELDS} ${QUOTE} } }`;
export const queueQuery = `query (${GIVEN}) { sqlDP(${ARGS}, consent: [QUEUE]) { ${FIELDS} queued { id state runsAt } } }`;
export const queuedQuery = `query ($id: ID!) { queuedDP(id: $id) { ${FIELDS} queued { id state runsAt } } }`;
export const runQuery = `query (${GIVEN}, $quote: ID!) { sqlDP(${ARGS}, quote: $quote) { ${FIELDS} } }`;

function refusalOf(extensions: Members): Refusal {
  const nearest = members(extensions["nearest"]);
  const epsilon = text(nearest["epsilon"]);
  return {
    budget: text(extensions["budget"]), requested: text(extensions["requested"]) ?? UNKNOWN, remaining: text(extensions["remaining"]),
    resetsAt: text(extensions["windowReset"]), nearest: epsilon === null ? null : { epsilon, rmse: text(nearest["rmse"]) },
    queueRunsAt: text(extensions["queueRunsAt"]),
  };
}

// `body` is the answer of the gateway to one of the queries above.
export function outcomeOf(body: unknown, status: number): Outcome {
  const { data, errors } = members(body);
  const [error] = Array.isArray(errors) ? (errors as unknown[]).map(members) : [];
  if (error) {
    const extensions = members(error["extensions"]);
    const why = text(error["message"]) ?? `The server answered ${status}.`;
    const code = text(extensions["code"]) ?? "ERROR";
    if (code === "DP_BUDGET_EXHAUSTED") return { state: "refused", refusal: refusalOf(extensions), why };
    return { state: "wrong", code, why };
  }
  const answer = members(data)["sqlDP"] ?? members(data)["queuedDP"];
  if (typeof answer !== "object" || answer === null) return { state: "wrong", code: "ERROR", why: `The server answered ${status}.` };
  return { state: "answer", answer: answer as Answer };
}

// Of a quote that says no: what a refusal would say, as far as a quote knows it.
export function refusalOfQuote({ epsilon, quote }: Answer): Refusal {
  return {
    budget: null, requested: epsilon, remaining: quote?.remaining ?? null, resetsAt: quote?.resetsAt ?? null,
    nearest: quote?.nearest ? { epsilon: quote.nearest, rmse: null } : null, queueRunsAt: quote?.queueRunsAt ?? null,
  };
}

export const within = (halfWidth: string | null) => (halfWidth === null ? UNKNOWN : `within ${halfWidth} of the truth in 95 of 100`);

const VERDICTS: Record<string, string> = {
  ALLOW: "✓ It passes", CACHED: "✓ It was answered in this snapshot: given again, for nothing", DENY: "✕ It would not pass",
  DEGRADE: "▲ It passes with less epsilon alone", QUEUE: "▲ It waits for the next window",
};
export const verdictText = (verdict: string) => VERDICTS[verdict] ?? verdict;

// Of a query that waits, or has waited.
const STATES: Record<string, string> = {
  waiting: "▲ waits", answered: "✓ answered", refused: "✕ refused", failed: "✕ failed", cancelled: "cancelled", expired: "✕ given up",
};
export const stateText = (state: string) => STATES[state] ?? state;

export function leftText({ remaining, queriesLeft }: Quote): string {
  if (remaining === null) return "no limit";
  if (queriesLeft === null) return remaining;
  return `${remaining}, about ${queriesLeft} such ${queriesLeft === 1 ? "query" : "queries"}`;
}

// Whole seconds until then, none below 0; `now` is on the server's clock.
export const secondsLeft = (validUntil: string | null, now: number) =>
  validUntil === null ? 0 : Math.max(0, Math.ceil((Date.parse(validUntil) - now) / 1000));

export function wrongQuestion({ sql, epsilon }: Question): string {
  if (sql.trim() === "") return "Say first what to count.";
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(epsilon.trim()) || !(Number(epsilon) > 0)) return "Epsilon is a number above 0, such as 0.5.";
  return "";
}

// Where bars and their error bars are, in hundredths of the width; zero is always within.
export function scaleOf(rows: AnswerRow[]): (value: string) => number {
  const all = rows.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]).map(Number).filter(Number.isFinite);
  const least = Math.min(0, ...all);
  const most = Math.max(0, ...all);
  const span = most - least || 1;
  return (value) => Math.min(100, Math.max(0, (100 * (Number(value) - least)) / span));
}

export const keyText = (key: AnswerRow["key"]) =>
  (key === null || key.length === 0 ? "all" : key.map((one) => one ?? UNKNOWN).join(", "));

export function rowText({ value, low, high }: AnswerRow): string {
  return low === null || high === null ? value : `${value}, between ${low} and ${high}`;
}

export interface Asked extends Question {
  at: string;
  cost: string;
  verdict: string;
  rows: number;
}
const KEPT = 30;

// What a session keeps of itself; anything else there counts as nothing.
export function readHistory(stored: string | null): Asked[] {
  try {
    const kept: unknown = JSON.parse(stored ?? "[]");
    if (!Array.isArray(kept)) return [];
    return kept.map(members).filter((one) => ["sql", "epsilon", "purpose", "at", "cost", "verdict"].every((name) => typeof one[name] === "string") &&
      typeof one["rows"] === "number" && (one["mechanism"] === "LAPLACE" || one["mechanism"] === "GAUSSIAN")) as unknown as Asked[];
  } catch {
    return [];
  }
}
export const withAsked = (history: Asked[], one: Asked) => [one, ...history].slice(0, KEPT);

// A question to begin with, of the datasets that give private answers: those with a root field of that name.
export function startersOf(fields: string[], datasets: { name: string; plural: string }[]): string[] {
  return datasets.filter(({ plural }) => fields.includes(`${plural}DP`)).map(({ name }) => `SELECT COUNT(*) FROM ${name}`);
}
