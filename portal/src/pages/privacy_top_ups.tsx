// What adds to a budget for one window: asked for by one, approved by another, both with the same preview.
import type { TopUp } from "../client.ts";
import { time, UNKNOWN } from "../format.ts";
import { PassingButton } from "../passing.tsx";
import { sortedTopUps, stateText } from "../privacy/words.ts";
import { utc } from "../state.ts";
import { Table } from "../table.tsx";
import { RecordLink } from "./budgets_overrides.tsx";

export type Act = (what: "approve" | "refuse" | "revoke", one: TopUp) => void;

interface RowProps {
  one: TopUp;
  me: string;
  act: Act | null;
}

function Actions({ one, me, act }: RowProps & { act: Act }) {
  const named = <span class="hidden"> {one.epsilon} for {one.dataset}</span>;
  const own = one.asked_by === me;
  return (
    <div class="buttons">
      {one.state === "pending" && !own && (
        <>
          <PassingButton press={() => act("approve", one)}>Approve{named}</PassingButton>
          <PassingButton press={() => act("refuse", one)}>Refuse{named}</PassingButton>
        </>
      )}
      {one.state === "pending" && own && <span class="soft">you asked for it, so somebody else approves it</span>}
      {(one.state === "active" || (one.state === "pending" && own)) && (
        <PassingButton press={() => act("revoke", one)}>Revoke{named}</PassingButton>
      )}
    </div>
  );
}

function Row({ one, me, act }: RowProps) {
  return (
    <tr class={one.state === "pending" ? "marked" : undefined}>
      <th scope="row" class="wrap">
        <b>+ {one.epsilon}</b> for <bdi>{one.dataset}</bdi>, <bdi>{one.purpose}</bdi>
        {one.taken !== null && <div class="soft">{one.taken} of it is used</div>}
      </th>
      <td class="state">{stateText(one.state)}</td>
      <td class="state">{time(one.expires, utc.value)}</td>
      <td class="wrap">
        <bdi>{one.reason}</bdi>
        <div class="soft"><bdi>{one.ticket ?? "no ticket"}</bdi>, warrant <code>{one.warrant}</code></div>
      </td>
      <td class="wrap"><bdi>{one.asked_by}</bdi></td>
      <td class="wrap"><bdi>{one.approved_by ?? UNKNOWN}</bdi></td>
      <td>{one.record === null ? UNKNOWN : <RecordLink tenant={one.tenant} record={one.record} />}</td>
      {act && <td><Actions one={one} me={me} act={act} /></td>}
    </tr>
  );
}

export function TopUpTable({ all, me, act }: { all: TopUp[]; me: string; act: Act | null }) {
  const heads = ["More of what", "State", "Until", "Why", "Asked by", "Approved by", "Record", ...(act ? ["~What to do"] : [])];
  return (
    <Table title="Top-ups, open ones first" heads={heads}>
      {sortedTopUps(all).map((one) => <Row key={one.id} one={one} me={me} act={act} />)}
    </Table>
  );
}
