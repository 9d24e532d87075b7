#include "net/lateness.h"

#include <doctest/doctest.h>

#include <vector>

namespace mc::net {
namespace {

// A loop whose timer runs so late, one after the other.
struct Loopy {
  void run(const std::vector<int>& late_ms) {
    for (const int late : late_ms) {
      of.asks(now);
      now = now + Lateness::kEach + millis(late);
      of.ran(now);
    }
    of.asks(now);
  }
  Lateness of;
  MonoTime now{1'000'000'000};
};

TEST_CASE("lateness: half of the time it is that late") {
  struct Row {
    const char* name;
    std::vector<int> late_ms;
    int want_ms;
  };
  const Row rows[] = {{"idle", {0, 0, 0, 0, 0, 0, 0, 0, 0}, 0},
                      {"one long handler", {0, 0, 0, 300, 0, 0, 0}, 0},
                      {"now and then", {30, 0, 30, 0, 30, 0, 0}, 0},
                      {"mostly", {30, 0, 30, 0, 30, 30, 30}, 30},
                      {"always", {25, 26, 27, 28, 29}, 27},
                      {"most of the second in one", {0, 800}, 800},
                      {"more than it keeps", std::vector<int>(50, 40), 40}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Loopy loop;
    loop.run(row.late_ms);
    CHECK(loop.of.take(loop.now, Nanos{}).late == millis(row.want_ms));
    CHECK(loop.of.take(loop.now, Nanos{}).late == Nanos{});  // it was taken
  }
}

TEST_CASE("lateness: a loop that does not come round is as late as it is by now") {
  Loopy loop;
  loop.run({0, 0});
  loop.now = loop.now + millis(700);
  CHECK(loop.of.take(loop.now, Nanos{}).late == millis(600));
  loop.now = loop.now + seconds(1);
  CHECK(loop.of.take(loop.now, Nanos{}).late == millis(1'600));
  loop.of.ran(loop.now);
  loop.run({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(loop.of.take(loop.now, Nanos{}).late == Nanos{});
  CHECK(Lateness().take(loop.now, Nanos{}).late == Nanos{});  // before it began
}

TEST_CASE("lateness: how busy the thread was") {
  Loopy loop;
  loop.run({0, 0, 0, 0, 0});
  CHECK(loop.of.take(loop.now, millis(125)).busy == 250);
  loop.run({0, 0, 0, 0, 0});
  CHECK(loop.of.take(loop.now, millis(125)).busy == 0);
  loop.run({0});
  CHECK(loop.of.take(loop.now, seconds(9)).busy == 1'000);
  loop.run({0});
  CHECK(loop.of.take(loop.now, Nanos{}).busy == 0);  // a clock that goes back
}

}  // namespace
}  // namespace mc::net
