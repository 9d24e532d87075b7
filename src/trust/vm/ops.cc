// The instructions. Each is a function that ends by going to the next one: with clang a tail call,
// so that the state of the loop stays in registers; elsewhere a loop calls one after the other.
#include <algorithm>
#include <array>

#include "vm/state.h"

#if defined(__clang__) && __has_cpp_attribute(clang::musttail)
#define MC_VM_TAIL_CALLS 1
#define MC_GO(to)                                                                \
  do {                                                                           \
    const Instruction* const mc_next = (to);                                     \
    if constexpr (kWatched) m.note(mc_next);                                     \
    const Handler mc_handler = kHandlers[static_cast<std::size_t>(mc_next->op)]; \
    [[clang::musttail]] return mc_handler(mc_next, regs, m);                     \
  } while (false)
#else
#define MC_VM_TAIL_CALLS 0
#define MC_GO(to)                           \
  do {                                      \
    m.next = (to);                          \
    m.registers = regs;                     \
    if constexpr (kWatched) m.note(m.next); \
    return;                                 \
  } while (false)
#endif
#define MC_STOP       \
  do {                \
    m.next = nullptr; \
    return;           \
  } while (false)
// As another instruction does it.
#if MC_VM_TAIL_CALLS
#define MC_AS(other) [[clang::musttail]] return other(pc, regs, m)
#else
#define MC_AS(other) return other(pc, regs, m)
#endif
#define MC_JUMP MC_GO(m.code + pc->d)
// On when `condition` holds, else the instruction is undefined.
#define MC_WHEN(condition)        \
  do {                            \
    if (condition) MC_GO(pc + 1); \
    MC_JUMP;                      \
  } while (false)
#define MC_OP(name) static void name(const Instruction* pc, Value* regs, Machine::State& m)

namespace mc::vm {
namespace {

using Handler = void (*)(const Instruction* pc, Value* regs, Machine::State& m);

inline bool same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_small() && b.is_small()) return a.small() == b.small();
  return term::equal(a, b);
}

inline bool less(const Value& a, const Value& b) {
  if (a.is_small() && b.is_small()) return a.small() < b.small();
  return term::compare(a, b) < 0;
}

inline bool both_defined(const Value& a, const Value& b) {
  return !a.is_undefined() && !b.is_undefined();
}

bool has_member(const Value& among, const Value& wanted) {
  if (among.is_set()) return !among.find(wanted).is_undefined();
  for (const Value& item : among.items()) {
    if (same(item, wanted)) return true;
  }
  for (const term::Entry& member : among.members()) {
    if (same(member.value, wanted)) return true;
  }
  return false;
}

inline Value read_path(Machine::State& m, const Value* regs, std::int32_t path) {
  const Remembered& slot = m.paths[path];
  if (slot.generation == m.generation) [[likely]]
    return slot.value;
  return m.load_path(regs, path);
}

// Undefined when an operand is, or the function says so; a fault stands in the context then.
inline Value call_site(Machine::State& m, const Value* regs, const Site& site) {
  const std::int32_t* const list = m.program->lists.data() + site.list;
  const auto count = static_cast<std::size_t>(list[0]);
  Value* const operands = m.top - count;  // the end of the window is kept for them
  for (std::size_t i = 0; i < count; ++i) {
    operands[i] = m.at(regs, list[i + 1]);
    if (operands[i].is_undefined()) return {};
  }
  return site.function(*m.context, {operands, count});
}

Value length(const Value& value) {
  switch (value.kind()) {
    case Kind::array:
    case Kind::object:
    case Kind::set:
      return Value::integer(static_cast<std::int64_t>(value.size()));
    case Kind::string: {
      const std::string_view text = value.text();
      return Value::integer(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      }));
    }
    default:
      return {};
  }
}

// ObjectMergeStmt: a's members win.
Value merged(term::Arena& arena, const Value& a, const Value& b) {
  if (b.is_undefined()) return a;
  if (a.is_undefined()) return b;
  return term::merge(arena, b, a);
}

std::int32_t list_of(const Dispatch& table, const std::vector<Value>& constants,
                     const Value& value) {
  if (value.is_undefined()) return table.otherwise;
  const std::uint64_t hash = term::hash(value);
  const std::size_t mask = table.slots.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Dispatch::Slot& slot = table.slots[at];
    if (slot.key == kUndefined) return table.otherwise;
    if (slot.hash == hash && same(constants[constant_index(slot.key)], value)) {
      return slot.bodies;
    }
  }
}

