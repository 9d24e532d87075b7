// Numbers as people write them: what Go's strconv.ParseFloat reads, for to_number().
#pragma once

#include <string_view>

#include "builtin/builtin.h"

namespace mc::builtin {

// JSON numbers keep their text; "+1", ".5", "0x1p-2" and "1_000" become what they mean. Fails as Go
// does: strconv.ParseFloat: parsing "x": invalid syntax.
Value parse_number(Context& context, std::string_view text);

}  // namespace mc::builtin
