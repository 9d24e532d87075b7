// How the figures of bench/policy are taken: CPU time of batches, and the time of single calls.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "policy/policy.h"
#include "sys/sys.h"

namespace mc::bench {

[[noreturn]] void stop(const std::string& why);

template <class T>
T must(Result<T> result) {
  if (!result) stop(result.error().what);
  return std::move(*result);
}

struct Machine {
  std::unique_ptr<sys::Files> files = sys::real_files();
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();
};

double micros_of(Nanos time);
double cpu_us();         // of this process, all threads
double thread_cpu_us();  // of this thread

double median(std::vector<double> values);
double geometric_mean(const std::vector<double>& values);
void spin(int times);  // arithmetic in registers, about a nanosecond each

double percentile(std::vector<double>& values, double part);  // sorts them

// CPU time of one call of `work` in microseconds: the median of rounds of about 4 ms.
double cpu_us_of(const std::function<void()>& work, int rounds = 9);

// Wall time of single calls in microseconds, several works in turn, so that none has the caches and
// the branch predictor to itself: the medians over rounds of each work's own percentiles, as a
// round may fall into a bad time of the machine. Reading the clock, 20 to 40 ns, is in them.
struct Singles {
  std::vector<double> p50, p99;  // by work
  // Of a loop that counts for about a microsecond, in turn with the others: what the machine does
  // to anybody.
  double loop_p50 = 0, loop_p99 = 0;
};
Singles single_calls(sys::Clock& clock, std::size_t count,
                     const std::function<void(std::size_t)>& work);

// The files of a folder as the only bundle, in use.
void activate(policy::Engine& engine, std::vector<archive::Entry> files);
std::vector<archive::Entry> folder(const Machine& machine, const std::string& path);

// Significant digits, not more than the figure is worth.
json::Value rounded(double value);
void add_singles(json::Object& to, const Singles& singles);
void print_line(json::Object line);

}  // namespace mc::bench
