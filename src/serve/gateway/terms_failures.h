// Policies of budgets that fail: each failure is counted, and told at most once a minute, as it may
// be that of every request. Of any number of threads.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/base.h"
#include "log/log.h"
#include "metric/metric.h"

namespace mc::gateway {

class TermsFailures {
 public:
  static constexpr Nanos kToldEach = seconds(60);

  TermsFailures(metric::Registry& registry, log::Log& log);
  void note(const log::Fields& about, MonoTime now);

 private:
  metric::Counter& count_;
  log::Log& log_;
  std::atomic<std::int64_t> tell_after_ = INT64_MIN;  // by the monotonic clock
};

}  // namespace mc::gateway
