#include "term/number.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "term/node.h"

namespace mc::term {
namespace {

// What the text of a JSON number is made of; invalid when it is none.
struct Shape {
  bool valid = false;
  bool has_fraction = false, has_exponent = false;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Shape shape_of(std::string_view text) {
  Shape shape;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t whole_at = at;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[whole_at] == '0')) return shape;
  if (at < text.size() && text[at] == '.') {
    ++at;
    shape.has_fraction = true;
    if (digits() == 0) return shape;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    shape.has_exponent = true;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return shape;
  }
  shape.valid = at == text.size();
  return shape;
}

Value keep(Arena& arena, std::string_view text, long double value, bool is_integer) {
  // long double wants 16 bytes; the arena gives 8, so the node is filled by memcpy-free placement
  // on an address rounded up.
  void* raw = arena.take(sizeof(Decimal) + text.size() + 8);
  auto address = reinterpret_cast<std::uintptr_t>(raw);
  address = (address + alignof(Decimal) - 1) & ~static_cast<std::uintptr_t>(alignof(Decimal) - 1);
  auto* const node = new (reinterpret_cast<void*>(address)) Decimal;
  node->value = value;
  node->size = static_cast<std::uint32_t>(text.size());
  node->is_integer = is_integer ? 1 : 0;
  std::memcpy(static_cast<void*>(node + 1), text.data(), text.size());
  return Access::decimal(node);
}

// As Go's big.Float.Text('g', -1) prints, and 'f' for integers.
std::string shortest(long double value) {
  char digits[64];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific);
  const std::string_view text(digits, static_cast<std::size_t>(end.ptr - digits));
  const std::size_t e = text.find('e');
  int exponent = 0;
  const std::size_t skip = text[e + 1] == '+' ? 2 : 1;
  std::from_chars(text.data() + e + skip, text.data() + text.size(), exponent);
  std::string mantissa;
  for (const char c : text.substr(0, e)) {
    if (is_digit(c)) mantissa += c;
  }
  const std::string sign = value < 0 ? "-" : "";
  const int count = static_cast<int>(mantissa.size());
  const bool whole = value == std::floor(value);
  if (whole) {
    mantissa.append(static_cast<std::size_t>(std::max(0, exponent + 1 - count)), '0');
    return sign + mantissa.substr(0, static_cast<std::size_t>(exponent + 1));
  }
  if (exponent < -4 || exponent >= 6) {
    std::string out = sign + mantissa.substr(0, 1);
    if (count > 1) out += "." + mantissa.substr(1);
    out += exponent < 0 ? "e-" : "e+";
    const std::string size = std::to_string(std::abs(exponent));
    return out + (size.size() < 2 ? "0" + size : size);
  }
  if (exponent < 0)
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + mantissa;
  const auto point = static_cast<std::size_t>(exponent + 1);
  return sign + mantissa.substr(0, point) + "." + mantissa.substr(point);
}

constexpr long double kInt64Top = 9223372036854775808.0L;  // 2^63

bool fits_int64(long double value) {
  return value >= -kInt64Top && value < kInt64Top && value == std::floor(value);
}

}  // namespace

Value number(Arena& arena, std::string_view text) {
  const Shape shape = shape_of(text);
  if (!shape.valid) return {};
  const bool is_integer = !shape.has_fraction && !shape.has_exponent;
  if (is_integer) {
    std::int64_t small = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), small);
    if (failed == std::errc()) return Value::integer(small);
  }
  const std::string terminated(text);
  const long double value = std::strtold(terminated.c_str(), nullptr);
  return keep(arena, text, value, is_integer);
}

Value number(Arena& arena, long double value) {
  if (!std::isfinite(value)) return {};
  if (fits_int64(value)) return Value::integer(static_cast<std::int64_t>(value));
  const std::string text = shortest(value);
  return keep(arena, text, value, value == std::floor(value));
}

std::string number_text(Value number) {
  if (number.is_small()) return std::to_string(number.small());
  return std::string(number.decimal()->view());
}

long double to_long_double(Value number) {
  return number.is_small() ? static_cast<long double>(number.small()) : number.decimal()->value;
}

double to_double(Value number) {
  if (number.is_small()) return static_cast<double>(number.small());
  return std::strtod(std::string(number.decimal()->view()).c_str(), nullptr);
}

std::optional<std::int64_t> to_int64(Value number) {
  if (number.is_small()) return number.small();
  const long double value = number.decimal()->value;
  if (!fits_int64(value)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

bool is_integer(Value number) {
  if (number.is_small()) return true;
  const long double value = number.decimal()->value;
  return number.decimal()->is_integer != 0 || value == std::floor(value);
}

std::string integer_digits(Value number) {
  if (number.is_small()) return std::to_string(number.small());
  const Decimal& decimal = *number.decimal();
  if (decimal.is_integer != 0) return std::string(decimal.view());
  if (!std::isfinite(decimal.value) || decimal.value != std::floor(decimal.value)) return "";
  char digits[6'000];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, decimal.value, std::chars_format::fixed, 0);
  if (end.ec != std::errc()) return "";
  return {digits, end.ptr};
}

Value plus(Arena& arena, Value a, Value b) {
  std::int64_t sum = 0;
  if (a.is_small() && b.is_small() && !__builtin_add_overflow(a.small(), b.small(), &sum)) {
    return Value::integer(sum);
  }
  return number(arena, to_long_double(a) + to_long_double(b));
}

Value minus(Arena& arena, Value a, Value b) {
  std::int64_t difference = 0;
  if (a.is_small() && b.is_small() && !__builtin_sub_overflow(a.small(), b.small(), &difference)) {
    return Value::integer(difference);
  }
  return number(arena, to_long_double(a) - to_long_double(b));
}

Value times(Arena& arena, Value a, Value b) {
  std::int64_t product = 0;
  if (a.is_small() && b.is_small() && !__builtin_mul_overflow(a.small(), b.small(), &product)) {
    return Value::integer(product);
  }
  return number(arena, to_long_double(a) * to_long_double(b));
}

Value divide(Arena& arena, Value a, Value b) {
  const long double divisor = to_long_double(b);
  if (divisor == 0) return {};
  if (a.is_small() && b.is_small() && b.small() != -1 && a.small() % b.small() == 0) {
    return Value::integer(a.small() / b.small());
  }
  return number(arena, to_long_double(a) / divisor);
}

}  // namespace mc::term
