import { useEffect, useState } from "preact/hooks";
import { Problem, type Session, type SignInWays } from "../api.ts";
import { Failed, Waiting } from "../load.tsx";
import { Link } from "../link.tsx";
import { client, lost, signedIn, toProvider, wantedPage } from "../state.ts";

// What the address brought: a one-time link, or the provider's answer.
type Brought =
  | { kind: "link"; secret: string }
  | { kind: "code"; state: string; code: string; iss: string }
  | { kind: "refused"; error: string };

const SECRET = /^#mcl_[A-Za-z0-9_-]{43}$/;

// It leaves the address bar, and so the history, before anything else happens.
function take(): Brought | null {
  const { hash, pathname, search } = location;
  const given = new URLSearchParams(search);
  const text = (name: string) => given.get(name) ?? "";
  let found: Brought | null = null;
  if (SECRET.test(hash)) {
    found = { kind: "link", secret: hash.slice(1) };
  } else if (pathname === "/sign-in/callback") {
    found = given.has("code")
      ? { kind: "code", state: text("state"), code: text("code"), iss: text("iss") }
      : { kind: "refused", error: text("error") };
  }
  if (found !== null) history.replaceState(null, "", "/sign-in");
  return found;
}

function redeem(brought: Brought): Promise<Session> {
  if (brought.kind === "link") return client.signIn({ body: { link: brought.secret } });
  if (brought.kind === "code") {
    const { state, code, iss } = brought;
    return client.finishCodeLogin({ body: { state, code, iss } });
  }
  // RFC 6749 section 4.1.2.1 has this one for a person who says no.
  const why = brought.error === "access_denied"
    ? "You or the provider refused the sign-in."
    : "The provider sent you back without a sign-in.";
  return Promise.reject(new Problem(403, "denied", why));
}

function Refused({ brought, problem }: { brought: Brought; problem: Problem }) {
  const link = brought.kind === "link";
  const silent = problem.status === 503 ? "The provider does not answer" : "You are not signed in";
  return (
    <section class="notice bad" role="alert">
      <h2>{link ? "This link does not work any more" : silent}</h2>
      {link && <p>A sign-in link works once, and for a short time. Ask for another one.</p>}
      {!link && <p dir="auto">{problem.message}</p>}
      {problem.requestId !== "" && (
        <p>
          Request <code>{problem.requestId}</code>
        </p>
      )}
    </section>
  );
}

function Provider({ ways }: { ways: SignInWays }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  if (!ways.oidc?.portal) return null;
  async function leave() {
    setProblem(null);
    try {
      await toProvider(wantedPage(), false);
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
  }
  return (
    <section class="notice">
      <h2>Sign in with your organisation</h2>
      <p>
        <button type="button" class="primary" onClick={leave}>
          Continue with {new URL(ways.oidc.issuer).host}
        </button>
      </p>
      {problem && <Failed problem={problem} retry={leave} />}
    </section>
  );
}

export default function SignInPage() {
  const [brought, setBrought] = useState(take);
  const [problem, setProblem] = useState<Problem | null>(null);
  // What can be tried again is the link alone: a code is used up by its first try.
  const final = problem !== null && (problem.status === 403 || (brought?.kind === "code" && problem.status === 503));
  const [ways, setWays] = useState<SignInWays>({ oidc: null });
  async function begin() {
    if (brought === null) return;
    setProblem(null);
    try {
      signedIn(await redeem(brought));
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
  }
  useEffect(() => void begin(), [brought]);
  // A link pasted where this page is open already loads nothing anew.
  useEffect(() => {
    const again = () => {
      const found = take();
      if (found !== null) setBrought(found);
    };
    addEventListener("hashchange", again);
    again();  // one that came between the first drawing and now
    client.getSignIn().then(setWays, () => undefined);
    return () => removeEventListener("hashchange", again);
  }, []);
  return (
    <>
      <h1 tabIndex={-1}>Maestro Conductor</h1>
      {lost.value && problem === null && (
        <section class="notice" role="status">
          <h2>▲ Your session is over</h2>
          <p>It ended by its age, by doing nothing, or somebody ended it. Sign in, and you come back to where you were.</p>
        </section>
      )}
      {brought !== null && problem === null && <Waiting />}
      {brought !== null && problem !== null && final && <Refused brought={brought} problem={problem} />}
      {problem !== null && !final && <Failed problem={problem} retry={begin} />}
      {(brought === null || problem !== null) && (
        <>
          <Provider ways={ways} />
          <section class="notice">
            <h2>Sign in with a link</h2>
            <p>
              A tenant-admin or operator makes one for you. In the demo, the terminal that started it
              shows a link for each person.
            </p>
            <pre>maestro user link YOUR-ID --tenant YOUR-TENANT</pre>
          </section>
          <p>
            <Link to="/verify">Verify a receipt</Link> without signing in.
          </p>
        </>
      )}
    </>
  );
}
