// Refused schemas, with the problems graphql-js 16.15 has for the same definitions.
#include <doctest/doctest.h>

#include <algorithm>

#include "graphql/graphql.h"

namespace {

using namespace mc;
using namespace mc::graphql;

struct Row {
  const char* sdl;                    // added to kBase
  std::vector<std::string> problems;  // sorted
};
constexpr const char* kBase = "type Query { a: Int, node: Node } interface Node { id: ID! } ";
constexpr const char* kBaseWithoutQuery = "type Q2 { a: Int } interface Node { id: ID! } ";

const Row kRows[] = {
    {"type Thing {a: Int} type Thing {b: Int}", {"There can be only one type named \"Thing\"."}},
    {"enum E {A B A}", {"Enum value \"E.A\" can only be defined once."}},
    {"type T {a: Int a: Int} input I {x: Int x: Int}",
     {"Field \"I.x\" can only be defined once.", "Field \"T.a\" can only be defined once."}},
    {"type T {a(x: Int, x: Int): Int} directive @d(y: Int, y: Int) on FIELD",
     {"Argument \"@d(y:)\" can only be defined once.",
      "Argument \"T.a(x:)\" can only be defined once."}},
    {"directive @d on FIELD directive @d on FIELD",
     {"There can be only one directive named \"@d\"."}},
    {"schema {query: Query} schema {query: Query query: Query}",
     {"Must provide only one schema definition.", "There can be only one query type in schema.",
      "There can be only one query type in schema."}},
    {"extend type Gone {a: Int} extend input Node {a: Int}",
     {"Cannot extend non-input object type \"Node\".",
      "Cannot extend type \"Gone\" because it is not defined. Did you mean \"Node\"?"}},
    {"type T {a: Strin b(c: Nod): Quer} union U = Thing",
     {"Unknown type \"Nod\". Did you mean \"Node\" or \"ID\"?",
      "Unknown type \"Quer\". Did you mean \"Query\"?",
      "Unknown type \"Strin\". Did you mean \"String\"?",
      "Unknown type \"Thing\". Did you mean \"String\" or \"Int\"?"}},
    {"type T @nope @deprecated {a: Int @specifiedBy(url: \"u\") b: Int @deprecated(why: "
     "1) @deprecated}",
     {"Directive \"@deprecated\" may not be used on OBJECT.",
      "Directive \"@specifiedBy\" may not be used on FIELD_DEFINITION.",
      "The directive \"@deprecated\" can only be used once at this location.",
      "Unknown argument \"why\" on directive \"@deprecated\".", "Unknown directive \"@nope\"."}},
    {"scalar S @specifiedBy",
     {"Directive \"@specifiedBy\" argument \"url\" of type \"String!\" is required, but it "
      "was not provided."}},
    {"directive @d(a: Int!, b: Int! = 1) repeatable on OBJECT type T @d @d(a: 1) {a: "
     "Int}",
     {"Directive \"@d\" argument \"a\" of type \"Int!\" is required, but it was not "
      "provided."}},
    {"input I {a: Box = {x: 1, x: 2}} input Box {x: Int}",
     {"There can be only one input field named \"x\"."}},
    {"extend type Query @deprecated(reason: \"a\", reason: \"b\")",
     {"Directive \"@deprecated\" may not be used on OBJECT.",
      "There can be only one argument named \"reason\"."}},
    {"union U union V = Node | Query | Query",
     {"Union type U must define one or more member types.",
      "Union type V can only include Object types, it cannot include Node.",
      "Union type V can only include type Query once."}},
    {"union W = Query | T type T implements W {a: Int}",
     {"Type T must only implement Interface types, it cannot implement W."}},
    {"enum E input I type T interface F",
     {"Enum type E must define one or more values.",
      "Input Object type I must define one or more fields.",
      "Type F must define one or more fields.", "Type T must define one or more fields."}},
    {"type T implements Node {a: Int}",
     {"Interface field Node.id expected but T does not provide it."}},
    {"type T implements Node {id(x: Int!, y: Int): ID}",
     {"Interface field Node.id expects type ID! but T.id is type ID.",
      "Object field T.id includes required argument x that is missing from the "
      "Interface field Node.id."}},
    {"interface A implements B {x: Int} interface B implements A {x: Int}",
     {"Type A cannot implement B because it would create a circular reference.",
      "Type B cannot implement A because it would create a circular reference."}},
    {"interface A implements A {x: Int}",
     {"Type A cannot implement itself because it would create a circular reference."}},
    {"type T implements Query & Node & Node {id: ID! a: Int node: Node}",
     {"Type T can only implement Node once.",
      "Type T must only implement Interface types, it cannot implement Query."}},
    {"interface N2 implements Node {id: ID! b(x: Int!): [Node]} type T implements N2 "
     "{id: ID! b(x: Int): [Query!]!}",
     {"Interface field N2.b expects type [Node] but T.b is type [Query!]!.",
      "Interface field argument N2.b(x:) expects type Int! but T.b(x:) is type Int.",
      "Type T must implement Node because it is implemented by N2."}},
    {"type T {a: In b(c: Query): Int} input In {q: Query n: In!}",
     {"Cannot reference Input Object \"In\" within itself through a series of non-null "
      "fields: \"n\".",
      "The type of In.q must be Input Type but got: Query.",
      "The type of T.a must be Output Type but got: In.",
      "The type of T.b(c:) must be Input Type but got: Query."}},
    {"input A {b: B!} input B {c: C!} input C {a: A! b: B!}",
     {"Cannot reference Input Object \"A\" within itself through a series of non-null "
      "fields: \"b.c.a\".",
      "Cannot reference Input Object \"B\" within itself through a series of non-null "
      "fields: \"c.b\"."}},
    {"type __T {__f(__x: Int): Int} enum E {__V} input I {__i: Int} directive "
     "@__d(__a: Int) on FIELD",
     {"Name \"__T\" must not begin with \"__\", which is reserved by GraphQL "
      "introspection.",
      "Name \"__V\" must not begin with \"__\", which is reserved by GraphQL "
      "introspection.",
      "Name \"__a\" must not begin with \"__\", which is reserved by GraphQL "
      "introspection.",
      "Name \"__d\" must not begin with \"__\", which is reserved by GraphQL "
      "introspection.",
      "Name \"__f\" must not begin with \"__\", which is reserved by GraphQL "
      "introspection.",
      "Name \"__i\" must not begin with \"__\", which is reserved by GraphQL "
      "introspection.",
      "Name \"__x\" must not begin with \"__\", which is reserved by GraphQL "
      "introspection."}},
    {"type T {a(x: Int! @deprecated, y: Int! = 1 @deprecated): Int} input I {a: Int! "
     "@deprecated} directive @d(a: Int! @deprecated) on FIELD",
     {"Required argument @d(a:) cannot be deprecated.",
      "Required argument T.a(x:) cannot be deprecated.",
      "Required input field I.a cannot be deprecated."}},
    {"input O @oneOf {a: Int! b: Int = 1}",
     {"OneOf input field O.a must be nullable.",
      "OneOf input field O.b cannot have a default value."}},
    {"schema {query: E mutation: Node subscription: I} enum E {A} input I {a: Int}",
     {"Mutation root type must be Object type if provided, it cannot be Node.",
      "Query root type must be Object type, it cannot be E.",
      "Subscription root type must be Object type if provided, it cannot be I."}},
    {"extend schema {mutation: Query}", {}},
};

std::vector<std::string> problems_of(const std::string& sdl, Schema::Check check) {
  std::vector<std::string> problems;
  const auto built = Schema::build({sdl}, check);
  if (built) return problems;
  for (const std::string_view line : split(built.error().what, '\n')) problems.emplace_back(line);
  std::sort(problems.begin(), problems.end());
  return problems;
}

}  // namespace

