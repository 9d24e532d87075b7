#include "builtin/operands.h"

#include "term/number.h"

namespace mc::builtin {

Value fail_operand(Context& context, std::size_t index, std::string_view text) {
  return context.fail(Failure::type,
                      "operand " + std::to_string(index + 1) + " " + std::string(text));
}

Value fail_element(Context& context, std::size_t index, Kind collection, Kind got,
                   std::string_view expected) {
  const std::string name(term::kind_name(collection));
  return fail_operand(context, index,
                      "must be " + name + " of " + std::string(expected) + "s but got " + name +
                          " containing " + std::string(term::kind_name(got)));
}

std::optional<std::int64_t> want_int(Context& context, Operands operands, std::size_t index) {
  if (!context.want(operands, index, {Kind::number})) return std::nullopt;
  if (operands[index].is_small()) return operands[index].small();
  fail_operand(context, index, "must be integer number but got floating-point number");
  return std::nullopt;
}

std::optional<std::string> want_digits(Context& context, Operands operands, std::size_t index) {
  const Value operand = operands[index];
  if (!operand.is_number()) {
    fail_operand(context, index,
                 "must be integer but got " + std::string(term::kind_name(operand.kind())));
    return std::nullopt;
  }
  std::string digits = term::integer_digits(operand);
  if (!digits.empty()) return digits;
  fail_operand(context, index, "must be integer number but got floating-point number");
  return std::nullopt;
}

std::optional<std::vector<std::string_view>> want_texts(Context& context, Operands operands,
                                                        std::size_t index) {
  const Value operand = operands[index];
  std::vector<std::string_view> texts;
  if (operand.is_string()) {
    texts.push_back(operand.text());
    return texts;
  }
  if (!context.want(operands, index, {Kind::string, Kind::set, Kind::array})) return std::nullopt;
  if (!context.spend(static_cast<std::int64_t>(operand.size()))) return std::nullopt;
  texts.reserve(operand.size());
  for (const Value item : operand.items()) {
    if (!item.is_string()) {
      fail_element(context, index, operand.kind(), item.kind(), "string");
      return std::nullopt;
    }
    texts.push_back(item.text());
  }
  return texts;
}

Value checked_string(Context& context, std::string_view text) {
  if (!context.reserve(text.size())) return {};
  return term::string(context.arena, text);
}

}  // namespace mc::builtin
