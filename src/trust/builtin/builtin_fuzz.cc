// A function and its operands from anywhere: the first line names it, or its first bytes pick one
// of the table; the rest is JSON, an array of operands, in which {"set": [...]} is a set. The
// function answers or fails within its limits, leaves its operands alone, and answers the same when
// it is asked again.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "builtin/builtin.h"

namespace {

using mc::builtin::Builtin;
using mc::term::Value;

class NoRandom final : public mc::sys::Random {
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), 0); }
};

// NOLINTNEXTLINE(misc-no-recursion): bounded by the depth of the JSON
Value with_sets(mc::term::Arena& arena, Value value) {
  if (value.is_array()) {
    Value out = mc::term::array(arena);
    for (const Value item : value.items()) mc::term::append(arena, out, with_sets(arena, item));
    return out;
  }
  if (!value.is_object()) return value;
  if (const Value items = value.find("set"); items.is_array() && value.size() == 1) {
    Value out = mc::term::set(arena);
    for (const Value item : items.items()) mc::term::add(arena, out, with_sets(arena, item));
    return out;
  }
  Value out = mc::term::object(arena);
  for (const auto& [key, member] : value.members()) {
    mc::term::insert(arena, out, key, with_sets(arena, member));
  }
  return out;
}

const Builtin& pick(std::string_view line) {
  if (const Builtin* const named = mc::builtin::find_builtin(line)) return *named;
  std::size_t number = 0;
  for (const char c : line.substr(0, 2)) number = number * 256 + static_cast<unsigned char>(c);
  return mc::builtin::builtins()[number % mc::builtin::builtins().size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  const Builtin& function = pick(text.substr(0, end));
  const int count = builtin::operand_count(function);
  if (function.function == nullptr || !function.deterministic || count < 0) return 0;
  term::Arena arena(std::size_t{32} << 20);
  const auto parsed = term::parse_json(arena, text.substr(end + 1), {.depth_max = 100});
  if (!parsed || !parsed->is_array()) return 0;
  std::vector<Value> operands;
  for (const Value item : parsed->items()) operands.push_back(with_sets(arena, item));
  operands.resize(static_cast<std::size_t>(count), Value::null());
  Value all = term::array(arena, operands);
  term::freeze(all);
  const std::uint64_t before = term::hash(all);

  NoRandom random;
  const auto caches = builtin::make_caches();
  const auto call = [&](builtin::Context& context) {
    context.steps_left = 200'000;
    const Value result = function.function(context, all.items());
    MC_CHECK(!context.fault || result.is_undefined());
    return result;
  };
  const WallTime now{1'800'000'000'000'000'000};
  builtin::Context first(arena, *caches, now, random);
  const Value result = call(first);
  MC_CHECK(term::hash(all) == before);
  builtin::Context second(arena, *caches, now, random);
  const Value again = call(second);
  // What was kept the first time costs less the second, so that a limit may be met only once.
  const auto is_limit = [](const builtin::Context& context) {
    return context.fault && context.fault->failure == builtin::Failure::cancelled;
  };
  if (is_limit(first) || is_limit(second)) return 0;
  MC_CHECK(first.fault.has_value() == second.fault.has_value());
  MC_CHECK(result.is_undefined() == again.is_undefined());
  if (!result.is_undefined()) MC_CHECK(term::equal(result, again));
  return 0;
}
