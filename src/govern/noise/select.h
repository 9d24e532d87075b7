// Choosing what may be shown: partitions that are not public, and one of several candidates.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "noise/mechanism.h"

namespace mc::noise {

// Truncated-geometric selection (Desfontaines, Voss, Gipson, Mandayam 2020): the largest chance
// that a partition of n privacy units is shown which is (epsilon, delta)-DP, when a unit is in one
// partition. Each pi(n) is rounded down after the recurrence that defines the property, so that
// neither bound is ever exceeded: pi(n+1) <= e^epsilon pi(n) + delta and
// 1 - pi(n) <= e^epsilon (1 - pi(n+1)) + delta, with pi(0) = 0.
class PartitionSelection {
 public:
  static constexpr std::size_t kStepsMost = 1 << 18;
  // epsilon in nano, delta in atto. `invalid` with the limit: epsilon from 1 nano to kEpsilonMost,
  // delta from 1 atto to 1, and pi reaching 1 within kStepsMost steps.
  static Result<PartitionSelection> make(std::int64_t epsilon_nano, std::int64_t delta_atto);
  fixed::Probability chance(std::int64_t units) const;
  bool shows(std::int64_t units, Source& source) const;  // in constant time
  std::int64_t certain_from() const;                     // the least n with pi(n) = 1

 private:
  explicit PartitionSelection(std::vector<fixed::Probability> chances)
      : chances_(std::move(chances)) {}
  std::vector<fixed::Probability> chances_;
};

// Selection by a noisy count: a partition is shown with its noisy count when that is at least the
// threshold. (epsilon, delta)-DP when a unit adds at most `each` to one partition.
struct Threshold {
  DiscreteLaplace noise;
  std::int64_t least = 0;  // what the noisy count must reach
};
// The least threshold with P(each + X >= threshold) <= delta.
Result<Threshold> laplace_threshold(std::int64_t epsilon_nano, std::int64_t delta_atto,
                                    std::int64_t each);

// Permute-and-flip (McKenna, Sheldon 2020): the index of one of the candidates, a high score being
// likelier. epsilon-DP when a unit changes each score by at most `sensitivity`; never worse than
// the exponential mechanism. `invalid` without candidates, beyond kCandidatesMost, or of parameters
// out of range. Time depends on the scores: pad the release.
constexpr std::size_t kCandidatesMost = 1 << 20;
struct Choice {
  std::int64_t epsilon_nano = 0;
  std::int64_t sensitivity = 1;
};
Result<std::size_t> permute_and_flip(std::span<const std::int64_t> scores, const Choice& choice,
                                     Source& source);

}  // namespace mc::noise
