// The search for the level vector of least loss: Adult when it is there (MC_DATA), and tables that
// are made here, the same everywhere: one with rows and lattice like those of CUP, one like FARS,
// and a million rows. Wall and CPU milliseconds of the search alone (best of some rounds), with one
// and with two workers, of reading the CSV, and resident MiB. One JSON line for each table.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "json/json.h"
#include "kanon/kanon.h"
#include "sys/sys.h"

namespace {

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::kanon;  // NOLINT(google-build-using-namespace)

double ms_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Two threads that take tasks as they come.
class TwoWorkers final : public Workers {
 public:
  void run(std::span<const std::function<void()>> tasks) override {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < tasks.size(); i = next++) tasks[i]();
    };
    std::thread other(work);
    work();
    other.join();
  }
};

// SplitMix64 (Steele, Lea, Flood 2014): numbers that are the same everywhere.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t n) { return (next() >> 32) * n >> 32; }

 private:
  std::uint64_t state_;
};

// A column: how many values it has and by how many each level joins them; the last level is one.
struct Made {
  std::uint64_t values;
  std::vector<std::uint64_t> joins;
  bool flat = false;  // all values as often; else low ones far more often
};

struct Shape {
  const char* name;
  std::uint64_t rows;
  std::vector<Made> columns;
};

