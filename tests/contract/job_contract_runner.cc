#include <doctest/doctest.h>

#include <deque>
#include <vector>

#include "contract/job_contract.h"
#include "job/job.h"
#include "sim/faulty_sql.h"
#include "sim/sim.h"

namespace mc::job::contract {
namespace {

using Fault = sim::FaultyConnection::Fault;
using What = Turn::What;

const TenantId kAlpha("alpha");
constexpr std::int64_t kItems = 6;

// Counts to kItems, one a step. `effects` is what it did in the outside world, in order.
struct CountWork final : JobWork {
  std::string_view kind() const override { return "count"; }
  Result<Step> step(const Job& job) override {
    if (!failures.empty()) {
      const Error error = failures.front();
      failures.pop_front();
      return tl::unexpected<Error>(error);
    }
    const std::int64_t* at = job.checkpoint.as_int();
    const std::int64_t next = (at != nullptr ? *at : 0) + 1;
    effects.push_back(next);
    if (during) during();
    return Step{.checkpoint = json::Value(next),
                .progress = {next, kItems, "items", ""},
                .done = next == kItems};
  }
  std::vector<std::int64_t> effects;
  std::deque<Error> failures;
  std::function<void()> during;
};

struct World {
  explicit World(sql::Connection& connection)
      : faulty(connection), store(faulty, clock, random), others(connection, clock, random) {
    const auto done = sql::migrate(connection, sql::built_in_migrations(), clock);
    REQUIRE_MESSAGE(done.has_value(), done.error().what);
    make_job();
  }
  void make_job() {
    const auto made =
        others.create({.tenant = kAlpha, .kind = "count", .input = {}, .progress = {}});
    REQUIRE_MESSAGE(made.has_value(), made.error().what);
    id = made->id;
  }
  Runner runner(const std::string& owner = "one", int steps_per_second_max = 0) {
    return Runner(store, clock, {.owner = owner, .steps_per_second_max = steps_per_second_max},
                  {&work});
  }
  What turn(Runner& runner) {
    const Result<Turn> turn = runner.turn();
    REQUIRE_MESSAGE(turn.has_value(), turn.error().what);
    return turn->what;
  }
  Job job() {
    Result<Job> now = others.get(kAlpha, id);
    REQUIRE_MESSAGE(now.has_value(), now.error().what);
    return *now;
  }
  sim::SimClock clock;
  sim::SimRandom random;
  sim::FaultyConnection faulty;
  Store store;   // the runner's
  Store others;  // that of everybody else
  CountWork work;
  std::string id;
};

std::vector<std::int64_t> one_to(std::int64_t n) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 1; i <= n; ++i) all.push_back(i);
  return all;
}

void runs_to_the_end(sql::Connection& connection) {
  World world(connection);
  Runner runner = world.runner();
  for (std::int64_t i = 1; i < kItems; ++i) {
    CHECK(world.turn(runner) == What::stepped);
    CHECK(world.job().progress.done == i);
    CHECK(world.job().state == State::running);
  }
  CHECK(world.turn(runner) == What::ended);
  CHECK(world.turn(runner) == What::idle);
  CHECK(world.work.effects == one_to(kItems));
  CHECK(world.job().state == State::done);
  CHECK(world.job().steps == kItems);
}

void a_killed_runner_is_replaced(sql::Connection& connection) {
  World world(connection);
  for (std::int64_t kill_after = 0; kill_after < kItems; ++kill_after) {
    CAPTURE(kill_after);
    if (kill_after > 0) world.make_job();
    world.work.effects.clear();
    {
      Runner first = world.runner("first");
      for (std::int64_t i = 0; i < kill_after; ++i) CHECK(world.turn(first) == What::stepped);
    }
    Runner second = world.runner("second");
    if (kill_after > 0) {
      CHECK(world.turn(second) == What::idle);  // the lease of the dead one still holds
      world.clock.advance(seconds(61));
    }
    for (std::int64_t i = kill_after + 1; i < kItems; ++i) {
      CHECK(world.turn(second) == What::stepped);
    }
    CHECK(world.turn(second) == What::ended);
    CHECK(world.work.effects == one_to(kItems));
    CHECK(world.job().steps == kItems);
  }
}

