// Small worlds for the tests of this module: a table, its hierarchies and a config, from texts.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kanon/kanon.h"
#include "sys/sys.h"

namespace mc::kanon::test {

struct World {
  std::unique_ptr<Table> table;
  Config config;
  std::map<std::string, Hierarchy> hierarchies;

  // The table must outlive the problem, so the world must.
  Result<Problem> problem() const { return Problem::make(*table, config, hierarchies); }
};

inline ColumnConfig quasi() {
  return {.role = Role::quasi, .hierarchy = "file"};
}
inline ColumnConfig sensitive(std::vector<CriterionConfig> criteria = {}) {
  ColumnConfig out{.role = Role::sensitive};
  for (const CriterionConfig& each : criteria) {
    if (each.kind == Kind::t_hierarchical) out.hierarchy = "file";
  }
  out.criteria = std::move(criteria);
  return out;
}

inline World make_world(const std::string& csv, Config config,
                        const std::map<std::string, std::string>& hierarchies) {
  Result<Table> table = read_table(csv);
  MC_CHECK(table);
  World out{std::make_unique<Table>(std::move(*table)), std::move(config), {}};
  for (const auto& [name, text] : hierarchies) {
    Result<Hierarchy> hierarchy = Hierarchy::read(name, text);
    MC_CHECK(hierarchy);
    out.hierarchies.emplace(name, std::move(*hierarchy));
  }
  return out;
}

// The census data outside the repository; none when it is not there, which a test says.
inline std::optional<World> adult(std::int64_t k, const std::string& suppression) {
  const std::string folder = sys::environment("MC_DATA", "../shared/data") + "/adult/";
  const auto files = sys::real_files();
  const auto text = files->read_all(folder + "adult.csv");
  if (!text) {
    std::printf("skipped, no adult/adult.csv under MC_DATA\n");
    return std::nullopt;
  }
  Result<Table> table = read_table(*text, {.delimiter = ';'});
  MC_CHECK(table);
  World out{std::make_unique<Table>(std::move(*table)), {}, {}};
  out.config.k = k;
  out.config.suppression = suppression;
  for (const Column& column : out.table->columns) {
    out.config.columns[column.name] = quasi();
    const auto file = files->read_all(folder + "adult_hierarchy_" + column.name + ".csv");
    MC_CHECK(file);
    out.hierarchies.emplace(column.name, *Hierarchy::read(column.name, *file));
  }
  return out;
}

// Dice that are the same everywhere.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return engine_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::mt19937 engine_;
};

}  // namespace mc::kanon::test
