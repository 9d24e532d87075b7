#include "vm/flow.h"

#include <limits>

#include "term/number.h"

namespace mc::vm {
namespace {

using plan::Op;
using plan::Operand;

constexpr int kNestingMax = 500;
constexpr std::int32_t kLocalsMax = 1 << 22;

class FlowReader {
 public:
  FlowReader(const Names& names, Constants& constants, std::string place)
      : names_(names), constants_(constants), place_(std::move(place)) {
    seen_ = {{0, 0}, {1, 1}};
  }

  Result<Flow> read(const plan::Function& function, std::int32_t index) {
    const std::vector<plan::Local>& parameters = function.parameters;
    if (parameters.size() < 2 || parameters[0] != 0 || parameters[1] != 1) {
      return error("its parameters do not begin with 0 and 1");
    }
    for (std::size_t i = 2; i < parameters.size(); ++i) {
      if (!seen_.emplace(parameters[i], static_cast<Ref>(i)).second) {
        return error("two parameters are the same local");
      }
    }
    flow_.parameters = flow_.locals = static_cast<std::int32_t>(parameters.size());
    flow_.function = index;
    flow_.name = function.name;
    flow_.result = local(function.result);
    return blocks(function.blocks);
  }

  Result<Flow> read(const plan::Plan& plan) {
    flow_.name = plan.name;
    return blocks(plan.blocks);
  }

 private:
  tl::unexpected<Error> error(std::string_view what) const {
    return fail(Code::invalid, place_ + ": " + std::string(what));
  }

  Result<Flow> blocks(const std::vector<plan::Block>& blocks) {
    for (const plan::Block& block : blocks) {
      MC_TRY(StepBlock made, read_block(block, 1));
      flow_.blocks.push_back(std::move(made));
    }
    if (flow_.locals > kLocalsMax) return error("more than 2^22 locals");
    return std::move(flow_);
  }

  // NOLINTNEXTLINE(misc-no-recursion): kNestingMax bounds it
  Result<StepBlock> read_block(const plan::Block& block, int depth) {
    if (depth > kNestingMax) return error("blocks nest deeper than " + std::to_string(kNestingMax));
    StepBlock made;
    made.steps.reserve(block.statements.size());
    for (const plan::Statement& statement : block.statements) {
      if (statement.op == Op::nop) continue;
      Step step;
      step.op = statement.op;
      step.at = statement.at;
      step.integer = statement.integer;
      MC_TRY_OK(read_operands(statement, step));
      MC_TRY_OK(read_rest(statement, step, depth));
      for (const plan::Block& nested : statement.blocks) {
        MC_TRY(StepBlock inner, read_block(nested, depth + 1));
        step.blocks.push_back(std::move(inner));
      }
      made.steps.push_back(std::move(step));
    }
    return made;
  }

  // The members of each statement that are operands or locals.
  Status read_operands(const plan::Statement& statement, Step& step) {
    const bool has_b = statement.op == Op::dot || statement.op == Op::equal ||
                       statement.op == Op::not_equal || statement.op == Op::object_insert ||
                       statement.op == Op::object_insert_once || statement.op == Op::object_merge;
    const bool has_a = has_b || reads_a(statement.op);
    if (has_a) MC_TRY_OK(operand(statement.a, step.a));
    if (has_b) MC_TRY_OK(operand(statement.b, step.b));
    for (const Operand& item : statement.operands) {
      MC_TRY_OK(operand(item, step.operands.emplace_back()));
    }
    for (const Operand& item : statement.path) {
      MC_TRY_OK(operand(item, step.path.emplace_back()));
    }
    if (statement.op == Op::scan) {
      step.key = local(statement.key);
      step.value = local(statement.value);
      if (step.key < 2 || step.value < 2) return error("a scan writes input or data");
    } else if (writes_target(statement.op)) {
      step.target = local(statement.target);
      if (step.target < 2 && step.op != Op::with) {
        return error("a statement writes input or data");
      }
    }
    return ok();
  }

  static bool reads_a(Op op) {
    switch (op) {
      case Op::array_append:
      case Op::assign_var:
      case Op::assign_var_once:
      case Op::is_array:
      case Op::is_defined:
      case Op::is_object:
      case Op::is_set:
      case Op::is_undefined:
      case Op::len:
      case Op::result_set_add:
      case Op::return_local:
      case Op::scan:
      case Op::set_add:
      case Op::with:
        return true;
      default:
        return false;
    }
  }

