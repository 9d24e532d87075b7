import assert from "node:assert/strict";
import { test } from "node:test";

import { complete } from "../src/graphql/complete.ts";
import { readSchema, type Introspection } from "../src/graphql/schema.ts";

const scalar = (name: string) => ({ kind: "SCALAR", name });
const object = (name: string) => ({ kind: "OBJECT", name });
const list = (type: object) => ({ kind: "LIST", name: null, ofType: { kind: "NON_NULL", name: null, ofType: type } });
const input = (name: string, type: object) => ({ name, description: null, type });
const field = (name: string, type: object, args: object[] = []) => ({ ...input(name, type), args });
const type = (kind: string, name: string, more: object) =>
  ({ kind, name, fields: null, inputFields: null, enumValues: null, ...more });

const schema = readSchema({
  __schema: {
    queryType: { name: "Query" },
    mutationType: { name: "Mutation" },
    types: [
      type("OBJECT", "Query", {
        fields: [
          field("person", object("Person"), [input("id", scalar("ID"))]),
          field("persons", list(object("Person")), [
            input("first", scalar("Int")), input("filter", { kind: "INPUT_OBJECT", name: "PersonFilter" }),
            input("orderBy", list({ kind: "ENUM", name: "Order" })),
          ]),
        ],
      }),
      type("OBJECT", "Mutation", { fields: [field("deletePerson", scalar("Boolean"))] }),
      type("OBJECT", "Person", {
        fields: [field("id", scalar("ID")), field("fullName", scalar("String")), field("friends", list(object("Person")))],
      }),
      type("INPUT_OBJECT", "PersonFilter", {
        inputFields: [
          input("active", scalar("Boolean")), input("fullName", { kind: "INPUT_OBJECT", name: "TextFilter" }),
        ],
      }),
      type("INPUT_OBJECT", "TextFilter", { inputFields: [input("eq", scalar("String"))] }),
      type("ENUM", "Order", { enumValues: [{ name: "AGE_ASC" }, { name: "AGE_DESC" }] }),
      type("SCALAR", "Int", {}),
      type("SCALAR", "Boolean", {}),
    ],
    directives: [{ name: "include", args: [input("if", scalar("Boolean"))] }],
  },
} as unknown as Introspection);

// The cursor is at |.
function at(text: string): string[] {
  const cursor = text.indexOf("|");
  return complete(schema, text.replace("|", ""), cursor).items.map((item) => item.text);
}

test("completion knows where it is", () => {
  const rows: [string, string[]][] = [
    ["|", ["fragment", "mutation", "query"]],
    ["qu|", ["query"]],
    ["{ |", ["person", "persons", "__typename"]],
    ["{ pers|", ["person", "persons"]],
    ["query Q { person|", ["persons"]],
    ["mutation { |", ["deletePerson", "__typename"]],
    ["{ persons { | } }", ["friends", "fullName", "id", "__typename"]],
    ["{ all: persons { f|", ["friends", "fullName"]],
    ["{ persons { friends { id } | } }", ["friends", "fullName", "id", "__typename"]],
    ["{ persons { friends { id } } | }", ["person", "persons", "__typename"]],
    ["{ persons(|", ["filter", "first", "orderBy"]],
    ["{ persons(first: 3, fi|", ["filter", "first"]],
    ["{ persons(first: 3) { id } p|", ["person", "persons"]],
    ["{ persons(filter: { |", ["active", "fullName"]],
    ["{ persons(filter: { active: |", ["false", "true"]],
    ["{ persons(filter: { active: true, |", ["active", "fullName"]],
    ["{ persons(filter: { fullName: { |", ["eq"]],
    ["{ persons(filter: { fullName: { eq: \"a\" } |", ["active", "fullName"]],
    ["{ persons(orderBy: |", ["AGE_ASC", "AGE_DESC"]],
    ["{ persons(orderBy: [AGE_ASC, AGE_D|", ["AGE_DESC"]],
    ["{ persons(orderBy: [AGE_ASC], f|", ["filter", "first"]],
    ["{ ... |", ["on"]],
    ["{ persons { ... on |", ["Mutation", "Person", "Query"]],
    ["{ persons { ... on Person { f|", ["friends", "fullName"]],
    ["fragment F on Person { f|", ["friends", "fullName"]],
    ["{ persons { ...| } } fragment F on Person { id }", ["F", "on"]],
    ["query Q($n: |", ["Boolean", "Int", "Order", "PersonFilter", "TextFilter"]],
    ["query Q($n: Int) { persons(first: |", ["$n"]],
    ["query Q($n: Int) { persons(first: $|", ["$n"]],
    ["{ persons @|", ["include"]],
    ["{ persons @include(|", ["if"]],
    ["{ persons @include(if: |", ["false", "true"]],
    ["{ persons @include(if: true) { f|", ["friends", "fullName"]],
    ["{ persons(filter: { fullName: { eq: \"|", []],
    ["{ # per|", []],
    ["{ person(id: \"a\") { |", ["friends", "fullName", "id", "__typename"]],
  ];
  for (const [text, wanted] of rows) assert.deepEqual(at(text), wanted, text);
});

test("completion of anything ends, and gives what can stand there", () => {
  const pieces = ["{", "}", "(", ")", "[", "]", ":", "...", "on", "@", "$", "persons", "\"", "#", "\n", "1", "query", "filter"];
  let seed = 7;
  for (let round = 0; round < 2_000; round += 1) {
    let text = "";
    for (let i = 0; i < 12; i += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      text += `${pieces[seed % pieces.length]} `;
    }
    const { from, items } = complete(schema, text, text.length);
    assert.ok(from <= text.length && items.length <= 50, text);
  }
});
