// Fixed calendar windows in UTC, by their first moment. Time zones and locales play no part.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::accountant {

// "day", "week" (from Monday), "month" (calendar), "days:N": spans of N days counted from
// 1970-01-01, N from 1 to 366.
class WindowLength {
 public:
  enum class Kind : std::uint8_t { days, week, month };
  constexpr WindowLength() = default;  // days:30
  static Result<WindowLength> parse(std::string_view text);
  std::string text() const;
  Kind kind() const { return kind_; }
  std::int64_t days() const { return days_; }  // of kind days
  bool operator==(const WindowLength&) const = default;

 private:
  Kind kind_ = Kind::days;
  std::int64_t days_ = 30;
};

struct Window {
  WallTime start{};
  WallTime end{};  // not part of it
  bool operator==(const Window&) const = default;
};
Window window_at(WindowLength length, WallTime time);
inline constexpr Window kAllTime{WallTime{0}, WallTime{INT64_MAX}};  // of lifetime accounts

// Days since 1970, UTC.
std::int64_t day_of(WallTime time);

}  // namespace mc::accountant
