// What people may not see is in nothing that leaves the server for them, whatever they ask.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";

import { eventually } from "../lib/children.mjs";
import { send } from "../lib/http.mjs";
import { scenario } from "../lib/scenario.mjs";
import { HIDDEN, bytesOf, found, mustHideFrom } from "./hidden.mjs";
import { CANARIES, PERSONS, ROWS } from "./rows.mjs";

const [FIRST] = PERSONS;
const COLUMNS = "name email born seen card profile salary rating diagnosis secret";
const ALL = `{ nodes { id ${COLUMNS} } }`;

// [what, document, variables]: shapes that the schema has, so that none fails for its form.
const SHAPES = [
  ["by key", `{ person(id: "p1") { id ${COLUMNS} } }`],
  ["by key, in variables", `query Q($id: ID!) { person(id: $id) { id ${COLUMNS} } }`, { id: "p2" }],
  ["list", `{ persons ${ALL} }`],
  ["edges", `{ persons { edges { cursor node { id ${COLUMNS} } } pageInfo { hasNextPage startCursor endCursor } } }`],
  ["pages", `{ persons(first: 2) { edges { cursor node { id ${COLUMNS} } } pageInfo { endCursor } } }`],
  ["the last", `{ persons(last: 3) ${ALL} }`],
  ["aliases", `{ a: person(id: "p1") { x: email y: email } b: person(id: "p1") { x: name z: secret } }`],
  ["fragments",
    `query { persons { ...F } } fragment F on PersonConnection { nodes { ...G } } fragment G on Person { id ${COLUMNS} }`],
  ["directives", `query($t: Boolean = true) { persons { nodes { id email @include(if: $t) name @skip(if: $t) secret } } }`],
  ["relation to one", `{ persons { nodes { id email organisation { id title contact } } } }`],
  ["relation to many", `{ organisations { nodes { id contact people { nodes { id ${COLUMNS} } } } } }`],
  ["joined by a masked column", `{ persons(first: 5) { nodes { id email visits { nodes { id place visitor } } } } }`],
  ["joined back", `{ visits { nodes { id visitor person { id ${COLUMNS} } } } }`],
  ["there and back",
    `{ organisations { nodes { people(first: 2) { edges { cursor node { visits { nodes { person { ${COLUMNS} } } } } } } } } }`],
  ["filter by what is public", `{ persons(filter: {country: {eq: "DE"}}) ${ALL} }`],
  ["filter by a name", `{ persons(filter: {name: {eq: "x"}}) ${ALL} }`],
  ["filter by a beginning", `{ persons(filter: {email: {startsWith: "zq"}}) ${ALL} }`],
  ["filter by a part", `{ persons(filter: {diagnosis: {contains: "zq"}}) ${ALL} }`],
  ["filter by null", `{ persons(filter: {secret: {isNull: false}}) ${ALL} }`],
  ["filter by more and less", `{ persons(filter: {and: [{card: {gt: 1}}, {not: {salary: {lt: 5}}}]}) ${ALL} }`],
  ["filter by a date",
    `{ persons(filter: {or: [{born: {gte: "1800-01-01"}}, {seen: {lt: "2070-01-01T00:00:00Z"}}]}) ${ALL} }`],
  ["filter by a list", `query($f: PersonFilter) { persons(filter: $f) ${ALL} }`, { f: { name: { in: ["a", "b"] } } }],
  ["filter in a relation", `{ organisations { nodes { id people(filter: {email: {contains: "@"}}) ${ALL} } } }`],
  ["order by what is public",
    `{ persons(order: [{field: country, direction: DESC}, {field: id}]) { edges { cursor node { id ${COLUMNS} } } } }`],
  ["order by a name", `{ persons(order: [{field: name}]) { edges { cursor node { id ${COLUMNS} } } } }`],
  ["order by a salary", `{ persons(order: [{field: salary, direction: DESC}], first: 1) ${ALL} }`],
  ["order in a relation", `{ organisations { nodes { id people(order: [{field: rating}]) ${ALL} } } }`],
  ["count", `{ persons { totalCount nodes { id email } } }`],
  ["aggregates",
    `{ personsAggregate { count sum { card salary } avg { rating } min { card salary rating } max { card salary rating } } }`],
  ["aggregates of one row", `{ personsAggregate(filter: {id: {eq: "p1"}}) { count max { card salary rating } } }`],
  ["aggregates by a filter", `{ personsAggregate(filter: {salary: {gt: 1}}) { count } }`],
  ["groups by what is public", `{ personsAggregate { groups(by: country) { key count max { salary card } } } }`],
  ["groups by a name", `{ personsAggregate { groups(by: name) { key count } } }`],
  ["groups by a secret", `{ personsAggregate { groups(by: secret) { key count } } }`],
  ["groups by a day", `{ personsAggregate { groups(by: born) { key count min { rating } } } }`],
  ["a masked key", `{ accounts { edges { cursor node { login plan } } pageInfo { startCursor endCursor } } }`],
  ["a masked key, for one", `{ account(login: "nobody") { login plan } }`],
  ["values of another type", `{ brokens { nodes { id day moment count weight flag body wide } } }`],
  ["one value of another type", `{ brokens { nodes { id day } } }`],
  ["the next one", `{ brokens(first: 1) { nodes { moment count } } }`],
  ["order by values of another type", `{ brokens(order: [{field: day}]) { edges { cursor node { id day } } } }`],
  ["aggregates of another type", `{ brokensAggregate { count sum { count weight } groups(by: flag) { key count } } }`],
  ["introspection", `{ __schema { types { name description fields { name description } enumValues { name } } } }`],
  ["type names", `{ persons { __typename nodes { __typename id email } } }`],
];
const create = (id) => `mutation { createPerson(input: {id: "${id}", country: "DE", organisationId: "o1", note: "n", name: "n",
  email: "${id}@x", born: "2000-01-01", seen: "2000-01-01T00:00:00Z", card: 1, profile: {}, salary: 1, rating: 0.5, diagnosis: "d"})
  { id ${COLUMNS} } }`;
