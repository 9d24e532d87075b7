// Decimals from anywhere: what is accepted is in range, and prints as what reads the same.
#include <cstdint>

#include "fixed/fixed.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const int digits = data[0] % 19;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const mc::fixed::DecimalRule rule{"x", digits, data[0] / 128, INT64_MAX - data[0] / 64};
  if (const auto units = mc::fixed::parse_decimal(text, rule)) {
    MC_CHECK(*units >= rule.least && *units <= rule.most);
    MC_CHECK(mc::fixed::parse_decimal(mc::fixed::print_decimal(*units, digits), rule) == units);
  }
  return 0;
}
