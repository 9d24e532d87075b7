// The rule index: which bodies of a function can succeed, by the value of a path of input or data,
// or of a parameter, that most of them compare with constants.
#include <algorithm>
#include <bit>

#include "vm/lower.h"

namespace mc::vm {
namespace {

using plan::Op;

constexpr std::size_t kBodiesMin = 4;           // fewer are not worth an index
constexpr std::size_t kValuesMax = 10'000;      // of one body
constexpr std::size_t kSourcesMax = 16;         // that are weighed
constexpr std::size_t kEntriesMax = 1'000'000;  // in the lists of an index

// A path, or else a parameter.
struct Source {
  std::int32_t path = -1;
  Ref local = -1;
  auto operator<=>(const Source&) const = default;
};
// The block cannot succeed unless the source is one of the values.
using Guards = std::map<Source, std::vector<Ref>>;
struct Body {
  Guards guards;
  bool is_empty = false;  // of live statements
};

class GuardFinder {
 public:
  explicit GuardFinder(const IndexInputs& in) : in_(in) {}

  // Of what stands directly in the block, up to the first statement that others see.
  Guards find(StepBlock& block) {
    PathTracker tracker(in_.paths, in_.uses);
    if (StepBlock* const chain = only_block(block)) return find_in_chain(*chain);
    return find_in(block, tracker);
  }

 private:
  Guards find_in(StepBlock& block, PathTracker& tracker) {
    Guards guards;
    for (std::size_t i = 0; i < block.steps.size(); ++i) {
      Step& step = block.steps[i];
      if (step.gone) continue;
      if (is_seen(step)) break;
      if (step.op == Op::dot) {
        tracker.of_dot(step);
      } else if (step.op == Op::equal) {
        add_equal(step.a, step.b, tracker, guards);
      } else if (step.op == Op::call && step.builtin != nullptr &&
                 find_test(block, i, in_.uses) != 0) {
        const Test test = test_of(*step.builtin);
        if (test == Test::equal) add_equal(step.operands[0], step.operands[1], tracker, guards);
        if (test == Test::member) add_member(step, tracker, guards);
      }
    }
    return guards;
  }

  // A statement that is a block of several, and nothing beside it.
  StepBlock* only_block(StepBlock& block) const {
    Step* only = nullptr;
    for (Step& step : block.steps) {
      if (step.gone) continue;
      if (only != nullptr || step.op != Op::block) return nullptr;
      only = &step;
    }
    return only == nullptr ? nullptr : &block;
  }

  // All branches of an `else` chain must have the guard.
  Guards find_in_chain(StepBlock& block) {
    Guards all;
    bool is_first = true;
    for (Step& step : block.steps) {
      if (step.gone) continue;
      for (StepBlock& branch : step.blocks) {
        if (next_live(branch, 0) == branch.steps.size()) continue;
        PathTracker tracker(in_.paths, in_.uses);
        Guards own = find_in(branch, tracker);
        if (is_first) {
          all = std::move(own);
        } else {
          std::erase_if(all, [&](const auto& guard) { return !own.contains(guard.first); });
          for (auto& [source, values] : all) {
            values.insert(values.end(), own[source].begin(), own[source].end());
          }
        }
        is_first = false;
      }
    }
    return all;
  }

  // It may do more than end the block: then a body cannot be left out for what comes after it.
  // NOLINTNEXTLINE(misc-no-recursion): as deep as the plan, which is bounded
  bool is_seen(Step& step) const {
    if (step.op == Op::result_set_add || step.op == Op::return_local || step.op == Op::break_) {
      return true;
    }
    bool seen = false;
    each_mention(step, [&](Ref& ref, Mention kind) {
      const bool is_own = in_.registers.home[static_cast<std::size_t>(ref)] >= 0;
      seen = seen || (kind != Mention::read && !is_own && step.op != Op::with);
    });
    for (StepBlock& nested : step.blocks) {
      for (Step& inner : nested.steps) {
        if (inner.gone) continue;
        // A break may end only blocks of the statement itself; that is not worth finding out.
        if (seen || is_seen(inner)) return true;
      }
    }
    return seen;
  }

  Source source_of(Ref ref, const PathTracker& tracker) const {
    if (ref < 0) return {};
    if (const std::int32_t path = tracker.of_local(ref); path >= 0) return {path, -1};
    const Use& use = in_.uses[static_cast<std::size_t>(ref)];
    const bool is_parameter =
        ref >= 2 && ref < in_.flow.parameters && use.writes == 1 && use.changes == 0;
    return is_parameter ? Source{-1, ref} : Source{};
  }

  void add_equal(Ref a, Ref b, const PathTracker& tracker, Guards& guards) const {
    if (a < 0) std::swap(a, b);
    const Source source = source_of(a, tracker);
    if (b >= 0 || source == Source{}) return;
    guards.try_emplace(source, std::vector<Ref>{in_.constants.find(in_.constants.value(b))});
  }

