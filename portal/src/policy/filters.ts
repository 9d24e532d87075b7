// Which decisions the page Policy lists: as it stands in the page's address, and as it is asked of the server.
import { instantOf, isMinute } from "../minute.ts";
import { withQuery } from "../path.ts";

export type Verdict = "" | "allowed" | "denied";
export const TEXT_MAX = 200; // as the server's

export interface Filters {
  verdict: Verdict;
  principal: string;
  rule: string;
  reason: string;
  from: string; // a minute in UTC: 2026-11-27T12:00
  to: string; // a minute in UTC, itself not inside
}
export const NOTHING: Filters = { verdict: "", principal: "", rule: "", reason: "", from: "", to: "" };

export function readFilters(query: URLSearchParams): Filters {
  const text = (name: string) => (query.get(name) ?? "").trim().slice(0, TEXT_MAX);
  const minute = (name: string) => (isMinute(text(name)) ? text(name) : "");
  const verdict = text("verdict");
  return {
    verdict: verdict === "allowed" || verdict === "denied" ? verdict : "",
    principal: text("principal"), rule: text("rule"), reason: text("reason"), from: minute("from"), to: minute("to"),
  };
}

export const writeFilters = (filters: Filters): Record<string, string> => ({ ...filters });
export const queryOf = (filters: Filters) => withQuery("", writeFilters(filters)).slice(1);
export const isNothing = (filters: Filters) => queryOf(filters) === "";

export interface Asked {
  principal: string;
  rule: string;
  reason: string;
  from: string;
  to: string;
  allowed?: boolean;
}

export function asked({ verdict, from, to, ...texts }: Filters): Asked {
  const allowed = verdict === "" ? {} : { allowed: verdict === "allowed" };
  return { ...texts, from: instantOf(from), to: instantOf(to), ...allowed };
}
