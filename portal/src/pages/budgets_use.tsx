// What came of the requests of each tenant on each route: over time, and row by row.
import { useState } from "preact/hooks";
import { askedOf, awayOf, type Order, ORDERS, ordered, summed } from "../budgets/heat.ts";
import type { UsageRow, UsageStep } from "../budgets/wire.ts";
import { windowText } from "../budgets/words.ts";
import { PileChart } from "../chart/piles.tsx";
import type { BudgetUsage } from "../client.ts";
import { count, millis, share, time } from "../format.ts";
import { Filter, matches, NoMatch, Pager, usePages } from "../list.tsx";
import { PassingButton } from "../passing.tsx";
import { utc } from "../state.ts";
import { Table } from "../table.tsx";
import type { Cell } from "./budgets_heat.tsx";

const KINDS = [["admitted", 0, "Let in"], ["rejected", 5, "Rejected (429)"], ["shed", 9, "Shed (503)"]] as const;

interface OverTimeProps {
  usage: BudgetUsage;
  rows: UsageRow[]; // of the chosen cell, or all
  chosen: Cell | null;
  clear: () => void;
}

export function OverTime({ usage, rows, chosen, clear }: OverTimeProps) {
  const sums = summed(rows, Math.max(1, Math.round(usage.window_s / usage.step_s)));
  const moment = (i: number) => {
    const at = Date.parse(usage.at) - (sums.admitted.length - 1 - i) * usage.step_s * 1000;
    return time(new Date(at).toISOString(), utc.value).replace(/^.*, /, "");
  };
  const of = chosen ? ` of ${chosen.tenant} on ${chosen.route}` : "";
  return (
    <div>
      <PileChart
        title={`Requests${of}, ${usage.step_s} s each`} unit="Time" text={count} moment={moment} axis={(i) => moment(i).replace(" UTC", "")} marks={[]}
        piles={KINDS.map(([kind, colour, name]) => ({ name, colour, values: sums[kind] }))}
      />
      {chosen && <p class="pager"><PassingButton press={clear}>Show all of them</PassingButton></p>}
    </div>
  );
}

// A bar a step; what was turned away lies on top.
function Strip({ series, label }: { series: UsageStep[]; label: string }) {
  const top = Math.max(1, ...series.map(askedOf));
  const wide = 100 / Math.max(1, series.length);
  const high = (value: number) => (24 * value) / top;
  return (
    <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      {series.map((step, i) => {
        let below = 24;
        return KINDS.map(([name, colour]) => {
          if (step[name] === 0) return null;
          below -= high(step[name]);
          return (
            <rect key={`${i} ${name}`} class={`pile-${colour}`} x={i * wide} y={below} width={wide * 0.85} height={high(step[name])} />
          );
        });
      })}
    </svg>
  );
}

function Row({ row }: { row: UsageRow }) {
  return (
    <tr class={awayOf(row) > 0 ? "marked" : undefined}>
      <th scope="row"><bdi class="long" title={row.tenant}>{row.tenant}</bdi></th>
      <td><bdi class="long" title={row.route}>{row.route}</bdi></td>
      <td class="number">{count(row.admitted)}</td>
      <td class="number">{count(row.rejected)}</td>
      <td class="number">{count(row.shed)}</td>
      <td class="number">{share(awayOf(row), askedOf(row))}</td>
      <td class="number">{count(row.failed)}</td>
      <td class="number">{count(row.slow)}</td>
      <td class="number">{millis(row.wait_p95_ms)}</td>
      <td><Strip series={row.series} label={`Requests of ${row.tenant} on ${row.route} over the time`} /></td>
    </tr>
  );
}

export function UseTable({ usage, rows }: { usage: BudgetUsage; rows: UsageRow[] }) {
  const [filter, setFilter] = useState("");
  const [order, setOrder] = useState<Order>("name");
  const found = ordered(rows.filter(({ tenant, route }) => matches(filter, [tenant, route])), order);
  const pages = usePages(found, `${filter} ${order}`);
  return (
    <section aria-labelledby="use">
      <header class="head">
        <h2 id="use">Requests of the {windowText(usage.window_s)}</h2>
        <span class="filters">
          <Filter value={filter} change={setFilter} />
          <label>
            Order{" "}
            <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
              {ORDERS.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
            </select>
          </label>
        </span>
      </header>
      {found.length === 0 && <NoMatch filter={filter} what="No tenant and no route has" clear={() => setFilter("")} />}
      {found.length > 0 && (
        <>
          <Table
            title="Requests by tenant and route"
            heads={["Tenant", "Route", "#Let in", "#Rejected (429)", "#Shed (503)", "#Turned away", "#Failed", "#Slow", "#Wait, p95", "Over the time"]}
          >
            {pages.rows.map((row) => <Row key={`${row.tenant} ${row.route}`} row={row} />)}
          </Table>
          <Pager pages={pages} />
        </>
      )}
      {usage.more && <p class="soft">There are more rows than the server gives at once.</p>}
    </section>
  );
}
