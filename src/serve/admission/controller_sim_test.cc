#include <doctest/doctest.h>

#include <cstdlib>

#include "admission/admission_sim.h"

namespace mc::admission {
namespace {

// 8 seats, 2 ms each: 4,000 a second. Twice as much comes, half of it from one tenant.
struct Zoo {
  explicit Zoo(AdmissionSim& sim, double elephant_ms = 2) {
    elephant = sim.add({.tenant = "elephant", .per_second = 4'000, .service_ms = elephant_ms});
    for (int i = 0; i < kMice; ++i) {
      mice.push_back(
          sim.add({.tenant = "mouse-" + std::to_string(i), .per_second = 4'000.0 / kMice}));
    }
  }
  static constexpr int kMice = 20;
  std::size_t elephant = 0;
  std::vector<std::size_t> mice;
};

TEST_CASE("controller: one elephant and 20 mice at twice the capacity") {
  AdmissionSim sim(fixed_seats(8));
  const Zoo zoo(sim);
  sim.run(seconds(5));
  sim.forget_tallies();
  sim.run(seconds(20));
  constexpr double kShare = 4'000.0 * 20 / (Zoo::kMice + 1);
  for (const std::size_t mouse : zoo.mice) {
    CAPTURE(mouse);
    CHECK(static_cast<double>(sim.of(mouse).done) >= 0.95 * kShare);
  }
  CHECK(static_cast<double>(sim.of(zoo.elephant).done) >= 0.95 * kShare);
  CHECK(static_cast<double>(sim.all().done) >= 0.97 * 80'000);
  CHECK(sim.in_use_most <= 8);
  CHECK(quantile_of(sim.all().waits, 0.99) <= millis(250));
}

// What is shared is time on seats: requests that take ten times as long are a tenth as many. A seat
// that a slow one has is not taken back. For long enough that chance is below a hundredth: of the
// 3,800 requests of random length that a mouse has in 20 s it alone is three.
TEST_CASE("controller: an elephant with slow requests takes no more than its share of time") {
  AdmissionSim sim(fixed_seats(8));
  const Zoo zoo(sim, 20);
  sim.run(seconds(5));
  sim.forget_tallies();
  sim.run(seconds(100));
  constexpr double kShare = 4'000.0 * 100 / (Zoo::kMice + 1);
  for (const std::size_t mouse : zoo.mice) {
    CAPTURE(mouse);
    CHECK(static_cast<double>(sim.of(mouse).done) >= 0.95 * kShare);
  }
  CHECK(10 * static_cast<double>(sim.of(zoo.elephant).done) >= kShare);
}

TEST_CASE("controller: by weight, under overload from all") {
  AdmissionSim sim(fixed_seats(8));
  std::vector<std::size_t> all;
  for (const std::uint32_t weight : {1U, 2U, 5U}) {
    all.push_back(
        sim.add({.tenant = "of-" + std::to_string(weight), .per_second = 4'000, .weight = weight}));
  }
  sim.run(seconds(10));
  CHECK(static_cast<double>(sim.of(all[0]).done) == doctest::Approx(5'000).epsilon(0.06));
  CHECK(static_cast<double>(sim.of(all[1]).done) == doctest::Approx(10'000).epsilon(0.06));
  CHECK(static_cast<double>(sim.of(all[2]).done) == doctest::Approx(25'000).epsilon(0.06));
}

TEST_CASE("controller: idle seats are borrowed within a second and come back within one service") {
  AdmissionSim sim(fixed_seats(20));
  const AdmissionSim::Sender slow = {
      .tenant = "elephant", .per_second = 1'000, .service_ms = 100, .random_service = false};
  sim.add(slow);
  AdmissionSim::Sender other = slow;
  other.tenant = "mouse";
  other.per_second = 120;  // a little more than its half
  const std::size_t mouse = sim.add(other);
  sim.run(seconds(5));
  CHECK(std::abs(sim.controller.snapshot_of("elephant").in_use - 10) <= 2);
  CHECK(sim.controller.snapshot_of("mouse").guaranteed == 10);

  sim.set_rate(mouse, 0);
  sim.run(seconds(1));
  CHECK(sim.controller.snapshot_of("elephant").in_use >= 18);
  sim.run(millis(400));  // its last one had waited, and was done
  CHECK(sim.controller.snapshot_of("mouse").guaranteed == 0);

  sim.set_rate(mouse, 400);
  sim.run(millis(105));
  CHECK(sim.controller.snapshot_of("mouse").in_use >= 9);
  CHECK(sim.controller.snapshot_of("elephant").in_use <= 11);
}

// 16 places of 20 ms: 800 a second; of 60 tenants in three plans, who send 560 and then 8,000.
TEST_CASE("controller: a surge of ten times for 30 s") {
  Settings settings;
  AdmissionSim sim(settings, 4);
  sim.places = 16;
  constexpr int kTenants = 60;
  std::vector<std::size_t> all;
  for (int i = 0; i < kTenants; ++i) {
    const auto plan = static_cast<std::uint32_t>(i % 3);
    all.push_back(sim.add({.tenant = "t-" + std::to_string(i),
                           .per_second = 560.0 / kTenants,
                           .service_ms = 20,
                           .weight = 1 + 2 * plan,
                           .priority = 20 * plan}));
  }
  const auto rate = [&](double per_second) {
    for (const std::size_t who : all) sim.set_rate(who, per_second / kTenants);
  };
  sim.run(seconds(30));
  const Nanos normal = quantile_of(sim.all().totals, 0.99);
  const AdmissionSim::Tally quiet = sim.all();
  CHECK(static_cast<double>(quiet.done) >= 0.99 * static_cast<double>(quiet.sent) - 50);

  sim.forget_tallies();
  rate(8'000);
  sim.run(seconds(30));
  const AdmissionSim::Tally surge = sim.all();
  MESSAGE("surge: done " << surge.done << " of 24000 possible, seats "
                         << sim.controller.snapshot().seats << ", wait p99 us "
                         << quantile_of(surge.waits, 0.99).count / 1'000 << ", bytes "
                         << sim.controller.snapshot().bytes);
  CHECK(static_cast<double>(surge.done) >= 0.9 * 800 * 30);
  CHECK(quantile_of(surge.waits, 0.99) <= millis(250));
  CHECK(quantile_of(surge.waits, 1) <= millis(250));
  CHECK(sim.controller.snapshot().bytes < 8 << 20);

  rate(560);
  sim.run(seconds(5));
  sim.forget_tallies();
  sim.run(seconds(20));
  const AdmissionSim::Tally after = sim.all();
  MESSAGE("after: p99 us " << quantile_of(after.totals, 0.99).count / 1'000 << ", before "
                           << normal.count / 1'000 << ", refused " << after.refused);
  CHECK(quantile_of(after.totals, 0.99) <= normal * 2);
  CHECK(static_cast<double>(after.refused + after.ended) <= 0.01 * static_cast<double>(after.sent));
  sim.drain();
  CHECK(sim.controller.snapshot().in_use == 0);
}

TEST_CASE("controller: pays the limiter what the service took, not what its own queue did") {
  Settings settings;
  AdmissionSim sim(settings, 6);
  sim.places = 30;
  for (int i = 0; i < 10; ++i) {
    sim.add({.tenant = "t-" + std::to_string(i), .per_second = 400, .service_ms = 20});
  }
  sim.run(seconds(60));  // more than twice of what can be done
  const Snapshot seen = sim.controller.snapshot();
  CHECK(seen.seats >= 30);
  CHECK(seen.seats <= 60);
  CHECK(seen.waited_p99 > millis(1));
}

TEST_CASE("controller: under pressure the plan that pays least is shed first, and comes back") {
  AdmissionSim sim(fixed_seats(200));
  const auto elephant = [&](const char* name, std::uint32_t priority) {
    return sim.add({.tenant = name, .per_second = 300, .service_ms = 100, .priority = priority});
  };
  const std::size_t low = elephant("low", 10), high = elephant("high", 40);
  for (int i = 0; i < 38; ++i) {
    sim.add({.tenant = "mouse-" + std::to_string(i), .per_second = 20});
  }
  sim.run(seconds(2));
  CHECK(sim.all().refused == 0);
  for (int second = 0; second < 10; ++second) {
    sim.controller.report({.loop_lag = millis(30)}, sim.now());
    sim.run(seconds(1));
  }
  CHECK(sim.of(low).refused > 300);
  CHECK(sim.of(high).refused == 0);
  CHECK(sim.all().refused == sim.of(low).refused);
  CHECK_FALSE(sim.controller.snapshot().classes[1].strict);
  sim.run(seconds(12));  // nothing was reported for longer than it holds
  sim.forget_tallies();
  sim.run(seconds(1));
  CHECK(sim.all().refused == 0);
  CHECK(sim.controller.snapshot().classes[1].cursor == 0);
}

// All seats in use, each tenant sends far more than can run: newest first. Then less than can run.
TEST_CASE("controller: lifo begins with a standing queue and ends with it") {
  AdmissionSim sim(fixed_seats(4));
  const std::size_t who = sim.add({.tenant = "alpha", .per_second = 600, .service_ms = 10});
  sim.run(millis(50));
  CHECK_FALSE(sim.controller.snapshot().lifo);
  sim.run(seconds(1));
  CHECK(sim.controller.snapshot().lifo);
  sim.forget_tallies();
  sim.run(seconds(2));
  CHECK(quantile_of(sim.all().waits, 0.5) < millis(20));
  sim.set_rate(who, 100);
  sim.run(seconds(2));
  CHECK_FALSE(sim.controller.snapshot().lifo);
}

// Those who wait for an answer come first, but get no seat before one is given back: a fifth of
// them, at half of the capacity, beside jobs of half a second each.
TEST_CASE("controller: batches and exports leave room for those who wait for an answer") {
  AdmissionSim sim(fixed_seats(20));
  sim.add({.tenant = "nightly", .per_second = 100, .service_ms = 500, .in = Class::exports});
  sim.add({.tenant = "reports", .per_second = 100, .service_ms = 500, .in = Class::batch});
  sim.run(seconds(5));
  CHECK(sim.controller.snapshot().classes[3].seats <= 10);
  CHECK(sim.controller.snapshot().in_use >= 17);
  const std::size_t person = sim.add({.tenant = "person", .per_second = 500, .service_ms = 20});
  const std::size_t us = sim.add({.tenant = "us", .per_second = 20, .in = Class::system});
  sim.run(seconds(5));
  sim.forget_tallies();
  sim.run(seconds(10));
  CHECK(static_cast<double>(sim.of(person).done) > 0.75 * 5'000);
  CHECK(sim.of(us).refused + sim.of(us).ended == 0);
  CHECK(sim.controller.snapshot().classes[2].seats + sim.controller.snapshot().classes[3].seats >
        0);
}

}  // namespace
}  // namespace mc::admission
