#include "graphrego/graphrego.h"

#include "graphrego/test_calls.h"

namespace mc::graphrego::testing {
namespace {

TEST_CASE("graphql.parse_query: the tree has gqlparser's members, without places and empty parts") {
  struct Row {
    const char* query;
    const char* tree;
  };
  const Row rows[] = {
      {"", "{}"},
      {"{ a }", R"({"Operations": [{"Operation": "query", "Name": "",
         "SelectionSet": [{"Alias": "a", "Name": "a"}]}]})"},
      {"subscription S { x: a }", R"({"Operations": [{"Operation": "subscription", "Name": "S",
         "SelectionSet": [{"Alias": "x", "Name": "a"}]}]})"},
      // What must not be empty elsewhere may be here.
      {"query Q() { a() }", R"({"Operations": [{"Operation": "query", "Name": "Q",
         "SelectionSet": [{"Alias": "a", "Name": "a"}]}]})"},
      {"query ($v: [Int!]! = [1] @d) { a }",
       R"({"Operations": [{"Operation": "query", "Name": "", "VariableDefinitions": [
         {"Variable": "v", "Used": false,
          "Type": {"NamedType": "", "NonNull": true,
                   "Elem": {"NamedType": "Int", "NonNull": true}},
          "DefaultValue": {"Kind": 8, "Raw": "", "ExpectedTypeHasDefault": false, "Children": [
            {"Name": "", "Value": {"Kind": 1, "Raw": "1", "ExpectedTypeHasDefault": false}}]},
          "Directives": [{"Name": "d", "Location": ""}]}],
         "SelectionSet": [{"Alias": "a", "Name": "a"}]}]})"},
      {"{ ... F @d ... on T { b } ... { c } }",
       R"({"Operations": [{"Operation": "query", "Name": "", "SelectionSet": [
         {"Name": "F", "Directives": [{"Name": "d", "Location": ""}]},
         {"TypeCondition": "T", "SelectionSet": [{"Alias": "b", "Name": "b"}]},
         {"TypeCondition": "", "SelectionSet": [{"Alias": "c", "Name": "c"}]}]}]})"},
      {"fragment F($v: Int) on T { a }",
       R"({"Fragments": [{"Name": "F", "TypeCondition": "T", "VariableDefinition": [
         {"Variable": "v", "Used": false, "Type": {"NamedType": "Int", "NonNull": false}}],
         "SelectionSet": [{"Alias": "a", "Name": "a"}]}]})"},
      {"{ a # of a\n # two\n # lines\n b }",
       R"({"Operations": [{"Operation": "query", "Name": "", "SelectionSet": [
         {"Alias": "a", "Name": "a"},
         {"Alias": "b", "Name": "b", "Comment": {"List": [
           {"Value": "# of a"}, {"Value": "# two"}, {"Value": "# lines"}]}}]}]})"},
  };
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.query);
    CHECK(call("graphql.parse_query", {row.query}) == canonical(row.tree));
  }
}

TEST_CASE("graphql.parse_query: literals of every kind keep their text") {
  struct Row {
    const char* literal;
    int kind;
    const char* raw;
  };
  const Row rows[] = {
      {"$v", 0, "v"},
      {"-0", 1, "-0"},
      {"12", 1, "12"},
      {"1.50e-3", 2, "1.50e-3"},
      {"\"a\\n\\u00e9\\\"b\"", 3, "a\\n\u00e9\\\"b"},
      {"\"\\ud83d\"", 3, "\ufffd"},
      {"\"\"", 3, ""},
      {"\"\"\"\n    one\n      two\n  \"\"\"", 4, "one\\n  two"},
      {"\"\"\"a \\\"\"\" b\"\"\"", 4, "a \\\"\\\"\\\" b"},
      {"\"\"\"a\r\nb\"\"\"", 4, "a\\nb"},
      {"true", 5, "true"},
      {"null", 6, "null"},
      {"ENUM", 7, "ENUM"},
      {"[]", 8, ""},
      {"{}", 9, ""},
  };
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.literal);
    const std::string query = "{ a(x: " + std::string(row.literal) + ") }";
    const std::string tree =
        R"({"Operations": [{"Operation": "query", "Name": "", "SelectionSet": [
           {"Alias": "a", "Name": "a", "Arguments": [{"Name": "x", "Value":
             {"Kind": )" +
        std::to_string(row.kind) + R"(, "Raw": ")" + row.raw +
        R"(", "ExpectedTypeHasDefault": false}}]}]}]})";
    CHECK(call("graphql.parse_query", {query}) == canonical(tree));
  }
}

