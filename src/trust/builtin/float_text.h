// Finite floating-point numbers as Go's strconv.AppendFloat writes them.
#pragma once

#include <string>

namespace mc::builtin {

// `verb` is one of e E f g G b x X; `precision` -1 = the fewest digits that read back.
std::string float_text(double value, char verb, int precision);

}  // namespace mc::builtin
