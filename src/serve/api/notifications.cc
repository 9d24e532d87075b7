#include <algorithm>

#include "api/handlers.h"
#include "api/wire.h"

namespace mc::api {
namespace {

constexpr std::size_t kPageDefault = 50;
constexpr std::size_t kPageMax = 200;

// Runs `use` on the store of notifications.
template <class T, class Use>
Result<T> with_store(const AdminWorld& world, const Use& use) {
  return with_state<T>(world, [&](sql::Connection& connection) {
    notify::Store store(connection, world.clock, *world.random);
    return use(store);
  });
}

// The tenant of the path; it exists, and the caller may read it.
Result<TenantId> readable(const AdminWorld& world, const AdminRequest& request) {
  TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  if (!administers(*request.caller, tenant) &&
      !request.caller->roles.has(identity::Role::auditor)) {
    return fail(Code::denied, "role tenant-admin or auditor is required");
  }
  MC_TRY([[maybe_unused]] const identity::Tenant held, world.directory.tenant(tenant));
  return tenant;
}

Result<TenantId> writable(const AdminWorld& world, const AdminRequest& request) {
  TenantId tenant(request.path[1]);
  MC_TRY_OK(check_writes(request, tenant));
  MC_TRY([[maybe_unused]] const identity::Tenant held, world.directory.tenant(tenant));
  return tenant;
}

Result<notify::Endpoint> endpoint_of(const AdminWorld& world, const TenantId& tenant,
                                     const std::string& id) {
  return with_store<notify::Endpoint>(
      world, [&](notify::Store& store) { return store.endpoint(tenant, id); });
}

net::Response endpoint_reply(int status, json::Object body, std::int64_t version) {
  net::Response out = json_reply(status, json::Value(std::move(body)));
  out.headers.emplace_back("ETag", "\"" + std::to_string(version) + "\"");
  return out;
}

// With the secrets, which are shown in this reply alone.
Reply reveal(const AdminWorld& world, int status, const notify::Endpoint& endpoint) {
  json::Object body = to_json(endpoint);
  if (endpoint.kind == notify::Kind::webhook) {
    if (world.secrets == nullptr) {
      return fail(Code::unavailable, "this server has no key of notifications");
    }
    const Secret secret = world.secrets->symmetric(endpoint, endpoint.generation);
    body.set("secret", secret.reveal(RevealToken()));
    MC_TRY(const std::string key, world.secrets->public_key(endpoint, endpoint.generation));
    body.set("public_key", key);
  }
  return endpoint_reply(status, std::move(body), endpoint.version);
}

Result<notify::DeliveryQuery> read_query(const AdminRequest& request, TenantId tenant) {
  notify::DeliveryQuery out{.tenant = std::move(tenant), .limit = kPageDefault};
  for (const auto& [name, value] : request.query) {
    if (name == "endpoint") {
      out.endpoint = value;
    } else if (name == "state") {
      MC_TRY(out.state, notify::parse_state(value));
    } else if (name == "cursor") {
      out.before = value;
    } else if (name == "limit") {
      MC_TRY(const std::int64_t limit, parse_int(value));
      if (limit < 1 || limit > static_cast<std::int64_t>(kPageMax)) {
        return fail(Code::invalid, "limit must be 1 to " + std::to_string(kPageMax));
      }
      out.limit = static_cast<int>(limit);
    } else {
      return fail(Code::invalid, "query parameter '" + excerpt(name) +
                                     "' is none of endpoint, state, cursor, limit");
    }
  }
  return out;
}

Result<WallTime> read_time(const std::string& field, const std::string& text) {
  const Result<WallTime> time = parse_rfc3339(text);
  return time ? time : fail(Code::invalid, field + ": " + time.error().what);
}

json::Value time_or_null(const std::optional<WallTime>& time) {
  return time ? json::Value(format_rfc3339(*time)) : json::Value();
}

json::Object one_member(const std::string& name, json::Value value) {
  json::Object out;
  out.set(name, std::move(value));
  return out;
}

}  // namespace

Reply list_endpoints(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, readable(world, request));
  MC_TRY(const auto all, with_store<std::vector<notify::Endpoint>>(
                             world, [&](notify::Store& store) { return store.endpoints(tenant); }));
  return json_reply(200, page(all));
}

