// The states of a tenant's key, as a machine without clock, storage or service.
//
//   pending ──good──> active <──────────────────────────────┐
//   active ──rotation begins──> rotating ──it ends──> active │ good
//   active, rotating ──unavailable──> degraded ──────────────┤
//   degraded ──grace is over──> locked ──────────────────────┤
//   any of these ──denied──> suspended by the service ───────┘
//   any but destroyed ──its tenant says so──> suspended by the tenant ──its tenant says so──>
//   active any ──destroyed──> destroyed
//
// A service that says no, and one that says nothing, are different things. After a no, nothing is
// read any more, at once. During an outage what is in the caches is served until the grace of the
// tenant is over; nothing else is. What the tenant has suspended no service's answer opens again.
//
// The grace counts from the last good answer, by the wall clock and by the monotonic one, whichever
// has moved further: a clock that is set back lengthens nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::keys {

enum class State : std::uint8_t {
  pending,
  active,
  rotating,
  degraded,
  locked,
  suspended,
  destroyed
};
std::string_view name_of(State state);
Result<State> parse_state(std::string_view name);

enum class Seen : std::uint8_t {
  good,         // the service wrapped, unwrapped or described it as enabled
  denied,       // it said no (kms::Provider, `denied`), or described it as anything but enabled
  unavailable,  // nobody knows: no answer, a quota, an answer that is not what was asked for
  suspend,      // the tenant, or somebody with its word
  resume,
  begin_rotation,
  end_rotation,
  destroyed,
  nothing,  // time has passed
};

struct Moment {
  WallTime wall{};
  MonoTime mono{};
  bool operator==(const Moment&) const = default;
};

inline constexpr Nanos kGraceMax = seconds(2 * 3'600);
inline constexpr Nanos kGraceDefault = seconds(15 * 60);

struct Standing {
  State state = State::pending;
  bool by_tenant = false;  // suspended by it, so that it alone resumes
  bool rotation = false;   // one is under way
  std::string why = "";    // of the last change: an error's text, "" = none
  WallTime since{};        // of the state
  Moment good{};           // when the service last answered; zeros = never
  bool operator==(const Standing&) const = default;
};
// As it was stored, in a process that has just begun.
Standing restored(Standing stored, const Moment& now);

struct Change {
  State from = State::pending;
  State to = State::pending;
  bool evict = false;  // whatever is cached of this tenant goes at once
  bool operator==(const Change&) const = default;
};
// What `seen` makes of it. Nothing: the state is as it was. `grace` 0 to kGraceMax.
std::optional<Change> advance(Standing& standing, Seen seen, const Moment& now, Nanos grace,
                              std::string_view why = "");

// Whether data may be read and written now.
enum class Door : std::uint8_t {
  open,    // the service may be asked
  cached,  // from the caches alone, and nothing new is made
  closed,  // `denied`, code cmk_suspended, cmk_destroyed or cmk_pending
  locked,  // `unavailable`, code cmk_unavailable; later it may open
};
Door door(const Standing& standing);
// "cmk_suspended" ...; "" where it is not closed.
std::string_view refusal_code(const Standing& standing);
// What is left of the grace; nothing unless degraded.
std::optional<Nanos> grace_left(const Standing& standing, const Moment& now, Nanos grace);

}  // namespace mc::keys
