#include "kanon/criteria.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "kanon/test_tools.h"

namespace mc::kanon {
namespace {

using test::Dice;
using Counts = std::vector<ValueCount>;

Decimal decimal(const char* text) {
  return *parse_decimal(text);
}

Criterion entropy(const char* l) {
  return {.kind = Kind::entropy_l, .l = decimal(l)};
}

Counts counts_of(const std::vector<std::uint32_t>& rows) {
  Counts out;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i] > 0) out.push_back({i, rows[i]});
  }
  return out;
}

TEST_CASE("criteria: distinct and recursive diversity by their definitions") {
  const Sensitive none;
  const Criterion distinct{.kind = Kind::distinct_l, .l = decimal("3")};
  CHECK(fulfils(distinct, none, counts_of({1, 1, 1})));
  CHECK_FALSE(fulfils(distinct, none, counts_of({100, 100})));
  // r1 < c * (r2 + r3 + ...) for l = 2.
  const Criterion recursive{.kind = Kind::recursive_cl, .l = decimal("2"), .c = decimal("1.5")};
  CHECK(fulfils(recursive, none, counts_of({2, 5, 2})));        // 5 < 6
  CHECK_FALSE(fulfils(recursive, none, counts_of({2, 6, 2})));  // 6 = 6
  CHECK_FALSE(fulfils(recursive, none, counts_of({4})));
}

TEST_CASE("criteria: entropy diversity decides exact ties as what they are") {
  const Sensitive none;
  CHECK(fulfils(entropy("3"), none, counts_of({1, 1, 1})));
  CHECK(fulfils(entropy("3"), none, counts_of({7'000'003, 7'000'003, 7'000'003})));
  CHECK_FALSE(fulfils(entropy("3.000000001"), none, counts_of({7, 7, 7})));
  CHECK_FALSE(fulfils(entropy("3"), none, counts_of({1'000'001, 1'000'000, 1'000'000})));
  // 4^4 / (2^2 * 1 * 1) = 64 = l^4 for l = 2 * sqrt(2), which no decimal is.
  CHECK(fulfils(entropy("2.828427124"), none, counts_of({2, 1, 1})));
  CHECK_FALSE(fulfils(entropy("2.828427125"), none, counts_of({2, 1, 1})));
}

