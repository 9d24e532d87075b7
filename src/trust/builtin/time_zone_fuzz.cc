// Files of time zones from anywhere: refused, or a zone that answers for every second.
#include <cstddef>
#include <cstdint>

#include "builtin/zones.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;
  const auto zone =
      builtin::TimeZone::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!zone) return 0;
  for (std::int64_t second = -10'000'000'000; second <= 10'000'000'000; second += 77'777'777) {
    const builtin::TimeZone::Span span = zone->at(second);
    MC_CHECK(span.offset > -200'000 && span.offset < 800'000);
    zone->from_wall(second);
  }
  return 0;
}
