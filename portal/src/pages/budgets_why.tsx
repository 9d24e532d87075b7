// Why a request was denied: asked by its id, of what the server has in memory.
import { useState } from "preact/hooks";
import type { Problem } from "../api.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { client } from "../state.ts";

const ID_MAX = 256;

// With the part of the page that shows it, which few need.
async function explain(of: string, request: string) {
  const [found, part] = await Promise.all([client.explainBudget({ request, tenant: of }), import("./budgets_explained.tsx")]);
  return { found, summary: part.summaryOf(found), Explained: part.Explained };
}

function NotThere({ problem, request, of }: { problem: Problem; request: string; of: string }) {
  return (
    <section class="notice" role="alert">
      <h3>No such request is in memory</h3>
      <p><bdi>{problem.message}</bdi></p>
      <p>The admission log goes further back. The operator's people ask it on the server:</p>
      <pre>maestro budget explain {request} --log admission/ --tenant {of}</pre>
    </section>
  );
}

// `recorded`: that the viewer looks at it stands in the tenant's log.
export function Why({ of, recorded }: { of: string | null; recorded: boolean }) {
  const [draft, setDraft] = useState("");
  const [asked, setAsked] = useState<{ of: string; request: string } | null>(null);
  const [missing, setMissing] = useState(false);
  const now = asked !== null && asked.of === of ? asked : null; // of another tenant it was another question
  const found = useLoaded(`why ${JSON.stringify(now)}`,
    now === null ? null : () => explain(now.of, now.request));
  if (of === null) {
    return (
      <section aria-labelledby="why">
        <h2 id="why">Why was a request denied?</h2>
        <p>Choose a tenant above to ask for one of its requests.</p>
      </section>
    );
  }
  function send() {
    const request = draft.trim();
    setMissing(request === "");
    if (request === "" || of === null) return setAsked(null);
    if (now?.request === request) found.reload();
    else setAsked({ of, request });
  }
  const { value, problem } = found;
  const unknown = problem?.status === 404 ? problem : null;
  return (
    <section aria-labelledby="why">
      <h2 id="why">Why was a request denied?</h2>
      <form
        class="filters" aria-label="Why was a request denied?"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <p>
          <label for="why-request">Id of the request</label>
          <input
            id="why-request" placeholder="req_..., as X-Request-Id says" maxLength={ID_MAX} value={draft} spellcheck={false}
            autocomplete="off" aria-describedby="why-hint" aria-invalid={missing}
            onInput={(event) => setDraft(event.currentTarget.value)}
          />
        </p>
        <p class="buttons"><button type="submit" class="primary">Explain</button></p>
      </form>
      <p class="soft" id="why-hint">
        The server has the last 15 minutes in memory.{recorded && " That you look at it stands in the tenant's log."}
      </p>
      {missing && <p class="warn" role="alert">▲ Say first which request.</p>}
      {now && !value && !problem && <Waiting />}
      {now && unknown && <NotThere problem={unknown} request={now.request} of={now.of} />}
      {now && problem && !unknown && <Failed problem={problem} retry={found.reload} />}
      <p role="status">{now && value && !problem && <bdi>{value.summary}</bdi>}</p>
      {now && value && !problem && <value.Explained found={value.found} />}
    </section>
  );
}
