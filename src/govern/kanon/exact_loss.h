// The loss of a level vector from whole numbers: exact order, and an estimate for pruning. Private.
//
// Of each quasi-identifier counts x = leaves under the value of every released row, summed up, and
// the leaves D of its hierarchy for each suppressed row. Then d = (x - N) / (N * (D - 1)): the
// definition of quality.h, brought to one fraction. Columns with one leaf lose nothing.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "kanon/problem.h"
#include "kanon/quality.h"

namespace mc::kanon {

class ExactLoss {
 public:
  explicit ExactLoss(const Problem& problem);

  // By quasi-identifier, as everywhere here.
  using Sums = std::span<const std::uint64_t>;
  // What the mean makes smallest, as a double with a relative error below kMargin: the product of
  // d + 1, or 1 + the sum of d.
  double estimate(Sums sums) const;
  double part(std::size_t quasi, std::uint64_t sum) const {
    return static_cast<double>(sum - rows_) * inverse_[quasi];
  }
  static constexpr double kMargin = 1e-11;
  std::strong_ordering compare(Sums a, Sums b) const;
  Loss loss(Sums sums) const;
  std::int64_t pico(Sums sums) const;  // of the mean that is made smallest
  std::uint64_t leaves(std::size_t quasi) const { return leaves_[quasi]; }
  std::uint64_t rows() const { return rows_; }
  bool geometric() const { return mean_ == Mean::geometric; }

 private:
  std::uint64_t whole(std::size_t quasi) const { return rows_ * (leaves_[quasi] - 1); }
  std::int64_t geometric_pico(Sums sums) const;
  std::int64_t arithmetic_pico(Sums sums) const;
  Mean mean_;
  std::uint64_t rows_;                 // N
  std::vector<std::uint64_t> leaves_;  // D
  std::vector<double> inverse_;        // 1 / (N * (D - 1)), 0 when D is 1
};

}  // namespace mc::kanon
