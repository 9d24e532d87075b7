import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { PAGES } from "./pages.ts";
import { address, go, session, setShortcuts, setTheme, setUtc, shortcuts, theme, utc } from "./state.ts";

interface Command {
  name: string;
  run: () => void;
}

function commands(): Command[] {
  const tenants = session.value?.tenants ?? [];
  return [
    ...PAGES.map((page) => ({ name: `Go to ${page.name}`, run: () => go(address(page.path)) })),
    ...tenants.map((name) => ({ name: `Show tenant ${name}`, run: () => go(address("/", { tenant: name })) })),
    ...["15m", "1h", "24h"].map((window) => ({
      name: `Window of ${window}`,
      run: () => go(address(location.pathname, { window })),
    })),
    ...["light", "dark", "system"]
      .filter((one) => one !== theme.value)
      .map((one) => ({ name: `Theme: ${one}`, run: () => setTheme(one) })),
    { name: utc.value ? "Times in local time" : "Times in UTC", run: () => setUtc(!utc.value) },
    {
      name: shortcuts.value ? "Switch single-key shortcuts off" : "Switch single-key shortcuts on",
      run: () => setShortcuts(!shortcuts.value),
    },
  ];
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea, [contenteditable]");
}

// A dialog that is there while it is open, and no longer.
function useModal() {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return dialog;
}

function Commands({ close }: { close: () => void }) {
  const dialog = useModal();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const shown = commands().filter((one) => one.name.toLowerCase().includes(text.trim().toLowerCase()));

  function onKey(event: KeyboardEvent) {
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const move = moves[event.key];
    if (move !== undefined) {
      setAt((at + move + shown.length) % Math.max(1, shown.length));
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(shown[at]);
    }
  }

  function choose(command: Command | undefined) {
    if (!command) return;
    dialog.current?.close();
    command.run();
  }

  return (
    <dialog ref={dialog} class="palette" aria-label="Commands" onClose={close}>
      <input
        type="text"
        role="combobox"
        aria-label="Command"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={shown.length > 0 ? `palette-${at}` : undefined}
        placeholder="Page, tenant, setting"
        value={text}
        autofocus
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <ul id="palette-list" role="listbox" aria-label="Commands">
        {shown.map((one, i) => (
          <li key={one.name} id={`palette-${i}`} role="option" aria-selected={i === at} onClick={() => choose(one)}>
            <bdi>{one.name}</bdi>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p role="status">No command has that in its name.</p>}
    </dialog>
  );
}

function Help({ close }: { close: () => void }) {
  const dialog = useModal();
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">Keyboard</h2>
      <dl class="keys">
        <dt>Ctrl K or ⌘ K</dt>
        <dd>Commands</dd>
        {PAGES.map((page) => (
          <>
            <dt>g {page.key}</dt>
            <dd>{page.name}</dd>
          </>
        ))}
        <dt>/</dt>
        <dd>Filter of the page</dd>
        <dt>t in a chart</dt>
        <dd>Numbers as a table</dd>
      </dl>
      <label>
        <input
          type="checkbox"
          checked={shortcuts.value}
          onChange={(event) => setShortcuts(event.currentTarget.checked)}
        />{" "}
        Single-key shortcuts
      </label>
      <p class="actions">
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </p>
    </dialog>
  );
}

// Ctrl-K or Cmd-K opens the commands; the other keys work where nobody types, and can be switched off.
export function Palette() {
  const [open, setOpen] = useState<"commands" | "help" | null>(null);
  // Before the first paint, so that no key is lost that somebody presses as the page appears.
  useLayoutEffect(() => {
    let afterG = false;
    function onKey(event: KeyboardEvent) {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOpen("commands");
        return;
      }
      if (!shortcuts.value || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const page = afterG ? PAGES.find((one) => one.key === event.key) : undefined;
      afterG = event.key === "g";
      if (page) go(address(page.path));
      else if (event.key === "?") setOpen("help");
      else if (event.key === "/") dispatchEvent(new Event("mc-filter"));
      else return;
      event.preventDefault();
    }
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  if (open === null) return null;
  const close = () => setOpen(null);
  return open === "commands" ? <Commands close={close} /> : <Help close={close} />;
}
