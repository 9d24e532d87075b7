#include "accountant/window.h"

namespace mc::accountant {
namespace {

constexpr std::int64_t kDayNanos = INT64_C(86'400'000'000'000);
constexpr std::int64_t kDaysMax = 366;
constexpr std::int64_t kMonthsTo1970 = INT64_C(1970) * 12;

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

WallTime start_of_day(std::int64_t day) {
  return {day * kDayNanos};
}

// Months since 1970-01 of a day, and the first day of a month, in the Gregorian calendar counted
// from 0000-03-01, where the leap day is the last one of a year (Hinnant, chrono-compatible
// algorithms).
std::int64_t month_of(std::int64_t day) {
  const std::int64_t shifted = day + 719'468;
  const std::int64_t era = floor_divide(shifted, 146'097);
  const std::int64_t of_era = shifted - era * 146'097;
  const std::int64_t year = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t from_march = (5 * of_year + 2) / 153;
  return (era * 400 + year) * 12 + from_march + 2 - kMonthsTo1970;
}

std::int64_t first_day_of(std::int64_t month) {
  const std::int64_t from_march = month + kMonthsTo1970 - 2;
  const std::int64_t year = floor_divide(from_march, 12);
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (from_march - year * 12) + 2) / 5;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

}  // namespace

Result<WindowLength> WindowLength::parse(std::string_view text) {
  WindowLength out;
  if (text == "day") {
    out.days_ = 1;
    return out;
  }
  if (text == "week" || text == "month") {
    out.kind_ = text == "week" ? Kind::week : Kind::month;
    out.days_ = 0;
    return out;
  }
  const std::string_view prefix = "days:";
  const auto days = text.starts_with(prefix) ? parse_int(text.substr(prefix.size()))
                                             : Result<std::int64_t>(fail(Code::invalid, ""));
  if (!days || *days < 1 || *days > kDaysMax) {
    return fail(Code::invalid, "window '" + excerpt(text) +
                                   "' is none of day, week, month and days:N with N from 1 to " +
                                   std::to_string(kDaysMax));
  }
  out.days_ = *days;
  return out;
}

std::string WindowLength::text() const {
  if (kind_ == Kind::week) return "week";
  if (kind_ == Kind::month) return "month";
  return days_ == 1 ? "day" : "days:" + std::to_string(days_);
}

std::int64_t day_of(WallTime time) {
  return floor_divide(time.nanos, kDayNanos);
}

Window window_at(WindowLength length, WallTime time) {
  const std::int64_t day = day_of(time);
  if (length.kind() == WindowLength::Kind::month) {
    const std::int64_t month = month_of(day);
    return {start_of_day(first_day_of(month)), start_of_day(first_day_of(month + 1))};
  }
  // 1970-01-01 was a Thursday.
  const bool week = length.kind() == WindowLength::Kind::week;
  const std::int64_t size = week ? 7 : length.days();
  const std::int64_t offset = week ? 3 : 0;
  const std::int64_t first = floor_divide(day + offset, size) * size - offset;
  return {start_of_day(first), start_of_day(first + size)};
}

}  // namespace mc::accountant
