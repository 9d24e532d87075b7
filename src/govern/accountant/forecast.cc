#include <algorithm>

#include "accountant/report.h"
#include "fixed/fixed.h"

namespace mc::accountant {
namespace {

using fixed::Int128;

constexpr std::int64_t kDayNanos = INT64_C(86'400'000'000'000);
constexpr std::size_t kBandDays = 7;

// When `left` is used up at so much a day; nothing when that is not before `end`.
std::optional<WallTime> used_up(WallTime now, NanoEpsilon left, NanoEpsilon per_day, WallTime end) {
  if (per_day <= NanoEpsilon()) return std::nullopt;
  const Int128 nanos = Int128{left.get()} * kDayNanos / per_day.get();
  if (nanos >= end.nanos - now.nanos) return std::nullopt;
  return WallTime{now.nanos + static_cast<std::int64_t>(nanos)};
}

}  // namespace

Forecast forecast(const Window& window, NanoEpsilon left, const std::vector<BurnPoint>& points,
                  WallTime now) {
  Forecast out;
  out.left = left;
  const std::int64_t elapsed = std::max(now.nanos - window.start.nanos, kDayNanos / 24);
  const NanoEpsilon spent = points.empty() ? NanoEpsilon() : points.back().spent;
  const Int128 per_day = (Int128{spent.get()} * kDayNanos + elapsed - 1) / elapsed;
  out.per_day = NanoEpsilon(static_cast<std::int64_t>(std::min<Int128>(per_day, INT64_MAX)));
  out.exhausted_at = used_up(now, left, out.per_day, window.end);
  // The last point is of a day that is not over.
  NanoEpsilon least{INT64_MAX}, most{};
  const std::size_t full = points.empty() ? 0 : points.size() - 1;
  for (std::size_t i = full > kBandDays ? full - kBandDays : 0; i < full; ++i) {
    const NanoEpsilon of_day = points[i].spent - (i == 0 ? NanoEpsilon() : points[i - 1].spent);
    least = std::min(least, of_day);
    most = std::max(most, of_day);
  }
  if (full == 0) return out;
  out.earliest = used_up(now, left, most, window.end);
  out.latest = used_up(now, left, least, window.end);
  return out;
}

}  // namespace mc::accountant
