// Requests to a witness: what is read is written as it was read.
#include <cstdint>

#include "witness/witness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto request = mc::witness::parse_request(bytes)) {
    MC_CHECK(mc::witness::print_request(*request) == bytes);
  }
  return 0;
}