const WRITES = [
  ["create", create("new")],
  ["create one of the same key", create("p1")],
  ["update", `mutation { updatePerson(id: "p1", input: {note: "changed"}) { id ${COLUMNS} } }`],
  ["update at another version", `mutation { updatePerson(id: "p2", input: {note: "changed"}, expectedVersion: 77) { id ${COLUMNS} } }`],
  ["update and its relations", `mutation { updatePerson(id: "p3", input: {note: "x"}) { visits { nodes { visitor } } organisation { contact } } }`],
  ["delete", 'mutation { deletePerson(id: "new") }'],
];
const FAILING = [
  ["a field that is not there", "{ persons { nodes { emails } } }"],
  ["a literal of another type", '{ persons(filter: {salary: {gt: "much"}}) { nodes { id } } }'],
  ["a variable of another type", "query($s: Long) { persons(filter: {salary: {gt: $s}}) { nodes { id } } }", { s: "much" }],
  ["a cursor that is none", '{ persons(after: "x") { nodes { id email } } }'],
  ["no syntax", "{ persons { nodes { email }"],
  ["a page that is too large", "{ persons(first: 100000) { nodes { email } } }"],
];

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

// One document over every way there is to send it.
async function everyWay(stage, who, [, query, variables = {}], purpose) {
  const headers = purpose === undefined ? {} : { "X-MC-Purpose": purpose };
  const persisted = { extensions: { persistedQuery: { version: 1, sha256Hash: sha256(query) } }, variables };
  const get = (params) => send(`${stage.url}/graphql?${new URLSearchParams(params)}`, {
    headers: { Authorization: `Bearer ${stage.tokens[who]}`, Accept: "application/graphql-response+json", ...headers } });
  const out = [
    await stage.graphql(who, { query, variables }, { headers }),
    await stage.graphql(who, [{ query, variables }, { query: "{ __typename }" }, { query, variables }], { headers }),
    await stage.graphql(who, { query, ...persisted }, { headers }),
    await stage.graphql(who, persisted, { headers }),
    await get({ query, variables: JSON.stringify(variables) }),
    await get({ extensions: JSON.stringify(persisted.extensions), variables: JSON.stringify(variables) }),
  ];
  return out;
}

const isInvalid = ({ text }) => /GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED/.test(text);

