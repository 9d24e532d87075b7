import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api.ts";
import { Failed, useLoaded } from "../load.tsx";
import { attempt, client, session } from "../state.ts";

const LIFETIMES = [["1d", "1 day"], ["30d", "30 days"], ["90d", "90 days"], ["365d", "1 year"]] as const;

export function NewTokenDialog({ tenant, close }: { tenant: string; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const people = useLoaded(`principals ${tenant}`, () => client.listPrincipals({ tenant }));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [made, setMade] = useState<string | null>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  async function create(event: SubmitEvent) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? "");
    setProblem(null);
    try {
      const token = await attempt(() =>
        client.createToken({
          tenant,
          body: {
            principal: text("principal"),
            scopes: form.getAll("scope").join(","),
            lifetime: text("lifetime"),
            note: text("note"),
          },
        }),
      );
      setMade(token.token);
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
  }

  return (
    <dialog ref={dialog} aria-labelledby="new-title" onClose={close}>
      <h2 id="new-title">{made === null ? "New token" : "The token, shown this once"}</h2>
      {made !== null && (
        <>
          <p>Copy it now. The server keeps only its hash and cannot show it again.</p>
          <pre class="secret">{made}</pre>
          <p class="actions">
            <button
              type="button"
              onClick={() => void navigator.clipboard.writeText(made).then(() => setCopied(true))}
            >
              {copied ? "✓ Copied" : "Copy"}
            </button>
            <button type="button" class="primary" onClick={() => dialog.current?.close()}>
              Done
            </button>
          </p>
        </>
      )}
      {made === null && (
        <form onSubmit={create}>
          <p>
            <label for="principal">Stands for</label>
            <select id="principal" name="principal" required>
              {!people.value && <option value="">{people.problem ? "Nobody was found" : "Loading"}</option>}
              {people.value?.items.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name ? `${one.name} (${one.id})` : one.id}
                </option>
              ))}
            </select>
          </p>
          <fieldset>
            <legend>Scopes</legend>
            {session.value?.scopes.map((scope) => (
              <label key={scope} class="choice">
                <input type="checkbox" name="scope" value={scope} defaultChecked={scope === "query"} /> {scope}
              </label>
            ))}
          </fieldset>
          <p>
            <label for="lifetime">Lasts</label>
            <select id="lifetime" name="lifetime" defaultValue="90d">
              {LIFETIMES.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </p>
          <p>
            <label for="note">Note</label>
            <input id="note" name="note" maxLength={200} />
          </p>
          {problem && <Failed problem={problem} retry={() => setProblem(null)} />}
          {people.problem && <Failed problem={people.problem} retry={people.reload} />}
          <p class="actions">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" class="primary" disabled={!people.value}>
              Create
            </button>
          </p>
        </form>
      )}
    </dialog>
  );
}
