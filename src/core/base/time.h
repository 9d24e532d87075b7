// Time types. Wall time (WallTime) is for records and people, monotonic time (MonoTime) for
// deadlines; they do not mix. Both count nanoseconds in 64 bits.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mc {

// A length of time in nanoseconds; may be negative.
struct Nanos {
  std::int64_t count = 0;
  constexpr auto operator<=>(const Nanos&) const = default;
  friend constexpr Nanos operator+(Nanos a, Nanos b) { return {a.count + b.count}; }
  friend constexpr Nanos operator-(Nanos a, Nanos b) { return {a.count - b.count}; }
  friend constexpr Nanos operator*(Nanos a, std::int64_t n) { return {a.count * n}; }
};

constexpr Nanos micros(std::int64_t n) {
  return {n * 1'000};
}
constexpr Nanos millis(std::int64_t n) {
  return {n * 1'000'000};
}
constexpr Nanos seconds(std::int64_t n) {
  return {n * 1'000'000'000};
}
constexpr std::int64_t to_millis(Nanos n) {
  return n.count / 1'000'000;
}
constexpr double to_seconds(Nanos n) {
  return static_cast<double>(n.count) / 1e9;
}

template <class Tag>
struct TimePoint {
  std::int64_t nanos = 0;
  constexpr auto operator<=>(const TimePoint&) const = default;
  friend constexpr TimePoint operator+(TimePoint t, Nanos n) { return {t.nanos + n.count}; }
  friend constexpr TimePoint operator-(TimePoint t, Nanos n) { return {t.nanos - n.count}; }
  friend constexpr Nanos operator-(TimePoint a, TimePoint b) { return {a.nanos - b.nanos}; }
};

using WallTime = TimePoint<struct WallTag>;  // since 1970-01-01T00:00:00Z
using MonoTime = TimePoint<struct MonoTag>;  // since an arbitrary start

// Milliseconds since 1970, as times stand in databases; what is finer is cut off.
constexpr std::int64_t to_unix_ms(WallTime time) {
  return time.nanos / 1'000'000;
}
constexpr WallTime from_unix_ms(std::int64_t ms) {
  return {ms * 1'000'000};
}
constexpr WallTime whole_ms(WallTime time) {
  return from_unix_ms(to_unix_ms(time));
}

// RFC 3339, UTC, three decimals: 2026-11-22T11:51:20.000Z
std::string format_rfc3339(WallTime time);
// Accepts RFC 3339 with any offset and up to nine decimals; years 1970 to 2261.
Result<WallTime> parse_rfc3339(std::string_view text);

// Configuration durations: an integer and one of ms, s, m, h, d ("250ms", "30s", "5m", "4h").
Result<Nanos> parse_duration(std::string_view text);
std::string format_duration(Nanos duration);

}  // namespace mc
