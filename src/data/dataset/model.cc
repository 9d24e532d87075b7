#include "dataset/model.h"

#include <algorithm>
#include <array>
#include <set>

#include "dataset/privacy_check.h"

namespace mc::dataset {
namespace {

constexpr std::array<std::string_view, 9> kTypeNames = {
    "id", "int", "long", "float", "string", "boolean", "date", "datetime", "json"};
constexpr std::array<std::string_view, 5> kSensitivityNames = {"public", "internal", "personal",
                                                               "sensitive", "secret"};

// Type names that sdl() defines once for all datasets, or that GraphQL has itself.
constexpr std::array<std::string_view, 21> kReservedTypes = {
    "ID",           "Int",           "Float",     "String",    "Boolean",    "Long",
    "Date",         "DateTime",      "JSON",      "Query",     "Mutation",   "Subscription",
    "PageInfo",     "Direction",     "IDFilter",  "IntFilter", "LongFilter", "FloatFilter",
    "StringFilter", "BooleanFilter", "DateFilter"};
// What sdl() derives from the type name of a dataset.
constexpr std::array<std::string_view, 12> kTypeSuffixes = {
    "",          "Connection", "Edge",  "Filter",      "Order",  "OrderField",
    "Aggregate", "Numbers",    "Group", "GroupColumn", "Create", "Update"};
// The same when a dataset has a section `privacy`.
constexpr std::array<std::string_view, 5> kPrivateTypes = {"Decimal", "DPAnswer", "DPRow",
                                                           "DPMechanism", "DPConsent"};
constexpr std::array<std::string_view, 3> kPrivateSuffixes = {"DP", "DPKey", "DPNumber"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_graphql_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || is_digit(name[0]) || name.starts_with("__")) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

// Both databases take any characters between quotes; these limits are theirs (PostgreSQL: 63
// bytes) or plain caution (no control characters).
bool is_identifier(std::string_view text) {
  if (text.empty() || text.size() > 63 || !is_valid_utf8(text)) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

// "t&s", "threat-intel".
bool is_purpose(std::string_view text) {
  if (text.empty() || text.size() > 63 || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '&' || c == '-';
  });
}

// Collects problems under a path that the callers extend.
class Checker {
 public:
  explicit Checker(const Model& model) : model_(model) {}

  std::vector<Problem> run() {
    limit("sources", model_.sources.size(), kSourcesMax);
    limit("datasets", model_.datasets.size(), kDatasetsMax);
    for (std::size_t i = 0; i < model_.sources.size(); ++i) {
      check_source(model_.sources[i], "sources[" + std::to_string(i) + "]");
    }
    for (const std::string_view name : kReservedTypes) types_.insert(std::string(name));
    types_.insert("DateTimeFilter");
    const bool any_private =
        std::any_of(model_.datasets.begin(), model_.datasets.end(),
                    [](const Dataset& dataset) { return dataset.privacy.has_value(); });
    if (any_private) types_.insert(kPrivateTypes.begin(), kPrivateTypes.end());
    for (std::size_t i = 0; i < model_.datasets.size(); ++i) {
      check_dataset(model_.datasets[i], "datasets[" + std::to_string(i) + "]");
    }
    return std::move(problems_);
  }

 private:
  void add(std::string path, std::string what) {
    problems_.push_back({std::move(path), std::move(what)});
  }
  void limit(const std::string& path, std::size_t count, std::size_t max) {
    if (count > max) add(path, "more than " + std::to_string(max) + " entries");
  }
  void name(const std::string& path, const std::string& text) {
    if (is_graphql_name(text)) return;
    add(path, "'" + excerpt(text) + "' is not a GraphQL name (letters, digits, _; 64 at most)");
  }
  void identifier(const std::string& path, const std::string& text) {
    if (is_identifier(text)) return;
    add(path, "'" + excerpt(text) + "' is not a table or column name (1 to 63 bytes)");
  }

  void check_source(const Source& source, const std::string& path) {
    name(path + ".name", source.name);
    if (!sources_.insert(source.name + "@" + source.region).second) {
      add(path + ".name", "used twice for the same region: " + source.name);
    }
    if (source.region.empty() && model_.placed(source.name)) {
      add(path + ".region", "is required when a source has several placements");
    }
    if (source.url.find(':') == std::string::npos) {
      add(path + ".url", "must begin with a scheme such as sqlite: or postgres:");
    }
  }

