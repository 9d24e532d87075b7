// Any bytes: refused, or a value that prints and reads back as an equal one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "term/term.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;
  term::Arena arena;
  auto value = term::parse_json(arena, std::string_view(reinterpret_cast<const char*>(data), size));
  if (!value) return 0;
  const auto again = term::parse_json(arena, term::to_json(*value));
  MC_CHECK(again && term::equal(*value, *again));
  MC_CHECK(term::hash(*value) == term::hash(*again));
  term::Value copied = term::copy(arena, *value);
  term::freeze(copied);
  MC_CHECK(term::compare(copied, *value) == 0);
  return 0;
}
