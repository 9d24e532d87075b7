// Layouts of Go's package time: a layout is the reference time "Mon Jan 2 15:04:05 MST 2006" as one
// would write it. Private to this module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::builtin {

// What a calendar and a clock show somewhere.
struct LocalTime {
  std::int64_t year = 1970;
  int month = 1, day = 1;  // from 1
  int hour = 0, minute = 0, second = 0, nanosecond = 0;
  std::int32_t offset = 0;  // seconds east of UTC
  std::string zone = "UTC";

  std::int64_t days() const;     // since 1970-01-01, as shown
  std::int64_t seconds() const;  // since 1970 in UTC
};
// `second` is in UTC.
LocalTime local_time(std::int64_t second, int nanosecond, std::int32_t offset,
                     std::string_view zone);

// "RFC3339", "ANSIC", ...: the layout of that name, or `name` itself.
std::string_view layout_of(std::string_view name);

constexpr std::string_view kRfc3339 = "2006-01-02T15:04:05Z07:00";
constexpr std::string_view kRfc3339Nano = "2006-01-02T15:04:05.999999999Z07:00";

void append_time(std::string& out, const LocalTime& at, std::string_view layout);
// Messages as Go's time.ParseError has them. An abbreviation of a zone other than "UTC" is not
// known and counts as UTC, as in Go on a machine that runs in UTC.
Result<LocalTime> parse_time(std::string_view layout, std::string_view value);

// "1h2m3.5s" in nanoseconds (Go's time.ParseDuration).
Result<std::int64_t> parse_go_duration(std::string_view text);

// Within double quotes, as messages of package time show a value.
std::string quoted(std::string_view text);

// --- the parts of a layout ---

enum class Part : std::uint8_t {
  none,
  long_month,
  month,
  number_month,
  zero_month,
  long_weekday,
  weekday,
  day,
  under_day,
  zero_day,
  under_year_day,
  zero_year_day,
  hour,
  hour12,
  zero_hour12,
  minute,
  zero_minute,
  second,
  zero_second,
  long_year,
  year,
  upper_pm,
  lower_pm,
  zone,
  offset,
  fraction,
  short_fraction,
};
struct Chunk {
  std::string_view prefix;  // literal text before the part
  Part part = Part::none;
  std::string_view text;  // of the part; of an offset it says how it is written
  std::string_view rest;
};
Chunk next_chunk(std::string_view layout);

struct Names {
  std::string_view months[12] = {"January",   "February", "March",    "April",
                                 "May",       "June",     "July",     "August",
                                 "September", "October",  "November", "December"};
  std::string_view days[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                              "Thursday", "Friday", "Saturday"};
};
constexpr Names kNames;

}  // namespace mc::builtin
