// Any bytes: a blob that is read is written as it was; the same bytes as a frame hold a secret that
// makes that frame, or none.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pkcs11/blob.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;  // NOLINT(google-build-using-namespace)
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto blob = pkcs11::parse_blob(bytes);
  if (blob) MC_CHECK(pkcs11::format_blob(*blob) == bytes);
  const auto secret = pkcs11::unframe(Secret(std::string(bytes)));
  if (secret) {
    const Secret framed = pkcs11::frame(secret->reveal(RevealToken{}));
    MC_CHECK(framed.reveal(RevealToken{}) == bytes);
  }
  return 0;
}
