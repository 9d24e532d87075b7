#include "vm/emit.h"

#include <algorithm>

namespace mc::vm {
namespace {

Value not_available(builtin::Context& context, std::span<const Value>) {
  return context.fail("this function is not available here");
}

}  // namespace

std::string_view opcode_name(Opcode op) {
  static constexpr std::string_view kNames[] = {
#define MC_VM_NAME(name, shape) #name,
      MC_VM_OPCODES(MC_VM_NAME)
#undef MC_VM_NAME
  };
  return kNames[static_cast<std::size_t>(op)];
}

std::string_view opcode_shape(Opcode op) {
  static constexpr std::string_view kShapes[] = {
#define MC_VM_SHAPE(name, shape) shape,
      MC_VM_OPCODES(MC_VM_SHAPE)
#undef MC_VM_SHAPE
  };
  return kShapes[static_cast<std::size_t>(op)];
}

Result<std::int32_t> Lowering::lower(Flow& flow) {
  simplify(flow, constants_);
  return Emitter(*this, flow).emit();
}

Emitter::Emitter(Lowering& lowering, Flow& flow)
    : lowering_(lowering),
      code_(lowering.code_),
      flow_(flow),
      uses_(find_uses(flow)),
      registers_(place_registers(flow)),
      entry_(position()),
      first_site_(code_.sites.size()),
      is_defined_(uses_.size(), false) {
  PathTracker tracker(lowering.paths_, uses_);
  for (StepBlock& block : flow_.blocks) prepare(block, tracker);
}

// What is only read as the beginning of a longer path need not be in a register; what is written
// once, by a statement whose value is never undefined, is defined wherever it is read.
// NOLINTNEXTLINE(misc-no-recursion)
void Emitter::prepare(StepBlock& block, PathTracker& tracker) {
  for (Step& step : block.steps) {
    if (step.gone) continue;
    const bool may_be_undefined =
        step.op == Op::assign_var || step.op == Op::assign_var_once || step.op == Op::reset_local;
    each_mention(step, [&](Ref& ref, Mention kind) {
      if (kind != Mention::write || may_be_undefined || !use(ref).dominated()) return;
      is_defined_[static_cast<std::size_t>(ref)] = use(ref).changes == 0;
    });
    if (step.op == Op::dot) step.known_path = tracker.of_dot(step);
    if (step.known_path >= 0) {
      for (const Ref ref : {step.a, step.b}) {
        if (ref >= 2) --uses_[static_cast<std::size_t>(ref)].reads;
      }
    }
    const bool is_with = step.op == Op::with && step.target < 2;
    const int outer = is_with ? tracker.enter_with() : 0;
    for (StepBlock& nested : step.blocks) prepare(nested, tracker);
    if (is_with) tracker.leave_with(outer);
  }
}

Result<std::int32_t> Emitter::emit() {
  const BodyIndex index =
      flow_.function < 0
          ? BodyIndex{}
          : find_index({flow_, uses_, registers_, lowering_.paths_, lowering_.constants_});
  const std::int32_t shared = registers_.shared_end - registers_.shared_begin;
  registers_max_ = registers_.shared_end;
  if (shared > 0) put(Opcode::reset, registers_.shared_begin, shared);
  emit_blocks(index);
  if (flow_.function < 0) {
    put(Opcode::halt, 0);
  } else {
    put(Opcode::return_value, 0, kUndefined);
  }
  resolve();
  const std::int32_t all = registers_max_ + operands_max_ + 1;
  if (all > kRegistersMax) {
    return mc::fail(Code::invalid, flow_.name + ": needs more than 2^16 registers");
  }
  return all;
}

void Emitter::emit_blocks(const BodyIndex& index) {
  const bool has_index = index.begin < index.end;
  std::vector<std::int32_t> first_of;
  const auto dispatch = code_.dispatches.size();
  std::int32_t list_register = 0;
  for (std::size_t i = 0; i < flow_.blocks.size(); ++i) {
    const bool is_indexed = has_index && i >= index.begin && i < index.end;
    if (has_index && i == index.begin) {
      code_.dispatches.emplace_back();
      for (const Registers::Block& block : registers_.blocks) {
        list_register = std::max(list_register, block.end);
      }
      registers_max_ = std::max(registers_max_, list_register + 1);
      put(Opcode::dispatch, list_register, static_cast<std::int32_t>(dispatch));
      bind(new_label());
    }
    StepBlock& block = flow_.blocks[i];
    if (next_live(block, 0) == block.steps.size()) {
      if (is_indexed) first_of.push_back(-1);
    } else {
      if (is_indexed) first_of.push_back(position());
      const Registers::Block& placed = registers_.blocks[i];
      // The list of the index stands above what the bodies use.
      next_register_ = is_indexed ? list_register + 1 : placed.end;
      registers_max_ = std::max(registers_max_, next_register_);
      const std::int32_t resets = placed.reset_end - registers_.shared_end;
      if (resets > 0) put(Opcode::reset, registers_.shared_end, resets);
      emit_block(block, 0);
      if (is_indexed) put(Opcode::next_body, list_register);
    }
    if (has_index && i + 1 == index.end) {
      first_of.push_back(position());
      bind(new_label());
      code_.dispatches[dispatch] =
          make_dispatch(index, first_of, lowering_.constants_, code_.bodies);
    }
  }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the plan, which is bounded
void Emitter::emit_block(StepBlock& block, int withs) {
  scopes_.push_back({new_label(), withs});
  emit_steps(block);
  bind(scopes_.back().end);
  scopes_.pop_back();
}

// NOLINTNEXTLINE(misc-no-recursion)
bool Emitter::emit_steps(StepBlock& block) {
  for (std::size_t i = 0; i < block.steps.size(); ++i) {
    const Step& step = block.steps[i];
    mark(step.at);
    if (step.gone) continue;
    i = emit_step(block, i);
    if (step.op == Op::break_ || step.op == Op::return_local) return false;
  }
  return true;
}

// NOLINTNEXTLINE(misc-no-recursion)
std::size_t Emitter::emit_step(StepBlock& block, std::size_t at) {
  Step& step = block.steps[at];
  switch (step.op) {
    case Op::dot:
      return emit_dot(block, at);
    case Op::call:
      return emit_call(block, at);
    case Op::make_array:
      return emit_make(block, at);
    case Op::call_dynamic:
      emit_dynamic(step);
      break;
    case Op::block:
    case Op::not_:
    case Op::scan:
    case Op::with:
      emit_nested(step);
      break;
    case Op::break_:
      emit_break(step);
      break;
    case Op::return_local:
      emit_return(step);
      break;
    case Op::result_set_add:
      put(Opcode::result, 0, ref(step.a));
      break;
    case Op::equal:
    case Op::not_equal:
    case Op::is_array:
    case Op::is_defined:
    case Op::is_object:
    case Op::is_set:
    case Op::is_undefined:
      emit_check(step);
      break;
    case Op::array_append:
    case Op::object_insert:
    case Op::object_insert_once:
    case Op::object_merge:
    case Op::set_add:
      emit_change(step);
      break;
    default:
      emit_assignment(step);
  }
  return at;
}

void Emitter::emit_assignment(const Step& step) {
  const std::int32_t target = reg(step.target);
  switch (step.op) {
    case Op::assign_var:
      put(Opcode::move, target, ref(step.a));
      break;
    case Op::assign_var_once:
      if (step.only_defined) check_defined(step.a);
      put(Opcode::assign_once, target, ref(step.a), flow_.parameters > 2 ? 1 : 0);
      break;
    case Op::reset_local:
      put(Opcode::reset, target, 1);
      break;
    case Op::len:
      put(Opcode::len, target, ref(step.a), 0, fail());
      break;
    case Op::make_object:
      put(Opcode::make_object, target);
      break;
    case Op::make_set:
      put(Opcode::make_set, target);
      break;
    default:
      break;
  }
}

void Emitter::emit_check(const Step& step) {
  const auto kind = [&](Kind wanted) {
    put(Opcode::is_kind, static_cast<std::int32_t>(wanted), ref(step.a), 0, fail());
  };
  switch (step.op) {
    case Op::equal:
      put(Opcode::equal, 0, ref(step.a), ref(step.b), fail());
      break;
    case Op::not_equal:
      if (step.b == kFalse || step.a == kFalse) {
        put(Opcode::truthy, 0, ref(step.b == kFalse ? step.a : step.b), 0, fail());
      } else {
        put(Opcode::not_equal, 0, ref(step.a), ref(step.b), fail());
      }
      break;
    case Op::is_array:
      return kind(Kind::array);
    case Op::is_object:
      return kind(Kind::object);
    case Op::is_set:
      return kind(Kind::set);
    case Op::is_defined:
      put(Opcode::defined, 0, ref(step.a), 0, fail());
      break;
    default:
      put(Opcode::undefined, 0, ref(step.a), 0, fail());
  }
}

void Emitter::emit_change(const Step& step) {
  const std::int32_t target = reg(step.target);
  switch (step.op) {
    case Op::array_append:
      put(Opcode::append, target, ref(step.a), 0, fail());
      break;
    case Op::set_add:
      put(Opcode::add, target, ref(step.a), 0, fail());
      break;
    case Op::object_insert:
      put(Opcode::insert, target, ref(step.a), ref(step.b), fail());
      break;
    case Op::object_insert_once:
      put(Opcode::insert_once, target, ref(step.a), ref(step.b), fail());
      break;
    default:
      put(Opcode::merge, target, ref(step.a), ref(step.b), fail());
  }
}

// NOLINTNEXTLINE(misc-no-recursion)
void Emitter::emit_nested(Step& step) {
  switch (step.op) {
    case Op::scan:
      return emit_scan(step);
    case Op::not_:
      return emit_not(step);
    case Op::with:
      return emit_with(step);
    default:
      for (StepBlock& block : step.blocks) emit_block(block, scopes_.back().withs);
  }
}

// NOLINTNEXTLINE(misc-no-recursion)
void Emitter::emit_scan(Step& step) {
  const std::int32_t iterator = next_register_;
  next_register_ += 2;
  registers_max_ = std::max(registers_max_, next_register_);
  const int body = new_label(), next = new_label();
  put(Opcode::scan, iterator, ref(step.a), 0, next);
  bind(body);
  emit_block(step.blocks[0], scopes_.back().withs);
  bind(next);
  mark(step.at);
  put(Opcode::next, iterator, step.key < 0 ? -1 : reg(step.key),
      step.value < 0 ? -1 : reg(step.value), body);
  next_register_ -= 2;
}

// NOLINTNEXTLINE(misc-no-recursion)
void Emitter::emit_not(Step& step) {
  const int outer = fail(), holds = new_label();
  scopes_.push_back({holds, scopes_.back().withs});
  if (emit_steps(step.blocks[0])) put(Opcode::jump, 0, 0, 0, outer);
  bind(holds);
  scopes_.pop_back();
}

// NOLINTNEXTLINE(misc-no-recursion)
void Emitter::emit_with(Step& step) {
  put(Opcode::with_enter, reg(step.target), ref(step.a), step.at_path ? list(step.path) : -1,
      fail());
  const int outer_withs = scopes_.back().withs;
  const int undefined = new_label(), after = new_label();
  scopes_.push_back({undefined, outer_withs + 1});
  if (emit_steps(step.blocks[0])) {
    put(Opcode::with_leave, 0);
    put(Opcode::jump, 0, 0, 0, after);
  }
  bind(undefined);
  scopes_.pop_back();
  put(Opcode::with_leave, 0);
  put(Opcode::jump, 0, 0, 0, fail());
  bind(after);
}

void Emitter::emit_break(const Step& step) {
  const Scope& to = scopes_[scopes_.size() - 1 - static_cast<std::size_t>(step.integer)];
  for (int i = scopes_.back().withs; i > to.withs; --i) put(Opcode::with_leave, 0);
  put(Opcode::jump, 0, 0, 0, to.end);
}

void Emitter::emit_return(const Step& step) {
  if (flow_.function < 0) {  // of a plan: it ends
    put(Opcode::halt, 0);
    return;
  }
  if (step.only_defined) check_defined(step.a);
  Ref value = ref(step.a);
  const int withs = scopes_.back().withs;
  if (withs > 0 && step.a >= 0 && use(step.a).changes > 0) {  // it may be what a `with` replaces
    value = next_register_;
    registers_max_ = std::max(registers_max_, next_register_ + 1);
    put(Opcode::move, value, ref(step.a));
  }
  for (int i = withs; i > 0; --i) put(Opcode::with_leave, 0);
  put(Opcode::return_value, 0, value);
}

void Emitter::check_defined(Ref value) {
  if (value < 0 || is_defined_[static_cast<std::size_t>(value)]) return;
  put(Opcode::defined, 0, ref(value), 0, fail());
}

// input.a, of which only the longer path in one of the next statements is wanted: that fails when
// this does.
bool Emitter::is_only_parent(const StepBlock& block, std::size_t at) const {
  constexpr std::size_t kLookedAt = 20;
  const Ref target = block.steps[at].target;
  const std::size_t end = std::min(block.steps.size(), at + kLookedAt);
  for (std::size_t i = next_live(block, at + 1); i < end; i = next_live(block, i + 1)) {
    const Step& step = block.steps[i];
    if (step.op != Op::dot || step.known_path < 0) return false;
    if (step.a == target || step.b == target) return true;
  }
  return false;
}

std::size_t Emitter::emit_dot(StepBlock& block, std::size_t at) {
  const Step& step = block.steps[at];
  const std::int32_t path = step.known_path;
  if (path < 0) {
    put(Opcode::dot, reg(step.target), ref(step.a), ref(step.b), fail());
    return at;
  }
  const int reads = use(step.target).reads + use(step.target).changes;
  if (reads == 0 && is_only_parent(block, at)) return at;
  const std::size_t next = next_live(block, at + 1);
  if (reads == 1 && next < block.steps.size()) {
    const Step& after = block.steps[next];
    const bool compares = after.op == Op::equal || after.op == Op::not_equal;
    if (compares && (after.a == step.target) != (after.b == step.target)) {
      mark(after.at);
      const Ref other = after.a == step.target ? after.b : after.a;
      put(after.op == Op::equal ? Opcode::path_equal : Opcode::path_not_equal, 0, path, ref(other),
          fail());
      return next;
    }
  }
  if (reads == 0) {
    put(Opcode::path_defined, 0, path, 0, fail());
  } else {
    put(Opcode::path, reg(step.target), path, 0, fail());
  }
  return at;
}

std::size_t Emitter::emit_call(StepBlock& block, std::size_t at) {
  const Step& step = block.steps[at];
  if (step.builtin != nullptr) return emit_builtin(block, at);
  const std::size_t test = find_test(block, at, uses_);
  const bool is_rule = step.operands.size() == 2;
  const std::int32_t operands = is_rule ? 0 : list(step.operands);
  if (test != 0) {
    mark(block.steps[test].at);
    put(is_rule ? Opcode::test_rule : Opcode::test_call, 0, step.function, operands, fail());
    return test;
  }
  put(is_rule ? Opcode::call_rule : Opcode::call, reg(step.target), step.function, operands,
      fail());
  return at;
}

std::size_t Emitter::emit_builtin(StepBlock& block, std::size_t at) {
  const Step& step = block.steps[at];
  if (const std::size_t test = find_test(block, at, uses_); test != 0) {
    mark(block.steps[test].at);
    if (!emit_test(step)) put(Opcode::test_builtin, 0, site(step), 0, fail());
    return test;
  }
  const std::string_view name = step.builtin->name;
  const bool is_ours = step.builtin == builtin::find_builtin(name);
  const std::int32_t target = reg(step.target);
  if (is_ours && step.is_available && (name == "plus" || name == "minus")) {
    put(name == "plus" ? Opcode::add_numbers : Opcode::subtract, target, ref(step.operands[0]),
        ref(step.operands[1]), site(step));
  } else if (is_ours && step.is_available && name == "count") {
    put(Opcode::count, target, ref(step.operands[0]), 0, site(step));
  } else {
    put(Opcode::call_builtin, target, site(step), 0, fail());
  }
  return at;
}

bool Emitter::emit_test(const Step& call) {
  const Test test = test_of(*call.builtin);
  if (test == Test::none) return false;
  const Ref a = ref(call.operands[0]), b = ref(call.operands[1]);
  switch (test) {
    case Test::equal:
      put(Opcode::equal, 0, a, b, fail());
      break;
    case Test::not_equal:
      put(Opcode::not_equal, 0, a, b, fail());
      break;
    case Test::less:
      put(Opcode::test_less, 0, a, b, fail());
      break;
    case Test::at_most:
      put(Opcode::test_at_most, 0, a, b, fail());
      break;
    case Test::more:
      put(Opcode::test_less, 0, b, a, fail());
      break;
    case Test::at_least:
      put(Opcode::test_at_most, 0, b, a, fail());
      break;
    default:
      put(Opcode::test_member, 0, a, b, fail());
  }
  return true;
}

void Emitter::emit_dynamic(const Step& step) {
  const auto index = static_cast<std::int32_t>(code_.sites.size());
  Site& made = code_.sites.emplace_back();
  made.list = list(step.operands);
  made.path = list(step.path);
  operands_max_ = std::max(operands_max_, static_cast<std::int32_t>(step.path.size()));
  put(Opcode::call_dynamic, reg(step.target), index, 0, fail());
}

// An array whose items follow at once is made in one go.
std::size_t Emitter::emit_make(StepBlock& block, std::size_t at) {
  const Step& step = block.steps[at];
  std::vector<Ref> items;
  std::size_t last = at;
  for (std::size_t i = next_live(block, at + 1); i < block.steps.size();
       i = next_live(block, i + 1)) {
    const Step& after = block.steps[i];
    if (after.op != Op::array_append || after.target != step.target || after.a == step.target) {
      break;
    }
    mark(after.at);
    items.push_back(ref(after.a));
    last = i;
  }
  const std::int64_t capacity = std::clamp<std::int64_t>(step.integer, 0, 16);
  if (items.empty()) {
    put(Opcode::make_array, reg(step.target), static_cast<std::int32_t>(capacity));
    return at;
  }
  const auto index = static_cast<std::int32_t>(code_.lists.size());
  code_.lists.push_back(static_cast<std::int32_t>(items.size()));
  code_.lists.insert(code_.lists.end(), items.begin(), items.end());
  put(Opcode::fill_array, reg(step.target), index, 0, fail());
  return last;
}

int Emitter::put(Opcode op, std::int32_t a, std::int32_t b, std::int32_t c, std::int32_t d) {
  // emit() refuses a function of more registers than `a` holds.
  code_.instructions.push_back({op, static_cast<std::uint16_t>(a), b, c, d});
  return position() - 1;
}

Ref Emitter::ref(Ref local) const {
  return local < 0 ? local : reg(local);
}

std::int32_t Emitter::list(const std::vector<Ref>& refs) {
  const auto index = static_cast<std::int32_t>(code_.lists.size());
  code_.lists.push_back(static_cast<std::int32_t>(refs.size()));
  for (const Ref item : refs) code_.lists.push_back(ref(item));
  return index;
}

std::int32_t Emitter::site(const Step& step) {
  const auto index = static_cast<std::int32_t>(code_.sites.size());
  auto& name = lowering_.names_[step.builtin];
  if (name.empty()) {
    code_.names.push_back(std::make_unique<std::string>(step.builtin->name));
    name = *code_.names.back();
  }
  Site& made = code_.sites.emplace_back();
  made.function = step.is_available ? step.builtin->function : not_available;
  made.name = name;
  made.list = list(step.operands);
  made.undefined = fail();
  operands_max_ = std::max(operands_max_, static_cast<std::int32_t>(step.operands.size()));
  return index;
}

int Emitter::new_label() {
  labels_.push_back(-1);
  return static_cast<int>(labels_.size()) - 1;
}

void Emitter::bind(int label) {
  // A jump to what follows anyway goes.
  while (position() > entry_ && last_bound_ < position()) {
    const Instruction& last = code_.instructions.back();
    if (last.op != Opcode::jump || last.d != label) break;
    code_.instructions.pop_back();
  }
  labels_[static_cast<std::size_t>(label)] = position();
  last_bound_ = position();
}

void Emitter::mark(const plan::Location& at) {
  const int here = position();
  if (!code_.marks.empty() && code_.marks.back().instruction >= here) {
    const plan::Location& last = code_.marks.back().at;
    if (code_.marks.back().instruction == here && last.row == at.row && last.file == at.file &&
        last.column == at.column) {
      return;
    }
  }
  code_.marks.push_back({here, at});
}

void Emitter::resolve() {
  const auto place = [&](std::int32_t label) {
    std::int32_t at = labels_[static_cast<std::size_t>(label)];
    // Jumps to jumps; they all go forward, but for the end of a loop.
    for (int i = 0; i < 100; ++i) {
      const Instruction& there = code_.instructions[static_cast<std::size_t>(at)];
      if (there.op != Opcode::jump) break;
      at = labels_[static_cast<std::size_t>(there.d)];
    }
    return at;
  };
  std::vector<std::int32_t> resolved(code_.instructions.size() - static_cast<std::size_t>(entry_));
  for (std::size_t i = 0; i < resolved.size(); ++i) {
    const Instruction& in = code_.instructions[static_cast<std::size_t>(entry_) + i];
    resolved[i] = opcode_shape(in.op)[2] == 'j' ? place(in.d) : in.d;
  }
  for (std::size_t i = first_site_; i < code_.sites.size(); ++i) {
    code_.sites[i].undefined = place(code_.sites[i].undefined);
  }
  for (std::size_t i = 0; i < resolved.size(); ++i) {
    code_.instructions[static_cast<std::size_t>(entry_) + i].d = resolved[i];
  }
}

}  // namespace mc::vm
