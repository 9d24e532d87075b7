// Clients that leave while their requests wait: for a seat, for a parser, or just when they get it.
#include "gateway/leaving.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "admission/settings.h"
#include "contract/guarded_world.h"
#include "gateway/call.h"

namespace mc::gateway {
namespace {

using guarded::World;
using Exchange = std::shared_ptr<sim::FakeExchange>;

CallPtr call_of(const std::string& tenant) {
  auto caller = std::make_shared<identity::Caller>();
  caller->tenant = TenantId(tenant);
  auto call = std::make_shared<Call>();
  call->caller = std::move(caller);
  call->deadline = MonoTime{INT64_MAX};
  call->exchange = std::make_shared<sim::FakeExchange>(sim::FakeRequest{});
  return call;
}

sim::FakeExchange& exchange_of(const CallPtr& call) {
  return static_cast<sim::FakeExchange&>(*call->exchange);
}

TEST_CASE("leaving: what is done goes by the last step, and is done once") {
  const CallPtr call = call_of("alpha");
  std::vector<std::string> done;
  const auto note = [&](const char* what) {
    return [&done, what](const CallPtr&) { done.emplace_back(what); };
  };
  Leaving::tell(call, Leaving::Step::parser, note("parser"));
  Leaving::tell(call, Leaving::Step::run, note("run"));
  Leaving::tell(call, Leaving::Step::seat, note("seat"));  // told late, by a thread behind
  CHECK(done.empty());
  exchange_of(call).cancel();
  exchange_of(call).cancel();
  CHECK(done == std::vector<std::string>{"run"});
}

TEST_CASE("leaving: who has left before is told of it at once, at each step") {
  const CallPtr call = call_of("alpha");
  exchange_of(call).cancel();
  std::vector<std::string> done;
  Leaving::tell(call, Leaving::Step::seat, [&](const CallPtr& left) {
    CHECK(left == call);
    done.emplace_back("seat");
  });
  CHECK(done.size() == 1);
  Leaving::tell(call, Leaving::Step::parser, [&](const CallPtr&) { done.emplace_back("parser"); });
  Leaving::tell(call, Leaving::Step::run, [&](const CallPtr&) { done.emplace_back("run"); });
  CHECK(done == std::vector<std::string>{"seat", "run"});
}

TEST_CASE("leaving: an exchange that is kept keeps no call") {
  CallPtr call = call_of("alpha");
  const std::shared_ptr<net::Exchange> kept = call->exchange;
  const std::weak_ptr<Call> watched = call;
  Leaving::tell(call, Leaving::Step::seat, [](const CallPtr&) { FAIL("nobody is there"); });
  call = nullptr;
  CHECK(watched.expired());
  static_cast<sim::FakeExchange&>(*kept).cancel();
}

// An entrance of one seat, with hooks that the test has in hand.
struct Door {
  Door() {
    settings.limiter = {.seats_min = 1, .seats_start = 1, .seats_max = 1};
    settings.tenant_pct = 100;
    entrance.emplace(
        settings, clock,
        Entrance::Hooks{.start =
                            [this](const CallPtr& call) {
                              started.push_back(call);
                              if (on_start) on_start(call);
                            },
                        .turn_away = [this](const CallPtr& call,
                                            admission::Why) { turned_away.push_back(call); },
                        .left = [this](const CallPtr& call) { left.push_back(call); }});
  }
  bool enter(const CallPtr& call) {
    admission::Arrival arrival;
    arrival.tenant = call->caller->tenant.get();
    return entrance->enter(call, arrival);
  }
  admission::Snapshot now() { return entrance->controller().snapshot(); }
  std::uint64_t waiting() { return now().classes[1].waiting; }

