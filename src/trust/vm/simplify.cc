#include <algorithm>

#include "vm/flow.h"

namespace mc::vm {
namespace {

using plan::Op;

constexpr int kConstantDepthMax = 50;

bool is_make(Op op) {
  return op == Op::make_array || op == Op::make_object || op == Op::make_set;
}

// In the order of the text: locals that always hold the same constant become that constant, copies
// of a local become the local.
class Folder {
 public:
  Folder(Flow& flow, Constants& constants)
      : flow_(flow), constants_(constants), uses_(find_uses(flow)), instead_(uses_.size()) {
    for (std::size_t i = 0; i < instead_.size(); ++i) instead_[i] = static_cast<Ref>(i);
  }

  void fold() {
    for (StepBlock& block : flow_.blocks) walk(block);
  }

 private:
  // A collection made of constants so far.
  struct Building {
    Value value;
    int left = 0;  // changes still to come
    int depth = 1;
    std::vector<Step*> steps;
  };

  Use& use(Ref local) { return uses_[static_cast<std::size_t>(local)]; }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the plan, which is bounded
  void walk(StepBlock& block) {
    for (Step& step : block.steps) {
      if (step.gone) continue;
      each_mention(step, [&](Ref& ref, Mention) { ref = instead_[static_cast<std::size_t>(ref)]; });
      if (step.op == Op::assign_var) {
        step.gone = fold_copy(step, block);
      } else if (is_make(step.op)) {
        start(step, block);
      } else if (step.target >= 0 && building_.contains(step.target)) {
        build(step);
      } else if (step.op == Op::is_defined && step.a < 0) {
        step.gone = step.a != kUndefined;
      }
      for (StepBlock& nested : step.blocks) walk(nested);
    }
  }

  bool fold_copy(const Step& step, const StepBlock& block) {
    Use& to = use(step.target);
    if (!to.dominated()) return false;
    if (step.a < 0) {
      if (to.changes > 0 || step.a == kUndefined) return false;
      instead_[static_cast<std::size_t>(step.target)] = step.a;
      return true;
    }
    Use& from = use(step.a);
    const bool is_parameter = step.a < flow_.parameters;
    // Either nothing changes the source any more, or nothing reads it after this.
    const bool is_stable = from.changes == 0 && to.changes == 0 &&
                           (is_parameter ? from.writes == 1 : from.dominated());
    const bool is_last = !is_parameter && from.last == step.place && from.first >= block.begin &&
                         (to.changes == 0 || from.dominated());
    if (!is_stable && !is_last) return false;
    instead_[static_cast<std::size_t>(step.target)] = step.a;
    from.last = std::max(from.last, to.last);
    from.reads += to.reads - 1;
    from.changes += to.changes;
    return true;
  }

  void start(Step& step, const StepBlock& block) {
    const Use& made = use(step.target);
    if (!made.dominated()) return;
    if (made.changes > 0 && (made.change_begin != block.begin ||
                             (made.first_read >= 0 && made.first_read < made.last_change))) {
      return;
    }
    Building building;
    building.left = made.changes;
    building.steps.push_back(&step);
    term::Arena& arena = constants_.arena();
    building.value = step.op == Op::make_array ? term::array(arena)
                     : step.op == Op::make_set ? term::set(arena)
                                               : term::object(arena);
    const auto at = building_.emplace(step.target, std::move(building)).first;
    if (at->second.left == 0) finish(at);
  }

  void build(Step& step) {
    const auto at = building_.find(step.target);
    Building& building = at->second;
    term::Arena& arena = constants_.arena();
    bool fits = step.a < 0 && step.a != kUndefined;
    if (fits && step.op == Op::array_append && building.value.is_array()) {
      term::append(arena, building.value, constants_.value(step.a));
    } else if (fits && step.op == Op::set_add && building.value.is_set()) {
      term::add(arena, building.value, constants_.value(step.a));
    } else if (fits && step.op == Op::object_insert && building.value.is_object() && step.b < 0 &&
               step.b != kUndefined) {
      building.depth = std::max(building.depth, constants_.depth(step.b) + 1);
      term::insert(arena, building.value, constants_.value(step.a), constants_.value(step.b));
    } else {
      fits = false;
    }
    if (fits) building.depth = std::max(building.depth, constants_.depth(step.a) + 1);
    if (!fits || building.depth > kConstantDepthMax) {
      building_.erase(at);
      return;
    }
    building.steps.push_back(&step);
    if (--building.left == 0) finish(at);
  }

  void finish(std::unordered_map<Ref, Building>::iterator at) {
    const Ref constant = constants_.of(at->second.value, at->second.depth);
    instead_[static_cast<std::size_t>(at->first)] = constant;
    for (Step* const step : at->second.steps) step->gone = true;
    building_.erase(at);
  }

  Flow& flow_;
  Constants& constants_;
  std::vector<Use> uses_;
  std::vector<Ref> instead_;  // of a local
  std::unordered_map<Ref, Building> building_;
};

// Backwards: what nobody reads is not computed, unless it may be undefined.
class Sweeper {
 public:
  explicit Sweeper(Flow& flow) : flow_(flow), uses_(find_uses(flow)) {}

  void sweep() {
    for (auto block = flow_.blocks.rbegin(); block != flow_.blocks.rend(); ++block) walk(*block);
  }

 private:
  bool is_wanted(Ref local) const {
    const Use& use = uses_[static_cast<std::size_t>(local)];
    return use.reads > 0 || use.changes > 0 || local == flow_.result;
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void walk(StepBlock& block) {
    for (auto at = block.steps.rbegin(); at != block.steps.rend(); ++at) {
      Step& step = *at;
      if (step.gone) continue;
      for (auto nested = step.blocks.rbegin(); nested != step.blocks.rend(); ++nested) {
        walk(*nested);
      }
      if (step.op == Op::scan) {
        if (step.key >= 0 && !is_wanted(step.key)) step.key = -1;
        if (step.value >= 0 && !is_wanted(step.value)) step.value = -1;
      }
      const bool only_writes =
          step.op == Op::assign_var || step.op == Op::reset_local || is_make(step.op);
      if (!only_writes || is_wanted(step.target)) continue;
      step.gone = true;
      if (step.a >= 0) --uses_[static_cast<std::size_t>(step.a)].reads;
    }
  }

  Flow& flow_;
  std::vector<Use> uses_;
};

}  // namespace

void simplify(Flow& flow, Constants& constants) {
  split_locals(flow);
  Folder(flow, constants).fold();
  Sweeper(flow).sweep();
  shorten_results(flow);
}

}  // namespace mc::vm
