// Masks: planted values that must not leave, whatever way is tried.
#include <doctest/doctest.h>

#include "contract/dataset_folder.h"
#include "contract/dataset_gate.h"
#include "dataset/access.h"

namespace mc::dataset {
namespace {

using contract::Reply;

constexpr const char* kStrategies[] = {"hash", "null", "partial", "tokenise", "generalise", "drop"};
constexpr const char* kFields = "id name age score active born seen big extra bossId email";
constexpr const char* kCanaries[] = {"canary",     "Quetzalcoatl", "48151623",   "31415",
                                     "1931-07-19", "2013-08-23",   "8070605043", "770077"};

// A row of which every value is a canary, its own boss, and an order of it. All their columns are
// masked but the public version.
struct Masked {
  SqliteFolder folder;
  contract::World world{folder.backend(), {"alpha"}};
  TestGate gate{world.catalog().model()};

  Masked() {
    const Reply reply = world.ask(
        "alpha",
        "mutation { createPerson(input: {id: \"canary-7731\", name: \"Quetzalcoatl\", age: "
        "48151623, score: 31415.92, active: true, born: \"1931-07-19\", seen: "
        "\"2013-08-23T04:05:06.789Z\", big: \"8070605043\", extra: {a: \"canary\"}, bossId: "
        "\"canary-7731\", email: \"canary@mail.test\"}) { id } createOrder(input: {id: 770077, "
        "personId: \"canary-7731\", total: 31415, status: \"canary\"}) { id } }");
    REQUIRE_MESSAGE(reply.code().empty(), reply.body);
  }
  void mask_all(const std::string& how) {
    for (const Dataset& dataset : world.catalog().model().datasets) {
      for (const Column& column : dataset.columns) {
        if (column.name != "version") gate.mask(dataset.name, column.name, how);
      }
    }
  }
  Reply ask(const std::string& query, const json::Object& variables = {}) {
    gate.keys_asked.clear();
    return world.ask("alpha", query, variables, {.gate = &gate});
  }
  // The value of a field of the canary's row under one mask.
  std::string shown(const std::string& field, const std::string& how) {
    gate.masks.clear();
    gate.mask("person", field, how);
    const Reply reply = ask("{ person(id: \"canary-7731\") { " + field + " } }");
    const json::Value* value = reply.at({"data", "person", field});
    REQUIRE_MESSAGE(value != nullptr, reply.body);
    CHECK(reply.code().empty());
    return json::print(*value);
  }
};

void check_hidden(const Reply& reply) {
  for (const char* canary : kCanaries) {
    CAPTURE(canary);
    CHECK_MESSAGE(reply.body.find(canary) == std::string::npos, reply.body);
    for (const Fault& fault : reply.report.faults) {
      CHECK_MESSAGE(fault.error.what.find(canary) == std::string::npos, fault.error.what);
    }
  }
}

std::string with_fields(std::string query) {
  for (std::size_t at = query.find('*'); at != query.npos; at = query.find('*')) {
    query.replace(at, 1, kFields);
  }
  return query;
}

// Every way out for whoever may look up, filter, order and group by the masked columns.
constexpr const char* kWays[] = {
    "{ person(id: \"canary-7731\") { * } }",
    "{ person(id: \"canary-7731\") { boss { * boss { * } } } }",
    "{ person(id: \"canary-7731\") { reports { nodes { * } } } }",
    "{ person(id: \"canary-7731\") { reports { edges { cursor node { * } } pageInfo { startCursor "
    "endCursor } } } }",
    "{ person(id: \"canary-7731\") { orders { totalCount nodes { id personId total status person { "
    "* } } } } }",
    "{ people(first: 100) { nodes { * } } }",
    "{ people(last: 3, order: [{field: age}, {field: name}]) { edges { cursor node { * } } } }",
    "{ people(filter: {age: {eq: 48151623}}) { nodes { * } totalCount } }",
    "{ people(filter: {or: [{name: {startsWith: \"Quetz\"}}, {not: {big: {isNull: true}}}]}, "
    "first: "
    "50, order: {field: name, direction: DESC}) { pageInfo { endCursor hasNextPage } nodes { * } } "
    "}",
    "{ order(id: 770077) { id personId total status person { * } } }",
    "{ orders(last: 1) { nodes { id personId total status } } }",
    "mutation { updatePerson(id: \"canary-7731\", input: {active: true}) { * boss { * } } }",
    "mutation { updateOrder(id: 770077, input: {total: 31415}) { id personId total status } }",
};
// As a group, by the key that it then has.
constexpr const char* kGrouped[] = {"id",   "name", "age", "score", "active",
                                    "born", "seen", "big", "bossId"};

TEST_CASE("masks: no way out shows a planted value, and none fails") {
  Masked masked;
  const auto columns_are_usable = [&] {
    for (const Dataset& dataset : masked.world.catalog().model().datasets) {
      for (const Column& column : dataset.columns) {
        masked.gate.filterable.insert({dataset.name, column.name});
      }
    }
  };
  columns_are_usable();
  for (const char* way : kWays) {
    CAPTURE(way);
    const Reply open = masked.ask(with_fields(way));
    CHECK_MESSAGE(open.code().empty(), open.body);
    const bool told = open.body.find("canary") != std::string::npos ||
                      open.body.find("770077") != std::string::npos;
    CHECK_MESSAGE(told, open.body);  // without masks it does show them
    for (const char* strategy : kStrategies) {
      CAPTURE(strategy);
      masked.mask_all(strategy);
      const Reply reply = masked.ask(with_fields(way));
      CHECK_MESSAGE(reply.code().empty(), reply.body);
      CHECK(reply.report.rows == open.report.rows);
      check_hidden(reply);
    }
    masked.gate.masks.clear();
  }
}

TEST_CASE("masks: keys of groups are masked, one group a value") {
  Masked masked;
  for (const char* column : kGrouped) {
    CAPTURE(column);
    masked.gate.filterable.insert({"person", column});
    const std::string query =
        std::string("{ peopleAggregate { groups(by: ") + column + ", first: 500) { key count } } }";
    const auto groups = [](const Reply& reply) {
      const json::Value* list = reply.at({"data", "peopleAggregate", "groups"});
      return list == nullptr || list->as_array() == nullptr ? 0 : list->as_array()->size();
    };
    masked.gate.masks.clear();
    const Reply open = masked.ask(query);
    for (const char* strategy : kStrategies) {
      CAPTURE(strategy);
      masked.gate.mask("person", column, strategy);
      const Reply reply = masked.ask(query);
      CHECK_MESSAGE(reply.code().empty(), reply.body);
      CHECK(groups(reply) == groups(open));
      check_hidden(reply);
    }
  }
}

std::string quoted_mask(const std::string& column, const std::string& how,
                        const std::string& text) {
  std::string out;
  mask::apply(*mask::parse_mask(how), TestGate::key_of("person", column), mask::Form::text, text,
              out);
  return "\"" + out + "\"";
}

TEST_CASE("masks: what is shown is what the mask gives, or null where the type cannot hold it") {
  struct Row {
    const char* field;
    const char* how;
    const char* shown;
  };
  const Row rows[] = {
      {"name", "partial", "\"********oatl\""},
      {"name", "generalise", "\"Q*\""},
      {"name", "null", "null"},
      {"name", "drop", "null"},
      {"email", "partial:2", "\"**************st\""},
      {"bossId", "partial", "\"*******7731\""},
      {"bossId", "generalise", "\"c*\""},
      {"age", "generalise:1000", "48151000"},
      {"age", "partial", "null"},
      {"age", "hash", "null"},
      {"age", "tokenise", "null"},
      {"big", "generalise", "8070605040"},
      {"big", "tokenise", "null"},
      {"score", "generalise", "31410"},
      {"score", "hash", "null"},
      {"active", "generalise", "null"},
      {"active", "hash", "null"},
      {"born", "generalise", "\"1931-07-01\""},
      {"born", "generalise:12", "\"1931-01-01\""},
      {"born", "partial", "null"},
      {"born", "tokenise", "null"},
      {"seen", "generalise", "\"2013-08-01T00:00:00.000Z\""},
      {"seen", "hash", "null"},
      {"extra", "hash", "null"},
      {"extra", "generalise", "null"},
  };
  Masked masked;
  for (const Row& row : rows) {
    CAPTURE(std::string(row.field));
    CAPTURE(std::string(row.how));
    CHECK(masked.shown(row.field, row.how) == row.shown);
  }
  for (const char* how : {"hash", "tokenise"}) {
    CHECK(masked.shown("name", how) == quoted_mask("name", how, "Quetzalcoatl"));
    CHECK(masked.shown("bossId", how) == quoted_mask("bossId", how, "canary-7731"));
  }
}

TEST_CASE("masks: an id that is a number is masked as a number and shown as a text") {
  Masked masked;
  const auto shown = [&](const char* how) {
    masked.gate.mask("order", "id", how);
    const Reply reply = masked.ask("{ orders(last: 1) { nodes { id } } }");
    return json::print(reply.at({"data", "orders", "nodes"})->as_array()->front());
  };
  CHECK(shown("generalise:1000") == R"({"id":"770000"})");
  CHECK(shown("partial:2") == R"({"id":"****77"})");
  CHECK(shown("null") == R"({"id":null})");
  std::string digest;
  mask::apply_integer({mask::Strategy::hash}, TestGate::key_of("order", "id"), 770077, digest);
  CHECK(shown("hash") == "{\"id\":\"" + digest + "\"}");
}

TEST_CASE("masks: the key of a column is asked for once, and only for hash and tokenise") {
  Masked masked;
  const std::string query = "{ people(first: 50) { nodes { name email boss { name } } } }";
  for (const char* how : {"null", "drop", "partial", "generalise"}) {
    masked.mask_all(how);
    masked.ask(query);
    CHECK(masked.gate.keys_asked.empty());
  }
  masked.mask_all("hash");
  masked.ask(query);
  CHECK(masked.gate.keys_asked ==
        std::map<std::string, int>{{"person.name", 1}, {"person.email", 1}});
}

TEST_CASE("masks: dropped fields that were asked for are in the report") {
  Masked masked;
  masked.mask_all("drop");
  masked.gate.mask("person", "email", "null");
  masked.gate.filterable.insert({"person", "id"});
  const Reply reply = masked.ask(
      "{ a: person(id: \"p1\") { age email version } b: person(id: \"p2\") { age name orders { "
      "nodes "
      "{ total } } } }");
  CHECK(reply.report.dropped ==
        std::vector<std::string>{"person.age", "person.name", "order.total"});
  CHECK(masked.ask("{ person(id: \"p1\") { version } }").report.dropped.empty());
}

TEST_CASE("masks: a masked column finds, orders and groups nothing, whatever it is compared with") {
  Masked masked;
  const Reply exists =
      masked.ask("{ people(filter: {name: {eq: \"Quetzalcoatl\"}}) { totalCount } }");
  CHECK(*exists.at({"data", "people", "totalCount"})->as_int() == 1);
  masked.gate.mask("person", "name", "hash");
  const std::string expected =
      masked.ask("{ people(filter: {name: {eq: \"Quetzalcoatl\"}}) { nodes { id } } }").body;
  CHECK(expected.find("filter.name: is masked") != std::string::npos);
  CHECK(expected.find("FORBIDDEN") != std::string::npos);
  for (const char* filter :
       {"eq: \"nobody\"", "ne: \"x\"", "in: [\"Quetzalcoatl\"]", "in: []", "notIn: [\"x\"]",
        "lt: \"x\"", "lte: \"x\"", "gt: \"x\"", "gte: \"Q\"", "contains: \"canary\"",
        "startsWith: \"Quetz\"", "isNull: true", "isNull: false", "eq: null", ""}) {
    CAPTURE(std::string(filter));
    const Reply reply =
        masked.ask(std::string("{ people(filter: {name: {") + filter + "}}) { nodes { id } } }");
    CHECK(reply.body == expected);
    CHECK(masked.world.journal().statements.empty());
  }
}

struct Refusal {
  const char* query;
  const char* message;
};

constexpr Refusal kRefusals[] = {
    {"{ people(filter: {and: [{or: [{not: {name: {eq: \"x\"}}}]}]}) { nodes { id } } }",
     "name: is"},
    {"{ people(filter: {name: {eq: \"Quetzalcoatl\"}}) { totalCount } }", "filter.name: is"},
    {"{ people(order: {field: name}) { nodes { version } } }", "order.name: is"},
    {"{ people(order: [{field: active}, {field: id, direction: DESC}]) { nodes { version } } }",
     "order.id: is"},
    {"{ person(id: \"canary-7731\") { version } }", "id: is"},
    {"{ person(id: \"nobody\") { version } }", "id: is"},
    {"{ peopleAggregate(filter: {name: {isNull: false}}) { count } }", "filter.name: is"},
    {"{ peopleAggregate { groups(by: name) { count } } }", "by name: is"},
    {"mutation { updatePerson(id: \"canary-7731\", input: {active: false}) { version } }",
     "id: is"},
    {"mutation { deletePerson(id: \"canary-7731\") }", "id: is"},
};

TEST_CASE("masks: no argument finds anything by a masked column unless the gate says so") {
  Masked masked;
  masked.mask_all("hash");
  for (const char* column : {"age", "active"}) masked.gate.masks.erase({"person", column});
  for (const Refusal& row : kRefusals) {
    CAPTURE(row.query);
    const Reply reply = masked.ask(row.query);
    CHECK(reply.code() == "FORBIDDEN");
    CHECK_MESSAGE(reply.body.find(row.message) != std::string::npos, reply.body);
    CHECK(masked.world.journal().statements.empty());
    check_hidden(reply);
  }
  const Reply relation = masked.ask(
      "{ people(first: 1) { nodes { orders(filter: {total: {gt: 1}}) { nodes { id } } } } }");
  CHECK(relation.code() == "FORBIDDEN");
  CHECK(masked.world.journal().statements.size() == 1);
  for (const char* column : {"id", "name"}) masked.gate.filterable.insert({"person", column});
  for (const Refusal& row : kRefusals) {
    CAPTURE(row.query);
    const Reply reply = masked.ask(row.query);
    const bool absent = std::string_view(row.query).starts_with("mutation");
    CHECK((reply.code().empty() || (absent && reply.code() == "NOT_FOUND")));
  }
}

TEST_CASE("masks: an expected version that is masked is not compared") {
  Masked masked;
  masked.gate.mask("person", "version", "generalise");
  for (const char* version : {"1", "2"}) {
    for (const char* mutation : {"updatePerson(id: \"p1\", input: {age: 1}, expectedVersion: ",
                                 "deletePerson(id: \"p1\", "
                                 "expectedVersion: "}) {
      const std::string more = *mutation == 'u' ? ") { id } }" : ") }";
      const Reply reply = masked.ask("mutation { " + std::string(mutation) + version + more);
      CHECK(reply.code() == "FORBIDDEN");
      CHECK(masked.world.journal().statements.empty());
    }
  }
}

TEST_CASE("masks: a count is not filtered by what only rows may be found by") {
  Masked masked;
  masked.gate.answer = [&](int dataset, Use use) -> Result<DatasetAccess> {
    masked.gate.masks.clear();
    if (use == Use::aggregate) masked.gate.mask("person", "age", "generalise");
    return masked.gate.access(dataset);
  };
  const Reply reply = masked.ask(
      "{ people(filter: {not: {age: {lt: 48151623}}}) { nodes { version } totalCount } }");
  CHECK(reply.code() == "FORBIDDEN");
  CHECK(reply.body.find("filter.age: is masked") != std::string::npos);
  CHECK(masked.world.journal().statements.size() == 1);
}

TEST_CASE("masks: nothing is calculated from a masked column, filterable or not") {
  Masked masked;
  masked.gate.mask("person", "age", "generalise");
  masked.gate.filterable.insert({"person", "age"});
  const Reply reply = masked.ask(
      "{ peopleAggregate(filter: {age: {eq: 48151623}}) { count sum { age score } avg { age } min "
      "{ "
      "age } max { age } groups(by: active) { sum { age big } } } }");
  const json::Value& all = *reply.at({"data", "peopleAggregate"});
  CHECK(*all.find("count")->as_int() == 1);
  CHECK(json::print(*all.find("sum")) == R"({"age":null,"score":31415.92})");
  for (const char* function : {"avg", "min", "max"}) {
    CHECK(json::print(*all.find(function)) == R"({"age":null})");
  }
  CHECK(json::print(*all.find("groups")) == R"([{"sum":{"age":null,"big":8070605043}}])");
  CHECK(reply.json.find("errors")->as_array()->size() == 5);
  CHECK(reply.code() == "FORBIDDEN");
  CHECK(reply.body.find("age: is masked") != std::string::npos);
  CHECK(reply.body.find("48151623") == std::string::npos);
  const Reply only = masked.ask("{ peopleAggregate { max { age } } }");
  CHECK(masked.world.journal().statements.empty());
  CHECK(only.code() == "FORBIDDEN");
}

TEST_CASE("masks: pages go on by cursors over masked columns") {
  Masked masked;
  masked.mask_all("tokenise");
  masked.gate.filterable.insert({"person", "age"});
  json::Object variables;
  std::size_t rows = 0;
  for (int page = 0; page < 20; ++page) {
    const Reply reply = masked.ask(
        "query($after: String) { people(first: 5, after: $after, order: {field: age, direction: "
        "DESC}) { edges { cursor node { id age } } pageInfo { endCursor } } }",
        variables);
    REQUIRE_MESSAGE(reply.code().empty(), reply.body);
    check_hidden(reply);
    rows += reply.at({"data", "people", "edges"})->as_array()->size();
    const json::Value& end = *reply.at({"data", "people", "pageInfo", "endCursor"});
    if (end.is_null()) break;
    variables.set("after", end);
  }
  CHECK(rows == 41);
}

TEST_CASE("masks: a masked column is written as it is, and answered masked by both uses") {
  Masked masked;
  masked.gate.answer = [&](int dataset, Use use) -> Result<DatasetAccess> {
    masked.gate.masks.clear();
    masked.gate.mask("person", "email", use == Use::read ? "hash" : "partial");
    masked.gate.mask("person", use == Use::read ? "name" : "age", "null");
    return masked.gate.access(dataset);
  };
  const Reply created = masked.ask(
      "mutation { createPerson(input: {id: \"n1\", big: 1, name: \"Quetzalcoatl\", age: 48151623, "
      "email: \"canary2@mail.test\"}) { id name age email } }");
  CHECK(created.body == R"({"data":{"createPerson":{"id":"n1","name":null,"age":null,"email":)" +
                            quoted_mask("email", "hash", "canary2@mail.test") + "}}}");
  const Reply stored = masked.world.ask("alpha", "{ person(id: \"n1\") { name age email } }");
  CHECK(stored.body == R"({"data":{"person":{"name":"Quetzalcoatl","age":48151623,)"
                       R"("email":"canary2@mail.test"}}})");
  const Reply conflict = masked.ask(
      "mutation { updatePerson(id: \"n1\", input: {email: \"canary@mail.test\"}) { email } }");
  CHECK(conflict.code() == "CONFLICT");
  check_hidden(conflict);
}

TEST_CASE("masks: a public column that is masked to nothing is an error, for the schema has a !") {
  Masked masked;
  masked.gate.mask("person", "version", "generalise");
  CHECK(masked.ask("{ person(id: \"p1\") { version } }").body ==
        R"({"data":{"person":{"version":0}}})");
  masked.gate.mask("person", "version", "null");
  const Reply reply = masked.ask("{ person(id: \"p1\") { version } }");
  CHECK(reply.code() == "FORBIDDEN");
  CHECK(reply.body.find("version: is masked, though the model says that it is public") !=
        std::string::npos);
}

TEST_CASE("masks: stored values of a wrong type, or out of range, are not shown either") {
  Masked masked;
  const std::string table = masked.world.catalog().model().datasets[0].table;
  const auto store = [&](const std::string& sets) {
    const auto writer = masked.world.writers().borrow("main", seconds(1));
    REQUIRE((*writer)->script("UPDATE " + table + " SET " + sets + " WHERE id = 'canary-7731'"));
  };
  const std::string query = "{ person(id: \"canary-7731\") { age extra name } }";
  store("age = 'canary', extra = '{canary', \"full name\" = x'63616e617279'");
  for (const char* strategy : kStrategies) {
    CAPTURE(strategy);
    for (const char* column : {"age", "extra", "name"})
      masked.gate.mask("person", column, strategy);
    check_hidden(masked.ask(query));
  }
  CHECK(masked.ask(query).code().empty());  // drop
  // Beyond 32 bits, where the executor would quote it.
  store("age = 48151623000, extra = NULL, \"full name\" = NULL");
  CHECK(masked.world.ask("alpha", query).body.find("48151623000") != std::string::npos);
  masked.gate.mask("person", "age", "generalise");
  for (const char* value : {"48151623000", "-2147483648"}) {
    store(std::string("age = ") + value);
    CHECK(masked.ask(query).body == R"({"data":{"person":{"age":null,"extra":null,"name":null}}})");
  }
}

}  // namespace
}  // namespace mc::dataset
