// Go's fmt.Sprintf for the values of Rego, as OPA's sprintf() hands them over: an integer of 64
// bits is an int, a larger one a *big.Int, any other number a float64, a string a string, and all
// else its text in Rego.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "builtin/builtin.h"

namespace mc::builtin {

struct FormatArgument {
  // `named` is text of another string type, whose name is in `type`.
  enum class Kind : std::uint8_t { integer, big_integer, floating, text, named, boolean };
  Kind kind = Kind::text;
  std::int64_t integer = 0;
  double floating = 0;
  std::string text;  // of text, of big_integer its digits
  std::string_view type = "string";
};
FormatArgument format_argument(Value value);
std::vector<FormatArgument> format_arguments(std::span<const Value> values);

// With Go's notes where arguments do not fit: %!d(string=x), %!s(MISSING), %!(EXTRA int=1).
// Nothing, with a cancelled failure, when the text would pass the arena's limit.
std::optional<std::string> format_go(Context& context, std::string_view format,
                                     std::span<const FormatArgument> arguments);

}  // namespace mc::builtin
