// Notifications: what happened in a tenant, told to its webhooks and mail addresses.
//
//   notify.h     Store: endpoints, the outbox of events, deliveries and their attempts
//   signature.h  the secrets of an endpoint and what it is sent (Standard Webhooks)
//   dispatcher.h sends what is due, retries, gives up
//   alerts.h     what an Alertmanager tells us
//
// append() writes an event and one delivery for each endpoint that wants it, inside the caller's
// transaction: what is committed is told, what is rolled back never was. A delivery is sent at
// least once and under the same id every time, so a receiver that remembers ids sees it once. A
// process that dies while sending leaves a lease that the next one ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "json/json.h"
#include "notify/alerts.h"      // IWYU pragma: export
#include "notify/dispatcher.h"  // IWYU pragma: export
#include "notify/signature.h"   // IWYU pragma: export
#include "notify/types.h"       // IWYU pragma: export
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::notify {

struct NewEndpoint {
  TenantId tenant;
  Kind kind = Kind::webhook;
  std::string target;
  std::string events = "*";
  std::string note;
  Form form = Form::cloudevents;
};

struct DeliveryQuery {
  TenantId tenant;
  std::string endpoint = {};  // "" = all
  std::optional<DeliveryState> state = {};
  std::string before = {};  // cursor of the page before, "" for the first
  int limit = 50;           // 1 to 200
};
struct DeliveryPage {
  std::vector<Delivery> items;  // newest first
  std::string next;             // cursor, "" at the end
};

inline constexpr std::size_t kEndpointsPerTenantMax = 50;
inline constexpr std::size_t kTargetBytesMax = 2'000;
inline constexpr std::size_t kEventDataBytesMax = 32 << 10;
inline constexpr std::size_t kReplayMax = 10'000;  // deliveries of one replay
inline constexpr Nanos kLease = seconds(60);       // longer than one attempt can take
inline constexpr Nanos kSecretOverlapMax = seconds(7LL * 24 * 3600);

// Works on a connection lent by its owner, in the owner's thread. Functions that change something
// are one transaction, except append(), which is part of the caller's.
class Store {
 public:
  Store(sql::Connection& connection, sys::Clock& clock, sys::Random& random)
      : connection_(connection), clock_(clock), random_(random) {}

  // `invalid` names the field; `conflict` past kEndpointsPerTenantMax.
  Result<Endpoint> create(const NewEndpoint& wanted);
  Result<std::vector<Endpoint>> endpoints(const TenantId& tenant);
  Result<Endpoint> endpoint(const TenantId& tenant, const std::string& id);
  // Replaces target, events, note, form and state when `version` still holds; `conflict` otherwise.
  Result<Endpoint> update(const Endpoint& endpoint);
  // Its open deliveries fail; the log of the others stays.
  Status remove(const TenantId& tenant, const std::string& id);
  // The former secret signs as well for `overlap`, at most kSecretOverlapMax.
  Result<Endpoint> rotate_secret(const TenantId& tenant, const std::string& id, Nanos overlap);

  // The event's id. `data` is at most kEventDataBytesMax as JSON.
  Result<std::string> append(const NewEvent& event);
  // An event for one endpoint alone, whatever it subscribes to; the delivery's id.
  Result<std::string> append_test(const TenantId& tenant, const std::string& endpoint);

  Result<DeliveryPage> deliveries(const DeliveryQuery& query);
  Result<Delivery> delivery(const TenantId& tenant, const std::string& id);
  Result<std::vector<Attempt>> attempts(const TenantId& tenant, const std::string& delivery);
  // A delivery that ended is due again, with the attempts it had kept in the log.
  Status send_again(const TenantId& tenant, const std::string& delivery);
  // All deliveries of an endpoint whose event is of [from, to) are due again; those that it
  // subscribed to too late are made. Gives their number; `exhausted` past kReplayMax.
  Result<std::int64_t> replay(const TenantId& tenant, const std::string& endpoint, WallTime from,
                              WallTime to);

  // For the dispatcher. The oldest due delivery whose endpoint is active and has none under way;
  // it is leased for kLease.
  Result<std::optional<Parcel>> claim();
  // Writes the attempt down and decides what follows: delivered, again later, or given up.
  Status record(const Parcel& parcel, const Outcome& outcome);
  // Ends the leases of a process that is gone. Before the first claim.
  Status release_all();
  // Deletes events that are older than `age` and have no open delivery; gives their number.
  Result<std::int64_t> prune(Nanos age);

 private:
  Result<std::string> insert_delivery(const TenantId& tenant, const std::string& endpoint,
                                      const std::string& event);
  Result<std::string> insert_event(const NewEvent& event);
  Status end(const Parcel& parcel, const Outcome& outcome, WallTime now);
  Status fail_open(const TenantId& tenant, const std::string& endpoint, std::string_view reason);

  sql::Connection& connection_;
  sys::Clock& clock_;
  sys::Random& random_;
};

// What create() and update() ask of an endpoint; `invalid` names the field.
Status check_endpoint(const NewEndpoint& wanted);

// "*" is every type, "mc.token.*" every type below, otherwise one type; comma separated.
bool subscribes(std::string_view events, std::string_view type);

}  // namespace mc::notify
