import { useEffect, useRef, useState } from "preact/hooks";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { client } from "../state.ts";

export default function DatasetsPage() {
  const loaded = useLoaded("datasets", client.datasets);
  const [filter, setFilter] = useState("");
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = () => box.current?.focus();
    addEventListener("mc-filter", focus);
    return () => removeEventListener("mc-filter", focus);
  }, []);
  const all = loaded.value?.items ?? [];
  const wanted = filter.trim().toLowerCase();
  const shown = all.filter((one) =>
    [one.name, one.type, one.region, one.licence_class].some((text) => text.toLowerCase().includes(wanted)),
  );
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Datasets</h1>
        <label>
          Filter{" "}
          <input ref={box} type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
        </label>
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
        <section class="notice" role="status">
          <h2>Nothing matches</h2>
          <p>
            No dataset has <bdi>“{filter}”</bdi> in its name, type, region or licence class.
          </p>
          <button type="button" onClick={() => setFilter("")}>
            Clear the filter
          </button>
        </section>
      )}
      {shown.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Datasets">
          <table>
            <caption>
              {shown.length} of {all.length}
            </caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">GraphQL type</th>
                <th scope="col">Region</th>
                <th scope="col">Licence class</th>
                <th scope="col">Writable</th>
                <th scope="col" class="number">Columns</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => (
                <tr key={one.name}>
                  <th scope="row">
                    <bdi>{one.name}</bdi>
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
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
