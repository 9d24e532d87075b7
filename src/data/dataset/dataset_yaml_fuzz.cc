#include <cstdint>
#include <cstdlib>

#include "dataset/model.h"
#include "graphql/graphql.h"

// A model that is accepted prints as YAML that reads back equal, and its schema builds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view yaml(reinterpret_cast<const char*>(data), size);
  const auto model = mc::dataset::parse_model(yaml, "fuzz.yaml");
  if (!model) return model.error().what.starts_with("fuzz.yaml:") ? 0 : (std::abort(), 0);
  const auto again = mc::dataset::parse_model(mc::dataset::to_yaml(*model), "again.yaml");
  if (!again || !(*again == *model)) std::abort();
  if (!mc::graphql::Schema::build({mc::dataset::sdl(*model)})) std::abort();
  return 0;
}
