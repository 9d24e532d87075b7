#include "graphql/execute.h"

#include <doctest/doctest.h>

#include <thread>

#include "graphql/graphql.h"
#include "graphql/json_resolver.h"
#include "graphql/random_resolver.h"
#include "sim/sim.h"

namespace {

using namespace mc;
using namespace mc::graphql;

constexpr const char* kSdl = R"(
  interface Named { name: String friends: [Named] }
  union Pet = Dog | Cat
  type Dog implements Named { name: String friends: [Named] barks: Boolean! }
  type Cat implements Named { name: String friends: [Named] meows: Boolean }
  type Person implements Named {
    name: String friends: [Named] age: Int! pets: [Pet!] grid: [[Int!]] best: Person mother: Person!
    greet(word: String! = "hi", times: Int): String
  }
  type Query { me: Person people: [Person!] pet: Pet must: Person! tags: [String!]! self: Query }
  type Mutation { first: Person second: Person! third: Person }
  type Subscription { tick: Int }
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

struct Outcome {
  ExecuteResult result;
  std::vector<std::string> calls;
};

// One execution of `document` over the tree `data` with the schema above.
struct Bench {
  std::unique_ptr<Schema> schema = must_build(kSdl);
  sim::SimClock clock;
  json::Object variables;
  std::string operation;
  ExecuteLimits limits{};
  bool introspection = true;
  MonoTime deadline{INT64_MAX};
  Subscriptions subscriptions = Subscriptions::refuse;

  Outcome run(const std::string& document, const std::string& data) {
    const auto parsed = must_parse(document);
    const json::Value tree = must_read(data);
    JsonResolver resolver(*schema, tree);
    ExecuteRequest request{*parsed, operation, variables};
    request.limits = limits;
    request.introspection = introspection;
    request.deadline = deadline;
    request.subscriptions = subscriptions;
    ExecuteResult result = execute(*schema, request, resolver, clock);
    return {std::move(result), std::move(resolver.calls)};
  }
};

}  // namespace

TEST_CASE("execute: answers with the selected fields in the order of the document") {
  struct Row {
    const char* name;
    const char* document;
    const char* data;
    const char* body;
  };
  const Row rows[] = {
      {"leaves and aliases", "{ me { n: name age __typename } }",
       R"({"me":{"name":"Ada","age":36}})",
       R"({"data":{"me":{"n":"Ada","age":36,"__typename":"Person"}}})"},
      {"nothing there", "{ me { name } people { name } }", "{}",
       R"({"data":{"me":null,"people":null}})"},
      {"merged selections",
       "{ me { name ...F } me { best { name } ... on Named { name } } } "
       "fragment F on Person { best { age } }",
       R"({"me":{"name":"Ada","best":{"age":1,"name":"Bo"}}})",
       R"({"data":{"me":{"name":"Ada","best":{"age":1,"name":"Bo"}}}})"},
      {"skip and include",
       "{ me { name @skip(if: true) age @include(if: true) "
       "... @include(if: false) { best { age } } } }",
       R"({"me":{"name":"Ada","age":1}})", R"({"data":{"me":{"age":1}}})"},
      {"abstract types",
       "{ me { pets { __typename ... on Dog { barks } ... on Cat { meows } "
       "... on Named { name } } } }",
       R"({"me":{"pets":[{"__typename":"Cat","name":"a","meows":true},
          {"__typename":"Dog","name":"b","barks":false},
          {"__typename":"Cat","name":"c","meows":null}]}})",
       R"({"data":{"me":{"pets":[{"__typename":"Cat","meows":true,"name":"a"},)"
       R"({"__typename":"Dog","barks":false,"name":"b"},)"
       R"({"__typename":"Cat","meows":null,"name":"c"}]}}})"},
      {"lists of lists", "{ me { grid } }", R"({"me":{"grid":[[1,2],null,[]]}})",
       R"({"data":{"me":{"grid":[[1,2],null,[]]}}})"},
      {"empty fragments", "{ pet { ... on Dog { name } } }",
       R"({"pet":{"__typename":"Cat","name":"a"}})", R"({"data":{"pet":{}}})"},
      {"a fragment that names itself", "{ me { ...F } } fragment F on Person { name ...F }",
       R"({"me":{"name":"Ada"}})", R"({"data":{"me":{"name":"Ada"}}})"},
      {"a field the type does not have", "{ nothing me { nobody name } }",
       R"({"me":{"name":"Ada"}})", R"({"data":{"me":{"name":"Ada"}}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench;
    const Outcome outcome = bench.run(row.document, row.data);
    CHECK(outcome.result.body == row.body);
    CHECK(outcome.result.errors == 0);
    CHECK_FALSE(outcome.result.request_error);
  }
}

