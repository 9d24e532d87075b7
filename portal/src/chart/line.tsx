import { Frame, type Line } from "./frame.tsx";
import { largest, path } from "./scale.ts";

interface Props {
  title: string;
  lines: Line[];
  text: (value: number | null) => string;
  moment: (index: number) => string;
}

export function LineChart(props: Props) {
  const { lines } = props;
  return (
    <Frame
      {...props}
      unit="Time"
      top={largest(lines.map((line) => line.values))}
      draw={({ x, y }) => lines.map((line, i) => (
        <path key={line.name} class={`line line-${i % 8}`} d={path(line.values, x, y)} />
      ))}
      sample={(i) => (
        <svg viewBox="0 0 24 8" aria-hidden="true">
          <path class={`line line-${i % 8}`} d="M1 4H23" />
        </svg>
      )}
    />
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
