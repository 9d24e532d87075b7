// The records of a tenant as its people and tools want them: searched, as CSV and OCSF, as a sealed
// PDF, under the planning documents' name.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

import { scenario } from "../lib/scenario.mjs";

export const hasPdfsig = () => spawnSync("pdfsig", ["-v"]).status !== null;

function pdfsig(world, name, bytes) {
  writeFileSync(world.site.path(name), bytes);
  const done = spawnSync("pdfsig", ["-nocert", world.site.path(name)], { encoding: "utf8" });
  return done.stdout + done.stderr;
}

async function fetchBytes(world, path) {
  const response = await fetch(world.server.url + path, { headers: { Authorization: `Bearer ${world.admin}` } });
  assert.equal(response.status, 200, await response.clone().text());
  return Buffer.from(await response.arrayBuffer());
}

scenario("records are searched by who, what and when, and exported with the same filters", async (world) => {
  for (const path of ["/v1/tenants/alpha/tokens", "/v1/tenants/alpha/endpoints"]) {
    assert.equal((await world.ask(world.server, "GET", path, world.operator)).status, 200);
  }
  const list = async (query) => (await world.ask(world.server, "GET",
    `/v1/tenants/alpha/records?${query}`, world.admin)).json.items;
  const endpoints = await list("action=GET+%2Fv1%2Ftenants%2F%7Btenant%7D%2Fendpoints");
  assert.equal(endpoints.length, 1);
  assert.equal(endpoints[0].actor, "otto@system");
  const byOtto = await list("actor=otto*&type=access");
  assert.ok(byOtto.length >= 2);
  assert.ok(byOtto.every(({ actor, type }) => actor === "otto@system" && type === "access"));
  assert.equal((await list("from=2020-01-01&to=2020-02-01")).length, 0);
  assert.equal((await list("warrant=TKT-404")).length, 0);
  const csv = world.site.must("--url", world.server.url, "--token-file", world.site.write("token", world.admin),
    "ledger", "records", "--tenant", "alpha", "--actor", "otto*", "--type", "access", "--form", "csv");
  assert.equal(csv.trimEnd().split("\r\n").length, byOtto.length + 1);
  assert.match(csv.split("\r\n")[0], /^record,at,type,tenant,actor,action/);
  const { text } = await world.ask(world.server, "GET",
    "/v1/tenants/alpha/records?actor=otto*&type=access&form=ocsf", world.admin);
  const events = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(events.length, byOtto.length);
  assert.ok(events.every(({ class_uid, actor }) => class_uid === 6005 && actor.user.name === "otto"));
  const bad = await world.ask(world.server, "GET", "/v1/tenants/alpha/records?colour=red", world.admin);
  assert.equal(bad.status, 400);
});

scenario("a receipt for people is sealed, and pdfsig sees a changed copy", { needs: ["pdfsig"] },
  async (world) => {
    const pdf = await fetchBytes(world, "/v1/tenants/alpha/records/0/receipt?form=pdf");
    assert.match(pdfsig(world, "receipt.pdf", pdf), /Signature is Valid\./);
    assert.match(pdfsig(world, "receipt.pdf", pdf), /Total document signed/);
    const altered = Buffer.from(pdf);
    altered[200] ^= 1;
    assert.doesNotMatch(pdfsig(world, "altered.pdf", altered), /Signature is Valid\./);
    const text = spawnSync("pdftotext", [world.site.path("receipt.pdf"), "-"], { encoding: "utf8" }).stdout;
    assert.match(text, /Receipt of record 0 of tenant alpha/);
    assert.doesNotMatch(text, /ada@alpha/, "the watermark is drawn, not written");
    const info = spawnSync("pdfinfo", [world.site.path("receipt.pdf")], { encoding: "utf8" }).stdout;
    assert.match(info, /Tagged: +yes/);
  });

scenario("the records of a time are a sealed list for people, a row a record", { needs: ["pdfsig"] },
  async (world) => {
    assert.equal((await world.ask(world.server, "GET", "/v1/tenants/alpha/tokens", world.operator)).status, 200);
    const pdf = await fetchBytes(world, "/v1/tenants/alpha/receipts?from=2026-01-01&form=pdf");
    assert.match(pdfsig(world, "receipts.pdf", pdf), /Signature is Valid\./);
    const text = spawnSync("pdftotext", ["-layout", world.site.path("receipts.pdf"), "-"], { encoding: "utf8" }).stdout;
    assert.match(text, /Records of tenant alpha from\s+2026-01-01T00:00:00/);
    assert.match(text, /otto@system/);
    assert.match(text, /maestro verify receipts-alpha\.json/);
    const info = spawnSync("pdfinfo", [world.site.path("receipts.pdf")], { encoding: "utf8" }).stdout;
    assert.match(info, /Tagged: +yes/);
  });

scenario("receipts under the name of the planning documents", async (world) => {
  const { status, text } = await world.ask(world.server, "GET",
    "/transparency/receipts?tenant=alpha&from=2026-01-01&to=2099-01-01", world.admin);
  assert.equal(status, 200, text);
  assert.equal(JSON.parse(text).kind, "mc.range/v1");
  assert.equal(world.verify(text, world.site.write("own", `log ${world.key}\nquorum none\n`)).status, 0);
  const same = await world.ask(world.server, "GET", "/v1/receipts?tenant=alpha&from=2026-01-01", world.admin);
  assert.equal(same.status, 200);
  const none = await world.ask(world.server, "GET", "/transparency/receipts?from=2026-01-01", world.admin);
  assert.equal(none.status, 400);
  const other = await world.ask(world.server, "GET",
    "/transparency/receipts?tenant=system&from=2026-01-01", world.admin);
  assert.equal(other.status, 404);
  const nobody = await world.ask(world.server, "GET", "/transparency/receipts?tenant=alpha&from=2026-01-01");
  assert.equal(nobody.status, 401);
});
