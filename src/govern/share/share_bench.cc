// What leases add to a request: one key, and five as a request of a tenant has; asks of the store
// and turns included, as they come at 50,000 requests a second. Then five keys in two threads. CPU
// time in nanoseconds, best of 7 rounds. One JSON line.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "share/memory_store.h"
#include "share/share.h"

namespace {

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::share;  // NOLINT(google-build-using-namespace)

constexpr int kCalls = 200'000, kRounds = 7, kPerTurn = 50;
constexpr Nanos kBetween = micros(20);

std::int64_t cpu_now(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct World {
  explicit World(std::int64_t rate) : share(*Share::make({.node = "node1000"}, store, {})) {
    for (int i = 0; i < 5; ++i) {
      const Spec spec = {.rate = {.amount = rate, .burst = rate}};
      needs.push_back({*share->line("{alpha}" + std::to_string(i), spec), 1});
    }
    for (int i = 0; i < 100; ++i) turn();
  }
  void turn() {
    now = now + millis(1);
    store.set_clock(now.nanos / 1'000);
    share->turn(now);
    if (share->take(needs, now).state == Outcome::State::wait) {
      share->wait(needs, now, [](const Outcome&) {});
    }
  }
  // Nanoseconds of one request with the first `keys` of the keys.
  double measure(std::size_t keys) {
    double best = 1e9;
    for (int round = 0; round < kRounds; ++round) {
      const std::int64_t start = cpu_now(CLOCK_THREAD_CPUTIME_ID);
      for (int i = 0; i < kCalls; ++i) {
        if (i % kPerTurn == 0) {
          store.set_clock(now.nanos / 1'000);
          share->turn(now);
        }
        now = now + kBetween;
        const auto asked = std::span(needs).first(keys);
        const Outcome outcome = share->take(asked, now);
        admitted += outcome.ok() ? 1 : 0;
        if (outcome.state != Outcome::State::wait) continue;
        share->wait({asked.begin(), asked.end()}, now,
                    [this](const Outcome& later) { admitted += later.ok() ? 1 : 0; });
      }
      const auto took = static_cast<double>(cpu_now(CLOCK_THREAD_CPUTIME_ID) - start);
      best = std::min(best, took / kCalls);
    }
    return best;
  }

  MemoryStore store;
  std::unique_ptr<Share> share;
  std::vector<Need> needs;
  MonoTime now = MonoTime{} + seconds(1'000);
  std::int64_t admitted = 0;
};

// Two threads on the same keys, each at the same pace; the wall time of a request of one.
double measure_two(World& world) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t start = cpu_now(CLOCK_MONOTONIC);
    std::thread other([&] {
      for (int i = 0; i < kCalls; ++i) world.share->take(world.needs, world.now);
    });
    for (int i = 0; i < kCalls; ++i) world.share->take(world.needs, world.now);
    other.join();
    best = std::min(best, static_cast<double>(cpu_now(CLOCK_MONOTONIC) - start) / kCalls);
    for (int i = 0; i < 1'000; ++i) world.turn();
  }
  return best;
}

}  // namespace

int main() {
  World world(60'000);  // a little more than is asked for
  const double one = world.measure(1);
  const double five = world.measure(5);
  const double part = static_cast<double>(world.admitted) / (2.0 * kCalls * kRounds);
  const Stats stats = world.share->stats();
  World wide(1'000'000'000);  // what is held is enough for all of it
  const double two = measure_two(wide);
  std::printf(
      "{\"bench\":\"share\",\"one_ns\":%.0f,\"five_ns\":%.0f,\"five_two_threads_ns\":%.0f,"
      "\"admitted\":%.4f,\"asks_a_request\":%.4f}\n",
      one, five, two, part, static_cast<double>(stats.asks) / (2.0 * kCalls * kRounds));
}
