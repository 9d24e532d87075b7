// SQLite result codes as our errors. Bound values never get into the text: messages of the
// preparing phase quote only the statement, messages of the running phase are taken from SQLite
// only where they are known to name nothing but tables, columns and constraints.
#pragma once

#include <string_view>

#include "base/base.h"

struct sqlite3;

namespace mc::sql {

enum class SqlitePhase { open, prepare, run };

// `result` is an extended result code of `database`, `subject` the statement or the file's path.
Error sqlite_error(sqlite3* database, int result, SqlitePhase phase, std::string_view subject);

}  // namespace mc::sql
