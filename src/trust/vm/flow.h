// Between a plan and its bytecode: the statements of one function with operands that may be any
// constant, locals numbered without gaps, and what was simplified away marked. Private to the
// module.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "vm/code.h"

namespace mc::vm {

// Frozen values, each once.
class Constants {
 public:
  explicit Constants(Program::Code& code);
  Ref of(Value value, int depth = 0);  // freezes it
  Ref string(std::string_view text);
  Ref find(Value value) const;  // the first that is equal, however written; kUndefined: none
  Value value(Ref ref) const { return code_.constants[constant_index(ref)]; }
  int depth(Ref ref) const { return depths_[constant_index(ref)]; }
  term::Arena& arena() { return code_.arena; }

 private:
  Program::Code& code_;
  std::vector<int> depths_;  // of nesting
  std::unordered_multimap<std::uint64_t, Ref> index_;
};

struct StepBlock;
// A statement. Named as in plan.h; return_local and result_set_add take any operand, a scan's key
// and value may be -1: not wanted.
struct Step {
  plan::Op op = plan::Op::nop;
  plan::Location at;
  Ref a = kUndefined, b = kUndefined;
  Ref target = -1, key = -1, value = -1;  // locals
  std::int64_t integer = 0;
  std::int32_t function = -1;                 // of call: of this policy
  const builtin::Builtin* builtin = nullptr;  // or this
  std::vector<Ref> operands, path;            // path: of call_dynamic and with
  std::int32_t known_path = -1;               // of dot: the path that it reads
  bool at_path = false;                       // of with
  bool is_available = true;                   // the builtin may be called here
  std::vector<StepBlock> blocks;
  bool only_defined = false;  // of assign_var_once, return_local: undefined when `a` is
  bool gone = false;          // simplified away
  int place = 0;              // in the order of the text
};
struct StepBlock {
  std::vector<Step> steps;
  int begin = 0, end = 0;  // places
};

struct Flow {
  std::string name;
  std::vector<StepBlock> blocks;
  std::int32_t parameters = 2;  // locals 0 .. parameters - 1
  std::int32_t locals = 2;
  Ref result = -1;             // of a function
  std::int32_t function = -1;  // its index; -1 = a plan
};

// How a local is used. Places count all statements of the function in the order of the text.
struct Use {
  int writes = 0;
  int changes = 0;  // array_append, set_add, object_insert, with
  int reads = 0;
  int first = -1, last = -1;       // mentions
  int write = -1, write_end = -1;  // the last write, and the end of the block it stands in
  int first_read = -1, last_change = -1;
  int change_begin = -1;   // where the block of all changes begins; -2: of several blocks
  bool early = false;      // read before the first write in the text
  bool once = false;       // written by assign_var_once, which looks at what is there
  bool otherwise = false;  // written by what would leave another value there
  // Written once, and every other mention comes after in the same block.
  bool dominated() const { return writes == 1 && !early && first == write && last < write_end; }
};
// Numbers the places and counts the mentions.
std::vector<Use> find_uses(Flow& flow);

enum class Mention : std::uint8_t { read, write, change };
// Of one statement without its blocks; reads first.
template <class F>
void each_mention(Step& step, F&& f) {
  using plan::Op;
  const auto read = [&](Ref& ref) {
    if (ref >= 0) f(ref, Mention::read);
  };
  read(step.a);
  read(step.b);
  for (Ref& ref : step.operands) read(ref);
  for (Ref& ref : step.path) read(ref);
  if (step.key >= 0) f(step.key, Mention::write);
  if (step.value >= 0) f(step.value, Mention::write);
  if (step.target < 0) return;
  switch (step.op) {
    case Op::array_append:
    case Op::set_add:
    case Op::object_insert:
    case Op::object_insert_once:
    case Op::with:
      f(step.target, Mention::change);
      break;
    default:
      f(step.target, Mention::write);
  }
}

// The locals that a block mentions, and which of them it looks at before it surely wrote them.
class ReadFirst {
 public:
  struct Local {
    Ref local = -1;
    int mentions = 0;
    bool read_first = false;
  };
  explicit ReadFirst(std::int32_t locals);
  void grow(std::int32_t locals);
  std::span<const Local> find(StepBlock& block);  // valid until the next call

 private:
  void visit(StepBlock& block);
  std::vector<std::int32_t> index_;  // of a local in found_
  std::vector<bool> is_written_;
  std::vector<Local> found_;
};

struct Names {  // what calls are resolved with
  std::unordered_map<std::string_view, std::int32_t> functions;
  std::unordered_map<std::string_view, const builtin::Builtin*> builtins;
  const plan::Policy& policy;
  bool may_reach_out = false;
};
Result<Flow> read_function(const Names& names, Constants& constants, std::int32_t index);
Result<Flow> read_plan(const Names& names, Constants& constants, std::int32_t index);

// Constants, copies and dead statements go; a rule's result is returned as soon as it is sure.
void simplify(Flow& flow, Constants& constants);
void split_locals(Flow& flow);  // parts of it (locals.cc, results.cc)
void shorten_results(Flow& flow);

}  // namespace mc::vm
