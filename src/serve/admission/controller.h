// Who runs now, who waits and who is turned away: seats, fair queues and shedding in one.
//
// Of each request that arrives the controller says `runs`, `waits` or `refused`. Each that was not
// refused ends exactly once: it runs and is given to finish(), it is withdrawn while it waits, or
// it is among `ended` of some call. Each call may start or end others: what became of them is in
// `Effects`, and is to be acted upon after the call, by the caller, on any thread. That of a
// request can be told to another thread before arrive() has returned to this one: its token must be
// known to everybody by then.
//
// Threads: any. One lock, held for some hundred nanoseconds; nothing of the caller's is called.
//
// Seats. There are as many as the limiter finds (limiter.h); a request takes 1 to 10 of them. Each
// tenant that was seen within `idle` is guaranteed its part of them by weight, one request at
// least. What it does not use others borrow: nothing borrowed is taken away, it comes back as it
// ends. While a tenant is idle but not yet for `idle`, `lend_pct` of its part is lent and the rest
// kept, into which such a tenant goes without waiting. Nobody may use more than `tenant_pct`.
//
// Waiting. Four classes with a FairQueue each. `system` goes first, is never shed and may use any
// seat; the others share seats 8 : 2 : 1 where all have something to do, and have a Cursor each:
// exports that wait shed no interactive request. Inside a class tenants share by weight, and what
// is shared is time on seats: a guess by what the tenant's last ones took when it starts, settled
// when it ends. What ran while nobody waited is not charged.
//
// A wide request that is next and does not fit holds back those behind it: it would never fit else.
//
// Time is given; one that goes back counts as the latest there was. Memory: 128 bytes for each
// request here, some 300 for each tenant with requests here or seen within `idle`.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "admission/settings.h"
#include "base/base.h"

namespace mc::admission {

enum class Class : std::uint8_t { system, interactive, batch, exports };
inline constexpr std::size_t kClasses = 4;
inline constexpr std::uint32_t kSeatsOfRequestMax = 10;

// clamp(ceil(cost / unit), 1, 10); a unit below 1 is 1.
std::uint32_t seats_for(std::int64_t cost, std::int64_t unit);

struct Arrival {
  std::uint64_t token = 0;  // the caller's; comes back in Effects
  std::string_view tenant;
  std::uint32_t weight = 1;    // of its plan, 1 to kWeightMax; what is beyond counts as the bound
  std::uint32_t priority = 0;  // of its plan, 0 to kPriorityMax; the highest is shed last
  Class in = Class::interactive;
  std::uint32_t seats = 1;        // 1 to kSeatsOfRequestMax, see seats_for()
  std::uint32_t route_class = 0;  // of what takes equally long without load; see limiter.h
  MonoTime now;
  MonoTime deadline{INT64_MAX};  // of no use from then on
};

// A request here, from arrive() until it has ended. Others are refused by every call.
struct Ticket {
  std::uint32_t slot = 0, round = 0;  // no ticket has round 0
  bool operator==(const Ticket&) const = default;
};

enum class Answer : std::uint8_t { runs, waits, refused };
enum class Why : std::uint8_t {
  none,
  late,         // its deadline has passed
  shed,         // it stands below the cursor
  queue_full,   // everybody's
  tenant_full,  // its tenant's
  expired,      // it has waited too long
  evicted,      // another took its place in a full queue
};
std::string_view why_name(Why why);

struct Arrived {
  Answer answer = Answer::refused;
  Why why = Why::none;
  Ticket ticket;
};

// What became of requests that waited. Calls append; the caller clears, and keeps the memory.
struct Effects {
  struct Started {
    std::uint64_t token = 0;
    Nanos waited;
    Ticket ticket;  // may be told here before arrive() has returned it
  };
  struct Ended {
    std::uint64_t token = 0;
    Why why = Why::none;
    Nanos waited;
  };
  std::vector<Started> started;  // each run now, and are to be given to finish()
  std::vector<Ended> ended;
  MonoTime next_tick{INT64_MAX};  // tick() has something to do then, not before; set by each call
  void clear() {
    started.clear();
    ended.clear();
  }
};

struct Finish {
  MonoTime now;
  Nanos service{-1};        // of what stands behind us alone; below 0 = since it was started
  bool ok = true;           // it was answered, in time; not the client's fault or leaving
  bool measured = true;     // its time says something of the service behind
  std::uint32_t seats = 0;  // what it turned out to be worth; 0 = as it was said
};

struct ClassSnapshot {
  std::int64_t seats = 0;  // in use
  std::uint64_t waiting = 0, standing_tenants = 0;
  double cursor = 0;  // 0 = nobody is shed, kLevels = all
  bool strict = false, overloaded = false;
};
// Counts are since the start. Nothing here is of a single tenant.
struct Snapshot {
  std::int64_t seats = 0, in_use = 0, kept = 0;
  std::array<ClassSnapshot, kClasses> classes;
  bool lifo = false;             // some tenant's newest go first
  Nanos waited_p50, waited_p99;  // of those that started, in the last 10 to 20 s
  std::uint64_t arrived = 0, runs_at_once = 0, runs_after_wait = 0, finished = 0, withdrawn = 0;
  std::uint64_t late = 0, shed = 0, full = 0, expired = 0, evicted = 0;
  std::size_t tenants = 0, bytes = 0;
  PressureParts pressure;  // as it was reported last
  bool pressed = false;    // overload by pressure
  bool in_vain = false;    // it is, and shedding does not help: nobody is shed for it
};
struct TenantSnapshot {
  std::int64_t guaranteed = 0, in_use = 0, most = 0;  // seats
  std::uint64_t waiting = 0;
  std::uint32_t weight = 0;
};

class Controller {
 public:
  // check(settings) has passed.
  explicit Controller(const Settings& settings = {});
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  Arrived arrive(const Arrival& arrival, Effects& effects);
  // What ran has ended, however it did. False, and nothing else, when it does not run.
  bool finish(Ticket ticket, const Finish& finish, Effects& effects);
  // The client of what waited has left. False when it waits no longer: it was started or has ended,
  // or some other call is about to say so.
  bool withdraw(Ticket ticket, MonoTime now, Effects& effects);
  void tick(MonoTime now, Effects& effects);

  // How the process is, about once a second; holds for five seconds, then nothing is known.
  void report(const Pressures& pressures, MonoTime now);
  // While an error budget burns too fast: half is lent, and shedding begins at half of the wait.
  void set_slo_guard(bool on);
  // Another service behind, another configuration of it: what is known of its times is not.
  void reset_limiter();

  // About as long as it takes until what waits now is gone: for Retry-After. 1 to 30 s.
  Nanos retry_after() const;
  Snapshot snapshot() const;
  // Zeros for one that is not here.
  TenantSnapshot snapshot_of(std::string_view tenant) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mc::admission
