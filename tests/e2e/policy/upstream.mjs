// What people may not see does not leave through an upstream either, which gives it all away.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { Child, eventually } from "../lib/children.mjs";
import { GRAPHQL_TYPE, post, send } from "../lib/http.mjs";
import { ROOT } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";
import { HIDDEN, bytesOf, found, mustHideFrom } from "./hidden.mjs";
import { PERSONS } from "./rows.mjs";

const SDL = `scalar Date scalar DateTime scalar Long scalar JSON
input PeopleFilter { email: String and: [PeopleFilter!] }
interface Reachable { email: String }
type Wallet { id: ID! card: Long! salary: Long }
type Desk implements Reachable { label: String email: String }
type Person implements Reachable {
  id: ID! country: String note: String name: String! email: String born: Date seen: DateTime card: Long profile: JSON
  salary: Long rating: Float diagnosis: String secret: String wallet: Wallet friends(called: String): [Person!]!
  failing: String promised: String! desk: Desk! }
union Hit = Person | Desk
type Query {
  person(id: ID!): Person people(email: String, filter: PeopleFilter, order: String, first: Int): [Person!]!
  search: [Hit!]! reachable: [Reachable] count: Int! unlucky: Int }
type Mutation { note(id: ID!, text: String!): Person }
`;
const FIELDS = {
  "Person.name": ["personal", "Person.friends.called"], "Person.email": ["personal", "Query.people.email", "Query.people.filter"],
  "Person.born": ["personal"], "Person.seen": ["personal"], "Person.card": ["personal"], "Wallet.card": ["personal"],
  "Person.profile": ["personal"], "Person.salary": ["sensitive", "Query.people.order"], "Wallet.salary": ["sensitive"],
  "Person.rating": ["sensitive"], "Person.diagnosis": ["sensitive"], "Person.secret": ["secret"],
};
const [FIRST, SECOND] = PERSONS;
const ALL = "{ id name email born seen card profile salary rating diagnosis secret }";

// [what, document, variables]
const SHAPES = [
  ["one", `{ person(id: "p1") ${ALL} }`],
  ["one, in variables", `query Q($id: ID!) { person(id: $id) ${ALL} }`, { id: "p2" }],
  ["all", `{ people ${ALL} }`],
  ["aliases", '{ a: person(id: "p1") { id: email email: secret name: note } b: person(id: "p2") { id: name } }'],
  ["fragments", `{ ...Q } fragment Q on Query { people { ...P } } fragment P on Person ${ALL}`],
  ["directives", "query($t: Boolean = true) { people { id email @include(if: $t) secret @skip(if: $t) } }"],
  ["a union", `{ search { __typename ... on Person ${ALL} ... on Desk { label email } } }`],
  ["a union, one key", "{ search { ... on Person { x: email } ... on Desk { x: label } } }"],
  ["an interface", "{ reachable { email ... on Person { id secret } } }"],
  ["nested", `{ people(first: 3) { id friends { id email friends { diagnosis } } } }`],
  ["numbers in a promise", '{ person(id: "p1") { id wallet { id card salary } } }'],
  ["errors beside data", '{ person(id: "p1") { id email failing } count }'],
  ["errors that go up", '{ person(id: "p1") { id email promised } count }'],
  ["errors of the root", '{ unlucky person(id: "p1") { email } }'],
  ["a mutation", `mutation { note(id: "p1", text: "seen") ${ALL} }`],
  ["with introspection", `{ __typename __schema { types { name fields { name } } } person(id: "p1") ${ALL} }`],
];
const FINDING = [
  ["an argument", (value) => `{ people(email: ${JSON.stringify(value)}) { id } }`, FIRST.email, "nobody"],
  ["a filter", (value) => `{ people(filter: {and: [{email: ${JSON.stringify(value)}}]}) { id } }`, FIRST.email, "nobody"],
  ["below", (value) => `{ person(id: "p1") { friends(called: ${JSON.stringify(value)}) { id } } }`, FIRST.name, "nobody"],
  ["an order", (value) => `{ people(order: "${value}") { id } }`, "salary", "id"],
  ["in a fragment", (value) => `{ ...F } fragment F on Query { people(email: ${JSON.stringify(value)}) { id } }`, FIRST.email, "x"],
];

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const ask = (stage, who, body, headers = {}) => post(`${stage.url}/up`, stage.tokens[who], body, { headers });

