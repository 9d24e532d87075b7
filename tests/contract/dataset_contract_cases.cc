#include <doctest/doctest.h>

#include "contract/dataset_contract.h"

namespace mc::dataset::contract {
namespace {

constexpr const char* kAlpha = "alpha";

json::Object with(std::initializer_list<std::pair<const char*, json::Value>> values) {
  json::Object out;
  for (const auto& [name, value] : values) out.set(name, value);
  return out;
}

std::string shown(const json::Value* value) {
  return value == nullptr ? "(absent)" : json::print(*value);
}

void reads_rows(World& world) {
  const json::Object anna = people_of(kAlpha, 40)[3];
  const Reply reply = world.ask(
      kAlpha, "{ person(id: \"p3\") { __typename id name age score active born seen big extra } }");
  const json::Value* person = reply.at({"data", "person"});
  for (const char* field :
       {"id", "name", "age", "score", "active", "born", "seen", "big", "extra"}) {
    CAPTURE(field);
    CHECK(shown(person->find(field)) == shown(anna.find(field)));
  }
  CHECK(shown(person->find("__typename")) == "\"Person\"");
  CHECK(reply.report.statements == 1);
  CHECK(world.ask(kAlpha, "{ person(id: \"nobody\") { id } }").body ==
        R"({"data":{"person":null}})");
  CHECK(world.ask(kAlpha, "{ order(id: \"x1\") { id } }").body == R"({"data":{"order":null}})");
}

void reads_only_what_is_selected(World& world) {
  world.ask(kAlpha, "{ people(first: 2) { nodes { name } } }");
  REQUIRE(world.journal().statements.size() == 1);
  const std::string& sql = world.journal().statements[0];
  CHECK(sql.find("\"full name\"") != std::string::npos);
  CHECK(sql.find("email") == std::string::npos);
  CHECK(sql.find("extra") == std::string::npos);
  world.ask(kAlpha, "{ people { totalCount } }");
  REQUIRE(world.journal().statements.size() == 1);
  CHECK(world.journal().statements[0].starts_with("SELECT COUNT(*)"));
}

// Statements do not grow with the number of rows: one a relation and level.
void has_no_n_plus_one(World& world) {
  struct Row {
    const char* query;
    std::size_t statements;
  };
  const Row rows[] = {
      {"{ people(first: 40) { nodes { id boss { id } } } }", 2},
      {"{ people(first: 40) { nodes { orders { nodes { id } } } } }", 2},
      {"{ people(first: 40) { nodes { orders { nodes { person { boss { id } } } } } } }", 4},
      {"{ people(first: 40) { nodes { reports(first: 3) { nodes { orders(first: 1) { edges { "
       "cursor node { total } } pageInfo { hasNextPage } } boss { name } } } } } }",
       4},
      {"{ people(first: 40) { nodes { orders { totalCount nodes { id } } } } }", 3},
      {"{ people(first: 40) { nodes { orders { totalCount } } } }", 2},
      {"{ people(first: 40) { nodes { a: boss { id } b: boss { name } } } }", 3},
      {"{ people(first: 0) { nodes { boss { id } } } }", 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.query);
    const Reply reply = world.ask(kAlpha, row.query);
    CHECK(reply.code().empty());
    CHECK(reply.report.statements == row.statements);
    CHECK(world.journal().statements.size() == row.statements);
  }
}

void follows_relations(World& world) {
  const Rows people = people_of(kAlpha, 40);
  const Rows orders = orders_of(kAlpha, 40);
  const Reply reply = world.ask(
      kAlpha,
      "{ people(first: 40) { nodes { id bossId boss { id } orders(first: 2, filter: {status: {eq: "
      "\"paid\"}}, order: {field: total, direction: DESC}) { totalCount nodes { id personId total }"
      " pageInfo { hasNextPage hasPreviousPage } } } } }");
  REQUIRE(reply.code().empty());
  const json::Array& nodes = *reply.at({"data", "people", "nodes"})->as_array();
  REQUIRE(nodes.size() == 40);
  for (const json::Value& node : nodes) {
    const json::Value* boss_id = node.find("bossId");
    const json::Value* boss = node.find("boss");
    CHECK(boss_id->is_null() == boss->is_null());
    if (!boss->is_null()) CHECK(*boss->find("id") == *boss_id);
    std::int64_t expected = 0;
    for (const json::Object& order : orders) {
      const bool paid = *order.find("status")->as_string() == "paid";
      if (paid && *order.find("personId") == *node.find("id")) ++expected;
    }
    const json::Value& connection = *node.find("orders");
    CHECK(*connection.find("totalCount")->as_int() == expected);
    const json::Array& shown_orders = *connection.find("nodes")->as_array();
    CHECK(static_cast<std::int64_t>(shown_orders.size()) == std::min<std::int64_t>(expected, 2));
    const json::Value& page = *connection.find("pageInfo");
    CHECK(*page.find("hasNextPage")->as_bool() == (expected > 2));
    for (const json::Value& order : shown_orders) {
      CHECK(*order.find("personId") == *node.find("id"));
    }
  }
}

// A page of a relation goes on with the cursor of its parent's page.
void pages_through_a_relation(World& world) {
  const std::string query =
      "query($after: String) { person(id: \"p5\") { orders(first: 1, after: $after, order: {field: "
      "status}) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } } }";
  std::vector<std::string> seen;
  json::Object variables;
  std::int64_t total = 0;
  for (int guard = 0; guard < 100; ++guard) {
    const Reply reply = world.ask(kAlpha, query, variables);
    REQUIRE_MESSAGE(reply.code().empty(), reply.body);
    const json::Value& orders = *reply.at({"data", "person", "orders"});
    total = *orders.find("totalCount")->as_int();
    for (const json::Value& node : *orders.find("nodes")->as_array()) {
      seen.push_back(*node.find("id")->as_string());
    }
    if (!*orders.find("pageInfo")->find("hasNextPage")->as_bool()) break;
    variables.set("after", *orders.find("pageInfo")->find("endCursor"));
  }
  CHECK(static_cast<std::int64_t>(seen.size()) == total);
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

void aggregates(World& world) {
  const Rows orders = orders_of(kAlpha, 40);
  double sum = 0, least = 1e9, most = -1e9;
  std::int64_t count = 0, paid = 0;
  for (const json::Object& order : orders) {
    const double total = *order.find("total")->as_double();
    if (*order.find("status")->as_string() == "paid") ++paid;
    if (total < 5) continue;
    ++count;
    sum += total;
    least = std::min(least, total);
    most = std::max(most, total);
  }
  const Reply reply = world.ask(kAlpha,
                                "{ ordersAggregate(filter: {total: {gte: 5}}) { count sum { total "
                                "} avg { total } min { total "
                                "} max { total } } all: ordersAggregate { groups(by: status) { key "
                                "count max { total } } } }");
  REQUIRE_MESSAGE(reply.code().empty(), reply.body);
  const json::Value& all = *reply.at({"data", "ordersAggregate"});
  const auto number = [&](const char* function) {
    const json::Value& value = *all.find(function)->find("total");
    return value.as_double() != nullptr ? *value.as_double() : static_cast<double>(*value.as_int());
  };
  CHECK(*all.find("count")->as_int() == count);
  CHECK(number("sum") == doctest::Approx(sum));
  CHECK(number("avg") == doctest::Approx(sum / static_cast<double>(count)));
  CHECK(number("min") == least);
  CHECK(number("max") == most);
  std::int64_t in_groups = 0;
  for (const json::Value& group : *reply.at({"data", "all", "groups"})->as_array()) {
    in_groups += *group.find("count")->as_int();
    if (*group.find("key") == json::Value("paid")) CHECK(*group.find("count")->as_int() == paid);
  }
  CHECK(in_groups == 120);
  const Reply empty = world.ask(
      kAlpha,
      "{ peopleAggregate(filter: {id: {in: []}}) { count sum { age } groups(by: age) { key } } }");
  CHECK(empty.body == R"({"data":{"peopleAggregate":{"count":0,"sum":{"age":null},"groups":[]}}})");
}

void refuses_what_the_role_may_not(World& world) {
  struct Row {
    const char* query;
    const char* code;
  };
  const Row rows[] = {
      {"{ people { totalCount } }", "FORBIDDEN"},
      {"{ people { nodes { orders { totalCount } } } }", "FORBIDDEN"},
      {"{ peopleAggregate { count } }", "FORBIDDEN"},
      {"mutation { deletePerson(id: \"p1\") }", "FORBIDDEN"},
      {"mutation { createOrder(input: {id: 900, personId: \"p1\", total: 1, status: \"x\"}) { id } "
       "}",
       "FORBIDDEN"},
      {"{ people { nodes { id } } }", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.query);
    CHECK(world.ask(kAlpha, row.query, {}, {}).code() == row.code);
  }
  CHECK(world.ask(kAlpha, "{ person(id: \"p1\") { id } }").body ==
        R"({"data":{"person":{"id":"p1"}}})");
}

void refuses_wrong_arguments(World& world) {
  struct Row {
    const char* query;
    const char* code;
  };
  const Row rows[] = {
      {"{ people(first: 101) { nodes { id } } }", "LIMIT_EXCEEDED"},
      {"{ people(first: 100) { nodes { id } } }", ""},
      {"{ people(first: -1) { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(first: 1, last: 1) { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(after: \"AAAA\") { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(after: \"\") { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(before: \"not base64!\") { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(filter: {age: {eq: null}}) { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(filter: {born: {eq: \"2026-02-30\"}}) { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(filter: {seen: {gt: \"yesterday\"}}) { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(filter: {big: {gt: \"9223372036854775808\"}}) { nodes { id } } }",
       "BAD_USER_INPUT"},
      {"{ people(filter: {name: {eq: \"a\\u0000b\"}}) { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(order: [{field: age}, {field: age}]) { nodes { id } } }", "BAD_USER_INPUT"},
      {"{ people(order: [{field: age}, {field: name}, {field: born}, {field: seen}, {field: big}, "
       "{field: score}, {field: active}]) { nodes { id } } }",
       "LIMIT_EXCEEDED"},
      {"{ people(filter: {not: {not: {not: {not: {not: {not: {not: {not: {age: {eq: 1}}}}}}}}}}) { "
       "nodes { id } } }",
       "LIMIT_EXCEEDED"},
      {"{ peopleAggregate { groups(by: age, first: 1001) { key } } }", "LIMIT_EXCEEDED"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.query);
    CHECK(world.ask(kAlpha, row.query).code() == row.code);
  }
}

void keeps_the_limits(World& world) {
  struct Row {
    const char* name;
    SessionLimits limits;
    const char* code;
  };
  const Row rows[] = {{"rows", {.rows_max = 39}, "LIMIT_EXCEEDED"},
                      {"rows that fit", {.rows_max = 40}, ""},
                      {"bytes", {.bytes_max = 300}, "RESPONSE_TOO_LARGE"},
                      {"statements", {.statements_max = 0}, "LIMIT_EXCEEDED"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(
        world
            .ask(kAlpha, "{ people(first: 100) { nodes { id name } } }", {}, {.limits = row.limits})
            .code() == row.code);
  }
  json::Array many(201, json::Value(1));
  json::Object in;
  in.set("in", many);
  json::Object filter;
  filter.set("age", in);
  const Reply reply = world.ask(kAlpha,
                                "query($f: PersonFilter) { people(filter: $f) { nodes { id "
                                "} } }",
                                with({{"f", filter}}));
  CHECK(reply.code() == "LIMIT_EXCEEDED");
}

void stops_at_the_deadline(World& world) {
  SessionOptions late;
  late.deadline = world.clock().mono();
  const Reply reply =
      world.ask(kAlpha, "{ a: people { nodes { id } } b: order(id: 1) { id } }", {}, late);
  CHECK(reply.code() == "DEADLINE_EXCEEDED");
  CHECK(reply.report.statements == 0);
}

// Before the first statement, and while one is running.
void cancels(World& world) {
  const auto document = graphql::parse("{ people { nodes { id } } }");
  const json::Object none;
  const graphql::ExecuteRequest request{
      .document = **document, .operation_name = "", .variables = none};
  for (const bool running : {false, true}) {
    CAPTURE(running);
    sim::SimRandom random;
    auto session = Session::make(world.catalog(), TenantId(kAlpha), world.connections(),
                                 {world.clock(), random});
    REQUIRE(session.has_value());
    if (running) {
      world.journal().on_query = [&] { (*session)->cancel(); };
    } else {
      (*session)->cancel();
    }
    const std::string body =
        graphql::execute(world.catalog().schema(), request, **session, world.clock()).body;
    world.journal().on_query = {};
    CHECK(body.find("CANCELLED") != std::string::npos);
    CHECK((*session)->report().statements <= 1);
  }
  CHECK(world.ask(kAlpha, "{ person(id: \"p1\") { id } }").code().empty());
}

// A cursor works for its tenant, field, order and filter only.
void binds_cursors(World& world) {
  const std::string page = "{ nodes { id } pageInfo { endCursor } }";
  const Reply first = world.ask(kAlpha, "{ people(first: 3, order: {field: age}) " + page + " }");
  const json::Value cursor = *first.at({"data", "people", "pageInfo", "endCursor"});
  struct Row {
    const char* tenant;
    const char* arguments;
    bool accepted;
  };
  const Row rows[] = {{"alpha", "order: {field: age}", true},
                      {"alpha", "order: {field: age}, first: 7", true},
                      {"bravo", "order: {field: age}", false},
                      {"alpha", "order: {field: age, direction: DESC}", false},
                      {"alpha", "order: {field: name}", false},
                      {"alpha", "order: [{field: age}, {field: name}]", false},
                      {"alpha", "order: {field: age}, filter: {age: {gt: 0}}", false},
                      {"alpha", "", false}};
  for (const Row& row : rows) {
    CAPTURE(row.tenant);
    CAPTURE(row.arguments);
    const Reply reply = world.ask(
        row.tenant,
        "query($c: String) { people(after: $c " + std::string(row.arguments) + ") " + page + " }",
        with({{"c", cursor}}));
    CHECK(reply.code() == (row.accepted ? "" : "BAD_USER_INPUT"));
  }
  // Every changed character is noticed.
  std::string text = *cursor.as_string();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const Reply reply = world.ask(
        kAlpha, "query($c: String) { people(after: $c, order: {field: age}) " + page + " }",
        with({{"c", changed}}));
    CHECK(reply.code() == "BAD_USER_INPUT");
  }
}

}  // namespace

void run_cases(const Backend& backend) {
  World world(backend, {"alpha", "bravo"});
  reads_rows(world);
  reads_only_what_is_selected(world);
  has_no_n_plus_one(world);
  follows_relations(world);
  pages_through_a_relation(world);
  aggregates(world);
  refuses_what_the_role_may_not(world);
  refuses_wrong_arguments(world);
  keeps_the_limits(world);
  stops_at_the_deadline(world);
  cancels(world);
  binds_cursors(world);
}

}  // namespace mc::dataset::contract
