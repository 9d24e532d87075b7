// The arithmetic of a chart: round ticks, and paths that leave a gap where nothing is known.

// Rising round numbers from 0 to the first at or above `max`.
export function ticks(max: number, wanted = 4): number[] {
  if (!(max > 0) || !Number.isFinite(max)) return [0, 1];
  const rough = max / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const out = [];
  for (let i = 0; i === 0 || (out.at(-1) ?? 0) < max; i++) out.push(Number((i * step).toPrecision(12)));
  return out;
}

export function largest(series: (number | null)[][]): number {
  let max = 0;
  for (const one of series) for (const value of one) if (value !== null && value > max) max = value;
  return max;
}

// An SVG path through the known points.
export function path(
  values: (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  let out = "";
  let drawing = false;
  values.forEach((value, i) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const alone = !drawing && (values[i + 1] ?? null) === null;
    out += `${drawing ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    if (alone) out += "h0.1";  // a dot, with round ends
    drawing = true;
  });
  return out;
}
