// Where a tenant's data may lie, and where it may be worked on. Part of residency.h.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "json/describe.h"

namespace mc::residency {

// The region of a tenant that is bound to none; of a source or a server it says as little as "".
inline constexpr std::string_view kAnywhere = "local";
inline constexpr std::size_t kRegionBytesMax = 63;
inline constexpr std::size_t kPermittedMax = 16;  // regions of one tenant beside its own

bool is_stated(std::string_view region);  // it names a place

// What becomes of data whose source does not say where it is.
enum class Unstated : std::uint8_t { allow, deny };

struct TenantRegions {
  std::string tenant;
  std::vector<std::string> regions;
};

// In YAML:
//   permitted: [{tenant: alpha, regions: [eu-central-1]}]
//   unstated: deny
struct ResidencyConfig {
  std::vector<TenantRegions> permitted = {};
  Unstated unstated = Unstated::allow;
  bool probes = true;
  std::int64_t proofs_max = 2'208;  // of a tenant, kept here; 92 days of hours
  Status check() const;
};

enum class Answer : std::uint8_t {
  permitted,
  source_outside,   // the data lie in a region that is none of the tenant's
  node_outside,     // this server stands in one
  source_unstated,  // where the data lie is not known, and Unstated::deny holds
};
std::string_view answer_name(Answer answer);  // "source-outside"
// As it stands in records: "cross-region", "region-unstated".
std::string_view reason_of(Answer answer);

struct Places {
  std::string_view tenant;  // the tenant's region
  std::string_view source;  // where the data lie
  std::string_view node;    // where they are worked on
};

// Whether the tenant's data may lie in `source` and be read and written from `node`. `permitted`
// are regions beside the tenant's own. A server that does not say where it stands is anywhere; two
// regions are the same when their texts are.
Answer permits(const Places& places, std::span<const std::string> permitted, Unstated unstated);

// The same with what is configured. Immutable; any thread.
class Regions {
 public:
  // `node`: where this server stands.
  Regions(const ResidencyConfig& config, std::string node);
  Answer judge(const TenantId& tenant, std::string_view tenant_region,
               std::string_view source_region) const;
  // The same for data that were read from another place.
  Answer judge(const TenantId& tenant, const Places& places) const;
  std::span<const std::string> permitted(const TenantId& tenant) const;
  const std::string& node() const { return node_; }
  Unstated unstated() const { return unstated_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> permitted_;  // by tenant, sorted
  Unstated unstated_;
  std::string node_;
};

}  // namespace mc::residency

template <>
struct mc::json::Describe<mc::residency::Unstated> {
  static constexpr auto names = std::array{Name{"allow", mc::residency::Unstated::allow},
                                           Name{"deny", mc::residency::Unstated::deny}};
};

template <>
struct mc::json::Describe<mc::residency::TenantRegions> {
  using T = mc::residency::TenantRegions;
  static constexpr auto fields = std::tuple{
      Field{"tenant", &T::tenant, "Whose data", {.min = 1, .max = 63, .required = true}},
      Field{"regions",
            &T::regions,
            "Where they may lie too",
            {.min = 1, .max = mc::residency::kPermittedMax, .required = true}},
  };
};

template <>
struct mc::json::Describe<mc::residency::ResidencyConfig> {
  using T = mc::residency::ResidencyConfig;
  static constexpr auto fields = std::tuple{
      Field{"permitted",
            &T::permitted,
            "Regions where a tenant's data may lie beside its own",
            {.max = 10'000}},
      Field{"unstated", &T::unstated, "Data of a source that does not say where it is"},
      Field{"probes", &T::probes, "Prove every hour, per tenant, where its data lie"},
      Field{"proofs_max",
            &T::proofs_max,
            "Proofs of a tenant that are kept; older ones are deleted",
            {.min = 1, .max = 100'000}},
  };
};
