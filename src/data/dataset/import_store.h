// The database side of an import: target, staging table, checkpoint, the final move.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataset/import.h"
#include "dataset/record.h"
#include "sql/sql.h"

namespace mc::dataset {

struct LoadColumn {
  std::string header;
  std::string column;
  ColumnType type = ColumnType::string;
  bool is_key = false;
};

struct Checkpoint {
  std::string fingerprint;  // of the file's beginning, its size, and how it is read
  RecordPlace place;
  std::int64_t rows = 0;
  std::int64_t bad_rows = 0;
};

// All statements bind the tenant; staging and checkpoint belong to one tenant and file.
class ImportStore {
 public:
  ImportStore(sql::Connection& connection, const ImportOptions& options, const std::string& path);

  // Columns of the target table; empty = it is not there.
  Result<std::vector<std::string>> target_columns();
  // The key before the first generated one.
  Result<std::int64_t> last_key();
  // The checkpoint, when it is of this fingerprint; else everything staged is dropped and an
  // empty staging table is made. `create`: it becomes the target, so it gets the final shape.
  Result<std::optional<Checkpoint>> open(const std::string& fingerprint,
                                         std::span<const LoadColumn> columns, bool create);
  // One transaction: the rows (tenant, then `names`) and the place behind them.
  Status add(std::span<const std::string> names, std::span<const sql::Param> values,
             const Checkpoint& checkpoint);
  // How many staged rows have a value, by column.
  Result<std::vector<std::int64_t>> count_values(std::span<const LoadColumn> columns);
  // One transaction: the staged rows become the tenant's rows of the table.
  Status finish(std::span<const LoadColumn> columns, bool create);
  Status forget();

 private:
  Status drop();
  Status create_staging(std::span<const LoadColumn> columns, bool create);
  std::string final_shape(std::span<const LoadColumn> columns) const;

  sql::Connection& connection_;
  const ImportOptions& options_;
  std::string id_;
  std::string staging_;
};

}  // namespace mc::dataset