TEST_CASE("execute: errors null the nearest nullable place and say where they come from") {
  struct Row {
    const char* name;
    const char* document;
    const char* data;
    const char* body;
  };
  const Row rows[] = {
      {"a nullable field", "{ me { name } }", R"({"me":{"name":{"$error":"no","$code":"DENIED"}}})",
       R"({"errors":[{"message":"no","locations":[{"line":1,"column":8}],"path":["me","name"],)"
       R"("extensions":{"code":"DENIED"}}],"data":{"me":{"name":null}}})"},
      {"a non-null field", "{ me { age } }", R"({"me":{}})",
       R"({"errors":[{"message":"Cannot return null for non-nullable field Person.age.",)"
       R"("locations":[{"line":1,"column":8}],"path":["me","age"]}],"data":{"me":null}})"},
      {"a chain up to the root", "{ must { mother { age } } }",
       R"({"must":{"mother":{"age":"x"}}})",
       R"({"errors":[{"message":"Int cannot represent non-integer value: \"x\"",)"
       R"("locations":[{"line":1,"column":19}],"path":["must","mother","age"]}],"data":null})"},
      {"items of a list", "{ me { grid } }", R"({"me":{"grid":[[1,null],[2],[{"$error":"e"}]]}})",
       R"({"errors":[{"message":"Cannot return null for non-nullable field Person.grid.",)"
       R"("locations":[{"line":1,"column":8}],"path":["me","grid",0,1]},)"
       R"({"message":"e","locations":[{"line":1,"column":8}],"path":["me","grid",2,0]}],)"
       R"("data":{"me":{"grid":[null,[2],null]}}})"},
      {"non-null items take the list with them", "{ people { age } }",
       R"({"people":[{"age":1},{},{"age":3}]})",
       R"({"errors":[{"message":"Cannot return null for non-nullable field Person.age.",)"
       R"("locations":[{"line":1,"column":12}],"path":["people",1,"age"]}],)"
       R"("data":{"people":null}})"},
      {"only what a depth-first executor meets is told", "{ me { age name best { age } } }",
       R"({"me":{"name":{"$error":"hidden"},"best":{"age":"hidden"}}})",
       R"({"errors":[{"message":"Cannot return null for non-nullable field Person.age.",)"
       R"("locations":[{"line":1,"column":8}],"path":["me","age"]}],"data":{"me":null}})"},
      {"earlier siblings keep their errors", "{ me { name age } }",
       R"({"me":{"name":{"$error":"seen"}}})",
       R"({"errors":[{"message":"seen","locations":[{"line":1,"column":8}],"path":["me","name"]},)"
       R"({"message":"Cannot return null for non-nullable field Person.age.",)"
       R"("locations":[{"line":1,"column":13}],"path":["me","age"]}],"data":{"me":null}})"},
      {"all merged fields are located",
       "{ me { name } ...F } fragment F on Query { me {\n name } }",
       R"({"me":{"name":{"$error":"no"}}})",
       R"({"errors":[{"message":"no","locations":[{"line":1,"column":8},{"line":2,"column":2}],)"
       R"("path":["me","name"]}],"data":{"me":{"name":null}}})"},
      {"no list", "{ people { name } }", R"({"people":{"name":"x"}})",
       R"({"errors":[{"message":"Expected Iterable, but did not find one for field )"
       R"(\"Query.people\".","locations":[{"line":1,"column":3}],"path":["people"]}],)"
       R"("data":{"people":null}})"},
      {"a type that is not possible", "{ pet { __typename } }",
       R"({"pet":{"__typename":"Person"}})",
       R"({"errors":[{"message":"Runtime Object type \"Person\" is not a possible type for )"
       R"(\"Pet\".","locations":[{"line":1,"column":3}],"path":["pet"]}],"data":{"pet":null}})"},
      {"columns count UTF-16 units", "{ me { greet(word: \"\xF0\x9F\x98\x80\") name } }",
       R"({"me":{"name":{"$error":"no"}}})",
       R"({"errors":[{"message":"no","locations":[{"line":1,"column":26}],"path":["me","name"]}],)"
       R"("data":{"me":{"greet":null,"name":null}}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench;
    const Outcome outcome = bench.run(row.document, row.data);
    CHECK(outcome.result.body == row.body);
    CHECK_FALSE(outcome.result.request_error);
  }
}

