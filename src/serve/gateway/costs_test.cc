// Credits: what an operation costs, told, taken, settled.
#include "gateway/costs.h"

#include <doctest/doctest.h>

#include "budget/journal.h"
#include "budget/journal_files.h"
#include "budget/replay.h"
#include "budget/settings.h"
#include "contract/guarded_world.h"
#include "json/json.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::header_of;

std::unique_ptr<budget::Book> credits(std::int64_t per_s, std::int64_t per_day = 0) {
  budget::BudgetSettings settings;
  settings.plans["starter"].credits_per_s = per_s;
  if (per_day > 0) settings.plans["starter"].credits_per_day = per_day;
  auto made = budget::Book::make(settings, {"/graphql"});
  if (!made) FAIL(made.error().what);
  return std::move(*made);
}

// The answer to a client that wants to know the cost; of a batch the first item's.
struct Told {
  net::Response reply;
  std::int64_t requested = -1, actual = -1, remaining = -1;
};
Told ask(World& world, const std::string& json, const std::string& token) {
  Told out;
  out.reply = world.ask(
      {.headers = {{"Content-Type", "application/json"}, {"X-MC-Cost", "include"}}, .body = json},
      token);
  const auto body = json::parse(out.reply.body);
  REQUIRE(body.has_value());
  const json::Value& first = body->as_array() ? body->as_array()->front() : *body;
  const json::Value* extensions = first.find("extensions");
  if (extensions == nullptr) return out;
  const json::Value* cost = extensions->find("cost");
  REQUIRE(cost != nullptr);
  out.requested = *cost->find("requested")->as_int();
  out.actual = *cost->find("actual")->as_int();
  if (const json::Value* left = cost->find("remaining")) out.remaining = *left->as_int();
  return out;
}
std::string query(const std::string& text) {
  return guarded::body_of(text);
}

TEST_CASE("costs: an operation is priced by its pages and tells what it has cost") {
  struct Row {
    const char* text;
    std::int64_t requested, actual;
  };
  // Query and connection, then each row once: 40 people are there, a page is 5 by default.
  const Row rows[] = {
      {"{ person(id: \"p3\") { id } }", 2, 2},
      {"{ person(id: \"nobody\") { id } }", 2, 1},
      {"{ people(first: 10) { nodes { id } } }", 12, 12},
      {"{ people(last: 10) { nodes { id } } }", 12, 12},
      {"{ people(first: 10) { edges { node { id } } } }", 22, 22},
      {"{ people { nodes { id } } }", 7, 7},
      {"{ people(first: 50) { nodes { id } } }", 52, 42},
      {"{ a: people(first: 5) { nodes { id } } b: people(first: 5) { nodes { id } } }", 13, 13},
      {"query Q($n: Int) { people(first: $n) { nodes { id } } }", 7, 7},
      {"{ __schema { types { name } } }", 1, 1},
  };
  World world;
  const std::string token = world.token();
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Told told = ask(world, query(row.text), token);
    CHECK(told.reply.status == 200);
    CHECK(told.requested == row.requested);
    CHECK(told.actual == row.actual);
    CHECK(told.remaining == -1);                                                 // no budget
    CHECK(world.query(row.text, token).body.find("cost") == std::string::npos);  // unasked
  }
}

TEST_CASE("costs: credits are taken, what was not used comes back, more than there is waits") {
  const auto book = credits(100);
  World world({.budgets = book.get()});
  const std::string alpha = world.token(), bravo = world.token({.tenant = "bravo"});
  const std::string page = query("{ people(first: 50) { nodes { id } } }");
  const Told first = ask(world, page, alpha);
  CHECK(first.remaining == 48);  // 52 of 100 while it ran
  CHECK(header_of(first.reply.headers, "RateLimit-Policy") == "\"tenant-credits\";q=100;w=1");
  // It used 42, so 58 are left: a second one fits, a third does not.
  const Told second = ask(world, page, alpha);
  CHECK(second.remaining == 6);
  const net::Response denied = world.post(page, alpha);
  CHECK(denied.status == 429);
  CHECK(code_of(denied) == "BUDGET_EXCEEDED");
  CHECK(denied.body.find("tenant-credits is used up: 100 in 1 s; this request costs 52 credits") !=
        std::string::npos);
  CHECK(denied.body.find("\"policies\":[\"tenant-credits\"],\"retryAfter\":1") !=
        std::string::npos);
  CHECK(header_of(denied.headers, "RateLimit") == "\"tenant-credits\";r=16;t=1");
  CHECK(world.post(page, bravo).status == 200);
  // A small one still fits: nothing was taken for the one that was denied.
  CHECK(world.post(query("{ people(first: 14) { nodes { id } } }"), alpha).status == 200);
  world.clock().advance(seconds(1));
  CHECK(world.post(page, alpha).status == 200);
}

