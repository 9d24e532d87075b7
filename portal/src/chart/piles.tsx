import { Frame, type Line } from "./frame.tsx";
import { largest } from "./scale.ts";

export interface Pile extends Line {
  colour: number;  // 0 to 14
}

// What stands above the bar of a step that has some of it; counted in the bar already.
export interface Mark extends Line {
  sign: string;
}

interface Props {
  title: string;
  unit: string;
  piles: Pile[];
  marks: Mark[];
  text: (value: number | null) => string;
  moment: (index: number) => string;
  axis: (index: number) => string;
}

const GAP_FROM = 4;  // narrower bars stand side by side without a gap

// Bars of whole numbers, piled in the order of the legend from below.
export function PileChart({ piles, marks, ...rest }: Props) {
  const steps = piles[0]?.values.length ?? 0;
  const below = (pile: number, step: number) =>
    piles.slice(0, pile).reduce((sum, { values }) => sum + (values[step] ?? 0), 0);
  const heights = Array.from({ length: steps }, (_, step) => below(piles.length, step));
  const marked = marks.filter(({ values }) => values.some((value) => value));
  return (
    <Frame
      {...rest}
      bands
      whole
      lines={[...piles, ...marked]}
      top={largest([heights]) * (marked.length > 0 ? 1.1 : 1)}
      draw={({ x, y, inner }) => {
        const band = inner / steps;
        const wide = band < GAP_FROM ? band : band * 0.8;
        return (
          <>
            {piles.map(({ name, colour, values }, pile) => values.map((value, step) => {
              if (!value) return null;
              const from = below(pile, step);
              const height = Math.max(1, y(from) - y(from + value) - 1);
              return (
                <rect
                  key={`${name} ${step}`} class={`pile-${colour}`} x={x(step) - wide / 2} y={y(from + value)}
                  width={wide} height={height}
                />
              );
            }))}
            {heights.map((height, step) => {
              const signs = marked.filter(({ values }) => values[step]).map(({ sign }) => sign).join("");
              return signs && (
                <text key={step} class="sign" x={x(step)} y={Math.max(12, y(height) - 3)} text-anchor="middle">
                  {signs}
                </text>
              );
            })}
          </>
        );
      }}
      sample={(i) => {
        const pile = piles[i];
        return pile ? (
          <svg viewBox="0 0 24 8" aria-hidden="true">
            <rect class={`pile-${pile.colour}`} width="24" height="8" />
          </svg>
        ) : (
          <span class="sign" aria-hidden="true">{marked[i - piles.length]?.sign} </span>
        );
      }}
    />
  );
}
