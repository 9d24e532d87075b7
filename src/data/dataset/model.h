// The dataset model: plain data read from YAML, checked once, then immutable.
//
//   sources:
//     - {name: main, url: "sqlite:/data/app.db", region: eu-west-1}
//     - {name: main, url: "sqlite:/data/us.db", region: us-east-1}  # second placement: the rows of
//                                                 # a tenant lie in the placement of its region
//   datasets:
//     - name: person              # Query.person, Query.persons, Query.personsAggregate
//       source: main
//       table: person
//       type: Person              # optional: from the name
//       plural: persons           # optional: name + "s"
//       key: id                   # name of a column below; unique within a tenant
//       tenant: tenant_id         # database column, never exposed
//       licence: Open-Data-OK
//       purposes: [fraud-risk]    # optional: what it may be used for; none = anything
//       retention: 90d            # optional; none = kept
//       writable: true            # optional: create/update/delete mutations
//       version: version          # optional: name of an int or long column counting updates
//       limits: {first_default: 50, first_max: 500}
//       columns:
//         - {name: id, type: id}
//         - {name: age, column: age_years, type: int, nullable: true, sensitivity: personal,
//            quasi_identifier: true, licence: MIT-OK, unique: false, filterable: true}
//       relations:
//         - {name: orders, to: order, kind: many, local: id, remote: personId}
//       privacy: {unit: id, ...}  # optional: what differentially private answers may use
//       (privacy.h)
//
// Unknown keys are errors. Every name becomes a GraphQL name; table and column text is quoted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/privacy.h"  // IWYU pragma: export

namespace mc::dataset {

// GraphQL: ID, Int, Long, Float, String, Boolean, Date, DateTime, JSON.
enum class ColumnType : std::uint8_t {
  id,
  int_,
  long_,
  float_,
  string,
  boolean,
  date,
  datetime,
  json
};
std::string_view type_name(ColumnType type);  // as in YAML: "id", "int", "long" ...
std::optional<ColumnType> parse_type(std::string_view text);

// How the database stores the values. natural: id and string are text; date, datetime and json
// are text in SQLite ("2026-11-22", "2026-11-22T11:51:20.000Z") and date, timestamptz, jsonb in
// PostgreSQL. text: the SQLite way in both. integer: an id that is a 64-bit integer.
enum class Storage : std::uint8_t { natural, text, integer };

enum class Sensitivity : std::uint8_t { public_, internal, personal, sensitive, secret };
std::string_view sensitivity_name(Sensitivity sensitivity);

struct Source {
  std::string name;
  std::string url;     // for sql::Drivers; credentials by file reference only
  std::string region;  // "eu-west-1"; "" = unknown
  bool operator==(const Source&) const = default;
};

struct Column {
  std::string name;    // GraphQL field
  std::string column;  // database column; default: name
  ColumnType type = ColumnType::string;
  Storage storage = Storage::natural;
  Sensitivity sensitivity = Sensitivity::internal;
  bool quasi_identifier = false;
  std::string licence_class;  // "" = that of the dataset
  bool nullable = false;
  bool unique = false;     // within a tenant
  bool filterable = true;  // may stand in filter, order and groupBy; json never does
  std::string description;
  bool operator==(const Column&) const = default;
};

enum class RelationKind : std::uint8_t { one, many };

struct Relation {
  std::string name;
  std::string to;  // dataset name; may live in another source
  RelationKind kind = RelationKind::one;
  std::string local;   // name of a column of this dataset
  std::string remote;  // name of a column of `to`; of the same type
  bool operator==(const Relation&) const = default;
};

struct DatasetLimits {
  int first_default = 50;
  int first_max = 500;
  bool operator==(const DatasetLimits&) const = default;
};

struct Dataset {
  std::string name;    // "person": the field that reads one by key
  std::string plural;  // "persons"
  std::string source;
  std::string table;
  std::string type;    // "Person"
  std::string key;     // column name
  std::string tenant;  // database column
  std::string licence_class;
  std::vector<std::string> purposes;  // it may be used for; empty = any
  std::string description;
  Nanos retention{};  // 0 = kept
  bool writable = false;
  std::string version;  // column name; "" = none
  DatasetLimits limits;
  std::vector<Column> columns;
  std::vector<Relation> relations;
  std::optional<DatasetPrivacy> privacy = {};  // none = no differentially private answers

  const Column* column(std::string_view name_of_column) const;
  int column_index(std::string_view name_of_column) const;  // -1 = none
  bool operator==(const Dataset&) const = default;
};

// What is wrong and where: path is "datasets[0].columns[2].type".
struct Problem {
  std::string path;
  std::string what;
  bool operator==(const Problem&) const = default;
};

struct Model {
  std::vector<Source> sources;
  std::vector<Dataset> datasets;

  const Source* source(std::string_view name) const;  // the first of its placements
  bool placed(std::string_view name) const;           // more than one placement
  // What Writers and ConnectionSet call a placement: the name, with "@region" where it is placed.
  std::string placement(const Source& source) const;
  const Dataset* dataset(std::string_view name) const;
  int dataset_index(std::string_view name) const;  // -1 = none
  // Every rule of the model (names, references, types, limits); empty = usable.
  std::vector<Problem> problems() const;
  Status check() const;  // the problems, a line each
  bool operator==(const Model&) const = default;
};

inline constexpr std::size_t kModelBytesMax = 4 << 20;
inline constexpr std::size_t kSourcesMax = 64;
inline constexpr std::size_t kDatasetsMax = 256;
inline constexpr std::size_t kColumnsMax = 256;
inline constexpr std::size_t kRelationsMax = 64;
inline constexpr std::size_t kPurposesMax = 32;

// Reads and checks. Error: all findings, a line each: "datasets.yaml:12: unknown key 'colums'".
Result<Model> parse_model(std::string_view yaml, std::string_view file_name);
// YAML that parse_model reads back to an equal model; defaults are left out.
std::string to_yaml(const Model& model);

// The GraphQL schema text of a checked model; see docs in sdl.cc for the shape.
std::string sdl(const Model& model);
// The schema says that nobody is ever answered null for it: of no row, and under no policy.
bool never_null(const Column& column);

// "job title" -> "jobTitle"; always a valid GraphQL name not starting with "__".
std::string graphql_name(std::string_view text);

}  // namespace mc::dataset
