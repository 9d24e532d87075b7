// The catalogue of what is watched: one file, catalogue.json, from which everything else is made.
//
//   node ops/catalogue.mjs write    Prometheus rules and their tests, Grafana dashboards, the portal's
//                                   panels, runbooks, the list of metrics
//   node ops/catalogue.mjs check    fails when a made file differs, or one thing lacks another
//   node ops/catalogue.mjs exprs    every panel as a recording rule, for promtool check rules
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const RULES = "ops/prometheus/maestro.rules.yml";
const TESTS = "ops/prometheus/maestro.rules_test.yml";
const RUNBOOKS = "docs/runbooks";
const METRICS = "docs/METRICS.md";
const PORTAL = "portal/src/panels.ts";
const PORTAL_PAGES = "portal/src/pages";
const SEVERITIES = ["page", "ticket"];
// What Prometheus itself knows of a scrape.
const BUILT_IN = new Set(["up"]);

export const catalogue = JSON.parse(readFileSync(join(ROOT, "ops/catalogue.json"), "utf8"));
export const panels = [
  ...catalogue.dashboards.flatMap(({ rows }) => rows.flatMap((row) => row.panels)), ...catalogue.portal,
];

// Names of metrics in an expression; those of a histogram's parts are the histogram's.
export function metricsIn(expr) {
  const names = expr.replaceAll(/"[^"]*"/g, "").match(/\b(?:mc|process|dp)_\w+|\bup\b/g) ?? [];
  return new Set(names.map((name) => name.replace(/_(bucket|count|sum)$/, "")));
}

// JSON strings are YAML strings.
const text = (value) => JSON.stringify(value);

function rules() {
  const out = ["# Made by ops/catalogue.mjs from ops/catalogue.json.", "groups:", "  - name: maestro", "    rules:"];
  for (const alert of catalogue.alerts) {
    out.push(
      `      - alert: ${alert.name}`, `        expr: ${text(alert.expr)}`, `        for: ${alert.for}`,
      `        labels: {severity: ${alert.severity}}`, "        annotations:",
      `          summary: ${text(alert.summary)}`, `          description: ${text(alert.description)}`,
      `          runbook: ${text(`${RUNBOOKS}/${alert.runbook}.md`)}`);
  }
  return `${out.join("\n")}\n`;
}

// The annotations that a test expects are not given: promtool compares them only when they are.
function rulesTest() {
  const out = ["# Made by ops/catalogue.mjs from ops/catalogue.json.",
    "rule_files: [maestro.rules.yml]", "evaluation_interval: 1m", "tests:"];
  const test = (alert, what, { at, series }, fires) => {
    out.push(`  - name: ${text(`${alert.name} ${what}`)}`, "    interval: 1m", "    input_series:");
    for (const one of series) {
      out.push(`      - series: ${text(one.series)}`, `        values: ${text(one.values)}`);
    }
    out.push("    promql_expr_test:",
      `      - expr: ${text(`count(ALERTS{alertname="${alert.name}",alertstate="firing"}) or vector(0)`)}`,
      `        eval_time: ${at}`, `        exp_samples: [{labels: "{}", value: ${fires}}]`);
  };
  for (const alert of catalogue.alerts) {
    test(alert, "fires", alert.fires, 1);
    test(alert, "is quiet", alert.quiet, 0);
  }
  return `${out.join("\n")}\n`;
}

function grafanaPanel(panel, id, x, y) {
  return {
    id, type: panel.kind, title: panel.title, gridPos: { x, y, w: 8, h: 8 },
    datasource: { type: "prometheus", uid: "${datasource}" },
    description: panel.when ? `Has series when ${panel.when}.` : "",
    fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
    targets: [{ refId: "A", expr: panel.expr, legendFormat: panel.legend ?? "" }],
  };
}

