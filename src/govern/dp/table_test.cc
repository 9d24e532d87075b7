#include "dp/table.h"

#include <algorithm>
#include <map>
#include <set>
#include <type_traits>

#include "dp/dp_test.h"

namespace mc::dp {
namespace {

static_assert(!std::is_default_constructible_v<Unit>);
static_assert(!std::is_constructible_v<Unit, std::uint64_t, std::uint64_t>);

using Random = std::mt19937_64;

std::int64_t below(Random& random, std::int64_t end) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
}

Spec spec_of(Bounds bounds, Keys keys = Keys::known, std::size_t listed = 6) {
  Spec out;
  out.measure = Measure::sum;
  out.keys = keys;
  out.keys_listed = keys == Keys::known ? listed : 1;
  out.epsilon_nano = kNano;
  if (keys == Keys::unknown) {
    out.selection_epsilon_nano = kNano;
    out.selection_delta_atto = 1'000'000'000'000;
  }
  bounds.low = -1'000;
  bounds.high = 1'000;
  out.bounds = bounds;
  return out;
}

std::vector<TestRow> random_rows(Random& random, int units, int groups, int count) {
  std::vector<TestRow> out;
  for (int i = 0; i < count; ++i) {
    out.push_back({static_cast<int>(below(random, units)), static_cast<int>(below(random, groups)),
                   below(random, 7) - 3});
  }
  return out;
}

using Key = std::tuple<std::uint64_t, std::uint64_t, std::string>;
using Bounded = std::map<Key, std::multiset<std::int64_t>>;

Bounded found_in(TestTable& table) {
  const auto entries = table.table().bounded();
  REQUIRE(entries.has_value());
  Bounded out;
  for (const Table::Entry& entry : *entries) {
    out[{entry.unit.high(), entry.unit.low(), table.groups().name(entry.group)}].insert(
        entry.value);
  }
  return out;
}

// The same by the definition: of each unit the groups of the lowest ranks, of each of these the
// rows of the lowest ranks.
Bounded expected_of(TestTable& table, const std::vector<TestRow>& rows, const Bounds& bounds) {
  std::map<int, std::map<int, std::vector<std::int64_t>>> by_unit;
  for (const TestRow& row : rows) by_unit[row.unit][row.group].push_back(row.value);
  Bounded out;
  for (const auto& [person, by_group] : by_unit) {
    const Unit unit = table.unit().unit_of(std::to_string(person));
    std::vector<std::pair<std::uint64_t, int>> ranked;
    for (const auto& [group, values] : by_group) {
      const std::uint64_t digest = table.unit().group_digest(group_name(group));
      ranked.emplace_back(table.unit().group_rank(unit, digest), group);
    }
    std::ranges::sort(ranked);
    const std::size_t kept =
        std::min(ranked.size(), static_cast<std::size_t>(bounds.groups_per_unit));
    for (std::size_t i = 0; i < kept; ++i) {
      const int group = ranked[i].second;
      auto& into = out[{unit.high(), unit.low(), group_name(group)}];
      const auto& values = by_group.at(group);
      into.insert(values.begin(), values.end());
    }
  }
  return out;
}

}  // namespace

TEST_CASE("table: a dataset without a privacy unit has no noisy answers") {
  const auto none = PrivacyUnit::declare("", {});
  REQUIRE(!none.has_value());
  CHECK(none.error().code == Code::invalid);
}

TEST_CASE("table: a person has the same digest in each release, another one under another secret") {
  const PrivacyUnit one = test_unit(), again = test_unit();
  const PrivacyUnit other = std::move(*PrivacyUnit::declare("person_id", {9}));
  CHECK(one.unit_of("ana") == again.unit_of("ana"));
  CHECK(one.unit_of("ana") != one.unit_of("ben"));
  CHECK(one.unit_of("ana") != other.unit_of("ana"));
  CHECK(one.unit_of("") != one.nobody());
  CHECK(one.group_rank(one.unit_of("ana"), 1) != one.group_rank(one.unit_of("ana"), 2));
  CHECK(one.group_rank(one.unit_of("ana"), 1) != one.group_rank(one.unit_of("ben"), 1));
  CHECK(one.row_rank(one.unit_of("ana"), 1) != one.row_rank(one.unit_of("ana"), 2));
}

TEST_CASE("table: the groups that stay are those of the lowest ranks") {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    const Bounds bounds{.groups_per_unit = 1 + below(random, 4), .rows_per_group = 1'000};
    const Spec spec = spec_of(bounds);
    const auto rows = random_rows(random, 8, 6, 60);
    TestTable table(spec);
    REQUIRE(table.add(rows));
    CHECK(found_in(table) == expected_of(table, rows, bounds));
  }
}

TEST_CASE("table: what is left is the same in any order, in any chunks and in little memory") {
  Random random(2);
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    const Bounds bounds{.groups_per_unit = 1 + below(random, 4),
                        .rows_per_group = 1 + below(random, 4)};
    const Spec spec = spec_of(bounds, round % 2 == 0 ? Keys::known : Keys::unknown);
    auto rows = random_rows(random, 5, 6, 300);
    for (const auto values : {Table::Values::none, Table::Values::some}) {
      TestTable whole(spec, values);
      REQUIRE(whole.add(rows));
      const Bounded expected = found_in(whole);
      std::ranges::shuffle(rows, random);
      TestTable pieces(spec, values, {.entries_max = 90});
      for (auto at = rows.begin(); at != rows.end();) {
        const auto end = at + std::min<std::ptrdiff_t>(1 + below(random, 50), rows.end() - at);
        REQUIRE(pieces.add({at, end}));
        if (below(random, 3) == 0) REQUIRE(pieces.table().bounded());
        at = end;
      }
      CHECK(found_in(pieces) == expected);
    }
  }
}

