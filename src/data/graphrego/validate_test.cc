#include "graphrego/validate.h"

#include "graphrego/test_calls.h"

namespace mc::graphrego::testing {
namespace {

constexpr std::string_view kConversion =
    "eval_builtin_error: Error in gqlparser SchemaDocument to Schema conversion: ";

struct WrongSchema {
  const char* schema;
  const char* message;
};
constexpr WrongSchema kWrongSchemas[] = {
    {"scalar A scalar A", "input:1:17: Cannot redeclare type A."},
    {"scalar Int", "input:1:8: Cannot redeclare type Int."},
    {"scalar A extend enum A { X }",
     "input:1:22: Cannot extend type A because the base type is a SCALAR, not ENUM."},
    {"directive @d on FIELD directive @d on FIELD", "input:1:34: Cannot redeclare directive d."},
    {"schema { query: A } schema { query: A } type A { a: Int }",
     "input:1:28: Cannot have multiple schema entry points, consider schema extensions "
     "instead."},
    {"schema { query: A }",
     "input:1:10: Schema root query refers to a type A that does not "
     "exist."},
    {"extend schema { mutation: M }",
     "input:1:17: Schema root mutation refers to a type M that does not exist."},
    {"type A { a: B }", "input:1:13: Undefined type B."},
    {"type A { a(x: B): Int }", "input:1:15: Undefined type B."},
    {"type A { a(x: A): Int }",
     "input:1:12: cannot use A as argument x because OBJECT is not a valid input type"},
    {"type A { a(x: [A!]!): Int }",
     "input:1:12: cannot use [A!]! as argument x because OBJECT is not a valid input type"},
    {"type A { __a: Int }",
     "input:1:10: Name \"__a\" must not begin with \"__\", which is reserved by GraphQL "
     "introspection."},
    {"type __A { a: Int }",
     "input:1:6: Name \"__A\" must not begin with \"__\", which is reserved by GraphQL "
     "introspection."},
    {"type A { a: Int a: Int }", "input:1:17: Field A.a can only be defined once."},
    {"type A", "input:1:6: OBJECT A: must define one or more fields."},
    {"interface I", "input:1:11: INTERFACE I: must define one or more fields."},
    {"enum E", "input:1:6: ENUM E: must define one or more unique enum values."},
    {"enum E { A true }", "input:1:6: ENUM E: non-enum value true."},
    {"input I", "input:1:7: INPUT_OBJECT I: must define one or more input fields."},
    {"input I { a: A } type A { a: Int }",
     "input:1:11: OBJECT a: field must be one of SCALAR, ENUM, INPUT_OBJECT."},
    {"input I { a: Int } type A { a: I }",
     "input:1:29: OBJECT A: field must be one of SCALAR, OBJECT, INTERFACE, UNION, ENUM."},
    {"union U = A", "input:1:7: Undefined type \"A\"."},
    {"union U = Int", "input:1:7: UNION type \"Int\" must be OBJECT."},
    {"type A implements B { a: Int }", "input:1:6: Undefined type \"B\"."},
    {"type A implements Int { a: Int }", "input:1:6: \"Int\" is a non interface type SCALAR."},
    {"interface I { i: Int } type A implements I { a: Int }",
     "input:1:29: For A to implement I it must have a field called i."},
    {"interface I { i: Int } type A implements I { i: String }",
     "input:1:46: For A to implement I the field i must have type Int."},
    {"interface I { i(x: Int): Int } type A implements I { i: Int }",
     "input:1:54: For A to implement I the field i must have the same arguments but it is "
     "missing x."},
    {"interface I { i(x: Int): Int } type A implements I { i(x: String): Int }",
     "input:1:56: For A to implement I the field i must have the same arguments but x has the "
     "wrong type."},
    {"interface I { i: Int } type A implements I { i(x: Int!): Int }",
     "input:1:48: For A to implement I any additional arguments on i must be optional or have "
     "a default value but x is required."},
    {"interface I { i: Int } interface J implements I { i: Int } "
     "type A implements J { i: Int }",
     "input:1:65: Type A must implement I because it is implemented by J."},
    {"interface I implements J { i: Int } interface J implements I { i: Int }",
     "input:1:11: Type I cannot implement J because it would create a circular reference."},
    {"type A @d { a: Int }", "input:1:9: Undefined directive d."},
    {"type A @skip(if: true) { a: Int }", "input:1:9: Directive skip is not applicable on OBJECT."},
    {"directive @d(x: Int @d) on ARGUMENT_DEFINITION",
     "input:1:22: Directive d cannot refer to itself."},
    {"directive @__d on FIELD",
     "input:1:12: Name \"__d\" must not begin with \"__\", which is reserved by GraphQL "
     "introspection."},
};

TEST_CASE("graphql: a schema that is wrong is told by its first error") {
  Calls call;
  for (const WrongSchema& row : kWrongSchemas) {
    CAPTURE(row.schema);
    CHECK(call("graphql.parse", {"{ a }", row.schema}) == std::string(kConversion) + row.message);
    CHECK(call("graphql.schema_is_valid", {row.schema}) == "false");
  }
}

TEST_CASE("graphql: schemas that are right, also where the specification is stricter") {
  const char* const schemas[] = {
      "",
      "scalar A",
      "extend type Query { a: Int }",
      "type A { a: Int } extend type A { b: Int @deprecated }",
      "interface I { i: [I] } type A implements I { i: [A!]! j(x: Int! = 1): Int }",
      "type A { a: Int } type B { b: Int } union U = A | B extend union U = C type C { c: U }",
      "directive @d(x: Int = 1) repeatable on OBJECT type A @d @d(x: 2) { a: Int }",
      "directive @skip(if: Boolean!) on FIELD",
      "input I { a: I b: [Int!] = [1] @deprecated } type Query { q(i: I): Int }",
      "scalar S @specifiedBy(url: \"x\") enum E { A @deprecated(reason: \"r\") }",
      "schema { query: Q } type Q { q: Int } extend schema { mutation: Q }",
  };
  Calls call;
  for (const char* schema : schemas) {
    CAPTURE(schema);
    CHECK(call("graphql.schema_is_valid", {schema}) == "true");
  }
}

constexpr const char* kSchema = R"(
interface Being { name: String }
type Dog implements Being {
  name: String
  nick: String
  barks(loud: Boolean = true, times: Int!): Boolean
  owner: Human
  does(command: Command!): Boolean
}
type Cat implements Being { name: String meows: Int owner: Human! }
type Human implements Being { name: String pets: [Being!] }
enum Command { SIT DOWN }
union CatOrDog = Cat | Dog
input Filter { name: String! age: Int ids: [ID!] size: Float dog: Boolean command: Command
  next: Filter }
scalar Any
type Query {
  dog: Dog cat: Cat being: Being any(of: CatOrDog2): CatOrDog human(id: ID): Human
  find(filter: Filter, list: [Int], any: Any): Dog
}
input CatOrDog2 { a: Int }
type Mutation { m: Int }
type Subscription { a: Int b: Int }
directive @once(n: Int!) on FIELD
directive @many repeatable on FIELD | QUERY
)";

struct QueryRow {
  const char* query;
  const char* message;  // empty: valid
};

void check(std::span<const QueryRow> rows) {
  Calls call;
  for (const QueryRow& row : rows) {
    CAPTURE(row.query);
    const std::string result = call("graphql.parse", {row.query, kSchema});
    const bool valid = std::string_view(row.message).empty();
    CHECK(call("graphql.is_valid", {row.query, kSchema}) == (valid ? "true" : "false"));
    CHECK(call("graphql.parse_and_verify", {row.query, kSchema})
              .starts_with(valid ? "[true," : "[false,{},{}]"));
    if (valid) {
      CHECK(result.starts_with("[{"));
    } else {
      CHECK(result == "eval_builtin_error: " + std::string(row.message));
    }
  }
}

#define AT(message, place) message " in GraphQL string at location " place

TEST_CASE("graphql: fields, arguments and directives of a query") {
  const QueryRow rows[] = {
      {"{ dog { name } cat { owner { name } } }", ""},
      {"{ __schema { types { name } } __type(name: \"Dog\") { kind } __typename }", ""},
      {"{ nothing }", AT("Cannot query field \"nothing\" on type \"Query\"", "1:3")},
      {"{ dogs { name } }",
       AT("Cannot query field \"dogs\" on type \"Query\". Did you mean \"dog\"?", "1:3")},
      {"{ being { nick } }",
       AT("Cannot query field \"nick\" on type \"Being\". Did you mean to use an inline fragment "
          "on \"Dog\"?",
          "1:11")},
      {"{ any { name } }",
       AT("Cannot query field \"name\" on type \"CatOrDog\". Did you mean to use an inline "
          "fragment on \"Being\", \"Cat\", or \"Dog\"?",
          "1:9")},
      {"{ dog }", AT("Field \"dog\" of type \"Dog\" must have a selection of subfields. Did you "
                     "mean \"dog { ... }\"?",
                     "1:3")},
      {"{ dog { name { x } } }",
       AT("Cannot query field \"x\" on type \"String\".\ninput:1:9: Field \"name\" must not have a "
          "selection since type \"String\" has no subfields",
          "1:16")},
      {"{ dog { barks } }", AT("Field \"barks\" argument \"times\" of type \"Int!\" is required, "
                               "but it was not provided",
                               "1:9")},
      {"{ dog { barks(times: 1, loudly: true) } }",
       AT("Unknown argument \"loudly\" on field \"Dog.barks\". Did you mean \"loud\"?", "1:9")},
      {"{ dog { barks(times: 1, times: 2) } }",
       AT("There can be only one argument named \"times\"", "1:25")},
      {"{ dog @skip(if: true) { name @include(if: false) } }", ""},
      {"{ dog { name @nothing } }", AT("Unknown directive \"@nothing\"", "1:15")},
      {"query @skip(if: true) { dog { name } }",
       AT("Directive \"@skip\" may not be used on QUERY", "1:8")},
      {"{ dog { name @skip } }", AT("Directive \"@skip\" argument \"if\" of type \"Boolean!\" is "
                                    "required, but it was not provided",
                                    "1:15")},
      {"{ dog { name @skip(if: true, of: 1) } }",
       AT("Unknown argument \"of\" on directive \"@skip\". Did you mean \"if\"?", "1:15")},
      {"{ dog { name @once(n: 1) @once(n: 2) } }",
       AT("The directive \"@once\" can only be used once at this location", "1:27")},
      {"{ dog { name @many @many } }", ""},
  };
  check(rows);
}

TEST_CASE("graphql: operations and fragments of a query") {
  const QueryRow rows[] = {
      {"query A { dog { name } } query B { dog { name } }", ""},
      {"query A { dog { name } } query A { dog { name } }",
       AT("There can be only one operation named \"A\"", "1:26")},
      {"{ dog { name } } query A { dog { name } }",
       AT("This anonymous operation must be the only defined operation", "1:1")},
      {"subscription { a }", ""},
      {"subscription S { a b }",
       AT("Subscription \"S\" must select only one top level field", "1:20")},
      {"subscription { ...F } fragment F on Subscription { a b }",
       AT("Anonymous Subscription must select only one top level field", "1:54")},
      {"subscription { __typename }",
       AT("Anonymous Subscription must not select an introspection top level field", "1:16")},
      {"{ dog { ...F } } fragment F on Dog { name }", ""},
      {"{ dog { ...G } }", AT("Unknown fragment \"G\"", "1:12")},
      {"{ dog { name } } fragment F on Dog { name }", AT("Fragment \"F\" is never used", "1:18")},
      {"{ dog { ...F } } fragment F on Dog { name } fragment F on Dog { nick }",
       AT("There can be only one fragment named \"F\"", "1:45")},
      {"{ dog { ...F } } fragment F on Dogg { name }",
       AT("Unknown type \"Dogg\". Did you mean \"Dog\"?", "1:18")},
      {"{ dog { ... on Nothing { name } } }", AT("Unknown type \"Nothing\"", "1:13")},
      {"{ dog { ... on Int { name } } }",
       AT("Cannot query field \"name\" on type \"Int\".\ninput:1:13: Fragment cannot condition on "
          "non composite type \"Int\"",
          "1:22")},
      {"{ dog { ... on Cat { name } } }",
       AT("Fragment cannot be spread here as objects of type \"Dog\" can never be of type "
          "\"Cat\"",
          "1:13")},
      {"{ dog { ...F } } fragment F on Cat { name }",
       AT("Fragment \"F\" cannot be spread here as objects of type \"Dog\" can never be of type "
          "\"Cat\"",
          "1:12")},
      {"{ being { ... on CatOrDog { __typename } } }", ""},
      {"{ dog { ...F } } fragment F on Dog { name ...F }",
       AT("Cannot spread fragment \"F\" within itself", "1:46")},
      {"{ dog { ...F } } fragment F on Dog { ...G } fragment G on Dog { name ...F }",
       AT("Cannot spread fragment \"F\" within itself via \"G\"", "1:73")},
  };
  check(rows);
}

TEST_CASE("graphql: fields of one response name must ask for the same") {
  const QueryRow rows[] = {
      {"{ dog { name name } }", ""},
      {"{ dog { name: nick name } }",
       AT("Fields \"name\" conflict because \"nick\" and \"name\" are different fields. Use "
          "different aliases on the fields to fetch both if this was intentional",
          "1:20")},
      {"{ dog { barks(times: 1) barks(times: 2) } }",
       AT("Fields \"barks\" conflict because they have differing arguments. Use different aliases "
          "on the fields to fetch both if this was intentional",
          "1:25")},
      {"{ dog { x: name } dog { x: nick } }",
       AT("Fields \"dog\" conflict because subfields \"x\" conflict because \"name\" and \"nick\" "
          "are different fields. Use different aliases on the fields to fetch both if this was "
          "intentional",
          "1:19")},
      {"{ any { ... on Dog { x: nick } ... on Cat { x: meows } } }",
       AT("Fields \"x\" conflict because they return conflicting types \"String\" and \"Int\". "
          "Use different aliases on the fields to fetch both if this was intentional",
          "1:45")},
      {"{ any { ... on Dog { owner { name } } ... on Cat { owner { name } } } }",
       AT("Fields \"owner\" conflict because they return conflicting types \"Human\" and "
          "\"Human!\". Use different aliases on the fields to fetch both if this was intentional",
          "1:52")},
      {"{ any { ... on Dog { x: name } ... on Cat { x: name } } }", ""},
      {"{ dog { name ... on Dog { a: name b: name c: name } name: nick } }",
       AT("Fields \"name\" conflict because \"name\" and \"nick\" are different fields. Use "
          "different aliases on the fields to fetch both if this was intentional",
          "1:53")},
      {"{ dog { ...F name } } fragment F on Dog { name: nick }",
       AT("Fields \"name\" conflict because \"name\" and \"nick\" are different fields. Use "
          "different aliases on the fields to fetch both if this was intentional",
          "1:43")},
      {"{ dog { ...F ...G } } fragment F on Dog { x: name } fragment G on Dog { x: nick }",
       AT("Fields \"x\" conflict because \"name\" and \"nick\" are different fields. Use "
          "different aliases on the fields to fetch both if this was intentional",
          "1:73")},
  };
  check(rows);
}

TEST_CASE("graphql: variables of a query") {
  const QueryRow rows[] = {
      {"query ($t: Int!) { dog { barks(times: $t) } }", ""},
      {"query ($t: Int = 1) { dog { barks(times: $t) } }", ""},
      {"query ($t: Int) { dog { barks(times: $t) } }",
       AT("Variable \"$t\" of type \"Int\" used in position expecting type \"Int!\"", "1:38")},
      {"query ($t: String!) { dog { barks(times: $t) } }",
       AT("Variable \"$t\" of type \"String!\" used in position expecting type \"Int!\"", "1:42")},
      {"{ dog { barks(times: $t) } }", AT("Variable \"$t\" is not defined", "1:22")},
      {"query A { dog { barks(times: $t) } }",
       AT("Variable \"$t\" is not defined by operation \"A\"", "1:30")},
      {"query ($t: Int) { dog { name } }", AT("Variable \"$t\" is never used", "1:8")},
      {"query A($t: Int) { dog { name } }",
       AT("Variable \"$t\" is never used in operation \"A\"", "1:9")},
      {"query ($t: Nothing) { dog { name @skip(if: $t) } }",
       AT("Unknown type \"Nothing\".\ninput:1:44: Variable \"$t\" of type \"Nothing\" used in "
          "position expecting type \"Boolean!\"",
          "1:8")},
      {"query ($t: [Int]) { find(list: $t) { name } }", ""},
      {"query ($t: Int) { find(list: [$t]) { name } }", ""},
      {"query ($f: Filter) { dog { ...F } } fragment F on Dog { name }",
       AT("Variable \"$f\" is never used", "1:8")},
      {"query ($t: Boolean!) { dog { ...F } } fragment F on Dog { name @skip(if: $t) }", ""},
  };
  check(rows);
}

TEST_CASE("graphql: a wrong use of a variable's type and name") {
  const QueryRow rows[] = {
      {"query ($t: Int!, $t: Int!) { dog { barks(times: $t) } }",
       AT("Variable \"$t\" is never used.\ninput:1:18: There can be only one variable named "
          "\"$t\"",
          "1:18")},
      {"query ($t: Dog) { find(any: $t) { name } }",
       AT("Variable \"$t\" of type \"Dog\" used in position expecting type \"Any\".\ninput:1:8: "
          "Variable \"$t\" cannot be non-input type \"Dog\"",
          "1:29")},
  };
  check(rows);
}

TEST_CASE("graphql: literals of a query") {
  const QueryRow rows[] = {
      {"{ find(filter: {name: \"n\", age: 1, ids: [\"a\", 2], size: 1, dog: true, command: SIT, "
       "next: {name: \"m\"}}) { name } }",
       ""},
      {"{ find(any: {a: [1, \"x\", $v]}) { name } }", AT("Variable \"$v\" is not defined", "1:26")},
      {"{ find(filter: {}) { name } }",
       AT("Field \"Filter.name\" of required type \"String!\" was not provided", "1:16")},
      {"{ find(filter: {name: \"n\", nam: 1}) { name } }",
       AT("Field \"nam\" is not defined by type \"Filter\". Did you mean \"name\"?", "1:28")},
      {"{ find(filter: {name: \"n\", name: \"m\"}) { name } }",
       AT("There can be only one input field named \"name\"", "1:28")},
      {"{ find(filter: {name: 1}) { name } }",
       AT("String cannot represent a non string value: 1", "1:23")},
      {"{ find(filter: {name: null}) { name } }",
       AT("Expected value of type \"String!\", found null", "1:23")},
      {"{ find(filter: {name: \"n\", age: \"1\"}) { name } }",
       AT("Int cannot represent non-integer value: \"1\"", "1:34")},
      {"{ find(filter: {name: \"n\", age: 1.5}) { name } }",
       AT("Int cannot represent non-integer value: 1.5", "1:33")},
      {"{ find(filter: {name: \"n\", size: \"1\"}) { name } }",
       AT("Float cannot represent non numeric value: \"1\"", "1:35")},
      {"{ find(filter: {name: \"n\", dog: 1}) { name } }",
       AT("Boolean cannot represent a non boolean value: 1", "1:33")},
      {"{ find(filter: {name: \"n\", command: \"SIT\"}) { name } }",
       AT("Enum \"Command\" cannot represent non-enum value: \"SIT\". Did you mean the enum value "
          "\"SIT\"?",
          "1:38")},
      {"{ find(filter: {name: \"n\", command: SITS}) { name } }",
       AT("Value \"SITS\" does not exist in \"Command\" enum. Did you mean the enum value "
          "\"SIT\"?",
          "1:37")},
      {"{ find(filter: {name: \"n\", command: 1}) { name } }",
       AT("Enum \"Command\" cannot represent non-enum value: 1", "1:37")},
      {"{ human(id: 1.0) { name } }",
       AT("ID cannot represent a non-string and non-integer value: 1.0", "1:13")},
      {"{ human(id: [1]) { name } }",
       AT("ID cannot represent a non-string and non-integer value: [1]", "1:13")},
      {"{ find(list: 1) { name } }", ""},
      {"{ find(list: [\"a\"]) { name } }",
       AT("Int cannot represent non-integer value: \"a\"", "1:16")},
      {"query ($t: Int = \"a\") { find(list: [$t]) { name } }",
       AT("Int cannot represent non-integer value: \"a\"", "1:19")},
  };
  check(rows);
}

TEST_CASE("graphql: all errors of a query are told, in the order of the walk") {
  Calls call;
  CHECK(call("graphql.parse", {"{\n  one\n  two\n}", "type Query { a: Int }"}) ==
        "eval_builtin_error: Cannot query field \"one\" on type \"Query\".\n"
        "input:3:3: Cannot query field \"two\" on type \"Query\" in GraphQL string at location "
        "2:3");
  CHECK(call("graphql.parse", {"mutation { a }", "type Query { a: Int }"}) ==
        "eval_builtin_error: Schema does not support operation type \"mutation\" in GraphQL "
        "string at location 1:1");
  CHECK(call("graphql.is_valid", {"{ a }", "scalar S"}) == "false");
  CHECK(call("graphql.is_valid", {"", "scalar S"}) == "true");
}

TEST_CASE("graphql: fragments that come back below a field have an end") {
  const std::string schema = "type Query { a: Query b: Int c: Int }";
  Calls call;
  for (const std::string query :
       {"{ a { x: b ...G } a { x: c ...G } } fragment G on Query { a { ...G } }",
        "{ a { ...G } a { a { ...G } } } fragment G on Query { a { ...G } a { a { ...G } } }",
        "{ a { ...F } a { ...G } } fragment F on Query { a { b ...G } a { ...F } } "
        "fragment G on Query { a { ...F } a { c ...G } }"}) {
    CAPTURE(query);
    CHECK(call("graphql.parse", {query, schema}).starts_with("eval_builtin_error: "));
  }
}

TEST_CASE("graphql: deep selections of fragments that spread each other are refused") {
  constexpr int kLevels = 150;
  std::string query = "{ ...F0 }";
  for (int i = 0; i < 90; ++i) {
    query += " fragment F" + std::to_string(i) + " on Query {";
    for (int level = 0; level < kLevels; ++level) query += " a {";
    query += i + 1 < 90 ? " ...F" + std::to_string(i + 1) : " b";
    query += std::string(kLevels, '}') + " }";
  }
  Calls call;
  CHECK(call("graphql.parse", {query, "type Query { a: Query b: Int }"}) ==
        "eval_builtin_error: the query is too complex to be checked");
}

TEST_CASE("graphql: long chains of fragments are checked or refused, never followed too far") {
  std::string query = "{ dog { ...F0 } }";
  for (int i = 0; i < 2'000; ++i) {
    const std::string next = i + 1 < 2'000 ? " ...F" + std::to_string(i + 1) : "";
    query += " fragment F" + std::to_string(i) + " on Dog { name" + next + " }";
  }
  Calls call;
  CHECK(call("graphql.parse", {query, kSchema}) ==
        "eval_builtin_error: the query is too complex to be checked");
}

TEST_CASE("suggestions: close names, the closest first; lists of names") {
  CHECK(suggestions("colour", {"cool", "x", "color"}) == std::vector<std::string>{"color", "cool"});
  CHECK(suggestions("NAME", {"games", "name"}) == std::vector<std::string>{"name", "games"});
  CHECK(suggestions("a", {"bb"}).empty());
  CHECK(or_list({}) == "");
  CHECK(or_list({"a"}) == "a");
  CHECK(quoted_or_list({"a", "b"}) == "\"a\" or \"b\"");
  CHECK(or_list({"a", "b", "c"}) == "a, b, or c");
  CHECK(or_list({"a", "b", "c", "d", "e", "f"}) == "a, b, c, d, or e");
}

}  // namespace
}  // namespace mc::graphrego::testing
