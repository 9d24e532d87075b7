// A table, its hierarchies and what is asked of it, bound together: where every search begins.
//
// Rows of the population that are not to be released count only in `population`. A problem borrows
// its table, owns its hierarchies, and is not changed after make(); any number of threads may read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/base.h"
#include "kanon/config.h"
#include "kanon/criteria.h"
#include "kanon/hierarchy.h"
#include "kanon/table.h"

namespace mc::kanon {

inline constexpr std::size_t kQuasiMax = 24;

struct Quasi {
  std::string name;
  std::size_t column = 0;  // of the table
  Hierarchy hierarchy;
  std::vector<std::uint32_t> leaf_of_code;  // by code of the column
};

class Problem {
 public:
  // `hierarchies` by column, for every column whose config names one. `invalid` with column and
  // value, or file and line, when the table, the config and the hierarchies do not fit together.
  static Result<Problem> make(const Table& table, const Config& config,
                              std::map<std::string, Hierarchy> hierarchies);

  const Table& table() const { return *table_; }
  const std::vector<Quasi>& quasi() const { return quasi_; }  // in the order of the header
  const std::vector<Sensitive>& sensitive() const { return sensitive_; }
  // Columns of the table that a release has, in its order: all but the identifying ones.
  const std::vector<std::size_t>& released_columns() const { return released_columns_; }
  const Sizes& sizes() const { return sizes_; }
  Mean mean() const { return mean_; }
  Suppressed suppressed() const { return suppressed_; }
  std::uint64_t rows() const { return rows_; }                      // to be released or suppressed
  std::uint64_t suppressed_max() const { return suppressed_max_; }  // floor(limit * rows)
  bool to_release(std::size_t row) const { return to_release_.empty() || to_release_[row] != 0; }
  std::optional<std::size_t> row_key() const { return row_key_; }  // column of the table
  bool has_population() const { return !to_release_.empty(); }
  std::uint32_t leaf(std::size_t quasi, std::size_t row) const {
    const Quasi& each = quasi_[quasi];
    return each.leaf_of_code[table_->columns[each.column].codes[row]];
  }

 private:
  Problem() = default;
  friend struct ProblemMaker;
  const Table* table_ = nullptr;
  std::vector<Quasi> quasi_;
  std::vector<Sensitive> sensitive_;
  std::vector<std::size_t> released_columns_;
  Sizes sizes_;
  Mean mean_ = Mean::geometric;
  Suppressed suppressed_ = Suppressed::drop;
  std::uint64_t rows_ = 0, suppressed_max_ = 0;
  std::vector<std::uint8_t> to_release_;  // by row; empty = all
  std::optional<std::size_t> row_key_;
};

// Rows that are equal in all quasi-identifiers and sensitive columns, once each, sorted by leaves,
// then by sensitive codes.
struct Tuples {
  std::size_t quasi = 0, sensitive = 0;   // columns
  std::vector<std::uint32_t> leaves;      // quasi of each tuple, back to back
  std::vector<std::uint32_t> values;      // sensitive codes likewise
  std::vector<std::uint32_t> rows;        // to be released
  std::vector<std::uint32_t> population;  // all; empty without a declared population
  std::vector<std::uint32_t> of_row;      // which tuple a row of the table is

  std::size_t size() const { return rows.size(); }
  std::span<const std::uint32_t> leaves_of(std::size_t tuple) const {
    return std::span(leaves).subspan(tuple * quasi, quasi);
  }
  std::span<const std::uint32_t> values_of(std::size_t tuple) const {
    return std::span(values).subspan(tuple * sensitive, sensitive);
  }
};
Tuples unique_tuples(const Problem& problem);

}  // namespace mc::kanon
