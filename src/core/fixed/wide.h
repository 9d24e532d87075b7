// Products and quotients of 256 bits. Private to this module.
#pragma once

#include <bit>
#include <cstdint>

#include "fixed/number.h"

namespace mc::fixed {

constexpr std::uint64_t low_64(Uint128 x) {
  return static_cast<std::uint64_t>(x);
}
constexpr std::uint64_t high_64(Uint128 x) {
  return static_cast<std::uint64_t>(x >> 64);
}
constexpr Uint128 join(std::uint64_t high, std::uint64_t low) {
  return Uint128{high} << 64 | low;
}
// Bits above the highest one that is set; 128 of 0.
constexpr int leading_zeros(Uint128 x) {
  return high_64(x) != 0 ? std::countl_zero(high_64(x)) : 64 + std::countl_zero(low_64(x));
}

// high * 2^128 + low.
struct Wide {
  Uint128 high = 0;
  Uint128 low = 0;
  constexpr auto operator<=>(const Wide&) const = default;
};

constexpr Wide multiply_wide(Uint128 a, Uint128 b) {
  const Uint128 low = Uint128{low_64(a)} * low_64(b);
  const Uint128 cross = Uint128{low_64(a)} * high_64(b) + high_64(low);
  const Uint128 other = Uint128{high_64(a)} * low_64(b) + low_64(cross);
  const Uint128 high = Uint128{high_64(a)} * high_64(b) + high_64(cross) + high_64(other);
  return {high, join(low_64(other), low_64(low))};
}
// floor(a * b / 2^128): the product of two fractions in units of 2^-128.
constexpr Uint128 multiply_high(Uint128 a, Uint128 b) {
  return multiply_wide(a, b).high;
}

// value / divisor, where value.high < divisor (Knuth, volume 2, algorithm 4.3.1 D, two digits).
Quotient divide_wide(Wide value, Uint128 divisor);

// value / 2^shift, rounded; shift from 0 to 127, and the result has to fit.
Uint128 shift_right(Wide value, int shift, Round round);

// e^-(whole + fraction/2^128) = mantissa / 2^127 / 2^halvings, off by at most kExpError units of
// the mantissa, which is from 2^126 to 2^127.
struct Exponential {
  Uint128 mantissa = 0;
  int halvings = 0;
};
constexpr Uint128 kExpError = 16;
constexpr std::uint64_t kExpWholeMost = 255;
Exponential exp_negative_parts(std::uint64_t whole, Uint128 fraction);

// ln of value / 2^64, value from 1 to 2^127, in units of 2^-120, off by at most kLogError of them.
constexpr Int128 kLogError = 128;
Int128 log_120(Uint128 value);

}  // namespace mc::fixed
