// Trace headers from anywhere: what is accepted reads back as itself, and keeps its limits.
#include <cstdint>

#include "trace/trace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto context = mc::trace::parse_traceparent(text)) {
    const std::string out = mc::trace::format_traceparent(*context);
    MC_CHECK(out.size() == 55);
    MC_CHECK(mc::trace::parse_traceparent(out) == context);
    MC_CHECK(out.substr(3, 49) == text.substr(3, 49));
  }
  if (const auto state = mc::trace::parse_tracestate(text)) {
    MC_CHECK(state->size() <= 512);
    MC_CHECK(mc::trace::parse_tracestate(*state) == state);
  }
  const std::size_t half = size / 2;
  mc::trace::extract(text.substr(0, half), text.substr(half));
  return 0;
}
