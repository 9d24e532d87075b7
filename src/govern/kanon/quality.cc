#include "kanon/quality.h"

#include <algorithm>
#include <map>

#include "kanon/big.h"
#include "kanon/exact_loss.h"
#include "kanon/log2.h"

namespace mc::kanon {
namespace {

__extension__ using Uint128 = unsigned __int128;
__extension__ using Int128 = __int128;

// Rows of each class that are released times what `of(cell, quasi)` says, for one column.
template <class Of>
std::uint64_t sum_of(const Problem& problem, const Classes& classes, std::size_t quasi,
                     const Of& of) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const Cell cell = classes.cells[i * problem.quasi().size() + quasi];
    sum += classes.rows[i] * std::uint64_t{of(cell)};
  }
  return sum;
}

std::int64_t precision(const Problem& problem, const Classes& classes) {
  Int128 sum = 0;  // of columns, in trillionths
  for (std::size_t i = 0; i < problem.quasi().size(); ++i) {
    const std::uint64_t highest = problem.quasi()[i].hierarchy.levels() - 1;
    if (highest == 0) {
      sum += Int128{classes.suppressed} * kPico / problem.rows();
      continue;
    }
    const std::uint64_t levels = sum_of(problem, classes, i, [](Cell cell) { return cell.level; }) +
                                 classes.suppressed * highest;
    sum += Int128{levels} * kPico / (Int128{problem.rows()} * highest);
  }
  return static_cast<std::int64_t>(sum / static_cast<std::int64_t>(problem.quasi().size()));
}

std::int64_t discernibility(const Problem& problem, const Classes& classes) {
  std::uint64_t sum = classes.suppressed * problem.rows();
  for (const std::uint64_t rows : classes.rows) sum += rows * rows;
  return static_cast<std::int64_t>(sum);
}

// (sum of combinations - N) / (N * (all combinations - 1)).
std::int64_t ambiguity(const Problem& problem, const Classes& classes) {
  const std::size_t quasi = problem.quasi().size();
  Big all = 1;
  for (const Quasi& each : problem.quasi()) all *= each.hierarchy.leaves();
  if (all == Big(1)) return 0;
  Big sum = all;
  sum *= classes.suppressed;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    Big product = classes.rows[i];
    for (std::size_t j = 0; j < quasi; ++j) {
      const Cell cell = classes.cells[i * quasi + j];
      product *= problem.quasi()[j].hierarchy.leaves_under(cell.level, cell.value);
    }
    sum += product;
  }
  // sum * pico >= N * pico + r * N * (all - 1), brought to sums of positive terms.
  Big left = sum;
  left *= static_cast<std::uint64_t>(kPico);
  return greatest(kPico, [&](std::int64_t r) {
    Big bound = all;
    bound *= static_cast<std::uint64_t>(r);
    bound *= problem.rows();
    Big rest = problem.rows();
    rest *= static_cast<std::uint64_t>(kPico - r);
    bound += rest;
    return bound <= left;
  });
}

// Sum of n log2(n) over counts, in units of log2_fixed.
Int128 n_log_n(const std::map<std::uint32_t, std::uint64_t>& counts) {
  Int128 sum = 0;
  for (const auto& [value, rows] : counts) sum += Int128{rows} * log2_fixed(rows);
  return sum;
}

// Rows step up from level to level; at each, those that go on have entropy of their values before
// the step and after it. What is lost is the difference, summed over the levels that rows stop at;
// of a table at one level it is that of its rows.
std::int64_t entropy_of_column(const Problem& problem, const Classes& classes, std::size_t quasi) {
  const Hierarchy& hierarchy = problem.quasi()[quasi].hierarchy;
  const auto beyond = static_cast<std::uint32_t>(hierarchy.levels());  // of suppressed rows
  std::map<std::uint32_t, std::map<std::uint32_t, std::uint64_t>> leaves_by_level;
  std::map<std::uint32_t, std::uint64_t> all;
  for (std::size_t row = 0; row < classes.of_row.size(); ++row) {
    const std::uint32_t of_class = classes.of_row[row];
    if (of_class == kOutside) continue;
    const std::uint32_t leaf = problem.leaf(quasi, row);
    const std::uint32_t level =
        of_class == kSuppressed ? beyond
                                : classes.cells[of_class * problem.quasi().size() + quasi].level;
    ++leaves_by_level[level][leaf];
    ++all[leaf];
  }
  const auto at = [&](const std::map<std::uint32_t, std::uint64_t>& rows, std::uint32_t level) {
    std::map<std::uint32_t, std::uint64_t> out;
    for (const auto& [leaf, count] : rows) {
      out[level == beyond ? 0 : hierarchy.value_of(level, leaf)] += count;
    }
    return out;
  };
  // Every row that stands at or above a level passes the step to it.
  std::map<std::uint32_t, std::uint64_t> going = all;
  std::uint32_t before = 0;
  Int128 lost = 0;
  for (const auto& [level, leaves] : leaves_by_level) {
    lost += n_log_n(at(going, level)) - n_log_n(at(going, before));
    for (const auto& [leaf, count] : leaves) {
      auto left = going.find(leaf);
      left->second -= count;
      if (left->second == 0) going.erase(left);
    }
    before = level;
  }
  const Int128 most = Int128{problem.rows()} * log2_fixed(problem.rows()) - n_log_n(all);
  if (most <= 0) return 0;
  // Below 2^94, so the factor needs room; the logarithms are rounded, so the ends are too.
  const Int128 share = (lost >> 8) * kPico / std::max<Int128>(most >> 8, 1);
  return static_cast<std::int64_t>(std::clamp<Int128>(share, 0, kPico));
}

}  // namespace

Loss loss_of(const Problem& problem, const Classes& classes) {
  const ExactLoss loss(problem);
  std::vector<std::uint64_t> sums;
  for (std::size_t i = 0; i < problem.quasi().size(); ++i) {
    const Hierarchy& hierarchy = problem.quasi()[i].hierarchy;
    sums.push_back(
        sum_of(problem, classes, i,
               [&](Cell cell) { return hierarchy.leaves_under(cell.level, cell.value); }) +
        classes.suppressed * hierarchy.leaves());
  }
  return loss.loss(sums);
}

Quality quality_of(const Problem& problem, const Classes& classes) {
  Quality out{.loss = loss_of(problem, classes)};
  out.precision_pico = precision(problem, classes);
  out.discernibility = discernibility(problem, classes);
  const std::uint64_t groups = classes.size() + (classes.suppressed > 0 ? 1 : 0);
  out.average_class_micro = static_cast<std::int64_t>(Uint128{problem.rows()} * 1'000'000 / groups);
  out.ambiguity_pico = ambiguity(problem, classes);
  Int128 entropy = 0;
  for (std::size_t i = 0; i < problem.quasi().size(); ++i) {
    entropy += entropy_of_column(problem, classes, i);
  }
  out.entropy_pico =
      static_cast<std::int64_t>(entropy / static_cast<std::int64_t>(problem.quasi().size()));
  return out;
}

}  // namespace mc::kanon
