#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "kanon/kanon.h"
#include "kanon/test_tools.h"

namespace mc::kanon {
namespace {

using test::Dice;
using test::World;

__extension__ using Uint128 = unsigned __int128;

class Threads final : public Workers {
 public:
  void run(std::span<const std::function<void()>> tasks) override {
    std::vector<std::thread> threads;
    for (const auto& task : tasks) threads.emplace_back(task);
    for (std::thread& each : threads) each.join();
  }
};

std::string text_of(const Levels& levels) {
  std::string out;
  for (const std::uint8_t level : levels) {
    out += (out.empty() ? "" : ",") + std::to_string(level);
  }
  return out;
}

struct Expected {
  const char* name;
  std::int64_t k;
  const char* suppression;
  std::optional<CriterionConfig> occupation;  // none = a quasi-identifier like the others
  const char* levels;                         // "" = not known
  std::int64_t loss_nano;
  std::uint64_t suppressed;
  std::size_t classes;
};

const Expected kAdult[] = {
    {"5 / 0", 5, "0", {}, "0,4,1,1,3,2,2,1,0", 573'150'966, 0, 24},
    {"10 / 0", 10, "0", {}, "0,4,1,1,3,2,2,1,0", 573'150'966, 0, 24},
    {"5 / 2 %", 5, "0.02", {}, "0,3,0,2,2,1,1,2,0", 313'713'035, 506, 222},
    {"10 / 2 %", 10, "0.02", {}, "0,4,0,1,2,1,1,2,0", 342'336'704, 592, 124},
    {"distinct 3", 5, "0.02", CriterionConfig{.l = "3"}, "", 246'911'740, 522, 219},
    {"entropy 3", 5, "0.02", CriterionConfig{.kind = Kind::entropy_l, .l = "3"}, "", 275'157'113,
     518, 152},
    {"hierarchical t 0.2", 5, "0.02", CriterionConfig{.kind = Kind::t_hierarchical, .t = "0.2"}, "",
     735'140'375, 151, 9},
};

TEST_CASE("search: finds the optima of the adult census data that exhaustive search found") {
  Threads threads;
  for (const Expected& row : kAdult) {
    std::optional<World> world = test::adult(row.k, row.suppression);
    if (!world) return;
    CAPTURE(row.name);
    if (row.occupation) {
      world->config.columns["occupation"] = test::sensitive({*row.occupation});
    }
    const Result<Problem> problem = world->problem();
    REQUIRE_MESSAGE(problem.has_value(), problem.error().what);
    const Result<Solution> found = search(*problem);
    REQUIRE(found);
    if (row.levels[0] != '\0') CHECK(text_of(found->levels) == row.levels);
    // The table rounds to nine digits, halves away from zero.
    CHECK((found->loss.geometric_pico + 500) / 1000 == row.loss_nano);
    CHECK(found->classes.suppressed == row.suppressed);
    CHECK(found->classes.size() == row.classes);
    CHECK(found->loss == loss_of(*problem, found->classes));
    CHECK(found->stats.optimal);
    CHECK(found->stats.bound_pico == found->loss.geometric_pico);
    CHECK(check(*problem, found->classes));
    const Result<Solution> again = search(*problem, {.workers = &threads});
    REQUIRE(again);
    CHECK(again->levels == found->levels);
    CHECK(again->stats == found->stats);
  }
}

// Every level vector, by texts and maps: slow and plain.
struct Optimum {
  bool any = false;
  Uint128 loss = 0;  // product of N (D - 1) (1 + d), or the sum of d over a common denominator
  Levels levels;
  std::uint64_t suppressed = 0;
  std::size_t classes = 0;
};

class Oracle {
 public:
  explicit Oracle(const Problem& problem) : problem_(problem) {}

