#include "admission/controller.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace mc::admission {
namespace {

constexpr MonoTime kStart{1'000'000'000};

Settings fixed(std::int64_t seats) {
  Settings settings;
  settings.limiter = {.seats_min = seats, .seats_start = seats, .seats_max = seats};
  settings.tenant_pct = 100;
  settings.batch_pct = settings.export_pct = 100;
  return settings;
}

Arrival arrival(std::uint64_t token, std::string_view tenant, MonoTime now = kStart) {
  return {.token = token, .tenant = tenant, .now = now};
}

std::vector<std::uint64_t> tokens_of(const std::vector<Effects::Started>& all) {
  std::vector<std::uint64_t> out;
  for (const auto& of : all) out.push_back(of.token);
  return out;
}

TEST_CASE("admission settings: what they may be") {
  CHECK(check(Settings()).has_value());
  struct Row {
    Settings settings;
    std::string refused;
  };
  std::vector<Row> rows(8);
  rows[0].settings.limiter.seats_min = 0;
  rows[0].refused = "limiter.seats_min must be 1 to 100000";
  rows[1].settings.limiter.seats_max = 7;
  rows[1].refused = "limiter.seats_max must be 8 to 100000";
  rows[2].settings.queue.waiting_max = 0;
  rows[2].refused = "queue.waiting_max must be 1 to 10000000";
  rows[3].settings.lend_pct = 101;
  rows[3].refused = "lend_pct must be 0 to 100";
  rows[4].settings.queue.wait_max = Nanos{};
  rows[4].refused = "queue.wait_max must be 1ms to 1m";
  rows[5].settings.queue.standing.wait = seconds(1);
  rows[5].refused = "queue.standing.wait must be 1ms to 250ms";
  rows[6].settings.idle = Nanos{-1};
  rows[6].refused = "idle must be 10ms to 10m";
  rows[7].settings.pressure.cpu = 0;
  rows[7].refused = "pressure.cpu must be 1 to 1000";
  for (const Row& row : rows) {
    const Status checked = check(row.settings);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().what == row.refused);
    CHECK(checked.error().code == Code::invalid);
  }
}

TEST_CASE("seats: by cost, 1 to 10") {
  CHECK(seats_for(0, 100) == 1);
  CHECK(seats_for(100, 100) == 1);
  CHECK(seats_for(101, 100) == 2);
  CHECK(seats_for(INT64_MAX, 1) == 10);
  CHECK(seats_for(INT64_MAX, INT64_MAX) == 1);
  CHECK(seats_for(INT64_MIN, 0) == 1);
  CHECK(seats_for(5, -3) == 5);
}

TEST_CASE("controller: runs while there are seats, then waits, in turn") {
  Controller controller(fixed(2));
  Effects effects;
  const Arrived first = controller.arrive(arrival(1, "alpha"), effects);
  CHECK(first.answer == Answer::runs);
  CHECK(controller.arrive(arrival(2, "alpha"), effects).answer == Answer::runs);
  CHECK(effects.next_tick.nanos == INT64_MAX);
  const Arrived third = controller.arrive(arrival(3, "alpha"), effects);
  CHECK(third.answer == Answer::waits);
  CHECK(controller.arrive(arrival(4, "bravo"), effects).answer == Answer::waits);
  CHECK(effects.next_tick == kStart + millis(250));
  CHECK(controller.snapshot().in_use == 2);
  CHECK(controller.snapshot_of("alpha").waiting == 1);
  CHECK(controller.snapshot_of("nobody").weight == 0);
  CHECK_FALSE(controller.finish(third.ticket, {.now = kStart}, effects));  // it does not run
  CHECK(effects.started.empty());

  CHECK(controller.finish(first.ticket, {.now = kStart + millis(3)}, effects));
  CHECK(tokens_of(effects.started) == std::vector<std::uint64_t>{3});
  CHECK(effects.started[0].waited == millis(3));
  CHECK_FALSE(controller.finish(first.ticket, {.now = kStart + millis(3)}, effects));  // again
  CHECK_FALSE(controller.withdraw(third.ticket, kStart + millis(3), effects));         // it runs
  CHECK_FALSE(controller.finish({}, {.now = kStart}, effects));
  CHECK(effects.started.size() == 1);
  effects.clear();
  CHECK(controller.finish(third.ticket, {.now = kStart + millis(4)}, effects));
  CHECK(tokens_of(effects.started) == std::vector<std::uint64_t>{4});
  const Snapshot seen = controller.snapshot();
  CHECK(seen.runs_at_once == 2);
  CHECK(seen.runs_after_wait == 2);
  CHECK(seen.finished == 2);
  CHECK(seen.waited_p99 >= millis(2));
}

TEST_CASE("controller: who has left, whose deadline passes, who has waited too long") {
  Controller controller(fixed(1));
  Effects effects;
  const Arrived runs = controller.arrive(arrival(1, "alpha"), effects);
  const Arrived left = controller.arrive(arrival(2, "alpha"), effects);
  Arrival hurried = arrival(3, "alpha");
  hurried.deadline = kStart + millis(20);
  controller.arrive(hurried, effects);
  CHECK(effects.next_tick == kStart + millis(20));
  controller.arrive(arrival(4, "bravo"), effects);
  hurried.token = 5;
  hurried.now = hurried.deadline;
  const Arrived late = controller.arrive(hurried, effects);
  CHECK(late.answer == Answer::refused);
  CHECK(late.why == Why::late);
  CHECK(why_name(late.why) == "late");
  CHECK(controller.withdraw(left.ticket, kStart + millis(20), effects));
  CHECK_FALSE(controller.withdraw(left.ticket, kStart + millis(20), effects));
  controller.tick(kStart + millis(20), effects);
  REQUIRE(effects.ended.size() == 1);
  CHECK(effects.ended[0].token == 3);
  CHECK(effects.ended[0].why == Why::expired);
  CHECK(effects.next_tick == kStart + millis(250));
  controller.tick(kStart + millis(249), effects);
  CHECK(effects.ended.size() == 1);
  controller.tick(kStart + millis(250), effects);
  REQUIRE(effects.ended.size() == 2);
  CHECK(effects.ended[1].token == 4);
  CHECK(effects.ended[1].waited == millis(250));
  CHECK(effects.next_tick.nanos == INT64_MAX);
  CHECK(controller.finish(runs.ticket, {.now = kStart + millis(300)}, effects));
  CHECK(effects.started.empty());
  CHECK(controller.snapshot().in_use == 0);
}

TEST_CASE("controller: a full queue gives up the longest, or the one that came") {
  Settings settings = fixed(1);
  settings.queue.waiting_max = 3;
  settings.queue.of_tenant_max = 3;
  Controller controller(settings);
  Effects effects;
  controller.arrive(arrival(1, "alpha"), effects);
  for (std::uint64_t token = 2; token <= 4; ++token) {
    controller.arrive(arrival(token, "alpha"), effects);
  }
  const Arrived more = controller.arrive(arrival(5, "alpha"), effects);
  CHECK(more.why == Why::tenant_full);
  CHECK(controller.arrive(arrival(6, "bravo"), effects).answer == Answer::waits);
  REQUIRE(effects.ended.size() == 1);
  CHECK(effects.ended[0].token == 4);
  CHECK(effects.ended[0].why == Why::evicted);
  // Both have two then: the one that was there gives way.
  CHECK(controller.arrive(arrival(7, "bravo"), effects).answer == Answer::waits);
  CHECK(controller.arrive(arrival(8, "bravo"), effects).answer == Answer::refused);
  const Snapshot seen = controller.snapshot();
  CHECK(seen.full == 2);
  CHECK(seen.evicted == 2);
  CHECK(controller.retry_after() == seconds(1));
}

TEST_CASE("controller: a wide request waits for its seats, and none behind it goes first") {
  Controller controller(fixed(4));
  Effects effects;
  std::vector<Ticket> running;
  for (std::uint64_t token = 1; token <= 3; ++token) {
    running.push_back(controller.arrive(arrival(token, "alpha"), effects).ticket);
  }
  Arrival wide = arrival(4, "bravo");
  wide.seats = 3;
  CHECK(controller.arrive(wide, effects).answer == Answer::waits);
  CHECK(controller.arrive(arrival(5, "carla"), effects).answer == Answer::waits);
  controller.finish(running[0], {.now = kStart + millis(1)}, effects);
  CHECK(effects.started.empty());
  controller.finish(running[1], {.now = kStart + millis(1)}, effects);
  CHECK(tokens_of(effects.started) == std::vector<std::uint64_t>{4});
  CHECK(controller.snapshot().in_use == 4);
  // One that is wider than everything there is takes everything.
  Controller small(fixed(2));
  effects.clear();
  wide.seats = 4'000'000'000;
  const Arrived all = small.arrive(wide, effects);
  CHECK(all.answer == Answer::runs);
  CHECK(small.snapshot().in_use == 2);
  CHECK(small.finish(all.ticket, {.now = kStart}, effects));
  CHECK(small.snapshot().in_use == 0);
}

TEST_CASE("controller: nobody has all seats, and system requests may use any") {
  Settings settings = fixed(10);
  settings.tenant_pct = 80;
  Controller controller(settings);
  Effects effects;
  std::vector<Ticket> running;
  for (std::uint64_t token = 1; token <= 10; ++token) {
    const Arrived made = controller.arrive(arrival(token, "alpha"), effects);
    if (made.answer == Answer::runs) running.push_back(made.ticket);
  }
  CHECK(running.size() == 8);
  CHECK(controller.snapshot_of("alpha").most == 8);
  CHECK(controller.arrive(arrival(11, "bravo"), effects).answer == Answer::runs);
  Arrival ours = arrival(12, "alpha");
  ours.in = Class::system;
  CHECK(controller.arrive(ours, effects).answer == Answer::runs);
  CHECK(controller.arrive(arrival(13, "bravo"), effects).answer == Answer::waits);
  CHECK(effects.started.empty());
  controller.finish(running[0], {.now = kStart + millis(1)}, effects);
  // alpha's own use counts with its system request: eight still.
  CHECK(tokens_of(effects.started) == std::vector<std::uint64_t>{13});
}

// What an idle tenant keeps is there when it comes back, though others wait for seats.
TEST_CASE("controller: seats that are kept are for who was idle for a moment") {
  Settings settings = fixed(20);
  settings.lend_pct = 50;
  Controller controller(settings);
  Effects effects;
  const Arrived one = controller.arrive(arrival(1, "mouse"), effects);
  controller.finish(one.ticket, {.now = kStart + millis(1)}, effects);
  std::uint64_t token = 100;
  const auto elephant = [&](MonoTime now) {
    return controller.arrive(arrival(++token, "elephant", now), effects).answer;
  };
  const MonoTime soon = kStart + millis(10);
  int runs = 0;
  for (int i = 0; i < 30; ++i) runs += elephant(soon) == Answer::runs ? 1 : 0;
  CHECK(runs == 15);  // of the mouse's ten five are kept
  CHECK(controller.snapshot().kept == 5);
  CHECK(effects.next_tick == kStart + millis(260));
  CHECK(controller.arrive(arrival(2, "mouse", soon), effects).answer == Answer::runs);
  // Among three the mouse's part is less, and so is what is kept of it.
  CHECK(controller.arrive(arrival(3, "newcomer", soon), effects).answer == Answer::runs);
}

TEST_CASE("controller: absurd weights, priorities, times and classes") {
  Controller controller(fixed(2));
  Effects effects;
  Arrival odd = arrival(1, "");
  odd.weight = 0;
  odd.priority = UINT32_MAX;
  odd.seats = 0;
  odd.route_class = UINT32_MAX;
  odd.in = static_cast<Class>(200);
  odd.now = MonoTime{INT64_MAX};
  odd.deadline = MonoTime{INT64_MAX};
  const Arrived first = controller.arrive(odd, effects);
  CHECK(first.answer == Answer::runs);
  odd.weight = UINT32_MAX;
  odd.now = MonoTime{INT64_MIN};
  const Arrived second = controller.arrive(odd, effects);
  CHECK(second.answer == Answer::runs);
  CHECK(controller.snapshot_of("").weight == kWeightMax);
  CHECK(controller.arrive(odd, effects).answer == Answer::waits);
  CHECK(controller.finish(first.ticket,
                          {.now = MonoTime{5}, .service = Nanos{INT64_MAX}, .seats = UINT32_MAX},
                          effects));
  CHECK(effects.started.size() == 1);
  CHECK(effects.started[0].waited == Nanos{});  // the clock has gone back: no time has passed
  CHECK(controller.finish(second.ticket, {.now = MonoTime{INT64_MIN}, .service = Nanos{-1}},
                          effects));
  CHECK(controller.snapshot().in_use == 1);
  controller.report({.loop_lag = Nanos{INT64_MIN}, .cpu = INT64_MAX}, MonoTime{INT64_MIN});
  controller.tick(MonoTime{INT64_MAX}, effects);
}

TEST_CASE("controller: a hundred thousand tenants are forgotten again") {
  Controller controller(fixed(50));
  Effects effects;
  MonoTime now = kStart;
  std::size_t most = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    now = now + micros(50);
    const std::string name = "tenant-" + std::to_string(i);
    const Arrived made = controller.arrive(arrival(i, name, now), effects);
    if (made.answer != Answer::runs) continue;
    controller.finish(made.ticket, {.now = now}, effects);
    if (i % 1'000 == 0) most = std::max(most, controller.snapshot().tenants);
  }
  CHECK(most > 15'000);  // 20,000 in a second
  CHECK(most <= 20'001);
  CHECK(controller.snapshot().bytes < 16 << 20);
  controller.tick(now + seconds(2), effects);
  CHECK(controller.snapshot().tenants == 0);
}

TEST_CASE("controller: under the guard half is lent") {
  Controller controller(fixed(20));
  Effects effects;
  const Arrived one = controller.arrive(arrival(1, "mouse"), effects);
  controller.finish(one.ticket, {.now = kStart}, effects);
  controller.arrive(arrival(2, "other"), effects);
  CHECK(controller.snapshot().kept == 1);
  controller.set_slo_guard(true);
  CHECK(controller.snapshot().kept == 5);
  controller.set_slo_guard(false);
  CHECK(controller.snapshot().kept == 1);
  controller.reset_limiter();
  CHECK(controller.snapshot().seats == 20);
}

}  // namespace
}  // namespace mc::admission
