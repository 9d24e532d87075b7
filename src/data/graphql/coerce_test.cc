#include "graphql/coerce.h"

#include <doctest/doctest.h>

#include <limits>

#include "graphql/graphql.h"

namespace {

using namespace mc;
using namespace mc::graphql;

constexpr const char* kSdl = R"(
  scalar Any
  enum Color { RED GREEN }
  input In { a: Int! b: [String!] = ["d"] c: In color: Color }
  input One @oneOf { x: Int y: String }
  type Query {
    f(i: Int, r: Float, s: String, b: Boolean, id: ID, c: Color, l: [Int!], ll: [[Int]], o: In,
      one: One, any: Any, n: Int! = 5, m: String!): Int
  }
)";

std::unique_ptr<Schema> must_build(const std::string& sdl) {
  auto built = Schema::build({sdl});
  REQUIRE_MESSAGE(built.has_value(), built.error().what);
  return std::move(*built);
}

std::unique_ptr<const Document> must_parse(const std::string& text) {
  ParseResult parsed = parse(text);
  REQUIRE_MESSAGE(parsed.has_value(), parsed.error().message);
  return std::move(*parsed);
}

json::Value must_read(const std::string& text) {
  Result<json::Value> value = json::parse(text);
  REQUIRE_MESSAGE(value.has_value(), value.error().what);
  return std::move(*value);
}

// The messages of the faults of one variable $x, or its coerced value as JSON.
std::string coerced_variable(const Schema& schema, const std::string& definition,
                             const std::string& received) {
  const auto document = must_parse("query (" + definition + ") { f }");
  const json::Value values = must_read(received);
  const auto variables =
      coerce_variables(schema, *document, document->operations[0], *values.as_object());
  if (!variables) {
    std::string text;
    for (const Fault& fault : variables.error()) text += (text.empty() ? "" : "|") + fault.message;
    return text;
  }
  const json::Value* value = variables->find(document->variables[0].name);
  return value == nullptr ? "absent" : json::print(*value);
}

// The coerced arguments of Query.f as JSON, or the fault.
std::string coerced_arguments(const Schema& schema, const std::string& arguments,
                              const std::string& received, std::size_t budget_bytes) {
  const auto document = must_parse("query ($v: Int, $w: In, $a: Any) { f(" + arguments + ") }");
  const json::Value values = must_read(received);
  const auto variables =
      coerce_variables(schema, *document, document->operations[0], *values.as_object());
  REQUIRE(variables.has_value());
  InputBudget budget(budget_bytes);
  const FieldDef& field = *schema.find("Query")->field("f");
  const SelectionNode& node = document->selections[document->operations[0].selections];
  const auto result = coerce_arguments({schema, *document, *variables, budget},
                                       {field.arguments, node.arguments, node.at});
  return result ? json::print(json::Value(*result)) : result.error().message;
}

}  // namespace

