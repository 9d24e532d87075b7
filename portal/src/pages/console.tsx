import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Problem } from "../api.ts";
import { millis, UNKNOWN } from "../format.ts";
import { complete, type Completion } from "../graphql/complete.ts";
import { keep, lineCount, offsetOf } from "../graphql/editing.ts";
import { dataOf, runGraphql, type Ran } from "../graphql/run.ts";
import { INTROSPECTION, readSchema, type Introspection, type Schema } from "../graphql/schema.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { attempt, client, place } from "../state.ts";
import { PolicyLine } from "./console_policy.tsx";

const HISTORY = "mc.queries";

interface Opened {
  endpoint: string;
  schema: Schema | null; // null: the caller may not look at it
  starter: string;
}

async function open(name: string): Promise<Opened | null> {
  const { items } = await client.listDatasets();
  const dataset = items.find((one) => one.name === name) ?? items[0];
  if (!dataset?.endpoint) return null;
  const schema = await dataOf<Introspection>(dataset.endpoint, INTROSPECTION).then(readSchema, (error: unknown) => {
    if (error instanceof Problem && error.status !== 0) return null;
    throw error;
  });
  const columns = (schema?.types.get(dataset.type)?.fields ?? []).filter(({ args }) => args.length === 0).slice(0, 3);
  const fields = columns.map(({ name: column }) => column).join(" ") || "__typename";
  return { endpoint: dataset.endpoint, schema, starter: `{\n  ${dataset.plural}(first: 5) {\n    nodes { ${fields} }\n  }\n}` };
}

