#include <algorithm>

#include "notify/notify.h"
#include "notify/stored.h"

namespace mc::notify {
namespace {

constexpr std::size_t kErrorBytesMax = 500;
constexpr int kPageMax = 200;

constexpr std::string_view kDeliveryColumns =
    "d.tenant_id, d.delivery_id, d.endpoint_id, d.event_id, v.type, d.state, d.attempts, "
    "d.next_at, d.created_at, d.ended_at, d.last_status, d.last_error";

Result<Delivery> read_delivery(const sql::Rows& row) {
  Delivery out;
  out.tenant = TenantId(std::string(row.text(0)));
  out.id = row.text(1);
  out.endpoint = row.text(2);
  out.event = row.text(3);
  out.type = row.text(4);
  MC_TRY(out.state, parse_state(row.text(5)));
  out.attempts = row.integer(6);
  out.next = from_unix_ms(row.integer(7));
  out.created = from_unix_ms(row.integer(8));
  out.ended = read_time(row, 9);
  out.last_status = static_cast<int>(row.integer(10));
  out.last_error = row.text(11);
  return out;
}

// CloudEvents 1.0 in the JSON format, structured mode.
std::string event_body(const NewEvent& event, const std::string& id, WallTime time) {
  json::Object out;
  out.set("specversion", "1.0");
  out.set("id", id);
  out.set("source", "/v1/tenants/" + event.tenant.get());
  out.set("type", event.type);
  if (!event.subject.empty()) out.set("subject", event.subject);
  out.set("time", format_rfc3339(time));
  out.set("datacontenttype", "application/json");
  out.set("data", json::Value(event.data));
  return json::print(json::Value(std::move(out)));
}

Error unknown_delivery(const std::string& id) {
  return {Code::not_found, "no delivery '" + excerpt(id) + "'"};
}

}  // namespace

std::string_view state_name(DeliveryState state) {
  switch (state) {
    case DeliveryState::pending:
      return "pending";
    case DeliveryState::delivered:
      return "delivered";
    case DeliveryState::failed:
      return "failed";
  }
  return "";
}

Result<DeliveryState> parse_state(std::string_view name) {
  for (const DeliveryState state :
       {DeliveryState::pending, DeliveryState::delivered, DeliveryState::failed}) {
    if (state_name(state) == name) return state;
  }
  return fail(Code::invalid, "state '" + excerpt(name) + "' must be pending, delivered or failed");
}

Result<std::string> Store::insert_event(const NewEvent& event) {
  const WallTime now = clock_.wall();
  const std::string id = sys::make_id("evt", clock_, random_);
  if (json::print(json::Value(event.data)).size() > kEventDataBytesMax) {
    return fail(Code::invalid, "the data of an event have at most " +
                                   std::to_string(kEventDataBytesMax) + " bytes");
  }
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_.execute(
             "INSERT INTO notify_event (tenant_id, event_id, type, body, created_at) "
             "VALUES (?1, ?2, ?3, ?4, ?5)",
             {event.tenant.get(), id, event.type, event_body(event, id, now), to_unix_ms(now)}));
  return id;
}

Result<std::string> Store::insert_delivery(const TenantId& tenant, const std::string& endpoint,
                                           const std::string& event) {
  const std::int64_t now = to_unix_ms(clock_.wall());
  std::string id = sys::make_id("dlv", clock_, random_);
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_.execute(
             "INSERT INTO notify_delivery (tenant_id, delivery_id, endpoint_id, event_id, state, "
             "attempts, tries, next_at, leased_until, created_at, last_status, last_error) "
             "VALUES (?1, ?2, ?3, ?4, 'pending', 0, 0, ?5, 0, ?5, 0, '')",
             {tenant.get(), id, endpoint, event, now}));
  return id;
}

Result<std::string> Store::append(const NewEvent& event) {
  MC_TRY(const std::vector<Endpoint> all, endpoints(event.tenant));
  MC_TRY(std::string id, insert_event(event));
  for (const Endpoint& endpoint : all) {
    if (!endpoint.active || !subscribes(endpoint.events, event.type)) continue;
    MC_TRY([[maybe_unused]] const std::string delivery,
           insert_delivery(event.tenant, endpoint.id, id));
  }
  return id;
}

