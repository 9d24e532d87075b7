#include "dp/draw.h"

namespace mc::dp {

std::int64_t draw(const NumberNoise& numbers, Chance chance) {
  return chance.pool.take(*numbers.noise);
}

}  // namespace mc::dp
