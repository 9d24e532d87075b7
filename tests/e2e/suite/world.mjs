// The three worlds the scenarios run in, configured the way an operator would.
import { writeFileSync } from "node:fs";

import { Child } from "../lib/children.mjs";
import { fixture } from "../lib/fixture.mjs";
import { ROOT, Site, addPeople, importFixture, writeModel } from "../lib/maestro.mjs";

const DATASETS = ["dataset-errors", "aggregates", "statements", "long64", "native-status"];

async function makeDatasets(kind) {
  const site = new Site(kind);
  const url = kind === "sqlite" ? `sqlite:${site.path("rows.db")}` : process.env.MC_TEST_POSTGRES_URL;
  if (!url) throw new Error("MC_TEST_POSTGRES_URL is not set; run this through postgres.sh");
  site.configure(`datasets_file: ${writeModel(site, url)}\nserver: {port: 0}\n` +
    (kind === "sqlite" ? "" : `state_url: "${url}"\n`));
  importFixture(site);
  const tokens = addPeople(site);
  return { site, tokens, capabilities: new Set([...DATASETS, kind]) };
}

async function makeApollo() {
  const site = new Site("apollo");
  site.configure(`datasets_file: ${writeModel(site, "sqlite:/nonexistent/rows.db")}\n`);
  const schema = site.write("schema.graphql", site.must("dataset", "sdl"));
  const rows = site.path("rows.json");
  writeFileSync(rows, JSON.stringify(fixture()));
  const upstream = new Child(process.execPath, [`${ROOT}/tests/e2e/apollo/server.mjs`, schema, rows]);
  const [, url] = await upstream.says(/Apollo Server listens on (http:\S+)/);
  site.configure(`server: {port: 0}
gateway:
  health_every: 200ms
  breaker_pause: 200ms
  routes:
    - path: /graphql
      kind: upstream
      url: ${url}/graphql
      schema_file: ${schema}
      health_path: /healthz
      timeout: 5s
`);
  const tokens = addPeople(site);
  return { site, tokens, upstream, upstreamUrl: url, capabilities: new Set(["upstream"]) };
}

export async function makeWorld(kind) {
  const make = { sqlite: makeDatasets, postgres: makeDatasets, apollo: makeApollo }[kind];
  if (!make) throw new Error("usage: main.mjs sqlite | postgres | apollo");
  const world = await make(kind);
  world.expiring = world.site.addToken("alpha", "analyst", "query", "--lifetime", "3s");
  world.server = await world.site.serve();
  world.url = world.server.url;
  world.graphql = `${world.url}/graphql`;
  world.close = async () => {
    await world.server.stop();
    await world.upstream?.stop("SIGKILL");
  };
  return world;
}
