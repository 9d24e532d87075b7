#include <cstdint>
#include <cstdlib>

#include "json/json.h"

// What parses must print, read back as the same value, and have a stable canonical form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = mc::json::parse(text);
  if (!value) return 0;
  const auto again = mc::json::parse(mc::json::print(*value));
  if (!again || mc::json::canonical(*again) != mc::json::canonical(*value)) std::abort();
  return 0;
}