TEST_CASE("graphql.parse_query: what is wrong is told with gqlparser's words and place") {
  struct Row {
    const char* query;
    const char* message;
  };
  const Row rows[] = {
      {"{", "Expected Name, found <EOF> in GraphQL string at location 1:2"},
      {"{}", "expected at least one definition, found } in GraphQL string at location 1:2"},
      {"query", "Expected {, found <EOF> in GraphQL string at location 1:6"},
      {"type A", "Unexpected Name \"type\" in GraphQL string at location 1:1"},
      {"\n  !", "Unexpected ! in GraphQL string at location 2:3"},
      {"{ a(b) }", "Expected :, found ) in GraphQL string at location 1:6"},
      {"{ a(b: ) }", "Unexpected ) in GraphQL string at location 1:8"},
      {"{ a(b: \"x\" 1) }", "Expected Name, found Int in GraphQL string at location 1:12"},
      {"query ($a Int) { a }", "Expected :, found Name in GraphQL string at location 1:11"},
      {"query ($a: [Int) { a }", "Expected ], found ) in GraphQL string at location 1:16"},
      {"query ($a: Int = $b) { a }", "Unexpected $ in GraphQL string at location 1:18"},
      {"fragment F { a }", "Expected \"on\", found { in GraphQL string at location 1:12"},
      {"fragment F T { a }",
       "Expected \"on\", found Name \"T\" in GraphQL string at location 1:12"},
      {"{ a ... on }", "Expected Name, found } in GraphQL string at location 1:12"},
      {"{ a: }", "Expected Name, found } in GraphQL string at location 1:6"},
      {"{ a @ }", "Expected Name, found } in GraphQL string at location 1:7"},
      {"{ ? }", "Expected Name, found <Invalid> in GraphQL string at location 1:3"},
      {"{ a(b: 01) }", "Unexpected <Invalid> in GraphQL string at location 1:9"},
      {"{ a(b: \"x) }", "Unexpected <Invalid> in GraphQL string at location 1:13"},
      {"{ a(b: \"\\q\") }", "Unexpected <Invalid> in GraphQL string at location 1:10"},
      {"{ \u00e9 }", "Expected Name, found <Invalid> in GraphQL string at location 1:3"},
      // Columns count code points.
      {"{ a(b: \"\u00e9\u00e9\" !) }", "Expected Name, found ! in GraphQL string at location 1:13"},
  };
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.query);
    CHECK(call("graphql.parse_query", {row.query}) ==
          "eval_builtin_error: " + std::string(row.message));
  }
}

