#include "dataset/import_store.h"

#include "dataset/tables.h"

namespace mc::dataset {
namespace {

using sql::quoted;

constexpr std::string_view kCheckpointTable =
    "CREATE TABLE IF NOT EXISTS mc_import_checkpoint (tenant_id TEXT NOT NULL, id TEXT NOT NULL, "
    "fingerprint TEXT NOT NULL, byte_offset BIGINT NOT NULL, line BIGINT NOT NULL, "
    "row_count BIGINT NOT NULL, bad_rows BIGINT NOT NULL, PRIMARY KEY (tenant_id, id))";

// SQLite and PostgreSQL names of the type that holds a column.
std::string_view storage_type(ColumnType type, sql::Dialect dialect) {
  const bool sqlite = dialect == sql::Dialect::sqlite;
  switch (type) {
    case ColumnType::int_:
    case ColumnType::long_:
      return sqlite ? "INTEGER" : "bigint";
    case ColumnType::float_:
      return sqlite ? "REAL" : "double precision";
    case ColumnType::boolean:
      return sqlite ? "INTEGER" : "boolean";
    case ColumnType::date:
      return sqlite ? "TEXT" : "date";
    case ColumnType::datetime:
      return sqlite ? "TEXT" : "timestamptz";
    case ColumnType::json:
      return sqlite ? "TEXT" : "jsonb";
    case ColumnType::id:
    case ColumnType::string:
      break;
  }
  return sqlite ? "TEXT" : "text COLLATE \"C\"";
}

std::string name_list(std::string_view tenant_column, std::span<const LoadColumn> columns) {
  std::string out = quoted(tenant_column);
  for (const LoadColumn& column : columns) out += ", " + quoted(column.column);
  return out;
}

Status execute(sql::Connection& connection, const std::string& sql,
               std::initializer_list<sql::Param> params = {}) {
  MC_TRY([[maybe_unused]] const std::int64_t changed, connection.execute(sql, params));
  return ok();
}

}  // namespace

ImportStore::ImportStore(sql::Connection& connection, const ImportOptions& options,
                         const std::string& path)
    : connection_(connection), options_(options) {
  std::string name = path;
  name += '\0' + options.table + '\0' + options.tenant.get();
  id_ = to_hex(sys::sha256(name)).substr(0, 24);
  staging_ = "mc_import_" + id_;
}

Result<std::vector<std::string>> ImportStore::target_columns() {
  return table_columns(connection_, options_.table);
}

Result<std::int64_t> ImportStore::last_key() {
  if (options_.mode == ImportMode::replace) return 0;
  const std::string type = connection_.dialect() == sql::Dialect::sqlite ? "INTEGER" : "bigint";
  MC_TRY(const auto rows,
         connection_.query("SELECT MAX(CAST(" + quoted(options_.key_column) + " AS " + type +
                               ")) FROM " + quoted(options_.table) + " WHERE " +
                               quoted(options_.tenant_column) + " = ?1",
                           {options_.tenant.get()}));
  MC_TRY(const bool more, rows->next());
  return more ? rows->integer(0) : 0;
}

Status ImportStore::drop() {
  MC_TRY_OK(execute(connection_, "DROP TABLE IF EXISTS " + quoted(staging_)));
  return execute(connection_, "DELETE FROM mc_import_checkpoint WHERE tenant_id = ?1 AND id = ?2",
                 {options_.tenant.get(), id_});
}

Status ImportStore::forget() {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY_OK(execute(connection_, std::string(kCheckpointTable)));
  MC_TRY_OK(drop());
  return transaction.commit();
}

std::string ImportStore::final_shape(std::span<const LoadColumn> columns) const {
  const sql::Dialect dialect = connection_.dialect();
  std::string out = " (" + quoted(options_.tenant_column) + " " +
                    std::string(storage_type(ColumnType::string, dialect)) + " NOT NULL";
  for (const LoadColumn& column : columns) {
    out += ", " + quoted(column.column) + " " + std::string(storage_type(column.type, dialect));
    if (column.is_key) out += " NOT NULL";
  }
  out += ", PRIMARY KEY (" + quoted(options_.tenant_column) + ", " + quoted(options_.key_column) +
         "))";
  // Rows of one tenant lie together.
  return out + (dialect == sql::Dialect::sqlite ? " STRICT, WITHOUT ROWID" : "");
}

Status ImportStore::create_staging(std::span<const LoadColumn> columns, bool create) {
  if (create)
    return execute(connection_, "CREATE TABLE " + quoted(staging_) + final_shape(columns));
  return execute(connection_, "CREATE TABLE " + quoted(staging_) + " AS SELECT " +
                                  name_list(options_.tenant_column, columns) + " FROM " +
                                  quoted(options_.table) + " WHERE 1 = 0");
}

Result<std::optional<Checkpoint>> ImportStore::open(const std::string& fingerprint,
                                                    std::span<const LoadColumn> columns,
                                                    bool create) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY_OK(execute(connection_, std::string(kCheckpointTable)));
  std::optional<Checkpoint> found;
  {
    MC_TRY(const auto rows,
           connection_.query("SELECT fingerprint, byte_offset, line, row_count, bad_rows FROM "
                             "mc_import_checkpoint WHERE tenant_id = ?1 AND id = ?2",
                             {options_.tenant.get(), id_}));
    MC_TRY(const bool more, rows->next());
    if (more && rows->text(0) == fingerprint) {
      found = Checkpoint{
          fingerprint, {rows->integer(1), rows->integer(2)}, rows->integer(3), rows->integer(4)};
    }
  }
  if (!found) {
    MC_TRY_OK(drop());
    MC_TRY_OK(create_staging(columns, create));
  }
  MC_TRY_OK(transaction.commit());
  return found;
}

