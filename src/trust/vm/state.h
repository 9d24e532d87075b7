// What a Machine works with while it runs. Private to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "builtin/builtin.h"
#include "vm/code.h"
#include "vm/vm.h"

namespace mc::vm {

// A call under way: where it was made, the caller's registers, the function called.
struct Frame {
  const Instruction* call = nullptr;
  std::uint32_t base = 0;
  std::int32_t function = -1;
};

// A rule's value, or a path's, while the input and data it was made of last.
struct Remembered {
  Value value;
  std::uint64_t generation = 0;
};

// A `with` under way.
struct Override {
  Value old;          // of the local
  Value input, data;  // before it
  std::uint64_t generation = 0;
  std::uint16_t local = 0;
};

// Of a run that is watched: profile, coverage, trace.
struct Watch {
  struct Call {
    std::int32_t function = -1;
    MonoTime since;
    plan::Location failed, succeeded;
  };
  std::vector<Call> calls;
  std::vector<std::int64_t> entries;  // of each instruction
  std::vector<std::pair<std::int64_t, Nanos>> functions;
  const Instruction* last = nullptr;
};

struct Machine::State {
  State(sys::Clock& clock_in, sys::Random& random_in);

  // Of the program.
  const Instruction* code = nullptr;
  const Value* constants = nullptr;
  const Program::Code* program = nullptr;
  // Registers: the windows of all calls, one after the other. `top` is the end of the current one.
  Value* top = nullptr;
  Value* stack_end = nullptr;
  Frame* frame = nullptr;  // the next free one
  Frame* frames_end = nullptr;
  // Each input and data has its generation; no two of a machine are the same.
  std::uint64_t generation = 0;
  Remembered* rules = nullptr;
  Remembered* paths = nullptr;
  const Instruction* counted = nullptr;  // instructions up to here are counted
  std::int64_t check_at = 0;             // steps_left at which limits are looked at
  builtin::Context* context = nullptr;
  const Instruction* next = nullptr;  // where to go on, without tail calls
  Value* registers = nullptr;

  term::Arena arena;
  Value results;
  const Query* query = nullptr;
  std::optional<EvalError> error;
  Watch watch;

  sys::Clock& clock;
  sys::Random& random;
  std::unique_ptr<builtin::Caches, void (*)(builtin::Caches*)> caches;
  std::vector<Value> stack;
  std::vector<Frame> frames;
  std::vector<Remembered> rule_slots, path_slots;
  std::vector<Override> overrides;
  std::uint64_t first_generation = 0, last_generation = 0;  // of the run
  std::optional<MonoTime> deadline;

  void begin(const Program::Code& code_in, const Query& query_in, builtin::Context& context_in);
  // The slow ways of instructions. Those that answer false have ended the run.
  Value load_path(const Value* regs, std::int32_t path);
  bool check_limits(const Instruction* pc);
  bool check_memory(const Instruction* pc);
  // The caller's registers in a larger stack, or null.
  Value* grow(const Value* regs, std::int32_t wanted, const Instruction* pc);
  bool note_fault(const Site& site, const Instruction* pc);
  void enter_with(const Instruction& in, Value* regs, Value value);
  void leave_with(Value* regs);
  std::int32_t find_dynamic(const Site& site, const Value* regs);
  bool stop(std::string_view code_name, std::string message, const Instruction* pc);
  // Of watched runs.
  void note(const Instruction* pc);
  void note_call(std::int32_t function);
  void note_return(Value value, const Instruction* pc);
  void begin_watch();
  void write_profile(Profile& profile) const;

  const Value& at(const Value* regs, Ref ref) const {
    return ref >= 0 ? regs[ref] : constants[~ref];
  }
  // Looking through a collection costs more than an instruction.
  void charge(const Value& value) {
    if (value.kind() >= Kind::array) {
      context->steps_left -= static_cast<std::int64_t>(value.size());
    }
  }
  // Counts the instructions up to `pc`, and goes on counting at `to`.
  bool spend(const Instruction* pc, const Instruction* to) {
    context->steps_left -= pc - counted + 1;
    counted = to;
    return context->steps_left > check_at || check_limits(pc);
  }
};

// Runs from `pc` until the plan halts or something ends it.
void run_plain(const Instruction* pc, Value* regs, Machine::State& state);
void run_watched(const Instruction* pc, Value* regs, Machine::State& state);

}  // namespace mc::vm