// 45,000 level vectors; one column of thousands of values, as postal codes are.
const Shape kCupLike = {"cup_like",
                        63'441,
                        {{13'294, {10, 10, 10, 10}, true},
                         {96, {5, 2, 2}},
                         {2, {}},
                         {7, {2}},
                         {57, {4, 2, 2}},
                         {814, {5, 4, 4}},
                         {81, {3, 3, 3}},
                         {30, {}}}};
// 20,736 level vectors.
const Shape kFarsLike = {"fars_like",
                         100'937,
                         {{99, {5, 2, 2, 2}, true},
                          {20, {4}},
                          {31, {5, 2}},
                          {12, {3}},
                          {10, {3, 2}},
                          {54, {6, 3}},
                          {2, {}},
                          {4, {2}}}};
// 48,600 level vectors.
const Shape kMillion = {"syn_1m",
                        1'000'000,
                        {{100, {5, 2, 2}, true},
                         {3'000, {10, 10, 6}},
                         {2, {}},
                         {16, {4, 2}},
                         {9, {3}},
                         {25, {5}},
                         {10, {3}},
                         {41, {8}},
                         {12, {3}}}};

std::string hierarchy_of(const Made& made) {
  std::string out;
  for (std::uint64_t value = 0; value < made.values; ++value) {
    out += std::to_string(value);
    std::uint64_t width = 1;
    for (const std::uint64_t join : made.joins) {
      width *= join;
      out += ";" + std::to_string(value / width * width) + "+" + std::to_string(width);
    }
    out += ";*\n";
  }
  return out;
}

// Rows fall into 12 kinds, which draw some columns towards each other.
std::string table_of(const Shape& shape) {
  Numbers numbers(shape.rows);
  std::string out;
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    out += (i == 0 ? "c" : ",c") + std::to_string(i);
  }
  out += '\n';
  for (std::uint64_t row = 0; row < shape.rows; ++row) {
    const std::uint64_t kind = numbers.below(12);
    for (std::size_t i = 0; i < shape.columns.size(); ++i) {
      const Made& made = shape.columns[i];
      std::uint64_t value = numbers.below(made.values);
      if (!made.flat) {
        value = value * numbers.below(1'000) / 1'000 * numbers.below(1'000) / 1'000;
        if (numbers.below(3) == 0) value = (kind * 7 + i) % made.values;
      }
      if (i > 0) out += ',';
      out += std::to_string(value);
    }
    out += '\n';
  }
  return out;
}

struct Input {
  std::string name;
  Table table;
  std::map<std::string, Hierarchy> hierarchies;
  double read_ms = 0;
};

Input synthetic(const Shape& shape) {
  Input out;
  out.name = shape.name;
  const std::string text = table_of(shape);
  const double start = ms_of(CLOCK_MONOTONIC);
  out.table = std::move(*read_table(text));
  out.read_ms = ms_of(CLOCK_MONOTONIC) - start;
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    const std::string name = "c" + std::to_string(i);
    out.hierarchies.emplace(name, *Hierarchy::read(name, hierarchy_of(shape.columns[i])));
  }
  return out;
}

std::optional<Input> adult() {
  const std::string folder = sys::environment("MC_DATA", "../shared/data") + "/adult/";
  const auto files = sys::real_files();
  const auto text = files->read_all(folder + "adult.csv");
  if (!text) return std::nullopt;
  Input out;
  out.name = "adult";
  const double start = ms_of(CLOCK_MONOTONIC);
  out.table = std::move(*read_table(*text, {.delimiter = ';'}));
  out.read_ms = ms_of(CLOCK_MONOTONIC) - start;
  for (const Column& column : out.table.columns) {
    const auto file = files->read_all(folder + "adult_hierarchy_" + column.name + ".csv");
    out.hierarchies.emplace(column.name, *Hierarchy::read(column.name, *file));
  }
  return out;
}

struct Took {
  double wall_ms = 1e12, cpu_ms = 1e12;
};

Took measure(const Problem& problem, Workers* workers, int rounds, std::optional<Solution>& last) {
  Took best;
  for (int i = 0; i < rounds; ++i) {
    const double wall = ms_of(CLOCK_MONOTONIC), cpu = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    Result<Solution> found = search(problem, {.workers = workers});
    best.wall_ms = std::min(best.wall_ms, ms_of(CLOCK_MONOTONIC) - wall);
    best.cpu_ms = std::min(best.cpu_ms, ms_of(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    MC_CHECK(found);
    last = std::move(*found);
  }
  return best;
}

void bench(const Input& input, int rounds) {
  Config config;
  config.k = 10;
  config.suppression = "0.02";
  for (const Column& column : input.table.columns) {
    config.columns[column.name] = {.role = Role::quasi, .hierarchy = "file"};
  }
  const Result<Problem> problem = Problem::make(input.table, config, input.hierarchies);
  MC_CHECK(problem);
  std::optional<Solution> one, two;
  const Took alone = measure(*problem, nullptr, rounds, one);
  TwoWorkers workers;
  const Took both = measure(*problem, &workers, rounds, two);
  MC_CHECK(one->levels == two->levels && one->stats == two->stats);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::string levels;
  for (const std::uint8_t level : one->levels) {
    levels += (levels.empty() ? "" : ",") + std::to_string(level);
  }
  std::printf(
      "{\"bench\": \"kanon_search\", \"table\": \"%s\", \"rows\": %zu, \"k\": 10, "
      "\"suppression\": \"0.02\", \"nodes\": %llu, \"looked\": %llu, \"levels\": \"%s\", "
      "\"loss\": \"%s\", \"suppressed\": %llu, \"classes\": %zu, \"read_ms\": %.1f, "
      "\"wall_1_ms\": %.1f, \"cpu_1_ms\": %.1f, \"wall_2_ms\": %.1f, \"cpu_2_ms\": %.1f, "
      "\"rss_max_mib\": %ld}\n",
      input.name.c_str(), input.table.rows, static_cast<unsigned long long>(one->stats.nodes_total),
      static_cast<unsigned long long>(one->stats.nodes_looked), levels.c_str(),
      pico_text(one->loss.geometric_pico).c_str(),
      static_cast<unsigned long long>(one->classes.suppressed), one->classes.size(), input.read_ms,
      alone.wall_ms, alone.cpu_ms, both.wall_ms, both.cpu_ms, usage.ru_maxrss / 1024);
  std::fflush(stdout);
}

}  // namespace

// Without arguments all; the name of a table runs that one, so that its memory is its own.
int main(int argc, char** argv) {
  const auto wanted = [&](const char* name) { return argc < 2 || std::strcmp(argv[1], name) == 0; };
  if (wanted("adult")) {
    if (const std::optional<Input> input = adult()) bench(*input, 7);
  }
  if (wanted("cup_like")) bench(synthetic(kCupLike), 3);
  if (wanted("fars_like")) bench(synthetic(kFarsLike), 3);
  if (wanted("syn_1m")) bench(synthetic(kMillion), 1);
  return 0;
}