  admission::Settings settings;
  sim::SimClock clock;
  std::function<void(const CallPtr&)> on_start;
  std::vector<CallPtr> started, turned_away, left;
  std::optional<Entrance> entrance;
};

TEST_CASE("entrance: who leaves while it waits is out of the queue at once") {
  Door door;
  const CallPtr first = call_of("alpha"), second = call_of("alpha"), third = call_of("alpha");
  CHECK(door.enter(first));
  CHECK_FALSE(door.enter(second));
  CHECK_FALSE(door.enter(third));
  door.clock.advance(millis(7));
  exchange_of(second).cancel();
  REQUIRE(door.left == std::vector<CallPtr>{second});
  CHECK(second->waited == millis(7));
  CHECK(second->waiting == nullptr);
  CHECK(door.waiting() == 1);
  CHECK(door.now().withdrawn == 1);
  CHECK(door.now().in_use == 1);
  door.entrance->leave(*first, true, true);
  CHECK(door.started == std::vector<CallPtr>{third});
  door.entrance->leave(*third, true, true);
  CHECK(door.now().in_use == 0);
  CHECK(door.left.size() == 1);
}

TEST_CASE("entrance: who leaves just before it is asked to be told, waits no longer") {
  Door door;
  const CallPtr first = call_of("alpha"), second = call_of("alpha");
  CHECK(door.enter(first));
  exchange_of(second).leave_when_hooked();
  CHECK_FALSE(door.enter(second));
  CHECK(door.left == std::vector<CallPtr>{second});
  CHECK(door.waiting() == 0);
  door.entrance->leave(*first, true, true);
  CHECK(door.started.empty());
  CHECK(door.now().in_use == 0);
}

// The seat is the call's when its client leaves, and whoever was given the call has not begun yet.
TEST_CASE("entrance: who leaves at the moment it gets its seat has it, and gives it back") {
  Door door;
  const CallPtr first = call_of("alpha"), second = call_of("alpha"), third = call_of("alpha");
  CHECK(door.enter(first));
  CHECK_FALSE(door.enter(second));
  CHECK_FALSE(door.enter(third));
  door.on_start = [&](const CallPtr& call) {
    exchange_of(call).cancel();
    CHECK(call->exchange->cancelled());
    CHECK(door.left.empty());
    CHECK(door.now().in_use == 1);
    door.on_start = nullptr;
    door.entrance->leave(*call, true, false);
  };
  door.entrance->leave(*first, true, true);
  CHECK(door.started == std::vector<CallPtr>{second, third});
  CHECK(door.left.empty());
  CHECK(door.now().withdrawn == 0);
  door.entrance->leave(*third, true, true);
  CHECK(door.now().in_use == 0);
}

// Before an upstream that answers when the test says so, one seat in all.
struct Bench {
  explicit Bench(std::int64_t seats, budget::Book* book = nullptr) {
    settings.limiter = {.seats_min = seats, .seats_start = seats, .seats_max = seats};
    settings.tenant_pct = 100;
    guarded::WorldOptions options;
    RouteConfig route;
    route.kind = RouteKind::upstream;
    route.url = "http://127.0.0.1:9/api";
    options.gateway.routes = {route};
    options.seats = &settings;
    options.budgets = book;
    world.emplace(options);
    world->server().hold_timers();
    token = world->token();
    answer(*ask());  // from then on its document is known, and all is said at once
  }
  Exchange ask() {
    return world->send(
        {.headers = {{"Content-Type", "application/json"}}, .body = guarded::body_of("{ a }")},
        token);
  }
  static void answer(sim::FakeExchange& exchange) {
    exchange.wait();
    REQUIRE(exchange.forwarded());
    net::ForwardResult result;
    result.status = 200;
    result.bytes = 20;
    exchange.forwarding().on_done(result);
  }
  admission::Snapshot now() { return world->gateway().admission(); }

  admission::Settings settings;
  std::string token;
  std::optional<World> world;
};

double metric_of(World& world, const std::string& name) {
  const std::string text = world.metrics().text();
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + 2));
}

constexpr const char* kLeft = "mc_admission_turned_away_total{why=\"left\"}";

TEST_CASE("gateway: a client that leaves while it waits is answered 499 and holds nothing") {
  budget::BudgetSettings budgets;
  budgets.plans["starter"].seats = 2;
  auto book = budget::Book::make(budgets, {"/graphql"});
  REQUIRE(book.has_value());
  Bench bench(1, book->get());
  const Exchange first = bench.ask();
  REQUIRE(first->wait());
  for (int i = 1; i <= 3; ++i) {
    // The tenant may have two requests: were one held by who has left, the next one was refused.
    const Exchange second = bench.ask();
    CHECK(second->response().status == 0);
    CHECK(bench.now().classes[1].waiting == 1);
    second->cancel();
    CHECK(second->response().status == 499);
    CHECK(second->answers() == 1);
    CHECK(bench.now().classes[1].waiting == 0);
    CHECK(metric_of(*bench.world, kLeft) == i);
  }
  CHECK(bench.now().in_use == 1);
  CHECK(first->forwarded());
  Bench::answer(*first);
  CHECK(bench.now().in_use == 0);
  CHECK(metric_of(*bench.world,
                  "mc_requests_total{tenant=\"alpha\",route=\"/graphql\",status=\"499\"}") == 3);
}

