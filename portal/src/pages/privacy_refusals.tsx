// Queries that a budget has refused, from the records of the log: of one person, or of one dataset.
import { time, UNKNOWN } from "../format.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { refusedOf } from "../privacy/refusals.ts";
import { client, session, utc } from "../state.ts";
import { Table } from "../table.tsx";
import { RecordLink } from "./budgets_overrides.tsx";

const SHOWN = 20;
const EVERY_MS = 3_000;

interface Props {
  tenant: string;
  of: { actor: string } | { action: string };
}

export function Refusals({ tenant, of }: Props) {
  const own = tenant === session.value?.tenant; // a look at another tenant is recorded, so it is made once
  const loaded = useLoaded(`refusals ${JSON.stringify([tenant, of])}`, () =>
    client.listRecords({ tenant, type: "dp.refusal", ...of, limit: SHOWN }), own ? EVERY_MS : 0);
  const all = loaded.value?.items.map(refusedOf) ?? [];
  const everybody = "action" in of;
  return (
    <section aria-labelledby="refusals">
      <h2 id="refusals">What was refused</h2>
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {!loaded.value && !loaded.problem && <Waiting />}
      {loaded.value && all.length === 0 && <p>No budget has refused a query yet.</p>}
      {all.length > 0 && (
        <Table
          title={`Refusals, the newest ${SHOWN} at most`}
          heads={["Question", "When", ...(everybody ? ["Who"] : []), "Why", "#Asked for", "Resets", "The nearest that passes", "Record"]}
        >
          {all.map((one) => (
            <tr key={one.record}>
              <th scope="row" class="wrap"><bdi>{one.what}</bdi> for <bdi>{one.purpose}</bdi></th>
              <td class="state">{time(one.at, utc.value)}</td>
              {everybody && <td><bdi class="long" title={one.who}>{one.who}</bdi></td>}
              <td class="wrap"><bdi>{one.budget}</bdi>: <bdi>{one.why}</bdi></td>
              <td class="number">{one.requested}</td>
              <td class="state">{one.resetsAt === null ? UNKNOWN : time(one.resetsAt, utc.value)}</td>
              <td class="wrap">{one.nearest}</td>
              <td><RecordLink tenant={tenant} record={one.record} /></td>
            </tr>
          ))}
        </Table>
      )}
      <p class="soft">A refused query read no rows and spent nothing. The same question is kept once for a window, by its digest.</p>
    </section>
  );
}
