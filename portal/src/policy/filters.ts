// Which decisions the page Policy lists: as it stands in the page's address, and as it is asked of the server.
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

function isMinute(text: string): boolean {
  return /^2\d{3}-\d\d-\d\dT\d\d:\d\d$/.test(text) && new Date(Date.parse(`${text}Z`) || 0).toISOString().startsWith(text);
}

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
  const instant = (minute: string) => minute && `${minute}:00Z`;
  const allowed = verdict === "" ? {} : { allowed: verdict === "allowed" };
  return { ...texts, from: instant(from), to: instant(to), ...allowed };
}
