// The URI of a key (RFC 7512), read strictly: what is not understood is refused, since a URI that
// names more than was meant binds a tenant to another key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::pkcs11 {

inline constexpr std::size_t kUriBytesMax = 1'024;

enum class KeyType : std::uint8_t { any, secret, pair };

struct KeyUri {
  // Of the token; the first four as RFC 7512 compares them, without the blanks that fill them up.
  std::optional<std::string> token, serial, model, manufacturer;
  std::optional<std::uint64_t> slot_id;
  // Of the key.
  std::optional<std::string> label, id;  // the id in raw bytes
  KeyType type = KeyType::any;
  std::optional<std::string> module_path;  // absolute

  bool operator==(const KeyUri&) const = default;
  // What names the token, the same for all URIs that name it alike.
  std::string token_name() const;
};

// `invalid` names the attribute; never a value, which could be a PIN.
Result<KeyUri> parse_uri(std::string_view text);
// The same key in one spelling: attributes in the order above, only RFC 3986's unreserved
// characters plain, the id all encoded. parse_uri() of it gives the same.
std::string format_uri(const KeyUri& uri);

}  // namespace mc::pkcs11
