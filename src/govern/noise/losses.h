// Privacy losses on a lattice, and their sums. Private to this module.
#pragma once

#include <cstdint>
#include <vector>

#include "noise/mechanism.h"

namespace mc::noise {

// Of a dominating pair (P, Q): the loss ln P/Q under P is top - j * step with mass masses[j], and
// infinite with chance beyond. Masses are in units of 2^-127. All of it is an upper bound: losses
// and masses are never below the true ones, which only ever adds to delta(epsilon), the sum of mass
// (1 - e^(epsilon - loss)) over the losses above epsilon.
//
// Losses that cannot come above 0 any more may be missing at the end: epsilon is never below 0.
struct Losses {
  fixed::Fixed top, step;
  std::vector<fixed::Uint128> masses;
  fixed::Probability beyond_low, beyond_high;  // bounds of the chance of an infinite loss
};

constexpr std::size_t kLatticeMost = std::size_t{1} << 16;  // points of a sum of different losses

// A count with discrete Laplace noise, or anything that is epsilon-DP: two points.
Losses two_point_losses(std::int64_t epsilon_nano);
// Discrete Laplace noise on a value of this sensitivity, up to kStepsMost: so many points and one.
constexpr std::int64_t kLaplaceStepsMost = 1'024;
Losses laplace_losses(std::int64_t epsilon_nano, std::int64_t sensitivity);
// Discrete Gaussian noise: a point for each outcome, or for each run of them where sigma is large,
// with the largest loss of the run.
Losses gaussian_losses(const DiscreteGaussian& noise, std::int64_t sensitivity);

// The sum of two on the same lattice, of which losses below -`spare` are not needed.
Losses sum_of(const Losses& a, const Losses& b, fixed::Fixed spare);
Losses times(const Losses& one, std::int64_t count);

// Each point moved to its two neighbours on a lattice of another step from the same top, such that
// P and Q keep their masses: a spread of the likelihood ratio that keeps its mean, so the pair that
// it makes dominates (Doroshenko, Ghazi, Kamath, Kumar, Manurangsi 2022).
Losses spread(const Losses& losses, fixed::Fixed step);

// The least epsilon that holds with delta, from 0 on, rounded up; `exhausted` when none does.
Result<fixed::Fixed> epsilon_of(const Losses& losses, fixed::Probability delta);
fixed::Probability delta_of(const Losses& losses, fixed::Fixed epsilon);  // rounded up

}  // namespace mc::noise
