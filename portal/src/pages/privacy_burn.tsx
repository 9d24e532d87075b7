// How a window's budget goes down, with what is to come of it, and who has spent it.
import { useState } from "preact/hooks";
import { Frame } from "../chart/frame.tsx";
import { largest, path } from "../chart/scale.ts";
import type { PrivacyBudget, PrivacyBurnDown, PrivacySpend } from "../client.ts";
import { count, date, UNKNOWN } from "../format.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { band, burnOf } from "../privacy/burn.ts";
import { forecastText } from "../privacy/words.ts";
import { client, utc } from "../state.ts";
import { Table } from "../table.tsx";

const text = (value: number | null) => (value === null ? UNKNOWN : String(Number(value.toPrecision(4))));
const NAMES = ["Left", "Forecast", "Earliest", "Latest"];

function Chart({ burn, title }: { burn: PrivacyBurnDown; title: string }) {
  const found = burnOf(burn);
  if (found === null) return <p>There is no limit, so there is nothing to burn down.</p>;
  const { days, left, forecast, earliest, latest } = found;
  const lines = [left, forecast, earliest, latest].map((values, i) => ({ name: NAMES[i]!, values }))
    .filter(({ values }) => values.some((value) => value !== null));
  return (
    <Frame
      title={title} unit="Day" lines={lines} text={text} moment={(i) => date(days[i]!)} top={largest([left, forecast, latest])}
      axis={(i) => days[i]!.slice(5)}
      draw={({ x, y }) => (
        <>
          <path class="band" d={band(earliest, latest, x, y)} />
          {lines.map(({ name, values }) => (
            <path key={name} class={`line line-${NAMES.indexOf(name)}`} d={path(values, x, y)} />
          ))}
        </>
      )}
      sample={(i) => (
        <svg viewBox="0 0 24 8" aria-hidden="true">
          <path class={`line line-${NAMES.indexOf(lines[i]?.name ?? "")}`} d="M1 4H23" />
        </svg>
      )}
    />
  );
}

const WAYS = [["analyst", "analyst"], ["query_type", "kind of query"], ["day", "day"]] as const;
type Way = (typeof WAYS)[number][0];

function SpendTable({ items, way, title }: { items: PrivacySpend[]; way: Way; title: string }) {
  const top = Math.max(1e-9, ...items.map(({ epsilon }) => Number(epsilon)));
  return (
    <Table title={title} heads={["Name", "#Epsilon", "~Share", "#Delta", "#Answers"]}>
      {items.map((one) => (
        <tr key={one.name}>
          <th scope="row" class="wrap"><bdi>{way === "day" ? date(one.name) : one.name}</bdi></th>
          <td class="number">{one.epsilon}</td>
          <td class="burn">
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              <rect class="pile-4" width={(100 * Number(one.epsilon)) / top} height="8" />
            </svg>
          </td>
          <td class="number">{one.delta}</td>
          <td class="number">{count(one.charges)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Spend({ tenant, dataset, purpose }: { tenant: string; dataset: string; purpose: string }) {
  const [way, setWay] = useState<Way>("analyst");
  const spend = useLoaded(`spend ${JSON.stringify([tenant, dataset, purpose, way])}`, () =>
    client.getPrivacySpend({ tenant, dataset, purpose, by: way }));
  const named = WAYS.find(([value]) => value === way)?.[1];
  return (
    <section aria-labelledby="spend">
      <h2 id="spend">Who and what has spent of it</h2>
      <p>
        <label for="spend-by">By </label>
        <select id="spend-by" value={way} onChange={(event) => setWay(event.currentTarget.value as Way)}>
          {WAYS.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        </select>
      </p>
      {spend.problem && <Failed problem={spend.problem} retry={spend.reload} />}
      {!spend.value && !spend.problem && <Waiting />}
      {spend.value?.items.length === 0 && <p>Nothing was spent in this window.</p>}
      {spend.value && spend.value.items.length > 0 && (
        <SpendTable items={spend.value.items} way={way} title={`Spent by ${named}, in this window`} />
      )}
    </section>
  );
}

export function Window({ tenant, chosen }: { tenant: string; chosen: PrivacyBudget }) {
  const { dataset } = chosen;
  const purpose = chosen.purpose ?? "";
  const burn = useLoaded(`burn ${JSON.stringify([tenant, dataset, purpose])}`, () =>
    client.getPrivacyBurnDown({ tenant, dataset, purpose }));
  return (
    <>
      <section aria-labelledby="burn">
        <h2 id="burn">Burn-down of <bdi>{dataset}</bdi> for <bdi>{purpose}</bdi></h2>
        {burn.problem && <Failed problem={burn.problem} retry={burn.reload} />}
        {!burn.value && !burn.problem && <Waiting />}
        {burn.value && (
          <>
            <p>{forecastText(burn.value, utc.value)}</p>
            <div class="charts"><Chart burn={burn.value} title="Epsilon left, by day" /></div>
          </>
        )}
      </section>
      <Spend tenant={tenant} dataset={dataset} purpose={purpose} />
    </>
  );
}
