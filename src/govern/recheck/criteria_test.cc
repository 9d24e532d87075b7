#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "recheck/closeness.h"
#include "recheck/diversity.h"
#include "recheck/twin.h"

namespace {

using namespace mc;           // NOLINT(google-build-using-namespace)
using namespace mc::recheck;  // NOLINT(google-build-using-namespace)
using Rows = std::vector<std::int64_t>;

Decimal decimal(const char* text) {
  return *parse_decimal(text, kPlacesMax);
}

// m;low;any / n;low;any / o;high;any / p;high;any
constexpr const char* kTree = "m;low;*\nn;low;*\no;high;*\np;high;*\n";
HierarchyOf tree_of(const std::string& file, std::int64_t leaves, std::int64_t levels) {
  return {leaves, levels, twin::hex_sha(file)};
}

// Distances as the papers have them, in doubles.
double twin_distance(Distance distance, const Rows& of_class, const Rows& of_table) {
  double n = 0, total = 0;
  for (const std::int64_t rows : of_class) n += static_cast<double>(rows);
  for (const std::int64_t rows : of_table) total += static_cast<double>(rows);
  std::vector<double> over;
  for (std::size_t i = 0; i < of_class.size(); ++i) {
    over.push_back(static_cast<double>(of_class[i]) / n - static_cast<double>(of_table[i]) / total);
  }
  double sum = 0;
  if (distance == Distance::equal) {
    for (const double one : over) sum += std::abs(one);
    return sum / 2;
  }
  if (distance == Distance::ordered) {
    double carried = 0;
    for (const double one : over) sum += std::abs(carried += one);
    return sum / (static_cast<double>(over.size()) - 1);
  }
  // kTree as a tree whose edges all have the length 1/4: what passes over each of them.
  for (const double one : over) sum += std::abs(one) / 4;
  return sum + (std::abs(over[0] + over[1]) + std::abs(over[2] + over[3])) / 4;
}

}  // namespace

