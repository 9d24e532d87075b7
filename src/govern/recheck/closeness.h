// How far the values of a class are from those of the table (t-closeness, Li et al. 2007), on whole
// numbers: nothing is rounded. Immutable once made.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "recheck/decimal.h"
#include "recheck/leaves.h"
#include "recheck/manifest.h"

namespace mc::recheck {

__extension__ using Wide = unsigned __int128;

// A value of the column and its rows in a class or in the whole release.
struct ValueCount {
  std::uint32_t value = 0;
  std::int64_t rows = 0;
};

// What the values of the table are compared by.
struct TableValues {
  std::vector<std::string_view> texts;  // by value; the first ones are those of the release
  std::vector<std::int64_t> rows;       // by value
  std::int64_t total = 0;
  // Rows of the input that may have any value, as they are not in `rows`.
  std::int64_t unknown = 0;
};

class Closeness {
 public:
  // `leaves` for the hierarchical distance. `invalid` when a value has no place in order or
  // hierarchy.
  static Result<Closeness> make(const Criterion& criterion, const TableValues& table,
                                const Leaves* leaves);

  enum class Verdict : std::uint8_t {
    holds,
    broken,
    open,      // it depends on rows that are not in the release
    too_large  // the numbers pass 128 bits
  };
  // `counts`: values of a class, each once.
  Verdict verdict(std::span<const ValueCount> counts) const;

 private:
  Closeness(const TableValues& table, Distance distance, Decimal t)
      : table_(&table), distance_(distance), t_(t) {}
  // The distance is this over n * total * divisor_.
  std::optional<Wide> equal(std::span<const ValueCount> counts, std::int64_t n) const;
  std::optional<Wide> ordered(std::span<const ValueCount> counts, std::int64_t n) const;
  std::optional<Wide> hierarchical(std::span<const ValueCount> counts, std::int64_t n) const;
  // Of no row but starred ones, whose text may be anything.
  bool is_absent(std::size_t value) const { return table_->rows[value] == 0; }
  Status place_in_order(const std::vector<std::string>& order);
  Status place_in(const Leaves& leaves);

  const TableValues* table_;  // outlives this
  Distance distance_;
  Decimal t_;
  std::int64_t divisor_ = 1;                           // 0: no two values are apart
  std::vector<std::uint32_t> place_;                   // by value: its rank, or its leaf
  std::vector<std::int64_t> rows_at_;                  // ordered: rows of the table by rank
  const Leaves* leaves_ = nullptr;                     // outlives this
  std::vector<std::vector<std::int64_t>> rows_under_;  // hierarchical: by level and number
};

}  // namespace mc::recheck
