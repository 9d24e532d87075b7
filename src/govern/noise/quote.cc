#include "noise/quote.h"

#include <algorithm>
#include <functional>

#include "noise/gaussian.h"

namespace mc::noise {

using fixed::Fixed;
using fixed::Int128;
using fixed::Probability;
using fixed::Round;
using fixed::Uint128;

namespace {

// From this scale on the variance is 2 s^2 - 1/6 + x for an x from 0 to 1/(120 s^2): the series of
// 1/(2 sinh^2(1/(2s))), whose terms alternate.
constexpr std::uint64_t kWideScale = std::uint64_t{1} << 16;

bool is_wide(Fraction scale) {
  return scale.numerator / scale.denominator >= kWideScale;
}

// 2p / (1 - p)^2; grows with p.
Fixed variance_of(Probability p, Round round) {
  const Uint128 missing = p.complement().raw();
  const Uint128 up = round == Round::up ? 1 : 0;
  // In units of 2^-74, then twice the quotient by 1 - p, in units of 2^-73.
  const Uint128 odds = fixed::multiply_divide(p.raw(), Uint128{1} << 74, missing).whole + up;
  const Uint128 out = fixed::multiply_divide(odds, Uint128{1} << 127, missing).whole + up;
  return Fixed::from_raw(static_cast<Int128>((out >> 9) + up));
}

Fixed scale_of(Fraction scale, Round round) {
  return fixed::ratio(static_cast<std::int64_t>(scale.numerator),
                      static_cast<std::int64_t>(scale.denominator), round);
}

Fixed wide_variance(Fraction scale, Round round) {
  const Fixed s = scale_of(scale, round);
  const Fixed square = fixed::multiply(fixed::multiply(s, s, round), 2, round);
  const Fixed sixth = fixed::ratio(1, 6, fixed::opposite(round));
  const Fixed most = round == Round::up ? Fixed::from_raw(Int128{1} << 32) : Fixed();  // 2^-32
  return fixed::add(fixed::subtract(square, sixth, round), most, round);
}

Bounds root_of(const Bounds& squared) {
  return {fixed::sqrt(squared.low, Round::down), fixed::sqrt(squared.high, Round::up)};
}

// The least w with tail(w + 1) <= missing, by halves.
std::int64_t least_width(Probability confidence,
                         const std::function<Probability(std::int64_t)>& tail) {
  const Probability missing = confidence.complement();
  std::int64_t low = -1;  // not enough
  std::int64_t high = 0;
  while (tail(high + 1) > missing && high < kValueMost / 2) {
    low = high;
    high = 2 * high + 1;
  }
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (tail(middle + 1) > missing ? low : high) = middle;
  }
  return high;
}

}  // namespace

Bounds variance(const DiscreteLaplace& noise) {
  const Fraction scale = noise.scale();
  if (is_wide(scale)) {
    return {wide_variance(scale, Round::down), wide_variance(scale, Round::up)};
  }
  return {
      variance_of(fixed::exp_negative(scale.denominator, scale.numerator, Round::down),
                  Round::down),
      variance_of(fixed::exp_negative(scale.denominator, scale.numerator, Round::up), Round::up)};
}

Bounds deviation(const DiscreteLaplace& noise) {
  const Fraction scale = noise.scale();
  if (!is_wide(scale)) return root_of(variance(noise));
  // sqrt(2 s^2 - 1/6) >= s sqrt 2 - 1/(8s)
  const Bounds root = root_of({Fixed::whole(2), Fixed::whole(2)});
  const Fixed eighth =
      fixed::divide(fixed::ratio(1, 8, Round::up), scale_of(scale, Round::down), Round::up);
  return {fixed::multiply(scale_of(scale, Round::down), root.low, Round::down) - eighth,
          fixed::multiply(scale_of(scale, Round::up), root.high, Round::up)};
}

Bounds variance(const DiscreteGaussian& noise) {
  const GaussianTail sums(noise);
  if (sums.is_summed()) {
    return {sums.summed_variance(Round::down), sums.summed_variance(Round::up)};
  }
  // Never above sigma^2 (Canonne, Kamath, Steinke 2020, corollary 9).
  const Fraction squared = noise.sigma_squared();
  return {scale_of(squared, Round::down) - Fixed::from_raw(1), scale_of(squared, Round::up)};
}

Bounds deviation(const DiscreteGaussian& noise) {
  return root_of(variance(noise));
}

Probability tail(const DiscreteLaplace& noise, std::int64_t t, Round round) {
  if (t <= 0) return Probability::one();
  const Fraction scale = noise.scale();
  const Uint128 exponent = static_cast<Uint128>(t) * scale.denominator;
  const Probability power = fixed::exp_negative(exponent, scale.numerator, round);
  const Probability p =
      fixed::exp_negative(scale.denominator, scale.numerator, fixed::opposite(round));
  // 2 p^t / (1 + p), with half of 1 + p.
  const Uint128 half = (Probability::kOne >> 1) + (p.raw() >> 1) + (round == Round::down ? 1 : 0);
  return fixed::probability(power.raw(), std::min(half, Probability::kOne), round);
}

Probability tail(const DiscreteGaussian& noise, std::int64_t t, Round round) {
  if (t <= 0) return Probability::one();
  const Probability one_side = GaussianTail(noise).at_least(std::min(t, kValueMost), round);
  return fixed::add(one_side, one_side);
}

std::int64_t half_width(const DiscreteLaplace& noise, Probability confidence) {
  return least_width(confidence, [&](std::int64_t t) { return tail(noise, t, Round::up); });
}

std::int64_t half_width(const DiscreteGaussian& noise, Probability confidence) {
  const GaussianTail tails(noise);
  return least_width(confidence, [&](std::int64_t t) {
    const Probability one_side = tails.at_least(t, Round::up);
    return t <= 0 ? Probability::one() : fixed::add(one_side, one_side);
  });
}

Probability confidence_95() {
  return fixed::probability(95, 100, Round::up);
}

}  // namespace mc::noise
