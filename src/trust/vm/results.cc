// How a rule's result comes about. The planner makes of each body
//   [reset x; ...; x = value, once] [x is defined; r = x, once]
// and of `else` a block of such bodies, each guarded by "x is undefined". Here x goes: a body that
// succeeds writes r at once; and when no other body can write another value, it returns.
#include <algorithm>

#include "vm/flow.h"

namespace mc::vm {
namespace {

using plan::Op;

std::vector<Step*> live(StepBlock& block) {
  std::vector<Step*> steps;
  for (Step& step : block.steps) {
    if (!step.gone) steps.push_back(&step);
  }
  return steps;
}

// A statement `x = value, once`, and where it stands.
struct Once {
  StepBlock* block = nullptr;
  std::size_t index = 0;
  int depth = 0;  // of blocks below the one that was searched
  bool in_scan = false;
  bool is_last = true;  // nothing follows it, or what it stands in
  Step& step() const { return block->steps[index]; }
};

// The mentions of a local in a block and all below.
struct Found {
  std::vector<Once> onces;
  std::vector<Step*> resets;  // of the block itself
  std::vector<Step*> tests;   // "is undefined", of the block itself
  bool others = false;        // any other mention
};

struct Where {
  int depth = 0;
  bool in_scan = false, in_not = false, is_last = true;
};

// NOLINTNEXTLINE(misc-no-recursion): as deep as the plan, which is bounded
void find_mentions(StepBlock& block, Ref local, const Where& where, Found& found) {
  std::size_t last = block.steps.size();
  while (last > 0 && block.steps[last - 1].gone) --last;
  for (std::size_t i = 0; i < last; ++i) {
    Step& step = block.steps[i];
    if (step.gone) continue;
    const bool is_last = where.is_last && i + 1 == last;
    if (step.op == Op::assign_var_once && step.target == local && step.a != local) {
      if (where.in_not) found.others = true;
      found.onces.push_back({&block, i, where.depth, where.in_scan, is_last});
    } else if (step.op == Op::reset_local && step.target == local && where.depth == 0) {
      found.resets.push_back(&step);
    } else if (step.op == Op::is_undefined && step.a == local && where.depth == 0) {
      found.tests.push_back(&step);
    } else {
      each_mention(step, [&](Ref& ref, Mention) { found.others = found.others || ref == local; });
    }
    for (StepBlock& nested : step.blocks) {
      find_mentions(nested, local,
                    {where.depth + 1, where.in_scan || step.op == Op::scan,
                     where.in_not || step.op == Op::not_, is_last},
                    found);
    }
  }
}

Found find_mentions(StepBlock& block, Ref local) {
  Found found;
  find_mentions(block, local, {}, found);
  return found;
}

// [x is defined; r = x, once]: the locals x and r.
struct Handover {
  Ref from = -1, to = -1;
};
Handover read_handover(StepBlock& block) {
  const std::vector<Step*> steps = live(block);
  if (steps.size() != 2 || steps[0]->op != Op::is_defined || steps[0]->a < 0 ||
      steps[1]->op != Op::assign_var_once || steps[1]->a != steps[0]->a ||
      steps[1]->target == steps[0]->a) {
    return {};
  }
  return {steps[0]->a, steps[1]->target};
}

void drop_all(StepBlock& block) {
  for (Step& step : block.steps) step.gone = true;
}

class Joiner {
 public:
  explicit Joiner(Flow& flow) : flow_(flow), uses_(find_uses(flow)) {}

  void join() {
    join(flow_.blocks, true);
    for (StepBlock& block : flow_.blocks) shorten_chain(block);
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion)
  void join(std::vector<StepBlock>& blocks, bool is_top) {
    for (std::size_t i = 0; i + 1 < blocks.size(); ++i) join(blocks[i], blocks[i + 1], is_top);
    for (StepBlock& block : blocks) {
      for (Step& step : block.steps) {
        if (!step.gone && step.op == Op::block) join(step.blocks, false);
        if (!step.gone && step.op != Op::block) {
          for (StepBlock& nested : step.blocks) join_below(nested);
        }
      }
    }
  }
  // NOLINTNEXTLINE(misc-no-recursion)
  void join_below(StepBlock& block) {
    for (Step& step : block.steps) {
      if (step.gone) continue;
      if (step.op == Op::block) {
        join(step.blocks, false);
      } else {
        for (StepBlock& nested : step.blocks) join_below(nested);
      }
    }
  }

  void join(StepBlock& body, StepBlock& after, bool is_top) {
    const Handover names = read_handover(after);
    if (names.from < flow_.parameters || names.to < flow_.parameters) return;
    const Use& use = uses_[static_cast<std::size_t>(names.from)];
    if (use.reads != 2 || use.first < body.begin || use.last >= after.end) return;
    const Found found = find_mentions(body, names.from);
    if (found.others || !found.tests.empty() || found.onces.empty()) return;
    if (found.resets.size() > 1 || (found.resets.empty() && !is_top)) return;
    if (!found.resets.empty() && found.resets[0]->place != use.first) return;
    const Found taken = find_mentions(body, names.to);
    if (taken.others || !taken.onces.empty() || !taken.resets.empty()) return;
    for (const Once& once : found.onces) once.step().target = names.to;
    for (Step* const step : found.resets) step->gone = true;
    drop_all(after);
  }