template <bool kWatched>
struct Ops {
  static const std::array<Handler, 64> kHandlers;

  MC_OP(jump) { MC_JUMP; }
  MC_OP(move) {
    regs[pc->a] = m.at(regs, pc->b);
    MC_GO(pc + 1);
  }
  MC_OP(reset) {
    m.context->steps_left -= pc->b / 16;
    std::fill_n(regs + pc->a, pc->b, Value());
    MC_GO(pc + 1);
  }

  MC_OP(path) {
    const Value value = read_path(m, regs, pc->b);
    if (value.is_undefined()) MC_JUMP;
    regs[pc->a] = value;
    MC_GO(pc + 1);
  }
  MC_OP(path_defined) { MC_WHEN(!read_path(m, regs, pc->b).is_undefined()); }
  MC_OP(path_equal) {
    const Value value = read_path(m, regs, pc->b);
    const Value& other = m.at(regs, pc->c);
    m.charge(value);
    MC_WHEN(!value.is_undefined() && same(value, other));
  }
  MC_OP(path_not_equal) {
    const Value value = read_path(m, regs, pc->b);
    const Value& other = m.at(regs, pc->c);
    m.charge(value);
    MC_WHEN(both_defined(value, other) && !same(value, other));
  }
  MC_OP(dot) {
    const Value value = m.at(regs, pc->b).find(m.at(regs, pc->c));
    if (value.is_undefined()) MC_JUMP;
    regs[pc->a] = value;
    MC_GO(pc + 1);
  }

  MC_OP(equal) {
    const Value& a = m.at(regs, pc->b);
    const Value& b = m.at(regs, pc->c);
    m.charge(a);
    MC_WHEN(!a.is_undefined() && same(a, b));
  }
  MC_OP(not_equal) {
    const Value& a = m.at(regs, pc->b);
    const Value& b = m.at(regs, pc->c);
    m.charge(a);
    MC_WHEN(both_defined(a, b) && !same(a, b));
  }
  MC_OP(truthy) {
    const Value& value = m.at(regs, pc->b);
    MC_WHEN(!value.is_undefined() && !value.is_false());
  }
  MC_OP(defined) { MC_WHEN(!m.at(regs, pc->b).is_undefined()); }
  MC_OP(undefined) { MC_WHEN(m.at(regs, pc->b).is_undefined()); }
  MC_OP(is_kind) { MC_WHEN(static_cast<std::uint16_t>(m.at(regs, pc->b).kind()) == pc->a); }
  MC_OP(test_less) {
    const Value& a = m.at(regs, pc->b);
    const Value& b = m.at(regs, pc->c);
    m.charge(a);
    MC_WHEN(both_defined(a, b) && less(a, b));
  }
  MC_OP(test_at_most) {
    const Value& a = m.at(regs, pc->b);
    const Value& b = m.at(regs, pc->c);
    m.charge(a);
    MC_WHEN(both_defined(a, b) && !less(b, a));
  }
  MC_OP(test_member) {
    const Value& wanted = m.at(regs, pc->b);
    if (!m.at(regs, pc->c).is_set()) m.charge(m.at(regs, pc->c));
    MC_WHEN(!wanted.is_undefined() && has_member(m.at(regs, pc->c), wanted));
  }

  MC_OP(len) {
    const Value value = length(m.at(regs, pc->b));
    if (value.is_undefined()) MC_JUMP;
    regs[pc->a] = value;
    MC_GO(pc + 1);
  }
  MC_OP(make_array) {
    regs[pc->a] = term::array(m.arena, static_cast<std::size_t>(pc->b));
    MC_GO(pc + 1);
  }
  MC_OP(make_object) {
    regs[pc->a] = term::object(m.arena);
    MC_GO(pc + 1);
  }
  MC_OP(make_set) {
    regs[pc->a] = term::set(m.arena);
    MC_GO(pc + 1);
  }
  MC_OP(fill_array) {
    const std::int32_t* const list = m.program->lists.data() + pc->b;
    regs[pc->a] = term::array(m.arena, static_cast<std::size_t>(list[0]));
    for (std::int32_t i = 1; i <= list[0]; ++i) {
      const Value item = m.at(regs, list[i]);
      if (item.is_undefined()) MC_JUMP;
      term::append(m.arena, regs[pc->a], item);
    }
    if (m.arena.over_limit() && !m.check_memory(pc)) MC_STOP;
    MC_GO(pc + 1);
  }