TEST_CASE("recheck: decimals are read exactly, and in one form") {
  struct {
    const char* text;
    bool good;
    std::uint64_t digits;
  } const rows[] = {{"0", true, 0},      {"0.02", true, 2},
                    {"1.0", true, 10},   {"999999999.999999999", true, 999'999'999'999'999'999},
                    {"", false, 0},      {"01", false, 0},
                    {".5", false, 0},    {"5.", false, 0},
                    {"-1", false, 0},    {"+1", false, 0},
                    {"1e3", false, 0},   {"1 ", false, 0},
                    {"1.2.3", false, 0}, {"0.0000000001", false, 0},
                    {"NaN", false, 0},   {"1000000000", false, 0},
                    {"0x1", false, 0},   {"1,5", false, 0}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto read = parse_decimal(row.text, kPlacesMax);
    CHECK(read.has_value() == row.good);
    if (read) CHECK(read->digits == row.digits);
  }
  CHECK(!parse_decimal("999999999.999999999999", kLossPlacesMax));
  CHECK(share_of_rows(decimal("0.02"), 30'162) == 603);
  CHECK(share_of_rows(decimal("0.3"), 10) == 3);  // 2.9999... in doubles
  CHECK(share_of_rows(decimal("1"), kRowsMax) == kRowsMax);
}

TEST_CASE("recheck: diversity is decided exactly at its edge") {
  CHECK(is_distinct(Rows{5, 1, 1}, decimal("3")));
  CHECK(!is_distinct(Rows{5, 1, 1}, decimal("4")));
  CHECK(!is_distinct(Rows{5, 1, 1}, decimal("3.000000001")));
  CHECK(!is_distinct(Rows{}, decimal("1")));

  CHECK(is_entropic(Rows{7, 7, 7}, decimal("3")));
  CHECK(is_entropic(Rows(1000, 999'983), decimal("1000")));
  CHECK(!is_entropic(Rows{7, 7, 7}, decimal("3.000000001")));
  CHECK(is_entropic(Rows{7, 7, 7}, decimal("2.999999999")));
  CHECK(!is_entropic(Rows{7, 7, 6}, decimal("3")));
  CHECK(!is_entropic(Rows{333'333'334, 333'333'333, 333'333'333}, decimal("3")));
  CHECK(is_entropic(Rows{5}, decimal("1")));
  CHECK(!is_entropic(Rows{5}, decimal("1.1")));
  // 12 rows: 12^12 / (6^6 2^2 2^2 2^2) = 6^6 * 2^6 = 12^6 = l^12, l = sqrt(12), and no decimal.
  CHECK(is_entropic(Rows{6, 2, 2, 2}, decimal("3.464101615")));
  CHECK(!is_entropic(Rows{6, 2, 2, 2}, decimal("3.464101616")));
  // 1.5^n: 27 rows of {18, 9}: 27^27 / (18^18 9^9) = 3^27 / 2^18, less than 3^27 / 2^27 times 2^9.
  CHECK(is_entropic(Rows{18, 9}, decimal("1.5")));

  CHECK(is_recursive(Rows{5, 3, 2}, decimal("2"), decimal("2")));   // 5 < 2 * 5
  CHECK(!is_recursive(Rows{5, 3, 2}, decimal("1"), decimal("2")));  // 5 < 1 * 5 does not hold
  CHECK(is_recursive(Rows{2, 3, 5}, decimal("1.000000001"), decimal("2")));
  CHECK(!is_recursive(Rows{5, 3}, decimal("9"), decimal("3")));  // nothing is left
  CHECK(!is_recursive(Rows{}, decimal("9"), decimal("1")));
}

TEST_CASE("recheck: entropy agrees with doubles wherever they can tell") {
  std::mt19937 random(7);
  int both[2] = {0, 0};
  for (int round = 0; round < 2000; ++round) {
    Rows rows(1 + random() % 6);
    double n = 0, entropy = 0;
    for (std::int64_t& one : rows) n += static_cast<double>(one = 1 + random() % 20);
    for (const std::int64_t one : rows) {
      const double share = static_cast<double>(one) / n;
      entropy -= share * std::log(share);
    }
    const std::string l = std::to_string(1 + random() % 5) + "." + std::to_string(random() % 1000);
    const double over = entropy - std::log(std::stod(l));
    if (std::abs(over) < 1e-9) continue;
    CAPTURE(l);
    CHECK(is_entropic(rows, decimal(l.c_str())) == (over > 0));
    ++both[over > 0];
  }
  CHECK(both[0] > 300);
  CHECK(both[1] > 300);
}

TEST_CASE("recheck: distances agree with those of the papers, for random tables and classes") {
  std::mt19937 random(11);
  const Leaves leaves = *read_leaves(kTree, tree_of(kTree, 4, 3));
  int both[2] = {0, 0};
  for (int round = 0; round < 3000; ++round) {
    const auto distance = static_cast<Distance>(round % 3);
    Rows of_class(4), of_table(4);
    TableValues table;
    std::vector<ValueCount> counts;
    const char* const texts[] = {"m", "n", "o", "p"};
    for (std::uint32_t i = 0; i < 4; ++i) {
      of_class[i] = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 9);
      of_table[i] = 1 + of_class[i] + static_cast<std::int64_t>(random() % 30);
      table.texts.emplace_back(texts[i]);
      table.rows.push_back(of_table[i]);
      table.total += of_table[i];
      if (of_class[i] > 0) counts.push_back({i, of_class[i]});
    }
    if (counts.empty()) continue;
    const std::string t = "0." + std::to_string(random() % 700);
    const double over = twin_distance(distance, of_class, of_table) - std::stod(t);
    if (std::abs(over) < 1e-9) continue;
    Criterion criterion;
    criterion.kind = CriterionKind::t_closeness;
    criterion.distance = distance;
    criterion.t = t;
    if (distance == Distance::ordered) criterion.order = {{"m", "n", "o", "p"}};
    const auto made = Closeness::make(criterion, table, &leaves);
    REQUIRE(made);
    CAPTURE(round);
    CHECK((made->verdict(counts) == Closeness::Verdict::holds) == (over < 0));
    ++both[over < 0];
  }
  CHECK(both[0] > 300);
  CHECK(both[1] > 300);
}

TEST_CASE("recheck: suppressed rows whose values are not known leave a class open near to t") {
  TableValues table{{"a", "b"}, {50, 50}, 100, 10};
  Criterion criterion;
  criterion.kind = CriterionKind::t_closeness;
  criterion.distance = Distance::equal;
  const std::vector<ValueCount> counts = {{0, 8}, {1, 2}};  // 0.3 from the release
  const auto verdict = [&](const char* t) {
    criterion.t = t;
    return Closeness::make(criterion, table, nullptr)->verdict(counts);
  };
  using Verdict = Closeness::Verdict;  // the slack is 10 / 110 = 0.0909...
  CHECK(verdict("0.39090909") == Verdict::open);
  CHECK(verdict("0.39090910") == Verdict::holds);
  CHECK(verdict("0.20909091") == Verdict::open);
  CHECK(verdict("0.20909090") == Verdict::broken);
  table.unknown = 0;
  CHECK(verdict("0.3") == Verdict::holds);
  CHECK(verdict("0.299999999") == Verdict::broken);
}

TEST_CASE("recheck: t-closeness of a whole release, with and without the input's values") {
  twin::Table table;
  table.columns = {{.name = "q", .role = Role::quasi_identifier},
                   {.name = "s", .role = Role::sensitive}};
  for (const char* const q : {"x", "y"}) {
    for (const char* const s : {"m", "m", "n", "o"}) table.rows.push_back({q, s});
  }
  table.rows[7][1] = "p";
  const auto with = [&](Criterion criterion, std::vector<std::string> files = {}) {
    criterion.column = "s";
    criterion.kind = CriterionKind::t_closeness;
    table.criteria = {criterion};
    const Manifest manifest = twin::manifest_of(table);
    return twin::check(print_manifest(manifest), twin::csv(table), std::move(files));
  };
  CHECK(twin::failures(with({.distance = Distance::equal, .t = "0.125"})) == "");
  CHECK(twin::failures(with({.distance = Distance::equal, .t = "0.124"})) == "t_violated");
  const std::vector<std::string> order = {"m", "n", "o", "p"};
  CHECK(twin::failures(with({.distance = Distance::ordered, .order = order, .t = "0.042"})) == "");
  CHECK(twin::failures(with({.distance = Distance::ordered, .order = order, .t = "0.041"})) ==
        "t_violated");
  CHECK(twin::failures(with({.distance = Distance::ordered, .order = {{"m", "n"}}, .t = "1"})) ==
        "t_violated");
  // An order that would tell of rows that are not there is left out, and so is the check.
  const auto unknown = with({.distance = Distance::ordered, .t = "0.041"});
  CHECK(unknown.verified());
  CHECK(twin::find(unknown, "t-closeness")->outcome == proof::Outcome::skipped);
  CHECK(twin::find(unknown, "t-closeness")->detail.find("order") != std::string::npos);
  CHECK(twin::failures(with({.distance = Distance::equal, .order = order, .t = "1"})) ==
        "manifest_invalid");
  // The hierarchical one cannot be checked without its file, and says so.
  table.columns[1].hierarchy = tree_of(kTree, 4, 3);
  const Criterion tree{.distance = Distance::hierarchical, .t = "0.063"};
  CHECK(twin::find(with(tree), "t-closeness")->outcome == proof::Outcome::skipped);
  CHECK(twin::find(with(tree, {kTree}), "t-closeness")->outcome == proof::Outcome::passed);
  const Criterion less{.distance = Distance::hierarchical, .t = "0.062"};
  CHECK(twin::find(with(less, {kTree}), "t-closeness")->reason == "t_violated");
  // Two rows were dropped: near to t the answer is theirs, and the distribution gives it.
  table.dropped = 2;
  const Criterion near{.distance = Distance::equal, .t = "0.2"};
  CHECK(twin::find(with(near), "t-closeness")->outcome == proof::Outcome::skipped);
  const Criterion known{.distance = Distance::equal,
                        .distribution = {{{4, "m"}, {2, "n"}, {2, "o"}, {2, "p"}}},
                        .t = "0.2"};
  CHECK(twin::find(with(known), "t-closeness")->outcome == proof::Outcome::passed);
  Criterion lies = known;
  lies.distribution = {{{3, "m"}, {3, "n"}, {2, "o"}, {2, "p"}}};
  CHECK(twin::find(with(lies), "t-closeness")->reason == "t_violated");
  lies.t = "1";  // however far it may be: the release has more of m than that
  CHECK(twin::find(with(lies), "t-closeness")->reason == "t_violated");
  lies.distribution = {{{4, "m"}, {3, "n"}, {2, "o"}, {2, "p"}}};
  CHECK(twin::failures(with(lies)) == "manifest_invalid");
}

TEST_CASE("recheck: what is about a population is never passed, but skipped with why") {
  twin::Table table;
  table.columns = {{.name = "q", .role = Role::quasi_identifier}};
  table.rows = {{"x"}, {"x"}};
  table.criteria = {{.k = 5, .kind = CriterionKind::k_map},
                    {.kind = CriterionKind::delta_presence, .max = "0.5", .min = "0.1"}};
  const auto report = twin::check(print_manifest(twin::manifest_of(table)), twin::csv(table));
  CHECK(report.verified());
  for (const char* const name : {"k-map", "delta-presence"}) {
    CHECK(twin::find(report, name)->outcome == proof::Outcome::skipped);
    CHECK(twin::find(report, name)->detail.find("population") != std::string::npos);
  }
}
