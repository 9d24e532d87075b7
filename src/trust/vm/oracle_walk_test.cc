#include <map>
#include <span>
#include <utility>
#include <vector>

#include "term/number.h"
#include "vm/test_oracle.h"

namespace mc::vm {
namespace {

using term::Value;

class Oracle {
 public:
  Oracle(const plan::Policy& policy, builtin::Context& context)
      : policy_(policy), context_(context), arena_(context.arena) {}

  // The results as text; an error as "error: message"; nothing when `steps_max` was too few.
  std::optional<std::string> run(int plan, Value input, Value data, int steps_max) {
    steps_left_ = steps_max;
    results_ = term::set(arena_);
    Locals locals{{0, input}, {1, data}};
    walk(policy_.plans[static_cast<std::size_t>(plan)].blocks, locals);
    if (steps_left_ <= 0) return std::nullopt;
    return error_.empty() ? term::to_rego(results_) : "error: " + error_;
  }

 private:
  using Locals = std::map<plan::Local, Value>;
  using Op = plan::Op;
  // How a block ended: at its end; undefined; leaving `more` blocks more; with a return or error.
  struct End {
    enum Kind { normal, undefined, leave, stop } kind = normal;
    std::int64_t more = 0;
  };

  // Blocks one after the other, each whatever became of the one before.
  End walk(const std::vector<plan::Block>& blocks, Locals& locals) {
    for (const plan::Block& block : blocks) {
      const End end = walk(block, locals);
      if (end.kind == End::stop || end.kind == End::leave) return end;
    }
    return {};
  }

  // A block that a break left is undefined; `leave` goes on to blocks around it.
  End walk(const plan::Block& block, Locals& locals) {
    for (const plan::Statement& statement : block.statements) {
      if (--steps_left_ <= 0) return {End::stop, 0};
      const End end = step(statement, locals);
      if (end.kind == End::leave) return {end.more == 0 ? End::undefined : End::leave, end.more};
      if (end.kind != End::normal) return end;
    }
    return {};
  }
  // One block is left.
  static End outwards(End end) {
    return end.kind == End::leave ? End{End::leave, end.more - 1} : end;
  }

  Value value(const plan::Operand& operand, const Locals& locals) {
    if (operand.kind == plan::Operand::Kind::boolean) return Value::boolean(operand.value != 0);
    if (operand.kind == plan::Operand::Kind::string) {
      return term::string(arena_, policy_.strings[static_cast<std::size_t>(operand.value)]);
    }
    const auto at = locals.find(operand.value);
    return at == locals.end() ? Value() : at->second;
  }

  static End when(bool holds) { return {holds ? End::normal : End::undefined, 0}; }
  // A value that must be defined.
  static End set(Value& to, Value value) {
    if (value.is_undefined()) return when(false);
    to = value;
    return {};
  }
  End stop(std::string message) {
    error_ = std::move(message);
    return {End::stop, 0};
  }

  End step(const plan::Statement& s, Locals& locals) {
    const Value a = value(s.a, locals), b = value(s.b, locals);
    switch (s.op) {
      case Op::block:
      case Op::not_:
      case Op::scan:
      case Op::with:
        return nested(s, locals);
      case Op::break_:
        return {End::leave, s.integer};
      case Op::call:
      case Op::call_dynamic:
        return call(s, locals);
      case Op::return_local:
        returned_ = a;
        return {End::stop, 0};
      case Op::array_append:
      case Op::set_add:
      case Op::object_insert:
      case Op::object_insert_once:
        return change(s, a, b, locals[s.target]);
      case Op::equal:
      case Op::not_equal:
        if (a.is_undefined() || b.is_undefined()) return when(false);
        return when(term::equal(a, b) == (s.op == Op::equal));
      case Op::is_array:
        return when(a.is_array());
      case Op::is_object:
        return when(a.is_object());
      case Op::is_set:
        return when(a.is_set());
      case Op::is_defined:
        return when(!a.is_undefined());
      case Op::is_undefined:
        return when(a.is_undefined());
      case Op::result_set_add:
        if (!a.is_undefined()) term::add(arena_, results_, a);
        return {};
      case Op::nop:
        return {};
      default:
        return assign(s, a, b, locals[s.target]);
    }
  }

  End assign(const plan::Statement& s, Value a, Value b, Value& target) {
    switch (s.op) {
      case Op::assign_int:
      case Op::make_number_int:
        target = Value::integer(s.integer);
        return {};
      case Op::make_number_ref:
        target = term::number(arena_, policy_.strings[static_cast<std::size_t>(s.integer)]);
        return {};
      case Op::make_null:
        target = Value::null();
        return {};
      case Op::make_array:
        target = term::array(arena_);
        return {};
      case Op::make_object:
        target = term::object(arena_);
        return {};
      case Op::make_set:
        target = term::set(arena_);
        return {};
      case Op::reset_local:
        target = Value();
        return {};
      case Op::assign_var:
        target = a;
        return {};
      case Op::assign_var_once:
        if (target.is_undefined()) target = a;
        if (!a.is_undefined() && !term::equal(target, a)) return stop("conflict");
        return {};
      case Op::dot:
        return set(target, a.find(b));
      case Op::len:
        if (a.is_string()) return set(target, Value::integer(static_cast<int>(a.text().size())));
        if (!a.is_array() && !a.is_object() && !a.is_set()) return when(false);
        return set(target, Value::integer(static_cast<int>(a.size())));
      default:  // object_merge
        if (a.is_undefined() || b.is_undefined()) return set(target, a.is_undefined() ? b : a);
        return set(target, term::merge(arena_, b, a));
    }
  }

