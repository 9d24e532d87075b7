// What the configuration says of budgets: limits by plan, rules by dataset.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "accountant/cost.h"
#include "accountant/grant.h"
#include "accountant/window.h"

namespace mc::accountant {

// Limits of a tenant, by the name of its plan.
struct Plan {
  // Of each tenant x dataset x purpose in each window; none at all = no limit. It has what the
  // filter of every dataset needs: approx and rdp a delta, zcdp a rho.
  Limit window{.epsilon = NanoEpsilon(10'000'000'000)};
  NanoEpsilon query_default{500'000'000};
  NanoEpsilon query_max{5'000'000'000};  // a charge of more is refused
  // What top-ups may add to a window, and to one tenant x dataset for good.
  NanoEpsilon top_up_window_max{10'000'000'000};
  NanoEpsilon top_up_lifetime_max{50'000'000'000};
};

struct DatasetRules {
  Filter filter = Filter::pure;
  WindowLength length{};
  Limit all_tenants{};  // what all tenants together may spend of it in a window
  Limit lifetime{};     // what one tenant may spend of it, over all windows and purposes
  // Event-time blocks of so many days, each with a budget of its own over all tenants and for good;
  // 0 = none. A charge touches those that its query reaches, at most kBlocksMax.
  std::int64_t block_days = 0;
  Limit block{};
};
inline constexpr std::size_t kBlocksMax = 400;

struct Settings {
  std::string policy_version = "1";  // is part of the accountant hash
  std::map<std::string, Plan, std::less<>> plans{{"default", Plan{}}};
  std::map<std::string, DatasetRules, std::less<>> datasets{};
  DatasetRules other_datasets{};
  // A clock that is so far behind the last charge's stops spending; less is taken for that time.
  Nanos clock_tolerance = seconds(5);
  // What is left open for so long is settled as after a crash, whoever holds it.
  Nanos open_max = seconds(3'600);
  std::size_t queue_max = 10'000;  // operations that wait
  // Of a cell (shard.h): its budgets are these, and plans say no limit. Empty: this is no cell.
  std::vector<Grant> grants{};

  // `invalid` names what is wrong: also a plan that a dataset's filter cannot go by.
  Status check() const;
  const Plan& plan(std::string_view name) const;  // that of "default" for unknown names
  const DatasetRules& dataset(std::string_view name) const;
  // Of a cell: the grant of that account; null when there is none.
  const Grant* grant(std::string_view tenant, std::string_view dataset, std::string_view purpose,
                     WallTime window_start) const;
};

}  // namespace mc::accountant
