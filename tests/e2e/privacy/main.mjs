// Differential privacy with a real server over SQLite or PostgreSQL: what analysts get, what they do
// not get however they ask, budgets under races and kills, top-ups, and what others are told.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";

import { eventually } from "../lib/children.mjs";
import { freePort, post, send } from "../lib/http.mjs";
import { Site } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";

const PEOPLE = 400;
const KILLS = Number(process.env.MC_KILLS ?? 12);
const LAST_CLIENTS = 200;
const MODEL = (url) => `sources:
  - {name: main, url: "${url}"}
datasets:
  - name: visit
    source: main
    table: visit
    key: id
    tenant: tenant_id
    purposes: [investigation]
    privacy:
      unit: person
      groups_per_unit: 2
      columns:
        - {name: score, min: "0", max: "100", step: "0.5"}
        - {name: country, keys: [DE, FR, IT]}
        - {name: job}
    columns:
      - {name: id, type: id}
      - {name: person, type: string, sensitivity: personal}
      - {name: country, type: string}
      - {name: job, type: string}
      - {name: score, type: float}
`;

function rows(seed) {
  const out = ["id,person,country,job,score"];
  for (let i = 1; i <= PEOPLE; i += 1) {
    const job = i === 1 ? `only-${seed}` : ["clerk", "engineer", "driver"][i % 3];
    out.push(`v${i},p${i},${i % 2 === 0 ? "DE" : "FR"},${job},${(i * 37) % 100}`);
  }
  return `${out.join("\n")}\n`;
}

class World {
  capabilities = new Set();
  heard = [];

  static async start() {
    const world = new World();
    const site = (world.site = new Site("privacy"));
    const state = process.env.MC_TEST_POSTGRES_URL;
    world.receiver = http.createServer((request, response) => {
      let text = "";
      request.on("data", (part) => (text += part)).on("end", () => {
        world.heard.push(JSON.parse(text));
        response.end();
      });
    });
    await new Promise((resolve) => world.receiver.listen(0, "127.0.0.1", resolve));
    site.write("datasets.yaml", MODEL(state ?? `sqlite:${site.path("rows.db")}`));
    world.port = await freePort();
    site.configure(`server: {port: ${world.port}}
datasets_file: ${site.path("datasets.yaml")}
${state ? `state_url: "${state}"` : ""}
notify: {allowed_networks: [127.0.0.0/8]}
gateway: {private_release_quantum: 20ms}
privacy:
  other_datasets: {filter: approx}
  plans:
    default: {window: {epsilon: "10", delta: "0.001"}}
    pro: {window: {epsilon: "10", delta: "0.001"}}
    enterprise: {window: {epsilon: "1000", delta: "0.01"}}
    starter: {window: {epsilon: "0.05", delta: "0.001"}}
`);
    world.tokens = {};
    for (const [tenant, plan] of [["alpha", "pro"], ["bravo", "starter"], ["cosmos", "enterprise"], ["system", "pro"]]) {
      site.must("tenant", "create", tenant, "--plan", plan);
    }
    for (const tenant of ["alpha", "bravo", "cosmos"]) {
      site.addPrincipal(tenant, "ana", "analyst");
      world.tokens[tenant] = site.addToken(tenant, "ana", "query").token;
      site.must("dataset", "import", site.write(`${tenant}.csv`, rows(tenant)), "--dataset", "visit", "--tenant", tenant,
        "--create", "--type", "score=float");
    }
    for (const [id, roles] of [["dora", "dpo"], ["dan", "dpo"], ["ada", "tenant-admin"]]) {
      site.addPrincipal("alpha", id, roles);
      world.tokens[id] = site.addToken("alpha", id, "query,admin:read,admin:write").token;
    }
    world.late = site.addToken("bravo", "ana", "query");
    world.tokens.dora2 = site.addToken("alpha", "dora", "query,admin:read,admin:write").token;
    site.addPrincipal("system", "otto", "operator");
    world.tokens.otto = site.addToken("system", "otto", "admin:read,admin:write,metrics").token;
    await world.begin();
    return world;
  }

  async begin() {
    this.server = await this.site.serve();
  }

