#include "measure.h"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "policy/load.h"

namespace mc::bench {
namespace {

constexpr double kRoundUs = 4'000;

double clock_us(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

}  // namespace

void stop(const std::string& why) {
  std::fprintf(stderr, "policy bench: %s\n", why.c_str());
  std::exit(1);  // NOLINT(concurrency-mt-unsafe)
}

double micros_of(Nanos time) {
  return static_cast<double>(time.count) / 1e3;
}

double cpu_us() {
  return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

double thread_cpu_us() {
  return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

double median(std::vector<double> values) {
  return percentile(values, 0.5);
}

double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += std::log(value);
  return std::exp(sum / static_cast<double>(values.size()));
}

double percentile(std::vector<double>& values, double part) {
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(last * part)];
}

double cpu_us_of(const std::function<void()>& work, int rounds) {
  int times = 1;
  for (double spent = 0; spent < kRoundUs; times *= 2) {  // warms up as well
    const double begin = cpu_us();
    for (int i = 0; i < times; ++i) work();
    spent = cpu_us() - begin;
  }
  times /= 2;
  std::vector<double> all;
  for (int round = 0; round < rounds; ++round) {
    const double begin = cpu_us();
    for (int i = 0; i < times; ++i) work();
    all.push_back((cpu_us() - begin) / times);
  }
  return median(std::move(all));
}

void spin(int times) {
  std::uint64_t x = 1;
  for (int i = 0; i < times; ++i) {
    x = x * 6364136223846793005U + 1442695040888963407U;
    asm volatile("" : "+r"(x));
  }
}

Singles single_calls(sys::Clock& clock, std::size_t count,
                     const std::function<void(std::size_t)>& work) {
  constexpr int kRounds = 9;
  constexpr int kTurns = 500;
  const auto call = [&](std::size_t i) { i < count ? work(i) : spin(1'000); };
  std::vector<std::vector<double>> p50(count + 1);
  std::vector<std::vector<double>> p99(count + 1);
  for (std::size_t i = 0; i <= count; ++i) call(i);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::vector<double>> all(count + 1);
    for (int turn = 0; turn < kTurns; ++turn) {
      for (std::size_t i = 0; i <= count; ++i) {
        const MonoTime begin = clock.mono();
        call(i);
        all[i].push_back(micros_of(clock.mono() - begin));
      }
    }
    for (std::size_t i = 0; i <= count; ++i) {
      p50[i].push_back(percentile(all[i], 0.5));
      p99[i].push_back(percentile(all[i], 0.99));
    }
  }
  Singles out;
  for (std::size_t i = 0; i < count; ++i) {
    out.p50.push_back(median(p50[i]));
    out.p99.push_back(median(p99[i]));
  }
  out.loop_p50 = median(p50[count]);
  out.loop_p99 = median(p99[count]);
  return out;
}

std::vector<archive::Entry> folder(const Machine& machine, const std::string& path) {
  return must(policy::read_folder(*machine.files, path));
}

void activate(policy::Engine& engine, std::vector<archive::Entry> files) {
  std::vector<policy::Policies::NamedBundle> bundles(1);
  bundles[0].name = "bench";
  bundles[0].bundle = must(policy::read_files(std::move(files), {}));
  engine.activate(must(policy::Policies::make(std::move(bundles))));
}

json::Value rounded(double value) {
  if (value == 0) return value;
  const double scale = std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

void add_singles(json::Object& to, const Singles& singles) {
  to.set("p50_us", rounded(geometric_mean(singles.p50)));
  to.set("p99_us", rounded(geometric_mean(singles.p99)));
  to.set("p99_us_max", rounded(*std::max_element(singles.p99.begin(), singles.p99.end())));
  to.set("loop_p50_us", rounded(singles.loop_p50));
  to.set("loop_p99_us", rounded(singles.loop_p99));
}

void print_line(json::Object line) {
  std::printf("%s\n", json::print(json::Value(std::move(line))).c_str());
  std::fflush(stdout);
}

}  // namespace mc::bench
