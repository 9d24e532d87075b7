// Private answers on a real database: the rows that a planner reads are those that the filter
// says, of the tenant alone, and are counted nowhere.
#include <doctest/doctest.h>

#include <algorithm>

#include "contract/dataset_contract.h"
#include "contract/exact_answers.h"
#include "contract/filter_maker.h"
#include "contract/filter_twin.h"

namespace mc::dataset::contract {
namespace {

constexpr int kPeopleOfTenant = 40;

struct Bench {
  explicit Bench(const Backend& backend) : world(backend, {"bravo", "alpha"}, kPeopleOfTenant) {}

  Reply ask(const std::string& tenant, const std::string& query,
            const json::Object& variables = {}) {
    SessionOptions options{.may = {.noised = true}};
    options.private_answers = &planner;
    options.private_caller = {"ada", "demo", "req_1"};
    return world.ask(tenant, query, variables, options);
  }

  World world;
  ExactAnswers planner{world.catalog().model()};
};

std::string value_at(const Reply& reply, std::string_view field) {
  const json::Value* rows = reply.at({"data", "peopleDP", field, "rows"});
  REQUIRE_MESSAGE(rows != nullptr, reply.body);
  REQUIRE(rows->as_array()->size() == 1);
  return *rows->as_array()->front().find("value")->as_string();
}

std::vector<Truth> truths(const Rows& rows, const json::Value& filter) {
  std::vector<Truth> out;
  for (const json::Object& row : rows) out.push_back(matches(row, filter));
  return out;
}

// The groups of a column as "key count", from the rows in memory.
std::vector<std::string> groups_of(const Rows& rows, const std::string& column) {
  std::map<std::string, int> counts;
  for (const json::Object& row : rows) ++counts[json::print(*row.find(column))];
  std::vector<std::string> out;
  for (const auto& [key, count] : counts) out.push_back(key + " " + std::to_string(count));
  std::sort(out.begin(), out.end());
  return out;
}

void check_filters(Bench& bench, int rounds) {
  const Rows rows = people_of("alpha", kPeopleOfTenant);
  std::size_t found = 0;
  for (int round = 0; round < rounds; ++round) {
    Dice dice(static_cast<std::uint64_t>(round) + 77);
    Generator generator(dice, rows);
    const json::Object filter = generator.filter(3);
    json::Object variables;
    variables.set("f", filter);
    CAPTURE(json::print(filter));
    const Reply reply = bench.ask("alpha",
                                  "query($f: PersonFilter) { peopleDP { count(where: $f, epsilon: "
                                  "0.1) { rows { value } } } }",
                                  variables);
    const std::vector<Truth> expected = truths(rows, filter);
    const auto count = std::count(expected.begin(), expected.end(), Truth::yes);
    found += static_cast<std::size_t>(count);
    CHECK(value_at(reply, "count") == std::to_string(count));
    CHECK(reply.report.rows == 0);
    CHECK(reply.report.bytes == 0);
    // The filter that was read by means for the twin what the one that was written does.
    const auto canonical = json::parse(bench.planner.asked.back().where);
    REQUIRE(canonical.has_value());
    const std::vector<Truth> read = truths(rows, *canonical);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK((read[i] == Truth::yes) == (expected[i] == Truth::yes));
    }
  }
  CHECK(found > static_cast<std::size_t>(rounds));
}

void check_groups(Bench& bench) {
  const Rows rows = people_of("alpha", kPeopleOfTenant);
  for (const std::string column : {"active", "name", "born", "bossId", "big"}) {
    CAPTURE(column);
    const Reply reply = bench.ask(
        "alpha", "{ peopleDP { count(groupBy: [" + column + "]) { rows { key value } } } }");
    const json::Value* groups = reply.at({"data", "peopleDP", "count", "rows"});
    REQUIRE_MESSAGE(groups != nullptr, reply.body);
    std::vector<std::string> told;
    for (const json::Value& group : *groups->as_array()) {
      told.push_back(json::print(group.find("key")->as_array()->front()) + " " +
                     *group.find("value")->as_string());
    }
    std::sort(told.begin(), told.end());
    CHECK(told == groups_of(rows, column));
  }
}

// Numbers come whole and exact, of whatever type the database makes them.
void check_values(Bench& bench) {
  const Rows rows = people_of("alpha", kPeopleOfTenant);
  std::int64_t sum = 0;
  for (const json::Object& row : rows) {
    if (const std::int64_t* age = row.find("age")->as_int()) sum += *age;
  }
  const Reply reply = bench.ask(
      "alpha", "{ peopleDP { sum(of: age) { rows { value } } units { rows { value } } } }");
  CHECK(value_at(reply, "sum") == std::to_string(sum));
  CHECK(value_at(reply, "units") == std::to_string(rows.size()));
  std::vector<double> scores, told;
  for (const json::Object& row : rows) {
    if (const double* score = row.find("score")->as_double()) scores.push_back(*score);
  }
  bench.planner.instead = [&](const PrivateCall& call, RowScan& scan) {
    const std::vector<int> columns = {call.of};
    return scan.scan(columns, call.where, [&](std::span<const sql::Rows::Value> values) {
      if (values[0].type == sql::Type::real) told.push_back(values[0].real);
      if (values[0].type == sql::Type::text) told.push_back(std::stod(std::string(values[0].text)));
      return ok();
    });
  };
  bench.ask("alpha", "{ peopleDP { quantile(of: score, q: 0.5) { release } } }");
  std::sort(scores.begin(), scores.end());
  std::sort(told.begin(), told.end());
  CHECK(told == scores);
}

}  // namespace

void run_private(const Backend& backend, int rounds) {
  Bench bench(backend);
  check_filters(bench, rounds);
  check_groups(bench);
  check_values(bench);
}

}  // namespace mc::dataset::contract