// Clients leave on one thread while seats are given back on another.
TEST_CASE("gateway: in a storm of clients that leave each is answered once, and no seat is lost") {
  constexpr int kRounds = 150, kEach = 12;
  Bench bench(3);
  std::mt19937 random(5);
  std::uint64_t gone = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Exchange> all;
    for (int i = 0; i < kEach; ++i) all.push_back(bench.ask());
    std::vector<Exchange> leaving;
    for (const Exchange& one : all) {
      if (random() % 3 != 0) leaving.push_back(one);
    }
    std::shuffle(leaving.begin(), leaving.end(), random);
    leaving.push_back(all.back());  // which waits
    std::swap(leaving.front(), leaving.back());
    std::atomic<bool> begun = false;
    std::thread crowd([&] {
      for (const Exchange& one : leaving) {
        one->cancel();
        begun = true;
      }
    });
    while (!begun) std::this_thread::yield();
    // Those that wait start as those that run end.
    for (bool any = true; any;) {
      any = false;
      std::this_thread::yield();
      for (Exchange& one : all) {
        if (one == nullptr || (!one->forwarded() && one->response().status == 0)) continue;
        if (one->forwarded()) {
          Bench::answer(*one);
        } else {
          CHECK(one->response().status == 499);
          ++gone;
        }
        CHECK(one->answers() == 1);
        one->release();
        one = nullptr;
        any = true;
      }
    }
    crowd.join();
    for (const Exchange& one : all) {
      if (one == nullptr) continue;
      REQUIRE(one->response().status == 499);
      ++gone;
    }
    REQUIRE(bench.now().in_use == 0);
    REQUIRE(bench.now().classes[1].waiting == 0);
  }
  CHECK(bench.now().withdrawn >= kRounds);
  CHECK(gone >= bench.now().withdrawn);
  MESSAGE("left: " << gone << ", while they waited " << bench.now().withdrawn);
}

TEST_CASE("parse line: who leaves is out of it, and counts neither for its tenant nor for all") {
  ParseLine line({.waiting_max = 4, .parsers = 1});
  const MonoTime now{1'000'000'000};
  std::vector<CallPtr> late;
  const CallPtr first = call_of("alpha"), second = call_of("alpha"), third = call_of("alpha");
  const ParseLine::Pushed of_first = line.push(first, 1, 100, now);
  const ParseLine::Pushed of_second = line.push(second, 1, 100, now);
  CHECK(line.push(third, 1, 100, now).token == 0);  // half of the line is a tenant's
  CHECK(line.withdraw(of_second.token) == second);
  CHECK(line.withdraw(of_second.token) == nullptr);
  CHECK(line.push(third, 1, 100, now).token != 0);
  CHECK(line.next(now, late) == first);
  CHECK(line.withdraw(of_first.token) == nullptr);
  CHECK(line.next(now, late) == third);
  CHECK(line.next(now, late) == nullptr);
  CHECK(late.empty());
  CHECK(line.withdraw(0) == nullptr);
}

// The only parser is held by a large document: while that has no answer, the one behind it waits.
TEST_CASE("gateway: a client that leaves while it waits for a parser is answered 499, once") {
  constexpr int kTimes = 20;
  World world;
  const std::string token = world.token();
  const std::string missed = R"(mc_documents_total{route="/graphql",result="miss"})";
  std::string fields;
  for (int i = 0; i < 14'000; ++i) fields += " a";
  const auto send = [&](const std::string& document, bool leaves) {
    auto out = std::make_shared<sim::FakeExchange>(sim::FakeRequest{
        .headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}},
        .body = guarded::body_of(document),
        .received = world.clock().mono()});
    if (leaves) out->leave_when_hooked();
    world.gateway().handle(out);
    return out;
  };
  int waited = 0;
  for (int round = 0; round < 2'000 && waited < kTimes; ++round) {
    const std::string name = std::to_string(round);
    const std::string document = "{ a" + name + ": __typename }";
    const double left_before = metric_of(world, kLeft);
    const Exchange large = send("{" + fields + " b" + name + " }", false);
    const Exchange gone = send(document, true);
    const int status = gone->response().status;
    const bool waits = large->response().status == 0;
    REQUIRE(gone->wait());
    REQUIRE(large->wait());
    CHECK(gone->answers() == 1);
    if (!waits) continue;
    ++waited;
    REQUIRE(status == 499);
    CHECK(metric_of(world, kLeft) == left_before + 1);
    const double misses = metric_of(world, missed);
    CHECK(world.query(document, token).status == 200);
    CHECK(metric_of(world, missed) == misses + 1);  // nobody has parsed it
  }
  CHECK(waited == kTimes);
  CHECK(world.query("{ __typename }", token).status == 200);
}

}  // namespace
}  // namespace mc::gateway
