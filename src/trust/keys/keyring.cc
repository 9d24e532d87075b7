#include "keys/keyring.h"

#include <algorithm>
#include <condition_variable>
#include <set>
#include <unordered_map>

#include "kms/branch.h"

namespace mc::keys {
namespace {

constexpr int kStoreAttemptsMax = 5;  // when another server was first

tl::unexpected<Error> refusal(const Standing& standing) {
  const std::string code(refusal_code(standing));
  if (standing.state == State::locked) {
    Error error{Code::unavailable, code + ": the tenant's key service does not answer", 15};
    return tl::unexpected<Error>(std::move(error));
  }
  const char* const what = standing.state == State::pending     ? "has not answered yet"
                           : standing.state == State::destroyed ? "is destroyed"
                                                                : "is suspended";
  return fail(Code::denied, code + ": the tenant's key " + what);
}

// What an answer of a service says of its state. Nothing: it says nothing, as the fault is ours.
std::optional<Seen> seen_of(const Error& error) {
  switch (error.code) {
    case Code::denied:
    case Code::not_found:
      return Seen::denied;
    case Code::unavailable:
    case Code::corrupt:
      return Seen::unavailable;
    case Code::exhausted:  // without a time it is our own memory for keys
      return error.retry_after_s ? std::optional(Seen::unavailable) : std::nullopt;
    default:
      return std::nullopt;
  }
}

// Ids that say nothing: services keep them in clear.
kms::Context context_of(const TenantId& tenant, std::int64_t version) {
  return {{"tenant", to_hex(sys::sha256(tenant.get())).substr(0, 32)},
          {"version", std::to_string(version)}};
}

}  // namespace

struct Keyring::Tenant {
  struct Branch {
    BranchPtr key;
    MonoTime until{};
  };
  struct Data {
    DataKeyPtr key;
    MonoTime until{};
    MonoTime used{};
  };
  explicit Tenant(Binding binding) : binding(std::move(binding)) {}

  std::mutex mutex;  // of all below
  std::condition_variable opened;
  Binding binding;  // with the standing of this process
  std::shared_ptr<kms::Provider> provider;
  std::map<std::int64_t, Branch> branches;
  std::set<std::int64_t> opening;  // versions that somebody asks the service for
  std::int64_t failed = 0;         // times that it gave none, and why at last
  Error failure;
  std::unordered_map<std::uint64_t, Data> data;
  std::map<std::string, std::uint64_t> live;  // by scope
  std::int64_t era = 0;                       // grows whenever all that is kept is dropped
  MonoTime used{}, probed{};
  bool probing = false;
};

namespace {

std::string scope_key(const envelope::Scope& scope) {
  return std::to_string(static_cast<int>(scope.kind)) + ":" + std::to_string(scope.epoch) + ":" +
         scope.name;
}

}  // namespace

Keyring::Keyring(World world, const Limits& limits) : world_(std::move(world)), limits_(limits) {}
Keyring::~Keyring() = default;

Moment Keyring::now() {
  return {world_.clock.wall(), world_.clock.mono()};
}

Result<Keyring::TenantPtr> Keyring::tenant_of(const TenantId& tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = tenants_.find(tenant);
  if (found != tenants_.end()) return found->second;
  return fail(Code::not_found, "this tenant has no key of its own");
}

bool Keyring::has_key(const TenantId& tenant) const {
  const std::lock_guard lock(mutex_);
  return tenants_.contains(tenant);
}

Result<Binding> Keyring::binding(const TenantId& tenant) const {
  MC_TRY(const TenantPtr found, tenant_of(tenant));
  const std::lock_guard lock(found->mutex);
  return found->binding;
}

Status Keyring::poll() {
  using Generations = std::map<TenantId, std::int64_t>;
  MC_TRY(const Generations stored, world_.store.generations());
  std::vector<TenantId> stale;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(tenants_, [&](const auto& each) {
      if (stored.contains(each.first)) return false;
      const std::lock_guard tenant_lock(each.second->mutex);
      drop(*each.second);
      return true;
    });
    for (const auto& [tenant, generation] : stored) {
      const auto found = tenants_.find(tenant);
      if (found != tenants_.end()) {
        const std::lock_guard tenant_lock(found->second->mutex);
        if (found->second->binding.generation >= generation) continue;
      }
      stale.push_back(tenant);
    }
  }
  for (const TenantId& each : stale) {
    Result<Binding> binding = world_.store.binding(each);
    if (!binding && binding.error().code == Code::not_found) continue;
    if (!binding) return tl::unexpected<Error>(binding.error());
    adopt(*binding);
  }
  return ok();
}

