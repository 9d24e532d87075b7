#include "cost/model.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "cost/priced.h"

namespace {

using namespace mc;
using namespace mc::cost;

std::unique_ptr<graphql::Schema> build(const std::string& sdl) {
  auto built = graphql::Schema::build({sdl});
  REQUIRE_MESSAGE(built.has_value(), built.error().what);
  return std::move(*built);
}

// With the definitions that are not the specification's own.
std::unique_ptr<graphql::Schema> build_loosely(const std::string& sdl) {
  auto built = graphql::Schema::build({sdl}, graphql::Schema::Check::structure_only);
  REQUIRE_MESSAGE(built.has_value(), built.error().what);
  return std::move(*built);
}

std::string refusal(const graphql::Schema& schema) {
  const auto model = CostModel::make(schema);
  if (model) return "";
  CHECK(model.error().code == Code::invalid);
  return model.error().what;
}

struct Refused {
  const char* sdl;
  const char* error;
};
constexpr Refused kRefused[] = {
    {"type Query { a: Int @cost }", "Query.a: the weight of @cost"},
    {"type Query { a(b: Int @cost(weight: \"x\")): Int }", "Query.a(b:): the weight"},
    {"type Query { a: Int } type T @cost(weight: \"x\") { a: Int }", "T: the weight"},
    {"type Query { a: Int } scalar S @cost(weight: \"x\")", "S: the weight"},
    {"type Query { a: Int } enum E @cost(weight: \"x\") { A }", "E: the weight"},
    {"type Query { a: Int } input I { b: Int @cost(weight: \"x\") }", "I.b: the weight"},
    {"type Query { a: Int } input I @cost(weight: \"1\") { b: Int }", "I: @cost stands on"},
    {"type Query { a: Int } interface I @cost(weight: \"1\") { b: Int }", "I: @cost stands on"},
    {"type Query { a: Int } union U @cost(weight: \"1\") = Query", "U: @cost stands on"},
    {"type Query { a: Int } interface I { b: Int @cost(weight: \"1\") }",
     "I.b: @cost may not stand on the field of an interface"},
    {"type Query { a: Int } interface I { b(c: Int @cost(weight: \"x\")): Int }", "I.b(c:): the"},
    {"directive @d(x: Int @cost(weight: \"x\")) on FIELD type Query { a: Int }", "@d(x:): the"},
    {"type Query { a: Int @cost(weight: \"1\") @cost(weight: \"1\") }",
     "Query.a: @cost is given twice"},
    {"type Query { a: [Int] @listSize(assumedSize: 1) @listSize(assumedSize: 1) }",
     "Query.a: @listSize is given twice"},
    {"type Query { a: [Int] @listSize(assumedSize: -1) }", "Query.a: assumedSize must be"},
    {"type Query { a: [Int] @listSize(assumedSize: 1000000001) }", "Query.a: assumedSize"},
    {"type Query { a: [Int] @listSize(assumedSize: \"1\") }", "Query.a: assumedSize must be"},
    {"type Query { a: Int @listSize(assumedSize: 1) }", "Query.a: @listSize stands on a list"},
    {"type Query { a: Int @listSize(assumedSize: 1, sizedFields: []) }", "Query.a: @listSize"},
    {"type Query { a: C @listSize(sizedFields: [\"n\"]) } type C { e: [Int] }",
     "Query.a: the sized field 'n' must be a list of C"},
    {"type Query { a: C @listSize(sizedFields: [\"e\"]) } type C { e: Int }",
     "Query.a: the sized field 'e' must be a list of C"},
    {"type Query { a: C @listSize(sizedFields: [\"e.n\"]) } type C { e: [C] n: [C] }",
     "Query.a: the sized field 'e.n' must"},
    {"type Query { a: U @listSize(sizedFields: [\"e\"]) } type C { e: [C] } union U = C",
     "Query.a: the sized field 'e' must"},
    {"type Query { a: Int @listSize(sizedFields: [\"e\"]) }", "Query.a: the sized field 'e'"},
    {"type Query { a(n: Int): [Int] @listSize(slicingArguments: [\"m\"]) }",
     "Query.a(m:): there is no such slicing argument"},
    {"type Query { a(n: Int): [Int] @listSize(slicingArguments: [\"\"]) }",
     "Query.a(:): there is no such slicing argument"},
    {"type Query { a(n: Int): [Int] @listSize(slicingArguments: [3]) }",
     "Query.a(:): there is no such slicing argument"},
    {"type Query { a(n: Float): [Int] @listSize(slicingArguments: [\"n\"]) }",
     "Query.a(n:): a slicing argument must be an Int"},
    {"type Query { a(n: [Int]): [Int] @listSize(slicingArguments: [\"n\"]) }",
     "Query.a(n:): a slicing argument must not be within a list"},
    {"type Query { a(n: Int): [Int] @listSize(slicingArguments: [\"n.m\"]) }",
     "Query.a(n.m:): only input objects have parts that slice"},
    {"type Query { a(n: P): [Int] @listSize(slicingArguments: [\"n\"]) } input P { m: Int }",
     "Query.a(n:): a slicing argument must be an Int"},
    {"type Query { a(n: P): [Int] @listSize(slicingArguments: [\"n.x\"]) } input P { m: Int }",
     "Query.a(n.x:): there is no such slicing argument"},
    {"type Query { a(n: P): [Int] @listSize(slicingArguments: [\"n.\"]) } input P { m: Int }",
     "Query.a(n.:): there is no such slicing argument"},
    {"type Query { a(n: [P]): [Int] @listSize(slicingArguments: [\"n.m\"]) } input P { m: Int }",
     "Query.a(n.m:): a slicing argument must not be within a list"},
    {"type Query { a(n: Int = -1): [Int] @listSize(slicingArguments: [\"n\"]) }",
     "Query.a(n:): the default of a slicing argument must not be negative"},
    {"type Query { a(n: P = {m: -1}): [Int] @listSize(slicingArguments: [\"n.m\"]) } input P { "
     "m: "
     "Int }",
     "Query.a(n.m:): the default of a slicing argument must not be negative"},
    {"type Query { a(n: P): [Int] @listSize(slicingArguments: [\"n.m\"]) } input P { m: Int = -1 "
     "}",
     "Query.a(n.m:): the default of a slicing argument must not be negative"}};

}  // namespace

