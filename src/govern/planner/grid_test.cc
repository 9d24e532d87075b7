#include "planner/grid.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace mc::planner {
namespace {

Grid grid(const char* min, const char* max, const char* step) {
  Result<Grid> made = Grid::of({.name = "x", .min = min, .max = max, .step = step, .keys = {}});
  REQUIRE_MESSAGE(made.has_value(), made.error().what);
  return std::move(*made);
}

sql::Rows::Value integer(std::int64_t value) {
  return {.type = sql::Type::integer, .integer = value, .real = 0, .text = {}};
}
sql::Rows::Value real(double value) {
  return {.type = sql::Type::real, .integer = 0, .real = value, .text = {}};
}
sql::Rows::Value text(std::string_view value) {
  return {.type = sql::Type::text, .integer = 0, .real = 0, .text = value};
}

TEST_CASE("grid: every number goes to its nearest point, and none past the ends") {
  const Grid cents = grid("-1", "2.5", "0.25");
  CHECK(cents.places() == 2);
  struct Row {
    sql::Rows::Value value;
    std::optional<std::int64_t> point;
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Row rows[] = {
      {integer(0), 0},
      {integer(2), 200},
      {integer(3), 250},
      {integer(INT64_MAX), 250},
      {integer(INT64_MIN), -100},
      {real(0.1), 0},
      {real(0.125), 25},
      {real(0.124999), 0},
      {real(-0.0), 0},
      {real(1e-320), 0},
      {real(1e300), 250},
      {real(-1e300), -100},
      {real(kInfinity), 250},
      {real(-kInfinity), -100},
      {real(std::nan("")), std::nullopt},
      {text("1.13"), 125},
      {text("-0.88"), -100},
      {text("1e0"), 100},
      {text("12.5e-1"), 125},
      {text("0.0000000000000000000000000000000000000000000000000001"), 0},
      {text("99999999999999999999999999999999999999999999999999"), 250},
      {text("-1e+400"), -100},
      {text("1e-400"), 0},
      {text("Infinity"), 250},
      {text("-Infinity"), -100},
      {text("NaN"), std::nullopt},
      {text(""), std::nullopt},
      {text("."), std::nullopt},
      {text("1.2.3"), std::nullopt},
      {text("1e"), std::nullopt},
      {text("1e9999999"), std::nullopt},
      {text("0x10"), std::nullopt},
      {{}, std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value.text);
    CAPTURE(row.value.real);
    CAPTURE(row.value.integer);
    CHECK(cents.point_of(row.value) == row.point);
  }
}

TEST_CASE("grid: a double is the point that its exact value is nearest to") {
  const Grid fine = grid("-1000000", "1000000", "0.001");
  for (int i = -20'000; i <= 20'000; ++i) {
    const double value = i * 0.37 + i / 7'919.0;
    const std::int64_t near = std::llround(static_cast<long double>(value) * 1'000);
    const std::optional<std::int64_t> point = fine.point_of(real(value));
    REQUIRE(point.has_value());
    const long double exact = static_cast<long double>(value) * 1'000;
    CHECK(std::abs(static_cast<long double>(*point) - exact) <= 0.5L + 1e-9L);
    CHECK(std::abs(*point - near) <= 1);
  }
}

TEST_CASE("grid: a step that does not reach the end leaves the end a point") {
  const Grid uneven = grid("0", "9", "3");
  CHECK(uneven.points(100) == std::vector<std::int64_t>{0, 3, 6, 9});
  CHECK(uneven.point_of(integer(1)) == 0);
  CHECK(uneven.point_of(integer(2)) == 3);
  CHECK(uneven.point_of(integer(8)) == 9);
}

TEST_CASE("grid: bins and points are as many as asked for, or as there are") {
  const Grid ages = grid("0", "100", "1");
  CHECK(ages.edges(4) == std::vector<std::int64_t>{25, 50, 75});
  CHECK(ages.edges(2) == std::vector<std::int64_t>{50});
  CHECK(ages.edges(1'000).size() == 99);
  CHECK(ages.points(1'000).size() == 101);
  for (std::size_t most = 2; most < 120; ++most) {
    CAPTURE(most);
    const std::vector<std::int64_t> points = ages.points(most);
    CHECK(points.size() <= most);
    CHECK(points.front() == 0);
    CHECK(points.back() == 100);
    CHECK(std::ranges::is_sorted(points));
  }
  const Grid wide = grid("0", "1000000000000", "1");
  CHECK(wide.points(4'096).size() <= 4'096);
  CHECK(wide.edges(1'000).size() == 999);
}

TEST_CASE("grid: decimals are exact and short") {
  CHECK(decimal_of(0, 0) == "0");
  CHECK(decimal_of(0, 3) == "0");
  CHECK(decimal_of(-1, 3) == "-0.001");
  CHECK(decimal_of(1'500, 3) == "1.5");
  CHECK(decimal_of(-120'000, 3) == "-120");
  CHECK(decimal_of(__int128{INT64_MAX} * 10 + 7, 1) == "9223372036854775807.7");
}

}  // namespace
}  // namespace mc::planner
