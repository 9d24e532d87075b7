#include "json/json.h"
#include "suite.h"

namespace mc::conformance {
namespace {

// Hexadecimal text with white space anywhere, lower-cased and closed up.
std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : to_lower(text)) {
    if (c > ' ') digits.push_back(c);
  }
  return digits;
}

std::string check_vector(const Vectors& vectors, const std::string& name) {
  const auto input = vectors.read("input/" + name + ".json");
  if (!input) return input.error().what;
  const Result<json::Value> value = json::parse(*input);
  if (!value) return "cannot be read: " + value.error().what;
  const std::string canonical = json::canonical(*value);

  int compared = 0;
  if (const auto wanted = vectors.read("output/" + name + ".json")) {
    ++compared;
    if (canonical != *wanted) return "expected " + excerpt(*wanted) + ", got " + excerpt(canonical);
  }
  if (const auto wanted = vectors.read("outhex/" + name + ".txt")) {
    ++compared;
    if (to_hex(canonical) != digits_of(*wanted)) return "bytes differ from outhex";
  }
  return compared == 0 ? "has neither output nor outhex" : "";
}

}  // namespace

void run_jcs(const Vectors& vectors, Report& report) {
  static constexpr std::string_view kEnding = ".json";
  const auto names = vectors.list("input");
  if (!names) return report.fail("input", names.error().what);
  for (const std::string& file : *names) {
    if (!file.ends_with(kEnding)) continue;
    const std::string name = file.substr(0, file.size() - kEnding.size());
    report.add(name, check_vector(vectors, name));
  }
}

}  // namespace mc::conformance
