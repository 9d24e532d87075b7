// Who is next: start-time fair queueing (Goyal, Vin, Cheng 1996) between tenants, exact.
//
// Each tenant that waits has a queue of its own. A tenant has a start tag in virtual time; the one
// with the lowest goes next, virtual time becomes its tag, and the tag moves on by cost / weight.
// Who begins to wait starts at virtual time at least, so that nobody saves up by being away, and
// none of n tenants that wait gets less than its share by more than one request. One that is
// removed leaves everything as if it had never come.
//
// What a request cost is estimated here and corrected by settle(). Inside a tenant the oldest goes
// first. In a standing queue (overload.h) the newest does, as the oldest are those nobody waits
// for: they expire after `standing.wait`, when it is the tenant's turn, but for the newest `keep`.
//
// Bounded: when all queues together are full, the last to be served of the queue that is longest
// for its weight goes, which may be the one that came. Of one thread; time is given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "admission/overload.h"
#include "base/base.h"

namespace mc::admission {

struct FairQueueLimits {
  std::size_t waiting_max = 10'000;
  std::size_t of_tenant_max = 1'000;
  Nanos wait_max = millis(250);
  StandingLimits standing{};
};
inline constexpr std::uint32_t kWeightMax = 1'000;
inline constexpr std::uint32_t kCostMax = 10'000'000;  // of a request, in the caller's unit

class FairQueue {
 public:
  explicit FairQueue(const FairQueueLimits& limits = {});
  ~FairQueue();
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  struct Waiting {
    std::uint64_t token = 0;   // the caller's
    std::uint32_t weight = 1;  // 1 to kWeightMax; the tenant's, the last one given holds
    std::uint32_t cost = 1;    // 1 to kCostMax
    MonoTime now;
    MonoTime deadline;       // it is of no use from then on
    std::uint32_t keep = 1;  // of the tenant's standing queue, 1 at least; the last one given holds
  };
  enum class Push : std::uint8_t { queued, tenant_full, full };
  struct Place {  // of a request that waits
    std::uint32_t slot = 0, round = 0;
    bool operator==(const Place&) const = default;
  };
  struct Pushed {
    Push result = Push::queued;
    Place place;
    std::optional<std::uint64_t> evicted;  // another's token, which made room
  };
  Pushed push(std::string_view tenant, const Waiting& waiting);

  struct Popped {
    std::uint64_t token = 0;
    Nanos waited;
  };
  // Those that have waited too long are in `expired`, in no order.
  std::optional<Popped> pop(MonoTime now, std::vector<std::uint64_t>& expired);
  // What pop() would give.
  std::optional<std::uint64_t> peek(MonoTime now, std::vector<std::uint64_t>& expired);
  // Those whose deadline has passed, and those that have waited as long as anybody may.
  void expire(MonoTime now, std::vector<std::uint64_t>& expired);
  // When expire() has something to do next; the end of time when nothing waits.
  MonoTime next_expiry() const;
  // A request of the tenant has cost more than was estimated, or less.
  void settle(std::string_view tenant, std::int64_t more);
  // For a request that is to run while others wait: false when the tenant is ahead of its share,
  // else it is charged as if it had waited.
  bool pass(std::string_view tenant, std::uint32_t weight, std::uint32_t cost);
  // The tenant is passed over until it is released.
  void hold(std::string_view tenant);
  void release(std::string_view tenant);
  // A client has left; false when it waits no longer. O(log tenants).
  bool remove(const Place& place);
  // Nothing runs and nothing waits: what was had before counts no longer.
  void rest();

  std::size_t size() const;
  bool runnable() const;  // somebody waits who is not held
  std::size_t size_of(std::string_view tenant) const;
  std::size_t standing() const;  // tenants whose queue is
  bool standing(std::string_view tenant) const;
  std::size_t tenants() const;  // that are remembered
  std::size_t bytes() const;    // about, of all that is kept

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mc::admission
