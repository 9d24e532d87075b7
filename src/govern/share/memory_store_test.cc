#include "share/memory_store.h"

#include <doctest/doctest.h>

namespace mc::share {
namespace {

constexpr std::int64_t kStart = 1'700'000'000'000'000;

struct Desk {
  MemoryStore store;
  std::int64_t us = kStart;
  std::map<std::string, std::int64_t> seqs;

  Desk() { store.set_clock(us); }
  void pass(Nanos time) {
    us += time.count / 1'000;
    store.set_clock(us);
  }
  Reply ask(const std::string& node, Ask ask) {
    ask.key = "{alpha}tenant:requests";
    ask.seq = ++seqs[node];
    if (ask.ttl == Nanos{}) ask.ttl = seconds(2);
    return store.answer(node, ask);
  }
};

// 100 a second, 50 at once: 10,000 ticks a credit.
constexpr Shape kRate = {.kind = Kind::rate, .max = 50, .each = 10'000, .drain = 1};
constexpr Shape kWindow = {.kind = Kind::window, .max = 1'000, .keep = seconds(3'600)};
constexpr Shape kSeats = {.kind = Kind::seats, .max = 10};

TEST_CASE("share rules: a node gets what it needs, and of the rest half of its part at most") {
  Desk desk;
  CHECK(desk.ask("a", {.shape = kRate, .want = 40}).lease == 25);
  CHECK(desk.ask("b", {.shape = kRate, .want = 40}).lease == 6);  // 25 / (2 * 2)
  const Reply needs = desk.ask("c", {.shape = kRate, .want = 0, .need = 15, .least = 15});
  CHECK(needs.lease == 15);
  CHECK(needs.left == 4);
  CHECK(needs.nodes == 3);
}

TEST_CASE("share rules: less than the smallest that waits is not given, and the time is exact") {
  Desk desk;
  CHECK(desk.ask("a", {.shape = kRate, .need = 50, .least = 50}).lease == 50);
  desk.ask("a", {.shape = kRate, .used = 50, .charge = 50});
  const Reply none = desk.ask("b", {.shape = kRate, .need = 7, .least = 7});
  CHECK(none.lease == 0);
  REQUIRE(none.eligible_us == 70'000);
  desk.pass(micros(69'999));
  CHECK(desk.ask("b", {.shape = kRate, .need = 7, .least = 7}).lease == 0);
  desk.pass(micros(1));
  CHECK(desk.ask("b", {.shape = kRate, .need = 7, .least = 7}).lease == 7);
}

TEST_CASE("share rules: what is given back is there at once, what ends unsaid was used") {
  Desk desk;
  CHECK(desk.ask("a", {.shape = kRate, .need = 50, .least = 50}).lease == 50);
  desk.ask("a", {.shape = kRate});  // gives all back
  CHECK(desk.ask("b", {.shape = kRate, .need = 50, .least = 50}).lease == 50);
  desk.pass(millis(1'999));
  CHECK(desk.ask("c", {.shape = kRate, .need = 1, .least = 1}).eligible_us == 1'000);
  desk.pass(millis(1));
  CHECK(desk.ask("c", {.shape = kRate, .need = 1, .least = 1}).eligible_us == 10'000);
  // What it says late is part of that.
  desk.ask("b", {.shape = kRate, .used = 20, .charge = 20});
  CHECK(desk.store.sum("{alpha}tenant:requests").level == 50 * kRate.each);
}

TEST_CASE("share rules: an ask that comes twice or late does nothing") {
  Desk desk;
  Ask ask = {.key = "{alpha}tenant:requests",
             .shape = kRate,
             .seq = 5,
             .used = 10,
             .charge = 10,
             .ttl = seconds(2)};
  CHECK_FALSE(desk.store.answer("a", ask).stale);
  CHECK(desk.store.answer("a", ask).stale);
  ask.seq = 4;
  CHECK(desk.store.answer("a", ask).stale);
  CHECK(desk.store.sum(ask.key).level == 10 * kRate.each);
  // An answer was lost: 10 of the 15 are known already.
  ask.seq = 6;
  ask.used = ask.charge = 15;
  CHECK(desk.store.answer("a", ask).known);
  CHECK(desk.store.sum(ask.key).level == 15 * kRate.each);
}

TEST_CASE("share rules: late use is owed, one burst at most") {
  Desk desk;
  desk.ask("a", {.shape = kRate, .used = 1'000, .charge = 1'000});
  CHECK(desk.store.sum("{alpha}tenant:requests").level == 2 * kRate.max * kRate.each);
}

TEST_CASE("share rules: seats of a silent node are free at the end of its lease") {
  Desk desk;
  CHECK(desk.ask("a", {.shape = kSeats, .need = 10, .least = 1, .ttl = seconds(5)}).lease == 10);
  CHECK(desk.ask("b", {.shape = kSeats, .need = 1, .least = 1}).lease == 0);
  desk.pass(micros(4'999'999));
  CHECK(desk.ask("b", {.shape = kSeats, .need = 1, .least = 1}).lease == 0);
  desk.pass(micros(1));
  CHECK(desk.ask("b", {.shape = kSeats, .need = 10, .least = 10}).lease == 10);
}

TEST_CASE("share rules: a window does not drain, and gets back what a lease had too much") {
  Desk desk;
  CHECK(desk.ask("a", {.shape = kWindow, .need = 600, .least = 1}).lease == 600);
  desk.pass(seconds(3));
  CHECK(desk.ask("b", {.shape = kWindow, .need = 500, .least = 500}).eligible_us == -1);
  desk.ask("a", {.shape = kWindow, .used = 100, .charge = 100});
  CHECK(desk.store.sum("{alpha}tenant:requests").level == 100);
  CHECK(desk.ask("b", {.shape = kWindow, .need = 900, .least = 900}).lease == 900);
}

TEST_CASE("share rules: a store that has lost its memory begins with used-up rates") {
  Desk desk;
  desk.store.restart_empty();
  CHECK(desk.ask("a", {.shape = kRate, .need = 1, .least = 1}).eligible_us == 10'000);
  desk.pass(millis(100));
  CHECK(desk.ask("a", {.shape = kRate, .need = 10, .least = 10}).lease == 10);
  // Windows: nodes say what they have used.
  CHECK(desk.ask("w", {.shape = kRate}).known == false);
  Desk day;
  day.store.restart_empty();
  CHECK(day.ask("a", {.shape = kWindow, .used = 900, .charge = 900}).left == 100);
}

TEST_CASE("share rules: a limit that changes keeps what is used") {
  Desk desk;
  desk.ask("a", {.shape = kRate, .used = 30, .charge = 30});
  constexpr Shape kTwice = {.kind = Kind::rate, .max = 100, .each = 5'000, .drain = 1};
  CHECK(desk.ask("a", {.shape = kTwice, .used = 30}).left == 70);
}

TEST_CASE("share rules: a clock that is set back drains nothing") {
  Desk desk;
  desk.ask("a", {.shape = kRate, .used = 30, .charge = 30});
  desk.pass(seconds(-3'600));
  CHECK(desk.ask("a", {.shape = kRate, .used = 30}).left == 20);
  desk.pass(millis(100));
  CHECK(desk.ask("a", {.shape = kRate, .used = 30}).left == 30);
}

}  // namespace
}  // namespace mc::share
