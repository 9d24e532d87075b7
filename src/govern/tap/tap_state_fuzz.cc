// The file of a desk of taps: what is taken is printed again as it was, and keeps to every limit.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tap/state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto state = mc::tap::parse_state(text);
  if (!state) {
    MC_CHECK(state.error().code == mc::Code::corrupt);
    return 0;
  }
  MC_CHECK(mc::tap::print_state(*state) == text);
  MC_CHECK(state->taps.size() <= mc::tap::kTapsMax && state->spool.size() <= mc::tap::kSpoolMax);
  for (const mc::tap::Tap& tap : state->taps) {
    MC_CHECK(mc::tap::check(tap.terms) && tap.until - tap.set <= mc::tap::kLifetimeMax);
  }
  return 0;
}
