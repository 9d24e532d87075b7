// Numbers of many measurements, and how they stand to their targets.

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)];
}

export const median = (values) => quantile(values, 0.5);
export const round = (value) => Number(value.toPrecision(3));

// `rows`: [what, measured, unit, target or null].
export function table(rows) {
  const lines = rows.map(([what, value, unit, target]) => [
    what, `${round(value)} ${unit}`, target === null ? "" : `<= ${target} ${unit}`,
    target === null ? "" : value <= target ? "met" : "MISSED",
  ]);
  const widths = [0, 1, 2].map((i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()).join("\n");
}
