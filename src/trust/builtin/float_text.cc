#include "builtin/float_text.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace mc::builtin {
namespace {

// A negative precision is none.
std::string printed(const char* format, int precision, double value) {
  char small[64];
  const int size = std::snprintf(small, sizeof small, format, precision, value);
  if (size < static_cast<int>(sizeof small)) return small;
  std::string large(static_cast<std::size_t>(size) + 1, '\0');
  std::snprintf(large.data(), large.size(), format, precision, value);
  large.pop_back();
  return large;
}

std::string by_charconv(double value, std::chars_format format) {
  char digits[400];  // 1e308 has 309
  const auto end = std::to_chars(digits, digits + sizeof digits, value, format);
  return {digits, end.ptr};
}

// Exponents have at least two digits.
std::string with_long_exponent(std::string text, char mark) {
  const std::size_t at = text.find(mark);
  if (at != std::string::npos && text.size() - at == 3) text.insert(at + 2, "0");
  return text;
}

// An exponent from -4 to 5 is not written.
std::string shortest(double value, char mark) {
  std::string text = by_charconv(value, std::chars_format::scientific);
  const std::size_t at = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + at + (text[at + 1] == '+' ? 2 : 1), text.data() + text.size(),
                  exponent);
  if (exponent >= -4 && exponent < 6) {
    return by_charconv(value, std::chars_format::fixed);
  }
  text[at] = mark;
  return text;
}

// A mantissa of 53 bits and a binary exponent: "4503599627370496p-52".
std::string binary(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto exponent = static_cast<int>((bits >> 52U) & 0x7FFU);
  std::uint64_t mantissa = bits & ((std::uint64_t{1} << 52U) - 1);
  if (exponent != 0) mantissa |= std::uint64_t{1} << 52U;
  const int power = (exponent == 0 ? 1 : exponent) - 1075;
  return (value < 0 ? "-" : "") + std::to_string(mantissa) + (power < 0 ? "p" : "p+") +
         std::to_string(power);
}

}  // namespace

std::string float_text(double value, char verb, int precision) {
  switch (verb) {
    case 'e':
      return printed("%.*e", precision, value);
    case 'E':
      return printed("%.*E", precision, value);
    case 'f':
      return printed("%.*f", precision, value);
    case 'G':
      return precision < 0 ? shortest(value, 'E') : printed("%.*G", precision, value);
    case 'b':
      return binary(value);
    case 'x':
      return with_long_exponent(printed("%.*a", precision, value), 'p');
    case 'X':
      return with_long_exponent(printed("%.*A", precision, value), 'P');
    default:
      return precision < 0 ? shortest(value, 'e') : printed("%.*g", precision, value);
  }
}

}  // namespace mc::builtin
