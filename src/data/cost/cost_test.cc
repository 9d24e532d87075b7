#include <string>

#include "cost/priced.h"

using namespace mc;
using namespace mc::cost;

TEST_CASE("cost: the examples of the specification") {
  const Priced priced(
      "type User { age: Int @cost(weight: \"2.0\") } "
      "enum Approximate { YES } input Filter { approx: Approximate @cost(weight: \"-12.0\") } "
      "directive @approx(tolerance: Float! @cost(weight: \"-1.0\")) on FIELD "
      "type Product { name: String } type PageInfo { more: Boolean } "
      "type FilmEdge { cursor: ID node: Product } "
      "type FilmConnection { edges: [FilmEdge] pageInfo: PageInfo } "
      "type Query { users(max: Int): [User] @listSize(slicingArguments: [\"max\"]) "
      "plain(filter: Filter @cost(weight: \"15.0\")): [String] @cost(weight: \"5.0\") "
      "@listSize(assumedSize: 10) "
      "popular(approx: Approximate @cost(weight: \"-3.0\")): Product @cost(weight: \"5.0\") "
      "films(first: Int, after: ID, last: Int, before: ID): FilmConnection "
      "@listSize(slicingArguments: [\"first\", \"last\"], sizedFields: [\"edges\"]) }");
  const Row rows[] = {
      // Query 1, 5 users; the resolvers users 1 and 5 * age 2
      {"{ users(max: 5) { age } }", "{}", "6 11"},
      {"{ plain }", "{}", "1 5"},
      {"{ plain(filter: {}) }", "{}", "1 20"},
      {"{ plain(filter: {approx: YES}) }", "{}", "1 8"},
      {"{ popular { name } }", "{}", "2 5"},
      {"{ popular(approx: YES) { name } }", "{}", "2 2"},
      {"{ popular @approx(tolerance: 1) { name @approx(tolerance: 1) } }", "{}", "2 4"},
      // Query, the connection, 7 edges, 7 nodes
      {"{ films(first: 7) { edges { node { name } } } }", "{}", "16 9"},
      {"{ films(last: 7) { edges { cursor } pageInfo { more } } }", "{}", "10 3"},
      {"{ films(first: 7, last: 8) { pageInfo { more } } }", "{}",
       "invalid Query.films: give exactly one of the arguments first, last"}};
  check_rows(priced, rows);
}

TEST_CASE("cost: types and fields are weighed apart, every selection counts") {
  const Priced priced(
      "type Query { a: A @cost(weight: \"0.5\") b: A s: Dear n: Dear @cost(weight: \"3\") e: E "
      "less: A @cost(weight: \"-2\") negative: Negative } "
      "type A @cost(weight: \"2.5\") { x: Int s: Dear a: A } "
      "type Negative @cost(weight: \"-4\") { a: A all: [A] @listSize(assumedSize: 1) } "
      "scalar Dear @cost(weight: \"0.25\") enum E @cost(weight: \"0.125\") { P }");
  const Row rows[] = {
      {"{ __typename }", "{}", "1 0"},
      {"{ a { x } }", "{}", "3.5 0.5"},
      {"{ a { x } b: a { x } a { x } }", "{}", "8.5 1.5"},
      {"{ b { s a { s } } }", "{}", "6.5 2"},
      {"{ s n e }", "{}", "1.625 3"},
      {"{ s s s }", "{}", "1.75 0"},
      {"{ less { a { x } } }", "{}", "6 1"},              // what lies below is not made cheaper
      {"{ negative { a { x } } }", "{}", "1 2"},          // -4 + 2.5 is 0
      {"{ negative { a { a { x } } } }", "{}", "2 3"},    // -4 + 5
      {"{ negative { all { a { x } } } }", "{}", "2 3"},  // -4 + 1 * 5
      {"{ __schema { types { name fields { name } } } __type(name: \"A\") { name } }", "{}", "1 0"},
      {"query Q { ...F } fragment F on Query { a { ...G } b { ...G } } fragment G on A { s s }",
       "{}", "7 1.5"}};
  check_rows(priced, rows);
}