Reply create_endpoint(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, writable(world, request));
  MC_TRY(const EndpointBody body, read_body<EndpointBody>(request));
  MC_TRY(const notify::Kind kind, notify::parse_kind(body.kind));
  MC_TRY(const notify::Form form, notify::parse_form(body.form));
  const notify::NewEndpoint wanted{tenant, kind, body.target, body.events, body.note, form};
  MC_TRY_OK(notify::check_endpoint(wanted));
  if (request.dry_run) return json_reply(200, json::Value(json::Object()));
  MC_TRY(const auto made, with_store<notify::Endpoint>(
                              world, [&](notify::Store& store) { return store.create(wanted); }));
  return reveal(world, 201, made);
}

Reply get_endpoint(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, readable(world, request));
  MC_TRY(const notify::Endpoint held, endpoint_of(world, tenant, request.path[3]));
  return endpoint_reply(200, to_json(held), held.version);
}

Reply update_endpoint(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, writable(world, request));
  MC_TRY(notify::Endpoint endpoint, endpoint_of(world, tenant, request.path[3]));
  json::Object held;
  held.set("target", endpoint.target);
  held.set("events", endpoint.events);
  held.set("note", endpoint.note);
  held.set("form", notify::form_name(endpoint.form));
  held.set("state", endpoint.active ? "active" : "disabled");
  MC_TRY(const json::Value merged, patched(request, std::move(held)));
  MC_TRY(const EndpointPatch body, json::read<EndpointPatch>(merged));
  MC_TRY_OK(check_match(request, "endpoint", endpoint.version));
  endpoint.target = body.target;
  endpoint.events = body.events;
  endpoint.note = body.note;
  MC_TRY(endpoint.form, notify::parse_form(body.form));
  endpoint.active = body.state == "active";
  MC_TRY_OK(notify::check_endpoint(
      {tenant, endpoint.kind, endpoint.target, endpoint.events, endpoint.note, endpoint.form}));
  if (request.dry_run) return endpoint_reply(200, to_json(endpoint), endpoint.version);
  MC_TRY(const auto updated, with_store<notify::Endpoint>(world, [&](notify::Store& store) {
           return store.update(endpoint);
         }));
  return endpoint_reply(200, to_json(updated), updated.version);
}

Reply delete_endpoint(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, writable(world, request));
  MC_TRY([[maybe_unused]] const auto held, endpoint_of(world, tenant, request.path[3]));
  if (request.dry_run) return empty_reply();
  MC_TRY([[maybe_unused]] const bool done,
         with_store<bool>(world, [&](notify::Store& store) -> Result<bool> {
           MC_TRY_OK(store.remove(tenant, request.path[3]));
           return true;
         }));
  return empty_reply();
}

Reply rotate_endpoint(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, writable(world, request));
  MC_TRY(const RotateBody body, read_body<RotateBody>(request));
  MC_TRY(const notify::Endpoint held, endpoint_of(world, tenant, request.path[3]));
  if (held.kind != notify::Kind::webhook) {
    return fail(Code::invalid, "only webhooks have a secret");
  }
  if (request.dry_run) return endpoint_reply(200, to_json(held), held.version);
  MC_TRY(const auto rotated, with_store<notify::Endpoint>(world, [&](notify::Store& store) {
           return store.rotate_secret(tenant, request.path[3], body.overlap);
         }));
  return reveal(world, 201, rotated);
}

Reply test_endpoint(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, writable(world, request));
  MC_TRY([[maybe_unused]] const auto held, endpoint_of(world, tenant, request.path[3]));
  if (request.dry_run) return json_reply(200, json::Value(json::Object()));
  MC_TRY(const auto delivery, with_store<std::string>(world, [&](notify::Store& store) {
           return store.append_test(tenant, request.path[3]);
         }));
  return json_reply(202, json::Value(one_member("delivery", json::Value(delivery))));
}