// What another server has stored. Whether the service answers is what this one sees itself.
void Keyring::adopt(const Binding& stored) {
  Binding binding = stored;
  binding.standing = restored(stored.standing, now());
  TenantPtr tenant;
  {
    const std::lock_guard lock(mutex_);
    TenantPtr& place = tenants_[stored.tenant];
    if (place == nullptr) {
      place = std::make_shared<Tenant>(std::move(binding));
      return;
    }
    tenant = place;
  }
  const std::lock_guard lock(tenant->mutex);
  if (tenant->binding.generation >= stored.generation) return;
  const auto by_service = [](State state) {
    return state == State::active || state == State::rotating || state == State::degraded ||
           state == State::locked;
  };
  const Standing own = tenant->binding.standing;
  const bool other_key =
      tenant->binding.uri != stored.uri || !(tenant->binding.credentials == stored.credentials);
  tenant->binding = std::move(binding);
  Standing& standing = tenant->binding.standing;
  if (by_service(own.state) && by_service(standing.state)) {
    const bool rotation = standing.rotation;
    standing = own;
    standing.rotation = rotation;
  }
  if (other_key) tenant->provider = nullptr;
  if (other_key || door(standing) == Door::closed) drop(*tenant);
  tenant->live.clear();
}

// All that is kept of a tenant; with its mutex held.
void Keyring::drop(Tenant& tenant) {
  tenant.data.clear();
  tenant.live.clear();
  tenant.branches.clear();
  ++tenant.era;
}

// With the tenant's mutex held.
Status Keyring::may(Tenant& tenant) {
  tenant.used = world_.clock.mono();
  return check(tenant);
}

Status Keyring::check(const Tenant& tenant) {
  const Door state = door(tenant.binding.standing);
  if (state == Door::open || state == Door::cached) return ok();
  return refusal(tenant.binding.standing);
}

Result<DataKeyPtr> Keyring::find(const TenantId& id, std::uint64_t key) {
  MC_TRY(const TenantPtr tenant, tenant_of(id));
  {
    const std::lock_guard lock(tenant->mutex);
    MC_TRY_OK(may(*tenant));
    const auto found = tenant->data.find(key);
    const bool cached = door(tenant->binding.standing) == Door::cached;
    if (found != tenant->data.end() && (cached || tenant->used < found->second.until)) {
      found->second.used = tenant->used;
      found_.fetch_add(1, std::memory_order_relaxed);
      return found->second.key;
    }
  }
  MC_TRY(const StoredDataKey stored, world_.store.data_key(id, key));
  return open(*tenant, stored);
}

Result<DataKeyPtr> Keyring::open(Tenant& tenant, const StoredDataKey& stored) {
  std::int64_t era = 0;
  {
    const std::lock_guard lock(tenant.mutex);
    era = tenant.era;
  }
  MC_TRY(const BranchPtr branch, branch_of(tenant, stored.key.branch));
  MC_TRY(envelope::DataKey key, envelope::open_data_key(*branch, stored.key, world_.arena));
  opened_.fetch_add(1, std::memory_order_relaxed);
  auto kept = std::make_shared<const envelope::DataKey>(std::move(key));
  const std::lock_guard lock(tenant.mutex);
  MC_TRY_OK(may(tenant));  // it may have been shut meanwhile
  if (tenant.era != era) return kept;
  tenant.data[stored.key.id] = {kept, tenant.used + limits_.data_key_time, tenant.used};
  if (stored.live) tenant.live[scope_key(stored.key.scope)] = stored.key.id;
  return kept;
}

Result<DataKeyPtr> Keyring::current(const envelope::Scope& scope) {
  MC_TRY(const TenantPtr tenant, tenant_of(scope.tenant));
  std::optional<std::uint64_t> id;
  {
    const std::lock_guard lock(tenant->mutex);
    MC_TRY_OK(may(*tenant));
    const auto found = tenant->live.find(scope_key(scope));
    if (found != tenant->live.end()) id = found->second;
  }
  if (id) return find(scope.tenant, *id);
  MC_TRY(std::optional<StoredDataKey> stored, world_.store.live_data_key(scope));
  if (!stored) {
    Result<StoredDataKey> made = make(*tenant, scope);
    if (!made && made.error().code == Code::conflict) {  // another server has a new branch key
      MC_TRY_OK(poll());
      made = make(*tenant, scope);
    }
    MC_TRY(stored, std::move(made));
  }
  return open(*tenant, *stored);
}

