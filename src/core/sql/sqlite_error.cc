#include "sql/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <string>

namespace mc::sql {
namespace {

// A missing key elsewhere or a taken one is a matter of state, a value out of its domain is not.
Code constraint_code(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return Code::conflict;
    default:
      return Code::invalid;
  }
}

Code code_of(int extended) {
  switch (extended & 0xff) {
    case SQLITE_CONSTRAINT:
      return constraint_code(extended);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA:
    case SQLITE_READONLY:  // the disk or the file; nobody's right is at stake
      return Code::unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::corrupt;
    case SQLITE_AUTH:
    case SQLITE_PERM:
      return Code::denied;
    default:
      return Code::invalid;
  }
}

}  // namespace

Error sqlite_error(sqlite3* database, int result, SqlitePhase phase, std::string_view subject) {
  if (phase == SqlitePhase::open) {
    const bool missing = (result & 0xff) == SQLITE_CANTOPEN && database != nullptr &&
                         sqlite3_system_errno(database) == ENOENT;
    return {missing ? Code::not_found : code_of(result),
            fmt::format("SQLite file {}: {}", subject,
                        missing ? "no such file or folder" : sqlite3_errstr(result))};
  }
  const bool constraint = (result & 0xff) == SQLITE_CONSTRAINT;
  const bool quotes_no_value = constraint || phase == SqlitePhase::prepare;
  const char* text = quotes_no_value ? sqlite3_errmsg(database) : sqlite3_errstr(result);
  if (constraint) return {code_of(result), text};
  return {code_of(result), fmt::format("{} in \"{}\"", text, excerpt(subject, 80))};
}

}  // namespace mc::sql
