// The evaluator on the examples of the page and of the draft, and on cases worked out by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { buildSchema, parse, validate } from 'graphql';

import { cost } from './cost.mjs';

const DIRECTIVES = `
directive @cost(weight: String!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
`;

// In credits; an error is its code.
function credits(sdl, query, { variables = {}, listSize = 100, operation = 0 } = {}) {
  const answer = cost(DIRECTIVES + sdl, query, operation, variables, listSize);
  if (answer.error !== undefined) return answer.error;
  assert.deepEqual(validate(buildSchema(DIRECTIVES + sdl), parse(query)), []);
  return [Number(answer.type) / 1000, Number(answer.field) / 1000];
}

function rows(sdl, list) {
  for (const [query, want, request] of list) {
    assert.deepEqual(credits(sdl, query, request), want, `${query} ${JSON.stringify(request ?? {})}`);
  }
}

test('the examples of the page', () => {
  const sdl = `
    type User { age: Int @cost(weight: "2.0") friends(first: Int): Friends @listSize(slicingArguments: ["first"], sizedFields: ["edges"]) }
    type Friends { edges: [Edge] }
    type Edge { node: User }
    input Filter { approx: Boolean @cost(weight: "-12.0") }
    type Query {
      users(max: Int): [User] @listSize(slicingArguments: ["max"])
      top(filter: Filter @cost(weight: "15.0")): [String] @cost(weight: "5.0") @listSize(assumedSize: 10)
    }`;
  rows(sdl, [
    ['{ users(max: 5) { age } }', [6, 11]],
    ['{ top(filter: {approx: true}) }', [1, 8]],
    ['{ top(filter: {}) }', [1, 20]],
    ['{ top }', [1, 5]],
    ['{ users(max: 2) { friends(first: 3) { edges { node { age } } } } }', [17, 23]],
    ['{ users(max: 2) { friends { edges { node { age } } } } }', 'invalid'],
    ['{ users { age } }', 'invalid'],
  ]);
});

test('the examples of the draft', () => {
  rows('enum Approximate { YES } type Product { x: Int } type Query { mostPopularProduct(approx: Approximate @cost(weight: "-3.0")): Product @cost(weight: "5.0") }', [
    ['{ mostPopularProduct(approx: YES) { x } }', [2, 2]],
    ['{ mostPopularProduct { x } }', [2, 5]],
  ]);
  rows('directive @approx(tolerance: Float! @cost(weight: "-1.0")) on FIELD type Query { a: Int @cost(weight: "3") b: Int }', [
    ['{ a @approx(tolerance: 1.5) }', [1, 2]],
    ['{ b @approx(tolerance: 1.5) a }', [1, 3]],
  ]);
  rows('type Query { topProducts: [String] @listSize(assumedSize: 10) users(max: Int!): [String] @listSize(slicingArguments: ["max"]) } ', [
    ['{ topProducts users(max: 3) }', [1, 0]],
  ]);
  rows(`type FilmEdge { cursor: ID node: Film } type Film { title: String @cost(weight: "0.25") }
    type FilmConnection { edges: [FilmEdge] pageInfo: PageInfo } type PageInfo { next: Boolean }
    type Query { films(first: Int, after: ID, last: Int, before: ID): FilmConnection @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"]) }`, [
    ['{ films(first: 4) { edges { cursor node { title } } pageInfo { next } } }', [11, 8]],
    ['{ films(last: 4) { e: edges { cursor } } }', [6, 2]],
    ['{ films(first: 4, last: 4) { edges { cursor } } }', 'invalid'],
    ['{ films { edges { cursor } } }', 'invalid'],
  ]);
});

