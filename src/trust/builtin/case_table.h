// The simple case mapping of Unicode, as ranges in order.
#pragma once

#include <span>

#include "builtin/runes.h"

namespace mc::builtin {

std::span<const CaseRange> upper_ranges();
std::span<const CaseRange> lower_ranges();

}  // namespace mc::builtin