TEST_CASE("table: one unit with 10,000 rows in 500 groups counts no more than it may") {
  std::vector<TestRow> rows;
  for (int i = 0; i < 10'000; ++i) rows.push_back({7, i % 500, i});
  const Bounds bounds{.groups_per_unit = 3, .rows_per_group = 4};
  for (const auto values : {Table::Values::none, Table::Values::some}) {
    TestTable table(spec_of(bounds, Keys::unknown), values);
    REQUIRE(table.add(rows));
    const Bounded found = found_in(table);
    CHECK(found.size() == 3);
    for (const auto& [key, of_group] : found) {
      CHECK(of_group.size() == (values == Table::Values::none ? 1 : 4));
      if (values == Table::Values::none) CHECK(*of_group.begin() == 4);
    }
  }
}

TEST_CASE("table: with tags each row has its chance, whatever its value") {
  // Nine rows of one value and one of another: without tags they would stay or go together.
  int rare = 0;
  const PrivacyUnit unit = test_unit();
  const Groups groups = Groups::none(unit);
  for (int person = 0; person < 2'000; ++person) {
    Table table = std::move(*Table::make(groups, {}, Table::Values::some));
    const std::vector<Unit> units(10, unit.unit_of(std::to_string(person)));
    std::vector<std::int64_t> values(10, 5);
    values[0] = 100;
    std::vector<std::uint32_t> tags;
    for (std::uint32_t i = 0; i < 10; ++i) tags.push_back(1'000 + i);
    REQUIRE(table.add({.units = units, .groups = {}, .values = values, .tags = tags}));
    const auto entries = table.bounded();
    REQUIRE(entries->size() == 1);
    if (entries->front().value == 100) ++rare;
  }
  CHECK(rare > 120);  // of 200 expected; six deviations are 80
  CHECK(rare < 280);
}

TEST_CASE("table: more entries than memory allows are exhausted, and no answer comes of them") {
  const Spec spec = spec_of({});
  TestTable table(spec, Table::Values::some, {.entries_max = 100});
  std::vector<TestRow> rows;
  for (int i = 0; i < 151; ++i) rows.push_back({i, 0, 1});
  const Status added = table.add(rows);
  REQUIRE(!added.has_value());
  CHECK(added.error().code == Code::exhausted);
  CHECK(table.table().bounded().error().code == Code::exhausted);
  CHECK(table.add({{1, 0, 1}}).error().code == Code::exhausted);
  TestTable few(spec, Table::Values::some, {.entries_max = 100});
  for (TestRow& row : rows) row.unit %= 50;
  for (int i = 0; i < 100; ++i) REQUIRE(few.add(rows));
  CHECK(few.table().bounded()->size() == 50);
}

TEST_CASE("table: columns that do not fit are refused and add nothing") {
  const PrivacyUnit unit = test_unit();
  Groups groups = std::move(*Groups::known(unit, {"a", "b"}));
  Table table = std::move(*Table::make(groups, {}, Table::Values::some));
  const std::vector<Unit> units(2, unit.unit_of("x"));
  const std::vector<std::uint32_t> two = {0, 1}, one = {0}, wrong = {0, 2}, left = {0, kNoGroup};
  const std::vector<std::int64_t> values = {1, 2};
  const Rows bad[] = {{units, {}, values, {}},
                      {units, one, values, {}},
                      {units, wrong, values, {}},
                      {units, two, {}, {}},
                      {units, two, values, one}};
  for (const Rows& rows : bad) CHECK(table.add(rows).error().code == Code::invalid);
  CHECK(table.bounded()->empty());
  REQUIRE(table.add({units, left, values, two}));
  CHECK(table.bounded()->size() == 1);
}

TEST_CASE("table: known keys are listed once, others are left out, unknown ones are met") {
  const PrivacyUnit unit = test_unit();
  CHECK(Groups::known(unit, {"a", "a"}).error().code == Code::invalid);
  CHECK(Groups::known(unit, {}).error().code == Code::invalid);
  Groups known = std::move(*Groups::known(unit, {"a", ""}));
  CHECK(known.index_of("") == 1);
  CHECK(known.index_of("c") == kNoGroup);
  CHECK(known.size() == 2);
  Groups unknown = Groups::unknown(unit);
  CHECK(unknown.index_of("z") == 0);
  CHECK(unknown.index_of("a") == 1);
  CHECK(unknown.index_of("z") == 0);
}

TEST_CASE("table: bounds out of range are refused") {
  const PrivacyUnit unit = test_unit();
  const Groups groups = Groups::none(unit);
  const Bounds bad[] = {{.groups_per_unit = 0},
                        {.rows_per_group = 0},
                        {.groups_per_unit = kRowsPerUnitMax + 1},
                        {.groups_per_unit = 1 << 11, .rows_per_group = 1 << 10},
                        {.low = 1, .high = 0}};
  for (const Bounds& bounds : bad) {
    CHECK(Table::make(groups, bounds, Table::Values::none).error().code == Code::invalid);
  }
}

}  // namespace mc::dp
