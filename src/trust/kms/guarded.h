// Guarded: a provider around a provider, which keeps both sides from harm: the service from storms
// of calls, and callers from waiting for a service that is down.
//
//   time      no call lasts beyond its deadline, nor longer than time_max
//   breaker   opens after failures_max times `unavailable` in a row, from whichever calls; then one
//             trial a pause (gate.h). `denied`, `corrupt` and the rest are answers and close it
//   retries   of wrap, unwrap and describe, at most retries_max of a call, while the deadline has
//             room: `unavailable` after a random part of a wait that doubles (full jitter; Brooker,
//             "Exponential Backoff And Jitter"), `exhausted` after the retry_after_s it came with.
//             Never of rotate and destroy: what became of a lost one has to be looked at first
//   quota     a token bucket of attempts: `exhausted` at once, with retry_after_s
//   at a time in_flight_max; others wait for their turn, until their deadline at the latest
//
// What the service said last is what the caller hears, also when a retry was not let through.
// Thread-safe; blocks in Waiter only, and in the provider.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/base.h"
#include "kms/gate.h"
#include "kms/kms.h"
#include "kms/waiter.h"
#include "sys/sys.h"

namespace mc::kms {

struct GuardOptions {
  Nanos time_max = seconds(2);
  int retries_max = 2;
  Nanos retry_wait_first = millis(50);  // the most before the first retry
  GateLimits gate = {};
  Status check() const;  // `invalid` names the field and its bounds
};

struct GuardCounters {
  std::int64_t calls = 0;                     // of callers
  std::int64_t attempts = 0;                  // that reached the provider
  std::int64_t retries = 0;                   // among them
  std::array<std::int64_t, 7> failures = {};  // of calls, by Code
  std::int64_t refused = 0;                   // attempts that the breaker did not let through
  std::int64_t throttled = 0;                 // attempts that the quota did not
  std::int64_t opened = 0;                    // times that the breaker opened
  std::int64_t in_flight = 0;                 // at this moment
  bool open = false;                          // the breaker, at this moment
  Nanos latency;                              // of all attempts together
};

class Guarded final : public Provider {
 public:
  struct World {
    sys::Clock& clock;
    sys::Random& random;
    Waiter& waiter;  // of this one alone, or shared: then it wakes for nothing more often
  };
  static Result<std::unique_ptr<Guarded>> make(std::unique_ptr<Provider> inner,
                                               const GuardOptions& options, World world);

  std::string_view kind() const override { return inner_->kind(); }
  const std::string& uri() const override { return inner_->uri(); }
  Result<Wrapped> wrap(const Secret& secret, const Context& context, MonoTime deadline) override;
  Result<Secret> unwrap(const Wrapped& wrapped, const Context& context, MonoTime deadline) override;
  Result<Description> describe(MonoTime deadline) override;
  Result<std::string> rotate(MonoTime deadline) override;
  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override;

  GuardCounters counters() const;

 private:
  Guarded(std::unique_ptr<Provider> inner, const GuardOptions& options, World world);
  // Runs `attempt` as often as the rules above say.
  template <class T, class Attempt>
  Result<T> call(int retries_max, MonoTime deadline, const Attempt& attempt);
  // Waits until an attempt may go; the era for leave().
  Result<std::int64_t> enter(MonoTime deadline);
  void leave(std::int64_t era, MonoTime since, bool failed);
  // When the next attempt after `error` may go; false: there is none.
  bool may_retry(const Error& error, int tries, MonoTime deadline, MonoTime& at);
  void pause_until(MonoTime at);
  tl::unexpected<Error> refuse(Code code, std::string_view why, Nanos again_in) const;
  void count_failure(Code code);

  const std::unique_ptr<Provider> inner_;
  const GuardOptions options_;
  World world_;
  mutable std::mutex mutex_;
  Gate gate_;
  GuardCounters counters_;
};

}  // namespace mc::kms