Result<StoredDataKey> Keyring::make(Tenant& tenant, const envelope::Scope& scope) {
  std::int64_t version = 0;
  {
    const std::lock_guard lock(tenant.mutex);
    version = tenant.binding.branch;
  }
  MC_TRY(const BranchPtr branch, branch_of(tenant, version));
  MC_TRY(envelope::WrappedDataKey made,
         envelope::make_data_key(*branch, version, scope, world_.random));
  return world_.store.add(StoredDataKey{std::move(made), true, whole_ms(world_.clock.wall())});
}

Result<Keyring::BranchPtr> Keyring::branch(const TenantId& id, std::int64_t version) {
  MC_TRY(const TenantPtr tenant, tenant_of(id));
  {
    const std::lock_guard lock(tenant->mutex);
    MC_TRY_OK(may(*tenant));
    if (version == 0) version = tenant->binding.branch;
  }
  return branch_of(*tenant, version);
}

// As it is kept; else the service is asked, by one of all who want it.
Result<Keyring::BranchPtr> Keyring::branch_of(Tenant& tenant, std::int64_t version) {
  std::unique_lock lock(tenant.mutex);
  for (;;) {
    MC_TRY_OK(may(tenant));
    const bool cached = door(tenant.binding.standing) == Door::cached;
    const auto found = tenant.branches.find(version);
    if (found != tenant.branches.end() && (cached || tenant.used < found->second.until)) {
      return found->second.key;
    }
    if (cached) {
      return fail(Code::unavailable, "cmk_unavailable: the tenant's key service does not answer");
    }
    if (tenant.opening.insert(version).second) break;
    const std::int64_t failed_before = tenant.failed;
    tenant.opened.wait(lock, [&] { return !tenant.opening.contains(version); });
    if (tenant.failed != failed_before && !tenant.branches.contains(version)) {
      MC_TRY_OK(check(tenant));
      return tl::unexpected<Error>(tenant.failure);
    }
  }
  lock.unlock();
  Result<BranchPtr> answer = unwrap(tenant, version);
  lock.lock();
  tenant.opening.erase(version);
  if (!answer) {
    ++tenant.failed;
    tenant.failure = answer.error();
  }
  lock.unlock();
  tenant.opened.notify_all();
  return answer;
}

Result<std::shared_ptr<kms::Provider>> Keyring::provider_of(Tenant& tenant) {
  const std::lock_guard lock(tenant.mutex);
  if (tenant.provider == nullptr) {
    MC_TRY(std::unique_ptr<kms::Provider> made, world_.bind(tenant.binding));
    tenant.provider = std::move(made);
  }
  return tenant.provider;
}

// Has the service open a branch key, and keeps it.
Result<Keyring::BranchPtr> Keyring::unwrap(Tenant& tenant, std::int64_t version) {
  TenantId id;
  std::int64_t era = 0;
  {
    const std::lock_guard lock(tenant.mutex);
    id = tenant.binding.tenant;
    era = tenant.era;
    tenant.probed = world_.clock.mono();
  }
  MC_TRY(const std::vector<StoredBranch> stored, world_.store.branches(id));
  const auto at = std::ranges::find_if(stored, [&](const StoredBranch& each) {
    return each.version == version && each.holder == Holder::primary;
  });
  if (at == stored.end()) return fail(Code::corrupt, "a branch key of this tenant is missing");
  MC_TRY(const std::shared_ptr<kms::Provider> provider, provider_of(tenant));
  calls_.fetch_add(1, std::memory_order_relaxed);
  const Result<cipher::HeldKey> opened =
      kms::unwrap_branch(*provider, at->wrapped, context_of(id, version), world_.arena,
                         world_.clock.mono() + limits_.call_time);
  if (!opened) {
    if (const std::optional<Seen> seen = seen_of(opened.error())) {
      saw(tenant, *seen, opened.error().what);
    }
    const std::lock_guard lock(tenant.mutex);
    MC_TRY_OK(check(tenant));
    return fail(Code::unavailable, "cmk_unavailable: " + opened.error().what);
  }
  MC_TRY(envelope::BranchKey key, envelope::BranchKey::make(opened->view(), world_.arena));
  if (key.commitment() != at->commitment) {
    saw(tenant, Seen::unavailable, "the service gave another branch key than was stored");
    return fail(Code::unavailable, "cmk_unavailable: the service gave another key");
  }
  saw(tenant, Seen::good, "");
  auto kept = std::make_shared<const envelope::BranchKey>(std::move(key));
  const std::lock_guard lock(tenant.mutex);
  MC_TRY_OK(check(tenant));
  if (tenant.era == era) {
    tenant.branches[version] = {kept, world_.clock.mono() + limits_.branch_time};
  }
  return kept;
}

