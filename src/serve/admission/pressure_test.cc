#include "admission/pressure.h"

#include <doctest/doctest.h>

#include <array>
#include <random>

#include "admission/admission_sim.h"

namespace mc::admission {
namespace {

TEST_CASE("pressure: in parts of its limit, and the nearest counts") {
  CHECK(parts_of({}).most() == 0);
  CHECK(parts_of({.loop_lag = millis(10)}).most() == doctest::Approx(0.5));
  CHECK(parts_of({.memory = 990}).most() == doctest::Approx(1.1));
  CHECK(parts_of({.failed = 1'000}).most() == doctest::Approx(2));
  CHECK(parts_of({.loop_lag = millis(30), .memory = 450}).most() == doctest::Approx(1.5));
  CHECK(parts_of({.loop_lag = Nanos{INT64_MAX}, .memory = INT64_MIN}).most() > 1'000);
  CHECK(parts_of({.memory = 1}, {.memory = 0}).most() > 1'000);
}

TEST_CASE("pressure: processors that are all in use are none, and let delays count twice") {
  CHECK(parts_of({.cpu = 1'000}).most() == 0);
  CHECK(parts_of({.cpu = 1'000}).all_cpu());
  CHECK_FALSE(parts_of({.cpu = 940}).all_cpu());
  CHECK(parts_of({.loop_lag = millis(12), .cpu = 940}).most() == doctest::Approx(0.6));
  CHECK(parts_of({.loop_lag = millis(12), .cpu = 950}).most() == doctest::Approx(1.2));
  CHECK(parts_of({.cpu = 1'000, .memory = 450}).most() == doctest::Approx(0.5));
}

TEST_CASE("pressure: begins with three looks in a row, and ends with three") {
  struct Look {
    double most;
    bool on;
  };
  const Look looks[] = {{1.2, false}, {1.0, false}, {0.99, false}, {1.5, false}, {9, false},
                        {1, true},    {0.95, true}, {0.95, true},  {0.95, true}, {0.8, true},
                        {0.8, true},  {1.1, true},  {0.8, true},   {0.8, true},  {0.8, false},
                        {1.1, false}, {1.1, false}, {1.1, true}};
  PressureWatch watch;
  for (const Look& look : looks) {
    CAPTURE(&look - looks);
    watch.look(look.most);
    CHECK(watch.on() == look.on);
  }
}

// 40 tenants of four priorities, 50 requests a second each, with seats for all of them.
struct Town {
  static constexpr std::array<std::uint32_t, 4> kPriorities = {0, 10, 40, 63};
  explicit Town(std::uint32_t seed) : sim(fixed_seats(200), seed) {
    for (std::size_t i = 0; i < 40; ++i) {
      all.push_back(sim.add({.tenant = "t-" + std::to_string(i),
                             .per_second = 50,
                             .priority = kPriorities[i % kPriorities.size()]}));
    }
  }
  void run(const Pressures& pressures, int duration_s) {
    for (int second = 0; second < duration_s; ++second) {
      sim.controller.report(pressures, sim.now());
      sim.run(seconds(1));
    }
  }
  // Of what came, by priority.
  std::array<double, 4> refused() const {
    std::array<double, 4> sent{}, out{};
    for (std::size_t i = 0; i < all.size(); ++i) {
      sent[i % 4] += static_cast<double>(sim.of(all[i]).sent);
      out[i % 4] += static_cast<double>(sim.of(all[i]).refused);
    }
    for (std::size_t i = 0; i < 4; ++i) out[i] /= sent[i];
    return out;
  }
  AdmissionSim sim;
  std::vector<std::size_t> all;
};

TEST_CASE("pressure: at 1.2 the lowest priorities are shed first, and all come back when it ends") {
  struct Row {
    const char* name;
    Pressures pressures;
    double shed_most;  // of all
  };
  const Row rows[] = {{"loops", {.loop_lag = millis(24)}, 1},
                      {"loops, with all processors", {.loop_lag = millis(12), .cpu = 990}, 1},
                      {"memory", {.memory = 1'080}, 0.5},
                      {"services", {.failed = 600}, 0.5}};
  for (const Row& row : rows) {
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(row.name);
      CAPTURE(seed);
      Town town(seed);
      town.run({}, 3);
      CHECK(town.sim.all().refused == 0);
      town.run(row.pressures, 10);
      CHECK(town.sim.controller.snapshot().pressed);
      town.sim.forget_tallies();
      town.run(row.pressures, 10);
      const std::array<double, 4> first = town.refused();
      CHECK(first[0] > 0.9);  // a third of all, by now
      CHECK(first[3] == 0);
      std::array<double, 4> last{};
      for (int second = 0; second < 60; ++second) {
        town.sim.forget_tallies();
        town.run(row.pressures, 1);
        last = town.refused();
        for (std::size_t i = 1; i < 4; ++i) {
          if (last[i] > 0) CHECK(last[i - 1] > 0.7);  // nobody before those below, or nearly so
        }
        const SimTally all = town.sim.all();
        CHECK(static_cast<double>(all.refused) <=
              (row.shed_most + 0.05) * static_cast<double>(all.sent));
      }
      CHECK(last[0] > 0.99);
      CHECK((last[2] > 0.9) == (row.shed_most == 1));
      town.run({}, 12);
      CHECK_FALSE(town.sim.controller.snapshot().pressed);
      town.sim.forget_tallies();
      town.run({}, 5);
      CHECK(town.sim.all().refused == 0);
      CHECK(town.sim.controller.snapshot().classes[1].cursor == 0);
    }
  }
}

TEST_CASE("pressure: noise below 1, and peaks of less than three seconds, shed nobody") {
  std::mt19937 random(3);
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    Town town(seed);
    int peaks = 0;
    for (int second = 0; second < 120; ++second) {
      const bool peak = peaks < 2 && random() % 3 == 0;
      peaks = peak ? peaks + 1 : 0;
      const auto below = [&](std::int64_t limit) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
      };
      Pressures pressures{.loop_lag = Nanos{below(millis(20).count)},
                          .cpu = below(950),
                          .memory = below(900),
                          .failed = below(500)};
      if (peak) pressures.loop_lag = millis(20 + below(500));
      town.run(pressures, 1);
    }
    CHECK(town.sim.all().refused == 0);
    CHECK_FALSE(town.sim.controller.snapshot().pressed);
  }
}

TEST_CASE("pressure: all processors in use, and nobody waits: nobody is shed") {
  Town town(1);
  town.run({.cpu = 1'000}, 60);
  CHECK(town.sim.all().refused == 0);
}

// A mean wait of about 14 ms: less than what is overload, more than half of it.
TEST_CASE("pressure: with all processors in use, queues count twice") {
  for (const std::int64_t cpu : {0, 1'000}) {
    CAPTURE(cpu);
    AdmissionSim sim(fixed_seats(8), 5);
    for (int i = 0; i < 8; ++i) {
      sim.add({.tenant = "t-" + std::to_string(i), .per_second = 96, .service_ms = 10});
    }
    int overloaded = 0;
    for (int second = 0; second < 120; ++second) {
      sim.controller.report({.cpu = cpu}, sim.now());
      sim.run(seconds(1));
      overloaded += sim.controller.snapshot().classes[1].overloaded ? 1 : 0;
    }
    MESSAGE("windows with overload at cpu " << cpu << ": " << overloaded);
    CHECK((cpu == 0 ? overloaded < 5 : overloaded > 10));
  }
}

}  // namespace
}  // namespace mc::admission
