// The overrides of budgets in the state database. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "budget/override.h"
#include "sql/sql.h"

namespace mc::budget {

// Works on a connection lent by its owner; each function is one statement.
class OverrideStore {
 public:
  explicit OverrideStore(sql::Connection& connection) : connection_(connection) {}

  Result<std::vector<Override>> open();  // pending and active ones of all tenants
  // Of a tenant: open ones first, then the newest; kOverridesShownMax.
  Result<std::vector<Override>> list(const std::string& tenant);
  Result<Override> find(const std::string& tenant, const std::string& id);  // `not_found`
  Result<std::int64_t> count_open(const std::string& tenant);
  Status insert(const Override& one);
  // When its version is still that before `one.version`; `conflict` otherwise.
  Status change(const Override& one);

 private:
  sql::Connection& connection_;
};

}  // namespace mc::budget
