// CPU time of parse() for each file named on the command line, the copy of the source and the
// release of the document included, and of measure() for a fragment bomb. One JSON line;
// bench/graphql/run.sh compares with graphql-js.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "graphql/graphql.h"
#include "json/json.h"
#include "sys/sys.h"

namespace {

constexpr int kRounds = 7;
constexpr mc::Nanos kRoundMin = mc::millis(60);

// The best round in nanoseconds for one parse; negative when the source is refused.
double measure_parse(const std::string& source) {
  const mc::graphql::ParseLimits limits = {.tokens_max = 1'000'000};
  if (!mc::graphql::parse(source, limits)) return -1;
  // Reading the CPU time costs some microseconds, so a batch takes milliseconds.
  const std::size_t batch = (1 << 20) / (source.size() + 1) + 1;
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const mc::Nanos before = mc::sys::usage().cpu;
    mc::Nanos spent;
    std::int64_t times = 0;
    do {
      for (std::size_t i = 0; i < batch; ++i)
        times += mc::graphql::parse(source, limits).has_value();
      spent = mc::sys::usage().cpu - before;
    } while (spent < kRoundMin);
    best = std::min(best, static_cast<double>(spent.count) / static_cast<double>(times));
  }
  return best;
}

// Microseconds to price thirty fragments, each of which spreads the next twice.
double measure_bomb() {
  std::string source = "{...F0}";
  for (int i = 0; i < 30; ++i) {
    const std::string next = "...F" + std::to_string(i + 1);
    source += "fragment F" + std::to_string(i) + " on T{" + next + " " + next + "}";
  }
  const auto document = mc::graphql::parse(source + "fragment F30 on T{a}");
  if (!document) return -1;
  constexpr int kTimes = 2000;
  std::uint64_t sum = 0;
  const mc::Nanos before = mc::sys::usage().cpu;
  for (int i = 0; i < kTimes; ++i) sum += mc::graphql::measure(**document).selections;
  const mc::Nanos spent = mc::sys::usage().cpu - before;
  if (sum != (std::uint64_t{kTimes} << 30)) return -1;
  return static_cast<double>(spent.count) / 1e3 / kTimes;
}

}  // namespace

int main(int count, char** arguments) {
  std::string out;
  mc::json::Writer writer(out);
  writer.begin_object().member("bench", "graphql.parse").key("documents").begin_array();
  for (int i = 1; i < count; ++i) {
    std::ifstream file(arguments[i], std::ios::binary);
    const std::string source{std::istreambuf_iterator<char>(file), {}};
    const double nanos = measure_parse(source);
    writer.begin_object()
        .member("file", std::string_view(arguments[i]))
        .member("bytes", static_cast<std::int64_t>(source.size()))
        .member("us", nanos / 1e3)
        .member("mb_per_s", static_cast<double>(source.size()) * 1e3 / nanos)
        .end_object();
  }
  writer.end_array().member("fragment_bomb_measure_us", measure_bomb()).end_object();
  std::printf("%s\n", out.c_str());
  return count > 1 ? 0 : 2;
}
