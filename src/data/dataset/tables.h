// What the database says about a table: its columns and unique indexes. No tenant rows are read.
#pragma once

#include <string>
#include <vector>

#include "base/base.h"
#include "sql/sql.h"

namespace mc::dataset {

// In table order; empty when there is no such table.
Result<std::vector<std::string>> table_columns(sql::Connection& connection,
                                               const std::string& table);
// The columns of each unique index and of the primary key, in index order.
Result<std::vector<std::vector<std::string>>> unique_indexes(sql::Connection& connection,
                                                             const std::string& table);

}  // namespace mc::dataset
