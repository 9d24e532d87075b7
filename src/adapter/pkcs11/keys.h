// The key objects of a URI on a token, their versions and what each may do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "pkcs11/blob.h"
#include "pkcs11/module.h"
#include "pkcs11/uri.h"
#include "sys/sys.h"

namespace mc::pkcs11 {

enum class Algorithm : std::uint8_t { aes, rsa };

// A version: an AES key, or the private key of a pair.
struct Found {
  std::string id;  // CKA_ID
  CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
  Algorithm algorithm = Algorithm::aes;
};

// A way to wrap: as an object of the token, or as data to encrypt.
struct Way {
  Form form = Form::key_wrap;
  Hash hash = Hash::none;
  bool by_object = true;
  bool operator==(const Way&) const = default;
};

struct Key {
  Found found;
  CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;  // of rsa
  bool may_open = false;
  std::vector<Way> ways;  // the best first
};

// The versions that live, the present one first (pkcs11.h says the order); only that of `id` where
// one is given. `denied`: there is none, and the token is there and logged in. `invalid`: two
// alike.
Result<std::vector<Found>> find_versions(Call& call, const KeyUri& uri,
                                         const std::optional<std::string>& id);
Result<Key> read_key(Call& call, const Found& found);
// Every object of a version: the pair's other half as well.
Result<std::vector<CK_OBJECT_HANDLE>> objects_of(Call& call, const Found& found);

// A CKA_ID that comes after those that there are.
std::string next_id(const std::vector<Found>& versions, WallTime now, sys::Random& random);
// Makes an AES key that never leaves the token, as large as `like` when that is one.
Status generate_key(Call& call, const KeyUri& uri, const std::string& id,
                    const std::optional<Found>& like);

// Attributes. Nothing: the object has none, or does not show it.
std::optional<bool> flag_of(Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
std::optional<std::uint64_t> number_of(Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
Result<std::string> bytes_of(Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
// "AES-256", "RSA-2048", and how many bits that is.
std::string algorithm_of(Call& call, const Found& found);

}  // namespace mc::pkcs11
