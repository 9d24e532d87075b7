// Wrapped secrets as bytes: docs/formats/pkcs11-wrapped.md. Total: any bytes are a blob or
// `corrupt`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::pkcs11 {

// The first byte. Numbers are never given again.
enum class Form : std::uint8_t {
  key_wrap = 1,         // CKM_AES_KEY_WRAP, RFC 3394
  key_wrap_pad = 2,     // CKM_AES_KEY_WRAP_PAD, as the token understands it
  key_wrap_padded = 3,  // CKM_AES_KEY_WRAP_KWP of PKCS#11 3.0, RFC 5649
  gcm = 4,              // CKM_AES_GCM, a tag of 16 bytes
  oaep = 5,             // CKM_RSA_PKCS_OAEP, no label, MGF1 of the same hash
};
// Of OAEP; the second byte there.
enum class Hash : std::uint8_t { none = 0, sha1 = 1, sha256 = 2 };

inline constexpr std::size_t kIvBytes = 12;

struct Blob {
  Form form = Form::key_wrap;
  Hash hash = Hash::none;
  std::string iv;  // of gcm
  std::string bytes;
  bool operator==(const Blob&) const = default;
};
std::string format_blob(const Blob& blob);
Result<Blob> parse_blob(std::string_view bytes);

// What is wrapped: a byte for the size, the secret, zeros up to 24 bytes or the next multiple of
// eight, so that all forms take secrets of any size.
Secret frame(std::string_view secret);
// `corrupt` unless frame() would have made it.
Result<Secret> unframe(const Secret& framed);

}  // namespace mc::pkcs11
