#include "residency/counts.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace mc::residency {
namespace {

std::size_t shard_of(const TenantId& tenant, std::size_t shards) {
  return std::hash<TenantId>{}(tenant) % shards;
}

}  // namespace

void add_traffic(std::vector<Traffic>& sums, const Traffic& traffic) {
  const auto place = [](const Traffic& each) { return std::tie(each.src, each.dst); };
  const auto at =
      std::lower_bound(sums.begin(), sums.end(), traffic,
                       [&](const Traffic& a, const Traffic& b) { return place(a) < place(b); });
  if (at == sums.end() || place(*at) != place(traffic)) {
    sums.insert(at, traffic);
    return;
  }
  at->reads += traffic.reads;
  at->writes += traffic.writes;
}

void ResidencyCounts::add(const TenantId& tenant, const Traffic& traffic) {
  shards_[shard_of(tenant, kShards)].all.with(
      [&](All& all) { add_traffic(all[tenant.get()], traffic); });
}

std::vector<Traffic> ResidencyCounts::of(const TenantId& tenant) const {
  return shards_[shard_of(tenant, kShards)].all.with([&](const All& all) {
    const auto found = all.find(tenant.get());
    return found == all.end() ? std::vector<Traffic>() : found->second;
  });
}

ResidencyCounts::All ResidencyCounts::take_all() {
  All out;
  for (Shard& shard : shards_) {
    out.merge(shard.all.with([](All& all) { return std::exchange(all, {}); }));
  }
  return out;
}

}  // namespace mc::residency
