#include "kanon/risk.h"

#include <algorithm>

namespace mc::kanon {
namespace {

__extension__ using Uint128 = unsigned __int128;

std::int64_t share_up(Uint128 part, Uint128 whole) {
  if (whole == 0) return 0;
  return static_cast<std::int64_t>((part * static_cast<std::uint64_t>(kPico) + whole - 1) / whole);
}

// Class by class.
class RiskSum {
 public:
  void add(std::uint64_t rows, std::uint64_t population, std::uint64_t k) {
    rows_ += rows;
    ++classes_;
    if (smallest_ == 0 || rows < smallest_) {
      smallest_ = rows;
      of_smallest_ = 0;
    }
    if (rows == smallest_) of_smallest_ += rows;
    if (rows < k) below_k_ += rows;
    const std::uint64_t known = std::max(population, rows);
    rarest_ = rarest_ == 0 ? known : std::min(rarest_, known);
    linked_ += share_up(rows, known);
  }
  Risk risk() const {
    Risk out;
    if (rows_ == 0) return out;
    out.prosecutor_highest_pico = share_up(1, smallest_);
    out.prosecutor_average_pico = share_up(classes_, rows_);
    out.journalist_highest_pico = share_up(1, rarest_);
    out.marketer_pico =
        std::min(kPico, share_up(static_cast<Uint128>(linked_),
                                 Uint128{rows_} * static_cast<std::uint64_t>(kPico)));
    out.journalist_average_pico = out.marketer_pico;
    out.smallest_class = static_cast<std::uint32_t>(smallest_);
    out.rows_of_smallest = of_smallest_;
    out.rows_below_k = below_k_;
    return out;
  }

 private:
  std::uint64_t rows_ = 0, classes_ = 0, smallest_ = 0, of_smallest_ = 0, below_k_ = 0;
  std::uint64_t rarest_ = 0;
  __extension__ __int128 linked_ = 0;  // trillionths of rows that a guess in the population hits
};

}  // namespace

Risk risk_of(const Problem& problem, const Classes& classes) {
  RiskSum sum;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    sum.add(classes.rows[i], classes.population[i], problem.sizes().k);
  }
  return sum.risk();
}

Risk risk_before(const Problem& problem) {
  const Tuples tuples = unique_tuples(problem);
  RiskSum sum;
  // Tuples of equal leaves stand together.
  for (std::size_t i = 0; i < tuples.size();) {
    const auto leaves = tuples.leaves_of(i);
    std::uint64_t rows = 0, population = 0;
    for (; i < tuples.size() && std::ranges::equal(leaves, tuples.leaves_of(i)); ++i) {
      rows += tuples.rows[i];
      population += problem.has_population() ? tuples.population[i] : tuples.rows[i];
    }
    if (rows > 0) sum.add(rows, population, problem.sizes().k);
  }
  return sum.risk();
}

std::vector<std::uint64_t> suppressed_by_column(const Problem& problem,
                                                std::span<const std::uint8_t> levels) {
  const Classes base = classes_of_levels(problem, levels);
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    std::vector<std::uint8_t> raised(levels.begin(), levels.end());
    raised[i] = static_cast<std::uint8_t>(problem.quasi()[i].hierarchy.levels() - 1);
    const Classes with = classes_of_levels(problem, raised);
    std::uint64_t stay = 0;
    for (std::size_t row = 0; row < base.of_row.size(); ++row) {
      stay += base.of_row[row] == kSuppressed && with.of_row[row] != kSuppressed ? 1 : 0;
    }
    out.push_back(stay);
  }
  return out;
}

}  // namespace mc::kanon
