import { useMemo, useRef, useState } from "preact/hooks";
import { Problem, type Token } from "../api.ts";
import { count, time, UNKNOWN } from "../format.ts";
import { Filter, matches, NoMatch, Pager, usePages } from "../list.tsx";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { attempt, client, session, tenant, utc } from "../state.ts";
import { NewTokenDialog } from "./new_token.tsx";

function state(token: Token): string {
  if (token.revoked_at) return "✕ revoked";
  return Date.parse(token.expires_at) <= Date.now() ? "✕ expired" : "✓ live";
}

export default function TokensPage() {
  const who = session.value;
  const where = tenant.value || who?.tenant || "";
  const loaded = useLoaded(`tokens ${where}`, () => client.listTokens({ tenant: where }));
  const [asked, setAsked] = useState<Token | null>(null);
  const [making, setMaking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [filter, setFilter] = useState("");
  const dialog = useRef<HTMLDialogElement>(null);
  const all = loaded.value?.items ?? [];
  const shown = useMemo(
    () => all.filter((one) => matches(filter, [one.id, one.principal, one.scopes, one.note, state(one)])),
    [loaded.value, filter],
  );
  const pages = usePages(shown, filter);
  const writes = who?.scopes.includes("admin:write") ?? false;

  async function revoke() {
    if (!asked) return;
    try {
      await attempt(() => client.revokeToken({ tenant: where, token: asked.id }));
      dialog.current?.close();
      loaded.reload();
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
  }

  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Tokens</h1>
        {all.length > 0 && <Filter value={filter} change={setFilter} />}
        {writes && loaded.value && (
          <button type="button" class="primary" onClick={() => setMaking(true)}>
            New token
          </button>
        )}
      </header>
      <p>
        What programs of <bdi>{where}</bdi> sign in with. Their text is shown once, when they are made.
      </p>
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {!loaded.value && !loaded.problem && <Waiting />}
      {loaded.value && all.length === 0 && (
        <section class="notice">
          <h2>No token yet</h2>
          <pre>maestro token create --tenant {where} --principal ID --scopes query</pre>
        </section>
      )}
      {all.length > 0 && shown.length === 0 && (
        <NoMatch filter={filter} what="No id, person, scope, note or state has" clear={() => setFilter("")} />
      )}
      {shown.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Tokens">
          <table>
            <caption>{count(shown.length)} of {count(all.length)} of <bdi>{where}</bdi></caption>
            <thead>
              <tr>
                <th scope="col">Token</th>
                <th scope="col">Stands for</th>
                <th scope="col">Scopes</th>
                <th scope="col">Note</th>
                <th scope="col">State</th>
                <th scope="col">Last used</th>
                <th scope="col">Expires</th>
                <th scope="col">
                  <span class="hidden">Action</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {pages.rows.map((one) => (
                <tr key={one.id}>
                  <th scope="row">
                    <code class="long" title={one.id}>{one.id}</code>
                  </th>
                  <td>
                    <bdi>{one.principal}</bdi>
                  </td>
                  <td>{one.scopes.split(",").join(", ")}</td>
                  <td>
                    <bdi class="long" title={one.note}>{one.note || UNKNOWN}</bdi>
                  </td>
                  <td class="state">{state(one)}</td>
                  <td>{one.last_used_at ? time(one.last_used_at, utc.value) : "never"}</td>
                  <td>{time(one.expires_at, utc.value)}</td>
                  <td>
                    {writes && !one.revoked_at && (
                      <button
                        type="button"
                        onClick={() => {
                          setAsked(one);
                          setProblem(null);
                          dialog.current?.showModal();
                        }}
                      >
                        Revoke<span class="hidden"> {one.id}</span>
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager pages={pages} />
      <dialog ref={dialog} aria-labelledby="revoke-title">
        <h2 id="revoke-title">Revoke this token?</h2>
        <p>
          <code>{asked?.id}</code> of <bdi>{asked?.principal}</bdi> stops working at once, for good.
        </p>
        {problem && <Failed problem={problem} retry={revoke} />}
        <p class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" class="primary" onClick={revoke}>
            Revoke token
          </button>
        </p>
      </dialog>
      {making && (
        <NewTokenDialog
          tenant={where}
          close={() => {
            setMaking(false);
            loaded.reload();
          }}
        />
      )}
    </>
  );
}
