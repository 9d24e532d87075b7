// Local recoding of the adult census table (folder data/adult as first argument), all nine columns
// quasi-identifiers, nothing suppressed: loss, classes and time for k = 5 and 10. Then of 1,000,000
// rows, each joined from two of its rows: five columns of the one, four of the other. CPU time of
// one thread in milliseconds, best of the rounds. One JSON line for each.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "kanon/kanon.h"
#include "kanon/recode.h"

namespace {

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::kanon;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kManyRows = 1'000'000;

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

std::string text_of(const std::string& path) {
  std::string out;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  char buffer[65'536];
  while (const std::size_t size = file ? std::fread(buffer, 1, sizeof buffer, file.get()) : 0) {
    out.append(buffer, size);
  }
  return out;
}

// SplitMix64.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Table many_of(const Table& table) {
  Table out = table;
  out.rows = kManyRows;
  for (std::size_t i = 0; i < out.columns.size(); ++i) {
    const bool second = i >= 4 && i <= 7;
    std::vector<std::uint32_t>& codes = out.columns[i].codes;
    codes.clear();
    for (std::size_t row = 0; row < kManyRows; ++row) {
      codes.push_back(table.columns[i].codes[mix(row * 2 + (second ? 1 : 0)) % table.rows]);
    }
  }
  return out;
}

Result<Problem> problem_of(const Table& table, const std::string& folder, std::int64_t k) {
  Config config;
  config.k = k;
  config.method = Method::local;
  std::map<std::string, Hierarchy> hierarchies;
  for (const Column& column : table.columns) {
    config.columns[column.name] = {.role = Role::quasi, .hierarchy = column.name};
    const std::string text = text_of(folder + "/adult_hierarchy_" + column.name + ".csv");
    MC_TRY(Hierarchy hierarchy, Hierarchy::read(column.name, text));
    hierarchies.emplace(column.name, std::move(hierarchy));
  }
  return Problem::make(table, config, std::move(hierarchies));
}

Status measure(const char* name, const Table& table, const std::string& folder, std::int64_t k,
               int rounds) {
  MC_TRY(const Problem problem, problem_of(table, folder, k));
  double best = 1e18;
  Recoding found;
  for (int i = 0; i < rounds; ++i) {
    const double start = cpu_ms();
    MC_TRY(found, recode(problem));
    best = std::min(best, cpu_ms() - start);
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf(
      "{\"bench\": \"recode\", \"data\": \"%s\", \"rows\": %zu, \"k\": %lld, \"cpu_ms\": %.0f, "
      "\"loss_arithmetic\": %.6f, \"loss_geometric\": %.6f, \"classes\": %zu, \"suppressed\": "
      "%llu, \"steps\": %llu, \"lent\": %llu, \"moved\": %llu, \"rss_mib\": %ld}\n",
      name, table.rows, static_cast<long long>(k), best,
      static_cast<double>(found.loss.arithmetic_pico) / 1e12,
      static_cast<double>(found.loss.geometric_pico) / 1e12, found.classes.size(),
      static_cast<unsigned long long>(found.classes.suppressed),
      static_cast<unsigned long long>(found.stats.steps),
      static_cast<unsigned long long>(found.stats.lent),
      static_cast<unsigned long long>(found.stats.moved), used.ru_maxrss / 1024);
  std::fflush(stdout);
  return ok();
}

Status run(const std::string& folder) {
  MC_TRY(const Table adult, read_table(text_of(folder + "/adult.csv"), {.delimiter = ';'}));
  for (const std::int64_t k : {5, 10}) MC_TRY_OK(measure("adult", adult, folder, k, 3));
  const Table many = many_of(adult);
  for (const std::int64_t k : {5, 10}) MC_TRY_OK(measure("joined", many, folder, k, 1));
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = run(argc > 1 ? argv[1] : "../shared/data/adult");
  if (!status) std::fprintf(stderr, "recode_bench: %s\n", status.error().what.c_str());
  return status ? 0 : 1;
}
