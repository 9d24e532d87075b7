// What nodes ask of the store that their budgets are shared in, and the rules by which it answers.
//
// The store keeps for each key a level, which drains with time (rates) or does not (windows), and a
// lease for each node: what the node may still use without asking. Nothing is charged when a lease
// is given. What a node has used of it is charged when the node says so, later than it was used,
// and what is left of a lease when it ends counts as used. Always
//
//     level + leases <= max                                                                  (1)
//
// and as charging later only makes the level higher later, the level that there would be, had each
// use been charged at its moment, never exceeds max either: in any time w all nodes together use at
// most max + rate * w. A lease that is given back unused was never charged, so that mints nothing
// (compare docs/adr/0024). Seats have leases only; those of a node that is silent are free at their
// end.
//
// Numbers are integers of at most 2^53, as scripts in Redis count in doubles: levels are in ticks
// (Shape), times of the store in microseconds. A node's ask says all that it holds, so an answer
// that is lost does no harm, and neither does an ask that arrives twice or after a later one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::share {

enum class Kind : std::uint8_t { rate, window, seats };

inline constexpr std::int64_t kTicksMax = std::int64_t{1} << 50;  // max * each
inline constexpr std::size_t kKeyMax = 512;                       // bytes
inline constexpr std::size_t kAsksMax = 512;                      // in one call
// How long the store remembers a node whose lease has ended, to take what it says late for what
// it is. For windows: as long as the key.
inline constexpr Nanos kRememberNode = seconds(60);

// How a key is counted. Nodes that disagree: the last ask counts.
struct Shape {
  Kind kind = Kind::rate;
  std::int64_t max = 0;    // burst of a rate, credits of a window, seats
  std::int64_t each = 1;   // ticks by which a credit raises the level
  std::int64_t drain = 0;  // ticks that drain in a microsecond; 0 for windows and seats
  Nanos keep = {};         // how long a window stays when nobody asks
  bool operator==(const Shape&) const = default;
};

struct Ask {
  std::string key = {};  // "{alpha}tenant:requests": what is in braces keeps keys on one server
  Shape shape;
  std::int64_t seq = 0;     // rises with each ask of this node about the key
  std::int64_t used = 0;    // by the node, since it started
  std::int64_t charge = 0;  // of what the store does not know yet of `used`, at most this
  std::int64_t held = 0;    // of its lease the node will use no more than this without asking
  std::int64_t want = 0;    // the lease that it would like to have
  std::int64_t need = 0;    // requests wait for this much beyond `held`
  std::int64_t least = 0;   // and the smallest of them for this much; less is not given
  Nanos ttl = {};           // of the lease
};

struct Reply {
  bool stale = false;            // a later ask was here before: nothing was done
  bool known = false;            // the store knew the node on this key
  std::int64_t lease = 0;        // what the node may use from now on, `held` included
  std::int64_t left = 0;         // what might be leased still
  std::int64_t eligible_us = 0;  // until `least` could be had; 0 nobody knows, -1 no time helps
  std::int64_t nodes = 0;        // with a lease on the key, this one included
  bool operator==(const Reply&) const = default;
};

// Shared by all nodes. An adapter must hold to the rules of MemoryStore (memory_store.h).
class Store {
 public:
  // As many replies as asks, in their order. `unavailable`, `corrupt`: each ask may have been
  // carried out or not, now or later.
  using Done = std::function<void(Result<std::vector<Reply>>)>;

  virtual ~Store() = default;
  // One call for many keys, never waits. `node` names the process and is never used again by
  // another. `done` comes once, on any thread, also within the call.
  virtual void ask(std::string_view node, std::vector<Ask> asks, Done done) = 0;
};

}  // namespace mc::share
