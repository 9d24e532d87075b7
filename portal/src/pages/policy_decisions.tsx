// The decisions that the log has of a tenant's data: filters, and a table that is loaded in parts.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../api.ts";
import type { Decision } from "../client.ts";
import { count, time, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { Failed, Waiting } from "../load.tsx";
import { type Parts, PartsPager, useParts } from "../parts.tsx";
import { PassingButton } from "../passing.tsx";
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
  const [draft, setDraft] = useState(filters);
  const first = useRef<HTMLSelectElement>(null);
  useLayoutEffect(() => setDraft(filters), [queryOf(filters)]);
  useLayoutEffect(() => {
    const focus = () => first.current?.focus();
    addEventListener("mc-filter", focus);
    return () => removeEventListener("mc-filter", focus);
  }, []);
  const change = (part: Partial<Filters>) => setDraft({ ...draft, ...part });
  return (
    <form
      class="filters" aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault();
        show(draft);
      }}
    >
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
        <p key={name}>
          <label for={`filter-${name}`}>{label}</label>
          <input
            id={`filter-${name}`} placeholder={hint} maxLength={TEXT_MAX} value={draft[name]} spellcheck={false}
            autocomplete="off" onInput={(event) => change({ [name]: event.currentTarget.value.trim() })}
          />
        </p>
      ))}
      {TIMES.map(([name, label]) => (
        <p key={name}>
          <label for={`filter-${name}`}>{label}</label>
          <input
            id={`filter-${name}`} type="datetime-local" value={draft[name]} min={name === "to" ? draft.from : undefined}
            onInput={(event) => change({ [name]: event.currentTarget.value })}
          />
        </p>
      ))}
      <p class="buttons">
        <button type="submit" class="primary">Show</button>
        <button type="button" onClick={() => show(NOTHING)}>Clear</button>
      </p>
    </form>
  );
}

function useDecisions(where: string, filters: Filters): Parts<Decision> {
  const question = { tenant: where, ...asked(filters), limit: LOADED_AT_ONCE };
  return useParts(`decisions ${JSON.stringify(question)}`, (cursor) => client.listDecisions({ ...question, ...cursor }));
}

function Nothing({ where, filters }: { where: string; filters: Filters }) {
  if (isNothing(filters)) {
    return (
      <section class="notice" role="status">
        <h3>No decision is in the log yet</h3>
        <p>
          What is decided on data of <bdi>{where}</bdi> is listed here from the moment that somebody asks for it.
        </p>
      </section>
    );
  }
  return (
    <section class="notice" role="status">
      <h3>Nothing matches</h3>
      <p>No decision on data of <bdi>{where}</bdi> is as the filters say.</p>
      <PassingButton press={() => show(NOTHING)}>Clear the filters</PassingButton>
    </section>
  );
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
      {found.first.value && found.items.length === 0 && <Nothing where={where} filters={filters} />}
      {found.items.length > 0 && <DecisionTable where={where} found={found} />}
    </section>
  );
}