async function collector() {
  const bodies = [];
  const server = http.createServer(async (request, response) => {
    for await (const part of request) bodies.push(part);
    response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { bodies, url: `http://127.0.0.1:${server.address().port}/v1/traces`, close: () => {
    server.close();
    server.closeAllConnections();
  } };
}

scenario("the canaries are there for those who may see them", { limitMs: 60_000 }, async (world) => {
  world.traces = await collector();
  const stage = world.canaryStage = world.stage("canaries").prepare();
  stage.configure(`trace: {otlp_url: "${world.traces.url}", ratio: 1.0}
log: {level: debug}
gateway: {limits: {cached_documents_max: 1000}}
`);
  await stage.serve();
  const whole = await stage.graphql("admin", { query: `{ persons(first: 50) ${ALL} visits(first: 50) { nodes { visitor } }
    organisations { nodes { contact } } }` });
  assert.equal(whole.json.errors, undefined, whole.text);
  const places = new Set(found(bytesOf(whole), HIDDEN).map(({ place }) => place));
  const wanted = CANARIES.filter(({ place, sensitivity }) => sensitivity !== "secret" && !/^(account|broken)/.test(place));
  assert.equal(places.size, wanted.length, wanted.filter(({ place }) => !places.has(place)).map(({ place }) => place).join("; "));
  const secrets = found(bytesOf(whole), ["secret"]);
  assert.deepEqual(secrets, [], "a secret is for nobody");
  const accounts = await stage.graphql("admin", { query: "{ accounts { nodes { login } } }" }, { purpose: "fraud-risk" });
  assert.equal(new Set(found(accounts.text, HIDDEN).map(({ place }) => place)).size, 1);
  assert.equal(found(accounts.text, HIDDEN).length, ROWS.account.length);
  // Who may see personal values for a purpose sees neither sensitive ones nor secrets.
  const risk = await stage.graphql("analyst", { query: `{ persons(first: 50) ${ALL} }` }, { purpose: "fraud-risk" });
  assert.ok(found(risk.text, ["personal"]).length > PERSONS.length);
  mustHideFrom(bytesOf(risk), ["sensitive", "secret"], "a reply for fraud-risk");
});

for (const who of ["analyst", "auditor", "oncall", "platform"]) {
  scenario(`no reply to ${who} holds a canary, whatever the document and the way it is sent`, { limitMs: 120_000 },
    async ({ canaryStage: stage }) => {
      const counts = { data: 0, denied: 0 };
      for (const shape of [...SHAPES, ...WRITES, ...FAILING]) {
        const replies = await everyWay(stage, who, shape);
        for (const reply of replies) mustHideFrom(bytesOf(reply), HIDDEN, `the reply to ${shape[0]}`);
        const [plain] = replies;
        if (!FAILING.includes(shape)) assert.ok(!isInvalid(plain), `${shape[0]}: ${plain.text}`);
        counts[/"(?:FORBIDDEN|BAD_USER_INPUT)"/.test(plain.text) ? "denied" : "data"] += 1;
      }
      assert.ok(counts.data > 15 && counts.denied > 10, JSON.stringify(counts));
    });
}

scenario("for a purpose that opens personal values, sensitive ones and secrets stay shut", { limitMs: 60_000 },
  async ({ canaryStage: stage }) => {
    for (const shape of [...SHAPES, ...FAILING]) {
      for (const reply of await everyWay(stage, "analyst", shape, "fraud-risk")) {
        mustHideFrom(bytesOf(reply), ["sensitive", "secret"], `the reply to ${shape[0]}`);
      }
    }
    for (const who of ["admin", "dpo"]) {
      for (const shape of [...SHAPES, ...FAILING]) {
        for (const reply of await everyWay(stage, who, shape)) {
          mustHideFrom(bytesOf(reply), ["secret"], `the reply to ${shape[0]} of ${who}`);
        }
      }
    }
  });

// The same but for what differs in any two answers.
const withoutIds = (text) => text.replaceAll(/\b(?:dec|req)_\w+/g, "ID");

scenario("a right guess and a wrong one are answered alike", { limitMs: 60_000 }, async ({ canaryStage: stage }) => {
  const guesses = [
    ["name", (value) => `{name: {eq: ${JSON.stringify(value)}}}`, FIRST.name, "somebody else"],
    ["email", (value) => `{email: {startsWith: ${JSON.stringify(value)}}}`, FIRST.email.slice(0, 6), "nobody"],
    ["born", (value) => `{born: {eq: "${value}"}}`, FIRST.born, "1999-01-01"],
    ["card", (value) => `{card: {eq: ${value}}}`, FIRST.card, 5],
    ["salary", (value) => `{not: {salary: {ne: ${value}}}}`, FIRST.salary, 5],
    ["rating", (value) => `{rating: {gte: ${value}}}`, 0.0, 1.5],
    ["secret", (value) => `{or: [{secret: {in: ["${value}"]}}]}`, FIRST.secret, "nothing"],
  ];
  for (const who of ["analyst", "oncall", "platform"]) {
    for (const [column, filter, right, wrong] of guesses) {
      for (const shape of [(by) => `{ persons(filter: ${by}) { nodes { id } } }`,
        (by) => `{ organisations { nodes { people(filter: ${by}) { nodes { id } } } } }`,
        (by) => `{ personsAggregate(filter: ${by}) { count } }`]) {
        const [one, two] = [await stage.graphql(who, { query: shape(filter(right)) }),
          await stage.graphql(who, { query: shape(filter(wrong)) })];
        assert.ok(one.json.errors?.length > 0, `${who} may filter by ${column}: ${one.text}`);
        assert.equal(withoutIds(one.text), withoutIds(two.text), `${who}, ${column}`);
      }
    }
    const logins = ROWS.account.map(({ login }) => login);
    for (const purpose of ["support", "fraud-risk"]) {
      const [one, two] = [await stage.graphql(who, { query: `{ account(login: "${logins[0]}") { plan } }` }, { purpose }),
        await stage.graphql(who, { query: '{ account(login: "nobody") { plan } }' }, { purpose })];
      if (who === "analyst" && purpose === "fraud-risk") {
        assert.equal(one.json.data.account.plan, "free");
      } else {
        assert.ok(one.json.errors?.length > 0, `${who}: ${one.text}`);
        assert.equal(withoutIds(one.text), withoutIds(two.text));
      }
    }
  }
});

scenario("neither the log, the decisions, the metrics nor the traces hold a canary", { limitMs: 60_000 },
  async ({ canaryStage: stage, traces }) => {
    // What people send stands in none of them either.
    for (const who of ["admin", "analyst"]) {
      await stage.graphql(who, { query: `query Guess { persons(filter: {name: {eq: "${FIRST.name}"}}) { nodes { id } } }` });
      await stage.graphql(who, { query: "query V($n: String) { persons(filter: {name: {eq: $n}}) { nodes { id } } }",
        variables: { n: FIRST.name } });
      const query = `{ persons(filter: {email: {eq: "${FIRST.email}"}}) { nodes { id } } }`;
      await send(`${stage.url}/graphql?${new URLSearchParams({ query })}`,
        { headers: { Authorization: `Bearer ${stage.tokens[who]}` } });
    }
    await stage.graphql("platform", { query: `mutation { createPerson(input: {id: "p1", country: "DE", organisationId: "o1", note: "n",
      name: "${FIRST.name}", email: "${FIRST.email}", born: "${FIRST.born}", seen: "${FIRST.seen}", card: ${FIRST.card},
      profile: ${JSON.stringify(FIRST.name)}, salary: ${FIRST.salary}, rating: 1, diagnosis: "d"}) { id } }` });
    await stage.ask("/v1/data/mc/access/decision", { person: FIRST });
    await stage.ask("/v1/data/mc/access/none", { person: FIRST });
    const metrics = await stage.get("/metrics");
    assert.equal(metrics.status, 200);
    mustHideFrom(metrics.text, HIDDEN, "the metrics");
    assert.ok(metrics.text.includes("mc_decisions_total"));
    const done = stage.events("request.done").length;
    assert.ok(done > 500, done);
    await eventually("spans are sent", () => traces.bodies.length > 0);
    assert.equal(await stage.server.stop(), 0);
    const spans = Buffer.concat(traces.bodies);
    assert.ok(spans.includes("Guess"), "the operations are in the traces");
    mustHideFrom(spans, HIDDEN, "the traces");
    mustHideFrom(stage.server.out, HIDDEN, "the log");
    mustHideFrom(stage.server.err, HIDDEN, "the error output");
    const files = readdirSync(stage.decisionsFolder);
    assert.ok(stage.decisions().length > 300);
    for (const name of files) {
      mustHideFrom(readFileSync(join(stage.decisionsFolder, name)), HIDDEN, `the decision log ${name}`);
    }
    for (const entry of readdirSync(join(stage.site.dataDir, "ledger"), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      mustHideFrom(readFileSync(join(entry.parentPath ?? entry.path, entry.name)), HIDDEN, `the ledger's ${entry.name}`);
    }
    traces.close();
  });
