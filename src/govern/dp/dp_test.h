// Rows for tests: who, which group, which value. Of this module's tests only.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dp/dp.h"
#include "dp/exact.h"
#include "sim/sim.h"

namespace mc::dp {

struct TestRow {
  int unit = 0;
  int group = 0;
  std::int64_t value = 1;
  bool operator==(const TestRow&) const = default;
};

inline PrivacyUnit test_unit() {
  constexpr crypto::Block kSecret = {1, 2, 3};
  return std::move(*PrivacyUnit::declare("person_id", kSecret));
}

inline std::string group_name(int group) {
  return "g" + std::to_string(group);
}

// Names of groups 0 to `count` - 1.
inline std::vector<std::string> group_names(int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back(group_name(i));
  return out;
}

// Groups and a table of one question.
class TestTable {
 public:
  explicit TestTable(const Spec& spec, Table::Values values = Table::Values::some,
                     Table::Limits limits = {})
      : spec_(spec),
        unit_(test_unit()),
        groups_(groups_of(spec, unit_)),
        table_(std::move(*Table::make(groups_, spec.bounds, values, limits))) {}
  TestTable(const TestTable&) = delete;
  TestTable& operator=(const TestTable&) = delete;

  Status add(const std::vector<TestRow>& rows) {
    std::vector<Unit> units;
    std::vector<std::uint32_t> indexes;
    std::vector<std::int64_t> values;
    for (const TestRow& row : rows) {
      units.push_back(unit_.unit_of(std::to_string(row.unit)));
      if (spec_.keys != Keys::none) indexes.push_back(groups_.index_of(group_name(row.group)));
      if (table_.values() == Table::Values::some) values.push_back(row.value);
    }
    return table_.add({.units = units, .groups = indexes, .values = values, .tags = {}});
  }

  Exact exact() {
    const auto plan = plan_of(spec_);
    REQUIRE(plan.has_value());
    const auto entries = table_.bounded();
    REQUIRE(entries.has_value());
    return exact_of(*entries, spec_, *plan, {.groups = groups_.size(), .values = table_.values()});
  }
  Table& table() { return table_; }
  Groups& groups() { return groups_; }
  const PrivacyUnit& unit() const { return unit_; }

 private:
  static Groups groups_of(const Spec& spec, const PrivacyUnit& unit) {
    if (spec.keys == Keys::none) return Groups::none(unit);
    if (spec.keys == Keys::unknown) return Groups::unknown(unit);
    return std::move(*Groups::known(unit, group_names(static_cast<int>(spec.keys_listed))));
  }
  Spec spec_;
  PrivacyUnit unit_;
  Groups groups_;
  Table table_;
};

// Noise of a seed.
struct TestChance {
  explicit TestChance(std::uint64_t seed) : random(seed), source(random), pool(source) {}
  Chance chance() { return {pool, source}; }
  sim::SimRandom random;
  noise::Source source;
  noise::Pool pool;
};

}  // namespace mc::dp