TEST_CASE("execute: an error says more than its code when its resolver does") {
  struct Row {
    const char* name;
    const char* document;
    const char* data;
    const char* body;
  };
  const Row rows[] = {
      {"an error that says more than a code", "{ me { name } }",
       R"({"me":{"name":{"$error":"no","$code":"DENIED",)"
       R"("$extensions":{"left":"0.5","code":"x"}}}})",
       R"({"errors":[{"message":"no","locations":[{"line":1,"column":8}],"path":["me","name"],)"
       R"("extensions":{"code":"DENIED","left":"0.5"}}],"data":{"me":{"name":null}}})"},
      {"an error of an object says more too, without a code", "{ must { mother { name } } }",
       R"({"must":{"mother":{"$error":"no","$extensions":{"nearest":{"epsilon":1}}}}})",
       R"({"errors":[{"message":"no","locations":[{"line":1,"column":10}],)"
       R"("path":["must","mother"],"extensions":{"nearest":{"epsilon":1}}}],"data":null})"},
      {"nothing more to say is no member", "{ me { name } }",
       R"({"me":{"name":{"$error":"no","$extensions":{}}}})",
       R"({"errors":[{"message":"no","locations":[{"line":1,"column":8}],"path":["me","name"]}],)"
       R"("data":{"me":{"name":null}}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench;
    CHECK(bench.run(row.document, row.data).result.body == row.body);
  }
}

TEST_CASE("execute: a field is resolved once for all its parents of one type") {
  Bench bench;
  const Outcome outcome = bench.run(
      "{ people { friends { name } } me { name } }",
      R"({"people":[{"friends":[{"__typename":"Dog"},{"__typename":"Cat"}]},{"friends":[]},
         {"friends":[{"__typename":"Cat"},null,{"__typename":"Dog"}]}],"me":{}})");
  CHECK(outcome.calls == std::vector<std::string>{"Query.people x1", "Query.me x1",
                                                  "Person.friends x3", "Person.name x1",
                                                  "Dog.name x2", "Cat.name x2"});
  CHECK(outcome.result.resolver_calls == outcome.calls.size());
}

TEST_CASE("execute: mutation fields run one after another and stop at an error of the root") {
  Bench bench;
  Outcome outcome = bench.run("mutation { first { name } second { age } third { name } }",
                              R"({"first":{"name":"a"},"second":{"age":1},"third":{"name":"c"}})");
  CHECK(outcome.calls == std::vector<std::string>{"Mutation.first x1", "Person.name x1",
                                                  "Mutation.second x1", "Person.age x1",
                                                  "Mutation.third x1", "Person.name x1"});
  CHECK(outcome.result.body ==
        R"({"data":{"first":{"name":"a"},"second":{"age":1},"third":{"name":"c"}}})");
  outcome = bench.run("mutation { first { name } second { name } third { name } }",
                      R"({"first":{"name":"a"},"third":{"name":"c"}})");
  CHECK(outcome.calls ==
        std::vector<std::string>{"Mutation.first x1", "Person.name x1", "Mutation.second x1"});
  CHECK(outcome.result.body.ends_with(R"(,"data":null})"));
}

TEST_CASE("execute: arguments reach the resolver coerced, with defaults, or become errors") {
  struct Row {
    const char* arguments;
    const char* call;
  };
  const Row rows[] = {
      {"", R"(Person.greet x1 {"word":"hi"})"},
      {"(word: \"yo\", times: 3)", R"(Person.greet x1 {"word":"yo","times":3})"},
      {"(times: null)", R"(Person.greet x1 {"word":"hi","times":null})"},
      {"(word: $given)", R"(Person.greet x1 {"word":"from outside"})"},
      {"(word: $absent)", R"(Person.greet x1 {"word":"hi"})"},
  };
  Bench bench;
  bench.variables.set("given", "from outside");
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const Outcome outcome = bench.run("query ($given: String, $absent: String) { me { greet" +
                                          std::string(row.arguments) + " } }",
                                      R"({"me":{}})");
    CHECK(outcome.calls.back() == row.call);
  }
  bench.variables.set("given", nullptr);
  const Outcome refused =
      bench.run("query ($given: String) { me { greet(word: $given) } }", R"({"me":{}})");
  CHECK(refused.calls.size() == 1);
  CHECK(refused.result.body ==
        R"({"errors":[{"message":"Argument \"word\" of non-null type \"String!\" must not be )"
        R"(null.","locations":[{"line":1,"column":43}],"path":["me","greet"]}],)"
        R"("data":{"me":{"greet":null}}})");
}

