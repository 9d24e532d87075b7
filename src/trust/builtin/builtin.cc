#include "builtin/builtin.h"

#include <algorithm>
#include <unordered_map>

namespace mc::builtin {
namespace {

struct Tables {
  std::vector<Builtin> sorted;
  std::unordered_map<std::string_view, std::size_t> places;
};

Tables merged() {
  Tables tables;
  for (const auto part :
       {aggregate_builtins(), arithmetic_builtins(), string_builtins(), pattern_builtins(),
        object_builtins(), json_builtins(), encoding_builtins(), net_builtins(), time_builtins(),
        crypto_builtins(), jwt_builtins(), provider_builtins(), host_builtins()}) {
    tables.sorted.insert(tables.sorted.end(), part.begin(), part.end());
  }
  std::sort(tables.sorted.begin(), tables.sorted.end(),
            [](const Builtin& a, const Builtin& b) { return a.name < b.name; });
  tables.places.reserve(tables.sorted.size());
  for (std::size_t i = 0; i < tables.sorted.size(); ++i) {
    tables.places.emplace(tables.sorted[i].name, i);
  }
  return tables;
}

// Made once, then only read.
const Tables& tables() {
  static const Tables made = merged();
  return made;
}

}  // namespace

std::string_view failure_code(Failure failure) {
  switch (failure) {
    case Failure::type:
      return "eval_type_error";
    case Failure::builtin:
      return "eval_builtin_error";
    case Failure::conflict:
      return "eval_conflict_error";
    case Failure::cancelled:
      return "eval_cancel_error";
    case Failure::internal:
      break;
  }
  return "eval_internal_error";
}

std::span<const Builtin> builtins() {
  return tables().sorted;
}

const Builtin* find_builtin(std::string_view name) {
  const Tables& all = tables();
  const auto at = all.places.find(name);
  return at == all.places.end() ? nullptr : &all.sorted[at->second];
}

int operand_count(const Builtin& builtin) {
  const std::string_view text = builtin.signature;
  int depth = 0;
  int count = 0;
  bool between = true;  // before the first character of an operand
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ')' || c == ']' || c == '>') {
      if (--depth == 0) break;
    } else if (depth == 1 && c == ',') {
      between = true;
    } else if (c == '(' || c == '[' || c == '<') {
      ++depth;
    } else if (depth == 1 && between && c != ' ') {
      if (text.substr(i, 3) == "...") return -1;
      between = false;
      ++count;
    }
  }
  return count;
}

Value Context::fail(Failure failure, std::string message) {
  fault = Fault{failure, std::move(message)};
  return {};
}

bool Context::want(std::span<const Value> operands, std::size_t index,
                   std::initializer_list<Kind> kinds) {
  const Kind got = operands[index].kind();
  if (std::find(kinds.begin(), kinds.end(), got) != kinds.end()) return true;
  std::string expected;
  for (const Kind kind : kinds) {
    if (!expected.empty()) expected += ", ";
    expected += term::kind_name(kind);
  }
  if (kinds.size() > 1) expected = "one of {" + expected + "}";
  fail(Failure::type, "operand " + std::to_string(index + 1) + " must be " + expected +
                          " but got " + std::string(term::kind_name(got)));
  return false;
}

bool Context::spend(std::int64_t steps) {
  steps_left -= steps;
  if (steps_left >= 0 && !arena.over_limit()) return true;
  if (steps_left < 0) {
    steps_left = 0;
    fail(Failure::cancelled, "the query takes more steps than it is allowed");
  } else {
    fail(Failure::cancelled, "the query takes more than the " + std::to_string(arena.bytes_max()) +
                                 " bytes of memory it is allowed");
  }
  return false;
}

bool Context::reserve(std::size_t bytes) {
  if (arena.may_take(bytes)) return true;
  fail(Failure::cancelled, "the query takes more than the " + std::to_string(arena.bytes_max()) +
                               " bytes of memory it is allowed");
  return false;
}

}  // namespace mc::builtin
