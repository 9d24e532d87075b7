// Key files are refused or ask for their passphrase. Deriving a key takes a tenth of a second and
// 64 MiB, so the files here have no box that could be opened.
#include <cstdint>

#include "crypto/crypto.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto key = mc::crypto::open_sealed_key(bytes, mc::Secret("passphrase"));
  MC_CHECK(!key);
  return 0;
}
