// What there is of budgets in a server. Everything outlives the API; null = this server has it not.
#pragma once

namespace mc::budget {
class Journal;
class OverrideDesk;
}  // namespace mc::budget
namespace mc::burn {
class QuotaWatch;
class Usage;
}  // namespace mc::burn

namespace mc::api {

struct BudgetDesk {
  budget::OverrideDesk* overrides = nullptr;  // null: no budgets are changed
  const budget::Journal* journal = nullptr;   // null: nothing is limited
  const burn::Usage* usage = nullptr;
  const burn::QuotaWatch* quotas = nullptr;
};

}  // namespace mc::api
