#include "dp/release.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "dp/dp_test.h"

namespace mc::dp {
namespace {

Spec spec_of(Measure measure, std::int64_t epsilon_nano = 32 * kNano) {
  Spec out;
  out.measure = measure;
  out.epsilon_nano = epsilon_nano;
  out.bounds = {1, 100, -1'000, 1'000};
  return out;
}

Spec by_known(Spec spec, std::size_t listed) {
  spec.keys = Keys::known;
  spec.keys_listed = listed;
  return spec;
}

Spec by_unknown(Spec spec) {
  spec.keys = Keys::unknown;
  spec.selection_epsilon_nano = kNano;
  spec.selection_delta_atto = 1'000'000'000'000'000;  // 1e-3
  return spec;
}

Release released(TestTable& table, const Spec& spec, TestChance& chance) {
  auto out = release(table.table(), spec, chance.chance());
  REQUIRE(out.has_value());
  return std::move(*out);
}

// Of many units with one row each.
std::vector<TestRow> rows_of(int units, int groups = 1,
                             const std::function<std::int64_t(int)>& value = {}) {
  std::vector<TestRow> out;
  for (int i = 0; i < units; ++i) out.push_back({i, i % groups, value ? value(i) : 1});
  return out;
}

// The mean of many releases is near the truth: `draws` of them are off by six deviations at most.
void check_near(const Spec& spec, const std::vector<TestRow>& rows, Wide truth) {
  TestTable table(spec);
  REQUIRE(table.add(rows));
  TestChance chance(5);
  constexpr int kDraws = 400;
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    sum += static_cast<double>(released(table, spec, chance).cells.at(0).value);
  }
  const double deviation = static_cast<double>(price(spec)->value.rmse_milli) / 1'000;
  CHECK(std::abs(sum / kDraws - static_cast<double>(truth)) < 6 * deviation / std::sqrt(kDraws));
}

}  // namespace

TEST_CASE("release: counts, units and sums lie around the truth") {
  Spec count = spec_of(Measure::count, kNano);
  std::vector<TestRow> rows = rows_of(50, 1, [](int i) { return i * 100; });
  rows.insert(rows.end(), {{0, 0, 5}, {0, 0, 6}});
  count.bounds.rows_per_group = 2;  // the first unit has three rows
  check_near(count, rows, 51);
  Spec units = spec_of(Measure::units, kNano);
  check_near(units, rows, 50);
  Spec sum = spec_of(Measure::sum, kNano);
  sum.bounds.rows_per_group = 3;
  check_near(sum, rows, 5'500 + 39 * 1'000 + 11);  // above 1,000 is clamped
  Spec gaussian = count;
  gaussian.noise = NoiseKind::gaussian;
  gaussian.epsilon_nano = 0;
  gaussian.rho_pico = 100'000'000'000;
  gaussian.delta_atto = 1'000'000'000;
  check_near(gaussian, rows, 51);
}

TEST_CASE("release: listed groups are all there, also those without rows, in their order") {
  const Spec spec = by_known(spec_of(Measure::count), 5);
  TestTable table(spec);
  REQUIRE(table.add(rows_of(30, 3)));
  TestChance chance(1);
  const Release out = released(table, spec, chance);
  CHECK(out.keys == group_names(5));
  REQUIRE(out.cells.size() == 5);
  for (std::uint32_t i = 0; i < 5; ++i) CHECK(out.cells[i].group == i);
  CHECK(out.price == price(spec)->price);
}

TEST_CASE("release: unknown groups are ordered by their bytes, and small ones are not there") {
  const Spec spec = by_unknown(spec_of(Measure::count));
  TestTable table(spec);
  std::vector<TestRow> rows = {{900, 7, 1}};  // alone in its group
  for (int i = 0; i < 300; ++i) rows.push_back({i, 2 - i % 3, 1});
  REQUIRE(table.add(rows));
  TestChance chance(2);
  const Release out = released(table, spec, chance);
  CHECK(out.keys == group_names(3));
  CHECK(out.cells.size() == 3);
}

