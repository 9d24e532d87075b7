// CPU time of validate() for documents of one schema: graphql_validate_bench SCHEMA DOCUMENT...
// One JSON line; bench/graphql/validate.mjs puts graphql-js beside it.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "graphql/graphql.h"
#include "json/json.h"
#include "sys/sys.h"

namespace {

using namespace mc;
using namespace mc::graphql;

constexpr int kRounds = 5;
constexpr Nanos kRoundMin = millis(40);

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The best round in nanoseconds for one validation, parsing left out.
double measure(const Schema& schema, const Document& document) {
  const std::size_t batch = (1 << 17) / (document.source.size() + 1) + 1;
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const Nanos before = sys::usage().cpu;
    Nanos spent;
    std::int64_t times = 0;
    std::size_t errors = 0;
    do {
      for (std::size_t i = 0; i < batch; ++i) errors += validate(schema, document).size();
      times += static_cast<std::int64_t>(batch);
      spent = sys::usage().cpu - before;
    } while (spent < kRoundMin || errors == SIZE_MAX);
    best = std::min(best, static_cast<double>(spent.count) / static_cast<double>(times));
  }
  return best;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const auto schema = Schema::build({read(arguments[1])});
  if (!schema) {
    std::fprintf(stderr, "%s\n", schema.error().what.c_str());
    return 1;
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("bench", "graphql.validate").key("documents").begin_array();
  for (int i = 2; i < count; ++i) {
    const ParseResult document = parse(read(arguments[i]), {.tokens_max = 1'000'000});
    if (!document) return 1;
    writer.begin_object()
        .member("file", std::string_view(arguments[i]))
        .member("bytes", static_cast<std::int64_t>((*document)->source.size()))
        .member("errors", static_cast<std::int64_t>(validate(**schema, **document).size()))
        .member("us", measure(**schema, **document) / 1e3)
        .end_object();
  }
  writer.end_array().end_object();
  std::printf("%s\n", out.c_str());
  return 0;
}