function grafana({ uid, title, rows }) {
  const out = [];
  let y = 0;
  for (const row of rows) {
    out.push({ id: out.length + 1, type: "row", title: row.title, collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] });
    y += 1;
    row.panels.forEach((panel, i) =>
      out.push(grafanaPanel(panel, out.length + 1, (i % 3) * 8, y + Math.floor(i / 3) * 8)));
    y += Math.ceil(row.panels.length / 3) * 8;
  }
  return `${JSON.stringify({
    uid, title, tags: ["maestro"], timezone: "utc", schemaVersion: 37, version: 1, editable: false,
    refresh: "10s", time: { from: "now-1h", to: "now" }, panels: out,
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus" }] },
  }, null, 1)}\n`;
}

// The expression is for a person's own Prometheus, where Grafana's variable means nothing.
function portal() {
  const list = catalogue.portal.map(({ id, title, help, expr }) =>
    `  ${id}: {\n    title: ${text(title)},\n    help: ${text(help)},\n    expr: ${text(plainExpr(expr))},\n  },\n`);
  return `// Made by ops/catalogue.mjs from ops/catalogue.json.
export const PANELS = {
${list.join("")}} as const;
`;
}

const numbered = (lines) => lines.map((line, i) => `${i + 1}. ${line}`).join("\n");

function runbook({ slug, title, means, look, act }) {
  const alerts = catalogue.alerts.filter((alert) => alert.runbook === slug);
  const list = alerts.map((alert) =>
    `| \`${alert.name}\` | ${alert.severity} | \`${alert.expr.replaceAll("|", "\\|")}\` for ${alert.for} |`);
  return `<!-- Made by ops/catalogue.mjs from ops/catalogue.json. -->
# ${title}

${means}

| alert | severity | condition |
|---|---|---|
${list.join("\n")}

## Look

${numbered(look)}

## Do

${numbered(act)}
`;
}

function index() {
  const rows = catalogue.runbooks.map(({ slug, title, means }) => `| [${title}](${slug}.md) | ${means} |`);
  return `<!-- Made by ops/catalogue.mjs from ops/catalogue.json. -->
# Runbooks

One for each thing that can call somebody. The alerts lead here by their annotation \`runbook\`.

| runbook | what it means |
|---|---|
${rows.join("\n")}
`;
}

