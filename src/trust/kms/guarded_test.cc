#include "kms/guarded.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "sim/memory_provider.h"
#include "sim/sim.h"
#include "sim/turns.h"

namespace mc::kms {
namespace {

using sim::MemoryProvider;

const Context kContext = {{"mc:tenant", "alpha"}};

struct World {
  explicit World(const GuardOptions& options = {}, std::uint64_t seed = 1)
      : random(seed), turns(clock, seed) {
    auto made = std::make_unique<MemoryProvider>(clock, [this](Nanos t) { turns.spend(t); });
    inner = made.get();
    guarded = std::move(*Guarded::make(std::move(made), options,
                                       {.clock = clock, .random = random, .waiter = turns}));
  }
  MonoTime in(Nanos time) { return clock.mono() + time; }
  Result<Wrapped> wrap(Nanos time = seconds(60)) {
    return guarded->wrap(Secret("secret"), kContext, in(time));
  }
  template <class Set>
  void set(Set&& change) {
    inner->with(std::forward<Set>(change));
  }

  sim::SimClock clock;
  sim::SimRandom random;
  sim::Turns turns;
  MemoryProvider* inner = nullptr;
  std::unique_ptr<Guarded> guarded;
};

std::int64_t count_of(const GuardCounters& counters, Code code) {
  return counters.failures.at(static_cast<std::size_t>(code));
}

TEST_CASE("guarded: passes calls and answers on, and counts them") {
  World world;
  world.set([](auto& all) { all.delay = millis(3); });
  const auto wrapped = world.wrap();
  REQUIRE(wrapped);
  const auto opened = world.guarded->unwrap(*wrapped, kContext, world.in(seconds(1)));
  REQUIRE(opened);
  CHECK(opened->reveal(RevealToken()) == "secret");
  CHECK(world.guarded->describe(world.in(seconds(1)))->key == "memory-key");
  CHECK(world.guarded->rotate(world.in(seconds(1))) == "2");
  CHECK(world.guarded->destroy("1", world.in(seconds(1))));
  CHECK(world.guarded->kind() == "memory");
  CHECK(world.guarded->uri() == "memory:memory-key");
  const GuardCounters counters = world.guarded->counters();
  CHECK(counters.calls == 5);
  CHECK(counters.attempts == 5);
  CHECK(counters.retries == 0);
  CHECK(counters.latency == millis(15));
  CHECK(counters.in_flight == 0);
}

TEST_CASE("guarded: no call lasts longer than its own limit or the caller's deadline") {
  World world;
  world.set([](auto& all) { all.delay = seconds(100); });
  for (const auto& [given, lasts] :
       {std::pair(seconds(60), seconds(2)), std::pair(millis(300), millis(300)),
        std::pair(Nanos{0}, Nanos{0})}) {
    const MonoTime before = world.clock.mono();
    const auto wrapped = world.wrap(given);
    REQUIRE(!wrapped);
    CHECK(wrapped.error().code == Code::unavailable);
    CHECK(world.clock.mono() - before == lasts);
  }
  CHECK(world.inner->calls().all() == 2);  // the third had no time to ask
}

TEST_CASE("guarded: tries an outage again at most twice, within the deadline") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world({}, seed);
    world.set([](auto& all) { all.outage = true; });
    const MonoTime before = world.clock.mono();
    const auto wrapped = world.wrap();
    REQUIRE(!wrapped);
    CHECK(wrapped.error().what == "memory: out of order");
    CHECK(world.inner->calls().wraps == 3);
    CHECK(world.guarded->counters().retries == 2);
    CHECK(count_of(world.guarded->counters(), Code::unavailable) == 1);
    CHECK(world.clock.mono() - before <= millis(50 + 100));
  }
}

TEST_CASE("guarded: never tries to rotate or to destroy a second time") {
  World world;
  world.set([](auto& all) { all.outage = true; });
  CHECK(!world.guarded->rotate(world.in(seconds(1))));
  CHECK(!world.guarded->destroy("1", world.in(seconds(1))));
  CHECK(world.inner->calls().all() == 2);
}

