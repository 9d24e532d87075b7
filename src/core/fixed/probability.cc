#include "fixed/probability.h"

#include <algorithm>

#include "fixed/wide.h"

namespace mc::fixed {
namespace {

constexpr Uint128 kOne = Probability::kOne;

Probability limited(Uint128 raw) {
  return Probability::from_raw(std::min(raw, kOne));
}

// 1 / sqrt(2 pi) in units of 2^-128, rounded down.
constexpr Uint128 kDensityAt0 = join(0x662114cf50d94234, 0x3f2cf1402eae38bf);

// What normal_tail() may be off by, in units of 2^-127. Of its parts, the density is off by 2^-121
// of itself, each of at most 400 terms by 2^-118 of itself more than the one before, and the sum by
// a unit a term: together below 2^19.
constexpr Uint128 kTailError = Uint128{1} << 26;
constexpr int kTailTermsMost = 400;

// A number as mantissa / 2^(127 + halvings), the mantissa from 2^127 on or 0.
struct Floating {
  Uint128 mantissa = 0;
  int halvings = 0;
  void normalise() {
    if (mantissa == 0) return;
    const int shift = leading_zeros(mantissa);
    mantissa <<= shift;
    halvings += shift;
  }
  Uint128 in_units() const {  // of 2^-127
    if (halvings >= 128) return 0;
    MC_CHECK(halvings >= 0);
    return mantissa >> halvings;
  }
};

// P(0 <= Z <= z) = density(z) * (z + z^3/3 + z^5/(3*5) + ...), in units of 2^-127; z up to 14.
Uint128 normal_middle(Uint128 z) {
  if (z == 0) return 0;
  const Wide square = multiply_wide(z, z);  // in units of 2^-128
  const Uint128 halved = square.low >> 1 | square.high << 127;
  const Exponential density = exp_negative_parts(low_64(square.high >> 1), halved);
  // z in units of 2^-127 without its 4 bits before the point, so the product has 5 halvings less.
  Floating term{multiply_high(density.mantissa, kDensityAt0), density.halvings};
  term.normalise();
  term.mantissa = multiply_high(term.mantissa, z << 60);
  term.halvings -= 4;
  term.normalise();
  const Uint128 factor = square.high << 120 | square.low >> 8;  // in units of 2^-120
  Uint128 sum = 0;
  for (int i = 0; i < kTailTermsMost; ++i) {
    sum += term.in_units();
    term.mantissa = multiply_high(term.mantissa, factor) / static_cast<Uint128>(2 * i + 3);
    term.halvings -= 8;
    term.normalise();
  }
  return sum;
}

constexpr std::int64_t ten_to(int digits) {
  std::int64_t out = 1;
  for (int i = 0; i < digits; ++i) out *= 10;
  return out;
}

}  // namespace

Probability add(Probability a, Probability b) {
  return limited(a.raw() + b.raw());
}

Probability subtract(Probability a, Probability b) {
  return Probability::from_raw(a > b ? a.raw() - b.raw() : 0);
}

Probability multiply(Probability a, Probability b, Round round) {
  return Probability::from_raw(shift_right(multiply_wide(a.raw(), b.raw()), 127, round));
}

Probability divide(Probability a, Probability b, Round round) {
  if (a >= b) return Probability::one();
  return probability(a.raw(), b.raw(), round);
}

Probability probability(Uint128 numerator, Uint128 denominator, Round round) {
  MC_CHECK(denominator > 0 && denominator <= kOne);
  if (numerator >= denominator) return Probability::one();
  const Quotient out = divide_wide({numerator >> 1, numerator << 127}, denominator);
  return Probability::from_raw(out.rest != 0 && round == Round::up ? out.whole + 1 : out.whole);
}

Probability power(Probability p, std::uint64_t n, Round round) {
  Probability out = Probability::one();
  for (Probability square = p; n > 0; n >>= 1) {
    if ((n & 1) != 0) out = multiply(out, square, round);
    square = multiply(square, square, round);
  }
  return out;
}

Probability exp_negative(Uint128 numerator, Uint128 denominator, Round round) {
  MC_CHECK(denominator > 0 && denominator <= Uint128{1} << 120);
  if (numerator == 0) return Probability::one();
  const Probability least = Probability::from_raw(round == Round::down ? 0 : 1);
  const Uint128 whole = numerator / denominator;
  if (whole > 100) return least;
  const Uint128 fraction = divide_wide({numerator % denominator, 0}, denominator).whole;
  const Exponential parts = exp_negative_parts(low_64(whole), fraction);
  if (parts.halvings >= 127) return least;
  const Uint128 bound =
      round == Round::down ? parts.mantissa - kExpError : parts.mantissa + kExpError;
  return limited(shift_right({0, bound}, parts.halvings, round));
}

Probability normal_tail(Fixed z, Round round) {
  if (z.raw() < 0) return normal_tail(-z, opposite(round)).complement();
  Uint128 out = 0;  // beyond 14 it is below 2^-145
  if (z < Fixed::whole(14)) {
    const Uint128 half = kOne >> 1;
    out = half - std::min(half, normal_middle(static_cast<Uint128>(z.raw())));
  }
  if (round == Round::down) return Probability::from_raw(out - std::min(out, kTailError));
  return limited(out + kTailError);
}

Fixed to_fixed(Probability p, Round round) {
  return Fixed::from_raw(static_cast<Int128>(shift_right({0, p.raw()}, 63, round)));
}

Probability to_probability(Fixed x) {
  if (x.raw() <= 0) return Probability::zero();
  if (x >= Fixed::whole(1)) return Probability::one();
  return Probability::from_raw(static_cast<Uint128>(x.raw()) << 63);
}

std::int64_t to_units(Probability p, int digits, Round round) {
  MC_CHECK(digits >= 0 && digits <= 18);
  const Wide product = multiply_wide(p.raw(), static_cast<Uint128>(ten_to(digits)));
  return static_cast<std::int64_t>(shift_right(product, 127, round));
}

Probability probability_of_units(std::int64_t units, int digits, Round round) {
  MC_CHECK(units >= 0 && digits >= 0 && digits <= 18);
  return probability(static_cast<Uint128>(units), static_cast<Uint128>(ten_to(digits)), round);
}

}  // namespace mc::fixed