Result<std::string> Store::append_test(const TenantId& tenant, const std::string& endpoint) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY(const Endpoint held, this->endpoint(tenant, endpoint));
  if (!held.active) {
    return fail(Code::conflict, "endpoint " + endpoint + " is disabled");
  }
  json::Object data;
  data.set("message", "A test that somebody asked for.");
  MC_TRY(const std::string event,
         insert_event({tenant, std::string(kTestType), endpoint, std::move(data)}));
  MC_TRY(std::string delivery, insert_delivery(tenant, endpoint, event));
  MC_TRY_OK(transaction.commit());
  return delivery;
}

Result<DeliveryPage> Store::deliveries(const DeliveryQuery& query) {
  if (query.limit < 1 || query.limit > kPageMax) {
    return fail(Code::invalid, "limit must be 1 to 200");
  }
  // Identifiers grow with time, so their order is that of the making.
  const std::string state = query.state ? std::string(state_name(*query.state)) : std::string();
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query(
             "SELECT " + std::string(kDeliveryColumns) +
                 " FROM notify_delivery d JOIN notify_event v ON v.tenant_id = d.tenant_id AND "
                 "v.event_id = d.event_id WHERE d.tenant_id = ?1 AND "
                 "(?2 = '' OR d.endpoint_id = ?2) AND (?3 = '' OR d.state = ?3) AND "
                 "(?4 = '' OR d.delivery_id < ?4) ORDER BY d.delivery_id DESC LIMIT ?5",
             {query.tenant.get(), query.endpoint, state, query.before,
              std::int64_t{query.limit} + 1}));
  DeliveryPage page;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return page;
    if (page.items.size() == static_cast<std::size_t>(query.limit)) {
      page.next = page.items.back().id;
      return page;
    }
    MC_TRY(Delivery delivery, read_delivery(*rows));
    page.items.push_back(std::move(delivery));
  }
}

Result<Delivery> Store::delivery(const TenantId& tenant, const std::string& id) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + std::string(kDeliveryColumns) +
                               " FROM notify_delivery d JOIN notify_event v ON "
                               "v.tenant_id = d.tenant_id AND v.event_id = d.event_id "
                               "WHERE d.tenant_id = ?1 AND d.delivery_id = ?2",
                           {tenant.get(), id}));
  MC_TRY(const bool found, rows->next());
  if (!found) return tl::unexpected<Error>(unknown_delivery(id));
  return read_delivery(*rows);
}

Result<std::vector<Attempt>> Store::attempts(const TenantId& tenant, const std::string& delivery) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT attempt, at, took_ms, status, error FROM notify_attempt WHERE "
                           "tenant_id = ?1 AND delivery_id = ?2 ORDER BY attempt",
                           {tenant.get(), delivery}));
  std::vector<Attempt> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    out.push_back({rows->integer(0), from_unix_ms(rows->integer(1)), millis(rows->integer(2)),
                   static_cast<int>(rows->integer(3)), std::string(rows->text(4))});
  }
}

Status Store::send_again(const TenantId& tenant, const std::string& delivery) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY(const Delivery held, this->delivery(tenant, delivery));
  MC_TRY(const Endpoint endpoint, this->endpoint(tenant, held.endpoint));
  if (!endpoint.active) return fail(Code::conflict, "endpoint " + endpoint.id + " is disabled");
  if (held.state == DeliveryState::pending) {
    return fail(Code::conflict, "delivery " + delivery + " has not ended yet");
  }
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_.execute("UPDATE notify_delivery SET state = 'pending', tries = 0, "
                             "next_at = ?3, ended_at = NULL WHERE tenant_id = ?1 AND "
                             "delivery_id = ?2",
                             {tenant.get(), delivery, to_unix_ms(clock_.wall())}));
  return transaction.commit();
}