TEST_CASE("schema: every problem is named in the words of graphql-js") {
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.sdl));
    const bool own_query = std::string_view(row.sdl).starts_with("schema {query: E");
    const std::string base = own_query ? kBaseWithoutQuery : kBase;
    CHECK(problems_of(base + row.sdl, Schema::Check::full) == row.problems);
  }
}

TEST_CASE("schema: structure_only wants resolvable and unique names, nothing else") {
  struct Case {
    const char* sdl;
    bool fine;
  };
  const Case cases[] = {
      {"type Query { a: Int @resolveString(value: \"x\") }", true},
      {"interface I { a: Int } type Query implements I { b: Int }", true},
      {"type Thing { a: Int }", true},
      {"type Query { a: Nope }", false},
      {"type Query { a: Int a: Int }", false},
      {"type Query { a: Int } type Query { b: Int }", false},
      {"type Query { a(x: Int, x: Int): Int }", false},
      {"enum E { A A }", false},
      {"schema { query: Nope }", false},
      {"extend type Query { a: Int }", false},
      {"type Query { a: Int } extend input Query { b: Int }", false},
      {"type Query { a: [[[[[[[[Int!]!]!]!]!]!]!]!] }", false},
      {"type Query {", false},
  };
  for (const Case& row : cases) {
    CAPTURE(std::string(row.sdl));
    CHECK(problems_of(row.sdl, Schema::Check::structure_only).empty() == row.fine);
  }
}

