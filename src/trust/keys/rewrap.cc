#include "keys/rewrap.h"

#include <map>
#include <set>

namespace mc::keys {

Result<Rewrapping> rewrap_page(const RewrapWorld& world, const TenantId& tenant,
                               std::optional<std::uint64_t> after, int limit) {
  if (limit < 1 || limit > kRewrapPageMax) {
    return fail(Code::invalid, "a page has 1 to " + std::to_string(kRewrapPageMax) + " data keys");
  }
  MC_TRY(const Binding binding, world.keyring.binding(tenant));
  MC_TRY(const auto to, world.keyring.branch(tenant, binding.branch));
  MC_TRY(const std::vector<StoredDataKey> page,
         world.store.to_rewrap(tenant, binding.branch, after, limit));
  Rewrapping out;
  out.after = page.empty() ? after : page.back().key.id;
  out.done = page.size() < static_cast<std::size_t>(limit);
  std::map<std::int64_t, std::shared_ptr<const envelope::BranchKey>> from;
  std::vector<Store::Rewrapped> changed;
  changed.reserve(page.size());
  for (const StoredDataKey& each : page) {
    auto& branch = from[each.key.branch];
    if (branch == nullptr) {
      MC_TRY(branch, world.keyring.branch(tenant, each.key.branch));
    }
    MC_TRY(envelope::WrappedDataKey moved,
           envelope::rewrap_data_key(*branch, *to, binding.branch, each.key, world.random));
    changed.push_back({each.key.branch, std::move(moved)});
  }
  if (changed.empty()) return out;
  MC_TRY(out.changed, world.store.rewrap(changed));
  out.passed = static_cast<std::int64_t>(changed.size()) - out.changed;
  return out;
}

Result<std::vector<std::int64_t>> retire_branches(const RewrapWorld& world,
                                                  const TenantId& tenant) {
  MC_TRY(const Binding binding, world.keyring.binding(tenant));
  MC_TRY(const std::vector<StoredBranch> stored, world.store.branches(tenant));
  std::set<std::int64_t> before;
  for (const StoredBranch& each : stored) {
    if (each.version < binding.branch) before.insert(each.version);
  }
  for (const std::int64_t version : before) MC_TRY_OK(world.store.retire_branch(tenant, version));
  using Counts = std::map<std::int64_t, std::int64_t>;
  MC_TRY(const Counts references, world.store.references(tenant));
  std::vector<std::int64_t> left;
  for (const std::int64_t version : before) {
    if (references.contains(version)) {
      left.push_back(version);
    } else {
      MC_TRY_OK(world.store.remove_branch(tenant, version));
    }
  }
  return left;
}

}  // namespace mc::keys
