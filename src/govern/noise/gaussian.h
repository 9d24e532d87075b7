// Tails of the discrete Gaussian, bounded from both sides. Private to this module.
#pragma once

#include <cstdint>
#include <vector>

#include "noise/mechanism.h"

namespace mc::noise {

// Up to this sigma by adding up all the weights, beyond it by integrals of the continuous one.
constexpr std::uint64_t kSummedSigmaMost = 64;
constexpr std::uint64_t kSummedVarianceMost = kSummedSigmaMost * kSummedSigmaMost;

// P(X >= m) and P(X = m) of one discrete Gaussian. Made once for many questions.
//
// Integrals: the weight w(x) = e^(-x^2 / (2 sigma^2)) falls for x >= 0 and is convex for x >=
// sigma, so the sum of w from m on is between the integral from m (with half of w(m) where convex)
// and that from m - 1/2 where convex, else that from m and w(m). All weights add up to sigma sqrt(2
// pi) at least, and, by Poisson's summation formula for sigma >= 64, to less than 1 + e^-80000
// times it.
class GaussianTail {
 public:
  explicit GaussianTail(const DiscreteGaussian& noise);
  fixed::Probability at_least(std::int64_t m, fixed::Round round) const;
  fixed::Probability exactly(std::int64_t m, fixed::Round round) const;
  // P(from <= X < end), rounded up; better than a difference of two at_least().
  fixed::Probability between_up(std::int64_t from, std::int64_t end) const;
  bool is_summed() const { return !sums_.empty(); }
  fixed::Fixed summed_variance(fixed::Round round) const;  // when is_summed()

 private:
  struct Sum {
    fixed::Uint128 low = 0, high = 0;  // in units of 2^-103
  };
  fixed::Uint128 weight(std::uint64_t m, fixed::Round round) const;  // in units of 2^-127
  fixed::Probability integral_from(std::int64_t halves, fixed::Round round) const;
  fixed::Probability at_least_by_integral(std::int64_t m, fixed::Round round) const;

  Fraction sigma_squared_;
  fixed::Fixed sigma_low_, sigma_high_;
  fixed::Fixed all_low_, all_high_;  // the sum of all weights; for integrals
  std::vector<Sum> sums_;            // [m] is the sum of the weights from m on
  Sum all_;
};

// A sigma with which continuous Gaussian noise on a value of sensitivity 1 is (epsilon, delta)-DP
// (Balle, Wang 2018), at most 2^-50 of it above the least.
fixed::Fixed analytic_sigma(std::int64_t epsilon_nano, std::int64_t delta_atto);

}  // namespace mc::noise
