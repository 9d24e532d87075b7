// Private keys of this server in files: PKCS #8 in PEM, readable by its user alone.
#pragma once

#include <string>

#include "base/base.h"
#include "crypto/crypto.h"
#include "sys/sys.h"

namespace mc::app {

// `invalid` for a key of another algorithm.
Result<crypto::SigningKey> read_key_file(sys::Files& files, const std::string& path,
                                         crypto::Algorithm algorithm);
Status write_key_file(sys::Files& files, const std::string& path, const crypto::SigningKey& key);

// Makes the key where there is none. `corrupt` when `begun` is there without it: something was
// signed with a key that is gone.
Result<crypto::SigningKey> own_key(sys::Files& files, const std::string& path,
                                   const std::string& begun, crypto::Algorithm algorithm);

}  // namespace mc::app
