// Bundles that change while decisions are asked for: none fails, and none is made by two of them.
import assert from "node:assert/strict";
import http from "node:http";

import { eventually } from "../lib/children.mjs";
import { send } from "../lib/http.mjs";
import { scenario } from "../lib/scenario.mjs";
import { SLOW_MS } from "./world.mjs";

const PATH = "/rollover";
const REVISIONS = Number(process.env.MC_ROLLOVERS ?? 25);

// What the two halves of the policies say the revision is.
function revisionsOf(rules) {
  const said = new Set([...rules.matchAll(/\bsaid-(\d+)/g)].map(([, n]) => Number(n)));
  const kept = new Set([...rules.matchAll(/\bkept-(\d+)/g)].map(([, n]) => Number(n)));
  return { said: [...said], kept: [...kept] };
}

class Load {
  constructor(stage) {
    this.stage = stage;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
    this.counts = { decision: 0, batch: 0, query: 0, related: 0 };
    this.seen = new Set();  // revisions that decided
    this.over = false;
  }

  async decision() {
    const { status, json, text } = await this.stage.ask("/v1/data/app/pair/whole?provenance", { a: 1 }, { agent: this.agent });
    assert.equal(status, 200, text);
    const { said, kept, agree } = json.result;
    assert.ok(agree && said === kept, text);
    assert.equal(json.provenance.bundles.policies.revision, `r${said}`, text);
    this.seen.add(said);
  }

  async batch() {
    const inputs = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i, {}]));
    const { status, text, json } = await send(`${this.stage.opa}/v1/batch/data/app/pair/whole?provenance`, {
      method: "POST", agent: this.agent, body: JSON.stringify({ inputs }),
      headers: { Authorization: `Bearer ${this.stage.tokens.operator}`, "Content-Type": "application/json" } });
    assert.equal(status, 200, text);
    for (const { result, provenance } of Object.values(json.responses)) {
      assert.ok(result.agree && result.said === result.kept, text);
      assert.equal(provenance.bundles.policies.revision, `r${result.said}`);
    }
    assert.equal(Object.keys(json.responses).length, 20);
  }

  async query() {
    const { status, text, json, headers } = await this.stage.graphql("analyst",
      { query: "{ persons(first: 3) { nodes { id name } } }" }, { agent: this.agent });
    assert.equal(status, 200, text);
    assert.equal(json.errors, undefined, text);
    assert.equal(json.data.persons.nodes.length, 3);
    const { said, kept } = revisionsOf(headers["x-ig-rule-id"]);
    assert.equal(said.length, 1, headers["x-ig-rule-id"]);
    assert.deepEqual(said, kept);
    this.seen.add(said[0]);
  }

  // Two datasets, so two decisions.
  async related() {
    const { status, text, json } = await this.stage.graphql("analyst",
      { query: "{ persons(first: 2) { nodes { id organisation { title contact } } } }" }, { agent: this.agent });
    assert.equal(status, 200, text);
    assert.equal(json.errors, undefined, text);
  }

  start(workers) {
    const kinds = Object.keys(this.counts);
    this.running = Array.from({ length: workers }, async (_, i) => {
      const kind = kinds[i % kinds.length];
      while (!this.over) {
        await this[kind]();
        this.counts[kind] += 1;
      }
    });
    this.failed = Promise.race(this.running.map((one) => one.then(() => new Promise(() => {}))));
    this.failed.catch(() => {});
  }

  // Each kind is asked and answered from now on: two of it may be on their way already.
  answered() {
    const before = { ...this.counts };
    return Promise.race([this.failed, eventually("all kinds of requests were answered", () =>
      Object.keys(before).every((kind) => this.counts[kind] > before[kind] + 2), SLOW_MS)]);
  }

  async stop() {
    this.over = true;
    await Promise.all(this.running);
    this.agent.destroy();
  }
}

