#include "net/breaker.h"

#include <doctest/doctest.h>

namespace mc::net {
namespace {

constexpr MonoTime at(std::int64_t s) {
  return MonoTime{s * 1'000'000'000};
}

// Fails `n` times in a row at second `s`.
void fail_times(Breaker& breaker, int n, std::int64_t s) {
  for (int i = 0; i < n; ++i) breaker.failed(at(s), "reset");
}

TEST_CASE("breaker: opens after the failures in a row, not before, and a success starts again") {
  Breaker breaker(3, seconds(5));
  Nanos wait;
  std::string why;
  fail_times(breaker, 2, 0);
  CHECK(breaker.allow(at(0), wait));
  breaker.succeeded();
  fail_times(breaker, 2, 0);
  CHECK(breaker.allow(at(0), wait));
  CHECK(!breaker.open(why));
  breaker.failed(at(1), "timed out");
  CHECK(!breaker.allow(at(1), wait));
  CHECK(wait == seconds(5));
  REQUIRE(breaker.open(why));
  CHECK(why == "timed out");
}

TEST_CASE("breaker: after the pause exactly one trial goes, the others are told when to retry") {
  Breaker breaker(1, seconds(5));
  Nanos wait;
  fail_times(breaker, 1, 0);
  CHECK(!breaker.allow(at(4), wait));
  CHECK(wait == seconds(1));
  CHECK(breaker.allow(at(5), wait));
  for (int i = 0; i < 3; ++i) {
    CHECK(!breaker.allow(at(6), wait));
    CHECK(wait == seconds(4));
  }
}

TEST_CASE("breaker: the trial decides") {
  struct Row {
    bool good;
    bool allowed_at_7;
  };
  for (const Row& row : {Row{true, true}, Row{false, false}}) {
    CAPTURE(row.good);
    Breaker breaker(2, seconds(5));
    Nanos wait;
    fail_times(breaker, 2, 0);
    REQUIRE(breaker.allow(at(6), wait));
    if (row.good) {
      breaker.succeeded();
    } else {
      breaker.failed(at(6), "reset");
    }
    std::string why;
    CHECK(breaker.allow(at(7), wait) == row.allowed_at_7);
    CHECK(breaker.open(why) == !row.good);
  }
}

// A client that leaves during the trial reports neither success nor failure.
TEST_CASE("breaker: a trial that never reports back is followed by another one") {
  Breaker breaker(1, seconds(5));
  Nanos wait;
  fail_times(breaker, 1, 0);
  for (std::int64_t s = 5; s < 100; s += 5) {
    CAPTURE(s);
    CHECK(breaker.allow(at(s), wait));
    CHECK(!breaker.allow(at(s + 4), wait));
  }
}

// Whatever happens, in a closed circuit every request goes, in an open one at most one a pause,
// and a refusal always says to wait for more than nothing and at most one pause.
TEST_CASE("breaker: a random history never lets two through in one pause") {
  std::uint64_t state = 1;
  const auto dice = [&](std::uint64_t n) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % n;
  };
  for (int round = 0; round < 200; ++round) {
    Breaker breaker(3, seconds(5));
    std::int64_t now_s = 0;
    std::int64_t last_let_through = -100;
    for (int step = 0; step < 60; ++step) {
      now_s += static_cast<std::int64_t>(dice(3));
      std::string why;
      const bool open = breaker.open(why);
      Nanos wait;
      const bool allowed = breaker.allow(at(now_s), wait);
      if (!open) CHECK(allowed);
      if (!allowed) {
        CHECK(wait > Nanos{0});
        CHECK(wait <= seconds(5));
      } else if (open) {
        CHECK(now_s - last_let_through >= 5);
        last_let_through = now_s;
      }
      const std::uint64_t fate = dice(8);
      if (allowed && fate == 0) {
        breaker.succeeded();
        last_let_through = -100;
      }
      if (allowed && fate > 2) breaker.failed(at(now_s), "reset");
    }
  }
}

}  // namespace
}  // namespace mc::net
