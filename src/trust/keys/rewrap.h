// Rewrapping: the data keys of a tenant under its present branch key, so that the ones before it
// are needed no more. No data is touched, and no data key changes.
//
// In pages, each in one transaction that changes a row only where it still stands as it was read:
// so it may be ended anywhere, begun again from any place, and run beside others that do the same.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/base.h"
#include "keys/keyring.h"
#include "keys/store.h"
#include "sys/sys.h"

namespace mc::keys {

inline constexpr int kRewrapPageMax = 2'000;

struct RewrapWorld {
  Keyring& keyring;
  Store& store;
  sys::Random& random;
};

struct Rewrapping {
  std::optional<std::uint64_t> after;  // the last data key that was looked at; where to go on
  std::int64_t changed = 0;            // by this page
  std::int64_t passed = 0;             // somebody else had changed them
  bool done = false;                   // nothing is left behind `after`
};

// One page of `limit` data keys, 1 to kRewrapPageMax, to the branch key of the binding. Errors of
// Keyring::branch, and of the database: nothing of the page is changed then.
Result<Rewrapping> rewrap_page(const RewrapWorld& world, const TenantId& tenant,
                               std::optional<std::uint64_t> after, int limit);

// Retires the branch keys before the binding's own, and removes those that nothing is wrapped under
// any more; gives the versions that are left because something is.
Result<std::vector<std::int64_t>> retire_branches(const RewrapWorld& world, const TenantId& tenant);

}  // namespace mc::keys
