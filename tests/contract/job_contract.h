// What the job store and its runner have to do, as cases over an empty database of any dialect.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "sql/sql.h"

namespace mc::job::contract {

struct Case {
  const char* name;
  void (*run)(sql::Connection& connection);
};
std::span<const Case> store_cases();
std::span<const Case> runner_cases();

// All of them as doctest subcases, each on a connection of its own to an empty database.
void run_all(const std::function<std::unique_ptr<sql::Connection>()>& open_empty);

}  // namespace mc::job::contract
