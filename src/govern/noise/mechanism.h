// The noise itself: discrete Laplace and discrete Gaussian on whole numbers, drawn exactly.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include "base/base.h"
#include "fixed/fixed.h"
#include "noise/source.h"

namespace mc::noise {

// numerator / denominator, both at least 1.
struct Fraction {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
  auto operator<=>(const Fraction&) const = default;
};
Fraction reduced(Fraction value);
// numerator/denominator exactly, in lowest terms, when its parts are at most those of `most`; else
// the next larger fraction of a power of two that is. The value never shrinks. `invalid`, with the
// limit and `name`, when it is above all of them.
Result<Fraction> fraction_up(fixed::Uint128 numerator, fixed::Uint128 denominator, Fraction most,
                             std::string_view name);

constexpr std::uint64_t kScaleMost = std::uint64_t{1} << 52;     // numerator and denominator
constexpr std::uint64_t kVarianceMost = std::uint64_t{1} << 60;  // numerator of sigma^2
constexpr std::uint64_t kVarianceDenominatorMost = std::uint64_t{1} << 40;

// P(X = x) is proportional to e^(-|x| / scale), x whole: epsilon-DP for scale =
// sensitivity/epsilon. Sampler: Canonne, Kamath, Steinke 2020, algorithm 2.
class DiscreteLaplace {
 public:
  // `invalid` with the limit when the scale is 0, or its parts are beyond kScaleMost.
  static Result<DiscreteLaplace> make(Fraction scale);
  std::int64_t draw(Source& source) const;  // |X| < 2^62
  Fraction scale() const { return scale_; }
  auto operator<=>(const DiscreteLaplace&) const = default;

 private:
  explicit DiscreteLaplace(Fraction scale) : scale_(scale) {}
  Fraction scale_;
};

// P(X = x) is proportional to e^(-x^2 / (2 sigma^2)), x whole: zCDP of sensitivity^2/(2 sigma^2).
// Sampler: the same paper, algorithm 3.
class DiscreteGaussian {
 public:
  // `invalid` with the limit when sigma^2 is 0, or its parts are beyond kVarianceMost and
  // kVarianceDenominatorMost.
  static Result<DiscreteGaussian> make(Fraction sigma_squared);
  std::int64_t draw(Source& source) const;  // |X| < 2^62
  Fraction sigma_squared() const { return sigma_squared_; }
  auto operator<=>(const DiscreteGaussian&) const = default;

 private:
  DiscreteGaussian(Fraction sigma_squared, std::uint64_t proposal)
      : sigma_squared_(sigma_squared), proposal_(proposal) {}
  bool accepts(std::uint64_t size, Source& source) const;
  Fraction sigma_squared_;
  std::uint64_t proposal_ = 1;  // the scale of the Laplace that proposes: floor(sigma) + 1
};

// value + noise, held at the ends of int64: post-processing, which costs no privacy. `invalid`,
// with the limit, for a value beyond +-2^62: such a total is not noised but refused, whatever the
// noise.
constexpr std::int64_t kValueMost = std::int64_t{1} << 62;
Result<std::int64_t> noised(std::int64_t value, std::int64_t noise, std::string_view name);

}  // namespace mc::noise
