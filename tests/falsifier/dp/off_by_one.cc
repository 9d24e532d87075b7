// The fault: noise for a sensitivity that is one too low, where it is more than one.
#include "dp/draw.h"

namespace mc::dp {

std::int64_t draw(const NumberNoise& numbers, Chance chance) {
  const auto* laplace = std::get_if<noise::DiscreteLaplace>(&*numbers.noise);
  if (laplace == nullptr || numbers.l1 < 2 || numbers.l1 > 1'000) {
    return chance.pool.take(*numbers.noise);
  }
  const auto sensitivity = static_cast<std::uint64_t>(numbers.l1);
  const noise::Fraction scale = laplace->scale();
  return noise::DiscreteLaplace::make(
             {scale.numerator * (sensitivity - 1), scale.denominator * sensitivity})
      ->draw(chance.source);
}

}  // namespace mc::dp
