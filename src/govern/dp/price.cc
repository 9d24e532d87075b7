#include <algorithm>

#include "dp/plan.h"
#include "dp/spec.h"

namespace mc::dp {
namespace {

using fixed::Fixed;
using fixed::Round;
using fixed::Uint128;

constexpr std::int64_t kAtto = 1'000'000'000'000'000'000;

// Of pure epsilon: epsilon^2 / 2 (Bun, Steinke 2016, proposition 1.4), so many times.
Wide half_square(std::int64_t epsilon_nano, std::int64_t times) {
  const Wide doubled = Wide{epsilon_nano} * epsilon_nano * times;  // in units of 10^-18
  return (doubled + 1'999'999) / 2'000'000;
}

// rho + 2 sqrt(rho ln(1 / delta)) (the same, proposition 1.3).
std::int64_t epsilon_of_rho(std::int64_t rho_pico, std::int64_t delta_atto) {
  const Fixed rho = fixed::from_units(rho_pico, fixed::kPicoDigits, Round::up);
  const Fixed log = fixed::log_ratio(static_cast<std::uint64_t>(kAtto),
                                     static_cast<std::uint64_t>(delta_atto), Round::up);
  const Fixed root = fixed::sqrt(fixed::multiply(rho, log, Round::up), Round::up);
  const auto out = fixed::to_units(rho + root + root, fixed::kNanoDigits, Round::up);
  MC_CHECK(out.has_value());  // rho is below 1,000 and the logarithm below 42
  return *out;
}

// x * factor * 2^shift, rounded up.
Wide scaled(Fixed x, std::int64_t factor, unsigned shift) {
  const auto [whole, rest] = fixed::multiply_divide(
      static_cast<Uint128>(x.raw()), static_cast<Uint128>(factor) << shift, Uint128{1} << 64);
  return static_cast<Wide>(whole) + (rest == 0 ? 0 : 1);
}

NoiseError error_of(const NumberNoise& numbers) {
  return std::visit(
      [&](const auto& noise) {
        const Wide width = noise::half_width(noise, noise::confidence_95());
        return NoiseError{.rmse_milli = scaled(noise::deviation(noise).high, 1'000, numbers.shift),
                          .half_width = width << numbers.shift};
      },
      *numbers.noise);
}

// Of scores: the best of so many exponential numbers, of which the chosen one falls short by no
// more. Their maximum M has P(M > scale (ln n + ln 20)) <= 0.05 and E[M^2] <= scale^2 (ln n + 2)^2.
NoiseError error_of(const Choice& choice, std::size_t candidates, std::int64_t parts) {
  const std::int64_t twice = choice.scores == Choice::Scores::any ? 2 : 1;
  const Fixed count = fixed::log(Fixed::whole(static_cast<std::int64_t>(candidates)), Round::up);
  const Fixed twenty = fixed::log(Fixed::whole(20), Round::up);
  // scale / parts = twice * sensitivity / epsilon / parts
  const Uint128 above = Uint128{1} * static_cast<Uint128>(twice * choice.sensitivity) * kNano;
  const Uint128 below = static_cast<Uint128>(choice.epsilon_nano) * static_cast<Uint128>(parts);
  const auto times = [&](Fixed x, std::int64_t factor) {
    const auto [whole, rest] = fixed::multiply_divide(
        static_cast<Uint128>(x.raw()), above * static_cast<Uint128>(factor), below << 64);
    return static_cast<Wide>(whole) + (rest == 0 ? 0 : 1);
  };
  return {.rmse_milli = times(count + Fixed::whole(2), 1'000),
          .half_width = times(count + twenty, 1)};
}

}  // namespace

Price price_of(const Spec& spec, const Plan& plan) {
  Price out;
  Wide rho = 0;
  if (spec.noise == NoiseKind::gaussian) {
    out.epsilon_nano = epsilon_of_rho(spec.rho_pico, spec.delta_atto);
    out.delta_atto = spec.delta_atto;
    rho = spec.rho_pico;
  } else {
    out.epsilon_nano = spec.epsilon_nano;
    if (plan.choice) rho += half_square(plan.choice->epsilon_nano, plan.choices);
    rho += half_square(plan.value_budget, 1) + half_square(plan.second_budget, 1);
  }
  if (plan.selection) {
    out.epsilon_nano += spec.selection_epsilon_nano;
    out.delta_atto += spec.selection_delta_atto;
    rho += half_square(plan.selection->epsilon_nano, spec.bounds.groups_per_unit);
  }
  out.rho_pico = static_cast<std::int64_t>(rho);
  return out;
}

Result<Quote> price(const Spec& spec) {
  MC_TRY(const Plan plan, plan_of(spec));
  Quote out{.price = price_of(spec, plan)};
  if (plan.value) out.value = error_of(*plan.value);
  if (plan.second) out.second = error_of(*plan.second);
  if (spec.measure == Measure::quantile) {
    out.value = error_of(*plan.choice, spec.points.size(), kQuantileParts);
  } else if (plan.choice && spec.keys == Keys::known) {
    out.second = error_of(*plan.choice, spec.keys_listed, 1);
  }
  if (plan.selection) {
    MC_TRY(
        const noise::PartitionSelection selection,
        noise::PartitionSelection::make(plan.selection->epsilon_nano, plan.selection->delta_atto));
    out.always_shown = selection.certain_from();
  }
  return out;
}

Result<std::int64_t> rho_pico_within(std::int64_t epsilon_nano, std::int64_t delta_atto) {
  if (epsilon_nano < 1 || epsilon_nano > kEpsilonNanoMax) {
    return fail(Code::invalid,
                "epsilon (nano) must be from 1 to " + std::to_string(kEpsilonNanoMax));
  }
  if (delta_atto < 1 || delta_atto > kDeltaAttoMax) {
    return fail(Code::invalid, "delta (atto) must be from 1 to " + std::to_string(kDeltaAttoMax));
  }
  std::int64_t low = 0, high = kRhoPicoMax + 1;  // low fits, high does not
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (epsilon_of_rho(middle, delta_atto) <= epsilon_nano ? low : high) = middle;
  }
  return low;
}

}  // namespace mc::dp