TEST_CASE("graphql.parse_schema: definitions of every kind") {
  struct Row {
    const char* schema;
    const char* tree;
  };
  const Row rows[] = {
      {"scalar S @d(x: 1)",
       R"({"Definitions": [{"Kind": "SCALAR", "Name": "S", "Description": "", "BuiltIn": false,
         "Directives": [{"Name": "d", "Location": "", "Arguments": [{"Name": "x",
           "Value": {"Kind": 1, "Raw": "1", "ExpectedTypeHasDefault": false}}]}]}]})"},
      {"interface I implements & A & B { f(a: Int = 1): T! }",
       R"({"Definitions": [{"Kind": "INTERFACE", "Name": "I", "Description": "",
         "BuiltIn": false, "Interfaces": ["A", "B"], "Fields": [{"Name": "f", "Description": "",
           "Arguments": [{"Name": "a", "Description": "",
             "Type": {"NamedType": "Int", "NonNull": false},
             "DefaultValue": {"Kind": 1, "Raw": "1", "ExpectedTypeHasDefault": false}}],
           "Type": {"NamedType": "T", "NonNull": true}}]}]})"},
      {"union U = | A | B",
       R"({"Definitions": [{"Kind": "UNION", "Name": "U", "Description": "", "BuiltIn": false,
         "Types": ["A", "B"]}]})"},
      {"enum E { \"first\" A B @d }",
       R"({"Definitions": [{"Kind": "ENUM", "Name": "E", "Description": "", "BuiltIn": false,
         "EnumValues": [{"Name": "A", "Description": "first"},
           {"Name": "B", "Description": "",
            "Directives": [{"Name": "d", "Location": ""}]}]}]})"},
      {"input I { a: [Int] = [] }",
       R"({"Definitions": [{"Kind": "INPUT_OBJECT", "Name": "I", "Description": "",
         "BuiltIn": false, "Fields": [{"Name": "a", "Description": "",
           "Type": {"NamedType": "", "NonNull": false,
                    "Elem": {"NamedType": "Int", "NonNull": false}},
           "DefaultValue": {"Kind": 8, "Raw": "", "ExpectedTypeHasDefault": false}}]}]})"},
      {"\"d\" schema @a { query: Q mutation: M }",
       R"({"Schema": [{"Description": "d", "Directives": [{"Name": "a", "Location": ""}],
         "OperationTypes": [{"Operation": "query", "Type": "Q"},
                            {"Operation": "mutation", "Type": "M"}]}]})"},
      {"directive @d(a: Int) repeatable on | FIELD | QUERY",
       R"({"Directives": [{"Name": "d", "Description": "", "IsRepeatable": true,
         "Locations": ["FIELD", "QUERY"], "Arguments": [{"Name": "a", "Description": "",
           "Type": {"NamedType": "Int", "NonNull": false}}]}]})"},
      {"extend union U = A extend enum E { X }",
       R"({"Extensions": [
         {"Kind": "UNION", "Name": "U", "Description": "", "BuiltIn": false, "Types": ["A"]},
         {"Kind": "ENUM", "Name": "E", "Description": "", "BuiltIn": false,
          "EnumValues": [{"Name": "X", "Description": ""}]}]})"},
      {"# one\n\"d\" # two\nscalar S # end",
       R"({"Definitions": [{"Kind": "SCALAR", "Name": "S", "Description": "d",
         "BuiltIn": false, "BeforeDescriptionComment": {"List": [{"Value": "# one"}]},
         "AfterDescriptionComment": {"List": [{"Value": "# two"}]}}],
         "Comment": {"List": [{"Value": "# end"}]}})"},
  };
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.schema);
    CHECK(call("graphql.parse_schema", {row.schema}) == canonical(row.tree));
  }
}

TEST_CASE("graphql.parse_schema: what is wrong is told with gqlparser's words and place") {
  struct Row {
    const char* schema;
    const char* message;
  };
  const Row rows[] = {
      {"{ a }", "Unexpected { in GraphQL string at location 1:1"},
      {"query { a }", "Unexpected Name \"query\" in GraphQL string at location 1:1"},
      {"type A {}", "expected at least one definition, found } in GraphQL string at location 1:9"},
      {"type A { a }", "Expected :, found } in GraphQL string at location 1:12"},
      {"type A { a(): Int }",
       "expected at least one definition, found ) in GraphQL string at location 1:12"},
      {"enum E { 1 }", "Expected Name, found Int in GraphQL string at location 1:10"},
      {"union U = A |", "Expected Name, found <EOF> in GraphQL string at location 1:14"},
      {"schema { other: Q }", "Unexpected Name \"other\" in GraphQL string at location 1:10"},
      {"directive d on FIELD", "Expected @, found Name in GraphQL string at location 1:11"},
      {"directive @d on THERE", "Unexpected Name \"THERE\" in GraphQL string at location 1:17"},
      {"directive @d FIELD",
       "Expected \"on\", found Name \"FIELD\" in GraphQL string at location 1:14"},
      {"extend scalar S", "Unexpected <EOF> in GraphQL string at location 1:16"},
      {"extend schema", "Unexpected <EOF> in GraphQL string at location 1:14"},
      {"extend directive @d on FIELD",
       "Unexpected Name \"directive\" in GraphQL string at location 1:8"},
      {"\"d\" extend type A { a: Int }",
       "Unexpected String \"d\" in GraphQL string at location 1:2"},
      {"extend interface I implements A { a: Int }",
       "Unexpected Name \"implements\" in GraphQL string at location 1:20"},
      {"\"only\"", "Unexpected <EOF> in GraphQL string at location 1:7"},
  };
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.schema);
    CHECK(call("graphql.parse_schema", {row.schema}) ==
          "eval_builtin_error: " + std::string(row.message));
    CHECK(call("graphql.schema_is_valid", {row.schema}) == "false");
  }
}