TEST_CASE("cost model: weights stand on every place the directive has") {
  const auto schema = build(
      std::string(kDirectives) +
      "directive @near(by: Float @cost(weight: \"-1.5\"), to: In, note: String) on FIELD "
      "type Query { a(x: Int @cost(weight: \"0.25\"), in: In, s: [Dear!]): A @cost(weight: \"7\") "
      "leaf: Dear leaves: [[E!]!]! all: [A] } "
      "type A @cost(weight: \"2.5\") { e: E } type B { e: E } union U = A | B "
      "scalar Dear @cost(weight: \"0.001\") enum E @cost(weight: \"-1000000\") { P } "
      "input In { n: Int @cost(weight: \"1000000.000\") in: In list: [In] text: String }");
  const auto model = CostModel::make(*schema);
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  CHECK(&(*model)->schema() == schema.get());
  const CostModel::State& state = (*model)->state();
  const auto type = [&](const char* name) { return state.types[schema->find(name)->id]; };
  CHECK(type("Query") == 1000);
  CHECK(type("A") == 2500);
  CHECK(type("B") == 1000);
  CHECK(type("U") == 2500);
  CHECK(type("Dear") == 1);
  CHECK(type("E") == -kWeightMax);
  CHECK(type("String") == 0);
  const auto field = [&](const char* name) {
    return state.fields[schema->find("Query")->field(name)->id];
  };
  CHECK(field("a").weight == 7000);
  CHECK(field("a").arguments == std::vector<Milli>{250, 1000, 0});
  CHECK(field("leaf").weight == 0);
  CHECK(field("leaves").weight == 0);
  CHECK(field("all").weight == 1000);
  CHECK(state.inputs[schema->find("In")->id] == std::vector<Milli>{kWeightMax, 1000, 1000, 0});
  const auto near =
      static_cast<std::size_t>(schema->directive("near") - schema->directives().data());
  CHECK(state.directives[near] == std::vector<Milli>{-1500, 1000, 0});
}

TEST_CASE("cost model: an interface's field has the largest weight of its objects") {
  const auto schema = build(
      std::string(kDirectives) +
      "type Query { i: I } interface I { f(x: Int, y: Int @cost(weight: \"4\")): String "
      "g: [String] h: [String] } "
      "type A implements I { f(x: Int @cost(weight: \"-3\"), y: Int): String @cost(weight: \"-2\") "
      "g: [String] @listSize(assumedSize: 3) h: [String] @listSize(assumedSize: 4) } "
      "type B implements I { f(x: Int @cost(weight: \"-1\"), y: Int @cost(weight: \"9\")): String "
      "@cost(weight: \"-5\") g: [String] @listSize(assumedSize: 3) h: [String] } "
      "interface Lonely { f: A l: [Int] }");
  const auto model = CostModel::make(*schema);
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  const CostModel::State& state = (*model)->state();
  const auto field = [&](const char* type, const char* name) {
    return state.fields[schema->find(type)->field(name)->id];
  };
  CHECK(field("I", "f").weight == -2000);
  CHECK(field("I", "f").arguments == std::vector<Milli>{-1000, 4000});
  CHECK(field("I", "g").sizes.size() == 1);  // two that say the same
  CHECK_FALSE(field("I", "g").default_size);
  CHECK(field("I", "h").sizes.size() == 1);
  CHECK(field("I", "h").default_size);
  CHECK(field("Lonely", "f").weight == 1000);
  CHECK(field("Lonely", "l").default_size);
  CHECK(state.types[schema->find("Lonely")->id] == 1000);
}

