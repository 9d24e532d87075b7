#include "api/admin.h"

#include <algorithm>

#include "api/wire.h"
#include "json/json.h"

namespace mc::api {
namespace {

using identity::Role;
using identity::Scope;

net::Response json_reply(int status, const json::Value& value) {
  net::Response out;
  out.status = status;
  out.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  out.body = json::print(value) + "\n";
  return out;
}

template <class T>
json::Value page(const std::vector<T>& items) {
  json::Array list;
  for (const T& item : items) list.emplace_back(to_json(item));
  json::Object out;
  out.set("items", json::Value(std::move(list)));
  out.set("next_cursor", json::Value());
  return json::Value(std::move(out));
}

bool administers(const identity::Caller& caller, const TenantId& tenant) {
  return caller.reads_other_tenants() ||
         (caller.tenant == tenant && caller.roles.has(Role::tenant_admin));
}

// 404 rather than 403: who may not know a tenant does not learn that it exists.
Status check_reads(const AdminRequest& request, const TenantId& tenant) {
  if (!request.caller.may(Scope::admin_read)) {
    return fail(Code::denied, "the token lacks the scope 'admin:read'");
  }
  if (request.caller.tenant == tenant || request.caller.reads_other_tenants()) return ok();
  return fail(Code::not_found, "no tenant '" + excerpt(tenant.get()) + "'");
}

Status check_writes(const AdminRequest& request, const TenantId& tenant) {
  MC_TRY_OK(check_reads(request, tenant));
  if (!request.caller.may(Scope::admin_write)) {
    return fail(Code::denied, "the token lacks the scope 'admin:write'");
  }
  if (administers(request.caller, tenant)) return ok();
  return fail(Code::denied, "role tenant-admin, or operator of tenant system, is required");
}

template <class T>
Result<T> read_body(const AdminRequest& request) {
  MC_TRY(const json::Value value, json::parse(request.http.body, {.bytes_max = 64 << 10}));
  return json::read<T>(value);
}

Result<net::Response> list_tenants(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_reads(request, request.caller.tenant));
  if (request.caller.reads_other_tenants()) {
    MC_TRY(const std::vector<identity::Tenant> all, world.directory.tenants());
    return json_reply(200, page(all));
  }
  MC_TRY(const identity::Tenant own, world.directory.tenant(request.caller.tenant));
  return json_reply(200, page(std::vector{own}));
}

void apply(const TenantBody& body, identity::Tenant& tenant) {
  tenant.region = body.region;
  tenant.plan = body.plan;
  tenant.retention_tier = body.retention_tier;
  tenant.licence_class = body.licence_class;
  tenant.state = body.state;
}

Result<net::Response> create_tenant(const AdminWorld& world, const AdminRequest& request) {
  if (!request.caller.reads_other_tenants() || !request.caller.may(Scope::admin_write)) {
    return fail(Code::denied, "only an operator of tenant system creates tenants");
  }
  MC_TRY(const TenantBody body, read_body<TenantBody>(request));
  identity::Tenant tenant;
  tenant.id = TenantId(body.id);
  apply(body, tenant);
  if (request.dry_run) return json_reply(200, json::Value(to_json(tenant)));
  MC_TRY(const identity::Tenant created, world.directory.create_tenant(tenant));
  net::Response out = json_reply(201, json::Value(to_json(created)));
  out.headers.emplace_back("Location", "/v1/tenants/" + created.id.get());
  return out;
}

net::Response tenant_reply(const identity::Tenant& tenant) {
  net::Response out = json_reply(200, json::Value(to_json(tenant)));
  out.headers.emplace_back("ETag", "\"" + std::to_string(tenant.version) + "\"");
  return out;
}

// A PUT-like replacement: absent fields keep their value; If-Match carries the version read.
Result<net::Response> update_tenant(const AdminWorld& world, const AdminRequest& request,
                                    const TenantId& id) {
  MC_TRY_OK(check_reads(request, id));
  if (!request.caller.reads_other_tenants() || !request.caller.may(Scope::admin_write)) {
    return fail(Code::denied, "only an operator of tenant system changes tenants");
  }
  MC_TRY(identity::Tenant tenant, world.directory.tenant(id));
  MC_TRY(const json::Value patch, json::parse(request.http.body, {.bytes_max = 64 << 10}));
  if (patch.as_object() == nullptr) return fail(Code::invalid, "the body must be a JSON object");
  json::Object merged = to_json(tenant);
  for (const char* fixed : {"id", "created_at", "version"}) merged.erase(fixed);
  for (const json::Member& member : patch.as_object()->members()) {
    merged.set(member.name, member.value);
  }
  MC_TRY(const TenantBody body, json::read<TenantBody>(json::Value(std::move(merged))));
  if (!body.id.empty() && body.id != id.get()) return fail(Code::invalid, "id cannot change");
  const std::string_view match = request.http.header("if-match");
  if (match.empty()) return fail(Code::invalid, "If-Match with the tenant's version is required");
  if (match != "\"" + std::to_string(tenant.version) + "\"") {
    return fail(Code::conflict, "the tenant has version " + std::to_string(tenant.version));
  }
  apply(body, tenant);
  if (request.dry_run) return json_reply(200, json::Value(to_json(tenant)));
  MC_TRY(const identity::Tenant updated, world.directory.update_tenant(tenant));
  return tenant_reply(updated);
}

Result<net::Response> serve_principals(const AdminWorld& world, const AdminRequest& request,
                                       const TenantId& tenant) {
  if (request.http.method == "GET") {
    MC_TRY_OK(check_reads(request, tenant));
    MC_TRY(const auto all, world.directory.principals(tenant));
    return json_reply(200, page(all));
  }
  MC_TRY_OK(check_writes(request, tenant));
  MC_TRY(const PrincipalBody body, read_body<PrincipalBody>(request));
  MC_TRY(const identity::Flags<Role> roles, identity::parse_roles(body.roles));
  if ((roles.has(Role::operator_) || roles.has(Role::platform)) &&
      !request.caller.reads_other_tenants()) {
    return fail(Code::denied, "the roles operator and platform are given by operators only");
  }
  identity::Principal principal{tenant, PrincipalId(body.id), body.name, roles, "active", {}};
  if (request.dry_run) return json_reply(200, json::Value(to_json(principal)));
  MC_TRY(const identity::Principal created, world.directory.create_principal(principal));
  return json_reply(201, json::Value(to_json(created)));
}

// A token stands for its principal with all roles, so who may not give a role gives no token of
// somebody who has it.
Status check_principal(const AdminWorld& world, const AdminRequest& request, const TenantId& tenant,
                       const std::string& id) {
  MC_TRY(const std::vector<identity::Principal> people, world.directory.principals(tenant));
  const auto found = std::find_if(people.begin(), people.end(),
                                  [&](const auto& person) { return person.id.get() == id; });
  if (found == people.end()) {
    return fail(Code::not_found,
                "no principal '" + excerpt(id) + "' in tenant '" + excerpt(tenant.get()) + "'");
  }
  if ((found->roles.has(Role::operator_) || found->roles.has(Role::platform)) &&
      !request.caller.reads_other_tenants()) {
    return fail(Code::denied, "tokens of operators and platform engineers are given by operators");
  }
  return ok();
}

Result<net::Response> create_token(const AdminWorld& world, const AdminRequest& request,
                                   const TenantId& tenant) {
  MC_TRY_OK(check_writes(request, tenant));
  MC_TRY(const TokenBody body, read_body<TokenBody>(request));
  MC_TRY(const identity::Flags<Scope> scopes, identity::parse_scopes(body.scopes));
  for (const Scope scope : {Scope::query, Scope::mutate, Scope::introspect, Scope::admin_read,
                            Scope::admin_write, Scope::metrics}) {
    if (scopes.has(scope) && !request.caller.scopes.has(scope)) {
      return fail(Code::denied, "scope '" + std::string(identity::scope_name(scope)) +
                                    "' is more than the token of the caller has");
    }
  }
  MC_TRY_OK(check_principal(world, request, tenant, body.principal));
  const identity::NewToken wanted{
      tenant, PrincipalId(body.principal), scopes, body.purposes, body.lifetime, body.note};
  if (request.dry_run) return json_reply(200, json::Value(json::Object()));
  MC_TRY(const identity::IssuedToken issued, world.directory.issue(wanted));
  json::Object out = to_json(issued.info);
  out.set("token", json::Value(issued.token.reveal(RevealToken())));
  return json_reply(201, json::Value(std::move(out)));
}

Status check_live_token(const AdminWorld& world, const TenantId& tenant, const std::string& id) {
  MC_TRY(const std::vector<identity::Token> all, world.directory.tokens(tenant));
  const bool live = std::any_of(all.begin(), all.end(), [&](const identity::Token& token) {
    return token.id == id && !token.revoked;
  });
  if (live) return ok();
  return fail(Code::not_found, "no live token '" + excerpt(id) + "'");
}

Result<net::Response> serve_tokens(const AdminWorld& world, const AdminRequest& request,
                                   const TenantId& tenant) {
  if (request.http.method == "GET" && request.path.size() == 3) {
    MC_TRY_OK(check_reads(request, tenant));
    if (!administers(request.caller, tenant) && !request.caller.roles.has(Role::auditor)) {
      return fail(Code::denied, "role tenant-admin or auditor is required");
    }
    MC_TRY(const auto all, world.directory.tokens(tenant));
    return json_reply(200, page(all));
  }
  if (request.http.method == "POST" && request.path.size() == 3) {
    return create_token(world, request, tenant);
  }
  if (request.http.method == "DELETE" && request.path.size() == 4) {
    MC_TRY_OK(check_writes(request, tenant));
    if (request.dry_run) {
      MC_TRY_OK(check_live_token(world, tenant, request.path[3]));
    } else {
      MC_TRY_OK(world.directory.revoke(tenant, request.path[3]));
    }
    net::Response out;
    out.status = 204;
    return out;
  }
  return fail(Code::not_found, "no such endpoint");
}

Result<net::Response> serve_tenants(const AdminWorld& world, const AdminRequest& request) {
  const std::string_view method = request.http.method;
  if (request.path.size() == 1) {
    if (method == "GET") return list_tenants(world, request);
    if (method == "POST") return create_tenant(world, request);
    return fail(Code::invalid, "use GET or POST");
  }
  const TenantId tenant(request.path[1]);
  if (request.path.size() == 2) {
    if (method == "PATCH") return update_tenant(world, request, tenant);
    MC_TRY_OK(check_reads(request, tenant));
    if (method != "GET") return fail(Code::invalid, "use GET or PATCH");
    MC_TRY(const identity::Tenant found, world.directory.tenant(tenant));
    return tenant_reply(found);
  }
  if (request.path[2] == "principals" && request.path.size() == 3 &&
      (method == "GET" || method == "POST")) {
    return serve_principals(world, request, tenant);
  }
  if (request.path[2] == "tokens") return serve_tokens(world, request, tenant);
  return fail(Code::not_found, "no such endpoint");
}

Result<net::Response> serve_datasets(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_reads(request, request.caller.tenant));
  json::Array list;
  if (world.catalog != nullptr) {
    const dataset::Model& model = world.catalog->model();
    for (const dataset::Dataset& held : model.datasets) {
      json::Object item;
      item.set("name", held.name);
      item.set("type", held.type);
      const dataset::Source* source = model.source(held.source);
      item.set("region", source == nullptr ? std::string() : source->region);
      item.set("licence_class", held.licence_class);
      item.set("writable", held.writable);
      item.set("columns", static_cast<std::int64_t>(held.columns.size()));
      list.emplace_back(std::move(item));
    }
  }
  json::Object out;
  out.set("items", json::Value(std::move(list)));
  out.set("next_cursor", json::Value());
  return json_reply(200, json::Value(std::move(out)));
}