TEST_CASE("cost: each operation of a document has its own root and its own price") {
  const Priced priced(
      "type Query { a: Int @cost(weight: \"1\") } "
      "type Mutation @cost(weight: \"10\") { a: Int @cost(weight: \"5\") b: Query } "
      "type Subscription @cost(weight: \"-3\") { a: Int @cost(weight: \"0.5\") }");
  const std::string document =
      "query A { a } mutation B { a b { a } } subscription C { a } mutation D { b { a a } }";
  const Cost wanted[] = {{1000, 1000}, {11'000, 7000}, {0, 500}, {11'000, 3000}};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto program = priced.program(document, i);
    REQUIRE(program.has_value());
    CHECK(*(*program)->price({}) == wanted[i]);
  }
  CHECK(priced.program(document, 4).error().code == Code::invalid);
}

TEST_CASE("cost: slicing arguments") {
  const char* one = "@listSize(slicingArguments: [\"first\", \"last\"]) ";
  const char* any =
      "@listSize(assumedSize: 7, slicingArguments: [\"first\", \"last\"], "
      "requireOneSlicingArgument: false) ";
  const std::string list = "): [A] ";
  const Priced priced("type A { x: Int } type Query { one(first: Int, last: Int" + list + one +
                          "fall(first: Int = 4, last: Int" + list + one +
                          "both(first: Int = 4, last: Int = 9" + list + one +
                          "any(first: Int, last: Int" + list + any +
                          "anyway(first: Int = 4, last: Int" + list + any +
                          "bare(first: Int): [A] @listSize(slicingArguments: [\"first\"], "
                          "requireOneSlicingArgument: false) "
                          "must(first: Int!): [A] @listSize(slicingArguments: [\"first\"]) }",
                      50);
  constexpr const char* kOne = "invalid Query.one: give exactly one of the arguments first, last";
  constexpr const char* kFirst =
      "invalid Query.one(first:) must be an integer that is not negative";
  const Row rows[] = {
      {"{ one(first: 3) { x } }", "{}", "4 1"},
      {"{ one(last: 0) { x } }", "{}", "1 1"},
      {"{ one { x } }", "{}", kOne},
      {"{ one(first: null) { x } }", "{}", kOne},
      {"{ one(first: null, last: 2) { x } }", "{}", "3 1"},
      {"{ one(first: 1, last: 1) { x } }", "{}", kOne},
      {"{ one(first: -1) { x } }", "{}", kFirst},
      {"{ one(first: 2147483647) { x } }", "{}", "1000000001 1"},
      {"query($n: Int) { one(first: $n) { x } }", "{\"n\": 5}", "6 1"},
      {"query($n: Int) { one(first: $n) { x } }", "{\"n\": 5.0}", "6 1"},
      {"query($n: Int) { one(first: $n) { x } }", "{\"n\": 5.5}", kFirst},
      {"query($n: Int) { one(first: $n) { x } }", "{\"n\": -5}", kFirst},
      {"query($n: Int) { one(first: $n) { x } }", "{\"n\": -1e300}", kFirst},
      {"query($n: Int) { one(first: $n) { x } }", "{\"n\": 1e300}", "1000000001 1"},
      {"query($n: Int) { one(first: $n) { x } }", "{\"n\": \"5\"}", kFirst},
      {"query($n: Int) { one(first: $n) { x } }", "{\"n\": true}", kFirst},
      {"query($n: Int) { one(first: $n) { x } }", "{\"n\": null}", kOne},
      {"query($n: Int) { one(first: $n) { x } }", "{\"m\": 1}", kOne},
      {"query($n: Int = 8) { one(first: $n) { x } }", "{}", "9 1"},
      {"query($n: Int = 8) { one(first: $n) { x } }", "{\"n\": 2}", "3 1"},
      {"query($n: Int = 8) { one(first: $n) { x } }", "{\"n\": null}", kOne},
      {"query($n: Int = -8) { one(first: $n) { x } }", "{}", kFirst},
      {"query($n: Int, $m: Int) { one(first: $n, last: $m) { x } }", "{\"m\": 2}", "3 1"},
      {"query($n: Int, $m: Int) { one(first: $n, last: $m) { x } }", "{\"n\": 2, \"m\": 2}", kOne},
      {"{ fall { x } }", "{}", "5 1"},
      {"{ fall(first: null) { x } }", "{}", "5 1"},
      {"{ fall(first: 2) { x } }", "{}", "3 1"},
      {"{ fall(last: 2) { x } }", "{}", "5 1"},  // the default of the other may count too
      {"{ fall(last: 6) { x } }", "{}", "7 1"},
      {"query($n: Int) { fall(first: $n) { x } }", "{}", "5 1"},
      {"query($n: Int) { fall(first: $n) { x } }", "{\"n\": null}", "5 1"},
      {"{ both { x } }", "{}", "invalid Query.both: give exactly one of the arguments first, last"},
      {"{ both(first: 1) { x } }", "{}", "10 1"},
      {"{ any { x } }", "{}", "8 1"},
      {"{ any(first: 2) { x } }", "{}", "3 1"},
      {"{ any(first: 2, last: 3) { x } }", "{}", "4 1"},
      {"query($n: Int) { any(first: $n) { x } }", "{}", "8 1"},
      {"{ anyway { x } }", "{}", "5 1"},
      {"{ anyway(last: 6) { x } }", "{}", "7 1"},
      {"{ bare { x } }", "{}", "51 1"},
      {"{ bare(first: 0) { x } }", "{}", "1 1"},
      {"query($n: Int!) { must(first: $n) { x } }", "{\"n\": 1}", "2 1"},
      {"query($n: Int!) { a: must(first: $n) { x } b: must(first: $n) { x } }", "{\"n\": 3}",
       "7 2"}};
  check_rows(priced, rows);
}

