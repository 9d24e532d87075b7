#include <algorithm>

#include "vm/lower.h"

namespace mc::vm {

std::int32_t PathTable::of(const Path& path) {
  const auto depth_of = [&](std::int32_t of) {
    return of < 0 ? 0 : depths_[static_cast<std::size_t>(of)];
  };
  const int depth = std::max(depth_of(path.parent), depth_of(path.key_path)) + 1;
  if (depth > kPathDepthMax) return -1;
  const auto [at, is_new] = index_.try_emplace({path.parent, path.root, path.key, path.key_path},
                                               static_cast<std::int32_t>(paths_.size()));
  if (is_new) {
    paths_.push_back(path);
    depths_.push_back(depth);
  }
  return at->second;
}

std::int32_t PathTracker::of_dot(const Step& dot) {
  Path wanted;
  if (dot.a < 0) return -1;
  if (dot.a < 2) {
    wanted.root = dot.a;
  } else if (wanted.parent = of_local(dot.a); wanted.parent < 0) {
    return -1;
  }
  if (dot.b < 0) {
    wanted.key = dot.b;
  } else if (wanted.key_path = of_local(dot.b); wanted.key_path < 0) {
    return -1;
  }
  const std::int32_t path = table_.of(wanted);
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
