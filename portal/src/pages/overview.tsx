import { useState } from "preact/hooks";
import type { Alert, Overview, Traffic } from "../api.ts";
import { LineChart, Spark } from "../chart/line.tsx";
import { clock, count, millis, rate, share, UNKNOWN } from "../format.ts";
import { Freshness } from "../fresh.tsx";
import { Link } from "../link.tsx";
import { AfterPaint, Failed, useLoaded, Waiting } from "../load.tsx";
import { PANELS } from "../panels.ts";
import { address, ahead, client, go, session, tenant, timeWindow, utc } from "../state.ts";

const EVERY_MS = 5_000;
const ALERTS_EVERY_MS = 15_000;
const LINES_MAX = 8;

function perSecond(values: (number | null)[], step: number) {
  return values.map((value) => (value === null ? null : value / step));
}

// The busiest tenants by name, the rest as one.
export function grouped(overview: Overview) {
  const byLoad = [...overview.tenants].sort((a, b) => (b.requests ?? 0) - (a.requests ?? 0));
  const shown = byLoad.slice(0, byLoad.length > LINES_MAX ? LINES_MAX - 1 : LINES_MAX);
  const lines = shown.map((one) => ({
    name: one.tenant,
    values: perSecond(one.series.requests, overview.step_s),
  }));
  const rest = byLoad.slice(shown.length);
  if (rest.length > 0) {
    const sum = rest[0]!.series.requests.map((_, i) =>
      rest.reduce<number | null>((all, one) => {
        const value = one.series.requests[i] ?? null;
        return value === null ? all : (all ?? 0) + value;
      }, null),
    );
    lines.push({ name: `${rest.length} others`, values: perSecond(sum, overview.step_s) });
  }
  return lines;
}

const summary = (alert: Alert) => alert.annotations["summary"] ?? "";

function needs(overview: Overview, alerts: Alert[]): { tenant: string; why: string }[] {
  const out = alerts.filter((alert) => alert.state === "firing")
    .map((alert) => ({ tenant: alert.name, why: summary(alert) || `an alert of severity ${alert.severity || "unknown"}` }));
  for (const one of overview.tenants) {
    const { requests, failed, latency_ms: latency } = one;
    if (requests && failed && failed / requests > 0.01) {
      out.push({ tenant: one.tenant, why: `${share(failed, requests)} of requests failed` });
    }
    if (latency && latency.p99 > 1000) {
      out.push({ tenant: one.tenant, why: `p99 latency is ${millis(latency.p99)}` });
    }
  }
  return out;
}

function Tile({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>
        <b>{value}</b>
        <span>{note}</span>
      </dd>
    </div>
  );
}

function Tiles({ total, step }: { total: Traffic; step: number }) {
  const last = total.series.requests.at(-1) ?? null;
  const latency = total.latency_ms;
  return (
    <dl class="tiles">
      <Tile name={PANELS.requests.title} value={rate(last === null ? null : last / step)} note={`${count(total.requests)} in the window`} />
      <Tile name={PANELS.failed.title} value={share(total.failed, total.requests)} note={`${count(total.failed)} answered 5xx`} />
      <Tile name={PANELS.refused.title} value={share(total.refused, total.requests)} note={`${count(total.refused)} answered 4xx`} />
      <Tile name={PANELS.p50.title} value={millis(latency?.p50 ?? null)} note="half are faster" />
      <Tile name={PANELS.p95.title} value={millis(latency?.p95 ?? null)} note="19 of 20 are faster" />
      <Tile name={PANELS.p99.title} value={millis(latency?.p99 ?? null)} note="99 of 100 are faster" />
    </dl>
  );
}

// Of one tenant that is not one's own: each look stands in its log, so none is taken by itself.
const elsewhere = () => tenant.value !== "" && tenant.value !== session.value?.tenant;

function Look({ at, again }: { at: number; again: () => void }) {
  return (
    <p class="fresh">
      {at > 0 && `as of ${clock(at, utc.value)} `}
      <button type="button" class="quiet" onClick={again}>
        Look again
      </button>
    </p>
  );
}

