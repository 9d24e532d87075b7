// Numbers and times as text. What is not known is a dash, never 0.

export const UNKNOWN = "—";

// By hand: the first use of Intl costs a new page some 30 ms.
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number) => String(value).padStart(2, "0");

function grouped(digits: string): string {
  const [whole = "", part] = digits.split(".");
  return whole.replaceAll(/\B(?=(\d{3})+$)/g, ",") + (part ? `.${part}` : "");
}
const whole = (value: number) => grouped(String(Math.round(value)));
const three = (value: number) => grouped(String(Number(value.toPrecision(3))));

export function count(value: number | null): string {
  return value === null ? UNKNOWN : whole(value);
}

export function millis(value: number | null): string {
  if (value === null) return UNKNOWN;
  return value >= 1000 ? `${three(value / 1000)} s` : `${three(value)} ms`;
}

export function rate(value: number | null): string {
  return value === null ? UNKNOWN : `${three(value)}/s`;
}

export function share(part: number | null, all: number | null): string {
  if (part === null || all === null || all === 0) return UNKNOWN;
  return `${three((100 * part) / all)} %`;
}

// In words: "3 s ago", "2 min ago".
export function ago(from: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - from) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

interface Parts {
  day: string;
  hour: number;
  minute: number;
  second: number;
}

function parts(at: Date, utc: boolean): Parts {
  const [day, month, year] = utc
    ? [at.getUTCDate(), at.getUTCMonth(), at.getUTCFullYear()]
    : [at.getDate(), at.getMonth(), at.getFullYear()];
  return {
    day: `${day} ${MONTHS[month]} ${year}`,
    hour: utc ? at.getUTCHours() : at.getHours(),
    minute: utc ? at.getUTCMinutes() : at.getMinutes(),
    second: at.getSeconds(),
  };
}

export function time(iso: string, utc: boolean): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return UNKNOWN;
  const { day, hour, minute, second } = parts(at, utc);
  return `${day}, ${two(hour)}:${two(minute)}:${two(second)}${utc ? " UTC" : ""}`;
}

// Of a day as 2026-11-06.
export function date(day: string): string {
  const [year = "", month, number] = day.split("-");
  const name = MONTHS[Number(month) - 1];
  return name === undefined ? UNKNOWN : `${Number(number)} ${name} ${year}`;
}

export function clock(at: number, utc: boolean): string {
  const { hour, minute } = parts(new Date(at), utc);
  return `${two(hour)}:${two(minute)}`;
}