  graphql(tenant, query, variables) {
    return post(`${this.server.url}/graphql`, this.tokens[tenant], { query, variables });
  }

  // The one answer of a query that must be answered.
  async answer(tenant, query, name = "personsDP") {
    const reply = await this.graphql(tenant, query);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.errors, undefined, reply.text);
    const data = Object.values(reply.json.data)[0];
    return name === "sql" ? data : Object.values(data)[0];
  }

  // The budgets' database, while no server runs.
  sql(text) {
    const state = process.env.MC_TEST_POSTGRES_URL;
    const done = state ? spawnSync("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", state], { encoding: "utf8", input: text })
      : spawnSync("sqlite3", ["-bail", this.site.path("data/privacy.db")], { encoding: "utf8", input: text });
    assert.equal(done.status, 0, done.stderr);
    return done.stdout.trim();
  }

  async kill() {
    this.server.process.kill("SIGKILL");
    await this.server.exited;
  }

  async api(who, method, path, body) {
    return send(`${this.server.url}${path}`, {
      method, body: body && JSON.stringify(body),
      headers: { Authorization: `Bearer ${this.tokens[who]}`, "Content-Type": "application/json" },
    });
  }

  async must(...call) {
    const reply = await this.api(...call);
    assert.ok(reply.status < 300, `${call[1]} ${call[2]}: ${reply.status} ${reply.text}`);
    return reply.json;
  }

  async budget(tenant) {
    const { items } = await this.must("otto", "GET",
      `/v1/tenants/${tenant}/privacy/budgets?dataset=visit&purpose=investigation`);
    return items.find(({ scope }) => scope === "window");
  }

  async stop() {
    await this.server.stop();
    await new Promise((resolve) => this.receiver.close(resolve));
  }
}

const count = (where, epsilon) =>
  `{ visitsDP { count(where: ${where}, epsilon: "${epsilon}") { verdict release epsilon rows { value low high } } } }`;

scenario("counts, sums, means, medians, histograms and rankings come out near the truth", async (world) => {
  const one = (field) => world.answer("cosmos", `{ visitsDP { ${field} { verdict epsilon rows { key value low high } } } }`);
  const close = ({ rows }, truth, by) => assert.ok(Math.abs(Number(rows[0].value) - truth) <= by, `${rows[0].value}, not ${truth}`);
  close(await one('count(epsilon: "5")'), PEOPLE, 20);
  close(await one('units(epsilon: "5")'), PEOPLE, 20);
  const scores = Array.from({ length: PEOPLE }, (_, i) => ((i + 1) * 37) % 100);
  const sum = scores.reduce((a, b) => a + b);
  close(await one('sum(of: score, epsilon: "5")'), sum, 600);
  close(await one('mean(of: score, epsilon: "5")'), sum / PEOPLE, 5);
  close(await one('quantile(of: score, q: 0.5, epsilon: "5")'), 50, 8);
  const bins = await one('histogram(of: score, bins: 4, epsilon: "5")');
  assert.deepEqual(bins.rows.map(({ key }) => key), [["0", "25"], ["25", "50"], ["50", "75"], ["75", "100"]]);
  const groups = await one('count(groupBy: [country], epsilon: "5")');
  assert.deepEqual(groups.rows.map(({ key }) => key[0]), ["DE", "FR", "IT"]);
  assert.ok(Math.abs(Number(groups.rows[2].value)) < 20, "nobody is in Italy");
  // The one who alone has a job is in no answer.
  const jobs = await one('count(groupBy: [job], epsilon: "4")');
  assert.deepEqual(jobs.rows.map(({ key }) => key[0]).sort(), ["clerk", "driver", "engineer"]);
  const top = await one('topK(of: country, k: 1, epsilon: "5")');
  assert.equal(top.rows.length, 1);
});

