// How old is what a page shows that renews itself, and the way to hold it still.
import { useEffect, useState } from "preact/hooks";
import { ago } from "./format.ts";

interface Props {
  at: number; // when it came; 0: not yet
  everyMs: number;
  paused: boolean;
  pause: () => void;
}

export function Freshness({ at, everyMs, paused, pause }: Props) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const stale = at > 0 && now - at > 2 * everyMs;
  return (
    <p class={stale ? "fresh warn" : "fresh"}>
      {at > 0 && `${stale ? "▲ " : ""}${paused ? "paused, " : ""}updated ${ago(at, now)}`}{" "}
      <button type="button" class="quiet" aria-pressed={paused} onClick={pause}>
        {paused ? "Resume" : "Pause"}
      </button>
    </p>
  );
}
