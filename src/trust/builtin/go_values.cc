#include "builtin/go_values.h"

#include <charconv>
#include <cstdlib>

#include "builtin/runes.h"

namespace mc::builtin {
namespace {

// The fewest digits that read back: "12345" and 2 for 123.45.
struct Digits {
  bool negative = false;
  std::string mantissa;
  int exponent = 0;  // of the first digit
};

template <class T>
Digits shortest_digits(T value) {
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(end.ptr - buffer));
  Digits out;
  if (text.front() == '-') {
    out.negative = true;
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  for (const char c : text.substr(0, e)) {
    if (c != '.') out.mantissa += c;
  }
  const std::size_t from = e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + from, text.data() + text.size(), out.exponent);
  return out;
}

std::string plain_form(const Digits& digits) {
  const auto count = static_cast<int>(digits.mantissa.size());
  std::string out = digits.negative ? "-" : "";
  if (digits.exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-digits.exponent - 1), '0');
    return out + digits.mantissa;
  }
  const int whole = digits.exponent + 1;
  if (whole >= count) {
    out += digits.mantissa;
    out.append(static_cast<std::size_t>(whole - count), '0');
    return out;
  }
  const auto point = static_cast<std::size_t>(whole);
  return out + digits.mantissa.substr(0, point) + "." + digits.mantissa.substr(point);
}

std::string scientific_form(const Digits& digits, std::size_t exponent_digits_min) {
  std::string out = digits.negative ? "-" : "";
  out += digits.mantissa[0];
  if (digits.mantissa.size() > 1) out += "." + digits.mantissa.substr(1);
  std::string size = std::to_string(std::abs(digits.exponent));
  if (size.size() < exponent_digits_min) size.insert(0, 1, '0');
  return out + (digits.exponent < 0 ? "e-" : "e+") + size;
}

// 'g' with the shortest precision, which Go takes as 6 when it chooses between the forms.
template <class T>
std::string general_form(T value) {
  if (value == 0) return "0";
  const Digits digits = shortest_digits(value);
  if (digits.exponent < -4 || digits.exponent >= 6) return scientific_form(digits, 2);
  return plain_form(digits);
}

}  // namespace

std::string go_float(double value) {
  return general_form(value);
}

std::string go_float(long double value) {
  return general_form(value);
}

std::string go_json_float(double value) {
  if (value == 0) return "0";
  const Digits digits = shortest_digits(value);
  if (digits.exponent < -6 || digits.exponent >= 21) return scientific_form(digits, 1);
  return plain_form(digits);
}

std::string go_quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text, '"', Quoting::utf8);
  return out;
}

bool want_strings(Context& context, Operands operands, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!context.want(operands, i, {Kind::string})) return false;
  }
  return true;
}

}  // namespace mc::builtin
