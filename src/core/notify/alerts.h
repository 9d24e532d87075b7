// The inbox of alerts: what a Prometheus Alertmanager tells this server by its webhook (payload
// version 4). Part of notify.h.
//
// An alert is known by its fingerprint. It is told again and again while it fires; only a change of
// its state is an event (mc.alert.firing, mc.alert.resolved) for the tenant's endpoints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/base.h"
#include "json/json.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::notify {

inline constexpr std::size_t kAlertsPerTenantMax = 1'000;
inline constexpr std::size_t kAlertsPerCallMax = 500;
inline constexpr std::size_t kAlertLabelsMax = 64;        // and annotations
inline constexpr std::size_t kAlertTextBytesMax = 2'000;  // of one label or annotation
inline constexpr Nanos kResolvedKept = seconds(7LL * 24 * 3600);

struct Alert {
  std::string fingerprint;
  std::string name;      // the label alertname
  std::string severity;  // the label severity, "" without one
  bool firing = true;
  json::Object labels;  // texts
  json::Object annotations;
  WallTime starts;
  std::optional<WallTime> ends;  // of one that is resolved
  WallTime received;             // last
};

// `invalid` names the member and the limit.
Result<std::vector<Alert>> parse_alertmanager(const json::Value& body);

// Works on a lent connection, like Store.
class AlertInbox {
 public:
  AlertInbox(sql::Connection& connection, sys::Clock& clock, sys::Random& random)
      : connection_(connection), clock_(clock), random_(random) {}

  // One transaction: all or none. The number of those whose state changed. `exhausted` past
  // kAlertsPerTenantMax; those that were resolved kResolvedKept ago make room.
  Result<std::int64_t> receive(const TenantId& tenant, const std::vector<Alert>& alerts);
  // Firing first, then the newest first.
  Result<std::vector<Alert>> alerts(const TenantId& tenant);

 private:
  Result<bool> upsert(const TenantId& tenant, const Alert& alert);
  Status check_room(const TenantId& tenant);

  sql::Connection& connection_;
  sys::Clock& clock_;
  sys::Random& random_;
};

}  // namespace mc::notify
