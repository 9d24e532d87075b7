// How many records each day has, for the chart.
import type { LedgerRecord } from "../client.ts";
import { addDays, dayOf } from "./filters.ts";
import { isDenied, isUnwarranted, REASONS, type Reason, reasonOf } from "./reasons.ts";

export interface Daily {
  days: string[]; // without a gap
  reasons: { reason: Reason; values: (number | null)[] }[]; // those that occur, in their order
  unwarranted: (number | null)[];
  denied: (number | null)[];
}

const DAYS_MAX = 400;

// `records`: newest first; when there are `more` before them, days before the oldest are not known.
export function daily(records: LedgerRecord[], from: string, to: string, more: boolean): Daily {
  const dayOfRecord = (record: LedgerRecord) => dayOf(Date.parse(record.at));
  const oldest = records.length > 0 ? dayOfRecord(records.at(-1)!) : to;
  const earliest = addDays(to, 1 - DAYS_MAX);
  const wanted = from || oldest;
  const days: string[] = [];
  for (let day = wanted < earliest ? earliest : wanted; day <= to; day = addDays(day, 1)) days.push(day);
  const places = new Map(days.map((day, i) => [day, i]));
  const none = () => days.map((day) => (more && day < oldest ? null : 0));
  const count = (which: (record: LedgerRecord) => boolean) => {
    const values: (number | null)[] = none();
    for (const record of records) {
      const place = places.get(dayOfRecord(record));
      if (place !== undefined && which(record)) values[place] = (values[place] ?? 0) + 1;
    }
    return values;
  };
  return {
    days,
    reasons: REASONS.map((reason) => ({ reason, values: count((one) => reasonOf(one) === reason) }))
      .filter(({ values }) => values.some((value) => value)),
    unwarranted: count(isUnwarranted),
    denied: count(isDenied),
  };
}
