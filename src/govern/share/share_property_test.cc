// What many nodes admit together, against the bounds of share.h.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <random>

#include "contract/share_world.h"

namespace mc::share {
namespace {

using contract::Meter;
using contract::rate_spec;
using contract::Road;
using contract::World;

std::int64_t below(std::mt19937_64& random, std::int64_t end) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
}

void tell(const char* name, std::int64_t admitted, std::int64_t over, std::int64_t bound) {
  std::printf("%s: admitted %lld, over %lld, bound %lld\n", name, static_cast<long long>(admitted),
              static_cast<long long>(over), static_cast<long long>(bound));
}

// Nodes with a key that is asked for all the time.
struct Crowd {
  World world;
  Spec spec;
  Meter meter;
  std::vector<std::shared_ptr<Line>> lines;
  std::vector<std::int64_t> alone, used_by;

  Crowd(std::size_t nodes, const Spec& what, Mode mode = Mode::lease)
      : world(nodes, mode), spec(what), meter(*shape_of(what)), alone(nodes), used_by(nodes) {
    for (std::size_t i = 0; i < nodes; ++i) lines.push_back(world.line(i, "{alpha}t:r", spec));
  }
  void ask(std::size_t i, std::int64_t amount, std::int64_t used) {
    world.take(i, {{lines[i], amount}}, [this, i, used](const Outcome& outcome) {
      if (!outcome.ok()) return;
      meter.admit(used, world.us());
      used_by[i] += used;
      if (outcome.alone) alone[i] += used;
    });
  }
  // Each node is asked for `each` a millisecond.
  void press(Nanos time, std::int64_t each) {
    for (const MonoTime until = world.now + time; world.now < until;) {
      for (std::size_t i = 0; i < lines.size(); ++i) {
        for (std::int64_t n = 0; n < each; ++n) ask(i, 1, 1);
      }
      world.tick(millis(1));
    }
  }
  void cut(std::size_t count, Road::State state) {
    for (std::size_t i = 0; i < count; ++i) world.nodes[i].road->state = state;
  }
};

// Estimates of requests that run, with what they will have used.
struct Running {
  std::size_t node = 0;
  std::int64_t amount = 0, used = 0;
  MonoTime taken, ends;
};

std::int64_t over_of_random_run(unsigned seed, Mode mode, bool settles, std::int64_t& admitted) {
  std::mt19937_64 random(seed);
  Spec spec = rate_spec(1 + below(random, 3'000), 1 + below(random, 2'000), OnLoss::closed);
  spec.settles = settles;
  const auto count = static_cast<std::size_t>(1 + below(random, 5));
  Crowd crowd(count, spec, mode);
  World& world = crowd.world;
  std::vector<Running> running;
  for (int step = 0; step < 3'000; ++step) {
    const auto i = static_cast<std::size_t>(below(random, static_cast<std::int64_t>(count)));
    Road& road = *world.nodes[i].road;
    if (below(random, 60) == 0) road.state = static_cast<Road::State>(below(random, 4));
    if (below(random, 20) == 0) road.state = Road::State::open;
    if (below(random, 30) == 0) road.delay = micros(below(random, 12'000));
    if (below(random, 400) == 0) {  // it dies, and another takes its place
      world.start(i);
      crowd.lines[i] = world.line(i, "{alpha}t:r", spec);
      std::erase_if(running, [i](const Running& one) { return one.node == i; });
    }
    const bool busy = step / 500 % 2 == 0;
    for (std::int64_t n = below(random, busy ? 8 : 2); n > 0; --n) {
      const std::int64_t amount = 1 + below(random, std::min<std::int64_t>(20, spec.rate.burst));
      const std::int64_t used = settles ? below(random, amount + 1) : amount;
      world.take(i, {{crowd.lines[i], amount}}, [&, i, amount, used](const Outcome& outcome) {
        if (!outcome.ok()) return;
        crowd.meter.admit(used, world.us());
        running.push_back({.node = i,
                           .amount = amount,
                           .used = used,
                           .taken = world.now,
                           .ends = world.now + millis(below(random, 3'000))});
      });
    }
    if (settles) {
      std::erase_if(running, [&](const Running& one) {
        if (one.ends > world.now) return false;
        world.nodes[one.node].share->settle({crowd.lines[one.node], one.amount}, one.used,
                                            one.taken, world.now);
        return true;
      });
    }
    world.tick(micros(200 + below(random, busy ? 1'000 : 4'000)));
  }
  admitted += crowd.meter.admitted;
  return crowd.meter.over;
}

TEST_CASE("share: in no stretch of time do all nodes together admit too much") {
  for (const Mode mode : {Mode::lease, Mode::exact}) {
    for (const bool settles : {false, true}) {
      std::int64_t admitted = 0, over = 0;
      for (unsigned seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        const std::int64_t more = over_of_random_run(seed, mode, settles, admitted);
        CHECK(more == 0);
        over = std::max(over, more);
      }
      tell(mode == Mode::lease ? "lease, any fault, closed" : "exact, any fault, closed", admitted,
           over, 0);
      CHECK(admitted > 10'000);
    }
  }
}

TEST_CASE("share: under pressure all of the rate is used") {
  for (const Mode mode : {Mode::lease, Mode::exact}) {
    Crowd crowd(3, rate_spec(1'000, 500), mode);
    crowd.press(seconds(5), 2);
    tell(mode == Mode::lease ? "lease" : "exact", crowd.meter.admitted, crowd.meter.over, 0);
    CHECK(crowd.meter.over == 0);
    CHECK(crowd.meter.admitted >= 5'000);  // of 5,500
  }
}

TEST_CASE("share: cut off, nodes stay within the bound of on_store_loss") {
  constexpr std::int64_t kRate = 600, kBurst = 300, kNodes = 3;
  for (const OnLoss on_loss : {OnLoss::closed, OnLoss::local_share, OnLoss::last_known}) {
    for (std::size_t cut = 1; cut <= kNodes; ++cut) {
      Crowd crowd(kNodes, rate_spec(kRate, kBurst, on_loss));
      crowd.press(seconds(3), 1);
      // Each node's own in four seconds.
      crowd.used_by.assign(kNodes, 0);
      crowd.press(seconds(4), 1);
      std::vector<std::int64_t> before = crowd.used_by;
      crowd.cut(cut, Road::State::silent);
      const std::int64_t t = 4;
      crowd.press(seconds(t), 1);
      crowd.cut(cut, Road::State::open);
      crowd.press(seconds(2), 1);
      const auto m = static_cast<std::int64_t>(cut);
      std::int64_t bound = 0;
      if (on_loss == OnLoss::local_share) {
        // A tenth of a second more: until it is noticed that the store is back.
        bound = m * std::max<std::int64_t>(1, kBurst / kNodes) + m * kRate * (t * 10 + 1) / 10 / 3;
      }
      if (on_loss == OnLoss::last_known) {
        for (std::size_t i = 0; i < cut; ++i) bound += before[i] * (t + 1) * 11 / 40;
      }
      const std::string name = std::string(name_of(on_loss)) + ", " + std::to_string(cut) + " of 3";
      tell(name.c_str(), crowd.meter.admitted, crowd.meter.over, bound);
      CHECK(crowd.meter.over <= bound);
      std::int64_t alone = 0;
      for (const std::int64_t one : crowd.alone) alone += one;
      CHECK((alone > 0) == (on_loss != OnLoss::closed));
    }
  }
}

TEST_CASE("share: open lets everything in, and tells it") {
  Crowd crowd(2, rate_spec(10, 10, OnLoss::open));
  crowd.cut(1, Road::State::refused);
  crowd.press(seconds(1), 1);
  CHECK(crowd.alone[0] >= 980);
  crowd.cut(1, Road::State::open);
  crowd.press(millis(300), 1);
  REQUIRE(crowd.world.nodes[0].events.size() == 2);
  CHECK(crowd.world.nodes[0].events[1].admitted[1] == crowd.alone[0]);
}

TEST_CASE("share: a store that restarts empty costs what nodes hold") {
  constexpr std::int64_t kNodes = 3, kRate = 600;
  for (const Mode mode : {Mode::lease, Mode::exact}) {
    Crowd crowd(kNodes, rate_spec(kRate, 300, OnLoss::closed), mode);
    crowd.press(seconds(3), 1);
    crowd.world.run(millis(250));  // some is there again, and held
    crowd.press(millis(20), 1);
    crowd.world.memory.restart_empty();
    crowd.press(seconds(3), 1);
    const std::int64_t bound = mode == Mode::exact ? 0 : kNodes * kRate / 10;
    tell(mode == Mode::lease ? "restarts empty, lease" : "restarts empty, exact",
         crowd.meter.admitted, crowd.meter.over, bound);
    CHECK(crowd.meter.over <= bound);
    bool told = false;
    for (const auto& node : crowd.world.nodes) {
      for (const Event& event : node.events) told |= event.kind == Event::Kind::store_emptied;
    }
    CHECK(told);
  }
}

TEST_CASE("share: seats alone, each node has its part") {
  constexpr std::int64_t kSeats = 12, kNodes = 3;
  for (const OnLoss on_loss : {OnLoss::closed, OnLoss::local_share}) {
    World world(kNodes);
    std::int64_t in_use = 0;
    std::vector<std::shared_ptr<Line>> lines;
    for (std::size_t i = 0; i < kNodes; ++i) {
      lines.push_back(world.line(i, "{alpha}t:seats",
                                 {.kind = Kind::seats, .max = kSeats, .on_loss = on_loss}));
      world.nodes[i].road->state = Road::State::silent;
    }
    world.run(seconds(6), millis(5));
    for (int round = 0; round < 20; ++round) {
      for (std::size_t i = 0; i < kNodes; ++i) {
        if (world.take_now(i, lines[i], 1).ok()) ++in_use;
      }
    }
    tell(on_loss == OnLoss::closed ? "seats, closed" : "seats, local_share", in_use,
         std::max<std::int64_t>(0, in_use - kSeats), 0);
    CHECK(in_use == (on_loss == OnLoss::closed ? 0 : kSeats));
    for (std::size_t i = 0; i < kNodes; ++i) world.nodes[i].road->state = Road::State::open;
    world.run(seconds(2));
    CHECK_FALSE(world.take_now(0, lines[0], 1).ok() == (on_loss == OnLoss::local_share));
  }
}

}  // namespace
}  // namespace mc::share
