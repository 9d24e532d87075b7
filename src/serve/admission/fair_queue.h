// Who is next: start-time fair queueing (Goyal, Vin, Cheng 1996) between tenants, exact.
//
// Each tenant that waits has a queue of its own. A tenant has a start tag in virtual time; the one
// with the lowest goes next, virtual time becomes its tag, and the tag moves on by cost / weight.
// Who begins to wait starts at virtual time at least, so that nobody saves up by being away, and
// none of n tenants that wait gets less than its share by more than one request.
//
// What a request cost is estimated here and corrected by settle(). Inside a tenant the oldest goes
// first; in lifo mode the newest, as in a standing queue the oldest are those nobody waits for.
//
// Bounded: when all queues together are full, the newest of the queue that is longest for its
// weight goes, which may be the one that came. Of one thread; time is given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::admission {

struct FairQueueLimits {
  std::size_t waiting_max = 10'000;
  std::size_t of_tenant_max = 1'000;
  Nanos wait_max = millis(250);
};
inline constexpr std::uint32_t kWeightMax = 1'000;
inline constexpr std::uint32_t kCostMax = 1'000;  // of a request, in seats

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
    MonoTime deadline;  // it is of no use from then on
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
  // Those that have waited as long as anybody may.
  void expire(MonoTime now, std::vector<std::uint64_t>& expired);
  // A request of the tenant has cost more than was estimated, or less.
  void settle(std::string_view tenant, std::int64_t more);
  // A client has left; false when it waits no longer.
  bool remove(const Place& place);
  // Nothing runs and nothing waits: what was had before counts no longer.
  void rest();
  void set_lifo(bool lifo) { lifo_ = lifo; }

  std::size_t size() const;
  std::size_t size_of(std::string_view tenant) const;
  std::size_t tenants() const;  // that are remembered
  std::size_t bytes() const;    // about, of all that is kept

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool lifo_ = false;
};

}  // namespace mc::admission
