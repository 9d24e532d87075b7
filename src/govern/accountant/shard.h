// The life of a shard (grant.h). Whatever is repeated, reordered, lost or killed in between:
//   what the cell has spent + what the mother has given out elsewhere <= the mother's limit.
//
//   open_shard()     mother: durably charges the shard, and gives the grant. Asked again, the same
//   cell_settings()  cell: what its accountant is opened with; it refuses all that has no grant
//   close_shard()    cell: durably spends what is left, and gives the signed report; again, the
//                    same. `conflict` while charges are open, `unavailable` before its window
//   merge_shard()    mother: takes back what was left. Again, the same; another report of the shard
//                    is `conflict`, one that the cell has not signed is `denied`, one that does not
//                    add up to the shard, or has charges of others or twice, is `invalid`
//
// A cell's word is believed as far as its key reaches: that a report has all charges is the cell's
// signature and nothing else. What it cannot be kept from, and what the merge finds too late: a
// cell that writes itself a larger grant, and one whose database was copied or put back to an older
// state, spend more than was given (docs/adr/0043-shards.md). Thread-safe; blocks.
#pragma once

#include "accountant/accountant.h"

namespace mc::accountant {

struct Opening {
  Shard shard;
  PrincipalId opened_by;
  std::string plan = "default";  // whose limits hold
  WallTime window_start{};       // of the present window; `denied` for another
};
// The bytes are those of the grant. `exhausted` when the budget is short.
Result<ReleasedResult> open_shard(Accountant& mother, const Opening& opening);

// Plans and datasets that suit the grants, and the grants. `invalid`: two that do not go together.
Result<Settings> cell_settings(const std::vector<Grant>& grants);

Result<std::string> close_shard(Accountant& cell, const Grant& grant,
                                const crypto::SigningKey& key);

struct Merged {
  std::int64_t charges = 0;  // of the cell
  NanoEpsilon epsilon{};     // that it has spent
  AttoDelta delta{};
  NanoEpsilon epsilon_back{};  // that was left
  AttoDelta delta_back{};
  bool operator==(const Merged&) const = default;
};
Result<Merged> merge_shard(Accountant& mother, std::string_view report);

}  // namespace mc::accountant
