// What happens when the operator's people reach for a tenant's data: with a warrant, without one,
// from another region, or where the tenant wants to be asked. Part of transparency.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "transparency/warrants.h"

namespace mc::transparency {

enum class WithoutWarrant : std::uint8_t { alert, deny };

struct AccessRule {
  std::string action;  // "GET /v1/tenants/{tenant}/tokens", or a prefix with * at its end
  WithoutWarrant without_warrant = WithoutWarrant::alert;
};

// In YAML:
//   without_warrant: alert
//   actions:
//     - {action: "GET /v1/tenants/{tenant}/tokens", without_warrant: deny}
struct AccessPolicy {
  WithoutWarrant without_warrant = WithoutWarrant::alert;
  std::vector<AccessRule> actions;  // the first that fits counts
};
// `invalid` names the line or the field.
Result<AccessPolicy> parse_access_policy(std::string_view yaml, const std::string& name);

// The codes that stand in records: why the access was, or was not.
inline constexpr std::string_view kOwnData = "own-data";
inline constexpr std::string_view kContract = "contract";  // what needs no warrant
inline constexpr std::string_view kNoWarrant = "no-warrant";
inline constexpr std::string_view kApprovalRequired = "approval-required";
inline constexpr std::string_view kCrossRegion = "cross-region";
inline constexpr std::string_view kWarrantInvalid =
    "warrant-invalid";  // the named one opens nothing
inline constexpr std::string_view kHasAdministrator =
    "has-administrator";                        // who alone gives rights in the tenant
std::string_view reason_of(WarrantClass kind);  // "customer-support"

// "local" is everywhere.
bool crosses_regions(std::string_view caller_region, std::string_view tenant_region);

struct Reach {
  std::string_view action;  // as in AccessRule
  std::string_view caller_region;
  std::string_view tenant_region;
  const std::optional<Warrant>& warrant;  // that opens it
  bool approval_required = false;
};
struct Decision {
  bool allowed = false;
  std::string_view reason;
};
Decision decide(const AccessPolicy& policy, const Reach& reach);

}  // namespace mc::transparency
