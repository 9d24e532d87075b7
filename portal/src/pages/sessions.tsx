import { useRef, useState } from "preact/hooks";
import { Problem, type SessionInfo } from "../api.ts";
import { time } from "../format.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { attempt, client, toSignIn, utc } from "../state.ts";

export default function SessionsPage() {
  const loaded = useLoaded("sessions", client.listSessions);
  const [asked, setAsked] = useState<SessionInfo | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const dialog = useRef<HTMLDialogElement>(null);

  function ask(one: SessionInfo) {
    setAsked(one);
    setProblem(null);
    dialog.current?.showModal();
  }

  async function end() {
    if (!asked) return;
    try {
      await attempt(() => client.revokeSession({ session: asked.id }));
      dialog.current?.close();
      if (asked.current) toSignIn();
      else loaded.reload();
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
  }

  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Your sessions</h1>
      </header>
      <p>Browsers that are signed in as you. End one that you do not know.</p>
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {!loaded.value && !loaded.problem && <Waiting />}
      {loaded.value && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Sessions">
          <table>
            <caption>{loaded.value.items.length} live</caption>
            <thead>
              <tr>
                <th scope="col">Browser</th>
                <th scope="col">Address</th>
                <th scope="col">Signed in</th>
                <th scope="col">Last seen</th>
                <th scope="col">Ends</th>
                <th scope="col">
                  <span class="hidden">Action</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {loaded.value.items.map((one) => (
                <tr key={one.id}>
                  <th scope="row">
                    <bdi class="long" title={one.user_agent}>{one.user_agent || "unknown"}</bdi>
                    {one.current && <b> this one</b>}
                  </th>
                  <td>{one.peer}</td>
                  <td>{time(one.created_at, utc.value)}</td>
                  <td>{time(one.last_seen_at, utc.value)}</td>
                  <td>{time(one.idle_expires_at, utc.value)}</td>
                  <td>
                    <button type="button" onClick={() => ask(one)}>
                      End<span class="hidden"> session of {time(one.created_at, utc.value)}</span>
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <dialog ref={dialog} aria-labelledby="end-title">
        <h2 id="end-title">End this session?</h2>
        <p>{asked?.current ? "You will be signed out here." : "That browser will be signed out at its next step."}</p>
        {problem && <Failed problem={problem} retry={end} />}
        <p class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" class="primary" onClick={end}>
            End session
          </button>
        </p>
      </dialog>
    </>
  );
}