Result<net::Response> serve_self(const AdminRequest& request) {
  json::Object out;
  out.set("tenant", request.caller.tenant.get());
  out.set("principal", request.caller.principal.get());
  out.set("roles", identity::join(request.caller.roles));
  out.set("scopes", identity::join(request.caller.scopes));
  out.set("purpose", request.caller.purpose);
  out.set("expires_at", format_rfc3339(request.caller.expires));
  return json_reply(200, json::Value(std::move(out)));
}

Result<net::Response> route(const AdminWorld& world, const AdminRequest& request) {
  const std::string& first = request.path.front();
  if (first == "tenants" && request.path.size() <= 4) return serve_tenants(world, request);
  if (first == "datasets" && request.path.size() == 1 && request.http.method == "GET") {
    return serve_datasets(world, request);
  }
  if (first == "self" && request.path.size() == 1 && request.http.method == "GET") {
    return serve_self(request);
  }
  return fail(Code::not_found, "no such endpoint");
}

json::Value optional_time(const std::optional<WallTime>& time) {
  return time ? json::Value(format_rfc3339(*time)) : json::Value();
}

}  // namespace

Status read_target(AdminRequest& request) {
  for (const std::string_view segment : split(request.http.path.substr(4), '/')) {
    request.path.emplace_back(segment);
  }
  if (request.http.method == "GET" || request.http.query.empty()) return ok();
  MC_TRY(const net::Headers query, net::parse_query(request.http.query));
  if (query.size() != 1 || query.front().first != "dry_run" ||
      (query.front().second != "true" && query.front().second != "false")) {
    return fail(Code::invalid, "the one query parameter is dry_run, with true or false");
  }
  request.dry_run = query.front().second == "true";
  return ok();
}

