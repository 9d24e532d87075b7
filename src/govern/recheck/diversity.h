// Whether the values of one class are diverse enough, decided without rounding.
#pragma once

#include <cstdint>
#include <span>

#include "recheck/decimal.h"

namespace mc::recheck {

// `rows`: how many rows of the class have each of its values, none of them 0.
bool is_distinct(std::span<const std::int64_t> rows, const Decimal& l);
// The entropy of the values is at least log(l). Near to equality it is decided by prime factors in
// common; what is neither equal nor clearly above does not hold.
bool is_entropic(std::span<const std::int64_t> rows, const Decimal& l);
// r1 < c * (r_l + ... + r_m), of the counts in falling order; l is cut to a whole number.
bool is_recursive(std::span<const std::int64_t> rows, const Decimal& c, const Decimal& l);

}  // namespace mc::recheck
