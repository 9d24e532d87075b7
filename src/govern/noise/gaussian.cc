#include "noise/gaussian.h"

#include <algorithm>

namespace mc::noise {

using fixed::Fixed;
using fixed::Int128;
using fixed::Probability;
using fixed::Round;
using fixed::Uint128;

namespace {

// sqrt(2 pi) in units of 2^-64, rounded down.
constexpr Fixed kRootTwoPiLow =
    Fixed::from_raw(Int128{0x2} << 64 | static_cast<Int128>(Uint128{0x81b263fec4e0b2ca}));
constexpr Fixed kRootTwoPiHigh = Fixed::from_raw(kRootTwoPiLow.raw() + 1);

// Weights are summed in units of 2^-103, so that squares times weights fit: sigma is 64 at most.
constexpr int kSumShift = 24;
// What the weights after the last one, and their squares times them, come to at most. That one is
// below 2^-102 and stands at 11.8 sigma or beyond, so each further weight is below 0.84 of the one
// before: 6 units, and with m^2, m < 800, below 2^23 units.
constexpr Uint128 kRest = 8;
constexpr Uint128 kRestOfSquares = Uint128{1} << 24;

Uint128 cut(Uint128 weight, Round round) {
  return (weight + (round == Round::up ? (Uint128{1} << kSumShift) - 1 : 0)) >> kSumShift;
}

Fixed sigma_of(Fraction squared, Round round) {
  return fixed::sqrt(fixed::ratio(static_cast<std::int64_t>(squared.numerator),
                                  static_cast<std::int64_t>(squared.denominator), round),
                     round);
}

}  // namespace

GaussianTail::GaussianTail(const DiscreteGaussian& noise)
    : sigma_squared_(noise.sigma_squared()),
      sigma_low_(sigma_of(sigma_squared_, Round::down)),
      sigma_high_(sigma_of(sigma_squared_, Round::up)),
      all_low_(fixed::multiply(sigma_low_, kRootTwoPiLow, Round::down)),
      all_high_(fixed::multiply(sigma_high_, kRootTwoPiHigh, Round::up) + Fixed::from_raw(1)) {
  if (sigma_squared_.numerator / sigma_squared_.denominator >= kSummedVarianceMost) return;
  std::vector<Sum> weights;
  for (std::uint64_t m = 0; weights.empty() || weights.back().high > 1; ++m) {
    weights.push_back(
        {cut(weight(m, Round::down), Round::down), cut(weight(m, Round::up), Round::up)});
  }
  sums_.resize(weights.size() + 1);
  sums_.back() = {0, kRest};
  for (std::size_t m = weights.size(); m-- > 0;) {
    sums_[m] = {sums_[m + 1].low + weights[m].low, sums_[m + 1].high + weights[m].high};
  }
  all_ = {2 * sums_[1].low + weights[0].low, 2 * sums_[1].high + weights[0].high};
}

Uint128 GaussianTail::weight(std::uint64_t m, Round round) const {
  // m^2 b / (2 a); far out, where that does not fit, the weight is 0.
  Uint128 exponent = 0;
  const Uint128 square = Uint128{m} * m;
  if (__builtin_mul_overflow(square, Uint128{sigma_squared_.denominator}, &exponent)) {
    return round == Round::up ? 1 : 0;
  }
  return fixed::exp_negative(exponent, 2 * Uint128{sigma_squared_.numerator}, round).raw();
}

// The share of the continuous Gaussian from halves/2 on. It falls with z = halves / (2 sigma).
Probability GaussianTail::integral_from(std::int64_t halves, Round round) const {
  const Fixed at = Fixed::from_raw(Int128{halves} << 63);
  const bool to_larger = (round == Round::up) == (halves >= 0);
  const Fixed& sigma = to_larger ? sigma_high_ : sigma_low_;
  return fixed::normal_tail(fixed::divide(at, sigma, fixed::opposite(round)), round);
}

Probability GaussianTail::exactly(std::int64_t m, Round round) const {
  const std::uint64_t size =
      m < 0 ? 0 - static_cast<std::uint64_t>(m) : static_cast<std::uint64_t>(m);
  const Uint128 own = weight(size, round);
  if (is_summed()) {
    const Uint128 all = round == Round::up ? all_.low : all_.high;
    // Both in units of 2^-103: the weight keeps its finer ones in the quotient.
    const fixed::Quotient out = fixed::multiply_divide(own, Uint128{1} << 103, all);
    return Probability::from_raw(
        std::min(out.whole + (round == Round::up ? 1 : 0), Probability::kOne));
  }
  const Fixed& all = round == Round::up ? all_low_ : all_high_;
  const fixed::Quotient out =
      fixed::multiply_divide(own, Uint128{1} << 64, static_cast<Uint128>(all.raw()));
  return Probability::from_raw(out.whole + (round == Round::up ? 1 : 0));
}

Probability GaussianTail::at_least_by_integral(std::int64_t m, Round round) const {
  const Fixed at = Fixed::whole(m);
  if (round == Round::up) {
    if (at > fixed::add(sigma_high_, Fixed::whole(1), Round::up)) {
      return integral_from(2 * m - 1, Round::up);
    }
    return fixed::add(integral_from(2 * m, Round::up), exactly(m, Round::up));
  }
  // One ulp less for what the sum of all weights exceeds sigma sqrt(2 pi) by.
  const Probability ulp = Probability::from_raw(1);
  const Probability whole = fixed::subtract(integral_from(2 * m, Round::down), ulp);
  if (at <= sigma_high_) return whole;
  return fixed::add(whole, Probability::from_raw(exactly(m, Round::down).raw() / 2));
}

Probability GaussianTail::at_least(std::int64_t m, Round round) const {
  MC_CHECK(m >= -kValueMost && m <= kValueMost);
  if (m <= 0) return at_least(1 - m, fixed::opposite(round)).complement();
  if (!is_summed()) return at_least_by_integral(m, round);
  const Sum& sum = sums_[std::min(static_cast<std::size_t>(m), sums_.size() - 1)];
  return round == Round::up ? fixed::probability(sum.high, all_.low, round)
                            : fixed::probability(sum.low, all_.high, round);
}

Probability GaussianTail::between_up(std::int64_t from, std::int64_t end) const {
  constexpr std::int64_t kOneByOneMost = 64;
  if (from >= end) return Probability::zero();
  if (from < 1 - end)
    return between_up(1 - end, 1 - from);  // the mirror image, nearer to the right
  if (is_summed()) return fixed::subtract(at_least(from, Round::up), at_least(end, Round::down));
  if (end - from <= kOneByOneMost) {
    Probability sum;
    for (std::int64_t m = from; m < end; ++m) sum = fixed::add(sum, exactly(m, Round::up));
    return sum;
  }
  const Probability middle = fixed::subtract(integral_from(2 * from - 1, Round::up),
                                             integral_from(2 * end - 1, Round::down));
  if (Fixed::whole(from) > fixed::add(sigma_high_, Fixed::whole(1), Round::up)) return middle;
  // A weight differs from the integral around it by an eighth of its curvature, which is 1/sigma^2
  // at most; 1/(8 sqrt(2 pi)) < 1/20.
  Fixed off = fixed::ratio(end - from, 20, Round::up);
  for (int i = 0; i < 3; ++i) off = fixed::divide(off, sigma_low_, Round::up);
  return fixed::add(middle, fixed::to_probability(off));
}

Fixed GaussianTail::summed_variance(Round round) const {
  MC_CHECK(is_summed());
  Uint128 sum = round == Round::up ? kRestOfSquares : 0;
  for (std::size_t m = 1; m + 1 < sums_.size(); ++m) {
    const Uint128 own =
        round == Round::up ? sums_[m].high - sums_[m + 1].high : sums_[m].low - sums_[m + 1].low;
    sum += 2 * own * m * m;
  }
  const Uint128 all = round == Round::up ? all_.low : all_.high;
  const fixed::Quotient out = fixed::multiply_divide(sum, Uint128{1} << 64, all);
  return Fixed::from_raw(static_cast<Int128>(out.whole + (round == Round::up ? 1 : 0)));
}

Fixed analytic_sigma(std::int64_t epsilon_nano, std::int64_t delta_atto) {
  const Probability delta =
      fixed::probability_of_units(delta_atto, fixed::kAttoDigits, Round::down);
  const Fixed epsilon = fixed::from_units(epsilon_nano, fixed::kNanoDigits, Round::down);
  const Probability shrink =
      fixed::exp_negative(static_cast<Uint128>(epsilon_nano), 1'000'000'000, Round::up);
  // P(Z >= epsilon sigma - 1/(2 sigma)) - e^epsilon P(Z >= epsilon sigma + 1/(2 sigma)) <= delta
  const auto holds = [&](Fixed sigma) {
    const Fixed shift = fixed::divide(Fixed::from_raw(Int128{1} << 63), sigma, Round::up);
    const Fixed near = fixed::multiply(epsilon, sigma, Round::down);
    const Fixed far = fixed::multiply(epsilon + Fixed::from_raw(1), sigma, Round::up) + shift;
    const Probability lost = fixed::normal_tail(near - shift, Round::up);
    const Probability kept =
        fixed::divide(fixed::normal_tail(far, Round::down), shrink, Round::down);
    return fixed::subtract(lost, kept) <= delta;
  };
  Fixed high = Fixed::whole(1);
  while (!holds(high)) high = high + high;
  Fixed low = high;
  while (holds(low) && low > Fixed::from_raw(Int128{1} << 50)) {
    low = Fixed::from_raw(low.raw() >> 1);
  }
  for (int i = 0; i < 52 && (high - low).raw() > 1; ++i) {
    const Fixed middle = Fixed::from_raw(low.raw() + (high - low).raw() / 2);
    (holds(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace mc::noise
