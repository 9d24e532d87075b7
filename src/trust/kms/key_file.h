// Root keys under a passphrase, in one file: format mc.keyfile/1 (docs/formats/keyfile.md).
//
// A file has an id and versions of a 32-byte root key, each sealed by XAES-256-GCM under what
// argon2id (RFC 9106) makes of the passphrase. A check value tells a wrong passphrase (`denied`)
// from a damaged file (`corrupt`); a MAC over all members makes every change show. Plain data and
// functions; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "cipher/cipher.h"
#include "json/describe.h"
#include "sys/sys.h"

namespace mc::kms {

inline constexpr std::size_t kKeyFileBytesMax = 64 << 10;
inline constexpr std::size_t kKeyFileVersionsMax = 64;
inline constexpr std::size_t kPassphraseBytesMax = 1'024;

// What it costs to try a passphrase. The second choice of RFC 9106 section 4, in one lane.
struct KeyFileCost {
  std::int64_t ops = 3;              // passes, 1 to 16
  std::int64_t memory_kib = 65'536;  // 8 MiB to 1 GiB
};

struct KeyFileKdf {
  std::string name = "argon2id";
  std::int64_t ops = 0;
  std::int64_t memory_kib = 0;
  std::string salt;   // base64 of 16 bytes
  std::string check;  // base64 of 16 bytes
};
struct KeyFileVersion {
  std::int64_t version = 0;
  std::string created_at;  // RFC 3339
  std::string nonce;       // base64 of 24 bytes
  std::string ciphertext;  // base64 of 48 bytes
};
struct KeyFile {
  std::string kind;  // "mc.keyfile/1"
  std::string id;    // 32 hexadecimal digits
  KeyFileKdf kdf;
  std::string cipher = "xaes-256-gcm";
  std::int64_t issued = 0;               // the highest version there ever was
  std::vector<KeyFileVersion> versions;  // rising; empty: the key is destroyed
  std::string mac;                       // base64 of 32 bytes
  // `corrupt`: a member is not as above.
  Status check() const;
};

// `corrupt` when it is none. That it parses says nothing of the passphrase or the MAC.
Result<KeyFile> parse_key_file(std::string_view bytes);
std::string print_key_file(const KeyFile& file);

// What the passphrase makes of a file's parameters: a key for each use.
struct KeyFileKeys {
  Secret seal;
  Secret mac;
};
// Takes the time and memory that the file asks for. `denied`: another passphrase. `corrupt`: the
// MAC is not the file's. `unavailable`: no memory.
Result<KeyFileKeys> unlock_key_file(const KeyFile& file, const Secret& passphrase);
// `corrupt` when it does not open.
Status open_key_version(const KeyFile& file, const KeyFileVersion& version, const KeyFileKeys& keys,
                        cipher::HeldKey& out);
// Appends a new version. `invalid`: there are kKeyFileVersionsMax.
Status add_key_version(KeyFile& file, const KeyFileKeys& keys, sys::Clock& clock,
                       sys::Random& random);
// After each change, before it is printed.
void sign_key_file(KeyFile& file, const KeyFileKeys& keys);

// A new file with one version. `conflict`: something stands there. `invalid`: an empty or too long
// passphrase, or a cost out of its range.
struct KeyFileWorld {
  sys::Clock& clock;
  sys::Random& random;
  sys::Files& files;
};
Status create_key_file(const std::string& path, const Secret& passphrase, const KeyFileCost& cost,
                       const KeyFileWorld& world);

}  // namespace mc::kms

template <>
struct mc::json::Describe<mc::kms::KeyFileKdf> {
  using T = mc::kms::KeyFileKdf;
  static constexpr auto fields =
      std::tuple{Field{"name", &T::name, "", {.required = true}},
                 Field{"ops", &T::ops, "", {.required = true}},
                 Field{"memory_kib", &T::memory_kib, "", {.required = true}},
                 Field{"salt", &T::salt, "", {.required = true}},
                 Field{"check", &T::check, "", {.required = true}}};
};
template <>
struct mc::json::Describe<mc::kms::KeyFileVersion> {
  using T = mc::kms::KeyFileVersion;
  static constexpr auto fields =
      std::tuple{Field{"version", &T::version, "", {.required = true}},
                 Field{"created_at", &T::created_at, "", {.required = true}},
                 Field{"nonce", &T::nonce, "", {.required = true}},
                 Field{"ciphertext", &T::ciphertext, "", {.required = true}}};
};
template <>
struct mc::json::Describe<mc::kms::KeyFile> {
  using T = mc::kms::KeyFile;
  static constexpr auto fields = std::tuple{Field{"kind", &T::kind, "", {.required = true}},
                                            Field{"id", &T::id, "", {.required = true}},
                                            Field{"kdf", &T::kdf, "", {.required = true}},
                                            Field{"cipher", &T::cipher, "", {.required = true}},
                                            Field{"issued", &T::issued, "", {.required = true}},
                                            Field{"versions", &T::versions, "", {.required = true}},
                                            Field{"mac", &T::mac, "", {.required = true}}};
};
