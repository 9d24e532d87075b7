// What the policies did to a result of the console, with a way to the reason.
import type { DecisionDetail } from "../client.ts";
import { maskedIn } from "../graphql/decided.ts";
import type { Ran } from "../graphql/run.ts";
import { Link } from "../link.tsx";
import { useLoaded } from "../load.tsx";
import { client, session } from "../state.ts";

const DECISIONS_MAX = 8; // of one answer, that are looked up

// Those that the caller may read; without them the rules' names have to do.
async function read(ids: string[]): Promise<DecisionDetail[]> {
  if (!session.value?.scopes.includes("admin:read")) return [];
  const asked = ids.slice(0, DECISIONS_MAX).map((decision) => client.getDecision({ decision }).catch(() => null));
  return (await Promise.all(asked)).filter((one) => one !== null);
}

function Explain({ id, of }: { id: string; of: string }) {
  return (
    <Link to={`/policy/decisions/${encodeURIComponent(id)}`}>
      explain{of && <> <bdi>{of}</bdi></>}
    </Link>
  );
}

function Told({ ran, decisions }: { ran: Ran; decisions: DecisionDetail[] }) {
  const denied = decisions.filter((one) => !one.allowed);
  const columns = maskedIn(ran.query, decisions);
  const masking = decisions.filter((one) => maskedIn(ran.query, [one]).length > 0);
  const [first] = ran.decisions;
  const unread = decisions.length < ran.decisions.length;
  const named = ran.rules.filter((rule) => rule.startsWith("mask"));
  return (
    <>
      {denied.map((one) => (
        <p key={one.id}>
          ✕ <bdi>{one.resource.name}</bdi> is denied by policy (<code>{one.reasons.join(", ")}</code>): <Explain id={one.id} of="" />
        </p>
      ))}
      {columns.length > 0 && (
        <p>
          ▲ {columns.length === 1 ? "1 column is" : `${columns.length} columns are`} masked by policy (
          <code>{columns.join(", ")}</code>):{" "}
          {masking.map((one, i) => (
            <span key={one.id}>
              {i > 0 && ", "}
              <Explain id={one.id} of={masking.length > 1 ? one.resource.name : ""} />
            </span>
          ))}
        </p>
      )}
      {unread && denied.length === 0 && columns.length === 0 && named.length > 0 && first !== undefined && (
        <p>
          ▲ Columns may be masked by policy (<code>{named.join(", ")}</code>): <Explain id={first} of="" />
        </p>
      )}
    </>
  );
}

export function PolicyLine({ ran }: { ran: Ran }) {
  const found = useLoaded(`decided ${ran.decisions.join()}`, () => read(ran.decisions));
  return <div role="status">{found.value && <Told ran={ran} decisions={found.value} />}</div>;
}
