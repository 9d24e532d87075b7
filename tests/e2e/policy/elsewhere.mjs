// Decisions of an OPA elsewhere (policy.opa.url). The server that is asked is one of ours, which
// serves OPA's API over TLS: what it decides for its own requests is what the other one must, too.
import assert from "node:assert/strict";
import http from "node:http";

import { Child, eventually } from "../lib/children.mjs";
import { post } from "../lib/http.mjs";
import { MAESTRO } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";
import { PERSONS } from "./rows.mjs";
import { SLOW_MS } from "./world.mjs";

const COLUMNS = "id country note name email born seen card profile salary rating diagnosis secret";
const QUERIES = [
  `{ person(id: "p3") { ${COLUMNS} } }`,
  `{ persons(first: 5) { nodes { ${COLUMNS} organisation { title contact } visits { nodes { place visitor } } } } }`,
  '{ persons(filter: {email: {contains: "@"}}) { nodes { id } } }',
  "{ personsAggregate { count max { salary } groups(by: country) { key count } } }",
  'mutation { updatePerson(id: "p4", input: {note: "changed"}) { id note email } }',
];
const WHO = ["analyst", "auditor", "oncall", "platform", "dpo", "admin"];
const PURPOSES = [undefined, "support", "fraud-risk", "training", "nothing-like-it"];
const FAILURES = 3;
const ROW = { query: QUERIES[0] };
const REASON = /denied by policy: policy-error \(decision dec_\w+\)/;

// Without what differs between any two requests.
const plain = ({ status, json, headers }) => ({
  status, rules: headers["x-ig-rule-id"],
  text: JSON.stringify(json).replaceAll(/dec_\w+/g, "dec_").replaceAll(/req_\w+/g, "req_"),
});

// Nothing of a row, and why.
function mustDeny({ json, text }) {
  assert.match(text, REASON);
  assert.ok(Object.values(json.data ?? {}).every((value) => value === null), text);
  for (const { name, email } of PERSONS) assert.ok(!text.includes(name) && !text.includes(email));
}

async function startUpstream() {
  const server = http.createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "Content-Type": "application/json" }).end('{"data":{"up":true}}');
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return server;
}

const routes = (upstream) => `gateway:
  routes:
    - {path: /graphql, kind: datasets}
    - {path: /up, kind: upstream, url: "http://127.0.0.1:${upstream.address().port}/graphql"}
`;

// OPA's port stays the same when the server that serves it comes back.
function configureAsked(world, port) {
  const { askedStage: stage } = world;
  stage.site.configure(`datasets_file: ${stage.model}
server: {port: 0}
opa: {enabled: true, port: ${port}, tls_certificate_file: ${world.bundles.certificate}, tls_key_file: ${world.site.path("bundles.key")}}
policy: {mask_key: "file:${world.maskKey}"}
${routes(world.upstream)}`);
}

async function serveAsking(world, more = "") {
  const { askingStage: stage, opaPort: port, bundles, tokenOfAsking } = world;
  stage.site.configure(`datasets_file: ${stage.model}
server: {port: 0}
policy:
  mask_key: "file:${world.maskKey}"
  opa: {url: "https://127.0.0.1:${port}", timeout: 3s, token_file: ${tokenOfAsking}, ca_file: ${bundles.certificate},
    failures: ${FAILURES}, pause: 300ms${more}}
${routes(world.upstream)}`);
  stage.server = await stage.site.serve();
  stage.url = stage.server.url;
}

// The newest line of an event; lines come some time after what they tell of.
const told = (stage, event) => eventually(`${event} in the log`, () => stage.events(event).at(-1));

// Through the route to the upstream.
function forwarded(stage, who, purpose) {
  const headers = purpose === undefined ? {} : { "X-MC-Purpose": purpose };
  return post(`${stage.url}/up`, stage.tokens[who], { query: "{ up }" }, { headers });
}

scenario("a server with policies, and one that asks it", { limitMs: 60_000 }, async (world) => {
  world.upstream = await startUpstream();
  world.maskKey = world.site.write("shared.mask.key", "a-mask-key-of-thirty-two-bytes-00\n");
  world.askedStage = world.stage("policy-asked").prepare();
  world.askingStage = world.stage("policy-asking").prepare();
  configureAsked(world, 0);
  await world.askedStage.serve();
  world.opaPort = Number(new URL(world.askedStage.opa).port);
  world.tokenOfAsking = world.askingStage.site.write("opa.token", `${world.askedStage.tokens.operator}\n`);
  await serveAsking(world);
  const { askingStage: stage } = world;
  assert.equal(stage.events("policy.activated").length, 0, "it has no policies of its own");
  assert.equal((await told(stage, "policy.opa")).url, `https://127.0.0.1:${world.opaPort}`);
  const [record] = (await stage.records()).filter(({ type }) => type === "policy");
  assert.equal(record.action, "elsewhere policies");
});

