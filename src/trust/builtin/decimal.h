// Exact arithmetic on decimal numbers as they are written, for the few places where 64 bits of
// mantissa are not enough.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mc::builtin {

// digits * 10^exponent
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

// [+-]digits, perhaps with a point, perhaps with an exponent of up to six digits.
std::optional<Decimal> read_decimal(std::string_view text);
// Longer numbers and larger exponents are not computed with.
bool is_moderate(const Decimal& decimal);

// number * multiplier / 2^halvings as Go's big.Rat prints it: an integer as such, anything else
// with 10 places, rounded half away from zero.
std::string exact_product(const Decimal& number, const std::string& multiplier, int halvings);
// Whether number / divisor is an integer; the divisor is not zero. Both are moderate.
bool divides(const Decimal& divisor, const Decimal& number);

}  // namespace mc::builtin