  MC_OP(append) {
    const Value item = m.at(regs, pc->b);
    if (!regs[pc->a].is_array() || item.is_undefined()) MC_JUMP;
    term::append(m.arena, regs[pc->a], item);
    if (m.arena.over_limit() && !m.check_memory(pc)) MC_STOP;
    MC_GO(pc + 1);
  }
  MC_OP(add) {
    const Value item = m.at(regs, pc->b);
    if (!regs[pc->a].is_set() || item.is_undefined()) MC_JUMP;
    term::add(m.arena, regs[pc->a], item);
    if (m.arena.over_limit() && !m.check_memory(pc)) MC_STOP;
    MC_GO(pc + 1);
  }
  MC_OP(insert) {
    const Value key = m.at(regs, pc->b), value = m.at(regs, pc->c);
    if (!regs[pc->a].is_object() || !both_defined(key, value)) MC_JUMP;
    term::insert(m.arena, regs[pc->a], key, value);
    if (m.arena.over_limit() && !m.check_memory(pc)) MC_STOP;
    MC_GO(pc + 1);
  }
  MC_OP(insert_once) {
    const Value key = m.at(regs, pc->b), value = m.at(regs, pc->c);
    if (!regs[pc->a].is_object() || !both_defined(key, value)) MC_JUMP;
    const Value old = regs[pc->a].find(key);
    if (old.is_undefined()) {
      term::insert(m.arena, regs[pc->a], key, value);
    } else if (!same(old, value)) {
      m.stop("eval_conflict_error", "object keys must be unique", pc);
      MC_STOP;
    }
    if (m.arena.over_limit() && !m.check_memory(pc)) MC_STOP;
    MC_GO(pc + 1);
  }
  MC_OP(merge) {
    const Value value = merged(m.arena, m.at(regs, pc->b), m.at(regs, pc->c));
    if (m.arena.over_limit() && !m.check_memory(pc)) MC_STOP;
    if (value.is_undefined()) MC_JUMP;
    regs[pc->a] = value;
    MC_GO(pc + 1);
  }
  MC_OP(assign_once) {
    const Value& value = m.at(regs, pc->b);
    Value& target = regs[pc->a];
    if (target.is_undefined()) {
      target = value;
    } else if (!value.is_undefined() && !same(target, value)) {
      m.stop("eval_conflict_error",
             pc->c != 0 ? "functions must not produce multiple outputs for same inputs"
                        : "complete rules must not produce multiple outputs",
             pc);
      MC_STOP;
    }
    MC_GO(pc + 1);
  }
  MC_OP(result) {
    const Value value = m.at(regs, pc->b);
    if (!value.is_undefined()) term::add(m.arena, m.results, value);
    if (m.arena.over_limit() && !m.check_memory(pc)) MC_STOP;
    MC_GO(pc + 1);
  }

  MC_OP(scan) {
    regs[pc->a] = m.at(regs, pc->b);
    regs[pc->a + 1] = Value::integer(0);
    MC_JUMP;
  }
  MC_OP(next) {
    const Value among = regs[pc->a];
    const auto i = static_cast<std::size_t>(regs[pc->a + 1].small());
    Value key, value;
    if (among.is_object()) {
      const std::span<const term::Entry> members = among.members();
      if (i >= members.size()) MC_GO(pc + 1);
      key = members[i].key;
      value = members[i].value;
    } else {
      const std::span<const Value> items = among.items();
      if (i >= items.size()) MC_GO(pc + 1);
      value = items[i];
      key = among.is_array() ? Value::integer(static_cast<std::int64_t>(i)) : value;
    }
    regs[pc->a + 1] = Value::integer(static_cast<std::int64_t>(i) + 1);
    if (pc->b >= 0) regs[pc->b] = key;
    if (pc->c >= 0) regs[pc->c] = value;
    if (!m.spend(pc, m.code + pc->d)) MC_STOP;
    MC_JUMP;
  }

