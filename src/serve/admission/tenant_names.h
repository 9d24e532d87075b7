// Tenants by name: open addressing, with a part of the hash beside each, so that hardly any but the
// right one is looked at. The tenants themselves, which have a `name`, are somebody else's.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace mc::admission {

template <class Tenant>
class TenantNames {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  explicit TenantNames(const std::vector<Tenant>& tenants) : tenants_(tenants), slots_(kLeast) {}
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

  static std::size_t hash_of(std::string_view name) { return std::hash<std::string_view>()(name); }
  Index find(std::string_view name) const { return find(name, hash_of(name)); }
  Index find(std::string_view name, std::size_t hash) const {
    const std::size_t at = place_of(name, hash);
    return at == slots_.size() ? kNone : slots_[at].tenant;
  }
  void insert(Index tenant) {
    if (++size_ * 2 > slots_.size()) rebuild(slots_.size() * 2);
    put(tenant);
  }
  // Those behind it move up, as if it had never been there.
  void erase(std::string_view name) {
    std::size_t hole = place_of(name, hash_of(name));
    if (hole == slots_.size()) return;
    --size_;
    for (std::size_t at = next(hole); slots_[at].tenant != kNone; at = next(at)) {
      const std::size_t home = hash_of(tenants_[slots_[at].tenant].name) & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = {};
    if (slots_.size() > kLeast && size_ * 16 < slots_.size()) rebuild(slots_.size() / 4);
  }

 private:
  static constexpr std::size_t kLeast = 64;
  struct Slot {
    std::uint32_t hash = 0;
    Index tenant = kNone;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  static std::uint32_t part_of(std::size_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  std::size_t place_of(std::string_view name, std::size_t hash) const {
    for (std::size_t at = hash & mask();; at = next(at)) {
      const Slot& slot = slots_[at];
      if (slot.tenant == kNone) return slots_.size();
      if (slot.hash == part_of(hash) && tenants_[slot.tenant].name == name) return at;
    }
  }
  void put(Index tenant) {
    const std::size_t hash = hash_of(tenants_[tenant].name);
    std::size_t at = hash & mask();
    while (slots_[at].tenant != kNone) at = next(at);
    slots_[at] = {part_of(hash), tenant};
  }
  void rebuild(std::size_t size) {
    std::vector<Slot> old(size);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.tenant != kNone) put(slot.tenant);
    }
  }

  const std::vector<Tenant>& tenants_;
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace mc::admission
