// What a desk of taps keeps, and its file: the taps in force, the events that are not recorded yet,
// the newest serial number of each key that signs orders. Private to the module.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "tap/tap.h"

namespace mc::tap {

inline constexpr std::size_t kSpoolMax = 1'000;  // events that wait for the ledger
inline constexpr std::size_t kSerialsMax = 64;
inline constexpr std::size_t kStateBytesMax = 8 << 20;

enum class Act : std::uint8_t { set, lift, expire };
std::string_view name_of(Act act);

// What happened to a tap, as it is recorded.
struct Event {
  Act act = Act::set;
  Tap tap;  // as it was set
  WallTime effective;
  std::string by, way;
  std::string purpose;     // "" = not stated
  std::string request_id;  // "" = none
  bool operator==(const Event&) const = default;
};

struct State {
  std::vector<Tap> taps;                        // in the order in which they were set
  std::vector<Event> spool;                     // the oldest first
  std::map<std::string, std::int64_t> serials;  // by the id of the key
  bool operator==(const State&) const = default;
};

std::string print_state(const State& state);
// `corrupt` names what is wrong: only what print_state() writes is taken, and what check() takes.
Result<State> parse_state(std::string_view text);

}  // namespace mc::tap
