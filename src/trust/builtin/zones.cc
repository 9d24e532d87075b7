#include "builtin/zones.h"

#include <algorithm>
#include <map>

#include "builtin/civil.h"

namespace mc::builtin {
namespace {

constexpr std::size_t kFileBytesMax = 256 << 10;  // the largest of today has 4 kB
constexpr std::size_t kChangesMax = 10'000;
constexpr std::size_t kZonesMax = 2'000;
constexpr std::size_t kNameBytesMax = 100;

tl::unexpected<Error> bad_zone(const char* why) {
  return fail(Code::corrupt, std::string("time zone file: ") + why);
}

bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  bool after_slash = true;  // also refuses "/etc" and "a//b"
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || c == '+';
    if (!plain && (c != '/' || after_slash)) return false;
    after_slash = c == '/';
  }
  return !after_slash;
}

class FileZones final : public ZoneSource {
 public:
  FileZones(sys::Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  Result<std::shared_ptr<const TimeZone>> find(std::string_view name) override {
    if (!is_zone_name(name)) return fail(Code::not_found, "time: invalid location name");
    using Found = std::shared_ptr<const TimeZone>;
    Found found = zones_.with([&](const Zones& zones) {
      const auto at = zones.find(name);
      return at == zones.end() ? Found() : at->second;
    });
    if (found) return found;
    const Result<std::string> bytes =
        files_.read_all(folder_ + "/" + std::string(name), kFileBytesMax);
    if (!bytes) return fail(Code::not_found, "unknown time zone " + std::string(name));
    Result<TimeZone> zone = TimeZone::parse(*bytes);
    if (!zone) return fail(Code::corrupt, std::string(name) + ": " + zone.error().what);
    found = std::make_shared<const TimeZone>(std::move(*zone));
    zones_.with([&](Zones& zones) {
      if (zones.size() < kZonesMax) zones.emplace(name, found);
    });
    return found;
  }

 private:
  using Zones = std::map<std::string, std::shared_ptr<const TimeZone>, std::less<>>;
  sys::Files& files_;
  std::string folder_;
  Guarded<Zones> zones_;
};

}  // namespace

// --- POSIX TZ strings ---

