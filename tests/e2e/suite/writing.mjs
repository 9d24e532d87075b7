// Mutations: create, update with version check, delete; who may, and what conflicts.
import { scenario } from "../lib/scenario.mjs";
import { ask, askBadly, assert } from "./check.mjs";

const CREATE = "mutation Create($input: PersonCreate!) { createPerson(input: $input) {" +
  " id fullName score version balance } }";
const UPDATE = `mutation Update($id: ID!, $input: PersonUpdate!, $version: Long) {
  updatePerson(id: $id, input: $input, expectedVersion: $version) { id fullName score version } }`;
const DELETE = "mutation Delete($id: ID!, $version: Long)" +
  " { deletePerson(id: $id, expectedVersion: $version) }";
const READ = "query($id: ID!) { person(id: $id) { id fullName score version } }";

const input = (more) => ({
  fullName: "New Person", email: "new@example.test", birthDate: "2001-02-03", score: 3,
  balance: 12_345_678_901, active: true, createdAt: "2026-05-01T10:00:00.000Z", ...more,
});

scenario("create, read, update, delete", async (world) => {
  const made = (await ask(world, CREATE, { input: input({ id: "w1" }) })).createPerson;
  assert.deepEqual(made, { id: "w1", fullName: "New Person", score: 3, version: 1,
    balance: 12_345_678_901 });
  const changed = await ask(world, UPDATE, { id: "w1", input: { score: null }, version: 1 });
  assert.deepEqual(changed.updatePerson,
    { id: "w1", fullName: "New Person", score: null, version: 2 });
  assert.deepEqual((await ask(world, READ, { id: "w1" })).person, changed.updatePerson);
  assert.equal((await ask(world, DELETE, { id: "w1", version: 2 })).deletePerson, true);
  assert.equal((await ask(world, READ, { id: "w1" })).person, null);
});

scenario("a key is made when none is given", async (world) => {
  const made = [];
  for (let i = 0; i < 3; ++i) {
    made.push((await ask(world, CREATE, { input: input({ email: `k${i}@x.test` }) })).createPerson);
  }
  assert.equal(new Set(made.map((row) => row.id)).size, 3);
  for (const { id } of made) {
    assert.ok(id.length >= 8, id);
    assert.equal((await ask(world, DELETE, { id })).deletePerson, true);
  }
});

scenario("a stale version changes nothing", async (world) => {
  await ask(world, CREATE, { input: input({ id: "w2" }) });
  await ask(world, UPDATE, { id: "w2", input: { fullName: "First" }, version: 1 });
  const update = await askBadly(world, UPDATE, { id: "w2", input: { fullName: "Late" }, version: 1 });
  assert.equal(update.code, "CONFLICT");
  const remove = await askBadly(world, DELETE, { id: "w2", version: 1 });
  assert.equal(remove.code, "CONFLICT");
  assert.deepEqual((await ask(world, READ, { id: "w2" })).person,
    { id: "w2", fullName: "First", score: 3, version: 2 });
  await ask(world, DELETE, { id: "w2" });
});

scenario("of many writers with one version exactly one wins", async (world) => {
  await ask(world, CREATE, { input: input({ id: "w3" }) });
  const replies = await Promise.all(Array.from({ length: 8 }, (_, i) => world.post({
    query: UPDATE, variables: { id: "w3", input: { fullName: `Writer ${i}` }, version: 1 },
  })));
  const won = replies.filter((reply) => reply.json.errors === undefined);
  assert.equal(won.length, 1, replies.map((reply) => reply.text).join("\n"));
  for (const reply of replies.filter((held) => held.json.errors)) {
    assert.equal(reply.json.errors[0].extensions.code, "CONFLICT");
  }
  const { person } = await ask(world, READ, { id: "w3" });
  assert.deepEqual(person, won[0].json.data.updatePerson);
  await ask(world, DELETE, { id: "w3" });
});

scenario("fields of one mutation run in order", async (world) => {
  const data = await ask(world, `mutation($input: PersonCreate!) {
    a: createPerson(input: $input) { version }
    b: updatePerson(id: "w4", input: {score: 1}) { version }
    c: updatePerson(id: "w4", input: {score: 2}) { version score }
    d: deletePerson(id: "w4", expectedVersion: 3) }`, { input: input({ id: "w4" }) });
  assert.deepEqual(data, { a: { version: 1 }, b: { version: 2 }, c: { version: 3, score: 2 },
    d: true });
});

scenario("a key that is there already is a conflict", async (world) => {
  const error = await askBadly(world, CREATE, { input: input({ id: "p001" }) });
  assert.equal(error.code, "CONFLICT");
  assert.deepEqual(error.path, ["createPerson"]);
});

scenario("what is not there cannot be changed or deleted", async (world) => {
  const update = await askBadly(world, UPDATE, { id: "nope", input: { score: 1 } });
  assert.equal(update.code, "NOT_FOUND");
  assert.equal((await askBadly(world, DELETE, { id: "nope" })).code, "NOT_FOUND");
});

scenario("text is stored byte for byte", async (world) => {
  for (const fullName of ["'); DROP TABLE person; --", "ß漢字🎼", "a\tb\nc \\ \"q\"", "x".repeat(60_000)]) {
    const made = await ask(world, CREATE, { input: input({ id: "w5", fullName }) });
    assert.equal(made.createPerson.fullName, fullName);
    assert.equal((await ask(world, READ, { id: "w5" })).person.fullName, fullName);
    await ask(world, DELETE, { id: "w5" });
  }
});

scenario("64-bit integers keep every digit", { needs: ["long64"] }, async (world) => {
  const reply = await world.post('{"query":"mutation($b: Long!) { createPerson(input: {id: \\"w6\\",' +
    " fullName: \\\"L\\\", email: \\\"l@x.test\\\", birthDate: \\\"2001-01-01\\\", balance: $b," +
    " active: true, createdAt: \\\"2026-01-01T00:00:00Z\\\"}) { balance } }\"," +
    '"variables":{"b":9223372036854775807}}');
  assert.match(reply.text, /9223372036854775807/);
  await ask(world, DELETE, { id: "w6" });
});

scenario("who lacks the scope or the role cannot mutate", async (world) => {
  for (const who of ["reader", "auditor"]) {
    const reply = await world.post({ query: CREATE, variables: { input: input() } },
      world.tokens[who]);
    assert.equal(reply.status, 403, who);
    assert.equal(reply.json.errors[0].extensions.code, "FORBIDDEN", who);
  }
});

scenario("an analyst cannot write even with the scope", { needs: ["dataset-errors"] },
  async (world) => {
    const error = await askBadly(world, CREATE, { input: input() }, world.tokens.analyst);
    assert.equal(error.code, "FORBIDDEN");
  });

scenario("wrong values are told apart and change nothing", { needs: ["dataset-errors"] },
  async (world) => {
    for (const more of [{ birthDate: "2001-02-30" }, { createdAt: "yesterday" }, { score: 1.5 },
      { fullName: null }, { unknown: 1 }, { version: 7 }]) {
      const error = await askBadly(world, CREATE, { input: input({ id: "w7", ...more }) });
      assert.notEqual(error.code, undefined, JSON.stringify(more));
      assert.equal((await ask(world, READ, { id: "w7" })).person, null);
    }
  });
