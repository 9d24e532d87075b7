#include "admission/pressure.h"

#include <algorithm>

namespace mc::admission {
namespace {

constexpr double kMost = 1e6;
constexpr double kDelayWithAllCpu = 2;
constexpr double kClearlyNone = 0.9;
constexpr int kRow = 3;
constexpr double kFallen = 0.9;  // of what it was: shedding helps
constexpr int kTryLooks = 15, kRestLooks = 60;

double part_of(std::int64_t value, std::int64_t limit) {
  if (value <= 0) return 0;
  if (limit <= 0) return kMost;
  return std::min(static_cast<double>(value) / static_cast<double>(limit), kMost);
}

}  // namespace

PressureParts parts_of(const Pressures& pressures, const PressureLimits& limits) {
  PressureParts out{part_of(pressures.loop_lag.count, limits.loop_lag.count),
                    part_of(pressures.cpu, limits.cpu), part_of(pressures.memory, limits.memory),
                    part_of(pressures.failed, limits.failed)};
  if (out.all_cpu()) out.loop_lag = std::min(out.loop_lag * kDelayWithAllCpu, kMost);
  return out;
}

double PressureParts::most() const {
  return std::max({loop_lag, memory, failed});
}

void PressureWatch::look(double most) {
  const bool turns = on_ ? most < kClearlyNone : most >= 1;
  row_ = turns ? row_ + 1 : 0;
  if (row_ >= kRow) return turn(!on_, most);
  if (on_) judge(most);
}

void PressureWatch::turn(bool on, double most) {
  on_ = on;
  from_ = most;
  row_ = looks_ = rest_ = 0;
}

void PressureWatch::judge(double most) {
  if (rest_ > 0) {
    --rest_;
    from_ = std::max(most, 1.0);
    return;
  }
  if (most < 1 || most <= kFallen * from_) {
    from_ = std::max(most, 1.0);
    looks_ = 0;
    return;
  }
  if (++looks_ < kTryLooks) return;
  looks_ = 0;
  rest_ = kRestLooks;
}

}  // namespace mc::admission
