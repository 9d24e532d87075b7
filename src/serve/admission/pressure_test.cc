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

TEST_CASE("pressure: what 15 looks do not lower by a tenth sheds nobody for 60") {
  const auto after = [](std::initializer_list<std::pair<double, int>> looks) {
    PressureWatch watch;
    for (const auto& [most, times] : looks) {
      for (int i = 0; i < times; ++i) watch.look(most);
    }
    return watch;
  };
  CHECK_FALSE(after({{1.2, 17}}).in_vain());
  CHECK(after({{1.2, 18}}).in_vain());
  CHECK(after({{1.2, 18}}).on());
  CHECK(after({{1.2, 77}}).in_vain());
  CHECK_FALSE(after({{1.2, 78}}).in_vain());  // it is tried again
  CHECK_FALSE(after({{1.2, 92}}).in_vain());
  CHECK(after({{1.2, 93}}).in_vain());
  CHECK(after({{1.2, 10}, {1.1, 8}}).in_vain());  // not by a tenth
  CHECK_FALSE(after({{1.2, 10}, {1.07, 14}}).in_vain());
  CHECK(after({{1.2, 10}, {1.07, 16}}).in_vain());
  CHECK_FALSE(after({{1.05, 17}, {0.99, 1}, {1.05, 14}}).in_vain());  // where it is to be
  CHECK(after({{1.2, 18}, {0.8, 2}}).in_vain());
  CHECK_FALSE(after({{1.2, 18}, {0.8, 3}}).in_vain());  // it has ended
}

// 200 seats, 40 tenants: 5 seats are one's share, and who uses more than 10 is over it. Four
// elephants of four priorities use 30 each, 36 mice less than one.
struct Town {
  static constexpr std::array<std::uint32_t, 4> kPriorities = {0, 10, 40, 63};
  explicit Town(std::uint32_t seed) : sim(fixed_seats(200), seed) {
    for (const std::uint32_t priority : kPriorities) {
      elephants.push_back(sim.add({.tenant = "elephant-" + std::to_string(priority),
                                   .per_second = 300,
                                   .service_ms = 100,
                                   .priority = priority}));
    }
    for (std::uint32_t i = 0; i < 36; ++i) {
      mice.push_back(sim.add({.tenant = "mouse-" + std::to_string(i),
                              .per_second = 20,
                              .priority = kPriorities[i % kPriorities.size()]}));
    }
  }
  void run(const Pressures& pressures, int duration_s) {
    for (int second = 0; second < duration_s; ++second) {
      sim.controller.report(pressures, sim.now());
      sim.run(seconds(1));
    }
  }
  // As much as was let in since the tallies were forgotten, a second before.
  void react(Pressures (*of)(double), double could) {
    const SimTally all = sim.all();
    sim.forget_tallies();
    run(of(static_cast<double>(all.sent - all.refused) / could), 1);
  }
  // Of what came from each elephant.
  std::array<double, 4> refused() const {
    std::array<double, 4> out{};
    for (std::size_t i = 0; i < 4; ++i) {
      const SimTally& of = sim.of(elephants[i]);
      out[i] = static_cast<double>(of.refused) / static_cast<double>(of.sent);
    }
    return out;
  }
  std::uint64_t mice_refused() const {
    std::uint64_t out = 0;
    for (const std::size_t mouse : mice) out += sim.of(mouse).refused + sim.of(mouse).ended;
    return out;
  }
  AdmissionSim sim;
  std::vector<std::size_t> elephants, mice;
};

std::int64_t of_limit(double part, std::int64_t limit) {
  return static_cast<std::int64_t>(part * static_cast<double>(limit));
}

struct Kind {
  const char* name;
  Pressures (*of)(double part);
};
const Kind kKinds[] = {
    {"loops", [](double part) { return Pressures{.loop_lag = {of_limit(part, 20'000'000)}}; }},
    {"loops, with all processors",
     [](double part) { return Pressures{.loop_lag = {of_limit(part, 10'000'000)}, .cpu = 990}; }},
    {"memory", [](double part) { return Pressures{.memory = of_limit(part, 900)}; }},
    {"services", [](double part) { return Pressures{.failed = of_limit(part, 500)}; }}};

// 1,920 requests a second where 1,600 are all that can be: 320 of an elephant or two.
TEST_CASE("pressure: that falls as less is let in sheds the lowest first, and ends") {
  std::uint32_t seed = 0;
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    Town town(++seed);
    town.run({}, 3);
    CHECK(town.sim.all().refused == 0);
    town.sim.forget_tallies();
    town.run({}, 1);
    double let_in = 0;
    for (int second = 0; second < 60; ++second) {
      town.react(kind.of, 1'600);
      const SimTally all = town.sim.all();
      if (second >= 30) let_in += static_cast<double>(all.sent - all.refused) / 30;
      const std::array<double, 4> refused = town.refused();
      CHECK(town.mice_refused() == 0);
      if (refused[1] > 0) CHECK(refused[0] > 0.3);
      CHECK(refused[2] == 0);
      CHECK(refused[3] == 0);
      CHECK_FALSE(town.sim.controller.snapshot().in_vain);
    }
    CHECK(let_in < 1.05 * 1'600);
    CHECK(let_in > 0.9 * 1'600);
    for (const std::size_t elephant : town.elephants) town.sim.set_rate(elephant, 150);
    for (int second = 0; second < 20; ++second) town.react(kind.of, 1'600);
    CHECK_FALSE(town.sim.controller.snapshot().pressed);
    CHECK(town.sim.controller.snapshot().classes[1].cursor == 0);
    CHECK(town.sim.all().refused == 0);
  }
}

// Who makes it is not here: all that it sends is refused before, and shedding changes nothing.
TEST_CASE("pressure: that does not fall sheds nobody within its share, and others for a while") {
  const Pressures at = kKinds[0].of(1.2);
  Town town(7);
  town.run(at, 18);
  CHECK(town.sim.controller.snapshot().pressed);
  CHECK(town.refused()[0] > 0.2);
  CHECK(town.mice_refused() == 0);
  town.run(at, 12);
  CHECK(town.sim.controller.snapshot().in_vain);
  CHECK(town.sim.controller.snapshot().pressed);
  CHECK(town.sim.controller.snapshot().classes[1].cursor == 0);
  const std::uint64_t before = town.sim.all().refused;
  town.run(at, 47);
  CHECK(town.sim.all().refused == before);
  town.run(at, 10);  // it is tried again
  CHECK(town.sim.all().refused > before);
  town.run(at, 75);
  CHECK(town.mice_refused() == 0);
  MESSAGE("of the lowest, of 162 s of pressure: " << town.refused()[0]);
  CHECK(town.refused()[0] < 0.2);
}

// Windows of a second, and of 2,000 requests.
TEST_CASE("pressure: of one whose requests are all refused before, others lose none of theirs") {
  for (const double per_second : {500.0, 5'000.0}) {
    for (const Kind& kind : kKinds) {
      CAPTURE(kind.name);
      CAPTURE(per_second);
      AdmissionSim sim(fixed_seats(200), 11);
      sim.add({.tenant = "bravo", .per_second = per_second});
      sim.add({.tenant = "charlie", .per_second = 20, .priority = 40});
      const int duration_s = per_second > 1'000 ? 25 : 120;
      for (int second = 0; second < duration_s; ++second) {
        sim.controller.report(kind.of(1.2), sim.now());
        sim.run(seconds(1));
      }
      CHECK(sim.all().refused + sim.all().ended == 0);
      CHECK(sim.controller.snapshot().pressed);
      CHECK(sim.controller.snapshot().in_vain);
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
