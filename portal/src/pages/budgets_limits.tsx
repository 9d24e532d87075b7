// The budgets, how fast they are used, and the way to change one.
import { type Changeable, isChangeable, type Limit, limitKey } from "../budgets/limits.ts";
import { budgetText, burnText, exhaustedText, leftText, limitText } from "../budgets/words.ts";
import { count, time, UNKNOWN } from "../format.ts";
import { Pager, usePages } from "../list.tsx";
import { PassingButton } from "../passing.tsx";
import { utc } from "../state.ts";
import { Table } from "../table.tsx";

// With lines at 80 and 90 %; what is above 100 % is said, not drawn.
function Burn({ burn, level }: Pick<Limit, "burn" | "level">) {
  if (burn === null) return <>{UNKNOWN}</>;
  return (
    <div class="burn">
      <span class={level === null ? undefined : "warn"}>{burnText(burn, level)}</span>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class={`burn-${level ?? 0}`} width={Math.min(100, 100 * burn)} height="8" />
        <path d="M80 0V8M90 0V8" />
      </svg>
    </div>
  );
}

function LimitCell({ one, now }: { one: Limit; now: number }) {
  return (
    <td class="wrap">
      {limitText(one.dimension, one.limit)}
      {one.warnOnly && <div class="soft">let through when over it</div>}
      {!one.counted && <div class="soft">not counted yet</div>}
      {one.until !== null && (
        <div class="soft">
          ▲ {one.planned === null ? "the plan has none" : `the plan says ${limitText(one.dimension, one.planned)}`}; until{" "}
          {time(one.until, utc.value)}, {leftText(one.until, now)}
        </div>
      )}
    </td>
  );
}

interface Props {
  title: string;
  limits: Limit[];
  ofAll: boolean;
  now: number;
  change: ((limit: Changeable) => void) | null; // null: the viewer may not
}

export function Limits({ title, limits, ofAll, now, change }: Props) {
  const pages = usePages(limits, title);
  const heads = [
    ...(ofAll ? ["Tenant"] : []), "Budget", "Limit", ...(ofAll ? [] : ["#Left"]), "Burn", "Used up", ...(change ? ["~Action"] : []),
  ];
  return (
    <>
      <Table title={title} heads={heads}>
        {pages.rows.map((one) => (
          <tr key={limitKey(one)} class={one.level === null ? undefined : "marked"}>
            {ofAll && <th scope="row"><bdi class="long" title={one.tenant}>{one.tenant}</bdi></th>}
            {ofAll ? <td>{budgetText(one)}</td> : <th scope="row"><bdi>{budgetText(one)}</bdi></th>}
            <LimitCell one={one} now={now} />
            {!ofAll && <td class="number">{count(one.left)}</td>}
            <td><Burn burn={one.burn} level={one.level} /></td>
            <td class="wrap">{one.burn === null ? UNKNOWN : exhaustedText(one, now, utc.value)}</td>
            {change && (
              <td>
                {isChangeable(one) && (
                  <PassingButton press={() => change(one)}>
                    Change<span class="hidden"> {budgetText(one)} of {one.tenant}</span>
                  </PassingButton>
                )}
              </td>
            )}
          </tr>
        ))}
      </Table>
      <Pager pages={pages} />
    </>
  );
}
