#include <algorithm>

#include "api/handlers.h"
#include "api/wire.h"

namespace mc::api {
namespace {

json::Value names(std::string_view joined) {
  json::Array out;
  for (const std::string_view name : split(joined, ',')) out.emplace_back(name);
  return json::Value(std::move(out));
}

Status check_is_session(const AdminRequest& request) {
  if (!request.caller->session_id.empty()) return ok();
  return fail(Code::invalid, "the caller is a token; this is for browser sessions");
}

Result<json::Value> live_session(const AdminWorld& world, const identity::Caller& caller) {
  MC_TRY(const auto all, world.directory.sessions(caller.tenant, caller.principal));
  for (const identity::Session& session : all) {
    if (session.id != caller.session_id) continue;
    json::Object out;
    out.set("id", session.id);
    out.set("method", identity::sign_in_method_name(session.method));
    out.set("expires_at", format_rfc3339(session.expires));
    out.set("idle_expires_at", format_rfc3339(session.idle_expires()));
    return json::Value(std::move(out));
  }
  return json::Value();
}

}  // namespace

Result<json::Object> describe_session(const AdminWorld& world, const identity::Caller& caller,
                                      std::string_view cookie) {
  json::Object out;
  MC_TRY(json::Value session, live_session(world, caller));
  out.set("session", std::move(session));
  out.set("principal", caller.principal.get());
  out.set("name", caller.name);
  out.set("tenant", caller.tenant.get());
  out.set("roles", names(identity::join(caller.roles)));
  out.set("scopes", names(identity::join(caller.scopes)));
  MC_TRY(const std::vector<std::string> tenants, visible_tenants(world, caller));
  json::Array list;
  for (const std::string& tenant : tenants) list.emplace_back(tenant);
  out.set("tenants", json::Value(std::move(list)));
  out.set("csrf", cookie.empty() ? json::Value() : json::Value(identity::csrf_token(cookie)));
  json::Object server;
  server.set("version", world.version);
  server.set("time", format_rfc3339(world.clock.wall()));
  server.set("demo", world.demo);
  out.set("server", json::Value(std::move(server)));
  return out;
}

Result<std::vector<std::string>> visible_tenants(const AdminWorld& world,
                                                 const identity::Caller& caller) {
  std::vector<std::string> out = {caller.tenant.get()};
  if (!caller.reads_other_tenants()) return out;
  MC_TRY(const std::vector<identity::Tenant> all, world.directory.tenants());
  for (const identity::Tenant& tenant : all) {
    if (tenant.id != caller.tenant) out.push_back(tenant.id.get());
  }
  return out;
}

Reply get_session(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(json::Object out, describe_session(world, *request.caller, request.cookie));
  return json_reply(200, json::Value(std::move(out)));
}

Reply sign_out(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_is_session(request));
  const identity::Caller& caller = *request.caller;
  MC_TRY_OK(world.directory.end_session(caller.tenant, caller.principal, caller.session_id));
  net::Response out = empty_reply();
  out.headers.emplace_back("Set-Cookie", session_cookie(world, request, ""));
  return out;
}

Reply list_sessions(const AdminWorld& world, const AdminRequest& request) {
  const identity::Caller& caller = *request.caller;
  MC_TRY(const auto all, world.directory.sessions(caller.tenant, caller.principal));
  json::Array items;
  for (const identity::Session& session : all) {
    json::Object item = to_json(session);
    item.set("current", session.id == caller.session_id);
    items.emplace_back(std::move(item));
  }
  json::Object out;
  out.set("items", json::Value(std::move(items)));
  out.set("next_cursor", json::Value());
  return json_reply(200, json::Value(std::move(out)));
}

Reply revoke_session(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_is_session(request));
  const identity::Caller& caller = *request.caller;
  MC_TRY_OK(world.directory.end_session(caller.tenant, caller.principal, request.path[1]));
  net::Response out = empty_reply();
  if (request.path[1] == caller.session_id) {
    out.headers.emplace_back("Set-Cookie", session_cookie(world, request, ""));
  }
  return out;
}

json::Object to_json(const identity::Session& session) {
  json::Object out;
  out.set("id", session.id);
  out.set("method", identity::sign_in_method_name(session.method));
  out.set("created_at", format_rfc3339(session.created));
  out.set("last_seen_at", format_rfc3339(session.last_seen));
  out.set("expires_at", format_rfc3339(session.expires));
  out.set("idle_expires_at", format_rfc3339(session.idle_expires()));
  out.set("peer", session.peer);
  out.set("user_agent", session.user_agent);
  return out;
}

}  // namespace mc::api