Status ImportStore::add(std::span<const std::string> names, std::span<const sql::Param> values,
                        const Checkpoint& checkpoint) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY_OK(connection_.insert_many(staging_, names, values));
  MC_TRY_OK(execute(connection_,
                    "INSERT INTO mc_import_checkpoint (tenant_id, id, fingerprint, byte_offset, "
                    "line, row_count, bad_rows) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                    "ON CONFLICT (tenant_id, id) DO UPDATE SET fingerprint = ?3, "
                    "byte_offset = ?4, line = ?5, row_count = ?6, bad_rows = ?7",
                    {options_.tenant.get(), id_, checkpoint.fingerprint, checkpoint.place.offset,
                     checkpoint.place.line, checkpoint.rows, checkpoint.bad_rows}));
  return transaction.commit();
}

Result<std::vector<std::int64_t>> ImportStore::count_values(std::span<const LoadColumn> columns) {
  std::string list;
  for (const LoadColumn& column : columns) {
    list += (list.empty() ? "COUNT(" : ", COUNT(") + quoted(column.column) + ")";
  }
  MC_TRY(const auto rows,
         connection_.query("SELECT " + list + " FROM " + quoted(staging_) + " WHERE " +
                               quoted(options_.tenant_column) + " = ?1",
                           {options_.tenant.get()}));
  MC_TRY(const bool more, rows->next());
  std::vector<std::int64_t> counts;
  for (std::size_t i = 0; i < columns.size() && more; ++i) {
    counts.push_back(rows->integer(static_cast<int>(i)));
  }
  return counts;
}

Status ImportStore::finish(std::span<const LoadColumn> columns, bool create) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  const std::string table = quoted(options_.table);
  if (create) {
    MC_TRY_OK(execute(connection_, "ALTER TABLE " + quoted(staging_) + " RENAME TO " + table));
  } else {
    if (options_.mode == ImportMode::replace) {
      MC_TRY_OK(
          execute(connection_,
                  "DELETE FROM " + table + " WHERE " + quoted(options_.tenant_column) + " = ?1",
                  {options_.tenant.get()}));
    }
    const std::string names = name_list(options_.tenant_column, columns);
    MC_TRY_OK(execute(connection_,
                      "INSERT INTO " + table + " (" + names + ") SELECT " + names + " FROM " +
                          quoted(staging_) + " WHERE " + quoted(options_.tenant_column) + " = ?1",
                      {options_.tenant.get()}));
  }
  MC_TRY_OK(drop());
  return transaction.commit();
}

}  // namespace mc::dataset
