// The policy engine, in process. One JSON line a figure.
// Usage: policy_bench decisions|beside|rules|threads | gate FOLDER | log FOLDER | data FILE |
// compile FILE
#include <string_view>

#include "figures.h"
#include "measure.h"

int main(int argc, char** argv) {
  using namespace mc::bench;  // NOLINT(google-build-using-namespace)
  const std::string_view what = argc > 1 ? argv[1] : "";
  const std::string where = argc > 2 ? argv[2] : "";
  if (what == "decisions") {
    measure_decisions();
  } else if (what == "beside") {
    measure_beside();
  } else if (what == "rules") {
    measure_rules();
  } else if (what == "threads") {
    measure_threads();
  } else if (what == "gate" && argc == 3) {
    measure_gate(where);
  } else if (what == "log" && argc == 3) {
    measure_log(where);
  } else if (what == "data" && argc == 3) {
    measure_data(where);
  } else if (what == "compile" && argc == 3) {
    measure_compile(where);
  } else {
    stop(
        "usage: policy_bench decisions|beside|rules|threads | gate|log FOLDER | data|compile FILE");
  }
  return 0;
}
