#include "dataset/tables.h"

#include <algorithm>

#include "dataset/session.h"

namespace mc::dataset {
namespace {

constexpr std::string_view kSqliteColumns = "SELECT name FROM pragma_table_info(?1) ORDER BY cid";
constexpr std::string_view kPostgresColumns =
    "SELECT CAST(column_name AS text) FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND table_name = ?1 ORDER BY ordinal_position";

// An INTEGER PRIMARY KEY of SQLite has no index of its own; it is the pk of table_info.
constexpr std::string_view kSqliteIndexes =
    "SELECT list.name, info.name FROM pragma_index_list(?1) AS list, "
    "pragma_index_info(list.name) AS info WHERE list.\"unique\" = 1 "
    "UNION ALL SELECT '', name FROM (SELECT name FROM pragma_table_info(?1) WHERE pk > 0 "
    "ORDER BY pk)";
constexpr std::string_view kPostgresIndexes =
    "SELECT CAST(c.relname AS text), CAST(coalesce(a.attname, '') AS text) FROM pg_index i "
    "JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace "
    "JOIN pg_class c ON c.oid = i.indexrelid "
    "CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS place "
    "LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[place] "
    "WHERE i.indisunique AND n.nspname = current_schema() AND t.relname = ?1 "
    "ORDER BY c.relname, place";

Status check_unique(const Dataset& dataset, sql::Connection& connection) {
  if (!dataset.writable) return ok();
  MC_TRY(const auto indexes, unique_indexes(connection, dataset.table));
  bool keyed = false;
  const std::string& key = dataset.column(dataset.key)->column;
  for (const std::vector<std::string>& index : indexes) {
    if (index.empty() || index[0] != dataset.tenant) {
      return fail(Code::invalid, "dataset " + dataset.name +
                                     ": a unique index of its table does not begin with " +
                                     dataset.tenant + ", so it cannot be writable");
    }
    keyed = keyed || (index.size() == 2 && index[1] == key);
  }
  if (keyed) return ok();
  return fail(Code::invalid, "dataset " + dataset.name + ": its table has no unique index on (" +
                                 dataset.tenant + ", " + key + "), so it cannot be writable");
}

Status check_table(const Dataset& dataset, sql::Connection& connection) {
  MC_TRY(const std::vector<std::string> columns, table_columns(connection, dataset.table));
  if (columns.empty()) {
    return fail(Code::not_found, "dataset " + dataset.name + ": no table " + dataset.table);
  }
  const auto has = [&](const std::string& name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  };
  std::string missing = has(dataset.tenant) ? "" : dataset.tenant;
  for (const Column& column : dataset.columns) {
    if (!has(column.column)) missing += (missing.empty() ? "" : ", ") + column.column;
  }
  if (!missing.empty()) {
    return fail(Code::not_found, "dataset " + dataset.name + ": table " + dataset.table +
                                     " has no column " + missing);
  }
  return check_unique(dataset, connection);
}

}  // namespace

Result<std::vector<std::string>> table_columns(sql::Connection& connection,
                                               const std::string& table) {
  const bool sqlite = connection.dialect() == sql::Dialect::sqlite;
  MC_TRY(const auto rows, connection.query(sqlite ? kSqliteColumns : kPostgresColumns, {table}));
  std::vector<std::string> names;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return names;
    names.emplace_back(rows->text(0));
  }
}

Result<std::vector<std::vector<std::string>>> unique_indexes(sql::Connection& connection,
                                                             const std::string& table) {
  const bool sqlite = connection.dialect() == sql::Dialect::sqlite;
  MC_TRY(const auto rows, connection.query(sqlite ? kSqliteIndexes : kPostgresIndexes, {table}));
  std::vector<std::vector<std::string>> indexes;
  std::string current = "\n";  // no index is called this
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return indexes;
    if (indexes.empty() || rows->text(0) != current) {
      current = rows->text(0);
      indexes.emplace_back();
    }
    indexes.back().emplace_back(rows->text(1));
  }
}

Status check_tables(const Model& model, ConnectionSet& connections) {
  std::string text;
  for (const Dataset& dataset : model.datasets) {
    for (std::size_t i = 0; i < model.sources.size(); ++i) {
      if (model.sources[i].name != dataset.source) continue;
      const Source& source = model.sources[i];
      Result<sql::Connection*> connection = connections.reader(i);
      const Status status =
          connection ? check_table(dataset, **connection)
                     : Status(fail(connection.error().code,
                                   "dataset " + dataset.name + ": source " + source.name +
                                       (source.region.empty() ? "" : " of " + source.region) +
                                       ": " + connection.error().what));
      if (!status) text += (text.empty() ? "" : "\n") + status.error().what;
    }
  }
  if (!text.empty()) return fail(Code::invalid, std::move(text));
  return ok();
}

}  // namespace mc::dataset