TEST_CASE("execute: the operation is chosen by name as graphql-js does") {
  struct Row {
    const char* document;
    const char* name;
    const char* error;  // "" = it runs
  };
  const Row rows[] = {
      {"{ me { name } }", "", ""},
      {"query A { me { name } } mutation B { third { name } }", "B", ""},
      {"fragment F on Query { me { name } }", "", "Must provide an operation."},
      {"query A { me { name } } query B { me { name } }", "",
       "Must provide operation name if query contains multiple operations."},
      {"query A { me { name } }", "C", "Unknown operation named \"C\"."},
  };
  for (const Row& row : rows) {
    CAPTURE(row.document);
    Bench bench;
    bench.operation = row.name;
    const Outcome outcome = bench.run(row.document, "{}");
    CHECK(outcome.result.request_error == (row.error[0] != '\0'));
    if (row.error[0] == '\0') continue;
    std::string body = R"({"errors":[{"message":)";
    json::append_quoted(body, row.error);
    CHECK(outcome.result.body ==
          body + R"(,"extensions":{"code":"OPERATION_RESOLUTION_FAILURE"}}]})");
  }
}

TEST_CASE("execute: subscriptions are refused unless one event is asked for") {
  Bench bench;
  const Outcome refused = bench.run("subscription { tick }", R"({"tick":7})");
  CHECK(refused.result.request_error);
  CHECK(refused.result.body.find("SUBSCRIPTIONS_UNSUPPORTED") != std::string::npos);
  CHECK(refused.calls.empty());
  bench.subscriptions = Subscriptions::one_event;
  CHECK(bench.run("subscription { tick }", R"({"tick":7})").result.body ==
        R"({"data":{"tick":7}})");
}

TEST_CASE("execute: introspection can be refused wherever it hides") {
  const char* const documents[] = {
      "{ __schema { queryType { name } } }", "{ x: __type(name: \"Query\") { name } }",
      "{ self { self { ...F } } } fragment F on Query { __schema { types { name } } }"};
  for (const char* document : documents) {
    CAPTURE(document);
    Bench bench;
    const Outcome open = bench.run(document, R"({"self":{"self":{}}})");
    CHECK(open.result.body.starts_with(R"({"data":{)"));
    bench.introspection = false;
    const Outcome closed = bench.run(document, R"({"self":{"self":{}}})");
    CHECK(closed.result.request_error);
    CHECK(closed.result.body.find(R"("code":"INTROSPECTION_DISABLED")") != std::string::npos);
    CHECK(closed.calls.empty());
    CHECK_FALSE(bench.run("{ __typename }", "{}").result.request_error);
  }
}

TEST_CASE("execute: each limit ends the execution without data") {
  struct Row {
    const char* code;
    void (*set)(Bench&);
  };
  const Row rows[] = {
      {"RESPONSE_TOO_LARGE", [](Bench& bench) { bench.limits.response_bytes_max = 60; }},
      {"OBJECTS_LIMIT_EXCEEDED", [](Bench& bench) { bench.limits.objects_max = 3; }},
      {"DEPTH_LIMIT_EXCEEDED", [](Bench& bench) { bench.limits.levels_max = 2; }},
      {"DEADLINE_EXCEEDED", [](Bench& bench) { bench.deadline = bench.clock.mono(); }},
  };
  const std::string data = R"({"people":[{"best":{"name":"aaaaaaaaaa"}},{"best":{"name":"b"}}]})";
  for (const Row& row : rows) {
    CAPTURE(row.code);
    Bench bench;
    CHECK_FALSE(bench.run("{ people { best { name } } }", data).result.errors);
    row.set(bench);
    const ExecuteResult result = bench.run("{ people { best { name } } }", data).result;
    CHECK(result.errors == 1);
    CHECK_FALSE(result.request_error);
    CHECK(result.body.ends_with(R"("extensions":{"code":")" + std::string(row.code) +
                                R"("}}],"data":null})"));
  }
}

TEST_CASE("execute: errors beyond the limit are counted but not listed") {
  Bench bench;
  bench.limits.errors_max = 2;
  const ExecuteResult result =
      bench
          .run("{ me { friends { name } } }",
               R"({"me":{"friends":[{"$error":"1"},{"$error":"2"},{"$error":"3"}]}})")
          .result;
  CHECK(result.errors == 3);
  const Result<json::Value> body = json::parse(result.body);
  REQUIRE(body.has_value());
  CHECK(body->find("errors")->as_array()->size() == 2);
  CHECK(body->find("data")->find("me")->find("friends")->as_array()->size() == 3);
}

