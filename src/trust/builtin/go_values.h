// How Go prints numbers where OPA's functions show them, and a check that most functions begin
// with.
#pragma once

#include <string>
#include <string_view>

#include "builtin/operands.h"

namespace mc::builtin {

// strconv.FormatFloat(value, 'g', -1, 64), and (*big.Float).Text('g', -1) for 64 bits of mantissa;
// the value is finite.
std::string go_float(double value);
std::string go_float(long double value);
// A float64 as encoding/json writes it.
std::string go_json_float(double value);
// strconv.Quote
std::string go_quoted(std::string_view text);

// False with a type error unless the first `count` operands are strings.
bool want_strings(Context& context, Operands operands, std::size_t count);

}  // namespace mc::builtin