TEST_CASE("schema: a syntax error names the document and the place") {
  const auto built = Schema::build({"type Query { a: Int }", "type A {\n  b: }"});
  REQUIRE_FALSE(built.has_value());
  CHECK(built.error().code == Code::invalid);
  CHECK(built.error().what.starts_with("schema document 2, line 2, column 6: Syntax Error"));
}

TEST_CASE("schema: printing and building again gives the same text") {
  const char* text =
      "\"\"\"The schema.\"\"\"\nschema {\n  query: Root\n}\n\n"
      "directive @own(\n  \"\"\"Of an argument.\"\"\"\n  a: Int! = 1\n\n  \"\"\"\n  Two\n  "
      "lines.\n  \"\"\"\n"
      "  b: [String] = [\"x\", null] @deprecated(reason: \"no\")\n) repeatable on OBJECT | "
      "FIELD\n\n"
      "type Root implements Node & Named {\n  id: ID!\n\n  \"\"\"Told.\"\"\"\n"
      "  name(x: Box = {w: 2, c: RED}): String @deprecated\n}\n\n"
      "interface Named {\n  name(x: Box): String\n}\n\ninterface Node {\n  id: ID!\n}\n\n"
      "union Any = Root\n\nscalar Url @specifiedBy(url: \"https://example.org\")\n\n"
      "enum Color {\n  RED\n  BLUE @deprecated(reason: \"cold\")\n}\n\n"
      "input Box {\n  w: Int!\n  c: Color = BLUE\n}\n\ninput One @oneOf {\n  a: Int\n  b: Url\n}";
  const auto built = Schema::build({text});
  REQUIRE_MESSAGE(built.has_value(), built.error().what);
  CHECK(print_schema(**built) == text);
}

TEST_CASE("schema: what directives say of definitions is kept, coerced where they are known") {
  const auto built = Schema::build(
      {"directive @rule(level: Int = 3, tags: [String!]) on OBJECT | FIELD_DEFINITION | ENUM_VALUE "
       "type Query @rule(tags: \"one\") { a: E @rule(level: 1) } enum E { A @rule(tags: []) B }"});
  REQUIRE_MESSAGE(built.has_value(), built.error().what);
  const TypeDef& query = *(*built)->find("Query");
  const auto text = [](const AppliedDirective& d) { return json::print(json::Value(d.arguments)); };
  CHECK(text(query.directives.at(0)) == R"({"tags":["one"],"level":3})");
  CHECK(text(query.fields[0].directives.at(0)) == R"({"level":1})");
  CHECK(text((*built)->find("E")->enum_values[0].directives.at(0)) == R"({"tags":[],"level":3})");
  const auto loose = Schema::build({"type Query { a: Int @own(x: [RED, 1], y: {z: null}) }"},
                                   Schema::Check::structure_only);
  REQUIRE(loose.has_value());
  CHECK(text((*loose)->find("Query")->fields[0].directives.at(0)) ==
        R"({"x":["RED",1],"y":{"z":null}})");
}
