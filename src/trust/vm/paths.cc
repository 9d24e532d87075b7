#include "vm/lower.h"

namespace mc::vm {

std::int32_t PathTable::of(std::int32_t parent, std::int32_t root, Ref key) {
  const int depth = parent < 0 ? 1 : depths_[static_cast<std::size_t>(parent)] + 1;
  if (depth > kPathDepthMax) return -1;
  const auto [at, is_new] =
      index_.try_emplace({parent, root, key}, static_cast<std::int32_t>(paths_.size()));
  if (is_new) {
    paths_.push_back({.parent = parent, .root = root, .key = key});
    depths_.push_back(depth);
  }
  return at->second;
}

std::int32_t PathTracker::of_dot(const Step& dot) {
  if (dot.a < 0 || dot.b >= 0) return -1;
  std::int32_t path = -1;
  if (dot.a < 2) {
    path = table_.of(-1, dot.a, dot.b);
  } else if (const std::int32_t parent = of_local(dot.a); parent >= 0) {
    path = table_.of(parent, 0, dot.b);
  }
  const Use& use = uses_[static_cast<std::size_t>(dot.target)];
  if (path >= 0 && use.dominated() && use.changes == 0) {
    known_[dot.target] = {path, epoch_};
  }
  return path;
}

std::int32_t PathTracker::of_local(Ref local) const {
  const auto at = known_.find(local);
  return at == known_.end() || at->second.epoch != epoch_ ? -1 : at->second.path;
}

Test test_of(const builtin::Builtin& builtin) {
  constexpr std::pair<std::string_view, Test> kTests[] = {
      {"eq", Test::equal},      {"equal", Test::equal},
      {"neq", Test::not_equal}, {"lt", Test::less},
      {"lte", Test::at_most},   {"gt", Test::more},
      {"gte", Test::at_least},  {"internal.member_2", Test::member}};
  for (const auto& [name, test] : kTests) {
    if (builtin.name == name && &builtin == builtin::find_builtin(name)) return test;
  }
  return Test::none;
}

std::size_t next_live(const StepBlock& block, std::size_t at) {
  while (at < block.steps.size() && block.steps[at].gone) ++at;
  return at;
}

std::size_t find_test(const StepBlock& block, std::size_t at, const std::vector<Use>& uses) {
  const Step& call = block.steps[at];
  const std::size_t next = next_live(block, at + 1);
  if (next == block.steps.size()) return 0;
  const Step& test = block.steps[next];
  const bool asks =
      test.op == plan::Op::not_equal &&
      ((test.a == call.target && test.b == kFalse) || (test.b == call.target && test.a == kFalse));
  return asks && uses[static_cast<std::size_t>(call.target)].reads == 1 ? next : 0;
}

}  // namespace mc::vm
