// The sensitivities that prices and noise are made of, by brute force: thousands of small tables,
// each with and without one unit.
#include "dp/exact.h"

#include <algorithm>
#include <cstdlib>

#include "dp/dp_test.h"

namespace mc::dp {
namespace {

using Random = std::mt19937_64;

std::int64_t below(Random& random, std::int64_t end) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
}

// How far two exact parts are from each other.
struct Distance {
  Wide each = 0, l1 = 0, l2_squared = 0;
  std::int64_t numbers = 0;
  bool up = false, down = false;

  void add(Wide one, Wide other) {
    const Wide gap = one < other ? other - one : one - other;
    (one < other ? up : down) |= one != other;
    each = std::max(each, gap);
    l1 += gap;
    if (gap < (Wide{1} << 60)) l2_squared += gap * gap;
    numbers += gap != 0 ? 1 : 0;
  }
};

template <class T>
Distance distance(const std::vector<T>& one, const std::vector<T>& other) {
  Distance out;
  for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i) {
    out.add(i < one.size() ? one[i] : 0, i < other.size() ? other[i] : 0);
  }
  return out;
}

struct Question {
  std::string name;
  Spec spec;
  std::vector<std::int64_t> values;  // that rows may have
};

constexpr std::int64_t kSmall[] = {-9, -9, -3, -2, 0, 2, 5, 8, 9, 9};
constexpr std::int64_t kEdges[] = {INT64_MIN, INT64_MIN, INT64_MAX, INT64_MAX, INT64_MIN + 1, 0};

Spec by(Measure measure, Bounds bounds, NoiseKind noise = NoiseKind::laplace) {
  Spec out;
  out.measure = measure;
  out.keys = Keys::known;
  out.keys_listed = 4;
  out.noise = noise;
  out.bounds = bounds;
  if (noise == NoiseKind::laplace) out.epsilon_nano = 8 * kNano;
  if (noise == NoiseKind::gaussian) {
    out.rho_pico = 500'000'000'000;
    out.delta_atto = 1'000'000'000'000;
  }
  if (measure == Measure::histogram || measure == Measure::quantile) out.points = {-2, 0, 2, 5};
  if (measure == Measure::top) out.top = 3;
  return out;
}

std::vector<Question> questions() {
  const std::vector<std::int64_t> small(std::begin(kSmall), std::end(kSmall));
  const std::vector<std::int64_t> edges(std::begin(kEdges), std::end(kEdges));
  std::vector<Question> out;
  for (const auto noise : {NoiseKind::laplace, NoiseKind::gaussian}) {
    for (const std::int64_t groups : {1, 3}) {
      for (const std::int64_t rows : {1, 2}) {
        const Bounds bounds{groups, rows, -3, 8};
        for (const auto measure :
             {Measure::count, Measure::units, Measure::sum, Measure::mean, Measure::histogram}) {
          out.push_back({"small", by(measure, bounds, noise), small});
        }
      }
    }
    out.push_back({"mostly negative", by(Measure::sum, {2, 1, -9, 3}, noise), small});
    const Bounds all{2, 2, INT64_MIN, INT64_MAX};
    out.push_back({"edges", by(Measure::sum, all, noise), edges});
    out.push_back({"edges", by(Measure::mean, all, noise), edges});
    out.push_back({"positive edges", by(Measure::sum, {1, 1, 5, INT64_MAX}, noise), edges});
  }
  return out;
}

// Two of a few units, one of them with more rows than all others.
std::vector<TestRow> random_rows(Random& random, const std::vector<std::int64_t>& values) {
  std::vector<TestRow> out;
  const std::int64_t count = below(random, 30);
  const auto any = [&] {
    return values[static_cast<std::size_t>(
        below(random, static_cast<std::int64_t>(values.size())))];
  };
  const std::int64_t one = any();
  const bool alike = below(random, 3) == 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t unit = below(random, 3) == 0 ? 1 + below(random, 4) : 0;
    out.push_back(
        {static_cast<int>(unit), static_cast<int>(below(random, 4)), alike ? one : any()});
  }
  return out;
}

