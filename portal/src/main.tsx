import "./style.css";
import type { ComponentType } from "preact";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "./api.ts";
import { Failed, Waiting } from "./load.tsx";
import { loaderOf } from "./pages.ts";
import { Shell } from "./shell.tsx";
import { attempt, client, isSignIn, path, session, signedIn } from "./state.ts";

// The heading of a new page takes the focus, so that keyboard and screen reader begin there.
function arrive() {
  const heading = document.querySelector("h1");
  if (!heading) return;
  document.title = `${heading.textContent} · Maestro Conductor`;
  heading.focus({ preventScroll: true });
}

function Page() {
  const [page, setPage] = useState<{ path: string; component: ComponentType } | null>(null);
  const here = path.value;
  useEffect(() => {
    let over = false;
    void loaderOf(here)().then((loaded) => {
      if (!over) setPage({ path: here, component: loaded.default });
    });
    return () => void (over = true);
  }, [here]);
  useEffect(arrive, [page]);
  if (page === null || page.path !== here) return <Waiting />;
  return <page.component />;
}

function App() {
  const [problem, setProblem] = useState<Problem | null>(null);
  async function begin() {
    setProblem(null);
    try {
      signedIn(await attempt(client.session));
    } catch (error) {
      if (error instanceof Problem && error.status !== 401) setProblem(error);
    }
  }
  useEffect(() => {
    if (!isSignIn(path.value)) void begin();
  }, []);
  if (isSignIn(path.value)) return <Page />;
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

const root = document.getElementById("app");
if (root) render(<App />, root);
