// Checks of operands that several tables share, with OPA's messages. Each adds a type error to the
// context when it refuses.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "builtin/builtin.h"

namespace mc::builtin {

using Operands = std::span<const Value>;

// "operand 2 <text>"; `index` counts from 0.
Value fail_operand(Context& context, std::size_t index, std::string_view text);
// "operand 1 must be array of strings but got array containing number"
Value fail_element(Context& context, std::size_t index, Kind collection, Kind got,
                   std::string_view expected);
// A number written as an integer of 64 bits; 1.0 and 1e3 are refused, as in OPA.
std::optional<std::int64_t> want_int(Context& context, Operands operands, std::size_t index);
// The digits of an integer of any size, with its sign.
std::optional<std::string> want_digits(Context& context, Operands operands, std::size_t index);
// A string, or an array or set of strings.
std::optional<std::vector<std::string_view>> want_texts(Context& context, Operands operands,
                                                        std::size_t index);
// `text` as a value, unless it takes more memory than is left.
Value checked_string(Context& context, std::string_view text);

}  // namespace mc::builtin
