#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "builtin/big.h"
#include "builtin/number_text.h"
#include "builtin/operands.h"
#include "builtin/runes.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

constexpr std::string_view kTooLarge = "the result is too large for a number";

bool want_numbers(Context& context, Operands operands) {
  return context.want(operands, 0, {Kind::number}) && context.want(operands, 1, {Kind::number});
}

Value or_too_large(Context& context, Value result) {
  return result.is_undefined() ? context.fail(std::string(kTooLarge)) : result;
}

// Of digits of any size. Undefined with a failure when they are too many.
Value of_digits(Context& context, const std::string& digits) {
  if (!context.reserve(digits.size())) return {};
  return or_too_large(context, term::number(context.arena, digits));
}

bool may_compute(Context& context, const std::string& a, const std::string& b) {
  if (a.size() > big::kDigitsMax || b.size() > big::kDigitsMax) {
    context.fail("integers of more than " + std::to_string(big::kDigitsMax) +
                 " digits are not computed with");
    return false;
  }
  return context.spend(static_cast<std::int64_t>(a.size() + b.size()));
}

Value plus(Context& context, Operands operands) {
  if (!want_numbers(context, operands)) return {};
  return or_too_large(context, term::plus(context.arena, operands[0], operands[1]));
}

Value minus(Context& context, Operands operands) {
  const Value a = operands[0], b = operands[1];
  if (a.is_number() && b.is_number()) {
    return or_too_large(context, term::minus(context.arena, a, b));
  }
  if (a.is_set() && b.is_set()) {
    if (!context.spend(static_cast<std::int64_t>(a.size()))) return {};
    Value result = term::set(context.arena);
    for (const Value item : a.items()) {
      if (b.find(item).is_undefined()) term::add(context.arena, result, item);
    }
    return result;
  }
  if (!context.want(operands, 0, {Kind::number, Kind::set})) return {};
  context.want(operands, 1, {b.is_number() ? Kind::set : Kind::number});
  return {};
}

Value mul(Context& context, Operands operands) {
  if (!want_numbers(context, operands)) return {};
  return or_too_large(context, term::times(context.arena, operands[0], operands[1]));
}

Value div(Context& context, Operands operands) {
  if (!want_numbers(context, operands)) return {};
  if (term::to_long_double(operands[1]) == 0) return context.fail("divide by zero");
  return or_too_large(context, term::divide(context.arena, operands[0], operands[1]));
}

Value rem(Context& context, Operands operands) {
  if (!want_numbers(context, operands)) return {};
  const auto a = term::to_int64(operands[0]), b = term::to_int64(operands[1]);
  if (a && b) {
    if (*b == 0) return context.fail("modulo by zero");
    return Value::integer(*b == -1 ? 0 : *a % *b);
  }
  const std::string x = term::integer_digits(operands[0]), y = term::integer_digits(operands[1]);
  if (x.empty() || y.empty()) return context.fail("modulo on floating-point number");
  if (y == "0") return context.fail("modulo by zero");
  if (!may_compute(context, x, y)) return {};
  return of_digits(context, big::remainder(x, y));
}

template <class Map>
Value rounded(Context& context, Operands operands, const Map& map) {
  if (!context.want(operands, 0, {Kind::number})) return {};
  if (operands[0].is_small()) return operands[0];
  const long double result = map(term::to_long_double(operands[0]));
  // -0 is 0.
  return or_too_large(context, term::number(context.arena, result == 0 ? 0.0L : result));
}

Value abs(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::number})) return {};
  if (operands[0].is_small() && operands[0].small() != INT64_MIN) {
    return Value::integer(std::abs(operands[0].small()));
  }
  const std::string text = term::number_text(operands[0]);
  return text.front() == '-' ? of_digits(context, text.substr(1)) : operands[0];
}
Value ceil(Context& context, Operands operands) {
  return rounded(context, operands, [](long double x) { return std::ceil(x); });
}
Value floor(Context& context, Operands operands) {
  return rounded(context, operands, [](long double x) { return std::floor(x); });
}
Value round(Context& context, Operands operands) {
  return rounded(context, operands, [](long double x) { return std::round(x); });
}

