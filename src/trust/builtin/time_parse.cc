// Reading times by a layout, and durations (time_layout.h).
#include <optional>

#include "builtin/civil.h"
#include "builtin/time_layout.h"

namespace mc::builtin {
namespace {

bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

bool is_point(char c) {
  return c == '.' || c == ',';
}

// Takes up to `max` digits off `text`; less than `min` is nothing.
std::optional<int> take_number(std::string_view& text, std::size_t min, std::size_t max) {
  std::size_t size = 0;
  int out = 0;
  while (size < max && is_digit(text, size)) out = out * 10 + (text[size++] - '0');
  if (size < min || size == 0) return std::nullopt;
  text.remove_prefix(size);
  return out;
}

template <std::size_t N>
std::optional<int> take_name(std::string_view& text, const std::string_view (&names)[N],
                             std::size_t letters_max) {
  for (std::size_t i = 0; i < N; ++i) {
    const std::string_view name = names[i].substr(0, letters_max);
    if (text.size() < name.size() || !same_letters(text.substr(0, name.size()), name)) continue;
    text.remove_prefix(name.size());
    return static_cast<int>(i);
  }
  return std::nullopt;
}

// "+03" behind a name; 0 when it is none.
std::size_t signed_hours_size(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return 0;
  std::size_t size = 1;
  int hours = 0;
  for (; is_digit(text, size); ++size) hours = std::min(hours * 10 + (text[size] - '0'), 100);
  return size == 1 || hours > 23 ? 0 : size;
}

// Bytes of an abbreviation such as "CEST", "GMT-3" or "+05"; 0 when there is none.
std::size_t zone_name_size(std::string_view text) {
  if (text.size() < 3) return 0;
  if (text.starts_with("ChST") || text.starts_with("MeST")) return 4;
  if (text.starts_with("GMT")) return 3 + signed_hours_size(text.substr(3));
  if (text[0] == '+' || text[0] == '-') return signed_hours_size(text);
  std::size_t letters = 0;
  while (letters < 6 && letters < text.size() && text[letters] >= 'A' && text[letters] <= 'Z') {
    ++letters;
  }
  const bool good = letters == 3 || (letters == 5 && text[4] == 'T') ||
                    (letters == 4 && (text[3] == 'T' || text.starts_with("WITA")));
  return good ? letters : 0;
}

class Parser {
 public:
  Parser(std::string_view layout, std::string_view value)
      : whole_layout_(layout), whole_value_(value), layout_(layout), value_(value) {}

  Result<LocalTime> parse() {
    for (;;) {
      const Chunk chunk = next_chunk(layout_);
      if (!skip(chunk.prefix)) return mismatch(chunk.prefix, value_);
      if (chunk.part == Part::none) break;
      layout_ = chunk.rest;
      const std::string_view before = value_;
      const bool good = part(chunk);
      if (!out_of_range_.empty())
        return refuse(": " + std::string(out_of_range_) + " out of range");
      if (!good) return mismatch(chunk.text, before);
    }
    if (!value_.empty()) return refuse(": extra text: " + quoted(value_));
    return finish();
  }

 private:
  tl::unexpected<Error> mismatch(std::string_view part, std::string_view value) const {
    return fail(Code::invalid, "parsing time " + quoted(whole_value_) + " as " +
                                   quoted(whole_layout_) + ": cannot parse " + quoted(value) +
                                   " as " + quoted(part));
  }
  tl::unexpected<Error> refuse(const std::string& why) const {
    return fail(Code::invalid, "parsing time " + quoted(whole_value_) + why);
  }

  // A run of spaces in a layout stands for any run of them.
  bool skip(std::string_view prefix) {
    const auto cut = [](std::string_view& text) {
      while (text.starts_with(' ')) text.remove_prefix(1);
    };
    while (!prefix.empty()) {
      if (prefix.front() == ' ') {
        if (!value_.empty() && value_.front() != ' ') return false;
        cut(prefix);
        cut(value_);
        continue;
      }
      if (value_.empty() || value_.front() != prefix.front()) return false;
      prefix.remove_prefix(1);
      value_.remove_prefix(1);
    }
    return true;
  }

  bool set(int& to, std::optional<int> number) {
    if (number) to = *number;
    return number.has_value();
  }
  bool set(int& to, std::optional<int> number, int min, int max, std::string_view name) {
    if (!set(to, number)) return false;
    if (to < min || to > max) out_of_range_ = name;
    return true;
  }