  MC_OP(with_enter) {
    const Value value = m.at(regs, pc->b);
    if (pc->c >= 0 && value.is_undefined()) MC_JUMP;
    m.enter_with(*pc, regs, value);
    if (m.arena.over_limit() && !m.check_memory(pc)) MC_STOP;
    MC_GO(pc + 1);
  }
  MC_OP(with_leave) {
    m.leave_with(regs);
    MC_GO(pc + 1);
  }

  // The window of a function called at `pc`, or null when a limit ends the run. Moves `regs`.
  static Value* enter(const Instruction* pc, Value*& regs, std::int32_t function,
                      Machine::State& m) {
    const FunctionCode& callee = m.program->functions[static_cast<std::size_t>(function)];
    if (m.frame == m.frames_end) {
      m.stop("eval_cancel_error", "calls nest too deep", pc);
      return nullptr;
    }
    if (m.stack_end - m.top < callee.registers) {
      regs = m.grow(regs, callee.registers, pc);
      if (regs == nullptr) return nullptr;
    }
    if (!m.spend(pc, m.code + callee.entry)) return nullptr;
    Value* const window = m.top;
    m.top += callee.registers;
    *m.frame++ = {pc, static_cast<std::uint32_t>(regs - m.stack.data()), function};
    if constexpr (kWatched) m.note_call(function);
    return window;
  }

  MC_OP(call) {
    Value* const window = enter(pc, regs, pc->b, m);
    if (window == nullptr) MC_STOP;
    const std::int32_t* const list = m.program->lists.data() + pc->c;
    for (std::int32_t i = 0; i < list[0]; ++i) window[i] = m.at(regs, list[i + 1]);
    regs = window;
    MC_GO(m.counted);
  }
  MC_OP(test_call) { MC_AS(call); }
  MC_OP(call_rule) {
    const Remembered& known = m.rules[pc->b];
    if (known.generation != m.generation) MC_AS(call_new_rule);
    if (known.value.is_undefined()) MC_JUMP;
    regs[pc->a] = known.value;
    MC_GO(pc + 1);
  }
  MC_OP(test_rule) {
    const Remembered& known = m.rules[pc->b];
    if (known.generation != m.generation) MC_AS(call_new_rule);
    MC_WHEN(!known.value.is_undefined() && !known.value.is_false());
  }
  MC_OP(call_new_rule) {
    Value* const window = enter(pc, regs, pc->b, m);
    if (window == nullptr) MC_STOP;
    window[0] = regs[0];
    window[1] = regs[1];
    regs = window;
    MC_GO(m.counted);
  }
  MC_OP(call_dynamic) {
    const Site& site = m.program->sites[static_cast<std::size_t>(pc->b)];
    const std::int32_t function = m.find_dynamic(site, regs);
    if (function < 0) MC_JUMP;
    const std::int32_t* const list = m.program->lists.data() + site.list;
    const Remembered& known = m.rules[function];
    if (list[0] == 2 && known.generation == m.generation) {
      if (known.value.is_undefined()) MC_JUMP;
      regs[pc->a] = known.value;
      MC_GO(pc + 1);
    }
    Value* const window = enter(pc, regs, function, m);
    if (window == nullptr) MC_STOP;
    for (std::int32_t i = 0; i < list[0]; ++i) window[i] = m.at(regs, list[i + 1]);
    regs = window;
    MC_GO(m.counted);
  }
  MC_OP(return_value) {
    const Value value = m.at(regs, pc->b);
    const Frame& frame = *--m.frame;
    if (m.program->functions[static_cast<std::size_t>(frame.function)].is_rule) {
      m.rules[frame.function] = {value, m.generation};
    }
    if constexpr (kWatched) m.note_return(value, pc);
    const Instruction* const call = frame.call;
    m.top = regs;
    regs = m.stack.data() + frame.base;
    if (!m.spend(pc, call + 1)) MC_STOP;
    const bool is_test = call->op == Opcode::test_rule || call->op == Opcode::test_call;
    if (value.is_undefined() || (is_test && value.is_false())) MC_GO(m.code + call->d);
    if (!is_test) regs[call->a] = value;
    MC_GO(call + 1);
  }