TEST_CASE("criteria: entropy diversity is that of long doubles wherever these are sure") {
  const Sensitive none;
  Dice dice(7);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint32_t> rows(1 + dice.below(8));
    long double n = 0, sum = 0;
    for (std::uint32_t& each : rows) {
      each = static_cast<std::uint32_t>(1 + dice.below(dice.one_in(4) ? 9'000 : 20));
      n += each;
      sum += each * std::log2(static_cast<long double>(each));
    }
    const Decimal l{kNano + 1 + static_cast<std::int64_t>(dice.below(4'000'000'000u))};
    const long double over =
        std::log2(n) - sum / n - std::log2(static_cast<long double>(l.nano) / kNano);
    if (std::abs(over) < 1e-12L) continue;
    const Criterion criterion{.kind = Kind::entropy_l, .l = l};
    CHECK(fulfils(criterion, none, counts_of(rows)) == (over > 0));
  }
}

// A column whose codes 0 .. m - 1 have a tree of two at a time.
Sensitive column_of(const std::vector<std::uint32_t>& totals) {
  Sensitive out;
  out.totals = totals;
  for (std::uint32_t i = 0; i < totals.size(); ++i) {
    out.rows += totals[i];
    out.by_rank.push_back(i);
  }
  for (std::size_t nodes = totals.size(); nodes > 1; nodes = (nodes + 1) / 2) {
    std::vector<std::uint32_t>& parents = out.tree.emplace_back();
    for (std::uint32_t i = 0; i < nodes; ++i) parents.push_back(i / 2);
  }
  return out;
}

// The earth mover's distance between two distributions on a line or a tree, by moving each piece
// to the nearest lack. On these two grounds the greedy move is the best one.
long double distance_on_tree(const std::vector<long double>& extra, std::size_t heights) {
  std::vector<long double> left = extra;
  long double cost = 0;
  for (std::size_t height = 1; height <= heights; ++height) {
    for (std::size_t i = 0; i < left.size(); ++i) {
      for (std::size_t j = 0; j < left.size(); ++j) {
        if (i >> height != j >> height || left[i] <= 0 || left[j] >= 0) continue;
        const long double moved = std::min(left[i], -left[j]);
        cost += moved * static_cast<long double>(height) / static_cast<long double>(heights);
        left[i] -= moved;
        left[j] += moved;
      }
    }
  }
  return cost;
}

TEST_CASE("criteria: t-closeness is the earth mover's distance, on all three grounds") {
  Dice dice(11);
  int sure = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::vector<std::uint32_t> totals(2 + dice.below(7)), rows(totals.size());
    for (std::size_t i = 0; i < totals.size(); ++i) {
      totals[i] = static_cast<std::uint32_t>(1 + dice.below(30));
      rows[i] = static_cast<std::uint32_t>(dice.below(totals[i] + 1));
    }
    rows[0] = std::max(rows[0], 1u);
    const Sensitive sensitive = column_of(totals);
    long double n = 0;
    for (const std::uint32_t each : rows) n += each;
    std::vector<long double> extra;
    long double equal = 0, ordered = 0, carried = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      extra.push_back(rows[i] / n - totals[i] / static_cast<long double>(sensitive.rows));
      equal += std::abs(extra[i]) / 2;
      carried += extra[i];
      ordered += std::abs(carried) / static_cast<long double>(rows.size() - 1);
    }
    const long double tree = distance_on_tree(extra, sensitive.tree.size());
    const Decimal t{static_cast<std::int64_t>(dice.below(600'000'000))};
    const long double limit = static_cast<long double>(t.nano) / kNano;
    const std::pair<Kind, long double> all[] = {
        {Kind::t_equal, equal}, {Kind::t_hierarchical, tree}, {Kind::t_ordered, ordered}};
    for (const auto& [kind, distance] : all) {
      if (std::abs(distance - limit) < 1e-12L) continue;
      ++sure;
      CAPTURE(kind_name(kind));
      CHECK(fulfils({.kind = kind, .t = t}, sensitive, counts_of(rows)) == (distance < limit));
    }
  }
  CHECK(sure > 14'000);
}

TEST_CASE("criteria: a distance of exactly t is close enough") {
  const Sensitive sensitive = column_of({10, 10, 10, 10});
  // Shares 1/2, 1/2, 0, 0 against quarters: half of the rows are wrong, each two levels away.
  const Counts counts = counts_of({1, 1, 0, 0});
  CHECK(fulfils({.kind = Kind::t_equal, .t = decimal("0.5")}, sensitive, counts));
  CHECK_FALSE(fulfils({.kind = Kind::t_equal, .t = decimal("0.499999999")}, sensitive, counts));
  CHECK(fulfils({.kind = Kind::t_hierarchical, .t = decimal("0.5")}, sensitive, counts));
  CHECK_FALSE(
      fulfils({.kind = Kind::t_hierarchical, .t = decimal("0.499999999")}, sensitive, counts));
  // Two ranks of three for each half: (1/4 + 1/2 + 1/4) / 3.
  CHECK(fulfils({.kind = Kind::t_ordered, .t = decimal("0.333333334")}, sensitive, counts));
  CHECK_FALSE(fulfils({.kind = Kind::t_ordered, .t = decimal("0.333333333")}, sensitive, counts));
}

TEST_CASE("criteria: sizes, the population and the share of it") {
  Sizes sizes{.k = 5, .k_map = 10};
  CHECK(fulfils(sizes, 5, 10));
  CHECK_FALSE(fulfils(sizes, 4, 10));
  CHECK_FALSE(fulfils(sizes, 5, 9));
  sizes = {.k = 1, .k_map = 1, .presence = Presence{decimal("0.1"), decimal("0.5")}};
  CHECK(fulfils(sizes, 1, 10));
  CHECK_FALSE(fulfils(sizes, 1, 11));
  CHECK(fulfils(sizes, 5, 10));
  CHECK_FALSE(fulfils(sizes, 6, 10));
}

TEST_CASE("criteria: parameters out of range are refused") {
  const Criterion wrong[] = {
      {.kind = Kind::distinct_l, .l = decimal("1")},
      {.kind = Kind::distinct_l, .l = decimal("2.5")},
      {.kind = Kind::distinct_l, .l = decimal("2000000")},
      {.kind = Kind::distinct_l, .l = decimal("2"), .t = decimal("0.1")},
      {.kind = Kind::entropy_l, .l = decimal("2"), .c = decimal("1")},
      {.kind = Kind::recursive_cl, .l = decimal("2")},
      {.kind = Kind::t_equal, .t = decimal("1.1")},
      {.kind = Kind::t_equal, .l = decimal("2"), .t = decimal("0.1")},
  };
  for (const Criterion& each : wrong) CHECK_FALSE(each.check());
  CHECK(entropy("1.5").check());
  CHECK(Criterion{.kind = Kind::t_equal}.check());
  CHECK(entropy("1.5").text() == "entropy-1.5");
}

}  // namespace
}  // namespace mc::kanon