TEST_CASE("cost model: a weight is a decimal within bounds") {
  struct Row {
    const char* weight;
    bool fits;
    Milli milli;
  };
  const Row rows[] = {{"\"0\"", true, 0},
                      {"\"1\"", true, 1000},
                      {"\"-0.5\"", true, -500},
                      {"\"12.125\"", true, 12125},
                      {"\"1000000\"", true, kWeightMax},
                      {"\"-1000000.000\"", true, -kWeightMax},
                      {"3", true, 3000},
                      {"-1000000", true, -kWeightMax},
                      {"0.1", true, 100},
                      {"2.5", true, 2500},
                      {"1e3", true, 1'000'000},
                      {"\"1000000.001\"", false, 0},
                      {"\"99999999999999999999\"", false, 0},
                      {"\"1.0001\"", false, 0},
                      {"\"1.0000\"", false, 0},
                      {"\"\"", false, 0},
                      {"\"-\"", false, 0},
                      {"\"1.\"", false, 0},
                      {"\".5\"", false, 0},
                      {"\"+1\"", false, 0},
                      {"\"1e3\"", false, 0},
                      {"\" 1\"", false, 0},
                      {"\"1,0\"", false, 0},
                      {"\"--1\"", false, 0},
                      {"0.0001", false, 0},
                      {"1000001", false, 0},
                      {"-1000000.5", false, 0},
                      {"1e300", false, 0},
                      {"true", false, 0},
                      {"null", false, 0}};
  for (const Row& row : rows) {
    CAPTURE(row.weight);
    const auto schema =
        build_loosely(std::string("type Query { a: Int @cost(weight: ") + row.weight + ") }");
    const auto model = CostModel::make(*schema);
    CHECK(model.has_value() == row.fits);
    if (!model) {
      CHECK(model.error().what.starts_with("Query.a: the weight of @cost must be a decimal"));
      continue;
    }
    const auto id = schema->find("Query")->field("a")->id;
    CHECK((*model)->state().fields[id].weight == row.milli);
  }
}

TEST_CASE("cost model: what directives say wrong is refused with its place") {
  for (const Refused& row : kRefused) {
    CAPTURE(row.sdl);
    const std::string what = refusal(*build_loosely(row.sdl));
    CHECK_MESSAGE(what.starts_with(row.error), what);
  }
}

TEST_CASE("cost model: what is right is read, with and without definitions of the directives") {
  const char* sdl =
      "type Query { a(n: P! = {m: 2}, l: Int): C! @listSize(assumedSize: 5, slicingArguments: "
      "[\"n.p.m\", \"l\"], sizedFields: [\"e\", \"f\"], requireOneSlicingArgument: false) "
      "b: [Int!]! @listSize(assumedSize: 0) c(l: Int!): [Int] @listSize(slicingArguments: \"l\") } "
      "type C { e: [Int]! f: [[C!]] } input P { p: P m: Int }";
  for (const bool defined : {true, false}) {
    const auto schema = defined ? build(kDirectives + std::string(sdl)) : build_loosely(sdl);
    const auto model = CostModel::make(*schema);
    REQUIRE_MESSAGE(model.has_value(), model.error().what);
    const CostModel::State& state = (*model)->state();
    REQUIRE(state.sizes.size() == 3);
    const SizeRule& a = state.sizes[0];
    CHECK(a.place == "Query.a");
    CHECK(a.assumed == 5);
    CHECK_FALSE(a.require_one);
    REQUIRE(a.slicing.size() == 2);
    REQUIRE(a.slicing[0].size() == 3);
    CHECK(a.slicing[0][1]->name == "p");
    CHECK(a.slicing[0][2]->name == "m");
    CHECK(a.sized_fields == std::vector<std::string>{"e", "f"});
    CHECK(state.sizes[1].assumed == 0);
    CHECK(state.sizes[2].require_one);
    const auto& fields = *schema->find("Query");
    CHECK(state.fields[fields.field("a")->id].default_size);
    CHECK_FALSE(state.fields[fields.field("b")->id].default_size);
  }
}

TEST_CASE("cost model: the assumed size of lists has bounds") {
  const auto schema = build("type Query { a: Int }");
  CHECK(CostModel::make(*schema, {.list_size = 1}).has_value());
  CHECK(CostModel::make(*schema, {.list_size = kListSizeMax}).has_value());
  CHECK(CostModel::make(*schema, {.list_size = 0}).error().what.starts_with("list_size must be"));
  CHECK_FALSE(CostModel::make(*schema, {.list_size = kListSizeMax + 1}).has_value());
}
