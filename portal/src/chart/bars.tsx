import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { count } from "../format.ts";
import { largest } from "./scale.ts";

export interface Bar {
  name: string;
  label: ComponentChildren; // of the name; a link, mostly
  note: string;
  parts: number[]; // one for each kind
}

interface Props {
  title: string;
  kinds: { name: string; colour: number }[]; // colours of piles, 0 to 14
  bars: Bar[];
  empty: string; // shown when there is no bar
}

const SHOWN = 8;

const total = ({ parts }: Bar) => parts.reduce((sum, part) => sum + part, 0);

// All of it, and what of it is of the later kinds.
function Figures({ bar, kinds }: { bar: Bar; kinds: Props["kinds"] }) {
  const all = total(bar);
  const some = kinds.flatMap(({ name }, i) => (i > 0 && bar.parts[i] ? [{ name, part: bar.parts[i] }] : []));
  if (some[0]?.part === all) {
    return (
      <span>
        <b>{count(all)}</b> {some[0].name}
      </span>
    );
  }
  return (
    <span>
      <b>{count(all)}</b>
      {some.map(({ name, part }) => `, ${count(part)} ${name}`)}
    </span>
  );
}

// Counts by name, a bar each, with its number beside it: nothing has to be pointed at to be read.
export function BarChart({ title, kinds, bars, empty }: Props) {
  const [all, setAll] = useState(false);
  const caption = useId();
  const list = useId();
  const top = Math.max(1, largest([bars.map(total)]));
  const shown = all ? bars : bars.slice(0, SHOWN);
  return (
    <figure class="chart" aria-labelledby={caption}>
      <figcaption>
        <span id={caption}>{title}</span>
        {bars.length > SHOWN && (
          <button type="button" class="quiet" aria-expanded={all} aria-controls={list} onClick={() => setAll(!all)}>
            {all ? "Fewer" : `All ${count(bars.length)}`}
          </button>
        )}
      </figcaption>
      {bars.length === 0 && <p>{empty}</p>}
      <ul class="bars" id={list} hidden={bars.length === 0}>
        {shown.map((bar) => (
          <li key={bar.name}>
            <span>
              {bar.label} <span class="soft" dir="auto">{bar.note}</span>
            </span>
            <Figures bar={bar} kinds={kinds} />
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              {kinds.map(({ name, colour }, i) => {
                const before = bar.parts.slice(0, i).reduce((sum, part) => sum + part, 0);
                return (
                  <rect
                    key={name} class={`pile-${colour}`} x={(100 * before) / top} width={(100 * (bar.parts[i] ?? 0)) / top}
                    height="8"
                  />
                );
              })}
            </svg>
          </li>
        ))}
      </ul>
      {kinds.length > 1 && bars.length > 0 && (
        <ul class="legend">
          {kinds.map(({ name, colour }) => (
            <li key={name}>
              <svg viewBox="0 0 24 8" aria-hidden="true">
                <rect class={`pile-${colour}`} width="24" height="8" />
              </svg>
              {name}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}
