// MCB1: a keyed digest of a value, by which equal values of one column are found without opening
// any. Opt-in for each column: whoever sees the table sees which rows have the same value, and how
// often each comes; with few values, or a frequency that is known, that is much.
//
// HMAC-SHA256 under the key of indexes of a data key, over the column and the normalised value, cut
// to the width of the column's configuration. The data key is one of ScopeKind::index, of the
// dataset, and no other: a new data key means to make the indexes anew, so it must not be one that
// is changed for other reasons. Rotation of the branch key only rewraps it, and the indexes stay.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "envelope/data_key.h"

namespace mc::envelope {

// How values are brought to one form first. Only ASCII letters have cases here.
enum class Normal : std::uint8_t { exact, lower, digits };
Result<Normal> parse_normal(std::string_view name);  // "exact", "lower", "digits"
std::string normalised(Normal form, std::string_view value);

struct IndexedColumn {
  std::string_view tenant, dataset, column;
  Normal form = Normal::exact;
  int bytes =
      16;  // 4 to 32; fewer hide more, and find rows that have to be opened to be told apart
};
std::string blind_index(const DataKey& key, const IndexedColumn& column, std::string_view value);

}  // namespace mc::envelope
