#include "noise/calibrate.h"

#include <algorithm>

#include "noise/gaussian.h"
#include "noise/limits.h"

namespace mc::noise {

using fixed::Fixed;
using fixed::Int128;
using fixed::Probability;
using fixed::Round;
using fixed::Uint128;

namespace {

constexpr Uint128 kNano = 1'000'000'000;
constexpr Uint128 kPico = 1'000'000'000'000;
constexpr Fraction kScaleParts{kScaleMost, kScaleMost};
constexpr Fraction kVarianceParts{kVarianceMost, kVarianceDenominatorMost};

// What gaussian_for() takes, in nano and atto.
constexpr std::int64_t kGaussianEpsilonLeast = 1'000'000, kGaussianEpsilonMost = 20'000'000'000;
constexpr std::int64_t kGaussianDeltaLeast = 1'000, kGaussianDeltaMost = 100'000'000'000'000'000;
// sigma^2 is sought among multiples of its 2^-17 or 2^-18.
constexpr std::uint64_t kSoughtMost = std::uint64_t{1} << 18;

// numerator/denominator rounded up, when that fits.
Result<std::int64_t> quotient_up(Uint128 numerator, Uint128 denominator, const char* name) {
  const Uint128 out = numerator / denominator + (numerator % denominator != 0 ? 1 : 0);
  if (out > static_cast<Uint128>(INT64_MAX)) {
    return fail(Code::exhausted, std::string(name) + ": does not fit in 64 bits");
  }
  return static_cast<std::int64_t>(out);
}

}  // namespace

Result<DiscreteLaplace> laplace_for(std::int64_t epsilon_nano, std::int64_t sensitivity) {
  MC_TRY_OK(check_epsilon(epsilon_nano));
  MC_TRY_OK(check_sensitivity(sensitivity, kSensitivityMost));
  MC_TRY(const Fraction scale,
         fraction_up(kNano * static_cast<Uint128>(sensitivity), static_cast<Uint128>(epsilon_nano),
                     kScaleParts, "scale of the noise"));
  return DiscreteLaplace::make(scale);
}

Result<DiscreteGaussian> gaussian_for_rho(std::int64_t rho_pico, std::int64_t sensitivity) {
  MC_TRY_OK(check_range(rho_pico, 1, INT64_MAX, fixed::kPicoDigits, "rho"));
  MC_TRY_OK(check_sensitivity(sensitivity, kGaussianSensitivityMost));
  const auto square = static_cast<Uint128>(sensitivity) * static_cast<Uint128>(sensitivity);
  MC_TRY(const Fraction squared, fraction_up(square * kPico, 2 * static_cast<Uint128>(rho_pico),
                                             kVarianceParts, "variance of the noise"));
  return DiscreteGaussian::make(squared);
}

// By the ratio of the two chances of y, which grows with y, the worst event is y >= c for the first
// whole c above epsilon sigma^2 / d + d / 2 (Canonne, Kamath, Steinke 2020, theorem 7); for a fixed
// event of that form a smaller shift loses less, so the full sensitivity is the worst.
Probability gaussian_delta(const DiscreteGaussian& noise, std::int64_t epsilon_nano,
                           std::int64_t sensitivity) {
  MC_CHECK(epsilon_nano > 0 && epsilon_nano <= kEpsilonMost);
  MC_CHECK(sensitivity > 0 && sensitivity <= kGaussianSensitivityMost);
  const GaussianTail tails(noise);
  const Fraction squared = noise.sigma_squared();
  const auto d = static_cast<Uint128>(sensitivity);
  // (2 epsilon a + d^2 b) / (2 d b), epsilon in nano.
  const Uint128 over = 2 * static_cast<Uint128>(epsilon_nano) * squared.numerator;
  const Uint128 under = 2 * d * kNano * squared.denominator;
  Uint128 sum = 0;
  if (__builtin_mul_overflow(d * d * kNano, Uint128{squared.denominator}, &sum) ||
      __builtin_add_overflow(sum, over, &sum) || sum / under >= Uint128(kValueMost)) {
    return fixed::Probability::one();
  }
  const auto c = static_cast<std::int64_t>(sum / under) + 1;
  // P(c - d <= X < c) - (e^epsilon - 1) P(X >= c)
  const Probability lost = tails.between_up(c - sensitivity, c);
  const Probability kept = tails.at_least(c, Round::down);
  const Probability shrink =
      fixed::exp_negative(static_cast<Uint128>(epsilon_nano), kNano, Round::up);
  if (shrink == Probability::one()) return lost;
  const Probability times = fixed::divide(kept, shrink, Round::down);
  return fixed::subtract(lost, fixed::subtract(times, kept));
}

Result<DiscreteGaussian> gaussian_for(std::int64_t epsilon_nano, std::int64_t delta_atto,
                                      std::int64_t sensitivity) {
  MC_TRY_OK(check_range(epsilon_nano, kGaussianEpsilonLeast, kGaussianEpsilonMost,
                        fixed::kNanoDigits, "epsilon of Gaussian noise"));
  MC_TRY_OK(check_range(delta_atto, kGaussianDeltaLeast, kGaussianDeltaMost, fixed::kAttoDigits,
                        "delta of Gaussian noise"));
  MC_TRY_OK(check_sensitivity(sensitivity, kGaussianSensitivityMost));
  const Probability delta =
      fixed::probability_of_units(delta_atto, fixed::kAttoDigits, Round::down);
  // What the continuous one needs tells where to look, and in which steps.
  const Fixed sigma =
      fixed::multiply(analytic_sigma(epsilon_nano, delta_atto), sensitivity, Round::up);
  const Fixed squared = fixed::multiply(sigma, sigma, Round::up);
  if (squared >= Fixed::whole(static_cast<std::int64_t>(kVarianceMost / 4))) {
    return fail(Code::invalid,
                "variance of the noise: at most " + std::to_string(kVarianceMost / 4));
  }
  std::uint64_t step_over = 1, step_under = 1;  // steps of sigma^2
  Int128 multiple = squared.raw() >> 64;
  while (multiple >= static_cast<Int128>(kSoughtMost)) {
    step_over *= 2;
    multiple /= 2;
  }
  multiple = squared.raw() / static_cast<Int128>(step_over);
  while ((multiple >> 64) < static_cast<Int128>(kSoughtMost / 2) && step_under < kSoughtMost) {
    step_under *= 2;
    multiple *= 2;
  }
  const auto at = [&](std::uint64_t steps) {
    return DiscreteGaussian::make({steps * step_over, step_under});
  };
  const auto holds = [&](std::uint64_t steps) {
    return gaussian_delta(*at(steps), epsilon_nano, sensitivity) <= delta;
  };
  std::uint64_t high = static_cast<std::uint64_t>(multiple >> 64) + 1;
  std::uint64_t low = high;
  for (std::uint64_t by = 1; !holds(high); by *= 2) high += by;
  for (std::uint64_t by = 1; low > 0 && holds(low); by *= 2) low -= std::min(low, by);
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (holds(middle) ? high : low) = middle;
  }
  return at(high);
}

Result<std::int64_t> epsilon_nano_of(const DiscreteLaplace& noise, std::int64_t sensitivity) {
  MC_TRY_OK(check_sensitivity(sensitivity, kSensitivityMost));
  const Uint128 over = kNano * static_cast<Uint128>(sensitivity);
  // At most 2^70 * 2^52, which fits.
  return quotient_up(over * noise.scale().denominator, noise.scale().numerator, "epsilon");
}

Result<std::int64_t> rho_pico_of(const DiscreteGaussian& noise, std::int64_t sensitivity) {
  MC_TRY_OK(check_sensitivity(sensitivity, kGaussianSensitivityMost));
  const auto d = static_cast<Uint128>(sensitivity);
  Uint128 over = 0;
  if (__builtin_mul_overflow(d * d * kPico, Uint128{noise.sigma_squared().denominator}, &over)) {
    return fail(Code::exhausted, "rho: does not fit in 64 bits");
  }
  return quotient_up(over, 2 * Uint128{noise.sigma_squared().numerator}, "rho");
}

}  // namespace mc::noise
