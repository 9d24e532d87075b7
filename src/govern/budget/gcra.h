// Rates, exactly: the generic cell rate algorithm (ITU-T I.371, virtual scheduling) in integers.
//
// A bucket is one 64-bit time, the theoretical arrival time (TAT): until then the caller has used
// of its burst what has not grown back. Its level at `now` is max(0, TAT - now). Taking `n` credits
// raises the level by n * T, where T is the time in which one credit grows back, and is allowed
// while the level stays at most burst * T. So for every interval of length w
//
//     credits admitted <= burst + w / T      (T is rounded up: never more than the rate says)
//
// and what is denied changes nothing. When a bucket denies, `eligible_at` is the earliest time at
// which the same amount is admitted if nothing else comes.
//
// Settling (SettledBucket): what was taken is an estimate. What was not used comes back, but never
// more than the bucket would hold had the true amount been taken from the start: what has grown
// back meanwhile is nobody's. Else callers could hold many requests open, each paid for when the
// burst had grown back, end them together, and have as many bursts at once (docs/adr/0024).
#pragma once

#include <atomic>
#include <cstdint>

#include "base/base.h"

namespace mc::budget {

// 1/64 ns: enough for rates of 1e9 a second, and for four years of running.
using Ticks = std::int64_t;
inline constexpr Ticks kTicksPerNano = 64;
inline constexpr Ticks kNever = INT64_MAX;

inline constexpr std::int64_t kAmountMax = 1'000'000'000'000;
inline constexpr std::int64_t kPerSecondMax = 1'000'000'000;
inline constexpr Nanos kDepthMax = seconds(30 * 86'400);  // in which a burst grows back

constexpr Ticks ticks_of(Nanos time) {
  return time.count * kTicksPerNano;
}
// Rounded up.
constexpr Nanos nanos_of(Ticks ticks) {
  return {ticks / kTicksPerNano + (ticks % kTicksPerNano > 0 ? 1 : 0)};
}

// `amount` credits each `period`, of which `burst` may be taken at once.
struct RateLimit {
  std::int64_t amount = 0;
  Nanos period = seconds(1);
  std::int64_t burst = 0;
  bool operator==(const RateLimit&) const = default;
};

// A rate limit, ready to be counted with.
class Rate {
 public:
  // `invalid` names the member and its bounds: amount and burst 1 to kAmountMax, a period, at most
  // kPerSecondMax credits a second, a burst that grows back within kDepthMax.
  static Result<Rate> make(const RateLimit& limit);

  const RateLimit& limit() const { return limit_; }
  Ticks of(std::int64_t credits) const;  // negative is none; saturates
  Ticks depth() const { return depth_; }
  // Whole credits that may still be taken at this level.
  std::int64_t left(Ticks level) const { return level >= depth_ ? 0 : (depth_ - level) / each_; }

 private:
  RateLimit limit_;
  Ticks each_ = 1;
  Ticks depth_ = 0;
};

struct Taken {
  bool ok = false;
  Ticks level = 0;        // after it when ok, as it is otherwise
  Ticks eligible_at = 0;  // when not ok; kNever = it is more than the burst
};

// Of any number of threads. Times are ticks since the owner's start: a new bucket is a full one.
class Bucket {
 public:
  Taken take(const Rate& rate, std::int64_t credits, Ticks now);
  // What take() would say; changes nothing.
  Taken look(const Rate& rate, std::int64_t credits, Ticks now) const;
  // Undoes a take() of a moment ago, when another bucket denied.
  void undo(const Rate& rate, std::int64_t credits);
  Ticks level(Ticks now) const;

 private:
  friend class SettledBucket;
  std::atomic<Ticks> tat_ = 0;
};

// A bucket whose takers say later what they have used.
class SettledBucket {
 public:
  Taken take(const Rate& rate, std::int64_t credits, Ticks now);
  Taken look(const Rate& rate, std::int64_t credits, Ticks now) const;
  void undo(const Rate& rate, std::int64_t credits);
  Ticks level(Ticks now) const { return bucket_.level(now); }

  // Once for a take() at `since`. What was used beyond it is owed: the level may rise above the
  // burst, by at most one burst. Gives what came back, in credits, or was owed, negative.
  std::int64_t settle(const Rate& rate, std::int64_t taken, std::int64_t used, Ticks since,
                      Ticks now);

 private:
  std::int64_t give_back(const Rate& rate, Ticks unused, Ticks since, Ticks now);
  std::int64_t owe(const Rate& rate, Ticks more, Ticks now);
  void meet(Ticks level, Ticks now);

  Bucket bucket_;
  // The lowest level that a taker met, of this generation (kGeneration long) and of the one before:
  // generation (16 bits), the two levels (24 bits each, rounded down, and the same whatever the
  // rate).
  std::atomic<std::uint64_t> lowest_ = 0;
};

}  // namespace mc::budget
