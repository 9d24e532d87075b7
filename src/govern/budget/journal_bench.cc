// The price of a journal: a decision over five budgets and its settlement, without one; under a
// lock that keeps their order alone; and with the journal. CPU time in nanoseconds of one thread,
// best of 7 rounds; wall time of two threads on one book; p99 of single decisions, without the
// clock's own median, also with a memory that is full. And what becomes of it: bytes in memory and
// in a file, and what printing costs the thread that writes. One JSON line.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "budget/budget.h"
#include "budget/journal.h"
#include "budget/settings.h"
#include "sys/sys.h"

namespace {

using namespace mc;          // NOLINT(google-build-using-namespace)
using namespace mc::budget;  // NOLINT(google-build-using-namespace)

constexpr int kCalls = 100'000, kRounds = 7;

std::int64_t nanos_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::int64_t percentile(std::vector<std::int64_t>& all, double share) {
  const auto at = static_cast<std::ptrdiff_t>(static_cast<double>(all.size() - 1) * share);
  std::nth_element(all.begin(), all.begin() + at, all.end());
  return all[static_cast<std::size_t>(at)];
}

// Requests and credits of the tenant and of all, and requests of the route.
JournalHeader header() {
  JournalHeader out;
  out.run = "adm_bench";
  out.started = from_unix_ms(1'800'000'000'000);
  out.paths = {"/graphql"};
  PlanSettings& plan = out.settings.plans["starter"];
  plan.gql_qps = 100'000'000;
  plan.credits_per_s = 900'000'000;
  out.settings.admission.global.gql_qps = 100'000'000;
  out.settings.admission.global.credits_per_s = 900'000'000;
  out.settings.admission.routes["/graphql"].gql_qps = 100'000'000;
  return out;
}

enum class How { bare, ordered, journaled };

class World {
 public:
  explicit World(How how, JournalConfig config = {})
      : how_(how),
        book_(std::move(*Book::make(header().settings, header().paths))),
        files_(sys::real_files()),
        journal_(*files_, header(), std::move(config)) {}

  void decide(std::string_view tenant, const Moment& at) {
    Reservation held;
    std::vector<Mark> against;
    const Book::Who who{tenant, "starter", "ana@example.org", 0};
    if (how_ == How::journaled) {
      auto turn = journal_.turn();
      const Answer answer = book_->reserve(who, amounts_, at, held, &against);
      const std::int64_t seq =
          turn.decided({who, "req_01kdvdna00fk0tzeq3d1cp7ers"}, amounts_, at, answer, against);
      held.settle(amounts_, at);
      turn.settled(seq, amounts_, at);
      return;
    }
    std::unique_lock lock(order_, std::defer_lock);
    if (how_ == How::ordered) lock.lock();
    book_->reserve(who, amounts_, at, held, &against);
    held.settle(amounts_, at);
  }
  Journal& journal() { return journal_; }

 private:
  const How how_;
  const Amounts amounts_ =
      Amounts().set(Dimension::requests, 1).set(Dimension::credits, 3).set(Dimension::seats, 1);
  std::unique_ptr<Book> book_;
  std::unique_ptr<sys::Files> files_;
  Journal journal_;
  std::mutex order_;
};

const std::int64_t kStart = nanos_of(CLOCK_MONOTONIC);

Moment now() {
  const Nanos since = {nanos_of(CLOCK_MONOTONIC) - kStart};
  return Moment::of(since, header().started + since);
}

double cpu_ns(How how) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    World world(how);
    Moment at = now();
    const std::int64_t start = nanos_of(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < kCalls; ++i) {
      at.now += 64 * kTicksPerNano;
      world.decide("alpha", at);
    }
    const auto took = static_cast<double>(nanos_of(CLOCK_THREAD_CPUTIME_ID) - start);
    best = std::min(best, took / kCalls);
  }
  return best;
}

// Of each decision when two threads do as many as they can, of two tenants.
double two_threads_ns(How how) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    World world(how);
    const Moment at = now();
    const auto work = [&](const char* tenant) {
      Moment own = at;
      for (int i = 0; i < kCalls; ++i) {
        own.now += 64 * kTicksPerNano;
        world.decide(tenant, own);
      }
    };
    const std::int64_t start = nanos_of(CLOCK_MONOTONIC);
    std::thread other(work, "bravo");
    work("alpha");
    other.join();
    const auto took = static_cast<double>(nanos_of(CLOCK_MONOTONIC) - start);
    best = std::min(best, took / (2.0 * kCalls));
  }
  return best;
}

std::int64_t p99_ns(How how, JournalConfig config = {}) {
  World world(how, std::move(config));
  std::vector<std::int64_t> all, clock;
  for (int i = 0; i < kCalls; ++i) {
    const Moment at = now();
    const std::int64_t start = nanos_of(CLOCK_MONOTONIC);
    world.decide("alpha", at);
    const std::int64_t end = nanos_of(CLOCK_MONOTONIC);
    all.push_back(end - start);
    clock.push_back(nanos_of(CLOCK_MONOTONIC) - end);
  }
  return std::max<std::int64_t>(percentile(all, 0.99) - percentile(clock, 0.5), 0);
}

}  // namespace

int main() {
  const double bare = cpu_ns(How::bare), ordered = cpu_ns(How::ordered),
               journaled = cpu_ns(How::journaled);
  const double bare_two = two_threads_ns(How::bare), ordered_two = two_threads_ns(How::ordered),
               journaled_two = two_threads_ns(How::journaled);
  World world(How::journaled);
  for (int i = 0; i < kCalls; ++i) world.decide("alpha", now());
  const auto events = static_cast<double>(world.journal().counters().events);
  const auto memory = static_cast<double>(world.journal().counters().memory_bytes);
  const std::int64_t start = nanos_of(CLOCK_THREAD_CPUTIME_ID);
  const std::string text = world.journal().snapshot();
  const auto printing = static_cast<double>(nanos_of(CLOCK_THREAD_CPUTIME_ID) - start);
  std::printf(
      "{\"bench\": \"journal\", \"bare_ns\": %.1f, \"ordered_ns\": %.1f, \"journaled_ns\": %.1f, "
      "\"two_threads_bare_ns\": %.1f, \"two_threads_ordered_ns\": %.1f, "
      "\"two_threads_journaled_ns\": %.1f, \"p99_bare_ns\": %lld, \"p99_journaled_ns\": %lld, "
      "\"p99_journaled_full_ns\": %lld, \"event_memory_bytes\": %.1f, \"event_line_bytes\": %.1f, "
      "\"event_print_ns\": %.1f}\n",
      bare, ordered, journaled, bare_two, ordered_two, journaled_two,
      static_cast<long long>(p99_ns(How::bare)), static_cast<long long>(p99_ns(How::journaled)),
      static_cast<long long>(p99_ns(How::journaled, {.memory_bytes_max = 512 << 10})),
      memory / events, static_cast<double>(text.size()) / events, printing / events);
  return 0;
}
