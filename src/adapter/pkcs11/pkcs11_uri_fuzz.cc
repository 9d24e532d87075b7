// Any text: a URI that is read is written in one spelling, which reads the same; a refusal has none
// of the values.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pkcs11/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;  // NOLINT(google-build-using-namespace)
  const auto uri = pkcs11::parse_uri({reinterpret_cast<const char*>(data), size});
  if (!uri) {
    MC_CHECK(uri.error().code == Code::invalid && uri.error().what.size() < 200);
    return 0;
  }
  const auto again = pkcs11::parse_uri(pkcs11::format_uri(*uri));
  // Encoded throughout, a URI may pass the limit that it kept before.
  MC_CHECK(again ? *again == *uri : pkcs11::format_uri(*uri).size() > pkcs11::kUriBytesMax);
  MC_CHECK(uri->label.has_value() || uri->id.has_value());
  return 0;
}
