#include "graphql/parser.h"

#include <doctest/doctest.h>

#include <string>

namespace mc::graphql {
namespace {

struct Refusal {
  std::string source;
  const char* message;
  Location location;
};

void check_refusals(const std::vector<Refusal>& rows) {
  for (const Refusal& row : rows) {
    CAPTURE(row.source);
    const ParseResult result = parse(row.source);
    REQUIRE(!result.has_value());
    CHECK(result.error().message == std::string("Syntax Error: ") + row.message);
    REQUIRE(result.error().locations.size() == 1);
    CHECK(result.error().locations[0].line == row.location.line);
    CHECK(result.error().locations[0].column == row.location.column);
    CHECK(result.error().code == "GRAPHQL_PARSE_FAILED");
  }
}

// Messages and places as graphql-js 16 gives them.
TEST_CASE("parser: refuses executable documents with the words of graphql-js") {
  check_refusals({
      {"", "Unexpected <EOF>.", {1, 1}},
      {"{", "Expected Name, found <EOF>.", {1, 2}},
      {"{}", "Expected Name, found \"}\".", {1, 2}},
      {"{ a", "Expected Name, found <EOF>.", {1, 4}},
      {"\n{ ...MissingOn }\nfragment MissingOn Type",
       "Expected \"on\", found Name \"Type\".",
       {3, 20}},
      {"{ field: {} }", "Expected Name, found \"{\".", {1, 10}},
      {"notAnOperation Foo { field }", "Unexpected Name \"notAnOperation\".", {1, 1}},
      {"...", "Unexpected \"...\".", {1, 1}},
      {"{ \"\"", "Expected Name, found String \"\".", {1, 3}},
      {"{ ... on }", "Expected Name, found \"}\".", {1, 10}},
      {"fragment on on on { on }", "Unexpected Name \"on\".", {1, 10}},
      {"fragment \"on\" on T { a }", "Unexpected String \"on\".", {1, 10}},
      {"query Foo($x: Complex = { a: { b: [ $var ] } }) { field }",
       "Unexpected variable \"$var\" in constant value.",
       {1, 37}},
      {"query ($x: T = $) { a }", "Unexpected \"$\".", {1, 16}},
      {"{ a(x: $) }", "Expected Name, found \")\".", {1, 9}},
      {"{ a() }", "Expected Name, found \")\".", {1, 5}},
      {"query () { a }", "Expected \"$\", found \")\".", {1, 8}},
      {"\"x\" { a }",
       "Unexpected description, descriptions are not supported on shorthand queries.",
       {1, 1}},
      {"\"x\" extend type A { a: B }",
       "Unexpected description, only GraphQL definitions support descriptions.",
       {1, 1}},
  });
}

TEST_CASE("parser: refuses type system documents with the words of graphql-js") {
  check_refusals({
      {"type A {}", "Expected Name, found \"}\".", {1, 9}},
      {"type A implements { a: B }", "Expected Name, found \"{\".", {1, 19}},
      {"type A implements B & & C", "Expected Name, found \"&\".", {1, 23}},
      {"extend type A", "Unexpected <EOF>.", {1, 14}},
      {"extend scalar A", "Unexpected <EOF>.", {1, 16}},
      {"extend schema", "Unexpected <EOF>.", {1, 14}},
      {"extend directive @a on FIELD", "Unexpected Name \"directive\".", {1, 8}},
      {"extend \"d\" type A", "Unexpected String \"d\".", {1, 8}},
      {"schema { }", "Expected Name, found \"}\".", {1, 10}},
      {"schema { quary: Q }", "Unexpected Name \"quary\".", {1, 10}},
      {"union A = | ", "Expected Name, found <EOF>.", {1, 13}},
      {"enum A { true }",
       "Name \"true\" is reserved and cannot be used for an enum value.",
       {1, 10}},
      {"enum A { \"d\" \"null\" }",
       "String \"null\" is reserved and cannot be used for an enum value.",
       {1, 14}},
      {"directive @a on INCORRECT", "Unexpected Name \"INCORRECT\".", {1, 17}},
      {"directive @a repeatable FIELD", "Expected \"on\", found Name \"FIELD\".", {1, 25}},
      {"input A { a(b: C): D }", "Expected \":\", found \"(\".", {1, 12}},
      {"\"x\"", "Unexpected <EOF>.", {1, 4}},
  });
}

}  // namespace
}  // namespace mc::graphql
