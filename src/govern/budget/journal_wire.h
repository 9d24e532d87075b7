// Lines of an admission log as they stand in a file, member by member. Private to journal_line.cc,
// which has more of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "budget/journal_line.h"
#include "json/json.h"

namespace mc::budget::wire {

using Counts = std::map<std::string, std::int64_t>;

struct Mark {
  std::string policy;
  std::int64_t asked = 0, quota = 0, left = 0;
  std::optional<std::int64_t> eligible_at;
  std::optional<bool> warns;
};

struct Decided {
  std::string event;
  std::int64_t seq = 0, at_ns = 0, wall_ns = 0;
  std::string request;
  std::int64_t step = 0;
  std::string tenant, plan, user, route;
  std::optional<std::string> class_name;
  std::optional<std::vector<std::string>> exempt;
  Counts asked;
  std::string outcome;
  std::optional<std::int64_t> eligible_at;
  std::optional<std::vector<Mark>> against;
  std::optional<Mark> nearest;
};

struct Settled {
  std::string event;
  std::int64_t seq = 0, of = 0, at_ns = 0;
  Counts used;
};

struct Rule {
  std::string id, scope;
  std::optional<std::string> route;
  std::string dimension;
  std::optional<std::int64_t> amount, factor;
  std::int64_t from_ns = 0, until_ns = 0, asked_ns = 0;
};

struct Overridden {
  std::string event;
  std::int64_t seq = 0, at_ns = 0;
  std::string tenant;
  std::vector<Rule> rules;
};

struct Count {
  std::string scope;
  std::optional<std::string> tenant, user, plan, route, class_name;
  std::string dimension;
  std::int64_t window = 0, used = 0;
};

struct Restored {
  std::string event;
  std::int64_t seq = 0, at_ns = 0, wall_ns = 0;
  std::vector<Count> counts;
};

}  // namespace mc::budget::wire

namespace mc::json {

inline constexpr Rules kCount = {.min = 0, .max = INT64_MAX, .required = true};
inline constexpr Rules kPositiveCount = {.min = 1, .max = INT64_MAX, .required = true};
inline constexpr Rules kSince = {.min = 0, .max = budget::kJournalAgeMax.count, .required = true};
inline constexpr Rules kWall = {.min = 0, .max = budget::kJournalWallMax.nanos, .required = true};
inline constexpr Rules kName = {.max = budget::kJournalNameMax, .required = true};
inline constexpr Rules kNeeded = {.required = true};

template <>
struct Describe<budget::wire::Mark> {
  using T = budget::wire::Mark;
  using Optional = std::optional<std::int64_t>;
  static constexpr auto fields = std::tuple{Field{"policy", &T::policy, "", kName},
                                            Field{"asked", &T::asked, "", kCount},
                                            Field{"quota", &T::quota, "", kPositiveCount},
                                            Field{"left", &T::left, "", kCount},
                                            Field<T, Optional>{"eligible_at", &T::eligible_at},
                                            Field{"warns", &T::warns}};
};

template <>
struct Describe<budget::wire::Decided> {
  using T = budget::wire::Decided;
  static constexpr auto fields = std::tuple{
      Field{"event", &T::event, "", kName},
      Field{"seq", &T::seq, "", kPositiveCount},
      Field{"at_ns", &T::at_ns, "", kSince},
      Field{"wall_ns", &T::wall_ns, "", kWall},
      Field{"request", &T::request, "", kName},
      Field{"step", &T::step, "", {.min = 1, .max = budget::kJournalStepMax}},
      Field{"tenant", &T::tenant, "", kName},
      Field{"plan", &T::plan, "", kName},
      Field{"user", &T::user, "", kName},
      Field{"route", &T::route, "", kName},
      Field{"class", &T::class_name},
      Field{"exempt", &T::exempt, "", {.max = budget::kDimensions}},
      Field{"asked", &T::asked, "", kNeeded},
      Field{"outcome",
            &T::outcome,
            "",
            {.allowed = {"admitted", "warned", "denied", "denied_shared"}, .required = true}},
      Field{"eligible_at", &T::eligible_at},
      Field{"against", &T::against},
      Field{"nearest", &T::nearest}};
};

template <>
struct Describe<budget::wire::Settled> {
  using T = budget::wire::Settled;
  static constexpr auto fields =
      std::tuple{Field{"event", &T::event, "", kName}, Field{"seq", &T::seq, "", kPositiveCount},
                 Field{"of", &T::of, "", kPositiveCount}, Field{"at_ns", &T::at_ns, "", kSince},
                 Field{"used", &T::used, "", kNeeded}};
};

template <>
struct Describe<budget::wire::Rule> {
  using T = budget::wire::Rule;
  static constexpr Rules kAmount = {.min = 1, .max = INT64_MAX};
  using Optional = std::optional<std::int64_t>;
  static constexpr auto fields = std::tuple{Field{"id", &T::id, "", kName},
                                            Field{"scope", &T::scope, "", kName},
                                            Field{"route", &T::route, "", {.max = 256}},
                                            Field{"dimension", &T::dimension, "", kName},
                                            Field<T, Optional>{"amount", &T::amount, "", kAmount},
                                            Field<T, Optional>{"factor", &T::factor, "", kAmount},
                                            Field{"from_ns", &T::from_ns, "", kWall},
                                            Field{"until_ns", &T::until_ns, "", kWall},
                                            Field{"asked_ns", &T::asked_ns, "", kWall}};
};

template <>
struct Describe<budget::wire::Overridden> {
  using T = budget::wire::Overridden;
  static constexpr auto fields = std::tuple{
      Field{"event", &T::event, "", kName}, Field{"seq", &T::seq, "", kPositiveCount},
      Field{"at_ns", &T::at_ns, "", kSince}, Field{"tenant", &T::tenant, "", kName},
      Field{"rules", &T::rules, "", {.max = budget::kOverridesOpenMax, .required = true}}};
};

template <>
struct Describe<budget::wire::Count> {
  using T = budget::wire::Count;
  static constexpr Rules kOwnName = {.max = budget::kJournalNameMax};
  static constexpr Rules kWindow = {.min = 0, .max = budget::kWindowNumberMax, .required = true};
  static constexpr Rules kUsed = {.min = 1, .max = budget::kWindowUsedMax, .required = true};
  static constexpr auto fields = std::tuple{Field{"scope", &T::scope, "", kName},
                                            Field{"tenant", &T::tenant, "", kOwnName},
                                            Field{"user", &T::user, "", kOwnName},
                                            Field{"plan", &T::plan, "", kOwnName},
                                            Field{"route", &T::route, "", kOwnName},
                                            Field{"class", &T::class_name, "", kOwnName},
                                            Field{"dimension", &T::dimension, "", kName},
                                            Field{"window", &T::window, "", kWindow},
                                            Field{"used", &T::used, "", kUsed}};
};

template <>
struct Describe<budget::wire::Restored> {
  using T = budget::wire::Restored;
  static constexpr auto fields = std::tuple{
      Field{"event", &T::event, "", kName}, Field{"seq", &T::seq, "", kPositiveCount},
      Field{"at_ns", &T::at_ns, "", kSince}, Field{"wall_ns", &T::wall_ns, "", kWall},
      Field{"counts", &T::counts, "", {.max = budget::kJournalCountsMax, .required = true}}};
};

}  // namespace mc::json