test('weights of leaves, objects and roots', () => {
  const sdl = 'scalar Heavy @cost(weight: "5") enum E @cost(weight: "0.001") { A } type Light @cost(weight: "-2") { x: Int h: Heavy } type Query @cost(weight: "10") { h: Heavy e: E hs: [[Heavy]] light: Light }';
  rows(sdl, [
    ['{ h }', [15, 0]],
    ['{ e }', [10.001, 0]],
    ['{ hs }', [10 + 7 * 7 * 5, 0], { listSize: 7 }],
    ['{ light { x } }', [10, 1]],
    ['{ light { h } }', [13, 1]],
    ['{ __typename __schema { types { name } } __type(name: "E") { name } }', [10, 0]],
  ]);
  rows('type Query @cost(weight: "-3") { q: Query h: Int @cost(weight: "-1") }', [
    ['{ h }', [0, 0]],
    ['{ q { q { h } } }', [0, 2]],
  ]);
});

test('slicing arguments', () => {
  const sdl = `type Query { x: Int
    one(a: Int, b: Int): [Query] @listSize(slicingArguments: ["a", "b"])
    late(a: Int = 4, b: Int): [Query] @listSize(slicingArguments: ["a", "b"])
    two(a: Int = 4, b: Int = 9): [Query] @listSize(slicingArguments: ["a", "b"])
    any(a: Int, b: Int): [Query] @listSize(slicingArguments: ["a", "b"], requireOneSlicingArgument: false, assumedSize: 7)
    bare(a: Int): [[Query]] @listSize(slicingArguments: ["a"], requireOneSlicingArgument: false) }`;
  const v = (value) => ({ variables: { v: value } });
  rows(sdl, [
    ['{ one(a: 3) { x } }', [4, 1]],
    ['{ one(a: 3, b: null) { x } }', [4, 1]],
    ['{ one(a: 3, b: 1) { x } }', 'invalid'],
    ['{ one(a: null) { x } }', 'invalid'],
    ['query ($v: Int) { one(a: 3, b: $v) { x } }', [4, 1]],
    ['query ($v: Int) { one(a: 3, b: $v) { x } }', [4, 1], v(null)],
    ['query ($v: Int) { one(a: 3, b: $v) { x } }', 'invalid', v(2)],
    ['query ($v: Int = 6) { one(b: $v) { x } }', [7, 1]],
    ['query ($v: Int = 6) { one(b: $v) { x } }', 'invalid', v(null)],
    ['query ($v: Int = 6) { one(b: $v) { x } }', [3, 1], v(2)],
    ['query ($v: Int) { one(b: $v) { x } }', 'invalid', v(-1)],
    ['query ($v: Int) { one(b: $v) { x } }', 'invalid', v('2')],
    ['query ($v: Int) { one(b: $v) { x } }', 'invalid', v(2.5)],
    ['query ($v: Int) { one(b: $v) { x } }', [1e9 + 1, 1], v(1e12)],
    ['{ one(b: 2147483647) { x } }', [1e9 + 1, 1]],
    ['{ one(b: -1) { x } }', 'invalid'],
    ['{ one(b: 0) { x } }', [1, 1]],
    ['{ late { x } }', [5, 1]],
    ['{ late(b: 2) { x } }', [5, 1]], // the default counts with what is given
    ['{ late(a: 2) { x } }', [3, 1]],
    ['{ late(a: null) { x } }', [5, 1]],
    ['{ two { x } }', 'invalid'],
    ['{ two(a: 1) { x } }', [10, 1]],
    ['{ any { x } }', [8, 1]],
    ['{ any(a: 2, b: 3) { x } }', [4, 1]],
    ['{ bare { x } }', [26, 1], { listSize: 5 }],
    ['{ bare(a: 2) { x } }', [11, 1], { listSize: 5 }],
  ]);
});

