#include "budget/gcra.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

namespace mc::budget {
namespace {

Rate rate_of(std::int64_t amount, Nanos period, std::int64_t burst) {
  auto made = Rate::make({amount, period, burst});
  if (!made) FAIL(made.error().what);
  return *made;
}

// The obvious twin: every arrival is kept, levels are computed from all of them each time.
class Twin {
 public:
  void add(Ticks at, Ticks need) { arrivals_.push_back({at, need}); }
  void change(std::size_t arrival, Ticks need) { arrivals_[arrival].need = need; }
  std::size_t size() const { return arrivals_.size(); }
  Ticks level(Ticks now) const {
    Ticks tat = 0;
    for (const Arrival& one : arrivals_) tat = std::max(tat, one.at) + one.need;
    return std::max<Ticks>(tat - now, 0);
  }

 private:
  struct Arrival {
    Ticks at, need;
  };
  std::vector<Arrival> arrivals_;
};

struct Admitted {
  Ticks at;
  std::int64_t credits;
};

// Credits admitted in any interval are at most the burst and what grows back in it.
void check_windows(const Rate& rate, const std::vector<Admitted>& all) {
  bool held = true;
  for (std::size_t from = 0; from < all.size(); ++from) {
    Ticks sum = 0;
    for (std::size_t to = from; to < all.size(); ++to) {
      sum += rate.of(all[to].credits);
      held = held && sum <= rate.depth() + (all[to].at - all[from].at);
    }
  }
  CHECK(held);
}

TEST_CASE("rate: what it may be") {
  struct Row {
    RateLimit limit;
    std::string refused;  // a part of the message, "" = it is one
  };
  const Row rows[] = {
      {{1, Nanos{1}, 1}, ""},
      {{0, seconds(1), 1}, "amount"},
      {{-1, seconds(1), 1}, "amount"},
      {{kAmountMax + 1, seconds(1), 1}, "amount"},
      {{1, seconds(1), 0}, "burst"},
      {{1, seconds(1), kAmountMax + 1}, "burst"},
      {{1, Nanos{0}, 1}, "period"},
      {{1, kDepthMax + Nanos{1}, 1}, "period"},
      {{1, kDepthMax, 1}, ""},
      {{1, kDepthMax, 2}, "burst"},
      {{1'000'000'000, seconds(1), 1}, ""},
      {{1'000'000'001, seconds(1), 1}, "amount"},
      {{kAmountMax, seconds(1'000), kAmountMax}, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.limit.amount);
    CAPTURE(row.limit.burst);
    const auto made = Rate::make(row.limit);
    CHECK(made.has_value() == row.refused.empty());
    if (!made) CHECK(made.error().what.find(row.refused) != std::string::npos);
  }
}

TEST_CASE("bucket: the burst at once, then one credit each time one grows back") {
  for (const std::int64_t amount : {1, 3, 7, 200, 1'000'000}) {
    CAPTURE(amount);
    const Rate rate = rate_of(amount, seconds(1), 5);
    Bucket bucket;
    Ticks now = ticks_of(seconds(100));
    CHECK(rate.left(bucket.level(now)) == 5);
    for (int i = 0; i < 5; ++i) CHECK(bucket.take(rate, 1, now).ok);
    CHECK(rate.left(bucket.level(now)) == 0);
    for (int i = 0; i < 20; ++i) {
      const Taken denied = bucket.take(rate, 1, now);
      CHECK_FALSE(denied.ok);
      CHECK(denied.eligible_at > now);
      CHECK_FALSE(bucket.look(rate, 1, denied.eligible_at - 1).ok);
      now = denied.eligible_at;
      CHECK(bucket.look(rate, 1, now).ok);
      CHECK(bucket.take(rate, 1, now).ok);
    }
    CHECK(now - ticks_of(seconds(100)) >= ticks_of(seconds(20)) / amount);
  }
}

TEST_CASE("bucket: more than the burst is never admitted, and nothing is free of overflow") {
  const Rate rate = rate_of(10, seconds(1), 20);
  Bucket bucket;
  for (const std::int64_t credits : {std::int64_t{21}, kAmountMax, INT64_MAX}) {
    const Taken denied = bucket.take(rate, credits, 7);
    CHECK_FALSE(denied.ok);
    CHECK(denied.eligible_at == kNever);
  }
  CHECK(bucket.level(7) == 0);
  CHECK(bucket.take(rate, 20, 7).ok);
  CHECK(bucket.take(rate, 0, 7).ok);
  CHECK(bucket.take(rate, -5, 7).ok);  // takes nothing, gives nothing
  CHECK(bucket.level(7) == rate.depth());
}

TEST_CASE("bucket: what is denied changes nothing, and waiting as told is enough") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    const Rate rate = rate_of(1 + static_cast<std::int64_t>(random() % 1'000), seconds(1),
                              1 + static_cast<std::int64_t>(random() % 100));
    Bucket bucket;
    Twin twin;
    std::vector<Admitted> admitted;
    Ticks now = 1;
    for (int i = 0; i < 400; ++i) {
      now += static_cast<Ticks>(random() % static_cast<std::uint64_t>(rate.depth() / 16 + 1));
      const auto credits =
          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(rate.limit().burst + 3));
      const Ticks before = bucket.level(now);
      REQUIRE(before == twin.level(now));
      const Taken taken = bucket.take(rate, credits, now);
      REQUIRE(taken.ok == (twin.level(now) + rate.of(credits) <= rate.depth()));
      if (taken.ok) {
        twin.add(now, rate.of(credits));
        admitted.push_back({now, credits});
        continue;
      }
      REQUIRE(bucket.level(now) == before);
      if (taken.eligible_at == kNever) continue;
      REQUIRE(bucket.look(rate, credits, taken.eligible_at).ok);
      REQUIRE_FALSE(bucket.look(rate, credits, taken.eligible_at - 1).ok);
    }
    check_windows(rate, admitted);
  }
}

TEST_CASE("settled bucket: a refund of a moment ago is whole, one that has grown back is none") {
  const Rate rate = rate_of(10, seconds(1), 100);
  SettledBucket bucket;
  const Ticks start = ticks_of(seconds(50)), second = ticks_of(seconds(1));
  REQUIRE(bucket.take(rate, 60, start).ok);
  CHECK(bucket.settle(rate, 60, 10, start, start) == 50);
  CHECK(rate.left(bucket.level(start)) == 90);

  // Ten seconds later the burst is whole again: nothing comes back.
  REQUIRE(bucket.take(rate, 90, start + second).ok);
  CHECK(bucket.settle(rate, 90, 0, start + second, start + 12 * second) == 0);
  CHECK(rate.left(bucket.level(start + 12 * second)) == 100);
}

TEST_CASE("settled bucket: requests that end together mint no bursts") {
  // Each takes the whole burst as soon as it has grown back, and holds it.
  const Rate rate = rate_of(10, seconds(1), 100);
  SettledBucket bucket;
  std::vector<Ticks> held;
  Ticks now = ticks_of(seconds(1));
  for (int i = 0; i < 20; ++i) {
    REQUIRE(bucket.take(rate, 100, now).ok);
    held.push_back(now);
    now += ticks_of(seconds(10));
  }
  REQUIRE(bucket.take(rate, 100, now).ok);
  for (const Ticks since : held) CHECK(bucket.settle(rate, 100, 0, since, now) == 0);
  CHECK_FALSE(bucket.look(rate, 1, now).ok);
  CHECK(bucket.settle(rate, 100, 0, now, now) == 100);  // of this moment
}

TEST_CASE("settled bucket: what was used beyond the estimate is owed, up to one burst") {
  const Rate rate = rate_of(10, seconds(1), 100);
  SettledBucket bucket;
  const Ticks now = ticks_of(seconds(5));
  REQUIRE(bucket.take(rate, 1, now).ok);
  CHECK(bucket.settle(rate, 1, 31, now, now) == -30);
  CHECK(rate.left(bucket.level(now)) == 69);
  CHECK(bucket.settle(rate, 1, 1'000'000, now, now) == -169);
  CHECK(bucket.level(now) == 2 * rate.depth());
  CHECK(bucket.settle(rate, 1, INT64_MAX, now, now) == 0);
  const Taken denied = bucket.take(rate, 1, now);
  CHECK_FALSE(denied.ok);
  CHECK(denied.eligible_at - now == rate.depth() + rate.of(1));
}

// What is open of a bucket, with the rate that it was taken with.
struct Open {
  const Rate* rate;
  std::size_t arrival;
  std::int64_t taken, used;
  Ticks since;
};

// One settled request: whatever is given back, the bucket is never lower than had the true amounts
// been taken from the start; nor ever fuller than it need be while settling is prompt. Each taking
// has one of the rates, as when a limit changes.
void check_settling(std::uint64_t seed, const std::vector<Rate>& rates) {
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    SettledBucket bucket;
    Twin truth;
    std::vector<Open> open;
    std::vector<Admitted> admitted;
    Ticks now = 1;
    const Ticks pace = ticks_of(millis(1 + static_cast<std::int64_t>(random() % 5'000)));
    for (int i = 0; i < 120; ++i) {
      now += static_cast<Ticks>(random() % static_cast<std::uint64_t>(pace));
      if (!open.empty() && random() % 2 == 0) {
        std::swap(open[random() % open.size()], open.back());
        const Open one = open.back();
        open.pop_back();
        truth.change(one.arrival, one.rate->of(one.used));
        bucket.settle(*one.rate, one.taken, one.used, one.since, now);
      } else {
        const Rate& rate = rates[random() % rates.size()];
        const auto credits = static_cast<std::int64_t>(
            random() % static_cast<std::uint64_t>(rate.limit().burst * 3 / 5 + 1));
        const auto used =
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(credits + 1));
        if (!bucket.take(rate, credits, now).ok) continue;
        open.push_back({&rate, truth.size(), credits, used, now});
        truth.add(now, rate.of(credits));
        admitted.push_back({now, used});
      }
      REQUIRE(bucket.level(now) >= truth.level(now));
    }
    if (rates.size() == 1) check_windows(rates[0], admitted);
  }
}

TEST_CASE("settled bucket: never lower than with the true amounts from the start") {
  check_settling(11, {rate_of(10, seconds(1), 100)});
}

TEST_CASE("settled bucket: nor when the rate changes while requests are open") {
  check_settling(12, {rate_of(10, seconds(1), 100), rate_of(1'000, seconds(1), 100),
                      rate_of(7, seconds(1), 7)});
}

TEST_CASE("bucket: many threads are never admitted more than the rate") {
  constexpr int kThreads = 8, kTakes = 20'000;
  const Rate rate = rate_of(1'000, seconds(1), 500);
  Bucket bucket;
  SettledBucket settled;
  std::atomic<Ticks> clock = 1;
  std::vector<std::int64_t> taken(kThreads, 0);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTakes; ++i) {
        const Ticks now = clock.fetch_add(ticks_of(micros(10)));
        const std::int64_t credits = 1 + i % 3;
        if (!bucket.take(rate, credits, now).ok) continue;
        if (!settled.take(rate, credits, now).ok) {
          bucket.undo(rate, credits);
          continue;
        }
        settled.settle(rate, credits, credits, now, now);
        taken[static_cast<std::size_t>(t)] += credits;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::int64_t all = 0;
  for (const std::int64_t one : taken) all += one;
  // Clocks of threads differ by a few takes, which the level of a moment may be off by.
  CHECK(rate.of(all) <= rate.depth() + clock.load());
  CHECK(rate.of(all) > rate.depth());
}

}  // namespace
}  // namespace mc::budget