TEST_CASE("execute: one big variable cannot be copied without end") {
  Bench bench;
  bench.variables.set("big", std::string(10'000, 'x'));
  std::string document = "query ($big: String!) { me {";
  for (int i = 0; i < 20; ++i) document += " g" + std::to_string(i) + ": greet(word: $big)";
  document += " } }";
  CHECK(bench.run(document, R"({"me":{}})").result.errors == 0);
  bench.limits.input_bytes_max = 100'000;
  CHECK(bench.run(document, R"({"me":{}})").result.errors > 5);
}

namespace {

// Looks ahead from the field `people` and keeps what it saw.
class AheadResolver final : public Resolver {
 public:
  void resolve(const FieldCall& call, std::span<const Object>, std::span<Datum> out) override {
    if (call.field.name != "people") return;
    call.notes.push_back({0, "stale", "STALE"});
    seen = list(call, *call.selected, call.schema.find("Person")->id);
    out[0] = Datum::of_list(nullptr, 0);
  }

  std::string seen;

 private:
  static std::string list(const FieldCall& call, const Selected& selected, TypeId type) {
    std::string text;
    for (const Selected::Item& item : selected.of(type)) {
      text += std::string(item.response_name) + "=" + item.field->name +
              json::print(*item.arguments) + ";";
      if (item.below == nullptr) continue;
      text += "(";
      for (TypeId below : call.schema.type(item.field->type.named).possible) {
        text += call.schema.type(below).name + ":" + list(call, *item.below, below);
      }
      text += ")";
    }
    return text;
  }
};

}  // namespace

TEST_CASE("execute: a resolver can look ahead and report errors beside its values") {
  const auto schema = must_build(kSdl);
  const auto document = must_parse(
      "query ($n: Int) { people { a: name ... on Named { friends { ... on Dog { barks } name } } "
      "greet(times: $n) age @skip(if: true) } }");
  json::Object variables;
  variables.set("n", 2);
  AheadResolver resolver;
  sim::SimClock clock;
  const ExecuteResult result = execute(*schema, {*document, "", variables}, resolver, clock);
  CHECK(resolver.seen ==
        "a=name{};friends=friends{};(Dog:barks=barks{};name=name{};Cat:name=name{};"
        "Person:name=name{};)greet=greet{\"word\":\"hi\",\"times\":2};");
  CHECK(result.body ==
        R"({"errors":[{"message":"stale","locations":[{"line":1,"column":19}],"path":["people"],)"
        R"("extensions":{"code":"STALE"}}],"data":{"people":[]}})");
}

TEST_CASE("execute: a prepared operation answers as an unprepared one, from many threads") {
  const auto schema = must_build(kSdl);
  const auto document = must_parse(
      "query ($on: Boolean!, $word: String!) { people { name @include(if: $on) "
      "friends { name ... on Person { greet(word: $word) @skip(if: $on) } } } }");
  const PreparedOperation prepared(*schema, *document, document->operations[0]);
  std::vector<std::string> wrong(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < wrong.size(); ++thread) {
      threads.emplace_back([&, thread] {
        sim::SimClock clock;
        for (std::uint32_t seed = 0; seed < 50; ++seed) {
          json::Object variables;
          variables.set("on", (seed + thread) % 2 == 0);
          variables.set("word", "w" + std::to_string(seed));
          RandomResolver resolver(*schema, seed);
          ExecuteRequest request{*document, "", variables};
          const std::string plain = execute(*schema, request, resolver, clock).body;
          request.prepared = &prepared;
          if (execute(*schema, request, resolver, clock).body != plain) wrong[thread] = plain;
        }
      });
    }
  }
  for (const std::string& difference : wrong) CHECK(difference == "");
}

TEST_CASE("execute: conditions that cannot be decided are errors of the object they belong to") {
  Bench bench;
  bench.variables.set("on", nullptr);
  const Outcome outcome = bench.run(
      "query ($on: Boolean = true) { people { name best { name @skip(if: $on) } } me { name } }",
      R"({"people":[{"best":{}},{}],"me":{"name":"x"}})");
  CHECK(outcome.result.body.find(
            R"("message":"Argument \"if\" of non-null type \"Boolean!\" must not be null.")") !=
        std::string::npos);
  CHECK(outcome.result.body.ends_with(
      R"("path":["people",0,"best"]}],"data":{"people":[{"name":null,"best":null},)"
      R"({"name":null,"best":null}],"me":{"name":"x"}}})"));
}
