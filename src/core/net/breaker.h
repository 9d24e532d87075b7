// A circuit breaker (Nygard, "Release It!"): after a run of failures a server is left alone for
// a while, then one trial request a pause decides. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/base.h"

namespace mc::net {

class Breaker {
 public:
  Breaker(std::int64_t failures_max, Nanos pause) : failures_max_(failures_max), pause_(pause) {}

  // May a request go now? False = refuse; `retry_after` is when the next trial is due.
  bool allow(MonoTime now, Nanos& retry_after);
  void succeeded();
  void failed(MonoTime now, std::string why);
  bool open(std::string& why) const;

 private:
  mutable std::mutex mutex_;
  std::int64_t failures_max_;
  Nanos pause_;
  std::int64_t failures_ = 0;
  MonoTime open_until_{INT64_MIN};
  std::string why_;
};

}  // namespace mc::net
