// Noise for one number: the only place where a release takes it. Builds that test the falsifier
// have another one of their own in which there is a fault. Private to the module.
#pragma once

#include <cstdint>

#include "dp/plan.h"
#include "dp/release.h"

namespace mc::dp {

// In steps.
std::int64_t draw(const NumberNoise& numbers, Chance chance);

}  // namespace mc::dp
