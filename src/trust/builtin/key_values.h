// Private keys as values. Private to this module.
#pragma once

#include "builtin/keys.h"
#include "builtin/x509.h"

namespace mc::builtin {

// As Go's encoding/json shows *rsa.PrivateKey, *ecdsa.PrivateKey and ed25519.PrivateKey.
Value private_key_value(const X509Values& values, const evp_pkey_st* key);
Value private_jwk_value(const X509Values& values, const evp_pkey_st* key);

// The private keys among the PEM blocks of `text`, which may be in base64 as a whole.
Result<std::vector<Key>> read_private_keys(std::string_view text);
// As tls.X509KeyPair shows {"Certificate": [...], "PrivateKey": {...}, "Leaf": {...}, ...}.
Result<Value> key_pair_value(const X509Values& values, std::string_view certificate,
                             std::string_view key);

}  // namespace mc::builtin
