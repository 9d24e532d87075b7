// A layout and a value, a line each: what is read is written in a form that reads the same.
#include <cstddef>
#include <cstdint>

#include "builtin/time_layout.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  const std::string_view value = end == std::string_view::npos ? "" : text.substr(end + 1);
  builtin::parse_go_duration(value);
  const auto time = builtin::parse_time(text.substr(0, end), value);
  if (!time) return 0;
  std::string out;
  builtin::append_time(out, *time, builtin::kRfc3339Nano);
  const auto again = builtin::parse_time(builtin::kRfc3339Nano, out);
  // Offsets of more than a day have no form in RFC 3339, nor have seconds in an offset.
  if (!again || time->offset % 60 != 0) return 0;
  MC_CHECK(again->seconds() == time->seconds() && again->nanosecond == time->nanosecond);
  return 0;
}
