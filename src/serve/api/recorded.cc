#include "api/recorded.h"

#include <algorithm>
#include <array>

#include "access/outcome.h"
#include "api/served.h"

namespace mc::api {
namespace {

using transparency::Access;
using transparency::Kind;

// Recorded for everybody, the tenant's own people too.
constexpr std::array<std::string_view, 3> kReceiptPaths = {
    "/v1/tenants/{tenant}/records/{record}/receipt", "/v1/tenants/{tenant}/receipts",
    "/v1/tenants/{tenant}/exports/{export}/files/{file}"};
constexpr std::string_view kRecordsPath = "/v1/tenants/{tenant}/records";  // as a file with a form
// Without a tenant in the path, and yet with data of several for who may see them. That of one when
// the query names it.
constexpr std::string_view kOverview = "/v1/overview";
constexpr std::string_view kDecisions = "/v1/decisions";
constexpr std::string_view kDecision = "/v1/decisions/{decision}";
constexpr std::string_view kResidency = "/v1/residency";
constexpr std::string_view kWhatIf = "/v1/policy/what-if";
constexpr std::string_view kUsage = "/v1/budgets/usage";
constexpr std::array<std::string_view, 7> kOfAllTenants = {
    kOverview, "/v1/tenants", "/v1/alerts", "/v1/policy", kWhatIf, kResidency, kUsage};
constexpr std::string_view kEffective = "/v1/budgets/effective";
constexpr std::string_view kExplain = "/v1/budgets/explain/{request}";
constexpr std::array<std::string_view, 7> kOfTenantInQuery = {
    kOverview, kDecisions, kWhatIf, kResidency, kEffective, kUsage, kExplain};

// What the tenant's contract opens: how much it may use, where its data lie, what opens them.
constexpr std::array<std::string_view, 25> kUngated = {
    "/v1/tenants/{tenant}",
    kEffective,
    "/v1/tenants/{tenant}/budgets/overrides",
    "/v1/tenants/{tenant}/budgets/overrides/preview",
    "/v1/tenants/{tenant}/budgets/overrides/{override}/approve",
    "/v1/tenants/{tenant}/budgets/overrides/{override}/refuse",
    "/v1/tenants/{tenant}/budgets/overrides/{override}/revoke",
    "/v1/tenants/{tenant}/privacy/budgets",
    "/v1/tenants/{tenant}/privacy/burn-down",
    "/v1/tenants/{tenant}/privacy/accountant",
    "/v1/tenants/{tenant}/privacy/top-ups",
    "/v1/tenants/{tenant}/privacy/top-ups/preview",
    "/v1/tenants/{tenant}/privacy/top-ups/{top_up}/approve",
    "/v1/tenants/{tenant}/privacy/top-ups/{top_up}/refuse",
    "/v1/tenants/{tenant}/privacy/top-ups/{top_up}/revoke",
    kResidency,
    "/v1/residency/{tenant}",
    "/v1/residency/{tenant}/attempts",
    "/v1/residency/{tenant}/{period}",
    "/v1/residency/{tenant}/probes",
    "/v1/tenants/{tenant}/access",
    "/v1/tenants/{tenant}/warrants",
    "/v1/tenants/{tenant}/warrants/{warrant}/approve",
    "/v1/tenants/{tenant}/warrants/{warrant}/deny",
    "/v1/tenants/{tenant}/warrants/{warrant}/revoke"};

// What gives somebody rights in a tenant: a principal with its roles, what to act as one with, the
// secret that vouches for what the tenant is told.
constexpr std::array<std::string_view, 5> kGivesRights = {
    "/v1/tenants/{tenant}/principals", "/v1/tenants/{tenant}/principals/{principal}/links",
    "/v1/tenants/{tenant}/tokens", "/v1/tenants/{tenant}/endpoints",
    "/v1/tenants/{tenant}/endpoints/{endpoint}/rotate"};
constexpr std::string_view kEndpoint = "/v1/tenants/{tenant}/endpoints/{endpoint}";
constexpr std::string_view kToken = "/v1/tenants/{tenant}/tokens/{token}";
constexpr std::array<std::string_view, 2> kTapPaths = {"/v1/taps", "/v1/taps/{tap}"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& paths, std::string_view path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

bool is_read(const AdminRequest& request, const Endpoint& endpoint) {
  return endpoint.method == "GET" || endpoint.reads || request.dry_run;
}

// The tenant whose data it is about: of the path, of the query where that picks one of many, or of
// the decision that is asked for. Empty when there is none.
Result<std::string> tenant_in(const AdminWorld& world, const AdminRequest& request,
                              const Endpoint& endpoint) {
  const bool named =
      request.path.size() >= 2 && (request.path[0] == "tenants" || request.path[0] == "residency");
  if (named) return request.path[1];
  if (holds(kOfTenantInQuery, endpoint.path)) {
    return std::string(field_in(request.query, "tenant"));
  }
  if (endpoint.path != kDecision || world.policy == nullptr) return "";
  MC_TRY(const auto found, world.policy->decisions.find(request.path[1]));
  if (!found) return "";
  MC_TRY(const access::DecisionFacts facts, access::read_decision(*found));
  return facts.tenant;
}

// Whose log the request belongs into; empty when it is not recorded.
std::string log_tenant(const AdminRequest& request, const Endpoint& endpoint,
                       const std::string& tenant) {
  const identity::Caller& caller = *request.caller;
  const bool reads = is_read(request, endpoint);
  if (!tenant.empty()) {
    const bool own = caller.tenant.get() == tenant;
    // Who may not know the tenant writes into no log but the own.
    if (!own && !caller.reads_other_tenants()) return reads ? "" : caller.tenant.get();
    if (own && reads && !holds(kReceiptPaths, endpoint.path)) return "";
    return tenant;
  }
  if (!reads) return caller.tenant.get();
  return holds(kOfAllTenants, endpoint.path) && caller.reads_other_tenants() ? caller.tenant.get()
                                                                             : "";
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
bool is_gated(const AdminRequest& request, const Endpoint& endpoint, const std::string& tenant) {
  const identity::Caller& caller = *request.caller;
  return !tenant.empty() && caller.reads_other_tenants() && caller.tenant.get() != tenant &&
         !holds(kUngated, endpoint.path);
}

// Without its tokens an administrator does not act, and the next one would be the operator's.
Result<bool> ends_administrator(const AdminWorld& world, const TenantId& tenant,
                                const std::string& token_id) {
  MC_TRY(const std::vector<identity::Token> tokens, world.directory.tokens(tenant));
  const auto token = std::find_if(tokens.begin(), tokens.end(),
                                  [&](const identity::Token& each) { return each.id == token_id; });
  if (token == tokens.end()) return false;
  MC_TRY(const std::vector<identity::Principal> people, world.directory.principals(tenant));
  return std::any_of(people.begin(), people.end(), [&](const identity::Principal& each) {
    return each.id == token->principal && each.roles.has(identity::Role::tenant_admin);
  });
}

// On the machine itself, where there is no server, its owner decides.
Result<bool> gives_rights(const AdminWorld& world, const AdminRequest& request,
                          const Endpoint& endpoint) {
  if (world.portal == nullptr) return false;
  if (endpoint.method == "POST") return holds(kGivesRights, endpoint.path);
  // What is told to nobody would be done unseen.
  if (endpoint.path == kEndpoint) return endpoint.method == "PATCH" || endpoint.method == "DELETE";
  if (endpoint.method != "DELETE" || endpoint.path != kToken) return false;
  return ends_administrator(world, TenantId(request.path[1]), request.path[3]);
}

tl::unexpected<Error> shut(const TenantId& tenant, const transparency::Passage& passage) {
  if (passage.reason == transparency::kHasAdministrator) {
    return fail(Code::denied,
                passage.reason + ": tenant " + tenant.get() +
                    " has an administrator of its own, who alone gives tokens, sign-in links, "
                    "roles and secrets in it and says where it is told; ask them, or for a warrant "
                    "of class approval for "
                    "change at /v1/tenants/" +
                    tenant.get() + "/warrants, which they approve");
  }
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
  if (endpoint.path != kRecordsPath) return false;
  const std::string_view form = field_in(request.query, "form");
  return !form.empty() && form != "json";
}

// A read can be made first, as nothing of it leaves before it is recorded; then the record says
// what was served. A receipt is made of records, its own among them.
bool is_made_first(const AdminRequest& request, const Endpoint& endpoint) {
  const bool reads = endpoint.method == "GET" || endpoint.reads;
  return reads && !request.dry_run && !holds(kReceiptPaths, endpoint.path);
}

// What must work while nothing can be recorded, and is recorded by whoever does it once that can
// be.
bool records_itself(const AdminRequest& request, const Endpoint& endpoint) {
  return holds(kTapPaths, endpoint.path) && request.caller->reads_other_tenants();
}

Access access_of(const AdminRequest& request, const Endpoint& endpoint, const TenantId& tenant) {
  return {is_read(request, endpoint) ? Kind::access : Kind::change,
          tenant,
          *request.caller,
          std::string(endpoint.method) + " " + std::string(endpoint.path),
          object_of(request.http),
          std::string(request.request_id),
          std::string(request.http.peer.substr(0, request.http.peer.rfind(':')))};
}

}  // namespace

Result<bool> reaches(const AdminWorld& world, const AdminRequest& request, const Endpoint& endpoint,
                     const TenantId& tenant) {
  if (world.recorder == nullptr || world.gate == nullptr) return true;
  Access access = access_of(request, endpoint, tenant);
  transparency::Reaching reaching{*request.caller, tenant, access.kind, access.action};
  reaching.named = request.http.header(kWarrantHeader);
  MC_TRY(access.passage, world.gate->pass(reaching));
  if (!access.passage.allowed) access.kind = Kind::denied;
  MC_TRY([[maybe_unused]] const ledger::Recorded recorded, note(world, access, true));
  return access.passage.allowed;
}

Reply run_recorded(const AdminWorld& world, const AdminRequest& request, const Endpoint& endpoint,
                   Handler handler) {
  if (world.recorder == nullptr || request.caller == nullptr || records_itself(request, endpoint)) {
    return handler(world, request);
  }
  MC_TRY(const std::string about, tenant_in(world, request, endpoint));
  const TenantId tenant(log_tenant(request, endpoint, about));
  if (tenant.get().empty()) return handler(world, request);
  MC_TRY(const bool known, is_known(world, tenant));
  if (!known) return handler(world, request);
  const bool reads = is_read(request, endpoint);
  Access access = access_of(request, endpoint, tenant);
  access.takes_away = takes_away(request, endpoint);
  const bool gated = world.gate != nullptr && is_gated(request, endpoint, about);
  if (gated) {
    transparency::Reaching reaching{*request.caller, tenant, access.kind, access.action};
    reaching.named = request.http.header(kWarrantHeader);
    MC_TRY(reaching.gives_rights, gives_rights(world, request, endpoint));
    MC_TRY(access.passage, world.gate->pass(reaching));
  }
  if (!access.passage.allowed) {
    access.kind = Kind::denied;
    MC_TRY([[maybe_unused]] const ledger::Recorded recorded, note(world, access, gated));
    return shut(tenant, access.passage);
  }
  if (is_made_first(request, endpoint)) {
    Reply reply = handler(world, request);
    access.served = served_by(reply);
    access.takes_away = access.takes_away && access.served->status == 200;
    MC_TRY([[maybe_unused]] const ledger::Recorded recorded, note(world, access, gated));
    return reply;
  }
  MC_TRY(const ledger::Recorded recorded, note(world, access, gated));
  Reply reply = handler(world, request);
  if (!reads) world.recorder->record_outcome(access, recorded, served_by(reply));
  return reply;
}

}  // namespace mc::api
