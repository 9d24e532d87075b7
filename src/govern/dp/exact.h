// The exact part of a release: what its numbers are before there is noise. Of it nothing is
// published. Private to the module, and to the tests that hold it against the sensitivities.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dp/plan.h"
#include "dp/table.h"

namespace mc::dp {

// By group; what the measure does not need is empty. The same for any order of the rows.
struct Exact {
  std::vector<std::int64_t> units;                // with unknown keys, and of `units`
  std::vector<std::int64_t> rows;                 // of count, mean and top
  std::vector<Wide> sums;                         // of sum and mean, in steps
  std::vector<std::int64_t> bins;                 // of histogram: group * (points + 1) + bin
  std::vector<std::vector<std::int64_t>> values;  // of quantile, ascending
  bool operator==(const Exact&) const = default;
};

struct Shape {
  std::size_t groups = 1;
  Table::Values values = Table::Values::none;
};
Exact exact_of(std::span<const Table::Entry> entries, const Spec& spec, const Plan& plan,
               const Shape& shape);

// Of each point, minus how far its rank is from the one that is asked: with L values below a point
// and G above it, |(parts - quantile) L - quantile G|. Values ascend.
std::vector<std::int64_t> scores_of(std::span<const std::int64_t> values, const Spec& spec);

}  // namespace mc::dp
