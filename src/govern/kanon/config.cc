#include "kanon/config.h"

#include <algorithm>
#include <array>

#include "config/config.h"

namespace mc::json {

using namespace mc::kanon;  // NOLINT(google-build-using-namespace)

template <>
struct Describe<kanon::Kind> {
  static constexpr auto names = std::array{Name{"distinct-l", kanon::Kind::distinct_l},
                                           Name{"entropy-l", kanon::Kind::entropy_l},
                                           Name{"recursive-cl", kanon::Kind::recursive_cl},
                                           Name{"t-equal", kanon::Kind::t_equal},
                                           Name{"t-hierarchical", kanon::Kind::t_hierarchical},
                                           Name{"t-ordered", kanon::Kind::t_ordered}};
};
template <>
struct Describe<CriterionConfig> {
  static constexpr auto fields =
      std::tuple{Field{"kind",
                       &CriterionConfig::kind,
                       "What the values of a class must fulfil",
                       {.required = true}},
                 Field{"l", &CriterionConfig::l, "Diversity, more than 1", {.max = 20}},
                 Field{"c", &CriterionConfig::c, "Factor of recursive diversity", {.max = 20}},
                 Field{"t", &CriterionConfig::t, "Greatest distance, 0 to 1", {.max = 20}}};
};
template <>
struct Describe<ColumnConfig> {
  static constexpr auto fields = std::tuple{
      Field{"role", &ColumnConfig::role, "What the column is", {.required = true}},
      Field{"hierarchy", &ColumnConfig::hierarchy, "File of its generalisations", {.max = 4096}},
      Field{"criteria",
            &ColumnConfig::criteria,
            "Of a sensitive column; none = distinct-2",
            {.max = 8}},
      Field{"order", &ColumnConfig::order, "Of the values, for t-ordered"}};
};
template <>
struct Describe<PopulationConfig> {
  static constexpr auto fields = std::tuple{Field{"column",
                                                  &PopulationConfig::column,
                                                  "Tells who is released",
                                                  {.min = 1, .max = 4096, .required = true}},
                                            Field{"member",
                                                  &PopulationConfig::member,
                                                  "Its value in released rows",
                                                  {.max = 4096, .required = true}}};
};
template <>
struct Describe<PresenceConfig> {
  static constexpr auto fields = std::tuple{
      Field{"min", &PresenceConfig::min, "Least released share of a class", {.min = 1, .max = 20}},
      Field{"max",
            &PresenceConfig::max,
            "Greatest released share of a class",
            {.min = 1, .max = 20}}};
};
template <>
struct Describe<BudgetConfig> {
  static constexpr auto fields = std::tuple{
      Field{"nodes", &BudgetConfig::nodes, "Level vectors looked at, 0 = all", {.min = 0}},
      Field{"time", &BudgetConfig::time, "Of a search, 0 = as long as it takes", {.min = Nanos{}}}};
};
template <>
struct Describe<Config> {
  static constexpr std::string_view title = "k-anonymity";
  static constexpr auto fields = std::tuple{
      Field{"kind", &Config::kind, "Always kanon", {.allowed = {"kanon"}, .required = true}},
      Field{"version", &Config::version, "Of this form", {.min = 1, .max = 1, .required = true}},
      Field{"delimiter",
            &Config::delimiter,
            "Between cells of the table",
            {.allowed = {",", ";", "\t", "|"}}},
      Field{"hierarchy_delimiter",
            &Config::hierarchy_delimiter,
            "Between cells of hierarchies",
            {.allowed = {",", ";", "\t", "|"}}},
      Field{"k", &Config::k, "Least rows of a class", {.min = 2, .max = 1'000'000}},
      Field{"k_map",
            &Config::k_map,
            "Least rows of the population of a class",
            {.min = 1, .max = 1'000'000}},
      Field{"suppression",
            &Config::suppression,
            "Share of rows that may be dropped, 0 to 1",
            {.min = 1, .max = 20}},
      Field{"suppressed", &Config::suppressed, "What becomes of these rows"},
      Field{"method", &Config::method, "One generalisation for all rows, or each class its own"},
      Field{"mean", &Config::mean, "Of the losses of columns"},
      Field{"columns",
            &Config::columns,
            "Every column of the table",
            {.min = 1, .max = 256, .required = true}},
      Field{"population", &Config::population, "Rows that are known but not released"},
      Field{"presence", &Config::presence, "Bounds of delta-presence"},
      Field{"budget", &Config::budget, "What a search may use"},
      Field{
          "row_key", &Config::row_key, "Column that names a row in every release", {.max = 4096}}};
};

}  // namespace mc::json