net::Response serve_locally(sys::Clock& clock, identity::Directory& directory,
                            const LocalRequest& request) {
  identity::Caller caller;
  caller.tenant = TenantId(identity::kSystemTenant);
  caller.principal = PrincipalId("local");
  caller.roles = {Role::operator_};
  caller.scopes = {Scope::query,      Scope::mutate,      Scope::introspect,
                   Scope::admin_read, Scope::admin_write, Scope::metrics};
  caller.expires = clock.wall() + seconds(60);
  net::Request http;
  http.method = request.method;
  http.target = request.path;
  const std::string_view target = request.path;
  const std::size_t question = target.find('?');
  http.path = target.substr(0, question);
  http.query = question == std::string_view::npos ? "" : target.substr(question + 1);
  for (const auto& [name, value] : request.headers) http.headers.push_back({name, value});
  http.body = request.body;
  AdminRequest admin{http, caller, "local", {}, false};
  const Status read = read_target(admin);
  if (!read) return problem(read.error(), admin.request_id);
  return serve_v1({directory, nullptr}, admin);
}

net::Response serve_v1(const AdminWorld& world, const AdminRequest& request) {
  Result<net::Response> response = route(world, request);
  return response ? std::move(*response) : problem(response.error(), request.request_id);
}

json::Object to_json(const identity::Tenant& tenant) {
  json::Object out;
  out.set("id", tenant.id.get());
  out.set("region", tenant.region);
  out.set("plan", tenant.plan);
  out.set("retention_tier", tenant.retention_tier);
  out.set("licence_class", tenant.licence_class);
  out.set("state", tenant.state);
  out.set("created_at", format_rfc3339(tenant.created));
  out.set("version", tenant.version);
  return out;
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
