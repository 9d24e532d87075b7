import "./style.css";
import type { ComponentType } from "preact";
import { render } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { Problem } from "./api.ts";
import { Failed, Waiting } from "./load.tsx";
import { loaderOf } from "./pages.ts";
import { Shell } from "./shell.tsx";
import { attempt, client, isSignIn, path, session, signedIn, tenant, timeWindow } from "./state.ts";

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
  const [page, setPage] = useState<{ load: unknown; component: ComponentType } | null>(null);
  const here = path.value;
  const load = loaderOf(here);
  useLayoutEffect(() => {
    let over = false;
    load().then(
      (loaded) => over || setPage({ load, component: loaded.default }),
      () => over || setPage({ load, component: NotLoaded }),
    );
    return () => void (over = true);
  }, [load]);
  useEffect(arrive, [page, here]);
  // Paths of one page are one component, which keeps what it holds.
  if (page === null || page.load !== load) return <Waiting />;
  return <page.component />;
}

function App() {
  const [problem, setProblem] = useState<Problem | null>(null);
  async function begin() {
    setProblem(null);
    try {
      signedIn(await attempt(client.getSession));
    } catch (error) {
      client.forgetAhead();
      if (error instanceof Problem && error.status !== 401) setProblem(error);
    }
  }
  useLayoutEffect(() => {
    if (!isSignIn(path.value)) void begin();
  }, []);
  if (isSignIn(path.value)) {
    return (
      <main class="sign-in" id="main">
        <Page />
      </main>
    );
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

// The page's script comes while the session is asked for, and what the first page shows as well; a
// failure is told where the page is shown.
loaderOf(path.value)().catch(() => undefined);
if (path.value === "/") {
  client.readAhead(() => client.getOverview({ window: timeWindow.value, tenant: tenant.value }));
  client.readAhead(client.listAlerts);
}
const root = document.getElementById("app");
if (root) render(<App />, root);
