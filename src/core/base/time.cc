#include "base/time.h"

#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace mc {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kLastYear = 2261;  // the last whole year that 64-bit nanoseconds hold

// Days since 1970-01-01 of a civil date, and back (H. Hinnant, "chrono-Compatible Low-Level Date
// Algorithms").
std::int64_t days_from_civil(std::int64_t y, std::int64_t m, std::int64_t d) {
  y -= m <= 2 ? 1 : 0;
  const std::int64_t era = y / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct Civil {
  std::int64_t year, month, day;
};

Civil civil_from_days(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t doe = days - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  return {yoe + era * 400 + (month <= 2 ? 1 : 0), month, doy - (153 * mp + 2) / 5 + 1};
}

std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
  constexpr std::array<std::int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Reads exactly `digits` digits at `at`; false when there are fewer.
bool read_digits(std::string_view text, std::size_t& at, std::size_t digits, std::int64_t& out) {
  if (at + digits > text.size()) return false;
  out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  at += digits;
  return true;
}

bool read_char(std::string_view text, std::size_t& at, char wanted) {
  if (at >= text.size() || text[at] != wanted) return false;
  ++at;
  return true;
}

bool read_fraction(std::string_view text, std::size_t& at, std::int64_t& nanos) {
  nanos = 0;
  if (at >= text.size() || text[at] != '.') return true;
  ++at;
  std::int64_t scale = kNanosPerSecond / 10;
  const std::size_t first = at;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
    nanos += (text[at] - '0') * scale;
  }
  return at > first && at - first <= 9;
}

bool read_offset(std::string_view text, std::size_t& at, std::int64_t& offset_s) {
  offset_s = 0;
  if (at >= text.size()) return false;
  const char sign = text[at++];
  if (sign == 'Z' || sign == 'z') return true;
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  if ((sign != '+' && sign != '-') || !read_digits(text, at, 2, hours) ||
      !read_char(text, at, ':') || !read_digits(text, at, 2, minutes) || hours > 23 ||
      minutes > 59) {
    return false;
  }
  offset_s = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
  return true;
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr std::array<Unit, 5> kUnits = {{{"ms", 1'000'000},
                                         {"s", kNanosPerSecond},
                                         {"m", 60 * kNanosPerSecond},
                                         {"h", 3600 * kNanosPerSecond},
                                         {"d", kSecondsPerDay* kNanosPerSecond}}};

// At least `width` digits, then `end`.
void append_digits(std::string& out, std::int64_t value, std::size_t width, char end) {
  std::array<char, 20> digits{};
  const auto [stop, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  const auto count = static_cast<std::size_t>(stop - digits.data());
  if (count < width) out.append(width - count, '0');
  out.append(digits.data(), count).push_back(end);
}

}  // namespace

std::string format_rfc3339(WallTime time) {
  std::int64_t total_s = time.nanos / kNanosPerSecond;
  std::int64_t rest = time.nanos % kNanosPerSecond;
  if (rest < 0) {
    rest += kNanosPerSecond;
    --total_s;
  }
  std::int64_t days = total_s / kSecondsPerDay;
  std::int64_t second = total_s % kSecondsPerDay;
  if (second < 0) {
    second += kSecondsPerDay;
    --days;
  }
  const Civil date = civil_from_days(days);
  std::string out;
  out.reserve(24);
  append_digits(out, date.year, 4, '-');
  append_digits(out, date.month, 2, '-');
  append_digits(out, date.day, 2, 'T');
  append_digits(out, second / 3600, 2, ':');
  append_digits(out, second / 60 % 60, 2, ':');
  append_digits(out, second % 60, 2, '.');
  append_digits(out, rest / 1'000'000, 3, 'Z');
  return out;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::int64_t nanos = 0, offset_s = 0;
  std::size_t at = 0;
  const bool shaped = read_digits(text, at, 4, year) && read_char(text, at, '-') &&
                      read_digits(text, at, 2, month) && read_char(text, at, '-') &&
                      read_digits(text, at, 2, day) &&
                      (read_char(text, at, 'T') || read_char(text, at, 't')) &&
                      read_digits(text, at, 2, hour) && read_char(text, at, ':') &&
                      read_digits(text, at, 2, minute) && read_char(text, at, ':') &&
                      read_digits(text, at, 2, second) && read_fraction(text, at, nanos) &&
                      read_offset(text, at, offset_s) && at == text.size();
  if (!shaped) return fail(Code::invalid, "not an RFC 3339 time: '" + excerpt(text) + "'");
  if (year < 1970 || year > kLastYear || month < 1 || month > 12 || day < 1 ||
      day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 59) {
    return fail(Code::invalid, "a time out of range (1970 to 2261): '" + excerpt(text) + "'");
  }
  const std::int64_t total_s = days_from_civil(year, month, day) * kSecondsPerDay + hour * 3600 +
                               minute * 60 + second - offset_s;
  return WallTime{total_s * kNanosPerSecond + nanos};
}

Result<Nanos> parse_duration(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::string_view unit_name = text.substr(digits);
  const Result<std::int64_t> number = parse_int(text.substr(0, digits));
  for (const Unit& unit : kUnits) {
    if (unit.name != unit_name || !number) continue;
    std::int64_t nanos = 0;
    if (__builtin_mul_overflow(*number, unit.nanos, &nanos)) break;
    return Nanos{nanos};
  }
  return fail(Code::invalid,
              "not a duration (an integer and ms, s, m, h or d): '" + excerpt(text) + "'");
}

std::string format_duration(Nanos duration) {
  for (auto unit = kUnits.rbegin(); unit != kUnits.rend(); ++unit) {
    if (duration.count != 0 && duration.count % unit->nanos == 0) {
      return std::to_string(duration.count / unit->nanos).append(unit->name);
    }
  }
  return std::to_string(duration.count / 1'000'000) + "ms";
}

}  // namespace mc
