import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { UNKNOWN } from "../format.ts";
import { ticks } from "./scale.ts";

export interface Line {
  name: string;
  values: (number | null)[];
}

// Where things are while a chart is drawn.
export interface Place {
  x: (index: number) => number;
  y: (value: number) => number;
  inner: number;  // width between the axis and the right edge
}

interface Props {
  title: string;
  unit: string;  // what a step is: heads the first column of the table
  lines: Line[];
  top: number;  // the largest value
  whole?: boolean;  // values have no fractions
  bands?: boolean;  // a step is as wide as the others, not a point of an axis
  text: (value: number | null) => string;
  moment: (index: number) => string;
  axis?: (index: number) => string;  // shorter, for under the chart
  draw: (place: Place) => ComponentChildren;
  sample: (index: number) => ComponentChildren;  // of a line, for the legend
}

const HEIGHT = 220;
const LEFT = 64;
const RIGHT = 8;
const BOTTOM = 24;
const TOP = 8;

// Keys move a cursor over the chart; what stands under it is spoken. T shows the numbers as a table.
export function Frame(props: Props) {
  const { title, unit, lines, text, moment, bands = false } = props;
  const [at, setAt] = useState<number | null>(null);
  const [table, setTable] = useState(false);
  const [width, setWidth] = useState(0);  // 0: not known yet
  const frame = useRef<HTMLElement>(null);
  const figure = useRef<SVGSVGElement>(null);
  const caption = useId();
  // Drawn at the size it is shown in, so that its text is as large as the page's.
  useEffect(() => {
    if (!frame.current) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.max(240, Math.round(entry.contentRect.width)));
    });
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  const steps = lines[0]?.values.length ?? 0;
  const all = ticks(props.top);
  const marks = props.whole ? all.filter(Number.isInteger) : all;
  const top = all.at(-1) ?? 1;
  const inner = width - LEFT - RIGHT;
  const x = (i: number) => LEFT + (bands ? (i + 0.5) / steps : i / Math.max(1, steps - 1)) * inner;
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);

  function onKey(event: KeyboardEvent) {
    const now = at ?? steps - 1;
    const moves: Record<string, number> = {
      ArrowLeft: now - 1,
      ArrowRight: now + 1,
      PageUp: now - 10,
      PageDown: now + 10,
      Home: 0,
      End: steps - 1,
    };
    if (event.key === "t" || event.key === "T") {
      setTable(!table);
    } else if (event.key in moves) {
      setAt(Math.min(steps - 1, Math.max(0, moves[event.key] ?? now)));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  function onMove(event: PointerEvent) {
    const box = figure.current?.getBoundingClientRect();
    if (!box || box.width === 0) return;
    const inside = (((event.clientX - box.left) / box.width) * width - LEFT) / inner;
    const index = bands ? Math.floor(inside * steps) : Math.round(inside * (steps - 1));
    setAt(Math.min(steps - 1, Math.max(0, index)));
  }

  const spoken =
    at === null
      ? ""
      : `${moment(at)}: ` +
        lines.map((line) => `${line.name} ${text(line.values[at] ?? null)}`).join(", ");

  const drawing = () => (
    <>
      {marks.map((mark) => (
        <g key={mark} class="grid">
          <line x1={LEFT} x2={width - RIGHT} y1={y(mark)} y2={y(mark)} />
          <text x={LEFT - 8} y={y(mark) + 4} text-anchor="end">
            {text(mark)}
          </text>
        </g>
      ))}
      {(width < 480 ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]).map((part) => {
        const i = Math.round(part * (steps - 1));
        const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
        return (
          <text key={part} class="tick" x={x(i)} y={HEIGHT - 6} text-anchor={anchor}>
            {(props.axis ?? moment)(i)}
          </text>
        );
      })}
      {props.draw({ x, y, inner })}
      {at !== null && <line class="cursor" x1={x(at)} x2={x(at)} y1={TOP} y2={HEIGHT - BOTTOM} />}
    </>
  );

  return (
    <figure ref={frame} class="chart" aria-labelledby={caption}>
      <figcaption id={caption}>
        <span>{title}</span>
        <button type="button" class="quiet" aria-pressed={table} onClick={() => setTable(!table)}>
          Table
        </button>
      </figcaption>
      {table ? (
        <div class="scroll" tabIndex={0} role="region" aria-labelledby={caption}>
          <table>
            <thead>
              <tr>
                <th scope="col">{unit}</th>
                {lines.map((line) => (
                  <th scope="col" class="number" key={line.name}>
                    {line.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: steps }, (_, i) => (
                <tr key={i}>
                  <th scope="row">{moment(i)}</th>
                  {lines.map((line) => (
                    <td class="number" key={line.name}>
                      {text(line.values[i] ?? null)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <svg
          ref={figure}
          viewBox={`0 0 ${width || 640} ${HEIGHT}`}
          role="application"
          aria-roledescription="chart"
          aria-label={`${title}. Arrow keys read values, T shows a table.`}
          tabIndex={0}
          onKeyDown={onKey}
          onPointerMove={onMove}
          onPointerLeave={() => setAt(null)}
          onBlur={() => setAt(null)}
        >
          {width > 0 && drawing()}
        </svg>
      )}
      <ul class="legend">
        {lines.map((line, i) => (
          <li key={line.name}>
            {props.sample(i)}
            <bdi>{line.name}</bdi>
            <b>{at === null ? "" : text(line.values[at] ?? null) || UNKNOWN}</b>
          </li>
        ))}
      </ul>
      <p class="hidden" role="status">
        {spoken}
      </p>
    </figure>
  );
}
