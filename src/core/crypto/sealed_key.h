// Private keys under a passphrase, in the format of cosign's key files: PEM around JSON with a key
// derived by scrypt (RFC 7914) and a box of XSalsa20 and Poly1305 ("nacl/secretbox") around PKCS
// #8.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::crypto {

class SigningKey;

inline constexpr std::size_t kSealedKeyBytesMax = 64 << 10;

// What chance gives to a new file.
struct SealChance {
  std::array<char, 32> salt = {};
  std::array<char, 24> nonce = {};
};
// `invalid` without a passphrase.
Result<std::string> seal_key(const SigningKey& key, const Secret& passphrase,
                             const SealChance& chance);
// `denied` when the passphrase is not the file's, or its box was changed. `invalid` when the file
// is none, or has another cost than the two that cosign has written.
Result<SigningKey> open_sealed_key(std::string_view file, const Secret& passphrase);

}  // namespace mc::crypto
