// What is known of a request that was asked for: each decision, and the queue.
import { durationText, explainedFacts, isDenied, outcomeText, queueText } from "../budgets/why.ts";
import type { BudgetExplained, BudgetExplanation } from "../client.ts";
import { count } from "../format.ts";
import { utc } from "../state.ts";
import { Table } from "../table.tsx";

export { summaryOf } from "../budgets/why.ts";

function Neighbours({ one }: { one: BudgetExplained }) {
  if (one.neighbours.length === 0) return null;
  return (
    <Table title="Who of the tenant had it, the largest first" heads={["Request", "User", "Route", "#How long before", "#Amount"]}>
      {one.neighbours.map((other) => (
        <tr key={other.request}>
          <th scope="row" class="wrap"><code>{other.request}</code></th>
          <td class="wrap"><bdi>{other.user}</bdi></td>
          <td class="wrap"><bdi>{other.route}</bdi></td>
          <td class="number">{durationText(other.before_ns)}{other.running && ", still running"}</td>
          <td class="number">{count(other.amount)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Decision({ one, step }: { one: BudgetExplained; step: boolean }) {
  return (
    <>
      <h3>{outcomeText(one.outcome)}{step && `, at step ${one.step}`}</h3>
      <dl class="facts">
        {explainedFacts(one, utc.value).map(({ name, text }) => (
          <>
            <dt>{name}</dt>
            <dd><bdi>{text}</bdi></dd>
          </>
        ))}
      </dl>
      <Neighbours one={one} />
    </>
  );
}

// Of a denial what stood against it comes first; what was let in before that is a step on the way.
export function Explained({ found }: { found: BudgetExplanation }) {
  const decisions = [...found.decisions].sort((a, b) => Number(isDenied(b)) - Number(isDenied(a)));
  return (
    <>
      {decisions.map((one, at) => <Decision key={at} one={one} step={decisions.length > 1} />)}
      {found.queue.map((one, at) => <p key={at}><bdi>{queueText(one)}</bdi></p>)}
    </>
  );
}
