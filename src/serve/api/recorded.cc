#include "api/recorded.h"

#include <algorithm>
#include <array>

#include "api/served.h"

namespace mc::api {
namespace {

using transparency::Access;
using transparency::Kind;

// Recorded for everybody, the tenant's own people too.
constexpr std::array<std::string_view, 2> kReceiptPaths = {
    "/v1/tenants/{tenant}/records/{record}/receipt", "/v1/tenants/{tenant}/receipts"};
constexpr std::string_view kRecordsPath = "/v1/tenants/{tenant}/records";  // as a file with a form
// Without a tenant in the path, and yet with data of several for who may see them.
constexpr std::array<std::string_view, 3> kOfAllTenants = {"/v1/overview", "/v1/tenants",
                                                           "/v1/alerts"};

constexpr std::array<std::string_view, 6> kUngated = {
    "/v1/tenants/{tenant}",
    "/v1/tenants/{tenant}/access",
    "/v1/tenants/{tenant}/warrants",
    "/v1/tenants/{tenant}/warrants/{warrant}/approve",
    "/v1/tenants/{tenant}/warrants/{warrant}/deny",
    "/v1/tenants/{tenant}/warrants/{warrant}/revoke"};
constexpr std::string_view kWarrantHeader = "x-maestro-warrant";

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
    if (own && reads && !holds(kReceiptPaths, endpoint.path)) return "";
    return tenant;
  }
  if (!reads) return caller.tenant.get();
  const bool of_all =
      std::find(kOfAllTenants.begin(), kOfAllTenants.end(), endpoint.path) != kOfAllTenants.end();
  return of_all && caller.reads_other_tenants() ? caller.tenant.get() : "";
}

}  // namespace

// The operator's own log is there before its tenant is.
Result<bool> is_known(const AdminWorld& world, const TenantId& tenant) {
  if (tenant.get() == identity::kSystemTenant) return true;
  const Result<identity::Tenant> held = world.directory.tenant(tenant);
  if (held) return true;
  if (held.error().code == Code::not_found) return false;
  return fail(Code::unavailable,
              "whether there is tenant " + tenant.get() + " is not known: " + held.error().what);
}

namespace {

// Which warrants there are and whether a tenant wants to be asked; the tenant's contract.
bool is_gated(const AdminRequest& request, const Endpoint& endpoint) {
  const identity::Caller& caller = *request.caller;
  return names_tenant(request) && caller.reads_other_tenants() &&
         caller.tenant.get() != request.path[1] && !holds(kUngated, endpoint.path);
}

tl::unexpected<Error> shut(const TenantId& tenant, const transparency::Passage& passage) {
  if (passage.reason == transparency::kWarrantInvalid) {
    return fail(Code::denied, passage.reason + ": the named warrant does not open tenant " +
                                  tenant.get() + " for this");
  }
  return fail(Code::denied, passage.reason + ": tenant " + tenant.get() +
                                " is opened by a warrant; see /v1/tenants/" + tenant.get() +
                                "/warrants");
}

// Recorded, and told where the operator's people reached for it.
Result<ledger::Recorded> note(const AdminWorld& world, const Access& access, bool gated) {
  MC_TRY(const ledger::Recorded recorded, world.recorder->record(access));
  if (gated) MC_TRY_OK(world.gate->tell(access, recorded));
  return recorded;
}

// With what was asked for: which form, from when, what filters.
std::string object_of(const net::Request& request) {
  std::string out(request.path);
  if (!request.query.empty()) out.append("?").append(request.query);
  return out;
}

bool takes_away(const AdminRequest& request, const Endpoint& endpoint) {
  if (holds(kReceiptPaths, endpoint.path)) return true;
  return endpoint.path == kRecordsPath &&
         request.http.query.find("form=") != std::string_view::npos;
}

// A read can be made first, as nothing of it leaves before it is recorded; then the record says
// what was served. A receipt is made of records, its own among them.
bool is_made_first(const AdminRequest& request, const Endpoint& endpoint) {
  return endpoint.method == "GET" && !request.dry_run && !holds(kReceiptPaths, endpoint.path);
}

}  // namespace

Reply run_recorded(const AdminWorld& world, const AdminRequest& request, const Endpoint& endpoint,
                   Handler handler) {
  if (world.recorder == nullptr || request.caller == nullptr) return handler(world, request);
  const TenantId tenant(log_tenant(request, endpoint));
  if (tenant.get().empty()) return handler(world, request);
  MC_TRY(const bool known, is_known(world, tenant));
  if (!known) return handler(world, request);
  const bool reads = endpoint.method == "GET" || request.dry_run;
  const std::string action = std::string(endpoint.method) + " " + std::string(endpoint.path);
  Access access{reads ? Kind::access : Kind::change,
                tenant,
                *request.caller,
                action,
                object_of(request.http),
                std::string(request.request_id),
                std::string(request.http.peer.substr(0, request.http.peer.rfind(':')))};
  access.takes_away = takes_away(request, endpoint);
  const bool gated = world.gate != nullptr && is_gated(request, endpoint);
  if (gated) {
    const std::string named(request.http.header(kWarrantHeader));
    MC_TRY(access.passage, world.gate->pass(*request.caller, tenant, access.kind, action, named));
  }
  if (!access.passage.allowed) {
    access.kind = Kind::denied;
    MC_TRY([[maybe_unused]] const ledger::Recorded recorded, note(world, access, gated));
    return shut(tenant, access.passage);
  }
  if (is_made_first(request, endpoint)) {
    Reply reply = handler(world, request);
    access.served = served_by(reply);
    MC_TRY([[maybe_unused]] const ledger::Recorded recorded, note(world, access, gated));
    return reply;
  }
  MC_TRY(const ledger::Recorded recorded, note(world, access, gated));
  Reply reply = handler(world, request);
  if (!reads) world.recorder->record_outcome(access, recorded, served_by(reply));
  return reply;
}

}  // namespace mc::api
