// Opens data keys for whoever reads and writes data, and decides whether it may be done now.
//
// A branch key is opened by the customer's service, once for all who want it at the same moment,
// and kept for Limits::branch_time; data keys are opened with it here and kept for data_key_time.
// While a key is in use its service is asked every probe_every for an opening of the branch key in
// use: so a no is heard within that time whatever is kept, and keys that are used do not expire
// under a request. A no, the tenant's own word, and the end of the grace (states.h) drop all that
// is kept of the tenant at once. A change that another server has made is seen at the next poll().
//
// Nothing of one tenant is found under another's name: keys are kept by tenant first, and data keys
// are bound to their tenant (envelope/data_key.h).
//
// Errors of find() and current(): `denied` "cmk_suspended: ..." (or cmk_pending, cmk_destroyed),
// `unavailable` "cmk_unavailable: ...", `not_found`: the tenant has no key, or no such data key;
// `corrupt`: a stored key does not open. Thread-safe; blocks for the service and the database when
// a key is not kept.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/base.h"
#include "keys/states.h"
#include "keys/store.h"

namespace mc::keys {

using DataKeyPtr = std::shared_ptr<const envelope::DataKey>;

struct Limits {
  Nanos data_key_time = seconds(300);
  Nanos branch_time = seconds(900);
  Nanos probe_every = seconds(15);
  Nanos idle_after = seconds(600);      // a key that nobody used for so long is not probed
  Nanos call_time = seconds(2);         // of one call of a service
  std::size_t data_keys_max = 100'000;  // kept in all; the ones unused for longest go
};

// What is kept, for metrics.
struct Kept {
  std::int64_t tenants = 0, branch_keys = 0, data_keys = 0;
  std::int64_t found = 0, opened = 0;  // look-ups that were answered from what was kept; the others
  std::int64_t calls = 0;              // of services
};

class Keyring {
 public:
  // All outlive it. `changed` is called without locks by the thread that has found a change, after
  // it was stored.
  struct World {
    Store& store;
    cipher::KeyArena& arena;
    sys::Clock& clock;
    sys::Random& random;
    std::function<Result<std::unique_ptr<kms::Provider>>(const Binding&)> bind;
    std::function<void(const Binding&, const Change&)> changed;
  };
  Keyring(World world, const Limits& limits);
  ~Keyring();
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;

  // Takes in what the database has: bindings that are new, changed or gone. To be called about each
  // second, and once before all else.
  Status poll();
  bool has_key(const TenantId& tenant) const;
  Result<Binding> binding(const TenantId& tenant) const;  // with its standing in this process

  // To open what was sealed by it.
  Result<DataKeyPtr> find(const TenantId& tenant, std::uint64_t id);
  // To seal: the live one of the scope, which is made when there is none.
  Result<DataKeyPtr> current(const envelope::Scope& scope);
  // The branch key of a version (0: that of the binding), for those who rewrap.
  Result<std::shared_ptr<const envelope::BranchKey>> branch(const TenantId& tenant,
                                                            std::int64_t version);

  // Makes a first branch key, or the next one, has the service wrap it, and has new data keys take
  // it; gives its version. The service's answer is an observation like any other.
  Result<std::int64_t> renew_branch(const TenantId& tenant);
  // Stores and tells what somebody says, who may: suspend, resume, destroyed, a rotation.
  Result<Binding> say(const TenantId& tenant, Seen seen, const std::string& why);

  // Whose services are to be asked now, and asking one. They do not block each other.
  std::vector<TenantId> due();
  void probe(const TenantId& tenant);
  // Lets time pass: the grace, and what is kept for too long.
  void tick();
  Kept kept() const;

 private:
  struct Tenant;
  using TenantPtr = std::shared_ptr<Tenant>;
  using BranchPtr = std::shared_ptr<const envelope::BranchKey>;

  Result<TenantPtr> tenant_of(const TenantId& tenant) const;
  Moment now();
  // Both with the tenant's mutex held; the first one notes a use.
  Status may(Tenant& tenant);
  static Status check(const Tenant& tenant);
  static void drop(Tenant& tenant);
  Result<DataKeyPtr> open(Tenant& tenant, const StoredDataKey& stored);
  Result<StoredDataKey> make(Tenant& tenant, const envelope::Scope& scope);
  Result<BranchPtr> branch_of(Tenant& tenant, std::int64_t version);
  Result<BranchPtr> unwrap(Tenant& tenant, std::int64_t version);
  Status use_branch(Tenant& tenant, std::int64_t version);
  Result<std::shared_ptr<kms::Provider>> provider_of(Tenant& tenant);
  void saw(Tenant& tenant, Seen seen, const std::string& why);
  Result<Binding> advance_and_store(Tenant& tenant, Seen seen, const std::string& why);
  void adopt(const Binding& stored);

  const World world_;
  const Limits limits_;
  mutable std::mutex mutex_;  // of tenants_
  std::map<TenantId, TenantPtr> tenants_;
  std::atomic<std::int64_t> found_{0}, opened_{0}, calls_{0};
};

}  // namespace mc::keys