void Keyring::saw(Tenant& tenant, Seen seen, const std::string& why) {
  const Result<Binding> done = advance_and_store(tenant, seen, why);
  static_cast<void>(done);  // it holds in this process at once; others see it themselves
}

// A change holds in this process at once, also when it cannot be stored.
Result<Binding> Keyring::advance_and_store(Tenant& tenant, Seen seen, const std::string& why) {
  std::optional<Change> change;
  Binding binding;
  {
    const std::lock_guard lock(tenant.mutex);
    const Standing before = tenant.binding.standing;
    change = advance(tenant.binding.standing, seen, now(), tenant.binding.grace, why);
    if (change && change->evict) drop(tenant);
    const Standing& after = tenant.binding.standing;
    binding = tenant.binding;
    const bool said = before.by_tenant != after.by_tenant || before.rotation != after.rotation;
    if (!change && !said) return binding;
  }
  for (int attempt = 0; attempt < kStoreAttemptsMax; ++attempt) {
    Result<Binding> stored = world_.store.update(binding);
    if (stored) {
      const std::lock_guard lock(tenant.mutex);
      tenant.binding.generation = std::max(tenant.binding.generation, stored->generation);
      binding.generation = stored->generation;
      break;
    }
    const bool faster = stored.error().code == Code::conflict;
    const bool last = attempt + 1 == kStoreAttemptsMax;
    if (!faster || last) return tl::unexpected<Error>(stored.error());
    // Somebody else has changed it: what is said now is said of that.
    MC_TRY(Binding there, world_.store.binding(binding.tenant));
    if (there.standing.state == State::destroyed) return there;
    const Standing standing = binding.standing;
    binding = std::move(there);
    if (binding.standing.by_tenant && seen != Seen::resume) return binding;
    binding.standing = standing;
  }
  if (change) world_.changed(binding, *change);
  return binding;
}

Result<Binding> Keyring::say(const TenantId& id, Seen seen, const std::string& why) {
  MC_TRY(const TenantPtr tenant, tenant_of(id));
  return advance_and_store(*tenant, seen, why);
}

Result<std::int64_t> Keyring::renew_branch(const TenantId& id) {
  MC_TRY(const TenantPtr tenant, tenant_of(id));
  Binding binding;
  {
    const std::lock_guard lock(tenant->mutex);
    binding = tenant->binding;
  }
  if (binding.standing.state != State::pending && door(binding.standing) != Door::open) {
    return refusal(binding.standing);
  }
  MC_TRY(const std::vector<StoredBranch> stored, world_.store.branches(id));
  const std::int64_t version = stored.empty() ? 1 : stored.back().version + 1;
  MC_TRY(cipher::HeldKey root, world_.arena.take());
  world_.random.fill(root.bytes());
  MC_TRY(const std::shared_ptr<kms::Provider> provider, provider_of(*tenant));
  calls_.fetch_add(1, std::memory_order_relaxed);
  Result<kms::Wrapped> wrapped = kms::wrap_branch(*provider, root.view(), context_of(id, version),
                                                  world_.clock.mono() + limits_.call_time);
  if (!wrapped) {
    if (const std::optional<Seen> seen = seen_of(wrapped.error())) {
      saw(*tenant, *seen, wrapped.error().what);
    }
    return tl::unexpected<Error>(wrapped.error());
  }
  MC_TRY(envelope::BranchKey key, envelope::BranchKey::make(root.view(), world_.arena));
  StoredBranch branch;
  branch.version = version;
  branch.uri = binding.uri;
  branch.wrapped = std::move(*wrapped);
  branch.commitment = key.commitment();
  branch.made = whole_ms(world_.clock.wall());
  MC_TRY_OK(world_.store.add(id, branch));
  // What it has wrapped it also has to open, before anything depends on it.
  MC_TRY([[maybe_unused]] const BranchPtr opened, unwrap(*tenant, version));
  MC_TRY_OK(use_branch(*tenant, version));
  return version;
}

