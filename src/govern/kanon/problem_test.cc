#include "kanon/problem.h"

#include <doctest/doctest.h>

#include "kanon/test_tools.h"

namespace mc::kanon {
namespace {

using test::World;

const std::string kPeople =
    "name,age,town,ill\nann,30,x,flu\nbob,31,y,flu\ncat,30,x,cold\ndan,30,x,flu\n";

Config config_of() {
  Config config;
  config.k = 2;
  config.columns = {{"name", {.role = Role::identifying}},
                    {"age", test::quasi()},
                    {"town", test::quasi()},
                    {"ill", test::sensitive()}};
  return config;
}

World people(Config config = config_of()) {
  return test::make_world(
      kPeople, std::move(config),
      {{"age", "31;*\n30;*\n"}, {"town", "x;*\ny;*\nz;*\n"}, {"ill", "flu;*\ncold;*\n"}});
}

std::string refused(const World& world) {
  const Result<Problem> problem = world.problem();
  return problem ? "" : problem.error().what;
}

TEST_CASE("problem: tuples are rows that are equal, sorted and counted") {
  const World world = people();
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  CHECK(problem->rows() == 4);
  CHECK(problem->released_columns() == std::vector<std::size_t>{1, 2, 3});
  const Tuples tuples = unique_tuples(*problem);
  REQUIRE(tuples.size() == 3);
  // Leaf 0 of age is 31; of the two at 30 in x, cold comes first.
  CHECK(tuples.leaves == std::vector<std::uint32_t>{0, 1, 1, 0, 1, 0});
  CHECK(tuples.values == std::vector<std::uint32_t>{1, 0, 1});
  CHECK(tuples.rows == std::vector<std::uint32_t>{1, 1, 2});
  CHECK(tuples.of_row == std::vector<std::uint32_t>{2, 0, 1, 2});
  CHECK(tuples.population.empty());
}

TEST_CASE("problem: a sensitive column without criteria must have two values in each class") {
  const World world = people();
  const Result<Problem> problem = world.problem();
  REQUIRE(problem);
  CHECK(problem->sensitive()[0].criteria[0].text() == "distinct-2");
}

TEST_CASE("problem: the suppression limit is rounded down") {
  for (const auto& [limit, rows] : std::map<std::string, std::uint64_t>{
           {"0", 0}, {"0.249999999", 0}, {"0.25", 1}, {"0.749999999", 2}, {"1", 4}}) {
    Config config = config_of();
    config.suppression = limit;
    const World world = people(config);
    CHECK(world.problem()->suppressed_max() == rows);
  }
}

TEST_CASE("problem: what does not fit together is refused by column") {
  Config missing = config_of();
  missing.columns.erase("ill");
  CHECK(refused(people(missing)) == "column 'ill': the config does not say what it is");
  Config more = config_of();
  more.columns["zip"] = {.role = Role::insensitive};
  CHECK(refused(people(more)) == "the table has no column 'zip'");
  World lacks = people();
  lacks.hierarchies.erase("age");
  lacks.hierarchies.emplace("age", *Hierarchy::read("age.csv", "30;*\n"));
  CHECK(refused(lacks) == "column 'age': the hierarchy 'age.csv' lacks the value '31' of row 2");
  World without = people();
  without.hierarchies.erase("age");
  CHECK(refused(without) == "the hierarchy of column 'age' is missing");
  Config number = config_of();
  number.columns["ill"] = test::sensitive({{.kind = Kind::t_ordered, .t = "0.1"}});
  CHECK(refused(people(number)).starts_with("column 'ill': is to be ordered by number: "));
  Config tree = config_of();
  tree.columns["ill"] = test::sensitive({{.kind = Kind::t_hierarchical, .t = "0.1"}});
  World two_tops = people(tree);
  two_tops.hierarchies.erase("ill");
  two_tops.hierarchies.emplace("ill", *Hierarchy::read("ill.csv", "flu;a\ncold;b\n"));
  CHECK(refused(two_tops) ==
        "column 'ill': t-hierarchical needs a hierarchy whose last level is one value");
  Config nobody = config_of();
  nobody.population = PopulationConfig{"name", "eve"};
  CHECK(refused(people(nobody)) ==
        "column 'name': no row has the value 'eve' of those that are released");
  World empty = test::make_world("age\n", {}, {{"age", "1;*\n"}});
  empty.config.columns["age"] = test::quasi();
  CHECK(refused(empty) == "the table has no rows to release");
}

TEST_CASE("problem: numbers are ordered as numbers, and none stands there twice") {
  Config config;
  config.columns = {{"a", test::quasi()},
                    {"s", test::sensitive({{.kind = Kind::t_ordered, .t = "1"}})}};
  const auto world = [&](const std::string& rows) {
    return test::make_world("a,s\n" + rows, config, {{"a", "1;*\n"}});
  };
  const World one = world("1,10\n1,9\n1,-2.5\n");
  const Result<Problem> problem = one.problem();
  REQUIRE(problem);
  // Values by bytes: -2.5, 10, 9.
  CHECK(problem->sensitive()[0].by_rank == std::vector<std::uint32_t>{0, 2, 1});
  CHECK(refused(world("1,1\n1,1.0\n")) == "column 's': '1' and '1.0' are the same number");
}

TEST_CASE("problem: only values of rows that are to be released have a rank") {
  Config config;
  config.columns = {{"a", test::quasi()},
                    {"in", {.role = Role::identifying}},
                    {"s", test::sensitive({{.kind = Kind::t_ordered, .t = "1"}})}};
  config.population = {.column = "in", .member = "yes"};
  // Of others not even the form is asked.
  const World world =
      test::make_world("a,in,s\n1,yes,2\n1,yes,1\n1,no,3\n1,no,none\n", config, {{"a", "1;*\n"}});
  const Result<Problem> problem = world.problem();
  REQUIRE_MESSAGE(problem, problem.error().what);
  CHECK(problem->sensitive()[0].by_rank == std::vector<std::uint32_t>{0, 1});
}

}  // namespace
}  // namespace mc::kanon