  Optimum optimum() {
    const std::vector<Quasi>& quasi = problem_.quasi();
    Levels levels(quasi.size(), 0);
    for (;;) {
      look(levels);
      std::size_t at = levels.size();
      while (at > 0 && ++levels[at - 1] == quasi[at - 1].hierarchy.levels()) levels[--at] = 0;
      if (at == 0) return best_;
    }
  }
  // Some level vector fulfils all, and one that generalises it does not.
  bool non_monotone() const {
    for (const Levels& levels : fulfilling_) {
      for (std::size_t i = 0; i < levels.size(); ++i) {
        Levels above = levels;
        if (++above[i] < problem_.quasi()[i].hierarchy.levels() && !fulfilling_.contains(above)) {
          return true;
        }
      }
    }
    return false;
  }

 private:
  struct Class {
    std::vector<std::size_t> rows;
    std::uint32_t population = 0;
  };

  bool passes(const Class& each) const {
    if (!fulfils(problem_.sizes(), static_cast<std::uint32_t>(each.rows.size()), each.population)) {
      return false;
    }
    for (const Sensitive& sensitive : problem_.sensitive()) {
      std::map<std::uint32_t, std::uint32_t> counts;
      for (const std::size_t row : each.rows) {
        ++counts[problem_.table().columns[sensitive.column].codes[row]];
      }
      std::vector<ValueCount> list;
      for (const auto& [value, rows] : counts) list.push_back({value, rows});
      if (!fulfils_all(sensitive, list)) return false;
    }
    return true;
  }

  void look(const Levels& levels) {
    const std::vector<Quasi>& quasi = problem_.quasi();
    std::map<std::vector<std::string>, Class> classes;
    for (std::size_t row = 0; row < problem_.table().rows; ++row) {
      std::vector<std::string> key;
      for (std::size_t i = 0; i < quasi.size(); ++i) {
        const Hierarchy& hierarchy = quasi[i].hierarchy;
        const std::string& text = problem_.table().columns[quasi[i].column].text(row);
        const std::uint32_t leaf = *hierarchy.find_leaf(text);
        key.push_back(hierarchy.label(levels[i], hierarchy.value_of(levels[i], leaf)));
      }
      Class& of = classes[key];
      ++of.population;
      if (problem_.to_release(row)) of.rows.push_back(row);
    }
    Optimum now{.any = true, .levels = levels};
    std::vector<std::uint64_t> sums(quasi.size());
    for (const auto& [key, of] : classes) {
      if (of.rows.empty()) continue;
      const bool in = passes(of);
      if (!in) now.suppressed += of.rows.size();
      now.classes += in ? 1 : 0;
      for (std::size_t i = 0; i < quasi.size(); ++i) {
        sums[i] +=
            of.rows.size() * (in ? leaves_of(i, levels[i], key[i]) : quasi[i].hierarchy.leaves());
      }
    }
    if (now.suppressed > problem_.suppressed_max()) return;
    if (problem_.suppressed() == Suppressed::star && now.suppressed > 0 &&
        now.suppressed < problem_.sizes().k) {
      return;
    }
    fulfilling_.insert(levels);
    now.loss = loss(sums);
    // Level vectors come in lexicographic order, so the first of equals stays.
    if (!best_.any || now.loss < best_.loss) best_ = now;
  }

  std::uint64_t leaves_of(std::size_t quasi, std::size_t level, const std::string& label) const {
    const Hierarchy& hierarchy = problem_.quasi()[quasi].hierarchy;
    std::uint64_t count = 0;
    for (std::uint32_t leaf = 0; leaf < hierarchy.leaves(); ++leaf) {
      if (hierarchy.label(level, hierarchy.value_of(level, leaf)) == label) ++count;
    }
    return count;
  }

  Uint128 loss(const std::vector<std::uint64_t>& sums) const {
    const std::uint64_t n = problem_.rows();
    Uint128 product = 1, sum = 0, common = 1;
    for (const Quasi& each : problem_.quasi()) {
      if (each.hierarchy.leaves() > 1) common *= each.hierarchy.leaves() - 1;
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const std::uint64_t d = problem_.quasi()[i].hierarchy.leaves();
      if (d == 1) continue;
      product *= n * (d - 1) + (sums[i] - n);
      sum += common / (d - 1) * (sums[i] - n);
    }
    return problem_.mean() == Mean::geometric ? product : sum;
  }

