// Reading: by key, lists, filters, order, pages, relations, and the language around them.
import { fixture } from "../lib/fixture.mjs";
import { scenario } from "../lib/scenario.mjs";
import { ask, askBadly, assert, ids, ordered, walk } from "./check.mjs";

const rows = fixture().alpha;
const persons = rows.person;

scenario("one row by key has every column as it was loaded", async (world) => {
  const fields = Object.keys(persons[0]).join(" ");
  for (const row of persons.slice(0, 12)) {
    const data = await ask(world, `query One($id: ID!) { person(id: $id) { ${fields} } }`,
      { id: row.id });
    assert.deepEqual(data.person, row);
  }
});

scenario("a key that nobody has is null without an error", async (world) => {
  for (const id of ["p999", "", "P001", "' OR '1'='1", "p001 "]) {
    const data = await ask(world, "query($id: ID!) { person(id: $id) { id } }", { id });
    assert.equal(data.person, null, id);
  }
});

scenario("a list has its default and largest length", async (world) => {
  const data = await ask(world, `{ persons { edges { node { id } } pageInfo { hasNextPage } }
    all: persons(first: 100) { nodes { id } pageInfo { hasNextPage } }
    none: persons(first: 0) { nodes { id } } }`);
  assert.equal(data.persons.edges.length, 20);
  assert.equal(data.persons.pageInfo.hasNextPage, true);
  assert.deepEqual(data.all.nodes.map((node) => node.id), persons.map((row) => row.id));
  assert.equal(data.all.pageInfo.hasNextPage, false);
  assert.deepEqual(data.none.nodes, []);
});

scenario("a list longer than the limit is refused", { needs: ["dataset-errors"] },
  async (world) => {
    const error = await askBadly(world, "{ persons(first: 101) { nodes { id } } }");
    assert.equal(error.code, "LIMIT_EXCEEDED");
    assert.match(error.message, /first: at most 100/);
  });

const has = (value) => value !== null;
const filters = [
  ["Int eq", { score: { eq: 4 } }, (r) => r.score === 4],
  ["Int ne leaves missing values out", { score: { ne: 4 } }, (r) => has(r.score) && r.score !== 4],
  ["Int range", { score: { gte: 3, lt: 7 } }, (r) => has(r.score) && r.score >= 3 && r.score < 7],
  ["Int in", { score: { in: [1, 2, 99] } }, (r) => [1, 2].includes(r.score)],
  ["Int notIn", { score: { notIn: [1, 2] } }, (r) => has(r.score) && ![1, 2].includes(r.score)],
  ["isNull true", { score: { isNull: true } }, (r) => r.score === null],
  ["isNull false", { phone: { isNull: false } }, (r) => r.phone !== null],
  ["Float", { rating: { gt: 3.5, lte: 5.125 } },
    (r) => has(r.rating) && r.rating > 3.5 && r.rating <= 5.125],
  ["Long beyond 32 bits", { balance: { gte: 50_000_000_350 } }, (r) => r.balance >= 50_000_000_350],
  ["Boolean", { active: { eq: false } }, (r) => !r.active],
  ["String eq with quotes", { fullName: { eq: "O'Brien, \"Quinn\"" } }, (r) => r.id === "p002"],
  ["String contains takes % and _ literally", { fullName: { contains: "% _" } },
    (r) => r.id === "p005"],
  ["String startsWith beyond ASCII", { fullName: { startsWith: "Zoë Å" } }, (r) => r.id === "p001"],
  ["String order", { fullName: { gte: "alpha person 050" } },
    (r) => r.fullName >= "alpha person 050"],
  ["Date", { birthDate: { lt: "1960-01-01" } }, (r) => r.birthDate < "1960-01-01"],
  ["DateTime with another offset", { createdAt: { gte: "2026-01-20T03:00:00+02:00" } },
    (r) => r.createdAt >= "2026-01-20T01:00:00.000Z"],
  ["ID in", { id: { in: ["p003", "p004", "zzz"] } }, (r) => ["p003", "p004"].includes(r.id)],
  ["several columns are and", { active: { eq: true }, organisationId: { eq: "o2" } },
    (r) => r.active && r.organisationId === "o2"],
  ["and", { and: [{ score: { gt: 2 } }, { score: { lt: 5 } }] },
    (r) => has(r.score) && r.score > 2 && r.score < 5],
  ["or", { or: [{ score: { eq: 1 } }, { organisationId: { isNull: true } }] },
    (r) => r.score === 1 || r.organisationId === null],
  ["not of unknown is unknown", { not: { score: { gt: 3 } } }, (r) => has(r.score) && r.score <= 3],
  ["nested", { or: [{ not: { or: [{ active: { eq: true } }, { id: { ne: "p010" } }] } },
    { id: { eq: "p011" } }] }, (r) => ["p010", "p011"].includes(r.id)],
  ["empty or is false", { or: [] }, () => false],
  ["empty and is true", { and: [] }, () => true],
  ["empty in is false", { id: { in: [] } }, () => false],
];
for (const [name, filter, matches] of filters) {
  scenario(`filter: ${name}`, async (world) => {
    const data = await ask(world, `query($filter: PersonFilter) {
      persons(filter: $filter, first: 100) { edges { node { id } } } }`, { filter });
    assert.deepEqual(ids(data.persons), persons.filter(matches).map((row) => row.id));
  });
}

