#include "matrix/cells.h"

#include <array>
#include <iterator>

namespace mc::matrix {
namespace {

using access::Action;
using access::ColumnFacts;
using access::WarrantFacts;
using identity::Role;

struct RoleCase {
  const char* name;
  std::vector<Role> roles;
};
const RoleCase kRoles[] = {{"none", {}},
                           {"operator", {Role::operator_}},
                           {"oncall", {Role::oncall}},
                           {"tenant-admin", {Role::tenant_admin}},
                           {"analyst", {Role::analyst}},
                           {"dpo", {Role::dpo}},
                           {"platform", {Role::platform}},
                           {"auditor", {Role::auditor}},
                           {"operator+auditor", {Role::operator_, Role::auditor}},
                           {"analyst+dpo", {Role::analyst, Role::dpo}}};

struct PurposeCase {
  const char* name;
  std::string stated;
  std::vector<std::string> granted, of_resource;
};
const PurposeCase kPurposes[] = {
    {"missing", "", {"demo", ""}, {}},
    {"unknown", "curiosity", {"curiosity"}, {"curiosity"}},
    {"of another case", "Demo", {"Demo", "demo"}, {"demo"}},
    {"not granted", "support", {"demo"}, {}},
    {"mismatch", "demo", {"demo"}, {"fraud-risk"}},
    {"neither granted nor fitting", "support", {"demo"}, {"fraud-risk"}},
    {"fine", "demo", {"fraud-risk", "demo"}, {"demo", "support"}},
    {"fine, of people", "fraud-risk", {"fraud-risk"}, {}}};

enum class WarrantCase : std::uint8_t {
  none,
  good,
  any_action,
  expired,
  revoked,
  requested,
  not_yet,
  wrong_action,
  wrong_tenant,
  unbound,
  bound_to_other,
  bound_to_namesake,
  bound_to_resource,
  bound_to_other_resource
};
const char* const kWarrants[] = {"none",
                                 "good",
                                 "any action",
                                 "expired",
                                 "revoked",
                                 "requested",
                                 "not yet",
                                 "wrong action",
                                 "wrong tenant",
                                 "unbound",
                                 "bound to other",
                                 "bound to a namesake",
                                 "bound to the resource",
                                 "bound to another resource"};

struct RegionCase {
  const char* name;
  std::string caller, tenant, node, resource;
};
const RegionCase kRegions[] = {{"same", "eu", "eu", "eu", "eu"},
                               {"caller local", "local", "eu", "eu", ""},
                               {"tenant local", "eu", "local", "eu", "local"},
                               {"all local", "local", "local", "", ""},
                               {"caller elsewhere", "us", "eu", "eu", "eu"},
                               {"server elsewhere", "eu", "eu", "us", ""},
                               {"data elsewhere", "eu", "eu", "", "us"},
                               {"data not at the server", "eu", "eu", "eu", "us"}};

struct TenantCase {
  const char* name;
  std::string caller, data;
};
const TenantCase kTenants[] = {{"own", "alpha", "alpha"},
                               {"other", "alpha", "bravo"},
                               {"operator's people", "system", "alpha"},
                               {"operator's own", "system", "system"}};

// All but `admit`, which is not of data.
constexpr Action kActionsOfData[] = {Action::read,       Action::aggregate, Action::write,
                                     Action::introspect, Action::forward,   Action::export_,
                                     Action::admin,      Action::noised,    Action::hold};
constexpr std::size_t kActions = std::size(kActionsOfData);

struct ViewCase {
  const char* name;
  std::vector<std::string> sensitivities;
  bool person, stepped_up;
};
const ViewCase kViews[] = {
    {"a machine, no columns", {}, false, false},
    {"a machine, all columns",
     {"public", "internal", "personal", "sensitive", "secret"},
     false,
     false},
    {"a person, all columns",
     {"secret", "personal", "public", "sensitive", "internal"},
     true,
     false},
    {"a proven person, odd columns", {"Public", "", "personal", "top-secret"}, true, true}};

// The numbers of a cell, the last changing fastest.
struct Numbers {
  std::size_t role, purpose, warrant, region, tenant, action, view;
};
Numbers numbers_of(std::size_t cell) {
  const auto take = [&](std::size_t count) {
    const std::size_t number = cell % count;
    cell /= count;
    return number;
  };
  Numbers out{};
  out.view = take(std::size(kViews));
  out.action = take(kActions);
  out.tenant = take(std::size(kTenants));
  out.region = take(std::size(kRegions));
  out.warrant = take(std::size(kWarrants));
  out.purpose = take(std::size(kPurposes));
  out.role = take(std::size(kRoles));
  return out;
}

std::size_t resource_number(std::size_t view, std::size_t purpose, std::size_t region) {
  return (view * std::size(kPurposes) + purpose) * std::size(kRegions) + region;
}

access::Resource make_resource(const ViewCase& view, const PurposeCase& purpose,
                               const RegionCase& region) {
  access::Resource::Facts facts;
  facts.kind = "dataset";
  facts.name = "people";
  facts.purposes = purpose.of_resource;
  facts.licence_class = "Open-Data-OK";
  facts.region = region.resource;
  for (const std::string& sensitivity : view.sensitivities) {
    const std::string name = "column" + std::to_string(facts.columns.size());
    facts.columns.push_back({name, sensitivity, "Open-Data-OK", false});
  }
  return access::Resource(std::move(facts));
}

WarrantFacts warrant_of(WarrantCase which, const access::Request& request, WallTime now) {
  const std::string tenant = request.caller.tenant.get();
  WarrantFacts out{.id = "wrt_1",
                   .kind = "support-ticket",
                   .reference = "TKT-1",
                   .status = "active",
                   .actions = {"none", std::string(action_name(request.action))},
                   .bound_to = "ada@" + tenant,
                   .expires = now + millis(1),
                   .tenant = std::string(request.tenant),
                   .effective = now};
  switch (which) {
    case WarrantCase::none:
    case WarrantCase::good:
      break;
    case WarrantCase::any_action:
      out.actions = {"*"};
      break;
    case WarrantCase::expired:
      out.expires = now;
      break;
    case WarrantCase::revoked:
      out.status = "revoked";
      break;
    case WarrantCase::requested:
      out.status = "requested";
      break;
    case WarrantCase::not_yet:
      out.effective = now + millis(1);
      break;
    case WarrantCase::wrong_action:
      out.actions = {request.action == Action::read ? "write" : "read"};
      break;
    case WarrantCase::wrong_tenant:
      out.tenant = "charlie";
      break;
    case WarrantCase::unbound:
      out.bound_to = "";
      break;
    case WarrantCase::bound_to_other:
      out.bound_to = "bob@" + tenant;
      break;
    case WarrantCase::bound_to_namesake:
      out.bound_to = "ada@charlie";
      break;
    case WarrantCase::bound_to_resource:
      out.bound_to = "dataset:people";
      break;
    case WarrantCase::bound_to_other_resource:
      out.bound_to = "dataset:orders";
      break;
  }
  return out;
}

}  // namespace

std::size_t cell_count() {
  return std::size(kRoles) * std::size(kPurposes) * std::size(kWarrants) * std::size(kRegions) *
         std::size(kTenants) * kActions * std::size(kViews);
}

std::string describe(std::size_t cell) {
  const Numbers n = numbers_of(cell);
  return std::string("role ") + kRoles[n.role].name + "; purpose " + kPurposes[n.purpose].name +
         "; warrant " + kWarrants[n.warrant] + "; region " + kRegions[n.region].name + "; tenant " +
         kTenants[n.tenant].name + "; " + std::string(action_name(kActionsOfData[n.action])) +
         " by " + kViews[n.view].name;
}

Cells::Cells(WallTime now) : now_(now) {
  for (const ViewCase& view : kViews) {
    for (const PurposeCase& purpose : kPurposes) {
      for (const RegionCase& region : kRegions) {
        resources_.push_back(make_resource(view, purpose, region));
      }
    }
  }
}

void Cells::with(std::size_t cell, const std::function<void(const access::Request&)>& use) const {
  const Numbers n = numbers_of(cell);
  const PurposeCase& purpose = kPurposes[n.purpose];
  const RegionCase& region = kRegions[n.region];
  const TenantCase& tenant = kTenants[n.tenant];
  const ViewCase& view = kViews[n.view];
  identity::Caller caller;
  caller.tenant = TenantId(tenant.caller);
  caller.principal = PrincipalId("ada");
  caller.region = region.caller;
  caller.purposes = purpose.granted;
  for (const Role role : kRoles[n.role].roles) caller.roles.add(role);
  if (view.person) caller.session_id = "ses_1";
  access::Request request{.caller = caller,
                          .purpose = purpose.stated,
                          .action = kActionsOfData[n.action],
                          .resource = resources_[resource_number(n.view, n.purpose, n.region)],
                          .tenant = tenant.data,
                          .tenant_region = region.tenant,
                          .node_region = region.node,
                          .warrant = nullptr,
                          .stepped_up = view.stepped_up,
                          .request_id = "req_1"};
  const auto which = static_cast<WarrantCase>(n.warrant);
  const WarrantFacts warrant = warrant_of(which, request, now_);
  if (which != WarrantCase::none) request.warrant = &warrant;
  use(request);
}

}  // namespace mc::matrix
