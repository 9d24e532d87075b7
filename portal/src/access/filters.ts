// What the page Access shows: as it stands in the page's address, and as it is asked of the server.
import { withQuery } from "../path.ts";

export const TYPES = [
  "access", "change", "outcome", "denied", "residency", "violation", "policy", "override", "budget", "redaction",
  "key-event",
] as const;
export const DAYS = 90; // shown where no day is given

const DAY_MS = 86_400_000;
export const TEXT_MAX = 512; // as the server's
const UNWARRANTED = "no-warrant";

export interface Filters {
  type: string;
  actor: string;
  action: string;
  warrant: string;
  from: string; // a day in UTC
  to: string; // a day in UTC, itself inside
  unwarranted: boolean; // only what was done without a warrant, or refused for that
  record: number | null; // only this record and those before it
}
export const NOTHING: Filters = {
  type: "", actor: "", action: "", warrant: "", from: "", to: "", unwarranted: false, record: null,
};

export const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
export const addDays = (day: string, days: number) => dayOf(Date.parse(day) + days * DAY_MS);
const isDay = (text: string) => /^2\d{3}-\d\d-\d\d$/.test(text) && dayOf(Date.parse(text) || 0) === text;

export function readFilters(query: URLSearchParams): Filters {
  const text = (name: string) => (query.get(name) ?? "").trim().slice(0, TEXT_MAX);
  const day = (name: string) => (isDay(text(name)) ? text(name) : "");
  const type = text("type");
  return {
    type: TYPES.some((one) => one === type) ? type : "",
    actor: text("actor"), action: text("action"), warrant: text("warrant"), from: day("from"), to: day("to"),
    unwarranted: text("reason") === UNWARRANTED,
    record: /^\d{1,15}$/.test(text("record")) ? Number(text("record")) : null,
  };
}

export function writeFilters(filters: Filters): Record<string, string> {
  const { unwarranted, record, ...texts } = filters;
  return { ...texts, reason: unwarranted ? UNWARRANTED : "", record: record === null ? "" : String(record) };
}

export const isNothing = (filters: Filters) => withQuery("", writeFilters(filters)) === "";

// The days that are shown: of a record that somebody points to, any.
export function daysOf(filters: Filters, now: number): { from: string; to: string } {
  const first = filters.record === null ? addDays(dayOf(now), 1 - DAYS) : "";
  return { from: filters.from || first, to: filters.to };
}

export interface Asked {
  type: string;
  actor: string;
  action: string;
  warrant: string;
  reason: string;
  from: string;
  to: string; // not inside
  before?: number;
}

export function asked(filters: Filters, now: number): Asked {
  const { from, to } = daysOf(filters, now);
  const { type, actor, action, warrant, unwarranted, record } = filters;
  const texts = { type, actor, action, warrant, reason: unwarranted ? UNWARRANTED : "" };
  return { ...texts, from, to: to && addDays(to, 1), ...(record === null ? {} : { before: record + 1 }) };
}

// The same records as a file.
export function exportPath(tenant: string, filters: Filters, form: "csv" | "ocsf", now: number): string {
  const { before, ...texts } = asked(filters, now);
  return withQuery(`/v1/tenants/${encodeURIComponent(tenant)}/records`,
    { form, ...texts, before: before === undefined ? "" : String(before) });
}

// All records of the same days, with the proof that none is missing; null where those before a record are shown,
// which are not those of any days. `pdf` is the list of them for people.
export function rangePath(tenant: string, filters: Filters, now: number, form: "" | "pdf" = ""): string | null {
  if (filters.record !== null) return null;
  const { from, to } = asked(filters, now);
  return withQuery(`/v1/tenants/${encodeURIComponent(tenant)}/receipts`, { from, to, form });
}
