#include <algorithm>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "vm/test_oracle.h"

namespace mc::vm {
namespace {

// Makes plans of the kind the planner makes, and odder ones.
class PlanMaker {
 public:
  PlanMaker(std::uint64_t seed, InputUse input) : random_(seed), input_(input) {}

  plan::Policy make() {
    policy_.strings = {"a", "b", "c", "x", "y", "1", "2", "2.0", "g0", "f0", "f1"};
    policy_.files = {"random.rego"};
    const int functions = 1 + below(4);
    for (int i = 0; i < functions; ++i) add_function(i);
    plan::Plan plan;
    plan.name = "eval";
    for (int i = 0; i <= below(2); ++i) {
      begin(2);
      plan.blocks.push_back(block(3, 1, true));
    }
    policy_.plans.push_back(std::move(plan));
    return std::move(policy_);
  }

 private:
  using Op = plan::Op;
  using Operand = plan::Operand;

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool one_in(int n) { return below(n) == 0; }

  void begin(plan::Local first) {
    // Locals are numbered on from block to block, as OPA does it; now and then they are not.
    next_ = one_in(4) ? first : std::max(next_, first);
    known_ = {0, 1};
  }
  plan::Local fresh() { return next_++; }
  plan::Local any_local() {
    const plan::Local local =
        one_in(8) ? below(next_ + 1)
                  : known_[static_cast<std::size_t>(below(static_cast<int>(known_.size())))];
    return local == 0 && input_ == InputUse::by_paths ? 1 : local;
  }
  Operand constant() { return one_in(5) ? Operand::boolean(one_in(2)) : Operand::string(below(5)); }
  Operand operand() { return one_in(3) ? constant() : Operand::local(any_local()); }

  static plan::Statement statement(Op op) {
    plan::Statement made;
    made.op = op;
    return made;
  }

  void add_function(int index) {
    plan::Function function;
    function.name = "g0.data.f" + std::to_string(index);
    function.path = {"g0", "f" + std::to_string(index)};
    function.parameters = {0, 1};
    functions_before_ = index;
    next_ = 3;
    if (one_in(3)) function.parameters.push_back(next_++);
    function.result = 2;
    const plan::Local first = next_;
    parameters_ = static_cast<int>(function.parameters.size());
    const bool same_result = one_in(2);
    const int bodies = 1 + below(8);
    for (int i = 0; i < bodies; ++i) {
      if (one_in(6)) {
        add_chain(function, same_result);
      } else {
        begin(first);
        add_body(function, same_result);
      }
    }
    if (one_in(2)) add_default(function);
    function.blocks.emplace_back();
    function.blocks.back().statements.push_back(statement(Op::return_local));
    function.blocks.back().statements.back().a = Operand::local(2);
    policy_.functions.push_back(std::move(function));
    arities_.push_back(parameters_);
  }

  plan::Statement once(plan::Local target, Operand value) {
    plan::Statement made = statement(Op::assign_var_once);
    made.target = target;
    made.a = value;
    return made;
  }
  plan::Statement about(Op op, plan::Local local) {
    plan::Statement made = statement(op);
    made.a = Operand::local(local);
    return made;
  }
  plan::Statement reset(plan::Local local) {
    plan::Statement made = statement(Op::reset_local);
    made.target = local;
    return made;
  }

  // Appends `last` to the innermost of blocks that end with a scan or a with.
  static void append_inside(plan::Block& block, const plan::Statement& last) {
    plan::Block* at = &block;
    while (!at->statements.empty() &&
           (at->statements.back().op == Op::scan || at->statements.back().op == Op::with)) {
      at = &at->statements.back().blocks[0];
    }
    at->statements.push_back(last);
  }

  Operand result(bool same) {
    return same ? Operand::boolean(true) : one_in(2) ? constant() : Operand::local(any_local());
  }

  void add_body(plan::Function& function, bool same_result) {
    const plan::Local x = fresh();
    plan::Block body = block(2, 1, false);
    if (!one_in(10)) body.statements.insert(body.statements.begin(), reset(x));
    if (one_in(2)) add_guard(body);
    append_inside(body, once(x, result(same_result)));
    function.blocks.push_back(std::move(body));
    function.blocks.emplace_back();
    function.blocks.back().statements = {about(Op::is_defined, x), once(2, Operand::local(x))};
  }