// Privacy.md's averaging attack: however a question is dressed up, it is one question.
scenario("a question in sixty forms has one answer, and one price", async (world) => {
  const before = Number((await world.budget("cosmos")).epsilon_spent);
  const parts = ["{score: {gte: 20}}", '{country: {in: ["FR", "DE"]}}', "{not: {not: {score: {lt: 90}}}}"];
  const either = '{or: [{country: {eq: "DE"}}, {country: {eq: "FR"}}]}';
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
  const forms = [];
  for (const order of orders) {
    const list = order.map((i) => parts[i]);
    forms.push(`{and: [${list.join(", ")}]}`, `{and: [{and: [${list[0]}, ${list[1]}]}, ${list[2]}]}`,
      `{and: [${list.join("   ,\n")}, ${list[0]}]}`, `{and: [${list.join(", ")}, {and: []}]}`,
      `{not: {or: [${list.map((part) => `{not: ${part === parts[1] ? either : part}}`).join(", ")}]}}`);
  }
  const answers = new Set(), releases = new Set();
  let number = 0;
  for (const form of forms) {
    number += 1;
    for (const field of [`a${number}: count(where: ${form}, epsilon: "0.1")`, `count(epsilon: "1e-1", where: ${form})`]) {
      const { rows, release } = await world.answer("cosmos", `query Q${number} { visitsDP { ${field} { release rows { value } } } }`);
      answers.add(rows[0].value);
      releases.add(release);
    }
  }
  const sql = await world.answer("cosmos", `{ sqlDP(sql: "SELECT COUNT(*) FROM visits WHERE country IN ('DE', 'FR', 'DE') AND score >= 20 AND NOT score >= 90", epsilon: 0.1) { release rows { value } } }`, "sql");
  answers.add(sql.rows[0].value);
  releases.add(sql.release);
  assert.equal(answers.size, 1);
  assert.equal(releases.size, 1);
  assert.equal((Number((await world.budget("cosmos")).epsilon_spent) - before).toFixed(9), "0.100000000");
});

scenario("what is no amount of privacy is refused by name, and nothing is spent", async (world) => {
  const before = await world.budget("cosmos");
  for (const epsilon of ["0", "-1", "-0", "NaN", "Infinity", "1e-300", "1e300", "5.000000001", "0.0001", "0x1", " 1"]) {
    const { json } = await world.graphql("cosmos", count("{}", epsilon));
    assert.match(json.errors[0].message, /^epsilon/, epsilon);
    assert.equal(json.errors[0].extensions.code, "BAD_USER_INPUT", epsilon);
  }
  for (const [query, why] of [
    ["{ visitsDP { count(where: {person: {eq: \"p1\"}}, epsilon: \"1\") { verdict } } }", null],
    ["{ visitsDP { sum(of: person) { verdict } } }", /does not exist|Value/],
    ["{ visitsDP { id } }", /Cannot query field/],
    ["{ visitsDP { count { rows { organisation { name } } } } }", /Cannot query field/],
    ['{ sqlDP(sql: "SELECT person, COUNT(*) FROM visits GROUP BY person") { verdict } }', /groupBy/],
    ['{ sqlDP(sql: "SELECT COUNT(*) FROM visits v JOIN visits w ON 1=1") { verdict } }', /^sql:/],
    ['{ sqlDP(sql: "SELECT COUNT(*) FROM visits WHERE 100/score = 1") { verdict } }', /^sql:/],
    ['{ sqlDP(sql: "SELECT COUNT(*) FROM visits WHERE log(score) > 1") { verdict } }', /functions are not allowed/],
    ['{ sqlDP(sql: "SELECT * FROM visits") { verdict } }', /rows are not given/],
  ]) {
    const { json } = await world.graphql("cosmos", query);
    if (why !== null) assert.match(json.errors[0].message, why, query);
  }
  const after = await world.budget("cosmos");
  // The first of the list is a question as any other: filters may name whoever they like.
  assert.ok(Number(after.epsilon_spent) - Number(before.epsilon_spent) <= 1);
});

