#include "builtin/fixed_answers.h"

namespace mc::builtin {

Value fixed_answer(Context& context, std::string_view function, Operands operands) {
  if (!context.fixed_answers.is_object()) return {};
  const Value answers = context.fixed_answers.find(function);
  if (!answers.is_array()) return {};
  if (!context.spend(1 + static_cast<std::int64_t>(answers.size()))) return {};
  const Value asked = term::array(context.arena, operands);
  for (const Value answer : answers.items()) {
    if (term::equal(answer.items()[0], asked)) return answer.items()[1];
  }
  return {};
}

void fix_answer(Context& context, std::string_view function, Operands operands, Value answer) {
  term::Arena& arena = context.arena;
  if (!context.fixed_answers.is_object()) context.fixed_answers = term::object(arena);
  Value answers = context.fixed_answers.find(function);
  if (!answers.is_array()) answers = term::array(arena);
  Value pair = term::array(arena, 2);
  term::append(arena, pair, term::array(arena, operands));
  term::append(arena, pair, answer);
  term::append(arena, answers, pair);
  term::insert(arena, context.fixed_answers, function, answers);
}

WallTime now_of(Context& context) {
  constexpr std::string_view kNow = "time.now_ns";
  if (!context.fixed_answers.is_object() || context.fixed_answers.find(kNow).is_undefined()) {
    fix_answer(context, kNow, {}, Value::integer(context.now.nanos));
  }
  return context.now;
}

}  // namespace mc::builtin
