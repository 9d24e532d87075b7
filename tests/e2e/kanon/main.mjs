// `maestro kanon`: releases made, previewed and verified, tampered with in each way, refused, ended.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { Child, eventually } from "../lib/children.mjs";
import { MAESTRO, ROOT, Site } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import { HIERARCHIES, canonical, config, fromCsv, hexOf, people, toCsv, twinOf } from "./tables.mjs";

const ADULT = join(ROOT, "../shared/data/adult");
const QUASI = ["street", "age", "sex"];

class World {
  constructor() {
    this.capabilities = new Set(existsSync(ADULT) ? ["adult"] : []);
  }

  // A folder with the table, its hierarchies and a configuration.
  site(name, more = {}) {
    const site = new Site(`kanon-${name}`);
    mkdirSync(site.path("h"));
    for (const [file, text] of Object.entries(HIERARCHIES)) site.write(join("h", file), text);
    site.write("in.csv", people());
    site.write("c.yaml", config(more));
    site.kanon = (...words) => site.runWith({ cwd: site.folder }, "kanon", ...words);
    site.make = (...words) => {
      const done = site.kanon("run", "--json", "--input", "in.csv", "--config", "c.yaml", "--out", "o.csv", ...words);
      assert.equal(done.status, 0, done.err);
      return JSON.parse(done.out);
    };
    site.text = (file) => readFileSync(site.path(file), "utf8");
    site.manifest = () => JSON.parse(site.text("o.csv.manifest.json"));
    // Of a file and a manifest: the exit status, the steps that failed, and what was said.
    site.verify = (file, manifest, ...words) => {
      const done = site.kanon("verify", "--json", "--input", file, "--manifest", manifest, ...words);
      const report = JSON.parse(done.out);
      assert.equal(report.subject, "kanon-release");
      assert.equal(report.verified, done.status === 0);
      const steps = Object.fromEntries(report.steps.map((step) => [step.step, step]));
      return { status: done.status, err: done.err, steps, reasons: report.steps.flatMap(({ reason }) => reason ?? []) };
    };
    return site;
  }
}

scenario("a release is written with a manifest that a twin finds true, and verifies", async (world) => {
  const site = world.site("run");
  const made = site.make();
  assert.equal(made.written, true);
  const release = site.text("o.csv");
  const manifest = site.manifest();
  const twin = twinOf(release, QUASI);
  assert.deepEqual(manifest.classes, twin.classes);
  assert.deepEqual(manifest.release, twin.release);
  assert.equal(canonical(manifest), site.text("o.csv.manifest.json"));
  assert.equal(manifest.input.sha256, hexOf(site.text("in.csv")));
  assert.ok(manifest.classes.min >= 5);
  assert.equal(manifest.input.rows, 600);
  assert.equal(manifest.release.rows + manifest.suppression.rows, 600);
  assert.ok(manifest.suppression.rows <= 30);
  assert.deepEqual([manifest.kind, manifest.version, manifest.model, manifest.warnings],
    ["mc.kanon-release", 1, "syntactic", ["downcoding", "minimality"]]);
  assert.deepEqual(manifest.criteria, [{ k: 5, kind: "k-anonymity" }, { column: "illness", kind: "distinct-l", l: "2" }]);
  const [header, ...rows] = fromCsv(release);
  assert.deepEqual(header, ["street", "age", "sex", "illness", "note"]);
  assert.ok(!release.includes("person"));
  assert.deepEqual([...rows].sort(), rows, "the order of the rows tells nothing of the input");

  const alone = site.verify("o.csv", "o.csv.manifest.json");
  assert.equal(alone.status, 0);
  assert.equal(alone.steps.loss.outcome, "skipped");
  const whole = site.verify("o.csv", "o.csv.manifest.json", "--hierarchies", "h");
  assert.equal(whole.status, 0);
  for (const step of ["hierarchies", "levels", "loss", "k", "distinct-l", "root"]) {
    assert.equal(whole.steps[step].outcome, "passed", step);
  }
  const text = site.kanon("verify", "--input", "o.csv", "--manifest", "o.csv.manifest.json");
  assert.match(text.out, /^✓ k +\d+ classes[^]*\nverified: kanon-release\n$/m);
  // Twice the same: bytes of both.
  const before = [release, site.text("o.csv.manifest.json")];
  site.make();
  assert.deepEqual([site.text("o.csv"), site.text("o.csv.manifest.json")], before);
});

