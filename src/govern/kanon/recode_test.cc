#include "kanon/recode.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "kanon/recode_cube.h"
#include "kanon/recode_rest.h"
#include "kanon/test_tools.h"

namespace mc::kanon {
namespace {

using test::Dice;
using test::World;

// A hierarchy whose levels join neighbours at random; the highest has `tops` values at most.
std::string random_hierarchy(Dice& dice, std::size_t leaves, std::size_t tops) {
  std::vector<std::vector<std::size_t>> levels(1, std::vector<std::size_t>(leaves));
  std::iota(levels[0].begin(), levels[0].end(), 0u);
  for (std::size_t level = dice.below(3); level > 0; --level) {
    std::vector<std::size_t> next = levels.back();
    std::vector<std::size_t> group(next.size() + 1);
    for (std::size_t i = 1; i < group.size(); ++i) group[i] = group[i - 1] + dice.below(2);
    for (std::size_t& each : next) each = group[each];
    levels.push_back(next);
  }
  std::vector<std::size_t> last = levels.back();
  for (std::size_t& each : last) each %= tops;
  std::vector<std::size_t> top(leaves);  // the top may not part what the level below joined
  for (std::size_t i = 0; i < leaves; ++i) top[i] = last[i];
  levels.push_back(top);
  std::string out;
  for (std::size_t leaf = 0; leaf < leaves; ++leaf) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (level > 0) out += ";n" + std::to_string(level) + "_";
      out += std::to_string(levels[level][leaf]);
    }
    out += "\n";
  }
  return out;
}

CriterionConfig random_criterion(Dice& dice) {
  const CriterionConfig all[] = {
      {.kind = Kind::distinct_l, .l = "2"},  {.kind = Kind::distinct_l, .l = "3"},
      {.kind = Kind::entropy_l, .l = "1.5"}, {.kind = Kind::recursive_cl, .l = "2", .c = "3"},
      {.kind = Kind::t_equal, .t = "0.3"},   {.kind = Kind::t_hierarchical, .t = "0.25"},
      {.kind = Kind::t_ordered, .t = "0.2"},
  };
  return all[dice.below(std::size(all))];
}

struct Shape {
  std::size_t columns = 1, rows = 1, leaves = 2, tops = 1;
  std::int64_t k = 2;
  bool criteria = false;
};

std::string random_csv(Dice& dice, const Shape& shape) {
  std::string out;
  for (std::size_t i = 0; i < shape.columns; ++i) out += "q" + std::to_string(i) + ",";
  out += "s\n";
  for (std::size_t row = 0; row < shape.rows; ++row) {
    for (std::size_t i = 0; i < shape.columns; ++i) {
      out += std::to_string(std::min(dice.below(shape.leaves), dice.below(shape.leaves))) + ",";
    }
    out += std::to_string(dice.below(4)) + "\n";
  }
  return out;
}

World random_world(Dice& dice, const Shape& shape) {
  Config config;
  config.k = shape.k;
  config.suppression = "0";
  config.method = Method::local;
  std::map<std::string, std::string> hierarchies;
  for (std::size_t i = 0; i < shape.columns; ++i) {
    const std::string name = "q" + std::to_string(i);
    config.columns[name] = test::quasi();
    hierarchies[name] = random_hierarchy(dice, shape.leaves, shape.tops);
  }
  config.columns["s"] = {.role = Role::insensitive};
  if (shape.criteria) config.columns["s"] = test::sensitive({random_criterion(dice)});
  hierarchies["s"] = "0;a;*\n1;a;*\n2;b;*\n3;b;*\n";
  return test::make_world(random_csv(dice, shape), config, hierarchies);
}

Shape random_shape(Dice& dice, bool criteria) {
  return {.columns = 1 + dice.below(4),
          .rows = 5 + dice.below(120),
          .leaves = 2 + dice.below(9),
          .tops = dice.one_in(4) ? 2u : 1u,
          .k = static_cast<std::int64_t>(1 + dice.below(6)),
          .criteria = criteria};
}

