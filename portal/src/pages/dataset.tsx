import { count } from "../format.ts";
import { countRows } from "../graphql/run.ts";
import { Link } from "../link.tsx";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { client, path } from "../state.ts";

const yes = (value: boolean) => (value ? "✓ yes" : "no");

function days(seconds: number | null): string {
  return seconds === null ? "kept" : `${count(seconds / 86_400)} days`;
}

async function load(name: string) {
  const dataset = await client.getDataset({ dataset: name });
  const rows = dataset.endpoint
    ? await countRows(dataset.endpoint, [dataset.plural]).catch(() => new Map<string, number | null>())
    : new Map<string, number | null>();
  return { dataset, rows: rows.get(dataset.plural) ?? null };
}

export default function DatasetPage() {
  const name = decodeURIComponent(path.value.slice("/datasets/".length));
  const loaded = useLoaded(`dataset ${name}`, () => load(name));
  const dataset = loaded.value?.dataset;
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>
          Dataset <bdi>{name}</bdi>
        </h1>
        {dataset?.endpoint && <Link to={`/console?dataset=${encodeURIComponent(name)}`}>Open in the console</Link>}
      </header>
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {!dataset && !loaded.problem && <Waiting />}
      {dataset && (
        <>
          {dataset.description && <p dir="auto">{dataset.description}</p>}
          <dl class="facts">
            <dt>GraphQL type</dt>
            <dd><code>{dataset.type}</code></dd>
            <dt>Rows of your tenant</dt>
            <dd>{count(loaded.value?.rows ?? null)}</dd>
            <dt>Region</dt>
            <dd><bdi>{dataset.region}</bdi></dd>
            <dt>Licence class</dt>
            <dd><bdi>{dataset.licence_class}</bdi></dd>
            <dt>Retention</dt>
            <dd>{days(dataset.retention_s)}</dd>
            <dt>Writable</dt>
            <dd>{yes(dataset.writable)}</dd>
            <dt>Key</dt>
            <dd><code>{dataset.key}</code></dd>
          </dl>
          <div class="scroll below" tabIndex={0} role="region" aria-label="Columns">
            <table>
              <caption>{dataset.columns.length} columns</caption>
              <thead>
                <tr>
                  <th scope="col">Column</th>
                  <th scope="col">Type</th>
                  <th scope="col">Sensitivity</th>
                  <th scope="col">Quasi-identifier</th>
                  <th scope="col">Licence class</th>
                  <th scope="col">Unique</th>
                  <th scope="col">Nullable</th>
                </tr>
              </thead>
              <tbody>
                {dataset.columns.map((column) => (
                  <tr key={column.name}>
                    <th scope="row" title={column.description}><code>{column.name}</code></th>
                    <td>{column.type}</td>
                    <td>{column.sensitivity === "secret" || column.sensitivity === "sensitive" ? `▲ ${column.sensitivity}` : column.sensitivity}</td>
                    <td>{yes(column.quasi_identifier)}</td>
                    <td><bdi>{column.licence_class}</bdi></td>
                    <td>{yes(column.unique)}</td>
                    <td>{yes(column.nullable)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {dataset.relations.length === 0 && <p>No relation to another dataset.</p>}
          {dataset.relations.length > 0 && (
            <div class="scroll below" tabIndex={0} role="region" aria-label="Relations">
              <table>
                <caption>{dataset.relations.length} relations</caption>
                <thead>
                  <tr>
                    <th scope="col">Relation</th>
                    <th scope="col">To</th>
                    <th scope="col">Kind</th>
                    <th scope="col">By</th>
                  </tr>
                </thead>
                <tbody>
                  {dataset.relations.map((relation) => (
                    <tr key={relation.name}>
                      <th scope="row"><code>{relation.name}</code></th>
                      <td><Link to={`/datasets/${encodeURIComponent(relation.to)}`}>{relation.to}</Link></td>
                      <td>{relation.kind}</td>
                      <td><code>{relation.local} = {relation.remote}</code></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
    </>
  );
}
