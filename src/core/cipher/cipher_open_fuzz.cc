// Sealed bytes of anybody are refused, and leave zeros, or are what sealing gives. The input: one
// byte (which suite; whether the rest is sealed first, so that good bytes come by too), a nonce,
// one byte for the length of the context, the context, the bytes.
#include <algorithm>
#include <array>
#include <cstdint>

#include "cipher/cipher.h"

namespace {

using namespace mc::cipher;  // NOLINT(google-build-using-namespace)

constexpr std::array<std::uint8_t, kKeyBytes> kKey = {7, 7, 7};

std::string_view taken(std::string_view& from, std::size_t size) {
  const std::string_view out = from.substr(0, std::min(size, from.size()));
  from.remove_prefix(out.size());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  if (rest.empty()) return 0;
  const auto first = static_cast<std::uint8_t>(taken(rest, 1)[0]);
  const Suite suite = first % 2 == 0 ? Suite::xaes_256_gcm : Suite::aes_256_gcm;
  const std::string_view nonce = taken(rest, nonce_bytes(suite));
  const std::string_view length = taken(rest, 1);
  const std::string_view aad =
      taken(rest, length.empty() ? 0 : static_cast<std::uint8_t>(length[0]));
  const bool whole = nonce.size() == nonce_bytes(suite);
  if (first & 2) {
    std::string sealed(rest.size() + kTagBytes, '?'), text(rest.size(), '?');
    MC_CHECK(seal({suite, kKey, nonce, aad}, rest, sealed.data()).has_value() == whole);
    MC_CHECK(open({suite, kKey, nonce, aad}, sealed, text.data()).has_value() == whole);
    MC_CHECK(text == (whole ? std::string(rest) : std::string(rest.size(), '\0')));
  }
  std::string text(rest.size() < kTagBytes ? 0 : rest.size() - kTagBytes, '?');
  if (open({suite, kKey, nonce, aad}, rest, text.data())) {
    std::string again(rest.size(), '?');
    MC_CHECK(seal({suite, kKey, nonce, aad}, text, again.data()).has_value() && again == rest);
  } else {
    MC_CHECK(text == std::string(text.size(), '\0'));
  }
  return 0;
}