  void add_member(const Step& call, const PathTracker& tracker, Guards& guards) {
    const Source source = source_of(call.operands[0], tracker);
    if (source == Source{} || call.operands[1] >= 0) return;
    const Value among = in_.constants.value(call.operands[1]);
    if (among.size() > kValuesMax) return;
    std::vector<Ref> values;
    const auto keep = [&](Value value) {
      const Ref ref = in_.constants.find(value);
      if (ref == kUndefined) return false;
      values.push_back(ref);
      return true;
    };
    for (const Value item : among.items()) {
      if (!keep(item)) return;
    }
    for (const term::Entry& member : among.members()) {
      if (!keep(member.value)) return;
    }
    guards.try_emplace(source, std::move(values));
  }

  const IndexInputs& in_;
};

void sort_values(std::vector<Ref>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

// The expected number of bodies to enter, in thousandths, for a value that some body asks for.
std::size_t cost_of(const Source& source, const std::vector<Body>& all) {
  std::size_t always = 0, entries = 0;
  std::vector<Ref> values;
  for (const auto& [guards, is_empty] : all) {
    if (is_empty) continue;
    const auto at = guards.find(source);
    if (at == guards.end()) {
      ++always;
      continue;
    }
    std::vector<Ref> own = at->second;
    sort_values(own);
    entries += own.size();
    values.insert(values.end(), own.begin(), own.end());
  }
  sort_values(values);
  if (values.empty() || values.size() * always + entries > kEntriesMax) return SIZE_MAX;
  return always * 1'000 + entries * 1'000 / values.size();
}

// The source to index by; none when no index pays.
Source best_source(const std::vector<Body>& all) {
  std::map<Source, std::size_t> counts;
  for (const Body& body : all) {
    for (const auto& [source, values] : body.guards) ++counts[source];
  }
  std::vector<std::pair<std::size_t, Source>> frequent;
  for (const auto& [source, count] : counts) {
    if (count >= kBodiesMin) frequent.emplace_back(count, source);
  }
  std::sort(frequent.rbegin(), frequent.rend());
  if (frequent.size() > kSourcesMax) frequent.resize(kSourcesMax);
  Source best;
  std::size_t best_cost =
      static_cast<std::size_t>(
          std::count_if(all.begin(), all.end(), [](const Body& body) { return !body.is_empty; })) *
      1'000;
  for (const auto& [count, source] : frequent) {
    const std::size_t cost = cost_of(source, all);
    if (cost >= best_cost) continue;
    best = source;
    best_cost = cost;
  }
  return best;
}

}  // namespace

BodyIndex find_index(const IndexInputs& in) {
  BodyIndex index;
  std::vector<Body> all;
  GuardFinder finder(in);
  for (StepBlock& block : in.flow.blocks) {
    const bool is_empty = next_live(block, 0) == block.steps.size();
    all.push_back({is_empty ? Guards{} : finder.find(block), is_empty});
  }
  const Source best = best_source(all);
  if (best == Source{}) return index;
  index.path = best.path;
  index.local = best.local;
  const auto has = [&](const Body& body) { return body.guards.contains(best); };
  index.begin = static_cast<std::size_t>(std::find_if(all.begin(), all.end(), has) - all.begin());
  index.end = static_cast<std::size_t>(all.rend() - std::find_if(all.rbegin(), all.rend(), has));
  for (std::size_t i = index.begin; i < index.end; ++i) {
    const auto at = all[i].guards.find(best);
    index.values.emplace_back();
    if (at == all[i].guards.end()) continue;
    index.values.back() = at->second;
    sort_values(index.values.back());
  }
  return index;
}

Dispatch make_dispatch(const BodyIndex& index, const std::vector<std::int32_t>& first_of,
                       const Constants& constants, std::vector<std::int32_t>& bodies) {
  Dispatch made;
  made.path = index.path;
  made.local = index.local;
  made.end = first_of.back();
  std::map<Ref, std::vector<std::size_t>> by_value;
  std::vector<std::size_t> always;
  for (std::size_t i = 0; i < index.values.size(); ++i) {
    if (index.values[i].empty() && first_of[i] >= 0) always.push_back(i);
    for (const Ref value : index.values[i]) by_value[value].push_back(i);
  }
  const auto add_list = [&](const std::vector<std::size_t>& own) {
    const auto begin = static_cast<std::int32_t>(bodies.size());
    std::vector<std::size_t> merged(own.size() + always.size());
    std::merge(own.begin(), own.end(), always.begin(), always.end(), merged.begin());
    for (const std::size_t i : merged) bodies.push_back(first_of[i]);
    bodies.push_back(first_of.back());
    return begin;
  };
  made.otherwise = add_list({});
  made.slots.resize(std::bit_ceil(by_value.size() * 2 + 2));
  for (const auto& [value, own] : by_value) {
    const std::uint64_t hash = term::hash(constants.value(value));
    std::size_t at = hash & (made.slots.size() - 1);
    while (made.slots[at].key != kUndefined) at = (at + 1) & (made.slots.size() - 1);
    made.slots[at] = {hash, value, add_list(own)};
  }
  return made;
}

}  // namespace mc::vm