scenario("one changed cell, one row removed, one class below k: exit code 5 with the reason", async (world) => {
  const site = world.site("tampered");
  site.make();
  const manifest = site.manifest();
  const rows = fromCsv(site.text("o.csv"));
  const [column] = QUASI.map((name) => rows[0].indexOf(name))
    .filter((place) => new Set(rows.slice(1).map((row) => row[place])).size > 1);
  const changed = structuredClone(rows);
  changed[1][column] = rows.find((row, i) => i > 0 && row[column] !== rows[1][column])[column];
  const removed = rows.filter((_, i) => i !== 1);
  // The smallest class, all but k - 1 of its rows taken out.
  const classOf = (row) => QUASI.map((name) => row[rows[0].indexOf(name)]).join("|");
  const sizes = new Map();
  for (const row of rows.slice(1)) sizes.set(classOf(row), (sizes.get(classOf(row)) ?? 0) + 1);
  const [smallest] = [...sizes].sort(([, a], [, b]) => a - b)[0];
  let kept = 0;
  const below = rows.filter((row, i) => i === 0 || classOf(row) !== smallest || (kept += 1) <= 4);

  for (const [name, table, digest, honest] of [
    ["changed", changed, ["digest_mismatch", "root_mismatch"], ["root_mismatch"]],
    ["removed", removed, ["digest_mismatch", "rows_mismatch", "root_mismatch"], ["rows_mismatch", "root_mismatch"]],
    ["below", below, ["digest_mismatch", "rows_mismatch", "k_violated"], ["rows_mismatch", "k_violated"]],
  ]) {
    const text = toCsv(table);
    site.write(`${name}.csv`, text);
    // With the manifest as it was, and with one whose digest was written anew.
    const found = site.verify(`${name}.csv`, "o.csv.manifest.json");
    assert.equal(found.status, 5, name);
    for (const reason of digest) {
      assert.ok(found.reasons.includes(reason), `${name}: ${found.reasons}`);
      assert.ok(found.err.includes(reason), found.err);
    }
    const { bytes, sha256 } = twinOf(text, QUASI).release;
    const again = { ...manifest, release: { ...manifest.release, bytes, sha256 } };
    site.write(`${name}.json`, canonical(again));
    const other = site.verify(`${name}.csv`, `${name}.json`);
    assert.equal(other.status, 5, name);
    for (const reason of honest) assert.ok(other.reasons.includes(reason), `${name}: ${other.reasons}`);
    assert.ok(!other.reasons.includes("digest_mismatch"));
  }
  // A whole new manifest that is true of the file but for k, which the file does not have.
  const twin = twinOf(toCsv(below), QUASI);
  const suppressed = manifest.input.rows - twin.release.rows;
  site.write("lie.json", canonical({ ...manifest, ...twin, suppression: { ...manifest.suppression, limit: "1", rows: suppressed } }));
  const lie = site.verify("below.csv", "lie.json");
  assert.equal(lie.status, 5);
  assert.deepEqual(lie.reasons, ["k_violated"]);
  assert.match(lie.steps.k.detail, /fewer than k = 5 rows; the smallest is \(.+\) with 4$/);
});