  const Problem& problem_;
  std::set<Levels> fulfilling_;
  Optimum best_;
};

// Neighbours are joined, often none of them, so that levels tie; the top may keep several values.
std::string random_hierarchy(Dice& dice, std::size_t leaves, bool one_top) {
  const std::size_t levels = 1 + dice.below(4);
  std::vector<std::vector<std::size_t>> value(leaves);
  for (std::size_t i = 0; i < leaves; ++i) value[i] = {i};
  for (std::size_t level = 1; level < levels; ++level) {
    std::vector<std::size_t> joined(leaves);
    for (std::size_t i = 1; i < leaves; ++i) joined[i] = joined[i - 1] + (dice.one_in(2) ? 1 : 0);
    for (std::size_t i = 0; i < leaves; ++i) {
      value[i].push_back(dice.one_in(9) ? value[i].back() : joined[value[i].back()]);
    }
    // Whoever stayed apart by chance would part what is joined: all of a value do the same.
    std::map<std::size_t, std::size_t> of_value;
    for (std::size_t i = 0; i < leaves; ++i) {
      value[i].back() = of_value.emplace(value[i][level - 1], value[i].back()).first->second;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < leaves; ++i) {
    for (std::size_t level = 0; level < value[i].size(); ++level) {
      out += (level == 0 ? "" : ";") + std::to_string(value[i][level]);
    }
    out += one_top ? ";*\n" : "\n";
  }
  return out;
}

CriterionConfig random_criterion(Dice& dice) {
  const char* const ts[] = {"0", "0.2", "0.35", "0.5", "0.8"};
  switch (dice.below(6)) {
    case 0:
      return {.kind = Kind::entropy_l, .l = dice.one_in(2) ? "2" : "1.5"};
    case 1:
      return {.kind = Kind::recursive_cl, .l = "2", .c = dice.one_in(2) ? "1.5" : "3"};
    case 2:
      return {.kind = Kind::t_equal, .t = ts[dice.below(5)]};
    case 3:
      return {.kind = Kind::t_hierarchical, .t = ts[dice.below(5)]};
    case 4:
      return {.kind = Kind::t_ordered, .t = ts[dice.below(5)]};
    default:
      return {.kind = Kind::distinct_l, .l = dice.one_in(3) ? "3" : "2"};
  }
}

World random_world(Dice& dice) {
  const std::size_t columns = 1 + dice.below(4), rows = 1 + dice.below(40);
  const char* const limits[] = {"0", "0.1", "0.3", "0.5", "1"};
  Config config;
  config.k = 2 + static_cast<std::int64_t>(dice.below(3));
  config.suppression = limits[dice.below(5)];
  config.mean = dice.one_in(4) ? Mean::arithmetic : Mean::geometric;
  config.suppressed = dice.one_in(5) ? Suppressed::star : Suppressed::drop;
  std::map<std::string, std::string> hierarchies;
  std::vector<std::size_t> leaves;
  std::string csv;
  for (std::size_t i = 0; i < columns; ++i) {
    const std::string name = "q" + std::to_string(i);
    leaves.push_back(1 + dice.below(6));
    hierarchies[name] = random_hierarchy(dice, leaves.back(), dice.one_in(2));
    config.columns[name] = test::quasi();
    csv += name + ",";
  }
  const bool with_sensitive = dice.one_in(2), with_population = dice.one_in(4);
  config.columns["s"] = {.role = Role::insensitive};
  if (with_sensitive) config.columns["s"] = test::sensitive({random_criterion(dice)});
  hierarchies["s"] = "0;a;*\n1;a;*\n2;b;*\n3;b;*\n";
  config.columns["in"] = {.role = Role::identifying};
  if (with_population) {
    config.population = PopulationConfig{"in", "yes"};
    config.k_map = 1 + static_cast<std::int64_t>(dice.below(5));
    if (dice.one_in(2)) config.presence = PresenceConfig{dice.one_in(2) ? "0.2" : "0", "0.7"};
  }
  csv += "s,in\n";
  const std::size_t spread = 1 + dice.below(4);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < columns; ++i) {
      csv += std::to_string(dice.below(1 + (leaves[i] - 1) * spread / 4)) + ",";
    }
    csv += std::to_string(dice.below(4)) +
           (row == 0 || !with_population || dice.one_in(2) ? ",yes\n" : ",no\n");
  }
  return test::make_world(csv, std::move(config), hierarchies);
}

// Who is where has which illness, so that classes differ much and joining them spoils some.
World skewed_world(Dice& dice) {
  Config config;
  config.k = 2;
  config.suppression = dice.one_in(2) ? "0.3" : "0.5";
  config.columns["a"] = config.columns["b"] = test::quasi();
  CriterionConfig criterion = random_criterion(dice);
  while (criterion.kind == Kind::distinct_l) criterion = random_criterion(dice);
  if (criterion.kind == Kind::entropy_l) criterion.l = "1.7";
  config.columns["s"] = test::sensitive({criterion});
  std::string csv = "a,b,s\n";
  for (int row = 0; row < 60; ++row) {
    const std::size_t a = dice.below(4), b = dice.below(3);
    const std::size_t ill = dice.one_in(3) ? dice.below(4) : a * b % 4;
    csv += std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(ill) + "\n";
  }
  return test::make_world(csv, std::move(config),
                          {{"a", "0;0;*\n1;0;*\n2;2;*\n3;2;*\n"},
                           {"b", "0;0;*\n1;1;*\n2;1;*\n"},
                           {"s", "0;a;*\n1;a;*\n2;b;*\n3;b;*\n"}});
}

TEST_CASE("search: finds what exhaustive search finds where generalising spoils what was good") {
  std::size_t spoiled = 0;
  for (std::uint32_t seed = 1; seed <= 1500; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const World world = skewed_world(dice);
    const Result<Problem> problem = world.problem();
    REQUIRE(problem);
    Oracle oracle(*problem);
    const Optimum best = oracle.optimum();
    const Result<Solution> found = search(*problem);
    REQUIRE(found.has_value() == best.any);
    spoiled += oracle.non_monotone() ? 1 : 0;
    if (!found) continue;
    REQUIRE(text_of(found->levels) == text_of(best.levels));
    CHECK(found->classes.suppressed == best.suppressed);
  }
  CHECK(spoiled > 50);
}

TEST_CASE("search: finds a good level below one that fails, where a class is spoiled by another") {
  // At the leaves one class is half flu and half cold, the other nearly all flu and suppressed;
  // together all are too much flu.
  Config config;
  config.k = 2;
  config.suppression = "0.5";
  config.columns["a"] = config.columns["b"] = test::quasi();
  config.columns["s"] = test::sensitive({{.kind = Kind::entropy_l, .l = "2"}});
  std::string csv = "a,b,s\n";
  for (int i = 0; i < 5; ++i) csv += "0,0,flu\n0,0,cold\n";
  for (int i = 0; i < 8; ++i) csv += std::string("1,1,") + (i == 0 ? "cold\n" : "flu\n");
  const std::string hierarchy = "0;*\n1;*\n";
  const World world = test::make_world(csv, config, {{"a", hierarchy}, {"b", hierarchy}});
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  const Result<Solution> found = search(*problem);
  REQUIRE(found);
  CHECK(found->levels == Levels{0, 0});
  CHECK(found->classes.suppressed == 8);
  CHECK_FALSE(check(*problem, classes_of_levels(*problem, Levels{1, 1})));
}

TEST_CASE("search: finds what exhaustive search finds on random lattices, ties and all") {
  std::size_t found_some = 0, with_ties = 0, unsound = 0;
  for (std::uint32_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const World world = random_world(dice);
    const Result<Problem> problem = world.problem();
    REQUIRE_MESSAGE(problem.has_value(), problem.error().what);
    const Optimum best = Oracle(*problem).optimum();
    const Result<Solution> found = search(*problem);
    REQUIRE(found.has_value() == best.any);
    for (const Sensitive& each : problem->sensitive()) {
      unsound += each.criteria[0].kind != Kind::distinct_l ? 1 : 0;
    }
    if (!found) {
      CHECK(found.error().code == Code::denied);
      continue;
    }
    ++found_some;
    REQUIRE(text_of(found->levels) == text_of(best.levels));
    CHECK(found->classes.suppressed == best.suppressed);
    CHECK(found->classes.size() == best.classes);
    CHECK(found->stats.optimal);
    CHECK_MESSAGE(check(*problem, found->classes).has_value(),
                  check(*problem, found->classes).error().what);
    with_ties += best.levels != Levels(best.levels.size(), 0) ? 1 : 0;
  }
  CHECK(found_some > 1000);
  CHECK(with_ties > 500);
  CHECK(unsound > 500);
}

TEST_CASE("search: a budget gives the best so far and a bound that holds") {
  std::size_t cut = 0;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const World world = random_world(dice);
    const Result<Problem> problem = world.problem();
    REQUIRE(problem);
    const Result<Solution> all = search(*problem);
    if (!all) continue;
    const bool geometric = problem->mean() == Mean::geometric;
    const std::int64_t least = geometric ? all->loss.geometric_pico : all->loss.arithmetic_pico;
    for (const std::uint64_t nodes : {1u, 2u, 3u, 5u, 8u, 13u, 1000000u}) {
      CAPTURE(nodes);
      const Result<Solution> some = search(*problem, {.nodes_max = nodes});
      if (!some) {
        CHECK(some.error().code == Code::exhausted);
        continue;
      }
      CHECK(check(*problem, some->classes).has_value());
      CHECK(some->stats.nodes_looked <= nodes);
      const std::int64_t loss = geometric ? some->loss.geometric_pico : some->loss.arithmetic_pico;
      CHECK(loss >= least);
      CHECK(some->stats.bound_pico <= least);
      if (some->stats.optimal) CHECK(some->levels == all->levels);
      cut += some->stats.optimal ? 0 : 1;
    }
  }
  CHECK(cut > 50);
}

