// A tap in force with what it counts. Private to the module.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "budget/gcra.h"
#include "tap/board.h"

namespace mc::tap {

// How often something happened in the last second, in tenths of it, and in the last minute, in
// seconds.
class Recent {
 public:
  void add(MonoTime now);
  std::int64_t last_second(MonoTime now) const { return tenths_.sum(now); }
  std::int64_t last_minute(MonoTime now) const { return seconds_.sum(now); }

 private:
  template <std::size_t N, std::int64_t WidthNanos>
  struct Ring {
    struct Slot {
      std::int64_t at = -1;
      std::int64_t count = 0;
    };
    std::array<Slot, N> slots;

    void add(MonoTime now) {
      const std::int64_t at = now.nanos / WidthNanos;
      Slot& slot = slots[static_cast<std::size_t>(at) % N];
      if (slot.at != at) slot = {at, 0};
      ++slot.count;
    }
    std::int64_t sum(MonoTime now) const {
      const std::int64_t at = now.nanos / WidthNanos;
      std::int64_t out = 0;
      for (const Slot& slot : slots) {
        if (slot.at > at - static_cast<std::int64_t>(N) && slot.at <= at) out += slot.count;
      }
      return out;
    }
  };
  Ring<10, 100'000'000> tenths_;
  Ring<60, 1'000'000'000> seconds_;
};

class Active {
 public:
  Active(Tap tap, MonoTime ends, MonoTime start);

  const Tap& tap() const { return tap_; }
  const Terms& terms() const { return tap_.terms; }
  MonoTime ends() const { return ends_; }
  Stage stage() const { return stage_; }

  // Of clamp-rate. `cost` past the burst counts as the burst: it is admitted when that is there.
  budget::Taken take(std::int64_t operations, MonoTime now);
  void undo(std::int64_t operations);
  // Of clamp-seats.
  bool sit();
  void stand() { seated_.fetch_sub(1, std::memory_order_acq_rel); }

  void note(std::string_view tenant, bool refused, MonoTime now);
  Affected affected(MonoTime now) const;

 private:
  std::int64_t cost_of(std::int64_t operations) const;

  const Tap tap_;
  const MonoTime ends_;
  const MonoTime start_;  // that ticks count from
  const Stage stage_;
  budget::Rate rate_;
  budget::Bucket bucket_;
  std::atomic<std::int64_t> seated_ = 0;
  mutable std::mutex mutex_;  // of all below
  Recent matched_, refused_;
  std::int64_t matched_total_ = 0, refused_total_ = 0;
  std::map<std::string, Recent, std::less<>> tenants_;
};

}  // namespace mc::tap