// What each figure means, and how one's own Prometheus gives it.
function Sources() {
  return (
    <details class="sources">
      <summary>What these figures mean, and how to watch them with Prometheus</summary>
      <dl>
        {Object.values(PANELS).map(({ title, help, expr }) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              {help}
              <pre>{expr}</pre>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const overviewKey = () => `overview ${timeWindow.value} ${tenant.value}`;
const getOverview = () => client.getOverview({ window: timeWindow.value, tenant: tenant.value });
const ALERTS = "alerts";

export function readOverviewAhead() {
  ahead.start(overviewKey(), getOverview);
  ahead.start(ALERTS, client.listAlerts);
}

export default function OverviewPage() {
  const [paused, setPaused] = useState(false);
  const recorded = elsewhere();
  const loaded = useLoaded(overviewKey(), getOverview, paused || recorded ? 0 : EVERY_MS);
  const alerts = useLoaded(ALERTS, client.listAlerts, paused ? 0 : ALERTS_EVERY_MS);
  const overview = loaded.value;
  const shut = recorded && loaded.problem?.status === 403;
  const attention = overview ? needs(overview, alerts.value?.items ?? []) : [];
  const begin = overview ? Date.parse(overview.from) : 0;
  const moment = (i: number) => clock(begin + i * (overview?.step_s ?? 0) * 1000, utc.value);
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Overview</h1>
        {recorded ? (
          <Look at={loaded.at} again={loaded.reload} />
        ) : (
          <Freshness at={loaded.at} everyMs={EVERY_MS} paused={paused} pause={() => setPaused(!paused)} />
        )}
      </header>
      {recorded && (
        <p>
          Each look at <bdi>{tenant.value}</bdi> stands in its log, with your name.
        </p>
      )}
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {shut && (
        <p class="warn">
          ▲ A warrant opens it: ask for one on the page <Link to="/access">Access</Link>.
        </p>
      )}
      {!overview && !loaded.problem && <Waiting />}
      {overview && !shut && (
        <>
          <Tiles total={overview.total} step={overview.step_s} />
          <section class="notice" aria-labelledby="needs">
            <h2 id="needs">{PANELS.alerts.title}</h2>
            {attention.length === 0 ? (
              <p>
                {alerts.value ? "✓ Nothing: no alert fires, no" : "No"} tenant has more than 1 % of failures or a p99 over a
                second.
              </p>
            ) : (
              <ul>
                {attention.map((one) => (
                  <li key={one.tenant + one.why}>
                    ▲ <bdi>{one.tenant}</bdi>: <bdi>{one.why}</bdi>
                  </li>
                ))}
              </ul>
            )}
            {!alerts.value && (
              <p>
                {UNKNOWN} Alerts are not known{alerts.problem ? <>: <bdi>{alerts.problem.message}</bdi></> : " yet."}
              </p>
            )}
          </section>
          <AfterPaint>
            {() => (
              <>
                <div class="charts">
                  <LineChart title={PANELS.byTenant.title} lines={grouped(overview)} text={rate} moment={moment} />
                  <LineChart
                    title={PANELS.latency.title}
                    lines={[
                      { name: "p50", values: overview.total.series.p50_ms },
                      { name: "p99", values: overview.total.series.p99_ms },
                    ]}
                    text={millis}
                    moment={moment}
                  />
                </div>
                <div class="scroll" tabIndex={0} role="region" aria-label="Tenants">
                  <table>
                    <caption>Tenants</caption>
                    <thead>
                      <tr>
                        <th scope="col">Tenant</th>
                        <th scope="col" class="number">Requests</th>
                        <th scope="col">Over the window</th>
                        <th scope="col" class="number">Refused</th>
                        <th scope="col" class="number">Failed</th>
                        <th scope="col" class="number">p99</th>
                      </tr>
                    </thead>
                    <tbody>
                      {overview.tenants.map((one) => (
                        <tr key={one.tenant}>
                          <th scope="row">
                            <a
                              href={address("/", { tenant: one.tenant })}
                              onClick={(event) => {
                                event.preventDefault();
                                go(address("/", { tenant: one.tenant }));
                              }}
                            >
                              <bdi>{one.tenant}</bdi>
                            </a>
                          </th>
                          <td class="number">{count(one.requests)}</td>
                          <td>
                            <Spark values={one.series.requests} label={`Requests of ${one.tenant}`} />
                          </td>
                          <td class="number">{share(one.refused, one.requests)}</td>
                          <td class="number">{share(one.failed, one.requests)}</td>
                          <td class="number">{millis(one.latency_ms?.p99 ?? null)}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
                <Sources />
              </>
            )}
          </AfterPaint>
        </>
      )}
    </>
  );
}