scenario("new bundles under load: no decision fails, and none is mixed", { limitMs: 240_000 }, async (world) => {
  const stage = world.rollStage = world.stage("rollover").prepare();
  const bundles = Array.from({ length: REVISIONS }, (_, i) => world.build(i + 1));
  world.bundles.publish(PATH, bundles[0]);
  stage.configure(world.settings(`${world.bundles.url}${PATH}`, ", long_poll: 20s"));
  await stage.serve();
  const load = new Load(stage);
  load.start(8);
  await load.answered();
  for (let revision = 2; revision <= REVISIONS; revision += 1) {
    world.bundles.publish(PATH, bundles[revision - 1]);
    await Promise.race([stage.activated(revision), load.failed]);
    await load.answered();
  }
  await load.stop();
  assert.equal(load.seen.size, REVISIONS, [...load.seen].join(" "));
  const activated = await eventually("each is in the log", () =>
    stage.events("policy.activated").length === REVISIONS && stage.events("policy.activated"));
  assert.deepEqual(activated.map(({ revision }) => revision), bundles.map((_, i) => `r${i + 1}`));
  assert.deepEqual(stage.events("policy.refused"), []);
  assert.equal(await stage.metric('mc_policy_updates_total{result="activated"}'), REVISIONS);
  console.log(`      ${JSON.stringify(load.counts)} while ${REVISIONS} bundles were taken`);
});

scenario("each decision in the log has one revision, and it is the one that its rules say", async ({ rollStage: stage }) => {
  const whole = await eventually("all decisions are written", async () => {
    const lines = stage.decisions();
    return lines.length === await stage.metric('mc_decisions_total{log="written"}') && lines;
  }, SLOW_MS);
  const own = whole.filter(({ rules }) => rules.length > 0);
  assert.ok(own.length > REVISIONS * 4, own.length);
  const seen = new Set();
  for (const line of own) {
    const { said, kept } = revisionsOf(line.rules.join(" "));
    assert.equal(said.length, 1, JSON.stringify(line));
    assert.deepEqual(said, kept);
    assert.equal(line.revision, `policies@r${said[0]}`);
    seen.add(said[0]);
  }
  assert.equal(seen.size, REVISIONS);
  assert.equal(await stage.metric('mc_decisions_total{log="dropped"}'), 0);
});

scenario("the bundle server may hold its answer, and says when nothing is new", async ({ bundles, rollStage: stage }) => {
  const own = () => bundles.requests.filter(({ path }) => path === PATH);
  const seen = own();
  assert.ok(seen.every(({ prefer }) => prefer === "modes=snapshot,delta;wait=20"), seen[0].prefer);
  assert.equal(seen.filter(({ status }) => status === 200).length, REVISIONS);
  const { etag } = bundles.bundles.get(PATH);
  await eventually("the newest is asked about", () => own().at(-1).etag === etag && own().at(-1).status === 0);
  const held = own().length;
  bundles.wake();
  await eventually("304, and the next request", () => own().length > held && own()[held].status === 0);
  assert.equal(own()[held - 1].status, 304);
  assert.equal(await stage.revision(), REVISIONS);
});

scenario("decisions are written while the bundle server holds its answer, and a stop does not wait for it",
  async ({ bundles, rollStage: stage }) => {
    bundles.wake(); // so that it is not about to end by itself
    await eventually("an answer is held", () => bundles.waiting.size > 0);
    const { headers } = await stage.graphql("analyst", { query: "{ persons(first: 1) { nodes { id } } }" });
    await stage.decision(headers["x-ig-decision-id"]);
    assert.ok(bundles.waiting.size > 0, "it is held still");
    assert.equal(await stage.server.stop("SIGTERM", 12_000), 0);
    assert.deepEqual(stage.events("policy.unreachable"), []);
  });

scenario("a plain poll asks with the ETag, and 304 changes nothing", async ({ bundles, opaStage: stage }) => {
  const own = () => bundles.requests.filter(({ path }) => path === "/opa-client/prod");
  await eventually("some answers of 304", () => own().filter(({ status }) => status === 304).length > 3);
  assert.equal(own().filter(({ status }) => status === 200).length, 1);
  assert.ok(own().slice(1).every(({ etag, prefer }) => etag.startsWith('"') && prefer === "modes=snapshot,delta"));
  assert.equal(stage.events("policy.activated").length, 1);
});