async function everyWay(stage, who, [, query, variables = {}], headers = {}) {
  const persisted = { extensions: { persistedQuery: { version: 1, sha256Hash: sha256(query) } }, variables };
  const out = [
    await ask(stage, who, { query, variables }, headers),
    await ask(stage, who, { query, variables }, { Accept: GRAPHQL_TYPE, "Accept-Encoding": "gzip, br", ...headers }),
    await ask(stage, who, [{ query: "{ __typename }" }, { query, variables }, { query, variables }], headers),
    await ask(stage, who, { query, ...persisted }, headers),
    await ask(stage, who, persisted, headers),
  ];
  if (query.startsWith("mutation")) return out;
  const params = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  return [...out, await send(`${stage.url}/up?${params}`, {
    headers: { Authorization: `Bearer ${stage.tokens[who]}`, ...headers } })];
}

scenario("an upstream gives everything to those who may see it", { limitMs: 60_000 }, async (world) => {
  const stage = world.upstreamStage = world.stage("upstream").prepare();
  const schema = stage.site.write("up.graphql", SDL);
  const rows = stage.site.write("up.json", JSON.stringify({ people: PERSONS }));
  world.leaky = new Child(process.execPath, [`${ROOT}/tests/e2e/apollo/leaky.mjs`, schema, rows]);
  const [, url] = await world.leaky.says(/Apollo Server listens on (http:\S+)/);
  const fields = Object.entries(FIELDS).map(([field, [sensitivity, ...places]]) =>
    `        - {field: ${field}, sensitivity: ${sensitivity}, arguments: [${places.join(", ")}]}\n`);
  stage.configure(`log: {level: debug}
gateway:
  routes:
    - {path: /graphql}
    - path: /up
      kind: upstream
      url: ${url}/graphql
      schema_file: ${schema}
      fields:
${fields.join("")}`);
  await stage.serve();
  const { status, json, text, headers } = await ask(stage, "admin", { query: `{ people { id name email salary diagnosis } }` });
  assert.equal(status, 200, text);
  assert.deepEqual(json.data.people.map(({ email }) => email), PERSONS.map(({ email }) => email));
  assert.ok(headers["x-row"], "it is streamed as it comes");
  const secret = await ask(stage, "admin", { query: `{ people ${ALL} }` });
  assert.ok(found(secret.text, ["personal", "sensitive"]).length > PERSONS.length);
  mustHideFrom(bytesOf(secret), ["secret"], "the reply to an admin");
});

for (const who of ["analyst", "oncall", "platform"]) {
  scenario(`no reply of the upstream to ${who} holds a planted value`, { limitMs: 60_000 }, async ({ upstreamStage: stage }) => {
    for (const shape of SHAPES) {
      const replies = await everyWay(stage, who, shape);
      for (const reply of replies) mustHideFrom(bytesOf(reply), HIDDEN, `the reply to ${shape[0]}`);
      const [plain, ...others] = replies;
      assert.equal(plain.status, 200, `${shape[0]}: ${plain.text}`);
      assert.ok(plain.json.data !== undefined, `${shape[0]}: ${plain.text}`);
      assert.equal(plain.headers["x-row"], undefined);
      assert.equal(plain.headers.etag, undefined);
      // However it is asked, the answer is the same.
      const [asGraphql, batch, , again] = others;
      assert.deepEqual(asGraphql.json, plain.json, shape[0]);
      assert.deepEqual(again.json, plain.json, shape[0]);
      assert.deepEqual(batch.json[2], plain.json, shape[0]);
    }
  });
}

scenario("what is not masked comes as it is; pseudonyms are the same everywhere", async ({ upstreamStage: stage }) => {
  const { json } = await ask(stage, "analyst", { query: "{ people { id country note name email salary secret } count }" });
  assert.deepEqual(json.data.people.map(({ id, country, note }) => [id, country, note]),
    PERSONS.map(({ id, country, note }) => [id, country, note]));
  assert.equal(json.data.count, PERSONS.length);
  const hashes = json.data.people.map(({ email }) => email);
  assert.ok(hashes.every((text) => /^[0-9a-f]{32}$/.test(text)));
  assert.equal(new Set(hashes).size, PERSONS.length);
  assert.ok(json.data.people.every(({ salary, secret }) => salary === null && secret === null));
  const other = await ask(stage, "platform", { query: '{ search { ... on Person { id email } } }' });
  assert.equal(other.json.data.search.find(({ id }) => id === "p2").email, hashes[PERSONS.indexOf(SECOND)]);
  const desks = await ask(stage, "analyst", { query: "{ search { ... on Desk { label email } } }" });
  assert.equal(desks.json.data.search[1].email, "desk-p1");
  const risk = await ask(stage, "analyst", { query: '{ person(id: "p1") { email diagnosis } }' }, { "X-MC-Purpose": "fraud-risk" });
  assert.equal(risk.json.data.person.email, FIRST.email);
  assert.match(risk.json.data.person.diagnosis, /^\*+onic$/);
});

