// Tenants by routes as a grid that the arrow keys walk through: a colour, a number, and all of it in words.
import { useId, useRef, useState } from "preact/hooks";
import {
  bandOf, bandsOf, cellName, cellText, type Grid, gridOf, type Measure, MEASURES, moved,
} from "../budgets/heat.ts";
import type { UsageRow } from "../budgets/wire.ts";
import { count } from "../format.ts";
import { usePassing } from "../passing.tsx";

export interface Cell {
  tenant: string;
  route: string;
}

const classOf = (measure: Measure, band: number | null) =>
  (band === null ? "heat" : `heat ${measure === "asked" ? "load" : "heat"}-${band}`);

interface ButtonProps {
  name: string;
  text: string;
  look: string;
  pressed: boolean;
  first: boolean; // Tab leads to it
  reach: () => void;
  press: () => void;
}

function CellButton({ name, text, look, pressed, first, reach, press }: ButtonProps) {
  return (
    <button
      type="button" ref={usePassing<HTMLButtonElement>()} class={look} aria-pressed={pressed} aria-label={name}
      tabIndex={first ? 0 : -1} onFocus={reach} onClick={press}
    >
      {text}
    </button>
  );
}

interface CellsProps {
  grid: Grid;
  measure: Measure;
  chosen: Cell | null;
  choose: (cell: Cell | null) => void;
  label: string; // id of what names the grid
}

function Cells({ grid, measure, chosen, choose, label }: CellsProps) {
  const { tenants, routes } = grid;
  const body = useRef<HTMLTableSectionElement>(null);
  const [at, setAt] = useState<Cell | null>(null); // that Tab leads to
  const row = Math.max(0, tenants.indexOf(at?.tenant ?? ""));
  const column = Math.max(0, routes.indexOf(at?.route ?? ""));
  function focus(down: number, right: number) {
    body.current?.rows[down]?.cells[right + 1]?.querySelector("button")?.focus();
  }
  function onKey(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = moved(event.key, [row, column], tenants.length, routes.length);
    if (to === null) return;
    event.preventDefault();
    setAt({ tenant: tenants[to[0]] ?? "", route: routes[to[1]] ?? "" });
    focus(...to);
  }
  return (
    <div class="scroll">
      <table role="grid" aria-labelledby={label} class="cells">
        <thead>
          <tr>
            <th scope="col">Tenant</th>
            {routes.map((route) => (
              <th key={route} scope="col"><bdi class="long" title={route}>{route}</bdi></th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={onKey}>
          {tenants.map((tenant, down) => (
            <tr key={tenant}>
              <th scope="row"><bdi class="long" title={tenant}>{tenant}</bdi></th>
              {routes.map((route, right) => {
                const found = grid.at(tenant, route);
                const pressed = chosen?.tenant === tenant && chosen.route === route;
                return (
                  <td key={route}>
                    <CellButton
                      name={cellName(tenant, route, found)} text={cellText(measure, found)} pressed={pressed}
                      look={classOf(measure, bandOf(measure, found, grid.top))} first={down === row && right === column}
                      reach={() => setAt({ tenant, route })} press={() => choose(pressed ? null : { tenant, route })}
                    />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Legend({ measure }: { measure: Measure }) {
  return (
    <ul class="legend">
      {bandsOf(measure).map((name, band) => (
        <li key={name}>
          <span class={`${classOf(measure, band)} swatch`} aria-hidden="true" />
          {name}
        </li>
      ))}
    </ul>
  );
}

interface Props {
  rows: UsageRow[];
  chosen: Cell | null;
  choose: (cell: Cell | null) => void;
}

export function Heatmap({ rows, chosen, choose }: Props) {
  const [measure, setMeasure] = useState<Measure>("away");
  const title = useId();
  const grid = gridOf(rows);
  const more = [
    [grid.moreTenants, "tenants"], [grid.moreRoutes, "routes"],
  ].filter(([many]) => many !== 0).map(([many, what]) => `${count(Number(many))} ${what}`);
  return (
    <figure class="chart" aria-labelledby={title}>
      <figcaption>
        <span id={title}>Tenants and routes</span>
        <label>
          <span class="hidden">What the cells show</span>
          <select value={measure} onChange={(event) => setMeasure(event.currentTarget.value as Measure)}>
            {MEASURES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </label>
      </figcaption>
      <Cells grid={grid} measure={measure} chosen={chosen} choose={choose} label={title} />
      <Legend measure={measure} />
      {more.length > 0 && (
        <p class="soft">{more.join(" and ")} with less to see are not in the grid; the table below has them.</p>
      )}
    </figure>
  );
}
