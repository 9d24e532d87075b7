// Admission over five buckets of one tenant, then of two threads on the same tenant; a denial; a
// settlement; the same through the book, for a tenant without overrides, for one with, and beside
// many others: what a decision takes says nothing of them. CPU time
// in nanoseconds, best of 7 rounds; p99 of single calls, without the clock's own median. One JSON
// line.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "budget/budget.h"
#include "budget/settings.h"

namespace {

using namespace mc;          // NOLINT(google-build-using-namespace)
using namespace mc::budget;  // NOLINT(google-build-using-namespace)

constexpr int kCalls = 200'000, kRounds = 7;

std::int64_t nanos_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Nanoseconds each.
double cpu_ns(const std::function<void()>& work) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t start = nanos_of(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < kCalls; ++i) work();
    const auto took = static_cast<double>(nanos_of(CLOCK_THREAD_CPUTIME_ID) - start);
    best = std::min(best, took / kCalls);
  }
  return best;
}

std::int64_t percentile(std::vector<std::int64_t>& all, double share) {
  const auto at = static_cast<std::ptrdiff_t>(static_cast<double>(all.size() - 1) * share);
  std::nth_element(all.begin(), all.begin() + at, all.end());
  return all[static_cast<std::size_t>(at)];
}

std::int64_t clock_ns() {
  std::vector<std::int64_t> all;
  for (int i = 0; i < kCalls; ++i) {
    const std::int64_t start = nanos_of(CLOCK_MONOTONIC);
    all.push_back(nanos_of(CLOCK_MONOTONIC) - start);
  }
  return percentile(all, 0.5);
}

// Requests and credits of the tenant and of all, and requests of the route.
struct World {
  World() {
    LimitSettings two, one;
    two.gql_qps = 100'000'000;
    two.credits_per_s = 900'000'000;
    one.gql_qps = 100'000'000;
    wide = std::move(*Limits::make(two));
    narrow = std::move(*Limits::make(one));
    LimitSettings none;
    none.gql_qps = 1;
    shut = std::move(*Limits::make(none));
  }
  Limits wide, narrow, shut;
  Account global, tenant, route, closed;
  std::vector<Charge> charges = {{Scope::global, &wide, &global},
                                 {Scope::tenant, &wide, &tenant},
                                 {Scope::route, &narrow, &route}};
};

Moment now() {
  return {.now = nanos_of(CLOCK_MONOTONIC) * kTicksPerNano, .day = 1, .month = 1};
}

const Amounts kAmounts = Amounts().set(Dimension::requests, 1).set(Dimension::credits, 3);

std::int64_t p99_of(World& world, std::int64_t clock) {
  std::vector<std::int64_t> all;
  all.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    const Moment at = now();
    const std::int64_t start = nanos_of(CLOCK_MONOTONIC);
    Reservation held;
    reserve(world.charges, kAmounts, at, held);
    all.push_back(nanos_of(CLOCK_MONOTONIC) - start);
  }
  return std::max<std::int64_t>(percentile(all, 0.99) - clock, 0);
}

// Of what World has: two limits of the tenant, two of all, one of the route.
std::unique_ptr<Book> make_book() {
  BudgetSettings settings;
  for (LimitSettings* each : {static_cast<LimitSettings*>(&settings.plans["pro"]),
                              &settings.admission.global, &settings.admission.routes["/"]}) {
    each->gql_qps = 100'000'000;
    each->credits_per_s = 900'000'000;
  }
  settings.admission.routes["/"].credits_per_s.reset();
  return std::move(*Book::make(settings, {"/"}));
}

double book_ns(Book& book, Moment at) {
  return cpu_ns([&] {
    at.now += 64 * kTicksPerNano;
    Reservation held;
    book.reserve({"alpha", "pro", "ana", 0}, kAmounts, at, held);
  });
}

// The same, in a book in which so many other tenants have counts.
constexpr int kOthers = 100'000;
double beside_others_ns(const Moment& at) {
  const std::unique_ptr<Book> book = make_book();
  for (int i = 0; i < kOthers; ++i) {
    Reservation held;
    book->reserve({"other-" + std::to_string(i), "pro", "ana", 0}, kAmounts, at, held);
  }
  return book_ns(*book, at);
}

}  // namespace

int main() {
  World world;
  const Moment fixed = now();
  Moment at = fixed;
  const auto pass = [&] { at.now += 64 * kTicksPerNano; };
  const double admit = cpu_ns([&] {
    pass();
    Reservation held;
    reserve(world.charges, kAmounts, at, held);
  });
  const double with_settle = cpu_ns([&] {
    pass();
    Reservation held;
    reserve(world.charges, kAmounts, at, held);
    held.settle(Amounts().set(Dimension::credits, 1), at);
  });
  std::vector<Charge> closed = world.charges;
  closed.push_back({Scope::tenant_user, &world.shut, &world.closed});
  const double deny = cpu_ns([&] {
    Reservation held;
    reserve(closed, kAmounts, at, held);
  });
  const std::unique_ptr<Book> book = make_book();
  const double plain = book_ns(*book, fixed);
  Override changed;
  changed.dimension = Dimension::requests;
  changed.factor = 2'000;
  changed.until = {INT64_MAX};
  changed.state = OverrideState::active;
  book->set_overrides("alpha", {changed});
  const double overridden = book_ns(*book, fixed);
  const double beside = beside_others_ns(fixed);
  const std::int64_t clock = clock_ns();
  const std::int64_t one = p99_of(world, clock);
  std::int64_t two[2] = {};
  std::thread other([&] { two[1] = p99_of(world, clock); });
  two[0] = p99_of(world, clock);
  other.join();
  std::printf(
      "{\"bench\": \"budget\", \"buckets\": 5, \"account_bytes\": %zu, \"admit_ns\": %.1f, "
      "\"admit_and_settle_ns\": %.1f, \"deny_ns\": %.1f, \"book_ns\": %.1f, "
      "\"book_overridden_ns\": %.1f, \"book_others\": %d, \"book_beside_ns\": %.1f, \"p99_ns\": "
      "%lld, "
      "\"p99_two_threads_ns\": %lld}\n",
      sizeof(Account), admit, with_settle, deny, plain, overridden, kOthers, beside,
      static_cast<long long>(one), static_cast<long long>(std::max(two[0], two[1])));
  return 0;
}