Status Keyring::use_branch(Tenant& tenant, std::int64_t version) {
  for (int attempt = 0; attempt < kStoreAttemptsMax; ++attempt) {
    TenantId id;
    {
      const std::lock_guard lock(tenant.mutex);
      id = tenant.binding.tenant;
    }
    MC_TRY(Binding binding, world_.store.binding(id));
    binding.branch = std::max(binding.branch, version);
    binding.last_rotated = whole_ms(world_.clock.wall());
    const Result<Binding> stored = world_.store.update(binding);
    if (stored) {
      const std::lock_guard lock(tenant.mutex);
      tenant.binding.branch = stored->branch;
      tenant.binding.last_rotated = stored->last_rotated;
      tenant.binding.generation = std::max(tenant.binding.generation, stored->generation);
      return ok();
    }
    if (stored.error().code != Code::conflict) return tl::unexpected<Error>(stored.error());
  }
  return fail(Code::conflict, "this tenant's key is being changed by somebody else");
}

std::vector<TenantId> Keyring::due() {
  std::vector<TenantId> out;
  const MonoTime time = world_.clock.mono();
  const std::lock_guard lock(mutex_);
  for (const auto& [id, tenant] : tenants_) {
    const std::lock_guard tenant_lock(tenant->mutex);
    const Standing& standing = tenant->binding.standing;
    const bool quiet =
        standing.state == State::destroyed || standing.by_tenant || tenant->binding.branch == 0;
    const bool idle = time - tenant->used > limits_.idle_after && standing.state == State::active;
    if (quiet || idle || tenant->probing) continue;
    if (time - tenant->probed >= limits_.probe_every) out.push_back(id);
  }
  return out;
}

void Keyring::probe(const TenantId& id) {
  const Result<TenantPtr> tenant = tenant_of(id);
  if (!tenant) return;
  std::int64_t version = 0;
  {
    const std::lock_guard lock((*tenant)->mutex);
    if ((*tenant)->probing) return;
    (*tenant)->probing = true;
    version = (*tenant)->binding.branch;
  }
  static_cast<void>(unwrap(**tenant, version));  // what it found is stored and told
  const std::lock_guard lock((*tenant)->mutex);
  (*tenant)->probing = false;
}

void Keyring::tick() {
  std::vector<TenantPtr> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, tenant] : tenants_) all.push_back(tenant);
  }
  const MonoTime time = world_.clock.mono();
  std::vector<MonoTime> uses;
  for (const TenantPtr& tenant : all) {
    saw(*tenant, Seen::nothing, "its service has not answered within the grace");
    const std::lock_guard lock(tenant->mutex);
    if (door(tenant->binding.standing) == Door::cached) continue;  // what is kept is all there is
    const auto gone = [&](const auto& each) { return each.second.until <= time; };
    std::erase_if(tenant->data, gone);
    std::erase_if(tenant->branches, gone);
    for (const auto& [id, data] : tenant->data) uses.push_back(data.used);
  }
  if (uses.size() <= limits_.data_keys_max) return;
  const auto nth = uses.begin() + static_cast<std::ptrdiff_t>(uses.size() - limits_.data_keys_max);
  std::nth_element(uses.begin(), nth, uses.end());
  for (const TenantPtr& tenant : all) {
    const std::lock_guard lock(tenant->mutex);
    std::erase_if(tenant->data, [&](const auto& each) { return each.second.used < *nth; });
  }
}

Kept Keyring::kept() const {
  Kept out;
  const std::lock_guard lock(mutex_);
  out.tenants = static_cast<std::int64_t>(tenants_.size());
  for (const auto& [id, tenant] : tenants_) {
    const std::lock_guard tenant_lock(tenant->mutex);
    out.branch_keys += static_cast<std::int64_t>(tenant->branches.size());
    out.data_keys += static_cast<std::int64_t>(tenant->data.size());
  }
  out.found = found_;
  out.opened = opened_;
  out.calls = calls_;
  return out;
}

}  // namespace mc::keys
