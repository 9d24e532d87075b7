#include "matrix/oracle.h"

#include <algorithm>

namespace mc::matrix {
namespace {

using access::Action;
using identity::Role;

bool is_one_of(const std::string& text, const std::vector<std::string>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// The list of purposes that operators may extend.
bool exists(const std::string& purpose) {
  return is_one_of(purpose, {"investigation", "threat-intel", "fraud-risk", "t&s", "benchmarking",
                             "training", "demo", "support", "export"});
}

const std::vector<Role>& all_roles() {
  static const std::vector<Role> roles = {Role::operator_, Role::oncall, Role::tenant_admin,
                                          Role::analyst,   Role::dpo,    Role::platform,
                                          Role::auditor};
  return roles;
}

// What a role is for.
bool may(Role role, Action action) {
  const bool reads = action == Action::read || action == Action::introspect;
  switch (role) {
    case Role::operator_:
      return action != Action::noised && action != Action::hold;
    case Role::tenant_admin:
      return action != Action::hold;
    case Role::oncall:
      return reads || action == Action::aggregate || action == Action::forward;
    case Role::dpo:
      return reads || action == Action::aggregate || action == Action::noised ||
             action == Action::forward || action == Action::export_ || action == Action::hold;
    case Role::analyst:
      return reads || action == Action::noised || action == Action::forward;
    case Role::platform:
      return reads || action == Action::forward || action == Action::write;
    case Role::auditor:
      return reads;
  }
  return false;
}

// A tenant's own administrators and data protection officers know its people; nobody knows secrets.
bool reads_clear(Role role, const std::string& sensitivity, const std::string& purpose) {
  if (sensitivity == "public" || sensitivity == "internal") return true;
  if (role == Role::tenant_admin || role == Role::dpo) return sensitivity != "secret";
  const bool works_with_cases =
      role == Role::analyst || role == Role::operator_ || role == Role::oncall;
  const bool needs_people = purpose == "investigation" || purpose == "fraud-risk";
  return sensitivity == "personal" && works_with_cases && needs_people;
}

bool crosses_tenants(const access::Request& request) {
  return request.caller.tenant.get() != request.tenant;
}

// Caller, tenant, server and data are in one region, as far as each is in one.
bool crosses_regions(const access::Request& request) {
  const std::string places[] = {request.caller.region, std::string(request.tenant_region),
                                std::string(request.node_region), request.resource.facts().region};
  for (const std::string& a : places) {
    for (const std::string& b : places) {
      const bool both_somewhere = !a.empty() && !b.empty() && a != "local" && b != "local";
      if (both_somewhere && a != b) return true;
    }
  }
  return false;
}

bool lies_elsewhere(const access::Request& request) {
  const std::string& data = request.resource.facts().region;
  if (data.empty() || data == "local") return false;
  if (request.node_region.empty() || request.node_region == "local") return false;
  return data != request.node_region;
}

bool is_bound(const access::WarrantFacts& warrant, const access::Request& request) {
  const std::string actor = request.caller.principal.get() + "@" + request.caller.tenant.get();
  const access::Resource::Facts& facts = request.resource.facts();
  if (warrant.bound_to.empty()) return request.caller.tenant.get() == "system";
  return warrant.bound_to == actor || warrant.bound_to == facts.kind + ":" + facts.name;
}

bool opens(const access::Request& request, WallTime now) {
  if (request.warrant == nullptr) return false;
  const access::WarrantFacts& warrant = *request.warrant;
  if (warrant.status != "active") return false;
  if (now < warrant.effective || now >= warrant.expires) return false;
  if (warrant.tenant != request.tenant) return false;
  if (!is_one_of(std::string(action_name(request.action)), warrant.actions) &&
      !is_one_of("*", warrant.actions)) {
    return false;
  }
  return is_bound(warrant, request);
}

std::set<std::string> reasons_of(const access::Request& request, WallTime now) {
  std::set<std::string> out;
  const std::string purpose(request.purpose);
  if (purpose.empty()) {
    out.insert("purpose-missing");
  } else if (!exists(purpose)) {
    out.insert("purpose-unknown");
  } else {
    if (!is_one_of(purpose, request.caller.purposes)) out.insert("purpose-not-granted");
    const std::vector<std::string>& wanted = request.resource.facts().purposes;
    if (!wanted.empty() && !is_one_of(purpose, wanted)) out.insert("purpose-mismatch");
  }
  const bool open = opens(request, now);
  if (crosses_tenants(request) && !open) out.insert("cross-tenant");
  if (crosses_regions(request) && !open) out.insert("cross-region");
  if (lies_elsewhere(request)) out.insert("region-not-here");
  if (request.warrant != nullptr && !open) out.insert("warrant-invalid");
  const auto has_action = [&](Role role) {
    return request.caller.roles.has(role) && may(role, request.action);
  };
  if (std::none_of(all_roles().begin(), all_roles().end(), has_action)) out.insert("role");
  const bool is_forbidden = request.action == Action::write || request.action == Action::admin ||
                            request.action == Action::hold;
  if (request.caller.roles.has(Role::auditor) && is_forbidden) out.insert("role-forbids");
  return out;
}

std::string mask_of(const std::string& sensitivity, const access::Request& request) {
  const bool harmless = sensitivity == "public" || sensitivity == "internal";
  const auto clear = [&](Role role) {
    if (!request.caller.roles.has(role)) return false;
    // Outside the tenant, and where data leave, nobody's person is shown.
    if (!harmless && (crosses_tenants(request) || request.action == Action::export_)) return false;
    return reads_clear(role, sensitivity, std::string(request.purpose));
  };
  const bool known = harmless || is_one_of(sensitivity, {"personal", "sensitive", "secret"});
  if (known && std::any_of(all_roles().begin(), all_roles().end(), clear)) return "keep";
  if (sensitivity == "personal") return "hash";
  if (sensitivity == "sensitive") return "partial";
  return "drop";
}

bool is_person(const identity::Caller& caller) {
  return !caller.session_id.empty() || caller.proof.has_value();
}

std::string join(const std::set<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += " " + text;
  return out;
}

}  // namespace

Judgement judge(const access::Request& request, WallTime now) {
  Judgement out;
  out.reasons = reasons_of(request, now);
  out.allow = out.reasons.empty();
  out.rules = out.reasons;
  for (const Role role : all_roles()) {
    if (request.caller.roles.has(role) && may(role, request.action)) {
      out.rules.insert("role-" + std::string(role_name(role)));
    }
  }
  for (const access::ColumnFacts& column : request.resource.facts().columns) {
    out.masks.push_back(mask_of(column.sensitivity, request));
    if (out.masks.back() != "keep") out.rules.insert("mask-" + column.sensitivity);
  }
  const bool weighty = request.action == Action::export_ || request.action == Action::admin ||
                       request.action == Action::hold;
  out.step_up = weighty && is_person(request.caller) && !request.stepped_up;
  out.alert = crosses_tenants(request);
  return out;
}

Judgement judgement_of(const access::Verdict& verdict, const access::Resource& resource) {
  Judgement out;
  out.allow = verdict.allow;
  out.reasons.insert(verdict.reasons.begin(), verdict.reasons.end());
  out.rules.insert(verdict.rule_ids.begin(), verdict.rule_ids.end());
  for (std::size_t i = 0; i < resource.facts().columns.size(); ++i) {
    const bool none = verdict.obligations.masks.empty();
    out.masks.push_back(none ? "keep" : mask::to_text(verdict.obligations.masks[i]));
  }
  if (!verdict.obligations.filterable.empty()) out.masks.emplace_back("filterable");
  out.step_up = verdict.obligations.step_up;
  out.alert = verdict.obligations.alert;
  return out;
}

std::string to_text(const Judgement& judgement) {
  std::string out = judgement.allow ? "allow" : "deny";
  out += ", reasons:" + join(judgement.reasons) + ", rules:" + join(judgement.rules) + ", masks:";
  for (const std::string& mask : judgement.masks) out += " " + mask;
  if (judgement.step_up) out += ", step up";
  if (judgement.alert) out += ", alert";
  return out;
}

}  // namespace mc::matrix
