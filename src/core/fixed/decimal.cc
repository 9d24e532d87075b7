#include "fixed/decimal.h"

#include <array>
#include <optional>

#include "fixed/number.h"

namespace mc::fixed {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The parts of a decimal as they are written; views into the text.
struct Parts {
  std::string_view whole, fraction;
  int exponent = 0;
};

std::string_view take_digits(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  const std::string_view out = text.substr(0, size);
  text.remove_prefix(size);
  return out;
}

// Exponents beyond any that a value in range can have are cut there; no decimal is longer than
// kDecimalBytesMax, so that is decided by its sign alone.
constexpr int kExponentMost = 1'000;

std::optional<int> take_exponent(std::string_view& text) {
  text.remove_prefix(1);
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::string_view digits = take_digits(text);
  if (digits.empty()) return std::nullopt;
  int out = 0;
  for (const char c : digits) out = std::min(out * 10 + (c - '0'), kExponentMost);
  return negative ? -out : out;
}

std::optional<Parts> split_decimal(std::string_view text) {
  Parts out;
  out.whole = take_digits(text);
  if (out.whole.empty() || (out.whole.size() > 1 && out.whole.front() == '0')) return std::nullopt;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    out.fraction = take_digits(text);
    if (out.fraction.empty()) return std::nullopt;
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    const std::optional<int> exponent = take_exponent(text);
    if (!exponent) return std::nullopt;
    out.exponent = *exponent;
  }
  return text.empty() ? std::optional(out) : std::nullopt;
}

tl::unexpected<Error> refuse(const DecimalRule& rule, const std::string& why) {
  return fail(Code::invalid, std::string(rule.name) + ": " + why);
}

tl::unexpected<Error> refuse_more(const DecimalRule& rule) {
  return refuse(rule, "at most " + print_decimal(rule.most, rule.digits));
}

}  // namespace

Result<std::int64_t> parse_decimal(std::string_view text, const DecimalRule& rule) {
  MC_CHECK(rule.digits >= 0 && rule.digits <= 18 && rule.least >= 0);
  if (text.size() > kDecimalBytesMax) {
    return refuse(rule, "at most " + std::to_string(kDecimalBytesMax) + " characters");
  }
  if (!text.empty() && text.front() == '-') {
    return refuse(rule, "at least " + print_decimal(rule.least, rule.digits) + ", without a sign");
  }
  const std::optional<Parts> parts = split_decimal(text);
  if (!parts) return refuse(rule, "not a decimal number such as 0.05 or 1e-6");

  std::string digits;
  digits.append(parts->whole).append(parts->fraction);
  // What stands after the last digit that is not 0 moves into the exponent.
  int exponent = parts->exponent - static_cast<int>(parts->fraction.size()) + rule.digits;
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  std::int64_t units = 0;
  if (!digits.empty()) {
    if (exponent < 0) {
      return refuse(rule, "at most " + std::to_string(rule.digits) + " decimals");
    }
    for (const char c : digits) {
      if (__builtin_mul_overflow(units, 10, &units) ||
          __builtin_add_overflow(units, c - '0', &units)) {
        return refuse_more(rule);
      }
    }
    for (; exponent > 0; --exponent) {
      if (__builtin_mul_overflow(units, 10, &units)) return refuse_more(rule);
    }
  }
  if (units > rule.most) return refuse_more(rule);
  if (units < rule.least) {
    return refuse(rule, "at least " + print_decimal(rule.least, rule.digits));
  }
  return units;
}

std::string print_decimal(std::int64_t units, int digits) {
  MC_CHECK(digits >= 0 && digits <= 18);
  std::uint64_t left = static_cast<std::uint64_t>(units);
  if (units < 0) left = 0 - left;
  std::string reversed;
  bool shown = false;  // zeros at the end of the decimals are not
  for (int i = 0; i < digits; ++i, left /= 10) {
    const char digit = static_cast<char>('0' + left % 10);
    shown = shown || digit != '0';
    if (shown) reversed.push_back(digit);
  }
  if (shown) reversed.push_back('.');
  do {
    reversed.push_back(static_cast<char>('0' + left % 10));
    left /= 10;
  } while (left > 0);
  if (units < 0) reversed.push_back('-');
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace mc::fixed
