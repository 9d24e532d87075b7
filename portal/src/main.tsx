import "./style.css";
import { render } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { Problem, type Session } from "./api.ts";
import { Failed, Waiting } from "./load.tsx";
import { readOverviewAhead } from "./pages/overview.tsx";
import { type Load, loaded, loaderOf } from "./pages.ts";
import { OpenFrame, Shell } from "./shell.tsx";
import { ahead, attempt, client, isOpen, isSignIn, path, restorePreferences, session, signedIn } from "./state.ts";

// The heading of a new page takes the focus, so that keyboard and screen reader begin there.
function arrive() {
  const heading = document.querySelector("h1");
  if (!heading) return;
  document.title = `${heading.textContent} · Maestro Conductor`;
  heading.focus({ preventScroll: true });
}

// A page's script did not come: no network, or the server is of another version by now.
function NotLoaded() {
  return (
    <>
      <h1 tabIndex={-1}>This page did not load</h1>
      <section class="notice bad" role="alert">
        <p>✕ The server did not send its script. It may be out of reach, or have been replaced by another version.</p>
        <button type="button" onClick={() => location.reload()}>
          Load again
        </button>
      </section>
    </>
  );
}

function Page() {
  const here = path.value;
  const load = loaderOf(here);
  const [missed, setMissed] = useState<Load | null>(null);
  const [, setCome] = useState<Load | null>(null);
  const Shown = missed === load ? NotLoaded : loaded.get(load);
  useLayoutEffect(() => {
    if (loaded.has(load)) return;
    setMissed(null);
    load().then(
      (script) => {
        loaded.set(load, script.default);
        setCome(() => load);
      },
      () => setMissed(() => load),
    );
  }, [load]);
  useEffect(arrive, [Shown, here]);
  // Paths of one page are one component, which keeps what it holds.
  return Shown ? <Shown /> : <Waiting />;
}

const SESSION = "session";

function App() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [alone, setAlone] = useState(false); // nobody is signed in, as far as is known
  const open = isOpen(path.value);
  async function begin() {
    setProblem(null);
    try {
      signedIn(await attempt(() => ahead.take<Session>(SESSION) ?? client.getSession()));
    } catch (error) {
      ahead.forget();
      if (error instanceof Problem && error.status !== 401) setProblem(error);
    }
  }
  async function look() {
    await (ahead.take<Session>(SESSION) ?? client.getSession()).then(signedIn, () => setAlone(true));
  }
  useLayoutEffect(() => {
    if (!isSignIn(path.value) && !session.value) void (open ? look() : begin());
  }, [open]);
  if (isSignIn(path.value)) {
    return (
      <main class="sign-in" id="main">
        <Page />
      </main>
    );
  }
  if (open && !session.value) {
    return alone ? <OpenFrame><Page /></OpenFrame> : <Waiting />;
  }
  if (problem) {
    return (
      <main class="sign-in">
        <h1 tabIndex={-1}>Maestro Conductor</h1>
        <Failed problem={problem} retry={begin} />
      </main>
    );
  }
  if (!session.value) return <Waiting />;
  return (
    <Shell>
      <Page />
    </Shell>
  );
}

// The server puts what the overview needs into its page. Elsewhere, and where that is left out, what
// the first page shows, its script and the session are asked for before all else, and come while the
// rest is done; a failure is told where the page is shown.
const answers = document.getElementById("answers")?.textContent;
if (answers) client.given = new Map(Object.entries(JSON.parse(answers)));
if (path.value === "/") readOverviewAhead();
loaderOf(path.value)().catch(() => undefined);
if (!isSignIn(path.value)) ahead.start(SESSION, client.getSession);
restorePreferences();
const root = document.getElementById("app");
if (root) render(<App />, root);