// Row by row, from texts alone: what the released cells say, whether they cover the row, and how
// many rows say the same.
std::vector<std::string> labels_of(const Problem& problem, const Classes& classes) {
  const std::size_t quasi = problem.quasi().size();
  std::vector<std::string> out;
  for (std::size_t row = 0; row < classes.of_row.size(); ++row) {
    std::string text;
    REQUIRE(classes.of_row[row] < classes.size());
    for (std::size_t i = 0; i < quasi; ++i) {
      const Cell cell = classes.cells_of(classes.of_row[row], quasi)[i];
      const Hierarchy& hierarchy = problem.quasi()[i].hierarchy;
      const std::string& value = problem.table().columns[problem.quasi()[i].column].text(row);
      REQUIRE(hierarchy.value_of(cell.level, *hierarchy.find_leaf(value)) == cell.value);
      text += std::to_string(cell.level) + hierarchy.label(cell.level, cell.value) + "|";
    }
    out.push_back(text);
  }
  return out;
}

void check_sizes(const Problem& problem, const Classes& classes) {
  std::map<std::string, std::uint32_t> sizes;
  for (const std::string& each : labels_of(problem, classes)) ++sizes[each];
  CHECK(sizes.size() == classes.size());
  CHECK(classes.suppressed == 0);
  for (const auto& [text, size] : sizes) {
    CAPTURE(text);
    CHECK(size >= problem.sizes().k);
  }
}

std::int64_t sum_pico(const Recoding& recoding) {
  return recoding.loss.arithmetic_pico;
}

TEST_CASE("recode: every class has k rows, its cells cover them, and nothing is suppressed") {
  Dice dice(1);
  std::size_t answered = 0;
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    const World world = random_world(dice, random_shape(dice, false));
    const Problem problem = *world.problem();
    const Result<Recoding> found = recode(problem);
    if (!found) {
      // Only what k rows cannot share is refused.
      CHECK(found.error().code == Code::denied);
      const bool few = problem.rows() < problem.sizes().k;
      CHECK((few || found.error().what.find("highest level") != std::string::npos));
      continue;
    }
    ++answered;
    check_sizes(problem, found->classes);
    CHECK(loss_of(problem, found->classes) == found->loss);
    CHECK(found->stats.finished);
  }
  CHECK(answered > 200);
}

TEST_CASE("recode: classes fulfil the criteria, whichever they are") {
  Dice dice(2);
  std::size_t answered = 0, several = 0;
  for (int i = 0; i < 400; ++i) {
    CAPTURE(i);
    Shape shape = random_shape(dice, true);
    shape.tops = 1;
    const World world = random_world(dice, shape);
    const Problem problem = *world.problem();
    const Result<Recoding> found = recode(problem);
    std::vector<std::uint32_t> totals = problem.sensitive()[0].totals;
    std::vector<ValueCount> whole;
    whole.reserve(totals.size());
    for (std::uint32_t value = 0; value < totals.size(); ++value) {
      whole.push_back({value, totals[value]});
    }
    const bool can =
        fulfils_all(problem.sensitive()[0], whole) && problem.rows() >= problem.sizes().k;
    CHECK(found.has_value() == can);
    if (!found) continue;
    ++answered;
    several += found->classes.size() > 1 ? 1 : 0;
    check_sizes(problem, found->classes);
    const Status checked = check(problem, found->classes);
    CHECK_MESSAGE(checked.has_value(), checked.error().what);
  }
  CHECK(answered > 300);
  CHECK(several > 200);
}

// The least loss of all partitions of a few rows: each row joins a block that is there or begins
// one.
struct Partitions {
  const Groups& groups;
  std::uint64_t least = UINT64_MAX;
  std::vector<std::vector<Member>> blocks = {};

  void place(std::uint32_t point) {
    if (point == groups.space().points()) {
      std::uint64_t total = 0;
      for (const auto& block : blocks) {
        if (!groups.fulfil(block)) return;
        total += groups.make(block).total();
      }
      least = std::min(least, total);
      return;
    }
    for (std::size_t i = 0; i <= blocks.size() && i < 4; ++i) {
      if (i == blocks.size()) blocks.emplace_back();
      blocks[i].push_back({point, groups.space().rows[point]});
      place(point + 1);
      blocks[i].pop_back();
      if (blocks[i].empty()) blocks.pop_back();
    }
  }
};