scenario("the last 0.05 that 200 clients want goes to exactly one", { limitMs: 60_000 }, async (world) => {
  // Who finds no seat in time asks again, as Retry-After says.
  const ask = async (i) => {
    for (;;) {
      const reply = await world.graphql("bravo", count(`{score: {gte: ${i / 2}}}`, "0.05"));
      if (reply.status !== 503) return reply;
    }
  };
  const replies = await Promise.all(Array.from({ length: LAST_CLIENTS }, (_, i) => ask(i)));
  const answered = replies.filter(({ status }) => status === 200);
  const refused = replies.filter(({ status }) => status === 429);
  assert.equal(answered.length, 1);
  assert.equal(refused.length, LAST_CLIENTS - 1);
  for (const { json, headers } of refused) {
    const { extensions } = json.errors[0];
    assert.equal(extensions.code, "DP_BUDGET_EXHAUSTED");
    assert.equal(extensions.requested, "0.05");
    assert.equal(extensions.remaining, "0");
    assert.ok(Number(headers["retry-after"]) > 0);
    assert.ok(Date.parse(extensions.windowReset) > Date.now());
    assert.equal(extensions.overrideUrl, "/privacy");
  }
  const budget = await world.budget("bravo");
  assert.equal(budget.epsilon_spent, "0.05");
  assert.equal(budget.epsilon_left, "0");
});

// The window ends while the server is down: its account becomes that of an older one.
scenario("what the window has not left waits for the next one, over a kill, and is run once by the rules of then",
  { limitMs: 60_000 }, async (world) => {
    const base = "/v1/tenants/bravo/privacy/queue";
    const field = (least, more) => `count(where: {score: {gte: ${least}}}, epsilon: "0.03", ${more}) {
      verdict release epsilon rows { value } quote { queueRunsAt } queued { id state runsAt expiresAt why } }`;
    const ask = (least, more = "consent: [QUEUE]") => world.answer("bravo", `{ visitsDP { ${field(least, more)} } }`);
    await world.graphql("bravo", count("{score: {gte: 1.25}}", "0.05"));  // its last, when it has any
    const refusal = await world.graphql("bravo", `{ visitsDP { ${field(77.25, "consent: []")} } }`);
    assert.equal(refusal.status, 429);
    const { extensions } = refusal.json.errors[0];
    assert.equal(extensions.queueRunsAt, extensions.windowReset);
    assert.equal((await ask(77.25, "consent: [QUEUE], dryRun: true")).verdict, "QUEUE");
    assert.deepEqual((await world.must("bravo", "GET", base)).items, []);

    const first = await ask(77.25);
    assert.equal(first.verdict, "QUEUE");
    assert.equal(first.queued.runsAt, extensions.windowReset);
    assert.deepEqual([first.release, first.epsilon, first.rows], [null, "0", []]);
    assert.equal((await ask(77.25)).queued.id, first.queued.id, "queued twice");
    // 0.03 of the next 0.05 is taken by then.
    assert.equal((await world.graphql("bravo", `{ visitsDP { ${field(78.25, "consent: [QUEUE]")} } }`)).status, 429);
    const { items: [listed] } = await world.must("bravo", "GET", base);
    assert.deepEqual([listed.id, listed.state, listed.analyst, listed.query_type, listed.charge],
      [first.queued.id, "waiting", "ana", "count", null]);
    assert.equal((await world.api("ada", "GET", `${base}/${listed.id}`)).status, 404);
    assert.equal((await world.api("ada", "POST", `/v1/tenants/alpha/privacy/queue/${listed.id}/cancel`, {})).status, 404);
    const stolen = await world.graphql("alpha", `{ queuedDP(id: "${listed.id}") { verdict } }`);
    assert.equal(stolen.json.errors[0].extensions.code, "NOT_FOUND");
    // Cancelled, another has its place.
    assert.equal((await world.must("bravo", "POST", `${base}/${listed.id}/cancel`, {})).state, "cancelled");
    const second = await ask(78.25);
    assert.equal(second.verdict, "QUEUE");
    assert.equal((await world.budget("bravo")).epsilon_spent, "0.05");

    await world.kill();
    world.sql(`UPDATE dp_budget SET window_start = '2001-01-01T00:00:00.000Z' WHERE tenant_id = 'bravo' AND scope = 'window';
      UPDATE dp_queue SET next_at = asked_at WHERE tenant_id = 'bravo' AND state = 'waiting';`);
    await world.begin();
    const found = () => world.answer("bravo", `{ queuedDP(id: "${second.queued.id}") { verdict release rows { value } queued { state } } }`, "sql");
    const answer = await eventually("it is run", async () => {
      const got = await found();
      return got.verdict !== "QUEUE" && got;
    });
    assert.deepEqual([answer.verdict, answer.queued.state], ["CACHED", "answered"]);
    assert.equal((await world.budget("bravo")).epsilon_spent, "0.03");
    const again = await ask(78.25);
    assert.deepEqual([again.verdict, again.release, again.rows], ["CACHED", answer.release, answer.rows]);
    assert.equal((await world.must("bravo", "GET", `${base}/${second.queued.id}`)).charge, answer.release);
    assert.equal((await world.api("bravo", "POST", `${base}/${second.queued.id}/cancel`, {})).status, 409);

    // One whose token has ended by then is not run.
    const { token, id } = world.late;
    const { json } = await post(`${world.server.url}/graphql`, token, { query: `{ visitsDP { ${field(79.25, "consent: [QUEUE]")} } }` });
    const late = json.data.visitsDP.count.queued.id;
    await world.kill();
    world.site.must("token", "revoke", id, "--tenant", "bravo");
    world.sql(`UPDATE dp_budget SET window_start = '2002-01-01T00:00:00.000Z' WHERE tenant_id = 'bravo' AND scope = 'window' AND window_start > '2003-01-01T00:00:00.000Z';
      UPDATE dp_queue SET next_at = asked_at WHERE tenant_id = 'bravo' AND state = 'waiting';`);
    await world.begin();
    const refused = await eventually("it is refused", async () => {
      const one = await world.must("bravo", "GET", `${base}/${late}`);
      return one.state !== "waiting" && one;
    });
    assert.deepEqual([refused.state, refused.why, refused.charge], ["refused", "the token that it was asked with has ended", null]);
    assert.equal((await world.budget("bravo")).epsilon_spent, "0");
  });

