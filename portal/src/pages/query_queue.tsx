// Private queries of yours that wait for the next window, or have waited.
import { useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api.ts";
import type { QueuedQuery } from "../client.ts";
import { time } from "../format.ts";
import { Failed } from "../load.tsx";
import { Once } from "../once.ts";
import { PassingButton } from "../passing.tsx";
import { stateText } from "../privacy/query.ts";
import { client, utc } from "../state.ts";
import { Table } from "../table.tsx";

interface Props {
  tenant: string;
  all: QueuedQuery[];
  reload: () => void;
  show: (id: string, purpose: string) => void;
}

export function Waits({ tenant, all, reload, show }: Props) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const once = useRef(new Once());
  const cancel = (queued: string) => void once.current.run(async () => {
    setProblem(null);
    try {
      await client.cancelQueuedQuery({ tenant, queued });
    } catch (error) {
      setProblem(asProblem(error));
    }
    reload();
  }, () => {});
  if (all.length === 0) return null;
  return (
    <section aria-labelledby="waits">
      <h2 id="waits">Waiting for a window</h2>
      <p>Nothing is set aside for them. Each runs when its window begins, by the rules of then.</p>
      {problem && <Failed problem={problem} retry={reload} />}
      <Table title="Queries that wait, newest first" heads={["Query", "Runs", "#Epsilon", "State", "~Then"]}>
        {all.map(({ id, query_type: kind, dataset, purpose, runs_at: runsAt, epsilon, state, why }) => {
          const named = <span class="hidden"> {kind} of {dataset}, {id}</span>;
          return (
            <tr key={id}>
              <th scope="row"><bdi>{kind} of {dataset}</bdi>, for <bdi>{purpose}</bdi></th>
              <td class="state">{time(runsAt, utc.value)}</td>
              <td class="number">{epsilon}</td>
              <td>{stateText(state)}{why !== null && <>: <span dir="auto">{why}</span></>}</td>
              <td>
                {state === "waiting" && <PassingButton press={() => cancel(id)}>Cancel{named}</PassingButton>}
                {state === "answered" && <PassingButton press={() => show(id, purpose)}>Show{named}</PassingButton>}
              </td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}
