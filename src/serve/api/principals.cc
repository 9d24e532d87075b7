#include <algorithm>

#include "api/handlers.h"
#include "api/wire.h"

namespace mc::api {
namespace {

using identity::Role;
using identity::Scope;

// How long a link that a person asked for lasts.
constexpr Nanos kLinkLifetime = seconds(15LL * 60);

bool gives_power(const identity::Flags<Role>& roles) {
  return roles.has(Role::operator_) || roles.has(Role::platform);
}

// Access stands for its principal with all roles, so who may not give a role gives no access of
// somebody who has it.
Result<identity::Principal> find_principal(const AdminWorld& world, const AdminRequest& request,
                                           const TenantId& tenant, const std::string& id) {
  MC_TRY(const std::vector<identity::Principal> people, world.directory.principals(tenant));
  const auto found = std::find_if(people.begin(), people.end(),
                                  [&](const auto& person) { return person.id.get() == id; });
  if (found == people.end()) {
    return fail(Code::not_found,
                "no principal '" + excerpt(id) + "' in tenant '" + excerpt(tenant.get()) + "'");
  }
  if (gives_power(found->roles) && !request.caller->reads_other_tenants()) {
    return fail(Code::denied, "access of operators and platform engineers is given by operators");
  }
  return *found;
}

// Access that is given has no scope that the caller lacks. Telling of alerts and logging signatures
// are less than writing.
Status check_scopes(const AdminRequest& request, const identity::Flags<Scope>& given) {
  const bool writes = request.caller->scopes.has(Scope::admin_write);
  for (const Scope scope : {Scope::query, Scope::mutate, Scope::introspect, Scope::admin_read,
                            Scope::admin_write, Scope::metrics, Scope::alerts, Scope::signatures}) {
    const bool lesser = scope == Scope::alerts || scope == Scope::signatures;
    const bool covered = lesser && writes;
    if (given.has(scope) && !covered && !request.caller->scopes.has(scope)) {
      return fail(Code::denied, "scope '" + std::string(identity::scope_name(scope)) +
                                    "' is more than the caller has");
    }
  }
  return ok();
}

Status check_live_token(const AdminWorld& world, const TenantId& tenant, const std::string& id) {
  MC_TRY(const std::vector<identity::Token> all, world.directory.tokens(tenant));
  const bool live = std::any_of(all.begin(), all.end(), [&](const identity::Token& token) {
    return token.id == id && !token.revoked;
  });
  if (live) return ok();
  return fail(Code::not_found, "no live token '" + excerpt(id) + "'");
}

json::Value optional_time(const std::optional<WallTime>& time) {
  return time ? json::Value(format_rfc3339(*time)) : json::Value();
}

}  // namespace

Reply list_principals(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY([[maybe_unused]] const identity::Tenant held, world.directory.tenant(tenant));
  MC_TRY(const auto all, world.directory.principals(tenant));
  return json_reply(200, page(all));
}

Reply create_principal(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_writes(request, tenant));
  MC_TRY([[maybe_unused]] const identity::Tenant held, world.directory.tenant(tenant));
  MC_TRY(const PrincipalBody body, read_body<PrincipalBody>(request));
  MC_TRY(const identity::Flags<Role> roles, identity::parse_roles(body.roles));
  if (gives_power(roles) && !request.caller->reads_other_tenants()) {
    return fail(Code::denied, "the roles operator and platform are given by operators only");
  }
  if (auto refused = challenge(world, request)) return std::move(*refused);
  identity::Principal principal{tenant, PrincipalId(body.id), body.name, roles, "active", {}};
  if (request.dry_run) return json_reply(200, json::Value(to_json(principal)));
  MC_TRY(const identity::Principal created, world.directory.create_principal(principal));
  return json_reply(201, json::Value(to_json(created)));
}

Reply create_link(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_writes(request, tenant));
  MC_TRY(const identity::Principal whom, find_principal(world, request, tenant, request.path[3]));
  MC_TRY_OK(check_scopes(request, identity::scopes_of(whom.roles)));
  if (auto refused = challenge(world, request)) return std::move(*refused);
  if (request.dry_run) return json_reply(200, json::Value(json::Object()));
  MC_TRY(const identity::IssuedLink issued,
         world.directory.issue_link(tenant, whom.id, kLinkLifetime));
  json::Object out;
  out.set("path", "/sign-in#" + std::string(issued.link.reveal(RevealToken())));
  out.set("expires_at", format_rfc3339(issued.expires));
  return json_reply(201, json::Value(std::move(out)));
}

Reply list_tokens(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  if (!administers(*request.caller, tenant) && !request.caller->roles.has(Role::auditor)) {
    return fail(Code::denied, "role tenant-admin or auditor is required");
  }
  MC_TRY([[maybe_unused]] const identity::Tenant held, world.directory.tenant(tenant));
  MC_TRY(const auto all, world.directory.tokens(tenant));
  return json_reply(200, page(all));
}

Reply create_token(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_writes(request, tenant));
  MC_TRY(const TokenBody body, read_body<TokenBody>(request));
  MC_TRY(const identity::Flags<Scope> scopes, identity::parse_scopes(body.scopes));
  MC_TRY_OK(check_scopes(request, scopes));
  MC_TRY([[maybe_unused]] const identity::Principal whom,
         find_principal(world, request, tenant, body.principal));
  if (auto refused = challenge(world, request)) return std::move(*refused);
  const identity::NewToken wanted{
      tenant, PrincipalId(body.principal), scopes, body.purposes, body.lifetime, body.note};
  if (request.dry_run) return json_reply(200, json::Value(json::Object()));
  MC_TRY(const identity::IssuedToken issued, world.directory.issue(wanted));
  json::Object out = to_json(issued.info);
  out.set("token", json::Value(issued.token.reveal(RevealToken())));
  return json_reply(201, json::Value(std::move(out)));
}

Reply revoke_token(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_writes(request, tenant));
  if (request.dry_run) {
    MC_TRY_OK(check_live_token(world, tenant, request.path[3]));
  } else {
    MC_TRY_OK(world.directory.revoke(tenant, request.path[3]));
  }
  return empty_reply();
}

json::Object to_json(const identity::Principal& principal) {
  json::Object out;
  out.set("tenant", principal.tenant.get());
  out.set("id", principal.id.get());
  out.set("name", principal.name);
  out.set("roles", identity::join(principal.roles));
  out.set("state", principal.state);
  out.set("created_at", format_rfc3339(principal.created));
  return out;
}

json::Object to_json(const identity::Token& token) {
  json::Object out;
  out.set("tenant", token.tenant.get());
  out.set("id", token.id);
  out.set("principal", token.principal.get());
  out.set("scopes", identity::join(token.scopes));
  out.set("purposes", token.purposes);
  out.set("created_at", format_rfc3339(token.created));
  out.set("expires_at", format_rfc3339(token.expires));
  out.set("revoked_at", optional_time(token.revoked));
  out.set("last_used_at", optional_time(token.last_used));
  out.set("note", token.note);
  return out;
}

}  // namespace mc::api
