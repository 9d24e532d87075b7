// Numbers and times as text. What is not known is a dash, never 0.

export const UNKNOWN = "—";

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 3 });

export function count(value: number | null): string {
  return value === null ? UNKNOWN : whole.format(value);
}

export function millis(value: number | null): string {
  if (value === null) return UNKNOWN;
  return value >= 1000 ? `${three.format(value / 1000)} s` : `${three.format(value)} ms`;
}

export function rate(value: number | null): string {
  return value === null ? UNKNOWN : `${three.format(value)}/s`;
}

export function share(part: number | null, all: number | null): string {
  if (part === null || all === null || all === 0) return UNKNOWN;
  return `${three.format((100 * part) / all)} %`;
}

// In words: "3 s ago", "2 min ago".
export function ago(from: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - from) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export function time(iso: string, utc: boolean): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return UNKNOWN;
  return new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeStyle: "medium",
    ...(utc ? { timeZone: "UTC" } : {}),
  }).format(at) + (utc ? " UTC" : "");
}

export function clock(at: number, utc: boolean): string {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(utc ? { timeZone: "UTC" } : {}),
  }).format(at);
}
