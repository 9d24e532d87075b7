#include "burn/usage.h"

#include <doctest/doctest.h>

#include <random>
#include <thread>

#include "burn/ring.h"

namespace mc::burn {
namespace {

using budget::Amounts;
using budget::Dimension;

constexpr MonoTime kStart{seconds(1'000).count};

MonoTime at(Nanos since) {
  return kStart + since;
}

Usage::Asker of(std::string_view tenant, std::size_t route = 0) {
  return {tenant, "starter", route};
}

const Counts& find(const Usage::Sums& sums, Span span) {
  return sums.of[static_cast<std::size_t>(span)];
}

TEST_CASE("usage: a ring sums the same as a list of all that came") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    Ring<std::int64_t, 7> ring;
    std::map<std::int64_t, std::int64_t> all;
    std::int64_t step = static_cast<std::int64_t>(random() % 5), newest = 0;
    for (int i = 0; i < 60; ++i) {
      step += static_cast<std::int64_t>(random() % (random() % 10 == 0 ? 20 : 2));
      newest = std::max(newest, step);
      ring.at(step) += i;
      all[step] += i;
      std::int64_t sum = 0, expected = 0;
      const auto count = static_cast<std::int64_t>(random() % 7 + 1);
      ring.each(step, count, [&](std::int64_t value) { sum += value; });
      for (const auto& [when, value] : all) {
        if (when > step - count && when <= step) expected += value;
      }
      CHECK(sum == expected);
    }
  }
}

TEST_CASE("usage: what comes late counts in its own step, or in the oldest that is kept") {
  Ring<std::int64_t, 3> ring;
  ring.at(10) += 1;
  ring.at(9) += 2;
  ring.at(2) += 4;
  CHECK(ring.get(10) == 1);
  CHECK(ring.get(9) == 2);
  CHECK(ring.get(8) == 4);
  CHECK(ring.get(2) == 0);
}

TEST_CASE("usage: each outcome is counted, per tenant and route, for as long as its window is") {
  Usage usage({"/shop", "/stock"}, seconds(1), kStart);
  usage.ended(of("alpha"), {Outcome::served, millis(5), {}}, at(seconds(1)));
  usage.ended(of("alpha"), {Outcome::served, millis(1'001), {}}, at(seconds(1)));
  usage.ended(of("alpha"), {Outcome::rejected, {}, {}}, at(seconds(2)));
  usage.ended(of("alpha", 1), {Outcome::shed, {}, millis(250)}, at(seconds(3)));
  usage.ended(of("bravo"), {Outcome::failed, {}, {}}, at(seconds(4)));
  const auto rows = usage.rows(std::nullopt, at(seconds(5)));
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].tenant == "alpha");
  CHECK(rows[0].route == "/shop");
  CHECK(rows[0].total == Counts{2, 1, 0, 0, 1});
  CHECK(rows[0].wait_p95_ms == 0);
  CHECK(rows[0].steps.size() == kStepsShown);
  CHECK(rows[0].steps.back() == rows[0].total);
  CHECK(rows[1].route == "/stock");
  CHECK(rows[1].total == Counts{0, 0, 1, 0, 0});
  CHECK(rows[1].wait_p95_ms == 256);  // the bound of its bucket
  CHECK(rows[2].total == Counts{0, 0, 0, 1, 0});
  CHECK(usage.rows("bravo", at(seconds(5))).size() == 1);
  CHECK(usage.rows("charlie", at(seconds(5))).empty());

  // 429 is nobody's failure.
  const auto sums = usage.sums(at(seconds(5)));
  REQUIRE(sums.size() == 2);
  CHECK(find(sums[0], Span::minutes_5).events() == 3);
  CHECK(find(sums[0], Span::minutes_5).bad() == 2);

  const struct {
    Span span;
    Nanos kept, gone;
  } windows[] = {{Span::minutes_5, seconds(299), seconds(310)},
                 {Span::minutes_30, seconds(1'799), seconds(1'860)},
                 {Span::hour, seconds(3'599), seconds(3'660)},
                 {Span::hours_6, seconds(6LL * 3'600 - 1), seconds(6LL * 3'600 + 600)},
                 {Span::days_3, seconds(72LL * 3'600 - 1), seconds(73LL * 3'600)}};
  for (const auto& window : windows) {
    CHECK(find(usage.sums(at(window.kept))[0], window.span).served == 2);
    CHECK(find(usage.sums(at(window.gone))[0], window.span).served == 0);
  }
}

TEST_CASE("usage: demand is what was asked for, and what was used of it in truth") {
  Usage usage({"/shop"}, seconds(1), kStart);
  const Amounts asked = Amounts().set(Dimension::requests, 1).set(Dimension::credits, 40);
  usage.asked(of("alpha"), asked, {40, 0}, at(seconds(1)));
  usage.asked(of("alpha"), asked, {0, 40}, at(seconds(1)));
  usage.settled(of("alpha"), asked, Amounts().set(Dimension::credits, 10).set(Dimension::bytes, 9),
                {-30, 0}, at(seconds(2)));
  const auto demands = usage.demands(at(seconds(2)));
  REQUIRE(demands.size() == 1);
  CHECK(demands[0].tenant == "alpha");
  CHECK(demands[0].plan == "starter");
  CHECK(demands[0].amounts[Dimension::requests] == 2);
  CHECK(demands[0].amounts[Dimension::credits] == 50);
  CHECK(demands[0].amounts[Dimension::bytes] == 9);
  CHECK(demands[0].of_hour == Usage::Charged{10, 40});
  // Given back when what was asked for is out of the window: not less than nothing.
  usage.settled(of("alpha"), asked, Amounts(), {-40, -30}, at(seconds(400)));
  CHECK(usage.demands(at(seconds(400)))[0].amounts[Dimension::credits] == 0);
  CHECK(usage.demands(at(seconds(400)))[0].of_hour == Usage::Charged{0, 10});
}

TEST_CASE("usage: tenants past the limit count as one, and quiet ones are forgotten") {
  Usage usage({"/shop"}, seconds(1), kStart);
  constexpr std::int64_t kMany = 6'000;
  for (std::int64_t i = 0; i < kMany; ++i) {
    usage.ended(of("tenant-" + std::to_string(i)), {}, at(seconds(1)));
  }
  CHECK(usage.is_full());
  const auto sums = usage.sums(at(seconds(1)));
  CHECK(sums.size() <= kTenantsMax + 1);
  std::int64_t all = 0;
  for (const Usage::Sums& one : sums) all += find(one, Span::minutes_5).served;
  CHECK(all == kMany);
  CHECK(sums.front().tenant == kOtherTenants);
  for (const Usage::Demand& one : usage.demands(at(seconds(1)))) CHECK(one.tenant != "");
  usage.tick(at(seconds(3LL * 24 * 3'600)));
  CHECK(usage.sums(at(seconds(1))).size() == sums.size());
  usage.tick(at(seconds(3LL * 24 * 3'600 + 2)));
  CHECK(usage.sums(at(seconds(1))).empty());
  CHECK(!usage.is_full());
}

TEST_CASE("usage: nothing is lost when many threads count") {
  Usage usage({"/shop"}, seconds(1), kStart);
  constexpr int kThreads = 4, kEach = 5'000;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&usage, i] {
      const std::string tenant = i % 2 == 0 ? "alpha" : "bravo";
      for (int j = 0; j < kEach; ++j) usage.ended(of(tenant), {}, at(millis(j)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto sums = usage.sums(at(seconds(5)));
  REQUIRE(sums.size() == 2);
  for (const Usage::Sums& one : sums) CHECK(find(one, Span::hour).served == 2 * kEach);
}

}  // namespace
}  // namespace mc::burn
