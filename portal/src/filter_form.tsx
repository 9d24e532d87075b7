// The form of filters above a list: what is written in it holds once it is sent, and `/` leads to it.
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { PassingButton } from "./passing.tsx";

// What stands in the form; begun anew when `query`, the filters in the address, is another one. `first` is the field
// that `/` leads to.
export function useDraft<F, E extends HTMLElement = HTMLSelectElement>(filters: F, query: string) {
  const [draft, setDraft] = useState(filters);
  const first = useRef<E>(null);
  useLayoutEffect(() => setDraft(filters), [query]);
  useLayoutEffect(() => {
    const focus = () => first.current?.focus();
    addEventListener("mc-filter", focus);
    return () => removeEventListener("mc-filter", focus);
  }, []);
  const change = (part: Partial<F>) => setDraft({ ...draft, ...part });
  return { draft, change, first };
}

interface FrameProps {
  send: () => void;
  clear: () => void;
  children: ComponentChildren;
}

export function FilterFrame({ send, clear, children }: FrameProps) {
  return (
    <form
      class="filters" aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {children}
      <p class="buttons">
        <button type="submit" class="primary">Show</button>
        <button type="button" onClick={clear}>Clear</button>
      </p>
    </form>
  );
}

interface FieldProps {
  name: string; // of the filter
  label: string;
  value: string;
  change: (value: string) => void;
}

interface TextProps extends FieldProps {
  hint: string;
  max: number;
  field?: RefObject<HTMLInputElement | null> | null;
}

export function TextField({ name, label, value, change, hint, max, field = null }: TextProps) {
  return (
    <p>
      <label for={`filter-${name}`}>{label}</label>
      <input
        id={`filter-${name}`} ref={field} placeholder={hint} maxLength={max} value={value} spellcheck={false} autocomplete="off"
        onInput={(event) => change(event.currentTarget.value)}
      />
    </p>
  );
}

interface TimeProps extends FieldProps {
  type: "date" | "datetime-local";
  min?: string | undefined;
}

export function TimeField({ name, label, value, change, type, min }: TimeProps) {
  return (
    <p>
      <label for={`filter-${name}`}>{label}</label>
      <input
        id={`filter-${name}`} type={type} value={value} min={min} onInput={(event) => change(event.currentTarget.value)}
      />
    </p>
  );
}

interface NothingProps {
  title: string;
  text: ComponentChildren;
  unmatched: ComponentChildren; // what is said instead when there are filters
  clear: (() => void) | null; // null: there are none
}

export function Nothing({ title, text, unmatched, clear }: NothingProps) {
  return (
    <section class="notice" role="status">
      <h3>{clear ? "Nothing matches" : title}</h3>
      <p>{clear ? unmatched : text}</p>
      {clear && <PassingButton press={clear}>Clear the filters</PassingButton>}
    </section>
  );
}
