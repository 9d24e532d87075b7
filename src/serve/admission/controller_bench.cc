// A request that runs at once and ends; one that waits and is started, among 10,000 tenants that
// wait; one that is refused, alone and beside those; two threads at once. CPU time in nanoseconds,
// best of 7 rounds; of threads, wall time by request. One JSON line.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "admission/controller.h"

namespace {

using namespace mc;             // NOLINT(google-build-using-namespace)
using namespace mc::admission;  // NOLINT(google-build-using-namespace)

constexpr std::uint64_t kTenants = 10'000;
constexpr int kCalls = 200'000, kRounds = 7;

double nanos_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double best_ns(clockid_t which, const std::function<void()>& calls) {
  double best = 1e12;
  for (int round = 0; round < kRounds; ++round) {
    const double start = nanos_of(which);
    calls();
    best = std::min(best, (nanos_of(which) - start) / kCalls);
  }
  return best;
}

std::vector<std::string> names_of(std::uint64_t count) {
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < count; ++i) names.push_back("tenant-" + std::to_string(i));
  return names;
}

Settings patient(std::int64_t seats) {
  Settings settings;
  settings.limiter = {.seats_min = seats, .seats_start = seats, .seats_max = seats};
  settings.queue = {.waiting_max = 100'000, .wait_max = seconds(60)};
  settings.queue.standing = {.wait = seconds(30), .after = seconds(60)};
  settings.cursor.wait = seconds(60);
  return settings;
}

double at_once() {
  Controller controller(patient(100));
  const std::vector<std::string> names = names_of(1'000);
  Effects effects;
  MonoTime now{1'000'000'000};
  std::size_t next = 0;
  return best_ns(CLOCK_THREAD_CPUTIME_ID, [&] {
    for (int i = 0; i < kCalls; ++i) {
      now = now + micros(10);
      next = (next + 389) % names.size();
      const Arrived made =
          controller.arrive({.token = 1, .tenant = names[next], .now = now}, effects);
      controller.finish(made.ticket, {.now = now + micros(5)}, effects);
    }
  });
}

// One seat: each that comes waits, each that ends starts another.
double after_waiting() {
  Controller controller(patient(1));
  const std::vector<std::string> names = names_of(kTenants);
  std::vector<Ticket> tickets(4 * kTenants);
  Effects effects;
  MonoTime now{1'000'000'000};
  std::uint64_t token = 0;
  const auto arrive = [&](const std::string& name) {
    token = (token + 1) % tickets.size();
    const Arrived made = controller.arrive({.token = token,
                                            .tenant = name,
                                            .weight = 1 + static_cast<std::uint32_t>(token % 5),
                                            .now = now},
                                           effects);
    tickets[token] = made.ticket;
    return token;
  };
  std::uint64_t runs = arrive(names[0]);
  for (const std::string& name : names) arrive(name);
  std::size_t next = 0;
  return best_ns(CLOCK_THREAD_CPUTIME_ID, [&] {
    for (int i = 0; i < kCalls; ++i) {
      now = now + Nanos{100};
      next = (next + 7'919) % names.size();
      arrive(names[next]);
      controller.finish(tickets[runs], {.now = now}, effects);
      runs = effects.started.front().token;
      effects.clear();
    }
  });
}

double two_threads() {
  Controller controller(patient(100));
  return best_ns(CLOCK_MONOTONIC, [&] {
    const auto half = [&](std::size_t which) {
      const std::vector<std::string> names = names_of(1'000);
      Effects effects;
      for (int i = 0; i < kCalls / 2; ++i) {
        const MonoTime now{1'000'000'000 + std::int64_t{i} * 20'000};
        const std::size_t at = (static_cast<std::size_t>(i) * 389 + which) % names.size();
        const Arrived made =
            controller.arrive({.token = 1, .tenant = names[at], .now = now}, effects);
        controller.finish(made.ticket, {.now = now}, effects);
      }
    };
    std::thread other(half, 1);
    half(0);
    other.join();
  });
}

// What a refusal takes says nothing of how many others wait: `others` are there with one each.
double refused(std::uint64_t others) {
  Settings settings = patient(1);
  settings.queue.of_tenant_max = 1;
  Controller controller(settings);
  Effects effects;
  const MonoTime now{1'000'000'000};
  for (int i = 0; i < 2; ++i)
    controller.arrive({.token = 1, .tenant = "alpha", .now = now}, effects);
  for (const std::string& name : names_of(others)) {
    controller.arrive({.token = 1, .tenant = name, .now = now}, effects);
  }
  return best_ns(CLOCK_THREAD_CPUTIME_ID, [&] {
    for (int i = 0; i < kCalls; ++i) {
      controller.arrive({.token = 2, .tenant = "alpha", .now = now}, effects);
    }
  });
}

}  // namespace

int main() {
  std::printf(
      "{\"bench\": \"admission_controller\", \"arrive_and_finish_ns\": %.1f, "
      "\"waiting_tenants\": %d, \"wait_and_finish_ns\": %.1f, \"two_threads_ns\": %.1f, "
      "\"refused_ns\": %.1f, \"refused_beside_ns\": %.1f}\n",
      at_once(), static_cast<int>(kTenants), after_waiting(), two_threads(), refused(0),
      refused(kTenants));
  return 0;
}
