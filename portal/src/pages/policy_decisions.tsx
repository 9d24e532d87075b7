// The decisions that the log has of a tenant's data: filters, and a table that is loaded in parts.
import type { Problem } from "../api.ts";
import type { Decision } from "../client.ts";
import { FilterFrame, Nothing, TextField, TimeField, useDraft } from "../filter_form.tsx";
import { count, time, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { Failed, Waiting } from "../load.tsx";
import { type Parts, PartsPager, useParts } from "../parts.tsx";
import { asked, type Filters, isNothing, NOTHING, queryOf, TEXT_MAX, type Verdict, writeFilters } from "../policy/filters.ts";
import { columnsText, verdictText } from "../policy/words.ts";
import { address, client, go, utc } from "../state.ts";

const LOADED_AT_ONCE = 50;
const HEADING = "decisions";

const show = (filters: Filters) => go(address("/policy", { own: writeFilters(filters) }));

// Who chose something further up wants to be at what it gave.
export const toDecisions = () => document.getElementById(HEADING)?.focus();

const TEXTS = [
  ["principal", "Principal", "ben"], ["rule", "Rule", "mask-personal"], ["reason", "Reason", "purpose-missing"],
] as const;
const TIMES = [["from", "From (UTC)"], ["to", "Before (UTC)"]] as const;

function FilterForm({ filters }: { filters: Filters }) {
  const { draft, change, first } = useDraft(filters, queryOf(filters));
  return (
    <FilterFrame send={() => show(draft)} clear={() => show(NOTHING)}>
      <p>
        <label for="filter-verdict">Verdict</label>
        <select
          id="filter-verdict" ref={first} value={draft.verdict}
          onChange={(event) => change({ verdict: event.currentTarget.value as Verdict })}
        >
          <option value="">All</option>
          <option value="allowed">Allowed</option>
          <option value="denied">Denied</option>
        </select>
      </p>
      {TEXTS.map(([name, label, hint]) => (
        <TextField
          key={name} name={name} label={label} hint={hint} max={TEXT_MAX} value={draft[name]}
          change={(value) => change({ [name]: value.trim() })}
        />
      ))}
      {TIMES.map(([name, label]) => (
        <TimeField
          key={name} name={name} label={label} type="datetime-local" value={draft[name]}
          min={name === "to" ? draft.from : undefined} change={(value) => change({ [name]: value })}
        />
      ))}
    </FilterFrame>
  );
}

function useDecisions(where: string, filters: Filters): Parts<Decision> {
  const question = { tenant: where, ...asked(filters), limit: LOADED_AT_ONCE };
  return useParts(`decisions ${JSON.stringify(question)}`, (cursor) => client.listDecisions({ ...question, ...cursor }));
}

function Row({ one }: { one: Decision }) {
  const masked = Object.keys(one.masked).length;
  return (
    <tr class={one.allowed ? undefined : "marked"}>
      <th scope="row" class="state">
        <Link to={`/policy/decisions/${encodeURIComponent(one.id)}`}>
          {time(one.at, utc.value)}<span class="hidden">, decision {one.id}</span>
        </Link>
      </th>
      <td class="state">{verdictText(one.allowed)}</td>
      <td><bdi class="long" title={one.principal}>{one.principal}</bdi></td>
      <td class="state">{one.action}</td>
      <td><bdi class="long" title={`${one.resource.kind} ${one.resource.name}`}>{one.resource.name}</bdi></td>
      <td><bdi>{one.purpose || UNKNOWN}</bdi></td>
      <td class="wrap"><code>{(one.allowed ? one.rules : one.reasons).join(", ") || UNKNOWN}</code></td>
      <td class="number">{masked > 0 ? columnsText(masked) : UNKNOWN}</td>
    </tr>
  );
}

function DecisionTable({ where, found }: { where: string; found: Parts<Decision> }) {
  const { items } = found;
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of decisions">
        <table>
          <caption>
            {count(items.length)} decisions on data of <bdi>{where}</bdi>, newest first
          </caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Verdict</th>
              <th scope="col">Who</th>
              <th scope="col">Action</th>
              <th scope="col">On</th>
              <th scope="col">Purpose</th>
              <th scope="col">Rules, or reasons of a denial</th>
              <th scope="col" class="number">Masked</th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => <Row key={one.id} one={one} />)}
          </tbody>
        </table>
      </div>
      <PartsPager parts={found} />
    </>
  );
}

interface Props {
  where: string;
  filters: Filters;
  told: Problem | null; // what the page says already
}

export function Decisions({ where, filters, told }: Props) {
  const found = useDecisions(where, filters);
  const { problem } = found.first;
  const same = problem !== null && problem.status === told?.status && problem.code === told.code;
  return (
    <section aria-labelledby={HEADING}>
      <h2 id={HEADING} tabIndex={-1}>Decisions</h2>
      <FilterForm filters={filters} />
      {problem && !same && <Failed problem={problem} retry={found.first.reload} />}
      {!found.first.value && !problem && <Waiting />}
      {found.first.value && found.items.length === 0 && (
        <Nothing
          title="No decision is in the log yet"
          text={<>What is decided on data of <bdi>{where}</bdi> is listed here from the moment that somebody asks for it.</>}
          unmatched={<>No decision on data of <bdi>{where}</bdi> is as the filters say.</>}
          clear={isNothing(filters) ? null : () => show(NOTHING)}
        />
      )}
      {found.items.length > 0 && <DecisionTable where={where} found={found} />}
    </section>
  );
}
