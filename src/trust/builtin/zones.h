// Time zones (RFC 8536): the rules of one zone, and where rules come from.
//
// libstdc++ 12 has no time zone database, and domain code opens no files, so whoever makes a
// Context brings a source. Without one, or where the machine has no tzdata, UTC and the fixed
// offsets of Etc/ still work. Zones are immutable; a source is thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sys/sys.h"

namespace mc::builtin {

class TimeZone {
 public:
  // What holds from `start` up to `end`, in seconds since 1970.
  struct Span {
    std::string_view name;  // "CET"
    std::int32_t offset = 0;
    std::int64_t start = INT64_MIN;
    std::int64_t end = INT64_MAX;
  };

  // The bytes of a TZif file of any version; `corrupt` when they are none.
  static Result<TimeZone> parse(std::string_view tzif);
  static TimeZone fixed(std::string name, std::int32_t offset);
  // "UTC", "GMT" and the zones of Etc/ that are fixed offsets, or null.
  static std::shared_ptr<const TimeZone> known_without_files(std::string_view name);

  Span at(std::int64_t second) const;
  // The second since 1970 of a wall clock that shows `second` seconds since 1970. In a gap or an
  // overlap, as Go's time.Date has it.
  std::int64_t from_wall(std::int64_t second) const;

 private:
  struct Kind {
    std::string name;
    std::int32_t offset = 0;
    bool daylight = false;
  };
  struct Change {
    std::int64_t at = 0;
    std::uint8_t kind = 0;
  };
  // A day of the year in a POSIX TZ string (RFC 8536 section 3.3.1).
  struct Day {
    enum class Form : std::uint8_t { julian, number, month_week } form = Form::month_week;
    int day = 0, week = 0, month = 0;
    std::int32_t seconds = 7'200;  // after midnight
  };
  // What holds after the last change.
  struct Rule {
    bool present = false;
    Kind standard, daylight;
    bool has_daylight = false;
    Day start, end;
  };
  class RuleReader;
  class FileReader;

  Span by_rule(std::int64_t second, std::int64_t last_change) const;
  static std::int64_t seconds_into_year(std::int64_t year, const Day& day);
  std::size_t first_kind() const;

  std::vector<Kind> kinds_;
  std::vector<Change> changes_;
  Rule rule_;
};

class ZoneSource {
 public:
  virtual ~ZoneSource() = default;
  // `not_found` names the zone. shared_ptr: a zone may be forgotten while somebody uses it.
  virtual Result<std::shared_ptr<const TimeZone>> find(std::string_view name) = 0;
};

// Reads "Europe/Berlin" below `folder`, at most once each. A name is letters, digits, "_", "-", "+"
// and single slashes, at most 100 bytes, so that it never leaves the folder.
std::unique_ptr<ZoneSource> make_zone_source(sys::Files& files,
                                             std::string folder = "/usr/share/zoneinfo");

}  // namespace mc::builtin
