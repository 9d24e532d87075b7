#include "admission/tenant_table.h"

#include <algorithm>

namespace mc::admission {

TenantTable::Index TenantTable::enter(std::string_view name, std::uint32_t weight) {
  const std::size_t hash = TenantNames<Tenant>::hash_of(name);
  Index at = names_.find(name, hash);
  if (at == kNone) {
    if (free_.empty()) {
      at = static_cast<Index>(tenants_.size());
      tenants_.emplace_back();
    } else {
      at = free_.back();
      free_.pop_back();
    }
    tenants_[at].name = name;
    tenants_[at].hash = hash;
    names_.insert(at);
  }
  Tenant& tenant = tenants_[at];
  if (tenant.weight != weight) {
    const bool kept = tenant.kept;
    set_kept(tenant, false);
    weight_ += std::int64_t{weight} - tenant.weight;
    tenant.weight = weight;
    set_kept(tenant, kept);
  }
  unlink(at);
  return at;
}

void TenantTable::update(Index at, MonoTime now) {
  Tenant& tenant = tenants_[at];
  const bool idle = tenant.in_use == 0 && tenant.waiting == 0;
  set_kept(tenant, idle || tenant.in_kept > 0);
  if (idle == tenant.idle) return;
  if (!idle) {
    unlink(at);
    return;
  }
  tenant.idle = true;
  tenant.idle_since = now;
  tenant.before = last_idle_;
  tenant.after = kNone;
  (last_idle_ == kNone ? first_idle_ : tenants_[last_idle_].after) = at;
  last_idle_ = at;
}

void TenantTable::forget_idle(MonoTime now) {
  while (first_idle_ != kNone && tenants_[first_idle_].idle_since + idle_ <= now) {
    const Index at = first_idle_;
    Tenant& tenant = tenants_[at];
    unlink(at);
    set_kept(tenant, false);
    weight_ -= tenant.weight;
    names_.erase(tenant.name);
    tenant = Tenant();
    free_.push_back(at);
  }
}

MonoTime TenantTable::next_idle() const {
  return first_idle_ == kNone ? MonoTime{INT64_MAX} : tenants_[first_idle_].idle_since + idle_;
}

std::int64_t TenantTable::guaranteed(Index at, std::int64_t seats) const {
  return std::max<std::int64_t>(1, seats * tenants_[at].weight / weight_);
}

void TenantTable::set_kept(Tenant& tenant, bool kept) {
  if (tenant.kept == kept) return;
  tenant.kept = kept;
  kept_weight_ += kept ? std::int64_t{tenant.weight} : -std::int64_t{tenant.weight};
}

void TenantTable::unlink(Index at) {
  Tenant& tenant = tenants_[at];
  if (!tenant.idle) return;
  tenant.idle = false;
  (tenant.before == kNone ? first_idle_ : tenants_[tenant.before].after) = tenant.after;
  (tenant.after == kNone ? last_idle_ : tenants_[tenant.after].before) = tenant.before;
}

}  // namespace mc::admission
