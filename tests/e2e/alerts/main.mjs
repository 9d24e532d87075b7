// From a server that is down to this server's own inbox: a real Prometheus with the catalogue's
// rules, a real Alertmanager, its webhook. And the catalogue against a running demo: what it says of
// metrics is so, and every panel has something to show.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";

import { catalogue, panels, plainExpr } from "../../../ops/catalogue.mjs";
import { Child, eventually, runToEnd } from "../lib/children.mjs";
import { freePort, send } from "../lib/http.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import { Receiver } from "../notify/receivers.mjs";

const PROGRAMS = ["prometheus", "promtool", "prometheus-alertmanager"].map((name) => `/usr/bin/${name}`);
const missing = PROGRAMS.filter((program) => !existsSync(program));
if (missing.length > 0) {
  console.log(`SKIP: no ${missing.join(", ")}`);
  process.exit(77);
}
const [PROMETHEUS, PROMTOOL, ALERTMANAGER] = PROGRAMS;

class World {
  capabilities = new Set();

  static async start() {
    const world = new World();
    world.site = new Site("alerts");
    await world.startDemo();
    await world.startVictim();
    await world.startAlertmanager();
    await world.startPrometheus();
    return world;
  }

  async startDemo() {
    this.demo = new Child(MAESTRO, ["demo", "--port", "0", "--dir", this.site.path("demo"), "--scale", "2", "--surge"]);
    this.demo.url = (await this.demo.says(/^ {2}(http:\/\/127\.0\.0\.1:\d+)$/m, 40_000))[1];
    const token = async (name) => (await this.demo.says(new RegExp(`${name}, .*?(mct_\\S+)`)))[1];
    this.operator = await token("Otto Brandt");
    this.oncall = await token("Sam Ferreira");
    const made = await this.must("POST", "/v1/tenants/system/tokens",
      { principal: "otto", scopes: "alerts:write", note: "alertmanager" });
    this.inbox = made.token;
  }

  // The server that goes down: it serves its metrics to everybody.
  async startVictim() {
    this.victimPort ??= await freePort();
    this.victimSite ??= new Site("victim");
    this.victimSite.configure(`server: {port: ${this.victimPort}, metrics_public: true}\n`);
    this.victim = await this.victimSite.serve();
  }

  async startAlertmanager() {
    const config = this.site.write("alertmanager.yml", `route:
  receiver: maestro
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  group_by: [alertname, instance]
receivers:
  - name: maestro
    webhook_configs:
      - url: ${this.demo.url}/v1/alerts
        send_resolved: true
        http_config: {authorization: {credentials_file: ${this.site.write("inbox_token", this.inbox)}}}
`);
    this.alertmanagerPort = await freePort();
    this.alertmanager = new Child(ALERTMANAGER, [`--config.file=${config}`, "--cluster.listen-address=",
      `--storage.path=${this.site.path("alertmanager")}`,
      `--web.listen-address=127.0.0.1:${this.alertmanagerPort}`]);
    await eventually("Alertmanager is ready", async () =>
      (await send(`http://127.0.0.1:${this.alertmanagerPort}/-/ready`)).status === 200, 30_000);
  }

  async startPrometheus() {
    // The rules as they are, but for the time that a condition must hold.
    const rules = readFileSync(new URL("../../../ops/prometheus/maestro.rules.yml", import.meta.url), "utf8");
    this.site.write("rules.yml", rules.replaceAll(/^ {8}for: \w+$/gm, "        for: 1s"));
    const { port } = new URL(this.demo.url);
    const config = this.site.write("prometheus.yml", `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:${this.alertmanagerPort}"]}]}]}
scrape_configs:
  - job_name: maestro
    authorization: {credentials_file: ${this.site.write("oncall_token", this.oncall)}}
    static_configs: [{targets: ["127.0.0.1:${port}", "127.0.0.1:${this.victimPort}"]}]
`);
    const data = this.site.path("prometheus");
    mkdirSync(data);
    const prometheusPort = await freePort();
    this.prometheusUrl = `http://127.0.0.1:${prometheusPort}`;
    this.prometheus = new Child(PROMETHEUS, [`--config.file=${config}`, `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`]);
    await eventually("Prometheus is ready", async () =>
      (await send(`${this.prometheusUrl}/-/ready`)).status === 200, 30_000);
  }