  bool part(const Chunk& chunk) {
    switch (chunk.part) {
      case Part::year:
      case Part::long_year:
        return year(chunk.part == Part::year ? 2 : 4);
      case Part::month:
      case Part::long_month:
        if (!set(month_, take_name(value_, kNames.months, chunk.part == Part::month ? 3 : 9))) {
          return false;
        }
        ++month_;
        return true;
      case Part::number_month:
        return set(month_, take_number(value_, 1, 2), 1, 12, "month");
      case Part::zero_month:
        return set(month_, take_number(value_, 2, 2), 1, 12, "month");
      case Part::weekday:
        return take_name(value_, kNames.days, 3).has_value();
      case Part::long_weekday:
        return take_name(value_, kNames.days, 9).has_value();
      case Part::day:
      case Part::under_day:
      case Part::zero_day:
        if (chunk.part == Part::under_day && value_.starts_with(' ')) value_.remove_prefix(1);
        return set(day_, take_number(value_, chunk.part == Part::zero_day ? 2 : 1, 2));
      case Part::under_year_day:
      case Part::zero_year_day:
        for (int i = 0; i < 2; ++i) {
          if (chunk.part == Part::under_year_day && value_.starts_with(' '))
            value_.remove_prefix(1);
        }
        return set(year_day_, take_number(value_, chunk.part == Part::zero_year_day ? 3 : 1, 3));
      default:
        return clock_part(chunk);
    }
  }

  bool clock_part(const Chunk& chunk) {
    switch (chunk.part) {
      case Part::hour:
        return set(hour_, take_number(value_, 1, 2), 0, 23, "hour");
      case Part::hour12:
        return set(hour_, take_number(value_, 1, 2), 0, 12, "hour");
      case Part::zero_hour12:
        return set(hour_, take_number(value_, 2, 2), 0, 12, "hour");
      case Part::minute:
        return set(minute_, take_number(value_, 1, 2), 0, 59, "minute");
      case Part::zero_minute:
        return set(minute_, take_number(value_, 2, 2), 0, 59, "minute");
      case Part::second:
        return second(1);
      case Part::zero_second:
        return second(2);
      case Part::upper_pm:
        return half_of_day("AM", "PM");
      case Part::lower_pm:
        return half_of_day("am", "pm");
      case Part::zone:
        return zone();
      case Part::offset:
        return offset(chunk.text);
      case Part::fraction:
        return fraction(chunk.text.size());
      case Part::short_fraction:
        return short_fraction();
      default:
        return false;
    }
  }

  bool year(std::size_t digits) {
    int number = 0;
    if (!set(number, take_number(value_, digits, digits))) return false;
    year_ = digits == 4 ? number : number + (number >= 69 ? 1900 : 2000);
    return true;
  }

  bool second(std::size_t digits_min) {
    if (!set(second_, take_number(value_, digits_min, 2), 0, 59, "second")) return false;
    if (!out_of_range_.empty()) return true;
    // A fraction may stand in the value without one in the layout.
    const Part next = next_chunk(layout_).part;
    if (next == Part::fraction || next == Part::short_fraction) return true;
    return short_fraction();
  }

  bool half_of_day(std::string_view am, std::string_view pm) {
    const std::string_view word = value_.substr(0, 2);
    if (word != am && word != pm) return false;
    (word == am ? am_ : pm_) = true;
    value_.remove_prefix(2);
    return true;
  }

  // `size` bytes with the point.
  bool fraction(std::size_t size) {
    if (value_.size() < size || size < 2 || !is_point(value_[0])) return false;
    int nanoseconds = 0;
    for (std::size_t i = 1; i < size; ++i) {
      if (!is_digit(value_, i)) return false;
      if (i <= 9) nanoseconds = nanoseconds * 10 + (value_[i] - '0');
    }
    for (std::size_t i = size; i < 10; ++i) nanoseconds *= 10;
    nanosecond_ = nanoseconds;
    value_.remove_prefix(size);
    return true;
  }

  bool short_fraction() {
    if (value_.size() < 2 || !is_point(value_[0]) || !is_digit(value_, 1)) return true;
    std::size_t size = 2;
    while (is_digit(value_, size)) ++size;
    return fraction(size);
  }

  bool zone() {
    if (value_.starts_with("UTC")) {
      value_.remove_prefix(3);
      utc_ = true;
      return true;
    }
    const std::size_t size = zone_name_size(value_);
    value_.remove_prefix(size);
    return size > 0;
  }

  bool offset(std::string_view form) {
    if (form.front() == 'Z' && value_.starts_with('Z')) {
      value_.remove_prefix(1);
      utc_ = true;
      return true;
    }
    if (value_.size() < form.size()) return false;
    std::string_view text = value_.substr(0, form.size());
    value_.remove_prefix(form.size());
    const char sign = text.front();
    int parts[3] = {};
    std::size_t count = 0;
    text.remove_prefix(1);
    for (std::size_t i = 1; i < form.size() && count < 3; i += 2, ++count) {
      if (form[i] == ':') {
        if (text.front() != ':') return false;
        text.remove_prefix(1);
        ++i;
      }
      if (!set(parts[count], take_number(text, 2, 2))) return false;
    }
    constexpr std::string_view kOf[] = {"time zone offset hour", "time zone offset minute",
                                        "time zone offset second"};
    for (std::size_t i = 0; i < 3; ++i) {
      if (parts[i] > (i == 0 ? 24 : 60)) out_of_range_ = kOf[i];
    }
    offset_ = (parts[0] * 60 + parts[1]) * 60 + parts[2];
    if (sign == '-') offset_ = -*offset_;
    return sign == '-' || sign == '+';
  }