TEST_CASE("cost: slicing arguments within input objects") {
  const Priced priced(
      "type A { x: Int } input Page { first: Int = 6 last: Int } input In { page: Page p: Page = "
      "{last: 3} } type Query { "
      "a(in: In): [A] @listSize(slicingArguments: [\"in.page.first\"]) "
      "b(in: In = {page: {first: 2}}): [A] @listSize(slicingArguments: [\"in.page.first\"]) "
      "c(in: In): [A] @listSize(slicingArguments: [\"in.p.last\"], assumedSize: 1, "
      "requireOneSlicingArgument: false) }");
  constexpr const char* kOne = "invalid Query.a: give exactly one of the arguments in.page.first";
  // The input objects cost one each in the field cost.
  const Row rows[] = {
      {"{ a(in: {page: {first: 3}}) { x } }", "{}", "4 3"},
      {"{ a(in: {page: {}}) { x } }", "{}", "7 3"},
      {"{ a(in: {page: {first: null}}) { x } }", "{}", "7 3"},
      {"{ a(in: {}) { x } }", "{}", kOne},
      {"{ a(in: {page: null}) { x } }", "{}", kOne},
      {"{ a(in: null) { x } }", "{}", kOne},
      {"{ a { x } }", "{}", kOne},
      {"{ b { x } }", "{}", "3 1"},
      {"{ b(in: {page: {first: 5}}) { x } }", "{}", "6 3"},
      {"{ c { x } }", "{}", "2 1"},
      {"{ c(in: {}) { x } }", "{}", "4 2"},
      {"{ c(in: {p: {last: 5}}) { x } }", "{}", "6 3"},
      {"{ c(in: {p: {}}) { x } }", "{}", "2 3"},
      {"query($n: Int) { a(in: {page: {first: $n}}) { x } }", "{\"n\": 4}", "5 3"},
      {"query($n: Int) { a(in: {page: {first: $n}}) { x } }", "{}", "7 3"},
      {"query($p: Page) { a(in: {page: $p}) { x } }", "{\"p\": {\"first\": 2}}", "3 3"},
      {"query($p: Page) { a(in: {page: $p}) { x } }", "{\"p\": {}}", "7 3"},
      {"query($p: Page) { a(in: {page: $p}) { x } }", "{}", kOne},
      {"query($p: Page = {first: 9}) { a(in: {page: $p}) { x } }", "{}", "10 3"},
      {"query($p: Page = {first: 9}) { a(in: {page: $p}) { x } }", "{\"p\": null}", kOne},
      {"query($p: Page = {last: 9}) { a(in: {page: $p}) { x } }", "{}", "7 3"},
      {"query($i: In) { a(in: $i) { x } }", "{\"i\": {\"page\": {\"first\": 1}}}", "2 3"},
      {"query($i: In) { a(in: $i) { x } }", "{\"i\": {\"page\": {\"first\": -1}}}",
       "invalid Query.a(in.page.first:) must be an integer that is not negative"},
      {"query($i: In) { a(in: $i) { x } }", "{\"i\": {\"page\": 3}}",
       "invalid Query.a(in.page.first:) must be an integer that is not negative"},
      {"query($i: In) { b(in: $i) { x } }", "{}", "3 1"},
      {"query($i: In) { b(in: $i) { x } }", "{\"i\": null}", "3 1"},
      {"query($i: In) { c(in: $i) { x } }", "{\"i\": {}}", "4 2"}};
  check_rows(priced, rows);
}

