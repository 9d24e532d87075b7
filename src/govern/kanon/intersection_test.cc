#include "kanon/intersection.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "kanon/test_tools.h"

namespace mc::kanon {
namespace {

using test::Dice;
using test::World;

const Secret& secret() {
  static const Secret kSecret(std::string(32, 's'));
  return kSecret;
}

Config config_of(std::int64_t k, const char* suppression = "0") {
  Config config;
  config.k = k;
  config.suppression = suppression;
  config.row_key = "id";
  config.columns = {
      {"id", {.role = Role::identifying}}, {"age", test::quasi()}, {"town", test::quasi()}};
  return config;
}

const std::map<std::string, std::string> kHierarchies = {
    {"age", "30;3x;*\n31;3x;*\n40;4x;*\n41;4x;*\n"}, {"town", "x;*\ny;*\nz;*\n"}};

// A release: `map` is what is remembered of it.
struct Released {
  World world;
  Problem problem;
  RowKeys keys;
  Levels levels;
  Classes classes;
  ClassMap map;
};

std::unique_ptr<Released> release(const std::string& rows, const Config& config,
                                  const Levels& levels) {
  World world = test::make_world("id,age,town\n" + rows, config, kHierarchies);
  Problem problem = *world.problem();
  RowKeys keys = *RowKeys::make(problem, secret());
  Classes classes = classes_of_levels(problem, levels);
  REQUIRE_MESSAGE(check(problem, classes).has_value(), check(problem, classes).error().what);
  ClassMap map(keys, classes);
  return std::make_unique<Released>(Released{std::move(world), std::move(problem), std::move(keys),
                                             levels, std::move(classes), std::move(map)});
}

GuardVerdict verdict(const Released& now, const std::vector<ClassMap>& earlier) {
  return guard({now.problem, now.keys, now.classes, now.levels}, earlier);
}

// Ages and towns are spread so that each of both has halves, and the pairs have one row each.
const std::string kFour = "a,30,x\nb,31,y\nc,40,x\nd,41,y\n";

TEST_CASE("attack: two releases with different columns left whole pin single rows down") {
  const auto by_age = release(kFour, config_of(2), {1, 1});
  const auto by_town = release(kFour, config_of(2), {2, 0});
  CHECK(verdict(*by_age, {}).passes());
  const GuardVerdict second = verdict(*by_town, {by_age->map});
  REQUIRE_FALSE(second.passes());
  CHECK(second.exposed[0] == Exposure{Leak::shared, 0, 4, 4, 1, 2});
  // The same columns again tell nothing new.
  CHECK(verdict(*by_age, {by_age->map}).passes());
  // What would pass is everything in one class.
  REQUIRE(second.generalise);
  CHECK(second.generalise->levels == Levels{2, 1});
  CHECK(second.generalise->loss.geometric_pico == kPico);
  CHECK(second.complete);
  CHECK_FALSE(second.suppress);
}

TEST_CASE("attack: a later snapshot without one person tells who that was") {
  const std::string rows = "a,30,x\nb,31,x\nc,30,x\nd,40,y\ne,41,y\n";
  const auto first = release(rows, config_of(2), {1, 0});
  const auto second = release(rows.substr(rows.find('\n') + 1), config_of(2), {1, 0});
  const GuardVerdict told = verdict(*second, {first->map});
  REQUIRE_FALSE(told.passes());
  CHECK(told.exposed[0] == Exposure{Leak::differing, 0, 1, 1, 1, 2});
  // Two that are gone hide each other at k = 2, and a new one shows as well.
  const auto two_less = release("c,30,x\nf,31,x\nd,40,y\ne,41,y\n", config_of(2), {1, 0});
  CHECK_FALSE(verdict(*two_less, {second->map}).exposed.empty());
  const auto new_class = release(rows + "f,40,x\ng,41,x\n", config_of(2), {1, 0});
  CHECK(verdict(*new_class, {first->map}).passes());
}

TEST_CASE("guard: three releases that are fine in pairs are held against all of them") {
  // Eight rows on the corners of a cube with two on each, by three binary columns.
  std::string csv = "id,a,b,c\n";
  for (int i = 0; i < 8; ++i) {
    csv += std::to_string(i) + "," + std::to_string(i & 1) + "," + std::to_string(i >> 1 & 1) +
           "," + std::to_string(i >> 2) + "\n";
  }
  Config config;
  config.k = 2;
  config.suppression = "0";
  config.row_key = "id";
  config.columns = {{"id", {.role = Role::identifying}},
                    {"a", test::quasi()},
                    {"b", test::quasi()},
                    {"c", test::quasi()}};
  const std::string bit = "0;*\n1;*\n";
  const World world = test::make_world(csv, config, {{"a", bit}, {"b", bit}, {"c", bit}});
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  const Result<RowKeys> keys = RowKeys::make(*problem, secret());
  REQUIRE(keys);
  std::vector<ClassMap> maps;
  for (const Levels& levels : {Levels{0, 1, 1}, Levels{1, 0, 1}, Levels{1, 1, 0}}) {
    maps.emplace_back(*keys, classes_of_levels(*problem, levels));
  }
  const ClassMap now = maps[2];
  CHECK(exposures(now, std::span(maps).first(1), 2).empty());
  CHECK(exposures(now, std::span(maps).subspan(1, 1), 2).empty());
  const auto both = exposures(now, std::span(maps).first(2), 2);
  REQUIRE(both.size() == 1);
  CHECK(both[0] == Exposure{Leak::shared, std::nullopt, 8, 8, 1, 2});
}

TEST_CASE("attack: who left and who came do not hide each other in a component") {
  // Nine leave and one comes: ten differ, but the nine and the one are told apart by their sides.
  std::string stay, leave;
  for (int i = 0; i < 20; ++i) stay += "s" + std::to_string(i) + ",30,x\n";
  for (int i = 0; i < 9; ++i) leave += "l" + std::to_string(i) + ",31,x\n";
  const auto before = release(stay + leave, config_of(10), {1, 0});
  const auto after = release(stay + "new,31,x\n", config_of(10), {1, 0});
  const GuardVerdict told = verdict(*after, {before->map});
  REQUIRE_FALSE(told.passes());
  CHECK(told.exposed[0] == Exposure{Leak::differing, 0, 2, 10, 1, 10});
  // Ten of each are enough.
  std::string come;
  for (int i = 0; i < 10; ++i) come += "c" + std::to_string(i) + ",31,x\n";
  const auto more = release(stay + leave + "l9,31,x\n", config_of(10), {1, 0});
  const auto others = release(stay + come, config_of(10), {1, 0});
  CHECK(verdict(*others, {more->map}).passes());
}

TEST_CASE("attack: an earlier release of other rows hides nothing of several together") {
  // Rows on the corners of a square, one each: the halves are fine in pairs, but not all together.
  std::string rows, others;
  for (const char* cells : {",30,x\n", ",30,y\n", ",40,x\n", ",40,y\n"}) {
    for (int i = 0; i < 2; ++i) rows += "r" + std::to_string(rows.size()) + cells;
  }
  for (int i = 0; i < 4; ++i) others += "o" + std::to_string(i) + ",30,z\n";
  const auto now = release(rows, config_of(4), {2, 1});
  const auto by_age = release(rows, config_of(4), {1, 1});
  const auto by_town = release(rows, config_of(4), {2, 0});
  const auto elsewhere = release(others, config_of(4), {1, 0});
  const std::vector<ClassMap> both = {by_age->map, by_town->map};
  REQUIRE_FALSE(exposures(now->map, both, 4).empty());
  const std::vector<ClassMap> three = {by_age->map, by_town->map, elsewhere->map};
  const auto found = exposures(now->map, three, 4);
  REQUIRE(found.size() == 1);
  CHECK(found[0] == Exposure{Leak::shared, std::nullopt, 4, 8, 2, 4});
}

TEST_CASE("attack: rows that no earlier release has are told by all of them together") {
  // Each half of the earlier ones lacks four of the new rows; the union of them lacks one.
  const auto rows = [](int from, int to) {
    std::string out;
    for (int i = from; i < to; ++i) out += "r" + std::to_string(i) + ",30,x\n";
    return out;
  };
  const auto low = release(rows(0, 4), config_of(4), {1, 0});
  const auto high = release(rows(4, 8), config_of(4), {1, 0});
  const auto now = release(rows(0, 9), config_of(4), {1, 0});
  CHECK(verdict(*now, {low->map}).passes());
  CHECK(verdict(*now, {high->map}).passes());
  const GuardVerdict told = verdict(*now, {low->map, high->map});
  REQUIRE(told.exposed.size() == 1);
  CHECK(told.exposed[0] == Exposure{Leak::shared, std::nullopt, 1, 1, 1, 4});
}

TEST_CASE("guard: a row that is left out alone is told by that, so this is not offered") {
  std::string rows;
  for (int i = 0; i < 10; ++i) rows += "p" + std::to_string(i) + (i < 9 ? ",30,x\n" : ",30,y\n");
  for (int i = 0; i < 10; ++i) rows += "q" + std::to_string(i) + ",40,y\n";
  const auto first = release(rows, config_of(2), {1, 1});
  const auto second = release(rows, config_of(2, "0.05"), {2, 0});
  const GuardVerdict told = verdict(*second, {first->map});
  REQUIRE_FALSE(told.passes());
  // p9 shares both classes with nobody; without it one row of a component differs, which tells too.
  CHECK(told.exposed[0] == Exposure{Leak::shared, 0, 1, 1, 1, 2});
  CHECK_FALSE(told.suppress);
  REQUIRE(told.generalise);
  CHECK(told.generalise->levels == Levels{2, 1});
}

TEST_CASE("guard: rows that are left out hide each other when there are k of them") {
  std::string rows;
  const auto add = [&](int count, const char* cells) {
    for (int i = 0; i < count; ++i) rows += std::to_string(rows.size()) + cells;
  };
  add(10, ",30,x\n");
  add(2, ",30,y\n");
  add(2, ",30,z\n");
  add(10, ",40,y\n");
  add(10, ",40,z\n");
  add(3, ",40,x\n");
  const auto first = release(rows, config_of(3), {1, 1});
  const auto second = release(rows, config_of(3, "0.2"), {2, 0});
  const GuardVerdict told = verdict(*second, {first->map});
  REQUIRE_FALSE(told.passes());
  CHECK(told.exposed[0] == Exposure{Leak::shared, 0, 2, 4, 2, 3});
  REQUIRE(told.suppress);
  CHECK(told.suppress->classes.suppressed == 4);
  CHECK(told.suppress->levels == Levels{2, 0});
  // With no room for them there is no such offer.
  const auto tight = release(rows, config_of(3, "0.1"), {2, 0});
  CHECK_FALSE(verdict(*tight, {first->map}).suppress);
}

// Sets of keys, the slow way.
struct Slow {
  std::size_t groups = 0, rows = 0;
};
Slow slow_shared(const ClassMap& a, const ClassMap& b, std::size_t k) {
  std::map<std::uint32_t, std::set<std::uint64_t>> left, right;
  for (const auto& row : a.rows()) left[row.of_class].insert(row.key);
  for (const auto& row : b.rows()) right[row.of_class].insert(row.key);
  Slow out;
  for (const auto& [i, x] : left) {
    for (const auto& [j, y] : right) {
      std::size_t both = 0;
      for (const std::uint64_t key : x) both += y.count(key);
      if (both > 0 && both < k) ++out.groups, out.rows += both;
    }
  }
  return out;
}

TEST_CASE("guard: shared rows are those of plain sets, and offers pass themselves") {
  std::size_t denied = 0, offered = 0, left_out = 0;
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const auto k = static_cast<std::int64_t>(2 + dice.below(2));
    std::string one, two;
    for (int i = 0; i < 60; ++i) {
      const char* const ages[] = {"30", "31", "40", "41"};
      const std::string row = std::to_string(i) + "," + ages[dice.below(dice.one_in(3) ? 4 : 2)] +
                              (dice.one_in(4) ? ",y\n" : ",x\n");
      if (!dice.one_in(9)) one += row;
      if (!dice.one_in(9)) two += row;
    }
    const World first = test::make_world("id,age,town\n" + one, config_of(k, "0.2"), kHierarchies);
    const World second = test::make_world("id,age,town\n" + two, config_of(k, "0.2"), kHierarchies);
    const Result<Problem> a = first.problem(), b = second.problem();
    const RowKeys x = *RowKeys::make(*a, secret()), y = *RowKeys::make(*b, secret());
    const Levels low{static_cast<std::uint8_t>(dice.below(3)),
                     static_cast<std::uint8_t>(dice.below(2))};
    const ClassMap earlier(x, classes_of_levels(*a, low));
    const Result<Solution> now = search(*b);
    if (!now) continue;
    const GuardVerdict told = guard({*b, y, now->classes, now->levels}, std::span(&earlier, 1));
    const Slow slow = slow_shared(told.map, earlier, static_cast<std::size_t>(k));
    std::size_t groups = 0, rows = 0;
    for (const Exposure& each : told.exposed) {
      if (each.leak == Leak::shared) groups += each.groups, rows += each.rows;
    }
    CHECK(groups == slow.groups);
    CHECK(rows == slow.rows);
    if (told.passes()) continue;
    ++denied;
    for (const auto& offer : {told.generalise, told.suppress}) {
      if (!offer) continue;
      CHECK(check(*b, offer->classes).has_value());
      CHECK(guard({*b, y, offer->classes, offer->levels}, std::span(&earlier, 1)).passes());
      CHECK(offer->loss == loss_of(*b, offer->classes));
    }
    offered += told.generalise ? 1 : 0;
    left_out += told.suppress ? 1 : 0;
    // No level vector above the one that was asked for passes with less loss.
    for (std::uint8_t age = now->levels[0]; age < 3; ++age) {
      for (std::uint8_t town = now->levels[1]; town < 2; ++town) {
        const Classes other = classes_of_levels(*b, Levels{age, town});
        if (!check(*b, other) ||
            !exposures(ClassMap(y, other), std::span(&earlier, 1), static_cast<std::uint32_t>(k))
                 .empty())
          continue;
        REQUIRE(told.generalise);
        CHECK(told.generalise->loss.geometric_pico <= loss_of(*b, other).geometric_pico);
      }
    }
  }
  CHECK(denied > 50);
  CHECK(offered > 20);
  CHECK(left_out > 0);
}

// Two of each pair of age and town, all with one illness: each release is diverse, and who has both
// knows everybody's.
constexpr const char* kAlike =
    "a,30,x,flu\nb,30,x,flu\nc,30,y,cold\nd,30,y,cold\n"
    "e,40,x,cold\nf,40,x,cold\ng,40,y,flu\nh,40,y,flu\n";

struct Ill {
  World world;
  Problem problem;
  RowKeys keys;
};
std::unique_ptr<Ill> ill(const CriterionConfig& criterion, const char* suppression = "0",
                         const std::string& rows = kAlike) {
  Config config = config_of(2, suppression);
  config.columns["ill"] = test::sensitive({criterion});
  World world = test::make_world("id,age,town,ill\n" + rows, config, kHierarchies);
  Problem problem = *world.problem();
  RowKeys keys = *RowKeys::make(problem, secret());
  return std::make_unique<Ill>(Ill{std::move(world), std::move(problem), std::move(keys)});
}

TEST_CASE("attack: two diverse releases leave one value to the rows that they share") {
  const std::pair<CriterionConfig, const char*> criteria[] = {
      {{.kind = Kind::distinct_l, .l = "2"}, "distinct-2 of ill"},
      {{.kind = Kind::entropy_l, .l = "2"}, "entropy-2 of ill"},
      {{.kind = Kind::recursive_cl, .l = "2", .c = "2"}, "recursive-(2,2) of ill"},
      {{.kind = Kind::t_equal, .t = "0.2"}, "t-equal-0.2 of ill"}};
  for (const auto& [criterion, name] : criteria) {
    CAPTURE(name);
    const auto now = ill(criterion);
    const Levels by_age{0, 1}, by_town{2, 0};
    const Classes first = classes_of_levels(now->problem, by_age);
    const Classes second = classes_of_levels(now->problem, by_town);
    REQUIRE(check(now->problem, first));
    REQUIRE(check(now->problem, second));
    const ClassMap earlier(now->keys, first);
    CHECK(exposures(ClassMap(now->keys, second), std::span(&earlier, 1), 2).empty());
    const GuardVerdict told =
        guard({now->problem, now->keys, second, by_town}, std::span(&earlier, 1));
    REQUIRE_FALSE(told.passes());
    CHECK(told.exposed[0] == Exposure{Leak::shared, 0, 4, 8, 2, 2, name});
    // All of both columns generalised, nothing more is told than before.
    REQUIRE(told.generalise);
    CHECK(told.generalise->levels == Levels{2, 1});
    CHECK(guard({now->problem, now->keys, first, by_age}, std::span(&earlier, 1)).passes());
  }
}

TEST_CASE("guard: rows that share a value too many are left out when the profile lets them") {
  const auto now = ill({.kind = Kind::distinct_l, .l = "2"}, "0.5",
                       "a,30,x,flu\nb,30,x,cold\nc,30,y,cold\nd,30,y,flu\n"
                       "e,40,x,cold\nf,40,x,cold\ng,40,y,flu\nh,40,y,cold\n");
  const Classes by_age = classes_of_levels(now->problem, Levels{0, 1});
  const Classes by_town = classes_of_levels(now->problem, Levels{2, 0});
  const ClassMap earlier(now->keys, by_town);
  const GuardVerdict told =
      guard({now->problem, now->keys, by_age, {0, 1}}, std::span(&earlier, 1));
  REQUIRE_FALSE(told.passes());
  CHECK(told.exposed[0].groups == 1);
  CHECK(told.exposed[0].criterion == "distinct-2 of ill");
  for (const auto& offer : {told.generalise, told.suppress}) {
    if (!offer) continue;
    CHECK(guard({now->problem, now->keys, offer->classes, offer->levels}, std::span(&earlier, 1))
              .passes());
  }
  CHECK(told.generalise);
}

TEST_CASE("guard: a search for a change that is stopped says so, and refuses all the same") {
  const auto by_age = release(kFour, config_of(2), {1, 1});
  const auto by_town = release(kFour, config_of(2), {2, 0});
  GuardOptions options;
  int asked = 0;
  options.goes_on = [&] { return ++asked > 1; };
  const GuardVerdict told =
      guard({by_town->problem, by_town->keys, by_town->classes, by_town->levels},
            std::span(&by_age->map, 1), options);
  CHECK_FALSE(told.passes());
  CHECK_FALSE(told.generalise);
  CHECK_FALSE(told.complete);
  CHECK(verdict(*by_town, {by_age->map}).complete);
}

TEST_CASE("class map: how many rows it has is known before it is read") {
  const auto one = release(kFour, config_of(2), {1, 1});
  CHECK(ClassMap::rows_in(one->map.encode()) == 4);
  CHECK_FALSE(ClassMap::rows_in(""));
  CHECK_FALSE(ClassMap::rows_in("mc-kanon-class-map-1\n\xff\xff\xff\x7f"));
}

TEST_CASE("class map: what is stored reads back, and nothing else is read") {
  const auto one = release(kFour, config_of(2), {1, 1});
  const std::string bytes = one->map.encode();
  CHECK(ClassMap::decode(bytes) == one->map);
  CHECK(one->map.classes() == 2);
  CHECK(bytes.find("30") == std::string::npos);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK_FALSE(ClassMap::decode(bytes.substr(0, i)));
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    CHECK(ClassMap::decode(flipped).error().code == Code::corrupt);
  }
  CHECK_FALSE(ClassMap::decode(bytes + "x"));
}

TEST_CASE("class map: rows are told by a secret, each by a key of its own") {
  const World world = test::make_world("id,age,town\na,30,x\nb,30,x\n", config_of(2), kHierarchies);
  const Result<Problem> problem = world.problem();
  const Secret other(std::string(32, 'o'));
  CHECK(RowKeys::make(*problem, secret())->key != RowKeys::make(*problem, other)->key);
  CHECK_FALSE(RowKeys::make(*problem, Secret("short")));
  const World twice = test::make_world("id,age,town\na,30,x\na,30,x\n", config_of(2), kHierarchies);
  CHECK(RowKeys::make(*twice.problem(), secret()).error().what ==
        "column 'id' is the row key, but row 2 has one that stood before");
  World none = test::make_world("id,age,town\na,30,x\n", config_of(2), kHierarchies);
  none.config.row_key = "";
  CHECK(RowKeys::make(*none.problem(), secret()).error().code == Code::invalid);
}

}  // namespace
}  // namespace mc::kanon