const orders = [
  ["missing values first when rising", [["score", false]]],
  ["missing values last when falling", [["score", true]]],
  ["by two columns", [["organisationId", true], ["rating", false]]],
  ["by text", [["fullName", true]]],
  ["by date and boolean", [["active", false], ["birthDate", true]]],
  ["by the key alone, falling", [["id", true]]],
];
const orderArgument = (terms) => `, order: [${terms.map(([field, descending]) =>
  `{field: ${field}, direction: ${descending ? "DESC" : "ASC"}}`).join(", ")}]`;
for (const [name, terms] of orders) {
  scenario(`order: ${name}`, async (world) => {
    const data = await ask(world,
      `{ persons(first: 100${orderArgument(terms)}) { edges { node { id } } } }`);
    assert.deepEqual(ids(data.persons), ordered(persons, ...terms).map((row) => row.id));
  });
  scenario(`pages forward and backward to the end, ordered ${name}`, async (world) => {
    const wanted = ordered(persons, ...terms).map((row) => row.id);
    const args = orderArgument(terms);
    const forward = await walk(world, { args });
    assert.deepEqual(forward.flat(), wanted);
    assert.deepEqual(forward.map((page) => page.length), [7, 7, 7, 7, 7, 7, 7, 7, 4]);
    const backward = await walk(world, { args, backward: true, size: 9 });
    assert.deepEqual(backward.reverse().flat(), wanted);
  });
}

scenario("pages of a filtered list go through exactly its rows", async (world) => {
  const pages = await walk(world, { size: 4, args: ", filter: {score: {gte: 5}}" });
  assert.deepEqual(pages.flat(),
    persons.filter((row) => row.score !== null && row.score >= 5).map((row) => row.id));
});

scenario("between two cursors lie the rows between them", async (world) => {
  const { persons: list } = await ask(world, "{ persons(first: 20) { edges { cursor } } }");
  const [after, before] = [list.edges[3].cursor, list.edges[9].cursor];
  const data = await ask(world, `query($after: String, $before: String) {
    persons(first: 20, after: $after, before: $before) { edges { node { id } } } }`,
    { after, before });
  assert.deepEqual(ids(data.persons), persons.slice(4, 9).map((row) => row.id));
});

scenario("a cursor of another order, a broken one and a foreign one are refused",
  { needs: ["dataset-errors"] }, async (world) => {
    const { persons: list } = await ask(world, "{ persons(first: 2) { edges { cursor } } }");
    const { cursor } = list.edges[0];
    const middle = cursor.length >> 1;
    const broken = cursor.slice(0, middle) + (cursor[middle] === "A" ? "B" : "A") +
      cursor.slice(middle + 1);
    const query = (order) => `query($after: String) {
      persons(first: 2, after: $after${order}) { nodes { id } } }`;
    const cases = [[query(", order: [{field: score}]"), cursor], [query(""), broken],
      [query(""), "nonsense"], [query(""), ""]];
    for (const [text, after] of cases) {
      const error = await askBadly(world, text, { after });
      assert.equal(error.code, "BAD_USER_INPUT", after);
    }
    const foreign = await askBadly(world, query(""), { after: cursor }, world.tokens.other);
    assert.equal(foreign.code, "BAD_USER_INPUT");
  });