  void add_chain(plan::Function& function, bool same_result) {
    const plan::Local x = fresh();
    plan::Statement chain = statement(Op::block);
    const int branches = 1 + below(3);
    for (int i = 0; i < branches; ++i) {
      known_ = {0, 1};
      plan::Block branch = block(2, 2, false);
      if (one_in(2)) add_guard(branch);
      branch.statements.insert(branch.statements.begin(),
                               i == 0 ? reset(x) : about(Op::is_undefined, x));
      append_inside(branch, once(x, result(same_result)));
      chain.blocks.push_back(std::move(branch));
    }
    chain.blocks.emplace_back();
    chain.blocks.back().statements = {about(Op::is_defined, x), once(2, Operand::local(x))};
    function.blocks.emplace_back();
    function.blocks.back().statements.push_back(std::move(chain));
  }

  void add_default(plan::Function& function) {
    function.blocks.emplace_back();
    function.blocks.back().statements = {about(Op::is_undefined, 2), once(2, constant())};
  }

  // input.a == "x", or a parameter.
  void add_guard(plan::Block& body) {
    plan::Statement equal = statement(Op::equal);
    equal.b = one_in(4) ? constant() : Operand::string(3 + below(2));
    if (parameters_ == 3 && one_in(2)) {
      equal.a = Operand::local(3);
      body.statements.insert(body.statements.begin(), equal);
      return;
    }
    plan::Statement dot = statement(Op::dot);
    dot.a = Operand::local(0);
    dot.b = Operand::string(0);
    dot.target = fresh();
    equal.a = Operand::local(dot.target);
    body.statements.insert(body.statements.begin(), {dot, equal});
  }

  plan::Block block(int size, int depth, bool is_plan) {
    plan::Block made;
    const std::vector<plan::Local> outer = known_;
    const int statements = 1 + below(size * 2);
    for (int i = 0; i < statements; ++i) add(made, depth, is_plan);
    if (is_plan) made.statements.push_back(about(Op::result_set_add, any_local()));
    known_ = outer;
    return made;
  }

  void add(plan::Block& block, int depth, bool is_plan) {
    std::vector<plan::Statement>& to = block.statements;
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        return add_dot(to);
      case 3:
        return add_simple(to);
      case 4:
        to.push_back(statement(one_in(2) ? Op::equal : Op::not_equal));
        to.back().a = operand();
        to.back().b = operand();
        return;
      case 5:
      case 6:
        return add_collection(to, depth);
      case 7:
      case 8:
        return add_call(to);
      case 9:
        return add_builtin(to);
      case 10:
        if (depth > 1 && one_in(3)) {
          to.push_back(statement(Op::break_));
          to.back().integer = below(depth);
        }
        return;
      case 11:
        to.push_back(about(one_in(2) ? Op::is_defined : Op::is_undefined, any_local()));
        return;
      default:
        if (depth < 5) add_nested(to, depth, is_plan);
    }
  }

  void add_dot(std::vector<plan::Statement>& to) {
    to.push_back(statement(Op::dot));
    if (input_ == InputUse::by_paths && one_in(2)) {
      to.back().a = Operand::local(0);
      to.back().b = one_in(6) ? operand() : Operand::string(below(4));
    } else {
      to.back().a = Operand::local(any_local());
      to.back().b = one_in(4) ? operand() : Operand::string(below(3));
    }
    define(to.back());
    if (!one_in(10)) return;  // no planner does what follows
    const plan::Local read = to.back().target;
    if (one_in(2)) add_truth(to, read);
    to.push_back(once(read, operand()));
  }

  void define(plan::Statement& made) {
    made.target = one_in(10) ? std::max(2, any_local()) : fresh();
    if (made.target == 3 && parameters_ == 3) made.target = fresh();
    known_.push_back(made.target);
  }

  void add_simple(std::vector<plan::Statement>& to) {
    constexpr Op kOps[] = {Op::make_null,  Op::make_number_int, Op::make_number_ref,
                           Op::assign_var, Op::assign_int,      Op::len};
    to.push_back(statement(kOps[below(6)]));
    plan::Statement& made = to.back();
    made.a = operand();
    if (made.op == Op::make_number_int || made.op == Op::assign_int) made.integer = below(3);
    if (made.op == Op::make_number_ref) made.integer = 5 + below(3);
    define(made);
  }

