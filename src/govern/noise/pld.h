// The report of a privacy-loss distribution: what a DECLARED batch of releases costs together.
//
// NEVER AN ADAPTIVE FILTER: the bound holds only when every mechanism and parameter of the batch is
// fixed before its first answer is seen. A filter that composed such curves as queries come would
// be wrong in general (Whitehouse, Ramdas, Rogers, Wu 2023; Zhu, Dong, Wang 2022). Budgets are kept
// by the accountants; this only says how much a batch that was declared in advance is worth.
#pragma once

#include <cstdint>
#include <span>

#include "noise/mechanism.h"
#include "noise/pool.h"

namespace mc::noise {

// `times` releases of a Laplace or Gaussian noise on values of this sensitivity, or of a mechanism
// of which only (epsilon, delta) is known.
struct Declared {
  enum class Kind { laplace, gaussian, known } kind = Kind::laplace;
  std::int64_t epsilon_nano = 0;  // laplace: sensitivity/scale; known
  std::int64_t delta_atto = 0;    // known
  Fraction sigma_squared;         // gaussian
  std::int64_t sensitivity = 1;   // laplace and gaussian
  std::int64_t times = 1;
};

constexpr std::int64_t kDeclaredMost = 10'000;  // releases of a batch
constexpr std::size_t kDifferentMost = 64;      // mechanisms and parameters of it

// An epsilon (nano) with which the batch is (epsilon, delta)-DP: never below the exact value, and
// at most 1e-4 above it where all of it is Laplace noise on counts (sensitivity 1) or known
// mechanisms, of epsilons that are multiples of 1e-6. `invalid` with the limit of what is out of
// range.
Result<std::int64_t> batch_epsilon(std::span<const Declared> batch, std::int64_t delta_atto);

// A delta (atto) with which the batch is (epsilon, delta)-DP; never below the exact value.
Result<std::int64_t> batch_delta(std::span<const Declared> batch, std::int64_t epsilon_nano);

// Optimal composition of `times` releases that are (epsilon, delta)-DP each (Kairouz, Oh, Viswanath
// 2015, theorem 3.3): the least (times - 2i) epsilon, i whole, that holds with delta_total.
// `exhausted` when none does.
struct Repeated {
  std::int64_t epsilon_nano = 0, delta_atto = 0, times = 1;
};
Result<std::int64_t> optimal_composition(const Repeated& each, std::int64_t delta_total_atto);

}  // namespace mc::noise