std::vector<TestRow> without(std::vector<TestRow> rows, int unit) {
  std::erase_if(rows, [unit](const TestRow& row) { return row.unit == unit; });
  return rows;
}

Exact exact_part(const Spec& spec, const std::vector<TestRow>& rows) {
  TestTable table(spec);
  REQUIRE(table.add(rows));
  return table.exact();
}

// Together, of the so many numbers that are moved most: whichever a top has chosen.
Wide of_largest(const std::vector<std::int64_t>& one, const std::vector<std::int64_t>& other,
                std::int64_t count) {
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 0; i < one.size(); ++i) gaps.push_back(std::abs(one[i] - other[i]));
  std::ranges::sort(gaps, std::greater());
  Wide out = 0;
  for (std::size_t i = 0; i < gaps.size() && std::cmp_less(i, count); ++i) out += gaps[i];
  return out;
}

void check_numbers(const Distance& found, const NumberNoise& allowed, std::int64_t groups) {
  CHECK(found.each <= allowed.each);
  CHECK(found.l1 <= allowed.l1);
  if (std::holds_alternative<noise::DiscreteGaussian>(*allowed.noise)) {
    CHECK(found.l2_squared <= allowed.l2_squared);
  }
  CHECK(found.numbers <= groups);
}

}  // namespace

TEST_CASE("exact: one unit moves no number further than its noise is made for") {
  Random random(3);
  for (const Question& question : questions()) {
    const Spec& spec = question.spec;
    CAPTURE(question.name);
    CAPTURE(measure_name(spec.measure));
    CAPTURE(spec.bounds.groups_per_unit);
    CAPTURE(spec.bounds.rows_per_group);
    const auto plan = plan_of(spec);
    REQUIRE(plan.has_value());
    Wide most = 0;
    for (int round = 0; round < 300; ++round) {
      const auto rows = random_rows(random, question.values);
      const Exact one = exact_part(spec, rows), other = exact_part(spec, without(rows, 0));
      const std::int64_t groups = spec.bounds.groups_per_unit;
      Distance found = distance(one.units, other.units);
      if (spec.measure == Measure::count) found = distance(one.rows, other.rows);
      if (!one.sums.empty()) found = distance(one.sums, other.sums);
      const bool histogram = spec.measure == Measure::histogram;
      if (histogram) found = distance(one.bins, other.bins);
      check_numbers(found, *plan->value, histogram ? groups * spec.bounds.rows_per_group : groups);
      if (plan->second) check_numbers(distance(one.rows, other.rows), *plan->second, groups);
      most = std::max(most, found.l1);
    }
    CHECK(most == plan->value->l1);  // the bounds are met, so they are not only large
  }
}

