// Loading what a page shows, and the states in which it is not there yet, or not at all.
import { useEffect, useState } from "preact/hooks";
import { Problem } from "./api.ts";
import { attempt, session, toProvider } from "./state.ts";

export interface Loaded<T> {
  value: T | null;
  problem: Problem | null;
  at: number;  // when `value` came
  reload: () => void;
}

// Loads at once, again when `key` changes, and every `everyMs` while the page is looked at.
export function useLoaded<T>(key: string, call: () => Promise<T>, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; problem: Problem | null; at: number }>({
    key,
    value: null,
    problem: null,
    at: 0,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let over = false;
    let timer = 0;
    const run = async () => {
      try {
        const value = await attempt(call);
        if (!over) setState({ key, value, problem: null, at: Date.now() });
      } catch (error) {
        const problem = error instanceof Problem ? error : new Problem(0, "broken", String(error), "");
        if (!over) setState((old) => ({ ...old, key, problem }));
      }
      if (!over && everyMs > 0) timer = window.setTimeout(run, everyMs);
    };
    void run();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [key, everyMs, round]);
  const value = state.key === key ? state.value : null;
  return { value, problem: state.problem, at: state.at, reload: () => setRound(round + 1) };
}

// Nothing for a moment, so that what is fast does not flicker.
export function Waiting() {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return null;
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      <span />
      <span />
      <span />
    </div>
  );
}

// What was asked for needs a sign-in that is fresh.
function StepUp({ problem }: { problem: Problem }) {
  const [failed, setFailed] = useState("");
  const provider = session.value?.session?.method === "oidc";
  async function again() {
    try {
      await toProvider(location.pathname + location.search, true);
    } catch (error) {
      setFailed(error instanceof Problem ? error.message : String(error));
    }
  }
  return (
    <section class="notice bad" role="alert">
      <h2>Show that it is you</h2>
      <p dir="auto">{problem.message}</p>
      {provider && (
        <button type="button" class="primary" onClick={again}>
          Sign in again
        </button>
      )}
      {!provider && <p>Open a new sign-in link, and come back here.</p>}
      {failed !== "" && <p>{failed}</p>}
    </section>
  );
}

export function Failed({ problem, retry }: { problem: Problem; retry: () => void }) {
  if (problem.stepUp) return <StepUp problem={problem} />;
  const denied = problem.status === 403;
  const title = denied
    ? "You may not see this"
    : problem.status === 0
      ? "The server does not answer"
      : problem.status === 503
        ? "The server is busy"
        : "This did not work";
  return (
    <section class="notice bad" role="alert">
      <h2>{title}</h2>
      <p dir="auto">{problem.message}</p>
      {denied && <p>A tenant-admin of your tenant, or an operator, can give you the role.</p>}
      {problem.requestId !== "" && (
        <p>
          Request <code>{problem.requestId}</code>
        </p>
      )}
      {!denied && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </section>
  );
}