scenario("a masked null where a value is promised is an error of ours, the upstream's keep their place",
  async ({ upstreamStage: stage }) => {
    const promised = await ask(stage, "analyst", { query: '{ person(id: "p1") { id wallet { id card } } }' });
    assert.deepEqual(promised.json.data, { person: { id: "p1", wallet: null } });
    const [error] = promised.json.errors;
    assert.equal(error.extensions.code, "FORBIDDEN");
    assert.deepEqual(error.path, ["person", "wallet", "card"]);
    const failing = await ask(stage, "analyst", { query: '{ person(id: "p1") { id email failing } }' });
    assert.equal(failing.json.errors.length, 1);
    assert.deepEqual(Object.keys(failing.json.errors[0]).sort(), ["locations", "message", "path"]);
    assert.deepEqual(failing.json.errors[0].path, ["person", "failing"]);
    assert.equal(failing.json.extensions, undefined);
  });

scenario("an answer that cannot be masked does not leave", { limitMs: 60_000 }, async ({ upstreamStage: stage }) => {
  const query = { query: '{ person(id: "p1") { id email } }' };
  const kinds = ["gzip", "cut", "twice", "html", "extra", "shape", "parts", "later"];
  for (const kind of kinds) {
    const reply = await ask(stage, "analyst", query, { "X-Misbehave": kind });
    assert.equal(reply.status, 502, kind);
    assert.equal(reply.json.errors[0].extensions.code, "MASKING_FAILED", kind);
    assert.equal(reply.json.errors[0].extensions.requestId, reply.headers["x-request-id"]);
    mustHideFrom(bytesOf(reply), HIDDEN, `the reply to ${kind}`);
  }
  assert.equal(await stage.metric('mc_requests_refused_total{code="MASKING_FAILED"}'), kinds.length);
  await eventually("each is in the log", () => stage.events("upstream.unmasked").length === kinds.length);
  assert.equal((await ask(stage, "analyst", query)).status, 200, "the circuit stays closed");
});

const withoutIds = (text) => text.replaceAll(/\b(?:dec|req)_\w+/g, "ID");

scenario("nothing is found at an upstream by what is masked", async ({ upstreamStage: stage }) => {
  for (const [what, document, right, wrong] of FINDING) {
    const [one, two] = [await ask(stage, "analyst", { query: document(right) }), await ask(stage, "analyst", { query: document(wrong) })];
    assert.equal(one.status, 403, what);
    assert.equal(one.json.errors[0].extensions.code, "FORBIDDEN");
    assert.match(one.json.errors[0].message, /is masked; nothing can be found, ordered or grouped by it/);
    assert.equal(withoutIds(one.text), withoutIds(two.text), what);
    assert.equal((await ask(stage, "admin", { query: document(right) })).status, 200, what);
  }
  const query = "query($e: String) { people(email: $e, first: 2) { id } }";
  assert.equal((await ask(stage, "analyst", { query, variables: { e: FIRST.email } })).status, 403);
  assert.equal((await ask(stage, "analyst", { query })).status, 200);
});

scenario("neither the log nor the decisions hold what an upstream gave away", { limitMs: 60_000 }, async ({ upstreamStage: stage, leaky }) => {
  const { headers } = await ask(stage, "analyst", { query: '{ person(id: "p1") { email } }' });
  const line = await stage.decision(headers["x-ig-decision-id"]);
  assert.equal(line.input.resource.name, "/up");
  assert.equal(line.masked["Person.email"], "hash");
  assert.equal(line.masked["Person.secret"], "drop");
  await eventually("all are logged", () => stage.events("request.done").length > 300);
  assert.equal(await stage.stop(), 0);
  await leaky.stop("SIGKILL");
  mustHideFrom(stage.server.out, HIDDEN, "the log");
  mustHideFrom(stage.server.err, HIDDEN, "the error output");
  for (const path of stage.decisionFiles()) mustHideFrom(readFileSync(path), HIDDEN, `the decision log ${path}`);
});
