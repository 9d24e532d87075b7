// What the ledger has of the budgets of the configuration: a record of type "budget" in the log of
// the tenant "system" when a server starts with others than were recorded last. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "budget/settings.h"
#include "ledger/ledger.h"

namespace mc::budget {

inline constexpr std::string_view kSettingsAction = "budget.settings";
inline constexpr std::string_view kSettingsLog = "audit/system";  // as transparency::log_of()
// Longer ones are recorded by their hash alone; the header of the admission log has them.
inline constexpr std::size_t kSettingsRecordedMax = 40 << 10;

// The hash that such a record says, by its payload; none when it says none, or was erased.
std::optional<std::string> settings_hash_in(std::string_view payload);

struct SettingsBefore {
  std::optional<std::string> hash;  // none: nothing is recorded, or what was is erased
  std::string record;               // which one says so, of all that there are; "" = none
};
// None when nothing has changed. Before the first record there were the defaults, which limit
// nothing. Servers that share a ledger and find the same in it make one record of it.
std::optional<ledger::Entry> record_of(const BudgetSettings& settings, const SettingsBefore& before,
                                       WallTime at);

}  // namespace mc::budget
