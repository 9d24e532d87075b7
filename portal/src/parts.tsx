// A list that comes in parts: the newest, and older ones when they are asked for.
import { useMemo, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "./api.ts";
import { count } from "./format.ts";
import { Failed, type Loaded, useLoaded } from "./load.tsx";
import { attempt } from "./state.ts";

export interface Part<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Parts<T> {
  first: Loaded<Part<T>>;
  items: T[];
  more: boolean;
  problem: Problem | null; // of the older ones
  older: () => Promise<void>;
}

interface Following<T> {
  of: Part<T>; // which part they follow
  items: T[];
  next: string | null;
}

// With another `key` it begins anew.
export function useParts<T>(key: string, call: (cursor: { cursor?: string }) => Promise<Part<T>>): Parts<T> {
  const first = useLoaded(key, () => call({}));
  const part = first.value;
  const [kept, setKept] = useState<Following<T> | null>(null);
  const [failed, setFailed] = useState<{ of: Part<T>; problem: Problem } | null>(null);
  const asking = useRef(false);
  const following = kept?.of === part ? kept : null;
  const next = following ? following.next : (part?.next_cursor ?? null);
  const items = useMemo(() => [...(part?.items ?? []), ...(following?.items ?? [])], [part, following]);
  async function older() {
    if (part === null || next === null || asking.current) return;
    asking.current = true;
    setFailed(null);
    try {
      const got = await attempt(() => call({ cursor: next }));
      setKept({ of: part, items: [...(following?.items ?? []), ...got.items], next: got.next_cursor });
    } catch (error) {
      setFailed({ of: part, problem: asProblem(error) });
    }
    asking.current = false;
  }
  return { first, items, more: next !== null, problem: failed?.of === part ? failed.problem : null, older };
}

// Below the table of it. `what` tells the buttons of two lists apart.
export function PartsPager<T>({ parts, what = "" }: { parts: Parts<T>; what?: string }) {
  const { items, more, problem, older, first } = parts;
  const of = what && <span class="hidden"> {what}</span>;
  return (
    <>
      {problem && <Failed problem={problem} retry={() => void older()} />}
      <p class="pager">
        <span role="status">
          {more ? `${count(items.length)} are loaded` : `All ${count(items.length)} that match are loaded`}
        </span>
        <button type="button" onClick={first.reload}>Look again{what && <span class="hidden"> at {what}</span>}</button>
        <button type="button" aria-disabled={!more} onClick={() => void older()}>Load older{of}</button>
      </p>
    </>
  );
}