  // Made and filled; nothing else changes it.
  void add_collection(std::vector<plan::Statement>& to, int depth) {
    constexpr Op kMakes[] = {Op::make_array, Op::make_set, Op::make_object};
    constexpr Op kFills[] = {Op::array_append, Op::set_add, Op::object_insert};
    const int kind = below(3);
    to.push_back(statement(kMakes[kind]));
    const plan::Local target = to.back().target = fresh();
    if (one_in(3) && depth < 5) {  // a comprehension
      plan::Statement outer = statement(Op::block);
      plan::Block inner = block(1, depth + 1, false);
      fill(inner.statements, kFills[kind], target);
      outer.blocks.push_back(std::move(inner));
      to.push_back(std::move(outer));
    } else {
      for (int i = below(4); i > 0; --i) fill(to, kFills[kind], target);
    }
    known_.push_back(target);
  }

  void fill(std::vector<plan::Statement>& to, Op op, plan::Local target) {
    plan::Statement made = statement(op);
    made.target = target;
    made.a = one_in(2) ? constant() : operand();
    made.b = one_in(2) ? constant() : operand();
    to.push_back(made);
  }

  void add_call(std::vector<plan::Statement>& to) {
    if (functions_before_ == 0) return;
    const int callee = below(functions_before_);
    plan::Statement made = statement(one_in(4) ? Op::call_dynamic : Op::call);
    made.operands = {Operand::local(0), Operand::local(1)};
    if (made.op == Op::call) {
      made.name = "g0.data.f" + std::to_string(callee);
      if (arities_[static_cast<std::size_t>(callee)] == 3) made.operands.push_back(operand());
    } else {
      // Names of functions that may not exist yet would be recursion.
      made.path = {Operand::string(8), Operand::string(9)};
    }
    define(made);
    to.push_back(made);
    if (one_in(2)) add_truth(to, made.target);
  }

  void add_truth(std::vector<plan::Statement>& to, plan::Local local) {
    to.push_back(statement(Op::not_equal));
    to.back().a = Operand::local(local);
    to.back().b = Operand::boolean(false);
  }

  void add_builtin(std::vector<plan::Statement>& to) {
    constexpr std::string_view kNames[] = {"plus",  "minus", "lt", "gte", "internal.member_2",
                                           "count", "equal", "neq"};
    plan::Statement made = statement(Op::call);
    made.name = kNames[below(8)];
    made.operands = {operand(), operand()};
    if (made.name == "count") made.operands.pop_back();
    define(made);
    to.push_back(made);
    if (one_in(2)) add_truth(to, made.target);
  }

  void add_nested(std::vector<plan::Statement>& to, int depth, bool is_plan) {
    const int kind = below(5);
    plan::Statement made = statement(kind == 0   ? Op::not_
                                     : kind == 1 ? Op::block
                                     : kind == 2 ? Op::scan
                                                 : Op::with);
    if (made.op == Op::scan) {
      made.a = Operand::local(any_local());
      made.key = fresh();
      made.value = fresh();
      known_.push_back(made.key);
      known_.push_back(made.value);
    }
    if (made.op == Op::with) return add_with(to, depth, is_plan);
    for (int i = made.op == Op::block ? below(3) : 0; i >= 0; --i) {
      made.blocks.push_back(block(1, depth + 1, is_plan && one_in(3)));
    }
    to.push_back(std::move(made));
  }

  // As the planner does it: the old value is kept and put back inside.
  void add_with(std::vector<plan::Statement>& to, int depth, bool is_plan) {
    plan::Statement keep = statement(Op::assign_var);
    const plan::Local root = input_ == InputUse::by_paths ? 1 : below(2);
    keep.a = Operand::local(root);
    keep.target = fresh();
    plan::Statement made = statement(Op::with);
    made.target = root;
    made.a = operand();
    for (int i = below(3); i > 0; --i) made.with_path.push_back(below(3));
    made.blocks.push_back(block(1, depth + 1, is_plan && one_in(3)));
    if (one_in(2)) {
      plan::Statement back = statement(Op::with);
      back.target = root;
      back.a = Operand::local(keep.target);
      back.blocks.push_back(block(1, depth + 2, is_plan && one_in(3)));
      made.blocks[0].statements.push_back(std::move(back));
    }
    to.push_back(keep);
    to.push_back(std::move(made));
  }

  std::mt19937_64 random_;
  InputUse input_;
  plan::Policy policy_;
  plan::Local next_ = 2;
  std::vector<plan::Local> known_ = {0, 1};
  std::vector<int> arities_;
  int functions_before_ = 0, parameters_ = 2;
};

}  // namespace

plan::Policy random_policy(std::uint64_t seed, InputUse input) {
  return PlanMaker(seed, input).make();
}

}  // namespace mc::vm