scenario("relations to one and to many", async (world) => {
  const data = await ask(world, `{ persons(first: 60) { nodes {
    id organisation { id name people(first: 3) { nodes { id } } }
    tasks(first: 10, order: [{field: priority, direction: DESC}]) { nodes { id } } } } }`);
  for (const node of data.persons.nodes) {
    const row = persons.find((held) => held.id === node.id);
    const tasks = rows.task.filter((task) => task.personId === row.id);
    assert.deepEqual(node.tasks.nodes.map((task) => task.id),
      ordered(tasks, ["priority", true]).map((task) => task.id));
    assert.equal(node.organisation?.id ?? null, row.organisationId);
    if (node.organisation) {
      const people = persons.filter((held) => held.organisationId === row.organisationId);
      assert.deepEqual(node.organisation.people.nodes.map((held) => held.id),
        people.slice(0, 3).map((held) => held.id));
    }
  }
});

scenario("a relation costs one statement a level, not one a row", { needs: ["statements"] },
  async (world) => {
    const run = async (first) => {
      const name = `Cost${first}`;
      await ask(world, `query ${name} { persons(first: ${first}) { nodes { organisation { id }
        tasks(first: 5) { nodes { person { id } } } } } }`);
      const line = await world.logLine((entry) => entry.operation === name);
      return line.statements;
    };
    const few = await run(2);
    assert.equal(await run(50), few);
    assert.ok(few <= 5, `${few} statements`);
  });

scenario("relations have filters and cursors of their own", async (world) => {
  const first = await ask(world, `{ person(id: "p005") { tasks(first: 2,
    filter: {priority: {gte: 1}}) { edges { node { id } } pageInfo { endCursor hasNextPage } } } }`);
  const wanted = rows.task.filter((task) => task.personId === "p005").map((task) => task.id);
  const page = first.person.tasks;
  assert.deepEqual(ids(page), wanted.slice(0, 2));
  assert.equal(page.pageInfo.hasNextPage, wanted.length > 2);
  const rest = await ask(world, `query($after: String) { person(id: "p005") {
    tasks(first: 5, after: $after, filter: {priority: {gte: 1}}) { edges { node { id } } } } }`,
    { after: page.pageInfo.endCursor });
  assert.deepEqual(ids(rest.person.tasks), wanted.slice(2));
});

scenario("aliases, fragments, variables with defaults and operation names", async (world) => {
  const query = `query Other { person(id: "p002") { id } }
    query Main($a: ID! = "p003", $b: ID!) {
      left: person(id: $a) { ...Card }
      right: person(id: $b) { ...Card ... on Person { again: fullName } __typename } }
    fragment Card on Person { id fullName organisation { ...Org } }
    fragment Org on Organisation { name }`;
  const reply = await world.post({ query, operationName: "Main", variables: { b: "p004" } });
  assert.equal(reply.status, 200, reply.text);
  const org = (row) => (row.organisationId ? { name: `alpha org ${row.organisationId[1]}` } : null);
  const card = (row) => ({ id: row.id, fullName: row.fullName, organisation: org(row) });
  assert.deepEqual(reply.json.data, {
    left: card(persons[2]),
    right: { ...card(persons[3]), again: persons[3].fullName, __typename: "Person" },
  });
  assert.deepEqual(Object.keys(reply.json.data), ["left", "right"]);
});

scenario("@skip and @include, also both and on fragments", async (world) => {
  const query = `query($yes: Boolean!, $no: Boolean!) { person(id: "p001") {
    id @include(if: $yes) fullName @skip(if: $yes) email @include(if: $no)
    score @skip(if: $no) @include(if: $yes) phone @skip(if: $yes) @include(if: $yes)
    ...F @include(if: $no) ... @skip(if: $no) { active } } }
    fragment F on Person { birthDate }`;
  const data = await ask(world, query, { yes: true, no: false });
  assert.deepEqual(data.person, { id: "p001", score: persons[0].score, active: true });
});

scenario("introspection needs its scope", async (world) => {
  const query = "{ __schema { queryType { name } } __type(name: \"Person\") { kind } }";
  const data = await ask(world, query);
  assert.deepEqual(data, { __schema: { queryType: { name: "Query" } }, __type: { kind: "OBJECT" } });
  const refused = await world.post({ query }, world.tokens.reader);
  assert.equal(refused.status, 403);
  assert.equal(refused.json.errors[0].extensions.code, "INTROSPECTION_DISABLED");
});

scenario("aggregates are for those who protect the tenant", { needs: ["aggregates"] },
  async (world) => {
    const query = "{ personsAggregate(filter: {active: {eq: true}}) { count } }";
    const data = await ask(world, query);
    assert.equal(Number(data.personsAggregate.count), persons.filter((row) => row.active).length);
    const error = await askBadly(world, query, {}, world.tokens.analyst);
    assert.equal(error.code, "FORBIDDEN");
  });
