#include <algorithm>

#include "vm/code.h"
#include "vm/flow.h"
#include "vm/lower.h"
#include "vm/vm.h"

namespace mc::vm {
namespace {

// The functions that a function calls by name.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the plan, which is bounded
void collect_calls(const std::vector<StepBlock>& blocks, std::vector<std::int32_t>& out) {
  for (const StepBlock& block : blocks) {
    for (const Step& step : block.steps) {
      if (step.function >= 0) out.push_back(step.function);
      collect_calls(step.blocks, out);
    }
  }
}

// The first function found to call itself, through others or not; -1: none. Dynamic calls are
// bounded when they run, by the depth of calls.
std::int32_t find_recursion(const std::vector<std::vector<std::int32_t>>& calls) {
  enum class Color : std::uint8_t { fresh, open, done };
  std::vector<Color> colors(calls.size(), Color::fresh);
  std::vector<std::pair<std::size_t, std::size_t>> stack;  // a function, and its next callee
  for (std::size_t root = 0; root < calls.size(); ++root) {
    if (colors[root] != Color::fresh) continue;
    stack.emplace_back(root, 0);
    colors[root] = Color::open;
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      if (next == calls[at].size()) {
        colors[at] = Color::done;
        stack.pop_back();
        continue;
      }
      const auto callee = static_cast<std::size_t>(calls[at][next++]);
      if (colors[callee] == Color::open) return static_cast<std::int32_t>(callee);
      if (colors[callee] == Color::done) continue;
      colors[callee] = Color::open;
      stack.emplace_back(callee, 0);
    }
  }
  return -1;
}

// The operands of a list from `begin` on.
bool has_input(const Program::Code& code, std::int32_t list, std::int32_t begin) {
  if (list < 0) return false;
  const std::int32_t* const at = code.lists.data() + list;
  return std::find(at + 1 + std::min(begin, at[0]), at + 1 + at[0], 0) != at + 1 + at[0];
}

// Register 0 is the input in every window. Paths read members of it, calls hand it on as their
// first operand; anything else may look at all of it.
bool uses_whole_input(const Program::Code& code) {
  for (const Instruction& in : code.instructions) {
    const std::string_view shape = opcode_shape(in.op);
    if ((shape[0] == 'r' && in.b == 0) || (shape[1] == 'r' && in.c == 0)) return true;
    const bool calls = in.op == Opcode::call || in.op == Opcode::test_call;
    if (shape[0] == 'l' && has_input(code, in.b, 0)) return true;
    if (shape[1] == 'l' && has_input(code, in.c, calls ? 1 : 0)) return true;
    for (const auto& [kind, number] : {std::pair(shape[0], in.b), std::pair(shape[2], in.d)}) {
      if (kind != 's') continue;
      const Site& site = code.sites[static_cast<std::size_t>(number)];
      const bool dynamic = in.op == Opcode::call_dynamic;
      if (has_input(code, site.list, dynamic ? 1 : 0)) return true;
      if (dynamic && has_input(code, site.path, 0)) return true;
    }
  }
  return std::any_of(code.dispatches.begin(), code.dispatches.end(),
                     [](const Dispatch& table) { return table.path < 0 && table.local == 0; });
}

class Maker {
 public:
  Maker(const plan::Policy& policy, const Capabilities& capabilities)
      : policy_(policy),
        code_(std::make_unique<Program::Code>()),
        constants_(*code_),
        lowering_(*code_, constants_),
        names_{.functions = {},
               .builtins = {},
               .policy = policy,
               .may_reach_out = capabilities.may_reach_out} {
    code_->zones = capabilities.zones;
    for (const builtin::Builtin& one : builtin::builtins()) names_.builtins[one.name] = &one;
    for (const builtin::Builtin& one : capabilities.more) names_.builtins[one.name] = &one;
  }

  Result<std::unique_ptr<const Program::Code>> make() {
    MC_TRY_OK(name_functions());
    MC_TRY_OK(make_functions());
    for (std::size_t i = 0; i < policy_.plans.size(); ++i) {
      MC_TRY(Flow flow, read_plan(names_, constants_, static_cast<std::int32_t>(i)));
      PlanCode made;
      made.name = policy_.plans[i].name;
      made.entry = size();
      MC_TRY(made.registers, lowering_.lower(flow));
      made.end = size();
      code_->plans.push_back(std::move(made));
    }
    code_->uses_whole_input = uses_whole_input(*code_);
    code_->files = policy_.files;
    std::sort(code_->by_path.begin(), code_->by_path.end());
    return std::unique_ptr<const Program::Code>(std::move(code_));
  }

 private:
  std::int32_t size() const { return static_cast<std::int32_t>(code_->instructions.size()); }

