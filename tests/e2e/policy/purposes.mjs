// What a request says it is for, and who asks, decide what is seen of a row.
import assert from "node:assert/strict";

import { scenario } from "../lib/scenario.mjs";
import { PERSONS } from "./rows.mjs";

const ROW = '{ person(id: "p3") { id country note name email born seen card profile salary rating diagnosis secret } }';
const [, , ROW3] = PERSONS;

// The person as `who` sees it, and the headers of the answer.
async function seenBy(stage, who, options) {
  const { status, json, headers, text } = await stage.graphql(who, { query: ROW }, options);
  assert.equal(status, 200, text);
  return { row: json.data.person, errors: json.errors, headers, text };
}

// A denial: nothing of the row, the reasons, and an id that the log knows.
async function denied(stage, who, options, reasons, query = ROW) {
  const { json, headers, text } = await stage.graphql(who, { query }, options);
  assert.ok(Object.values(json.data ?? {}).every((value) => value === null), text);
  const [{ message, extensions }] = json.errors;
  assert.equal(extensions.code, "FORBIDDEN");
  const id = headers["x-ig-decision-id"];
  assert.match(id, /^dec_\w+$/);
  assert.equal(message, `denied by policy: ${reasons.join(", ")} (decision ${id})`);
  const rules = headers["x-ig-rule-id"].split(", ");
  for (const reason of reasons) assert.ok(rules.includes(reason), headers["x-ig-rule-id"]);
  const line = await stage.decision(id);
  assert.equal(line.allowed, false);
  assert.deepEqual(line.reasons, reasons);
  return line;
}

scenario("without a header the token's first purpose holds; personal values are masked for it",
  async ({ opaStage: stage }) => {
    const { row, errors, headers } = await seenBy(stage, "analyst");
    assert.equal(errors, undefined);
    assert.equal(row.id, "p3");
    assert.equal(row.country, ROW3.country);
    assert.equal(row.note, ROW3.note);
    for (const column of ["name", "email"]) {
      assert.ok(row[column] && !row[column].includes(ROW3[column]), `${column}: ${row[column]}`);
    }
    assert.notEqual(row.name, row.email);
    for (const column of ["born", "seen", "card", "profile", "salary", "rating", "secret"]) {
      assert.equal(row[column], null, column);
    }
    assert.equal(row.diagnosis, "*".repeat(ROW3.diagnosis.length - 4) + ROW3.diagnosis.slice(-4));
    const line = await stage.decision(headers["x-ig-decision-id"]);
    assert.equal(line.purpose ?? line.input?.purpose, "support");
    for (const rule of ["role-analyst", "mask-personal", "mask-sensitive", "mask-secret"]) {
      assert.ok(headers["x-ig-rule-id"].split(", ").includes(rule), headers["x-ig-rule-id"]);
      assert.ok(line.rules.includes(rule));
    }
  });

scenario("masks are the same for the same value, by request and by thread", async ({ opaStage: stage }) => {
  const names = new Set();
  for (let i = 0; i < 20; i += 1) {
    const { row } = await seenBy(stage, "analyst", { headers: { "X-Nothing": String(i) } });
    names.add(row.name);
  }
  assert.equal(names.size, 1);
  const { json } = await stage.graphql("analyst", { query: "{ persons { nodes { name } } }" });
  const masked = json.data.persons.nodes.map(({ name }) => name);
  assert.equal(new Set(masked).size, PERSONS.length, "different values stay different");
  assert.ok(masked.includes([...names][0]));
});

scenario("a purpose that is granted opens what it is for", async ({ opaStage: stage }) => {
  const { row } = await seenBy(stage, "analyst", { purpose: "fraud-risk" });
  for (const column of ["name", "email", "born", "card"]) assert.equal(row[column], ROW3[column], column);
  assert.equal(row.secret, null);
  assert.equal(row.salary, null);
  assert.ok(row.diagnosis.startsWith("****"));
});

scenario("a purpose that is unknown, not granted or does not fit is denied, each by its name",
  async ({ opaStage: stage }) => {
    const unknown = await denied(stage, "analyst", { purpose: "curiosity" }, ["purpose-unknown"]);
    assert.equal(unknown.revision, "policies@r1");
    await denied(stage, "analyst", { purpose: "training" }, ["purpose-not-granted"]);
    await denied(stage, "auditor", { purpose: "fraud-risk" }, ["purpose-not-granted"]);
    await denied(stage, "analyst", { purpose: "support" }, ["purpose-mismatch"], "{ accounts { nodes { plan } } }");
    for (const purpose of ["Support", "support,fraud-risk", "*", "fraud-risk "]) {
      const { json, text } = await stage.graphql("analyst", { query: ROW }, { purpose });
      if (purpose.trim() === "fraud-risk") {
        assert.equal(json.data.person.email, ROW3.email, "a field's value has no spaces around it");
      } else {
        assert.match(json.errors[0].message, /purpose-unknown/, text);
      }
    }
    const { json } = await stage.graphql("analyst", { query: "{ accounts { nodes { plan } } }" }, { purpose: "fraud-risk" });
    assert.equal(json.data.accounts.nodes.length, 12);
  });

