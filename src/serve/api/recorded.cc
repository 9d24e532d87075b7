#include "api/recorded.h"

#include <algorithm>
#include <array>

namespace mc::api {
namespace {

using transparency::Access;
using transparency::Kind;

// Recorded for everybody, the tenant's own people too.
constexpr std::array<std::string_view, 2> kReceipts = {
    "/v1/tenants/{tenant}/records/{record}/receipt", "/v1/tenants/{tenant}/receipts"};
// Without a tenant in the path, and yet with data of several for who may see them.
constexpr std::array<std::string_view, 3> kOfAllTenants = {"/v1/overview", "/v1/tenants",
                                                           "/v1/alerts"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& paths, std::string_view path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

bool names_tenant(const AdminRequest& request) {
  return request.path.size() >= 2 && request.path[0] == "tenants";
}

// Whose log the request belongs into; empty when it is not recorded.
std::string log_tenant(const AdminRequest& request, const Endpoint& endpoint) {
  const identity::Caller& caller = *request.caller;
  const bool reads = endpoint.method == "GET" || request.dry_run;
  if (names_tenant(request)) {
    const std::string& tenant = request.path[1];
    const bool own = caller.tenant.get() == tenant;
    // Who may not know the tenant writes into no log but the own.
    if (!own && !caller.reads_other_tenants()) return reads ? "" : caller.tenant.get();
    if (own && reads && !holds(kReceipts, endpoint.path)) return "";
    return tenant;
  }
  if (!reads) return caller.tenant.get();
  const bool of_all =
      std::find(kOfAllTenants.begin(), kOfAllTenants.end(), endpoint.path) != kOfAllTenants.end();
  return of_all && caller.reads_other_tenants() ? caller.tenant.get() : "";
}

}  // namespace

// The operator's own log is there before its tenant is.
bool is_known(const AdminWorld& world, const TenantId& tenant) {
  return tenant.get() == identity::kSystemTenant || world.directory.tenant(tenant);
}

Reply run_recorded(const AdminWorld& world, const AdminRequest& request, const Endpoint& endpoint,
                   Handler handler) {
  if (world.recorder == nullptr || request.caller == nullptr) return handler(world, request);
  const TenantId tenant(log_tenant(request, endpoint));
  if (tenant.get().empty() || !is_known(world, tenant)) return handler(world, request);
  const bool reads = endpoint.method == "GET" || request.dry_run;
  const std::string action = std::string(endpoint.method) + " " + std::string(endpoint.path);
  const Access access{reads ? Kind::access : Kind::change,
                      tenant,
                      *request.caller,
                      action,
                      std::string(request.http.path),
                      std::string(request.request_id),
                      ""};
  MC_TRY(const ledger::Recorded recorded, world.recorder->record(access));
  Reply reply = handler(world, request);
  if (!reads) {
    const int status = reply ? reply->status : http_status(reply.error().code);
    world.recorder->record_outcome(access, recorded, status);
  }
  return reply;
}

}  // namespace mc::api
