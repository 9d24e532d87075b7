// What the configuration says of private queries, beside the budgets (accountant/settings.h).
#pragma once

#include <cstdint>

#include "accountant/units.h"
#include "base/base.h"

namespace mc::planner {

struct Settings {
  // Of one answer. More noise than this takes is no answer any more.
  accountant::NanoEpsilon epsilon_min{1'000'000};
  // Of discrete Gaussian noise, and of the selection of group keys that are not public.
  accountant::AttoDelta delta{INT64_C(1'000'000'000'000)};  // 10^-6
  Nanos quote_valid = seconds(60);
  // Answers of one such span, counted from 1970-01-01 UTC, are of one snapshot: the same question
  // has the same answer, and costs nothing more. Fixed, so that an answer that is given again tells
  // nothing of whether the rows have changed (docs/adr/0039).
  Nanos snapshot = seconds(24LL * 3'600);
  std::int64_t histogram_bins = 20;  // when the query says none
  // Queries of one tenant that wait for a window; 0 = none does. One that could not be run for so
  // long after its time is given up.
  std::int64_t queue_max = 100;
  Nanos queue_valid = seconds(24LL * 3'600);

  Status check() const;  // `invalid` names the setting
};

inline constexpr std::int64_t kHistogramBinsMax = 1'000;
inline constexpr std::int64_t kQueueMaxMax = 1'000;
inline constexpr std::size_t kGroupsKnownMax = 65'536;  // the product of the public keys

}  // namespace mc::planner