TEST_CASE("cost: lists without a size, lists of lists, lists of leaves") {
  const Priced priced(
      "type Query { a: [A!]! aa: [[A]] aaa: [[[A!]!]] @listSize(assumedSize: 2) s: [Dear] "
      "ss: [[Dear]] @listSize(assumedSize: 3) zero: [A] @listSize(assumedSize: 0) } "
      "type A { x: Int y: Int @cost(weight: \"1\") a: [A] } scalar Dear @cost(weight: \"0.1\")",
      10);
  const Row rows[] = {{"{ a { x } }", "{}", "11 1"},
                      {"{ a { y } }", "{}", "11 11"},
                      {"{ a { a { y } } }", "{}", "111 111"},
                      {"{ aa { y } }", "{}", "101 101"},
                      {"{ aaa { y } }", "{}", "201 201"},
                      {"{ s }", "{}", "2 0"},
                      {"{ ss }", "{}", "4 0"},
                      {"{ zero { y a { y } } }", "{}", "1 1"}};
  check_rows(priced, rows);
}

TEST_CASE("cost: sized fields of connections, through fragments and at every place") {
  const Priced priced(
      "interface Conn { edges: [Edge] } "
      "type Edge { node: Node } type Node { x: Int @cost(weight: \"1\") more(n: Int): AConn "
      "@listSize(slicingArguments: [\"n\"], sizedFields: [\"edges\"]) } "
      "type AConn implements Conn { edges: [Edge] nodes: [Node] twice: [[Node]] other: [Node] "
      "own: [Node] @listSize(assumedSize: 3) } "
      "type BConn implements Conn { edges: [Edge] } "
      "type Query { all(n: Int): AConn @listSize(slicingArguments: [\"n\"], sizedFields: "
      "[\"edges\", "
      "\"nodes\", \"twice\", \"own\"]) any(n: Int): Conn @listSize(slicingArguments: [\"n\"], "
      "sizedFields: [\"edges\"]) many(n: Int): [AConn] @listSize(slicingArguments: [\"n\"], "
      "sizedFields: [\"nodes\"]) still: AConn @listSize(assumedSize: 5, sizedFields: [\"nodes\"]) "
      "none: AConn @listSize(sizedFields: [\"nodes\"]) plain: AConn }",
      10);
  const Row rows[] = {
      {"{ all(n: 2) { nodes { x } } }", "{}", "4 4"},    // conn, nodes and 2 x
      {"{ all(n: 2) { twice { x } } }", "{}", "22 22"},  // 2 * 10
      {"{ all(n: 2) { other { x } } }", "{}", "12 12"},  // not sized: 10
      {"{ all(n: 2) { own { x } } }", "{}", "4 4"},      // from above before its own
      {"{ plain { own { x } } }", "{}", "5 5"},
      {"{ all(n: 2) { e: edges { node { x } } nodes { x } } }", "{}", "8 9"},
      {"query($n: Int) { all(n: $n) { nodes { x } } }", "{\"n\": 4}", "6 6"},
      {"query($n: Int) { all(n: $n) { ... { ...C } } plain { ...C } } "
       "fragment C on AConn { nodes { x } }",
       "{\"n\": 4}", "17 18"},  // 4 and 10
      {"query($n: Int, $m: Int) { a: all(n: $n) { ...C } b: all(n: $m) { ...C ...C } } "
       "fragment C on AConn { ...D } fragment D on AConn { ... on Conn { ... on AConn { nodes { x "
       "} "
       "} } }",
       "{\"n\": 4, \"m\": 6}", "19 21"},  // 1 + (1 + 4) + (1 + 2 * 6); 2 + (1 + 4) + 2 * (1 + 6)
      {"{ all(n: 1) { edges { node { more(n: 2) { edges { node { x } } } } } } }", "{}", "9 9"},
      {"{ all(n: 1) { edges { node { plain: more(n: 3) { nodes { x } } } } } }", "{}", "15 15"},
      {"{ any(n: 3) { edges { node { x } } } }", "{}", "8 8"},
      {"{ any(n: 3) { ... on BConn { edges { node { x } } } } }", "{}", "8 8"},
      {"{ many(n: 3) { nodes { x } } }", "{}", "41 41"},  // ten connections of three
      {"{ still { nodes { x } } }", "{}", "7 7"},
      {"{ none { nodes { x } } }", "{}", "12 12"},
      {"{ all { nodes { x } } }", "{}", "invalid Query.all: give exactly one of the arguments n"},
      {"{ all { other { x } } }", "{}", "invalid Query.all: give exactly one of the arguments n"}};
  check_rows(priced, rows);
}

