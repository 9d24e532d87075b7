#include "builtin/zones.h"

#include <doctest/doctest.h>

#include "sim/sim.h"

namespace mc::builtin {
namespace {

std::string big_endian(std::int64_t number, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> (8 * i) & 0xff);
  return out;
}

struct Type {
  std::int32_t offset;
  bool daylight;
};
struct Change {
  std::int64_t at;
  int type;
};

// A TZif file of version 2 whose first block is empty but for one type.
std::string tzif(const std::vector<Change>& changes, const std::vector<Type>& types,
                 std::string_view rule) {
  const auto header = [](std::size_t change_count, std::size_t type_count, std::size_t name_bytes) {
    std::string out = "TZif2" + std::string(15, '\0') + std::string(12, '\0');
    for (const std::size_t count : {change_count, type_count, name_bytes}) {
      out += big_endian(static_cast<std::int64_t>(count), 4);
    }
    return out;
  };
  const std::string names("STD\0DST\0", 8);
  std::string out = header(0, 1, 4) + big_endian(0, 4) + std::string(2, '\0') + "UTC" + '\0';
  out += header(changes.size(), types.size(), names.size());
  for (const Change& change : changes) out += big_endian(change.at, 8);
  for (const Change& change : changes) out += static_cast<char>(change.type);
  for (const Type& type : types) {
    out += big_endian(type.offset, 4) + static_cast<char>(type.daylight ? 1 : 0) +
           static_cast<char>(type.daylight ? 4 : 0);
  }
  return out + names + "\n" + std::string(rule) + "\n";
}

constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kSummer2024 = 1'711'846'800;  // 2024-03-31T01:00:00Z
constexpr std::int64_t kWinter2024 = 1'729'990'800;  // 2024-10-27T01:00:00Z
const char* const kEurope = "CET-1CEST,M3.5.0,M10.5.0/3";

}  // namespace

