// What the scenarios share: asking, and looking at answers.
import assert from "node:assert/strict";

import { post } from "../lib/http.mjs";

export { assert };

// POSTs an operation and gives its data; GraphQL errors fail the scenario.
export async function ask(world, query, variables, who = world.tokens.admin) {
  const reply = await post(world.graphql, who, { query, variables });
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.json.errors, undefined, reply.text);
  return reply.json.data;
}

// POSTs an operation that must fail; gives the first error.
export async function askBadly(world, query, variables, who = world.tokens.admin) {
  const reply = await post(world.graphql, who, { query, variables });
  assert.ok(reply.json?.errors?.length > 0, `expected errors: ${reply.text}`);
  return { ...reply.json.errors[0], code: reply.json.errors[0].extensions?.code, reply };
}

export const ids = (connection) => connection.edges.map((edge) => edge.node.id);

// The slow obvious twin: missing values are the least, text compares by code unit, key last.
export function ordered(rows, ...terms) {
  const rank = (value) => (value === null ? [0, 0] : [1, value]);
  return [...rows].sort((a, b) => {
    for (const [name, descending] of [...terms, ["id", false]]) {
      const [left, right] = [rank(a[name]), rank(b[name])];
      const less = left[0] - right[0] || (left[1] < right[1] ? -1 : left[1] > right[1] ? 1 : 0);
      if (less !== 0) return descending ? -less : less;
    }
    return 0;
  });
}

// Follows a connection to its end; gives the ids of each page.
export async function walk(world, { backward = false, size = 7, args = "" } = {}) {
  const [count, edge] = backward ? ["last", "before"] : ["first", "after"];
  const pages = [];
  let cursor = null;
  for (;;) {
    const data = await ask(world, `query Page($n: Int, $cursor: String) {
      persons(${count}: $n, ${edge}: $cursor ${args}) {
        edges { node { id } cursor }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      { n: size, cursor });
    const { edges, pageInfo } = data.persons;
    pages.push(ids(data.persons));
    if (edges.length > 0) {
      assert.equal(pageInfo.startCursor, edges[0].cursor);
      assert.equal(pageInfo.endCursor, edges.at(-1).cursor);
    }
    assert.ok(pages.length < 100, "paging must end");
    if (!(backward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) return pages;
    cursor = backward ? pageInfo.startCursor : pageInfo.endCursor;
  }
}
