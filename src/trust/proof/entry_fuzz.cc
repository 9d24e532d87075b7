// Bodies of log entries are read or refused; what is read has a digest and its signers.
#include <cstdint>

#include "proof/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto entry = mc::proof::parse_entry(bytes);
  if (entry) MC_CHECK(!entry->digest_algorithm.empty() && !entry->kind.empty());
  return 0;
}