TEST_CASE("zones: changes, and a rule behind the last") {
  const TimeZone zone =
      *TimeZone::parse(tzif({{0, 1}, {1'000'000, 0}}, {{3'600, false}, {7'200, true}}, kEurope));
  struct Row {
    std::int64_t at;
    std::int32_t offset;
    const char* name;
  };
  const Row rows[] = {{-1, 3'600, "STD"},
                      {0, 7'200, "DST"},
                      {999'999, 7'200, "DST"},
                      {1'000'000, 3'600, "CET"},
                      {kSummer2024 - 1, 3'600, "CET"},
                      {kSummer2024, 7'200, "CEST"},
                      {kWinter2024 - 1, 7'200, "CEST"},
                      {kWinter2024, 3'600, "CET"}};
  for (const Row& row : rows) {
    CAPTURE(row.at);
    CHECK(zone.at(row.at).offset == row.offset);
    CHECK(zone.at(row.at).name == row.name);
  }
}

TEST_CASE("zones: rules of every form") {
  struct Row {
    const char* rule;
    std::int64_t at;
    std::int32_t offset;
  };
  const std::int64_t january = 1'704'067'200;  // 2024-01-01T00:00:00Z
  const std::int64_t day = 86'400;
  const Row rows[] = {
      {"<-03>3", january, -3 * 3'600},
      {"<+0530>-5:30", january, 19'800},
      // The south: summer at the turn of the year.
      {"AEST-10AEDT,M10.1.0,M4.1.0/3", january, 11 * 3'600},
      {"AEST-10AEDT,M10.1.0,M4.1.0/3", january + 180 * day, 10 * 3'600},
      // Day 60 of a Julian year is March 1 in a leap year too.
      {"STD0DST,J60/0,J61/0", january + 60 * day - 1, 0},
      {"STD0DST,J60/0,J61/0", january + 60 * day, 3'600},
      {"STD0DST,J60/0,J61/0", january + 61 * day, 0},
      {"STD0DST,59/0,60/0", january + 59 * day, 3'600},
      {"STD0DST-2,59/-24,60/-24", january + 58 * day, 7'200},
      // The fifth Sunday is the last, were it the fourth.
      {"STD0DST,M2.5.0/0,M3.1.0/0", january + 55 * day - 1, 0},
      {"STD0DST,M2.5.0/0,M3.1.0/0", january + 55 * day, 3'600},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    CAPTURE(row.at);
    const auto zone = TimeZone::parse(tzif({}, {{0, false}}, row.rule));
    REQUIRE(zone.has_value());
    CHECK(zone->at(row.at).offset == row.offset);
  }
}

TEST_CASE("zones: a wall clock in a gap and in an overlap") {
  const TimeZone zone = *TimeZone::parse(tzif({}, {{0, false}}, kEurope));
  const std::int64_t gap = kSummer2024 + kHour;  // 02:00 as shown, which is skipped
  CHECK(zone.from_wall(gap - 1) == kSummer2024 - 1);
  CHECK(zone.from_wall(gap + kHour) == kSummer2024);
  CHECK(zone.from_wall(kSummer2024) == kSummer2024 - kHour);
  const std::int64_t overlap = kWinter2024 + 2 * kHour;  // 03:00 as shown, once
  CHECK(zone.from_wall(overlap) == kWinter2024 + kHour);
  CHECK(TimeZone::fixed("X", -3'600).from_wall(0) == 3'600);
}

TEST_CASE("zones: what is no file of a zone is refused") {
  const std::string good = tzif({{0, 0}}, {{0, false}}, "UTC0");
  REQUIRE(TimeZone::parse(good).has_value());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(TimeZone::parse(std::string_view(good).substr(0, size)).has_value());
  }
  for (const char* rule : {"U0", "UTC", "UTC25", "UTC0,", "STD0DST,M13.1.0,M3.1.0",
                           "STD0DST,M1.6.0,M3.1.0", "STD0DST,J0,J1", "STD0DST,366,1", "STD0DST,1",
                           "STD0DST,1,2,3", "STD0DST,1/168,2", "<UT0"}) {
    CAPTURE(rule);
    CHECK_FALSE(TimeZone::parse(tzif({}, {{0, false}}, rule)).has_value());
  }
  CHECK_FALSE(TimeZone::parse(tzif({{0, 1}}, {{0, false}}, "")).has_value());
  CHECK_FALSE(TimeZone::parse(tzif({{5, 0}, {5, 0}}, {{0, false}}, "")).has_value());
  CHECK_FALSE(TimeZone::parse(tzif({}, {{300'000, false}}, "")).has_value());
  CHECK_FALSE(TimeZone::parse(tzif({}, {}, "")).has_value());
}

TEST_CASE("zones: a source reads each file once, and none outside of its folder") {
  sim::SimFiles files;
  REQUIRE(files.write_atomic("/zones/Europe/Here", tzif({}, {{0, false}}, kEurope)).has_value());
  REQUIRE(files.write_atomic("/zones/Bad", "TZif").has_value());
  REQUIRE(files.write_atomic("/secret", tzif({}, {{0, false}}, kEurope)).has_value());
  const std::unique_ptr<ZoneSource> source = make_zone_source(files, "/zones");
  CHECK((*source->find("Europe/Here"))->at(kSummer2024).offset == 7'200);
  REQUIRE(files.remove("/zones/Europe/Here").has_value());
  CHECK(source->find("Europe/Here").has_value());
  CHECK(source->find("Europe/There").error().what == "unknown time zone Europe/There");
  CHECK(source->find("Bad").error().code == Code::corrupt);
  for (const char* name : {"../secret", "/secret", "Europe/../../secret", "", "a//b", "a/", ".",
                           "Europe\\Here", "zone.tab"}) {
    CAPTURE(name);
    CHECK(source->find(name).error().what == "time: invalid location name");
  }
}

TEST_CASE("zones: fixed offsets need no files") {
  struct Row {
    const char* name;
    std::int32_t offset;
    const char* shown;
  };
  const Row rows[] = {{"UTC", 0, "UTC"},
                      {"GMT", 0, "GMT"},
                      {"Etc/GMT+5", -5 * 3'600, "-05"},
                      {"Etc/GMT-14", 14 * 3'600, "+14"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto zone = TimeZone::known_without_files(row.name);
    REQUIRE(zone != nullptr);
    CHECK(zone->at(0).offset == row.offset);
    CHECK(zone->at(0).name == row.shown);
  }
  for (const char* name : {"Etc/GMT+13", "Etc/GMT-15", "Etc/GMT+05", "Etc/GMT5", "Europe/Berlin"}) {
    CAPTURE(name);
    CHECK(TimeZone::known_without_files(name) == nullptr);
  }
}

}  // namespace mc::builtin