// Killed between the effect of a step and its checkpoint: that one step runs again, no other.
void a_kill_in_a_step_repeats_that_step(sql::Connection& connection) {
  World world(connection);
  for (std::int64_t n = 0; n < kItems; ++n) {
    CAPTURE(n);
    if (n > 0) world.make_job();
    world.work.effects.clear();
    {
      Runner first = world.runner("first");
      for (std::int64_t i = 0; i < n; ++i) CHECK(world.turn(first) == What::stepped);
      // The claim takes two statements, a save one.
      world.faulty.fail_at(n == 0 ? 3 : 1, Fault::not_run);
      CHECK(!first.turn().has_value());
    }
    world.clock.advance(seconds(61));
    Runner second = world.runner("second");
    while (world.turn(second) == What::stepped) continue;
    std::vector<std::int64_t> want = one_to(kItems);
    want.insert(want.begin() + n, n + 1);
    CHECK(world.work.effects == want);
    CHECK(world.job().steps == kItems);
  }
}

// The n-th statement fails, for n = 1.. until the fault is no longer reached; the same runner
// goes on. A step whose checkpoint is stored never runs again.
void every_statement_may_fail(sql::Connection& connection) {
  World world(connection);
  for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
    for (std::int64_t n = 1;; ++n) {
      REQUIRE(n < 100);
      CAPTURE(n);
      if (n > 1 || fault != Fault::not_run) world.make_job();
      world.work.effects.clear();
      world.faulty.fail_at(n, fault);
      Runner runner = world.runner("runner " + std::to_string(n));
      int errors = 0;
      for (int turns = 0; world.job().state != State::done; ++turns) {
        REQUIRE(turns < 40);
        const std::int64_t stored = world.job().steps;
        const std::size_t before = world.work.effects.size();
        const Result<Turn> turn = runner.turn();
        if (!turn) ++errors;
        // Only the step after the stored checkpoint ever runs.
        if (world.work.effects.size() > before) CHECK(world.work.effects.back() == stored + 1);
        // A claim whose answer was lost is held by nobody until it expires.
        if (turn && turn->what == What::idle) {
          CHECK(n == 2);  // after a save the runner finds out and goes on at once
          world.clock.advance(seconds(61));
        }
      }
      CHECK(world.job().steps == kItems);
      if (fault == Fault::run_but_reported_failed) CHECK(world.work.effects == one_to(kItems));
      if (errors == 0) break;
      CHECK(errors == 1);
    }
  }
}

void steering_from_outside(sql::Connection& connection) {
  World world(connection);
  Runner runner = world.runner();
  CHECK(world.turn(runner) == What::stepped);
  world.work.during = [&] { CHECK(world.others.pause(kAlpha, world.id).has_value()); };
  CHECK(world.turn(runner) == What::stopped);
  world.work.during = nullptr;
  CHECK(world.job().state == State::paused);
  CHECK(world.job().checkpoint == json::Value(2));
  CHECK(world.turn(runner) == What::idle);
  CHECK(world.others.resume(kAlpha, world.id).has_value());
  CHECK(world.turn(runner) == What::stepped);  // at once, the lease was given up
  CHECK(world.others.cancel(kAlpha, world.id).has_value());
  CHECK(world.turn(runner) == What::stopped);
  CHECK(world.turn(runner) == What::idle);
  CHECK(world.job().state == State::cancelled);
  CHECK(world.work.effects == one_to(4));
}

void throttles_by_the_clock(sql::Connection& connection) {
  World world(connection);
  Runner runner = world.runner("one", 4);
  CHECK(world.turn(runner) == What::stepped);
  for (std::int64_t i = 2; i <= kItems; ++i) {
    const Result<Turn> early = runner.turn();
    REQUIRE(early.has_value());
    CHECK(early->what == What::throttled);
    CHECK(early->wait == millis(250));
    world.clock.advance(millis(249));
    CHECK(world.turn(runner) == What::throttled);
    world.clock.advance(millis(1));
    CHECK(world.turn(runner) == (i < kItems ? What::stepped : What::ended));
  }
  CHECK(world.work.effects == one_to(kItems));
}

