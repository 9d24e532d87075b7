// What decides whether a call to a service may go now: a cap on calls under way, a quota, and a
// circuit breaker (Nygard, "Release It!"). Part of guarded.h.
//
// A pure machine: times come in, nothing waits. One thread at a time.
//
// The breaker counts answers of calls that went while it had the state it has; those that come
// back after it opened or closed change nothing, so that old failures cannot open it again and an
// old success cannot end a pause. Half open, one call at a time goes through: the trial.
#pragma once

#include <cstdint>
#include <optional>

#include "base/base.h"

namespace mc::kms {

struct GateLimits {
  std::int64_t failures_max = 5;  // in a row: it opens
  Nanos pause_first = seconds(1);
  Nanos pause_max = seconds(30);  // doubled after each trial that fails, up to this
  std::int64_t calls_each_second = 100;
  std::int64_t burst = 200;
  std::int64_t in_flight_max = 4;
};

class Gate {
 public:
  explicit Gate(const GateLimits& limits) : limits_(limits), pause_(limits.pause_first) {}

  enum class Step : std::uint8_t {
    go,      // then done() has to follow
    wait,    // for a call under way to end
    closed,  // the breaker says no
    spent,   // the quota does
  };
  struct Answer {
    Step step = Step::go;
    Nanos again_in = {};   // of closed and spent: no sooner
    std::int64_t era = 0;  // of go, for done()
  };
  Answer ask(MonoTime now);
  // `failed`: nobody knows whether the service works; every other answer shows that it does.
  void done(std::int64_t era, bool failed, MonoTime now);

  bool open() const { return open_; }
  std::int64_t in_flight() const { return in_flight_; }
  std::int64_t opened() const { return opened_; }  // times; a trial that fails counts

 private:
  bool take_token(MonoTime now, Nanos& again_in);

  const GateLimits limits_;
  std::int64_t in_flight_ = 0;
  std::int64_t failures_ = 0;
  std::int64_t opened_ = 0;
  std::int64_t era_ = 0;  // one more each time it opens or closes
  bool open_ = false;
  bool trial_ = false;  // under way
  MonoTime trial_at_;
  Nanos pause_;
  std::optional<MonoTime> full_at_;  // when the burst has grown back; nothing: it is whole
};

}  // namespace mc::kms
