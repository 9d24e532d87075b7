#include "residency/regions.h"

#include <algorithm>
#include <set>

namespace mc::residency {
namespace {

bool is_region(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  return !text.empty() && text.size() <= kRegionBytesMax && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), good);
}

Status check_regions(const TenantRegions& entry) {
  for (const std::string& region : entry.regions) {
    if (region == kAnywhere) {
      return fail(Code::invalid, "permitted: of tenant " + excerpt(entry.tenant) +
                                     ": local is everywhere; give the tenant that region instead");
    }
    if (is_region(region)) continue;
    return fail(Code::invalid, "permitted: of tenant " + excerpt(entry.tenant) + ": region '" +
                                   excerpt(region) +
                                   "' must begin with a letter a-z and have at most " +
                                   std::to_string(kRegionBytesMax) + " of a-z 0-9 - . _");
  }
  return ok();
}

}  // namespace

bool is_stated(std::string_view region) {
  return !region.empty() && region != kAnywhere;
}

Status ResidencyConfig::check() const {
  std::set<std::string_view> tenants;
  for (const TenantRegions& entry : permitted) {
    MC_TRY_OK(check_regions(entry));
    if (tenants.insert(entry.tenant).second) continue;
    return fail(Code::invalid, "permitted: tenant " + excerpt(entry.tenant) + " is there twice");
  }
  return ok();
}

std::string_view answer_name(Answer answer) {
  switch (answer) {
    case Answer::permitted:
      return "permitted";
    case Answer::source_outside:
      return "source-outside";
    case Answer::node_outside:
      return "node-outside";
    case Answer::source_unstated:
      return "source-unstated";
  }
  return "";
}

std::string_view reason_of(Answer answer) {
  if (answer == Answer::permitted) return "permitted";
  return answer == Answer::source_unstated ? "region-unstated" : "cross-region";
}

Answer permits(const Places& places, std::span<const std::string> permitted, Unstated unstated) {
  if (places.tenant == kAnywhere) return Answer::permitted;
  const auto inside = [&](std::string_view region) {
    return region == places.tenant ||
           std::find(permitted.begin(), permitted.end(), region) != permitted.end();
  };
  if (!is_stated(places.source)) {
    if (unstated == Unstated::deny) return Answer::source_unstated;
  } else if (!inside(places.source)) {
    return Answer::source_outside;
  }
  return !is_stated(places.node) || inside(places.node) ? Answer::permitted : Answer::node_outside;
}

Regions::Regions(const ResidencyConfig& config, std::string node)
    : unstated_(config.unstated), node_(std::move(node)) {
  for (const TenantRegions& entry : config.permitted) {
    std::vector<std::string>& regions = permitted_[entry.tenant];
    regions = entry.regions;
    std::sort(regions.begin(), regions.end());
  }
}

std::span<const std::string> Regions::permitted(const TenantId& tenant) const {
  const auto found = permitted_.find(tenant.get());
  return found == permitted_.end() ? std::span<const std::string>() : found->second;
}

Answer Regions::judge(const TenantId& tenant, const Places& places) const {
  return permits(places, permitted(tenant), unstated_);
}

Answer Regions::judge(const TenantId& tenant, std::string_view tenant_region,
                      std::string_view source_region) const {
  return judge(tenant, {tenant_region, source_region, node_});
}

}  // namespace mc::residency
