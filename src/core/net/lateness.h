// How late an event loop does what it was asked for, from a timer that measures itself.
//
// Half of the time it is this late, or later: one long handler in a second is no load, ten in a row
// are, and so is one that takes most of the second, also while it still runs. Pure; time is given.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "base/base.h"
#include "net/net.h"

namespace mc::net {

class Lateness {
 public:
  static constexpr Nanos kEach = millis(100);  // from one measure to the next

  void asks(MonoTime now) {
    due_ = now + kEach;
    if (!taken_) taken_ = now;
  }
  void ran(MonoTime now) { note(now); }
  // `cpu` of the loop's thread since its start.
  LoopLoad take(MonoTime now, Nanos cpu) {
    if (due_ && now > *due_) note(now);  // it has not come round yet
    LoopLoad out;
    out.late = median();
    const std::int64_t passed = taken_ ? (now - *taken_).count : 0;
    if (passed > 0) {
      const double busy = static_cast<double>((cpu - cpu_).count) / static_cast<double>(passed);
      out.busy = static_cast<std::int64_t>(1'000 * std::clamp(busy, 0.0, 1.0));
    }
    taken_ = now;
    cpu_ = cpu;
    count_ = 0;
    return out;
  }

 private:
  void note(MonoTime now) { seen_[count_++ % seen_.size()] = std::max(now - *due_, Nanos{}); }
  // By the time that each measure is of.
  Nanos median() const {
    const std::size_t held = std::min(count_, seen_.size());
    std::array<Nanos, 16> sorted = seen_;
    const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(held);
    std::sort(sorted.begin(), end);
    std::int64_t all = 0, below = 0;
    std::for_each(sorted.begin(), end, [&](Nanos late) { all += (kEach + late).count; });
    for (auto at = sorted.begin(); at != end; ++at) {
      below += (kEach + *at).count;
      if (2 * below >= all) return *at;
    }
    return {};
  }

  std::array<Nanos, 16> seen_{};
  std::size_t count_ = 0;
  std::optional<MonoTime> due_, taken_;
  Nanos cpu_;
};

}  // namespace mc::net
