#include "recheck/closeness.h"

#include <algorithm>
#include <map>
#include <string>

namespace mc::recheck {
namespace {

Wide wide(std::int64_t number) {
  return static_cast<Wide>(static_cast<std::uint64_t>(number));
}

// Products of counts: at most 2^30 each, so differences fit.
std::int64_t excess(std::int64_t rows, std::int64_t total, std::int64_t of_table, std::int64_t n) {
  return rows * total - of_table * n;
}
std::uint64_t size_of(std::int64_t number) {
  return static_cast<std::uint64_t>(number < 0 ? -number : number);
}

std::optional<Wide> times(std::optional<Wide> a, Wide b) {
  Wide out = 0;
  if (!a || __builtin_mul_overflow(*a, b, &out)) return std::nullopt;
  return out;
}
std::optional<Wide> plus(std::optional<Wide> a, std::optional<Wide> b) {
  Wide out = 0;
  if (!a || !b || __builtin_add_overflow(*a, *b, &out)) return std::nullopt;
  return out;
}

}  // namespace

Result<Closeness> Closeness::make(const Criterion& criterion, const TableValues& table,
                                  const Leaves* leaves) {
  MC_TRY(const Decimal t, parse_decimal(*criterion.t, kPlacesMax));
  Closeness out(table, *criterion.distance, t);
  out.place_.resize(table.texts.size());
  switch (out.distance_) {
    case Distance::equal:
      out.divisor_ = 2;
      break;
    case Distance::ordered:
      MC_TRY_OK(out.place_in_order(*criterion.order));
      break;
    case Distance::hierarchical:
      MC_CHECK(leaves != nullptr);
      MC_TRY_OK(out.place_in(*leaves));
      break;
  }
  return out;
}

Status Closeness::place_in_order(const std::vector<std::string>& order) {
  std::map<std::string_view, std::uint32_t> ranks;
  for (const std::string& value : order) {
    ranks.emplace(value, static_cast<std::uint32_t>(ranks.size()));
  }
  rows_at_.resize(order.size());
  for (std::size_t value = 0; value < table_->texts.size(); ++value) {
    if (is_absent(value)) continue;
    const auto found = ranks.find(table_->texts[value]);
    if (found == ranks.end()) {
      return fail(Code::invalid, "'" + excerpt(table_->texts[value]) + "' is not in the order");
    }
    place_[value] = found->second;
    rows_at_[found->second] += table_->rows[value];
  }
  divisor_ = static_cast<std::int64_t>(order.size()) - 1;
  return ok();
}

Status Closeness::place_in(const Leaves& leaves) {
  leaves_ = &leaves;
  if (leaves.levels.back().under.size() > 1) {
    return fail(Code::invalid, "the top of the hierarchy is not one value");
  }
  for (const Level& level : leaves.levels) rows_under_.emplace_back(level.under.size());
  for (std::size_t value = 0; value < table_->texts.size(); ++value) {
    if (is_absent(value)) continue;
    const auto found = leaves.levels[0].find.find(table_->texts[value]);
    if (found == leaves.levels[0].find.end()) {
      return fail(Code::invalid,
                  "'" + excerpt(table_->texts[value]) + "' is no leaf of the hierarchy");
    }
    place_[value] = found->second;
    std::uint32_t number = found->second;
    for (std::size_t level = 0; level < leaves.levels.size(); ++level) {
      rows_under_[level][number] += table_->rows[value];
      number = leaves.levels[level].parent[number];
    }
  }
  divisor_ = static_cast<std::int64_t>(leaves.levels.size()) - 1;
  return ok();
}

// Half the sum of all differences. Values that the class has not differ by what the table has.
std::optional<Wide> Closeness::equal(std::span<const ValueCount> counts, std::int64_t n) const {
  Wide sum = 0;
  std::int64_t present = 0;
  for (const ValueCount& one : counts) {
    sum += size_of(excess(one.rows, table_->total, table_->rows[one.value], n));
    present += table_->rows[one.value];
  }
  return plus(sum, wide(table_->total - present) * wide(n));
}

// The sum of what must be carried from each rank to the next.
std::optional<Wide> Closeness::ordered(std::span<const ValueCount> counts, std::int64_t n) const {
  std::vector<std::int64_t> rows(rows_at_.size());
  for (const ValueCount& one : counts) rows[place_[one.value]] += one.rows;
  Wide sum = 0;
  std::int64_t carried = 0;
  for (std::size_t rank = 0; rank < rows.size(); ++rank) {
    carried += excess(rows[rank], table_->total, rows_at_[rank], n);
    sum += size_of(carried);
  }
  return sum;
}

// At each node what its children have too much meets what they lack, at the cost of its level. Only
// children with rows of the class can have too much.
std::optional<Wide> Closeness::hierarchical(std::span<const ValueCount> counts,
                                            std::int64_t n) const {
  struct Node {
    std::int64_t rows = 0;
    std::int64_t above = 0;  // what children have too much
  };
  std::map<std::uint32_t, Node> level_nodes;
  for (const ValueCount& one : counts) level_nodes[place_[one.value]].rows += one.rows;
  Wide sum = 0;
  for (std::size_t level = 1; level < leaves_->levels.size(); ++level) {
    std::map<std::uint32_t, Node> next;
    for (const auto& [number, node] : level_nodes) {
      Node& parent = next[leaves_->levels[level - 1].parent[number]];
      parent.rows += node.rows;
      parent.above += std::max<std::int64_t>(
          0, excess(node.rows, table_->total, rows_under_[level - 1][number], n));
    }
    for (const auto& [number, node] : next) {
      const std::int64_t own = excess(node.rows, table_->total, rows_under_[level][number], n);
      sum += wide(std::min(node.above, node.above - own)) * level;
    }
    level_nodes = std::move(next);
  }
  return sum;
}

Closeness::Verdict Closeness::verdict(std::span<const ValueCount> counts) const {
  std::int64_t n = 0;
  for (const ValueCount& one : counts) n += one.rows;
  if (divisor_ == 0 || n == 0 || table_->total == 0) return Verdict::holds;
  const std::optional<Wide> distance = distance_ == Distance::equal     ? equal(counts, n)
                                       : distance_ == Distance::ordered ? ordered(counts, n)
                                                                        : hierarchical(counts, n);
  // distance / base <= t, where the unknown rows can move it by their share of all rows: a distance
  // from one table to another in which they are replaced is at most that (triangle inequality).
  const Wide base = wide(n) * wide(table_->total) * wide(divisor_);
  const std::int64_t all = table_->total + table_->unknown;
  const auto scaled = [&](Wide number) { return times(times(number, wide(all)), t_.scale()); };
  const std::optional<Wide> found = distance ? scaled(*distance) : std::nullopt;
  const std::optional<Wide> slack = times(times(base, wide(table_->unknown)), t_.scale());
  const std::optional<Wide> allowed = times(times(base, wide(all)), t_.digits);
  const std::optional<Wide> most = plus(found, slack);
  const std::optional<Wide> allowed_most = plus(allowed, slack);
  if (!most || !allowed_most) return Verdict::too_large;
  if (*most <= *allowed) return Verdict::holds;
  return *found > *allowed_most ? Verdict::broken : Verdict::open;
}

}  // namespace mc::recheck
