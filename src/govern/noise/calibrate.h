// How much noise a claim needs: never less than it takes, so that the claim is never exceeded.
#pragma once

#include <cstdint>

#include "noise/mechanism.h"

namespace mc::noise {

constexpr std::int64_t kEpsilonMost = 1'000'000'000'000;  // nano: epsilon 1,000
constexpr std::int64_t kSensitivityMost = std::int64_t{1} << 40;
constexpr std::int64_t kGaussianSensitivityMost = std::int64_t{1} << 26;

// sensitivity/epsilon exactly, or the next larger scale that DiscreteLaplace takes. epsilon from 1
// nano to kEpsilonMost, sensitivity from 1 to kSensitivityMost: else `invalid` with the limit.
Result<DiscreteLaplace> laplace_for(std::int64_t epsilon_nano, std::int64_t sensitivity);

// sensitivity^2/(2 rho), or the next larger that DiscreteGaussian takes: rho-zCDP. rho in pico.
Result<DiscreteGaussian> gaussian_for_rho(std::int64_t rho_pico, std::int64_t sensitivity);

// The analytic Gaussian (Balle, Wang 2018) for the discrete Gaussian: a sigma^2 with which noise on
// integers of this L2 sensitivity is (epsilon, delta)-DP, proven by directed rounding, and at most
// 0.1 % above the least. epsilon from 0.001 to 20, delta from 1e-15 to 0.1.
Result<DiscreteGaussian> gaussian_for(std::int64_t epsilon_nano, std::int64_t delta_atto,
                                      std::int64_t sensitivity);

// An upper bound of the delta of a discrete Gaussian at this epsilon and sensitivity.
fixed::Probability gaussian_delta(const DiscreteGaussian& noise, std::int64_t epsilon_nano,
                                  std::int64_t sensitivity);

// What is claimed of a noise, rounded up: epsilon of a Laplace in nano, rho of a Gaussian in pico.
// `exhausted` when it does not fit in 64 bits.
Result<std::int64_t> epsilon_nano_of(const DiscreteLaplace& noise, std::int64_t sensitivity);
Result<std::int64_t> rho_pico_of(const DiscreteGaussian& noise, std::int64_t sensitivity);

}  // namespace mc::noise
