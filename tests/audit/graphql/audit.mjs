// The GraphQL-over-HTTP server audits of npm graphql-http against a running maestro.
//
//   node audit.mjs          starts a server of its own on the end-to-end fixture
//   node audit.mjs URL      asks that endpoint, with the token in MC_AUDIT_TOKEN
//
// Prints a line for each audit that is not ok and the closing count; exit 1 unless all are ok.
import { serverAudits } from "graphql-http";

import { Site, addPeople, importFixture, writeModel } from "../../e2e/lib/maestro.mjs";

async function startServer() {
  const site = new Site("audit");
  site.configure(`datasets_file: ${writeModel(site, `sqlite:${site.path("rows.db")}`)}\n` +
    "server: {port: 0}\n");
  importFixture(site);
  const tokens = addPeople(site);
  const server = await site.serve();
  return { url: `${server.url}/graphql`, token: tokens.admin, server };
}

const world = process.argv[2]
  ? { url: process.argv[2], token: process.env.MC_AUDIT_TOKEN }
  : await startServer();
const audits = serverAudits({
  url: world.url,
  fetchFn: (url, options = {}) => fetch(url, {
    ...options, headers: { ...options.headers, Authorization: `Bearer ${world.token}` },
  }),
});
const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
for (const audit of audits) {
  const result = await audit.fn();
  counts[result.status] += 1;
  if (result.status !== "ok") {
    const body = await result.response?.text().catch(() => "");
    console.log(`${result.status}: ${audit.name}: ${result.reason} ` +
      `[${result.response?.status} ${body}]`);
  }
}
await world.server?.stop();
const bad = audits.length - counts.ok;
console.log(Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", "));
console.log(`${counts.ok} of ${audits.length} audits are ok`);
console.log(`${counts.ok} passed, ${bad} failed, 0 skipped`);
process.exit(bad === 0 && audits.length >= 61 ? 0 : 1);
