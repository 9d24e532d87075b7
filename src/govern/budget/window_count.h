// What a scope has used of a day or a month: what a book gives to be kept, and takes back after a
// restart (Book::changed_windows, restore_windows).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "budget/limits.h"

namespace mc::budget {

// Days and months since 1970 are below this.
inline constexpr std::int32_t kWindowNumberMax = (1 << 20) - 1;
inline constexpr std::int64_t kWindowUsedMax = (std::int64_t{1} << 44) - 1;  // more counts as this
// A day or month to come is taken back when it begins within this time: a calendar that was set
// back stays in the latest that there was. One further ahead is what a wrong clock has left.
inline constexpr Nanos kWindowAheadMax = seconds(86'400);

struct WindowCount {
  // The users of a tenant that share one count (kUsersMax); no principal has such a name.
  static constexpr std::string_view kOtherUsers = "*";

  Scope scope = Scope::tenant;
  std::string tenant = {};  // names that the scope does not have are ""
  std::string user = {};
  std::string plan = {};
  std::string route = {};  // its path
  std::string class_name = {};
  Dimension dimension = Dimension::day_credits;  // or month_credits
  std::int32_t window = 0;                       // days or months since 1970 (UTC)
  std::int64_t used = 0;                         // credits
  bool operator==(const WindowCount&) const = default;
};

}  // namespace mc::budget
