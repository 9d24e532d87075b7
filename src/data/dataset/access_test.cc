// The gate: who is asked what and when, and what a denial does.
#include "dataset/access.h"

#include <doctest/doctest.h>

#include "contract/dataset_folder.h"
#include "contract/dataset_gate.h"

namespace mc::dataset {
namespace {

using contract::Reply;
using Asked = std::map<std::pair<std::string, Use>, int>;

struct Guarded {
  SqliteFolder folder;
  contract::World world{folder.backend(), {"alpha"}};
  TestGate gate{world.catalog().model()};

  Reply ask(const std::string& query) {
    gate.asked.clear();
    return world.ask("alpha", query, {}, {.gate = &gate});
  }
  std::size_t statements() { return world.journal().statements.size(); }
  void deny(const std::string& dataset, Use use, Code code = Code::denied) {
    gate.answer = [this, dataset, use, code](int index, Use asked) -> Result<DatasetAccess> {
      if (gate.name(index) == dataset && asked == use) return fail(code, "purpose-missing");
      return gate.access(index);
    };
  }
};

TEST_CASE("gate: is asked once for each dataset and use of a session") {
  struct Row {
    const char* query;
    Asked asked;
  };
  const Row rows[] = {
      {"{ __typename }", {}},
      {"{ person(id: \"p1\") { id } }", {{{"person", Use::read}, 1}}},
      {"{ a: person(id: \"p1\") { id } b: person(id: \"p2\") { name boss { id } } people { nodes { "
       "id reports { nodes { id } } } } }",
       {{{"person", Use::read}, 1}}},
      {"{ people { nodes { orders { nodes { id person { id } } } } } orders { edges { cursor node "
       "{ "
       "id } } } }",
       {{{"person", Use::read}, 1}, {{"order", Use::read}, 1}}},
      {"{ people { totalCount } }", {{{"person", Use::aggregate}, 1}}},
      {"{ people { totalCount nodes { id } } a: people { totalCount } }",
       {{{"person", Use::read}, 1}, {{"person", Use::aggregate}, 1}}},
      {"{ people { nodes { orders { totalCount } } } }",
       {{{"person", Use::read}, 1}, {{"order", Use::aggregate}, 1}}},
      {"{ peopleAggregate { count a: groups(by: active) { key count } b: groups(by: age) { key } } "
       "other: peopleAggregate { sum { age } } }",
       {{{"person", Use::aggregate}, 1}}},
      {"mutation { a: createPerson(input: {big: 1}) { id orders { nodes { id } } } b: updatePerson("
       "id: \"p1\", input: {age: 3}) { id } c: deletePerson(id: \"p2\") }",
       {{{"person", Use::write}, 1}, {{"person", Use::read}, 1}, {{"order", Use::read}, 1}}},
      {"mutation { a: deletePerson(id: \"p3\") b: deletePerson(id: \"p4\") }",
       {{{"person", Use::write}, 1}}},
  };
  Guarded guarded;
  for (const Row& row : rows) {
    CAPTURE(row.query);
    const Reply reply = guarded.ask(row.query);
    CHECK_MESSAGE(reply.code().empty(), reply.body);
    CHECK(guarded.gate.asked == row.asked);
  }
}

TEST_CASE("gate: is asked before the first statement over a dataset") {
  Guarded guarded;
  int statements = 0;
  guarded.world.journal().on_query = [&] {
    ++statements;
    const bool orders =
        guarded.world.journal().statements.back().find("shop_order") != std::string::npos;
    CHECK(guarded.gate.asked.contains({orders ? "order" : "person", Use::read}));
  };
  CHECK(guarded.ask("{ people { nodes { orders { nodes { person { id } } } } } }").code().empty());
  CHECK(statements == 3);
}

struct Denial {
  const char* name;
  const char* dataset;
  Use use;
  const char* query;
  std::size_t statements;  // over what is not denied
  const char* data;
};

constexpr Denial kDenials[] = {
    {"by key", "person", Use::read, "{ person(id: \"p1\") { id } }", 0, R"({"person":null})"},
    {"a list", "person", Use::read, "{ people { nodes { id } } }", 0, "null"},
    {"only its page", "person", Use::read, "{ people { pageInfo { hasNextPage } } }", 0, "null"},
    {"a cursor and a filter", "person", Use::read,
     "{ people(filter: {age: {gt: 3}}, after: \"x\") { edges { cursor } } }", 0, "null"},
    {"a relation to one", "person", Use::read,
     "{ orders(first: 1) { nodes { status: __typename person { id } } } }", 1,
     R"({"orders":{"nodes":[{"status":"Order","person":null}]}})"},
    {"a relation to many", "order", Use::read,
     "{ person(id: \"p1\") { id orders { nodes { id } } } }", 1, R"({"person":null})"},
    {"totalCount", "person", Use::aggregate, "{ people(first: 0) { nodes { id } totalCount } }", 1,
     R"({"people":{"nodes":[],"totalCount":null}})"},
    {"totalCount alone", "person", Use::aggregate, "{ people { totalCount } }", 0, "null"},
    {"an aggregate", "person", Use::aggregate,
     "{ peopleAggregate { count groups(by: age) { key } } }", 0, R"({"peopleAggregate":null})"},
    {"create", "person", Use::write, "mutation { createPerson(input: {big: 1}) { id } }", 0,
     R"({"createPerson":null})"},
    {"create, which reads", "person", Use::read,
     "mutation { createPerson(input: {big: 1}) { id } }", 0, R"({"createPerson":null})"},
    {"update", "person", Use::write,
     "mutation { updatePerson(id: \"p1\", input: {age: 77}) { id } }", 0,
     R"({"updatePerson":null})"},
    {"update, which reads", "person", Use::read,
     "mutation { updatePerson(id: \"p1\", input: {age: 77}) { id } }", 0,
     R"({"updatePerson":null})"},
    {"delete", "person", Use::write, "mutation { deletePerson(id: \"p1\") }", 0,
     R"({"deletePerson":null})"},
};

TEST_CASE("gate: what it denies is a field error, and nothing of the dataset is read or written") {
  Guarded guarded;
  const std::string before = guarded.world.dump("alpha");
  for (const Denial& row : kDenials) {
    CAPTURE(std::string(row.name));
    guarded.deny(row.dataset, row.use);
    const Reply reply = guarded.ask(row.query);
    CHECK(guarded.statements() == row.statements);
    CHECK(reply.report.statements == row.statements);
    CHECK(reply.report.datasets.size() == (row.statements > 0 ? 1 : 0));
    CHECK(reply.report.faults.empty());
    CHECK(reply.code() == "FORBIDDEN");
    CHECK(reply.body.find("purpose-missing") != std::string::npos);
    CHECK(json::print(*reply.at({"data"})) == row.data);
    CHECK(guarded.gate.asked[{row.dataset, row.use}] == 1);
  }
  CHECK(guarded.world.dump("alpha") == before);
}

TEST_CASE("gate: what it allows in the same request is answered, and a denial is asked for once") {
  Guarded guarded;
  guarded.deny("order", Use::read);
  const Reply reply =
      guarded.ask("{ a: order(id: 1) { id } b: order(id: 2) { id } person(id: \"p1\") { id } }");
  CHECK(json::print(*reply.at({"data"})) == R"({"a":null,"b":null,"person":{"id":"p1"}})");
  CHECK(reply.json.find("errors")->as_array()->size() == 2);
  CHECK(guarded.gate.asked[{"order", Use::read}] == 1);
}

TEST_CASE("gate: another error than a denial keeps its code") {
  Guarded guarded;
  guarded.deny("person", Use::read, Code::unavailable);
  CHECK(guarded.ask("{ person(id: \"p1\") { id } }").code() == "UNAVAILABLE");
  guarded.deny("person", Use::read, Code::exhausted);
  CHECK(guarded.ask("{ person(id: \"p1\") { id } }").code() == "LIMIT_EXCEEDED");
  CHECK(guarded.statements() == 0);
}

TEST_CASE("gate: its capabilities count, those of the options do not") {
  Guarded guarded;
  guarded.gate.answer = [](int, Use) { return DatasetAccess{}; };
  const SessionOptions options{.may = {.aggregates = true, .writes = true}, .gate = &guarded.gate};
  for (const char* query : {"{ people { totalCount } }", "{ peopleAggregate { count } }",
                            "mutation { createPerson(input: {big: 1}) { id } }",
                            "mutation { deletePerson(id: \"p1\") }"}) {
    CAPTURE(query);
    const Reply reply = guarded.world.ask("alpha", query, {}, options);
    CHECK(reply.code() == "FORBIDDEN");
    CHECK(reply.body.find("needs the right to") != std::string::npos);
    CHECK(guarded.statements() == 0);
  }
  CHECK(guarded.world.ask("alpha", "{ person(id: \"p1\") { id } }", {}, options).code().empty());
}

TEST_CASE("gate: masks that are not of the dataset close it") {
  Guarded guarded;
  for (const bool of_masks : {true, false}) {
    guarded.gate.answer = [of_masks](int, Use) -> Result<DatasetAccess> {
      DatasetAccess access;
      if (of_masks) access.masks.resize(2);
      if (!of_masks) access.filterable.resize(200);
      return access;
    };
    CHECK(guarded.ask("{ person(id: \"p1\") { id } }").code() == "FORBIDDEN");
    CHECK(guarded.statements() == 0);
  }
}

}  // namespace
}  // namespace mc::dataset
