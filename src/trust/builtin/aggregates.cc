#include <algorithm>

#include "builtin/operands.h"
#include "builtin/runes.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

__extension__ using Wide = __int128;

std::int64_t size_of(Value collection) {
  return static_cast<std::int64_t>(collection.size());
}

Value count(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array, Kind::object, Kind::set, Kind::string})) return {};
  const Value collection = operands[0];
  if (!collection.is_string()) return Value::integer(size_of(collection));
  return Value::integer(static_cast<std::int64_t>(rune_count(collection.text())));
}

template <class Step>
Value fold(Context& context, Operands operands, std::int64_t start, const Step& step) {
  if (!context.want(operands, 0, {Kind::set, Kind::array})) return {};
  if (!context.spend(size_of(operands[0]))) return {};
  Value result = Value::integer(start);
  for (const Value item : operands[0].items()) {
    if (!item.is_number()) {
      return fail_element(context, 0, operands[0].kind(), item.kind(), "number");
    }
    result = step(context.arena, result, item);
    if (result.is_undefined()) return context.fail("the result is too large for a number");
  }
  return result;
}

Value sum(Context& context, Operands operands) {
  return fold(context, operands, 0, term::plus);
}
Value product(Context& context, Operands operands) {
  return fold(context, operands, 1, term::times);
}

// Of equal items, which may be written differently (1 and 1.0), an array gives the last.
template <class Better>
Value best(Context& context, Operands operands, const Better& better) {
  if (!context.want(operands, 0, {Kind::set, Kind::array})) return {};
  if (!context.spend(size_of(operands[0]))) return {};
  Value result;
  for (const Value item : operands[0].items()) {
    if (result.is_undefined() || better(term::compare(item, result))) result = item;
  }
  return result;
}

Value max(Context& context, Operands operands) {
  return best(context, operands, [](int order) { return order >= 0; });
}
Value min(Context& context, Operands operands) {
  return best(context, operands, [](int order) { return order <= 0; });
}

Value sort(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::set, Kind::array})) return {};
  const auto items = operands[0].items();
  if (!context.reserve(items.size() * sizeof(Value))) return {};
  if (!context.spend(size_of(operands[0]) * 4)) return {};
  if (operands[0].is_set()) return term::array(context.arena, items);
  std::vector<const Value*> order;  // equal items stay in their order
  order.reserve(items.size());
  for (const Value& item : items) order.push_back(&item);
  std::sort(order.begin(), order.end(), [](const Value* a, const Value* b) {
    const int compared = term::compare(*a, *b);
    return compared != 0 ? compared < 0 : a < b;
  });
  Value sorted = term::array(context.arena, items.size());
  for (const Value* item : order) term::append(context.arena, sorted, *item);
  return sorted;
}

Value all(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array, Kind::set})) return {};
  const auto items = operands[0].items();
  return Value::boolean(
      std::all_of(items.begin(), items.end(), [](Value item) { return item.is_true(); }));
}

Value any(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array, Kind::set})) return {};
  const auto items = operands[0].items();
  return Value::boolean(
      std::any_of(items.begin(), items.end(), [](Value item) { return item.is_true(); }));
}

Value set_and(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::set}) || !context.want(operands, 1, {Kind::set})) return {};
  const bool first_smaller = operands[0].size() <= operands[1].size();
  const Value smaller = operands[first_smaller ? 0 : 1];
  const Value larger = operands[first_smaller ? 1 : 0];
  if (!context.spend(size_of(smaller))) return {};
  Value result = term::set(context.arena);
  for (const Value item : smaller.items()) {
    if (!larger.find(item).is_undefined()) term::add(context.arena, result, item);
  }
  return result;
}

Value set_or(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::set}) || !context.want(operands, 1, {Kind::set})) return {};
  const std::size_t size = operands[0].size() + operands[1].size();
  if (!context.reserve(size * sizeof(Value))) return {};
  if (!context.spend(static_cast<std::int64_t>(size))) return {};
  Value result = term::set(context.arena, size);
  for (const Value operand : operands) {
    for (const Value item : operand.items()) term::add(context.arena, result, item);
  }
  return result;
}

Value set_diff(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::set}) || !context.want(operands, 1, {Kind::set})) return {};
  if (!context.spend(size_of(operands[0]))) return {};
  Value result = term::set(context.arena);
  for (const Value item : operands[0].items()) {
    if (operands[1].find(item).is_undefined()) term::add(context.arena, result, item);
  }
  return result;
}

bool want_sets(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::set})) return false;
  const auto sets = operands[0].items();
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (!context.want(std::span(&sets[i], 1), 0, {Kind::set})) return false;
    if (!context.spend(size_of(sets[i]) + 1)) return false;
  }
  return true;
}

Value intersection(Context& context, Operands operands) {
  if (!want_sets(context, operands)) return {};
  const auto sets = operands[0].items();
  if (sets.empty()) return term::set(context.arena);
  Value result = term::set(context.arena);
  for (const Value item : sets[0].items()) {
    const auto has = [item](Value other) { return !other.find(item).is_undefined(); };
    if (!context.spend(static_cast<std::int64_t>(sets.size()))) return {};
    if (std::all_of(sets.begin() + 1, sets.end(), has)) term::add(context.arena, result, item);
  }
  return result;
}

