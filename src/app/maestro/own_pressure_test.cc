#include "maestro/own_pressure.h"

#include <doctest/doctest.h>

#include "sim/sim.h"

namespace mc::app {
namespace {

using net::LoopLoad;
using Seen = PressureMeter::Seen;

// A process on two processors that has looked once before.
struct Bench {
  Bench() { meter.look(seen); }
  // A second later; `cpu` of what it may use, in thousandths.
  admission::Pressures look(std::int64_t cpu = 0) {
    seen.now = seen.now + seconds(1);
    seen.host.cpu =
        seen.host.cpu +
        Nanos{static_cast<std::int64_t>(static_cast<double>(cpu) * seen.host.processors * 1e6)};
    return meter.look(seen);
  }
  PressureMeter meter;
  Seen seen{.now = MonoTime{1'000'000'000},
            .host = {.cpu = seconds(3), .processors = 2, .resident = 0, .memory = {}},
            .loops = {},
            .routes = {}};
};

TEST_CASE("pressure meter: processors are those that the process may use, by what it used itself") {
  Bench bench;
  CHECK(PressureMeter().look(bench.seen).cpu == 0);  // nothing to compare with
  CHECK(bench.look(0).cpu == 0);
  CHECK(std::abs(bench.look(990).cpu - 990) <= 1);
  bench.seen.host.processors = 0.5;
  CHECK(std::abs(bench.look(1'000).cpu - 1'000) <= 1);
  bench.seen.host.cpu = {};  // a clock that goes back
  CHECK(bench.look(0).cpu == 0);
}

TEST_CASE("pressure meter: a loop that is late counts when it is busy itself, or all of us are") {
  struct Row {
    const char* name;
    std::vector<LoopLoad> loops;
    std::int64_t cpu;
    int want_ms;
  };
  const Row rows[] = {
      {"none", {}, 0, 0},
      {"busy", {{millis(40), 700}}, 350, 40},
      {"held up by others on the machine", {{millis(40), 300}, {millis(60), 200}}, 250, 0},
      {"one of two is busy", {{millis(90), 100}, {millis(30), 900}}, 500, 30},
      {"throttled", {{millis(80), 250}, {millis(70), 240}}, 980, 80},
      {"busy and in time", {{Nanos{}, 1'000}}, 500, 0}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench;
    bench.seen.loops = row.loops;
    CHECK(bench.look(row.cpu).loop_lag == millis(row.want_ms));
  }
}

TEST_CASE("pressure meter: lateness counts when most requests come to where some are shed") {
  struct Row {
    const char* name;
    std::int64_t requests, arrived;  // in a second
    int want_ms;
  };
  const Row rows[] = {{"nobody", 0, 0, 40},     {"all", 1'000, 1'000, 40},
                      {"half", 1'000, 500, 40}, {"most are refused before", 1'000, 499, 0},
                      {"all are", 1'000, 0, 0}, {"several in each", 100, 700, 40}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench;
    for (int second = 0; second < 3; ++second) {
      bench.seen.loops = {{millis(40), 900}};
      bench.seen.requests += row.requests;
      bench.seen.arrived += row.arrived;
      CHECK(bench.look().loop_lag == millis(row.want_ms));
    }
  }
}

TEST_CASE("pressure meter: memory counts against a limit, when most of it is our own") {
  struct Row {
    const char* name;
    std::optional<sys::HostReading::Memory> memory;
    std::int64_t want;
  };
  using Memory = sys::HostReading::Memory;
  const Row rows[] = {{"no limit", std::nullopt, 0},
                      {"ours", Memory{950, 1'000, true}, 950},
                      {"that of others", Memory{950, 1'000, false}, 0},
                      {"above it", Memory{1'200, 1'000, true}, 1'200},
                      {"little", Memory{10, 1'000, true}, 10}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench;
    bench.seen.host.memory = row.memory;
    CHECK(bench.look().memory == row.want);
  }
}

TEST_CASE("pressure meter: failures count when every route in use has them, of five seconds") {
  struct Row {
    const char* name;
    std::vector<std::pair<std::int64_t, std::int64_t>> routes;  // asked and failed each second
    std::int64_t want;
    bool datasets = false;  // too, all of which are read
  };
  const Row rows[] = {{"none", {}, 0},
                      {"the only one", {{10, 6}}, 600},
                      {"one beside one that does not", {{100, 100}, {10, 0}}, 0},
                      {"both, the better counts", {{100, 100}, {10, 7}}, 700},
                      {"the other is not in use", {{10, 6}, {1, 0}}, 600},
                      {"too few", {{3, 3}}, 0},
                      {"nobody asks", {{0, 0}}, 0},
                      {"datasets are read beside it", {{10, 6}}, 600, true},
                      {"datasets alone", {}, 0, true}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    PressureMeter meter;
    Seen seen;
    seen.host.processors = 1;
    seen.routes.resize(row.routes.size());
    for (gateway::RouteStatus& route : seen.routes) route.upstream = "192.0.2.9:80";
    if (row.datasets) seen.routes.emplace_back().kind = "datasets";
    std::int64_t last = 0;
    for (int second = 0; second < 12; ++second) {
      last = meter.look(seen).failed;
      seen.now = seen.now + seconds(1);
      for (std::size_t i = 0; i < row.routes.size(); ++i) {
        seen.routes[i].asked += row.routes[i].first;
        seen.routes[i].failed += row.routes[i].second;
      }
      if (row.datasets) seen.routes.back().asked += 40;
    }
    CHECK(last == row.want);
    for (int second = 0; second < 6; ++second) last = meter.look(seen).failed;
    CHECK(last == 0);  // it is over
  }
}

// With a controller in the place of the gateway's.
struct Watched {
  admission::Controller controller;
  sim::SimClock clock;
  log::MemorySink lines;
  log::Log log{clock, lines, {}};
  metric::Registry metrics;
  Seen seen;
  OwnPressure pressure{{log,
                        [this] {
                          seen.now = clock.mono();
                          return seen;
                        },
                        [this](const auto& now) { controller.report(now, clock.mono()); },
                        [this] { return controller.snapshot(); }}};

  void step(int times = 1) {
    for (int i = 0; i < times; ++i) {
      clock.advance(seconds(1));
      pressure.step();
    }
  }
  bool shows(const std::string& line) {
    return ('\n' + metrics.text()).find('\n' + line + '\n') != std::string::npos;
  }
};

TEST_CASE("own pressure: the log tells once that it begins, that it is in vain, and that it ends") {
  Watched world;
  world.step(3);
  CHECK(world.lines.count("admission.pressure") == 0);
  world.seen.loops = {{millis(31), 800}};
  world.step(2);
  CHECK(world.lines.count("admission.pressure") == 0);
  world.step(15);
  REQUIRE(world.lines.count("admission.pressure") == 1);
  const std::string begins = world.lines.lines().back();
  CHECK(begins.find(R"("state":"begins","of":"loop_lag","loop_lag_us":31000)") !=
        std::string::npos);
  world.step(200);  // to turn some away does not help, and is tried again
  REQUIRE(world.lines.count("admission.pressure") == 2);
  CHECK(world.lines.lines().back().find(R"("state":"in_vain","of":"loop_lag",)") !=
        std::string::npos);
  world.seen.loops = {{millis(19), 800}};  // neither
  world.step(20);
  CHECK(world.lines.count("admission.pressure") == 2);
  world.seen.loops = {};
  world.step(20);
  REQUIRE(world.lines.count("admission.pressure") == 3);
  const std::string ends = world.lines.lines().back();
  CHECK(ends.find(R"("state":"ends","loop_lag_us":0)") != std::string::npos);
}

TEST_CASE("own pressure: metrics show what is known") {
  Watched world;
  world.pressure.add_metrics(world.metrics);
  CHECK(world.metrics.text().find("mc_pressure_ratio{") == std::string::npos);
  CHECK(world.metrics.text().find("\nmc_loop_lag_seconds ") == std::string::npos);
  world.seen.loops = {{millis(30), 800}, {millis(250), 10}};
  world.step(4);
  CHECK(world.shows("mc_loop_lag_seconds 0.25"));
  CHECK(world.shows("mc_pressure_ratio{of=\"loop_lag\"} 1.5"));
  CHECK(world.shows("mc_pressure_ratio{of=\"cpu\"} 0"));
  CHECK(world.shows("mc_admission_pressed 1"));
  CHECK(world.shows("mc_admission_cursor_ratio{class=\"interactive\"} 0"));
  CHECK(world.metrics.text().find("of=\"memory\"") == std::string::npos);
  world.seen.host.memory = sys::HostReading::Memory{450, 1'000, true};
  world.step();
  CHECK(world.shows("mc_pressure_ratio{of=\"memory\"} 0.5"));
}

TEST_CASE("own pressure: its chores end when they are told to") {
  Watched world;
  const PressureChores chores(world.pressure);
}

}  // namespace
}  // namespace mc::app
