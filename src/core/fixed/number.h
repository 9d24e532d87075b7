// Fixed: a signed number in units of 2^-64, from -2^63 to 2^63, and what is computed of it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/base.h"

namespace mc::fixed {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

// Towards minus infinity, or towards plus infinity; never "to nearest".
enum class Round { down, up };
constexpr Round opposite(Round round) {
  return round == Round::down ? Round::up : Round::down;
}

// One ulp is 2^-64, about 5.4e-20. The two outermost values stand for what lies beyond them: a
// bound that does not fit is infinite(), as an upper bound, or the largest finite value as a lower
// one.
class Fixed {
 public:
  constexpr Fixed() = default;
  static constexpr Fixed from_raw(Int128 raw) { return Fixed(raw); }
  static constexpr Fixed whole(std::int64_t value) { return Fixed(Int128{value} << 64); }
  static constexpr Fixed infinite() { return Fixed(kMost); }
  static constexpr Fixed minus_infinite() { return Fixed(-kMost); }
  constexpr Int128 raw() const { return raw_; }
  constexpr bool is_finite() const { return raw_ < kMost && raw_ > -kMost; }
  constexpr auto operator<=>(const Fixed&) const = default;

  // Exact; abort on overflow and on what is not finite. For input of any size: add(), subtract().
  friend constexpr Fixed operator+(Fixed a, Fixed b) {
    Int128 sum = 0;
    MC_CHECK(a.is_finite() && b.is_finite() && !__builtin_add_overflow(a.raw_, b.raw_, &sum));
    return Fixed(sum);
  }
  friend constexpr Fixed operator-(Fixed a, Fixed b) {
    Int128 difference = 0;
    MC_CHECK(a.is_finite() && b.is_finite() &&
             !__builtin_sub_overflow(a.raw_, b.raw_, &difference));
    return Fixed(difference);
  }
  constexpr Fixed operator-() const { return Fixed(-raw_); }

 private:
  explicit constexpr Fixed(Int128 raw) : raw_(raw) {}
  static constexpr Int128 kMost = static_cast<Int128>(~Uint128{0} >> 1);
  Int128 raw_ = 0;
};

// Exact where the result fits. Of infinite operands: what bounds every value that they stand for.
Fixed add(Fixed a, Fixed b, Round round);
Fixed subtract(Fixed a, Fixed b, Round round);
// Within 1 ulp. A divisor of 0 answers infinite() up and minus_infinite() down.
Fixed multiply(Fixed a, Fixed b, Round round);
Fixed divide(Fixed a, Fixed b, Round round);
Fixed multiply(Fixed a, std::int64_t times, Round round);  // exact where it fits
// numerator / denominator, within 1 ulp.
Fixed ratio(std::int64_t numerator, std::int64_t denominator, Round round);
// Within 1 ulp; a negative number is a broken invariant.
Fixed sqrt(Fixed x, Round round);

// e^x. Within 2 ulps for x <= 0, and within 2 ulps and 2^-120 of the value above. From
// 43.668... on the value does not fit.
Fixed exp(Fixed x, Round round);
// The natural logarithm, within 2 ulps. Of 0 it is minus_infinite() down; below 0 it is a broken
// invariant.
Fixed log(Fixed x, Round round);
// ln(numerator / denominator) of two positive numbers, within 4 ulps: for small deltas.
Fixed log_ratio(std::uint64_t numerator, std::uint64_t denominator, Round round);
// ln(e^a + e^b) and ln(1 + e^x), within 8 ulps: never leaves the range when a and b do not.
Fixed log_sum(Fixed a, Fixed b, Round round);
Fixed log1p_exp(Fixed x, Round round);

// `units` times 10^-digits, within 1 ulp; digits from 0 to 18.
Fixed from_units(std::int64_t units, int digits, Round round);
// As whole units of 10^-digits; `exhausted` when that does not fit in 64 bits.
Result<std::int64_t> to_units(Fixed x, int digits, Round round);

// Decimal text with `digits` (0 to 18) places, rounded; "inf" and "-inf" beyond.
std::string to_text(Fixed x, int digits, Round round);

// a * b / divisor and what is left over, in full width. The quotient has to fit: else a broken
// invariant.
struct Quotient {
  Uint128 whole = 0;
  Uint128 rest = 0;
};
Quotient multiply_divide(Uint128 a, Uint128 b, Uint128 divisor);

}  // namespace mc::fixed
