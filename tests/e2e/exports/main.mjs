// Exports with a real server: a table that leaves verifies in two ways, what was changed does not, a
// second one that would tell people apart is denied, and nothing leaves but what may.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";

import { eventually } from "../lib/children.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import { PEOPLE, World } from "./world.mjs";

const EXPORTS = "/v1/tenants/alpha/exports";
const FILES = ["manifest.sigstore.json", "table.csv", "table.kanon.json"];
let first = null;

scenario("a table leaves, and verifies with maestro verify and maestro kanon verify", async (world) => {
  const made = await world.exported("people", "one");
  first = made.id;
  assert.equal(made.state, "ready");
  assert.equal(made.rows_in, PEOPLE);
  assert.equal(made.rows_out + made.suppressed, PEOPLE);
  assert.deepEqual(readdirSync(world.site.path("one")).sort(), FILES);
  const table = world.file("one", "table.csv");
  assert.ok(!table.includes("example.org") && !/p00\d/.test(table), "no key, no column that is not named");
  for (const name of ["table.csv", "table.kanon.json"]) {
    const { status, out, err } = await world.verify("one", world.site.path(`one/${name}`));
    assert.equal(status, 0, out + err);
  }
  const { status, out, err } = world.recheck(world.site.path("one/table.csv"), world.site.path("one/table.kanon.json"));
  assert.equal(status, 0, out + err);
  const bundle = JSON.parse(world.file("one", "manifest.sigstore.json"));
  const { predicate } = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString());
  assert.equal(predicate.version, "1.4");
  assert.equal(predicate.requester, "dora@alpha");
  assert.deepEqual(predicate.absent, ["licenseProof", "residencyProof"]);
  assert.deepEqual(predicate.items.map(({ name }) => name), ["table.csv", "table.kanon.json"]);
  assert.equal(predicate.kanon.k, 10);
});

scenario("its record comes before its downloads, each of which has one", async (world) => {
  const [ready] = await world.records("export.ready");
  assert.equal(ready.payload.export, first);
  const downloads = (await world.records("GET /v1/tenants/{tenant}/exports")).filter(({ object, payload }) =>
    (object ?? payload?.object ?? "").includes("/files/"));
  assert.equal(downloads.length, FILES.length);
  for (const download of downloads) assert.ok(download.record > ready.record);
});

scenario("one changed cell, and one row less: both refuse, with the reason", async (world) => {
  const table = world.file("one", "table.csv");
  const rows = table.trimEnd().split("\n");
  const changed = table.replace("flu", "flx");
  const shorter = `${rows.slice(0, -1).join("\n")}\n`;
  for (const [name, text] of [["changed.csv", changed], ["shorter.csv", shorter]]) {
    const file = world.site.write(name, text);
    const proof = await world.verify("one", file);
    assert.equal(proof.status, 5, proof.out);
    assert.match(proof.out, /artifact_mismatch/);
    const check = world.recheck(file, world.site.path("one/table.kanon.json"));
    assert.equal(check.status, 5, check.out);
    assert.match(check.out, /digest_mismatch/);
  }
  // A manifest made to fit has to say that a class is below k, or is refused for its sizes.
  const small = `${table}*,flu,m,red\n`;
  const check = world.recheck(world.site.write("small.csv", small), world.site.path("one/table.kanon.json"));
  assert.equal(check.status, 5, check.out);
  assert.match(check.out, /k_violated|form_invalid/);
});

scenario("a second one that would tell six people apart is denied, with the smallest change", async (world) => {
  const done = await world.run("dora", "export", "run", "--profile", "zips", "--out", world.site.path("two"));
  assert.equal(done.status, 6, done.err);
  assert.match(done.err, new RegExp(`export-intersects: together with export ${first}`));
  assert.match(done.err, /a group of 6, and 10 is the least/);
  assert.match(done.err, /would pass: generalise column 'zip' to level 1/);
  assert.ok(!existsSync(world.site.path("two")));
  const { items: [refused] } = await world.get(EXPORTS);
  assert.equal(refused.state, "refused");
  for (const name of FILES) {
    assert.equal((await world.api("GET", `${EXPORTS}/${refused.id}/files/${name}`)).status, 404);
  }
  assert.equal((await world.records("export.refused"))[0].payload.export, refused.id);
});

scenario("lines of JSON leave beside the table that verifies", async (world) => {
  await world.exported("lines", "lines");
  const rows = world.file("lines", "table.jsonl").trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(rows.length, world.file("lines", "table.csv").trimEnd().split("\n").length - 1);
  const { status, out } = await world.verify("lines", world.site.path("lines/table.jsonl"));
  assert.equal(status, 0, out);
});

