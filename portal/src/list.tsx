// Long lists: a filter that `/` reaches, and pages, so that ten thousand rows stay quick.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "./format.ts";

const ROWS = 100;

interface FilterProps {
  value: string;
  change: (value: string) => void;
}

export function Filter({ value, change }: FilterProps) {
  const box = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {  // before the first paint, as the keys of the palette
    const focus = () => box.current?.focus();
    addEventListener("mc-filter", focus);
    return () => removeEventListener("mc-filter", focus);
  }, []);
  return (
    <label>
      Filter{" "}
      <input ref={box} type="search" value={value} onInput={(event) => change(event.currentTarget.value)} />
    </label>
  );
}

// Whether one of the texts has the wanted one in it, in any case of letters.
export function matches(wanted: string, texts: string[]): boolean {
  const small = wanted.trim().toLowerCase();
  return texts.some((text) => text.toLowerCase().includes(small));
}

interface NoMatchProps {
  filter: string;
  what: string;
  clear: () => void;
}

export function NoMatch({ filter, what, clear }: NoMatchProps) {
  return (
    <section class="notice" role="status">
      <h2>Nothing matches</h2>
      <p>
        {what} <bdi>“{filter}”</bdi>.
      </p>
      <button
        type="button"
        onClick={() => {
          clear();
          dispatchEvent(new Event("mc-filter"));  // this button goes; the focus is of use in the filter
        }}
      >
        Clear the filter
      </button>
    </section>
  );
}

export interface Pages<T> {
  rows: T[];
  from: number; // of the first row, counted from 0
  all: number;
  move: (pages: number) => void;
}

// The rows of one page. Another `key` begins at the first; back at the former one, it is as it was.
export function usePages<T>(all: T[], key: string): Pages<T> {
  const [place, setPlace] = useState({ key, page: 0 });
  const last = Math.max(0, Math.ceil(all.length / ROWS) - 1);
  const page = place.key === key ? Math.min(place.page, last) : 0;
  const from = page * ROWS;
  return {
    rows: all.slice(from, from + ROWS), from, all: all.length,
    move: (pages) => setPlace({ key, page: Math.min(last, Math.max(0, page + pages)) }),
  };
}

// Nothing while one page holds all.
export function Pager<T>({ pages }: { pages: Pages<T> }) {
  const { rows, from, all, move } = pages;
  if (all <= ROWS) return null;
  // Not `disabled`, which would take the focus from who steps through.
  const turn = (name: string, step: number, over: boolean) => (
    <button type="button" aria-disabled={over} onClick={() => over || move(step)}>
      {name}
    </button>
  );
  return (
    <nav class="pager" aria-label="Pages of the table">
      <span role="status">
        {count(from + 1)} to {count(from + rows.length)} of {count(all)}
      </span>
      {turn("Previous", -1, from === 0)}
      {turn("Next", 1, from + rows.length >= all)}
    </nav>
  );
}
