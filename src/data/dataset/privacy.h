// What of a dataset may leave as differentially private answers: the section `privacy` of its
// model. A dataset without one has no such answers.
//
//   privacy:
//     unit: personId         # the column that says whose row it is; rows are not taken for people
//     groups_per_unit: 1     # of one unit that count in one answer, 1 to 10'000 (L0)
//     rows_per_group: 1      # of one unit that count in one group, 1 to 1'000'000 (Linf)
//     columns:               # what may be aggregated or grouped by; nothing else can
//       - {name: income, min: "0", max: "200000", step: "1"}  # a number, clamped to a public grid
//       - {name: country, keys: [DE, FR]}                      # public keys; rows of others are
//       out
//       - {name: job}                                          # keys are selected (needs a delta)
//
// Invariant: everything here is public. Whoever writes it says by it that the bounds, steps and
// keys tell nothing of the rows; an answer never says whether a row lay outside of them.
//
// Numbers are exact decimals: at most 18 digits, 9 of them after the point. A grid is the points
// min, min + step ... max; max lies on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::dataset {

inline constexpr int kGroupsPerUnitMax = 10'000;
inline constexpr int kRowsPerGroupMax = 1'000'000;
inline constexpr std::size_t kPrivateColumnsMax = 64;
inline constexpr std::size_t kPrivateKeysMax = 10'000;  // of one column
inline constexpr std::size_t kPrivateKeyBytesMax = 256;
inline constexpr std::int64_t kPrivateStepsMax = 1'000'000'000'000;  // of one grid
inline constexpr int kDecimalDigitsMax = 18;
inline constexpr int kDecimalPlacesMax = 9;

struct PrivateColumn {
  std::string name;            // of a column of the dataset
  std::string min, max, step;  // all three, or none: it is no number
  std::vector<std::string> keys;

  bool number() const { return !min.empty(); }
  bool key() const { return !keys.empty() || min.empty(); }
  bool selected() const { return keys.empty() && min.empty(); }  // its keys are found in the rows
  bool operator==(const PrivateColumn&) const = default;
};

struct DatasetPrivacy {
  std::string unit;  // column name
  int groups_per_unit = 1;
  int rows_per_group = 1;
  std::vector<PrivateColumn> columns;

  const PrivateColumn* column(std::string_view name) const;  // null = may not be used
  bool numbers() const;                                      // has one
  bool keys() const;                                         // has one
  bool operator==(const DatasetPrivacy&) const = default;
};

}  // namespace mc::dataset