TEST_CASE("recode: loses little more than the best of all partitions of a small table") {
  Dice dice(3);
  std::int64_t found_sum = 0, least_sum = 0;
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    const World world = random_world(
        dice, {.columns = 2, .rows = 8, .leaves = 8, .tops = 1, .k = 2, .criteria = i % 2 == 0});
    const Problem problem = *world.problem();
    const Space space(problem);
    Groups groups(problem, space);
    Partitions partitions{groups};
    partitions.place(0);
    const Result<Recoding> found = recode(problem);
    REQUIRE(found.has_value() == (partitions.least != UINT64_MAX));
    if (!found) continue;
    // Points with several rows could be parted too; then fewer is possible.
    const bool whole = std::all_of(space.rows.begin(), space.rows.end(),
                                   [](std::uint32_t rows) { return rows == 1; });
    const auto least = static_cast<std::int64_t>(partitions.least * (kPico / kWholeColumn) /
                                                 (problem.rows() * space.columns()));
    if (whole) CHECK(sum_pico(*found) >= least - kPico / 1'000'000);
    found_sum += sum_pico(*found);
    least_sum += least;
  }
  MESSAGE("lost ", found_sum * 100 / least_sum, " % of the least possible");
  CHECK(found_sum * 100 <= least_sum * 112);
}

TEST_CASE("recode: the order of rows changes nothing but which of equal rows goes where") {
  Dice dice(4);
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    Shape shape = random_shape(dice, i % 3 == 0);
    shape.tops = 1;
    const World world = random_world(dice, shape);
    World turned = {std::make_unique<Table>(*world.table), world.config, world.hierarchies};
    std::vector<std::size_t> order(shape.rows);
    std::iota(order.begin(), order.end(), 0u);
    for (std::size_t j = shape.rows; j > 1; --j) std::swap(order[j - 1], order[dice.below(j)]);
    for (std::size_t column = 0; column < turned.table->columns.size(); ++column) {
      for (std::size_t row = 0; row < shape.rows; ++row) {
        turned.table->columns[column].codes[row] = world.table->columns[column].codes[order[row]];
      }
    }
    const Problem one = *world.problem(), two = *turned.problem();
    const Result<Recoding> a = recode(one), b = recode(two);
    REQUIRE(a.has_value() == b.has_value());
    if (!a) continue;
    CHECK(a->stats == b->stats);
    CHECK(a->loss == b->loss);
    const auto released = [](const Problem& problem, const Classes& classes) {
      std::vector<std::string> out = labels_of(problem, classes);
      for (std::size_t row = 0; row < out.size(); ++row) {
        if (!problem.sensitive().empty()) out[row] += problem.table().columns.back().text(row);
        for (std::size_t q = 0; q < problem.quasi().size(); ++q) {
          out[row] += "," + std::to_string(problem.leaf(q, row));
        }
      }
      std::sort(out.begin(), out.end());
      return out;
    };
    CHECK(released(one, a->classes) == released(two, b->classes));
  }
}

World small(const std::string& csv, std::int64_t k, const std::string& hierarchy) {
  Config config;
  config.k = k;
  config.columns["q"] = test::quasi();
  return test::make_world(csv, config, {{"q", hierarchy}});
}

TEST_CASE("recode: refuses by name what cannot be") {
  const std::string two_tops = "a;x\nb;x\nc;y\nd;y\n";
  const World few = small("q\na\nb\nc\n", 4, "a;*\nb;*\nc;*\n");
  const Result<Recoding> found = recode(*few.problem());
  REQUIRE(!found);
  CHECK(found.error().code == Code::denied);
  CHECK(found.error().what == "the table has 3 rows to release, k is 4");

  const World apart = small("q\na\nb\nc\n", 2, two_tops);
  const Result<Recoding> alone = recode(*apart.problem());
  REQUIRE(!alone);
  CHECK(alone.error().code == Code::denied);
  CHECK(alone.error().what ==
        "column 'q': its highest level has several values, and some rows can be in no class "
        "under one of them");
  const World fits = small("q\na\nb\nc\nd\n", 2, two_tops);
  CHECK(recode(*fits.problem())->classes.size() == 2);

  World same = small("q,s\na,1\nb,1\n", 2, "a;*\nb;*\n");
  same.config.columns["s"] = test::sensitive();
  const Result<Recoding> alike = recode(*same.problem());
  REQUIRE(!alike);
  CHECK(alike.error().what == "even all rows together fail distinct-2 of column 's'");
}