Reply replay_endpoint(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, writable(world, request));
  MC_TRY(const ReplayBody body, read_body<ReplayBody>(request));
  MC_TRY(const WallTime from, read_time("from", body.from));
  MC_TRY(const WallTime to, read_time("to", body.to));
  if (!(from < to)) return fail(Code::invalid, "from must be before to");
  MC_TRY([[maybe_unused]] const auto held, endpoint_of(world, tenant, request.path[3]));
  if (request.dry_run) return json_reply(200, json::Value(json::Object()));
  MC_TRY(const auto count, with_store<std::int64_t>(world, [&](notify::Store& store) {
           return store.replay(tenant, request.path[3], from, to);
         }));
  return json_reply(202, json::Value(one_member("deliveries", json::Value(count))));
}

Reply list_deliveries(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, readable(world, request));
  MC_TRY(const notify::DeliveryQuery query, read_query(request, tenant));
  MC_TRY(const auto found, with_store<notify::DeliveryPage>(world, [&](notify::Store& store) {
           return store.deliveries(query);
         }));
  json::Array items;
  for (const notify::Delivery& delivery : found.items) items.emplace_back(to_json(delivery));
  json::Object out;
  out.set("items", json::Value(std::move(items)));
  out.set("next_cursor", found.next.empty() ? json::Value() : json::Value(found.next));
  return json_reply(200, json::Value(std::move(out)));
}

Reply get_delivery(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, readable(world, request));
  const std::string& id = request.path[3];
  MC_TRY(const auto held, with_store<notify::Delivery>(world, [&](notify::Store& store) {
           return store.delivery(tenant, id);
         }));
  MC_TRY(const auto attempts,
         with_store<std::vector<notify::Attempt>>(
             world, [&](notify::Store& store) { return store.attempts(tenant, id); }));
  json::Array list;
  for (const notify::Attempt& attempt : attempts) {
    json::Object item;
    item.set("attempt", attempt.number);
    item.set("at", format_rfc3339(attempt.at));
    item.set("took_ms", to_millis(attempt.took));
    item.set("status", attempt.status == 0 ? json::Value() : json::Value(attempt.status));
    item.set("error", attempt.error);
    list.emplace_back(std::move(item));
  }
  json::Object out = to_json(held);
  out.set("log", json::Value(std::move(list)));
  return json_reply(200, json::Value(std::move(out)));
}

Reply send_delivery(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, writable(world, request));
  const std::string& id = request.path[3];
  MC_TRY(const auto held, with_store<notify::Delivery>(world, [&](notify::Store& store) {
           return store.delivery(tenant, id);
         }));
  if (request.dry_run) return json_reply(200, json::Value(to_json(held)));
  MC_TRY(const auto due,
         with_store<notify::Delivery>(world, [&](notify::Store& store) -> Result<notify::Delivery> {
           MC_TRY_OK(store.send_again(tenant, id));
           return store.delivery(tenant, id);
         }));
  return json_reply(202, json::Value(to_json(due)));
}

json::Object to_json(const notify::Endpoint& endpoint) {
  json::Object out;
  out.set("tenant", endpoint.tenant.get());
  out.set("id", endpoint.id);
  out.set("kind", notify::kind_name(endpoint.kind));
  out.set("target", endpoint.target);
  out.set("events", endpoint.events);
  out.set("note", endpoint.note);
  out.set("form", notify::form_name(endpoint.form));
  out.set("state", endpoint.active ? "active" : "disabled");
  out.set("reason", endpoint.reason);
  out.set("former_secret_until", time_or_null(endpoint.former_until));
  out.set("created_at", format_rfc3339(endpoint.created));
  out.set("version", endpoint.version);
  return out;
}

json::Object to_json(const notify::Delivery& delivery) {
  const bool pending = delivery.state == notify::DeliveryState::pending;
  json::Object out;
  out.set("tenant", delivery.tenant.get());
  out.set("id", delivery.id);
  out.set("endpoint", delivery.endpoint);
  out.set("event", delivery.event);
  out.set("type", delivery.type);
  out.set("state", notify::state_name(delivery.state));
  out.set("attempts", delivery.attempts);
  out.set("next_at", pending ? json::Value(format_rfc3339(delivery.next)) : json::Value());
  out.set("created_at", format_rfc3339(delivery.created));
  out.set("ended_at", time_or_null(delivery.ended));
  out.set("last_status",
          delivery.last_status == 0 ? json::Value() : json::Value(delivery.last_status));
  out.set("last_error", delivery.last_error);
  return out;
}

}  // namespace mc::api
