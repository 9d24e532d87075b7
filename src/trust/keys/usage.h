// How often values were opened, for whom and why: what the tenant's receipts of its key are made
// of.
//
// The key's service sees one opening of a branch key where a million values are read, so its log
// tells the tenant little. Here every value that was opened is counted, those with keys that were
// kept too, by the minute. Whoever drains them writes them into the ledger; what was counted and
// not yet drained when a process dies is lost, at most a minute of it. Thread-safe.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/base.h"

namespace mc::keys {

// Whose eyes they are for.
enum class Actor : std::uint8_t { person, machine, job, other_tenant, break_glass };
std::string_view name_of(Actor actor);

struct UseOf {
  TenantId tenant;  // whose data
  std::string dataset;
  Actor actor = Actor::person;
  std::string reason;  // the purpose that was stated, or the job's kind
  auto operator<=>(const UseOf&) const = default;
};

struct MinuteOfUse {
  WallTime minute{};  // when it began
  UseOf of;
  std::int64_t opened = 0;
  std::int64_t sealed = 0;
  std::int64_t refused = 0;  // values that stayed shut, as the key was
  bool operator==(const MinuteOfUse&) const = default;
};

class Usage {
 public:
  struct Count {
    std::int64_t opened = 0, sealed = 0, refused = 0;
  };
  // Once for a request or a batch, with all its values. More than kUsesMax different ones of a
  // minute are counted under the dataset "" of their tenant, so that nothing is left out.
  void count(WallTime at, const UseOf& of, const Count& count);
  // Of minutes that are over, the oldest first; they are not given again. `all`: the present one
  // too, at the end of a process.
  std::vector<MinuteOfUse> drain(WallTime now, bool all = false);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::int64_t, UseOf>, Count> counts_;  // by minute since 1970
};

inline constexpr std::size_t kUsesMax = 20'000;

}  // namespace mc::keys
