// CPU time of counting, of observing and of finding a series, as one JSON line.
#include <cstdio>

#include "metric/metric.h"

namespace {

// Nanoseconds per call of `work`, by CPU time.
template <class F>
double measure(int rounds, F work) {
  const mc::Nanos before = mc::sys::usage().cpu;
  for (int i = 0; i < rounds; ++i) work(i);
  return static_cast<double>((mc::sys::usage().cpu - before).count) / rounds;
}

}  // namespace

int main() {
  mc::metric::Registry registry;
  auto& counter = registry.counter({.name = "mc_x_total", .help = "X."});
  auto& histogram = registry.histogram({.name = "mc_x_seconds", .help = "X."});
  auto family =
      registry.counters({.name = "mc_y_total", .help = "Y.", .labels = {"tenant", "code"}});
  const double add = measure(50'000'000, [&](int) { counter.add(); });
  const double observe = measure(20'000'000, [&](int i) { histogram.observe(i * 1e-6); });
  const double find = measure(2'000'000, [&](int) { family.at({"tenant-0042", "200"}).add(); });
  std::printf(
      "{\"bench\":\"metric\",\"counter_add_ns\":%.2f,\"histogram_observe_ns\":%.2f,"
      "\"family_at_ns\":%.2f}\n",
      add, observe, find);
  return counter.value() == 50'000'000 ? 0 : 1;
}
