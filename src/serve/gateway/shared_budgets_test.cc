// Budgets that nodes share, through two gateways before one store.
#include "gateway/shared_budgets.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <memory>
#include <thread>

#include "budget/denial.h"
#include "budget/journal.h"
#include "budget/replay.h"
#include "budget/settings.h"
#include "contract/guarded_world.h"
#include "json/json.h"
#include "share/memory_store.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::header_of;

constexpr const char* kPerson = "{ person(id: \"p3\") { id } }";

// The store, which can be cut off.
class Cut final : public share::MemoryStore {
 public:
  void ask(std::string_view node, std::vector<share::Ask> asks, Done done) override {
    if (cut) return done(fail(Code::unavailable, "cut off"));
    MemoryStore::ask(node, std::move(asks), std::move(done));
  }
  bool cut = false;
};

// Nodes whose clocks go together.
struct Fleet {
  struct Node {
    std::unique_ptr<budget::Book> book;
    std::unique_ptr<budget::Journal> journal;
    std::unique_ptr<share::Share> share;
    std::unique_ptr<World> world;
    std::string alpha, bravo;
  };

  Fleet(const budget::LimitSettings& limits, share::Mode mode,
        budget::OnLoss on_loss = budget::OnLoss::closed, RouteKind kind = RouteKind::datasets) {
    budget::BudgetSettings settings;
    static_cast<budget::LimitSettings&>(settings.plans["starter"]) = limits;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      Node& node = nodes[i];
      auto book = budget::Book::make(settings, {"/graphql"});
      if (!book) FAIL(book.error().what);
      node.book = std::move(*book);
      auto made =
          share::Share::make({.mode = mode, .node = i == 0 ? "node0000" : "node0001"}, store, {});
      if (!made) FAIL(made.error().what);
      node.share = std::move(*made);
      guarded::WorldOptions options;
      options.budgets = node.book.get();
      budget::JournalHeader header;
      header.run = "adm_1";
      header.started = wall.wall();
      header.settings = settings;
      header.paths = {"/graphql"};
      node.journal = std::make_unique<budget::Journal>(files, header, budget::JournalConfig{});
      options.journal = node.journal.get();
      options.share = node.share.get();
      options.on_store_loss = on_loss;
      if (kind == RouteKind::upstream) {
        RouteConfig route;
        route.kind = kind;
        route.url = "http://127.0.0.1:9/api";
        options.gateway.routes = {route};
      }
      node.world = std::make_unique<World>(options);
      node.alpha = node.world->token();
      node.bravo = node.world->token({.tenant = "bravo"});
    }
    pass(millis(100));
  }

  void pass(Nanos time) {
    for (Node& node : nodes) node.world->clock().advance(time);
    now_us += time.count / 1'000;
    store.set_clock(now_us);
    turn();
  }
  void turn() {
    for (Node& node : nodes) node.share->turn(node.world->clock().mono());
  }
  // One request, until it is answered or forwarded. It may come to wait for the store on a parser's
  // thread, too.
  std::shared_ptr<sim::FakeExchange> send(std::size_t index, const std::string& token) {
    Node& node = nodes[index];
    const auto exchange = node.world->send(
        {.headers = {{"Content-Type", "application/json"}}, .body = guarded::body_of(kPerson)},
        token);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (exchange->response().status == 0 && !exchange->forwarded() &&
           std::chrono::steady_clock::now() < until) {
      node.share->turn(node.world->clock().mono());
      exchange->turn();
      std::this_thread::yield();
    }
    REQUIRE(exchange->wait());
    return exchange;
  }
  net::Response ask(std::size_t index, const std::string& token) {
    return send(index, token)->response();
  }
  net::Response ask(std::size_t index) { return ask(index, nodes[index].alpha); }

  sim::SimFiles files;
  sim::SimClock wall;
  Cut store;
  std::int64_t now_us = 1'000'000'000;
  std::array<Node, 2> nodes;
};

budget::LimitSettings requests(std::int64_t gql_qps) {
  budget::LimitSettings out;
  out.gql_qps = gql_qps;
  return out;
}

