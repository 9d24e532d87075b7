// Parsing of a GraphQL request and of a reply, CPU time, beside simdjson's DOM. One JSON line.
#include <simdjson.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "json/json.h"

namespace {

double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Best of 7 rounds, microseconds.
double measure(int times, const std::function<void()>& work) {
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    const double start = cpu_s();
    for (int i = 0; i < times; ++i) work();
    best = std::min(best, (cpu_s() - start) / times);
  }
  return best * 1e6;
}

std::string reply(int rows) {
  std::string out = "{\"data\":{\"persons\":[";
  for (int i = 0; i < rows; ++i) {
    out += i > 0 ? "," : "";
    out += "{\"id\":\"p-" + std::to_string(i) +
           "\",\"name\":\"Ana \\\"Q\\\" Mueller\",\"score\":0.75,\"tags\":[\"a\",\"b\"]}";
  }
  return out + "]}}";
}

}  // namespace

int main() {
  const std::string request =
      R"({"query":"query PersonCard($id: ID!) { person(id: $id) { fullName country city } }",)"
      R"("operationName":"PersonCard","variables":{"id":"p-000123"}})";
  const std::string large = reply(1'000);
  simdjson::dom::parser dom;
  simdjson::dom::element ignored;
  const double ours_small = measure(20'000, [&] { (void)mc::json::parse(request); });
  const double theirs_small = measure(20'000, [&] { (void)dom.parse(request).get(ignored); });
  const double ours_large = measure(50, [&] { (void)mc::json::parse(large); });
  const double theirs_large = measure(50, [&] { (void)dom.parse(large).get(ignored); });
  std::printf(
      "{\"bench\":\"json\",\"request_bytes\":%zu,\"ours_us\":%.2f,\"simdjson_us\":%.2f,"
      "\"reply_bytes\":%zu,\"ours_reply_us\":%.1f,\"simdjson_reply_us\":%.1f}\n",
      request.size(), ours_small, theirs_small, large.size(), ours_large, theirs_large);
  return 0;
}
