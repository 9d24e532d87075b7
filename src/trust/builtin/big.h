// Integers of any size for what 64 bits do not hold, as decimal digits with a sign ("-123"): what
// term::integer_digits() gives and term::number() takes. Slow, and bounded by kBigDigitsMax.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mc::builtin::big {

// Of an operand; longer ones are refused before any work.
constexpr std::size_t kDigitsMax = 20'000;
constexpr std::int64_t kShiftMax = 60'000;

enum class Bits : std::uint8_t { bit_and, bit_or, bit_xor };

// Truncated: the sign of `dividend`. The divisor is not zero.
std::string remainder(const std::string& dividend, const std::string& divisor);
// In two's complement of endless width, as Go's big.Int has it.
std::string combine(Bits operation, const std::string& a, const std::string& b);
std::string shift_left(const std::string& number, std::int64_t bits);
// Rounds towards minus infinity.
std::string shift_right(const std::string& number, std::int64_t bits);
// Lower case, base 2, 8, 10 or 16, with a sign when negative.
std::string in_base(const std::string& number, int base);

}  // namespace mc::builtin::big
