// A trusted root that is read is written in a form that reads back as the same.
#include <cstdint>

#include "proof/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto root = mc::proof::parse_trusted_root(bytes);
  if (!root) return 0;
  const std::string written = mc::proof::print_trusted_root(*root);
  const auto again = mc::proof::parse_trusted_root(written);
  MC_CHECK(again && mc::proof::print_trusted_root(*again) == written);
  return 0;
}
