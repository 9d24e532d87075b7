// How often a tenant's data were read and written, and from where to where. Part of residency.h.
//
// Whoever runs statements for a tenant counts them here, once a request; the proof of the hour has
// the sums. Thread-safe; a count costs one short lock that requests of few other tenants share.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::residency {

// Statements of one request, or the sums of a time.
struct Traffic {
  std::string src;  // where this server stands
  std::string dst;  // where the data lie
  std::int64_t reads = 0;
  std::int64_t writes = 0;
  bool operator==(const Traffic&) const = default;
};

class ResidencyCounts {
 public:
  // `dst` comes from the model and `src` from the configuration, so there are few pairs.
  void add(const TenantId& tenant, const Traffic& traffic);
  // Since the last take_all(), sorted by src and dst.
  std::vector<Traffic> of(const TenantId& tenant) const;
  using All = std::map<std::string, std::vector<Traffic>>;  // by tenant
  All take_all();                                           // and begins anew

 private:
  static constexpr std::size_t kShards = 16;
  struct Shard {
    Guarded<All> all;
  };
  std::array<Shard, kShards> shards_;
};

// Adds to the entry of the same places, or makes it; keeps the order of of().
void add_traffic(std::vector<Traffic>& sums, const Traffic& traffic);

}  // namespace mc::residency
