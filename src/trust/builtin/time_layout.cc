#include "builtin/time_layout.h"

#include "builtin/civil.h"

namespace mc::builtin {
namespace {

struct Named {
  std::string_view name, layout;
};
constexpr Named kLayouts[] = {
    {"ANSIC", "Mon Jan _2 15:04:05 2006"},
    {"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
    {"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
    {"RFC822", "02 Jan 06 15:04 MST"},
    {"RFC822Z", "02 Jan 06 15:04 -0700"},
    {"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
    {"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
    {"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
    {"RFC3339", kRfc3339},
    {"RFC3339Nano", kRfc3339Nano},
};

struct Token {
  std::string_view text;
  Part part;
};
// Of tokens that start alike the longer comes first.
constexpr Token kTokens[] = {
    {"January", Part::long_month},
    {"Jan", Part::month},
    {"Monday", Part::long_weekday},
    {"Mon", Part::weekday},
    {"MST", Part::zone},
    {"002", Part::zero_year_day},
    {"01", Part::zero_month},
    {"02", Part::zero_day},
    {"03", Part::zero_hour12},
    {"04", Part::zero_minute},
    {"05", Part::zero_second},
    {"06", Part::year},
    {"15", Part::hour},
    {"1", Part::number_month},
    {"2006", Part::long_year},
    {"2", Part::day},
    {"__2", Part::under_year_day},
    {"_2", Part::under_day},
    {"3", Part::hour12},
    {"4", Part::minute},
    {"5", Part::second},
    {"PM", Part::upper_pm},
    {"pm", Part::lower_pm},
    {"-070000", Part::offset},
    {"-07:00:00", Part::offset},
    {"-0700", Part::offset},
    {"-07:00", Part::offset},
    {"-07", Part::offset},
    {"Z070000", Part::offset},
    {"Z07:00:00", Part::offset},
    {"Z0700", Part::offset},
    {"Z07:00", Part::offset},
    {"Z07", Part::offset},
};

bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

// ".000" or ",999": as many digits as there are, and no other behind them.
std::size_t fraction_size(std::string_view text) {
  if (text.size() < 2 || (text[0] != '.' && text[0] != ',')) return 0;
  if (text[1] != '0' && text[1] != '9') return 0;
  std::size_t size = 1;
  while (size < text.size() && text[size] == text[1]) ++size;
  return is_digit(text, size) ? 0 : size;
}

const Token* token_at(std::string_view text) {
  for (const Token& token : kTokens) {
    if (!text.starts_with(token.text)) continue;
    // "_2006" is an underscore and a year; "Janus" and "Month" are words.
    if (token.part == Part::under_day && text.starts_with("_2006")) continue;
    const std::string_view behind = text.substr(token.text.size());
    const bool word = token.part == Part::month || token.part == Part::weekday;
    if (word && !behind.empty() && behind.front() >= 'a' && behind.front() <= 'z') continue;
    return &token;
  }
  return nullptr;
}

void append_padded(std::string& out, std::int64_t number, int width, char pad = '0') {
  const std::string digits = std::to_string(number < 0 ? -number : number);
  if (number < 0) out += '-';
  for (auto i = static_cast<int>(digits.size()); i < width; ++i) out += pad;
  out += digits;
}

void append_offset(std::string& out, std::int32_t offset, std::string_view form) {
  if (form.front() == 'Z' && offset == 0) {
    out += 'Z';
    return;
  }
  out += offset < 0 ? '-' : '+';
  const std::int32_t size = offset < 0 ? -offset : offset;
  const bool colons = form.find(':') != std::string_view::npos;
  const std::size_t parts = (form.size() - 1 - (colons ? form.size() / 4 : 0)) / 2;
  append_padded(out, size / 3'600, 2);
  if (parts < 2) return;
  if (colons) out += ':';
  append_padded(out, size / 60 % 60, 2);
  if (parts < 3) return;
  if (colons) out += ':';
  append_padded(out, size % 60, 2);
}

void append_fraction(std::string& out, int nanosecond, std::string_view form) {
  const bool trim = form[1] == '9';
  if (trim && nanosecond == 0) return;
  std::string digits;
  append_padded(digits, nanosecond, 9);
  digits.resize(std::min<std::size_t>(form.size() - 1, 9));
  while (trim && digits.ends_with('0')) digits.pop_back();
  if (digits.empty()) return;
  out += form[0];
  out += digits;
}

void append_zone(std::string& out, const LocalTime& at) {
  out += at.zone;
  if (!at.zone.empty()) return;
  append_offset(out, at.offset, "-0700");
}

void append_calendar_part(std::string& out, const LocalTime& at, Part part) {
  const auto month = static_cast<std::size_t>(at.month - 1);
  const auto weekday = static_cast<std::size_t>(weekday_of(at.days()));
  const std::int64_t year_day = at.days() - days_from_month(at.year, 1) + 1;
  switch (part) {
    case Part::long_month:
    case Part::month:
      out += kNames.months[month].substr(0, part == Part::month ? 3 : 9);
      break;
    case Part::number_month:
    case Part::zero_month:
      append_padded(out, at.month, part == Part::zero_month ? 2 : 1);
      break;
    case Part::long_weekday:
    case Part::weekday:
      out += kNames.days[weekday].substr(0, part == Part::weekday ? 3 : 9);
      break;
    case Part::day:
    case Part::zero_day:
      append_padded(out, at.day, part == Part::zero_day ? 2 : 1);
      break;
    case Part::under_day:
      append_padded(out, at.day, 2, ' ');
      break;
    case Part::under_year_day:
    case Part::zero_year_day:
      append_padded(out, year_day, 3, part == Part::zero_year_day ? '0' : ' ');
      break;
    case Part::long_year:
      append_padded(out, at.year, 4);
      break;
    default:
      append_padded(out, at.year % 100, 2);
      break;
  }
}

void append_part(std::string& out, const LocalTime& at, const Chunk& chunk) {
  const int hour12 = at.hour % 12 == 0 ? 12 : at.hour % 12;
  const Part part = chunk.part;
  switch (part) {
    case Part::none:
      break;
    case Part::hour:
      append_padded(out, at.hour, 2);
      break;
    case Part::hour12:
    case Part::zero_hour12:
      append_padded(out, hour12, part == Part::zero_hour12 ? 2 : 1);
      break;
    case Part::minute:
    case Part::zero_minute:
      append_padded(out, at.minute, part == Part::zero_minute ? 2 : 1);
      break;
    case Part::second:
    case Part::zero_second:
      append_padded(out, at.second, part == Part::zero_second ? 2 : 1);
      break;
    case Part::upper_pm:
      out += at.hour >= 12 ? "PM" : "AM";
      break;
    case Part::lower_pm:
      out += at.hour >= 12 ? "pm" : "am";
      break;
    case Part::zone:
      append_zone(out, at);
      break;
    case Part::offset:
      append_offset(out, at.offset, chunk.text);
      break;
    case Part::fraction:
    case Part::short_fraction:
      append_fraction(out, at.nanosecond, chunk.text);
      break;
    default:
      append_calendar_part(out, at, part);
      break;
  }
}

}  // namespace

std::int64_t LocalTime::days() const {
  return days_from_month(year, month) + day - 1;
}

std::int64_t LocalTime::seconds() const {
  return days() * kDaySeconds + std::int64_t{hour} * 3'600 + std::int64_t{minute} * 60 + second -
         offset;
}

LocalTime local_time(std::int64_t second, int nanosecond, std::int32_t offset,
                     std::string_view zone) {
  const std::int64_t shown = second + offset;
  const std::int64_t days = floor_divide(shown, kDaySeconds);
  const auto of_day = static_cast<int>(shown - days * kDaySeconds);
  const Date date = date_of(days);
  LocalTime out;
  out.year = date.year;
  out.month = date.month;
  out.day = date.day;
  out.hour = of_day / 3'600;
  out.minute = of_day / 60 % 60;
  out.second = of_day % 60;
  out.nanosecond = nanosecond;
  out.offset = offset;
  out.zone = std::string(zone);
  return out;
}

std::string_view layout_of(std::string_view name) {
  for (const Named& named : kLayouts) {
    if (named.name == name) return named.layout;
  }
  return name;
}

Chunk next_chunk(std::string_view layout) {
  for (std::size_t at = 0; at < layout.size(); ++at) {
    const std::string_view from = layout.substr(at);
    Part part = Part::none;
    std::size_t size = 0;
    if (const Token* const token = token_at(from)) {
      part = token->part;
      size = token->text.size();
    } else if (size = fraction_size(from); size > 0) {
      part = from[1] == '9' ? Part::short_fraction : Part::fraction;
    }
    if (size > 0) return {layout.substr(0, at), part, from.substr(0, size), from.substr(size)};
  }
  return {layout, Part::none, {}, {}};
}

void append_time(std::string& out, const LocalTime& at, std::string_view layout) {
  while (!layout.empty()) {
    const Chunk chunk = next_chunk(layout);
    out += chunk.prefix;
    append_part(out, at, chunk);
    layout = chunk.rest;
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x80 || byte < ' ') {
      out += "\\x" + to_hex(std::string_view(&c, 1));
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

}  // namespace mc::builtin
