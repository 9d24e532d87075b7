// The Merkle root over the classes of a release (docs/formats/kanon-release.md, "Root").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/crypto.h"

namespace mc::recheck {

// Appends one text of a class key: four bytes of its size, big-endian, and its bytes. A class key
// is that of its quasi-identifiers, in the order of the header.
void append_key_text(std::string& key, std::string_view text);
std::string_view take_key_text(std::string_view& key);  // the first one, of a key written so

struct ClassRows {
  std::string_view key;
  std::int64_t rows = 0;
};
// In any order; no two have the same key.
crypto::Digest root_of(const std::vector<ClassRows>& classes);

}  // namespace mc::recheck