test('paths of slicing arguments', () => {
  const sdl = `input Paging { first: Int = 3 last: Int } input In { paging: Paging }
    type Query { x: Int
      a(in: In): [Query] @listSize(slicingArguments: ["in.paging.first", "in.paging.last"])
      b(in: In = {paging: {last: 8}}): [Query] @listSize(slicingArguments: ["in.paging.last"])
      c(in: In): [Query] @listSize(slicingArguments: ["in.paging.first"], requireOneSlicingArgument: false) }`;
  // Arguments and input fields that are objects weigh 1 each.
  rows(sdl, [
    ['{ a(in: {paging: {first: 2}}) { x } }', [3, 3]],
    ['{ a(in: {paging: {}}) { x } }', [4, 3]],
    ['{ a(in: {paging: {last: 5}}) { x } }', [6, 3]],
    ['{ a(in: {}) { x } }', 'invalid'],
    ['{ b { x } }', [9, 1]],
    ['{ b(in: {paging: {last: 1}}) { x } }', [2, 3]],
    ['{ b(in: {}) { x } }', 'invalid'],
    ['query ($v: Int) { b(in: {paging: {last: $v}}) { x } }', [3, 3], { variables: { v: 2 } }],
    ['query ($v: Paging) { b(in: {paging: $v}) { x } }', [3, 3], { variables: { v: { last: 2, no: 1 } } }],
    ['query ($v: In = {paging: {last: 6}}) { b(in: $v) { x } }', [7, 3]],
    ['{ c { x } }', [6, 1], { listSize: 5 }],
  ]);
});

test('sized fields reach through fragments, by name, one level', () => {
  const sdl = `type Page { items: [Query] more: Page other: [Query] }
    type Query { x: Int page(n: Int): Page @listSize(slicingArguments: ["n"], sizedFields: ["items"]) pages: [Page] @listSize(assumedSize: 2, sizedFields: ["items"]) }`;
  const request = { listSize: 10 };
  rows(sdl, [
    ['{ page(n: 3) { i: items { x } } }', [1 + 1 + 3, 2], request],
    ['{ page(n: 3) { ...F } } fragment F on Page { ... { items { x } } }', [5, 2], request],
    ['{ page(n: 3) { more { items { x } } } }', [1 + 1 + 1 + 10, 3], request],
    ['{ page(n: 3) { items: other { x } } }', [1 + 1 + 10, 2], request],
    ['{ pages { items { x } } }', [1 + 10 * (1 + 2), 1 + 10], request],
    ['{ page(n: 3) { ...F } p: page(n: 5) { ...F } } fragment F on Page { items { x } }', [1 + 4 + 6, 4], request],
  ]);
});

test('interfaces take the largest of their objects', () => {
  const sdl = `interface Node { id(n: Int, deep: Int): Int list(n: Int = 1): [Node] }
    type A implements Node @cost(weight: "3") { id(n: Int @cost(weight: "4"), deep: Int): Int @cost(weight: "2") list(n: Int = 1): [Node] @listSize(slicingArguments: ["n"]) }
    type B implements Node @cost(weight: "0.5") { id(n: Int, deep: Int @cost(weight: "-1")): Int list(n: Int = 6): [Node] @listSize(slicingArguments: ["n"]) }
    interface Empty { e: Int es: [Empty] }
    type Query { node: Node empty: Empty }`;
  rows(sdl, [
    ['{ node { id } }', [4, 3]],
    ['{ node { id(n: 1) } }', [4, 7]],
    ['{ node { id(deep: 1) } }', [4, 3]], // 0 of A's is larger
    ['{ node { ... on B { id(deep: 1) } } }', [4, 1]],
    ['{ node { list { id } } }', [1 + 3 + 6 * 3, 1 + 1 + 6 * 2]],
    ['{ node { list(n: 2) { id } } }', [1 + 3 + 2 * 3, 1 + 1 + 2 * 2]],
    ['{ node { ... on A { list { id } } } }', [1 + 3 + 3, 1 + 1 + 2]],
    ['{ empty { e es { e } } }', [1 + 1 + 100, 1 + 1]],
  ]);
  const missing = 'interface I { l: [Int] } type A implements I { l: [Int] @listSize(assumedSize: 3) } type B implements I { l: [Int] } type Query { i: I }';
  rows(missing.replaceAll('Int', 'Query'), [['{ i { l { __typename } } }', [1 + 1 + 100, 2]]]);
});

