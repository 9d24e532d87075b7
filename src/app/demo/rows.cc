#include "demo/rows.h"

#include <fmt/format.h>

#include <array>

#include "demo/words.h"

namespace mc::demo {
namespace {

using Out = std::vector<sql::Param>;
constexpr std::int64_t kDay_s = 86'400;
constexpr std::int64_t kYearDays = 365;
constexpr std::int64_t kHistoryDays = 90;
constexpr std::int64_t kEnd_s = kDemoEnd.nanos / 1'000'000'000;
constexpr std::int64_t kEndDay = kEnd_s / kDay_s;

std::string id_of(std::string_view prefix, std::int64_t number) {
  return fmt::format("{}_{:07}", prefix, number + 1);
}

std::string time_text(std::int64_t seconds_since_1970) {
  return format_rfc3339(WallTime{seconds_since_1970 * 1'000'000'000});
}

std::string date_text(std::int64_t seconds_since_1970) {
  return time_text(seconds_since_1970).substr(0, 10);
}

// A braced list is evaluated from left to right, which the arguments of a call are not: with
// draws among the values only the list gives the same rows under every compiler. For the same
// reason no other expression in this file draws twice.
void append(Out& out, std::initializer_list<sql::Param> values) {
  out.insert(out.end(), values);
}

std::string text(std::string_view view) {
  return std::string(view);
}

// What each governed row carries. Sensitive rows are kept shorter.
void append_governance(Stream& stream, const Scope& scope, std::string_view sensitivity, Out& out) {
  constexpr std::string_view kLicences[] = {"Open-Data-OK", "MIT-OK", "Restricted-TOS",
                                            "Proprietary-Client", "Embargoed"};
  constexpr std::array weights = {46, 14, 24, 14, 2};
  const std::string_view licence = kLicences[stream.weighted(weights)];
  const bool sensitive = sensitivity == "sensitive" || licence == "Embargoed";
  // One row in a thousand has lost its region tag: exports of it must be blocked.
  const bool tagged = stream.below(1'000) != 0;
  std::string_view retention = "90d";
  if (!sensitive) retention = stream.percent(70) ? "365d" : "1825d";
  const std::int64_t created_day = kEndDay - stream.between(kHistoryDays, 3 * kYearDays);
  append(out, {tagged ? text(scope.tenant.region) : std::string(), text(licence), text(sensitivity),
               text(retention), time_text(created_day * kDay_s - stream.below(kDay_s))});
}

// Within the history, more by day than by night, fewer on weekends, more of late.
std::int64_t rhythm_s(Stream& stream) {
  constexpr std::array hours = {2,  1,  1,  1,  1,  2,  4, 7, 11, 13, 14, 13,
                                11, 13, 14, 13, 12, 10, 8, 7, 6,  5,  4,  3};
  const std::int64_t back = stream.percent(30) ? stream.below(14) : stream.below(kHistoryDays);
  std::int64_t day = kEndDay - 1 - back;
  const std::int64_t weekday = (day + 3) % 7;  // 1970-01-01 was a Thursday; Monday = 0
  if (weekday >= 5 && stream.percent(60)) day -= weekday - 4;
  if (day < kEndDay - kHistoryDays) day = kEndDay - kHistoryDays;
  const auto hour = static_cast<std::int64_t>(stream.weighted(hours));
  return day * kDay_s + hour * 3'600 + stream.below(3'600);
}

}  // namespace

void make_organisation(Stream& stream, const Scope& scope, std::int64_t number, Out& out) {
  constexpr std::string_view kKinds[] = {"company", "supplier", "bank", "ngo", "agency", "shell"};
  constexpr std::array weights = {58, 18, 6, 8, 5, 5};
  std::string slug;
  const std::string name = organisation_name(stream, slug);
  const Place& seat = place(stream, scope.tenant.region);
  const std::int64_t size = stream.skewed(1'000);
  const std::int64_t employees = 1 + size * stream.below(60);
  append(out, {text(scope.tenant.name), id_of("org", number),
               fmt::format("{} {}", name, seat.country == "US" ? "Inc" : "SE"),
               text(kKinds[stream.weighted(weights)]), text(seat.country), text(seat.city),
               fmt::format("{}-{}.example", slug, number + 1),
               fmt::format("{}-{:08}", seat.country, stream.below(100'000'000)), employees});
  append_governance(stream, scope, "internal", out);
}

void make_person(Stream& stream, const Scope& scope, std::int64_t number, Out& out) {
  const Word given = given_name(stream);
  const Word family = family_name(stream);
  const Place& home = place(stream, scope.tenant.region);
  const std::int64_t young_days = 18 * kYearDays + stream.below(30 * kYearDays);
  const std::int64_t age_days = young_days + stream.below(42 * kYearDays);
  const std::int64_t risk = stream.skewed(101);
  sql::Param employer;
  if (stream.percent(72)) employer = id_of("org", stream.skewed(scope.counts.organisation));
  sql::Param number_text;
  if (stream.percent(93)) number_text = phone(stream, home.country);
  append(out, {text(scope.tenant.name), id_of("per", number),
               fmt::format("{} {}", given.text, family.text),
               fmt::format("{}.{}{}@mail.example", given.slug, family.slug, number + 1),
               number_text, date_text(kEnd_s - age_days * kDay_s), national_id(stream),
               text(home.country), text(home.city), text(occupation(stream)), employer, risk,
               risk >= 55 && stream.percent(60)});
  append_governance(stream, scope, risk >= 40 ? "sensitive" : "personal", out);
  append(out, {std::int64_t{1}});
}

namespace {

std::string asset_value(Stream& stream, std::string_view kind, std::int64_t number) {
  if (kind == "domain") {
    std::string slug;
    organisation_name(stream, slug);
    return fmt::format("{}{}.example", slug, number + 1);
  }
  if (kind == "ip") {  // RFC 5737 and RFC 3849
    constexpr std::string_view kNets[] = {"192.0.2", "198.51.100", "203.0.113"};
    if (stream.percent(30)) {
      const std::int64_t net = stream.below(65'536);
      return fmt::format("2001:db8:{:x}::{:x}", net, stream.below(65'536));
    }
    const std::string_view net = stream.pick(kNets);
    return fmt::format("{}.{}", net, stream.between(1, 254));
  }
  if (kind == "vehicle") return fmt::format("XX-{:05}", stream.below(100'000));
  if (kind == "device") return fmt::format("02:00:5e:{:06x}", stream.below(1 << 24));
  const std::uint64_t high = stream.next();
  return fmt::format("{:016x}{:016x}", high, stream.next());
}

}  // namespace

void make_asset(Stream& stream, const Scope& scope, std::int64_t number, Out& out) {
  constexpr std::string_view kKinds[] = {"domain", "ip", "device", "account", "vehicle", "wallet"};
  constexpr std::array weights = {24, 26, 18, 18, 8, 6};
  const std::string_view kind = kKinds[stream.weighted(weights)];
  const std::string value = asset_value(stream, kind, number);
  sql::Param person;
  sql::Param organisation;
  if (stream.percent(64)) {
    person = id_of("per", stream.skewed(scope.counts.person));
  } else if (stream.percent(80)) {
    organisation = id_of("org", stream.skewed(scope.counts.organisation));
  }
  const std::int64_t seen = rhythm_s(stream);
  const std::int64_t trust = 20 + stream.skewed(40);
  const std::int64_t confidence = trust + stream.below(41);
  append(out,
         {text(scope.tenant.name), id_of("ast", number), text(kind), value, person, organisation,
          confidence, time_text(seen - stream.below(400) * kDay_s), time_text(seen)});
  append_governance(stream, scope, kind == "account" || kind == "wallet" ? "personal" : "internal",
                    out);
}

void make_event(Stream& stream, const Scope& scope, std::int64_t number, Out& out) {
  constexpr std::string_view kKinds[] = {
      "sign_in", "payment", "border_crossing", "message", "purchase", "sighting", "alert"};
  constexpr std::array kind_weights = {30, 18, 6, 20, 14, 8, 4};
  constexpr std::string_view kSources[] = {"open-web", "partner", "sensor", "client", "registry"};
  constexpr std::array source_weights = {34, 26, 20, 14, 6};
  constexpr std::array severity_weights = {50, 27, 14, 7, 2};
  const std::string_view kind = kKinds[stream.weighted(kind_weights)];
  const Place& where = place(stream, scope.tenant.region);
  sql::Param person;
  if (stream.percent(88)) person = id_of("per", stream.skewed(scope.counts.person));
  sql::Param asset;
  if (stream.percent(57)) asset = id_of("ast", stream.skewed(scope.counts.asset));
  const auto degrees = [&stream](int e4) {
    return static_cast<double>(e4 + stream.between(-1'500, 1'500)) / 10'000.0;
  };
  const double latitude = degrees(where.latitude_e4);
  const double longitude = degrees(where.longitude_e4);
  const std::int64_t base_cents = stream.skewed(10'000);
  const std::int64_t amount_cents = 50 + base_cents * stream.between(1, 400);
  const std::int64_t attempts = 1 + stream.skewed(9);
  const std::string_view channel = stream.percent(61) ? "mobile" : "web";
  append(out, {text(scope.tenant.name), id_of("evt", number), text(kind),
               static_cast<std::int64_t>(stream.weighted(severity_weights)) + 1,
               text(kSources[stream.weighted(source_weights)]), person, asset, text(where.country),
               text(where.city), latitude, longitude, amount_cents,
               fmt::format(R"({{"attempts":{},"channel":"{}"}})", attempts, channel),
               time_text(rhythm_s(stream))});
  append_governance(stream, scope, kind == "message" ? "sensitive" : "internal", out);
}

void make_relation(Stream& stream, const Scope& scope, std::int64_t number, Out& out) {
  constexpr std::string_view kBetween[] = {"knows", "relative_of", "calls", "pays", "shares_home"};
  constexpr std::string_view kTowards[] = {"director_of", "owns", "employed_by", "client_of"};
  const std::int64_t from = stream.skewed(scope.counts.person);
  sql::Param to_person;
  sql::Param to_organisation;
  std::string_view kind;
  if (stream.percent(66)) {
    // Never to itself: one of the others, counted on from here.
    const std::int64_t others = scope.counts.person - 1;
    to_person = id_of("per", (from + 1 + stream.skewed(others)) % scope.counts.person);
    kind = stream.pick_common(kBetween);
  } else {
    to_organisation = id_of("org", stream.skewed(scope.counts.organisation));
    kind = stream.pick_common(kTowards);
  }
  append(out, {text(scope.tenant.name), id_of("rel", number), text(kind), id_of("per", from),
               to_person, to_organisation, stream.between(1, 100),
               date_text(kEnd_s - stream.below(4'000) * kDay_s)});
  append_governance(stream, scope, "personal", out);
}

Counts counts_of(const DemoTenant& tenant, int scale) {
  const auto part = [&](std::int64_t standard) {
    const std::int64_t rows = standard * tenant.share / 100 * scale / 100;
    return rows < 2 ? 2 : rows;  // a relation needs two persons
  };
  return {part(40'000), part(6'000), part(44'000), part(90'000), part(40'000)};
}

}  // namespace mc::demo
