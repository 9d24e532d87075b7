// Clients that leave while they wait: nothing is won by it, and nothing lost by the others.
#include <doctest/doctest.h>

#include <iterator>
#include <map>
#include <random>
#include <string>

#include "admission/admission_sim.h"

namespace mc::admission {
namespace {

// Two controllers with the same requests. To one of them come others too, of tenants that wait, and
// leave again before anything else happens.
class Haunted {
 public:
  explicit Haunted(std::uint32_t seed) : random_(seed) {}

  void step() {
    now_ = now_ + micros(random_() % 2'000);
    Effects plain, haunted;
    if (random_() % 5 < 3 || running_.empty()) {
      const std::string name = random_name();
      const Arrival made = arrival_of(name, ++token_);
      const Arrived here = plain_.arrive(made, plain);
      const Arrived there = haunted_.arrive(made, haunted);
      REQUIRE(here.answer == there.answer);
      if (here.answer == Answer::runs) running_[token_] = {here.ticket, there.ticket};
    } else {
      const auto at =
          std::next(running_.begin(), static_cast<std::ptrdiff_t>(random_() % running_.size()));
      REQUIRE(plain_.finish(at->second.plain, {.now = now_}, plain));
      REQUIRE(haunted_.finish(at->second.haunted, {.now = now_}, haunted));
      running_.erase(at);
    }
    follow(plain, haunted);
    for (std::uint32_t i = random_() % 6; i > 0; --i) haunt();
  }
  std::uint64_t ghosts() const { return ghosts_; }
  std::uint64_t started() const { return started_; }

 private:
  struct Both {
    Ticket plain, haunted;
  };
  static Settings settings() {
    Settings out = fixed_seats(6);
    out.queue.waiting_max = out.queue.of_tenant_max = 1'000'000;
    out.queue.wait_max = out.queue.standing.after = seconds(600);
    out.cursor.wait = seconds(600);  // nobody is shed: that goes by who comes
    return out;
  }
  std::string random_name() { return "t" + std::to_string(random_() % 9); }
  Arrival arrival_of(const std::string& name, std::uint64_t token) const {
    Arrival made{.token = token, .tenant = name, .now = now_};
    made.weight = 1 + static_cast<std::uint32_t>(name.back() - '0') % 4;
    made.seats = 1 + static_cast<std::uint32_t>(token) % 2;
    return made;
  }
  void follow(const Effects& plain, const Effects& haunted) {
    REQUIRE(plain.ended.empty());
    REQUIRE(haunted.ended.empty());
    REQUIRE(plain.started.size() == haunted.started.size());
    for (std::size_t i = 0; i < plain.started.size(); ++i) {
      REQUIRE(plain.started[i].token == haunted.started[i].token);
      REQUIRE(plain.started[i].waited == haunted.started[i].waited);
      running_[plain.started[i].token] = {plain.started[i].ticket, haunted.started[i].ticket};
      ++started_;
    }
  }
  void haunt() {
    const std::string name = random_name();
    if (haunted_.snapshot_of(name).waiting == 0) return;
    Effects effects;
    // A narrow one may run while a wide one of its tenant has no room.
    Arrival made = arrival_of(name, 1'000'000 + ++ghosts_);
    made.seats = 2;
    const Arrived ghost = haunted_.arrive(made, effects);
    REQUIRE(ghost.answer == Answer::waits);
    REQUIRE(haunted_.withdraw(ghost.ticket, now_, effects));
    REQUIRE(effects.started.empty());
    REQUIRE(effects.ended.empty());
  }

  std::mt19937 random_;
  Controller plain_{settings()}, haunted_{settings()};
  std::map<std::uint64_t, Both> running_;
  MonoTime now_{1'000'000'000};
  std::uint64_t token_ = 0, ghosts_ = 0, started_ = 0;
};

TEST_CASE("controller: who waits and leaves changes nothing for anybody") {
  std::uint64_t ghosts = 0, started = 0;
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Haunted both(seed);
    for (int i = 0; i < 3'000; ++i) both.step();
    ghosts += both.ghosts();
    started += both.started();
  }
  CHECK(ghosts > 50'000);
  CHECK(started > 20'000);
}

// At twice the capacity one tenant comes ten times as often as it could be served, and all but one
// in ten of its clients leave within milliseconds.
TEST_CASE("controller: a storm of clients that leave wins no seats and costs others none") {
  const auto run = [](double storm_per_second) {
    AdmissionSim sim(fixed_seats(8), 3);
    std::vector<std::size_t> others;
    for (int i = 0; i < 9; ++i) {
      others.push_back(sim.add({.tenant = "t-" + std::to_string(i), .per_second = 800}));
    }
    const std::size_t storm =
        sim.add({.tenant = "storm", .per_second = storm_per_second, .leaves_after = millis(2)});
    sim.run(seconds(3));
    sim.forget_tallies();
    sim.run(seconds(10));
    CHECK(sim.in_use_most <= 8);
    std::uint64_t done = 0;
    for (const std::size_t who : others) done += sim.of(who).done;
    const AdmissionSim::Tally of_storm = sim.of(storm);
    sim.drain();
    CHECK(sim.controller.snapshot().in_use == 0);
    return std::pair(done, of_storm);
  };
  const auto [calm, none] = run(0);
  const auto [stormy, storm] = run(8'000);
  MESSAGE("others done " << calm << " and in the storm " << stormy << "; storm done " << storm.done
                         << ", left " << storm.left);
  CHECK(none.sent == 0);
  CHECK(storm.left > 1'000);
  CHECK(storm.done <= 1.1 * 40'000 / 10);  // its share, a tenth, and no more
  CHECK(static_cast<double>(stormy) >= 0.97 * 0.9 * 40'000);
}

TEST_CASE("controller: who leaves late shows overload, and who leaves soon does not hide it") {
  struct Row {
    const char* name;
    Nanos leave_after;
    Nanos served_after;  // of one in seven, that stays
    bool overloaded;
  };
  const Row rows[] = {{"all leave late", millis(60), Nanos{}, true},
                      {"all leave soon", millis(2), Nanos{}, false},
                      {"most leave soon, the others wait", millis(2), millis(90), true}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Controller controller(fixed_seats(1));
    Effects effects;
    MonoTime now{1'000'000'000};
    Ticket runs = controller.arrive({.token = 1, .tenant = "alpha", .now = now}, effects).ticket;
    for (std::uint64_t token = 2; token < 16; ++token) {
      const Arrived made =
          controller.arrive({.token = token, .tenant = "bravo", .now = now}, effects);
      REQUIRE(made.answer == Answer::waits);
      const bool stays = row.served_after > Nanos{} && token % 7 == 0;
      now = now + (stays ? row.served_after : row.leave_after);
      if (stays) {
        REQUIRE(controller.finish(runs, {.now = now}, effects));
        REQUIRE(effects.started.size() == 1);
        runs = effects.started.front().ticket;
      } else {
        REQUIRE(controller.withdraw(made.ticket, now, effects));
      }
      effects.clear();
    }
    controller.tick(now + seconds(1), effects);
    CHECK(controller.snapshot().classes[1].overloaded == row.overloaded);
  }
}

}  // namespace
}  // namespace mc::admission