TEST_CASE("shared budgets: keys name the limit, and nobody's name but the tenant's") {
  const budget::Book::Who who = {.tenant = "alpha", .plan = "pro", .user = "ada@alpha", .route = 2};
  budget::Moment at;
  at.day = 20'787;
  at.month = 682;
  using budget::Dimension;
  using budget::Scope;
  CHECK(shared_key(Scope::global, Dimension::requests, who, at) == "{*}global:requests");
  CHECK(shared_key(Scope::plan, Dimension::seats, who, at) == "{plan pro}plan:seats");
  CHECK(shared_key(Scope::route, Dimension::bytes, who, at) == "{route 2}route:bytes");
  CHECK(shared_key(Scope::tenant, Dimension::day_credits, who, at) ==
        "{alpha}tenant:day_credits:20787");
  CHECK(shared_key(Scope::tenant, Dimension::month_credits, who, at) ==
        "{alpha}tenant:month_credits:682");
  CHECK(shared_key(Scope::tenant_route, Dimension::requests, who, at) ==
        "{alpha}tenant-route:requests:2");
  budget::Book::Who of_class = who;
  of_class.class_name = "batch";
  CHECK(shared_key(Scope::tenant_class, Dimension::day_credits, of_class, at) ==
        "{alpha}tenant-class:day_credits:20787:batch");
  const std::string of_user = shared_key(Scope::tenant_user, Dimension::requests, who, at);
  CHECK(of_user.starts_with("{alpha}tenant-user:requests:"));
  CHECK(of_user.find("ada") == std::string::npos);
  CHECK(of_user.size() == std::string("{alpha}tenant-user:requests:").size() + 24);
}

TEST_CASE(
    "shared budgets: two nodes let in what one would, and the others' tenants notice nothing") {
  for (const share::Mode mode : {share::Mode::lease, share::Mode::exact}) {
    CAPTURE(static_cast<int>(mode));
    Fleet fleet(requests(20), mode);
    int admitted = 0, denied = 0;
    for (int i = 0; i < 200; ++i) {  // a second
      const net::Response reply = fleet.ask(static_cast<std::size_t>(i % 2));
      const bool served = reply.status == 200;
      (served ? admitted : denied) += 1;
      if (!served) {
        CHECK(reply.status == 429);
        CHECK(code_of(reply) == "BUDGET_EXCEEDED");
        CHECK(reply.body.find("\"policies\":[\"tenant-requests\"]") != std::string::npos);
        CHECK(std::stoi(header_of(reply.headers, "Retry-After")) >= 1);
      }
      fleet.pass(millis(5));
    }
    CHECK(admitted <= 20 + 20);
    CHECK(admitted >= 30);
    CHECK(denied > 100);
    CHECK(fleet.ask(0, fleet.nodes[0].bravo).status == 200);
    CHECK(fleet.ask(1, fleet.nodes[1].bravo).status == 200);
  }
}

TEST_CASE("shared budgets: what runs on one node is held against the other, until it ends") {
  budget::LimitSettings limits;
  limits.seats = 1;
  Fleet fleet(limits, share::Mode::exact, budget::OnLoss::closed, RouteKind::upstream);
  for (const std::size_t holder : {0U, 1U, 0U}) {
    const auto running = fleet.send(holder, fleet.nodes[holder].alpha);
    REQUIRE(running->forwarded());
    const net::Response denied = fleet.ask(1 - holder);
    CHECK(denied.status == 429);
    CHECK(denied.body.find("\"policies\":[\"tenant-seats\"]") != std::string::npos);
    net::ForwardResult result;
    result.status = 200;
    running->forwarding().on_done(result);
    running->release();
    for (int i = 0; i < 5; ++i) fleet.pass(millis(100));
  }
}

TEST_CASE("shared budgets: a day that is used up is 429 until it is over") {
  budget::LimitSettings limits;
  limits.credits_per_day = 40;
  Fleet fleet(limits, share::Mode::exact);
  int served = 0;
  net::Response denied;
  for (int i = 0; i < 60; ++i) {
    const net::Response reply = fleet.ask(static_cast<std::size_t>(i % 2));
    served += reply.status == 200 ? 1 : 0;
    if (reply.status != 200) denied = reply;
    fleet.pass(millis(50));
  }
  CHECK(served > 0);
  CHECK(served <= 40);
  CHECK(denied.status == 429);
  CHECK(denied.body.find("\"policies\":[\"tenant-day_credits\"]") != std::string::npos);
  CHECK(std::stoi(header_of(denied.headers, "Retry-After")) > 60);
  CHECK(fleet.ask(0).status == 429);
  CHECK(fleet.ask(1).status == 429);
}

TEST_CASE(
    "shared budgets: what the store denied is explained and proven, and a replay is the same") {
  Fleet fleet(requests(5), share::Mode::exact);
  std::string denied;
  for (int i = 0; i < 40; ++i) {
    const net::Response reply = fleet.ask(static_cast<std::size_t>(i % 2));
    if (reply.status == 429 && i % 2 == 0) denied = header_of(reply.headers, "X-Request-Id");
    fleet.pass(millis(10));
  }
  REQUIRE_FALSE(denied.empty());
  const budget::Journal& journal = *fleet.nodes[0].journal;
  const auto proof = budget::denial_of(journal, "alpha", denied);
  REQUIRE_MESSAGE(proof.has_value(), proof.error().what);
  const std::string text = json::print(json::Value(*proof));
  CHECK(text.find("\"tenant-requests\"") != std::string::npos);
  CHECK(text.find("\"status\":429") != std::string::npos);
  int shared = 0;
  budget::Verifier verifier;
  REQUIRE(journal.each([&](const budget::JournalEvent& event) -> Status {
    const auto* decision = std::get_if<budget::Decision>(&event);
    shared += decision != nullptr && decision->shared ? 1 : 0;
    return verifier.run(event).map([](bool) { return std::monostate(); });
  }));
  CHECK(shared > 5);
  CHECK(verifier.report().differences == 0);
  CHECK(verifier.report().decisions > shared);
}

