// What every SQL driver has to do, as cases over an empty database. The unit tests of core/sql run
// them on SQLite, those of adapter/postgres on PostgreSQL.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "sql/sql.h"

namespace mc::sql::contract {

struct Case {
  const char* name;
  void (*run)(Connection& connection);
};

std::span<const Case> statement_cases();
std::span<const Case> failure_cases();
std::span<const Case> migration_cases();

// Runs all of them as doctest subcases, each on a connection of its own to an empty database.
void run_all(const std::function<std::unique_ptr<Connection>()>& open_empty);

// The names of column types that differ between the dialects.
std::string real_type(Dialect dialect);
std::string blob_type(Dialect dialect);
std::string boolean_type(Dialect dialect);

// The only column of the only row as text; "" for none. Fails the test on an error.
std::string one_text(Connection& connection, const std::string& sql,
                     std::initializer_list<Param> params = {});
std::int64_t one_integer(Connection& connection, const std::string& sql,
                         std::initializer_list<Param> params = {});

}  // namespace mc::sql::contract