scenario("a file that is hostile, cut or of another form, and a manifest that lies, are refused by name", async (world) => {
  const site = world.site("hostile");
  site.make();
  const release = site.text("o.csv");
  const manifest = site.manifest();
  const line = release.indexOf("\n") + 1;
  for (const [name, text, said] of [
    ["crlf", release.replaceAll("\n", "\r\n"), /line 1: it ends with CR LF/],
    ["nul", `${release.slice(0, line)}\0${release.slice(line)}`, /line 2: it has a NUL byte/],
    ["cut", release.slice(0, -3), /the file ends in the middle of it/],
    ["quoted", release.replace(/,([mw*]),/, ",\"$1\","), /quoted that need not be/],
    ["bom", `\uFEFF${release}`, /byte order mark/],
    ["blank", release.replace("\n", "\n\n"), /line 2: it is blank/],
    ["empty", "", /the file is empty/],
  ]) {
    site.write("x.csv", text);
    const found = site.verify("x.csv", "o.csv.manifest.json");
    assert.equal(found.status, 5, name);
    assert.deepEqual(found.reasons, ["form_invalid", "digest_mismatch"], name);
    assert.match(found.steps.form.detail, said, name);
  }
  for (const [name, change, reason] of [
    ["version", (m) => { m.version = 2; }, "manifest_invalid"],
    ["kind", (m) => { m.kind = "mc.other"; }, "manifest_invalid"],
    ["member", (m) => { m.more = 1; }, "manifest_invalid"],
    ["sums", (m) => { m.suppression.rows += 1; }, "manifest_invalid"],
    ["k", (m) => { m.k = 6; }, "manifest_invalid"],
    ["larger k", (m) => { m.k = m.criteria[0].k = m.classes.min + 1; }, "k_violated"],
    ["larger l", (m) => { m.criteria[1].l = "6"; }, "l_violated"],
    ["limit", (m) => { m.suppression.limit = "0"; }, manifest.suppression.rows > 0 ? "suppression_violated" : undefined],
    ["root", (m) => { m.classes.root = "0".repeat(64); }, "root_mismatch"],
    ["histogram", (m) => {
      m.classes.histogram = [{ classes: 1, rows: m.release.rows }];
      m.classes.count = 1;
      m.classes.min = m.release.rows;
    }, "histogram_mismatch"],
    ["digest", (m) => { m.release.sha256 = "0".repeat(64); }, "digest_mismatch"],
    ["columns", (m) => { m.columns[4].name = "notes"; }, "columns_mismatch"],
    ["loss", (m) => { m.quality.loss = "0.001"; }, "loss_mismatch"],
    ["hierarchy", (m) => { m.columns[0].hierarchy.sha256 = "0".repeat(64); }, "hierarchy_unknown"],
    ["level", (m) => { m.recoding.levels = m.recoding.levels.map((level) => (level > 0 ? level - 1 : level)); }, "level_mismatch"],
  ]) {
    const lies = structuredClone(manifest);
    change(lies);
    site.write("lie.json", canonical(lies));
    const found = site.verify("o.csv", "lie.json", "--hierarchies", "h");
    assert.equal(found.status, reason === undefined ? 0 : 5, name);
    assert.equal(found.reasons[0], reason, name);
  }
  site.write("lie.json", JSON.stringify(manifest, null, 2));
  assert.deepEqual(site.verify("o.csv", "lie.json").reasons, ["manifest_invalid"]);
});

scenario("a preview has the numbers of the run, risks before and after, and writes nothing", async (world) => {
  const site = world.site("preview");
  const before = readdirSync(site.folder);
  const done = site.kanon("preview", "--json", "--input", "in.csv", "--config", "c.yaml");
  assert.equal(done.status, 0, done.err);
  const shown = JSON.parse(done.out);
  assert.deepEqual(readdirSync(site.folder), before);
  const tried = site.make("--dry-run");
  assert.equal(tried.written, false);
  assert.deepEqual(readdirSync(site.folder), before);
  const made = site.make();
  assert.equal(tried.sha256, made.sha256);
  for (const name of ["rows_in", "rows_out", "suppressed", "classes", "class_min", "loss", "bound", "optimal"]) {
    assert.deepEqual(shown[name], made[name], name);
  }
  assert.deepEqual(shown.levels, site.manifest().recoding.levels);
  assert.deepEqual(shown.sizes.map(({ classes, rows }) => ({ classes, rows })), site.manifest().classes.histogram);
  assert.ok(Number(shown.risk_after.prosecutor_highest) <= 1 / 5 + 1e-9);
  assert.ok(Number(shown.risk_before.prosecutor_highest) > Number(shown.risk_after.prosecutor_highest));
  assert.equal(shown.risk_after.rows_below_k, 0);
  assert.deepEqual(shown.columns.map(({ name }) => name), QUASI);
  assert.ok(shown.columns.every(({ suppressed }) => suppressed >= 0 && suppressed <= shown.suppressed));
  const text = site.kanon("preview", "--input", "in.csv", "--config", "c.yaml");
  assert.match(text.out, /column +level +of +loss +suppressed by it/);
  assert.match(text.out, /risk of being found +before +after/);
});