Result<std::int64_t> Store::replay(const TenantId& tenant, const std::string& endpoint,
                                   WallTime from, WallTime to) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY(const Endpoint held, this->endpoint(tenant, endpoint));
  if (!held.active) return fail(Code::conflict, "endpoint " + endpoint + " is disabled");
  std::vector<std::string> missing;
  std::int64_t count = 0;
  {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection_.query(
               "SELECT v.event_id, v.type, d.delivery_id FROM notify_event v LEFT JOIN "
               "notify_delivery d ON d.tenant_id = v.tenant_id AND d.event_id = v.event_id AND "
               "d.endpoint_id = ?2 WHERE v.tenant_id = ?1 AND v.created_at >= ?3 AND "
               "v.created_at < ?4 ORDER BY v.event_id",
               {tenant.get(), endpoint, to_unix_ms(from), to_unix_ms(to)}));
    for (;;) {
      MC_TRY(const bool more, rows->next());
      if (!more) break;
      const bool made = rows->type(2) != sql::Type::null;
      if (!made && (rows->text(1) == kTestType || !subscribes(held.events, rows->text(1)))) {
        continue;
      }
      if (!made) missing.emplace_back(rows->text(0));
      if (++count > static_cast<std::int64_t>(kReplayMax)) {
        return fail(Code::exhausted, "a replay has at most " + std::to_string(kReplayMax) +
                                         " deliveries; choose a shorter time");
      }
    }
  }
  MC_TRY(
      [[maybe_unused]] const std::int64_t again,
      connection_.execute(
          "UPDATE notify_delivery SET state = 'pending', tries = 0, next_at = ?5, "
          "ended_at = NULL WHERE tenant_id = ?1 AND endpoint_id = ?2 AND state <> 'pending' "
          "AND event_id IN (SELECT event_id FROM notify_event WHERE tenant_id = ?1 AND "
          "created_at >= ?3 AND created_at < ?4)",
          {tenant.get(), endpoint, to_unix_ms(from), to_unix_ms(to), to_unix_ms(clock_.wall())}));
  for (const std::string& event : missing) {
    MC_TRY([[maybe_unused]] const std::string delivery, insert_delivery(tenant, endpoint, event));
  }
  MC_TRY_OK(transaction.commit());
  return count;
}

Result<std::optional<Parcel>> Store::claim() {
  const WallTime now = whole_ms(clock_.wall());
  Parcel parcel;
  {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection_.query(
               "SELECT " + std::string(kEndpointColumns) +
                   ", d.delivery_id, d.event_id, v.type, v.body, d.tries FROM notify_delivery d "
                   "JOIN notify_endpoint e ON e.tenant_id = d.tenant_id AND "
                   "e.endpoint_id = d.endpoint_id "
                   "JOIN notify_event v ON v.tenant_id = d.tenant_id AND v.event_id = d.event_id "
                   "WHERE d.state = 'pending' AND d.next_at <= ?1 AND e.state = 'active' AND "
                   "NOT EXISTS (SELECT 1 FROM notify_delivery o WHERE o.tenant_id = d.tenant_id "
                   "AND o.endpoint_id = d.endpoint_id AND o.state = 'pending' AND "
                   "o.leased_until > ?1) ORDER BY d.next_at, d.delivery_id LIMIT 1",
               {to_unix_ms(now)}));
    MC_TRY(const bool found, rows->next());
    if (!found) return std::nullopt;
    MC_TRY(parcel.endpoint, read_endpoint(*rows));
    parcel.delivery = rows->text(kEndpointColumnCount);
    parcel.event = rows->text(kEndpointColumnCount + 1);
    parcel.type = rows->text(kEndpointColumnCount + 2);
    parcel.body = rows->text(kEndpointColumnCount + 3);
    parcel.attempt = rows->integer(kEndpointColumnCount + 4) + 1;
    parcel.claimed = now;
  }
  // Another process may have been faster.
  MC_TRY(const std::int64_t leased,
         connection_.execute("UPDATE notify_delivery SET leased_until = ?3 WHERE tenant_id = ?1 "
                             "AND delivery_id = ?2 AND state = 'pending' AND leased_until <= ?4",
                             {parcel.endpoint.tenant.get(), parcel.delivery,
                              to_unix_ms(now + kLease), to_unix_ms(now)}));
  if (leased == 0) return std::nullopt;
  return parcel;
}