Value set_union(Context& context, Operands operands) {
  if (!want_sets(context, operands)) return {};
  Value result = term::set(context.arena);
  for (const Value each : operands[0].items()) {
    if (!context.reserve(each.size() * sizeof(Value))) return {};
    for (const Value item : each.items()) term::add(context.arena, result, item);
  }
  return result;
}

Value member_2(Context& context, Operands operands) {
  const Value collection = operands[1];
  const Value wanted = operands[0];
  if (collection.is_set()) return Value::boolean(!collection.find(wanted).is_undefined());
  if (!context.spend(size_of(collection) / 8)) return {};
  if (collection.is_array()) {
    const auto items = collection.items();
    return Value::boolean(std::any_of(items.begin(), items.end(),
                                      [&](Value item) { return term::equal(item, wanted); }));
  }
  if (!collection.is_object()) return Value::boolean(false);
  const auto members = collection.members();
  return Value::boolean(std::any_of(members.begin(), members.end(), [&](const term::Entry& entry) {
    return term::equal(entry.value, wanted);
  }));
}

Value member_3(Context&, Operands operands) {
  const Value collection = operands[2];
  if (!collection.is_set() && !collection.is_array() && !collection.is_object()) {
    return Value::boolean(false);
  }
  const Value found = collection.find(operands[0]);
  return Value::boolean(!found.is_undefined() && term::equal(found, operands[1]));
}

std::optional<Wide> want_wide(Context& context, Operands operands, std::size_t index) {
  const auto digits = want_digits(context, operands, index);
  if (!digits) return std::nullopt;
  if (digits->size() > 37) {
    fail_operand(context, index, "must have at most 36 digits");
    return std::nullopt;
  }
  Wide value = 0;
  for (const char c : *digits) {
    if (c != '-') value = value * 10 + (c - '0');
  }
  return digits->front() == '-' ? -value : value;
}

Value of_wide(Context& context, Wide value) {
  if (value >= INT64_MIN && value <= INT64_MAX) {
    return Value::integer(static_cast<std::int64_t>(value));
  }
  std::string digits;
  for (Wide left = value; left != 0; left /= 10) {
    const int digit = static_cast<int>(left % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
  }
  return term::number(context.arena, value < 0 ? "-" + digits : digits);
}

Value range(Context& context, Wide from, Wide to, Wide step) {
  const Wide gaps = (from <= to ? to - from : from - to) / step;
  if (gaps >= Wide{INT32_MAX}) {
    return context.fail(Failure::cancelled, "the range has too many numbers");
  }
  const auto size = static_cast<std::size_t>(gaps) + 1;
  if (!context.reserve(size * sizeof(Value))) return {};
  if (!context.spend(static_cast<std::int64_t>(size))) return {};
  Value result = term::array(context.arena, size);
  for (std::size_t i = 0; i < size; ++i) {
    const Wide offset = static_cast<Wide>(i) * step;
    term::append(context.arena, result,
                 of_wide(context, from <= to ? from + offset : from - offset));
  }
  return result;
}

Value numbers_range(Context& context, Operands operands) {
  const auto from = want_wide(context, operands, 0);
  if (!from) return {};
  const auto to = want_wide(context, operands, 1);
  if (!to) return {};
  return range(context, *from, *to, 1);
}

Value numbers_range_step(Context& context, Operands operands) {
  const auto from = want_wide(context, operands, 0);
  if (!from) return {};
  const auto to = want_wide(context, operands, 1);
  if (!to) return {};
  const auto step = want_wide(context, operands, 2);
  if (!step) return {};
  // OPA names the function twice.
  if (*step <= 0) return context.fail("numbers.range_step: step must be a positive integer");
  return range(context, *from, *to, *step);
}

constexpr std::string_view kOfNumbers = "(collection: array[number] | set[number]) => number";
constexpr std::string_view kOfAny = "(collection: array[any] | set[any]) => any";
constexpr std::string_view kTest = "(collection: array[any] | set[any]) => boolean";
constexpr std::string_view kOfSets = "(xs: set[set[any]]) => set[any]";
constexpr std::string_view kTwoSets = "(x: set[any], y: set[any]) => set[any]";

constexpr Builtin kTable[] = {
    {"all", kTest, all},
    {"and", kTwoSets, set_and},
    {"any", kTest, any},
    {"count", "(collection: string | array[any] | object[any: any] | set[any]) => number", count},
    {"internal.member_2", "(x: any, xs: any) => boolean", member_2},
    {"internal.member_3", "(k: any, v: any, xs: any) => boolean", member_3},
    {"intersection", kOfSets, intersection},
    {"max", kOfAny, max},
    {"min", kOfAny, min},
    {"numbers.range", "(a: number, b: number) => array[number]", numbers_range},
    {"numbers.range_step", "(a: number, b: number, step: number) => array[number]",
     numbers_range_step},
    {"or", kTwoSets, set_or},
    {"product", kOfNumbers, product},
    {"set_diff", kTwoSets, set_diff},
    {"sort", "(collection: array[any] | set[any]) => array[any]", sort},
    {"sum", kOfNumbers, sum},
    {"union", kOfSets, set_union},
};

}  // namespace

std::span<const Builtin> aggregate_builtins() {
  return kTable;
}

}  // namespace mc::builtin