void a_stolen_lease_ends_the_run(sql::Connection& connection) {
  World world(connection);
  Runner slow = world.runner("slow");
  Runner quick = world.runner("quick");
  CHECK(world.turn(slow) == What::stepped);
  world.work.during = [&] {
    world.work.during = nullptr;
    world.clock.advance(seconds(61));  // the step takes longer than its lease
    CHECK(world.turn(quick) == What::stepped);
  };
  CHECK(world.turn(slow) == What::lost);
  CHECK(world.job().steps == 2);
  CHECK(world.turn(slow) == What::idle);
  CHECK(world.turn(quick) == What::stepped);
  CHECK(world.job().steps == 3);
}

void transient_failures_are_tried_again(sql::Connection& connection) {
  World world(connection);
  Runner runner = world.runner();
  CHECK(world.turn(runner) == What::stepped);
  for (const std::int64_t wait_s : {1, 2, 4}) {
    world.work.failures.push_back({Code::unavailable, "peer is down"});
    CHECK(world.turn(runner) == What::retrying);
    world.clock.advance(seconds(wait_s) - millis(1));
    CHECK(world.turn(runner) == What::idle);
    world.clock.advance(millis(1));
  }
  world.work.failures.push_back({Code::unavailable, "busy", 30});
  CHECK(world.turn(runner) == What::retrying);
  world.clock.advance(seconds(29));
  CHECK(world.turn(runner) == What::idle);
  world.clock.advance(seconds(1));
  CHECK(world.turn(runner) == What::stepped);
  CHECK(world.job().attempts == 0);
  CHECK(world.work.effects == one_to(2));
  for (int i = 0; i < 7; ++i) {
    world.work.failures.push_back({Code::unavailable, "peer is down"});
    CHECK(world.turn(runner) == What::retrying);
    world.clock.advance(seconds(300));
  }
  world.work.failures.push_back({Code::unavailable, "peer is down"});
  CHECK(world.turn(runner) == What::ended);
  CHECK(world.job().state == State::failed);
  CHECK(world.job().failure == "unavailable: peer is down");
}

void other_failures_end_the_job(sql::Connection& connection) {
  World world(connection);
  Runner runner = world.runner();
  world.work.failures.push_back({Code::corrupt, "row 7 does not parse"});
  CHECK(world.turn(runner) == What::ended);
  CHECK(world.job().state == State::failed);
  CHECK(world.job().failure == "corrupt: row 7 does not parse");
  CHECK(world.turn(runner) == What::idle);
}

void release_hands_over_at_once(sql::Connection& connection) {
  World world(connection);
  Runner first = world.runner("first");
  CHECK(first.release().has_value());
  CHECK(world.turn(first) == What::stepped);
  CHECK(first.release().has_value());
  CHECK(world.job().state == State::queued);
  Runner second = world.runner("second");
  CHECK(world.turn(second) == What::stepped);
  CHECK(world.work.effects == one_to(2));
}

void options_are_checked(sql::Connection& connection) {
  World world(connection);
  CHECK(RunnerOptions{.owner = "x"}.check().has_value());
  const RunnerOptions bad[] = {{.owner = ""},
                               {.owner = "x", .lease = millis(4999)},
                               {.owner = "x", .steps_per_second_max = -1},
                               {.owner = "x", .idle_wait = Nanos{}},
                               {.owner = "x", .attempts_max = 0},
                               {.owner = "x", .retry_wait_first = seconds(301)}};
  for (const RunnerOptions& options : bad) {
    CHECK(Runner(world.store, world.clock, options, {&world.work}).turn().error().code ==
          Code::invalid);
  }
}

}  // namespace

std::span<const Case> runner_cases() {
  static const Case all[] = {
      {"a job runs to its end", runs_to_the_end},
      {"a killed runner is replaced and nothing is lost or done twice",
       a_killed_runner_is_replaced},
      {"a kill inside a step repeats that step only", a_kill_in_a_step_repeats_that_step},
      {"every statement may fail", every_statement_may_fail},
      {"pause, resume and cancel steer a running job", steering_from_outside},
      {"steps are throttled by the clock", throttles_by_the_clock},
      {"a stolen lease ends the run", a_stolen_lease_ends_the_run},
      {"transient failures are tried again with growing waits", transient_failures_are_tried_again},
      {"other failures end the job", other_failures_end_the_job},
      {"release hands over at once", release_hands_over_at_once},
      {"options are checked", options_are_checked},
  };
  return all;
}

}  // namespace mc::job::contract
