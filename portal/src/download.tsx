import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "./api.ts";
import { Once } from "./once.ts";
import { attempt, client } from "./state.ts";

const KEPT_MS = 60_000;

export function save(name: string, bytes: Blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(bytes);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

interface Props {
  href: string;
  told: (problem: Problem | null) => void; // null: it is tried
  children: ComponentChildren;
}

// A file of the server. A plain click fetches it, so that what is wrong is told on the page.
export function Download({ href, told, children }: Props) {
  const [busy, setBusy] = useState(false);
  const once = useRef(new Once());
  function follow(event: MouseEvent) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void once.current.run(fetchIt, setBusy);
  }
  async function fetchIt() {
    told(null);
    try {
      const { name, bytes } = await attempt(() => client.file(href));
      save(name, bytes);
    } catch (error) {
      told(asProblem(error));
    }
  }
  return (
    <>
      <a class="button" href={href} download aria-disabled={busy} onClick={follow}>
        {children}
      </a>
      <span class="hidden" role="status">{busy && "Downloading"}</span>
    </>
  );
}
