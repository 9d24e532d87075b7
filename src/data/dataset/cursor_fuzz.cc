#include <cstdint>
#include <cstdlib>

#include "dataset/cursor.h"

// Foreign bytes never open; sealed bytes open to what was sealed, and to nothing when changed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mc::dataset::Cell;
  static const mc::dataset::CursorSealer sealer(mc::Secret("0123456789abcdef"));
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string context(32, 'c');
  mc::graphql::Arena arena;
  if (sealer.open(context, input, 2, arena)) std::abort();
  Cell number;
  number.kind = Cell::Kind::integer;
  number.integer = static_cast<std::int64_t>(size);
  Cell text;
  text.kind = Cell::Kind::text;
  text.text = input;
  const std::vector<Cell> values = {number, text};
  auto cursor = sealer.seal(context, values);
  if (!cursor) return size > mc::dataset::kCursorTextValueMax ? 0 : (std::abort(), 0);
  const auto opened = sealer.open(context, *cursor, 2, arena);
  if (!opened || (*opened)[0].integer != number.integer || (*opened)[1].text != input) std::abort();
  const std::size_t at = size == 0 ? 0 : data[0] % cursor->size();
  (*cursor)[at] = (*cursor)[at] == 'A' ? 'B' : 'A';
  if (sealer.open(context, *cursor, 2, arena)) std::abort();
  return 0;
}