TEST_CASE("cost: arguments, input objects and directives, as literals and as variables") {
  const Priced priced(
      "input In { x: Int @cost(weight: \"2\") y: Int in: In list: [In!] dear: In @cost(weight: "
      "\"10\") less: Int @cost(weight: \"-4\") lists: [[Int]] @cost(weight: \"0.5\") } "
      "enum E @cost(weight: \"9\") { P } "
      "directive @d(x: Int @cost(weight: \"3\"), in: In) repeatable on FIELD | FRAGMENT_SPREAD | "
      "QUERY "
      "type Query { f(i: In, l: [In], ll: [[In]], w: In @cost(weight: \"5\"), n: Int @cost(weight: "
      "\"0.75\"), ids: [ID] @cost(weight: \"1.5\"), e: E, d: Int = 5 @cost(weight: \"100\")): Int "
      "q: Query }");
  const Row rows[] = {
      {"{ f(i: {}) }", "{}", "1 1"},
      {"{ f(i: null, l: null, n: null) }", "{}", "1 0"},
      {"{ f(i: {x: 1, y: 2}) }", "{}", "1 3"},
      {"{ f(i: {x: null}) }", "{}", "1 1"},
      {"{ f(i: {in: {in: {x: 1}}}) }", "{}", "1 5"},
      {"{ f(i: {dear: {x: 1}}) }", "{}", "1 13"},
      {"{ f(i: {x: 1, less: 1}) }", "{}", "1 0"},   // 1 + 2 - 4
      {"{ f(i: {less: 1}, w: {}) }", "{}", "1 2"},  // 1 - 4 + 5
      {"{ f(i: {list: [{x: 1}, {}, {y: 1}]}) }", "{}", "1 6"},
      {"{ f(i: {list: {x: 1}}) }", "{}", "1 4"},
      {"{ f(i: {lists: [[1, 2], [3]]}) }", "{}", "1 1.5"},
      {"{ f(l: []) }", "{}", "1 0"},
      {"{ f(l: [{x: 1}, null, {x: 1}]) }", "{}", "1 6"},
      {"{ f(ll: [[{}, {}], [{}], [], null]) }", "{}", "1 3"},
      {"{ f(w: {x: 1}) }", "{}", "1 7"},
      {"{ f(n: 3) }", "{}", "1 0.75"},
      {"{ f(ids: [1, 2, 3]) }", "{}", "1 1.5"},
      {"{ f(ids: []) }", "{}", "1 1.5"},
      {"{ f(e: P) }", "{}", "1 0"},
      {"{ f(d: 1) }", "{}", "1 100"},
      {"{ f @d(x: 1) @d(x: 2, in: {x: 1}) }", "{}", "1 9"},
      {"query @d(x: 1) { ...F @d(x: 1) } fragment F on Query { f }", "{}", "1 0"},
      {"{ q { f(n: 1) } }", "{}", "2 1.75"},
      {"query($i: In) { f(i: $i) }", "{}", "1 0"},
      {"query($i: In) { f(i: $i) }", "{\"i\": null}", "1 0"},
      {"query($i: In) { f(i: $i) }", "{\"i\": {\"x\": 1, \"y\": 1, \"z\": {\"x\": 1}}}", "1 3"},
      {"query($i: In) { f(i: $i) }", "{\"i\": {\"list\": [{\"x\": 1}, null, {\"in\": {}}]}}",
       "1 6"},
      {"query($i: In) { f(i: $i) }", "{\"i\": {\"list\": {\"x\": 1}, \"x\": null}}", "1 4"},
      {"query($i: In) { f(i: $i) }", "{\"i\": {\"dear\": {\"dear\": {}}, \"lists\": []}}",
       "1 21.5"},
      {"query($i: In) { f(i: $i) }", "{\"i\": 7}", "1 0"},
      {"query($i: In) { f(i: $i, w: $i) }", "{\"i\": {\"x\": 1}}", "1 10"},
      {"query($i: In) { f(w: {in: $i, dear: $i}) }", "{\"i\": {\"x\": 1}}", "1 20"},
      {"query($i: In) { f(l: [$i, {}, $i]) }", "{\"i\": {\"x\": 1}}", "1 7"},
      {"query($i: In = {x: 1, list: [{}, {}]}) { f(w: $i) }", "{}", "1 9"},
      {"query($i: In = {x: 1}) { f(w: $i) }", "{\"i\": {}}", "1 5"},
      {"query($i: In = {x: 1}) { f(w: $i) }", "{\"i\": null}", "1 0"},
      {"query($l: [In]) { f(l: $l) }", "{\"l\": [{}, {\"x\": 1}, null]}", "1 4"},
      {"query($l: [In]) { f(l: $l) }", "{\"l\": {\"x\": 1}}", "1 3"},
      {"query($l: [[In]]) { f(ll: $l) }", "{\"l\": [[{}], [{}, {}]]}", "1 3"},
      {"query($n: Int) { f(n: $n) }", "{\"n\": 0}", "1 0.75"},
      {"query($n: Int) { f(n: $n) }", "{}", "1 0"},
      {"query($n: Int = 1) { f(n: $n, i: {less: $n, x: $n}) }", "{}", "1 0"},
      {"query($n: ID, $m: ID) { f(ids: [$n, $m]) }", "{}", "1 1.5"},
      {"query($n: [ID]) { f(ids: $n) }", "{\"n\": [1, 2]}", "1 1.5"},
      {"query($n: Int) { f @d(x: $n) }", "{\"n\": 1}", "1 3"}};
  check_rows(priced, rows);
}

