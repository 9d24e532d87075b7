import type { ComponentChildren } from "preact";
import { address, go, path } from "./state.ts";

interface Props {
  to: string;
  button?: boolean; // it looks like one
  then?: () => void; // once it was followed inside the portal
  children: ComponentChildren;
}

// A link inside the portal; new tabs and the like stay with the browser.
export function Link({ to, button = false, then, children }: Props) {
  function follow(event: MouseEvent) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(address(to));
    then?.();
  }
  return (
    <a
      href={address(to)} class={button ? "button" : undefined} aria-current={path.value === to ? "page" : undefined}
      onClick={follow}
    >
      {children}
    </a>
  );
}
