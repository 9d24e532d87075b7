// What has been used: the counts of one scope, of a tenant for example. 112 bytes, of any number of
// threads, without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/base.h"
#include "budget/gcra.h"
#include "budget/limits.h"

namespace mc::budget {

// A time in all the clocks that budgets go by: ticks since the start of the process, and the
// calendar (UTC), which may be set back or forward.
struct Moment {
  Ticks now = 0;
  std::int32_t day = 0, month = 0;   // since 1970
  Ticks day_end = 0, month_end = 0;  // when they will be over, by the calendar of now
  static Moment of(Nanos since_start, WallTime wall);
};

// Days and months that never go back, of any number of threads: a calendar that is set back stays
// in the latest day and month that there was, until they are over by its own time.
class Calendar {
 public:
  Moment meet(const Moment& at);        // `at` in them
  Moment look(const Moment& at) const;  // the same, and nothing is met

 private:
  std::atomic<std::int32_t> day_ = INT32_MIN, month_ = INT32_MIN;
};

// Something that is held until it is let go: seats, open subscriptions.
class Held {
 public:
  bool take(std::int64_t count, std::int64_t max);
  void let_go(std::int64_t count);
  std::int64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int32_t> count_ = 0;
};

// Used credits of a calendar's day or month. Windows of one Calendar never go back.
class Window {
 public:
  bool take(std::int64_t credits, std::int64_t max, std::int32_t window);
  // What was taken in `window` was less, or more; nothing when that one is over.
  void change(std::int64_t by, std::int32_t window);
  std::int64_t used(std::int32_t window) const;

  // For what keeps it beyond the process: of a window, so much was used.
  struct Count {
    std::int32_t window = 0;
    std::int64_t used = 0;
  };
  std::optional<Count> changed() const;  // none: as it is it was kept
  void kept(const Count& count);         // so it was; changed() gives what has changed since
  void restore(const Count& count);      // never lower, nor an earlier window

 private:
  std::atomic<std::uint64_t> word_ = 0;  // window (20 bits), used (44 bits)
  std::atomic<std::uint64_t> kept_ = 0;  // the same
};

class Account {
 public:
  struct Outcome {
    bool ok = false;
    Ticks eligible_at = 0;  // when not ok; kNever = never; 0 = nobody knows, when one is let go
    std::int64_t left = 0;  // what may be taken still, after it when ok
  };
  // `amount` of the limit's dimension.
  Outcome take(const Limits::Limit& limit, std::int64_t amount, const Moment& at);
  Outcome look(const Limits::Limit& limit, std::int64_t amount, const Moment& at) const;
  // Of a take() of a moment ago, that others denied.
  void undo(const Limits::Limit& limit, std::int64_t amount, const Moment& at);
  // At the end: what was held is let go, what was estimated is settled.
  void settle(const Limits::Limit& limit, std::int64_t taken, std::int64_t used,
              const Moment& since, const Moment& at);
  // Of day_credits or month_credits.
  Window& window(Dimension dimension);
  const Window& window(Dimension dimension) const;

 private:
  std::array<Bucket, 3> plain_;           // requests, deliveries, exports
  std::array<SettledBucket, 3> settled_;  // credits, bytes, fanout
  std::array<Held, 2> held_;              // seats, subscriptions
  std::array<Window, 2> windows_;         // day, month
};
static_assert(sizeof(Account) <= 128);

}  // namespace mc::budget