function metrics() {
  const cell = (words) => words.replaceAll("|", "\\|");
  const rows = catalogue.metrics.map(({ name, type, labels, help, series_max, when, apart }) => {
    const seen = panels.filter(({ expr }) => metricsIn(expr).has(name)).map(({ title }) => title);
    const wakes = catalogue.alerts.filter(({ expr }) => metricsIn(expr).has(name)).map((alert) => `\`${alert.name}\``);
    const where = [...new Set([...seen, ...wakes])].join(", ") || apart;
    const note = when ? ` There when ${when}.` : "";
    return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(" ")} | ${series_max} | ${cell(help + note)} | ${cell(where)} |`;
  });
  return `<!-- Made by ops/catalogue.mjs from ops/catalogue.json. -->
# Metrics

What \`/metrics\` shows, the most series that each can have, and the panels and alerts that look at it.

| metric | type | labels | series at most | what it is | seen in |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

export function madeFiles() {
  const out = { [RULES]: rules(), [TESTS]: rulesTest(), [PORTAL]: portal(), [METRICS]: metrics(), [`${RUNBOOKS}/README.md`]: index() };
  for (const dashboard of catalogue.dashboards) {
    out[`ops/grafana/${dashboard.uid}.json`] = grafana(dashboard);
  }
  for (const one of catalogue.runbooks) out[`${RUNBOOKS}/${one.slug}.md`] = runbook(one);
  return out;
}

function unknownMetrics(what, expr) {
  const known = new Set(catalogue.metrics.map(({ name }) => name));
  return [...metricsIn(expr)].filter((name) => !known.has(name) && !BUILT_IN.has(name))
    .map((name) => `${what} uses ${name}, which is no metric of the catalogue`);
}

// What one part of the catalogue lacks of another.
function gaps() {
  const out = [];
  const slugs = new Set(catalogue.runbooks.map(({ slug }) => slug));
  const used = new Set([...catalogue.alerts, ...panels].flatMap(({ expr }) => [...metricsIn(expr)]));
  for (const list of [catalogue.metrics, catalogue.alerts]) {
    const names = list.map(({ name }) => name);
    names.filter((name, i) => names.indexOf(name) !== i).forEach((name) => out.push(`${name} stands twice`));
  }
  for (const { name, apart } of catalogue.metrics) {
    if (!used.has(name) && !apart) out.push(`metric ${name} is in no panel and no alert, and has no reason in "apart"`);
  }
  for (const alert of catalogue.alerts) {
    out.push(...unknownMetrics(`alert ${alert.name}`, alert.expr));
    if (!slugs.has(alert.runbook)) out.push(`alert ${alert.name} has no runbook ${alert.runbook}`);
    if (!SEVERITIES.includes(alert.severity)) out.push(`alert ${alert.name}: severity is none of ${SEVERITIES}`);
    for (const part of ["summary", "description", "for", "fires", "quiet"]) {
      if (!alert[part]) out.push(`alert ${alert.name} has no ${part}`);
    }
  }
  for (const panel of panels) out.push(...unknownMetrics(`panel ${panel.title}`, panel.expr));
  const pages = readdirSync(join(ROOT, PORTAL_PAGES))
    .map((name) => readFileSync(join(ROOT, PORTAL_PAGES, name), "utf8")).join("");
  for (const { id, help } of catalogue.portal) {
    if (!pages.includes(`PANELS.${id}`)) out.push(`panel ${id} is on no page of the portal`);
    if (!help) out.push(`panel ${id} has no help`);
  }
  for (const { slug, look, act } of catalogue.runbooks) {
    if (!catalogue.alerts.some((alert) => alert.runbook === slug)) out.push(`runbook ${slug} belongs to no alert`);
    if (look.length === 0 || act.length === 0) out.push(`runbook ${slug} says nothing to look at or to do`);
  }
  return out;
}

function strangers(made) {
  return ["ops/prometheus", "ops/grafana", RUNBOOKS].flatMap((folder) =>
    (existsSync(join(ROOT, folder)) ? readdirSync(join(ROOT, folder)) : [])
      .map((name) => `${folder}/${name}`).filter((path) => made[path] === undefined));
}

function write() {
  const made = madeFiles();
  for (const path of strangers(made)) rmSync(join(ROOT, path));
  for (const [path, content] of Object.entries(made)) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), content);
  }
  console.log(`${Object.keys(made).length} files written`);
}

function check() {
  const made = madeFiles();
  const found = [...gaps(), ...strangers(made).map((path) => `${path} is made by nothing`)];
  for (const [path, content] of Object.entries(made)) {
    const full = join(ROOT, path);
    if (!existsSync(full) || readFileSync(full, "utf8") !== content) {
      found.push(`${path} is not what the catalogue makes: node ops/catalogue.mjs write`);
    }
  }
  for (const one of found) console.error(`FAIL: ${one}`);
  const { metrics, alerts, runbooks } = catalogue;
  console.log(`catalogue: ${metrics.length} metrics, ${alerts.length} alerts, ${panels.length} panels, ` +
    `${runbooks.length} runbooks`);
  console.log(`${found.length === 0 ? 1 : 0} passed, ${found.length} failed`);
  return found.length === 0 ? 0 : 1;
}

// Grafana's variable stands for a window that Prometheus can read.
export const plainExpr = (expr) => expr.replaceAll("$__rate_interval", "1m");

function exprs() {
  const lines = ["groups:", "  - name: panels", "    rules:"];
  panels.forEach(({ expr }, i) => lines.push(`      - record: panel:${i}`, `        expr: ${text(plainExpr(expr))}`));
  console.log(lines.join("\n"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mode = process.argv[2];
  if (mode === "write") write();
  else if (mode === "check") process.exitCode = check();
  else if (mode === "exprs") exprs();
  else {
    console.error("usage: node ops/catalogue.mjs write|check|exprs");
    process.exitCode = 2;
  }
}