namespace {

struct VariableRow {
  const char* definition;
  const char* received;
  const char* result;
};
const VariableRow kVariableRows[] = {
    {"$x: Int", R"({"x":7})", "7"},
    {"$x: Int", R"({"x":7.0})", "7"},
    {"$x: Int", R"({"x":null})", "null"},
    {"$x: Int", "{}", "absent"},
    {"$x: Int = 3", "{}", "3"},
    {"$x: Int = 3", R"({"x":null})", "null"},
    {"$x: Int! = 3", "{}", "3"},
    {"$x: Int!", "{}", R"(Variable "$x" of required type "Int!" was not provided.)"},
    {"$x: Int!", R"({"x":null})", R"(Variable "$x" of non-null type "Int!" must not be null.)"},
    {"$x: Int", R"({"x":1.5})",
     R"(Variable "$x" got invalid value 1.5; Int cannot represent non-integer value: 1.5)"},
    {"$x: Int", R"({"x":"1"})",
     R"(Variable "$x" got invalid value "1"; Int cannot represent non-integer value: "1")"},
    {"$x: Int", R"({"x":2147483648})",
     R"(Variable "$x" got invalid value 2147483648; )"
     R"(Int cannot represent non 32-bit signed integer value: 2147483648)"},
    {"$x: Int", R"({"x":-2147483648})", "-2147483648"},
    {"$x: Float", R"({"x":1})", "1"},
    {"$x: Float", R"({"x":"1"})",
     R"(Variable "$x" got invalid value "1"; Float cannot represent non numeric value: "1")"},
    {"$x: String", R"({"x":1})",
     R"(Variable "$x" got invalid value 1; String cannot represent a non string value: 1)"},
    {"$x: Boolean", R"({"x":0})",
     R"(Variable "$x" got invalid value 0; Boolean cannot represent a non boolean value: 0)"},
    {"$x: ID", R"({"x":12})", R"("12")"},
    {"$x: ID", R"({"x":1.5})",
     R"(Variable "$x" got invalid value 1.5; ID cannot represent value: 1.5)"},
    {"$x: Color", R"({"x":"RED"})", R"("RED")"},
    {"$x: Color", R"({"x":"PINK"})",
     R"(Variable "$x" got invalid value "PINK"; Value "PINK" does not exist in "Color" enum.)"},
    {"$x: Color", R"({"x":1})",
     R"(Variable "$x" got invalid value 1; Enum "Color" cannot represent non-string value: 1.)"},
    {"$x: [Int!]", R"({"x":4})", "[4]"},
    {"$x: [[Int]]", R"({"x":[1,null,[2]]})", "[[1],null,[2]]"},
    {"$x: [Int!]", R"({"x":[1,null]})",
     R"(Variable "$x" got invalid value null at "x[1]"; )"
     R"(Expected non-nullable type "Int!" not to be null.)"},
    {"$x: In", R"({"x":{"a":1}})", R"({"a":1,"b":["d"]})"},
    {"$x: In", R"({"x":{"c":{"a":true},"a":1,"z":0}})",
     R"(Variable "$x" got invalid value true at "x.c.a"; )"
     R"(Int cannot represent non-integer value: true|)"
     R"(Variable "$x" got invalid value { c: { a: true }, a: 1, z: 0 }; )"
     R"(Field "z" is not defined by type "In".)"},
    {"$x: In", R"({"x":{}})",
     R"(Variable "$x" got invalid value {}; Field "a" of required type "Int!" )"
     R"(was not provided.)"},
    {"$x: In", R"({"x":[]})",
     R"(Variable "$x" got invalid value []; Expected type "In" to be an object.)"},
    {"$x: One", R"({"x":{"x":1,"y":"b"}})",
     R"(Variable "$x" got invalid value { x: 1, y: "b" }; )"
     R"(Exactly one key must be specified for OneOf type "One".)"},
    {"$x: One", R"({"x":{"x":null}})",
     R"(Variable "$x" got invalid value null at "x.x"; Field "x" must be non-null.)"},
    {"$x: Any", R"({"x":{"free":[1,{"b":null}]}})", R"({"free":[1,{"b":null}]})"},
    {"$x: Query", R"({"x":1})",
     R"(Variable "$x" expected value of type "Query" which cannot be used as an input type.)"},
    {"$x: [Nothing!]!", R"({"x":1})",
     R"(Variable "$x" expected value of type "[Nothing!]!" which cannot be used )"
     R"(as an input type.)"},
};

}  // namespace

TEST_CASE("coerce: variables take what their type takes and say what it does not") {
  const auto schema = must_build(kSdl);
  for (const VariableRow& row : kVariableRows) {
    CAPTURE(row.definition);
    CAPTURE(row.received);
    CHECK(coerced_variable(*schema, row.definition, row.received) == row.result);
  }
}

TEST_CASE("coerce: faults of variables stop after fifty") {
  const auto schema = must_build(kSdl);
  std::string items = "[";
  for (int i = 0; i < 80; ++i) items += i == 0 ? "\"x\"" : ",\"x\"";
  const std::string text = coerced_variable(*schema, "$x: [Int]", "{\"x\":" + items + "]}");
  CHECK(std::count(text.begin(), text.end(), '|') == 50);
  CHECK(text.ends_with(
      "|Too many errors processing variables, error limit reached. Execution aborted."));
}

TEST_CASE("coerce: many variables are found as few are") {
  const auto schema = must_build(kSdl);
  std::string received = "{";
  for (int i = 0; i < 40; ++i)
    received += "\"v" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  CHECK(coerced_variable(*schema, "$x: Int", received + "\"x\":9}") == "9");
  CHECK(coerced_variable(*schema, "$x: Int", received + "\"y\":9}") == "absent");
}

