// Page cursors: the ordering values of one row, sealed.
//
// A cursor is base64url(tag || cipher). The tag is HMAC-SHA256 over the context and the plain
// values, cut to 16 bytes; the key stream is HMAC-SHA256 over the tag (the SIV construction of
// RFC 5297 with HMAC as the pseudo-random function), so a cursor is deterministic, shows nothing
// of the row, and opens only with the key and the context it was made for: tenant, field, order
// and filter. Changing any of them gives `invalid`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/value.h"

namespace mc::dataset {

inline constexpr std::size_t kCursorBytesMax = 4096;      // of the text
inline constexpr std::size_t kCursorTextValueMax = 1024;  // of one ordering value

// HMAC-SHA256 (RFC 2104, FIPS 198-1); 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);

// What a cursor is bound to; its digest goes into each seal.
struct CursorContext {
  std::string_view tenant;
  std::string_view field;      // "persons", "person.orders"
  std::string_view order;      // "age-,id+"
  std::string_view filter;     // canonical JSON, "" = none
  std::string digest() const;  // 32 bytes; parts are length-prefixed
};

class CursorSealer {
 public:
  explicit CursorSealer(const Secret& key);  // derives two keys

  // `invalid` when a value is too long for a cursor.
  Result<std::string> seal(std::string_view context_digest, std::span<const Cell> values) const;
  // Texts of the cells live in `arena`. `count` values are expected.
  Result<std::vector<Cell>> open(std::string_view context_digest, std::string_view cursor,
                                 std::size_t count, graphql::Arena& arena) const;

 private:
  std::string crypt(std::string_view tag, std::string_view bytes) const;
  Secret tag_key_, stream_key_;
};

}  // namespace mc::dataset