scenario("a quote says what a query would be, costs nothing, and is run exactly so", async (world) => {
  const quote = (epsilon) => world.answer("alpha", `{ visitsDP { count(where: {score: {gte: 1}}, epsilon: "${epsilon}", dryRun: true)
    { verdict epsilon release rows { value } quote { id validUntil rmse halfWidth remaining queriesLeft nearest } } } }`);
  const before = (await world.budget("alpha")).epsilon_spent;
  const offered = await quote("0.5");
  assert.equal(offered.verdict, "ALLOW");
  assert.equal(offered.release, null);
  assert.deepEqual(offered.rows, []);
  assert.equal(offered.quote.halfWidth, "6");
  assert.equal((await world.budget("alpha")).epsilon_spent, before);
  const run = (id, where = "{score: {gte: 1}}") =>
    world.graphql("alpha", `{ visitsDP { count(where: ${where}, quote: "${id}") { verdict epsilon rows { value } } } }`);
  const other = await run(offered.quote.id, "{score: {gte: 2}}");
  assert.equal(other.json.errors[0].extensions.code, "DP_QUOTE_EXPIRED");
  const forged = await run(`${offered.quote.id.slice(0, -2)}AA`);
  assert.match(forged.json.errors[0].message, /^quote/);
  const { json } = await run(offered.quote.id);
  assert.equal(json.data.visitsDP.count.epsilon, "0.5");
  assert.equal((await quote("0.5")).verdict, "CACHED");
});

scenario("killed at any moment, no answer changes and nothing that was spent comes back",
  { limitMs: Math.max(120_000, KILLS * 2_000) }, async (world) => {
    const questions = Math.max(4, Math.floor(KILLS / 4));  // dozens of them; each is asked a few times
    const seen = new Map();
    let spent = 0;
    for (let round = 0; round < KILLS; round += 1) {
      let ended = 0;
      const asking = Array.from({ length: 12 }, async (_, i) => {
        const where = `{score: {gte: ${(round % questions) * 12 + i}.5}}`;
        const reply = await world.graphql("cosmos", count(where, "0.01")).catch(() => null);
        ended += 1;
        return reply?.status === 200 && reply.json.data.visitsDP.count ? [where, reply.json.data.visitsDP.count] : null;
      });
      await eventually("some are answered", () => ended >= round % 6);
      world.server.process.kill("SIGKILL");
      await world.server.exited;
      for (const got of await Promise.all(asking)) {
        if (got === null) continue;
        const [where, { release, rows: [{ value }] }] = got;
        const known = seen.get(where) ?? { release, value };
        assert.deepEqual({ release, value }, known, `two answers for ${where}`);
        seen.set(where, known);
      }
      await world.begin();
      const budget = await world.budget("cosmos");
      assert.ok(Number(budget.epsilon_spent) >= spent - 1e-9, "what was spent came back");
      assert.equal(budget.epsilon_reserved, "0");
      spent = Number(budget.epsilon_spent);
    }
    for (const [where, { release, value }] of seen) {
      const again = await world.answer("cosmos", count(where, "0.01"));
      assert.equal(again.verdict, "CACHED", where);
      assert.deepEqual({ release: again.release, value: again.rows[0].value }, { release, value });
    }
  });

