#include "kanon/config.h"

#include <doctest/doctest.h>

#include "json/json.h"

namespace mc::kanon {
namespace {

const std::string kWhole = R"(kind: kanon
version: 1
k: 5
suppression: 0.02
method: global
columns:
  age: {role: quasi, hierarchy: age.csv}
  diagnosis:
    role: sensitive
    hierarchy: diagnosis.csv
    criteria:
      - {kind: t-hierarchical, t: 0.2}
      - {kind: recursive-cl, c: 2.5, l: 3}
  name: {role: identifying}
  member: {role: identifying}
  note: {role: insensitive}
population: {column: member, member: "yes"}
presence: {min: 0.1, max: "0.7"}
k_map: 20
budget: {nodes: 1000, time: 30s}
row_key: name
)";

Result<Config> read(const std::string& text) {
  return read_config({"k.yaml", text});
}

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kWhole;
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("config: a whole file, and the same again from what it prints") {
  const Result<Config> config = read(kWhole);
  REQUIRE_MESSAGE(config.has_value(), config.error().what);
  CHECK(config->k == 5);
  CHECK(config->suppression == "0.02");
  CHECK(config->columns.at("age").role == Role::quasi);
  const ColumnConfig& diagnosis = config->columns.at("diagnosis");
  CHECK(diagnosis.criteria[0].criterion()->t.nano == 200'000'000);
  CHECK(diagnosis.criteria[1].criterion()->text() == "recursive-(2.5,3)");
  CHECK(config->presence->max == "0.7");
  CHECK(config->budget.time == seconds(30));
  const Result<Config> again = read(json::print(to_json(*config)));
  REQUIRE_MESSAGE(again.has_value(), again.error().what);
  CHECK(to_json(*again) == to_json(*config));
  CHECK(config_schema().find("properties") != nullptr);
}

TEST_CASE("config: what is left out has safe defaults") {
  const Result<Config> config =
      read("{kind: kanon, version: 1, columns: {a: {role: quasi, hierarchy: a.csv}}}");
  REQUIRE(config);
  CHECK(config->k == 10);
  CHECK(config->suppression == "0.02");
  CHECK(config->suppressed == Suppressed::drop);
}

TEST_CASE("config: what is wrong is refused by place and name") {
  struct Row {
    const char* name;
    const char* from;
    const char* to;
    const char* why;
  };
  const Row rows[] = {
      {"unknown key", "method: global", "methode: global", "k.yaml:5:1: methode: "},
      {"unknown key in a column", "role: quasi,", "role: quasi, rolle: x,",
       "k.yaml:7:22: columns.age.rolle: "},
      {"no such role", "role: quasi", "role: secret", "columns.age.role: "},
      {"k of one", "k: 5", "k: 1", "k.yaml:3:4: k: 1 is less than 2"},
      {"k as a text", "k: 5", "k: five", "k.yaml:3:4: k: "},
      {"a share above one", "suppression: 0.02", "suppression: 1.5",
       "suppression must be from 0 to 1"},
      {"a negative share", "suppression: 0.02", "suppression: -0.1",
       "suppression: '-0.1' is no decimal"},
      {"a tiny share", "suppression: 0.02", "suppression: 1e-300", "is no decimal"},
      {"a share of .nan", "suppression: 0.02", "suppression: .nan",
       "suppression: '.nan' is no decimal"},
      {"criteria of a quasi column", "hierarchy: age.csv}",
       "hierarchy: age.csv, criteria: [{kind: distinct-l, l: 2}]}",
       "column 'age' has criteria but is not sensitive"},
      {"quasi without a hierarchy", "{role: quasi, hierarchy: age.csv}", "{role: quasi}",
       "column 'age' needs a hierarchy"},
      {"a hierarchy for nothing", "{role: insensitive}", "{role: insensitive, hierarchy: x.csv}",
       "column 'note' has no use for its hierarchy"},
      {"t without t", "t: 0.2", "l: 2", "t-hierarchical needs t"},
      {"l of one", "l: 3", "l: 1", "l must be more than 1"},
      {"half an l", "l: 3", "l: 2.5", "l must be a whole number"},
      {"a released row key", "row_key: name", "row_key: note",
       "row_key must name an identifying column"},
      {"an unknown row key", "row_key: name", "row_key: nobody",
       "row_key must name an identifying column"},
      {"a released membership", "column: member,", "column: note,",
       "population.column must name an identifying column"},
      {"presence the wrong way round", "min: 0.1", "min: 0.8",
       "presence.min is more than presence.max"},
      {"another version", "version: 1", "version: 2", "k.yaml:2:10: version: 2 is more than 1"},
      {"another kind", "kind: kanon", "kind: dp", "k.yaml:1:7: kind: "},
      {"a key twice", "k_map: 20", "k: 20", "k.yaml:"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Result<Config> config = read(changed(row.from, row.to));
    REQUIRE_FALSE(config);
    CHECK(config.error().code == Code::invalid);
    CAPTURE(config.error().what);
    CHECK(config.error().what.find(row.why) != std::string::npos);
  }
  CHECK_FALSE(read(""));
  CHECK_FALSE(read("- a"));
  CHECK_FALSE(read("{kind: kanon, version: 1, columns: {a: {role: sensitive}}}"));
  CHECK_FALSE(
      read("{kind: kanon, version: 1, k_map: 5, columns: {a: {role: quasi, hierarchy: a}}}"));
}

}  // namespace
}  // namespace mc::kanon
