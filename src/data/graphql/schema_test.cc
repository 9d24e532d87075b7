#include "graphql/schema.h"

#include <doctest/doctest.h>

#include "graphql/graphql.h"

namespace {

using namespace mc;
using namespace mc::graphql;

std::unique_ptr<Schema> must_build(const std::string& sdl) {
  auto built = Schema::build({sdl});
  REQUIRE_MESSAGE(built.has_value(), built.error().what);
  return std::move(*built);
}

std::vector<std::string> type_names(const Schema& schema) {
  std::vector<std::string> names;
  for (const TypeDef& type : schema.types()) names.push_back(type.name);
  return names;
}

}  // namespace

TEST_CASE("schema: types stand in the order of graphql-js, unused scalars are absent") {
  const auto schema = must_build(
      "type Query { a: Int, b(c: In): Pet } input In { f: Float = 1.5 } "
      "union Pet = Dog type Dog { name: String! }");
  CHECK(type_names(*schema) ==
        std::vector<std::string>{"Query", "Int", "In", "Float", "Pet", "Dog", "String", "Boolean",
                                 "__Schema", "__Type", "__TypeKind", "__Field", "__InputValue",
                                 "__EnumValue", "__Directive", "__DirectiveLocation"});
  CHECK(schema->find("ID") == nullptr);
  CHECK(schema->find("__Type")->built_in);
}

TEST_CASE("schema: the introspection types and the built-in directives are ordinary ones") {
  const auto schema = must_build("type Query { a: Int }");
  const TypeDef& type = *schema->find("__Type");
  REQUIRE(type.field("fields") != nullptr);
  CHECK(schema->type_text(type.field("fields")->type) == "[__Field!]");
  CHECK(type.field("fields")->argument("includeDeprecated")->default_value == json::Value(false));
  std::vector<std::string> names;
  for (const DirectiveDef& directive : schema->directives()) {
    names.push_back(directive.name);
    CHECK(directive.built_in);
  }
  CHECK(names == std::vector<std::string>{"include", "skip", "deprecated", "specifiedBy", "oneOf"});
  CHECK(schema->type_text(schema->schema_field().type) == "__Schema!");
  CHECK(schema->field_count() == schema->type_field().id + 1);
}

TEST_CASE("schema: extensions of any document add to their type") {
  const auto built = Schema::build({"type Query { a: Color } enum Color { RED }",
                                    "extend type Query implements Node { id: ID! } "
                                    "interface Node { id: ID! } extend enum Color { BLUE }"});
  REQUIRE_MESSAGE(built.has_value(), built.error().what);
  const Schema& schema = **built;
  const TypeDef& query = *schema.root(OperationKind::query);
  CHECK(query.field("id") != nullptr);
  CHECK(schema.find("Color")->enum_values.back().name == "BLUE");
  CHECK(schema.is_possible(schema.find("Node")->id, query.id));
  CHECK(schema.is_possible(query.id, query.id));
  CHECK_FALSE(schema.is_possible(query.id, schema.find("Node")->id));
}

TEST_CASE("schema: default values are coerced to their type") {
  struct Row {
    const char* type;
    const char* literal;
    const char* json;
    const char* text;
  };
  const Row rows[] = {
      {"Int", "3", "3", "3"},
      {"Float", "3", "3", "3"},
      {"Float", "-1.50", "-1.5", "-1.5"},
      {"ID", "7", "\"7\"", "7"},
      {"ID", "\"x\"", "\"x\"", "\"x\""},
      {"[Int!]", "3", "[3]", "[3]"},
      {"[[Int]]", "[1, null]", "[[1],null]", "[[1], null]"},
      {"Color", "RED", "\"RED\"", "RED"},
      {"Any", "{a: [1, RED]}", "{\"a\":[1,\"RED\"]}", "{a: [1, \"RED\"]}"},
      {"Box", "{}", "{\"w\":5,\"in\":{\"w\":1,\"in\":null}}", "{w: 5, in: {w: 1, in: null}}"},
      {"String", "null", "null", "null"},
      {"Int", "2147483648", "", ""},
      {"Int", "\"3\"", "", ""},
      {"Color", "GREEN", "", ""},
      {"Box", "{w: null}", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.type));
    CAPTURE(std::string(row.literal));
    const auto schema =
        must_build(std::string("type Query { a(x: ") + row.type + " = " + row.literal +
                   "): Int } enum Color { RED } scalar Any "
                   "input Box { w: Int! = 5, in: Box = {w: 1, in: null} }");
    const InputValueDef& input = *schema->find("Query")->field("a")->argument("x");
    CHECK((input.default_value ? json::print(*input.default_value) : "") == row.json);
    CHECK(input.default_text == row.text);
  }
}

TEST_CASE("schema: a default that needs itself is refused, however long the way round") {
  const auto built =
      Schema::build({"type Query { a(x: A): Int } input A { b: B = {} } "
                     "input B { a: A = {} }"});
  REQUIRE_FALSE(built.has_value());
  CHECK(built.error().what ==
        "The default value of A.b needs itself or goes too deep into other types.");
  // Many types, each with the default of the next inside: bounded, not a deep recursion.
  std::string chain = "type Query { a(x: I0): Int }";
  for (int i = 0; i < 5000; ++i) {
    chain += " input I" + std::to_string(i) + " { n: I" + std::to_string(i + 1) + " = {} }";
  }
  CHECK_FALSE(Schema::build({chain + " input I5000 { x: Int }"}).has_value());
}
