// What the tables of customer-managed keys have to do on every database.
#pragma once

#include <functional>
#include <memory>

#include "sql/sql.h"

namespace mc::keys::contract {

// A writing connection to a database that is empty, another one each time.
using Fresh = std::function<std::unique_ptr<sql::Connection>()>;

void run_store_cases(const Fresh& fresh);

}  // namespace mc::keys::contract