Value equal(Context&, Operands operands) {
  return Value::boolean(term::equal(operands[0], operands[1]));
}
Value neq(Context&, Operands operands) {
  return Value::boolean(!term::equal(operands[0], operands[1]));
}
Value lt(Context&, Operands operands) {
  return Value::boolean(term::compare(operands[0], operands[1]) < 0);
}
Value lte(Context&, Operands operands) {
  return Value::boolean(term::compare(operands[0], operands[1]) <= 0);
}
Value gt(Context&, Operands operands) {
  return Value::boolean(term::compare(operands[0], operands[1]) > 0);
}
Value gte(Context&, Operands operands) {
  return Value::boolean(term::compare(operands[0], operands[1]) >= 0);
}

template <big::Bits operation>
Value bits(Context& context, Operands operands) {
  if (operands[0].is_small() && operands[1].is_small()) {
    const std::int64_t a = operands[0].small(), b = operands[1].small();
    if constexpr (operation == big::Bits::bit_and) return Value::integer(a & b);
    if constexpr (operation == big::Bits::bit_or) return Value::integer(a | b);
    return Value::integer(a ^ b);
  }
  const auto a = want_digits(context, operands, 0);
  if (!a) return {};
  const auto b = want_digits(context, operands, 1);
  if (!b || !may_compute(context, *a, *b)) return {};
  return of_digits(context, big::combine(operation, *a, *b));
}

Value bits_negate(Context& context, Operands operands) {
  if (operands[0].is_small()) return Value::integer(~operands[0].small());
  const auto digits = want_digits(context, operands, 0);
  if (!digits || !may_compute(context, *digits, "1")) return {};
  return of_digits(context, big::combine(big::Bits::bit_xor, *digits, "-1"));
}

// The operands of a shift; more than fits is as much as can be.
struct Shift {
  std::string number;
  std::int64_t by = 0;
};
std::optional<Shift> want_shift(Context& context, Operands operands) {
  const auto number = want_digits(context, operands, 0);
  if (!number) return std::nullopt;
  const auto by = want_digits(context, operands, 1);
  if (!by || !may_compute(context, *number, *by)) return std::nullopt;
  if (by->front() == '-') {
    fail_operand(context, 1, "must be an unsigned integer number but got a negative integer");
    return std::nullopt;
  }
  return Shift{*number, term::to_int64(operands[1]).value_or(INT64_MAX)};
}

Value bits_lsh(Context& context, Operands operands) {
  if (operands[0].is_small() && operands[1].is_small()) {
    const std::int64_t a = operands[0].small(), by = operands[1].small();
    if (by >= 0 && by < 63 && (a << by >> by) == a) return Value::integer(a << by);
  }
  const auto shift = want_shift(context, operands);
  if (!shift) return {};
  if (shift->number == "0") return Value::integer(0);
  if (shift->by > big::kShiftMax) {
    return fail_operand(context, 1, "must be at most " + std::to_string(big::kShiftMax));
  }
  if (!context.spend(shift->by)) return {};
  return of_digits(context, big::shift_left(shift->number, shift->by));
}

Value bits_rsh(Context& context, Operands operands) {
  if (operands[0].is_small() && operands[1].is_small() && operands[1].small() >= 0) {
    return Value::integer(operands[0].small() >> std::min<std::int64_t>(63, operands[1].small()));
  }
  const auto shift = want_shift(context, operands);
  if (!shift) return {};
  return of_digits(context, big::shift_right(shift->number, shift->by));
}

Value format_int(Context& context, Operands operands) {
  if (!want_numbers(context, operands)) return {};
  const std::int64_t base = operands[1].is_small() ? operands[1].small() : 0;
  if (base != 2 && base != 8 && base != 10 && base != 16) {
    return fail_operand(context, 1, "must be one of {2, 8, 10, 16}");
  }
  std::string digits = term::integer_digits(operands[0]);
  if (digits.empty()) {
    const long double whole = std::trunc(term::to_long_double(operands[0]));
    const Value number = term::number(context.arena, whole == 0 ? 0.0L : whole);
    if (number.is_undefined()) return context.fail(std::string(kTooLarge));
    digits = term::integer_digits(number);
  }
  if (!may_compute(context, digits, "")) return {};
  return term::string(context.arena, big::in_base(digits, static_cast<int>(base)));
}