function history(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(HISTORY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

function remember(query: string): string[] {
  const kept = keep(history(), query);
  sessionStorage.setItem(HISTORY, JSON.stringify(kept));
  return kept;
}

interface EditorProps {
  text: string;
  change: (text: string) => void;
  run: () => void;
  schema: Schema | null;
}

// A text area with a list of what may stand at the cursor; it keeps the focus.
function Editor({ text, change, run, schema }: EditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLPreElement>(null);
  const [found, setFound] = useState<Completion | null>(null);
  const [at, setAt] = useState(0);
  const items = found?.items ?? [];

  function look(forced: boolean) {
    const box = area.current;
    if (!box || !schema) return;
    const next = complete(schema, box.value, box.selectionStart);
    setAt(0);
    setFound(next.items.length > 0 && (forced || next.from < box.selectionStart) ? next : null);
  }
  function take(index: number) {
    const box = area.current;
    const item = items[index];
    if (!box || !found || !item) return;
    box.setRangeText(item.text, found.from, box.selectionStart, "end");
    change(box.value);
    setFound(null);
    box.focus();
  }
  function onKey(event: KeyboardEvent) {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      setFound(null);
      run();
    } else if (event.ctrlKey && event.key === " ") {
      event.preventDefault();
      look(true);
    } else if (items.length > 0) {
      const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (move) setAt((at + move + items.length) % items.length);
      else if (event.key === "Enter" || event.key === "Tab") take(at);
      else if (event.key === "Escape") setFound(null);
      else return;
      event.preventDefault();
    }
  }
  return (
    <div class="editor">
      <label for="query">Query</label>
      <div class="numbered">
        <pre ref={numbers} aria-hidden="true">{Array.from({ length: lineCount(text) }, (_, i) => `${i + 1}\n`)}</pre>
        <textarea
          id="query" ref={area} rows={12} wrap="off" spellcheck={false} autocomplete="off" autocapitalize="off" value={text}
          aria-controls="completions" aria-autocomplete="list"
          aria-activedescendant={items.length > 0 ? `completion-${at}` : undefined} aria-describedby="editor-keys"
          onInput={(event) => { change(event.currentTarget.value); look(false); }}
          onKeyDown={onKey} onBlur={() => setFound(null)}
          onScroll={(event) => { if (numbers.current) numbers.current.scrollTop = event.currentTarget.scrollTop; }}
        />
      </div>
      <ul id="completions" role="listbox" aria-label="Completions" hidden={items.length === 0}>
        {items.map((item, i) => (
          <li
            key={item.text} id={`completion-${i}`} role="option" aria-selected={i === at}
            onMouseDown={(event) => { event.preventDefault(); take(i); }}
          >
            <code>{item.text}</code> <span>{item.detail}</span>
          </li>
        ))}
      </ul>
      <p class="hidden" role="status">{items.length > 0 && `${items.length} completions`}</p>
      <p id="editor-keys" class="soft">
        <kbd>Ctrl</kbd> <kbd>Space</kbd> completes, <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs.
      </p>
    </div>
  );
}

interface GraphqlError {
  message: string;
  locations?: { line: number; column: number }[];
  path?: (string | number)[];
  extensions?: { code?: string };
}

// The cursor goes to where the error is.
function Place({ line, column }: { line: number; column: number }) {
  function jump() {
    const area = document.querySelector<HTMLTextAreaElement>("#query");
    const at = offsetOf(area?.value ?? "", line, column);
    area?.focus();
    area?.setSelectionRange(at, at);
  }
  return <button type="button" class="quiet" onClick={jump}>line {line}, column {column}</button>;
}

function Result({ ran }: { ran: Ran }) {
  const [copied, setCopied] = useState(false);
  const errors = (ran.body as { errors?: GraphqlError[] } | null)?.errors ?? [];
  const shown = useMemo(() => JSON.stringify(ran.body, null, 2), [ran]);
  return (
    <section aria-labelledby="result">
      <h2 id="result">Result</h2>
      <p role="status">
        {ran.body !== null && errors.length === 0 ? "✓" : "✕"} Status {ran.status} in {millis(ran.tookMs)}, request{" "}
        <code>{ran.requestId || UNKNOWN}</code>{" "}
        <button type="button" class="quiet" onClick={() => void navigator.clipboard.writeText(shown).then(() => setCopied(true))}>
          {copied ? "✓ Copied" : "Copy"}
        </button>
      </p>
      {ran.decisions.length > 0 && <PolicyLine ran={ran} />}
      {errors.length > 0 && (
        <ul class="notice bad">
          {errors.map((error, i) => (
            <li key={i}>
              <b>{error.extensions?.code ?? "ERROR"}</b> <span dir="auto">{error.message}</span>
              {error.locations?.map((place, i) => <Place key={i} {...place} />)}
              {error.path && ` at ${error.path.join(".")}`}
            </li>
          ))}
        </ul>
      )}
      {ran.body === null && <p class="warn">▲ What came is no JSON, so it is not from this server.</p>}
      <pre class="result" tabIndex={0} role="region" aria-label="JSON" dir="auto">{shown}</pre>
    </section>
  );
}

function Console({ opened }: { opened: Opened }) {
  const [text, setText] = useState(opened.starter);
  const [variables, setVariables] = useState("");
  const [kept, setKept] = useState(history);
  const [ran, setRan] = useState<Ran | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [running, setRunning] = useState(false);

  async function run() {
    setProblem(null);
    let given: unknown;
    try {
      given = variables.trim() === "" ? undefined : JSON.parse(variables);
    } catch (error) {
      setProblem(new Problem(400, "invalid", `Variables are no JSON: ${String(error)}`));
      return;
    }
    setRunning(true);
    try {
      setKept(remember(text));
      const answer = await runGraphql(opened.endpoint, text, given);
      // The session is over: the way to sign in is the same as everywhere.
      if (answer.status === 401) await attempt(client.getSession);
      setRan(answer);
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
    setRunning(false);
  }

  return (
    <div class="console">
      <form onSubmit={(event) => { event.preventDefault(); void run(); }}>
        <Editor text={text} change={setText} run={run} schema={opened.schema} />
        {!opened.schema && <p class="warn">▲ You may not look at the schema, so nothing is completed.</p>}
        <p>
          <label for="variables">Variables (JSON)</label>
          <textarea id="variables" rows={3} spellcheck={false} value={variables} onInput={(event) => setVariables(event.currentTarget.value)} />
        </p>
        <p class="actions">
          {kept.length > 0 && (
            <select
              aria-label="Earlier queries" value=""
              onChange={(event) => { const one = kept[Number(event.currentTarget.value)]; if (one !== undefined) setText(one); }}
            >
              <option value="">Earlier queries</option>
              {kept.map((one, i) => <option key={one} value={i}>{one.replaceAll(/\s+/g, " ").slice(0, 60)}</option>)}
            </select>
          )}
          <button type="submit" class="primary" disabled={running}>{running ? "Running" : "Run"}</button>
        </p>
      </form>
      <div>
        {problem && <Failed problem={problem} retry={run} />}
        {!ran && !problem && <section class="notice"><h2>Nothing asked yet</h2><p>Queries run as you, in your tenant, with your limits.</p></section>}
        {ran && <Result ran={ran} />}
      </div>
    </div>
  );
}

export default function ConsolePage() {
  const name = place.value.searchParams.get("dataset") ?? "";
  const loaded = useLoaded(`console ${name}`, () => open(name));
  const opened = loaded.value;
  useLayoutEffect(() => {
    const focus = () => document.getElementById("query")?.focus();
    addEventListener("mc-filter", focus);
    return () => removeEventListener("mc-filter", focus);
  }, []);
  return (
    <>
      <header class="head"><h1 tabIndex={-1}>GraphQL console</h1></header>
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {loaded.at === 0 && !loaded.problem && <Waiting />}
      {loaded.at > 0 && !opened && (
        <section class="notice"><h2>Nothing to ask</h2><p>No route leads to datasets on this server.</p></section>
      )}
      {opened && <Console key={name} opened={opened} />}
    </>
  );
}