scenario("a weaker profile, no purpose, another role: refused with the rule", async (world) => {
  for (const [who, status, why, ...args] of [
    ["dora", 6, /export-k: the profile's k is 5, and at least 10 is wanted \(rule bound-default\)/, "--profile", "weak"],
    ["dora", 6, /purpose-not-of-profile/, "--profile", "people", "--purpose", "support"],
    ["dora", 6, /purpose-not-granted/, "--profile", "people", "--purpose", "demo"],
    ["ben", 6, /export-role/, "--profile", "people"],
    ["aron", 4, /admin:write/, "--profile", "people"],
    ["otto", 4, /own people/, "--profile", "people", "--tenant", "alpha"],
    ["dora", 3, /no profile/, "--profile", "nobody"],
    ["dora", 3, /./, "--profile", "people", "--tenant", "bravo"],
  ]) {
    const done = await world.run(who, "export", "run", ...args);
    assert.equal(done.status, status, `${who} ${args.join(" ")}: ${done.err}`);
    assert.match(done.err, why);
  }
});

scenario("another tenant, and who did not ask, get no rows; an auditor gets the proofs", async (world) => {
  const files = `${EXPORTS}/${first}/files`;
  for (const [who, name, status] of [["bea", "table.csv", 404], ["bea", "manifest.sigstore.json", 404],
    ["ben", "table.csv", 403], ["ada", "table.csv", 200], ["aron", "table.csv", 403],
    ["aron", "manifest.sigstore.json", 200], ["aron", "table.kanon.json", 200], ["dora", "..%2f..%2fage.csv", 404],
    ["dora", "%2e%2e", 404], ["dora", "table.csv.part", 404], ["otto", "table.csv", 403]]) {
    const reply = await world.api("GET", `${files}/${name}`, who);
    assert.equal(reply.status, status, `${who} ${name}: ${reply.text.slice(0, 200)}`);
  }
  const own = `/v1/tenants/bravo/exports/${first}`;
  assert.equal((await world.api("GET", own, "bea")).status, 404);
  assert.equal((await world.api("POST", `${own}/cancel`, "bea", {})).status, 404);
  assert.deepEqual((await world.get("/v1/tenants/bravo/exports", "bea")).items, []);
});

scenario("a dry run and a key that comes twice", async (world) => {
  const before = (await world.get(EXPORTS)).items.length;
  const tried = await world.must("dora", "--dry-run", "export", "run", "--profile", "people");
  assert.equal(tried.job, null);
  assert.equal((await world.get(EXPORTS)).items.length, before);
  const ask = () => world.api("POST", EXPORTS, "dora", { profile: "people" }, { "Idempotency-Key": "once" });
  const [a, b] = await Promise.all([ask(), ask()]);
  assert.deepEqual([a.status, b.status], [202, 202], a.text + b.text);
  assert.equal(a.json.id, b.json.id);
  assert.equal(a.headers.location, `${EXPORTS}/${a.json.id}`);
  const other = await world.api("POST", EXPORTS, "dora", { profile: "lines" }, { "Idempotency-Key": "once" });
  assert.equal(other.status, 409, other.text);
  await world.until(a.json.id, "ready");
});

scenario("one that is cancelled leaves nothing", async (world) => {
  const asked = await world.must("dora", "export", "run", "--profile", "people");
  const done = await world.run("dora", "export", "cancel", asked.id);
  if (done.status === 0) {
    assert.equal((await world.until(asked.id, "cancelled")).state, "cancelled");
    assert.equal((await world.api("GET", `${EXPORTS}/${asked.id}/files/table.csv`)).status, 404);
  } else {
    assert.equal(done.status, 8, done.err);  // it was ready before
  }
});

const HOLD = ["--dataset", "person", "--legal-hold", "CASE-17"];
const WHY = ["--reason", "preserved for the court in case 17"];

scenario("a legal hold: two persons let rows leave as they are, and the ledger says so first", async (world) => {
  const asked = await world.must("dora", "export", "run", ...HOLD, ...WHY);
  assert.equal(asked.state, "pending");
  const files = `${EXPORTS}/${asked.id}/files/table.csv`;
  assert.equal((await world.api("GET", files)).status, 404);
  for (const [who, status, why] of [["dora", 6, /somebody else/], ["ada", 4, /role/], ["ben", 4, /role/], ["aron", 4, /./]]) {
    const done = await world.run(who, "export", "approve", asked.id);
    assert.equal(done.status, status, `${who}: ${done.err}`);
    assert.match(done.err, why);
  }
  assert.equal((await world.api("POST", `/v1/tenants/bravo/exports/${asked.id}/approve`, "bea", {})).status, 404);
  await world.must("dan", "export", "approve", asked.id);
  const ready = await world.until(asked.id, "ready");
  assert.equal(ready.legal_hold.pet, "none");
  assert.equal(ready.legal_hold.approved_by, "dan@alpha");
  const actions = (await world.records("export.")).filter(({ payload }) => payload.export === asked.id)
    .sort((a, b) => a.record - b.record);
  assert.deepEqual(actions.map(({ action }) => action),
    ["export.hold_asked", ...Array(3).fill("export.hold_refused"), "export.hold_approved", "export.exception", "export.ready"]);
  const exception = actions.at(-2);
  assert.equal(exception.record, ready.legal_hold.exception);
  assert.equal(exception.payload.items[0].sha256, ready.items[0].sha256);
  assert.equal(exception.payload.hold.reference, "CASE-17");
  for (const [who, status] of [["dora", 200], ["dan", 403], ["ada", 403], ["ben", 403], ["aron", 403], ["bea", 404], ["otto", 403]]) {
    assert.equal((await world.api("GET", files, who)).status, status, who);
  }
  await world.must("dora", "export", "get", asked.id, "--out", world.site.path("hold"));
  const table = world.file("hold", "table.csv");
  assert.equal(table.trimEnd().split("\n").length, 241);
  assert.match(table, /p00000,20,m,10000,flu,p0@example.org,/);
  const proof = await world.verify("hold", world.site.path("hold/table.csv"));
  assert.equal(proof.status, 0, proof.out);
  assert.match(proof.out, /NO privacy technology was applied \(pet: none\), approved by dan@alpha; legal hold \\*"CASE-17/);
  // The same rows, the same bytes.
  const again = await world.must("dan", "export", "run", ...HOLD, ...WHY);
  await world.must("dora", "export", "approve", again.id);
  assert.equal((await world.until(again.id, "ready")).items[0].sha256, ready.items[0].sha256);
});

scenario("a legal hold is refused without its permission, a reference and a reason", async (world) => {
  for (const [who, status, why, ...args] of [
    ["ada", 4, /role/, ...HOLD, ...WHY],
    ["ben", 4, /role/, ...HOLD, ...WHY],
    ["dora", 2, /reason/, ...HOLD],
    ["otto", 4, /own people/, ...HOLD, ...WHY, "--tenant", "alpha"],
  ]) {
    const done = await world.run(who, "export", "run", ...args);
    assert.equal(done.status, status, `${who} ${args.join(" ")}: ${done.err}`);
    assert.match(done.err, why);
  }
  const body = { kind: "hold", dataset: "person", legal_hold: { reason: "preserved for the court in case 17" } };
  const reply = await world.api("POST", EXPORTS, "dora", body);
  assert.equal(reply.status, 400, reply.text);
  assert.match(reply.text, /reference/);
});

scenario("a server that is killed while it reads goes on at its next start", { limitMs: 120_000 }, async (world) => {
  const exports = "/v1/tenants/bravo/exports";
  const asked = await world.api("POST", exports, "bea", { profile: "people" });
  assert.equal(asked.status, 202, asked.text);
  await eventually("it reads", async () => {
    const { job } = await world.get(`${exports}/${asked.json.id}`, "bea");
    assert.notEqual(job.state, "done", "it was too fast to be killed in the middle");
    return job.state === "running";
  });
  await world.server.stop("SIGKILL");
  await world.serve();
  const { state } = await world.get(`${exports}/${asked.json.id}`, "bea");
  assert.equal(state, "running");
  const ready = await world.until(asked.json.id, "ready", "bravo", "bea");
  await world.must("bea", "export", "get", ready.id, "--out", world.site.path("after"));
  assert.equal((await world.verify("after", world.site.path("after/table.csv"))).status, 0);
  assert.equal(world.recheck(world.site.path("after/table.csv"), world.site.path("after/table.kanon.json")).status, 0);
  const { items } = await world.get("/v1/tenants/bravo/records?limit=200", "bea");
  const records = items.filter(({ action, payload }) => action === "export.ready" && payload.export === ready.id);
  assert.equal(records.length, 1);
});

const world = await World.start();
const status = await runScenarios("exports", world);
await world.stop();
process.exit(status);