scenario("more of a budget takes a warrant and two people, and every step is recorded", async (world) => {
  const base = "/v1/tenants/alpha/privacy/top-ups";
  const wanted = { dataset: "visit", purpose: "investigation", epsilon: "2", lifetime: "1h", warrant: "wrt_none",
    reason: "three more counts for the quarterly report" };
  assert.equal((await world.api("dora", "POST", base, wanted)).status, 403);
  const warrant = await world.must("otto", "POST", "/v1/tenants/alpha/warrants",
    { class: "support-ticket", reference: "TKT-1", reason: "the quarterly report", lifetime: "1h" });
  wanted.warrant = warrant.id;
  for (const change of [{ reason: "too short" }, { epsilon: "0" }, { epsilon: "-1" }, { epsilon: "11" }, { lifetime: "40d" },
    { dataset: "" }, { more: 1 }]) {
    const { status } = await world.api("dora", "POST", base, { ...wanted, ...change });
    assert.ok(status === 400 || status === 403, `${JSON.stringify(change)}: ${status}`);
  }
  assert.equal((await world.api("alpha", "POST", base, wanted)).status, 403, "an analyst asks for none");
  const preview = await world.must("dora", "POST", `${base}/preview`, wanted);
  assert.equal(Number(preview.limit_after) - Number(preview.limit_before), 2);
  const asked = await world.must("dora", "POST", base, wanted);
  assert.equal(asked.state, "pending");
  assert.deepEqual(await world.must("dan", "POST", `${base}/preview`, wanted), preview, "the approver sees another preview");
  for (const who of ["dora", "dora2"]) {
    const { status, json } = await world.api(who, "POST", `${base}/${asked.id}/approve`, {});
    assert.equal(status, 403, who);
    assert.match(json.detail, /somebody else/);
  }
  const before = await world.budget("alpha");
  const approved = await world.must("dan", "POST", `${base}/${asked.id}/approve`, {});
  assert.equal(approved.approved_by, "dan@alpha");
  assert.equal((await world.api("ada", "POST", `${base}/${asked.id}/approve`, {})).status, 409, "approved twice");
  const after = await world.budget("alpha");
  assert.equal((Number(after.epsilon_left) - Number(before.epsilon_left)).toFixed(9), "2.000000000");
  await world.must("ada", "POST", `${base}/${asked.id}/revoke`, {});
  assert.equal((await world.budget("alpha")).epsilon_left, before.epsilon_left);
  const { items } = await world.must("ada", "GET", "/v1/tenants/alpha/records?type=dp.top_up");
  assert.deepEqual(items.map(({ action, actor }) => [action, actor]), [["dp.top_up.revoke", "ada@alpha"],
    ["dp.top_up.approve", "dan@alpha"], ["dp.top_up.ask", "dora@alpha"]]);
});

