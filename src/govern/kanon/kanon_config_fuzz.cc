// Configs from anywhere: what is taken prints as what reads back the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "json/json.h"
#include "kanon/config.h"

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::kanon;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Result<Config> config = read_config({"fuzz.yaml", text});
  if (!config) return 0;
  MC_CHECK(config->check());
  for (const auto& [name, column] : config->columns) {
    for (const CriterionConfig& each : column.criteria) MC_CHECK(each.criterion());
  }
  const std::string printed = json::print(to_json(*config));
  const Result<Config> again = read_config({"printed.json", printed});
  MC_CHECK(again && json::print(to_json(*again)) == printed);
  return 0;
}
