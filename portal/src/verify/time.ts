// Times as text (RFC 3339), as src/core/base/time.h reads and writes them: from 1970 to 2261.
import { bad } from "./report.ts";

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const LAST_YEAR = 2261;
const NANOS_PER_MS = 1_000_000n;

const inRange = (value: number, least: number, most: number) => value >= least && value <= most;

// Nanoseconds since 1970.
export function parseTime(text: string): bigint {
  const match = TIME.exec(text) ?? bad(`not an RFC 3339 time: '${text.slice(0, 60)}'`);
  const part = (i: number) => Number(match[i] ?? 0);
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(part) as
    [number, number, number, number, number, number];
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const sound = inRange(year, 1970, LAST_YEAR) && inRange(month, 1, 12) && inRange(day, 1, lastDay) &&
    hour <= 23 && minute <= 59 && second <= 59 && part(9) <= 23 && part(10) <= 59;
  if (!sound) bad(`a time out of range (1970 to 2261): '${text.slice(0, 60)}'`);
  const offset = (part(9) * 60 + part(10)) * 60_000 * (match[8] === "-" ? -1 : 1);
  const ms = Date.UTC(year, month - 1, day, hour, minute, second) - offset;
  return BigInt(ms) * NANOS_PER_MS + BigInt((match[7] ?? "").padEnd(9, "0"));
}

const RECORD_TIME = /^(\d{4})-\d\d-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

// UTC with three decimals, the only form that records have; milliseconds since 1970.
export function parseRecordTime(text: string): number {
  const [, year, day] = RECORD_TIME.exec(text) ?? bad(`not a time of a record: '${text.slice(0, 60)}'`);
  const ms = Date.parse(text);
  // Days that a month may not have are taken as those of the next one.
  const sound = inRange(Number(year), 1970, LAST_YEAR) && !Number.isNaN(ms) && (day! <= "28" || formatTime(ms) === text);
  return sound ? ms : bad(`a time out of range (1970 to 2261): '${text.slice(0, 60)}'`);
}

export const formatTime = (ms: number): string => new Date(ms).toISOString();
