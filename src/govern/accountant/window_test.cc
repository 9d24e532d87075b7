#include "accountant/window.h"

#include <doctest/doctest.h>

namespace mc::accountant {
namespace {

WallTime at(const char* text) {
  return *parse_rfc3339(text);
}

TEST_CASE("windows: are calendar days, weeks from Monday, months, and spans counted from 1970") {
  struct Row {
    const char *length, *time, *start, *end;
  };
  const Row rows[] = {
      {"day", "2026-11-30T23:59:59.999Z", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"},
      {"day", "2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"},
      {"week", "2026-11-29T12:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"},  // Sunday
      {"week", "2026-11-30T00:00:00Z", "2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"},
      {"week", "1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z"},
      {"month", "2026-12-31T23:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
      {"month", "2028-02-29T00:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
      {"month", "2100-02-28T23:59:59Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"},
      {"days:30", "1970-01-30T23:59:59Z", "1970-01-01T00:00:00Z", "1970-01-31T00:00:00Z"},
      {"days:30", "2026-01-01T00:00:00Z", "2025-12-08T00:00:00Z", "2026-01-07T00:00:00Z"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.length);
    CAPTURE(row.time);
    const Window window = window_at(*WindowLength::parse(row.length), at(row.time));
    CHECK(format_rfc3339(window.start).substr(0, 10) == std::string(row.start).substr(0, 10));
    CHECK(window.end == at(row.end));
    CHECK(WindowLength::parse(row.length)->text() == row.length);
  }
}

// An obvious calendar: it walks from month to month.
TEST_CASE("windows: each day of two centuries falls in the month that a walk says") {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const WindowLength month = *WindowLength::parse("month");
  std::int64_t day = 0;
  bool right = true;
  for (int year = 1970; year < 2200; ++year) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    for (int m = 0; m < 12; ++m) {
      const std::int64_t days = kDays[m] + (m == 1 && leap ? 1 : 0);
      const WallTime start = WallTime{} + seconds(86'400) * day;
      const WallTime end = start + seconds(86'400) * days;
      for (const WallTime time : {start, start + seconds(86'400 * 14), end - Nanos{1}}) {
        right = right && window_at(month, time) == Window{start, end};
      }
      day += days;
    }
  }
  CHECK(right);
}

TEST_CASE("windows: other texts are refused") {
  for (const char* text :
       {"", "days", "days:0", "days:367", "days:-1", "days:1.5", "Day", "year"}) {
    CAPTURE(text);
    CHECK(WindowLength::parse(text).error().code == Code::invalid);
  }
  CHECK(WindowLength::parse("days:1")->text() == "day");
}

}  // namespace
}  // namespace mc::accountant