TEST_CASE("recode: knows populations by the rows that are released, and no delta-presence") {
  World world = small("q,in\na,y\na,n\nb,y\nb,n\nb,y\n", 2, "a;*\nb;*\n");
  world.config.columns["in"] = {.role = Role::identifying};
  world.config.population = PopulationConfig{.column = "in", .member = "y"};
  world.config.k_map = 3;
  const Result<Recoding> found = recode(*world.problem());
  REQUIRE_MESSAGE(found.has_value(), found.error().what);
  CHECK(found->classes.of_row == std::vector<std::uint32_t>{0, kOutside, 0, kOutside, 0});
  CHECK(found->classes.population == std::vector<std::uint32_t>{3});
  world.config.presence = PresenceConfig{.min = "0", .max = "0.5"};
  const Result<Recoding> refused = recode(*world.problem());
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::invalid);
}

TEST_CASE("recode: rows that are all equal lose nothing") {
  std::string csv = "q\n";
  for (int i = 0; i < 100; ++i) csv += "b\n";
  const World world = small(csv, 7, "a;x;*\nb;x;*\nc;y;*\n");
  const Recoding found = *recode(*world.problem());
  CHECK(found.classes.size() == 1);
  CHECK(found.classes.cells[0] == Cell{.level = 0, .value = 1});
  CHECK(found.loss.arithmetic_pico == 0);
}

TEST_CASE("recode: a level that joins nothing new is never used") {
  const World world = small("q\na\nb\na\nb\n", 3, "a;x;y;z;*\nb;x;y;z;*\nc;x2;y2;y2;*\n");
  const Recoding found = *recode(*world.problem());
  REQUIRE(found.classes.size() == 1);
  CHECK(found.classes.cells[0] == Cell{.level = 1, .value = 0});
}

TEST_CASE("recode: rows of classes that can spare them spare others a wide cell") {
  // c alone would need "*"; with two of the six a, three rows pay for "x" only.
  const World world =
      small("q\na\na\na\na\na\na\nc\nd\nd\nd\n", 3, "a;x;*\nc;x;*\nd;y;*\ne;y;*\nf;y;*\n");
  const Recoding found = *recode(*world.problem());
  CHECK(found.stats.lent == 2);
  CHECK(found.classes.size() == 3);
  CHECK(found.classes.rows == std::vector<std::uint32_t>{4, 3, 3});
}

