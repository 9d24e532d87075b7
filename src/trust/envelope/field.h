// MCF1: one value of one column of one row.
//
//   version 1 | suite 1 | flags 1 (0) | reserved 1 (0) | data key id 8, big-endian |
//   nonce 24 (suite 2: 12) | ciphertext | tag 16           52 bytes more than the value (suite 2:
//   40)
//
// The associated data is not stored: it is made again from where the value stands, so a value that
// was moved to another row, column, table, dataset or tenant, or read as another type, does not
// open.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "cipher/cipher.h"
#include "envelope/data_key.h"

namespace mc::envelope {

// Where a value stands. Borrowed.
struct FieldPlace {
  std::string_view tenant, dataset, table, column;
  std::string_view row;   // the primary key, as the text that the database gives for it
  std::string_view type;  // of the column in the model: "string", "int" ...
};

inline constexpr std::size_t kFieldHeaderBytes = 12;
inline constexpr std::size_t kFieldBytesMax = 1 << 20;  // of a value

// Which data key it takes, before one has it. `corrupt`: it is no MCF1.
Result<std::uint64_t> field_key_id(std::string_view sealed);

// With what values are sealed. Borrowed.
struct FieldSealer {
  const DataKey& key;
  cipher::Nonces& nonces;
  cipher::Suite suite = cipher::Suite::xaes_256_gcm;
};
// Replaces `out`, which is empty when it fails. `invalid`: the value is over kFieldBytesMax, or the
// names of the place over 64 KiB. `unavailable`: a forked process, which has no keys.
Status seal_field(const FieldSealer& with, const FieldPlace& place, std::string_view value,
                  std::string& out);
// Replaces `out`, which is empty when it fails. `corrupt`.
Status open_field(const DataKey& key, const FieldPlace& place, std::string_view sealed,
                  std::string& out);

}  // namespace mc::envelope
