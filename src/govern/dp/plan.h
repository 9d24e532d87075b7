// What a release does, by its spec: which noise for which sensitivity. price() tells its cost and
// error, release() carries it out, so that neither can be of anything else. Private to the module.
#pragma once

#include <optional>

#include "dp/spec.h"
#include "noise/noise.h"

namespace mc::dp {

// Of numbers that are released together; how far one unit may move them, in steps.
struct NumberNoise {
  unsigned shift = 0;   // a step is 2^shift units of the values
  Wide row = 1;         // the most that one row counts
  Wide each = 1;        // that one unit moves any one of the numbers
  Wide l1 = 1;          // and all of them, by the sum of the distances
  Wide l2_squared = 1;  // by the sum of their squares; of discrete Gaussian only
  std::optional<noise::Noise> noise = std::nullopt;  // always there in a plan
};

// One of several by permute-and-flip.
struct Choice {
  std::int64_t sensitivity = 1;  // how far one unit moves a score
  std::int64_t epsilon_nano = 0;
  // When a unit moves no two scores in opposite directions, a step of score may weigh twice as
  // much: permute-and-flip is noisy maximum with exponential noise (Ding, Kifer, Steinke and others
  // 2021), and the noise of the winner alone makes up for what the others have moved.
  enum class Scores : std::uint8_t { any, monotone } scores = Scores::any;

  noise::Choice weights() const {
    return {.epsilon_nano = (scores == Scores::any ? 1 : 2) * epsilon_nano,
            .sensitivity = sensitivity};
  }
};

// Of each group that a unit has.
struct SelectionShare {
  std::int64_t epsilon_nano = 0, delta_atto = 0;
};

struct Plan {
  std::optional<SelectionShare> selection = std::nullopt;
  std::optional<Choice> choice = std::nullopt;  // quantile: in each group; top: so many times
  std::int64_t choices = 0;                     // that touch a unit
  std::optional<NumberNoise> value = std::nullopt,
                             second = std::nullopt;  // second: the count of a mean
  std::int64_t value_budget = 0, second_budget = 0;  // epsilon in nano, or rho in pico
};

Status check_bounds(const Bounds& bounds);
Result<Plan> plan_of(const Spec& spec);
Price price_of(const Spec& spec, const Plan& plan);  // price.cc

}  // namespace mc::dp
