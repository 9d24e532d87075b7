#include "kanon/classes.h"

#include <doctest/doctest.h>

#include "kanon/quality.h"
#include "kanon/risk.h"
#include "kanon/test_tools.h"

namespace mc::kanon {
namespace {

using test::World;

struct Wanted {
  std::int64_t k = 2;
  const char* suppression = "0";
  ColumnConfig ill = {.role = Role::insensitive};
  Suppressed suppressed = Suppressed::drop;
};

const std::map<std::string, std::string> kHierarchies = {
    {"age", "30;3x;*\n31;3x;*\n40;4x;*\n41;4x;*\n"},
    {"town", "x;*\ny;*\n"},
    {"ill", "flu;*\ncold;*\ncough;*\n"}};

World world_of(const std::string& rows, const Wanted& wanted) {
  Config config;
  config.k = wanted.k;
  config.suppression = wanted.suppression;
  config.suppressed = wanted.suppressed;
  config.columns = {{"name", {.role = Role::identifying}},
                    {"age", test::quasi()},
                    {"town", test::quasi()},
                    {"ill", wanted.ill}};
  return test::make_world("name,age,town,ill\n" + rows, std::move(config), kHierarchies);
}

std::string csv_of(const Problem& problem, const Classes& classes) {
  std::string out;
  const Status written = write_csv(problem, classes, {}, [&](std::string_view piece) {
    out += piece;
    return ok();
  });
  return written ? out : "refused: " + written.error().what;
}

using Levels = std::vector<std::uint8_t>;

TEST_CASE("classes: rows of equal cells are one, those that fail are suppressed") {
  const World world =
      world_of("a,30,x,flu\nb,31,x,cold\nc,40,y,flu\nd,30,x,flu\n", {.suppression = "0.25"});
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  const Classes classes = classes_of_levels(*problem, Levels{1, 0});
  CHECK(classes.of_row == std::vector<std::uint32_t>{0, 0, kSuppressed, 0});
  CHECK(classes.rows == std::vector<std::uint32_t>{3});
  CHECK(classes.released() == 3);
  CHECK(classes.suppressed == 1);
  CHECK(check(*problem, classes));
  CHECK(size_histogram(classes) == std::vector<SizeCount>{{3, 1}});
  CHECK(suppressed_by_column(*problem, Levels{1, 0}) == std::vector<std::uint64_t>{0, 0});
  CHECK(csv_of(*problem, classes) == "age,town,ill\n3x,x,cold\n3x,x,flu\n3x,x,flu\n");
}

TEST_CASE("classes: what a check must find") {
  const World world =
      world_of("a,30,x,flu\nb,31,x,cold\nc,40,y,flu\nd,41,y,flu\n", {.suppression = "0.25"});
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  const Classes good = classes_of_levels(*problem, Levels{1, 0});
  REQUIRE(check(*problem, good));
  const auto why = [&](auto break_it) {
    Classes bad = good;
    break_it(bad);
    const Status checked = check(*problem, bad);
    return checked ? std::string() : checked.error().what;
  };
  CHECK(why([](Classes& c) { c.of_row[0] = 1; }) == "the class (4x, y) does not cover row 1");
  CHECK(why([](Classes& c) { c.of_row[0] = kSuppressed; }) ==
        "the number of suppressed rows is wrong");
  CHECK(why([](Classes& c) { c.of_row[0] = kOutside; }) ==
        "row 1 is not released as the population says");
  CHECK(why([](Classes& c) { c.rows[0] = 3; }) == "the class (3x, x) has a wrong number of rows");
  CHECK(why([](Classes& c) { c.cells[0].level = 7; }) != "");
  CHECK(why([](Classes& c) { c.cells[2] = c.cells[0], c.cells[3] = c.cells[1]; }) ==
        "the class (3x, x) is there twice");
  CHECK(why([](Classes& c) {
          c.of_row[0] = c.of_row[1] = kSuppressed;
          c.suppressed = 2;
        }) == "2 rows are suppressed, at most 1 may be");
  CHECK(why([](Classes& c) {
          c.of_row[0] = kSuppressed;
          c.suppressed = 1;
          c.rows[0] = 1;
        }) == "the class (3x, x) has 1 rows of 2 in the population, k is 2");
}

TEST_CASE("classes: any cells make classes, also of different levels") {
  const World world = world_of("a,30,x,flu\nb,31,x,cold\nc,40,y,flu\nd,40,y,flu\n", {});
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  const Cell wide[] = {{1, 0}, {0, 0}}, narrow[] = {{0, 2}, {0, 1}};
  const Classes classes = classes_of_cells(*problem, [&](std::size_t row) {
    return row < 2 ? std::span<const Cell>(wide) : std::span<const Cell>(narrow);
  });
  CHECK(classes.size() == 2);
  CHECK(check(*problem, classes));
  CHECK(csv_of(*problem, classes) == "age,town,ill\n3x,x,cold\n3x,x,flu\n40,y,flu\n40,y,flu\n");
}

// Privacy attacks of the design, section 6: 1 and 3.
TEST_CASE("attack: a class of one diagnosis hides nothing and is not released") {
  const std::string rows = "a,30,x,flu\nb,31,x,flu\nc,40,y,flu\nd,41,y,cold\n";
  const World open = world_of(rows, {});
  CHECK(check(*open.problem(), classes_of_levels(*open.problem(), Levels{1, 0})));
  // With the diagnosis declared sensitive, distinct 2-diversity is the default.
  const World world = world_of(rows, {.ill = test::sensitive()});
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  const Classes classes = classes_of_levels(*problem, Levels{1, 0});
  CHECK(classes.suppressed == 2);
  CHECK_FALSE(check(*problem, classes));
  Classes forced = classes_of_levels(*open.problem(), Levels{1, 0});
  CHECK(check(*problem, forced).error().what ==
        "the class (3x, x) fails distinct-2 of column 'ill'");
}

TEST_CASE("attack: who knows that it is not the flu learns a rare value; entropy refuses that") {
  std::string rows;
  for (int i = 0; i < 9; ++i) rows += "p,30,x,flu\n";
  rows += "q,31,x,cold\n";
  const World distinct = world_of(rows, {.ill = test::sensitive()});
  CHECK(check(*distinct.problem(), classes_of_levels(*distinct.problem(), Levels{1, 0})));
  const World entropy =
      world_of(rows, {.ill = test::sensitive({{.kind = Kind::entropy_l, .l = "2"}})});
  CHECK_FALSE(check(*entropy.problem(), classes_of_levels(*entropy.problem(), Levels{1, 0})));
}

TEST_CASE("attack: a class that is far more ill than the table is too far from it for t") {
  std::string rows;
  for (int i = 0; i < 98; ++i) rows += "p,30,x," + std::string(i % 49 == 0 ? "cold" : "flu") + "\n";
  rows += "q,40,y,cold\nr,41,y,flu\n";
  const World diverse = world_of(rows, {.ill = test::sensitive()});
  CHECK(check(*diverse.problem(), classes_of_levels(*diverse.problem(), Levels{1, 0})));
  const World close =
      world_of(rows, {.ill = test::sensitive({{.kind = Kind::t_equal, .t = "0.2"}})});
  CHECK_FALSE(check(*close.problem(), classes_of_levels(*close.problem(), Levels{1, 0})));
}

TEST_CASE("attack: suppressed rows are shown as stars only when they are none or k") {
  const std::string pair = "a,30,x,flu\nb,30,x,flu\nc,30,x,cold\n";
  const Wanted wanted{
      .k = 3, .suppression = "0.5", .ill = test::sensitive(), .suppressed = Suppressed::star};
  const World two = world_of(pair + "d,40,y,flu\ne,41,y,cold\n", wanted);
  const Result<Problem> problem = two.problem();
  const Classes few = classes_of_levels(*problem, Levels{0, 0});
  CHECK(few.suppressed == 2);
  CHECK(check(*problem, few).error().what ==
        "2 suppressed rows would be a class smaller than k = 3");
  CHECK(csv_of(*problem, few) == "refused: the suppressed rows would be a class smaller than k");
  const World three = world_of(pair + "d,40,y,flu\ne,41,y,cold\nf,31,x,flu\n", wanted);
  const Result<Problem> other = three.problem();
  const Classes enough = classes_of_levels(*other, Levels{0, 0});
  CHECK(enough.suppressed == 3);
  CHECK(check(*other, enough));
  CHECK(csv_of(*other, enough) ==
        "age,town,ill\n*,*,*\n*,*,*\n*,*,*\n30,x,cold\n30,x,flu\n30,x,flu\n");
  const World none = world_of(pair, wanted);
  CHECK(check(*none.problem(), classes_of_levels(*none.problem(), Levels{0, 0})));
}

TEST_CASE("release: the order of rows and their names leave no trace") {
  const World one = world_of("a,30,x,flu\nb,31,x,cold\nc,40,y,\nd,41,y,\"cough\"\n", {});
  const World two = world_of("z,41,y,cough\ny,31,x,cold\nx,40,y,\"\"\nw,30,x,flu\n", {});
  const auto released = [](const World& world) {
    const Result<Problem> problem = world.problem();
    return csv_of(*problem, classes_of_levels(*problem, Levels{1, 0}));
  };
  CHECK(released(one) == "age,town,ill\n3x,x,cold\n3x,x,flu\n4x,y,\"\"\n4x,y,cough\n");
  CHECK(released(two) == released(one));
}

TEST_CASE("release: cells that need quotes get them, and read back as they were") {
  const World world = world_of("a,30,x,\"say \"\"x\"\", y\"\nb,30,x,\"two\nlines\"\n", {});
  const Result<Problem> problem = world.problem();
  const std::string csv = csv_of(*problem, classes_of_levels(*problem, Levels{0, 0}));
  const Result<Table> table = read_table(csv);
  REQUIRE(table);
  CHECK(table->columns[2].values == std::vector<std::string>{"say \"x\", y", "two\nlines"});
}

TEST_CASE("release: an error of the sink ends the writing and is told") {
  const World world = world_of("a,30,x,flu\nb,30,x,flu\n", {});
  const Result<Problem> problem = world.problem();
  const Status written =
      write_csv(*problem, classes_of_levels(*problem, Levels{0, 0}), {},
                [](std::string_view) { return fail(Code::unavailable, "disk full"); });
  CHECK(written.error().what == "disk full");
}

TEST_CASE("quality: all measures of a table that can be done by hand") {
  // Two rows at 3x and x, one suppressed of three; D is 4 and 2.
  const World world = world_of("a,30,x,flu\nb,31,x,cold\nc,40,y,flu\n", {.suppression = "0.5"});
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  const Quality quality = quality_of(*problem, classes_of_levels(*problem, Levels{1, 0}));
  // Age: x = 2 * 2/4 + 1 = 2, d = (2/3 - 1/4) / (3/4) = 5/9. Town: 2 * 1/2 + 1, (2/3 - 1/2) / (1/2)
  // = 1/3.
  CHECK(quality.loss.columns_pico == std::vector<std::int64_t>{555'555'555'555, 333'333'333'333});
  CHECK(quality.loss.arithmetic_pico == 444'444'444'444);
  // sqrt(14/9 * 4/3) - 1.
  CHECK(quality.loss.geometric_pico == 440'164'599'646);
  // Age: (1/2 + 1/2 + 1) / 3, town: (0 + 0 + 1) / 3.
  CHECK(quality.precision_pico == 500'000'000'000 - 1);
  CHECK(quality.discernibility == 2 * 2 + 3);
  CHECK(quality.average_class_micro == 1'500'000);
  // (2 + 2 + 8 - 3) / (3 * (8 - 1)).
  CHECK(quality.ambiguity_pico == 428'571'428'571);
  // Age: of log2(3) * 3 the two of 3x lose 1 each, the suppressed one nothing: two rows would step
  // on with it. Town: 2 rows of x are as they were.
  const long double age = 2 / (3 * std::log2(3.0L));
  CHECK(static_cast<double>(quality.entropy_pico) ==
        doctest::Approx(static_cast<double>(age / 2 * 1e12L)).epsilon(1e-9));
}

TEST_CASE("quality: nothing lost is 0, all lost is 1") {
  const World world =
      world_of("a,30,x,flu\nb,31,y,cold\nc,40,x,flu\nd,41,y,flu\n", {.suppression = "1"});
  const Result<Problem> problem = world.problem();
  const Quality all = quality_of(*problem, classes_of_levels(*problem, Levels{2, 1}));
  CHECK(all.loss.geometric_pico == kPico);
  CHECK(all.loss.arithmetic_pico == kPico);
  CHECK(all.precision_pico == kPico);
  CHECK(all.ambiguity_pico == kPico);
  CHECK(all.entropy_pico == kPico);
  CHECK(all.discernibility == 16);
  Config config = world.config;
  config.k = 2;
  const World pairs = world_of("a,30,x,flu\nb,30,x,cold\nc,41,y,flu\nd,41,y,flu\n", {});
  const Quality none =
      quality_of(*pairs.problem(), classes_of_levels(*pairs.problem(), Levels{0, 0}));
  CHECK(none.loss.geometric_pico == 0);
  CHECK(none.precision_pico == 0);
  CHECK(none.ambiguity_pico == 0);
  CHECK(none.entropy_pico == 0);
  CHECK(none.average_class_micro == 2'000'000);
}

TEST_CASE("risk: three attackers, before and after") {
  const World world = world_of("a,30,x,flu\nb,31,x,cold\nc,40,y,flu\nd,40,y,flu\ne,41,y,flu\n", {});
  const Result<Problem> problem = world.problem();
  const Risk before = risk_before(*problem);
  CHECK(before.prosecutor_highest_pico == kPico);
  CHECK(before.prosecutor_average_pico == 800'000'000'000);
  CHECK(before.rows_below_k == 3);
  CHECK(before.smallest_class == 1);
  const Risk after = risk_of(*problem, classes_of_levels(*problem, Levels{1, 0}));
  CHECK(after.prosecutor_highest_pico == 500'000'000'000);
  CHECK(after.prosecutor_average_pico == 400'000'000'000);
  CHECK(after.journalist_highest_pico == 500'000'000'000);
  CHECK(after.marketer_pico == 400'000'000'000);
  CHECK(after.rows_of_smallest == 2);
  CHECK(after.rows_below_k == 0);
}

TEST_CASE("risk: who knows only the population has to guess among all of it") {
  Config config;
  config.k = 2;
  config.columns = {{"in", {.role = Role::identifying}}, {"town", test::quasi()}};
  config.population = PopulationConfig{"in", "yes"};
  const World world = test::make_world("in,town\nyes,x\nyes,x\nno,x\nno,x\nyes,y\nyes,y\nno,y\n",
                                       config, {{"town", "x;*\ny;*\n"}});
  const Result<Problem> problem = world.problem();
  const Classes classes = classes_of_levels(*problem, Levels{0});
  CHECK(classes.population == std::vector<std::uint32_t>{4, 3});
  CHECK(classes.of_row[2] == kOutside);
  const Risk risk = risk_of(*problem, classes);
  CHECK(risk.prosecutor_highest_pico == 500'000'000'000);
  CHECK(risk.journalist_highest_pico == 333'333'333'334);
  // (2 / 4 + 2 / 3) / 4.
  CHECK(risk.marketer_pico == 291'666'666'667);
}

}  // namespace
}  // namespace mc::kanon
