#include "share/share.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "contract/share_world.h"

namespace mc::share {
namespace {

using contract::Meter;
using contract::rate_spec;
using contract::Road;
using contract::World;

TEST_CASE("share: refuses what cannot be counted, and names it") {
  MemoryStore store;
  using Options = Share::Options;
  CHECK(Share::make({.node = "short"}, store, {}).error().what.starts_with("node:"));
  CHECK(Share::make({.op_timeout = micros(1), .node = "node1000"}, store, {}).error().what ==
        "op_timeout: must be 1ms to 1s");
  CHECK_FALSE(Share::make(Options{.nodes_min = 0, .node = "node1000"}, store, {}).has_value());
  auto share = Share::make({.node = "node1000"}, store, {});
  REQUIRE(share.has_value());
  CHECK_FALSE((*share)->line("", rate_spec(1, 1)).has_value());
  CHECK_FALSE((*share)->line(std::string(kKeyMax + 1, 'k'), rate_spec(1, 1)).has_value());
  CHECK_FALSE((*share)->line("k", rate_spec(0, 1)).has_value());
  CHECK_FALSE((*share)->line("k", {.kind = Kind::seats, .max = 0}).has_value());
}

TEST_CASE("share: rates are counted in whole ticks, and never faster than they say") {
  struct Row {
    std::int64_t amount, burst;
  };
  for (const Row& row : {Row{1, 1},
                         {50, 50},
                         {7, 3},
                         {999'983, 3'599'938'800},
                         {1'000'000'000, 1'000'000'000'000},
                         {999'999'937, 1'000'000'000'000}}) {
    CAPTURE(row.amount);
    const Result<Shape> shape = shape_of(rate_spec(row.amount, row.burst));
    REQUIRE(shape.has_value());
    CHECK(shape->each <= kTicksMax / shape->max);
    const double real = 1e6 * static_cast<double>(shape->drain) / static_cast<double>(shape->each);
    CHECK(real <= static_cast<double>(row.amount) * (1 + 1e-12));
    CHECK(real >= static_cast<double>(row.amount) * 0.995);
  }
}

TEST_CASE("share: decides by what it holds, and asks before that is used up") {
  World world(2);
  const auto line = world.line(0, "{alpha}tenant:requests", rate_spec(1'000, 1'000));
  CHECK(world.take_now(0, line, 1).ok());  // the first one waits for the store
  CHECK(world.nodes[0].share->stats().waited == 1);
  world.run(millis(2));
  for (int i = 0; i < 1'000; ++i) {
    CHECK(world.take_now(0, line, 1).ok());
    world.tick(millis(1));
  }
  CHECK(world.nodes[0].share->stats().waited <= 2);
  CHECK(world.nodes[0].share->stats().asks < 100);
}

TEST_CASE("share: what is not used is given back when the node is idle") {
  World world(2);
  const auto mine = world.line(0, "{alpha}tenant:requests", rate_spec(100, 100));
  const auto other = world.line(1, "{alpha}tenant:requests", rate_spec(100, 100));
  CHECK(world.take_now(0, mine, 1).ok());
  world.run(millis(5));
  CHECK(world.memory.sum("{alpha}tenant:requests").leases > 0);
  world.run(millis(500));
  CHECK(world.memory.sum("{alpha}tenant:requests").leases == 0);
  CHECK(world.take_now(1, other, 100).ok());
}

TEST_CASE("share: one node alone gets all but what the others hold") {
  constexpr std::int64_t kNodes = 4, kBurst = 1'000;
  World world(kNodes);
  std::vector<std::shared_ptr<Line>> lines;
  for (std::size_t i = 0; i < kNodes; ++i) {
    lines.push_back(world.line(i, "{alpha}tenant:requests", rate_spec(200, kBurst)));
    CHECK(world.take_now(i, lines[i], 1).ok());
  }
  std::int64_t got = 0;
  while (world.take_now(0, lines[0], 1).ok()) ++got;
  std::printf("share waste: %lld of %lld, at most %lld held by others\n",
              static_cast<long long>(got), static_cast<long long>(kBurst - kNodes),
              static_cast<long long>((kNodes - 1) * 20));
  CHECK(got >= kBurst - kNodes - (kNodes - 1) * 20);
}

TEST_CASE("share: who is denied is let in when it says, and has used nothing up") {
  for (const Mode mode : {Mode::lease, Mode::exact}) {
    World world(3, mode);
    const auto line = world.line(0, "{alpha}tenant:requests", rate_spec(10, 10));
    CHECK(world.take_now(0, line, 10).ok());
    for (int i = 0; i < 50; ++i) CHECK_FALSE(world.take_now(0, line, 4).ok());
    const Outcome denied = world.take_now(0, line, 4);
    REQUIRE(denied.state == Outcome::State::denied);
    CHECK(denied.eligible_in <= millis(410));
    world.run(denied.eligible_in);
    CHECK(world.take_now(0, line, 4).ok());
    CHECK(world.take_now(0, line, 11).eligible_in == kNever);
  }
}

TEST_CASE("share: all budgets of a request let it in, or none is touched") {
  for (const Mode mode : {Mode::lease, Mode::exact}) {
    World world(2, mode);
    const auto wide = world.line(0, "{alpha}tenant:requests", rate_spec(1, 100));
    const auto narrow = world.line(0, "{alpha}user:requests", rate_spec(1, 5));
    int admitted = 0;
    for (int i = 0; i < 30; ++i) {
      std::optional<Outcome> out;
      world.take(0, {{wide, 1}, {narrow, 1}}, [&](const Outcome& outcome) { out = outcome; });
      for (int step = 0; !out && step < 200; ++step) world.tick(micros(100));
      REQUIRE(out.has_value());
      if (out->ok()) ++admitted;
      if (!out->ok()) CHECK(out->by == 1);
    }
    CHECK(admitted == 5);
    world.run(seconds(3));  // what is held comes back
    CHECK(world.take_now(0, wide, 95).ok());
  }
}

TEST_CASE("share: seats of a node that dies are free within five seconds, others' stay") {
  World world(2);
  const Spec spec = {.kind = Kind::seats, .max = 8};
  const auto dead = world.line(0, "{alpha}tenant:seats", spec);
  const auto alive = world.line(1, "{alpha}tenant:seats", spec);
  for (int i = 0; i < 6; ++i) CHECK(world.take_now(0, dead, 1).ok());
  world.run(seconds(20), millis(5));  // in use for longer than a lease
  CHECK(world.take_now(1, alive, 2).ok());
  CHECK_FALSE(world.take_now(1, alive, 1).ok());
  const MonoTime died = world.now;
  world.nodes[0].share.reset();
  Outcome outcome;
  while (!outcome.ok() || world.now == died) {
    world.run(millis(20));
    outcome = world.take_now(1, alive, 6);
    REQUIRE(world.now - died <= seconds(6));
    if (outcome.ok()) break;
  }
  CHECK(world.now - died <= seconds(5) + millis(50));
}

TEST_CASE("share: seats that are let go are there for all") {
  for (const Mode mode : {Mode::lease, Mode::exact}) {
    World world(2, mode);
    const Spec spec = {.kind = Kind::seats, .max = 3};
    const auto mine = world.line(0, "{alpha}tenant:seats", spec);
    const auto other = world.line(1, "{alpha}tenant:seats", spec);
    CHECK(world.take_now(0, mine, 3).ok());
    CHECK(world.take_now(1, other, 1).state == Outcome::State::denied);
    world.nodes[0].share->settle({mine, 3}, 0, world.now, world.now);
    world.run(millis(500));
    CHECK(world.take_now(1, other, 3).ok());
  }
}

TEST_CASE("share: what was estimated too high comes back, what was used beyond is owed") {
  World world(1);
  Spec spec = rate_spec(1, 100);
  spec.settles = true;
  const auto line = world.line(0, "{alpha}tenant:credits", spec);
  CHECK(world.take_now(0, line, 100).ok());
  const MonoTime taken = world.now;
  world.run(millis(100));
  world.nodes[0].share->settle({line, 100}, 10, taken, world.now);
  CHECK(world.take_now(0, line, 90).ok());
  // Too late: it counts as used.
  const MonoTime late = world.now;
  world.run(seconds(3));
  world.nodes[0].share->settle({line, 90}, 0, late, world.now);
  CHECK_FALSE(world.take_now(0, line, 90).ok());
  world.run(seconds(100));
  CHECK(world.take_now(0, line, 1).ok());
  world.nodes[0].share->settle({line, 1}, 80, world.now, world.now);
  world.run(millis(300));
  CHECK_FALSE(world.take_now(0, line, 50).ok());
}

TEST_CASE("share: who settles late gets nothing back of what others have taken since") {
  World world(1);
  Spec spec = rate_spec(1, 100);
  spec.settles = true;
  const auto line = world.line(0, "{alpha}tenant:credits", spec);
  CHECK(world.take_now(0, line, 50).ok());
  const MonoTime first = world.now;
  world.run(millis(800));
  CHECK(world.take_now(0, line, 50).ok());
  const MonoTime second = world.now;
  world.nodes[0].share->settle({line, 50}, 0, first, world.now);
  CHECK_FALSE(world.take_now(0, line, 40).ok());
  world.nodes[0].share->settle({line, 50}, 0, second, world.now);
  CHECK(world.take_now(0, line, 40).ok());
}

TEST_CASE("share: a day's credits are counted over all nodes, and again after the store is empty") {
  World world(2);
  const Spec spec = {.kind = Kind::window, .max = 1'000, .keep = seconds(3'600)};
  const auto mine = world.line(0, "{alpha}tenant:day_credits:20787", spec);
  const auto other = world.line(1, "{alpha}tenant:day_credits:20787", spec);
  CHECK(world.take_now(0, mine, 400).ok());
  CHECK(world.take_now(1, other, 500).ok());
  world.run(seconds(5));
  CHECK(world.take_now(0, mine, 101).eligible_in == kNever);
  world.memory.restart_empty();
  CHECK(world.take_now(0, mine, 1).ok());
  CHECK(world.take_now(1, other, 1).ok());
  world.run(seconds(1));
  CHECK_FALSE(world.take_now(0, mine, 101).ok());
  CHECK(world.take_now(0, mine, 90).ok());
}

TEST_CASE("share: the loss of the store is told once, and so is its return") {
  World world(2);
  const auto line = world.line(0, "{alpha}tenant:requests", rate_spec(100, 100, OnLoss::open));
  CHECK(world.take_now(0, line, 1).ok());
  world.nodes[0].road->state = Road::State::silent;
  world.run(seconds(3));
  for (int i = 0; i < 300; ++i) CHECK(world.take_now(0, line, 1).ok());
  world.run(seconds(1));
  auto& events = world.nodes[0].events;
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Event::Kind::store_lost);
  CHECK(events[0].why == "no answer within 10ms");
  CHECK(world.nodes[0].share->stats().lost);
  world.nodes[0].road->state = Road::State::open;
  world.run(millis(200));
  REQUIRE(events.size() == 2);
  CHECK(events[1].kind == Event::Kind::store_back);
  CHECK(events[1].admitted[static_cast<std::size_t>(OnLoss::open)] == 300);
  REQUIRE(events[1].keys.size() == 1);
  CHECK(events[1].keys[0] == std::pair<std::string, std::int64_t>("{alpha}tenant:requests", 300));
  CHECK_FALSE(world.nodes[0].share->stats().lost);
}

TEST_CASE("share: nobody waits longer than the timeout, whatever the store does") {
  for (const Road::State state :
       {Road::State::refused, Road::State::silent, Road::State::loses_answers}) {
    for (const OnLoss on_loss : {OnLoss::local_share, OnLoss::open, OnLoss::closed}) {
      World world(2);
      const auto line = world.line(0, "{alpha}tenant:requests", rate_spec(100, 100, on_loss));
      world.nodes[0].road->state = state;
      Nanos longest;
      int answers = 0;
      for (int i = 0; i < 500; ++i) {
        world.take(0, {{line, 1}}, [&, asked = world.now](const Outcome&) {
          longest = std::max(longest, world.now - asked);
          ++answers;
        });
        world.tick(millis(1));
      }
      world.run(millis(20));
      CHECK(answers == 500);
      CHECK(longest <= millis(11));  // and a turn
    }
  }
}

TEST_CASE("share: what was admitted alone is posted when the store is back") {
  World world(2);
  const Spec day = {
      .kind = Kind::window, .max = 1'000, .keep = seconds(3'600), .on_loss = OnLoss::open};
  const auto rate = world.line(0, "{alpha}tenant:requests", rate_spec(10, 100));
  const auto window = world.line(0, "{alpha}tenant:day", day);
  CHECK(world.take_now(0, rate, 1).ok());
  CHECK(world.take_now(0, window, 1).ok());
  world.nodes[0].road->state = Road::State::refused;
  world.run(seconds(3));
  CHECK(world.take_now(0, window, 300).alone);
  CHECK(world.take_now(0, rate, 40).alone);
  world.nodes[0].road->state = Road::State::open;
  world.run(millis(200));
  CHECK(world.memory.sum("{alpha}tenant:day").level == 301);
  const auto level = world.memory.sum("{alpha}tenant:requests").level;
  CHECK(level >= 37 * 100'000);  // of 40, what has not grown back
  CHECK(level <= 41 * 100'000);
}

TEST_CASE("share: requests that run for long hold nobody up") {
  World world(1);
  Spec spec = rate_spec(100, 100);
  spec.settles = true;
  const auto line = world.line(0, "{alpha}tenant:credits", spec);
  std::int64_t admitted = 0;
  for (int i = 0; i < 10'000; ++i) {  // none of them ends
    world.take(0, {{line, 20}}, [&](const Outcome& outcome) { admitted += outcome.ok() ? 20 : 0; });
    world.tick(millis(1));
  }
  CHECK(admitted >= 700);
  CHECK(admitted <= 1'100);
}

TEST_CASE("share: alone, a node begins with its part of what was left") {
  World world(3);
  const auto line = world.line(0, "{alpha}tenant:requests", rate_spec(1, 90));
  CHECK(world.take_now(0, line, 60).ok());
  world.run(millis(400));
  for (auto& node : world.nodes) node.road->state = Road::State::silent;
  world.run(millis(50));
  std::int64_t got = 0;
  while (world.take_now(0, line, 1).ok() && got < 100) ++got;
  CHECK(got == 10);  // of 30
}

TEST_CASE("share: a store that comes and goes gives no new burst each time") {
  World world(3);
  const auto line = world.line(0, "{alpha}tenant:requests", rate_spec(3, 300));
  CHECK(world.take_now(0, line, 1).ok());
  std::int64_t got = 0;
  for (int round = 0; round < 20; ++round) {
    world.nodes[0].road->state = Road::State::silent;
    world.run(millis(150));
    for (int i = 0; i < 50; ++i) {
      const Outcome outcome = world.nodes[0].share->take(std::vector<Need>{{line, 1}}, world.now);
      if (outcome.ok()) ++got;
    }
    world.nodes[0].road->state = Road::State::probes_only;  // what was used is not posted
    world.run(millis(150));
  }
  CHECK(got > 0);
  CHECK(got <= 100 + 7);
}

TEST_CASE("share: many threads take, wait and settle, and together get what there is") {
  MemoryStore store;
  const auto share = *Share::make({.node = "node1000"}, store, {});
  Spec settles = rate_spec(1, 20'000);
  settles.settles = true;
  const auto rate = *share->line("{alpha}rate", rate_spec(1, 5'000));
  const auto credits = *share->line("{alpha}credits", settles);
  const auto seats = *share->line("{alpha}seats", {.kind = Kind::seats, .max = 3});
  std::atomic<std::int64_t> us = 1'000'000'000, admitted = 0, in_use = 0, most = 0, asked = 0;
  std::atomic<int> running = 4;
  const auto now = [&] { return MonoTime{us.load() * 1'000}; };
  const auto use = [&](const std::vector<Need>& needs, MonoTime at) {
    ++admitted;
    const std::int64_t used = ++in_use;
    std::int64_t before = most.load();
    while (used > before && !most.compare_exchange_weak(before, used)) {
    }
    --in_use;
    share->settle(needs[1], 1, at, at);
    share->settle(needs[2], 0, at, at);
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3'000; ++i) {
        const std::vector<Need> needs = {{rate, 1}, {credits, 2}, {seats, 1}};
        const MonoTime at = now();
        const Outcome outcome = share->take(needs, at);
        if (outcome.ok()) use(needs, at);
        if (outcome.state != Outcome::State::wait) continue;
        ++asked;
        share->wait(needs, at, [&, needs, at](const Outcome& later) {
          if (later.ok()) use(needs, at);
        });
      }
      --running;
    });
  }
  while (running > 0) {
    us += 20;
    store.set_clock(us);
    share->turn(now());
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 100; ++i) {
    us += 1'000;
    store.set_clock(us);
    share->turn(now());
  }
  CHECK(admitted > 0);
  CHECK(admitted <= 5'000 + (us - 1'000'000'000) / 1'000'000 + 1);
  CHECK(most <= 3);
  CHECK(store.sum("{alpha}credits").level <= (admitted + 1) * 1'000'000);
}

}  // namespace
}  // namespace mc::share