  Status name_functions() {
    for (std::size_t i = 0; i < policy_.functions.size(); ++i) {
      const auto index = static_cast<std::int32_t>(i);
      if (!names_.functions.emplace(policy_.functions[i].name, index).second) {
        return fail(Code::invalid, "function " + policy_.functions[i].name + ": stands twice");
      }
    }
    return ok();
  }

  Status make_functions() {
    std::vector<std::vector<std::int32_t>> calls;
    for (std::size_t i = 0; i < policy_.functions.size(); ++i) {
      const plan::Function& function = policy_.functions[i];
      MC_TRY(Flow flow, read_function(names_, constants_, static_cast<std::int32_t>(i)));
      std::vector<std::int32_t>& callees = calls.emplace_back();
      collect_calls(flow.blocks, callees);
      std::sort(callees.begin(), callees.end());
      callees.erase(std::unique(callees.begin(), callees.end()), callees.end());
      FunctionCode made;
      made.name = function.name;
      made.parameters = flow.parameters;
      made.is_rule = flow.parameters == 2;
      for (const std::string& part : function.path) made.path.push_back(constants_.string(part));
      made.entry = size();
      MC_TRY(made.registers, lowering_.lower(flow));
      made.end = size();
      add_path(made, static_cast<std::int32_t>(i));
      code_->functions.push_back(std::move(made));
    }
    if (const std::int32_t found = find_recursion(calls); found >= 0) {
      return fail(
          Code::invalid,
          "function " + policy_.functions[static_cast<std::size_t>(found)].name + ": calls itself");
    }
    return ok();
  }

  void add_path(const FunctionCode& function, std::int32_t index) {
    std::vector<Value> path;
    path.reserve(function.path.size());
    for (const Ref part : function.path) path.push_back(constants_.value(part));
    code_->by_path.emplace_back(path_hash(path.data(), path.size()), index);
  }

  const plan::Policy& policy_;
  std::unique_ptr<Program::Code> code_;
  Constants constants_;
  Lowering lowering_;
  Names names_;
};

}  // namespace

std::uint64_t path_hash(const Value* path, std::size_t size) {
  std::uint64_t hash = size;
  for (std::size_t i = 0; i < size; ++i) hash = hash * 0x9e3779b97f4a7c15ULL + term::hash(path[i]);
  return hash;
}

std::int32_t find_function(const Program::Code& code, const Value* path, std::size_t size) {
  const std::uint64_t hash = path_hash(path, size);
  auto at = std::lower_bound(code.by_path.begin(), code.by_path.end(), std::pair(hash, -1));
  for (; at != code.by_path.end() && at->first == hash; ++at) {
    const std::vector<Ref>& own = code.functions[static_cast<std::size_t>(at->second)].path;
    bool same = own.size() == size;
    for (std::size_t i = 0; same && i < size; ++i) {
      same = term::equal(code.constants[constant_index(own[i])], path[i]);
    }
    if (same) return at->second;
  }
  return -1;
}

plan::Location Program::Code::location(std::int32_t instruction) const {
  const auto after = std::upper_bound(
      marks.begin(), marks.end(), instruction,
      [](std::int32_t wanted, const Mark& mark) { return wanted < mark.instruction; });
  return after == marks.begin() ? plan::Location{} : std::prev(after)->at;
}

Program::Program(std::unique_ptr<const Code> code) : code_(std::move(code)) {}

Program::~Program() = default;

Result<std::shared_ptr<const Program>> Program::make(const plan::Policy& policy,
                                                     const Capabilities& capabilities) {
  MC_TRY(std::unique_ptr<const Code> code, Maker(policy, capabilities).make());
  return std::shared_ptr<const Program>(new Program(std::move(code)));
}

std::vector<std::string> Program::plan_names() const {
  std::vector<std::string> names;
  for (const PlanCode& plan : code_->plans) names.push_back(plan.name);
  return names;
}

int Program::find_plan(std::string_view name) const {
  const auto at = std::find_if(code_->plans.begin(), code_->plans.end(),
                               [&](const PlanCode& plan) { return plan.name == name; });
  return at == code_->plans.end() ? -1 : static_cast<int>(at - code_->plans.begin());
}

std::size_t Program::bytes() const {
  const Code& code = *code_;
  std::size_t bytes = code.arena.used() + code.constants.size() * sizeof(Value) +
                      code.instructions.size() * sizeof(Instruction) +
                      (code.lists.size() + code.bodies.size()) * sizeof(std::int32_t) +
                      code.paths.size() * sizeof(Path) + code.sites.size() * sizeof(Site) +
                      code.marks.size() * sizeof(Mark);
  for (const Dispatch& dispatch : code.dispatches) {
    bytes += dispatch.slots.size() * sizeof(Dispatch::Slot);
  }
  for (const FunctionCode& function : code.functions) {
    bytes += sizeof(FunctionCode) + function.name.size() + function.path.size() * sizeof(Ref);
  }
  return bytes;
}

}  // namespace mc::vm
