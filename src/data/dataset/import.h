// CSV (RFC 4180, delimiter , ; tab or |) and JSON lines into a table of one tenant.
//
// Rows go to a staging table in batches; each batch and the byte offset behind it are one
// transaction, so a crashed import goes on where it stopped. At the end one transaction moves
// everything into the table: readers see all rows or none. A file that changed in between
// (size, first bytes) starts over.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/model.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::dataset {

enum class ImportFormat : std::uint8_t { detect, csv, jsonl };
// append: keys that exist are a conflict. replace: the tenant's rows are replaced as a whole.
enum class ImportMode : std::uint8_t { append, replace };
enum class CreateTable : std::uint8_t { no, if_absent };

struct ImportProgress {
  std::int64_t bytes_done = 0;
  std::int64_t bytes_total = 0;
  std::int64_t rows = 0;
  std::int64_t bad_rows = 0;
  bool finishing = false;  // moving into the table
};

struct ImportColumn {
  std::string header;  // as in the file
  ColumnType type = ColumnType::string;
};

struct ImportOptions {
  TenantId tenant{};  // mandatory
  std::string table{};
  std::string tenant_column = "tenant_id";
  // The key column. Absent in the file: numbers from 1 (behind the tenant's largest) are made.
  std::string key_column = "id";
  ImportFormat format = ImportFormat::detect;
  ImportMode mode = ImportMode::append;
  CreateTable create = CreateTable::no;
  char delimiter = 0;                 // 0 = detect
  std::vector<ImportColumn> types{};  // overrides of detected types
  std::int64_t bad_rows_max = 0;      // one more stops the import
  std::size_t batch_rows = 25'000;
  std::size_t sample_rows = 10'000;  // looked at to detect types
  std::size_t row_bytes_max = 1 << 20;
  // Called after each batch; false stops (`unavailable`), to be resumed by the same call later.
  std::function<bool(const ImportProgress&)> progress{};
};

struct BadRow {
  std::int64_t line = 0;  // from 1, of the row's first line
  std::string column;     // header; "" = the whole row
  std::string what;
  bool operator==(const BadRow&) const = default;
};

struct ImportReport {
  std::int64_t rows = 0;
  std::int64_t bad_rows = 0;
  std::vector<BadRow> bad;  // the first 100
  std::int64_t bytes = 0;
  std::int64_t resumed_at = 0;  // byte offset; 0 = from the start
  char delimiter = 0;           // CSV
  bool table_created = false;
  Dataset dataset;  // as inferred: name, table, columns, key; source is left empty
};

// Errors: `invalid` names line and column of the row that broke the limit; `conflict`: a key is
// there already; the table is untouched whenever an error is returned.
Result<ImportReport> import_file(sql::Connection& connection, sys::Files& files,
                                 const std::string& path, const ImportOptions& options);

// Drops the staging table and checkpoint of an unfinished import of this file.
Status forget_import(sql::Connection& connection, const std::string& path,
                     const ImportOptions& options);

}  // namespace mc::dataset
