import { useEffect, useId, useRef, useState } from "preact/hooks";
import { UNKNOWN } from "../format.ts";
import { largest, path, ticks } from "./scale.ts";

export interface Line {
  name: string;
  values: (number | null)[];
}

interface Props {
  title: string;
  lines: Line[];
  text: (value: number | null) => string;
  moment: (index: number) => string;
}

const HEIGHT = 220;
const LEFT = 64;
const BOTTOM = 24;
const TOP = 8;

// Keys move a cursor over the chart; what stands under it is spoken. T shows the numbers as a table.
export function LineChart({ title, lines, text, moment }: Props) {
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
  const marks = ticks(largest(lines.map((line) => line.values)));
  const top = marks.at(-1) ?? 1;
  const x = (i: number) => LEFT + (i / Math.max(1, steps - 1)) * (width - LEFT - 8);
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
    const inside = ((event.clientX - box.left) / box.width) * width;
    const index = Math.round(((inside - LEFT) / (width - LEFT - 8)) * (steps - 1));
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
          <line x1={LEFT} x2={width - 8} y1={y(mark)} y2={y(mark)} />
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
            {moment(i)}
          </text>
        );
      })}
      {lines.map((line, i) => (
        <path key={line.name} class={`line line-${i % 8}`} d={path(line.values, x, y)} />
      ))}
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
                <th scope="col">Time</th>
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
            <svg viewBox="0 0 24 8" aria-hidden="true">
              <path class={`line line-${i % 8}`} d="M1 4H23" />
            </svg>
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

export function Spark({ values, label }: { values: (number | null)[]; label: string }) {
  const top = Math.max(1e-9, largest([values]));
  const x = (i: number) => 1 + (i / Math.max(1, values.length - 1)) * 98;
  const y = (value: number) => 22 - (value / top) * 20;
  return (
    <svg class="spark" viewBox="0 0 100 24" role="img" aria-label={label}>
      <path class="line line-0" d={path(values, x, y)} />
    </svg>
  );
}