test('fragments of an abstract type are alternatives', () => {
  const sdl = `interface I { x: Int @deprecated } type A implements I { x: Int a: Int @cost(weight: "5") q: Query } type B implements I { x: Int b: Int @cost(weight: "3") q: Query }
    type C { c: Int @cost(weight: "7") } union U = A | B | C type Query { i: I u: U }`;
  rows(sdl, [
    ['{ i { ... on A { a } ... on B { b } } }', [2, 6]],
    ['{ i { ... on A { a } ... on B { b } ... on B { b } } }', [2, 7]],
    ['{ i { ... { ... on A { a } } ... on B { b } } }', [2, 9]], // the first covers all
    ['{ i { ... on I { ... on A { a } ... on B { b } } } }', [2, 6]],
    ['{ u { ... on I { x ... on A { a } } ... on C { c } ... on B { b } } }', [2, 1 + 8]],
    ['{ u { ... on A { a q { __typename } } ... on C { c } } }', [3, 8]],
    // Type and field cost each on its own.
    ['{ u { ... on B { q { __typename } } ... on C { c } } }', [3, 8]],
  ]);
  const many = Array.from({ length: 70 }, (_, i) => `type T${i} implements I { x: Int } `).join('');
  const spreads = (n) => `{ i { ${Array.from({ length: n }, (_, i) => `... on T${i} { x }`).join(' ')} } }`;
  const wide = `interface I { x: Int } ${many} type Query { i: I }`.replaceAll('x: Int }', 'x: Int y: Query }');
  const query = (n, more = '') => spreads(n).replaceAll('{ x }', '{ y { __typename } }').replace(/} }$/, `${more} } }`);
  rows(wide, [
    [query(58), [3, 2]],
    [query(59), [61, 60]],
    [query(58, '... on T1 @skip(if: true) { x }'), [3, 2]],
  ]);
  const variable = `query ($v: Boolean!) ${query(58, '... on T1 @skip(if: $v) { x }')}`;
  rows(wide, [[variable, [60, 59], { variables: { v: true } }]]);
});

test('arguments and directives', () => {
  const sdl = `input In { leaf: [Int] @cost(weight: "2") in: In ins: [[In!]] @cost(weight: "0.5") }
    directive @tag(in: In @cost(weight: "-4"), n: Int @cost(weight: "1")) repeatable on FIELD
    scalar Any
    type Query { a(in: In, ins: [In] @cost(weight: "10"), any: [Any] @cost(weight: "3"), d: In = {leaf: 1}): Int }`;
  const v = (value) => ({ variables: { v: value } });
  rows(sdl, [
    ['{ a }', [1, 0]],
    ['{ a(in: {leaf: [1, 2]}) }', [1, 3]],
    ['{ a(in: {leaf: null, in: {in: {}}}) }', [1, 3]],
    ['{ a(ins: []) }', [1, 0]],
    ['{ a(ins: [{}, null, {leaf: 1}]) }', [1, 22]],
    ['{ a(ins: {}) }', [1, 10]],
    ['{ a(in: {ins: [[{}, {}], [{leaf: 1}], null]}) }', [1, 1 + 1.5 + 2]],
    ['{ a(any: [1, 2]) }', [1, 3]],
    ['{ a(any: []) }', [1, 3]],
    ['query ($v: In) { a(in: $v) }', [1, 0]],
    ['query ($v: In) { a(in: $v) }', [1, 3], v({ leaf: 1, none: { leaf: 1 }, in: null })],
    ['query ($v: In) { a(ins: [$v, $v]) }', [1, 20], v({})],
    ['query ($v: In) { a(ins: [$v, $v]) }', [1, 0]],
    ['{ a @tag(n: 1) @tag(n: 2, in: {leaf: 1}) }', [1, 0]],
    ['{ a(any: 1) @tag(in: {leaf: 1}) }', [1, 1]],
  ]);
});