  async must(method, path, body) {
    const reply = await send(`${this.demo.url}${path}`, {
      method, body: body && JSON.stringify(body),
      headers: { Authorization: `Bearer ${this.operator}`, "Content-Type": "application/json" },
    });
    assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${reply.text}`);
    return reply.json;
  }

  metrics() {
    return send(`${this.demo.url}/metrics`, { headers: { Authorization: `Bearer ${this.oncall}` } })
      .then((reply) => reply.text);
  }

  async query(expr) {
    const reply = await send(`${this.prometheusUrl}/api/v1/query?query=${encodeURIComponent(expr)}`);
    assert.equal(reply.json?.status, "success", `${expr}: ${reply.text}`);
    return reply.json.data.result;
  }

  // The one alert of the victim in the inbox, once it is in this state.
  alert(state) {
    return eventually(`the inbox has the alert ${state}`, async () => {
      const { items } = await this.must("GET", "/v1/alerts");
      return items.find((item) => item.name === "MaestroDown" && item.state === state);
    }, 60_000);
  }
}

// name -> { type, labels } of an exposition.
function parseMetrics(text) {
  const out = new Map();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) out.set(name, { type, labels: new Set() });
  for (const [, sample, labels] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? \S+$/gm)) {
    const name = out.has(sample) ? sample : sample.replace(/_(bucket|count|sum)$/, "");
    for (const [, label] of (labels ?? "").matchAll(/(\w+)="/g)) {
      if (label !== "le") out.get(name).labels.add(label);
    }
  }
  return out;
}

scenario("one tenant asks too much: told at 80 and at 90 % by all ways, and no other tenant notices",
  { limitMs: 180_000 }, async (world) => {
    const receiver = await Receiver.start();
    await world.must("POST", "/v1/tenants/bravo/endpoints",
      { target: `${receiver.url}/burn`, events: "mc.budget.*" });
    const inbox = (name) => eventually(`the inbox has ${name}`, async () =>
      (await world.must("GET", "/v1/alerts")).items.find((item) => item.name === name), 120_000);
    for (const level of [80, 90]) {
      const { labels, severity } = await inbox(`MaestroBudget${level}`);
      assert.deepEqual([labels.tenant, labels.dimension, severity], ["bravo", "requests", "ticket"]);
    }
    const levels = () => receiver.requests.map(({ body }) => JSON.parse(body).data.level);
    await eventually("the webhook is told", () => levels().includes(90), 30_000);
    assert.deepEqual(levels(), [80, 90]);
    const { budgets } = await world.must("GET", "/v1/budgets/usage");
    const [bravo] = budgets.filter(({ tenant }) => tenant === "bravo");
    assert.equal(bravo.level, 90);
    const refused = (tenant) => world.query(`sum(mc_requests_total{tenant="${tenant}",status=~"429|5.."}) or vector(0)`)
      .then(([{ value }]) => Number(value[1]));
    assert.ok(await refused("bravo") > 1000, "bravo is held to its budget");
    // The demo has one private query of alpha refused, by a budget of its own.
    assert.ok(await refused("alpha") <= 1);
    await receiver.stop();
  });

scenario("the demo's metrics are those of the catalogue, and promtool has nothing to say",
  async (world) => {
    const text = await world.metrics();
    const checked = runToEnd(PROMTOOL, ["check", "metrics"], { input: text });
    assert.equal(checked.status, 0, checked.out + checked.err);
    const shown = parseMetrics(text);
    for (const { name, type, labels, when } of catalogue.metrics) {
      const found = shown.get(name);
      if (!found) {
        assert.ok(when, `${name} is in the catalogue and not shown`);
        continue;
      }
      assert.equal(found.type, type, name);
      if (found.labels.size > 0) assert.deepEqual([...found.labels].sort(), [...labels].sort(), name);
      shown.delete(name);
    }
    assert.deepEqual([...shown.keys()], [], "shown, and not in the catalogue");
  });

scenario("every panel has series in the demo", { limitMs: 120_000 }, async (world) => {
  assert.ok(panels.filter(({ when }) => !when).length > 10);
  for (const { title, expr, when } of panels) {
    if (when) {
      await world.query(plainExpr(expr));  // it parses, and may be empty
      continue;
    }
    await eventually(`series of the panel ${title}`, async () =>
      (await world.query(plainExpr(expr))).some(({ value }) => value[1] !== "NaN"), 60_000);
  }
});

scenario("a server goes down: Prometheus, Alertmanager, the inbox, and on to the tenant's webhook; and back",
  { limitMs: 180_000 }, async (world) => {
    const receiver = await Receiver.start();
    await world.must("POST", "/v1/tenants/system/endpoints",
      { target: `${receiver.url}/alerts`, events: "mc.alert.*" });
    await eventually("both servers are scraped", async () =>
      (await world.query("up == 1")).length === 2, 30_000);
    await world.victim.stop();
    const firing = await world.alert("firing");
    assert.equal(firing.severity, "page");
    assert.equal(firing.labels.instance, `127.0.0.1:${world.victimPort}`);
    assert.match(firing.annotations.summary, new RegExp(`^127\\.0\\.0\\.1:${world.victimPort} does not answer`));
    const { runbook } = firing.annotations;
    assert.ok(existsSync(new URL(`../../../${runbook}`, import.meta.url)), runbook);
    const told = (type) => eventually(`the webhook is told ${type}`, () =>
      receiver.requests.map(({ body }) => JSON.parse(body)).find((event) => event.type === type), 30_000);
    const event = await told("mc.alert.firing");
    assert.equal(event.subject, firing.fingerprint);
    assert.equal(event.data.alert, "MaestroDown");
    await world.startVictim();
    const resolved = await world.alert("resolved");
    assert.equal(resolved.fingerprint, firing.fingerprint);
    assert.ok(resolved.ends_at > resolved.starts_at);
    await told("mc.alert.resolved");
    await receiver.stop();
  });

scenario("the inbox takes nothing from who may not tell it", async (world) => {
  const tell = (token) => send(`${world.demo.url}/v1/alerts`, {
    method: "POST", body: JSON.stringify({ version: "4", alerts: [] }),
    headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
  });
  assert.equal((await tell(null)).status, 401);
  assert.equal((await tell(world.oncall)).status, 403);
  assert.equal((await tell(world.inbox)).status, 200);
});

const world = await World.start();
const status = await runScenarios("alerts", world);
for (const child of [world.prometheus, world.alertmanager, world.victim, world.demo]) await child.stop();
process.exit(status);
