import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api.ts";
import { Failed, Waiting } from "../load.tsx";
import { client, signedIn } from "../state.ts";

const SECRET = /^#mcl_[A-Za-z0-9_-]{43}$/;

// The secret leaves the address bar, and so the history, before anything else happens.
function takeSecret(): string | null {
  if (!SECRET.test(location.hash)) return null;
  const secret = location.hash.slice(1);
  history.replaceState(null, "", "/sign-in");
  return secret;
}

export default function SignInPage() {
  const [secret, setSecret] = useState(takeSecret);
  const [problem, setProblem] = useState<Problem | null>(null);
  async function redeem() {
    if (secret === null) return;
    setProblem(null);
    try {
      signedIn(await client.signIn(secret));
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
  }
  useEffect(() => void redeem(), [secret]);
  // A link pasted where this page is open already loads nothing anew.
  useEffect(() => {
    const again = () => setSecret(takeSecret());
    addEventListener("hashchange", again);
    return () => removeEventListener("hashchange", again);
  }, []);
  return (
    <main class="sign-in" id="main">
      <h1 tabIndex={-1}>Maestro Conductor</h1>
      {secret !== null && problem === null && <Waiting />}
      {problem !== null && problem.status !== 403 && <Failed problem={problem} retry={redeem} />}
      {problem?.status === 403 && (
        <section class="notice bad" role="alert">
          <h2>This link does not work any more</h2>
          <p>A sign-in link works once, and for a short time. Ask for another one.</p>
        </section>
      )}
      {(secret === null || problem !== null) && (
        <section class="notice">
          <h2>Sign in with a link</h2>
          <p>
            A tenant-admin or operator makes one for you. In the demo, the terminal that started it
            shows a link for each person.
          </p>
          <pre>maestro user link YOUR-ID --tenant YOUR-TENANT</pre>
        </section>
      )}
    </main>
  );
}
