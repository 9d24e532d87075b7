// The pairs of neighbours that the falsifier runs each mechanism on. Private to the module.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dp/audit_event.h"
#include "dp/release.h"

namespace mc::dp {

// A few rows of one unit.
struct UnitRows {
  int unit = 0;
  std::string key = {};
  std::int64_t value = 1;
  std::int64_t times = 1;
};

// What is asked of one table, and how its answer becomes numbers.
class AuditedTable {
 public:
  AuditedTable(const Spec& spec, std::vector<std::string> keys, std::vector<UnitRows> rows);
  // One whole release, as the product makes it; its numbers from `at` on. Returns how many.
  Result<std::size_t> run(Chance chance, Outcome& out, std::size_t at);

 private:
  Spec spec_;
  std::vector<std::string> keys_;  // of unknown ones: those that may be there
  std::unique_ptr<PrivacyUnit> unit_;
  std::unique_ptr<Groups> groups_;
  std::unique_ptr<Table> table_;
};

// Two tables, of which the second has all rows of one more unit. Several releases of each are one
// answer, at the price of all.
struct AuditPair {
  std::string mechanism, name;
  Claim claim;
  struct Side {
    std::vector<std::unique_ptr<AuditedTable>> releases;
    Result<std::size_t> run(Chance chance, Outcome& out);
  };
  Side without, with;
};

std::vector<AuditPair> audit_pairs(const std::string& mechanism);  // "" = all

}  // namespace mc::dp
