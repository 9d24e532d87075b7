#include "identity/names.h"

#include <algorithm>
#include <array>

#include "identity/identity.h"

namespace mc::identity {
namespace {

constexpr std::array<std::string_view, 7> kRoles = {
    "operator", "oncall", "tenant-admin", "analyst", "dpo", "platform", "auditor"};
constexpr std::array<std::string_view, 8> kScopes = {
    "query",       "mutate",  "introspect",   "admin:read",
    "admin:write", "metrics", "alerts:write", "signatures:write"};

template <class E, std::size_t N>
Result<E> parse(std::string_view what, const std::array<std::string_view, N>& names,
                std::string_view text) {
  std::string known;
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<E>(i);
    known.append(i == 0 ? "" : ", ").append(names[i]);
  }
  return fail(Code::invalid, std::string(what) + " '" + excerpt(text) + "' is none of " + known);
}

template <class E, std::size_t N>
std::string join_names(const Flags<E>& flags, const std::array<std::string_view, N>& names) {
  std::string out;
  for (std::size_t i = 0; i < N; ++i) {
    if (!flags.has(static_cast<E>(i))) continue;
    out.append(out.empty() ? "" : ",").append(names[i]);
  }
  return out;
}

template <class E, class Parse>
Result<Flags<E>> parse_flags(std::string_view text, Parse parse_one) {
  Flags<E> out;
  for (const std::string_view part : split(text, ',')) {
    MC_TRY(const E value, parse_one(trim(part)));
    out.add(value);
  }
  return out;
}

}  // namespace

std::string_view role_name(Role role) {
  return kRoles[static_cast<std::size_t>(role)];
}
std::string_view scope_name(Scope scope) {
  return kScopes[static_cast<std::size_t>(scope)];
}
Result<Role> parse_role(std::string_view name) {
  return parse<Role>("role", kRoles, name);
}
Result<Scope> parse_scope(std::string_view name) {
  return parse<Scope>("scope", kScopes, name);
}
std::string join(const Flags<Role>& roles) {
  return join_names(roles, kRoles);
}
std::string join(const Flags<Scope>& scopes) {
  return join_names(scopes, kScopes);
}
Result<Flags<Role>> parse_roles(std::string_view text) {
  return parse_flags<Role>(text, parse_role);
}
Result<Flags<Scope>> parse_scopes(std::string_view text) {
  return parse_flags<Scope>(text, parse_scope);
}

std::string_view sign_in_method_name(SignInMethod method) {
  return method == SignInMethod::link ? "link" : "oidc";
}

Flags<Scope> scopes_of(const Flags<Role>& roles) {
  Flags<Scope> out = {Scope::query, Scope::admin_read};
  const auto any = [&](std::initializer_list<Role> wanted) {
    return std::any_of(wanted.begin(), wanted.end(), [&](Role role) { return roles.has(role); });
  };
  if (any({Role::operator_, Role::tenant_admin, Role::analyst, Role::dpo, Role::platform,
           Role::auditor})) {
    out.add(Scope::introspect);
  }
  if (any({Role::operator_, Role::tenant_admin})) {
    out.add(Scope::mutate);
    out.add(Scope::admin_write);
  }
  // What a dpo may change, budgets of privacy and exports, goes by the role. Nobody who sees all
  // tenants writes because of it.
  if (roles.has(Role::dpo) && !any({Role::platform, Role::oncall})) out.add(Scope::admin_write);
  if (any({Role::operator_, Role::oncall, Role::platform})) out.add(Scope::metrics);
  return out;
}

bool Caller::may(Scope scope) const {
  const bool writes = scope == Scope::mutate || scope == Scope::admin_write ||
                      scope == Scope::alerts || scope == Scope::signatures;
  return scopes.has(scope) && !(writes && roles.has(Role::auditor));
}

bool Caller::reads_other_tenants() const {
  return tenant.get() == kSystemTenant && (roles.has(Role::operator_) || roles.has(Role::platform));
}

}  // namespace mc::identity