test('@skip and @include', () => {
  const sdl = 'type Query { a: Int @cost(weight: "1") l(n: Int): [Int] @listSize(slicingArguments: ["n"]) }';
  const v = (value) => ({ variables: { v: value } });
  rows(sdl, [
    ['{ a @skip(if: true) l @include(if: false) }', [1, 0]],
    ['{ a @skip(if: false) @include(if: true) }', [1, 1]],
    ['query ($v: Boolean!) { a @skip(if: $v) }', 'invalid'],
    ['query ($v: Boolean!) { a @skip(if: $v) }', 'invalid', v('true')],
    ['query ($v: Boolean!) { a @skip(if: $v) }', [1, 0], v(true)],
    ['query ($v: Boolean = true) { a @skip(if: $v) }', [1, 0]],
    ['query ($v: Boolean!) { a @skip(if: $v) @include(if: false) }', [1, 0]],
    ['query ($v: Boolean!, $w: Boolean!) { a @include(if: $w) @skip(if: $v) }', [1, 0], v(true)],
    ['query ($v: Boolean!, $w: Boolean!) { a @include(if: $w) @skip(if: $v) }', 'invalid', v(false)],
    ['query ($v: Boolean!) { ...F @include(if: $v) } fragment F on Query { l }', [1, 0], v(false)],
    ['query ($v: Boolean!) { __typename @skip(if: $v) }', [1, 0]],
  ]);
});

test('operations, fragments used often, saturation, limits', () => {
  const sdl = 'type Query { q: Query qs: [Query] @listSize(assumedSize: 1000000000) x: Int @cost(weight: "1") }';
  const bomb = Array.from({ length: 45 }, (_, i) => `fragment F${i} on Query { ${i < 44 ? `...F${i + 1} ...F${i + 1}` : 'x'} }`).join(' ');
  const small = bomb.replace('fragment F30 on Query { ...F31 ...F31 }', 'fragment F30 on Query { x }');
  const qs = (n) => `{ ${'qs { '.repeat(n)}x${' }'.repeat(n)} }`;
  rows(sdl, [
    ['{ x x }', [1, 2]],
    ['query A { x } query B { q { x } ...F } query C { x } fragment F on Query { x }', [2, 3], { operation: 1 }],
    [`{ ...F0 } ${bomb}`, [1, 1e12]],
    [qs(1), [1e9 + 1, 1e9 + 1]],
    [qs(2), [1e12, 1e12]],
    [qs(9), [1e12, 1e12]],
  ]);
  assert.equal(credits(sdl, `{ ...F0 } ${small}`.replace(/fragment F3[1-9].*/, ''))[1], 2 ** 30);
  const nested = (n) => `${'{ q '.repeat(n - 1)}{ x ${'}'.repeat(n)}`;
  assert.deepEqual(credits(sdl, nested(250)), [250, 250]);
  assert.equal(credits(sdl, nested(251)), 'exhausted');
});

test('refused schemas', () => {
  const list = (directive, args = '') => `type Query { x${args}: [Int] @listSize(${directive}) q: Query }`;
  const weight = (text) => `type Query { x: Int @cost(weight: "${text}") }`;
  const schemas = [
    ...['', '-', '1.', '.5', '1.0001', '1e3', '1000000.001', '-1000001', ' 1', '+1'].map(weight),
    'interface I { x: Int @cost(weight: "1") } type Query { x: Int }',
    list('assumedSize: -1'),
    list('assumedSize: 1000000001'),
    list('slicingArguments: ["y"]'),
    list('slicingArguments: ["y"]', '(y: String)'),
    list('slicingArguments: ["y"]', '(y: Int = -1)'),
    list('slicingArguments: ["y.z"]', '(y: Int)'),
    list('sizedFields: ["x"]'),
    'type Query { x: Int @listSize(assumedSize: 1) }',
    'type Query { x: Int q: Query @listSize(sizedFields: ["x"]) }',
    'input In { n: Int } type Query { x(y: In = {n: -1}): [Int] @listSize(slicingArguments: ["y.n"]) }',
    'input In { n: Int = -1 } type Query { x(y: In): [Int] @listSize(slicingArguments: ["y.n"]) }',
  ];
  for (const sdl of schemas) assert.equal(cost(DIRECTIVES + sdl, '{ __typename }', 0, {}, 100).error, 'invalid', sdl);
  for (const text of ['1000000', '-1000000.000', '007.5', '-0', '0.001'])
    assert.equal(cost(DIRECTIVES + weight(text), '{ __typename }', 0, {}, 100).type, 1000n, text);
});