TEST_CASE("recode: any number of steps gives a valid answer, and the same one again") {
  Dice dice(5);
  for (int i = 0; i < 40; ++i) {
    CAPTURE(i);
    Shape shape = random_shape(dice, i % 2 == 0);
    shape.tops = 1;
    const World world = random_world(dice, shape);
    const Problem problem = *world.problem();
    const Result<Recoding> full = recode(problem);
    if (!full) continue;
    for (const std::uint64_t steps : {1u, 50u, 400u, 3'000u}) {
      const Result<Recoding> found = recode(problem, {.steps_max = steps});
      REQUIRE_MESSAGE(found.has_value(), found.error().what);
      CHECK(found->stats.steps <= steps + 2 * problem.rows());
      CHECK((found->stats.finished || full->stats.steps > steps - steps / 8));
      if (found->stats.finished) CHECK(found->classes.of_row == full->classes.of_row);
      check_sizes(problem, found->classes);
      CHECK(check(problem, found->classes).has_value());
      CHECK(recode(problem, {.steps_max = steps})->classes.of_row == found->classes.of_row);
    }
  }
}

// A table on which the watch is asked a few times.
World busy() {
  Dice dice(6);
  return random_world(dice, {.columns = 6, .rows = 4'000, .leaves = 10, .tops = 1, .k = 4});
}

TEST_CASE("recode: tells the watch how far it is, and ends when told so") {
  const World world = busy();
  const Problem problem = *world.problem();
  std::vector<RecodeProgress> seen;
  const Recoding full = *recode(problem, {.watch = [&](const RecodeProgress& progress) {
                                  seen.push_back(progress);
                                  return Go::on;
                                }});
  REQUIRE(seen.size() > 2);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    CHECK(seen[i].done <= seen[i].total);
    if (i > 0) CHECK(seen[i].done >= seen[i - 1].done);
    if (i > 0 && seen[i - 1].best_pico >= 0) CHECK(seen[i].best_pico <= seen[i - 1].best_pico);
  }
  CHECK(seen.back().best_pico >= 0);
  CHECK(recode(problem)->stats == full.stats);

  const Result<Recoding> early =
      recode(problem, {.watch = [](const RecodeProgress&) { return Go::finish; }});
  REQUIRE(early.has_value());
  CHECK_FALSE(early->stats.finished);
  CHECK(early->stats.steps < full.stats.steps);
  check_sizes(problem, early->classes);
  CHECK(early->loss.arithmetic_pico >= full.loss.arithmetic_pico);
  const Result<Recoding> none =
      recode(problem, {.watch = [](const RecodeProgress&) { return Go::cancel; }});
  REQUIRE(!none);
  CHECK(none.error().code == Code::unavailable);
}

TEST_CASE("recode: a million different values") {
  constexpr std::uint32_t kValues = 1'000'000;
  Column column;
  column.name = "q";
  std::string hierarchy;
  for (std::uint32_t i = 0; i < kValues; ++i) {
    const std::string value = std::to_string(kValues + i);
    column.values.push_back(value);
    column.codes.push_back(i);
    hierarchy.append(value).append(";").append(value, 0, 6).append(";");
    hierarchy.append(value, 0, 3).append(";*\n");
  }
  World world;
  world.table = std::make_unique<Table>();
  world.table->columns.push_back(std::move(column));
  world.table->rows = kValues;
  world.config.k = 5;
  world.config.columns["q"] = test::quasi();
  world.hierarchies.emplace("q", *Hierarchy::read("q", hierarchy));
  const Problem problem = *world.problem();
  const Recoding found = *recode(problem);
  CHECK(found.classes.size() == kValues / 10);
  CHECK(found.classes.suppressed == 0);
  CHECK(*std::min_element(found.classes.rows.begin(), found.classes.rows.end()) == 10);
}

TEST_CASE("recode: loses less on the adult census table than ARX does") {
  struct Row {
    std::int64_t k;
    std::int64_t arx_pico, goal_pico;  // privacy.md, and a tenth less
  };
  for (const Row& row :
       {Row{5, 59'100'000'000, 53'190'000'000}, Row{10, 83'000'000'000, 74'700'000'000}}) {
    CAPTURE(row.k);
    const std::optional<World> world = test::adult(row.k, "0");
    if (!world) return;
    const Problem problem = *world->problem();
    const Recoding found = *recode(problem);
    check_sizes(problem, found.classes);
    CHECK(found.loss.arithmetic_pico <= row.goal_pico);
    CHECK(found.loss.geometric_pico <= found.loss.arithmetic_pico);
    CHECK(found.stats.steps < 100'000'000);  // a second
  }
}

TEST_CASE("recode: criteria hold on the adult census table too") {
  std::optional<World> world = test::adult(5, "0");
  if (!world) return;
  for (const CriterionConfig& each : {CriterionConfig{.kind = Kind::distinct_l, .l = "3"},
                                      CriterionConfig{.kind = Kind::t_equal, .t = "0.4"}}) {
    world->config.columns["occupation"] = test::sensitive({each});
    const Problem problem = *world->problem();
    const Result<Recoding> found = recode(problem);
    REQUIRE_MESSAGE(found.has_value(), found.error().what);
    check_sizes(problem, found->classes);
    MESSAGE(kind_name(each.kind), ": loss ", pico_text(found->loss.arithmetic_pico), ", classes ",
            found->classes.size(), ", steps ", found->stats.steps);
  }
}

TEST_CASE("walk: finds each set of rows that a cell with enough of them holds, once, narrowest") {
  Dice dice(7);
  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    Shape shape = random_shape(dice, false);
    shape.rows = 5 + dice.below(20);
    const World world = random_world(dice, shape);
    const Problem problem = *world.problem();
    const Space space(problem);
    std::vector<Item> items;
    items.reserve(space.points());
    for (std::uint32_t point = 0; point < space.points(); ++point) {
      items.push_back({point, dice.one_in(3) ? 0 : kFree, space.rows[point], 0});
    }
    const std::uint64_t cost_max = dice.below(space.columns() * kWholeColumn + 1);
    RecodeStats stats;
    const RecodeWatch watch;
    Meter meter(watch, stats);
    meter.allow(kStepsMax);
    std::map<std::vector<std::uint32_t>, std::uint64_t> found;
    CubeWalk(space).run(items, {problem.sizes().k, cost_max, kNever, 1}, meter,
                        [&](std::span<const std::uint32_t> in, std::uint64_t cost) {
                          std::vector<std::uint32_t> all(in.begin(), in.end());
                          std::sort(all.begin(), all.end());
                          CHECK(found.emplace(all, cost).second);
                          return true;
                        });
    // From each pair of items and each level: the items in the narrowest cell of a set of items.
    std::map<std::vector<std::uint32_t>, std::uint64_t> wanted;
    std::vector<Nodes> cells(1);
    for (const Tree& tree : space.trees) {
      std::vector<Nodes> longer;
      for (const Nodes& cell : cells) {
        for (std::uint32_t node = 0; node < tree.parent.size(); ++node) {
          if (tree.cost[node] >= kNever) continue;
          longer.push_back(cell);
          longer.back().push_back(node);
        }
      }
      cells = std::move(longer);
    }
    for (const Nodes& cell : cells) {
      std::vector<std::uint32_t> in;
      std::uint64_t cost = 0, rows = 0, free = 0;
      for (std::size_t column = 0; column < cell.size(); ++column) {
        cost += space.trees[column].cost[cell[column]];
      }
      if (cost > cost_max) continue;
      for (std::uint32_t item = 0; item < items.size(); ++item) {
        if (space.widened(cell, items[item].point, UINT64_MAX) != cost) continue;
        in.push_back(item);
        rows += items[item].rows;
        free += items[item].group == kFree ? items[item].rows : 0;
      }
      if (rows < problem.sizes().k || free == 0) continue;
      const auto [at, added] = wanted.emplace(in, cost);
      if (!added) at->second = std::min(at->second, cost);
    }
    CHECK(found == wanted);
  }
}

TEST_CASE("split: parts a table from the top, and every part fulfils all") {
  Dice dice(8);
  std::size_t parts = 0;
  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    Shape shape = random_shape(dice, i % 2 == 0);
    shape.tops = 1;
    const World world = random_world(dice, shape);
    const Problem problem = *world.problem();
    const Space space(problem);
    Groups groups(problem, space);
    std::vector<Member> all;
    all.reserve(space.points());
    for (std::uint32_t point = 0; point < space.points(); ++point) {
      all.push_back({point, space.rows[point]});
    }
    if (!groups.fulfil(all)) continue;
    split(groups, all);
    std::uint64_t rows = 0;
    for (const Group& group : groups.all) {
      CHECK(groups.fulfil(group.members));
      rows += group.rows;
    }
    CHECK(rows == problem.rows());
    parts += groups.all.size();
  }
  CHECK(parts > 300);
}

