#include "net/wheel.h"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "sim/sim.h"

namespace mc::net {
namespace {

constexpr long long kTick = 1LL << Wheel::kTickBits;

struct Probe final : WheelEntry {
  void expired() override { ++count; }
  int count = 0;
};

TEST_CASE("wheel: expires once, never early, at most a tick late") {
  for (const long long delay : {0LL, 1LL, kTick - 1, kTick, 3 * kTick + 5, 511 * kTick, 512 * kTick,
                                513 * kTick, 5000 * kTick + 77}) {
    CAPTURE(delay);
    const MonoTime start{123'456'789'012};
    Wheel wheel(start);
    Probe probe;
    const MonoTime deadline{start.nanos + delay};
    wheel.arm(probe, deadline);
    MonoTime now = start;
    while (probe.count == 0) {
      const std::optional<MonoTime> next = wheel.next();
      REQUIRE(next.has_value());
      REQUIRE(*next > now);
      now = *next;
      wheel.advance(now);
      if (probe.count == 0) REQUIRE(now <= MonoTime{deadline.nanos + 2 * kTick});
    }
    CHECK(now >= deadline);
    CHECK(now <= MonoTime{deadline.nanos + 2 * kTick});
    wheel.advance(MonoTime{now.nanos + 10'000 * kTick});
    CHECK(probe.count == 1);
    CHECK(!wheel.next().has_value());
  }
}

TEST_CASE("wheel: a deadline may move both ways, be dropped, or leave with its entry") {
  const MonoTime start{1'000'000'000};
  Wheel wheel(start);
  Probe later;
  Probe sooner;
  Probe dropped;
  auto destroyed = std::make_unique<Probe>();
  wheel.arm(later, start + Nanos{10 * kTick});
  wheel.arm(later, start + Nanos{100 * kTick});
  wheel.arm(sooner, start + Nanos{100 * kTick});
  wheel.arm(sooner, start + Nanos{10 * kTick});
  wheel.arm(dropped, start + Nanos{10 * kTick});
  wheel.disarm(dropped);
  wheel.arm(*destroyed, start + Nanos{10 * kTick});
  destroyed.reset();
  wheel.advance(start + Nanos{20 * kTick});
  CHECK(later.count == 0);
  CHECK(sooner.count == 1);
  wheel.advance(start + Nanos{110 * kTick});
  CHECK(later.count == 1);
  CHECK(dropped.count == 0);
}

struct Chain final : WheelEntry {
  void expired() override {
    ++count;
    victim.reset();
    if (count < 3) wheel->arm(*this, again);
  }
  Wheel* wheel = nullptr;
  MonoTime again;
  std::unique_ptr<Probe> victim = std::make_unique<Probe>();
  int count = 0;
};

TEST_CASE("wheel: expiring may arm itself again and destroy another due entry") {
  const MonoTime start{0};
  Wheel wheel(start);
  Chain chain;
  chain.wheel = &wheel;
  chain.again = start + Nanos{6 * kTick};
  wheel.arm(*chain.victim, start + Nanos{5 * kTick});
  wheel.arm(chain, start + Nanos{5 * kTick});
  wheel.advance(start + Nanos{50 * kTick});
  CHECK(chain.count == 3);
}

// The oracle keeps plain deadlines and looks at all of them.
TEST_CASE("wheel: agrees with a list of deadlines over a long random run") {
  sim::SimRandom random(11);
  MonoTime now{5'000'000'000};
  Wheel wheel(now);
  std::vector<Probe> probes(40);
  std::vector<std::int64_t> deadlines(probes.size(), INT64_MAX);
  std::vector<int> expected(probes.size(), 0);
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t which = random.next_u64() % probes.size();
    const auto delay = static_cast<std::int64_t>(random.next_u64() % (700 * kTick));
    if (random.next_u64() % 5 == 0) {
      wheel.disarm(probes[which]);
      deadlines[which] = INT64_MAX;
    } else {
      deadlines[which] = now.nanos + delay;
      wheel.arm(probes[which], MonoTime{deadlines[which]});
    }
    now = now + Nanos{static_cast<std::int64_t>(random.next_u64() % (3 * kTick))};
    wheel.advance(now);
    for (std::size_t i = 0; i < probes.size(); ++i) {
      const bool fired = probes[i].count > expected[i];
      if (fired) {
        CHECK(deadlines[i] <= now.nanos);
        deadlines[i] = INT64_MAX;
        ++expected[i];
      } else if (deadlines[i] != INT64_MAX) {
        CHECK(deadlines[i] > now.nanos - 2 * kTick);
      }
    }
  }
}

}  // namespace
}  // namespace mc::net
