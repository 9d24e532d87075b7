// Emergency taps through the gateway: what is held back where, and what its caller gets to know.
#include <doctest/doctest.h>

#include "budget/book.h"
#include "budget/settings.h"
#include "contract/guarded_world.h"
#include "gateway/documents.h"
#include "tap/board.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::header_of;
using tap::Action;

const std::string kRead = "{ person(id: \"p1\") { id } }";
const std::string kChange =
    "mutation { createOrder(input: {id: 900, personId: \"p1\", total: 1, status: \"x\"}) { id } }";
const std::string kSchema = "{ x: __schema { queryType { name } } }";
const std::string kSecret = "the operator's own note about bravo";

struct Bench {
  sim::SimClock clock;  // only where the board begins
  tap::Board board{clock.mono()};
  std::unique_ptr<World> world;
  std::string alpha, bravo;
  int made = 0;
  std::vector<tap::Board::Entry> entries;

  explicit Bench(guarded::WorldOptions options = {}) {
    options.taps = &board;
    world = std::make_unique<World>(std::move(options));
    alpha = world->token();
    bravo = world->token({.tenant = "bravo", .principal = "bea"});
  }
  void set(tap::Terms terms, Nanos lasts = seconds(600)) {
    terms.reason = kSecret;
    tap::Tap tap;
    tap.id = "tap_secret" + std::to_string(made++);
    tap.terms = terms;
    entries.push_back({tap, world->clock().mono() + lasts});
    board.put(entries);
  }
  void lift_all() {
    entries.clear();
    board.put({});
  }
  net::Response ask(const std::string& document, const std::string& token) {
    return world->query(document, token);
  }
};

tap::Terms of(Action action, std::string tap::Terms::* member, const std::string& value) {
  tap::Terms out;
  out.action = action;
  out.*member = value;
  return out;
}

TEST_CASE("taps: a blocked tenant is told generically, and no other tenant notices") {
  Bench bench;
  CHECK(bench.ask(kRead, bench.alpha).status == 200);
  bench.set(of(Action::block, &tap::Terms::tenant, "alpha"));
  const net::Response refused = bench.ask(kRead, bench.alpha);
  CHECK(refused.status == 503);
  CHECK(code_of(refused) == "TAP");
  const std::int64_t wait = *parse_int(header_of(refused.headers, "Retry-After"));
  CHECK(wait >= 30);
  CHECK(wait <= 38);
  for (const std::string& hidden : {kSecret, std::string("tap_secret"), std::string("bravo")}) {
    CHECK(refused.body.find(hidden) == std::string::npos);
    for (const auto& [name, value] : refused.headers) {
      CHECK(value.find(hidden) == std::string::npos);
    }
  }
  CHECK(bench.ask(kRead, bench.bravo).status == 200);
  CHECK(bench.ask(kRead, "").status == 401);
  // The operator finds the tap in the log.
  bool logged = false;
  for (const std::string& line : bench.world->lines().lines()) {
    logged = logged || line.find("\"tap\":\"tap_secret0\"") != std::string::npos;
  }
  CHECK(logged);
  bench.lift_all();
  CHECK(bench.ask(kRead, bench.alpha).status == 200);
}

TEST_CASE("taps: each matcher and each action where it belongs") {
  struct Row {
    const char* name;
    tap::Terms terms;
    int read, schema, change, broken;  // statuses
  };
  const std::string hash = document_id(kRead);
  const Row rows[] = {
      {"route", of(Action::block, &tap::Terms::route, "/graphql"), 503, 503, 503, 503},
      {"client", of(Action::block, &tap::Terms::client, "ada"), 503, 503, 503, 503},
      {"other client", of(Action::block, &tap::Terms::client, "bea"), 200, 200, 200, 200},
      {"document", of(Action::block, &tap::Terms::document, hash), 503, 200, 200, 200},
      {"operation", of(Action::block, &tap::Terms::operation, "mutation"), 200, 200, 503, 200},
      {"queries", of(Action::block, &tap::Terms::operation, "query"), 503, 503, 200, 200},
      {"introspection", of(Action::no_introspection, &tap::Terms::tenant, "alpha"), 200, 403, 200,
       200},
      {"read only", of(Action::read_only, &tap::Terms::tenant, "alpha"), 200, 200, 403, 200},
      // Before it is parsed: also what would not parse.
      {"safelist", of(Action::safelist_only, &tap::Terms::tenant, "alpha"), 403, 403, 403, 403}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench;
    bench.set(row.terms);
    const std::string before = bench.world->dump("alpha");
    const net::Response read = bench.ask(kRead, bench.alpha);
    CHECK(read.status == row.read);
    CHECK(bench.ask(kSchema, bench.alpha).status == row.schema);
    CHECK(bench.ask(kChange, bench.alpha).status == row.change);
    CHECK((bench.world->dump("alpha") == before) == (row.change != 200));
    CHECK(bench.ask("{", bench.alpha).status == row.broken);
    if (row.read == 403) CHECK(header_of(read.headers, "Retry-After") == "");
    if (row.read != 200) CHECK(code_of(read) == "TAP");
  }
}