TEST_CASE("release: a mean is its sum by its count, and is never outside the bounds") {
  Spec spec = spec_of(Measure::mean);
  spec.bounds.rows_per_group = 1;
  TestTable table(spec);
  REQUIRE(table.add(rows_of(1'000, 1, [](int i) { return i % 2 == 0 ? 300 : 500; })));
  TestChance chance(3);
  const Release out = released(table, spec, chance);
  CHECK(std::abs(mean_of(out.cells.at(0), spec.bounds) - 400) <= 3);
  struct Row {
    Wide value, count;
    std::int64_t mean;
  };
  const Bounds bounds = {1, 1, 0, 11};  // centre 5
  const Row rows[] = {{0, 4, 5}, {10, 4, 8}, {-10, 4, 3},    {-11, 4, 2},    {1, 2, 6}, {-1, 2, 5},
                      {9, 0, 5}, {9, -3, 5}, {1'000, 1, 11}, {-1'000, 1, 0}, {-1, 1, 4}};
  for (const Row& row : rows) {
    CAPTURE(static_cast<std::int64_t>(row.value));
    CHECK(mean_of({.value = row.value, .count = row.count}, bounds) == row.mean);
  }
  const Bounds all = {1, 1, INT64_MIN, INT64_MAX};
  CHECK(mean_of({.value = Wide{1} << 100, .count = 1}, all) == INT64_MAX);
  CHECK(mean_of({.value = -(Wide{1} << 100), .count = 1}, all) == INT64_MIN);
}

TEST_CASE("release: the bins of a histogram are those of its edges") {
  Spec spec = spec_of(Measure::histogram);
  spec.points = {10, 20};
  TestTable table(spec);
  REQUIRE(table.add(rows_of(3'000, 1, [](int i) { return i % 30; })));
  TestChance chance(4);
  const Release out = released(table, spec, chance);
  REQUIRE(out.cells.size() == 3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    CHECK(out.cells[i].bin == i);
    const Wide off = out.cells[i].value - 1'000;
    CHECK((off < 0 ? -off : off) < 300);  // scale 100 / 32
  }
}

TEST_CASE("release: a quantile is a point of its grid, near the rank that is asked") {
  Spec spec = by_known(spec_of(Measure::quantile), 2);
  spec.bounds = {1, 1, 0, 0};
  for (std::int64_t i = 0; i <= 100; ++i) spec.points.push_back(i * 10);
  spec.quantile = 900;
  TestTable table(spec);
  std::vector<TestRow> rows;
  for (int i = 0; i < 2'000; ++i) rows.push_back({i, i % 2, (i % 1'000) / (i % 2 + 1)});
  REQUIRE(table.add(rows));
  TestChance chance(6);
  const Release out = released(table, spec, chance);
  REQUIRE(out.cells.size() == 2);
  CHECK(out.cells[0].value >= 880);
  CHECK(out.cells[0].value <= 920);
  CHECK(out.cells[1].value >= 440);
  CHECK(out.cells[1].value <= 460);
}

TEST_CASE("release: the top groups come by rank, each once") {
  Spec spec = by_known(spec_of(Measure::top), 20);
  spec.bounds = {1, 1, 0, 0};
  spec.top = 3;
  TestTable table(spec);
  std::vector<TestRow> rows;
  for (int i = 0; i < 600; ++i) rows.push_back({i, i % 6 < 3 ? 4 : i % 6 < 5 ? 11 : 0, 1});
  REQUIRE(table.add(rows));
  TestChance chance(7);
  const Release out = released(table, spec, chance);
  REQUIRE(out.cells.size() == 3);
  CHECK(out.cells[0].group == 4);
  CHECK(out.cells[1].group == 11);
  CHECK(out.cells[2].group == 0);
  CHECK(out.keys.size() == 20);
  spec = by_unknown(spec);
  spec.keys_listed = 1;
  TestTable unknown(spec);
  REQUIRE(unknown.add(rows));
  const Release found = released(unknown, spec, chance);
  REQUIRE(found.cells.size() == 3);
  CHECK(found.keys == std::vector<std::string>{"g0", "g11", "g4"});
  CHECK(found.keys.at(found.cells[0].group) == "g4");
}

TEST_CASE("release: a table of other bounds, keys or values is refused before anything is drawn") {
  const Spec spec = by_known(spec_of(Measure::sum), 2);
  TestTable table(spec);
  TestChance chance(8);
  const auto refused = [&](Table& of, Spec other) {
    const auto out = release(of, other, chance.chance());
    return !out.has_value() && out.error().code == Code::invalid;
  };
  Spec other = spec;
  other.bounds.high += 1;
  CHECK(refused(table.table(), other));
  other = spec;
  other.keys_listed = 3;
  CHECK(refused(table.table(), other));
  other.keys = Keys::none;
  other.keys_listed = 1;
  CHECK(refused(table.table(), other));
  other = spec;
  other.epsilon_nano = 0;
  CHECK(refused(table.table(), other));
  TestTable without(spec, Table::Values::none);
  CHECK(refused(without.table(), spec));
  CHECK(chance.source.taken() == 0);
  other = spec;
  other.measure = Measure::count;
  CHECK(release(without.table(), other, chance.chance()).has_value());
}

TEST_CASE("release: each one draws anew") {
  const Spec spec = spec_of(Measure::count, kNano / 100);
  TestTable table(spec);
  TestChance chance(9);
  const Wide first = released(table, spec, chance).cells.at(0).value;
  int same = 0;
  for (int i = 0; i < 20; ++i) same += released(table, spec, chance).cells.at(0).value == first;
  CHECK(same <= 2);
}

TEST_CASE("release: the root of the mean square error of a count is that of the quote") {
  Spec spec = spec_of(Measure::count, kNano / 2);
  spec.bounds.rows_per_group = 1;
  TestTable table(spec);
  REQUIRE(table.add(rows_of(40)));
  TestChance chance(10);
  constexpr int kDraws = 1'000'000;
  std::int64_t squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto off =
        static_cast<std::int64_t>(released(table, spec, chance).cells.at(0).value) - 40;
    squares += off * off;
  }
  // The deviation of X^2 over 10^6 draws is 0.25 % of its mean; half of that, of the root.
  const double rmse = std::sqrt(static_cast<double>(squares) / kDraws);
  const double formula = std::sqrt(7.83539617807);
  CHECK(std::abs(rmse / formula - 1) < 0.01);
  CHECK(std::abs(static_cast<double>(price(spec)->value.rmse_milli) / 1'000 / formula - 1) < 0.01);
}

}  // namespace mc::dp
