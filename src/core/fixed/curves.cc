// exp and log in fixed point: argument reduction by ln 2, then a series whose coefficients are made
// by the compiler from whole numbers. Errors are counted in units of the last place of each step,
// and the directed result is the value minus, or plus, all of them.
#include <array>

#include "fixed/number.h"
#include "fixed/wide.h"

namespace mc::fixed {
namespace {

// ln 2 in units of 2^-192, rounded down: 128 bits and the 64 after them.
constexpr Uint128 kLn2 = join(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af);
constexpr std::uint64_t kLn2More = 0x40f343267298b62d;
// ln 2 in units of 2^-120 and the square root of 2 in units of 2^-127, rounded down.
constexpr Int128 kLn2Of120 = static_cast<Int128>(kLn2 >> 8);
constexpr Uint128 kSqrt2 = join(0xb504f333f9de6484, 0x597d89b3754abe9f);
constexpr Uint128 kOne127 = Uint128{1} << 127;

// 1/n! for n from 2, in units of 2^-128, each rounded down. For r < ln 2 what is left out is below
// 2^-150.
constexpr std::size_t kExpTerms = 33;
constexpr std::array<Uint128, kExpTerms> kInverseFactorials = [] {
  std::array<Uint128, kExpTerms> out{};
  Uint128 value = kOne127;
  for (std::size_t i = 0; i < kExpTerms; ++i) {
    out[i] = value;
    value /= i + 3;
  }
  return out;
}();

// 1/(2i+1) for i from 1, in units of 2^-128. For z < 0.1716 what is left out is below 2^-134.
constexpr std::size_t kLogTerms = 26;
constexpr std::array<Uint128, kLogTerms> kInverseOdds = [] {
  std::array<Uint128, kLogTerms> out{};
  for (std::size_t i = 0; i < kLogTerms; ++i) out[i] = ~Uint128{0} / (2 * i + 3);
  return out;
}();

// e^-r in units of 2^-127 for r < 1 in units of 2^-128, off by less than 8. Alternating, as
// 1 - (r - r * r * (1/2! - r * (1/3! - ...))).
Uint128 exp_of_fraction(Uint128 r) {
  Uint128 inner = kInverseFactorials[kExpTerms - 1];
  for (std::size_t i = kExpTerms - 1; i > 0; --i) {
    inner = kInverseFactorials[i - 1] - multiply_high(r, inner);
  }
  const Uint128 less = r - multiply_high(r, multiply_high(r, inner));
  return kOne127 - (less >> 1);
}

// From units of 2^-120, off by at most `error`.
Fixed from_120(Int128 value, Int128 error, Round round) {
  if (round == Round::down) return Fixed::from_raw((value - error) >> 56);
  return Fixed::from_raw(-((-(value + error)) >> 56));
}

// e^-(size / 2^64), for a size above 0.
Fixed exp_of_negative(Uint128 size, Round round) {
  if (size >> 64 >= 64) return Fixed::from_raw(round == Round::down ? 0 : 1);
  const Exponential parts = exp_negative_parts(high_64(size), size << 64);
  const int shift = 63 + parts.halvings;
  if (shift >= 128) return Fixed::from_raw(round == Round::down ? 0 : 1);
  const Uint128 bound =
      round == Round::down ? parts.mantissa - kExpError : parts.mantissa + kExpError;
  return Fixed::from_raw(static_cast<Int128>(shift_right({0, bound}, shift, round)));
}

// e^(size / 2^64), for a size above 0: 2^k e^-(k ln 2 - x), with k the next whole above x / ln 2.
Fixed exp_of_positive(Uint128 size, Round round) {
  const Fixed beyond =
      round == Round::up ? Fixed::infinite() : Fixed::from_raw(Fixed::infinite().raw() - 1);
  if (size >> 64 >= 44) return beyond;
  const Exponential parts = exp_negative_parts(high_64(size), size << 64);
  // 1 / e^-x would lose digits; the rest of the reduction tells the same: e^-x = e^-r / 2^n, so
  // e^x = 2^(n+1) e^-(ln 2 - r).
  const Uint128 x_high = size >> 64;
  const auto doublings = static_cast<std::uint64_t>(parts.halvings) + 1;
  MC_CHECK(doublings <= 64);
  const Wide multiple = multiply_wide(kLn2, doublings);
  Uint128 low = multiple.low + (Uint128{kLn2More} * doublings >> 64);
  Uint128 high = multiple.high + (low < multiple.low ? 1 : 0);
  high -= x_high + (low < (size << 64) ? 1 : 0);
  low -= size << 64;
  MC_CHECK(high == 0);
  const Uint128 mantissa = exp_of_fraction(low);
  const Uint128 bound = round == Round::down ? mantissa - kExpError : mantissa + kExpError;
  if (doublings > 63) return beyond;
  const Uint128 raw = shift_right({0, bound}, 63 - static_cast<int>(doublings), round);
  if (raw > static_cast<Uint128>(Fixed::infinite().raw() - 1)) return beyond;
  return Fixed::from_raw(static_cast<Int128>(raw));
}

}  // namespace

Int128 log_120(Uint128 value) {
  const int shift = leading_zeros(value);
  const Uint128 mantissa = value << shift;  // in units of 2^-127: from 1 to 2
  int doublings = 63 - shift;
  // z = (m - 1) / (m + 1), with m brought between the roots of 1/2 and 2; ln m = 2 artanh z.
  const bool below = mantissa > kSqrt2;
  Uint128 over = (mantissa - kOne127) >> 1;
  Uint128 under = (mantissa >> 1) + (Uint128{1} << 126);
  if (below) {
    ++doublings;
    over = (Uint128{0} - mantissa) >> 1;
    under = kOne127 + (mantissa >> 1);
  }
  const Uint128 z = divide_wide({over, 0}, under).whole;
  const Uint128 square = multiply_high(z, z);
  Uint128 inner = 0;
  for (std::size_t i = kLogTerms; i > 0; --i)
    inner = multiply_high(square, kInverseOdds[i - 1] + inner);
  const Uint128 of_mantissa = z + multiply_high(z, inner);  // in units of 2^-127, for it is doubled
  const auto small = static_cast<Int128>(of_mantissa >> 7);
  return kLn2Of120 * doublings + (below ? -small : small);
}

Exponential exp_negative_parts(std::uint64_t whole, Uint128 fraction) {
  MC_CHECK(whole <= kExpWholeMost);
  // How often ln 2 goes into it, by its first 64 bits rounded up: never too often.
  const Uint128 first = Uint128{whole} << 64 | high_64(fraction);
  auto halvings = low_64(first / ((kLn2 >> 64) + 1));
  const Wide multiple = multiply_wide(kLn2, halvings);
  const Uint128 low = multiple.low + (Uint128{kLn2More} * halvings >> 64);
  Uint128 high = whole - multiple.high - (low < multiple.low ? 1 : 0) - (fraction < low ? 1 : 0);
  Uint128 rest = fraction - low;
  while (high != 0 || rest >= kLn2) {  // at most twice
    high -= rest < kLn2 ? 1 : 0;
    rest -= kLn2;
    ++halvings;
  }
  return {exp_of_fraction(rest), static_cast<int>(halvings)};
}

Fixed exp(Fixed x, Round round) {
  if (x.raw() == 0) return Fixed::whole(1);
  if (x.raw() > 0) return exp_of_positive(static_cast<Uint128>(x.raw()), round);
  return exp_of_negative(Uint128{0} - static_cast<Uint128>(x.raw()), round);
}

Fixed log(Fixed x, Round round) {
  MC_CHECK(x.raw() >= 0);
  const Fixed lowest = Fixed::from_raw(1);
  if (x.raw() == 0) return round == Round::down ? Fixed::minus_infinite() : log(lowest, round);
  if (x == Fixed::whole(1)) return Fixed();
  if (x == Fixed::infinite() && round == Round::up) return x;
  return from_120(log_120(static_cast<Uint128>(x.raw())), kLogError, round);
}

Fixed log_ratio(std::uint64_t numerator, std::uint64_t denominator, Round round) {
  MC_CHECK(numerator > 0 && denominator > 0);
  if (numerator == denominator) return Fixed();
  return from_120(log_120(numerator) - log_120(denominator), 2 * kLogError, round);
}

Fixed log1p_exp(Fixed x, Round round) {
  if (x.raw() > 0) return add(x, log1p_exp(-x, round), round);
  return log(Fixed::whole(1) + exp(x, round), round);
}

Fixed log_sum(Fixed a, Fixed b, Round round) {
  const Fixed high = a > b ? a : b;
  const Fixed low = a > b ? b : a;
  return add(high, log1p_exp(subtract(low, high, round), round), round);
}

}  // namespace mc::fixed