scenario("each method, each criterion and starred rows verify too", async (world) => {
  const column = (criteria, more = {}) => ({ ...JSON.parse(config()).columns, illness: { role: "sensitive", criteria, ...more } });
  const severity = "flu;light;*\ncold;light;*\nasthma;hard;*\n\"a, b or c\";hard;*\n\"\"\"gout\"\"\";hard;*\n";
  for (const [name, more, step, words] of [
    ["local", { method: "local" }],
    ["starred", { suppressed: "star", suppression: "0.1" }],
    ["entropy", { columns: column([{ kind: "entropy-l", l: "2.5" }]) }, "entropy-l"],
    ["recursive", { columns: column([{ kind: "recursive-cl", c: "3", l: "2" }]) }, "recursive-l"],
    ["t-equal", { columns: column([{ kind: "t-equal", t: "0.3" }]) }, "t-closeness", ["--distribution"]],
    ["t-ordered", { columns: column([{ kind: "t-ordered", t: "0.3" }], { order: "text" }) }, "t-closeness", ["--distribution"]],
    ["t-hierarchical", { columns: column([{ kind: "t-hierarchical", t: "0.3" }], { hierarchy: "h/severity.csv" }) }, "t-closeness", ["--distribution"]],
  ]) {
    const site = world.site("each", more);
    site.write("h/severity.csv", severity);
    site.make(...(words ?? []));
    const found = site.verify("o.csv", "o.csv.manifest.json", "--hierarchies", "h");
    assert.equal(found.status, 0, `${name}: ${found.err}`);
    assert.equal(found.steps.loss.outcome, "passed", name);
    if (step) assert.equal(found.steps[step].outcome, "passed", name);
    const rows = fromCsv(site.text("o.csv")).slice(1);
    const stars = rows.filter((row) => row.slice(0, 4).every((text) => text === "*")).length;
    if (name === "starred") {
      assert.equal(stars, site.manifest().suppression.rows);
      assert.equal(rows.length, 600);
    } else {
      assert.equal(stars, 0);
    }
  }
});

scenario("a column that names a row changes nothing of a run, a preview and a verification", async (world) => {
  const plain = world.site("no-row-key");
  plain.make();
  const site = world.site("row-key", { row_key: "name" });
  site.make();
  assert.equal(site.text("o.csv"), plain.text("o.csv"));
  assert.equal(site.verify("o.csv", "o.csv.manifest.json", "--hierarchies", "h").status, 0);
  assert.equal(site.kanon("preview", "--input", "in.csv", "--config", "c.yaml").status, 0);
});

scenario("what no node satisfies is refused with exit code 6; what is wrong is named, with its place", async (world) => {
  const site = world.site("refused");
  const left = readdirSync(site.folder);
  const run = (...words) => site.kanon("run", "--input", "in.csv", "--config", "c.yaml", "--out", "o.csv", ...words);
  const refuse = (status, said, more) => {
    site.write("c.yaml", typeof more === "string" ? more : config(more));
    for (const verb of ["run", "preview"]) {
      const done = verb === "run" ? run() : site.kanon("preview", "--input", "in.csv", "--config", "c.yaml");
      assert.equal(done.status, status, `${verb}: ${done.err}`);
      assert.match(done.err, said);
      assert.equal(done.out, "");
    }
    assert.deepEqual(readdirSync(site.folder), left);
  };
  refuse(6, /no generalisation fulfils the criteria/, { k: 601, suppression: "0.5" });
  refuse(6, /no generalisation fulfils the criteria/, { columns: { ...JSON.parse(config()).columns, illness: { role: "sensitive", criteria: [{ kind: "distinct-l", l: "6" }] } } });
  refuse(2, /c\.yaml:1:\d+: kk: is unknown/, { kk: 5 });
  refuse(2, /k: .*1 is less than 2|k: 1/, { k: 1 });
  refuse(2, /suppression/, { suppression: "NaN" });
  refuse(2, /c\.yaml/, "kind: kanon\nversion: 1\n");
  refuse(2, /column 'note'/, { columns: { ...JSON.parse(config()).columns, note: undefined } });
  refuse(3, /none\.csv/, { columns: { ...JSON.parse(config()).columns, sex: { role: "quasi", hierarchy: "h/none.csv" } } });
  refuse(2, /column 'sex'.*lacks the value/, { columns: { ...JSON.parse(config()).columns, sex: { role: "quasi", hierarchy: "h/age.csv" } } });
  site.write("c.yaml", config());
  for (const [status, said, ...words] of [
    [3, /none\.csv/, "run", "--input", "none.csv", "--config", "c.yaml", "--out", "o.csv"],
    [3, /none\.yaml/, "run", "--input", "in.csv", "--config", "none.yaml", "--out", "o.csv"],
    [2, /--out/, "run", "--input", "in.csv", "--config", "c.yaml"],
    [2, /--out: it would replace in\.csv/, "run", "--input", "in.csv", "--config", "c.yaml", "--out", "in.csv"],
    [2, /--manifest/, "run", "--input", "in.csv", "--config", "c.yaml", "--out", "o.csv", "--manifest", "o.csv"],
    [3, /nowhere/, "run", "--input", "in.csv", "--config", "c.yaml", "--out", "nowhere/o.csv"],
    [3, /o\.csv/, "verify", "--input", "in.csv", "--manifest", "o.csv.manifest.json"],
    [3, /nowhere/, "verify", "--input", "in.csv", "--manifest", "c.yaml", "--hierarchies", "nowhere"],
  ]) {
    const done = site.kanon(...words);
    assert.equal(done.status, status, `${words.join(" ")}: ${done.err}`);
    assert.match(done.err, said);
  }
  // A value that a release cannot hold: refused by its own check, with nothing kept.
  site.write("in.csv", people().replace(/,x\n/, ",\"x\ty\"\n"));
  const odd = run();
  assert.equal(odd.status, 5, odd.err);
  assert.match(odd.err, /form_invalid/);
  assert.deepEqual(readdirSync(site.folder), left);
});