  MC_OP(call_builtin) {
    const Site& site = m.program->sites[static_cast<std::size_t>(pc->b)];
    const Value value = call_site(m, regs, site);
    if (value.is_undefined()) {
      if (m.context->fault && !m.note_fault(site, pc)) MC_STOP;
      MC_JUMP;
    }
    regs[pc->a] = value;
    MC_GO(pc + 1);
  }
  MC_OP(test_builtin) {
    const Site& site = m.program->sites[static_cast<std::size_t>(pc->b)];
    const Value value = call_site(m, regs, site);
    if (value.is_undefined() && m.context->fault && !m.note_fault(site, pc)) MC_STOP;
    MC_WHEN(!value.is_undefined() && !value.is_false());
  }
  MC_OP(add_numbers) {
    const Value &a = m.at(regs, pc->b), &b = m.at(regs, pc->c);
    std::int64_t sum = 0;
    if (a.is_small() && b.is_small() && !__builtin_add_overflow(a.small(), b.small(), &sum)) {
      regs[pc->a] = Value::integer(sum);
      MC_GO(pc + 1);
    }
    MC_AS(call_slowly);
  }
  MC_OP(subtract) {
    const Value &a = m.at(regs, pc->b), &b = m.at(regs, pc->c);
    std::int64_t difference = 0;
    if (a.is_small() && b.is_small() &&
        !__builtin_sub_overflow(a.small(), b.small(), &difference)) {
      regs[pc->a] = Value::integer(difference);
      MC_GO(pc + 1);
    }
    MC_AS(call_slowly);
  }
  MC_OP(count) {
    const Value& among = m.at(regs, pc->b);
    if (among.is_array() || among.is_object() || among.is_set()) {
      regs[pc->a] = Value::integer(static_cast<std::int64_t>(among.size()));
      MC_GO(pc + 1);
    }
    MC_AS(call_slowly);
  }
  // The function itself, for what the instruction cannot do.
  MC_OP(call_slowly) {
    const Site& site = m.program->sites[static_cast<std::size_t>(pc->d)];
    const Value value = call_site(m, regs, site);
    if (value.is_undefined()) {
      if (m.context->fault && !m.note_fault(site, pc)) MC_STOP;
      MC_GO(m.code + site.undefined);
    }
    regs[pc->a] = value;
    MC_GO(pc + 1);
  }

  MC_OP(dispatch) {
    const Dispatch& table = m.program->dispatches[static_cast<std::size_t>(pc->b)];
    const Value value = table.path >= 0 ? read_path(m, regs, table.path) : regs[table.local];
    const std::int32_t list = list_of(table, m.program->constants, value);
    regs[pc->a] = Value::integer(list + 1);
    if (!m.spend(pc, m.code + m.program->bodies[static_cast<std::size_t>(list)])) MC_STOP;
    MC_GO(m.counted);
  }
  MC_OP(next_body) {
    const std::int64_t at = regs[pc->a].small();
    regs[pc->a] = Value::integer(at + 1);
    if (!m.spend(pc, m.code + m.program->bodies[static_cast<std::size_t>(at)])) MC_STOP;
    MC_GO(m.counted);
  }
  MC_OP(halt) {
    (void)regs;
    m.spend(pc, pc);
    MC_STOP;
  }
};

template <bool kWatched>
const std::array<Handler, 64> Ops<kWatched>::kHandlers = {
#define MC_VM_HANDLER(name, shape) Ops<kWatched>::name,
    MC_VM_OPCODES(MC_VM_HANDLER)
#undef MC_VM_HANDLER
};

template <bool kWatched>
void run(const Instruction* pc, Value* regs, Machine::State& m) {
  const auto& handlers = Ops<kWatched>::kHandlers;
  if constexpr (kWatched) m.note(pc);
  handlers[static_cast<std::size_t>(pc->op)](pc, regs, m);
#if !MC_VM_TAIL_CALLS
  while (m.next != nullptr) handlers[static_cast<std::size_t>(m.next->op)](m.next, m.registers, m);
#endif
}

}  // namespace

void run_plain(const Instruction* pc, Value* regs, Machine::State& state) {
  run<false>(pc, regs, state);
}

void run_watched(const Instruction* pc, Value* regs, Machine::State& state) {
  run<true>(pc, regs, state);
}

}  // namespace mc::vm
