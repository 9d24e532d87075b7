#include "noise/pld.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "noise/limits.h"
#include "noise/losses.h"

namespace mc::noise {

using fixed::Fixed;
using fixed::Int128;
using fixed::Probability;
using fixed::Round;

namespace {

// The same mechanism, as often as it is in the batch. An epsilon of 0 is a Gaussian's.
struct Group {
  std::int64_t epsilon_nano = 0;
  std::int64_t sensitivity = 1;
  Fraction sigma_squared;
  auto operator<=>(const Group&) const = default;
};
struct Batch {
  std::map<Group, std::int64_t> groups;
  Probability beyond_low, beyond_high;  // that one of the known mechanisms fails
};

constexpr std::int64_t kRhoMost = 1'000'000'000'000'000;  // pico: 1,000

Status check(const Declared& declared) {
  MC_TRY_OK(check_range(declared.times, 1, kDeclaredMost, 0, "times"));
  if (declared.kind == Declared::Kind::gaussian) {
    MC_TRY_OK(check_sensitivity(declared.sensitivity, kGaussianSensitivityMost));
    MC_TRY(const DiscreteGaussian noise, DiscreteGaussian::make(declared.sigma_squared));
    MC_TRY(const std::int64_t rho_pico, rho_pico_of(noise, declared.sensitivity));
    MC_TRY_OK(check_range(rho_pico, 1, kRhoMost, fixed::kPicoDigits, "rho of a release"));
    return ok();
  }
  MC_TRY_OK(check_epsilon(declared.epsilon_nano));
  if (declared.kind == Declared::Kind::known) {
    return check_range(declared.delta_atto, 0, 1'000'000'000'000'000'000, fixed::kAttoDigits,
                       "delta");
  }
  return check_sensitivity(declared.sensitivity, kSensitivityMost);
}

// Where the noise has too many steps to tell apart, only its epsilon is known of a Laplace.
Group group_of(const Declared& declared) {
  if (declared.kind == Declared::Kind::gaussian) {
    return {0, declared.sensitivity, reduced(declared.sigma_squared)};
  }
  const bool is_fine =
      declared.kind == Declared::Kind::laplace && declared.sensitivity <= kLaplaceStepsMost;
  return {declared.epsilon_nano, is_fine ? declared.sensitivity : 1, {}};
}

Result<Batch> batch_of(std::span<const Declared> declared) {
  Batch out;
  std::int64_t count = 0;
  for (const Declared& one : declared) {
    MC_TRY_OK(check(one));
    count += one.times;
    MC_TRY_OK(check_range(count, 1, kDeclaredMost, 0, "releases of the batch"));
    out.groups[group_of(one)] += one.times;
    if (one.kind != Declared::Kind::known) continue;
    const auto times = static_cast<std::uint64_t>(one.times);
    const auto holds = [&](Probability before, Round round) {
      const Probability fails =
          fixed::probability_of_units(one.delta_atto, fixed::kAttoDigits, round);
      const Round down = fixed::opposite(round);
      return fixed::multiply(before.complement(), fixed::power(fails.complement(), times, down),
                             down)
          .complement();
    };
    out.beyond_low = holds(out.beyond_low, Round::down);
    out.beyond_high = holds(out.beyond_high, Round::up);
  }
  if (out.groups.size() > kDifferentMost) {
    return fail(Code::invalid,
                "different mechanisms of the batch: at most " + std::to_string(kDifferentMost));
  }
  return out;
}

Losses losses_of(const Group& group) {
  if (group.epsilon_nano > 0) return laplace_losses(group.epsilon_nano, group.sensitivity);
  return gaussian_losses(*DiscreteGaussian::make(group.sigma_squared), group.sensitivity);
}

// The step of a lattice that has all losses of all groups on it, 2 gcd(epsilons), when there is one
// of few enough points; else nothing.
std::int64_t common_nano(const Batch& batch) {
  std::int64_t common = 0;
  Int128 sum = 0;
  for (const auto& [group, times] : batch.groups) {
    if (group.epsilon_nano == 0 || group.sensitivity != 1) return 0;
    common = std::gcd(common, group.epsilon_nano);
    sum += Int128{group.epsilon_nano} * times;
  }
  return sum / common < static_cast<Int128>(kLatticeMost) ? common : 0;
}

// Two-point losses on a lattice of which 2 epsilon is a multiple.
Losses stretched(const Losses& losses, std::size_t by, Fixed step) {
  Losses out = losses;
  out.step = step;
  out.masses.assign((losses.masses.size() - 1) * by + 1, 0);
  for (std::size_t j = 0; j < losses.masses.size(); ++j) out.masses[j * by] = losses.masses[j];
  return out;
}

Losses losses_of(const Batch& batch) {
  std::vector<Losses> all;
  all.reserve(batch.groups.size());
  for (const auto& [group, count] : batch.groups) all.push_back(times(losses_of(group), count));
  if (all.size() == 1) return all.front();
  const std::int64_t common = common_nano(batch);
  Fixed step =
      Fixed::from_raw(2 * fixed::from_units(common, fixed::kNanoDigits, Round::down).raw());
  Fixed spare;  // what the sums that are still to come may add
  if (common == 0) {
    Fixed width;
    for (const Losses& losses : all) {
      width = width + fixed::multiply(losses.step, static_cast<std::int64_t>(losses.masses.size()),
                                      Round::up);
    }
    step = Fixed::from_raw(width.raw() / static_cast<Int128>(kLatticeMost) + 1);
  }
  auto group = batch.groups.begin();
  for (Losses& losses : all) {
    losses =
        common == 0
            ? spread(losses, step)
            : stretched(losses, static_cast<std::size_t>(group->first.epsilon_nano / common), step);
    spare = spare + losses.top;
    ++group;
  }
  Losses out = all.front();
  spare = spare - out.top;
  for (std::size_t i = 1; i < all.size(); ++i) {
    spare = spare - all[i].top;
    out = sum_of(out, all[i], spare);
  }
  return out;
}

Result<Losses> composed(std::span<const Declared> declared) {
  if (declared.empty()) return fail(Code::invalid, "releases of the batch: at least 1");
  MC_TRY(const Batch batch, batch_of(declared));
  Losses out = losses_of(batch);
  const auto either = [](Probability a, Probability b, Round round) {
    return fixed::multiply(a.complement(), b.complement(), fixed::opposite(round)).complement();
  };
  out.beyond_low = either(out.beyond_low, batch.beyond_low, Round::down);
  out.beyond_high = either(out.beyond_high, batch.beyond_high, Round::up);
  return out;
}

}  // namespace

Result<std::int64_t> batch_epsilon(std::span<const Declared> batch, std::int64_t delta_atto) {
  MC_TRY_OK(check_delta(delta_atto));
  MC_TRY(const Losses losses, composed(batch));
  MC_TRY(const Fixed epsilon, epsilon_of(losses, fixed::probability_of_units(
                                                     delta_atto, fixed::kAttoDigits, Round::down)));
  return fixed::to_units(epsilon, fixed::kNanoDigits, Round::up);
}

Result<std::int64_t> batch_delta(std::span<const Declared> batch, std::int64_t epsilon_nano) {
  MC_TRY_OK(check_range(epsilon_nano, 0, INT64_MAX, fixed::kNanoDigits, "epsilon of the batch"));
  MC_TRY(const Losses losses, composed(batch));
  const Fixed epsilon = fixed::from_units(epsilon_nano, fixed::kNanoDigits, Round::down);
  return fixed::to_units(delta_of(losses, epsilon), fixed::kAttoDigits, Round::up);
}

Result<std::int64_t> optimal_composition(const Repeated& each, std::int64_t delta_total_atto) {
  MC_TRY_OK(check_delta(delta_total_atto));
  Declared declared;
  declared.kind = Declared::Kind::known;
  declared.epsilon_nano = each.epsilon_nano;
  declared.delta_atto = each.delta_atto;
  declared.times = each.times;
  MC_TRY(const Losses losses, composed({&declared, 1}));
  const Probability delta =
      fixed::probability_of_units(delta_total_atto, fixed::kAttoDigits, Round::down);
  // delta grows as epsilon falls: the last of the sums that still holds.
  std::int64_t held = -1;
  for (std::int64_t i = each.times; i >= 0; i -= 2) {
    const std::int64_t sum = i * each.epsilon_nano;
    if (delta_of(losses, fixed::from_units(sum, fixed::kNanoDigits, Round::down)) > delta) break;
    held = sum;
  }
  if (held < 0) return fail(Code::exhausted, "delta of the releases: more than the total");
  return held;
}

}  // namespace mc::noise
