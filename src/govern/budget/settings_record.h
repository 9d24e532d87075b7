// What the ledger has of the budgets of the configuration: a record of type "budget" in the log of
// the tenant "system" when a server starts with others than it has recorded last. Pure.
// Each server has records of its own, by its node's name: what another one starts with is no
// change.
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
// Longer ones, as the payload has them, are recorded by their hash alone; the header of the
// admission log has them.
inline constexpr std::size_t kSettingsRecordedMax = 40 << 10;

// What such a record says, by its payload; none when it was erased.
struct SettingsSaid {
  std::string node, hash;
};
std::optional<SettingsSaid> settings_in(std::string_view payload);

struct SettingsBefore {
  std::optional<std::string> hash;  // none: this node has recorded nothing
  std::string record;               // which one says so, of all that there are; "" = none
  bool unknown = false;             // it cannot be told: then there is a record, whatever it was
};
struct SettingsNow {
  const BudgetSettings& settings;
  std::string_view node;
  WallTime at;
};
// None when nothing has changed. Before its first record a node had the defaults, which limit
// nothing. The same change after the same record has one key; what is not known has none.
std::optional<ledger::Entry> record_of(const SettingsNow& now, const SettingsBefore& before);

}  // namespace mc::budget
