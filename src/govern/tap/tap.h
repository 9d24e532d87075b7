// Emergency taps: what holds back some of the guarded traffic for a time, set by whoever is on
// call.
//
//   Terms       which requests, and what becomes of them
//   Tap         terms in force: until when, who set them, why
//   Body        how somebody asks for one: the same JSON over the API, on the socket, in a file
//   board.h     the taps in force, as each request meets them
//   desk.h      sets, lists, lifts, expires and records them
//
// A tap is for when nothing else works: it takes effect before it is written or recorded, and what
// could not be written or recorded is made good later. So it ends by itself, within a day.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "base/base.h"
#include "json/describe.h"

namespace mc::tap {

inline constexpr std::size_t kTapsMax = 100;                 // in force at a time
inline constexpr Nanos kLifetimeMax = seconds(24LL * 3600);  // from setting it to its end
inline constexpr std::size_t kReasonBytesMax = 300;
inline constexpr std::size_t kNameBytesMax = 256;  // of each text of a matcher, and of who set it
inline constexpr std::int64_t kRateMax = 1'000'000;
inline constexpr std::int64_t kSeatsMax = 100'000;
inline constexpr std::int64_t kPercentMax = 100;

enum class Action : std::uint8_t {
  block,             // 503
  clamp_rate,        // more operations a second than `rate`, of all that match together: 503
  clamp_seats,       // more requests at a time than `seats`, of all that match together: 503
  shed,              // `percent` of them, by chance: 503
  safelist_only,     // documents that the route has not registered: 403
  no_introspection,  // 403
  read_only,         // mutations: 403
};
inline constexpr std::size_t kActions = 7;
std::string_view name_of(Action action);  // "clamp-rate"

// Of the texts "" is any; all that are given must fit. A tap for all traffic says so.
struct Terms {
  std::string tenant;     // of the caller, also when the data are another's
  std::string route;      // its path
  std::string document;   // "sha256:<hex>" of the text
  std::string client;     // the principal that asks
  std::string operation;  // "query" or "mutation"
  std::string upstream;   // "host:port" of the route
  bool everything = false;
  Action action = Action::block;
  std::optional<std::int64_t> rate;   // of clamp-rate
  std::optional<std::int64_t> burst;  // of it: as many at once; `rate` without it
  std::optional<std::int64_t> seats;
  std::optional<std::int64_t> percent;
  std::string reason;  // for the operator's people; no caller is told
  bool operator==(const Terms&) const = default;
};
// `invalid` names the member.
Status check(const Terms& terms);
// The end of what is set at `now`: after it, by at most kLifetimeMax.
Status check_until(WallTime until, WallTime now);

struct Tap {
  std::string id;  // "tap_..."
  Terms terms;
  WallTime set, until;                 // whole milliseconds
  std::string by;                      // "otto@system", "uid:0", "key:3f0a..."
  std::string way;                     // "api", "socket", "file"
  std::optional<std::int64_t> record;  // in the log of the tenant "system"; none = not yet
  bool operator==(const Tap&) const = default;
};
bool is_tap_id(std::string_view text);

// One of `until` (RFC 3339) and `lifetime`.
struct Body : Terms {
  std::string until;
  Nanos lifetime;
};
struct Wanted {
  Terms terms;
  WallTime until;
};
// As at `now`; checked but for what only a server knows.
Result<Wanted> read_wanted(const Body& body, WallTime now);

}  // namespace mc::tap

template <>
struct mc::json::Describe<mc::tap::Action> {
  using E = mc::tap::Action;
  static constexpr auto names = std::array{Name{"block", E::block},
                                           Name{"clamp-rate", E::clamp_rate},
                                           Name{"clamp-seats", E::clamp_seats},
                                           Name{"shed", E::shed},
                                           Name{"safelist-only", E::safelist_only},
                                           Name{"no-introspection", E::no_introspection},
                                           Name{"read-only", E::read_only}};
};

namespace mc::tap {

// A struct that inherits from Terms has their fields.
template <class T>
constexpr auto term_fields() {
  using json::Field;
  constexpr json::Rules kName = {.max = kNameBytesMax};
  return std::tuple{
      Field<T, std::string>{"tenant", &T::tenant, "Of the caller", kName},
      Field<T, std::string>{"route", &T::route, "Path of the route", kName},
      Field<T, std::string>{"document", &T::document, "sha256:<hex> of the document", kName},
      Field<T, std::string>{"client", &T::client, "The principal that asks", kName},
      Field<T, std::string>{"operation", &T::operation, "query or mutation", kName},
      Field<T, std::string>{"upstream", &T::upstream, "host:port of the route's upstream", kName},
      Field<T, bool>{"everything", &T::everything, "All traffic; then nothing else is named"},
      Field<T, Action>{"action", &T::action, "What becomes of it", {.required = true}},
      Field<T, std::optional<std::int64_t>>{
          "rate", &T::rate, "Operations a second", {.min = 1, .max = kRateMax}},
      Field<T, std::optional<std::int64_t>>{
          "burst", &T::burst, "As many at once", {.min = 1, .max = kRateMax}},
      Field<T, std::optional<std::int64_t>>{
          "seats", &T::seats, "Requests at a time", {.min = 1, .max = kSeatsMax}},
      Field<T, std::optional<std::int64_t>>{
          "percent", &T::percent, "How many are refused", {.min = 1, .max = kPercentMax}},
      Field<T, std::string>{"reason",
                            &T::reason,
                            "Why, one line",
                            {.min = 1, .max = kReasonBytesMax, .required = true}}};
}

}  // namespace mc::tap

template <>
struct mc::json::Describe<mc::tap::Body> {
  using T = mc::tap::Body;
  static constexpr auto fields = std::tuple_cat(
      mc::tap::term_fields<T>(),
      std::tuple{Field{"until", &T::until, "RFC 3339; at most 24 hours ahead", {.max = 40}},
                 Field{"lifetime",
                       &T::lifetime,
                       "Or so long: 30m",
                       {.min = mc::millis(1), .max = mc::tap::kLifetimeMax}}});
};
