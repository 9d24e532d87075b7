// Writes the instructions of one function. Private to the module.
#pragma once

#include <cstdint>
#include <vector>

#include "vm/lower.h"

namespace mc::vm {

class Emitter {
 public:
  Emitter(Lowering& lowering, Flow& flow);
  // The registers needed.
  Result<std::int32_t> emit();

 private:
  using Op = plan::Op;
  // A block being written: where its end is, and how many `with` are open there.
  struct Scope {
    int end = 0;
    int withs = 0;
  };

  void prepare(StepBlock& block, PathTracker& tracker);
  void emit_blocks(const BodyIndex& index);
  void emit_block(StepBlock& block, int withs);
  // False when its end is not reached: it ends with a break or a return.
  bool emit_steps(StepBlock& block);
  // The place of the last statement taken.
  std::size_t emit_step(StepBlock& block, std::size_t at);
  void emit_assignment(const Step& step);
  void emit_check(const Step& step);
  void emit_change(const Step& step);
  void emit_nested(Step& step);
  void emit_scan(Step& step);
  void emit_not(Step& step);
  void emit_with(Step& step);
  void emit_break(const Step& step);
  void emit_return(const Step& step);
  void check_defined(Ref value);
  bool is_only_parent(const StepBlock& block, std::size_t at) const;
  std::size_t emit_dot(StepBlock& block, std::size_t at);
  std::size_t emit_call(StepBlock& block, std::size_t at);
  std::size_t emit_builtin(StepBlock& block, std::size_t at);
  bool emit_test(const Step& call);
  void emit_dynamic(const Step& step);
  std::size_t emit_make(StepBlock& block, std::size_t at);

  int put(Opcode op, std::int32_t a, std::int32_t b = 0, std::int32_t c = 0, std::int32_t d = 0);
  int fail() const { return scopes_.back().end; }
  Ref ref(Ref local) const;
  std::int32_t reg(Ref local) const { return registers_.of_local[static_cast<std::size_t>(local)]; }
  const Use& use(Ref local) const { return uses_[static_cast<std::size_t>(local)]; }
  std::int32_t list(const std::vector<Ref>& refs);
  std::int32_t site(const Step& step);
  int new_label();
  void bind(int label);
  void mark(const plan::Location& at);
  void resolve();
  int position() const { return static_cast<int>(code_.instructions.size()); }

  Lowering& lowering_;
  Program::Code& code_;
  Flow& flow_;
  std::vector<Use> uses_;
  Registers registers_;
  std::vector<Scope> scopes_;
  std::vector<int> labels_;  // their places; -1 = not bound yet
  int last_bound_ = -1;      // the last place that has a label
  int entry_ = 0;
  std::size_t first_site_ = 0;
  std::vector<bool> is_defined_;    // locals that are wherever they are read
  std::int32_t next_register_ = 0;  // for iterators
  std::int32_t registers_max_ = 0;
  std::int32_t operands_max_ = 0;  // of builtins
};

}  // namespace mc::vm