TEST_CASE("guarded: a denial and damage come back at once, from one attempt, and open nothing") {
  World world;
  for (int i = 0; i < 20; ++i) {
    world.set([&](auto& all) { all.access_taken = i % 2 == 0; });
    const std::int64_t before = world.inner->calls().all();
    const MonoTime since = world.clock.mono();
    const auto opened =
        world.guarded->unwrap({.bytes = "short", .version = "1"}, kContext, world.in(seconds(60)));
    REQUIRE(!opened);
    CHECK(opened.error().code == (i % 2 == 0 ? Code::denied : Code::corrupt));
    CHECK(world.inner->calls().all() == before + 1);
    CHECK(world.clock.mono() == since);
  }
  CHECK(world.guarded->counters().opened == 0);
  CHECK(count_of(world.guarded->counters(), Code::denied) == 10);
  CHECK(count_of(world.guarded->counters(), Code::corrupt) == 10);
}

TEST_CASE("guarded: waits as long as a busy service asks, if the deadline has room for it") {
  struct Row {
    std::optional<std::int64_t> busy_for_s;
    std::int64_t attempts;
  };
  // Two seconds of time: one wait of a second fits, the next would end at the deadline.
  const Row rows[] = {{1, 2}, {0, 3}, {2, 1}, {3'600, 1}, {INT64_MAX, 1}, {-1, 1}};
  for (const Row& row : rows) {
    CAPTURE(row.busy_for_s.value());
    World world;
    world.set([&](auto& all) { all.busy_for_s = row.busy_for_s; });
    const MonoTime before = world.clock.mono();
    const auto wrapped = world.wrap();
    REQUIRE(!wrapped);
    CHECK(wrapped.error().code == Code::exhausted);
    CHECK(wrapped.error().retry_after_s == row.busy_for_s);
    CHECK(world.inner->calls().all() == row.attempts);
    CHECK(world.clock.mono() - before < seconds(2));
    CHECK(world.guarded->counters().opened == 0);
  }
}

TEST_CASE("guarded: leaves a service alone that is down, and finds out when it is back") {
  World world({.retries_max = 0});
  world.set([](auto& all) { all.outage = true; });
  for (int i = 0; i < 5; ++i) CHECK(!world.wrap());
  for (int i = 0; i < 50; ++i) {
    const auto refused = world.wrap();
    REQUIRE(!refused);
    CHECK(refused.error().code == Code::unavailable);
    CHECK(refused.error().retry_after_s == 1);
  }
  CHECK(world.inner->calls().all() == 5);
  CHECK(world.guarded->counters().refused == 50);
  CHECK(world.guarded->counters().open);
  world.clock.advance(seconds(1));
  CHECK(!world.wrap());  // the trial
  CHECK(world.inner->calls().all() == 6);
  world.set([](auto& all) { all.outage = false; });
  world.clock.advance(millis(1'999));
  CHECK(!world.wrap());
  world.clock.advance(millis(1));
  CHECK(world.wrap());
  CHECK(world.wrap());
  CHECK(!world.guarded->counters().open);
  CHECK(world.guarded->counters().opened == 2);
}

TEST_CASE("guarded: its own quota answers at once") {
  World world;
  for (int i = 0; i < 200; ++i) CHECK(world.wrap());
  const MonoTime before = world.clock.mono();
  const auto refused = world.wrap();
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::exhausted);
  CHECK(refused.error().retry_after_s == 1);
  CHECK(world.clock.mono() == before);
  CHECK(world.guarded->counters().throttled == 1);
  CHECK(world.inner->calls().all() == 200);
}

TEST_CASE("guarded: calls beyond the cap wait for their turn, until their deadline") {
  World world({.gate = {.in_flight_max = 2}});
  world.set([](auto& all) { all.delay = millis(100); });
  std::int64_t good = 0;
  std::int64_t late = 0;
  std::vector<std::function<void()>> tasks;
  for (int i = 0; i < 8; ++i) {
    tasks.emplace_back([&] {
      const MonoTime deadline = world.in(millis(250));
      const auto wrapped = world.guarded->wrap(Secret("secret"), kContext, deadline);
      CHECK(world.clock.mono() <= deadline);
      ++(wrapped ? good : late);
      if (!wrapped) CHECK(wrapped.error().code == Code::unavailable);
    });
  }
  world.turns.run(tasks);
  CHECK(good == 4);  // two at 100 ms, two at 200 ms; two more are cut off, two never get a turn
  CHECK(late == 4);
  CHECK(world.inner->calls().all() == 6);
}

TEST_CASE("guarded: options out of their bounds are refused by name") {
  const std::pair<GuardOptions, std::string_view> rows[] = {
      {{.time_max = Nanos{0}}, "time_max"},
      {{.retries_max = 6}, "retries_max"},
      {{.retry_wait_first = Nanos{0}}, "retry_wait_first"},
      {{.gate = {.failures_max = 0}}, "failures_max"},
      {{.gate = {.pause_first = seconds(2), .pause_max = seconds(1)}}, "pause_max"},
      {{.gate = {.calls_each_second = 0}}, "calls_each_second"},
      {{.gate = {.burst = 0}}, "burst"},
      {{.gate = {.in_flight_max = 0}}, "in_flight_max"}};
  for (const auto& [options, name] : rows) {
    const Status checked = options.check();
    REQUIRE(!checked);
    CHECK(checked.error().what.starts_with(name));
  }
  CHECK(GuardOptions{}.check());
}

// What a service may do, drawn anew for each attempt, and notes of what it was asked.
class Scripted final : public Provider {
 public:
  Scripted(sim::SimClock& clock, sim::Turns& turns, std::uint64_t seed)
      : clock_(clock), turns_(turns), random_(seed) {}
  std::string_view kind() const override { return "scripted"; }
  const std::string& uri() const override { return uri_; }
  Result<Wrapped> wrap(const Secret&, const Context& context, MonoTime deadline) override {
    const bool trial = guarded->counters().open;
    const std::string& call = context.at("call");
    attempts[call].push_back(clock_.mono());
    starts.push_back(clock_.mono());
    in_flight_most = std::max(in_flight_most, ++in_flight_);
    if (trial) trials_most = std::max(trials_most, ++trials_);
    trials_all += trial ? 1 : 0;
    in_time = in_time && clock_.mono() < deadline;
    const Nanos lasts = {static_cast<std::int64_t>(random_.next_u64() % 400) * 1'000'000};
    turns_.spend(std::min(lasts, deadline - clock_.mono()));
    const bool late = clock_.mono() >= deadline;
    --in_flight_;
    if (trial) --trials_;
    Result<Wrapped> out = late ? fail(Code::unavailable, "late") : draw();
    answers[call].push_back(out ? std::nullopt : std::optional(out.error().code));
    return out;
  }
  Result<Secret> unwrap(const Wrapped&, const Context&, MonoTime) override { return unused(); }
  Result<Description> describe(MonoTime) override { return unused(); }
  Result<std::string> rotate(MonoTime) override { return unused(); }
  Result<WallTime> destroy(const std::string&, MonoTime) override { return unused(); }

  Guarded* guarded = nullptr;
  bool down = false;  // more than half of all attempts fail
  std::map<std::string, std::vector<MonoTime>> attempts;
  std::map<std::string, std::vector<std::optional<Code>>> answers;
  std::vector<MonoTime> starts;
  std::int64_t in_flight_most = 0;
  std::int64_t trials_most = 0;
  std::int64_t trials_all = 0;
  bool in_time = true;

 private:
  static tl::unexpected<Error> unused() { return fail(Code::invalid, "unused"); }
  Result<Wrapped> draw() {
    const std::uint64_t choice = random_.next_u64() % 100;
    if (choice < (down ? 90 : 20)) return fail(Code::unavailable, "down");
    if (choice < 93) return Wrapped{.bytes = "w", .version = ""};
    if (choice < 95) return fail(Code::denied, "no");
    if (choice < 97) return fail(Code::corrupt, "bad");
    return tl::unexpected<Error>(Error{.code = Code::exhausted,
                                       .what = "busy",
                                       .retry_after_s = random_.next_u64() % 2 == 0 ? 1 : 0});
  }
  sim::SimClock& clock_;
  sim::Turns& turns_;
  sim::SimRandom random_;
  const std::string uri_ = "scripted:";
  std::int64_t in_flight_ = 0;
  std::int64_t trials_ = 0;
};

// Six callers of a service that comes and goes; what must hold whatever happens.
void storm(std::uint64_t seed, std::int64_t& trials, std::int64_t& retries) {
  constexpr std::int64_t kCap = 3;
  constexpr std::int64_t kRate = 20;
  constexpr std::int64_t kBurst = 10;
  const GuardOptions options = {
      .gate = {.calls_each_second = kRate, .burst = kBurst, .in_flight_max = kCap}};
  sim::SimClock clock;
  sim::SimRandom random(seed);
  sim::Turns turns(clock, seed);
  auto made = std::make_unique<Scripted>(clock, turns, seed);
  Scripted& service = *made;
  const auto guarded = std::move(*Guarded::make(
      std::move(made), options, {.clock = clock, .random = random, .waiter = turns}));
  service.guarded = guarded.get();
  bool deadlines_kept = true;
  bool answers_passed = true;
  std::vector<std::function<void()>> tasks;
  for (int caller = 0; caller < 6; ++caller) {
    tasks.emplace_back([&, caller] {
      for (int i = 0; i < 12; ++i) {
        service.down = random.next_u64() % 3 != 0;
        turns.spend(millis(static_cast<std::int64_t>(random.next_u64() % 700)));
        const std::string call = std::to_string(caller) + "/" + std::to_string(i);
        const Nanos given = millis(static_cast<std::int64_t>(random.next_u64() % 3'000));
        const MonoTime deadline = clock.mono() + std::min(given, options.time_max);
        const auto wrapped = guarded->wrap(Secret("s"), {{"call", call}}, clock.mono() + given);
        deadlines_kept = deadlines_kept && clock.mono() <= deadline;
        const auto& heard = service.answers[call];
        if (heard.empty()) continue;
        const std::optional<Code> code =
            wrapped ? std::nullopt : std::optional(wrapped.error().code);
        answers_passed = answers_passed && code == heard.back();
      }
    });
  }
  turns.run(tasks);
  CHECK(deadlines_kept);
  CHECK(answers_passed);
  CHECK(service.in_time);
  CHECK(service.in_flight_most <= kCap);
  CHECK(service.trials_most <= 1);
  for (const auto& [call, answers] : service.answers) {
    CHECK(answers.size() <= 3);
    // Only the last one may be an answer that is final.
    for (std::size_t i = 0; i + 1 < answers.size(); ++i) {
      CHECK((answers[i] == Code::unavailable || answers[i] == Code::exhausted));
    }
  }
  for (std::size_t i = 0; i + kBurst < service.starts.size(); ++i) {
    const Nanos window = service.starts[i + kBurst] - service.starts[i];
    CHECK(window * kRate >= seconds(1));
  }
  const GuardCounters counters = guarded->counters();
  CHECK(counters.attempts == static_cast<std::int64_t>(service.starts.size()));
  CHECK(counters.in_flight == 0);
  trials += service.trials_all;
  retries += counters.retries;
}

TEST_CASE("guarded: keeps all its promises to six callers of a service that comes and goes") {
  std::int64_t trials = 0;
  std::int64_t retries = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    storm(seed, trials, retries);
  }
  CHECK(trials > 30);  // so that the promises were put to the test
  CHECK(retries > 300);
}

}  // namespace
}  // namespace mc::kms