TEST_CASE("search: tells its progress, ends early when asked, and not at all when cancelled") {
  const std::optional<World> world = test::adult(10, "0.02");
  if (!world) return;
  const Result<Problem> problem = world->problem();
  REQUIRE(problem);
  Progress last;
  const auto tells = [&](const Progress& progress) {
    CHECK(progress.nodes_total == 12'960);
    CHECK(progress.nodes_done >= last.nodes_done);
    CHECK(progress.nodes_done <= progress.nodes_total);
    last = progress;
    return Go::on;
  };
  const Result<Solution> whole = search(*problem, {.watch = tells});
  REQUIRE(whole);
  CHECK(last.nodes_done == last.nodes_total);
  CHECK(last.best_pico == whole->loss.geometric_pico);

  int asked = 0;
  const auto deadline = [&](const Progress& progress) {
    return ++asked < 3 || progress.best_pico < 0 ? Go::on : Go::finish;
  };
  const Result<Solution> some = search(*problem, {.watch = deadline});
  REQUIRE(some);
  CHECK_FALSE(some->stats.optimal);
  CHECK(some->stats.bound_pico <= whole->loss.geometric_pico);
  CHECK(some->loss.geometric_pico >= whole->loss.geometric_pico);

  const Result<Solution> none =
      search(*problem, {.watch = [](const Progress&) { return Go::cancel; }});
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Code::unavailable);
}

}  // namespace
}  // namespace mc::kanon
