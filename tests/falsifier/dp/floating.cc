// The fault: Laplace noise by the logarithm of a floating-point number. Its few values make a
// lattice that moves with the true answer (Mironov 2012).
#include <cmath>

#include "dp/draw.h"

namespace mc::dp {

std::int64_t draw(const NumberNoise& numbers, Chance chance) {
  const auto* laplace = std::get_if<noise::DiscreteLaplace>(&*numbers.noise);
  if (laplace == nullptr) return chance.pool.take(*numbers.noise);
  const noise::Fraction parts = laplace->scale();
  const float scale = static_cast<float>(parts.numerator) / static_cast<float>(parts.denominator);
  const float uniform = (static_cast<float>(chance.source.next_32() >> 9) + 0.5F) * 0x1p-23F;
  const float size = -scale * std::log(uniform);
  return std::llround(chance.source.coin() ? size : -size);
}

}  // namespace mc::dp
