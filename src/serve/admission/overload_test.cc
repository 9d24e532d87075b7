#include "admission/overload.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

namespace mc::admission {
namespace {

constexpr MonoTime kStart{1'000'000'000};

TEST_CASE("standing queue: after 100 ms in which nobody waited less than 5 ms, until it is empty") {
  const StandingLimits limits;
  StandingQueue queue;
  const auto served = [&](std::int64_t waited_ms, std::int64_t at_ms) {
    queue.served(millis(waited_ms), kStart + millis(at_ms), limits);
    return queue.standing();
  };
  CHECK_FALSE(served(6, 0));
  CHECK_FALSE(served(80, 99));
  CHECK_FALSE(served(5, 100));  // one was quick
  CHECK_FALSE(served(6, 101));
  CHECK_FALSE(served(6, 200));
  CHECK(served(6, 201));
  CHECK(served(1, 202));  // the newest goes first now: that says nothing
  queue.emptied();
  CHECK_FALSE(queue.standing());
  CHECK_FALSE(served(6, 300));
  queue.waits(millis(3), kStart + millis(350), limits);  // it may still wait longer
  queue.waits(millis(50), kStart + millis(400), limits);
  CHECK(queue.standing());
}

TEST_CASE("level: by priority, then by a hash that changes each hour") {
  const std::uint32_t low = level_of(3, 77, kStart);
  CHECK(low / kTenantHashes == 3);
  CHECK(level_of(3, 77, kStart + seconds(60)) == low);
  CHECK(level_of(1'000'000, 77, kStart) / kTenantHashes == kPriorityMax);
  int moved = 0;
  std::array<int, kTenantHashes> count{};
  for (std::uint64_t tenant = 0; tenant < 12'800; ++tenant) {
    const std::uint32_t level = level_of(0, tenant, kStart);
    ++count[level];
    if (level_of(0, tenant, kStart + seconds(3'600)) != level) ++moved;
  }
  CHECK(moved > 12'500);
  for (const int of : count) CHECK((of > 50 && of < 160));
}

// What comes in a second, and how many `could` run; the others wait, 200 ms at most.
struct Load {
  int could = 1'000;
  std::array<int, 3> of_priority{};  // 0, 20, 40; from 100 tenants each
  bool within = false;
};
struct Second {
  std::array<int, 3> let_in{};
  int all() const { return let_in[0] + let_in[1] + let_in[2]; }
};

class World {
 public:
  Cursor cursor;
  MonoTime now = kStart;
  double pressure = 0;
  double backlog = 0;  // requests

  Second second(const Load& load) {
    Second out;
    std::array<int, 3> come{};
    const int all = load.of_priority[0] + load.of_priority[1] + load.of_priority[2];
    for (int i = 0; i < all; ++i) {
      std::size_t of = 0;  // who is most behind
      for (std::size_t p = 1; p < 3; ++p) {
        const auto share = [&](std::size_t x) {
          return load.of_priority[x] == 0 ? 1e9 : (come[x] + 1.0) / load.of_priority[x];
        };
        if (share(p) < share(of)) of = p;
      }
      const auto tenant = static_cast<std::uint64_t>(come[of]++ % 100);
      cursor.roll(now + Nanos{1'000'000'000LL * i / all}, pressure);
      backlog = std::max(0.0, backlog - 1.0 * load.could / all);
      const auto priority = static_cast<std::uint32_t>(20 * of);
      if (!cursor.admit(level_of(priority, tenant * 977 + of, now), load.within)) continue;
      ++out.let_in[of];
      const double wait_ms = 1'000 * backlog / load.could;
      if (wait_ms > 200) {
        cursor.ended(millis(200));
      } else {
        cursor.started({static_cast<std::int64_t>(wait_ms * 1e6)});
        backlog += 1;
      }
    }
    now = now + seconds(1);
    cursor.roll(now, pressure);
    return out;
  }
};

TEST_CASE("cursor: sheds the lowest first, as many as needed, and recovers") {
  World world;
  Load load{.could = 1'000, .of_priority = {800, 600, 400}};
  CHECK(world.cursor.at() == 0);
  Second last;
  for (int i = 0; i < 30; ++i) last = world.second(load);
  CHECK(last.all() > 900);
  CHECK(last.all() < 1'150);
  CHECK(last.let_in[2] == 400);  // the highest untouched
  CHECK(last.let_in[0] < 100);
  CHECK(last.let_in[1] > 450);
  load.of_priority = {80, 60, 40};
  for (int i = 0; i < 6; ++i) last = world.second(load);
  CHECK(last.all() == 180);
  CHECK(world.cursor.at() == 0);
}

TEST_CASE("cursor: ten times what could run is cut down within few windows") {
  World world;
  const Load load{.could = 1'000, .of_priority = {6'000, 3'000, 1'000}};
  Second last;
  for (int i = 0; i < 3; ++i) last = world.second(load);
  CHECK(last.all() < 1'600);
  CHECK(last.all() > 800);
  CHECK(last.let_in[2] >= 800);
  CHECK(last.let_in[0] == 0);
}

TEST_CASE(
    "cursor: under pressure from outside each window lets in 5 % fewer, and none for nothing") {
  World world;
  const Load load{.could = 100'000, .of_priority = {500, 500, 0}};
  CHECK(world.second(load).all() == 1'000);
  world.pressure = 1.2;
  world.second(load);
  int before = 1'000;
  for (int i = 0; i < 10; ++i) {
    const int now = world.second(load).all();
    CHECK(now == doctest::Approx(0.95 * before).epsilon(0.02));
    before = now;
  }
  for (int i = 0; i < 20; ++i) before = world.second(load).all();
  CHECK(before == doctest::Approx(500).epsilon(0.02));  // half of them, and no more
  world.pressure = 0.99;                                // as it is now may be just what it takes
  for (int i = 0; i < 5; ++i) {
    const int now = world.second(load).all();
    CHECK(now >= before);
    CHECK(now <= before + 11);
    before = now;
  }
  world.pressure = 0.89;
  world.second(load);
  for (int i = 0; i < 6; ++i) world.second(load);
  CHECK(world.second(load).all() == 1'000);
}

TEST_CASE("cursor: pressure takes a step a second, in however many windows") {
  Cursor cursor({.window = seconds(1), .window_requests = 100});
  MonoTime now = kStart;
  int let_in = 0;
  for (int second = 0; second < 5; ++second) {
    let_in = 0;
    for (int i = 0; i < 2'000; ++i) {
      cursor.roll(now + micros(500 * i), 1.2);
      if (cursor.admit(100, false)) ++let_in;
      cursor.started({});
    }
    now = now + seconds(1);
  }
  CHECK(let_in < 0.82 * 2'000);  // 0.95 to the fourth, or to the fifth
  CHECK(let_in > 0.75 * 2'000);
}

TEST_CASE("cursor: who uses no more than its share is shed for waits, never for pressure") {
  World world;
  world.pressure = 2;
  Load mice{.could = 100'000, .of_priority = {0, 500, 500}, .within = true};
  for (int i = 0; i < 100; ++i) {
    REQUIRE(world.second(mice).all() == 1'000);
    REQUIRE_FALSE(world.cursor.strict());
  }
  CHECK(world.cursor.overloaded());
  mice.could = 500;
  Second last;
  for (int i = 0; i < 10; ++i) last = world.second(mice);
  CHECK(world.cursor.strict());
  CHECK(last.all() < 700);
  mice.could = 100'000;  // there are no waits any more, and pressure as before
  for (int i = 0; i < 8; ++i) world.second(mice);
  CHECK_FALSE(world.cursor.strict());
  CHECK(world.cursor.at() == 0);
  CHECK(world.second(mice).all() == 1'000);

  // An elephant beside them is shed in part, and they are not.
  Cursor cursor;
  MonoTime now = kStart;
  int let_in = 0;
  for (int second = 0; second < 10; ++second) {
    let_in = 0;
    for (int i = 0; i < 1'000; ++i) {
      cursor.roll(now + millis(i), second == 0 ? 0 : 1.5);
      REQUIRE(cursor.admit(level_of(5, 1, now), true));
      if (cursor.admit(level_of(9, 2, now), false)) ++let_in;
      cursor.started({});
    }
    now = now + seconds(1);
  }
  CHECK_FALSE(cursor.strict());
  CHECK(let_in < 720);  // 0.95 to the eighth
  CHECK(let_in > 600);
}

TEST_CASE("cursor: the guard makes overload begin at half of the wait") {
  for (const bool guarded : {false, true}) {
    Cursor cursor;
    cursor.set_guarded(guarded);
    for (int i = 0; i <= 2'000; ++i) {
      cursor.roll(kStart, 0);
      cursor.admit(100, false);
      cursor.started(millis(15));
    }
    CHECK(cursor.overloaded() == guarded);
  }
}

TEST_CASE("cursor: what waits less than nothing, comes at odd times, or does not come at all") {
  Cursor cursor({.window = seconds(1), .window_requests = 100});
  for (int i = 0; i < 300; ++i) {
    cursor.roll(kStart - seconds(i), 0);
    cursor.admit(UINT32_MAX, false);
    cursor.ended(Nanos{-1'000'000'000});
    cursor.ended(millis(90));
  }
  CHECK(cursor.overloaded());
  CHECK(cursor.at() > 0);
  cursor.roll(kStart + seconds(100), 0);  // the rest of a window
  cursor.roll(kStart + seconds(200), 0);  // and one without anybody
  CHECK(cursor.at() == 0);
}

}  // namespace
}  // namespace mc::admission
