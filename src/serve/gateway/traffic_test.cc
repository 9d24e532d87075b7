#include "gateway/traffic.h"

#include <doctest/doctest.h>

#include <map>
#include <thread>

#include "sim/sim.h"

namespace mc::gateway {
namespace {

std::int64_t requests(const TenantTraffic& traffic, std::size_t step) {
  return traffic.steps[step] ? traffic.steps[step]->requests : -1;
}

TEST_CASE("traffic: steps before the server began are unknown, quiet ones are zero") {
  sim::SimClock clock;
  Traffic traffic(clock);
  clock.advance(seconds(30));
  traffic.tick();
  const TrafficReport report = traffic.report({"alpha"}, TrafficWindow::minutes_15);
  REQUIRE(report.tenants.size() == 1);
  const TenantTraffic& alpha = report.tenants.front();
  REQUIRE(alpha.steps.size() == 90);
  CHECK(report.step == seconds(10));
  CHECK(report.to - report.from == seconds(900));
  for (std::size_t i = 0; i < 87; ++i) CHECK(!alpha.steps[i].has_value());
  for (std::size_t i = 87; i < 90; ++i) CHECK(requests(alpha, i) == 0);
  CHECK(!alpha.total.percentiles().has_value());
}

TEST_CASE("traffic: a request counts in its step, by its status, for its tenant alone") {
  sim::SimClock clock;
  Traffic traffic(clock);
  traffic.note("alpha", 200, millis(1));
  traffic.note("alpha", 404, millis(1));
  traffic.note("bravo", 503, millis(1));
  traffic.tick();
  clock.advance(seconds(10));
  traffic.note("alpha", 200, millis(1));
  traffic.tick();
  const auto before = traffic.report({"alpha"}, TrafficWindow::minutes_15);
  CHECK(before.tenants.front().total.requests == 2);  // the running step is not complete
  clock.advance(seconds(10));
  traffic.tick();
  const auto report = traffic.report({"alpha", "bravo", "cosmos"}, TrafficWindow::minutes_15);
  CHECK(requests(report.tenants[0], 88) == 2);
  CHECK(requests(report.tenants[0], 89) == 1);
  CHECK(report.tenants[0].total.refused == 1);
  CHECK(report.tenants[0].total.failed == 0);
  CHECK(report.tenants[1].total.failed == 1);
  CHECK(report.tenants[2].total.requests == 0);
}

TEST_CASE("traffic: percentiles lie in the bucket of their request") {
  sim::SimClock clock;
  Traffic traffic(clock);
  for (int i = 0; i < 95; ++i) traffic.note("alpha", 200, micros(150));
  for (int i = 0; i < 5; ++i) traffic.note("alpha", 200, millis(40));
  traffic.tick();
  clock.advance(seconds(10));
  traffic.tick();
  const auto found =
      traffic.report({"alpha"}, TrafficWindow::hour).tenants.front().total.percentiles();
  REQUIRE(found.has_value());
  CHECK(found->p50_ms > 0.1);
  CHECK(found->p50_ms <= 0.2);
  CHECK(found->p99_ms > 25);
  CHECK(found->p99_ms <= 50);
}

// The twin keeps every request.
TEST_CASE("traffic: windows agree with a list of all requests, over a day on a virtual clock") {
  sim::SimClock clock;
  sim::SimRandom random(11);
  Traffic traffic(clock);
  std::map<std::int64_t, std::int64_t> by_second;
  const auto now_s = [&] { return clock.wall().nanos / 1'000'000'000; };
  for (int i = 0; i < 30'000; ++i) {
    clock.advance(millis(static_cast<std::int64_t>(random.next_u64() % 6'000)));
    if (random.next_u64() % 4 == 0) {
      traffic.note("alpha", 200, millis(1));
      ++by_second[now_s()];
    }
    traffic.tick();
  }
  for (const TrafficWindow window :
       {TrafficWindow::minutes_15, TrafficWindow::hour, TrafficWindow::day}) {
    const TrafficReport report = traffic.report({"alpha"}, window);
    const std::int64_t width = report.step.count / 1'000'000'000;
    const std::int64_t first = report.from.nanos / 1'000'000'000;
    const TenantTraffic& alpha = report.tenants.front();
    for (std::size_t i = 0; i < alpha.steps.size(); ++i) {
      const std::int64_t begin = first + static_cast<std::int64_t>(i) * width;
      std::int64_t expected = 0;
      for (auto at = by_second.lower_bound(begin);
           at != by_second.end() && at->first < begin + width; ++at) {
        expected += at->second;
      }
      REQUIRE(requests(alpha, i) == expected);
    }
  }
}

TEST_CASE("traffic: a clock that jumps back loses no count") {
  sim::SimClock clock;
  Traffic traffic(clock);
  traffic.note("alpha", 200, millis(1));
  traffic.tick();
  clock.jump_wall(seconds(-7200));
  traffic.note("alpha", 200, millis(1));
  traffic.tick();
  clock.jump_wall(seconds(7220));
  traffic.tick();
  CHECK(traffic.report({"alpha"}, TrafficWindow::minutes_15).tenants.front().total.requests == 2);
}

TEST_CASE("traffic: threads may count while another looks") {
  sim::SimClock clock;
  Traffic traffic(clock);
  constexpr int kEach = 5'000;
  const auto count = [&](const char* tenant) {
    for (int i = 0; i < kEach; ++i) traffic.note(tenant, 200, micros(100));
  };
  std::thread one(count, "alpha");
  std::thread two(count, "bravo");
  for (int i = 0; i < 200; ++i) {
    traffic.tick();
    traffic.report({"alpha", "bravo"}, TrafficWindow::hour);
  }
  one.join();
  two.join();
  traffic.tick();
  clock.advance(seconds(10));
  traffic.tick();
  const auto report = traffic.report({"alpha", "bravo"}, TrafficWindow::hour);
  CHECK(report.tenants[0].total.requests == kEach);
  CHECK(report.tenants[1].total.requests == kEach);
}

}  // namespace
}  // namespace mc::gateway