  void check_dataset(const Dataset& dataset, const std::string& path) {
    name(path + ".name", dataset.name);
    name(path + ".plural", dataset.plural);
    name(path + ".type", dataset.type);
    identifier(path + ".table", dataset.table);
    identifier(path + ".tenant", dataset.tenant);
    if (model_.source(dataset.source) == nullptr) {
      add(path + ".source", "no source is called '" + excerpt(dataset.source) + "'");
    }
    claim(fields_, path + ".name", dataset.name);
    claim(fields_, path + ".plural", dataset.plural);
    claim(fields_, path + ".plural", dataset.plural + "Aggregate");
    for (const std::string_view suffix : kTypeSuffixes) {
      claim(types_, path + ".type", dataset.type + std::string(suffix));
    }
    if (dataset.retention.count < 0) add(path + ".retention", "must not be negative");
    const DatasetLimits& limits = dataset.limits;
    if (limits.first_max < 1 || limits.first_max > 500) {
      add(path + ".limits.first_max", "must be 1 to 500");
    }
    if (limits.first_default < 1 || limits.first_default > limits.first_max) {
      add(path + ".limits.first_default", "must be 1 to first_max");
    }
    check_purposes(dataset, path);
    check_columns(dataset, path);
    check_key(dataset, path);
    check_version(dataset, path);
    check_relations(dataset, path);
    if (dataset.privacy) check_privacy(dataset, path);
  }

  void check_privacy(const Dataset& dataset, const std::string& path) {
    claim(fields_, path + ".plural", dataset.plural + "DP");
    for (const std::string_view suffix : kPrivateSuffixes) {
      claim(types_, path + ".type", dataset.type + std::string(suffix));
    }
    for (Problem& problem : privacy_problems(dataset, path)) {
      problems_.push_back(std::move(problem));
    }
  }

  void claim(std::set<std::string>& taken, const std::string& path, std::string text) {
    if (text.empty() || taken.insert(text).second) return;
    add(path, "the schema has '" + text + "' already; choose another name");
  }

  void check_purposes(const Dataset& dataset, const std::string& path) {
    limit(path + ".purposes", dataset.purposes.size(), kPurposesMax);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < dataset.purposes.size(); ++i) {
      const std::string& purpose = dataset.purposes[i];
      const std::string here = path + ".purposes[" + std::to_string(i) + "]";
      if (!is_purpose(purpose)) {
        add(here, "'" + excerpt(purpose) +
                      "' is not a purpose (a lower-case letter, then letters, digits, & and -; 63 "
                      "at most)");
      } else if (!seen.insert(purpose).second) {
        add(here, "used twice: " + purpose);
      }
    }
  }

  void check_columns(const Dataset& dataset, const std::string& path) {
    limit(path + ".columns", dataset.columns.size(), kColumnsMax);
    if (dataset.columns.empty()) add(path + ".columns", "must name at least one column");
    std::set<std::string> names;
    std::set<std::string> stored{dataset.tenant};
    for (std::size_t i = 0; i < dataset.columns.size(); ++i) {
      const Column& column = dataset.columns[i];
      const std::string here = path + ".columns[" + std::to_string(i) + "]";
      name(here + ".name", column.name);
      identifier(here + ".column", column.column);
      if (!names.insert(column.name).second) add(here + ".name", "used twice: " + column.name);
      if (!stored.insert(column.column).second) {
        add(here + ".column", column.column == dataset.tenant
                                  ? "the tenant column must not be exposed"
                                  : "used twice: " + excerpt(column.column));
      }
      if (column.name == "and" || column.name == "or" || column.name == "not") {
        add(here + ".name", "and, or and not are words of filters");
      }
      check_storage(column, here);
    }
  }

  void check_storage(const Column& column, const std::string& path) {
    const bool temporal = column.type == ColumnType::date || column.type == ColumnType::datetime ||
                          column.type == ColumnType::json;
    if (column.storage == Storage::integer && column.type != ColumnType::id) {
      add(path + ".storage", "integer is for columns of type id");
    }
    if (column.storage == Storage::text && !temporal) {
      add(path + ".storage", "text is for columns of type date, datetime and json");
    }
    if (column.unique && column.type == ColumnType::json) {
      add(path + ".unique", "a json column cannot be unique");
    }
  }

  void check_key(const Dataset& dataset, const std::string& path) {
    const Column* key = dataset.column(dataset.key);
    if (key == nullptr) {
      add(path + ".key", "no column is called '" + excerpt(dataset.key) + "'");
      return;
    }
    if (key->nullable) add(path + ".key", "the key column must not be nullable");
    if (!key->filterable) add(path + ".key", "the key column must be filterable");
    if (key->type != ColumnType::id && key->type != ColumnType::int_ &&
        key->type != ColumnType::long_ && key->type != ColumnType::string) {
      add(path + ".key", "the key column must be of type id, int, long or string");
    }
  }

  void check_version(const Dataset& dataset, const std::string& path) {
    if (dataset.version.empty()) return;
    const Column* version = dataset.column(dataset.version);
    if (version == nullptr) {
      add(path + ".version", "no column is called '" + excerpt(dataset.version) + "'");
    } else if (version->nullable ||
               (version->type != ColumnType::int_ && version->type != ColumnType::long_)) {
      add(path + ".version", "the version column must be an int or long that is never null");
    }
    if (dataset.version == dataset.key) add(path + ".version", "must not be the key");
  }