  Result<LocalTime> finish() {
    if (pm_ && hour_ < 12) {
      hour_ += 12;
    } else if (am_ && hour_ == 12) {
      hour_ = 0;
    }
    if (year_day_ >= 0) {
      if (year_day_ < 1 || year_day_ > (is_leap_year(year_) ? 366 : 365)) {
        return refuse(": day-of-year out of range");
      }
      const Date date = date_of(days_from_month(year_, 1) + year_day_ - 1);
      if (month_ >= 0 && month_ != date.month) {
        return refuse(": day-of-year does not match month");
      }
      if (day_ >= 0 && day_ != date.day) return refuse(": day-of-year does not match day");
      month_ = date.month;
      day_ = date.day;
    }
    if (month_ < 0) month_ = 1;
    if (day_ < 0) day_ = 1;
    if (day_ < 1 || day_ > days_in_month(year_, month_)) return refuse(": day out of range");
    LocalTime out;
    out.year = year_;
    out.month = month_;
    out.day = day_;
    out.hour = hour_;
    out.minute = minute_;
    out.second = second_;
    out.nanosecond = nanosecond_;
    if (!utc_ && offset_) {
      out.offset = *offset_;
      out.zone = "";
    }
    return out;
  }

  std::string_view whole_layout_, whole_value_;
  std::string_view layout_, value_;
  std::string_view out_of_range_;
  std::int64_t year_ = 0;
  int month_ = -1, day_ = -1, year_day_ = -1;
  int hour_ = 0, minute_ = 0, second_ = 0, nanosecond_ = 0;
  bool am_ = false, pm_ = false, utc_ = false;
  std::optional<std::int32_t> offset_;
};

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr Unit kUnits[] = {
    {"ns", 1},         {"us", 1'000},        {"\u00b5s", 1'000},    {"\u03bcs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000},
};
constexpr std::uint64_t kDurationMax = std::uint64_t{1} << 63;

// The digits at the start of `text` with their value; false past 2^63.
bool take_integer(std::string_view& text, std::uint64_t& out) {
  std::size_t size = 0;
  for (out = 0; is_digit(text, size); ++size) {
    if (out > kDurationMax / 10) return false;
    out = out * 10 + static_cast<std::uint64_t>(text[size] - '0');
    if (out > kDurationMax) return false;
  }
  text.remove_prefix(size);
  return true;
}

// The digits behind a point: their value and the power of ten below it. Further digits than fit
// are dropped.
std::pair<double, double> take_fraction(std::string_view& text) {
  std::uint64_t value = 0;
  double scale = 1;
  std::size_t size = 0;
  bool full = false;
  for (; is_digit(text, size); ++size) {
    full = full || value > (kDurationMax - 1) / 10 - 1;
    if (full) continue;
    value = value * 10 + static_cast<std::uint64_t>(text[size] - '0');
    scale *= 10;
  }
  text.remove_prefix(size);
  return {static_cast<double>(value), scale};
}

}  // namespace

Result<LocalTime> parse_time(std::string_view layout, std::string_view value) {
  return Parser(layout, value).parse();
}

Result<std::int64_t> parse_go_duration(std::string_view text) {
  const auto bad = [whole = text](const std::string& why) {
    return fail(Code::invalid, "time: " + why + "duration " + quoted(whole));
  };
  const bool negative = text.starts_with('-');
  std::string_view rest = text.substr(negative || text.starts_with('+') ? 1 : 0);
  if (rest == "0") return 0;
  if (rest.empty()) return bad("invalid ");
  std::uint64_t sum = 0;
  while (!rest.empty()) {
    const std::size_t before = rest.size();
    std::uint64_t whole = 0;
    if (!take_integer(rest, whole)) return bad("invalid ");
    bool digits = rest.size() != before;
    std::pair<double, double> fraction = {0, 1};
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      const std::size_t behind_point = rest.size();
      fraction = take_fraction(rest);
      digits = digits || rest.size() != behind_point;
    }
    if (!digits) return bad("invalid ");
    std::size_t size = 0;
    while (size < rest.size() && rest[size] != '.' && !is_digit(rest, size)) ++size;
    if (size == 0) return bad("missing unit in ");
    const std::string_view name = rest.substr(0, size);
    rest.remove_prefix(size);
    const Unit* unit = nullptr;
    for (const Unit& known : kUnits) {
      if (known.name == name) unit = &known;
    }
    if (unit == nullptr) return bad("unknown unit " + quoted(name) + " in ");
    if (whole > kDurationMax / unit->nanoseconds) return bad("invalid ");
    whole *= unit->nanoseconds;
    whole += static_cast<std::uint64_t>(fraction.first *
                                        (static_cast<double>(unit->nanoseconds) / fraction.second));
    if (whole > kDurationMax - sum) return bad("invalid ");
    sum += whole;
  }
  if (negative) return static_cast<std::int64_t>(0 - sum);
  if (sum > kDurationMax - 1) return bad("invalid ");
  return static_cast<std::int64_t>(sum);
}

}  // namespace mc::builtin
