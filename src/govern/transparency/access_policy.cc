#include "transparency/access_policy.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "config/config.h"
#include "json/describe.h"

template <>
struct mc::json::Describe<mc::transparency::WithoutWarrant> {
  using T = mc::transparency::WithoutWarrant;
  static constexpr auto names = std::array{Name{"alert", T::alert}, Name{"deny", T::deny}};
};
template <>
struct mc::json::Describe<mc::transparency::AccessRule> {
  using T = mc::transparency::AccessRule;
  static constexpr auto fields = std::tuple{
      Field{"action",
            &T::action,
            "Method and path as in the API's description; a * at its end fits all that follows",
            {.min = 1, .max = 200, .required = true}},
      Field{"without_warrant", &T::without_warrant, "What happens without a warrant"},
  };
};
template <>
struct mc::json::Describe<mc::transparency::AccessPolicy> {
  using T = mc::transparency::AccessPolicy;
  static constexpr std::string_view title = "Access policy";
  static constexpr auto fields = std::tuple{
      Field{"without_warrant", &T::without_warrant, "Of all actions that no rule names"},
      Field{"actions", &T::actions, "Rules; the first that fits counts"},
  };
};

namespace mc::transparency {
namespace {

constexpr std::string_view kEverywhere = "local";

bool fits(std::string_view pattern, std::string_view action) {
  if (!pattern.ends_with('*')) return pattern == action;
  return action.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

Result<AccessPolicy> parse_access_policy(std::string_view yaml, const std::string& name) {
  Result<config::Document> document = config::parse_yaml(yaml);
  if (!document) return fail(Code::invalid, name + ": " + document.error().what);
  Result<AccessPolicy> out = json::read<AccessPolicy>(document->tree);
  if (!out) return fail(Code::invalid, name + ": " + out.error().what);
  return out;
}

std::string_view reason_of(WarrantClass kind) {
  switch (kind) {
    case WarrantClass::legal:
      return "legal-process";
    case WarrantClass::support_ticket:
      return "customer-support";
    case WarrantClass::incident:
      return "incident-response";
    case WarrantClass::approval:
      return "customer-approved";
  }
  return kNoWarrant;
}

bool crosses_regions(std::string_view caller_region, std::string_view tenant_region) {
  return caller_region != kEverywhere && caller_region != tenant_region;
}

Decision decide(const AccessPolicy& policy, const Reach& reach) {
  if (reach.warrant) return {true, reason_of(reach.warrant->kind)};
  if (reach.approval_required) return {false, kApprovalRequired};
  if (crosses_regions(reach.caller_region, reach.tenant_region)) return {false, kCrossRegion};
  const auto rule =
      std::find_if(policy.actions.begin(), policy.actions.end(),
                   [&](const AccessRule& each) { return fits(each.action, reach.action); });
  const WithoutWarrant without =
      rule == policy.actions.end() ? policy.without_warrant : rule->without_warrant;
  return {without == WithoutWarrant::alert, kNoWarrant};
}

}  // namespace mc::transparency
