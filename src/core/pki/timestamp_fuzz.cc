// Time-stamp responses are refused for an authority that made none, requests are answered.
#include <cstdint>

#include "pki/pki.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto checked = mc::pki::check_timestamp(bytes, "message", {});
  MC_CHECK(!checked);
  return 0;
}
