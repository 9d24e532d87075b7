// units.parse() and units.parse_bytes(): "10G", "1.5KiB", "500m" as numbers. Like OPA's, the first
// is exact and the second has a mantissa of 64 bits.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "base/base.h"
#include "builtin/decimal.h"
#include "builtin/encoding.h"
#include "builtin/go_values.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

constexpr int kExponentDigitsMax = 6;  // as in OPA

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

enum class Problem : std::uint8_t { none, spaces, exponent, no_amount, unit, no_number };

struct Amount {
  std::string number;
  std::string unit;
};

// Where the unit begins: at the first character that belongs to no number. "5E" is five exa, "5E2"
// five hundred.
Problem split_amount(const std::string& text, Amount& out) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (is_digit(c) || c == '.' || c == '+' || c == '-') continue;
    if (c != 'e' && c != 'E') break;
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (!is_digit(next) && next != '+' && next != '-') break;
    if (!is_digit(next)) ++at;
    std::size_t end = at + 1;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end - at - 1 > kExponentDigitsMax) return Problem::exponent;
  }
  out.number = text.substr(0, at);
  out.unit = text.substr(at);
  return out.number.empty() ? Problem::no_amount : Problem::none;
}

struct Unit {
  std::string_view name;
  std::string_view size;
};

constexpr Unit kDecimal[] = {{"", "1"},
                             {"k", "1000"},
                             {"m", "1000000"},
                             {"g", "1000000000"},
                             {"t", "1000000000000"},
                             {"p", "1000000000000000"},
                             {"e", "1000000000000000000"}};
constexpr Unit kBinary[] = {
    {"ki", "1024"},          {"mi", "1048576"},          {"gi", "1073741824"},
    {"ti", "1099511627776"}, {"pi", "1125899906842624"}, {"ei", "1152921504606846976"}};

std::optional<std::string> size_of_unit(std::string_view lower_name) {
  for (const Unit& unit : kDecimal) {
    if (unit.name == lower_name) return std::string(unit.size);
  }
  for (const Unit& unit : kBinary) {
    if (unit.name == lower_name) return std::string(unit.size);
  }
  return std::nullopt;
}

// The text without quotation marks, in its two parts.
Problem prepare(Context& context, std::string_view given, Amount& amount) {
  std::string text(given);
  std::erase(text, '"');
  if (text.find(' ') != std::string::npos) return Problem::spaces;
  if (!context.spend(1 + static_cast<std::int64_t>(text.size()))) return Problem::no_number;
  return split_amount(text, amount);
}

// OPA's text begins with the name of the function, before which it puts the name once more.
Value complain(Context& context, Problem problem, bool bytes, std::string_view unit) {
  const std::string name = bytes ? "units.parse_bytes: " : "units.parse: ";
  const std::string what = bytes ? "byte " : "";
  switch (problem) {
    case Problem::spaces:
      return context.fail(name + "spaces not allowed in resource strings");
    case Problem::exponent:
      return context.fail(name + "exponent too large");
    case Problem::no_amount:
      return context.fail(name + "no " + what + "amount provided");
    case Problem::unit:
      return context.fail(name + what + "unit " + std::string(unit) + " not recognized");
    default:
      return context.fail(name + "could not parse " + what + "amount to a number");
  }
}

Problem read_number(const Amount& amount, Decimal& out) {
  const std::optional<Decimal> read = read_decimal(amount.number);
  if (!read) return Problem::no_number;
  if (!is_moderate(*read)) return Problem::exponent;
  out = *read;
  return Problem::none;
}

}  // namespace

Value units_parse(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1)) return {};
  Amount amount;
  const auto refuse = [&](Problem problem) {
    return context.fault ? Value() : complain(context, problem, false, amount.unit);
  };
  if (const Problem problem = prepare(context, operands[0].text(), amount);
      problem != Problem::none) {
    return refuse(problem);
  }
  // Only "m" and "M" differ: milli and mega.
  if (!amount.unit.empty()) amount.unit = amount.unit[0] + to_lower(amount.unit.substr(1));
  std::string size;
  int halvings = 0;
  if (amount.unit == "m") {
    // Not a thousandth but the float64 next to it, as in OPA.
    size = "1152921504606847";
    halvings = 60;
  } else {
    const std::optional<std::string> found = size_of_unit(to_lower(amount.unit));
    if (!found) return refuse(Problem::unit);
    size = *found;
  }
  Decimal decimal;
  if (const Problem problem = read_number(amount, decimal); problem != Problem::none) {
    return refuse(problem);
  }
  if (!context.spend(std::abs(decimal.exponent) + 1)) return {};
  return term::number(context.arena, exact_product(decimal, size, halvings));
}

Value units_parse_bytes(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1)) return {};
  Amount amount;
  const auto refuse = [&](Problem problem) {
    return context.fault ? Value() : complain(context, problem, true, amount.unit);
  };
  if (const Problem problem = prepare(context, to_lower(operands[0].text()), amount);
      problem != Problem::none) {
    return refuse(problem);
  }
  std::string_view unit = amount.unit;
  if (unit.size() > 1 && unit.ends_with('b')) unit.remove_suffix(1);
  const std::optional<std::string> size = size_of_unit(unit);
  if (!size) return refuse(Problem::unit);
  Decimal decimal;
  if (const Problem problem = read_number(amount, decimal); problem != Problem::none) {
    return refuse(problem);
  }
  const long double number =
      std::strtold(amount.number.c_str(), nullptr) * std::strtold(size->c_str(), nullptr);
  if (!std::isfinite(number)) return refuse(Problem::exponent);
  char digits[6'000];
  const auto end = std::to_chars(digits, digits + sizeof digits, std::trunc(number),
                                 std::chars_format::fixed, 0);
  const std::string_view text(digits, static_cast<std::size_t>(end.ptr - digits));
  return term::number(context.arena, text == "-0" ? "0" : text);
}

}  // namespace mc::builtin
