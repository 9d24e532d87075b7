// public: number.h
// Arithmetic of Rego's numbers. As in OPA: integers of 64 bits are exact; everything else is
// computed with a mantissa of 64 bits, rounded to nearest even (Go's big.Float made from text), and
// printed with the fewest digits that read back. Numbers that are only passed on keep their text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "term/term.h"

namespace mc::term {

// A JSON number (RFC 8259 section 6), or undefined when `text` is none. "1.0" and 20-digit integers
// keep their text; "-0" is 0.
Value number(Arena& arena, std::string_view text);
Value number(Arena& arena, long double value);  // an int64 where it is one; must be finite
std::string number_text(Value number);          // as it prints in JSON

long double to_long_double(Value number);
double to_double(Value number);
// The value as an int64 when it is one exactly: 3 and 3.0 are, 3.5 and 1e30 are not.
std::optional<std::int64_t> to_int64(Value number);
bool is_integer(Value number);  // without a fraction, whatever its size
// The digits of an integer of any size, with a sign when negative ("-123"); empty when `number` has
// a fraction.
std::string integer_digits(Value number);

// Undefined for a division by zero or a result that is not finite.
Value plus(Arena& arena, Value a, Value b);
Value minus(Arena& arena, Value a, Value b);
Value times(Arena& arena, Value a, Value b);
Value divide(Arena& arena, Value a, Value b);

}  // namespace mc::term
