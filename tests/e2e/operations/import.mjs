// Importing files: a public data set whole, and a large file whose import is killed.
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import { Child, eventually } from "../lib/children.mjs";
import { readings, toCsv } from "../lib/fixture.mjs";
import { post } from "../lib/http.mjs";
import { MAESTRO, ROOT, Site, addPeople } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";

const vectors = process.env.MC_VECTORS;
const DATA = process.env.MC_DATA ??
  (vectors ? join(dirname(vectors), "data") : join(ROOT, "../shared/data"));
const ADULT = join(DATA, "adult/adult.csv");

// Serves the model that an import printed and counts the rows of a dataset.
async function countRows(site, yaml, plural) {
  site.configure(`datasets_file: ${site.write("datasets.yaml", yaml)}\nserver: {port: 0}\n`);
  const tokens = addPeople(site);
  const server = await site.serve();
  const reply = await post(`${server.url}/graphql`, tokens.admin,
    { query: `{ ${plural}Aggregate { count } ${plural}(first: 2) { nodes { __typename } } }` });
  await server.stop();
  assert.equal(reply.json?.errors, undefined, reply.text);
  return Number(reply.json.data[`${plural}Aggregate`].count);
}

scenario("the census file is imported and served by the model that is printed", async () => {
  if (!existsSync(ADULT)) return "there is no adult/adult.csv; set MC_DATA";
  const site = new Site("adult");
  site.configure("server: {port: 0}\n");
  const source = `sqlite:${site.path("adult.db")}`;
  const args = ["dataset", "import", ADULT, "--dataset", "adult", "--tenant", "alpha", "--source",
    source];
  assert.equal(site.run(...args).status, 3, "without --create there is no table");
  const printed = site.must(...args, "--create");
  assert.match(printed, /^30162 rows imported, 0 bad$/m);
  const yaml = printed.slice(printed.indexOf("\n#") + 1);
  assert.equal(await countRows(site, yaml, "adults"), 30_162);
  return undefined;
});

scenario("bad rows stop an import, name their line and leave the table alone", async () => {
  const site = new Site("bad-rows");
  site.configure("server: {port: 0}\n");
  const file = site.write("bad.csv", "id,amount\nr1,5\nr2,many\nr3,6\n");
  const args = ["dataset", "import", file, "--dataset", "bad", "--tenant", "alpha", "--create",
    "--source", `sqlite:${site.path("bad.db")}`, "--type", "amount=int"];
  const refused = site.run(...args);
  assert.equal(refused.status, 2, refused.err);
  assert.match(refused.err, /line 3, column 'amount': 'many'/);
  const report = site.json(...args, "--max-bad", "1");
  assert.deepEqual([report.rows, report.bad_rows, report.table_created], [2, 1, true]);
});

scenario("an import that was killed goes on where it stopped", { limitMs: 120_000 }, async () => {
  const base = readings();
  const rows = Array.from({ length: 400_000 }, (_, i) => ({ ...base[i % base.length], id: `r${i}` }));
  const site = new Site("resume");
  site.configure("server: {port: 0}\n");
  const file = site.write("big.csv", toCsv(rows));
  for (let attempt = 0; attempt < 5; ++attempt) {
    const database = site.path(`big${attempt}.db`);
    const args = ["--config", site.config, "dataset", "import", file, "--dataset", "big",
      "--tenant", "alpha", "--create", "--source", `sqlite:${database}`];
    const first = new Child(MAESTRO, args);
    const size = (name) => (existsSync(name) ? statSync(name).size : 0);
    await eventually("some batches", () =>
      !first.running || size(database) + size(`${database}-wal`) > 3_000_000, 60_000);
    first.kill("SIGKILL");
    if ((await first.exited) === 0) continue;  // it was done before the signal came
    const report = site.json(...args.slice(2));
    if (report.resumed_at === 0) continue;  // the signal came before the first batch was stored
    assert.ok(report.resumed_at < statSync(file).size);
    assert.equal(report.rows, rows.length);
    const again = site.run(...args.slice(2));
    assert.equal(again.status, 8, "the same keys a second time are a conflict");
    const yaml = `sources: [{name: main, url: "sqlite:${database}"}]
datasets:
  - {name: big, source: main, table: big, key: id, tenant: tenant_id, licence: Open-Data-OK,
     columns: [{name: id, type: id}, {name: place, type: string}, {name: amount, type: int}]}
`;
    assert.equal(await countRows(site, yaml, "bigs"), rows.length);
    return;
  }
  assert.fail("no import was caught in its middle");
});
