// What an override would have done to the last minutes: the journal's decisions, run again with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/base.h"
#include "budget/journal.h"
#include "budget/override.h"

namespace mc::budget {

inline constexpr Nanos kPreviewWindow = seconds(900);
inline constexpr std::size_t kPayersShown = 20;  // those that pay the most

struct Preview {
  Nanos window;                // as far as the journal's memory goes back, at most kPreviewWindow
  std::int64_t decisions = 0;  // of the tenant, in it
  std::int64_t rejected_before = 0, rejected_after = 0;
  std::int64_t admitted_instead = 0;  // were rejected, and would be let through
  std::int64_t refused_instead = 0;   // the other way round
  // Other tenants that would be refused what they got, as all of them share a limit.
  struct Payer {
    std::string tenant;
    std::int64_t refused = 0;
  };
  std::vector<Payer> payers;
  std::int64_t payers_count = 0;  // all of them
};

// As if `wanted` had been in force all the time, on top of what was. Its times, reason, note and
// ticket do not matter. `invalid`: as Comparison::run().
//
// Requests that come again after a refusal, as they would not have, are counted as they came.
Result<Preview> preview(const Journal& journal, Override wanted, WallTime now);

}  // namespace mc::budget