scenario("both decide the same, mask the same, and pass on the same", { limitMs: 120_000 }, async (world) => {
  const { askedStage: asked, askingStage: asking } = world;
  const seen = { rows: 0, denied: 0 };
  for (const who of WHO) {
    for (const purpose of PURPOSES) {
      for (const query of QUERIES) {
        const here = plain(await asked.graphql(who, { query }, { purpose }));
        const there = plain(await asking.graphql(who, { query }, { purpose }));
        assert.deepEqual(there, here, `${who} for ${purpose}: ${query}`);
        if (/FORBIDDEN/.test(here.text)) seen.denied += 1;
        else seen.rows += 1;
      }
    }
  }
  assert.ok(seen.rows > 20 && seen.denied > 20, JSON.stringify(seen));
  for (const who of WHO) {
    for (const purpose of PURPOSES) {
      const here = plain(await forwarded(asked, who, purpose));
      assert.deepEqual(plain(await forwarded(asking, who, purpose)), here, `${who} for ${purpose} upstream`);
    }
  }
  assert.equal(await asking.metric('mc_policy_opa_decisions_total{result="failed"}'), 0);
  assert.ok(await asking.metric('mc_policy_opa_decisions_total{result="answered"}') > 100);
  assert.equal(await asking.metric("mc_policy_opa_paused"), 0);
  assert.ok(await asking.metric("mc_policy_opa_duration_seconds_count") > 100);
  assert.equal(await asking.metric('mc_dataset_runs_total{place="loop"}'), 0, "no decision waits on an event loop");
});

scenario("a decision leads to the one of the server that was asked", async ({ askedStage: asked, askingStage: asking }) => {
  const { headers } = await asking.graphql("analyst", ROW, { purpose: "support" });
  const line = await asking.decision(headers["x-ig-decision-id"]);
  assert.equal(line.allowed, true);
  assert.match(line.revision, /^policies@default-/);
  assert.equal(line.masked.email, "hash");
  const other = await asked.decision(line.opa_decision_id);
  assert.equal(other.path, "mc/access/decision");
  assert.equal(other.revision, line.revision);
});

scenario("what would say something of policies of its own is refused", async ({ askingStage: stage }) => {
  const { json: policy } = await stage.get("/v1/policy");
  assert.equal(policy.location_kind, "opa");
  assert.match(policy.revision, /^policies@default-/);
  assert.equal(policy.problem, null);
  assert.ok(policy.rules.some(({ id, title }) => id === "role-analyst" && title === null));
  const headers = { Authorization: `Bearer ${stage.tokens.operator}` };
  const reload = await fetch(`${stage.url}/v1/policy/reload`, { method: "POST", headers });
  assert.equal(reload.status, 409);
  assert.match(await reload.text(), /policy\.opa\.url/);
  const denied = await stage.graphql("analyst", ROW, { purpose: "training" });
  const { json: decision } = await stage.get(`/v1/decisions/${denied.headers["x-ig-decision-id"]}`, "admin");
  assert.equal(decision.explanation.now, null);
  assert.match(decision.explanation.summary, /^Denied: .*purpose-not-granted/);
  // Other policies may be tried: by them the request would be allowed.
  const files = { "mc/access/all.rego": 'package mc.access\n\ndecision := {"allow": true, "rules": [], "reasons": []}\n' };
  const tried = await fetch(`${stage.url}/v1/policy/what-if?tenant=alpha`, { method: "POST",
    headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify({ files }) });
  const { changed } = await tried.json();
  assert.equal(tried.status, 200);
  assert.ok(changed.some(({ decision_id: id, after }) => id === decision.id && after.allow));
});

// Asks until the pause has begun; all of it is denied.
async function mustPause(stage) {
  await eventually("the pause begins", async () => {
    mustDeny(await stage.graphql("analyst", ROW, { purpose: "support" }));
    return await stage.metric("mc_policy_opa_paused") === 1;
  }, SLOW_MS);
}

async function mustResume(stage) {
  await eventually("it allows again", async () => {
    const { json } = await stage.graphql("analyst", ROW, { purpose: "support" });
    return json.data.person?.id === "p3";
  }, SLOW_MS);
  assert.equal(await stage.metric("mc_policy_opa_paused"), 0);
}

