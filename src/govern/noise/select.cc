#include "noise/select.h"

#include <algorithm>
#include <string>

#include "noise/calibrate.h"
#include "noise/limits.h"
#include "noise/quote.h"

namespace mc::noise {

using fixed::Fixed;
using fixed::Probability;
using fixed::Round;
using fixed::Uint128;

namespace {

// p e^epsilon, as p / e^-epsilon, rounded down; 1 where it is more.
Probability times_exp(Probability p, Probability exp_negative_up) {
  return fixed::divide(p, exp_negative_up, Round::down);
}

}  // namespace

Result<PartitionSelection> PartitionSelection::make(std::int64_t epsilon_nano,
                                                    std::int64_t delta_atto) {
  MC_TRY_OK(check_epsilon(epsilon_nano));
  MC_TRY_OK(check_delta(delta_atto));
  const auto nano = static_cast<Uint128>(epsilon_nano);
  // e^-epsilon rounded up is e^epsilon rounded down, and the complement's share rounded up.
  const Probability shrink = fixed::exp_negative(nano, 1'000'000'000, Round::up);
  const Probability delta =
      fixed::probability_of_units(delta_atto, fixed::kAttoDigits, Round::down);
  std::vector<Probability> chances{Probability::zero()};
  while (chances.back() < Probability::one()) {
    if (chances.size() > kStepsMost) {
      return fail(Code::invalid,
                  "epsilon and delta of the selection of partitions: a partition of " +
                      std::to_string(kStepsMost) + " units must be certain");
    }
    const Probability last = chances.back();
    const Probability grown = fixed::add(times_exp(last, shrink), delta);
    const Probability missing = fixed::subtract(last.complement(), delta);
    const Probability rest = fixed::multiply(shrink, missing, Round::up).complement();
    const Probability next = std::min(grown, rest);
    // Rounding has eaten all of the growth: with so small a delta there is no end to it.
    if (next <= last) {
      return fail(Code::invalid, "epsilon of the selection of partitions: too small");
    }
    chances.push_back(next);
  }
  return PartitionSelection(std::move(chances));
}

Probability PartitionSelection::chance(std::int64_t units) const {
  if (units <= 0) return Probability::zero();
  return chances_[std::min(static_cast<std::size_t>(units), chances_.size() - 1)];
}

bool PartitionSelection::shows(std::int64_t units, Source& source) const {
  return source.bernoulli(chance(units));
}

std::int64_t PartitionSelection::certain_from() const {
  return static_cast<std::int64_t>(chances_.size()) - 1;
}

Result<Threshold> laplace_threshold(std::int64_t epsilon_nano, std::int64_t delta_atto,
                                    std::int64_t each) {
  MC_TRY_OK(check_delta(delta_atto));
  MC_TRY(const DiscreteLaplace noise, laplace_for(epsilon_nano, each));
  const Probability delta =
      fixed::probability_of_units(delta_atto, fixed::kAttoDigits, Round::down);
  // The least t with P(X >= t) <= delta; from 1 on that is half of P(|X| >= t).
  const Probability doubled = fixed::add(delta, delta);
  std::int64_t low = 0;  // not enough
  std::int64_t high = 1;
  while (tail(noise, high, Round::up) > doubled) {
    low = high;
    if (high > kValueMost / 2) {
      return fail(Code::invalid, "threshold of a partition: at most " + std::to_string(kValueMost));
    }
    high *= 2;
  }
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (tail(noise, middle, Round::up) > doubled ? low : high) = middle;
  }
  return Threshold{noise, each + high};
}

Result<std::size_t> permute_and_flip(std::span<const std::int64_t> scores, const Choice& choice,
                                     Source& source) {
  MC_TRY_OK(check_epsilon(choice.epsilon_nano));
  MC_TRY_OK(check_sensitivity(choice.sensitivity, kSensitivityMost));
  if (scores.empty() || scores.size() > kCandidatesMost) {
    return fail(Code::invalid, "candidates: from 1 to " + std::to_string(kCandidatesMost));
  }
  const std::int64_t best = *std::max_element(scores.begin(), scores.end());
  const Uint128 denominator = Uint128{2'000'000'000} * static_cast<Uint128>(choice.sensitivity);
  std::vector<std::uint32_t> order(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  // Fisher and Yates, one candidate at a time: the best one is accepted when it comes.
  for (std::size_t left = order.size();; --left) {
    MC_CHECK(left > 0);
    std::swap(order[source.below(left)], order[left - 1]);
    const std::size_t at = order[left - 1];
    const std::uint64_t gap =
        static_cast<std::uint64_t>(best) - static_cast<std::uint64_t>(scores[at]);
    const Uint128 numerator = Uint128{gap} * static_cast<Uint128>(choice.epsilon_nano);
    if (source.bernoulli_exp(numerator, denominator)) return at;
  }
}

}  // namespace mc::noise
