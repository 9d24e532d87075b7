// A bundle that is read is written in a form that reads back as the same.
#include <cstdint>

#include "proof/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto bundle = mc::proof::parse_bundle(bytes);
  if (!bundle) return 0;
  const std::string written = mc::proof::print_bundle(*bundle);
  const auto again = mc::proof::parse_bundle(written);
  // Older versions may have more certificates and no proof, which version 0.3 does not.
  if (bundle->minor == 3) MC_CHECK(again && *again == *bundle);
  if (again) MC_CHECK(mc::proof::print_bundle(*again) == written);
  return 0;
}