class TimeZone::RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  bool read(Rule& rule) {
    if (rest_.empty()) return true;  // nothing is known after the last change
    std::int32_t offset = 0;
    if (!name(rule.standard.name) || !time(offset, 24)) return false;
    rule.standard.offset = -offset;
    rule.present = true;
    if (rest_.empty()) return true;
    rule.has_daylight = rule.daylight.daylight = true;
    rule.daylight.offset = rule.standard.offset + 3'600;
    if (!name(rule.daylight.name)) return false;
    if (!rest_.empty() && rest_.front() != ',') {
      if (!time(offset, 24)) return false;
      rule.daylight.offset = -offset;
    }
    return take(',') && day(rule.start) && take(',') && day(rule.end) && rest_.empty();
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool name(std::string& out) {
    const bool quoted = take('<');
    std::size_t size = 0;
    while (size < rest_.size() && (quoted ? rest_[size] != '>' : is_letter(rest_[size]))) ++size;
    out = std::string(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return size >= 3 && size <= 16 && (!quoted || take('>'));
  }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  bool number(int& out, int max) {
    std::size_t digits = 0;
    for (out = 0; digits < rest_.size() && digits < 4; ++digits) {
      const char c = rest_[digits];
      if (c < '0' || c > '9') break;
      out = out * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return digits > 0 && out <= max;
  }
  bool time(std::int32_t& out, int hours_max) {
    const bool negative = take('-');
    if (!negative) take('+');
    int hours = 0, minutes = 0, seconds = 0;
    if (!number(hours, hours_max)) return false;
    if (take(':') && (!number(minutes, 59) || (take(':') && !number(seconds, 59)))) return false;
    out = (hours * 60 + minutes) * 60 + seconds;
    if (negative) out = -out;
    return true;
  }
  bool day(Day& out) {
    bool good = false;
    if (take('M')) {
      good = number(out.month, 12) && out.month >= 1 && take('.') && number(out.week, 5) &&
             out.week >= 1 && take('.') && number(out.day, 6);
    } else if (take('J')) {
      out.form = Day::Form::julian;
      good = number(out.day, 365) && out.day >= 1;
    } else {
      out.form = Day::Form::number;
      good = number(out.day, 365);
    }
    return good && (!take('/') || time(out.seconds, 167));
  }

  std::string_view rest_;
};

// --- TZif ---

class TimeZone::FileReader {
 public:
  explicit FileReader(std::string_view bytes) : rest_(bytes) {}

  Result<TimeZone> read() {
    TimeZone zone;
    MC_TRY_OK(header());
    if (version_ == 0) {
      MC_TRY_OK(block(zone, 4));
    } else {
      // The first block holds 32-bit times for old readers.
      std::string_view skipped;
      if (!take(block_bytes(4), skipped)) return bad_zone("it ends too early");
      MC_TRY_OK(header());
      MC_TRY_OK(block(zone, 8));
      if (rest_.size() < 2 || rest_.front() != '\n' || rest_.back() != '\n') {
        return bad_zone("its last line is not one");
      }
      if (!RuleReader(rest_.substr(1, rest_.size() - 2)).read(zone.rule_)) {
        return bad_zone("its rule is not a POSIX TZ string");
      }
    }
    if (zone.changes_.empty()) zone.changes_.push_back({INT64_MIN, 0});
    return zone;
  }

 private:
  bool take(std::size_t bytes, std::string_view& out) {
    if (bytes > rest_.size()) return false;
    out = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return true;
  }
  static std::int64_t integer(std::string_view bytes) {
    std::uint64_t out = (bytes.front() & 0x80) != 0 ? UINT64_MAX : 0;
    for (const char c : bytes) out = (out << 8) | static_cast<std::uint8_t>(c);
    return static_cast<std::int64_t>(out);
  }
  Status header() {
    std::string_view head;
    if (!take(44, head) || !head.starts_with("TZif")) return bad_zone("it does not start as one");
    version_ = static_cast<std::uint8_t>(head[4]);
    std::size_t* const counts[] = {&utc_flags_, &standard_flags_, &leaps_,
                                   &changes_,   &kinds_,          &name_bytes_};
    for (std::size_t i = 0; i < 6; ++i) {
      const std::int64_t count = integer(head.substr(20 + 4 * i, 4));
      if (count < 0 || count > static_cast<std::int64_t>(kChangesMax)) {
        return bad_zone("a count is over 10000");
      }
      *counts[i] = static_cast<std::size_t>(count);
    }
    if (kinds_ == 0 || kinds_ > 256) return bad_zone("it needs 1 to 256 local time types");
    return ok();
  }
  std::size_t block_bytes(std::size_t width) const {
    return changes_ * (width + 1) + kinds_ * 6 + name_bytes_ + leaps_ * (width + 4) +
           standard_flags_ + utc_flags_;
  }
  Status block(TimeZone& zone, std::size_t width) {
    std::string_view times, indexes, kinds, names, unused;
    if (!take(changes_ * width, times) || !take(changes_, indexes) || !take(kinds_ * 6, kinds) ||
        !take(name_bytes_, names) ||
        !take(leaps_ * (width + 4) + standard_flags_ + utc_flags_, unused)) {
      return bad_zone("it ends too early");
    }
    for (std::size_t i = 0; i < kinds_; ++i) {
      const std::string_view kind = kinds.substr(6 * i, 6);
      const auto offset = static_cast<std::int32_t>(integer(kind.substr(0, 4)));
      const auto name_at = static_cast<std::uint8_t>(kind[5]);
      if (name_at >= names.size() || offset <= -200'000 || offset >= 200'000) {
        return bad_zone("a local time type is out of range");
      }
      const std::string_view name = names.substr(name_at);
      zone.kinds_.push_back({std::string(name.substr(0, name.find('\0'))), offset, kind[4] != 0});
    }
    for (std::size_t i = 0; i < changes_; ++i) {
      const Change change{integer(times.substr(width * i, width)),
                          static_cast<std::uint8_t>(indexes[i])};
      if (change.kind >= kinds_) return bad_zone("a change names no local time type");
      if (i > 0 && change.at <= zone.changes_.back().at) return bad_zone("changes are not sorted");
      zone.changes_.push_back(change);
    }
    return ok();
  }

  std::string_view rest_;
  std::uint8_t version_ = 0;
  std::size_t utc_flags_ = 0, standard_flags_ = 0, leaps_ = 0;
  std::size_t changes_ = 0, kinds_ = 0, name_bytes_ = 0;
};

Result<TimeZone> TimeZone::parse(std::string_view tzif) {
  return FileReader(tzif).read();
}

TimeZone TimeZone::fixed(std::string name, std::int32_t offset) {
  TimeZone zone;
  zone.kinds_.push_back({std::move(name), offset, false});
  zone.changes_.push_back({INT64_MIN, 0});
  return zone;
}

std::shared_ptr<const TimeZone> TimeZone::known_without_files(std::string_view name) {
  const auto make = [](std::string text, std::int32_t offset) {
    return std::make_shared<const TimeZone>(fixed(std::move(text), offset));
  };
  for (const std::string_view utc : {"", "UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu",
                                     "Universal", "Zulu", "UCT", "Local"}) {
    if (name == utc) return make("UTC", 0);
  }
  for (const std::string_view gmt : {"GMT", "Etc/GMT", "Etc/Greenwich", "Greenwich", "Etc/GMT0",
                                     "Etc/GMT+0", "Etc/GMT-0", "GMT0", "GMT+0", "GMT-0"}) {
    if (name == gmt) return make("GMT", 0);
  }
  // "Etc/GMT+5" is five hours behind; its times are named "-05".
  if (!name.starts_with("Etc/GMT") || name.size() < 9 || name.size() > 10) return nullptr;
  const bool behind = name[7] == '+';
  const Result<std::int64_t> hours = parse_int(name.substr(8));
  if ((!behind && name[7] != '-') || !hours || name[8] == '0' || *hours < 1 ||
      *hours > (behind ? 12 : 14)) {
    return nullptr;
  }
  const std::string digits = std::to_string(*hours);
  return make((behind ? "-" : "+") + std::string(digits.size() == 1 ? "0" : "") + digits,
              static_cast<std::int32_t>(*hours) * (behind ? -3'600 : 3'600));
}

// Before the first change holds the first type when no change names it, else the first that is not
// daylight saving time (as Go's lookupFirstZone).
std::size_t TimeZone::first_kind() const {
  const bool used = std::any_of(changes_.begin(), changes_.end(),
                                [](const Change& change) { return change.kind == 0; });
  if (!used) return 0;
  if (kinds_[changes_.front().kind].daylight) {
    for (std::size_t i = changes_.front().kind; i-- > 0;) {
      if (!kinds_[i].daylight) return i;
    }
  }
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (!kinds_[i].daylight) return i;
  }
  return 0;
}

TimeZone::Span TimeZone::at(std::int64_t second) const {
  const auto next = std::upper_bound(
      changes_.begin(), changes_.end(), second,
      [](std::int64_t wanted, const Change& change) { return wanted < change.at; });
  if (next == changes_.begin()) {
    const Kind& kind = kinds_[first_kind()];
    return {kind.name, kind.offset, INT64_MIN, next->at};
  }
  const Change& change = *(next - 1);
  if (next == changes_.end() && rule_.present) return by_rule(second, change.at);
  const Kind& kind = kinds_[change.kind];
  return {kind.name, kind.offset, change.at, next == changes_.end() ? INT64_MAX : next->at};
}

std::int64_t TimeZone::seconds_into_year(std::int64_t year, const Day& day) {
  const std::int64_t first = days_from_month(year, 1);
  std::int64_t days = day.day;
  switch (day.form) {
    case Day::Form::julian:  // never counts February 29
      days = day.day - 1 + (is_leap_year(year) && day.day >= 60 ? 1 : 0);
      break;
    case Day::Form::number:
      break;
    case Day::Form::month_week: {
      const std::int64_t month = days_from_month(year, day.month);
      int in_month = (day.day - weekday_of(month) + 7) % 7 + 7 * (day.week - 1);
      if (in_month >= days_in_month(year, day.month)) in_month -= 7;  // week 5 is the last
      days = month - first + in_month;
      break;
    }
  }
  return days * kDaySeconds + day.seconds;
}

// Start and end are exact near a change of the year, which is all that from_wall() needs.
TimeZone::Span TimeZone::by_rule(std::int64_t second, std::int64_t last_change) const {
  if (!rule_.has_daylight) {
    return {rule_.standard.name, rule_.standard.offset, last_change, INT64_MAX};
  }
  const std::int64_t year = date_of(floor_divide(second, kDaySeconds)).year;
  const std::int64_t year_start = days_from_month(year, 1) * kDaySeconds;
  const Kind* outer = &rule_.standard;
  const Kind* inner = &rule_.daylight;
  std::int64_t start = year_start + seconds_into_year(year, rule_.start) - rule_.standard.offset;
  std::int64_t end = year_start + seconds_into_year(year, rule_.end) - rule_.daylight.offset;
  if (end < start) {  // the south
    std::swap(start, end);
    std::swap(outer, inner);
  }
  if (second < start) return {outer->name, outer->offset, year_start, start};
  if (second >= end) return {outer->name, outer->offset, end, year_start + 365 * kDaySeconds};
  return {inner->name, inner->offset, start, end};
}

std::int64_t TimeZone::from_wall(std::int64_t second) const {
  Span span = at(second);
  if (span.offset != 0) {
    const std::int64_t guess = second - span.offset;
    if (guess < span.start || guess >= span.end) span = at(guess);
  }
  return second - span.offset;
}

std::unique_ptr<ZoneSource> make_zone_source(sys::Files& files, std::string folder) {
  return std::make_unique<FileZones>(files, std::move(folder));
}

}  // namespace mc::builtin
