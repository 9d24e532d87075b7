// Probability: a number from 0 to 1 in units of 2^-127, fine enough for deltas of 1e-18.
#pragma once

#include <compare>
#include <cstdint>

#include "fixed/number.h"

namespace mc::fixed {

// One ulp is 2^-127, about 5.9e-39. raw() is at most 2^127, which is 1.
class Probability {
 public:
  constexpr Probability() = default;
  static constexpr Probability from_raw(Uint128 raw) {
    MC_CHECK(raw <= kOne);
    return Probability(raw);
  }
  static constexpr Probability zero() { return Probability(0); }
  static constexpr Probability one() { return Probability(kOne); }
  constexpr Uint128 raw() const { return raw_; }
  constexpr auto operator<=>(const Probability&) const = default;
  constexpr Probability complement() const { return Probability(kOne - raw_); }  // 1 - p, exact
  static constexpr Uint128 kOne = Uint128{1} << 127;

 private:
  explicit constexpr Probability(Uint128 raw) : raw_(raw) {}
  Uint128 raw_ = 0;
};

// Exact, but never beyond 1 and never below 0.
Probability add(Probability a, Probability b);
Probability subtract(Probability a, Probability b);
// Within 1 ulp. divide(): 1 where a >= b.
Probability multiply(Probability a, Probability b, Round round);
Probability divide(Probability a, Probability b, Round round);
// numerator / denominator, at most 1; within 1 ulp. The denominator is at most 2^127.
Probability probability(Uint128 numerator, Uint128 denominator, Round round);
// p^n, within n ulps.
Probability power(Probability p, std::uint64_t n, Round round);

// e^(-numerator/denominator) of an exact fraction, within 64 ulps. The numerator may be anything,
// the denominator is from 1 to 2^120.
Probability exp_negative(Uint128 numerator, Uint128 denominator, Round round);
// P(Z >= z) of a standard normal Z, within 2^-100 of it or of 1, whichever is more.
Probability normal_tail(Fixed z, Round round);

// Within 1 ulp of a Fixed.
Fixed to_fixed(Probability p, Round round);
// `x` cut to [0, 1]; exact.
Probability to_probability(Fixed x);
// As whole units of 10^-digits (0 to 18).
std::int64_t to_units(Probability p, int digits, Round round);
// `units` of 10^-digits, at most 1.
Probability probability_of_units(std::int64_t units, int digits, Round round);

}  // namespace mc::fixed