scenario("a header that is empty, long or twice is no way around", async ({ opaStage: stage }) => {
  const empty = await stage.graphql("analyst", { query: ROW }, { purpose: "" });
  assert.equal(empty.json.data?.person?.email === ROW3.email, false, empty.text);
  const long = await stage.graphql("analyst", { query: ROW }, { purpose: "x".repeat(65) });
  assert.equal(long.status, 400, long.text);
  const twice = await stage.graphql("analyst", { query: ROW }, { headers: { "X-MC-Purpose": ["curiosity", "fraud-risk"] } });
  assert.ok(!twice.text.includes(ROW3.email), twice.text);
});

scenario("roles: who sees personal values, who aggregates, who writes", async ({ opaStage: stage }) => {
  for (const who of ["admin", "dpo"]) {
    const { row } = await seenBy(stage, who);
    for (const column of ["name", "email", "born", "card", "salary", "rating", "diagnosis"]) {
      assert.equal(row[column], ROW3[column], `${column} for ${who}`);
    }
    assert.deepEqual(row.profile, ROW3.profile);
    assert.equal(row.secret, null);
  }
  for (const who of ["auditor", "oncall", "platform"]) {
    const { row } = await seenBy(stage, who);
    assert.ok(!row.email.includes(ROW3.email.slice(0, 12)), who);
  }
  await denied(stage, "analyst", {}, ["role"], "{ personsAggregate { count } }");
  const { json } = await stage.graphql("oncall", { query: "{ personsAggregate { count } }" });
  assert.equal(json.data.personsAggregate.count, PERSONS.length);
  const { status, json: refused } = await stage.graphql("auditor", { query: 'mutation { deletePerson(id: "p1") }' });
  assert.equal(status, 403);
  assert.equal(refused.errors[0].extensions.code, "FORBIDDEN");
  await denied(stage, "oncall", {}, ["role"], 'mutation { deletePerson(id: "p1") }');
  const { json: kept } = await stage.graphql("admin", { query: '{ person(id: "p1") { id } }' });
  assert.equal(kept.data.person.id, "p1");
});

scenario("a request of several datasets has a decision for each, all of them in the log", async ({ opaStage: stage }) => {
  const { json, headers } = await stage.graphql("oncall", { query: `{
    persons(first: 2) { totalCount nodes { id organisation { title } visits { nodes { place } } } } accounts { nodes { plan } } }` });
  assert.equal(json.data, null, "accounts are for another purpose, and never null");
  assert.equal(json.errors.length, 1);
  const ids = headers["x-ig-decision-id"].split(", ");
  assert.equal(new Set(ids).size, ids.length);
  const lines = [];
  for (const id of ids) lines.push(await stage.decision(id));
  const uses = lines.map((line) => `${line.input?.action ?? line.action} ${line.input?.resource?.name ?? line.resource}`).sort();
  assert.ok(uses.length >= 4, uses.join("; "));
  assert.equal(lines.filter(({ allowed }) => !allowed).length, 1);
  const rules = new Set(lines.flatMap((line) => line.rules));
  assert.deepEqual(new Set(headers["x-ig-rule-id"].split(", ")), rules);
});

scenario("requests that no policy decides have no such headers", async ({ opaStage: stage }) => {
  for (const [who, body] of [["analyst", { query: "{ __typename }" }], ["analyst", { query: "{" }],
    ["mct_nobody", { query: ROW }], ["stranger", { query: ROW }]]) {
    const { headers } = await stage.graphql(who, body);
    assert.equal(headers["x-ig-decision-id"], undefined, JSON.stringify(body));
    assert.equal(headers["x-ig-rule-id"], undefined);
  }
});

scenario("every decision id of an answer is found, by header and over the API", async ({ opaStage: stage }) => {
  const { headers } = await stage.graphql("analyst", { query: ROW });
  const id = headers["x-ig-decision-id"];
  await stage.decision(id);
  const { status, json, text } = await stage.get(`/v1/decisions/${id}`, "operator");
  assert.equal(status, 200, text);
  assert.equal(json.id, id);
  assert.equal((await stage.get(`/v1/decisions/${id}`, "admin")).status, 200, "its own tenant");
  assert.equal((await stage.get("/v1/decisions/dec_nothing", "operator")).status, 404);
});
