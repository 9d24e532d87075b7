// The commands on exports, with a server that has a profile: what they print and how they end.
import assert from "node:assert/strict";

import { World } from "../exports/world.mjs";

export const WORDS = ["export run", "export list", "export show", "export get", "export cancel", "export pause",
  "export resume", "export approve"];

const EXPORT = { $ref: "#/components/schemas/Export" };
const PAGE = { $ref: "#/components/schemas/ExportPage" };
const ABSENT = "exp_00000000000000000000000000";

// Each operation once with success, judged by the document of the other world.
async function operations(world, own) {
  const ask = async (status, method, path, body) => {
    const target = `/v1/tenants/bravo/exports${path}`;
    const reply = await own.api(method, target, "bea", body);
    world.document.judge(method, target, reply);
    assert.equal(reply.status, status, `${method} ${target}: ${reply.text}`);
    return reply.json;
  };
  // Reading many rows takes longer than it takes to steer.
  const { id } = await ask(202, "POST", "", { profile: "people" });
  for (const verb of ["pause", "resume", "cancel"]) await ask(200, "POST", `/${id}/${verb}`);
  await ask(200, "POST", "?dry_run=true", { profile: "people" });
  await ask(409, "POST", `/${id}/approve`);
  const made = await ask(202, "POST", "", { profile: "lines" });
  await own.until(made.id, "ready", "bravo", "bea");
  const { items } = await ask(200, "GET", `/${made.id}`);
  for (const { name, media_type: type } of items) {
    const reply = await own.api("GET", `/v1/tenants/bravo/exports/${made.id}/files/${name}`, "bea");
    assert.equal(reply.headers["content-type"], type);
  }
  await ask(200, "GET", `/${made.id}/files/manifest.sigstore.json`);
  await ask(200, "GET", "?limit=1");
}

// `check(world, what, schema, out)` holds an output against a schema.
export async function exportCommands(world, check) {
  const own = await World.start();
  try {
    const run = (...words) => own.run("dora", "export", ...words);
    const out = (name) => ["--out", own.site.path(name)];
    const first = await own.must("dora", "export", "run", "--profile", "people", "--follow");
    const paused = (await own.api("POST", "/v1/tenants/alpha/exports", "dora", { profile: "people" })).json;
    for (const [schema, ...words] of [
      [EXPORT, "run", "--profile", "people", "--dry-run"],
      [EXPORT, "run", "--profile", "people", ...out("a")],
      [PAGE, "list"],
      [PAGE, "list", "--limit", "1"],
      [EXPORT, "show", first.id],
      [EXPORT, "get", first.id, ...out("b")],
      [EXPORT, "get", first.id, ...out("b"), "--tenant", "alpha"],
    ]) {
      const done = await run(...words);
      assert.equal(done.status, 0, `${words.join(" ")}: ${done.err}`);
      check(world, `export ${words.join(" ")}`, schema, done.out);
    }
    const hold = ["--dataset", "person", "--legal-hold", "CASE-17", "--reason", "preserved for the court in case 17"];
    const pending = await own.must("dora", "export", "run", ...hold);
    const approved = await own.run("dan", "export", "approve", pending.id);
    assert.equal(approved.status, 0, approved.err);
    check(world, "export approve", EXPORT, approved.out);
    const mine = await own.must("dora", "export", "run", ...hold);
    for (const [status, said, ...words] of [
      [6, /export-hold/, "approve", mine.id],
      [3, /no export/, "approve", ABSENT],
      [8, /does not wait/, "approve", first.id],
      [2, /reason/, "run", "--dataset", "person", "--legal-hold", "CASE-17", "--reason", "short"],
      [2, /--legal-hold/, "run", "--profile", "people", "--column", "age"],
      [2, /--legal-hold/, "run", "--profile", "people", "--reason", "preserved for the court in case 17"],
      [6, /export-k/, "run", "--profile", "weak"],
      [6, /purpose-not-of-profile/, "run", "--profile", "people", "--purpose", "support"],
      [3, /no profile/, "run", "--profile", "nobody"],
      [2, /profile/, "run", "--dataset", "person"],
      [2, /--format/, "run", "--profile", "people", "--format", "xml"],
      [1, /differentially private/, "run", "--dataset", "person", "--release", "rel_x"],
      [2, /limit/, "list", "--limit", "0"],
      [3, /no export/, "show", ABSENT],
      [3, /no export/, "get", ABSENT, ...out("c")],
      [2, /--out/, "get", first.id],
      ...["cancel", "pause", "resume"].flatMap((verb) => [
        [3, /no export/, verb, ABSENT], [8, /ready already/, verb, first.id], [3, /no /, verb, first.id, "--tenant", "bravo"]]),
    ]) {
      const done = await run(...words);
      assert.equal(done.status, status, `${words.join(" ")}: ${done.out}${done.err}`);
      assert.match(done.err, said, words.join(" "));
      assert.equal(done.out, "");
    }
    // What is steered may be ready before it is: then that is what is said.
    for (const verb of ["pause", "resume", "cancel"]) {
      const done = await run(verb, paused.id);
      if (done.status === 0) check(world, `export ${verb}`, EXPORT, done.out);
      else assert.equal(done.status, 8, done.err);
    }
    await operations(world, own);
  } finally {
    await own.stop();
  }
}