TEST_CASE("graphql: operands that are neither text nor trees") {
  Calls call;
  const Value one = Value::integer(1), text = call.text("{ a }");
  CHECK(call("graphql.parse_query", {one}) ==
        "eval_type_error: operand 1 must be string but got number");
  CHECK(call("graphql.parse_schema", {call.json("{}")}) ==
        "eval_type_error: operand 1 must be string but got object");
  CHECK(call("graphql.parse", {text, one}) ==
        "eval_type_error: operand 1 must be one of {string, object} but got number");
  CHECK(call("graphql.parse", {one, text}) ==
        "eval_type_error: operand 0 must be one of {string, object} but got number");
  CHECK(call("graphql.is_valid", {one, text}) == "false");
  CHECK(call("graphql.schema_is_valid", {one}) == "false");
  CHECK(call("graphql.parse_and_verify", {text, one}) == "[false,{},{}]");
}

TEST_CASE("graphql: trees are taken where text is, and members of the wrong kind are refused") {
  Calls call;
  const char* const schema = "type Query { a(x: Int): String b: Query }";
  const char* const query =
      "query Q($v: Int) { a(x: $v) b { ...F ... on Query { a } } } "
      "fragment F on Query { a }";
  const Value schema_tree = call.json(call("graphql.parse_schema", {schema}));
  const Value query_tree = call.json(call("graphql.parse_query", {query}));
  const Value query_text = call.text(query), schema_text = call.text(schema);
  CHECK(call("graphql.is_valid", {query_tree, schema_tree}) == "true");
  CHECK(call("graphql.is_valid", {query_tree, schema_text}) == "true");
  CHECK(call("graphql.is_valid", {query_text, schema_tree}) == "true");
  CHECK(call("graphql.schema_is_valid", {schema_tree}) == "true");
  CHECK(call("graphql.parse", {query_tree, schema_tree}) ==
        call("graphql.parse", {query_text, schema_text}));
  CHECK(call("graphql.parse_and_verify", {query_tree, schema_text})
            .starts_with("[true,{\"Fragments\":"));

  const char* const wrong[] = {
      R"({"Operations": 1})",
      R"({"Operations": [1]})",
      R"({"Operations": [{"Name": 1}]})",
      R"({"Operations": [{"SelectionSet": [{"Alias": "a", "Name": "a", "Arguments":
          [{"Name": "x", "Value": {"Kind": 11}}]}]}]})",
  };
  for (const char* tree : wrong) {
    CAPTURE(tree);
    CHECK(call("graphql.is_valid", {call.json(tree), schema_text}) == "false");
  }
  CHECK(call("graphql.schema_is_valid", {call.json(R"({"Definitions": [{"Fields": "a"}]})")}) ==
        "false");
}

TEST_CASE("graphql: text and trees that are nested too deeply are refused") {
  Calls call;
  const auto nested = [](int depth) {
    std::string query;
    for (int i = 0; i < depth; ++i) query += "{ a ";
    return query + std::string(static_cast<std::size_t>(depth), '}');
  };
  CHECK(call("graphql.parse_query", {nested(200)}).starts_with("{\"Operations\""));
  CHECK(call("graphql.parse_query", {nested(201)}) ==
        "eval_builtin_error: Nested more than 200 levels deep in GraphQL string at location "
        "1:801");
  CHECK(call("graphql.parse_query", {"{ a(x: " + std::string(100'000, '[')})
            .starts_with("eval_builtin_error: Nested more than 200 levels"));
  CHECK(call("graphql.parse_schema", {"type A { a: " + std::string(100'000, '[')})
            .starts_with("eval_builtin_error: Nested more than 200 levels"));

  std::string deep = "1";
  for (int i = 0; i < 900; ++i) deep = "[" + deep + "]";
  const Value tree = call.json("{\"Operations\": " + deep + "}");
  CHECK(call("graphql.is_valid", {tree, call.text("scalar S")}) == "false");
}

TEST_CASE("graphql: work is taken from the budget of the query") {
  Calls call;
  call.steps = 20;
  CHECK(call("graphql.parse_query", {"{ a_name_of_more_than_twenty_bytes }"})
            .starts_with("eval_cancel_error"));
  // Every field of one name is compared with every other.
  std::string query = "{";
  for (int i = 0; i < 2'000; ++i) query += " a";
  query += " }";
  call.steps = 200'000;
  CHECK(
      call("graphql.is_valid", {query, "type Query { a: Int }"}).starts_with("eval_cancel_error"));
}

}  // namespace
}  // namespace mc::graphrego::testing
