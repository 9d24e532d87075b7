// Wrapped keys of anybody are refused, or are what wrapping gives. The input: one byte (the form,
// the size of the wrapping key), then the wrapped key, which is also wrapped and unwrapped itself.
#include <cstdint>

#include "cipher/cipher.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;          // NOLINT(google-build-using-namespace)
  using namespace mc::cipher;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Wrap form = data[0] % 2 == 0 ? Wrap::kw : Wrap::kwp;
  const std::size_t sizes[] = {16, 24, 32};
  const Secret key(std::string(sizes[data[0] / 2 % 3], 'k'));
  const Result<Secret> secret = unwrap_key(form, key, text);
  if (secret) {
    const Result<std::string> again = wrap_key(form, key, *secret);
    MC_CHECK(again && *again == text);
  } else {
    MC_CHECK(secret.error().code == Code::corrupt);
  }
  if (const Result<std::string> wrapped = wrap_key(form, key, Secret(text))) {
    const Result<Secret> same = unwrap_key(form, key, *wrapped);
    MC_CHECK(same && same->reveal(RevealToken()) == text);
  }
  return 0;
}