Value to_number(Context& context, Operands operands) {
  const Value operand = operands[0];
  switch (operand.kind()) {
    case Kind::null:
      return Value::integer(0);
    case Kind::boolean:
      return Value::integer(operand.flag() ? 1 : 0);
    case Kind::number:
      return operand;
    case Kind::string:
      break;
    default:
      context.want(operands, 0, {Kind::null, Kind::boolean, Kind::number, Kind::string});
      return {};
  }
  std::string_view letters = operand.text();
  letters.remove_prefix(std::min(letters.find_first_not_of("+-"), letters.size()));
  const std::string lowered = lower_text(letters.substr(0, 20));
  if (lowered == "inf" || lowered == "infinity" || lowered == "nan") {
    return fail_operand(context, 0, "must be valid number string but got string");
  }
  return parse_number(context, operand.text());
}

template <Kind kind>
Value is_kind(Context&, Operands operands) {
  return Value::boolean(operands[0].kind() == kind);
}

Value type_name(Context& context, Operands operands) {
  return term::string(context.arena, term::kind_name(operands[0].kind()));
}

template <Kind kind>
Value cast(Context& context, Operands operands) {
  return context.want(operands, 0, {kind}) ? operands[0] : Value();
}

Value cast_array(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array, Kind::set})) return {};
  if (operands[0].is_array()) return operands[0];
  if (!context.reserve(operands[0].size() * sizeof(Value))) return {};
  return term::array(context.arena, operands[0].items());
}

Value cast_set(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array, Kind::set})) return {};
  if (operands[0].is_set()) return operands[0];
  if (!context.spend(static_cast<std::int64_t>(operands[0].size()))) return {};
  Value result = term::set(context.arena);
  for (const Value item : operands[0].items()) term::add(context.arena, result, item);
  return result;
}

constexpr std::string_view kCompare = "(x: any, y: any) => boolean";
constexpr std::string_view kOne = "(x: number) => number";
constexpr std::string_view kTwo = "(x: number, y: number) => number";
constexpr std::string_view kShift = "(x: number, s: number) => number";
constexpr std::string_view kTest = "(x: any) => boolean";

constexpr Builtin kTable[] = {
    {"abs", kOne, abs},
    {"assign", kCompare, nullptr},
    {"bits.and", kTwo, bits<big::Bits::bit_and>},
    {"bits.lsh", kShift, bits_lsh},
    {"bits.negate", kOne, bits_negate},
    {"bits.or", kTwo, bits<big::Bits::bit_or>},
    {"bits.rsh", kShift, bits_rsh},
    {"bits.xor", kTwo, bits<big::Bits::bit_xor>},
    {"cast_array", "(x: any) => array[any]", cast_array},
    {"cast_boolean", "(x: any) => boolean", cast<Kind::boolean>},
    {"cast_null", "(x: any) => null", cast<Kind::null>},
    {"cast_object", "(x: any) => object[any: any]", cast<Kind::object>},
    {"cast_set", "(x: any) => set[any]", cast_set},
    {"cast_string", "(x: any) => string", cast<Kind::string>},
    {"ceil", kOne, ceil},
    {"div", kTwo, div},
    {"eq", kCompare, equal},
    {"equal", kCompare, equal},
    {"floor", kOne, floor},
    {"format_int", "(number: number, base: number) => string", format_int},
    {"gt", kCompare, gt},
    {"gte", kCompare, gte},
    {"is_array", kTest, is_kind<Kind::array>},
    {"is_boolean", kTest, is_kind<Kind::boolean>},
    {"is_null", kTest, is_kind<Kind::null>},
    {"is_number", kTest, is_kind<Kind::number>},
    {"is_object", kTest, is_kind<Kind::object>},
    {"is_set", kTest, is_kind<Kind::set>},
    {"is_string", kTest, is_kind<Kind::string>},
    {"lt", kCompare, lt},
    {"lte", kCompare, lte},
    {"minus", "(x: number | set[any], y: number | set[any]) => number | set[any]", minus},
    {"mul", kTwo, mul},
    {"neq", kCompare, neq},
    {"plus", kTwo, plus},
    {"rem", kTwo, rem},
    {"round", kOne, round},
    {"to_number", "(x: null | boolean | number | string) => number", to_number},
    {"type_name", "(x: any) => string", type_name},
};

}  // namespace

std::span<const Builtin> arithmetic_builtins() {
  return kTable;
}

}  // namespace mc::builtin
