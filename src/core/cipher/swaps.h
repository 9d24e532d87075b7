// What /proc/swaps says (proc(5)): a line of headings, then one for each place that is swapped to.
#pragma once

#include <string_view>

namespace mc::cipher {

bool names_swap(std::string_view swaps);

}  // namespace mc::cipher