  static bool writes_target(Op op) {
    switch (op) {
      case Op::block:
      case Op::break_:
      case Op::equal:
      case Op::is_array:
      case Op::is_defined:
      case Op::is_object:
      case Op::is_set:
      case Op::is_undefined:
      case Op::nop:
      case Op::not_:
      case Op::not_equal:
      case Op::result_set_add:
      case Op::return_local:
      case Op::scan:
        return false;
      default:
        return true;
    }
  }

  Status read_rest(const plan::Statement& statement, Step& step, int depth) {
    switch (statement.op) {
      case Op::make_null:
        return constant(step, constants_.of(Value::null()));
      case Op::make_number_int:
      case Op::assign_int:
        return constant(step, constants_.of(Value::integer(statement.integer)));
      case Op::make_number_ref:
        return read_number(statement, step);
      case Op::break_:
        if (statement.integer < 0 || statement.integer >= depth) {
          return error("a break out of more blocks than there are");
        }
        return ok();
      case Op::call:
        return read_call(statement, step);
      case Op::call_dynamic:
        if (!passes_input_and_data(step)) return error("a call does not pass input and data");
        return ok();
      case Op::with:
        step.at_path = !statement.with_path.empty();
        for (const std::int32_t index : statement.with_path) {
          MC_TRY_OK(operand(Operand::string(index), step.path.emplace_back()));
        }
        return one_block(statement);
      case Op::not_:
      case Op::scan:
        return one_block(statement);
      default:
        return ok();
    }
  }

  Status one_block(const plan::Statement& statement) const {
    if (statement.blocks.size() != 1) return error("a statement has not one block");
    return ok();
  }

  static Status constant(Step& step, Ref ref) {
    step.op = Op::assign_var;
    step.a = ref;
    return ok();
  }

  Status read_number(const plan::Statement& statement, Step& step) {
    const auto index = static_cast<std::size_t>(statement.integer);
    if (index >= names_.policy.strings.size()) return error("a string index is out of range");
    const Value number = term::number(constants_.arena(), names_.policy.strings[index]);
    if (number.is_undefined()) {
      return error("'" + names_.policy.strings[index].substr(0, 40) + "' is no number");
    }
    return constant(step, constants_.of(number));
  }

  static bool passes_input_and_data(const Step& step) {
    return step.operands.size() >= 2 && step.operands[0] == 0 && step.operands[1] == 1;
  }

  Status read_call(const plan::Statement& statement, Step& step) {
    const std::size_t given = step.operands.size();
    const auto count_error = [&](std::size_t wanted) {
      return error("a call of " + statement.name + " has " + std::to_string(given) +
                   " operands, not " + std::to_string(wanted));
    };
    if (const auto at = names_.functions.find(statement.name); at != names_.functions.end()) {
      step.function = at->second;
      const auto& function = names_.policy.functions[static_cast<std::size_t>(at->second)];
      if (given != function.parameters.size()) return count_error(function.parameters.size());
      if (!passes_input_and_data(step)) {
        return error("a call of " + statement.name + " does not pass input and data");
      }
      return ok();
    }
    const auto at = names_.builtins.find(statement.name);
    if (at == names_.builtins.end()) return error("unknown function " + statement.name);
    step.builtin = at->second;
    const int wanted = builtin::operand_count(*step.builtin);
    if (wanted >= 0 && given != static_cast<std::size_t>(wanted)) {
      return count_error(static_cast<std::size_t>(wanted));
    }
    step.is_available =
        step.builtin->function != nullptr && (!step.builtin->reaches_out || names_.may_reach_out);
    return ok();
  }

  Status operand(const Operand& from, Ref& to) {
    if (from.kind == Operand::Kind::boolean) {
      to = from.value != 0 ? kTrue : kFalse;
      return ok();
    }
    if (from.kind == Operand::Kind::local) {
      if (from.value < 0) return error("a local is negative");
      to = local(from.value);
      return ok();
    }
    if (from.value < 0 || static_cast<std::size_t>(from.value) >= names_.policy.strings.size()) {
      return error("a string index is out of range");
    }
    to = constants_.string(names_.policy.strings[static_cast<std::size_t>(from.value)]);
    return ok();
  }

  Ref local(plan::Local number) {
    const auto [at, is_new] = seen_.emplace(number, flow_.locals);
    if (is_new) ++flow_.locals;
    return at->second;
  }

  const Names& names_;
  Constants& constants_;
  std::string place_;
  std::unordered_map<plan::Local, Ref> seen_;
  Flow flow_;
};

class UseFinder {
 public:
  explicit UseFinder(const Flow& flow) : uses_(static_cast<std::size_t>(flow.locals)) {
    for (std::int32_t i = 0; i < flow.parameters; ++i)
      uses_[static_cast<std::size_t>(i)].writes = 1;
  }