// How soon: bench/alert20.
scenario("at a fifth, a tenth and the end the tenant's webhook hears of it, once", async (world) => {
  const { port } = world.receiver.address();
  await world.must("ada", "POST", "/v1/tenants/alpha/endpoints",
    { target: `http://127.0.0.1:${port}/hook`, events: "mc.privacy.*" });
  const left = async () => Number((await world.budget("alpha")).left_permille);
  const spendTo = async (permille, start) => {
    for (let i = start; await left() > permille; i += 1) {
      await world.answer("alpha", count(`{score: {lt: ${i}.5}}`, "0.25"));
    }
  };
  const heard = (level) => world.heard.filter(({ data }) => data.level === level);
  await spendTo(200, 100);
  await eventually("the receiver hears of 20 %", () => heard(20).length === 1);
  assert.equal(heard(20)[0].type, "mc.privacy.low");
  await spendTo(100, 200);
  await eventually("the receiver hears of 10 %", () => heard(10).length === 1);
  const { text } = await send(`${world.server.url}/metrics`, { headers: { Authorization: `Bearer ${world.tokens.otto}` } });
  const metric = (name) => Number(text.match(new RegExp(`^${name}\\{tenant="alpha",dataset="visit",purpose="investigation"\\} (\\S+)$`, "m"))[1]);
  assert.ok(metric("dp_epsilon_limit") - metric("dp_epsilon_spent") <= 0.1 * metric("dp_epsilon_limit") + 1e-9);
  assert.equal(heard(20).length, 1);
  // Less than a query costs that says nothing: the notice in words, however many are refused.
  await spendTo(49, 300);
  for (const least of [1, 2]) {
    assert.equal((await world.graphql("alpha", count(`{score: {gte: ${least}}}`, "1.5"))).status, 429);
  }
  const notices = () => world.heard.filter(({ type }) => type === "mc.privacy.exhausted");
  await eventually("the receiver gets the notice", () => notices().length > 0);
  const refused = await eventually("both refusals are recorded", async () => {
    const { items } = await world.must("ada", "GET", "/v1/tenants/alpha/records?type=dp.refusal&actor=ana@alpha");
    return items.length === 2 && items;
  });
  assert.equal(refused[0].payload.requested, "1.5");
  assert.ok(Number(refused[0].payload.nearest.epsilon) < 0.5);
  assert.equal(notices().length, 1);
  const [{ data }] = notices();
  assert.equal(data.title, `The privacy budget of visit for investigation is ${data.why}`);
  assert.match(data.text, /maestro privacy top-up ask --tenant alpha --dataset visit --purpose investigation/);
  const { items: [record] } = await world.must("ada", "GET", "/v1/tenants/alpha/records?type=dp.exhausted");
  assert.equal(record.payload.text, data.text);
});

scenario("a notice that cannot be filled does not start the server, and is named with its line", async (world) => {
  const bad = world.site.write("bad.yaml", `data_dir: ${world.site.path("none")}
privacy:
  exhaustion_notice:
    text: |
      All of {limit} is gone.
      Wait until {resett}.
`);
  const done = world.site.runWith({}, "--config", bad, "config", "check");
  assert.notEqual(done.status, 0);
  assert.match(done.err, /privacy\.exhaustion_notice\.text: line 2: \{resett\} is no placeholder/);
});