TEST_CASE("shared budgets: what the node itself denies while it is alone is charged to nobody") {
  budget::LimitSettings limits = requests(10);
  limits.credits_per_day = 100'000;
  Fleet fleet(limits, share::Mode::lease, budget::OnLoss::open);
  const std::string key = shared_key(budget::Scope::tenant, budget::Dimension::day_credits,
                                     {.tenant = "alpha", .plan = "starter", .user = ""},
                                     budget::Moment::of({}, fleet.nodes[0].world->clock().wall()));
  REQUIRE(fleet.ask(0).status == 200);
  for (int i = 0; i < 20; ++i) fleet.pass(millis(100));
  const std::int64_t each = fleet.store.sum(key).level;
  REQUIRE(each > 0);
  fleet.store.cut = true;
  int served = 1, denied = 0;
  for (int i = 0; i < 100; ++i) {
    fleet.pass(millis(50));
    for (int burst = 0; burst < 3; ++burst) {
      (fleet.ask(0).status == 200 ? served : denied) += 1;
    }
  }
  CHECK(denied > 100);
  fleet.store.cut = false;
  for (int i = 0; i < 60; ++i) fleet.pass(millis(100));
  CHECK(fleet.store.sum(key).level == served * each);
}

TEST_CASE("shared budgets: while the store is lost each budget does as it says") {
  struct Case {
    const char* own;  // of the budget; "" = the default
    budget::OnLoss all;
    bool goes_on;
  };
  for (const Case& one :
       {Case{"", budget::OnLoss::closed, false}, Case{"", budget::OnLoss::open, true},
        Case{"closed", budget::OnLoss::open, false},
        Case{"local_share", budget::OnLoss::closed, true}}) {
    CAPTURE(one.own);
    budget::LimitSettings limits = requests(10);
    if (*one.own != '\0') limits.on_store_loss["requests"] = one.own;
    Fleet fleet(limits, share::Mode::lease, one.all);
    CHECK(fleet.ask(0).status == 200);
    fleet.store.cut = true;
    for (int i = 0; i < 80; ++i) {  // longer than what is held lasts
      fleet.pass(millis(50));
      (void)fleet.ask(0);
    }
    REQUIRE(fleet.nodes[0].share->stats().lost);
    int served = 0;
    for (int i = 0; i < 40; ++i) {
      fleet.pass(millis(50));
      served += fleet.ask(0).status == 200 ? 1 : 0;
    }
    CHECK((served > 0) == one.goes_on);
    fleet.store.cut = false;
    for (int i = 0; i < 40; ++i) fleet.pass(millis(50));
    CHECK_FALSE(fleet.nodes[0].share->stats().lost);
    CHECK(fleet.ask(0).status == 200);
  }
}

TEST_CASE("shared budgets: who leaves while it waits is answered once, and nothing runs") {
  Fleet fleet(requests(10), share::Mode::exact);
  Fleet::Node& node = fleet.nodes[0];
  const auto gone = node.world->send(
      {.headers = {{"Content-Type", "application/json"}}, .body = guarded::body_of(kPerson)},
      node.alpha);
  CHECK(gone->response().status == 0);  // it waits
  gone->cancel();
  for (int i = 0; i < 3; ++i) node.share->turn(node.world->clock().mono());
  REQUIRE(gone->wait());
  CHECK(gone->response().status == 499);
  CHECK(gone->answers() == 1);
}

TEST_CASE("shared budgets: at the end who waits is told at once, and so is who would") {
  Fleet fleet(requests(10), share::Mode::exact);
  Fleet::Node& node = fleet.nodes[0];
  const auto send = [&] {
    return node.world->send(
        {.headers = {{"Content-Type", "application/json"}}, .body = guarded::body_of(kPerson)},
        node.alpha);
  };
  const auto waits = send();
  CHECK(waits->response().status == 0);
  node.share->close();
  const auto late = send();
  for (const auto& exchange : {waits, late}) {
    REQUIRE(exchange->wait());
    CHECK(exchange->response().status == 503);
    CHECK(code_of(exchange->response()) == "OVERLOADED");
    CHECK(header_of(exchange->response().headers, "RateLimit").empty());
  }
}

}  // namespace
}  // namespace mc::gateway