Status Store::end(const Parcel& parcel, const Outcome& outcome, WallTime now) {
  const DeliveryState state = state_after(parcel, outcome);
  const bool over = state != DeliveryState::pending;
  const Nanos wait =
      std::max(retry_delay(parcel.attempt, random_), outcome.retry_after.value_or(seconds(0)));
  // A delivery that ended meanwhile, as its endpoint was deleted, stays ended.
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_.execute(
             "UPDATE notify_delivery SET state = ?3, next_at = ?4, ended_at = ?5, tries = ?6 "
             "WHERE tenant_id = ?1 AND delivery_id = ?2 AND state = 'pending'",
             {parcel.endpoint.tenant.get(), parcel.delivery, std::string(state_name(state)),
              to_unix_ms(now + wait), over ? sql::Param(to_unix_ms(now)) : sql::Param(),
              parcel.attempt}));
  if (outcome.verdict != Outcome::Verdict::gone) return ok();
  const std::string reason = "the receiver answered " + std::to_string(outcome.status);
  MC_TRY([[maybe_unused]] const std::int64_t disabled,
         connection_.execute(
             "UPDATE notify_endpoint SET state = 'disabled', reason = ?3, version = version + 1 "
             "WHERE tenant_id = ?1 AND endpoint_id = ?2 AND state = 'active'",
             {parcel.endpoint.tenant.get(), parcel.endpoint.id, reason}));
  return fail_open(parcel.endpoint.tenant, parcel.endpoint.id, reason);
}

Status Store::record(const Parcel& parcel, const Outcome& outcome) {
  const WallTime now = clock_.wall();
  const std::string error = excerpt(outcome.error, kErrorBytesMax);
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY(const std::int64_t known,
         connection_.execute(
             "UPDATE notify_delivery SET attempts = attempts + 1, leased_until = 0, "
             "last_status = ?3, last_error = ?4 WHERE tenant_id = ?1 AND delivery_id = ?2",
             {parcel.endpoint.tenant.get(), parcel.delivery, std::int64_t{outcome.status}, error}));
  if (known == 0) return tl::unexpected<Error>(unknown_delivery(parcel.delivery));
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_.execute(
             "INSERT INTO notify_attempt (tenant_id, delivery_id, attempt, at, took_ms, status, "
             "error) SELECT tenant_id, delivery_id, attempts, ?3, ?4, ?5, ?6 FROM notify_delivery "
             "WHERE tenant_id = ?1 AND delivery_id = ?2",
             {parcel.endpoint.tenant.get(), parcel.delivery, to_unix_ms(now - outcome.took),
              to_millis(outcome.took), std::int64_t{outcome.status}, error}));
  MC_TRY_OK(end(parcel, outcome, now));
  return transaction.commit();
}

Status Store::release_all() {
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_.execute("UPDATE notify_delivery SET leased_until = 0 WHERE state = 'pending' "
                             "AND leased_until > 0",
                             {}));
  return ok();
}

Result<std::int64_t> Store::prune(Nanos age) {
  const std::int64_t before = to_unix_ms(clock_.wall() - age);
  const std::string old =
      "SELECT v.event_id FROM notify_event v WHERE v.created_at < ?1 AND NOT EXISTS (SELECT 1 FROM "
      "notify_delivery o WHERE o.tenant_id = v.tenant_id AND o.event_id = v.event_id AND "
      "o.state = 'pending')";
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY([[maybe_unused]] const std::int64_t attempts_gone,
         connection_.execute("DELETE FROM notify_attempt WHERE delivery_id IN (SELECT "
                             "delivery_id FROM notify_delivery WHERE event_id IN (" +
                                 old + "))",
                             {before}));
  MC_TRY(
      [[maybe_unused]] const std::int64_t deliveries_gone,
      connection_.execute("DELETE FROM notify_delivery WHERE event_id IN (" + old + ")", {before}));
  MC_TRY(const std::int64_t events,
         connection_.execute("DELETE FROM notify_event WHERE event_id IN (" + old + ")", {before}));
  MC_TRY_OK(transaction.commit());
  return events;
}

}  // namespace mc::notify
