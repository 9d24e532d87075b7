// Decimals of a manifest, exactly: digits / 10^places. No floating point.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/base.h"

namespace mc::recheck {

inline constexpr int kPlacesMax = 9;       // of shares, l, c and t
inline constexpr int kLossPlacesMax = 12;  // of losses and bounds

struct Decimal {
  std::uint64_t digits = 0;  // below 2^63
  int places = 0;
  std::uint64_t scale() const;  // 10^places
  double approximate() const;   // for messages and comparisons with a tolerance
};

// "0.02": 1 to 9 digits without a needless zero before them, then at most `places_max` digits
// behind a point. `invalid` for anything else.
Result<Decimal> parse_decimal(std::string_view text, int places_max);

// floor(limit * rows).
std::int64_t share_of_rows(const Decimal& limit, std::int64_t rows);

}  // namespace mc::recheck
