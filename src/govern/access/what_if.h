// What other policies would have decided: every logged decision of a time is made again by them,
// on its logged input and with its resource as it is now. Those whose allow, reasons or masks are
// others are named, each of them and no other.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/outcome.h"

namespace mc::access {

inline constexpr std::size_t kWhatIfMax = 50'000;  // decisions

struct WhatIfWorld {
  std::shared_ptr<const policy::Policies> candidate;
  DecisionLog& log;
  sys::Clock& clock;
  sys::Random& random;
  FindResource find;
};
struct WhatIfQuery {
  WallTime from{}, to{INT64_MAX};
  std::string tenant;              // "" = of all
  std::size_t limit = kWhatIfMax;  // the oldest ones
  // Why the decisions of a tenant are passed over ("gate-shut"), "" = they are not. May be empty.
  std::function<std::string(const std::string& tenant)> passes_over;
  // After every thousandth decision and at the end; false ends it. May be empty.
  std::function<bool(std::size_t decisions, std::size_t changed)> progress;
};

struct WhatIf {
  std::string revision;  // of the candidate
  std::size_t decisions = 0, unchanged = 0;
  bool sampled = false;  // some stand for more than one; a share of 0 leaves none that would say so
  Estimate estimated,
      estimated_to_change;  // what those that were looked at, and changed, stand for
  struct Changed {
    DecisionFacts decision;  // its outcome is what was
    Outcome after;
  };
  std::vector<Changed> changed;  // oldest first
  std::map<std::string, std::size_t>
      skipped;           // by why: resource-gone, no-input, unreadable, or what passes_over() says
  bool complete = true;  // false: there were more than the limit
};
Result<WhatIf> what_if(const WhatIfWorld& world, const WhatIfQuery& query);

}  // namespace mc::access
