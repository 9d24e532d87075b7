// Loading what a page shows, and the states in which it is not there yet, or not at all.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { asProblem, Problem } from "./api.ts";
import { ahead, attempt, session, toProvider } from "./state.ts";

export interface Loaded<T> {
  value: T | null;
  problem: Problem | null;
  at: number;  // when `value` came
  reload: () => void;
}

// Loads at once, again when `key` changes, and every `everyMs` while the page is looked at. Without a call nothing is
// asked of the server.
export function useLoaded<T>(key: string, call: (() => Promise<T>) | null, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; problem: Problem | null; at: number }>(() => {
    const come = ahead.here<T>(key);
    return { key, value: come?.value ?? null, problem: null, at: come ? Date.now() : 0 };
  });
  const [round, setRound] = useState(0);
  const unheard = state.problem?.code === "offline";
  // Asks before the page is painted, not after: that is a tenth of a second.
  useLayoutEffect(() => {
    if (call === null) return;
    let over = false;
    let timer = 0;
    // A page that nobody looks at asks for nothing, so that a session left alone ends.
    const later = () => {
      if (document.hidden) document.addEventListener("visibilitychange", later, { once: true });
      else void run();
    };
    const run = async () => {
      const early = ahead.take<T>(key);
      try {
        const value = await attempt(early ? () => early : call);
        // What was here at the start is on the page already.
        const shown = (old: typeof state) => early !== null && old.at > 0 && old.value === value;
        if (!over) setState((old) => (shown(old) ? old : { key, value, problem: null, at: Date.now() }));
      } catch (error) {
        const problem = asProblem(error);
        if (!over) setState((old) => ({ ...old, key, problem }));
      }
      if (!over && everyMs > 0) timer = window.setTimeout(later, everyMs);
    };
    void run();
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", later);
    };
  }, [key, everyMs, round]);
  useEffect(() => {
    const again = () => setRound(round + 1);
    if (unheard) addEventListener("online", again);
    return () => removeEventListener("online", again);
  }, [unheard, round]);
  const value = state.key === key ? state.value : null;
  return { value, problem: call && state.problem, at: state.at, reload: () => setRound(round + 1) };
}

// What stands further down comes a frame later, so that what stands above is there sooner.
export function AfterPaint({ children }: { children: () => ComponentChildren }) {
  const [painted, setPainted] = useState(false);
  useEffect(() => setPainted(true), []);
  return <>{painted ? children() : <div class="to-come" />}</>;
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

// A title for what the status means, and what one can do about it.
function told(problem: Problem): { title: string; advice: string } {
  const { status, code, retryAfterS } = problem;
  const changes = problem.changes && session.value !== null;  // to sign in is none
  if (code === "offline") {
    return navigator.onLine
      ? { title: "The server does not answer", advice: "It may be starting again, or out of reach from here." }
      : { title: "This computer is offline", advice: "It is tried again when the network is back." };
  }
  switch (status) {
    case 403:
      return {
        title: changes ? "You may not do this" : "You may not see this",
        // A gate that is shut says its code first, and what opens it.
        advice: /^[a-z]+(-[a-z]+)+: /.test(problem.message)
          ? ""
          : "A tenant-admin of your tenant, or an operator, can give you the role.",
      };
    case 404:
      return { title: "There is no such thing", advice: "It may have been removed, or belong to another tenant." };
    case 409:
      return { title: "Somebody was faster", advice: "Look at what is there now, then try again." };
    case 429:
      return { title: "Too many requests", advice: `Try again in ${retryAfterS ?? "a few"} s.` };
    case 503:
      return {
        title: changes ? "The server takes no change now" : "The server is busy",
        advice: `${changes ? "Nothing was changed. " : ""}Try again in ${retryAfterS ?? "a few"} s.`,
      };
    default:
      return { title: "This did not work", advice: "" };
  }
}

export function Failed({ problem, retry }: { problem: Problem; retry: () => void }) {
  const box = useRef<HTMLElement>(null);
  // The button goes when trying again helped; the focus on it begins anew at the heading.
  useLayoutEffect(() => {
    const own = box.current;
    const dialog = own?.closest("dialog");
    return () => {
      if (!own?.contains(document.activeElement)) return;
      (dialog?.querySelector<HTMLElement>("input, button") ?? document.querySelector("h1"))?.focus();
    };
  }, []);
  if (problem.stepUp) return <StepUp problem={problem} />;
  const { title, advice } = told(problem);
  return (
    <section class="notice bad" role="alert" ref={box}>
      <h2>✕ {title}</h2>
      <p dir="auto">{problem.message}</p>
      {advice !== "" && <p>{advice}</p>}
      {problem.requestId !== "" && (
        <p>
          Request <code>{problem.requestId}</code>
        </p>
      )}
      {problem.status !== 403 && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </section>
  );
}