scenario("the server that is asked has gone: everything is denied, and log and metrics say so",
  { limitMs: 120_000 }, async ({ askedStage: asked, askingStage: stage }) => {
    asked.server.kill("SIGKILL");
    await asked.server.exited;
    await mustPause(stage);
    for (const who of WHO) {
      for (const query of QUERIES) {
        const reply = await stage.graphql(who, { query }, { purpose: "support" });
        if (!/lacks the scope/.test(reply.text)) mustDeny(reply);
      }
    }
    const upstream = await forwarded(stage, "analyst", "support");
    assert.equal(upstream.status, 403);
    assert.match(upstream.text, REASON);
    const line = await stage.decision(upstream.headers["x-ig-decision-id"]);
    assert.deepEqual(line.reasons, ["policy-error"]);
    assert.equal(line.revision, "opa");
    assert.equal(line.opa_decision_id, undefined);
    assert.ok(await stage.metric('mc_policy_opa_decisions_total{result="failed"}') >= FAILURES);
    assert.ok(await stage.metric('mc_policy_opa_decisions_total{result="unasked"}') > 0);
    await told(stage, "policy.opa_paused");
    assert.equal(stage.events("policy.opa_paused").length, 1);
    const failed = stage.events("policy.opa_failed");
    assert.ok(failed.length >= FAILURES);
    for (const { why, level, ...rest } of failed) {
      assert.equal(level, "warn");
      assert.match(why, /^https:\/\/127\.0\.0\.1:\d+\/v1\/data\/mc\/access\/decision: /);
      assert.ok(!/analyst|alpha|support/.test(JSON.stringify({ why, ...rest })));
    }
    const { json: policy } = await stage.get("/v1/policy");
    assert.match(policy.problem, /127\.0\.0\.1/);
    const { json: outside } = await stage.get("/v1/policy", "admin");
    assert.equal(outside.problem, "the OPA server does not answer");
  });

scenario("it is back at its old place: requests are allowed again", { limitMs: 120_000 }, async (world) => {
  const { askedStage: asked, askingStage: stage } = world;
  configureAsked(world, world.opaPort);
  await asked.serve();
  await mustResume(stage);
  await told(stage, "policy.opa_resumed");
  assert.equal((await forwarded(stage, "analyst", "support")).status, 200);
  assert.equal((await stage.get("/v1/policy")).json.problem, null);
});

scenario("it takes connections and never answers: denied when the time is over", { limitMs: 120_000 }, async (world) => {
  const { askedStage: asked, askingStage: stage } = world;
  asked.server.kill("SIGSTOP");
  try {
    await mustPause(stage);
    // Lines come some time after what they tell of, and the newest may be of before.
    await eventually("that the time was over", () => stage.events("policy.opa_failed").some(({ why }) => /timed out/i.test(why)));
  } finally {
    asked.server.kill("SIGCONT");
  }
  await mustResume(stage);
});

scenario("a token that OPA does not take, and a certificate that is not its own", { limitMs: 60_000 }, async (world) => {
  const { askingStage: stage } = world;
  assert.equal(await stage.stop(), 0);
  const good = world.tokenOfAsking;
  world.tokenOfAsking = stage.site.write("wrong.token", "mct_nobody\n");
  await serveAsking(world);
  mustDeny(await stage.graphql("analyst", ROW, { purpose: "support" }));
  assert.match((await told(stage, "policy.opa_failed")).why, /status 401/);
  assert.ok(!stage.server.out.includes("mct_nobody"));
  assert.equal(await stage.stop(), 0);
  world.tokenOfAsking = good;
  const { certificate } = world.bundles;
  world.bundles.certificate = "/etc/ssl/certs/ca-certificates.crt";
  await serveAsking(world);
  world.bundles.certificate = certificate;
  mustDeny(await stage.graphql("analyst", ROW, { purpose: "support" }));
  assert.match((await told(stage, "policy.opa_failed")).why, /certificate/i);
  assert.equal(await stage.stop(), 0);
});

scenario("two that decide are one too many", async (world) => {
  const { askingStage: stage } = world;
  for (const [yaml, why] of [
    ["policy: {opa: {url: \"https://127.0.0.1:1\"}, source: {location: /nowhere}}", /one decides/],
    ["policy: {opa: {url: \"https://127.0.0.1:1\"}}\nopa: {enabled: true}", /opa\.enabled/],
    ["policy: {opa: {url: \"http://opa.example:8181\"}}", /policy\.opa\.url must be https/],
    ["policy: {opa: {url: \"https://127.0.0.1:1\", token_file: /nowhere/token}}", /\/nowhere\/token/],
  ]) {
    stage.site.configure(`datasets_file: ${stage.model}\nserver: {port: 0}\n${yaml}\n`);
    const done = new Child(MAESTRO, ["--config", stage.site.config, "serve"]);
    assert.notEqual(await done.exited, 0);
    assert.match(done.err + done.out, why);
  }
  assert.equal(await world.askedStage.stop(), 0);
  world.upstream.closeAllConnections();
});
