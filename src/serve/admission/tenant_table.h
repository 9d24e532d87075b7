// The tenants that have requests here or were seen lately, and their parts of the seats.
//
// Of one thread. Whoever has neither requests nor was seen within `idle` is forgotten.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admission/tenant_names.h"
#include "base/base.h"

namespace mc::admission {

class TenantTable {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  struct Tenant {
    std::string name;
    std::size_t hash = 0;
    std::int64_t in_use = 0;  // seats
    MonoTime over_until;      // its requests wait too long
    MonoTime idle_since;
    std::uint32_t waiting = 0;
    std::uint32_t in_kept = 0;            // that run on seats kept for such as it
    std::uint32_t seat_cost = 0;          // of its last requests, by seat; 0 = not known
    std::uint32_t weight = 0;             // 0 = not in use
    Index before = kNone, after = kNone;  // among the idle
    std::uint8_t held = 0;                // in which classes, a bit each
    bool idle = false;
    bool kept = false;  // seats are, for it
  };

  explicit TenantTable(Nanos idle) : idle_(idle) {}
  Tenant& operator[](Index at) { return tenants_[at]; }
  const Tenant& operator[](Index at) const { return tenants_[at]; }

  Index find(std::string_view name) const { return names_.find(name); }
  // Makes it when it is new. It is not forgotten before update() is called.
  Index enter(std::string_view name, std::uint32_t weight);
  // After each change of what it has here.
  void update(Index at, MonoTime now);
  // As if it had come now, for what is kept; update() says how it is.
  void keep_none(Index at) { set_kept(tenants_[at], false); }
  void forget_idle(MonoTime now);
  // When forget_idle() has something to do next.
  MonoTime next_idle() const;

  // Of `seats`, what is guaranteed to the tenant.
  std::int64_t guaranteed(Index at, std::int64_t seats) const;
  // Of `seats`, what is kept for those that are idle when they lend so many hundredths.
  std::int64_t kept(std::int64_t seats, std::int64_t lend_pct) const {
    if (kept_weight_ == 0) return 0;
    return seats * kept_weight_ * (100 - lend_pct) / (100 * weight_);
  }

  std::size_t size() const { return names_.size(); }
  std::size_t bytes() const {
    return tenants_.capacity() * sizeof(Tenant) + free_.capacity() * sizeof(Index) + names_.bytes();
  }

 private:
  void set_kept(Tenant& tenant, bool kept);
  void unlink(Index at);

  Nanos idle_;
  std::vector<Tenant> tenants_;
  std::vector<Index> free_;
  TenantNames<Tenant> names_{tenants_};
  Index first_idle_ = kNone, last_idle_ = kNone;
  std::int64_t weight_ = 0, kept_weight_ = 0;
};

}  // namespace mc::admission
