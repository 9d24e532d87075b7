#include "builtin/yaml_resolve.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "builtin/go_values.h"

namespace mc::builtin {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

YamlScalar boolean(bool flag) {
  return {.kind = YamlScalar::Kind::boolean, .flag = flag};
}

std::optional<YamlScalar> word(std::string_view text) {
  using Kind = YamlScalar::Kind;
  constexpr std::string_view kTrue[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                        "True", "TRUE", "on",  "On",  "ON"};
  constexpr std::string_view kFalse[] = {"n",     "N",     "no",  "No",  "NO", "false",
                                         "False", "FALSE", "off", "Off", "OFF"};
  constexpr std::string_view kNull[] = {"", "~", "null", "Null", "NULL"};
  constexpr std::string_view kNoNumber[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                            "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};
  if (is_one_of(text, kTrue)) return boolean(true);
  if (is_one_of(text, kFalse)) return boolean(false);
  if (is_one_of(text, kNull)) return YamlScalar{.kind = Kind::null};
  if (is_one_of(text, kNoNumber)) return YamlScalar{.kind = Kind::not_finite};
  if (text == "<<") return YamlScalar{.kind = Kind::merge};
  return std::nullopt;
}

// One or two digits, or as many as `max`.
bool take_digits(std::string_view& text, std::size_t min, std::size_t max, int& value) {
  std::size_t count = 0;
  value = 0;
  while (count < max && count < text.size() && is_digit(text[count])) {
    value = value * 10 + (text[count++] - '0');
  }
  text.remove_prefix(count);
  return count >= min;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool is_zone(std::string_view text) {
  if (text == "Z") return true;
  int hours = 0;
  int minutes = 0;
  if (!take(text, '+') && !take(text, '-')) return false;
  return take_digits(text, 2, 2, hours) && take(text, ':') && take_digits(text, 2, 2, minutes) &&
         text.empty();
}

// 2006-1-2, perhaps with a time behind a T with a zone, or behind a space without.
bool is_timestamp(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!take_digits(text, 4, 4, year) || !take(text, '-')) return false;
  if (!take_digits(text, 1, 2, month) || !take(text, '-')) return false;
  if (!take_digits(text, 1, 2, day)) return false;
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (month < 1 || month > 12 || day < 1) return false;
  if (day > kDays[month - 1] + (leap && month == 2 ? 1 : 0)) return false;
  if (text.empty()) return true;
  const bool zoned = take(text, 'T') || take(text, 't');
  if (!zoned && !take(text, ' ')) return false;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!take_digits(text, 1, 2, hour) || !take(text, ':')) return false;
  if (!take_digits(text, 1, 2, minute) || !take(text, ':')) return false;
  if (!take_digits(text, 1, 2, second)) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  int fraction = 0;
  if ((take(text, '.') || take(text, ',')) && !take_digits(text, 1, 9, fraction)) return false;
  return zoned ? is_zone(text) : text.empty();
}

YamlScalar integer(std::string digits, bool wide) {
  return {.kind = YamlScalar::Kind::integer, .number = std::move(digits), .wide = wide};
}

// Go's strconv.ParseInt and ParseUint with base 0.
std::optional<YamlScalar> based_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  const bool has_sign = negative || text.starts_with('+');
  std::string_view digits = text.substr(has_sign ? 1 : 0);
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = static_cast<char>(digits[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    digits.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  std::uint64_t size = 0;
  const auto [end, failed] =
      std::from_chars(digits.data(), digits.data() + digits.size(), size, base);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  constexpr std::uint64_t kTop = std::uint64_t{1} << 63;
  if (negative) {
    if (size > kTop) return std::nullopt;
    return integer((size == 0 ? "" : "-") + std::to_string(size), false);
  }
  if (size >= kTop && has_sign) return std::nullopt;
  return integer(std::to_string(size), size >= kTop);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_float(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  const auto has = [&](char a, char b) {
    return at < text.size() && (text[at] == a || text[at] == b);
  };
  if (has('-', '+')) ++at;
  const std::size_t whole = digits();
  if (has('.', '.')) {
    ++at;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (has('e', 'E')) {
    ++at;
    if (has('-', '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::optional<YamlScalar> floating(const std::string& text) {
  const double value = std::strtod(text.c_str(), nullptr);
  if (!std::isfinite(value)) return std::nullopt;
  return YamlScalar{.kind = YamlScalar::Kind::floating, .number = go_json_float(value)};
}

}  // namespace

YamlScalar resolve_yaml(std::string_view plain) {
  if (const std::optional<YamlScalar> found = word(plain)) return *found;
  const char first = plain[0];
  if (first == '.') {
    const bool number = is_float(plain);
    return (number ? floating(std::string(plain)) : std::nullopt).value_or(YamlScalar());
  }
  if (!is_digit(first) && first != '-' && first != '+') return {};
  if (is_timestamp(plain)) return {.kind = YamlScalar::Kind::timestamp};
  std::string text(plain);
  std::erase(text, '_');
  if (const std::optional<YamlScalar> found = based_integer(text)) return *found;
  if (is_float(text)) return floating(text).value_or(YamlScalar());
  return {};
}

bool is_yaml_base60(std::string_view text) {
  std::size_t at = 0;
  if (text.starts_with('-') || text.starts_with('+')) ++at;
  if (at >= text.size() || !is_digit(text[at])) return false;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '_')) ++at;
  int groups = 0;
  while (at < text.size() && text[at] == ':') {
    std::size_t count = 0;
    while (at + 1 + count < text.size() && is_digit(text[at + 1 + count])) ++count;
    if (count == 0 || count > 2 || (count == 2 && text[at + 1] > '5')) return false;
    at += 1 + count;
    ++groups;
  }
  if (at < text.size() && text[at] == '.') {
    ++at;
    while (at < text.size() && (is_digit(text[at]) || text[at] == '_')) ++at;
  }
  return groups > 0 && at == text.size();
}

}  // namespace mc::builtin
