// The filters of the page Access, the views that this browser keeps of them, and what they give as files.
import { useRef, useState } from "preact/hooks";
import { exportPath, type Filters, NOTHING, rangePath, TEXT_MAX, TYPES, writeFilters } from "../access/filters.ts";
import { NAME_MAX, parseViews, queryOf, type View, withView } from "../access/views.ts";
import type { Problem } from "../api.ts";
import { Download } from "../download.tsx";
import { FilterFrame, TextField, TimeField, useDraft } from "../filter_form.tsx";
import { Link } from "../link.tsx";
import { Failed } from "../load.tsx";
import { address, go } from "../state.ts";

export const show = (filters: Filters) => go(address("/access", { own: writeFilters(filters) }));

const TEXTS = [
  ["actor", "Actor", "otto@system, or otto*"], ["action", "Action", "GET /v1/tenants/*"],
  ["warrant", "Warrant", "TKT-123"],
] as const;
const DATES = [["from", "From (UTC)"], ["to", "To (inclusive)"]] as const;

export function FilterForm({ filters }: { filters: Filters }) {
  const { draft, change, first } = useDraft<Filters, HTMLInputElement>(filters, queryOf(filters));
  return (
    <FilterFrame send={() => show({ ...draft, record: null })} clear={() => show(NOTHING)}>
      <p>
        <label for="filter-type">Type</label>
        <select id="filter-type" value={draft.type} onChange={(event) => change({ type: event.currentTarget.value })}>
          <option value="">All</option>
          {TYPES.map((type) => (
            <option key={type} value={type}>{type}</option>
          ))}
        </select>
      </p>
      {TEXTS.map(([name, label, hint], i) => (
        <TextField
          key={name} name={name} label={label} hint={hint} max={TEXT_MAX} value={draft[name]} field={i === 0 ? first : null}
          change={(value) => change({ [name]: value })}
        />
      ))}
      {DATES.map(([name, label]) => (
        <TimeField
          key={name} name={name} label={label} type="date" value={draft[name]} min={name === "to" ? draft.from : undefined}
          change={(value) => change({ [name]: value })}
        />
      ))}
      <label class="choice">
        <input
          type="checkbox" checked={draft.unwarranted}
          onChange={(event) => change({ unwarranted: event.currentTarget.checked })}
        />{" "}
        Without a warrant
      </label>
    </FilterFrame>
  );
}

const VIEWS = "mc.access.views";

export function Views({ filters }: { filters: Filters }) {
  const [views, setViews] = useState(() => parseViews(localStorage.getItem(VIEWS)));
  const [name, setName] = useState("");
  const summary = useRef<HTMLElement>(null);
  const here = queryOf(filters);
  function keep(next: View[]) {
    localStorage.setItem(VIEWS, JSON.stringify(next));
    setViews(next);
  }
  return (
    <details class="sources">
      <summary ref={summary}>Saved views ({views.length})</summary>
      {views.length > 0 && (
        <ul class="views">
          {views.map((view) => (
            <li key={view.name}>
              <Link to={`/access${view.query && `?${view.query}`}`}>
                <bdi>{view.name}</bdi>
              </Link>
              {view.query === here && <span class="soft">shown</span>}
              <button
                type="button"
                onClick={() => {
                  keep(views.filter((one) => one !== view));
                  summary.current?.focus(); // this button goes
                }}
              >
                Delete<span class="hidden"> the view {view.name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          keep(withView(views, { name: name.trim(), query: here }));
          setName("");
        }}
      >
        <p>
          <label for="view-name">Name of what is shown now</label>
          <input
            id="view-name" required maxLength={NAME_MAX} pattern=".*\S.*" value={name} autocomplete="off"
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </p>
        <p>
          <button type="submit">Save the view</button>
        </p>
      </form>
      <p class="soft">Views are kept in this browser. Their links hold all of them, and open for others too.</p>
    </details>
  );
}

interface FilesProps {
  tenant: string;
  filters: Filters;
  now: number;
}

export function Files({ tenant, filters, now }: FilesProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const range = rangePath(tenant, filters, now);
  const pdf = rangePath(tenant, filters, now, "pdf");
  return (
    <section aria-label="Files">
      <p class="buttons">
        <Download href={exportPath(tenant, filters, "csv", now)} told={setProblem}>CSV</Download>
        <Download href={exportPath(tenant, filters, "ocsf", now)} told={setProblem}>OCSF</Download>
        {range !== null && <Download href={range} told={setProblem}>Range receipt</Download>}
        {pdf !== null && <Download href={pdf} told={setProblem}>Range as PDF</Download>}
      </p>
      <p class="soft">
        {range === null
          ? "CSV and OCSF have what the filters give, up to 10,000 records each. A range receipt is of days: show the " +
            "newest for one."
          : "CSV and OCSF have what the filters give, the range receipt all of these days with the proof that none is " +
            "missing; each up to 10,000 records. The PDF is the list of these days for people, up to 1,000."}
      </p>
      {problem && <Failed problem={problem} retry={() => setProblem(null)} />}
    </section>
  );
}

// What nothing was found for.
export function FiltersShown({ filters }: { filters: Filters }) {
  const named = Object.entries(writeFilters(filters)).filter(([, value]) => value !== "");
  return (
    <dl class="facts">
      {named.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </>
      ))}
    </dl>
  );
}