TEST_CASE("recode: one text at two levels of a hierarchy is one class, as in the file") {
  Config config;
  config.k = 2;
  config.suppression = "0";
  config.columns = {{"a", test::quasi()}};
  const World world =
      test::make_world("a\nA\nA\nA\nC\nA\nD\nD\n", config, {{"a", "A;A;*\nC;A;*\nD;D;*\n"}});
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  const Result<Recoding> found = recode(*problem);
  REQUIRE_MESSAGE(found, found.error().what);
  std::map<std::string, std::uint32_t> texts;
  for (std::size_t i = 0; i < found->classes.size(); ++i) {
    const Cell cell = found->classes.cells_of(i, 1)[0];
    const std::string& text = problem->quasi()[0].hierarchy.label(cell.level, cell.value);
    CHECK(texts.emplace(text, found->classes.rows[i]).second);
  }
  CHECK(texts == std::map<std::string, std::uint32_t>{{"A", 5}, {"D", 2}});
  // Two classes of one text are none that may go out.
  Classes two;
  two.of_row = {0, 0, 1, 1, 1, 2, 2};
  two.cells = {{0, 0}, {1, 0}, {0, 2}};
  two.rows = two.population = {2, 3, 2};
  CHECK(check(*problem, two).error().what == "the class (A) is there twice");
  const Classes one = merge_equal_texts(*problem, two);
  CHECK(check(*problem, one).has_value());
  CHECK(one.rows == std::vector<std::uint32_t>{5, 2});
  CHECK(one.cells[0] == Cell{1, 0});
}

}  // namespace
}  // namespace mc::kanon
