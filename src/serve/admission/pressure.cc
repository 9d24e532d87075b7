#include "admission/pressure.h"

#include <algorithm>

namespace mc::admission {
namespace {

constexpr double kMost = 1e6;
constexpr double kDelayWithAllCpu = 2;
constexpr double kShedBlindly = 0.5;
constexpr double kClearlyNone = 0.9;
constexpr int kRow = 3;

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

double PressureParts::shed_most() const {
  return loop_lag >= 1 ? 1 : kShedBlindly;
}

void PressureWatch::look(double most) {
  const bool turns = on_ ? most < kClearlyNone : most >= 1;
  row_ = turns ? row_ + 1 : 0;
  if (row_ < kRow) return;
  on_ = !on_;
  row_ = 0;
}

}  // namespace mc::admission
