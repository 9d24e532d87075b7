#include "keys/usage.h"

#include <doctest/doctest.h>

#include <thread>

namespace mc::keys {
namespace {

const WallTime kNoon = *parse_rfc3339("2026-12-01T12:00:00Z");
const UseOf kReads{TenantId("alpha"), "visit", Actor::person, "support"};

TEST_CASE("usage: what is counted is drained once, when its minute is over") {
  Usage usage;
  usage.count(kNoon, kReads, {.opened = 3});
  usage.count(kNoon + seconds(59), kReads, {.opened = 4, .sealed = 1, .refused = 2});
  UseOf other = kReads;
  other.actor = Actor::job;
  usage.count(kNoon + seconds(59), other, {.opened = 5});
  usage.count(kNoon + seconds(60), kReads, {.opened = 6});
  CHECK(usage.drain(kNoon + seconds(59)).empty());
  CHECK(usage.drain(kNoon + seconds(60)) ==
        std::vector<MinuteOfUse>{{kNoon, kReads, 7, 1, 2}, {kNoon, other, 5, 0, 0}});
  CHECK(usage.drain(kNoon + seconds(60)).empty());
  CHECK(usage.drain(kNoon + seconds(60), true) ==
        std::vector<MinuteOfUse>{{kNoon + seconds(60), kReads, 6, 0, 0}});
}

TEST_CASE("usage: whoever invents reasons fills no memory, and nothing is left out") {
  Usage usage;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < kUsesMax + 1'000; ++i) {
    UseOf each = kReads;
    each.reason = std::to_string(i);
    usage.count(kNoon, each, {.opened = 1});
  }
  const auto drained = usage.drain(kNoon + seconds(60));
  CHECK(drained.size() == kUsesMax + 1);
  for (const MinuteOfUse& each : drained) sum += each.opened;
  CHECK(sum == static_cast<std::int64_t>(kUsesMax) + 1'000);
}

TEST_CASE("usage: of many threads every value is counted") {
  Usage usage;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1'000; ++j) usage.count(kNoon, kReads, {.opened = 2});
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(usage.drain(kNoon, true) == std::vector<MinuteOfUse>{{kNoon, kReads, 8'000, 0, 0}});
}

}  // namespace
}  // namespace mc::keys