// docs/formats/accountant.md, by somebody who has the tenant's log alone.
scenario("whoever has the log counts again and finds the accountant's hash", async (world) => {
  const told = await world.must("otto", "GET", "/v1/tenants/alpha/privacy/accountant?dataset=visit");
  const records = await eventually("all charges are recorded", async () => {
    const all = [];
    for (let after = -1; ; after = all.at(-1).record) {
      const { items } = await world.must("ada", "GET", `/v1/tenants/alpha/records?type=dp.charge&limit=50&after=${after}`);
      all.push(...items);
      if (items.length < 50) break;
    }
    return all.length === told.charges && all;
  });
  const canonical = (value) => JSON.stringify(value, (_, part) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part);
  const digest = (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
  const sum = (name, digits) => {
    const total = records.reduce((all, { payload }) => {
      const [whole, rest = ""] = payload.cost[name].split(".");
      return all + BigInt(whole + rest.padEnd(digits, "0"));
    }, 0n).toString().padStart(digits + 1, "0");
    return `${total.slice(0, -digits)}.${total.slice(-digits)}`.replace(/\.?0+$/, "");
  };
  records.forEach(({ payload }, i) => assert.equal(payload.seq, i + 1));
  const whole = canonical({
    charges: records.map(({ payload }) => digest(canonical(payload))),
    kind: "mc.dp-accountant/v1",
    policy_version: told.policy_version,
    totals: { charges: records.length, delta: sum("delta", 18), epsilon: sum("epsilon", 9), rho: sum("rho", 12) },
  });
  assert.equal(digest(whole), told.hash);
  assert.equal(sum("epsilon", 9), told.epsilon);
});

scenario("answers leave as a signed report, which verifies until a number is changed", async (world) => {
  const { items } = await world.must("ada", "GET", "/v1/tenants/alpha/privacy/charges?dataset=visit&limit=3");
  const flags = items.filter(({ state }) => state === "committed").flatMap(({ id }) => ["--release", id]);
  assert.ok(flags.length >= 2);
  const folder = world.site.path("report");
  const env = { ...process.env, MC_URL: world.server.url, MC_TOKEN: world.tokens.ada };
  const done = world.site.runWith({ env }, "--json", "export", "run", "--tenant", "alpha", "--dataset", "visit", ...flags, "--out", folder);
  assert.equal(done.status, 0, done.err);
  const policy = await send(`${world.server.url}/signing/trusted_root.json`);
  const root = world.site.write("root.json", policy.text);
  const { json } = await send(`${world.server.url}/signing/keys.json`);
  const signer = world.site.write("signer.pem", json.keys.find(({ use }) => use === "signer").public_key);
  const verify = () => world.site.runWith({}, "--json", "verify", `${folder}/manifest.sigstore.json`, "--artifact",
    `${folder}/report.csv`, "--trust", root, "--key", signer);
  const good = verify();
  assert.equal(good.status, 0, good.out + good.err);
  const text = readFileSync(`${folder}/report.csv`, "utf8");
  assert.match(text, /^release,query,key,value,low,high\n/);
  writeFileSync(`${folder}/report.csv`, text.replace(/,(-?\d+),(-?\d+),(-?\d+)\n$/, ",999999,$2,$3\n"));
  assert.equal(verify().status, 5);
  const cosmos = await world.must("otto", "GET", "/v1/tenants/cosmos/privacy/charges?dataset=visit&limit=1");
  const foreign = world.site.runWith({ env }, "--json", "export", "run", "--tenant", "alpha", "--dataset", "visit",
    "--release", cosmos.items[0].id, "--out", world.site.path("foreign"));
  assert.notEqual(foreign.status, 0);
  assert.match(foreign.err, /is no answer of this dataset to this tenant/);
});

scenario("no tenant learns of another's budgets, charges or answers", async (world) => {
  const { items: [charge] } = await world.must("ada", "GET", "/v1/tenants/alpha/privacy/charges?dataset=visit");
  for (const path of ["budgets", "burn-down?dataset=visit&purpose=investigation", "spend?dataset=visit", "charges?dataset=visit",
    `charges/${charge.id}`, "accountant?dataset=visit", "top-ups"]) {
    const { status } = await world.api("ada", "GET", `/v1/tenants/cosmos/privacy/${path}`);
    assert.equal(status, 404, path);
  }
  assert.equal((await world.api("otto", "GET", `/v1/tenants/cosmos/privacy/charges/${charge.id}`)).status, 404);
  const budgets = await world.must("ada", "GET", "/v1/tenants/alpha/privacy/budgets");
  assert.deepEqual([...new Set(budgets.items.map(({ scope }) => scope))].sort(), ["lifetime", "window"]);
});

scenario("log, metrics and errors hold nothing of the rows, nor how long they took", async (world) => {
  const done = world.server.out.split("\n").filter((line) => line.includes('"event":"request.done"')).map(JSON.parse)
    .filter(({ tenant }) => ["alpha", "bravo", "cosmos"].includes(tenant));
  assert.ok(done.length > 20);
  for (const line of done) {
    if (line.status === 200 || line.status === 429) assert.equal(line.us % 20_000, 0, JSON.stringify(line));
    assert.equal(line.rows ?? 0, 0);
  }
  const { text } = await send(`${world.server.url}/metrics`, { headers: { Authorization: `Bearer ${world.tokens.otto}` } });
  assert.doesNotMatch(text, /only-alpha|only-cosmos/);
  assert.doesNotMatch(world.server.out, /only-alpha|only-cosmos|"p17"/);
});

const world = await World.start();
const status = await runScenarios("privacy", world);
await world.stop();
process.exitCode = status;
