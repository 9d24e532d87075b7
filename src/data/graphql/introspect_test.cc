#include <doctest/doctest.h>

#include "graphql/graphql.h"
#include "graphql/json_resolver.h"
#include "sim/sim.h"

namespace {

using namespace mc;
using namespace mc::graphql;

constexpr const char* kSdl = R"(
  "All of it" schema { query: Root mutation: Change }
  "An address" scalar Url @specifiedBy(url: "https://example.org/url")
  directive @cost(weight: Int! = 1, old: Int @deprecated) repeatable on FIELD | FIELD_DEFINITION
  interface Node { id: ID! }
  type Root implements Node {
    id: ID! "Its name" name(f: In = {a: [1, 2], c: RED}, e: Color = RED, old: Int @deprecated): Url
    gone: [[Root!]!] @deprecated(reason: "no more")
  }
  type Other implements Node { id: ID! }
  union Both = Root | Other
  type Change { go: Both }
  enum Color { RED GREEN @deprecated }
  input In { a: [Int!] c: Color = GREEN old: Int @deprecated(reason: "r") }
  input One @oneOf { a: Int b: Int }
)";

std::string answer(const std::string& document) {
  const auto schema = Schema::build({kSdl});
  REQUIRE_MESSAGE(schema.has_value(), schema.error().what);
  const ParseResult parsed = parse(document);
  REQUIRE_MESSAGE(parsed.has_value(), parsed.error().message);
  const json::Value nothing;
  JsonResolver resolver(**schema, nothing);
  sim::SimClock clock;
  const json::Object variables;
  const ExecuteResult result = execute(**schema, {**parsed, "", variables}, resolver, clock);
  CHECK(resolver.calls.empty());
  return result.body;
}

}  // namespace

TEST_CASE("introspect: answers what graphql-js answers") {
  struct Row {
    const char* document;
    const char* data;
  };
  const Row rows[] = {
      {"{ __typename __schema { description queryType { name } mutationType { name } "
       "subscriptionType { name } } }",
       R"({"__typename":"Root","__schema":{"description":"All of it","queryType":{"name":"Root"},)"
       R"("mutationType":{"name":"Change"},"subscriptionType":null}})"},
      {"{ __type(name: \"Nothing\") { name } }", R"({"__type":null})"},
      {"{ __type(name: \"Url\") { kind name description specifiedByURL fields { name } "
       "interfaces { name } possibleTypes { name } enumValues { name } inputFields { name } "
       "ofType { name } isOneOf __typename } }",
       R"({"__type":{"kind":"SCALAR","name":"Url","description":"An address",)"
       R"("specifiedByURL":"https://example.org/url","fields":null,"interfaces":null,)"
       R"("possibleTypes":null,"enumValues":null,"inputFields":null,"ofType":null,)"
       R"("isOneOf":null,"__typename":"__Type"}})"},
      {"{ __type(name: \"Root\") { kind interfaces { name } fields { name description } } }",
       R"({"__type":{"kind":"OBJECT","interfaces":[{"name":"Node"}],"fields":[)"
       R"({"name":"id","description":null},{"name":"name","description":"Its name"}]}})"},
      {"{ __type(name: \"Root\") { fields(includeDeprecated: true) { name isDeprecated "
       "deprecationReason type { kind name ofType { kind ofType { kind ofType { kind ofType { "
       "name } } } } } } } }",
       R"({"__type":{"fields":[)"
       R"({"name":"id","isDeprecated":false,"deprecationReason":null,"type":{"kind":"NON_NULL",)"
       R"("name":null,"ofType":{"kind":"SCALAR","ofType":null}}},)"
       R"({"name":"name","isDeprecated":false,"deprecationReason":null,"type":{"kind":"SCALAR",)"
       R"("name":"Url","ofType":null}},)"
       R"({"name":"gone","isDeprecated":true,"deprecationReason":"no more","type":)"
       R"({"kind":"LIST","name":null,"ofType":{"kind":"NON_NULL","ofType":{"kind":"LIST",)"
       R"("ofType":{"kind":"NON_NULL","ofType":{"name":"Root"}}}}}}]}})"},
      {"{ __type(name: \"Root\") { fields { args { name type { name } defaultValue } } } }",
       R"({"__type":{"fields":[{"args":[]},{"args":[{"name":"f","type":{"name":"In"},)"
       R"("defaultValue":"{a: [1, 2], c: RED}"},{"name":"e","type":{"name":"Color"},)"
       R"("defaultValue":"RED"}]}]}})"},
      {"{ a: __type(name: \"Both\") { kind possibleTypes { name } } "
       "b: __type(name: \"Node\") { kind possibleTypes { name } fields { name } interfaces { name "
       "} } }",
       R"({"a":{"kind":"UNION","possibleTypes":[{"name":"Root"},{"name":"Other"}]},)"
       R"("b":{"kind":"INTERFACE","possibleTypes":[{"name":"Root"},{"name":"Other"}],)"
       R"("fields":[{"name":"id"}],"interfaces":[]}})"},
      {"{ a: __type(name: \"Color\") { enumValues { name } } b: __type(name: \"Color\") { "
       "enumValues(includeDeprecated: true) { name deprecationReason } } }",
       R"({"a":{"enumValues":[{"name":"RED"}]},"b":{"enumValues":[{"name":"RED",)"
       R"("deprecationReason":null},{"name":"GREEN",)"
       R"("deprecationReason":"No longer supported"}]}})"},
      {"{ a: __type(name: \"In\") { isOneOf inputFields { name defaultValue } } "
       "b: __type(name: \"One\") { isOneOf inputFields(includeDeprecated: true) { name } } }",
       R"({"a":{"isOneOf":false,"inputFields":[{"name":"a","defaultValue":null},)"
       R"({"name":"c","defaultValue":"GREEN"}]},)"
       R"("b":{"isOneOf":true,"inputFields":[{"name":"a"},{"name":"b"}]}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.document);
    CHECK(answer(row.document) == std::string("{\"data\":") + row.data + "}");
  }
}

TEST_CASE("introspect: lists the directives with their places and arguments") {
  const std::string body = answer(
      "{ __schema { directives { name isRepeatable locations args { name } "
      "all: args(includeDeprecated: true) { name } } } }");
  CHECK(body.find(R"({"name":"cost","isRepeatable":true,"locations":["FIELD","FIELD_DEFINITION"],)"
                  R"("args":[{"name":"weight"}],"all":[{"name":"weight"},{"name":"old"}]})") !=
        std::string::npos);
  for (const char* name : {"skip", "include", "deprecated", "specifiedBy"}) {
    CHECK(body.find("{\"name\":\"" + std::string(name) + "\"") != std::string::npos);
  }
}
