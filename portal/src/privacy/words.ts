// Privacy budgets in words. An amount that is not known is a dash.
import { quoted } from "../access/command.ts";
import type { PrivacyBudget, PrivacyBurnDown, TopUp, TopUpPreview } from "../client.ts";
import { count, time, UNKNOWN } from "../format.ts";

export const REASON_MIN = 20;

export const amount = (text: string | null) => text ?? UNKNOWN;

const FILTERS: Record<PrivacyBudget["filter"], string> = {
  pure: "pure epsilon", approx: "epsilon and delta", zcdp: "rho (zCDP)", rdp: "Rényi divergence",
};
export const filterText = (filter: PrivacyBudget["filter"]) => FILTERS[filter];

const SCOPES: Record<PrivacyBudget["scope"], string> = {
  window: "window", dataset: "all tenants together", lifetime: "lifetime", block: "a span of event time",
};
export const scopeText = (scope: PrivacyBudget["scope"]) => SCOPES[scope];

// Below 10 % and 20 % it is marked, as the alerts do.
export type Level = 0 | 80 | 90;
export function levelOf(permille: number | null): Level {
  if (permille === null || permille > 200) return 0;
  return permille > 100 ? 80 : 90;
}

const whole = (one: PrivacyBudget) => {
  const all = Number(one.epsilon_limit) + Number(one.epsilon_top_up);
  return String(Number(all.toFixed(9)));
};
export function leftText(one: PrivacyBudget): string {
  if (one.epsilon_limit === null) return `${one.epsilon_spent} spent, no limit`;
  const share = one.left_permille === null ? "" : ` (${Number((one.left_permille / 10).toFixed(1))} %)`;
  const mark = levelOf(one.left_permille) === 0 ? "" : "▲ ";
  return `${mark}${amount(one.epsilon_left)} of ${whole(one)} left${share}`;
}

// When the rest is gone, by the mean of the window until now.
export function forecastText({ forecast, limit }: PrivacyBurnDown, utc: boolean): string {
  if (limit === null) return "There is no limit, so nothing runs out.";
  if (forecast === null) return "✕ Nothing is left until the window ends.";
  const rate = Number(Number(forecast.per_day).toPrecision(3));
  if (rate === 0) return "Nothing was spent in this window.";
  const day = `At ${rate} a day, the mean of this window,`;
  if (forecast.exhausted_at === null) {
    const early = forecast.earliest === null ? "" : `; with days like the busiest, it is gone on ${time(forecast.earliest, utc)}`;
    return `${day} it lasts until the window ends${early}.`;
  }
  const from = forecast.earliest === null ? "" : `, ${time(forecast.earliest, utc)} at the earliest`;
  const to = forecast.latest === null ? ", and perhaps not within the window" : `, ${time(forecast.latest, utc)} at the latest`;
  return `▲ ${day} it is gone on ${time(forecast.exhausted_at, utc)}${from}${to}.`;
}

const STATES: Record<TopUp["state"], string> = {
  pending: "▲ waits for approval", active: "✓ active", refused: "✕ refused", revoked: "✕ revoked", expired: "expired",
};
export const stateText = (state: TopUp["state"]) => STATES[state];

// Open ones first, then the newest.
export function sortedTopUps(all: TopUp[]): TopUp[] {
  const rank = ({ state }: TopUp) => (state === "pending" ? 0 : state === "active" ? 1 : 2);
  return [...all].sort((a, b) => rank(a) - rank(b) || (a.asked_at < b.asked_at ? 1 : -1));
}

// e^epsilon of a limit: "22026.47" as "22,026 times".
export function oddsText(odds: string | null, limit: string | null): string {
  if (limit === null) return "without a bound";
  if (odds === null) return "more than 10^18 times";
  const number = Number(odds);
  if (!Number.isFinite(number)) return `${odds} times`;
  return number >= 1e9 ? `${number.toExponential(1)} times` : `${number >= 100 ? count(number) : String(number)} times`;
}

const change = (before: string, after: string) => (before === after ? before : `${before} → ${after}`);
const plain = (error: string | null) => (error === null ? UNKNOWN : `± ${error}`);

// What a top-up would mean, for the one who asks and the one who approves alike.
export function previewFacts(seen: TopUpPreview, utc: boolean): { name: string; text: string }[] {
  return [
    { name: "Limit", text: change(amount(seen.limit_before), amount(seen.limit_after)) },
    { name: "Left", text: change(amount(seen.left_before), amount(seen.left_after)) },
    { name: "For the window", text: `${time(seen.window_start, utc)} to ${time(seen.window_end, utc)}` },
    {
      name: "Odds of a guess about one person rise by at most",
      text: change(oddsText(seen.odds_before, seen.limit_before), oddsText(seen.odds_after, seen.limit_after)),
    },
    { name: "Of a hundred counts, 95 are within", text: change(plain(seen.error_before), plain(seen.error_after)) },
    { name: "Spent for good until now", text: seen.lifetime_spent },
  ];
}

export interface Ask {
  dataset: string;
  purpose: string;
  epsilon: string;
  lifetime: string;
  warrant: string;
  ticket: string;
  reason: string;
}
// What is wrong with the amount; "": nothing.
export function wrongEpsilon(text: string): string {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text.trim())) return "A number above 0 with at most 9 places, such as 2.5.";
  return Number(text) > 0 ? "" : "It is more than 0.";
}
export const reasonLeft = (reason: string) => Math.max(0, REASON_MIN - [...reason.trim()].length);

export const LIFETIMES: [value: string, name: string][] = [
  ["24h", "1 day"], ["168h", "7 days"], ["720h", "30 days"],
];

export function askLine(tenant: string, one: Ask): string {
  const more = one.ticket.trim() === "" ? "" : ` --ticket ${quoted(one.ticket.trim())}`;
  return `maestro privacy top-up ask --tenant ${quoted(tenant)} --dataset ${quoted(one.dataset)} --purpose ${quoted(one.purpose)}` +
    ` --epsilon ${quoted(one.epsilon.trim())} --for ${one.lifetime} --warrant ${quoted(one.warrant.trim())}${more}` +
    ` --reason ${quoted(one.reason.trim())}`;
}
export const budgetsLine = (tenant: string) => `maestro privacy budgets --tenant ${quoted(tenant)}`;
export const accountantLine = (tenant: string, dataset: string) =>
  `maestro privacy accountant --tenant ${quoted(tenant)} --dataset ${quoted(dataset)}`;
