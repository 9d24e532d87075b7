// Calls of builtins and of functions, or of what `with` put in their place.
#include "rego/outputs.h"
#include "rego/planner.h"
#include "rego/walk.h"

namespace mc::rego {
namespace {

bool is_void(const std::string& name) {
  return name == "print" || name == "internal.print";
}

// walk() has many results: its call gives the array of them.
bool is_relation(const std::string& name) {
  return name == "walk";
}

}  // namespace

const builtin::Builtin* Planner::find_builtin(const std::string& name) const {
  for (const builtin::Builtin& more : compilation_.options.capabilities.more) {
    if (more.name == name) return &more;
  }
  return builtin::find_builtin(name);
}

Planner::Callee Planner::builtin_callee(const std::string& name, const Location& at) {
  Callee callee;
  const builtin::Builtin* const found = find_builtin(name);
  if (found == nullptr) {
    fail("undefined function " + name, at);
    return callee;
  }
  callee.name = name;
  callee.arity = is_void(name) ? -1 : builtin::operand_count(*found);
  if (used_builtins_.insert(name).second) policy_.builtins.push_back({name});
  return callee;
}

int Planner::arity_of(int id) const {
  const Group& group = tree_.group(id);
  if (group.kind != Group::Kind::function) return 0;
  const Rule* const rule = group.rules.empty() ? group.default_rule : group.rules[0].rule;
  return static_cast<int>(rule->head.arguments.size());
}

// The variant of a group's function for what `overlay` replaces.
Planner::Callee Planner::callee_of(int id, const Overlay& overlay) {
  const Overlay& relevant = overlays_.relevant(overlay, id);
  Callee callee;
  callee.kind = Callee::Kind::function;
  callee.name = function_name(id, relevant);
  callee.arity = arity_of(id);
  callee.operands = {Operand::local(kInput), Operand::local(kData)};
  for (const std::string& name : relevant.parameters()) {
    callee.operands.push_back(frame_.mocks[name]);
  }
  return callee;
}

Planner::Callee Planner::resolve(const Term& function) {
  const bool is_rule = function.kind == Term::Kind::ref && !function.items.empty() &&
                       function.items[0].is_var("data");
  const Path path = is_rule ? path_of(function) : Path{};
  const std::string name = is_rule            ? path_text(path)
                           : is_var(function) ? function.text
                                              : dotted(function);
  const int group = is_rule ? tree_.find_function(path) : -1;
  if (is_rule && group < 0) {
    fail("undefined function " + name, function.at);
    return {};
  }
  const auto mock = frame_.overlay->mocks.find(name);
  if (mock == frame_.overlay->mocks.end()) {
    return is_rule ? callee_of(group, *frame_.overlay) : builtin_callee(name, function.at);
  }
  switch (mock->second.kind) {
    case Mock::Kind::builtin:
      return builtin_callee(mock->second.builtin, function.at);
    case Mock::Kind::function:
      return callee_of(mock->second.group, overlays_.without_mocks(*frame_.overlay));
    default:
      break;
  }
  Callee callee;
  callee.kind = Callee::Kind::value;
  if (is_rule) {
    callee.arity = arity_of(group);
  } else if (const builtin::Builtin* replaced = find_builtin(name)) {
    callee.arity = builtin::operand_count(*replaced);
  }
  callee.value = mock->second.kind == Mock::Kind::constant ? plan_term(mock->second.constant)
                                                           : frame_.mocks[name];
  return callee;
}

Operand Planner::emit_call(const Callee& callee, const std::vector<Operand>& arguments) {
  if (callee.kind == Callee::Kind::value) return callee.value;
  const Operand result = new_operand();
  Statement& made = add(Op::call);
  made.name = callee.name;
  made.operands = callee.operands;
  made.operands.insert(made.operands.end(), arguments.begin(), arguments.end());
  made.target = result.value;
  if (callee.kind == Callee::Kind::function || !is_relation(callee.name)) return result;
  Local key = 0, value = 0;
  scan(result, key, value);
  return Operand::local(value);
}

Operand Planner::plan_call(const Term& call) {
  const Term& function = call.items[0];
  const Callee callee =
      dotted(function) == "eq" ? builtin_callee("equal", call.at) : resolve(function);
  std::vector<Operand> arguments;
  for (std::size_t i = 1; i < call.items.size(); ++i) arguments.push_back(plan_term(call.items[i]));
  return emit_call(callee, arguments);
}

void Planner::plan_call_expr(const Expr& expr) {
  const std::vector<Term>& terms = expr.terms;
  const std::string name = dotted(terms[0]);
  if (terms.size() == 3 && (name == "eq" || name == "assign")) return unify(terms[1], terms[2]);
  const bool is_mocked = frame_.overlay->mocks.contains(name);
  if (terms.size() == 3 && !is_mocked && (name == "equal" || name == "neq")) {
    const Operand left = copied(plan_term(terms[1]));
    return equal(left, plan_term(terms[2]), name == "neq" ? Op::not_equal : Op::equal);
  }
  const Callee callee = name == "eq" ? builtin_callee("equal", expr.at) : resolve(terms[0]);
  if (!errors_.empty()) return;
  const std::size_t given = terms.size() - 1;
  const bool has_output = callee.arity >= 0 && given == static_cast<std::size_t>(callee.arity) + 1;
  if (callee.arity >= 0 && !has_output && given != static_cast<std::size_t>(callee.arity)) {
    return fail("function " + name + " has " + std::to_string(callee.arity) + " arguments, got " +
                    std::to_string(given),
                expr.at);
  }
  std::vector<Operand> arguments;
  for (std::size_t i = 1; i <= given - (has_output ? 1 : 0); ++i) {
    arguments.push_back(plan_term(terms[i]));
  }
  const Operand result = emit_call(callee, arguments);
  if (has_output) {
    unify_value(result, terms.back());
  } else if (callee.kind == Callee::Kind::function || !is_void(callee.name)) {
    equal(result, Operand::boolean(false), Op::not_equal);
  }
}

}  // namespace mc::rego
