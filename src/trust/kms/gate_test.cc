#include "kms/gate.h"

#include <doctest/doctest.h>

#include <vector>

#include "sim/sim.h"

namespace mc::kms {
namespace {

using Step = Gate::Step;

MonoTime at_ms(std::int64_t ms) {
  return MonoTime{} + millis(ms);
}

// One call that goes and ends at once.
void pass(Gate& gate, MonoTime now, bool failed) {
  const Gate::Answer answer = gate.ask(now);
  REQUIRE(answer.step == Step::go);
  gate.done(answer.era, failed, now);
}

TEST_CASE("gate: opens after five failures in a row, and an answer in between begins anew") {
  Gate gate({});
  for (int i = 0; i < 4; ++i) pass(gate, at_ms(0), true);
  pass(gate, at_ms(0), false);
  for (int i = 0; i < 4; ++i) pass(gate, at_ms(0), true);
  CHECK(!gate.open());
  pass(gate, at_ms(0), true);
  CHECK(gate.open());
  CHECK(gate.opened() == 1);
  const Gate::Answer answer = gate.ask(at_ms(400));
  CHECK(answer.step == Step::closed);
  CHECK(answer.again_in == millis(600));
}

TEST_CASE("gate: one trial a pause, pauses double up to 30 seconds, and success closes it") {
  Gate gate({});
  for (int i = 0; i < 5; ++i) pass(gate, at_ms(0), true);
  std::int64_t now = 0;
  for (const std::int64_t pause : {1, 2, 4, 8, 16, 30, 30}) {
    CAPTURE(pause);
    now += pause * 1'000;
    CHECK(gate.ask(at_ms(now - 1)).step == Step::closed);
    const Gate::Answer trial = gate.ask(at_ms(now));
    REQUIRE(trial.step == Step::go);
    CHECK(gate.ask(at_ms(now)).step == Step::closed);
    gate.done(trial.era, true, at_ms(now));
  }
  CHECK(gate.opened() == 8);
  now += 30'000;
  pass(gate, at_ms(now), false);
  CHECK(!gate.open());
  for (int i = 0; i < 5; ++i) pass(gate, at_ms(now), true);
  CHECK(gate.ask(at_ms(now)).again_in == seconds(1));
}

TEST_CASE("gate: calls of before it opened or closed change nothing when they come back") {
  Gate gate({.failures_max = 2, .in_flight_max = 10});
  const Gate::Answer old_good = gate.ask(at_ms(0));
  const Gate::Answer old_bad = gate.ask(at_ms(0));
  for (int i = 0; i < 2; ++i) pass(gate, at_ms(0), true);
  CHECK(gate.open());
  gate.done(old_good.era, false, at_ms(1));
  CHECK(gate.open());
  const Gate::Answer trial = gate.ask(at_ms(1'000));
  gate.done(old_bad.era, true, at_ms(1'001));
  CHECK(gate.opened() == 1);
  gate.done(trial.era, false, at_ms(1'002));
  CHECK(!gate.open());
  CHECK(gate.in_flight() == 0);
}

TEST_CASE("gate: so many calls at a time, the next has to wait and costs no token") {
  Gate gate({.calls_each_second = 1, .burst = 3, .in_flight_max = 2});
  const Gate::Answer first = gate.ask(at_ms(0));
  CHECK(gate.ask(at_ms(0)).step == Step::go);
  for (int i = 0; i < 5; ++i) CHECK(gate.ask(at_ms(0)).step == Step::wait);
  gate.done(first.era, false, at_ms(0));
  CHECK(gate.ask(at_ms(0)).step == Step::go);
  CHECK(gate.in_flight() == 2);
}

TEST_CASE("gate: the quota gives its burst, then its rate, and says when") {
  Gate gate({.calls_each_second = 100, .burst = 200});
  for (int i = 0; i < 200; ++i) pass(gate, at_ms(0), false);
  const Gate::Answer answer = gate.ask(at_ms(0));
  CHECK(answer.step == Step::spent);
  CHECK(answer.again_in == millis(10));
  CHECK(gate.ask(at_ms(9)).step == Step::spent);
  pass(gate, at_ms(10), false);
  CHECK(gate.ask(at_ms(10)).step == Step::spent);
  for (int i = 0; i < 100; ++i) pass(gate, at_ms(1'010), false);
  CHECK(gate.ask(at_ms(1'010)).step == Step::spent);
  for (int i = 0; i < 200; ++i) pass(gate, at_ms(1'000'000), false);
  CHECK(gate.ask(at_ms(1'000'000)).step == Step::spent);
}

TEST_CASE("gate: a token that takes no whole time to grow back takes the next longer one") {
  Gate gate({.calls_each_second = 3, .burst = 1});
  pass(gate, at_ms(0), false);
  CHECK(gate.ask(at_ms(333) + Nanos{333'333}).step == Step::spent);
  CHECK(gate.ask(at_ms(333) + Nanos{333'334}).step == Step::go);
}

TEST_CASE(
    "gate: in no window does the quota give more than burst and rate, at rates of all kinds") {
  for (const std::int64_t rate : {1, 3, 7, 100, 999}) {
    CAPTURE(rate);
    sim::SimRandom random(static_cast<std::uint64_t>(rate));
    constexpr std::int64_t kBurst = 5;
    Gate gate({.calls_each_second = rate, .burst = kBurst});
    std::vector<MonoTime> times;
    MonoTime now;
    const auto step = static_cast<std::uint64_t>(seconds(1).count / rate);
    for (int i = 0; i < 600; ++i) {
      now = now + Nanos{static_cast<std::int64_t>(random.next_u64() % step)};
      const Gate::Answer answer = gate.ask(now);
      if (answer.step != Step::go) continue;
      gate.done(answer.era, false, now);
      times.push_back(now);
    }
    CHECK(times.size() > 100);
    bool kept = true;
    for (std::size_t i = 0; i < times.size(); ++i) {
      for (std::size_t j = i + 1; j < times.size(); ++j) {
        const auto calls = static_cast<std::int64_t>(j - i + 1);
        const Nanos window = times[j] - times[i];
        kept = kept && (calls - kBurst) * seconds(1).count <= window.count * rate;
      }
    }
    CHECK(kept);
  }
}

}  // namespace
}  // namespace mc::kms