TEST_CASE("coerce: literals and variables become arguments") {
  struct Row {
    const char* arguments;
    const char* received;
    const char* result;
  };
  const Row rows[] = {
      {"m: \"\"", "{}", R"({"n":5,"m":""})"},
      {"m: \"\", i: -7, r: 1, s: \"t\", b: true, id: 4, c: RED", "{}",
       R"({"i":-7,"r":1,"s":"t","b":true,"id":"4","c":"RED","n":5,"m":""})"},
      {"m: \"\", i: null, n: 1", "{}", R"({"i":null,"n":1,"m":""})"},
      {"m: \"\", i: 2147483648", "{}", "Argument \"i\" has invalid value 2147483648."},
      {"m: \"\", i: 1.0", "{}", "Argument \"i\" has invalid value 1.0."},
      {"m: \"\", s: 1", "{}", "Argument \"s\" has invalid value 1."},
      {"m: \"\", b: \"true\"", "{}", "Argument \"b\" has invalid value \"true\"."},
      {"m: \"\", c: \"RED\"", "{}", "Argument \"c\" has invalid value \"RED\"."},
      {"m: \"\", c: PINK", "{}", "Argument \"c\" has invalid value PINK."},
      {"m: \"\", id: 1.5", "{}", "Argument \"id\" has invalid value 1.5."},
      {"m: \"\", l: 1, ll: 2", "{}", R"({"l":[1],"ll":[[2]],"n":5,"m":""})"},
      {"m: \"\", l: [1, $v]", R"({"v":2})", R"({"l":[1,2],"n":5,"m":""})"},
      {"m: \"\", l: [1, $v]", "{}", "Argument \"l\" has invalid value [1, $v]."},
      {"m: \"\", l: [1, $v]", R"({"v":null})", "Argument \"l\" has invalid value [1, $v]."},
      {"m: \"\", ll: [[$v], $v]", "{}", R"({"ll":[[null],null],"n":5,"m":""})"},
      {"m: \"\", o: {a: $v}", R"({"v":2})", R"({"o":{"a":2,"b":["d"]},"n":5,"m":""})"},
      {"m: \"\", o: {a: $v}", "{}", "Argument \"o\" has invalid value {a: $v}."},
      {"m: \"\", o: {a: 1, b: null}", "{}", R"({"o":{"a":1,"b":null},"n":5,"m":""})"},
      {"m: \"\", o: [1]", "{}", "Argument \"o\" has invalid value [1]."},
      {"m: \"\", o: $w", R"({"w":{"a":1}})", R"({"o":{"a":1,"b":["d"]},"n":5,"m":""})"},
      {"m: \"\", one: {x: 1, y: \"\"}", "{}",
       "Argument \"one\" has invalid value {x: 1, y: \"\"}."},
      {"m: \"\", one: {y: \"\"}", "{}", R"({"one":{"y":""},"n":5,"m":""})"},
      {"m: \"\", any: {k: [1, 1e2, X, $a, \"s\", null], none: $v}", R"({"a":{"b":true}})",
       R"({"any":{"k":[1,100,"X",{"b":true},"s",null]},"n":5,"m":""})"},
      {"m: \"\", r: 1e999", "{}", "Argument \"r\" has invalid value 1e999."},
      {"m: \"\", r: 1e-999", "{}", R"({"r":0,"n":5,"m":""})"},
      {"m: \"\", n: $v", "{}", R"({"n":5,"m":""})"},
      {"m: \"\", n: $v", R"({"v":null})",
       "Argument \"n\" of non-null type \"Int!\" must not be null."},
      {"i: 1", "{}", "Argument \"m\" of required type \"String!\" was not provided."},
      {"m: null", "{}", "Argument \"m\" of non-null type \"String!\" must not be null."},
      {"m: $v", "{}",
       "Argument \"m\" of required type \"String!\" was provided the variable \"$v\" which was "
       "not provided a runtime value."},
  };
  const auto schema = must_build(kSdl);
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    CAPTURE(row.received);
    CHECK(coerced_arguments(*schema, row.arguments, row.received,
                            std::numeric_limits<std::size_t>::max()) == row.result);
  }
}

TEST_CASE("coerce: copies of variables are paid for") {
  const auto schema = must_build(kSdl);
  const std::string received = R"({"a":")" + std::string(1000, 'x') + R"("})";
  const char* const arguments = "m: \"\", any: [$a, $a, $a]";
  CHECK(coerced_arguments(*schema, arguments, received, 10'000).starts_with("{\"any\":[\"xxx"));
  CHECK(coerced_arguments(*schema, arguments, received, 2'000) ==
        "Argument \"any\" has invalid value [$a, $a, $a].");
}

TEST_CASE("coerce: values in messages look as in graphql-js") {
  struct Row {
    const char* value;
    const char* shown;
  };
  const Row rows[] = {
      {"null", "null"},
      {"\"a\\n\\\"\"", "\"a\\n\\\"\""},
      {"[]", "[]"},
      {"{}", "{}"},
      {"[1,true,null,\"x\",2.5,1e21]", "[1, true, null, \"x\", 2.5, 1e+21]"},
      {"[1,2,3,4,5,6,7,8,9,10,11]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ... 1 more item]"},
      {"[1,2,3,4,5,6,7,8,9,10,11,12]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ... 2 more items]"},
      {"{\"a\":{\"b\":{\"c\":1},\"d\":[1],\"e\":[],\"f\":{}}}",
       "{ a: { b: [Object], d: [Array], e: [], f: {} } }"},
      {"12345678901234567890", "12345678901234567000"},
      {"9007199254740993", "9007199254740992"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    CHECK(inspect(must_read(row.value)) == row.shown);
  }
  CHECK(inspect(std::string(5'000, 'x')).size() < 2'100);
}
