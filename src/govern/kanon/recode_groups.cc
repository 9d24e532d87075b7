#include "kanon/recode_groups.h"

#include <algorithm>

namespace mc::kanon {
namespace {

constexpr std::uint64_t kWatchEvery = 1 << 19;  // steps

}  // namespace

void Meter::allow(std::uint64_t steps) {
  limit_ = steps;
  ended_ = go_ != Go::on;
}

bool Meter::spend(std::uint64_t steps) {
  if (ended_) return false;
  stats_->steps += steps;
  since_ += steps;
  ended_ = stats_->steps > limit_;
  if (!ended_ && since_ >= kWatchEvery && *watch_) {
    since_ = 0;
    go_ = (*watch_)(progress);
    ended_ = go_ != Go::on;
  }
  if (ended_) stats_->finished = false;
  return !ended_;
}

Groups::Groups(const Problem& problem, const Space& space)
    : problem_(&problem),
      space_(&space),
      rows_min_(std::max({problem.sizes().k, problem.sizes().k_map, 1u})),
      rows_(problem.rows()) {}

bool Groups::fulfil_criteria(std::span<const Member> members) const {
  std::vector<ValueCount> counts;
  for (std::size_t i = 0; i < problem_->sensitive().size(); ++i) {
    counts.clear();
    for (const Member& each : members) {
      counts.push_back({space_->tuples.values_of(space_->tuple_of[each.point])[i], each.rows});
    }
    std::sort(counts.begin(), counts.end(),
              [](const ValueCount& a, const ValueCount& b) { return a.value < b.value; });
    std::size_t size = 0;
    for (const ValueCount& each : counts) {
      if (size > 0 && counts[size - 1].value == each.value) {
        counts[size - 1].rows += each.rows;
      } else {
        counts[size++] = each;
      }
    }
    if (!fulfils_all(problem_->sensitive()[i], std::span(counts).first(size))) return false;
  }
  return true;
}

bool Groups::fulfil(std::span<const Member> members) const {
  std::uint64_t rows = 0;
  for (const Member& each : members) rows += each.rows;
  return rows >= rows_min_ && fulfil_criteria(members);
}

void Groups::refresh(Group& group) const {
  group.nodes.clear();
  group.cost = 0;
  group.rows = 0;
  for (const Member& each : group.members) {
    group.rows += each.rows;
    if (group.nodes.empty()) {
      const auto leaves = space_->leaves_of(each.point);
      group.nodes.assign(leaves.begin(), leaves.end());
    } else {
      group.cost = space_->widen(group.nodes, each.point);
    }
  }
}

Group Groups::make(std::vector<Member> members) const {
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.point < b.point; });
  std::size_t size = 0;
  for (const Member each : members) {
    if (size > 0 && members[size - 1].point == each.point) {
      members[size - 1].rows += each.rows;
    } else {
      members[size++] = each;
    }
  }
  members.resize(size);
  Group out;
  out.members = std::move(members);
  refresh(out);
  return out;
}

void Groups::add(Group& group, std::span<const Member> members) const {
  for (const Member& each : members) {
    const auto same =
        std::find_if(group.members.begin(), group.members.end(),
                     [&](const Member& member) { return member.point == each.point; });
    if (same != group.members.end()) {
      same->rows += each.rows;
    } else {
      group.members.push_back(each);
    }
  }
  refresh(group);
}

void Groups::take(Group& group, Member member) const {
  const auto at = std::find_if(group.members.begin(), group.members.end(),
                               [&](const Member& each) { return each.point == member.point; });
  MC_CHECK(at != group.members.end() && at->rows >= member.rows);
  at->rows -= member.rows;
  group.rows -= member.rows;
  if (at->rows > 0) return;
  group.members.erase(at);
  if (group.cost > 0) refresh(group);
}

std::uint64_t Groups::total() const {
  std::uint64_t out = 0;
  for (const Group& each : all) out += each.total();
  return out;
}

std::int64_t Groups::mean_pico() const {
  const std::uint64_t cells = rows_ * space_->columns();
  if (cells == 0) return 0;
  const std::uint64_t sum = total(), scale = kPico / kWholeColumn;
  return static_cast<std::int64_t>(sum / cells * scale + sum % cells * scale / cells);
}

}  // namespace mc::kanon