TEST_CASE("cost: skip and include") {
  const Priced priced(
      "type Query { a: Int @cost(weight: \"1\") b: Int @cost(weight: \"2\") q: Query "
      "l(n: Int): [Query] @listSize(slicingArguments: [\"n\"]) }");
  constexpr const char* kFlag = "invalid $s must be true or false";
  const Row rows[] = {
      {"{ a @skip(if: true) b @skip(if: false) }", "{}", "1 2"},
      {"{ a @include(if: true) b @include(if: false) }", "{}", "1 1"},
      {"{ a @include(if: true) @skip(if: true) b }", "{}", "1 2"},
      {"{ l @skip(if: true) { a } ... @include(if: false) { l { a } } ...F @skip(if: true) b } "
       "fragment F on Query { l { a } }",
       "{}", "1 2"},
      {"query($s: Boolean!) { a @skip(if: $s) b }", "{\"s\": true}", "1 2"},
      {"query($s: Boolean!) { a @skip(if: $s) b }", "{\"s\": false}", "1 3"},
      {"query($s: Boolean!) { b a @include(if: $s) }", "{\"s\": true}", "1 3"},
      {"query($s: Boolean!) { b a @include(if: $s) b }", "{\"s\": false}", "1 4"},
      {"query($s: Boolean! = true) { a @skip(if: $s) b }", "{}", "1 2"},
      {"query($s: Boolean = false) { a @skip(if: $s) b }", "{}", "1 3"},
      {"query($s: Boolean!) { a @skip(if: $s) b }", "{}", kFlag},
      {"query($s: Boolean!) { a @skip(if: $s) b }", "{\"s\": null}", kFlag},
      {"query($s: Boolean = true) { a @skip(if: $s) b }", "{\"s\": null}", kFlag},
      {"query($s: Boolean!) { a @skip(if: $s) b }", "{\"s\": \"true\"}", kFlag},
      {"query($s: Boolean!) { a @skip(if: $s) @include(if: false) b }", "{}", "1 2"},
      {"query($s: Boolean!, $i: Boolean!) { a @include(if: $s) @skip(if: $i) b }", "{\"i\": true}",
       "1 2"},
      {"query($s: Boolean!, $i: Boolean!) { a @skip(if: $s) @include(if: $i) b }",
       "{\"s\": false, \"i\": false}", "1 2"},
      {"query($s: Boolean!, $i: Boolean!) { a @skip(if: $s) @include(if: $i) b }",
       "{\"s\": false, \"i\": true}", "1 3"},
      // what is left out has no errors
      {"query($s: Boolean!) { l @skip(if: $s) { a } b }", "{\"s\": true}", "1 2"},
      {"query($s: Boolean!) { l @skip(if: $s) { a } b }", "{\"s\": false}",
       "invalid Query.l: give exactly one of the arguments n"},
      {"query($s: Boolean!) { q { ... @include(if: $s) { a l(n: 2) { a } } b } a }",
       "{\"s\": true}", "4 8"},
      {"query($s: Boolean!) { q { ... @include(if: $s) { a l(n: 2) { a } } b } a }",
       "{\"s\": false}", "2 4"},
      {"query($s: Boolean!) { ...F @skip(if: $s) q { ...F } } fragment F on Query { b }",
       "{\"s\": true}", "2 3"},
      {"query($s: Boolean!) { ...F @skip(if: $s) q { ...F } } fragment F on Query { b }",
       "{\"s\": false}", "2 5"},
      {"query($s: Boolean!) { q @include(if: $s) { q @skip(if: $s) { a } b } }", "{\"s\": true}",
       "2 3"}};
  check_rows(priced, rows);
}

