// Plain resolvers over arrays, with the semantics of the schema: SQL's three-valued comparisons,
// missing values first, keyset cursors, versions.
import { GraphQLError } from "graphql";

const refuse = (code, message) => new GraphQLError(message, { extensions: { code } });

const moment = (value) => (/^\d{4}-\d\d-\d\dT/.test(String(value)) ? Date.parse(value) : value);
const compare = (left, right) => {
  const [a, b] = [moment(left), moment(right)];
  return a < b ? -1 : a > b ? 1 : 0;
};
const OPERATORS = {
  eq: (value, wanted) => compare(value, wanted) === 0,
  ne: (value, wanted) => compare(value, wanted) !== 0,
  lt: (value, wanted) => compare(value, wanted) < 0,
  lte: (value, wanted) => compare(value, wanted) <= 0,
  gt: (value, wanted) => compare(value, wanted) > 0,
  gte: (value, wanted) => compare(value, wanted) >= 0,
  in: (value, wanted) => wanted.some((one) => compare(value, one) === 0),
  notIn: (value, wanted) => wanted.every((one) => compare(value, one) !== 0),
  contains: (value, wanted) => value.includes(wanted),
  startsWith: (value, wanted) => value.startsWith(wanted),
};

const every = (parts) =>
  parts.includes(false) ? false : parts.includes(null) ? null : true;
const some = (parts) => (parts.includes(true) ? true : parts.includes(null) ? null : false);

function holdsFor(value, operator, wanted) {
  if (operator === "isNull") return (value === null) === wanted;
  return value === null ? null : OPERATORS[operator](value, wanted);
}

// true, false or null (unknown).
function holds(row, filter) {
  return every(Object.entries(filter ?? {}).map(([name, wanted]) => {
    if (name === "and") return every(wanted.map((part) => holds(row, part)));
    if (name === "or") return some(wanted.map((part) => holds(row, part)));
    if (name === "not") {
      const inner = holds(row, wanted);
      return inner === null ? null : !inner;
    }
    return every(Object.entries(wanted).map(([operator, operand]) =>
      holdsFor(row[name], operator, operand)));
  }));
}

function sorter(order) {
  const terms = [...(order ?? []), { field: "id", direction: "ASC" }];
  return (left, right) => {
    for (const { field, direction } of terms) {
      const [a, b] = [left[field], right[field]];
      const less = a === null || b === null
        ? Number(a !== null) - Number(b !== null) : a < b ? -1 : a > b ? 1 : 0;
      if (less !== 0) return direction === "DESC" ? -less : less;
    }
    return 0;
  };
}

const toCursor = (row) => Buffer.from(JSON.stringify(row)).toString("base64url");
const fromCursor = (text) => JSON.parse(Buffer.from(text, "base64url").toString("utf8"));

function connection(rows, { filter, order, first, after, last, before }) {
  const by = sorter(order);
  let held = rows.filter((row) => holds(row, filter) === true).sort(by);
  const all = held.length;
  if (after) held = held.filter((row) => by(row, fromCursor(after)) > 0);
  if (before) held = held.filter((row) => by(row, fromCursor(before)) < 0);
  const within = held.length;
  const backward = last !== undefined && last !== null;
  const size = (backward ? last : first) ?? 20;
  held = backward ? held.slice(Math.max(0, within - size)) : held.slice(0, size);
  const edges = held.map((node) => ({ node, cursor: toCursor(node) }));
  return {
    edges,
    nodes: held,
    pageInfo: {
      hasNextPage: backward ? Boolean(before) : within > size,
      hasPreviousPage: backward ? within > size : Boolean(after),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: all,
  };
}

function mutations(rowsOf) {
  const find = ({ id, expectedVersion }, { tenant }) => {
    const rows = rowsOf(tenant, "person");
    const at = rows.findIndex((row) => row.id === id);
    if (at < 0) throw refuse("NOT_FOUND", "there is no such Person");
    const stale = expectedVersion !== undefined && expectedVersion !== null &&
      expectedVersion !== rows[at].version;
    if (stale) throw refuse("CONFLICT", "the Person was changed since it was read");
    return { rows, at };
  };
  let made = 0;
  return {
    createPerson: (_, { input }, { tenant }) => {
      const rows = rowsOf(tenant, "person");
      const id = input.id ?? `made-${String((made += 1)).padStart(8, "0")}`;
      if (rows.some((row) => row.id === id)) throw refuse("CONFLICT", "the key is there already");
      const empty = { phone: null, score: null, rating: null, organisationId: null };
      rows.push({ ...empty, ...input, id, version: 1 });
      return rows.at(-1);
    },
    updatePerson: (_, args, context) => {
      const { rows, at } = find(args, context);
      rows[at] = { ...rows[at], ...args.input, version: rows[at].version + 1 };
      return rows[at];
    },
    deletePerson: (_, args, context) => {
      const { rows, at } = find(args, context);
      rows.splice(at, 1);
      return true;
    },
  };
}

export function makeResolvers(world) {
  const rowsOf = (tenant, name) => world[tenant]?.[name] ?? [];
  const one = (name) => (_, { id }, { tenant }) =>
    rowsOf(tenant, name).find((row) => row.id === id) ?? null;
  const list = (name) => (_, args, { tenant }) => connection(rowsOf(tenant, name), args);
  const toOne = (name, local) => (row, _, { tenant }) =>
    rowsOf(tenant, name).find((held) => held.id === row[local]) ?? null;
  const toMany = (name, remote) => (row, args, { tenant }) =>
    connection(rowsOf(tenant, name).filter((held) => held[remote] === row.id), args);
  return {
    Query: {
      person: one("person"), persons: list("person"),
      organisation: one("organisation"), organisations: list("organisation"),
      task: one("task"), tasks: list("task"),
      reading: one("reading"), readings: list("reading"),
    },
    Mutation: mutations(rowsOf),
    Person: {
      organisation: toOne("organisation", "organisationId"), tasks: toMany("task", "personId"),
    },
    Organisation: { people: toMany("person", "organisationId") },
    Task: { person: toOne("person", "personId") },
  };
}
