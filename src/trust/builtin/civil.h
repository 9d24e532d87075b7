// Days and the calendar (proleptic Gregorian), for any year. Private to this module.
#pragma once

#include <cstdint>

namespace mc::builtin {

constexpr std::int64_t kDaySeconds = 86'400;

constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
constexpr int days_in_month(std::int64_t year, int month) {
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

template <class Integer>
constexpr Integer floor_divide(Integer a, Integer b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

// Days since 1970-01-01 of the first of `month` (1 to 12). The year starts in March, so that the
// day of the leap year is its last.
template <class Integer>
constexpr Integer days_from_month(Integer year, int month) {
  const Integer shifted = month <= 2 ? year - 1 : year;
  const Integer era = floor_divide(shifted, Integer{400});
  const Integer of_era = shifted - era * 400;
  const Integer of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

struct Date {
  std::int64_t year = 1970;
  int month = 1, day = 1;
};
constexpr Date date_of(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = floor_divide(days, std::int64_t{146'097});
  const std::int64_t of_era = days - era * 146'097;
  const std::int64_t year = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const auto of_year = static_cast<int>(of_era - (365 * year + year / 4 - year / 100));
  const int shifted = (5 * of_year + 2) / 153;
  const int month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {era * 400 + year + (month <= 2 ? 1 : 0), month, of_year - (153 * shifted + 2) / 5 + 1};
}
// 0 is a Sunday.
constexpr int weekday_of(std::int64_t days) {
  return static_cast<int>((days % 7 + 11) % 7);
}

}  // namespace mc::builtin