TEST_CASE("cost: abstract parents cost what their dearest object costs") {
  const Priced priced(
      "interface I { x: Int } interface J { x: Int } "
      "type A implements I & J @cost(weight: \"3\") { x: Int @cost(weight: \"1\") a: T } "
      "type B implements I & J { x: Int @cost(weight: \"5\") b: U } "
      "type C implements I { x: Int c: Int @cost(weight: \"4\") } "
      "union S = A | C type T @cost(weight: \"7\") { t: Int @cost(weight: \"2\") } "
      "type U { u: Int @cost(weight: \"20\") } "
      "type Query { i: I j: J s: S list: [I] @listSize(assumedSize: 2) a: A }");
  const Row rows[] = {
      {"{ i { x } }", "{}", "4 6"},  // the weight of A; x of B
      {"{ s { __typename } }", "{}", "4 1"},
      {"{ i { ... on C { c } } }", "{}", "4 5"},
      // types: A 3 + 7; fields: B 1 + 20
      {"{ i { ... on A { a { t } } ... on B { b { u } } ... on C { c } } }", "{}", "11 22"},
      {"{ i { x ... on A { x } ... on B { x } ... on C { x c } } }", "{}", "4 11"},
      {"{ i { ... on A { a { t } } ... on A { a { t } } } }", "{}", "18 7"},
      // J covers A and B, of I; the rows are A+J, B+J and C
      {"{ i { ... on J { x } ... on A { a { t } } ... on C { c } } }", "{}", "11 9"},
      {"{ j { ... on I { x } ... on J { x } ... on A { x } } }", "{}", "4 12"},
      {"{ i { ...F ...G } } fragment F on A { a { t } } fragment G on B { b { u } }", "{}",
       "11 22"},
      {"{ i { ... { ... on A { a { t } } } ... { ... on B { b { u } } } } }", "{}", "12 25"},
      {"{ list { ... on A { a { t } } ... on B { b { u } } } }", "{}", "21 43"},
      {"{ s { ... on A { x } ... on I { x } ... on C { c } } }", "{}", "4 10"},
      {"{ a { ... on I { x } ... on J { x } ... on A { x } } }", "{}", "4 12"},
      {"query($s: Boolean!) { i { ... on A @skip(if: $s) { a { t } } ... on B { b { u } } } }",
       "{\"s\": false}", "11 22"},
      {"query($s: Boolean!) { i { ... on A @skip(if: $s) { a { t } } ... on B { b { u } } } }",
       "{\"s\": true}", "5 22"},
      {"query($s: Boolean!) { i { x ... on A { a { t } } ... on B @skip(if: $s) { b { u } } x } }",
       "{\"s\": true}", "11 14"},
      {"query($s: Boolean!) { list { ...F ... on B @skip(if: $s) { b { u } } } list { ...F } } "
       "fragment F on I { ... on A { a { t } } ... on C @skip(if: $s) { c } }",
       "{\"s\": false}", "43 60"}};
  check_rows(priced, rows);
}

