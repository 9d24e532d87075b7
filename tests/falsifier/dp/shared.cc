// The fault: two releases one after the other have the same noise, as two workers would that were
// forked from one generator.
#include "dp/draw.h"

namespace mc::dp {

std::int64_t draw(const NumberNoise& numbers, Chance chance) {
  static std::int64_t last = 0;
  static bool repeats = false;
  if (!repeats) last = chance.pool.take(*numbers.noise);
  repeats = !repeats;
  return last;
}

}  // namespace mc::dp
