// Values of a column as points of its public grid, in whole units of 10^-places.
//
// What cannot be a number (NULL, NaN, text that is none) is no point. Everything else is clamped to
// the ends and goes to the nearest point, of two the upper one. Exact: a double is taken apart into
// its bits, text is read digit by digit.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/privacy.h"
#include "sql/sql.h"

namespace mc::planner {

class Grid {
 public:
  // Of a number of the model, which has been checked.
  static Result<Grid> of(const dataset::PrivateColumn& column);

  std::optional<std::int64_t> point_of(const sql::Rows::Value& value) const;
  std::int64_t low() const { return low_; }
  std::int64_t high() const { return high_; }
  int places() const { return places_; }

  // `bins` intervals of whole steps: their lower edges but for the first, and the upper edge of the
  // last is high(). Fewer where the grid has fewer steps.
  std::vector<std::int64_t> edges(std::int64_t bins) const;
  // All points, or as many evenly spread ones as `most` allows; the first is low().
  std::vector<std::int64_t> points(std::size_t most) const;

 private:
  std::int64_t nearest(__int128 units) const;
  std::optional<std::int64_t> of_real(double value) const;
  std::optional<std::int64_t> of_text(std::string_view text) const;

  int places_ = 0;
  std::int64_t low_ = 0, high_ = 0, step_ = 1;
};

// Exact decimal of units of 10^-places: "-12.5".
std::string decimal_of(__int128 units, int places);

}  // namespace mc::planner
