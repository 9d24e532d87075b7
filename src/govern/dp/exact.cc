#include "dp/exact.h"

#include <algorithm>

namespace mc::dp {
namespace {

// To the nearest step, so that no row counts more than NumberNoise::row.
Wide in_steps(Wide value, unsigned shift) {
  const Wide half = shift == 0 ? 0 : Wide{1} << (shift - 1);
  return (value + half) >> shift;
}

std::vector<std::int64_t> count_units(std::span<const Table::Entry> entries, std::size_t groups) {
  std::vector<std::int64_t> out(groups);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool again = i != 0 && entries[i].group == entries[i - 1].group &&
                       entries[i].unit == entries[i - 1].unit;
    if (!again) ++out[entries[i].group];
  }
  return out;
}

std::vector<std::int64_t> count_rows(std::span<const Table::Entry> entries, std::size_t groups,
                                     Table::Values values) {
  std::vector<std::int64_t> out(groups);
  for (const Table::Entry& entry : entries) {
    out[entry.group] += values == Table::Values::none ? entry.value : 1;
  }
  return out;
}

}  // namespace

Exact exact_of(std::span<const Table::Entry> entries, const Spec& spec, const Plan& plan,
               const Shape& shape) {
  Exact out;
  const auto [groups, values] = shape;
  if (spec.keys == Keys::unknown || spec.measure == Measure::units) {
    out.units = count_units(entries, groups);
  }
  switch (spec.measure) {
    case Measure::units:
      break;
    case Measure::count:
    case Measure::top:
      out.rows = count_rows(entries, groups, values);
      break;
    case Measure::mean:
    case Measure::sum: {
      const bool mean = spec.measure == Measure::mean;
      if (mean) out.rows = count_rows(entries, groups, values);
      const Wide centre = mean ? centre_of(spec.bounds) : 0;
      out.sums.resize(groups);
      for (const Table::Entry& entry : entries) {
        const Wide value = std::clamp(entry.value, spec.bounds.low, spec.bounds.high);
        out.sums[entry.group] += in_steps(value - centre, plan.value->shift);
      }
      break;
    }
    case Measure::histogram:
      out.bins.resize(groups * (spec.points.size() + 1));
      for (const Table::Entry& entry : entries) {
        const auto bin = std::ranges::upper_bound(spec.points, entry.value) - spec.points.begin();
        ++out.bins[entry.group * (spec.points.size() + 1) + static_cast<std::size_t>(bin)];
      }
      break;
    case Measure::quantile:
      out.values.resize(groups);
      for (const Table::Entry& entry : entries) out.values[entry.group].push_back(entry.value);
      for (auto& of_group : out.values) std::ranges::sort(of_group);
      break;
  }
  return out;
}

std::vector<std::int64_t> scores_of(std::span<const std::int64_t> values, const Spec& spec) {
  std::vector<std::int64_t> out;
  out.reserve(spec.points.size());
  const auto size = static_cast<std::int64_t>(values.size());
  std::size_t below = 0, up_to = 0;
  for (const std::int64_t point : spec.points) {
    while (below < values.size() && values[below] < point) ++below;
    up_to = std::max(up_to, below);
    while (up_to < values.size() && values[up_to] == point) ++up_to;
    const std::int64_t distance =
        (kQuantileParts - spec.quantile) * static_cast<std::int64_t>(below) -
        spec.quantile * (size - static_cast<std::int64_t>(up_to));
    out.push_back(distance < 0 ? distance : -distance);
  }
  return out;
}

}  // namespace mc::dp