  // NOLINTNEXTLINE(misc-no-recursion): kNestingMax bounds it
  void visit(StepBlock& block) {
    block.begin = place_;
    block.end = block_end(block);
    for (Step& step : block.steps) {
      step.place = place_++;
      if (!step.gone) {
        const int inner_end = step.place + 1 + size_of(step);
        each_mention(step, [&](Ref& ref, Mention kind) {
          const bool inside = step.op == Op::scan && kind == Mention::write;
          Use& use = uses_[static_cast<std::size_t>(ref)];
          if (kind == Mention::write) use.write_end = inside ? inner_end : block.end;
          if (kind == Mention::change) {
            use.change_begin =
                use.changes == 0 || use.change_begin == block.begin ? block.begin : -2;
          }
          note(use, kind, step.place);
          if (kind != Mention::write) return;
          const bool once = step.op == Op::assign_var_once;
          use.once = use.once || once;
          use.otherwise = use.otherwise || (!once && step.op != Op::reset_local);
        });
      }
      for (StepBlock& nested : step.blocks) visit(nested);
    }
  }

  std::vector<Use> take() {
    for (Use& use : uses_) {
      if (use.once && use.otherwise) ++use.reads;
    }
    return std::move(uses_);
  }

 private:
  static void note(Use& use, Mention kind, int place) {
    if (use.first < 0) use.first = place;
    use.last = place;
    if (kind == Mention::write) {
      ++use.writes;
      use.write = place;
      return;
    }
    if (use.writes == 0) use.early = true;
    if (kind == Mention::read) {
      ++use.reads;
      if (use.first_read < 0) use.first_read = place;
      return;
    }
    ++use.changes;
    use.last_change = place;
  }

  int block_end(const StepBlock& block) { return block.begin + count(block); }
  // NOLINTNEXTLINE(misc-no-recursion)
  int size_of(const Step& step) {
    int size = 0;
    for (const StepBlock& nested : step.blocks) size += count(nested);
    return size;
  }
  // Statements of a block with all below. Remembered: each is asked for at every level.
  // NOLINTNEXTLINE(misc-no-recursion)
  int count(const StepBlock& block) {
    const auto [at, is_new] = sizes_.emplace(&block, 0);
    if (!is_new) return at->second;
    int size = 0;
    for (const Step& step : block.steps) size += 1 + size_of(step);
    sizes_[&block] = size;
    return size;
  }

  std::vector<Use> uses_;
  std::unordered_map<const StepBlock*, int> sizes_;
  int place_ = 0;
};

}  // namespace

Constants::Constants(Program::Code& code) : code_(code) {
  code_.constants = {Value(), Value::boolean(false), Value::boolean(true)};
  depths_.assign(3, 0);
  index_.emplace(term::hash(Value::boolean(false)), kFalse);
  index_.emplace(term::hash(Value::boolean(true)), kTrue);
}

Ref Constants::of(Value value, int depth) {
  term::freeze(value);
  const std::uint64_t hash = term::hash(value);
  const auto [begin, end] = index_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    const Value other = this->value(at->second);
    // 1 and 1.0 are equal and print differently, so do [1] and [1.0].
    if (!term::equal(other, value)) continue;
    if (value.is_string() || term::to_rego(other) == term::to_rego(value)) return at->second;
  }
  const Ref ref = constant_ref(code_.constants.size());
  code_.constants.push_back(value);
  depths_.push_back(depth);
  index_.emplace(hash, ref);
  return ref;
}

Ref Constants::find(Value value) const {
  Ref found = kUndefined;
  const auto [begin, end] = index_.equal_range(term::hash(value));
  for (auto at = begin; at != end; ++at) {
    if (!term::equal(this->value(at->second), value)) continue;
    if (found == kUndefined || at->second > found) found = at->second;
  }
  return found;
}

Ref Constants::string(std::string_view text) {
  return of(term::string(code_.arena, text));
}

std::vector<Use> find_uses(Flow& flow) {
  UseFinder finder(flow);
  for (StepBlock& block : flow.blocks) finder.visit(block);
  return finder.take();
}

Result<Flow> read_function(const Names& names, Constants& constants, std::int32_t index) {
  const plan::Function& function = names.policy.functions[static_cast<std::size_t>(index)];
  return FlowReader(names, constants, "function " + function.name).read(function, index);
}

Result<Flow> read_plan(const Names& names, Constants& constants, std::int32_t index) {
  const plan::Plan& plan = names.policy.plans[static_cast<std::size_t>(index)];
  return FlowReader(names, constants, "plan " + plan.name).read(plan);
}

}  // namespace mc::vm
