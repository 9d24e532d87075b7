#include "vm/lower.h"

namespace mc::vm {
namespace {

constexpr std::int32_t kNowhere = -2, kSeveral = -1;

class Placer {
 public:
  explicit Placer(Flow& flow) : flow_(flow), finder_(flow.locals) {
    made_.of_local.assign(at(flow.locals), -1);
    made_.home.assign(at(flow.locals), kNowhere);
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
    for (std::size_t i = static_cast<std::size_t>(next); i < made_.home.size(); ++i) {
      if (made_.home[i] == kSeveral) made_.of_local[i] = next++;
    }
    made_.shared_end = next;
    for (StepBlock& block : flow_.blocks) {
      Registers::Block placed;
      placed.end = next;
      const std::span<const ReadFirst::Local> locals = finder_.find(block);
      for (const bool reset : {true, false}) {
        for (const ReadFirst::Local& local : locals) {
          const bool is_own = made_.home[at(local.local)] >= 0;
          if (is_own && local.read_first == reset) made_.of_local[at(local.local)] = placed.end++;
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

  Flow& flow_;
  ReadFirst finder_;
  Registers made_;
};

}  // namespace

Registers place_registers(Flow& flow) {
  return Placer(flow).place();
}

}  // namespace mc::vm
