// What the page Residency lists: as it stands in the page's address, and as it is asked of the server.
import { instantOf, isMinute } from "../minute.ts";
import { withQuery } from "../path.ts";

export const CODES = ["cross-region", "region-unstated", "wrong-region", "foreign-sentinel"] as const;
export const TEXT_MAX = 200;

const HOUR_MS = 3_600_000;
const SECOND_MS = 1_000;

export type Result = "" | "held" | "not-held";

export interface Filters {
  result: Result; // of proofs
  code: string; // of attempts
  actor: string; // of attempts
  from: string; // a minute in UTC: 2026-11-27T12:00
  to: string; // a minute in UTC, itself not inside
  period: string; // only this proof and those before it, with this one open
}
export const NOTHING: Filters = { result: "", code: "", actor: "", from: "", to: "", period: "" };

export interface Period {
  begin: number; // in milliseconds since 1970
  end: number;
  hour: boolean; // else it is a moment
}

// "2026-11-22T11Z" or "2026-11-22T11-42-07Z"; null of anything else.
export function readPeriod(name: string): Period | null {
  const [, day, hour, minute, second] = /^(2\d{3}-\d\d-\d\d)T(\d\d)(?:-(\d\d)-(\d\d))?Z$/.exec(name) ?? [];
  if (day === undefined || hour === undefined) return null;
  const iso = `${day}T${hour}:${minute ?? "00"}:${second ?? "00"}`;
  const begin = Date.parse(`${iso}Z`);
  if (Number.isNaN(begin) || !new Date(begin).toISOString().startsWith(iso)) return null;
  return { begin, end: begin + (minute === undefined ? HOUR_MS : SECOND_MS), hour: minute === undefined };
}

export function readFilters(query: URLSearchParams): Filters {
  const text = (name: string) => (query.get(name) ?? "").trim().slice(0, TEXT_MAX);
  const minute = (name: string) => (isMinute(text(name)) ? text(name) : "");
  const result = text("result");
  return {
    result: result === "held" || result === "not-held" ? result : "",
    code: CODES.find((code) => code === text("code")) ?? "",
    actor: text("actor"), from: minute("from"), to: minute("to"),
    period: readPeriod(text("period")) ? text("period") : "",
  };
}

export const writeFilters = (filters: Filters): Record<string, string> => ({ ...filters });
export const queryOf = (filters: Filters) => withQuery("", writeFilters(filters)).slice(1);
export const isNothing = (filters: Filters) => queryOf(filters) === "";

interface Times {
  from: string;
  to: string;
}

export function proofsAsked({ result, from, to, period }: Filters): Times & { ok?: boolean } {
  const named = readPeriod(period);
  if (named) return { from: "", to: new Date(named.end).toISOString() };
  const ok = result === "" ? {} : { ok: result === "held" };
  return { from: instantOf(from), to: instantOf(to), ...ok };
}

export function attemptsAsked({ code, actor, from, to }: Filters): Times & { code: string; actor: string } {
  return { code, actor, from: instantOf(from), to: instantOf(to) };
}