TEST_CASE("costs: more than the budget ever has is said at once") {
  const auto book = credits(100);
  World world({.budgets = book.get()});
  const net::Response never = world.query("{ people(first: 200) { nodes { id } } }", world.token());
  CHECK(never.status == 400);
  CHECK(code_of(never) == "BUDGET_TOO_SMALL");
  CHECK(never.body.find("more than tenant-credits has at once; this request costs 202 credits") !=
        std::string::npos);
  CHECK(header_of(never.headers, "Retry-After").empty());
}

TEST_CASE("costs: items of a batch are summed") {
  const auto book = credits(60);
  World world({.budgets = book.get()});
  const std::string token = world.token();
  const std::string item = query("{ people(first: 10) { nodes { id } } }");
  const Told told = ask(world, "[" + item + "," + item + "]", token);
  CHECK(told.requested == 12);
  CHECK(told.remaining == 36);
  CHECK(world.post("[" + item + "," + item + "," + item + "," + item + "]", token).status == 429);
}

TEST_CASE("costs: credits of a day go by the same numbers") {
  const auto book = credits(1'000, 100);
  World world({.budgets = book.get()});
  const std::string token = world.token();
  const std::string page = query("{ people(first: 50) { nodes { id } } }");
  CHECK(world.post(page, token).status == 200);
  CHECK(world.post(page, token).status == 200);
  world.clock().advance(seconds(10));
  const net::Response denied = world.post(page, token);
  CHECK(denied.status == 429);
  CHECK(denied.body.find("tenant-day_credits is used up: 100 in 86400 s") != std::string::npos);
}

TEST_CASE("costs: slices that are no sizes are errors of the request") {
  const auto book = credits(1'000);
  World world({.budgets = book.get()});
  const std::string token = world.token();
  for (const char* text : {"{ people(first: -1) { nodes { id } } }",
                           "{ people(first: 3, last: -1) { nodes { id } } }"}) {
    CAPTURE(text);
    const net::Response reply = world.query(text, token);
    CHECK(code_of(reply) == "BAD_USER_INPUT");
    CHECK(reply.body.find("first") + reply.body.find("last") != 2 * std::string::npos);
  }
  CHECK(code_of(world.query("{ people(first: null) { nodes { id } } }", token)).empty());
}

TEST_CASE("costs: X-MC-Cost is include, once") {
  World world;
  const std::string token = world.token();
  for (const net::Headers& headers :
       {net::Headers{{"X-MC-Cost", "yes"}},
        net::Headers{{"X-MC-Cost", "include"}, {"X-MC-Cost", "include"}}}) {
    net::Headers all = headers;
    all.push_back({"Content-Type", "application/json"});
    const net::Response reply =
        world.ask({.headers = all, .body = query("{ person(id: \"p1\") { id } }")}, token);
    CHECK(reply.status == 400);
    CHECK(reply.body.find("X-MC-Cost") != std::string::npos);
  }
}

constexpr const char* kTopSdl =
    "directive @cost(weight: String!) on ARGUMENT_DEFINITION | FIELD_DEFINITION | OBJECT\n"
    "type Query { top: [Int] @cost(weight: \"40\") }";

guarded::WorldOptions upstream_options(budget::Book& book, const std::string& sdl) {
  guarded::WorldOptions options;
  RouteConfig route;
  route.kind = RouteKind::upstream;
  route.url = "http://127.0.0.1:9/api";
  if (!sdl.empty()) {
    route.schema_file = "/schema.graphql";
    options.files["/schema.graphql"] = sdl;
  }
  options.gateway.routes = {route};
  options.budgets = &book;
  return options;
}

TEST_CASE("costs: an upstream's operations by its schema, or by the fields that are selected") {
  struct Row {
    const char* sdl;
    const char* query;
    const char* told;
  };
  const Row rows[] = {{kTopSdl, "{ top }", "requested=40, remaining=60"},
                      {"", "{ a b { c } }", "requested=3, remaining=97"}};
  for (const Row& row : rows) {
    CAPTURE(row.query);
    const auto book = credits(100);
    World world(upstream_options(*book, row.sdl));
    const std::string token = world.token();
    const auto exchange =
        world.send({.headers = {{"Content-Type", "application/json"}, {"X-MC-Cost", "include"}},
                    .body = query(row.query)},
                   token);
    exchange->wait();
    REQUIRE(exchange->forwarded());
    const net::Headers fields = sim::fields_of(exchange->forwarding().response_fields);
    CHECK(header_of(fields, "X-MC-Cost") == row.told);
    CHECK(header_of(sim::fields_of(exchange->forwarding().fields), "X-MC-Cost").empty());
    // The answer of one that does not answer tells what is left, too.
    net::ForwardResult failed;
    failed.error = "connection refused";
    const net::Response reply = exchange->forwarding().on_failure(failed);
    CHECK(
        header_of(sim::fields_of(reply.fields), "RateLimit").starts_with("\"tenant-credits\";r="));
    exchange->forwarding().on_done(failed);
  }
}

TEST_CASE("costs: what is refused before it runs costs the look at it") {
  const auto book = credits(100);
  guarded::WorldOptions options = upstream_options(*book, kTopSdl);
  options.gateway.breaker_failures = 1;
  World world(options);
  const std::string token = world.token();
  const auto exchange = world.send(
      {.headers = {{"Content-Type", "application/json"}}, .body = query("{ top }")}, token);
  exchange->wait();
  net::ForwardResult failed;
  failed.error = "connection refused";
  exchange->forwarding().on_failure(failed);
  exchange->forwarding().on_done(failed);
  for (const char* left : {"20", "19", "18"}) {
    const net::Response refused = world.query("{ top }", token);
    CHECK(code_of(refused) == "UPSTREAM_CIRCUIT_OPEN");
    CHECK(header_of(refused.headers, "RateLimit") == "\"tenant-credits\";r=" + std::string(left));
  }
}

// Both steps of every request, settled, denied and left by its client.
TEST_CASE("costs: the journal of a gateway replays to the same decisions, byte for byte") {
  budget::BudgetSettings settings;
  settings.plans["starter"].gql_qps = 20;
  settings.plans["starter"].credits_per_s = 150;
  settings.plans["starter"].credits_per_day = 600;
  settings.plans["starter"].bytes_per_s = 3'000;
  settings.plans["starter"].seats = 3;
  settings.plans["starter"].users.fanout_per_s = 6;
  settings.admission.global.gql_qps = 25;
  auto book = budget::Book::make(settings, {"/graphql"});
  REQUIRE(book.has_value());
  sim::SimFiles files;
  sim::SimClock wall;
  budget::JournalHeader header;
  header.run = "adm_1";
  header.started = wall.wall();
  header.settings = settings;
  header.paths = {"/graphql"};
  budget::Journal journal(files, header, {});
  World world({.budgets = book->get(), .journal = &journal});
  const std::string tokens[] = {world.token(), world.token({.tenant = "bravo"}),
                                world.token({.principal = "bob"})};
  int denied = 0, told = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string& token = tokens[i % 3];
    const std::string first = std::to_string(1 + i % 12);
    const std::string ask = query("{ people(first: " + first + ") { nodes { id name } } }");
    if (i % 7 == 6) {
      const auto dropped =
          world.send({.headers = {{"Content-Type", "application/json"}}, .body = ask}, token);
      dropped->cancel();
      dropped->wait();
    } else {
      const int status = world.post(ask, token).status;
      denied += status == 429 || status == 503 ? 1 : 0;
      told += status == 200 ? 1 : 0;
    }
    if (i % 2 == 0) world.clock().advance(millis(i % 40));
  }
  CHECK(denied > 20);
  CHECK(told > 20);
  budget::Verifier verifier;
  auto reader = budget::JournalReader::of_text(journal.snapshot(), "journal");
  while (true) {
    auto line = reader.next();
    REQUIRE(line.has_value());
    if (!*line) break;
    REQUIRE(verifier.run((*line)->event).has_value());
  }
  CHECK(verifier.report().differences == 0);
  CHECK(verifier.report().decisions > 300);
  CHECK(verifier.report().settlements > 100);
}

TEST_CASE("costs: a model that cannot be made stops the start when it is needed") {
  const std::string sdl =
      "directive @cost(complexity: Int) on FIELD_DEFINITION\n"
      "type Query { top: Int @cost(complexity: 5) }";
  const auto needed = credits(100);
  budget::BudgetSettings other;
  other.plans["starter"].gql_qps = 5;
  const auto unneeded = budget::Book::make(other, {"/graphql"});
  for (const bool is_needed : {true, false}) {
    CAPTURE(is_needed);
    World world;
    metric::Registry metrics;
    REQUIRE(world.files().write_atomic("/schema.graphql", sdl).has_value());
    GatewayWorld parts{.clock = world.clock(),
                       .random = world.random(),
                       .files = world.files(),
                       .log = world.log(),
                       .metrics = metrics,
                       .directory = world.directory()};
    parts.budgets = is_needed ? needed.get() : unneeded->get();
    GatewayConfig config;
    config.routes[0].kind = RouteKind::upstream;
    config.routes[0].url = "http://127.0.0.1:9/";
    config.routes[0].schema_file = "/schema.graphql";
    const auto made = Gateway::make(config, parts);
    CHECK(made.has_value() == !is_needed);
    if (!made) CHECK(made.error().what.find("/schema.graphql: Query.top") != std::string::npos);
    CHECK(world.lines().count("cost.no_model") == (is_needed ? 0 : 1));
  }
}

}  // namespace
}  // namespace mc::gateway
