#include "keys/states.h"

#include <algorithm>
#include <array>

namespace mc::keys {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"pending", "active",    "rotating", "degraded",
                                                    "locked",  "suspended", "destroyed"};

Nanos without_answer(const Standing& standing, const Moment& now) {
  return std::max({Nanos(), now.wall - standing.good.wall, now.mono - standing.good.mono});
}

State in_use(const Standing& standing) {
  return standing.rotation ? State::rotating : State::active;
}

// Where an answer leads, or none.
State after(const Standing& standing, Seen seen) {
  const State state = standing.state;
  switch (seen) {
    case Seen::good:
      return state == State::suspended && standing.by_tenant ? state : in_use(standing);
    case Seen::denied:
      return state == State::pending ? state : State::suspended;
    case Seen::unavailable:
      return state == State::active || state == State::rotating ? State::degraded : state;
    case Seen::nothing:
      return state;
    case Seen::suspend:
      return State::suspended;
    case Seen::resume:
      if (state != State::suspended || !standing.by_tenant) return state;
      return standing.good == Moment{} ? State::pending : in_use(standing);
    case Seen::begin_rotation:
    case Seen::end_rotation:
      return state == State::active || state == State::rotating ? in_use(standing) : state;
    case Seen::destroyed:
      return State::destroyed;
  }
  return state;
}

}  // namespace

std::string_view name_of(State state) {
  return kNames[static_cast<std::size_t>(state)];
}

Result<State> parse_state(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) {
    return fail(Code::corrupt, "a key has the state '" + excerpt(name) + "'");
  }
  return static_cast<State>(found - kNames.begin());
}

Standing restored(Standing stored, const Moment& now) {
  stored.good.mono = now.mono - std::max(Nanos(), now.wall - stored.good.wall);
  return stored;
}

std::optional<Change> advance(Standing& standing, Seen seen, const Moment& now, Nanos grace,
                              std::string_view why) {
  if (standing.state == State::destroyed) return std::nullopt;
  if (seen == Seen::begin_rotation) standing.rotation = true;
  if (seen == Seen::end_rotation) standing.rotation = false;
  if (seen == Seen::good) standing.good = now;
  const State from = standing.state;
  State to = after(standing, seen);
  if (to == State::degraded && without_answer(standing, now) >= grace) to = State::locked;
  if (seen == Seen::suspend) standing.by_tenant = true;
  if (seen == Seen::resume) standing.by_tenant = false;
  if (to == from) return std::nullopt;
  standing.state = to;
  standing.since = now.wall;
  standing.why = why;
  const bool shut = to == State::suspended || to == State::locked || to == State::destroyed;
  return Change{from, to, shut};
}

Door door(const Standing& standing) {
  switch (standing.state) {
    case State::active:
    case State::rotating:
      return Door::open;
    case State::degraded:
      return Door::cached;
    case State::locked:
      return Door::locked;
    default:
      return Door::closed;
  }
}

std::string_view refusal_code(const Standing& standing) {
  switch (standing.state) {
    case State::pending:
      return "cmk_pending";
    case State::suspended:
      return "cmk_suspended";
    case State::destroyed:
      return "cmk_destroyed";
    case State::locked:
      return "cmk_unavailable";
    default:
      return "";
  }
}

std::optional<Nanos> grace_left(const Standing& standing, const Moment& now, Nanos grace) {
  if (standing.state != State::degraded) return std::nullopt;
  return std::max(Nanos(), grace - without_answer(standing, now));
}

}  // namespace mc::keys
