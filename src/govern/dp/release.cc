#include "dp/release.h"

#include <algorithm>
#include <numeric>

#include "dp/draw.h"
#include "dp/exact.h"
#include "dp/plan.h"

namespace mc::dp {
namespace {

Wide noisy(Wide exact, const NumberNoise& numbers, Chance chance) {
  return (exact + draw(numbers, chance)) * (Wide{1} << numbers.shift);
}

Status check_table(const Table& table, const Spec& spec) {
  if (table.bounds() != spec.bounds) {
    return fail(Code::invalid, "bounds: the table has others than the spec");
  }
  const Groups& groups = table.groups();
  if (groups.keys() != spec.keys ||
      (spec.keys == Keys::known && groups.size() != spec.keys_listed)) {
    return fail(Code::invalid, "keys: the table has others than the spec");
  }
  const bool has = table.values() == Table::Values::some;
  const bool needs = spec.measure == Measure::sum || spec.measure == Measure::mean ||
                     spec.measure == Measure::histogram || spec.measure == Measure::quantile;
  if (needs && !has) return fail(Code::invalid, "values: the table has none");
  return ok();
}

// One release under way.
class Releasing {
 public:
  Releasing(const Groups& groups, const Exact& exact, const Spec& spec, const Plan& plan)
      : groups_(groups), exact_(exact), spec_(spec), plan_(plan) {}

  Status fill(Release& out, Chance chance) {
    MC_TRY(std::vector<std::uint32_t> shown, select(chance));
    std::vector<std::uint32_t> places(groups_.size(), kNoGroup);
    for (const std::uint32_t group : shown) {
      places[group] = static_cast<std::uint32_t>(out.keys.size());
      out.keys.push_back(groups_.name(group));
    }
    if (spec_.measure == Measure::top) {
      MC_TRY(shown, peel(std::move(shown), chance));
    }
    for (const std::uint32_t group : shown) {
      const Place place{group, places[group]};
      if (spec_.measure == Measure::histogram) {
        add_bins(place, out, chance);
      } else if (spec_.measure == Measure::quantile) {
        MC_TRY_OK(add_point(place, out, chance));
      } else {
        add_number(place, out, chance);
      }
    }
    return ok();
  }

 private:
  struct Place {
    std::uint32_t group, shown;
  };

  // Groups that may be shown, in the order in which a release has them.
  Result<std::vector<std::uint32_t>> select(Chance chance) const {
    std::vector<std::uint32_t> all(groups_.size());
    std::iota(all.begin(), all.end(), 0U);
    if (!plan_.selection) return all;
    MC_TRY(const noise::PartitionSelection selection,
           noise::PartitionSelection::make(plan_.selection->epsilon_nano,
                                           plan_.selection->delta_atto));
    std::vector<std::uint32_t> out;
    for (const std::uint32_t group : all) {
      if (selection.shows(exact_.units[group], chance.source)) out.push_back(group);
    }
    std::ranges::sort(out, {},
                      [&](std::uint32_t group) -> std::string_view { return groups_.name(group); });
    return out;
  }

  // One is chosen and taken away, so many times.
  Result<std::vector<std::uint32_t>> peel(std::vector<std::uint32_t> groups, Chance chance) const {
    if (groups.size() > kCandidatesMax) {
      return fail(Code::exhausted, "top: more groups are shown than can be chosen from");
    }
    std::vector<std::int64_t> scores;
    scores.reserve(groups.size());
    for (const std::uint32_t group : groups) scores.push_back(exact_.rows[group]);
    std::vector<std::uint32_t> out;
    while (!groups.empty() && std::cmp_less(out.size(), spec_.top)) {
      MC_TRY(const std::size_t at,
             noise::permute_and_flip(scores, plan_.choice->weights(), chance.source));
      out.push_back(groups[at]);
      groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(at));
      scores.erase(scores.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return out;
  }

  void add_number(Place place, Release& out, Chance chance) const {
    Cell cell{.group = place.shown};
    Wide exact = 0;
    if (spec_.measure == Measure::units) {
      exact = exact_.units[place.group];
    } else if (!exact_.sums.empty()) {
      exact = exact_.sums[place.group];
    } else {
      exact = exact_.rows[place.group];
    }
    cell.value = noisy(exact, *plan_.value, chance);
    if (plan_.second) cell.count = noisy(exact_.rows[place.group], *plan_.second, chance);
    out.cells.push_back(cell);
  }

  void add_bins(Place place, Release& out, Chance chance) const {
    const std::size_t bins = spec_.points.size() + 1;
    for (std::size_t bin = 0; bin < bins; ++bin) {
      const Wide exact = exact_.bins[place.group * bins + bin];
      out.cells.push_back({.group = place.shown,
                           .bin = static_cast<std::uint32_t>(bin),
                           .value = noisy(exact, *plan_.value, chance)});
    }
  }

  Status add_point(Place place, Release& out, Chance chance) const {
    const std::vector<std::int64_t> scores = scores_of(exact_.values[place.group], spec_);
    MC_TRY(const std::size_t at,
           noise::permute_and_flip(scores, plan_.choice->weights(), chance.source));
    out.cells.push_back({.group = place.shown, .value = spec_.points[at]});
    return ok();
  }

  const Groups& groups_;
  const Exact& exact_;
  const Spec& spec_;
  const Plan& plan_;
};

}  // namespace

Result<Release> release(Table& table, const Spec& spec, Chance chance) {
  MC_TRY(const Plan plan, plan_of(spec));
  MC_TRY_OK(check_table(table, spec));
  MC_TRY(const std::span<const Table::Entry> entries, table.bounded());
  const Exact exact =
      exact_of(entries, spec, plan, {.groups = table.groups().size(), .values = table.values()});
  Release out;
  out.price = price_of(spec, plan);
  MC_TRY_OK(Releasing(table.groups(), exact, spec, plan).fill(out, chance));
  return out;
}

std::int64_t mean_of(const Cell& cell, const Bounds& bounds) {
  const std::int64_t centre = centre_of(bounds);
  if (cell.count < 1) return centre;
  // To the nearest, halves upwards: floor((2 value + count) / (2 count)).
  const Wide above = 2 * cell.value + cell.count, below = 2 * cell.count;
  Wide distance = above / below;
  if (above % below < 0) --distance;
  return static_cast<std::int64_t>(std::clamp<Wide>(centre + distance, bounds.low, bounds.high));
}

}  // namespace mc::dp
