// What goes while it may have the focus, which then begins anew at the heading.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export function usePassing<T extends HTMLElement>() {
  const place = useRef<T>(null);
  useLayoutEffect(() => {
    const own = place.current;
    return () => {
      if (own?.contains(document.activeElement)) document.querySelector("h1")?.focus();
    };
  }, []);
  return place;
}

interface Props {
  press: () => void;
  children: ComponentChildren;
}

export function PassingButton({ press, children }: Props) {
  return (
    <button type="button" ref={usePassing<HTMLButtonElement>()} onClick={press}>
      {children}
    </button>
  );
}
