// Provider "file": a key of one's own in a file under a passphrase (key_file.h), for machines that
// reach no service. URI: file:/path/to/key.json, an absolute path without %, ?, #, // and "..".
//
// The credential file "passphrase" (at most 1,024 bytes; one newline at its end is no part of it)
// is read when the key file is opened: at the first call, and again when the key file's bytes have
// changed, which every call looks at. So to remove the file ends its use at once. Opened root keys
// stay in the arena until the provider ends.
//
//   denied       the key file is not there or may not be read, another passphrase, a destroyed key
//                or version
//   unavailable  either file cannot be read otherwise, a write failed (the new version may be there
//                or not; old ones always are), no memory to derive the key
//   corrupt      the key file was changed; a wrapped secret that does not open
//   exhausted    the arena is full: it needs a slot for each live version
//
// Opening takes what argon2id was told to take and cannot be broken off: a call whose deadline ends
// meanwhile answers late by that. Thread-safe; calls run one at a time. One process rotates: of two
// at the same moment the later wins, and what was wrapped with the other's version is lost.
#pragma once

#include <memory>
#include <string>

#include "base/base.h"
#include "cipher/cipher.h"
#include "kms/kms.h"

namespace mc::kms {

class FileKind final : public ProviderKind {
 public:
  explicit FileKind(cipher::KeyArena& arena) : arena_(arena) {}  // outlives its providers
  std::string_view scheme() const override { return "file"; }
  Result<std::unique_ptr<Provider>> bind(const std::string& uri, Credentials credentials,
                                         const ProviderWorld& world) override;

 private:
  cipher::KeyArena& arena_;
};

}  // namespace mc::kms
