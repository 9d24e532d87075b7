#include "dp/audit_cases.h"

#include <algorithm>

namespace mc::dp {
namespace {

constexpr crypto::Block kSecret = {'f', 'a', 'l', 's', 'i', 'f', 'i', 'e', 'r'};
constexpr std::int64_t kOne = kNano;                    // epsilon 1
constexpr std::int64_t kMillionth = 1'000'000'000'000;  // of delta, in atto
// Numbers are told in units of 2^kCoarse where they may be beyond 64 bits.
constexpr unsigned kCoarse = 16;

std::int64_t folded(Wide value) {
  constexpr Wide kMost = Wide{1} << 62;
  return static_cast<std::int64_t>(value > kMost || value < -kMost ? value >> kCoarse << 1 | 1
                                                                   : value << 1);
}

struct PairOf {
  std::string name;
  Spec spec;
  std::vector<std::string> keys = {};
  std::vector<UnitRows> common = {};
  std::vector<UnitRows> more = {};  // of the unit that one table has and the other has not
};

Spec laplace(Measure measure, Bounds bounds, std::int64_t epsilon_nano = kOne) {
  Spec out;
  out.measure = measure;
  out.bounds = bounds;
  out.epsilon_nano = epsilon_nano;
  return out;
}

Spec gaussian(Measure measure, Bounds bounds) {
  Spec out = laplace(measure, bounds, 0);
  out.noise = NoiseKind::gaussian;
  out.rho_pico = 250'000'000'000;  // 0.25
  out.delta_atto = 10 * kMillionth;
  return out;
}

Spec by_keys(Spec spec, std::size_t listed) {
  spec.keys = Keys::known;
  spec.keys_listed = listed;
  return spec;
}

// A delta large enough for its groups to be seen among few samples.
Spec by_unknown_keys(Spec spec) {
  spec.keys = Keys::unknown;
  spec.selection_epsilon_nano = kOne;
  spec.selection_delta_atto = 20'000 * kMillionth;
  return spec;
}

Spec with_points(Spec spec, std::vector<std::int64_t> points, std::int64_t quantile = 500) {
  spec.points = std::move(points);
  if (spec.measure == Measure::quantile) spec.quantile = quantile;
  return spec;
}

const std::vector<std::string> kKeys = {"a", "b", "c", "d"};
const std::vector<UnitRows> kInEach = {{1, "a"}, {2, "b"}, {3, "c"}, {4, "d"}};

std::vector<PairOf> count_pairs() {
  const std::vector<UnitRows> many = {{9, "a", 1, 50}, {9, "b", 1, 50}, {9, "c", 1, 50}};
  return {
      {"one row more", laplace(Measure::count, {}), {}, {{1}, {2}}, {{9}}},
      {"fifty rows in an empty table",
       laplace(Measure::count, {.rows_per_group = 3}),
       {},
       {},
       {{9, "", 1, 50}}},
      {"rows in three of four groups",
       by_keys(laplace(Measure::count, {.groups_per_unit = 2, .rows_per_group = 2}), 4), kKeys,
       kInEach, many},
      {"rows in three of four groups, Gaussian",
       by_keys(gaussian(Measure::count, {.groups_per_unit = 2, .rows_per_group = 2}), 4), kKeys,
       kInEach, many},
      {"the only unit of a group that is not listed",
       by_unknown_keys(laplace(Measure::count, {})),
       {"a", "b"},
       {{1, "a"}, {2, "a"}},
       {{9, "b"}}},
      {"one more of few units of a group that is not listed",
       by_unknown_keys(laplace(Measure::count, {.groups_per_unit = 2})),
       {"a", "b"},
       {{1, "a"}, {2, "a"}, {3, "b"}},
       {{9, "a"}, {9, "b"}}},
  };
}

std::vector<PairOf> unit_pairs() {
  return {
      {"in three of four groups",
       by_keys(laplace(Measure::units, {.groups_per_unit = 3}), 4),
       kKeys,
       kInEach,
       {{9, "a"}, {9, "c"}, {9, "d"}}},
      {"one unit more, Gaussian", gaussian(Measure::units, {}), {}, {{1}, {2}}, {{9}}},
  };
}

std::vector<PairOf> sum_pairs() {
  constexpr std::int64_t kWide = std::int64_t{1} << 40;
  return {
      {"two values of seven",
       laplace(Measure::sum, {.rows_per_group = 2, .low = -3, .high = 7}),
       {},
       {{1, "", 5}},
       {{9, "", 100, 2}}},
      {"a value of forty bits",
       laplace(Measure::sum, {.low = 0, .high = kWide}),
       {},
       {{1, "", 77}},
       {{9, "", kWide - 123'456'789}}},
      {"the lowest of all values",
       laplace(Measure::sum, {.low = INT64_MIN, .high = INT64_MAX}),
       {},
       {{1, "", INT64_MAX}},
       {{9, "", INT64_MIN}}},
      {"two values of seven, Gaussian",
       gaussian(Measure::sum, {.rows_per_group = 2, .low = -3, .high = 7}),
       {},
       {{1, "", 5}},
       {{9, "", 100, 2}}},
      {"values in two of four groups",
       by_keys(laplace(Measure::sum, {.groups_per_unit = 2, .low = -3, .high = 7}), 4),
       kKeys,
       kInEach,
       {{9, "a", 7}, {9, "d", 7}}},
  };
}

std::vector<PairOf> mean_pairs() {
  return {
      {"a high value",
       laplace(Measure::mean, {.low = 0, .high = 20}),
       {},
       {{1, "", 5}, {2, "", 7}},
       {{9, "", 20}}},
      {"a low value, Gaussian",
       gaussian(Measure::mean, {.low = 0, .high = 20}),
       {},
       {{1, "", 5}, {2, "", 7}},
       {{9, "", -1'000}}},
      {"in groups that are not listed",
       by_unknown_keys(laplace(Measure::mean, {.groups_per_unit = 2, .low = 0, .high = 20})),
       {"a", "b"},
       {{1, "a", 3}, {2, "b", 9}},
       {{9, "a", 20}, {9, "b", 0}}},
  };
}

std::vector<PairOf> other_pairs() {
  const std::vector<UnitRows> values = {{1, "", 1}, {2, "", 3}, {3, "", 5}, {4, "", 7}};
  const std::vector<UnitRows> grouped = {{1, "a", 1}, {2, "a", 5}, {3, "b", 3}, {4, "b", 7}};
  const Bounds two = {.rows_per_group = 2};
  return {
      {"two rows in two bins",
       with_points(laplace(Measure::histogram, two), {2, 4, 6}),
       {},
       values,
       {{9, "", 1}, {9, "", 9}}},
      {"two rows in one bin, Gaussian",
       with_points(gaussian(Measure::histogram, two), {2, 4, 6}),
       {},
       values,
       {{9, "", 3, 2}}},
      {"two high values for a median",
       with_points(laplace(Measure::quantile, two, 2 * kOne), {0, 2, 4, 6, 8}),
       {},
       values,
       {{9, "", 9, 2}}},
      {"a high value for the ninth decile",
       with_points(laplace(Measure::quantile, {}, 2 * kOne), {0, 2, 4, 6, 8}, 900),
       {},
       values,
       {{9, "", 9}}},
      {"values in two groups",
       by_keys(with_points(laplace(Measure::quantile, {.groups_per_unit = 2}, 4 * kOne),
                           {0, 2, 4, 6, 8}),
               2),
       {"a", "b"},
       grouped,
       {{9, "a", 9}, {9, "b", -9}}},
  };
}

std::vector<PairOf> top_pairs() {
  const auto top = [](Bounds bounds, std::int64_t count) {
    Spec out = by_keys(laplace(Measure::top, bounds, 4 * kOne), 4);
    out.top = count;
    return out;
  };
  return {
      {"a row for one of four", top({}, 1), kKeys, kInEach, {{9, "b"}}},
      {"rows for three of four",
       top({.groups_per_unit = 3}, 2),
       kKeys,
       kInEach,
       {{9, "b"}, {9, "c"}, {9, "d"}}},
  };
}

AuditPair made(const std::string& mechanism, const PairOf& of) {
  AuditPair out{.mechanism = mechanism, .name = of.name, .claim = {}, .without = {}, .with = {}};
  const auto quote = price(of.spec);
  MC_CHECK(quote.has_value());
  out.claim.epsilon = static_cast<double>(quote->price.epsilon_nano) / 1e9;
  out.claim.delta = static_cast<double>(quote->price.delta_atto) / 1e18;
  // Where groups are selected, rho holds but for their delta.
  if (of.spec.keys != Keys::unknown) {
    out.claim.rho = static_cast<double>(quote->price.rho_pico) / 1e12;
  }
  std::vector<UnitRows> all = of.common;
  all.insert(all.end(), of.more.begin(), of.more.end());
  out.without.releases.push_back(std::make_unique<AuditedTable>(of.spec, of.keys, of.common));
  out.with.releases.push_back(std::make_unique<AuditedTable>(of.spec, of.keys, all));
  return out;
}

// count(all) and count(all but one), as somebody asks who is after that one.
AuditPair differencing() {
  const std::vector<UnitRows> rest = {{1}, {2}, {3}}, all = {{1}, {2}, {3}, {9}};
  const Spec spec = laplace(Measure::count, {}, kOne / 2);
  AuditPair out =
      made("differencing", {"two counts, of all and of all but one", spec, {}, rest, {{9}}});
  out.claim.epsilon *= 2;
  out.claim.rho *= 2;
  for (AuditPair::Side* side : {&out.without, &out.with}) {
    side->releases.push_back(
        std::make_unique<AuditedTable>(spec, std::vector<std::string>(), rest));
  }
  return out;
}

}  // namespace

AuditedTable::AuditedTable(const Spec& spec, std::vector<std::string> keys,
                           std::vector<UnitRows> rows)
    : spec_(spec), keys_(std::move(keys)) {
  auto unit = PrivacyUnit::declare("person", kSecret);
  MC_CHECK(unit.has_value());
  unit_ = std::make_unique<PrivacyUnit>(std::move(*unit));
  auto known = spec.keys == Keys::known
                   ? Groups::known(*unit_, keys_)
                   : Result<Groups>(spec.keys == Keys::none ? Groups::none(*unit_)
                                                            : Groups::unknown(*unit_));
  MC_CHECK(known.has_value());
  groups_ = std::make_unique<Groups>(std::move(*known));
  auto table = Table::make(*groups_, spec.bounds, Table::Values::some);
  MC_CHECK(table.has_value());
  table_ = std::make_unique<Table>(std::move(*table));
  for (const UnitRows& row : rows) {
    const std::size_t times = static_cast<std::size_t>(row.times);
    const std::vector<Unit> units(times, unit_->unit_of(std::to_string(row.unit)));
    const std::vector<std::uint32_t> indexes(spec.keys == Keys::none ? 0 : times,
                                             groups_->index_of(row.key));
    const std::vector<std::int64_t> values(times, row.value);
    MC_CHECK(table_->add({.units = units, .groups = indexes, .values = values, .tags = {}}));
  }
}

Result<std::size_t> AuditedTable::run(Chance chance, Outcome& out, std::size_t at) {
  MC_TRY(const Release released, release(*table_, spec_, chance));
  const auto put = [&](std::int64_t number) {
    MC_CHECK(at < out.size());
    out[at++] = number;
  };
  const auto put_cell = [&](const Cell& cell) {
    put(folded(cell.value));
    if (spec_.measure == Measure::mean) put(folded(cell.count));
  };
  if (spec_.keys != Keys::unknown) {
    for (const Cell& cell : released.cells) {
      if (spec_.measure == Measure::top) put(cell.group);
      put_cell(cell);
    }
    return at;
  }
  // Groups that are not shown have a place too, for that is what may tell.
  for (const std::string& key : keys_) {
    const auto found = std::ranges::find(released.keys, key);
    const bool shown = found != released.keys.end();
    put(shown ? 1 : 0);
    put_cell(shown ? released.cells[static_cast<std::size_t>(found - released.keys.begin())]
                   : Cell{});
  }
  return at;
}

Result<std::size_t> AuditPair::Side::run(Chance chance, Outcome& out) {
  std::size_t at = 0;
  for (const auto& each : releases) {
    MC_TRY(at, each->run(chance, out, at));
  }
  return at;
}

std::vector<AuditPair> audit_pairs(const std::string& mechanism) {
  std::vector<AuditPair> out;
  const auto add = [&](const char* name, const std::vector<PairOf>& pairs) {
    if (!mechanism.empty() && mechanism != name) return;
    for (const PairOf& pair : pairs) out.push_back(made(name, pair));
  };
  add("count", count_pairs());
  add("units", unit_pairs());
  add("sum", sum_pairs());
  add("mean", mean_pairs());
  for (const PairOf& pair : other_pairs()) {
    add(std::string(measure_name(pair.spec.measure)).c_str(), {pair});
  }
  add("top", top_pairs());
  if (mechanism.empty() || mechanism == "differencing") out.push_back(differencing());
  return out;
}

}  // namespace mc::dp
