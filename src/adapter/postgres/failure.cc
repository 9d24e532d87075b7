#include "postgres/failure.h"

#include <fmt/format.h>

#include <string>

namespace mc::postgres {
namespace {

std::string_view field(const PGresult* result, int which) {
  const char* text = result != nullptr ? PQresultErrorField(result, which) : nullptr;
  return text != nullptr ? text : std::string_view();
}

std::string constraint_text(const PGresult* result, std::string_view sqlstate) {
  const std::string_view table = field(result, PG_DIAG_TABLE_NAME);
  const std::string_view name = field(result, PG_DIAG_CONSTRAINT_NAME);
  if (sqlstate == "23502") {
    return fmt::format("NOT NULL constraint failed: {}.{}", table,
                       field(result, PG_DIAG_COLUMN_NAME));
  }
  const char* kind = "constraint";
  if (sqlstate == "23505") kind = "UNIQUE constraint";
  if (sqlstate == "23503") kind = "FOREIGN KEY constraint";
  if (sqlstate == "23514") kind = "CHECK constraint";
  if (sqlstate == "23P01") kind = "EXCLUDE constraint";
  return fmt::format("{} failed: {} of table {}", kind, name, table);
}

}  // namespace

Code code_of(std::string_view sqlstate) {
  struct Row {
    std::string_view prefix;
    Code code;
  };
  // PostgreSQL documentation, appendix A; the first matching prefix counts.
  static constexpr Row kRows[] = {
      {"23505", Code::conflict},     // unique_violation
      {"23503", Code::conflict},     // foreign_key_violation
      {"23P01", Code::conflict},     // exclusion_violation
      {"42501", Code::denied},       // insufficient_privilege
      {"25006", Code::unavailable},  // read_only_sql_transaction: as on a standby
      {"25P02", Code::conflict},     // in_failed_sql_transaction
      {"28", Code::denied},          // invalid authorization
      {"3D", Code::not_found},       // no such database
      {"XX001", Code::corrupt},      // data_corrupted
      {"XX002", Code::corrupt},      // index_corrupted
      {"55P03", Code::unavailable},  // lock_not_available
      {"55006", Code::unavailable},  // object_in_use
      {"08", Code::unavailable},     // connection
      {"40", Code::unavailable},     // serialization failure, deadlock: rolled back, try again
      {"53", Code::unavailable},     // disk full, out of memory, too many connections
      {"57", Code::unavailable},     // operator intervention, cancel
      {"58", Code::unavailable},     // system error
      {"XX", Code::unavailable},     // internal error
  };
  for (const Row& row : kRows) {
    if (sqlstate.starts_with(row.prefix)) return row.code;
  }
  return Code::invalid;
}

bool ends_session(std::string_view sqlstate) {
  return sqlstate.starts_with("57P") || sqlstate.starts_with("08");
}

std::string_view sqlstate_of(const PGresult* result) {
  return field(result, PG_DIAG_SQLSTATE);
}

Error failure_of(const PGresult* result, std::string_view sql) {
  const std::string_view sqlstate = sqlstate_of(result);
  if (sqlstate.empty()) {
    return {Code::unavailable, "the connection to PostgreSQL was lost"};
  }
  const Code code = code_of(sqlstate);
  if (sqlstate.starts_with("23")) return {code, constraint_text(result, sqlstate)};
  const std::string_view message =
      sqlstate.starts_with("42") ? field(result, PG_DIAG_MESSAGE_PRIMARY) : "PostgreSQL error";
  return {code, fmt::format("{} (SQLSTATE {}) in \"{}\"", message, sqlstate, excerpt(sql, 80))};
}

}  // namespace mc::postgres
