#include "kanon/recode.h"

#include <algorithm>
#include <limits>
#include <string>

#include "kanon/recode_groups.h"
#include "kanon/recode_grow.h"
#include "kanon/recode_refine.h"

namespace mc::kanon {
namespace {

// Whether all rows together fulfil what is asked. Unions of classes that fulfil it do so too, so
// without this there is no answer.
Status can_be(const Problem& problem) {
  const Sizes& sizes = problem.sizes();
  const std::uint64_t rows = problem.rows();
  for (const auto& [name, least] : {std::pair{"k", sizes.k}, std::pair{"k_map", sizes.k_map}}) {
    if (rows >= least) continue;
    return fail(Code::denied, "the table has " + std::to_string(rows) + " rows to release, " +
                                  name + " is " + std::to_string(least));
  }
  for (const Sensitive& sensitive : problem.sensitive()) {
    std::vector<ValueCount> counts;
    for (std::uint32_t value = 0; value < sensitive.totals.size(); ++value) {
      if (sensitive.totals[value] > 0) counts.push_back({value, sensitive.totals[value]});
    }
    for (const Criterion& each : sensitive.criteria) {
      if (fulfils(each, sensitive, counts)) continue;
      return fail(Code::denied, "even all rows together fail " + each.text() + " of column '" +
                                    excerpt(sensitive.name) + "'");
    }
  }
  return ok();
}

Status have_values(const Problem& problem, const Groups& groups) {
  for (const Group& group : groups.all) {
    if (group.rows == 0 || group.cost < kNever) continue;
    for (std::size_t i = 0; i < group.nodes.size(); ++i) {
      if (groups.space().trees[i].cost[group.nodes[i]] < kNever) continue;
      return fail(Code::denied, "column '" + excerpt(problem.quasi()[i].name) +
                                    "': its highest level has several values, and some rows can "
                                    "be in no class under one of them");
    }
  }
  return ok();
}

constexpr std::uint32_t kUnseen = std::numeric_limits<std::uint32_t>::max();

// Rows of one point in one class.
struct Share {
  std::uint32_t of_class = 0;
  std::uint32_t rows = 0;
};

// Groups of equal nodes become one class. Shares of points, by point and class.
class Assembly {
 public:
  Assembly(const Problem& problem, const Groups& groups) : problem_(&problem), groups_(&groups) {
    for (std::uint32_t i = 0; i < groups.all.size(); ++i) {
      if (groups.all[i].rows > 0) order_.push_back(i);
    }
    std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return groups.all[a].nodes < groups.all[b].nodes;
    });
    share_out();
  }

  Classes classes() {
    const Tuples& tuples = groups_->space().tuples;
    Classes out;
    out.of_row.assign(tuples.of_row.size(), kOutside);
    std::vector<std::uint32_t> number(first_.size(), kUnseen), point_of(tuples.size(), kUnseen);
    for (std::uint32_t i = 0; i < groups_->space().points(); ++i) {
      point_of[groups_->space().tuple_of[i]] = i;
    }
    for (std::size_t row = 0; row < out.of_row.size(); ++row) {
      if (!problem_->to_release(row)) continue;
      const std::uint32_t point = point_of[tuples.of_row[row]];
      while (shares_[next_[point]].rows == 0) ++next_[point];
      Share& share = shares_[next_[point]];
      --share.rows;
      std::uint32_t& of_class = number[share.of_class];
      if (of_class == kUnseen) {
        of_class = static_cast<std::uint32_t>(out.rows.size());
        out.rows.push_back(0);
        add_cells(groups_->all[first_[share.of_class]].nodes, out.cells);
      }
      ++out.rows[of_class];
      out.of_row[row] = of_class;
    }
    out.population = out.rows;
    return out;
  }

 private:
  void share_out() {
    const std::size_t points = groups_->space().points();
    std::vector<std::uint32_t> sizes(points + 1);
    for (const std::uint32_t i : order_) {
      for (const Member& each : groups_->all[i].members) ++sizes[each.point + 1];
    }
    for (std::size_t i = 0; i < points; ++i) sizes[i + 1] += sizes[i];
    next_ = sizes;
    shares_.resize(sizes[points]);
    for (const std::uint32_t i : order_) {
      const Group& group = groups_->all[i];
      if (first_.empty() || groups_->all[first_.back()].nodes != group.nodes) first_.push_back(i);
      for (const Member& each : group.members) {
        shares_[sizes[each.point]++] = {static_cast<std::uint32_t>(first_.size() - 1), each.rows};
      }
    }
  }

  void add_cells(const Nodes& nodes, std::vector<Cell>& out) const {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      out.push_back(groups_->space().trees[i].cell[nodes[i]]);
    }
  }

  const Problem* problem_;
  const Groups* groups_;
  std::vector<std::uint32_t> order_;  // groups, equal ones together
  std::vector<std::uint32_t> first_;  // group of each class
  std::vector<Share> shares_;
  std::vector<std::uint32_t> next_;  // share of each point that has rows left
};

}  // namespace

Result<Recoding> recode(const Problem& problem, const RecodeOptions& options) {
  if (problem.sizes().presence) {
    return fail(Code::invalid,
                "delta-presence needs one generalisation for all rows, not local recoding");
  }
  MC_TRY_OK(can_be(problem));
  const Space space(problem);
  Groups groups(problem, space);
  Recoding out;
  const std::uint64_t steps_max =
      options.steps_max > 0 ? options.steps_max : kStepsMax + kStepsMaxOfRow * problem.rows();
  Meter meter(options.watch, out.stats);
  meter.allow(steps_max - steps_max / 8);  // classes made in haste need refining most
  Grow(groups, meter, out.stats).run();
  meter.allow(steps_max);
  if (!meter.cancelled()) Refine(groups, meter, out.stats).run();
  if (meter.cancelled()) return fail(Code::unavailable, "local recoding was cancelled");
  MC_TRY_OK(have_values(problem, groups));
  out.classes = merge_equal_texts(problem, Assembly(problem, groups).classes());
  MC_TRY_OK(check(problem, out.classes));
  out.loss = loss_of(problem, out.classes);
  return out;
}

}  // namespace mc::kanon