namespace mc::kanon {
namespace {

constexpr std::array<std::string_view, 6> kDecimals = {"suppression", "l", "c", "t", "min", "max"};

// Decimals that were written as numbers become texts: the shortest that reads back as the same
// double is what was written, up to 15 digits.
void decimals_to_texts(json::Value& tree) {
  if (json::Array* array = tree.as_array()) {
    for (json::Value& each : *array) decimals_to_texts(each);
  }
  json::Object* object = tree.as_object();
  if (object == nullptr) return;
  for (json::Member& member : object->members()) {
    const bool number = member.value.as_int() != nullptr || member.value.as_double() != nullptr;
    const bool decimal =
        std::find(kDecimals.begin(), kDecimals.end(), member.name) != kDecimals.end();
    if (number && decimal) {
      member.value = json::print(member.value);
    } else {
      decimals_to_texts(member.value);
    }
  }
}

// The place of a path, or of what it stands in.
std::string place_of(const config::Document& document, std::string path, bool key) {
  if (key) {
    const auto at = document.keys.find(path);
    if (at != document.keys.end()) return at->second;
  }
  while (!path.empty()) {
    const auto at = document.places.find(path);
    if (at != document.places.end()) return at->second;
    path.resize(path.find_last_of(".[") == std::string::npos ? 0 : path.find_last_of(".["));
  }
  return "1:1";
}

Result<Decimal> share(const char* name, const std::string& text) {
  const Result<Decimal> read = parse_decimal(text);
  if (!read) return fail(Code::invalid, std::string(name) + ": " + read.error().what);
  if (read->nano > kNano) return fail(Code::invalid, std::string(name) + " must be from 0 to 1");
  return *read;
}

Result<Decimal> optional_decimal(const std::string& text) {
  return text.empty() ? Decimal{} : parse_decimal(text);
}

Status check_column(const std::string& name, const ColumnConfig& column) {
  const auto refuse = [&](const std::string& why) {
    return fail(Code::invalid, "column '" + excerpt(name) + "' " + why);
  };
  bool by_hierarchy = column.role == Role::quasi;
  for (const CriterionConfig& each : column.criteria) {
    const Result<Criterion> criterion = each.criterion();
    if (!criterion) return refuse("has a wrong criterion: " + criterion.error().what);
    by_hierarchy = by_hierarchy || criterion->kind == Kind::t_hierarchical;
  }
  if (column.role != Role::sensitive && !column.criteria.empty()) {
    return refuse("has criteria but is not sensitive");
  }
  if (by_hierarchy && column.hierarchy.empty()) return refuse("needs a hierarchy");
  if (!by_hierarchy && !column.hierarchy.empty()) return refuse("has no use for its hierarchy");
  return ok();
}

}  // namespace

Result<Criterion> CriterionConfig::criterion() const {
  Criterion out{.kind = kind};
  MC_TRY(out.l, optional_decimal(l));
  MC_TRY(out.c, optional_decimal(c));
  MC_TRY(out.t, optional_decimal(t));
  const bool of_t =
      kind == Kind::t_equal || kind == Kind::t_hierarchical || kind == Kind::t_ordered;
  if (of_t && t.empty()) return fail(Code::invalid, std::string(kind_name(kind)) + " needs t");
  MC_TRY_OK(out.check());
  return out;
}

Status Config::check() const {
  MC_TRY_OK(share("suppression", suppression));
  std::size_t quasi = 0;
  for (const auto& [name, column] : columns) {
    MC_TRY_OK(check_column(name, column));
    quasi += column.role == Role::quasi ? 1 : 0;
  }
  if (quasi == 0) return fail(Code::invalid, "no column is quasi");
  const auto role_is = [&](const std::string& name, Role role) {
    const auto at = columns.find(name);
    return at != columns.end() && at->second.role == role;
  };
  if (population && !role_is(population->column, Role::identifying)) {
    return fail(Code::invalid, "population.column must name an identifying column");
  }
  if (!population && presence) {
    return fail(Code::invalid, "presence needs a population, of which the release is a part");
  }
  if (!population && k_map > 1) {
    return fail(Code::invalid, "k_map needs a population, of which the release is a part");
  }
  if (!row_key.empty() && !role_is(row_key, Role::identifying)) {
    return fail(Code::invalid, "row_key must name an identifying column");
  }
  if (presence) {
    MC_TRY(const Decimal min, share("presence.min", presence->min));
    MC_TRY(const Decimal max, share("presence.max", presence->max));
    if (min > max) return fail(Code::invalid, "presence.min is more than presence.max");
  }
  return ok();
}

Result<Config> read_config(const ConfigFile& file) {
  Result<config::Document> document = config::parse_yaml(file.text);
  if (!document) {
    return fail(Code::invalid, file.name + ":" + document.error().what);
  }
  decimals_to_texts(document->tree);
  json::Reader reader;
  Config config = json::read_into<Config>(document->tree, reader);
  std::string problems;
  for (const json::Problem& problem : reader.problems()) {
    if (!problems.empty()) problems += '\n';
    const bool unknown = problem.fault == json::Fault::unknown;
    problems += file.name + ":" + place_of(*document, problem.path, unknown) + ": ";
    if (problem.path.size() > 2) problems += problem.path.substr(2) + ": ";
    problems += problem.what;
  }
  if (!problems.empty()) return fail(Code::invalid, std::move(problems));
  return config;
}

json::Value to_json(const Config& config) {
  return json::to_value(config);
}

json::Value config_schema() {
  return json::json_schema<Config>();
}

}  // namespace mc::kanon