TEST_CASE("exact: one unit moves the scores of a quantile no further than its choice is made for") {
  Random random(4);
  const std::vector<std::int64_t> values(std::begin(kSmall), std::end(kSmall));
  for (const std::int64_t quantile : {0, 100, 500, 900, 1'000}) {
    for (const Bounds bounds : {Bounds{1, 1}, Bounds{2, 3}}) {
      Spec spec = by(Measure::quantile, bounds);
      spec.quantile = quantile;
      CAPTURE(quantile);
      const auto plan = plan_of(spec);
      REQUIRE(plan.has_value());
      Wide most = 0;
      for (int round = 0; round < 500; ++round) {
        const auto rows = random_rows(random, values);
        const Exact one = exact_part(spec, rows), other = exact_part(spec, without(rows, 0));
        std::int64_t touched = 0;
        for (std::size_t group = 0; group < one.values.size(); ++group) {
          const Distance found =
              distance(scores_of(one.values[group], spec), scores_of(other.values[group], spec));
          CHECK(found.each <= plan->choice->sensitivity);
          most = std::max(most, found.each);
          touched += one.values[group] != other.values[group] ? 1 : 0;
        }
        CHECK(touched <= plan->choices);
      }
      CHECK(most == plan->choice->sensitivity);
    }
  }
}

TEST_CASE(
    "exact: one unit moves the scores of a top in one direction, each by no more than it may") {
  Random random(5);
  for (const Bounds bounds : {Bounds{1, 1}, Bounds{4, 3}}) {
    const Spec spec = by(Measure::top, bounds);
    const auto plan = plan_of(spec);
    REQUIRE(plan.has_value());
    Wide most = 0, most_together = 0;
    for (int round = 0; round < 1'000; ++round) {
      const auto rows = random_rows(random, {1});
      const auto one = exact_part(spec, without(rows, 0)).rows, other = exact_part(spec, rows).rows;
      const Distance found = distance(one, other);
      CHECK(found.each <= plan->choice->sensitivity);
      CHECK(!found.down);
      most = std::max(most, found.each);
      most_together = std::max(most_together, of_largest(one, other, spec.top));
    }
    CHECK(most == plan->choice->sensitivity);
    CHECK(most_together == plan->value->l1);
    CHECK(plan->choice->scores == Choice::Scores::monotone);
  }
}

TEST_CASE("exact: one unit adds itself to no more unknown groups than it may") {
  Random random(6);
  Spec spec = by(Measure::count, {2, 3});
  spec.keys = Keys::unknown;
  spec.keys_listed = 1;
  spec.selection_epsilon_nano = kNano;
  spec.selection_delta_atto = 1'000'000'000'000;
  const auto plan = plan_of(spec);
  REQUIRE(plan.has_value());
  for (int round = 0; round < 1'000; ++round) {
    // The unit that is left out comes last, so that the groups have the same indexes.
    auto rows = random_rows(random, {1});
    std::ranges::sort(rows, {}, [](const TestRow& row) { return row.unit == 0; });
    const Distance found =
        distance(exact_part(spec, rows).units, exact_part(spec, without(rows, 0)).units);
    CHECK(found.each <= 1);
    CHECK(found.numbers <= 2);
  }
}

TEST_CASE(
    "exact: sums are the same in any order, with the largest and the smallest of all values") {
  Random random(7);
  Spec spec = by(Measure::sum, {4, 1'000, INT64_MIN, INT64_MAX});
  std::vector<TestRow> rows;
  Wide sum = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::int64_t value = i % 3 == 0 ? INT64_MAX : i % 3 == 1 ? INT64_MIN : i;
    rows.push_back({i % 10, 0, value});
    sum += value;
  }
  const Exact expected = exact_part(spec, rows);
  const auto plan = plan_of(spec);
  // Each row is rounded to a step.
  const Wide step = Wide{1} << plan->value->shift, gap = expected.sums[0] * step - sum;
  CHECK((gap < 0 ? -gap : gap) <= 3'000 * step / 2);
  for (int round = 0; round < 5; ++round) {
    std::ranges::shuffle(rows, random);
    CHECK(exact_part(spec, rows) == expected);
  }
}

TEST_CASE("exact: a histogram has all values, below its first edge and from its last too") {
  Spec spec = by(Measure::histogram, {1, 100});
  spec.keys = Keys::none;
  spec.keys_listed = 1;
  const std::vector<TestRow> rows = {{1, 0, INT64_MIN}, {1, 0, -3}, {1, 0, -2}, {1, 0, -1},
                                     {1, 0, 0},         {1, 0, 4},  {1, 0, 5},  {1, 0, INT64_MAX}};
  CHECK(exact_part(spec, rows).bins == std::vector<std::int64_t>{2, 2, 1, 1, 2});
}

TEST_CASE("exact: the scores of a quantile are its distances in rank") {
  Spec spec;
  spec.points = {1, 3, 5};
  spec.quantile = 500;
  const std::vector<std::int64_t> values = {1, 3, 3, 4};
  CHECK(scores_of(values, spec) == std::vector<std::int64_t>{-1'500, 0, -2'000});
  spec.quantile = 0;
  CHECK(scores_of(values, spec) == std::vector<std::int64_t>{0, -1'000, -4'000});
  CHECK(scores_of({}, spec) == std::vector<std::int64_t>{0, 0, 0});
}

}  // namespace mc::dp