  // A block that holds nothing but the branches of an `else` chain.
  void shorten_chain(StepBlock& top) {
    const std::vector<Step*> steps = live(top);
    if (steps.size() != 1 || steps[0]->op != Op::block) return;
    std::vector<StepBlock>& blocks = steps[0]->blocks;
    if (blocks.size() < 3) return;
    const Handover names = read_handover(blocks.back());
    if (names.from < flow_.parameters || names.to < flow_.parameters) return;
    const Use& use = uses_[static_cast<std::size_t>(names.from)];
    if (use.first < top.begin || use.last >= top.end) return;
    std::vector<Found> branches;
    for (std::size_t i = 0; i + 1 < blocks.size(); ++i) {
      branches.push_back(find_mentions(blocks[i], names.from));
      if (!is_branch(branches.back(), blocks[i], names, i == 0)) return;
    }
    for (const Found& branch : branches) {
      for (Step* const step : branch.resets) step->gone = true;
      for (Step* const step : branch.tests) step->gone = true;
      for (const Once& once : branch.onces) leave_after(once, names.to);
    }
    drop_all(blocks.back());
  }

  static bool is_branch(const Found& found, StepBlock& block, const Handover& names,
                        bool is_first) {
    const std::vector<Step*> steps = live(block);
    const std::vector<Step*>& guards = is_first ? found.resets : found.tests;
    const std::vector<Step*>& none = is_first ? found.tests : found.resets;
    if (found.others || guards.size() != 1 || !none.empty() || guards[0] != steps[0]) return false;
    for (const Once& once : found.onces) {
      const bool may_leave = !once.in_scan || (once.step().a < 0 && found.onces.size() == 1);
      if (!once.is_last || !may_leave) return false;
    }
    const Found result = find_mentions(block, names.to);
    return !result.others && result.onces.empty() && result.resets.empty();
  }

  // The result is written, and the chain ended.
  static void leave_after(const Once& once, Ref result) {
    Step leave;
    leave.op = Op::break_;
    leave.integer = once.depth + 1;
    leave.at = once.step().at;
    once.step().target = result;
    once.step().only_defined = true;
    once.block->steps.resize(once.index + 1);  // what follows is gone
    once.block->steps.push_back(std::move(leave));
  }

  Flow& flow_;
  std::vector<Use> uses_;
};

// A function whose bodies all write the same constant, or that has one body that writes once.
class Returner {
 public:
  explicit Returner(Flow& flow) : flow_(flow) {}

  void shorten() {
    if (flow_.function < 0 || flow_.result < flow_.parameters || flow_.blocks.empty()) return;
    const std::vector<Step*> last = live(flow_.blocks.back());
    if (last.size() != 1 || last[0]->op != Op::return_local || last[0]->a != flow_.result) return;
    if (!collect()) return;
    const bool same = std::all_of(onces_.begin(), onces_.end(), [&](const Once& once) {
      return once.step().a < 0 && once.step().a == onces_[0].step().a;
    });
    if (!same && !exclusive_) return;
    for (const Once& once : onces_) make_return(once);
    for (const Once& once : defaults_) make_return(once);
    for (Step* const test : tests_) test->gone = true;
    last[0]->a = kUndefined;
  }

 private:
  // False when the result is used in other ways.
  bool collect() {
    int bodies = 0;
    for (std::size_t i = 0; i + 1 < flow_.blocks.size(); ++i) {
      Found found = find_mentions(flow_.blocks[i], flow_.result);
      if (found.others || !found.resets.empty()) return false;
      if (!found.tests.empty()) {  // a default: the last before the return
        if (i + 2 != flow_.blocks.size() || found.tests.size() != 1 || found.onces.size() != 1 ||
            found.onces[0].depth != 0 || found.tests[0] != live(flow_.blocks[i])[0]) {
          return false;
        }
        tests_ = found.tests;
        defaults_ = found.onces;
        continue;
      }
      if (found.onces.empty()) continue;
      ++bodies;
      for (const Once& once : found.onces) {
        exclusive_ = exclusive_ && !once.in_scan && (found.onces.size() == 1 || leaves(once));
      }
      onces_.insert(onces_.end(), found.onces.begin(), found.onces.end());
    }
    exclusive_ = exclusive_ && bodies == 1;
    return bodies > 0;
  }

  static bool leaves(const Once& once) {
    const std::vector<Step>& steps = once.block->steps;
    return once.index + 1 < steps.size() && steps[once.index + 1].op == Op::break_ &&
           steps[once.index + 1].integer >= once.depth;
  }

  static void make_return(const Once& once) {
    once.step().op = Op::return_local;
    once.step().target = -1;
    once.step().only_defined = true;
  }

  Flow& flow_;
  std::vector<Once> onces_, defaults_;
  std::vector<Step*> tests_;
  bool exclusive_ = true;
};

}  // namespace

void shorten_results(Flow& flow) {
  Joiner(flow).join();
  Returner(flow).shorten();
}

}  // namespace mc::vm
