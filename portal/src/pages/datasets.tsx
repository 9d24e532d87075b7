import { useMemo, useState } from "preact/hooks";
import type { Dataset } from "../api.ts";
import { count } from "../format.ts";
import { countRows } from "../graphql/run.ts";
import { Link } from "../link.tsx";
import { Filter, matches, NoMatch, Pager, usePages } from "../list.tsx";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { client } from "../state.ts";

const COUNTED_MAX = 100;

// Unknown where it is not allowed, or does not work: the page is of use without.
function countAll(all: Dataset[]): (() => Promise<Map<string, number | null>>) | null {
  const endpoint = all[0]?.endpoint;
  return endpoint ? () => countRows(endpoint, all.slice(0, COUNTED_MAX).map(({ plural }) => plural)) : null;
}

export default function DatasetsPage() {
  const loaded = useLoaded("datasets", client.listDatasets);
  const rows = useLoaded(`rows ${loaded.at}`, countAll(loaded.value?.items ?? []));
  const [filter, setFilter] = useState("");
  const all = loaded.value?.items ?? [];
  const shown = useMemo(
    () => all.filter((one) => matches(filter, [one.name, one.type, one.region, one.licence_class])),
    [loaded.value, filter],
  );
  const pages = usePages(shown, filter);
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Datasets</h1>
        {all.length > 0 && <Filter value={filter} change={setFilter} />}
      </header>
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {!loaded.value && !loaded.problem && <Waiting />}
      {loaded.value && all.length === 0 && (
        <section class="notice">
          <h2>No dataset yet</h2>
          <p>
            Datasets are declared in the file that <code>datasets_file</code> names;{" "}
            <code>maestro demo</code> has some to look at.
          </p>
        </section>
      )}
      {all.length > 0 && shown.length === 0 && (
        <NoMatch filter={filter} what="No name, type, region or licence class has" clear={() => setFilter("")} />
      )}
      {shown.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Datasets">
          <table>
            <caption>
              {count(shown.length)} of {count(all.length)}
            </caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">GraphQL type</th>
                <th scope="col">Region</th>
                <th scope="col">Licence class</th>
                <th scope="col">Writable</th>
                <th scope="col" class="number">Columns</th>
                <th scope="col" class="number">Rows of your tenant</th>
              </tr>
            </thead>
            <tbody>
              {pages.rows.map((one) => (
                <tr key={one.name}>
                  <th scope="row">
                    <Link to={`/datasets/${encodeURIComponent(one.name)}`}>{one.name}</Link>
                  </th>
                  <td>
                    <code>{one.type}</code>
                  </td>
                  <td>
                    <bdi>{one.region}</bdi>
                  </td>
                  <td>
                    <bdi>{one.licence_class}</bdi>
                  </td>
                  <td>{one.writable ? "✓ yes" : "no"}</td>
                  <td class="number">{one.columns}</td>
                  <td class="number">{count(rows.value?.get(one.plural) ?? null)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager pages={pages} />
    </>
  );
}