  End change(const plan::Statement& s, Value a, Value b, Value& target) {
    if (a.is_undefined()) return when(false);
    if (s.op == Op::array_append) {
      if (!target.is_array()) return when(false);
      term::append(arena_, target, a);
    } else if (s.op == Op::set_add) {
      if (!target.is_set()) return when(false);
      term::add(arena_, target, a);
    } else {
      if (!target.is_object() || b.is_undefined()) return when(false);
      const Value old = target.find(a);
      if (s.op == Op::object_insert_once && !old.is_undefined()) {
        return term::equal(old, b) ? End{} : stop("conflict");
      }
      term::insert(arena_, target, a, b);
    }
    return {};
  }

  End nested(const plan::Statement& s, Locals& locals) {
    if (s.op == Op::block) return outwards(walk(s.blocks, locals));
    if (s.op == Op::scan) return scan(s, locals);
    if (s.op == Op::not_) {
      const End end = walk(s.blocks[0], locals);
      if (end.kind == End::stop || end.kind == End::leave) return outwards(end);
      return when(end.kind == End::undefined);
    }
    const Value old = locals[s.target], made = value(s.a, locals);
    if (!s.with_path.empty() && made.is_undefined()) return when(false);
    locals[s.target] = replaced(old, s.with_path, made);
    const End end = walk(s.blocks[0], locals);
    locals[s.target] = old;
    return outwards(end);
  }

  Value replaced(Value from, std::span<const std::int32_t> path, Value made) {
    if (path.empty()) return made;
    Value out = term::object(arena_);
    for (const term::Entry& member : from.members()) {
      term::insert(arena_, out, member.key, member.value);
    }
    const std::string& key = policy_.strings[static_cast<std::size_t>(path[0])];
    const Value below = from.is_object() ? from.find(key) : Value();
    term::insert(arena_, out, key, replaced(below, path.subspan(1), made));
    return out;
  }

  End scan(const plan::Statement& s, Locals& locals) {
    const Value among = value(s.a, locals);
    std::vector<std::pair<Value, Value>> pairs;
    std::int64_t i = 0;
    for (const Value item : among.items()) {
      pairs.emplace_back(among.is_set() ? item : Value::integer(i++), item);
    }
    for (const term::Entry& member : among.members()) pairs.emplace_back(member.key, member.value);
    for (const auto& [key, item] : pairs) {
      locals[s.key] = key;
      locals[s.value] = item;
      const End end = walk(s.blocks[0], locals);
      if (end.kind == End::stop || end.kind == End::leave) return outwards(end);
    }
    return {};
  }

  const plan::Function* callee(const plan::Statement& s, const Locals& locals) {
    for (const plan::Function& function : policy_.functions) {
      bool matches = function.name == s.name;
      if (s.op == Op::call_dynamic) {
        matches = function.path.size() == s.path.size() &&
                  function.parameters.size() == s.operands.size();
        for (std::size_t i = 0; matches && i < s.path.size(); ++i) {
          matches = value(s.path[i], locals).text() == function.path[i];
        }
      }
      if (matches) return &function;
    }
    return nullptr;
  }

  End call(const plan::Statement& s, Locals& locals) {
    std::vector<Value> operands;
    operands.reserve(s.operands.size());
    for (const plan::Operand& operand : s.operands) operands.push_back(value(operand, locals));
    if (const plan::Function* const found = callee(s, locals)) {
      Locals inner;
      for (std::size_t i = 0; i < operands.size(); ++i) inner[found->parameters[i]] = operands[i];
      returned_ = Value();
      walk(found->blocks, inner);
      if (steps_left_ <= 0 || !error_.empty()) return {End::stop, 0};
      return set(locals[s.target], std::exchange(returned_, Value()));
    }
    const builtin::Builtin* const builtin = builtin::find_builtin(s.name);
    if (builtin == nullptr) return when(false);
    for (const Value& operand : operands) {
      if (operand.is_undefined()) return when(false);
    }
    const Value result = builtin->function(context_, operands);
    context_.fault.reset();
    return set(locals[s.target], result);
  }

  const plan::Policy& policy_;
  builtin::Context& context_;
  term::Arena& arena_;
  Value results_, returned_;
  std::string error_;
  int steps_left_ = 0;
};

}  // namespace

std::optional<std::string> walk_plan(const Walk& walk, builtin::Context& context) {
  return Oracle(walk.policy, context).run(walk.plan, walk.input, walk.data, walk.steps_max);
}

}  // namespace mc::vm
