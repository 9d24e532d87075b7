// The measurement that sql_bench and postgres_bench share.
#pragma once

#include "sql/sql.h"

namespace mc::sql::contract {

// Loads a table and reads it by key; prints one JSON line with CPU microseconds (of this process)
// and wall microseconds a read, and rows a second of insert_many. Prints the error and gives
// false when anything fails.
bool measure(Connection& connection, std::int64_t reads);

}  // namespace mc::sql::contract
