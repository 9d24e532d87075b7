// What changes or changed budgets: open ones first, with what the viewer can do about them.
import { budgetText, changeText, isOpen, leftText, reasonText, stateText } from "../budgets/words.ts";
import type { BudgetOverride } from "../client.ts";
import { time, UNKNOWN } from "../format.ts";
import { Pager, usePages } from "../list.tsx";
import { PassingButton } from "../passing.tsx";
import { address, go, utc } from "../state.ts";
import { Table } from "../table.tsx";

export type Act = (what: "approve" | "refuse" | "revoke", one: BudgetOverride) => void;

// The record that came before the effect.
export function RecordLink({ tenant, record }: { tenant: string; record: number }) {
  const to = address("/access", { tenant, own: { record: String(record) } });
  return (
    <a
      href={to}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      <span class="hidden">Record </span>{record}<span class="hidden"> of {tenant}</span>
    </a>
  );
}

interface RowProps {
  one: BudgetOverride;
  ofAll: boolean;
  now: number;
  me: string;
  act: Act | null;
}

function Actions({ one, me, act }: Pick<RowProps, "one" | "me"> & { act: Act }) {
  const named = <span class="hidden"> {budgetText(one)} of {one.tenant}</span>;
  const own = one.asked_by === me;
  return (
    <div class="buttons">
      {one.state === "pending" && !own && <PassingButton press={() => act("approve", one)}>Approve{named}</PassingButton>}
      {one.state === "pending" && !own && <PassingButton press={() => act("refuse", one)}>Refuse{named}</PassingButton>}
      {one.state === "pending" && own && <span class="soft">somebody else approves it</span>}
      {(one.state === "active" || (one.state === "pending" && own)) && (
        <PassingButton press={() => act("revoke", one)}>Revoke{named}</PassingButton>
      )}
    </div>
  );
}

function Row({ one, ofAll, now, me, act }: RowProps) {
  const open = isOpen(one, now);
  const later = open && Date.parse(one.from) > now;
  return (
    <tr class={open && one.state === "pending" ? "marked" : undefined}>
      <th scope="row" class="wrap">
        {ofAll && <><bdi>{one.tenant}</bdi>: </>}<bdi>{budgetText(one)}</bdi>
        <div>{changeText(one.dimension, one.limit_before, one.limit_after)}</div>
      </th>
      <td class="state">{stateText(one, now)}</td>
      <td class="wrap">
        {later && <div>from {time(one.from, utc.value)}</div>}
        {time(one.until, utc.value)}
        {open && <div>{leftText(one.until, now)}</div>}
      </td>
      <td class="wrap">
        {reasonText(one.reason)}: <bdi>{one.note}</bdi>
        <div class="soft"><bdi>{one.ticket}</bdi></div>
      </td>
      <td class="wrap">
        <bdi>{one.asked_by}</bdi>
        {one.approved_by !== null && <div class="soft">approved by <bdi>{one.approved_by}</bdi></div>}
        {one.ended_by !== null && <div class="soft">ended by <bdi>{one.ended_by}</bdi></div>}
      </td>
      <td class="number">{one.record === null ? UNKNOWN : <RecordLink tenant={one.tenant} record={one.record} />}</td>
      {act && <td>{open && <Actions one={one} me={me} act={act} />}</td>}
    </tr>
  );
}

interface Props extends Omit<RowProps, "one"> {
  all: BudgetOverride[];
}

export function OverrideTable({ all, ofAll, act, ...more }: Props) {
  const pages = usePages(all, "overrides");
  const heads = ["What", "State", "Until", "Why", "Who", "#Record", ...(act ? ["~Action"] : [])];
  return (
    <>
      <Table title="Overrides, open ones first" heads={heads}>
        {pages.rows.map((one) => <Row key={one.id} one={one} ofAll={ofAll} act={act} {...more} />)}
      </Table>
      <Pager pages={pages} />
    </>
  );
}
