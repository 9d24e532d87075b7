// A budget that is changed for a time: whose, which limit, to how much, from when until when, why.
//
//   Override            one of them, with what became of it
//   check()             whether it may be asked for
//   overridden()        the settings of a scope, with one of its limits changed
//   OwnLimits           all limits of a tenant as they are at a time, and where each comes from
//
// Pure. Who keeps them, and records them before they take effect: override_desk.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "budget/limits.h"

namespace mc::budget {

struct PlanSettings;  // settings.h

inline constexpr Nanos kOverrideMax = seconds(24LL * 3'600);       // from its beginning to its end
inline constexpr Nanos kOverrideAheadMax = seconds(7LL * 86'400);  // from now to its beginning
inline constexpr std::int64_t kFactorMin = 1, kFactorMax = 1'000'000;  // thousandths
// What makes a limit more than this many times as large takes two people.
inline constexpr std::int64_t kAloneTimes = 3;
inline constexpr std::size_t kNoteBytesMax = 300;
inline constexpr std::size_t kTicketBytesMax = 64;
inline constexpr std::int64_t kOverridesOpenMax = 100;   // of a tenant: pending and active ones
inline constexpr std::int64_t kOverridesShownMax = 200;  // of a tenant, all open ones among them

// Why; fixed, so that they can be counted.
inline constexpr std::string_view kOverrideReasons[] = {
    "incident", "planned-event", "migration", "customer-request", "load-test", "abuse", "mistake"};

enum class OverrideState : std::uint8_t { pending, active, expired, revoked, refused };
std::string_view name_of(OverrideState state);
std::optional<OverrideState> override_state_of(std::string_view name);
std::optional<Scope> scope_of(std::string_view name);

struct Override {
  std::string id;  // "ovr_..."
  std::string tenant;
  Scope scope = Scope::tenant;  // tenant, tenant_route, tenant_user: of each user of the tenant
  std::string route;            // the path of a tenant_route, else ""
  Dimension dimension = Dimension::requests;
  // One of the two: the limit in the units of its setting (requests a second, seats, credits a
  // day), or thousandths of what the plan says.
  std::optional<std::int64_t> amount, factor;
  WallTime from, until;  // in force at `from`, no more at `until`
  std::string reason;    // one of kOverrideReasons
  std::string note;      // the reason in words, one line
  std::string ticket;
  OverrideState state = OverrideState::pending;
  std::string asked_by;  // principal@tenant
  WallTime asked;
  std::string approved_by;  // "" when nobody else had to
  std::string ended_by;     // who revoked or refused it
  WallTime changed;         // when its state was last changed
  // The limit without it and with it, when it was asked for or approved; none = no limit.
  std::optional<std::int64_t> before, after;
  std::int64_t record = 0;  // of the ledger, in the tenant's log, that came before its effect
  std::int64_t version = 1;
  bool operator==(const Override&) const = default;

  bool holds(WallTime now) const {
    return state == OverrideState::active && from <= now && now < until;
  }
};

// "1.5" is 1500; `invalid` names the field: a decimal of 0.001 to 1000, at most three digits behind
// the point.
Result<std::int64_t> parse_factor(std::string_view text);
std::string print_factor(std::int64_t thousandths);  // as short as it goes: "1.5", "3"

// What is asked for, at this time. `invalid` names the field and its limit. check_limit() looks at
// scope, route, amount and factor alone.
Status check_limit(const Override& wanted);
Status check(const Override& wanted, WallTime now);

// The dimension's setting, as its name is in the configuration.
std::optional<std::int64_t>& amount_in(LimitSettings& settings, Dimension dimension);

// `settings` of a scope with the override's limit in it. A factor rounds down, to at least 1; a
// rate's burst follows its amount. `invalid` names the field: a factor of a limit that is none, or
// an amount that a limit cannot have (Limits::make).
Result<LimitSettings> overridden(const LimitSettings& settings, const Override& by);

// Of a tenant, at a time.
struct OwnLimits {
  struct Source {
    Scope scope = Scope::tenant;
    std::size_t route = 0;
    Dimension dimension = Dimension::requests;
    std::string id = {};
    WallTime until = {};
  };
  Limits tenant, users;                                // users: of each of them
  std::vector<Limits> routes;                          // by index
  std::map<std::string, Limits, std::less<>> classes;  // those of the plan, never overridden
  bool has_routes = false;
  std::vector<Source> sources;  // of those limits that an override has changed
  WallTime until;               // when the next override begins or ends

  const Source* find(Scope scope, std::size_t route, Dimension dimension) const;
};

// Those of the plan (null = none) with the overrides that hold now: of those of one scope and
// dimension the last. What makes no limit, as the plan has none to multiply any more, changes
// nothing. `rules` are in the order in which they begin.
OwnLimits own_limits(const PlanSettings* plan, std::span<const Override> rules,
                     const std::vector<std::string>& paths, WallTime now);

// In the order in which they begin, and of the same moment in that of their records: what begins
// later wins. Stable.
void sort_by_beginning(std::vector<Override>& rules);

}  // namespace mc::budget
