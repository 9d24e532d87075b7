// The requests in the state database. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "sql/sql.h"
#include "topup/topup.h"

namespace mc::topup {

// Works on a connection lent by its owner; each function is one statement.
class Store {
 public:
  explicit Store(sql::Connection& connection) : connection_(connection) {}

  // Of all tenants: pending and active ones, and those whose revocation is not done yet.
  Result<std::vector<Request>> open();
  Result<std::vector<Request>> list(const std::string& tenant);
  Result<Request> find(const std::string& tenant, const std::string& id);  // `not_found`
  Result<std::int64_t> count_open(const std::string& tenant);
  Status insert(const Request& one);
  // When its version is still that before `one.version`; `conflict` otherwise.
  Status change(const Request& one);

 private:
  sql::Connection& connection_;
};

}  // namespace mc::topup
