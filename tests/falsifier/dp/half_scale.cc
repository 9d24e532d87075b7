// The fault: noise of half the scale that was promised.
#include "dp/draw.h"

namespace mc::dp {

std::int64_t draw(const NumberNoise& numbers, Chance chance) {
  if (const auto* laplace = std::get_if<noise::DiscreteLaplace>(&*numbers.noise)) {
    const noise::Fraction scale = laplace->scale();
    return noise::DiscreteLaplace::make({scale.numerator, scale.denominator * 2})
        ->draw(chance.source);
  }
  const noise::Fraction variance =
      std::get<noise::DiscreteGaussian>(*numbers.noise).sigma_squared();
  return noise::DiscreteGaussian::make({variance.numerator, variance.denominator * 4})
      ->draw(chance.source);
}

}  // namespace mc::dp