scenario("who ends a run leaves nothing half done, and an earlier release as it was", { limitMs: 60_000 }, async (world) => {
  const site = world.site("ended");
  // t-closeness keeps the search from ruling nodes out, and there are many.
  const rows = [["a", "b", "c", "d", "e", "f", "s"]];
  let state = 1;
  for (let i = 0; i < 60_000; i += 1) {
    state = (state * 48271) % 2147483647;
    rows.push([7, 11, 13, 17, 19, 23].map((by) => `${Math.floor(state / by) % 64}`).concat(`${state % 5}`));
  }
  site.write("in.csv", toCsv(rows));
  site.write("h/n.csv", Array.from({ length: 64 }, (_, i) =>
    `${Array.from({ length: 7 }, (__, level) => `${level}/${i >> level}`).join(";").replace(/^0\//, "")}\n`).join(""));
  const quasi = { role: "quasi", hierarchy: "h/n.csv" };
  site.write("c.yaml", config({ columns: { a: quasi, b: quasi, c: quasi, d: quasi, e: quasi, f: quasi,
    s: { role: "sensitive", criteria: [{ kind: "t-equal", t: "0.05" }] } } }));
  site.write("o.csv", "earlier");
  const left = readdirSync(site.folder);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    const child = new Child(MAESTRO, ["kanon", "run", "--input", "in.csv", "--config", "c.yaml", "--out", "o.csv"], { cwd: site.folder });
    await eventually("the search has begun", () => blocks(child.pid));
    assert.equal(child.status, null, "the search is over too soon for this test");
    process.kill(child.pid, signal);
    assert.equal(await child.exited, 130, child.err);
    assert.match(child.err, /nothing was written/);
    assert.deepEqual(readdirSync(site.folder), left);
    assert.equal(site.text("o.csv"), "earlier");
  }
});

// Whether a process holds SIGINT back, as it does once its search begins.
function blocks(pid) {
  const [, mask] = /SigBlk:\s+([0-9a-f]+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return (BigInt(`0x${mask}`) & 2n) !== 0n;
}

scenario("Adult: the optimum of the literature, verified, and one changed cell", { needs: ["adult"], limitMs: 60_000 }, async (world) => {
  const site = world.site("adult");
  const header = readFileSync(join(ADULT, "adult.csv"), "utf8").split("\r\n")[0].split(";");
  const columns = Object.fromEntries(header.map((name) =>
    [name, { role: "quasi", hierarchy: join(ADULT, `adult_hierarchy_${name}.csv`) }]));
  site.write("c.yaml", JSON.stringify({ kind: "kanon", version: 1, delimiter: ";", k: 10, suppression: "0.02", columns }));
  const done = site.kanon("run", "--json", "--input", join(ADULT, "adult.csv"), "--config", "c.yaml", "--out", "o.csv");
  assert.equal(done.status, 0, done.err);
  const made = JSON.parse(done.out);
  assert.deepEqual([made.levels.join(), made.suppressed, made.classes, made.optimal], ["0,4,0,1,2,1,1,2,0", 592, 124, true]);
  assert.ok(Math.abs(Number(made.loss) - 0.342336704) < 1e-9);
  const found = site.verify("o.csv", "o.csv.manifest.json", "--hierarchies", ADULT);
  assert.equal(found.status, 0, found.err);
  assert.equal(found.steps.loss.outcome, "passed");
  site.write("x.csv", site.text("o.csv").replace("\nMale;", "\nFemale;").replace("\nFemale;", "\nMale;").replace("\nFemale;", "\nMale;"));
  const changed = site.verify("x.csv", "o.csv.manifest.json");
  assert.equal(changed.status, 5);
  assert.ok(changed.reasons.includes("root_mismatch"), changed.reasons.join());
});

process.exit(await runScenarios("kanon", new World()));
