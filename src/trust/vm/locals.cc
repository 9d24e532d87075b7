// Which locals a block looks at before it writes them; and names of their own for what is only
// called the same.
#include <algorithm>

#include "vm/flow.h"

namespace mc::vm {
namespace {

constexpr int kDepthMax = 6;  // of blocks in blocks that are told apart

std::size_t at(Ref local) {
  return static_cast<std::size_t>(local);
}

// Blocks that come one after the other often use the same local for different things. Where no
// block needs what another one wrote, each gets a local of its own: then most are written once.
class Splitter {
 public:
  explicit Splitter(Flow& flow) : flow_(flow), finder_(flow.locals) {
    mentions_.resize(at(flow.locals));
    for (StepBlock& block : flow.blocks) {
      rename(block, [&](Ref& ref) { ++mentions_[at(ref)]; });
    }
  }

  void split() { split(flow_.blocks, 1); }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): kDepthMax bounds it
  void split(std::vector<StepBlock>& blocks, int depth) {
    if (depth > kDepthMax) return;
    if (blocks.size() > 1) tell_apart(blocks);
    for (StepBlock& block : blocks) split_below(block, depth);
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void split_below(StepBlock& block, int depth) {
    for (Step& step : block.steps) {
      if (step.op == plan::Op::block) {
        split(step.blocks, depth + 1);
      } else {
        for (StepBlock& nested : step.blocks) split_below(nested, depth);
      }
    }
  }

  void tell_apart(std::vector<StepBlock>& blocks) {
    struct Seen {
      int mentions = 0, blocks = 0;
      bool is_needed = false;  // a block looks at it before it writes it
    };
    std::unordered_map<Ref, Seen> seen;
    for (StepBlock& block : blocks) {
      for (const ReadFirst::Local& local : finder_.find(block)) {
        Seen& entry = seen[local.local];
        entry.mentions += local.mentions;
        ++entry.blocks;
        entry.is_needed = entry.is_needed || local.read_first;
      }
    }
    const auto may_split = [&](Ref local) {
      const auto entry = seen.find(local);
      return local >= flow_.parameters && entry != seen.end() && entry->second.blocks > 1 &&
             !entry->second.is_needed && entry->second.mentions == mentions_[at(local)];
    };
    for (StepBlock& block : blocks) {
      std::unordered_map<Ref, Ref> names;
      rename(block, [&](Ref& ref) {
        auto known = names.find(ref);
        if (known == names.end()) {
          if (!may_split(ref)) return;
          known = names.emplace(ref, flow_.locals++).first;
          mentions_.push_back(0);
        }
        ref = known->second;
        ++mentions_[at(ref)];
      });
    }
    finder_.grow(flow_.locals);
  }

  template <class F>
  // NOLINTNEXTLINE(misc-no-recursion)
  void rename(StepBlock& block, const F& change) {
    for (Step& step : block.steps) {
      each_mention(step, [&](Ref& ref, Mention) { change(ref); });
      for (StepBlock& nested : step.blocks) rename(nested, change);
    }
  }

  Flow& flow_;
  ReadFirst finder_;
  std::vector<int> mentions_;  // of a local, in all
};

}  // namespace

ReadFirst::ReadFirst(std::int32_t locals) {
  grow(locals);
}

void ReadFirst::grow(std::int32_t locals) {
  index_.resize(at(locals), -1);
  is_written_.resize(at(locals), false);
}

std::span<const ReadFirst::Local> ReadFirst::find(StepBlock& block) {
  found_.clear();
  visit(block);
  for (const Local& local : found_) index_[at(local.local)] = -1;
  return found_;
}

// What a nested block writes counts for that block only, as it may end early.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the plan, which is bounded
void ReadFirst::visit(StepBlock& block) {
  std::vector<Ref> written;
  for (Step& step : block.steps) {
    if (step.gone) continue;
    std::vector<Ref> inner;
    each_mention(step, [&](Ref& ref, Mention kind) {
      if (index_[at(ref)] < 0) {
        index_[at(ref)] = static_cast<std::int32_t>(found_.size());
        found_.push_back({.local = ref});
      }
      Local& local = found_[at(index_[at(ref)])];
      ++local.mentions;
      const bool looks = kind != Mention::write || step.op == plan::Op::assign_var_once;
      if (looks && !is_written_[at(ref)]) local.read_first = true;
      if (kind == Mention::write && !is_written_[at(ref)]) {
        is_written_[at(ref)] = true;
        (step.op == plan::Op::scan ? inner : written).push_back(ref);
      }
    });
    for (StepBlock& nested : step.blocks) visit(nested);
    for (const Ref ref : inner) is_written_[at(ref)] = false;
  }
  for (const Ref ref : written) is_written_[at(ref)] = false;
}

void split_locals(Flow& flow) {
  Splitter(flow).split();
}

}  // namespace mc::vm
