import type { ComponentChildren } from "preact";
import { address, go, path } from "./state.ts";

// A link inside the portal; new tabs and the like stay with the browser.
export function Link({ to, children }: { to: string; children: ComponentChildren }) {
  function follow(event: MouseEvent) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(address(to));
  }
  return (
    <a href={address(to)} aria-current={path.value === to ? "page" : undefined} onClick={follow}>
      {children}
    </a>
  );
}
