#include "api/handlers.h"

namespace mc::api {
namespace {

json::Object to_json(const notify::Alert& alert) {
  json::Object out;
  out.set("fingerprint", alert.fingerprint);
  out.set("name", alert.name);
  out.set("severity", alert.severity);
  out.set("state", alert.firing ? "firing" : "resolved");
  out.set("labels", json::Value(alert.labels));
  out.set("annotations", json::Value(alert.annotations));
  out.set("starts_at", format_rfc3339(alert.starts));
  out.set("ends_at", alert.ends ? json::Value(format_rfc3339(*alert.ends)) : json::Value());
  out.set("received_at", format_rfc3339(alert.received));
  return out;
}

template <class T, class Use>
Result<T> with_inbox(const AdminWorld& world, const Use& use) {
  return with_state<T>(world, [&](sql::Connection& connection) {
    notify::AlertInbox inbox(connection, world.clock, *world.random);
    return use(inbox);
  });
}

}  // namespace

Reply list_alerts(const AdminWorld& world, const AdminRequest& request) {
  const TenantId& tenant = request.caller->tenant;
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY(const auto all,
         with_inbox<std::vector<notify::Alert>>(
             world, [&](notify::AlertInbox& inbox) { return inbox.alerts(tenant); }));
  json::Array items;
  for (const notify::Alert& alert : all) items.emplace_back(to_json(alert));
  json::Object out;
  out.set("items", json::Value(std::move(items)));
  out.set("next_cursor", json::Value());
  return json_reply(200, json::Value(std::move(out)));
}

Reply receive_alerts(const AdminWorld& world, const AdminRequest& request) {
  const TenantId& tenant = request.caller->tenant;
  if (!request.caller->may(identity::Scope::alerts)) {
    return fail(Code::denied, "the token lacks the scope 'alerts:write'");
  }
  MC_TRY(const json::Value body, parse_body(request));
  MC_TRY(const std::vector<notify::Alert> alerts, notify::parse_alertmanager(body));
  if (request.dry_run) return json_reply(200, json::Value(json::Object()));
  MC_TRY(const auto changed, with_inbox<std::int64_t>(world, [&](notify::AlertInbox& inbox) {
           return inbox.receive(tenant, alerts);
         }));
  json::Object out;
  out.set("changed", changed);
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