  void check_relations(const Dataset& dataset, const std::string& path) {
    limit(path + ".relations", dataset.relations.size(), kRelationsMax);
    std::set<std::string> names;
    for (const Column& column : dataset.columns) names.insert(column.name);
    for (std::size_t i = 0; i < dataset.relations.size(); ++i) {
      const Relation& relation = dataset.relations[i];
      const std::string here = path + ".relations[" + std::to_string(i) + "]";
      name(here + ".name", relation.name);
      if (!names.insert(relation.name).second) add(here + ".name", "used twice: " + relation.name);
      check_relation(dataset, relation, here);
    }
  }

  void check_relation(const Dataset& dataset, const Relation& relation, const std::string& path) {
    const Column* local = dataset.column(relation.local);
    if (local == nullptr) {
      add(path + ".local", "no column is called '" + excerpt(relation.local) + "'");
    }
    const Dataset* other = model_.dataset(relation.to);
    if (other == nullptr) {
      add(path + ".to", "no dataset is called '" + excerpt(relation.to) + "'");
      return;
    }
    const Column* remote = other->column(relation.remote);
    if (remote == nullptr) {
      add(path + ".remote",
          "'" + other->name + "' has no column '" + excerpt(relation.remote) + "'");
      return;
    }
    if (local == nullptr) return;
    if (local->type != remote->type || local->storage != remote->storage) {
      add(path, "local and remote must have the same type and storage");
    }
    if (local->type == ColumnType::json || local->type == ColumnType::float_) {
      add(path, "a json or float column cannot relate");
    }
    const bool single = remote->unique || other->key == remote->name;
    if (relation.kind == RelationKind::one && !single) {
      add(path + ".remote", "must be the key or a unique column, because kind is one");
    }
  }

  const Model& model_;
  std::vector<Problem> problems_;
  std::set<std::string> sources_, fields_, types_;
};

}  // namespace

std::string_view type_name(ColumnType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

std::optional<ColumnType> parse_type(std::string_view text) {
  const auto* found = std::find(kTypeNames.begin(), kTypeNames.end(), text);
  if (found == kTypeNames.end()) return std::nullopt;
  return static_cast<ColumnType>(found - kTypeNames.begin());
}

std::string_view sensitivity_name(Sensitivity sensitivity) {
  return kSensitivityNames[static_cast<std::size_t>(sensitivity)];
}

int Dataset::column_index(std::string_view name_of_column) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name_of_column) return static_cast<int>(i);
  }
  return -1;
}

const Column* Dataset::column(std::string_view name_of_column) const {
  const int index = column_index(name_of_column);
  return index < 0 ? nullptr : &columns[static_cast<std::size_t>(index)];
}

const Source* Model::source(std::string_view name) const {
  const auto found = std::find_if(sources.begin(), sources.end(),
                                  [&](const Source& source) { return source.name == name; });
  return found == sources.end() ? nullptr : &*found;
}

bool Model::placed(std::string_view name) const {
  return std::count_if(sources.begin(), sources.end(),
                       [&](const Source& source) { return source.name == name; }) > 1;
}

std::string Model::placement(const Source& source) const {
  return placed(source.name) ? source.name + "@" + source.region : source.name;
}

int Model::dataset_index(std::string_view name) const {
  for (std::size_t i = 0; i < datasets.size(); ++i) {
    if (datasets[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

const Dataset* Model::dataset(std::string_view name) const {
  const int index = dataset_index(name);
  return index < 0 ? nullptr : &datasets[static_cast<std::size_t>(index)];
}

std::vector<Problem> Model::problems() const {
  return Checker(*this).run();
}

Status Model::check() const {
  std::string text;
  for (const Problem& problem : problems()) {
    if (!text.empty()) text += '\n';
    text += problem.path + ": " + problem.what;
  }
  if (!text.empty()) return fail(Code::invalid, std::move(text));
  return ok();
}

std::string graphql_name(std::string_view text) {
  std::string out;
  bool upper = false;
  for (const char c : text) {
    if (is_letter(c) || (is_digit(c) && !out.empty())) {
      const bool raise = upper && !out.empty() && c >= 'a' && c <= 'z';
      out.push_back(raise ? static_cast<char>(c - 'a' + 'A') : c);
      upper = false;
    } else if (is_digit(c)) {
      out = std::string("n") + c;
    } else {
      upper = true;
    }
    if (out.size() >= 60) break;
  }
  if (out.empty()) return "field";
  if (out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] - 'A' + 'a');
  return out;
}

}  // namespace mc::dataset
