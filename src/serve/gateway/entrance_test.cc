// Seats and the queue for them, through the gateway: who runs, who waits, who is turned away.
#include "gateway/entrance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <thread>

#include "admission/settings.h"
#include "contract/guarded_world.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::header_of;

// Before an upstream that answers when the test says so, with a fixed number of seats.
struct Bench {
  explicit Bench(std::int64_t seats, std::size_t waiting_max = 1'000) {
    settings.limiter = {.seats_min = seats, .seats_start = seats, .seats_max = seats};
    settings.queue.waiting_max = waiting_max;
    settings.tenant_pct = 100;
    shares["pro"] = {.weight = 4};
    guarded::WorldOptions options;
    RouteConfig route;
    route.kind = RouteKind::upstream;
    route.url = "http://127.0.0.1:9/api";
    options.gateway.routes = {route};
    options.seats = &settings;
    options.shares = &shares;
    world.emplace(options);
    world->server().hold_timers();
    for (const char* tenant : {"alpha", "bravo"}) {
      tokens[tenant] = world->token({.tenant = tenant});
      const auto parsed =
          ask(tenant);  // from then on its document is known, and all is said at once
      answer(*parsed);
    }
  }

  std::shared_ptr<sim::FakeExchange> ask(const std::string& tenant) {
    return world->send(
        {.headers = {{"Content-Type", "application/json"}}, .body = guarded::body_of("{ a }")},
        tokens.at(tenant));
  }
  // Those that have a seat get to the upstream, those that waited for it by a worker.
  static void answer(sim::FakeExchange& exchange) {
    exchange.wait();
    REQUIRE(exchange.forwarded());
    net::ForwardResult result;
    result.status = 200;
    result.bytes = 20;
    exchange.forwarding().on_done(result);
  }
  void pass(Nanos time) {
    world->clock().advance(time);
    world->server().run_timers();
  }
  // What waits is too late.
  ~Bench() { pass(seconds(1)); }
  admission::Snapshot now() { return world->gateway().admission(); }

  admission::Settings settings;
  PlanShares shares;
  std::map<std::string, std::string> tokens;
  std::optional<World> world;
};

bool is_answered(const std::shared_ptr<sim::FakeExchange>& exchange) {
  return exchange->response().status != 0;
}

TEST_CASE("entrance: as many run as there are seats, the others when one is given back") {
  Bench bench(2);
  const auto first = bench.ask("alpha"), second = bench.ask("alpha");
  const auto third = bench.ask("alpha"), fourth = bench.ask("alpha");
  CHECK(first->forwarded());
  CHECK(second->forwarded());
  CHECK_FALSE(third->forwarded());
  CHECK(bench.now().in_use == 2);
  CHECK(bench.now().classes[1].waiting == 2);
  Bench::answer(*first);
  third->wait();
  CHECK(third->forwarded());
  CHECK_FALSE(fourth->forwarded());
  Bench::answer(*second);
  Bench::answer(*third);
  Bench::answer(*fourth);
  CHECK(bench.now().in_use == 0);
  CHECK(bench.now().runs_after_wait == 2);
}

TEST_CASE("entrance: who has waited too long is turned away, with the time to come back") {
  Bench bench(1);
  const auto first = bench.ask("alpha");
  first->wait();
  const auto second = bench.ask("bravo");
  CHECK_FALSE(is_answered(second));
  bench.pass(millis(100));
  CHECK_FALSE(is_answered(second));
  bench.pass(millis(200));
  REQUIRE(is_answered(second));
  CHECK(second->response().status == 503);
  CHECK(code_of(second->response()) == "OVERLOADED");
  const std::string wait(header_of(second->response().headers, "Retry-After"));
  CHECK(std::stoi(wait) >= 1);
  CHECK(std::stoi(wait) <= 3);
  CHECK(bench.now().expired == 1);
  Bench::answer(*first);
  CHECK(bench.now().in_use == 0);
}

TEST_CASE("entrance: tenants share seats, whoever asks for more") {
  struct Case {
    const char* plan;
    int others_max;  // of alpha's forty, that run until the last of bravo's four has
  };
  for (const Case& one : {Case{"starter", 5}, Case{"pro", 2}}) {
    CAPTURE(one.plan);
    Bench bench(1);
    auto bravo = bench.world->directory().tenant(TenantId("bravo"));
    REQUIRE(bravo.has_value());
    bravo->plan = one.plan;
    REQUIRE(bench.world->directory().update_tenant(*bravo).has_value());
    auto running = bench.ask("alpha");
    running->wait();
    std::list<std::pair<std::string, std::shared_ptr<sim::FakeExchange>>> waiting;
    for (int i = 0; i < 40; ++i) waiting.emplace_back("alpha", bench.ask("alpha"));
    for (int i = 0; i < 4; ++i) waiting.emplace_back("bravo", bench.ask("bravo"));
    int bravos = 0, others = 0;
    while (bravos < 4) {
      bench.world->clock().advance(millis(1));
      Bench::answer(*running);
      // Exactly one of them runs next, on a worker's thread.
      auto next = waiting.end();
      while (next == waiting.end()) {
        std::this_thread::yield();
        next = std::find_if(waiting.begin(), waiting.end(),
                            [](const auto& each) { return each.second->forwarded(); });
      }
      ++(next->first == "bravo" ? bravos : others);
      running = next->second;
      waiting.erase(next);
    }
    CHECK(others <= one.others_max);
    Bench::answer(*running);
  }
}

TEST_CASE("entrance: a full queue makes room for who waits for less") {
  Bench bench(1, 4);
  const auto running = bench.ask("alpha");
  running->wait();
  std::vector<std::shared_ptr<sim::FakeExchange>> mine;
  for (int i = 0; i < 6; ++i) mine.push_back(bench.ask("alpha"));
  const auto turned_away = [&] { return std::count_if(mine.begin(), mine.end(), is_answered); };
  CHECK(turned_away() == 2);
  const auto other = bench.ask("bravo");
  CHECK_FALSE(is_answered(other));
  CHECK(turned_away() == 3);
}

}  // namespace
}  // namespace mc::gateway
