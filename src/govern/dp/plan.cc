#include "dp/plan.h"

#include <algorithm>
#include <functional>
#include <string>

namespace mc::dp {
namespace {

constexpr std::int64_t kPico = 1'000'000'000'000;
// Below what the noise can take, for fractions are rounded up.
constexpr Wide kScaleMax = Wide{1} << 51, kSquareMax = Wide{1} << 58;
constexpr Wide kEachMax = Wide{1} << 32;  // its square, times groups and kPico, fits

Status check_range(std::string_view name, std::int64_t value, std::int64_t least,
                   std::int64_t most) {
  if (value >= least && value <= most) return ok();
  return fail(Code::invalid, std::string(name) + " must be from " + std::to_string(least) + " to " +
                                 std::to_string(most) + ", not " + std::to_string(value));
}

Status check_unused(std::string_view name, std::int64_t value) {
  if (value == 0) return ok();
  return fail(Code::invalid, std::string(name) + " is of no use here and must be left out");
}

bool has_values(Measure measure) {
  return measure == Measure::sum || measure == Measure::mean;
}

Status check_points(const Spec& spec) {
  const bool used = spec.measure == Measure::histogram || spec.measure == Measure::quantile;
  if (!used) return check_unused("points", static_cast<std::int64_t>(spec.points.size()));
  MC_TRY_OK(check_range("points", static_cast<std::int64_t>(spec.points.size()), 1,
                        static_cast<std::int64_t>(kPointsMax)));
  if (std::ranges::adjacent_find(spec.points, std::greater_equal()) != spec.points.end()) {
    return fail(Code::invalid, "points must ascend, each once");
  }
  return ok();
}

Status check_keys(const Spec& spec) {
  const bool unknown = spec.keys == Keys::unknown;
  if (!unknown) {
    MC_TRY_OK(check_unused("selection epsilon", spec.selection_epsilon_nano));
    MC_TRY_OK(check_unused("selection delta", spec.selection_delta_atto));
  } else {
    if (spec.measure == Measure::histogram) {
      return fail(Code::invalid, "a histogram is not to be had by keys that are unknown");
    }
    const std::int64_t groups = spec.bounds.groups_per_unit;
    MC_TRY_OK(check_range("selection epsilon (nano)", spec.selection_epsilon_nano,
                          groups * kSelectionEpsilonNanoMin, kEpsilonNanoMax));
    MC_TRY_OK(
        check_range("selection delta (atto)", spec.selection_delta_atto, groups, kDeltaAttoMax));
  }
  if (spec.keys == Keys::none && spec.bounds.groups_per_unit != 1) {
    return fail(Code::invalid, "groups_per_unit is 1 where there are no keys");
  }
  if (spec.keys == Keys::none && spec.measure == Measure::top) {
    return fail(Code::invalid, "top needs keys to choose from");
  }
  if (spec.keys != Keys::known && spec.keys_listed != 1) {
    return fail(Code::invalid, "keys listed is 1 where no keys are listed");
  }
  const std::size_t most =
      spec.measure == Measure::top ? kCandidatesMax : kCellsMax / (spec.points.size() + 1);
  return check_range("keys listed", static_cast<std::int64_t>(spec.keys_listed), 1,
                     static_cast<std::int64_t>(most));
}

Status check_budget(const Spec& spec) {
  if (spec.noise == NoiseKind::laplace) {
    MC_TRY_OK(check_unused("rho", spec.rho_pico));
    MC_TRY_OK(check_unused("delta", spec.delta_atto));
    return check_range("epsilon (nano)", spec.epsilon_nano, 1, kEpsilonNanoMax);
  }
  if (spec.measure == Measure::quantile || spec.measure == Measure::top) {
    return fail(Code::invalid, std::string(measure_name(spec.measure)) +
                                   " takes an epsilon, not discrete Gaussian noise");
  }
  MC_TRY_OK(check_unused("epsilon", spec.epsilon_nano));
  MC_TRY_OK(check_range("rho (pico)", spec.rho_pico, 1, kRhoPicoMax));
  return check_range("delta (atto)", spec.delta_atto, 1, kDeltaAttoMax);
}

Status check(const Spec& spec) {
  MC_TRY_OK(check_bounds(spec.bounds));
  MC_TRY_OK(check_points(spec));
  MC_TRY_OK(check_keys(spec));
  MC_TRY_OK(check_budget(spec));
  if (has_values(spec.measure) && spec.bounds.low == spec.bounds.high) {
    return fail(Code::invalid, "low and high must differ where values are added up");
  }
  if (spec.measure == Measure::quantile) {
    MC_TRY_OK(check_range("quantile (thousandths)", spec.quantile, 0, kQuantileParts));
  }
  if (spec.measure != Measure::top) return check_unused("top", spec.top);
  return check_range("top", spec.top, 1, kTopMax);
}

struct Reach {
  Wide row = 1;  // the most that one row counts
  std::int64_t rows = 1, groups = 1;
  enum class Steps : std::uint8_t { ones, powers } steps = Steps::ones;
};

std::optional<noise::Noise> laplace_of(Wide l1, std::int64_t epsilon_nano) {
  if (l1 * kNano > kScaleMax * epsilon_nano) return std::nullopt;
  const auto scale = noise::fraction_up(static_cast<fixed::Uint128>(l1 * kNano),
                                        static_cast<fixed::Uint128>(epsilon_nano),
                                        {noise::kScaleMost, noise::kScaleMost}, "scale");
  if (!scale) return std::nullopt;
  const auto made = noise::DiscreteLaplace::make(*scale);
  return made ? std::optional<noise::Noise>(*made) : std::nullopt;
}

std::optional<noise::Noise> gaussian_of(Wide l2_squared, std::int64_t rho_pico) {
  const auto numerator = static_cast<fixed::Uint128>(l2_squared) * kPico;
  const auto denominator = static_cast<fixed::Uint128>(rho_pico) * 2;
  if (numerator > static_cast<fixed::Uint128>(kSquareMax) * denominator) return std::nullopt;
  const auto variance =
      noise::fraction_up(numerator, denominator,
                         {noise::kVarianceMost, noise::kVarianceDenominatorMost}, "sigma squared");
  if (!variance) return std::nullopt;
  const auto made = noise::DiscreteGaussian::make(*variance);
  return made ? std::optional<noise::Noise>(*made) : std::nullopt;
}

// The smallest step with which the noise fits.
Result<NumberNoise> noise_of(const Spec& spec, const Reach& reach, std::int64_t budget) {
  if (budget < 1) return fail(Code::invalid, "the budget is too small to be divided");
  const unsigned shift_max = reach.steps == Reach::Steps::ones ? 0 : 62;
  for (unsigned shift = 0; shift <= shift_max; ++shift) {
    const Wide row = (reach.row + ((Wide{1} << shift) - 1)) >> shift;
    const Wide each = row * reach.rows;
    NumberNoise out{.shift = shift, .row = row, .each = each, .l1 = each * reach.groups};
    if (spec.noise == NoiseKind::laplace) {
      out.noise = laplace_of(out.l1, budget);
    } else if (each <= kEachMax) {
      out.l2_squared = each * each * reach.groups;
      out.noise = gaussian_of(out.l2_squared, budget);
    }
    if (out.noise) return out;
  }
  return fail(Code::invalid, "epsilon or rho is too small for noise with these bounds");
}

Result<Plan> plan_numbers(const Spec& spec) {
  const Bounds& bounds = spec.bounds;
  const Wide low = bounds.low, high = bounds.high;
  const std::int64_t budget = spec.noise == NoiseKind::laplace ? spec.epsilon_nano : spec.rho_pico;
  Reach reach{.rows = bounds.rows_per_group, .groups = bounds.groups_per_unit};
  Plan out{.value_budget = budget};
  if (spec.measure == Measure::mean) {
    out.value_budget = budget / 2;
    out.second_budget = budget - budget / 2;
    MC_TRY(out.second, noise_of(spec, reach, out.second_budget));
    const Wide centre = centre_of(bounds);
    reach.row = std::max(high - centre, centre - low);
    reach.steps = Reach::Steps::powers;
  }
  if (spec.measure == Measure::sum) {
    reach.row = std::max(high < 0 ? -high : high, low < 0 ? -low : low);
    reach.steps = Reach::Steps::powers;
  }
  if (spec.measure == Measure::units) reach.rows = 1;
  // Rows of one unit may all be in one bin of a histogram, or each in another one: no further.
  MC_TRY(out.value, noise_of(spec, reach, out.value_budget));
  return out;
}

Result<Plan> plan_choice(const Spec& spec) {
  const Bounds& bounds = spec.bounds;
  Plan out;
  Choice choice;
  if (spec.measure == Measure::quantile) {
    // A row below a point moves its score by parts - quantile, one above it by -quantile.
    choice.sensitivity =
        bounds.rows_per_group * std::max(spec.quantile, kQuantileParts - spec.quantile);
    choice.epsilon_nano = spec.epsilon_nano / bounds.groups_per_unit;
    out.choices = bounds.groups_per_unit;
  } else {
    const std::int64_t half = spec.epsilon_nano / 2;
    choice.sensitivity = bounds.rows_per_group;
    choice.scores = Choice::Scores::monotone;
    choice.epsilon_nano = half / spec.top;
    out.choices = spec.top;
    out.value_budget = spec.epsilon_nano - half;
    const Reach reach{.rows = bounds.rows_per_group,
                      .groups = std::min(bounds.groups_per_unit, spec.top)};
    MC_TRY(out.value, noise_of(spec, reach, out.value_budget));
  }
  if (choice.epsilon_nano < 1) {
    return fail(Code::invalid, "epsilon is too small to be divided by groups_per_unit or top");
  }
  out.choice = choice;
  return out;
}

}  // namespace

std::string_view measure_name(Measure measure) {
  switch (measure) {
    case Measure::count:
      return "count";
    case Measure::units:
      return "units";
    case Measure::sum:
      return "sum";
    case Measure::mean:
      return "mean";
    case Measure::histogram:
      return "histogram";
    case Measure::quantile:
      return "quantile";
    case Measure::top:
      return "top";
  }
  return "";
}

std::string_view noise_name(NoiseKind noise) {
  return noise == NoiseKind::laplace ? "discrete_laplace" : "discrete_gaussian";
}

std::int64_t centre_of(const Bounds& bounds) {
  return static_cast<std::int64_t>((Wide{bounds.low} + bounds.high) >> 1);
}

Status check_bounds(const Bounds& bounds) {
  MC_TRY_OK(check_range("groups_per_unit", bounds.groups_per_unit, 1, kRowsPerUnitMax));
  MC_TRY_OK(check_range("rows_per_group", bounds.rows_per_group, 1, kRowsPerUnitMax));
  if (bounds.groups_per_unit > kRowsPerUnitMax / bounds.rows_per_group) {
    return fail(Code::invalid, "groups_per_unit times rows_per_group must be at most " +
                                   std::to_string(kRowsPerUnitMax));
  }
  if (bounds.low > bounds.high) return fail(Code::invalid, "low must not be above high");
  return ok();
}

Result<Plan> plan_of(const Spec& spec) {
  MC_TRY_OK(check(spec));
  const bool chooses = spec.measure == Measure::quantile || spec.measure == Measure::top;
  MC_TRY(Plan out, chooses ? plan_choice(spec) : plan_numbers(spec));
  if (spec.keys == Keys::unknown) {
    const std::int64_t groups = spec.bounds.groups_per_unit;
    out.selection = {spec.selection_epsilon_nano / groups, spec.selection_delta_atto / groups};
  }
  return out;
}

}  // namespace mc::dp
