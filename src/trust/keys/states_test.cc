#include "keys/states.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace mc::keys {
namespace {

constexpr Nanos kGrace = seconds(900);

struct World {
  Moment now{*parse_rfc3339("2026-12-01T10:00:00Z"), MonoTime{5'000'000'000}};
  Standing standing;
  std::optional<Change> last;

  void pass(Nanos time) {
    now.wall = now.wall + time;
    now.mono = now.mono + time;
  }
  State see(Seen seen, Nanos grace = kGrace) {
    last = advance(standing, seen, now, grace, "why");
    return standing.state;
  }
};

World active() {
  World world;
  world.see(Seen::good);
  return world;
}

TEST_CASE("states: a key is in use once the service has answered") {
  World world;
  CHECK(world.see(Seen::unavailable) == State::pending);
  CHECK(world.see(Seen::denied) == State::pending);
  CHECK(door(world.standing) == Door::closed);
  CHECK(refusal_code(world.standing) == "cmk_pending");
  CHECK(world.see(Seen::good) == State::active);
  CHECK(world.last == Change{State::pending, State::active, false});
  CHECK(door(world.standing) == Door::open);
  CHECK(world.see(Seen::good) == State::active);
  CHECK_FALSE(world.last.has_value());
}

TEST_CASE("states: a no shuts the door at once, and a good answer opens it") {
  for (const Seen before : {Seen::good, Seen::unavailable, Seen::begin_rotation}) {
    World world = active();
    world.see(before);
    CHECK(world.see(Seen::denied) == State::suspended);
    REQUIRE(world.last.has_value());
    CHECK(world.last->evict);
    CHECK(world.standing.why == "why");
    CHECK(door(world.standing) == Door::closed);
    CHECK(refusal_code(world.standing) == "cmk_suspended");
    CHECK(world.see(Seen::unavailable) == State::suspended);
    CHECK(world.see(Seen::resume) == State::suspended);  // no word opens what the service shuts
    world.see(Seen::good);
    CHECK(door(world.standing) == Door::open);
  }
}

TEST_CASE("states: what its tenant has suspended, its tenant alone resumes") {
  World world = active();
  CHECK(world.see(Seen::suspend) == State::suspended);
  CHECK(world.last->evict);
  for (const Seen seen : {Seen::good, Seen::unavailable, Seen::denied, Seen::begin_rotation,
                          Seen::end_rotation, Seen::nothing}) {
    CHECK(world.see(seen) == State::suspended);
  }
  CHECK(world.see(Seen::resume) == State::active);
  World never;
  never.see(Seen::suspend);
  CHECK(never.see(Seen::resume) == State::pending);  // its service has never answered
}

TEST_CASE("states: an outage is served from the caches to the end of the grace, to the second") {
  World world = active();
  world.pass(seconds(10));
  CHECK(world.see(Seen::unavailable) == State::degraded);
  CHECK_FALSE(world.last->evict);
  CHECK(door(world.standing) == Door::cached);
  CHECK(grace_left(world.standing, world.now, kGrace) == kGrace - seconds(10));
  world.pass(kGrace - seconds(11));
  CHECK(world.see(Seen::nothing) == State::degraded);
  CHECK(grace_left(world.standing, world.now, kGrace) == seconds(1));
  world.pass(seconds(1));
  CHECK(world.see(Seen::nothing) == State::locked);
  CHECK(world.last->evict);
  CHECK(door(world.standing) == Door::locked);
  CHECK(refusal_code(world.standing) == "cmk_unavailable");
  CHECK_FALSE(grace_left(world.standing, world.now, kGrace).has_value());
  CHECK(world.see(Seen::unavailable) == State::locked);
  CHECK(world.see(Seen::good) == State::active);
}

TEST_CASE("states: without grace an outage locks at once") {
  World world = active();
  CHECK(world.see(Seen::unavailable, Nanos()) == State::locked);
}

TEST_CASE("states: a clock that is set back lengthens no grace, nor does a restart") {
  World world = active();
  world.see(Seen::unavailable);
  world.pass(seconds(600));
  world.now.wall = world.now.wall - seconds(3'600);
  CHECK(world.see(Seen::nothing) == State::degraded);
  world.now.mono = world.now.mono + seconds(300);
  CHECK(world.see(Seen::nothing) == State::locked);

  World other = active();
  other.see(Seen::unavailable);
  other.pass(seconds(600));
  other.now.mono = MonoTime{1};  // another process
  other.standing = restored(other.standing, other.now);
  CHECK(grace_left(other.standing, other.now, kGrace) == seconds(300));
  other.now.mono = other.now.mono + seconds(300);
  other.now.wall = other.now.wall - seconds(3'600);
  CHECK(other.see(Seen::nothing) == State::locked);
}

TEST_CASE("states: a rotation is seen through an outage, and ends where it began") {
  World world = active();
  CHECK(world.see(Seen::begin_rotation) == State::rotating);
  CHECK(door(world.standing) == Door::open);
  world.see(Seen::unavailable);
  CHECK(world.see(Seen::good) == State::rotating);
  world.see(Seen::unavailable);
  CHECK(world.see(Seen::end_rotation) == State::degraded);
  CHECK(world.see(Seen::good) == State::active);
}

TEST_CASE("states: what is destroyed stays so") {
  World world = active();
  CHECK(world.see(Seen::destroyed) == State::destroyed);
  CHECK(world.last->evict);
  for (int i = 0; i <= static_cast<int>(Seen::nothing); ++i) {
    CHECK(world.see(static_cast<Seen>(i)) == State::destroyed);
    CHECK_FALSE(world.last.has_value());
  }
  CHECK(refusal_code(world.standing) == "cmk_destroyed");
}

TEST_CASE("states: names are read again, and no others") {
  for (int i = 0; i <= static_cast<int>(State::destroyed); ++i) {
    const auto state = static_cast<State>(i);
    CHECK(parse_state(name_of(state)) == state);
  }
  CHECK(parse_state("Active").error().code == Code::corrupt);
  CHECK(parse_state("").error().code == Code::corrupt);
}

// What has to hold, told by the whole history instead of by states.
TEST_CASE("states: whatever happens, the door is open only where the history says so") {
  std::mt19937_64 random(20261201);
  for (int run = 0; run < 300; ++run) {
    World world;
    const Nanos grace = seconds(static_cast<std::int64_t>(random() % 100));
    bool ever = false, refused = false, own = false, silent = false, gone = false;
    MonoTime good{};
    for (int step = 0; step < 200; ++step) {
      world.pass(seconds(static_cast<std::int64_t>(random() % 20)));
      const auto seen = static_cast<Seen>(random() % (random() % 40 == 0 ? 9 : 7));
      const bool locked_before = world.standing.state == State::locked;
      world.see(seen, grace);
      if (gone) continue;
      if (seen == Seen::good) {
        ever = true, refused = false, silent = false, good = world.now.mono;
      }
      if (seen == Seen::denied && ever) refused = true;
      if (seen == Seen::unavailable && ever && !refused && !own) silent = true;
      if (seen == Seen::suspend) own = true;
      if (seen == Seen::resume && own) own = false, silent = false, refused = false;
      if (seen == Seen::destroyed) gone = true;
      const bool over = silent && (locked_before || world.now.mono - good >= grace);
      const Door wanted = gone || !ever || own || refused ? Door::closed
                          : over                          ? Door::locked
                          : silent                        ? Door::cached
                                                          : Door::open;
      CHECK_MESSAGE(door(world.standing) == wanted, "run ", run, " step ", step);
      if (door(world.standing) != wanted) return;
    }
  }
}

}  // namespace
}  // namespace mc::keys
