#include "vm/lower.h"

namespace mc::vm {
namespace {

constexpr std::int32_t kNowhere = -2, kSeveral = -1;

class Placer {
 public:
  Placer(Flow& flow, const std::vector<Use>& uses) : flow_(flow), uses_(uses) {
    made_.of_local.assign(uses_.size(), -1);
    made_.home.assign(uses_.size(), kNowhere);
    is_written_.assign(uses_.size(), false);
    must_reset_.assign(uses_.size(), false);
  }

  Registers place() {
    for (std::size_t i = 0; i < flow_.blocks.size(); ++i) {
      settle(flow_.blocks[i], static_cast<std::int32_t>(i));
    }
    std::int32_t next = flow_.parameters;
    for (std::int32_t i = 0; i < next; ++i) {
      made_.of_local[static_cast<std::size_t>(i)] = i;
      made_.home[static_cast<std::size_t>(i)] = kSeveral;
    }
    made_.shared_begin = next;
    for (std::size_t i = static_cast<std::size_t>(next); i < uses_.size(); ++i) {
      if (made_.home[i] == kSeveral) made_.of_local[i] = next++;
    }
    made_.shared_end = next;
    for (StepBlock& block : flow_.blocks) {
      locals_.clear();
      find_unwritten(block);
      Registers::Block placed;
      placed.end = next;
      for (const bool reset : {true, false}) {
        for (const Ref local : locals_) {
          if (must_reset_[at(local)] == reset) made_.of_local[at(local)] = placed.end++;
        }
        if (reset) placed.reset_end = placed.end;
      }
      made_.blocks.push_back(placed);
    }
    return std::move(made_);
  }

 private:
  static std::size_t at(Ref local) { return static_cast<std::size_t>(local); }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the plan, which is bounded
  void settle(StepBlock& block, std::int32_t home) {
    for (Step& step : block.steps) {
      if (step.gone) continue;
      each_mention(step, [&](Ref& ref, Mention) {
        std::int32_t& known = made_.home[at(ref)];
        known = known == kNowhere || known == home ? home : kSeveral;
      });
      for (StepBlock& nested : step.blocks) settle(nested, home);
    }
  }

  // Which locals of a block may be read before they are written. What a nested block writes counts
  // for that block only, as it may end early.
  // NOLINTNEXTLINE(misc-no-recursion)
  void find_unwritten(StepBlock& block) {
    std::vector<Ref> written;
    for (Step& step : block.steps) {
      if (step.gone) continue;
      std::vector<Ref> inner;
      each_mention(step, [&](Ref& ref, Mention kind) {
        if (made_.home[at(ref)] == kSeveral) return;
        if (made_.of_local[at(ref)] == -1) {
          made_.of_local[at(ref)] = 0;  // seen
          locals_.push_back(ref);
        }
        if (kind != Mention::write) {
          if (!is_written_[at(ref)]) must_reset_[at(ref)] = true;
        } else if (!is_written_[at(ref)]) {
          is_written_[at(ref)] = true;
          (step.op == plan::Op::scan ? inner : written).push_back(ref);
        }
      });
      for (StepBlock& nested : step.blocks) find_unwritten(nested);
      for (const Ref ref : inner) is_written_[at(ref)] = false;
    }
    for (const Ref ref : written) is_written_[at(ref)] = false;
  }

  Flow& flow_;
  const std::vector<Use>& uses_;
  Registers made_;
  std::vector<bool> is_written_, must_reset_;
  std::vector<Ref> locals_;  // of the block
};

}  // namespace

Registers place_registers(Flow& flow, const std::vector<Use>& uses) {
  return Placer(flow, uses).place();
}

}  // namespace mc::vm