TEST_CASE("cost: an interface's field is sized as the fields of its objects") {
  const Priced priced(
      "interface I { l(n: Int): [X] own: [X] @listSize(assumedSize: 2) c(n: Int): Conn } "
      "type X { x: Int } type Conn { e: [X] } "
      "type A implements I { l(n: Int): [X] @listSize(slicingArguments: [\"n\"]) "
      "own: [X] @listSize(assumedSize: 50) c(n: Int): Conn @listSize(slicingArguments: [\"n\"], "
      "sizedFields: [\"e\"]) } "
      "type B implements I { l(n: Int): [X] @listSize(assumedSize: 5) own: [X] "
      "c(n: Int): Conn @listSize(assumedSize: 4, sizedFields: [\"e\"]) } "
      "interface K { l: [X] } type D implements K { l: [X] @listSize(assumedSize: 3) } "
      "type E implements K { l: [X] } type Query { i: I k: K }",
      10);
  const Row rows[] = {
      {"{ i { l(n: 3) { x } } }", "{}", "7 2"},
      {"{ i { l(n: 8) { x } } }", "{}", "10 2"},
      {"query($n: Int) { i { l(n: $n) { x } } }", "{\"n\": 8}", "10 2"},
      {"query($n: Int) { i { l(n: $n) { x } } }", "{\"n\": 1}", "7 2"},
      {"{ i { l { x } } }", "{}", "invalid A.l: give exactly one of the arguments n"},
      {"{ i { own { x } } }", "{}", "4 2"},
      {"{ i { c(n: 1) { e { x } } } }", "{}", "7 3"},
      {"query($n: Int) { i { c(n: $n) { e { x } } } }", "{\"n\": 6}", "9 3"},
      {"{ k { l { x } } }", "{}", "12 2"}};
  check_rows(priced, rows);
}