TEST_CASE("taps: on a route alone it is before anybody is asked who they are") {
  Bench bench;
  bench.set(of(Action::block, &tap::Terms::route, "/graphql"));
  const net::Response refused = bench.ask(kRead, "");
  CHECK(refused.status == 503);
  CHECK(code_of(refused) == "TAP");
  // A clamp is after it: nobody without a token uses up what others are let through by.
  bench.lift_all();
  tap::Terms slow = of(Action::clamp_rate, &tap::Terms::route, "/graphql");
  slow.rate = 1;
  bench.set(slow);
  for (int i = 0; i < 5; ++i) CHECK(bench.ask(kRead, "").status == 401);
  CHECK(bench.ask(kRead, bench.alpha).status == 200);
}

TEST_CASE("taps: a clamped rate counts operations of batches, and its wait is enough") {
  Bench bench;
  tap::Terms slow = of(Action::clamp_rate, &tap::Terms::tenant, "alpha");
  slow.rate = 3;
  bench.set(slow);
  const std::string one = guarded::body_of(kRead);
  CHECK(bench.world->post("[" + one + "," + one + "]", bench.alpha).status == 200);
  CHECK(bench.ask(kRead, bench.alpha).status == 200);
  const net::Response refused = bench.ask(kRead, bench.alpha);
  CHECK(refused.status == 503);
  CHECK(code_of(refused) == "TAP");
  bench.world->clock().advance(seconds(*parse_int(header_of(refused.headers, "Retry-After"))));
  CHECK(bench.ask(kRead, bench.alpha).status == 200);
}

TEST_CASE("taps: a clamped seat is given back however a request ends") {
  guarded::WorldOptions options;
  RouteConfig route;
  route.kind = RouteKind::upstream;
  route.url = "http://127.0.0.1:9/api";
  options.gateway.routes = {route};
  Bench bench(std::move(options));
  tap::Terms few = of(Action::clamp_seats, &tap::Terms::upstream, "127.0.0.1:9");
  few.seats = 1;
  bench.set(few);
  const auto send = [&] {
    return bench.world->send(
        {.headers = {{"Content-Type", "application/json"}}, .body = guarded::body_of("{ a }")},
        bench.alpha);
  };
  for (int status : {200, 500, 0}) {
    CAPTURE(status);
    const auto running = send();
    running->wait();
    REQUIRE(running->forwarded());
    CHECK(bench.ask("{ a }", bench.bravo).status == 503);
    net::ForwardResult result;
    result.status = status;
    if (status == 0) running->cancel();
    running->forwarding().on_done(result);
    running->release();
  }
  const auto next = send();
  next->wait();
  REQUIRE(next->forwarded());
  net::ForwardResult result;
  result.status = 200;
  next->forwarding().on_done(result);
  CHECK(bench.ask("{", bench.alpha).status == 200);  // refused, and its seat is free again
  const auto last = send();
  last->wait();
  REQUIRE(last->forwarded());
  last->forwarding().on_done(result);
}

TEST_CASE("taps: registered documents run on under a safelist, by text and by id") {
  guarded::WorldOptions options;
  options.files["/documents.json"] =
      "{\"" + document_id("{ __typename }") + "\":\"{ __typename }\"}";
  RouteConfig route;
  route.documents_file = "/documents.json";
  options.gateway.routes = {route};
  Bench bench(std::move(options));
  bench.set(of(Action::safelist_only, &tap::Terms::route, "/graphql"));
  CHECK(bench.ask("{ __typename }", bench.alpha).status == 200);
  CHECK(bench.world->post("{\"documentId\":\"" + document_id("{ __typename }") + "\"}", bench.alpha)
            .status == 200);
  CHECK(bench.ask("{ x: __typename }", bench.alpha).status == 403);
  const std::string good = guarded::body_of("{ __typename }"), bad = guarded::body_of(kRead);
  CHECK(bench.world->post("[" + good + "," + bad + "]", bench.alpha).status == 403);
}

TEST_CASE("taps: what one refuses before the budget is asked costs none of it") {
  budget::BudgetSettings settings;
  settings.plans["starter"].gql_qps = 2;
  const auto book = budget::Book::make(settings, {"/graphql"});
  REQUIRE(book.has_value());
  guarded::WorldOptions options;
  options.budgets = book->get();
  Bench bench(std::move(options));
  identity::Tenant held = *bench.world->directory().tenant(TenantId("alpha"));
  held.plan = "starter";
  REQUIRE(bench.world->directory().update_tenant(held).has_value());
  bench.set(of(Action::block, &tap::Terms::tenant, "alpha"));
  for (int i = 0; i < 10; ++i) CHECK(bench.ask(kRead, bench.alpha).status == 503);
  bench.lift_all();
  CHECK(bench.ask(kRead, bench.alpha).status == 200);
  CHECK(bench.ask(kRead, bench.alpha).status == 200);
  CHECK(bench.ask(kRead, bench.alpha).status == 429);
}

TEST_CASE("taps: one ends by itself, to the moment") {
  Bench bench;
  bench.set(of(Action::block, &tap::Terms::tenant, "alpha"), seconds(5));
  const net::Response refused = bench.ask(kRead, bench.alpha);
  CHECK(refused.status == 503);
  CHECK(*parse_int(header_of(refused.headers, "Retry-After")) >= 5);
  bench.world->clock().advance(seconds(5) - Nanos{1});
  CHECK(bench.ask(kRead, bench.alpha).status == 503);
  bench.world->clock().advance(Nanos{1});
  CHECK(bench.ask(kRead, bench.alpha).status == 200);
}

}  // namespace
}  // namespace mc::gateway
