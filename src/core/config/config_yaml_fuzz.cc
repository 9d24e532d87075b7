// YAML from anywhere: never crashes, keeps its limits, and what it accepts is plain JSON.
#include <algorithm>
#include <cstdint>

#include "config/config.h"

namespace {

int depth_of(const mc::json::Value& value) {
  int deepest = 0;
  if (const auto* array = value.as_array()) {
    for (const auto& entry : *array) deepest = std::max(deepest, depth_of(entry));
    return deepest + 1;
  }
  if (const auto* object = value.as_object()) {
    for (const auto& member : object->members()) {
      deepest = std::max(deepest, depth_of(member.value));
    }
    return deepest + 1;
  }
  return 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const mc::config::Limits limits{.file_bytes_max = 1 << 16, .depth_max = 8, .values_max = 1000};
  const auto document = mc::config::parse_yaml(text, limits);
  if (!document) return 0;
  MC_CHECK(document->tree.as_object() != nullptr);
  MC_CHECK(depth_of(document->tree) <= limits.depth_max + 1);
  // By text: a decimal such as 2.0 prints as 2 and comes back as an integer.
  const std::string printed = mc::json::print(document->tree);
  const auto again = mc::json::parse(printed);
  MC_CHECK(again && mc::json::print(*again) == printed);
  return 0;
}
