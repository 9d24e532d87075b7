#include "api/admin.h"

#include <algorithm>

#include "api/handlers.h"
#include "api/recorded.h"
#include "api/signing.h"
#include "api/wire.h"

namespace mc::api {
namespace {

using identity::Role;
using identity::Scope;

constexpr std::size_t kBodyBytesMax = 256 << 10;  // Alertmanager sends groups of alerts

struct Row {
  Endpoint endpoint;
  Handler handler;
};
constexpr Row kRows[] = {
    {{"GET", "/v1/session"}, get_session},
    {{"DELETE", "/v1/session"}, sign_out},
    {{"GET", "/v1/sessions"}, list_sessions},
    {{"POST", "/v1/sessions", true}, sign_in},
    {{"DELETE", "/v1/sessions/{session}"}, revoke_session},
    {{"GET", "/v1/sign-in", true}, get_sign_in},
    {{"POST", "/v1/sign-in/oidc", true}, begin_code_login},
    {{"POST", "/v1/sign-in/oidc/code", true, true}, finish_code_login},
    {{"GET", "/v1/self"}, get_self},
    {{"GET", "/v1/overview"}, get_overview},
    {{"GET", "/v1/datasets"}, list_datasets},
    {{"GET", "/v1/datasets/{dataset}"}, get_dataset},
    {{"GET", "/v1/tenants"}, list_tenants},
    {{"POST", "/v1/tenants"}, create_tenant},
    {{"GET", "/v1/tenants/{tenant}"}, get_tenant},
    {{"PATCH", "/v1/tenants/{tenant}"}, update_tenant},
    {{"GET", "/v1/tenants/{tenant}/principals"}, list_principals},
    {{"POST", "/v1/tenants/{tenant}/principals"}, create_principal},
    {{"POST", "/v1/tenants/{tenant}/principals/{principal}/links"}, create_link},
    {{"GET", "/v1/ledger"}, get_ledger},
    {{"GET", "/v1/tenants/{tenant}/records"}, list_records},
    {{"GET", "/v1/tenants/{tenant}/records/{record}/receipt"}, get_receipt},
    {{"POST", "/v1/tenants/{tenant}/records/{record}/erase"}, erase_record},
    {{"GET", "/v1/tenants/{tenant}/receipts"}, get_range_receipt},
    {{"GET", "/v1/tenants/{tenant}/warrants"}, list_warrants},
    {{"POST", "/v1/tenants/{tenant}/warrants"}, create_warrant},
    {{"POST", "/v1/tenants/{tenant}/warrants/{warrant}/approve"}, approve_warrant},
    {{"POST", "/v1/tenants/{tenant}/warrants/{warrant}/deny"}, deny_warrant},
    {{"POST", "/v1/tenants/{tenant}/warrants/{warrant}/revoke"}, revoke_warrant},
    {{"GET", "/v1/tenants/{tenant}/access"}, get_access},
    {{"PUT", "/v1/tenants/{tenant}/access"}, set_access},
    {{"GET", "/v1/tenants/{tenant}/budgets/overrides"}, list_overrides},
    {{"POST", "/v1/tenants/{tenant}/budgets/overrides"}, create_override},
    {{"POST", "/v1/tenants/{tenant}/budgets/overrides/{override}/approve"}, approve_override},
    {{"POST", "/v1/tenants/{tenant}/budgets/overrides/{override}/refuse"}, refuse_override},
    {{"POST", "/v1/tenants/{tenant}/budgets/overrides/{override}/revoke"}, revoke_override},
    {{"POST", "/v1/tenants/{tenant}/budgets/overrides/preview", false, false, true},
     preview_override},
    {{"GET", "/v1/tenants/{tenant}/budgets/denials/{request}"}, get_denial},
    {{"POST", "/v1/tenants/{tenant}/budgets/denials/{request}/receipt", false, false, true},
     sign_denial},
    {{"GET", "/v1/budgets/effective"}, get_effective_budgets},
    {{"GET", "/v1/budgets/usage"}, get_budget_usage},
    {{"GET", "/v1/budgets/explain/{request}"}, explain_budget},
    {{"GET", "/v1/tenants/{tenant}/privacy/budgets"}, get_privacy_budgets},
    {{"GET", "/v1/tenants/{tenant}/privacy/burn-down"}, get_privacy_burn_down},
    {{"GET", "/v1/tenants/{tenant}/privacy/spend"}, get_privacy_spend},
    {{"GET", "/v1/tenants/{tenant}/privacy/charges"}, list_privacy_charges},
    {{"GET", "/v1/tenants/{tenant}/privacy/charges/{charge}"}, get_privacy_charge},
    {{"GET", "/v1/tenants/{tenant}/privacy/accountant"}, get_accountant},
    {{"GET", "/v1/tenants/{tenant}/privacy/queue"}, list_queued},
    {{"GET", "/v1/tenants/{tenant}/privacy/queue/{queued}"}, get_queued},
    {{"POST", "/v1/tenants/{tenant}/privacy/queue/{queued}/cancel"}, cancel_queued},
    {{"GET", "/v1/tenants/{tenant}/privacy/top-ups"}, list_top_ups},
    {{"POST", "/v1/tenants/{tenant}/privacy/top-ups"}, create_top_up},
    {{"POST", "/v1/tenants/{tenant}/privacy/top-ups/{top_up}/approve"}, approve_top_up},
    {{"POST", "/v1/tenants/{tenant}/privacy/top-ups/{top_up}/refuse"}, refuse_top_up},
    {{"POST", "/v1/tenants/{tenant}/privacy/top-ups/{top_up}/revoke"}, revoke_top_up},
    {{"POST", "/v1/tenants/{tenant}/privacy/top-ups/preview", false, false, true}, preview_top_up},
    {{"GET", "/v1/tenants/{tenant}/exports"}, list_exports},
    {{"POST", "/v1/tenants/{tenant}/exports"}, create_export},
    {{"GET", "/v1/tenants/{tenant}/exports/{export}"}, get_export},
    {{"GET", "/v1/tenants/{tenant}/exports/{export}/files/{file}"}, get_export_file},
    {{"POST", "/v1/tenants/{tenant}/exports/{export}/approve"}, approve_export},
    {{"POST", "/v1/tenants/{tenant}/exports/{export}/cancel"}, cancel_export},
    {{"POST", "/v1/tenants/{tenant}/exports/{export}/pause"}, pause_export},
    {{"POST", "/v1/tenants/{tenant}/exports/{export}/resume"}, resume_export},
    {{"GET", "/v1/taps"}, list_taps},
    {{"POST", "/v1/taps"}, set_tap},
    {{"GET", "/v1/taps/{tap}"}, get_tap},
    {{"DELETE", "/v1/taps/{tap}"}, lift_tap},
    {{"GET", "/v1/policy"}, get_policy},
    {{"POST", "/v1/policy/reload"}, reload_policy},
    {{"POST", "/v1/policy/what-if", false, false, true}, try_policy},
    {{"GET", "/v1/decisions"}, list_decisions},
    {{"GET", "/v1/decisions/{decision}"}, get_decision},
    {{"GET", "/v1/residency"}, list_residency},
    {{"GET", "/v1/residency/{tenant}"}, locate_residency},
    {{"GET", "/v1/residency/{tenant}/attempts"}, list_attempts},
    {{"GET", "/v1/residency/{tenant}/{period}"}, get_residency},
    {{"POST", "/v1/residency/{tenant}/probes"}, probe_residency},
    {{"GET", "/v1/alerts"}, list_alerts},
    {{"POST", "/v1/alerts"}, receive_alerts},
    {{"GET", "/v1/tenants/{tenant}/endpoints"}, list_endpoints},
    {{"POST", "/v1/tenants/{tenant}/endpoints"}, create_endpoint},
    {{"GET", "/v1/tenants/{tenant}/endpoints/{endpoint}"}, get_endpoint},
    {{"PATCH", "/v1/tenants/{tenant}/endpoints/{endpoint}"}, update_endpoint},
    {{"DELETE", "/v1/tenants/{tenant}/endpoints/{endpoint}"}, delete_endpoint},
    {{"POST", "/v1/tenants/{tenant}/endpoints/{endpoint}/rotate"}, rotate_endpoint},
    {{"POST", "/v1/tenants/{tenant}/endpoints/{endpoint}/test"}, test_endpoint},
    {{"POST", "/v1/tenants/{tenant}/endpoints/{endpoint}/replay"}, replay_endpoint},
    {{"GET", "/v1/tenants/{tenant}/deliveries"}, list_deliveries},
    {{"GET", "/v1/tenants/{tenant}/deliveries/{delivery}"}, get_delivery},
    {{"POST", "/v1/tenants/{tenant}/deliveries/{delivery}/send"}, send_delivery},
    {{"GET", "/v1/tenants/{tenant}/tokens"}, list_tokens},
    {{"POST", "/v1/tenants/{tenant}/tokens"}, create_token},
    {{"DELETE", "/v1/tenants/{tenant}/tokens/{token}"}, revoke_token},
};

bool matches(std::string_view pattern, const std::vector<std::string>& path) {
  const std::vector<std::string_view> parts = split(pattern.substr(4), '/');
  return std::equal(parts.begin(), parts.end(), path.begin(), path.end(),
                    [](std::string_view part, const std::string& segment) {
                      return part.starts_with('{') ? !segment.empty() : part == segment;
                    });
}

net::Response not_allowed(const std::string& allow, std::string_view request_id) {
  net::Response out =
      problem(405, {Code::invalid, "this path has the methods " + allow}, request_id);
  out.headers.emplace_back("Allow", allow);
  return out;
}

bool answers(const Endpoint& endpoint, std::string_view method) {
  return endpoint.method == method || (endpoint.method == "GET" && method == "HEAD");
}

// Two warrants are none, as nobody knows which one is meant; and who names an empty one means one.
Status check_warrant_header(const net::Request& http) {
  const auto is_one = [](const net::HeaderView& header) {
    return equals_ignoring_case(header.name, kWarrantHeader);
  };
  const auto count = std::count_if(http.headers.begin(), http.headers.end(), is_one);
  if (count == 0 || (count == 1 && !trim(http.header(kWarrantHeader)).empty())) return ok();
  return fail(Code::invalid, "X-Maestro-Warrant: it is one warrant's id, given once");
}

// A write with a query that is not understood is refused: it may be a misspelt dry_run.
Status read_dry_run(AdminRequest& request, const Endpoint& endpoint) {
  if (endpoint.method == "GET" || endpoint.reads || request.query.empty()) return ok();
  const auto& [name, value] = request.query.front();
  if (request.query.size() != 1 || name != "dry_run" || (value != "true" && value != "false")) {
    return fail(Code::invalid, "the one query parameter is dry_run, with true or false");
  }
  request.dry_run = value == "true";
  return ok();
}

// Also of the paths that have their tenant in the query.
Status read_path(AdminRequest& request) {
  const std::string_view path = request.http.path;
  if (path != kTransparencyReceipts && path != kReceipts) {
    for (const std::string_view segment : split(path.substr(4), '/')) {
      request.path.emplace_back(segment);
    }
    return ok();
  }
  const std::string_view tenant = field_in(request.query, "tenant");
  if (tenant.empty()) return fail(Code::invalid, "tenant: it is missing in the query");
  request.path = {"tenants", std::string(tenant), "receipts"};
  return ok();
}

Status read_request(AdminRequest& request) {
  MC_TRY(request.query, read_fields(request.http.query));
  MC_TRY_OK(check_warrant_header(request.http));
  return read_path(request);
}

Reply run(const Row& row, const AdminWorld& world, AdminRequest& request) {
  MC_TRY_OK(read_dry_run(request, row.endpoint));
  return run_recorded(world, request, row.endpoint, row.handler);
}

// The operator's people know their machine.
net::Response refusal(const AdminWorld& world, AdminRequest& request, const Error& error) {
  const identity::Caller* caller = request.caller;
  if (caller != nullptr && caller->tenant.get() == identity::kSystemTenant) {
    return problem(error, request.request_id);
  }
  const Error told =
      told_outside(world.recorder == nullptr ? nullptr : &world.recorder->ledger(), error);
  if (told.what != error.what) request.hidden = error.what;
  return problem(told, request.request_id);
}

}  // namespace

std::vector<Endpoint> endpoints() {
  std::vector<Endpoint> out;
  for (const Row& row : kRows) out.push_back(row.endpoint);
  return out;
}

const Endpoint* find_anonymous(const net::Request& request) {
  const Row* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& each) {
    return each.endpoint.anonymous && answers(each.endpoint, request.method) &&
           each.endpoint.path == request.path;
  });
  return row == std::end(kRows) ? nullptr : &row->endpoint;
}

net::Response serve_v1(const AdminWorld& world, AdminRequest& request) {
  if (const Status read = read_request(request); !read) {
    return problem(read.error(), request.request_id);
  }
  std::string allow;
  for (const Row& row : kRows) {
    if (!matches(row.endpoint.path, request.path)) continue;
    if (!answers(row.endpoint, request.http.method)) {
      if (allow.find(row.endpoint.method) != std::string::npos) continue;
      allow.append(allow.empty() ? "" : ", ").append(row.endpoint.method);
      if (row.endpoint.method == "GET") allow += ", HEAD";
      continue;
    }
    Reply reply = run(row, world, request);
    return reply ? std::move(*reply) : refusal(world, request, reply.error());
  }
  if (!allow.empty()) return not_allowed(allow, request.request_id);
  return problem({Code::not_found, "no such endpoint"}, request.request_id);
}

net::Response serve_locally(const LocalWorld& world, const LocalRequest& request) {
  identity::Caller caller;
  caller.tenant = TenantId(identity::kSystemTenant);
  caller.principal = PrincipalId("local");
  caller.region = "local";
  caller.roles = {Role::operator_};
  caller.scopes = {Scope::query,       Scope::mutate,  Scope::introspect, Scope::admin_read,
                   Scope::admin_write, Scope::metrics, Scope::alerts,     Scope::signatures};
  caller.expires = world.clock.wall() + seconds(60);
  net::Request http;
  http.method = request.method;
  http.target = request.path;
  const std::string_view target = request.path;
  const std::size_t question = target.find('?');
  http.path = target.substr(0, question);
  http.query = question == std::string_view::npos ? "" : target.substr(question + 1);
  for (const auto& [name, value] : request.headers) http.headers.push_back({name, value});
  http.body = request.body;
  if (is_signing_path(http.path)) {
    Result<net::Response> answer = serve_signing(world.signing, http);
    return answer ? std::move(*answer) : problem(answer.error(), "local");
  }
  AdminRequest admin{.http = http, .caller = &caller, .request_id = "local"};
  return serve_v1({.clock = world.clock,
                   .directory = world.directory,
                   .recorder = &world.recorder,
                   .signing = &world.signing,
                   .gate = &world.gate,
                   .index = &world.index},
                  admin);
}

Result<net::Headers> read_fields(std::string_view query) {
  MC_TRY(net::Headers fields, net::parse_query(query));
  for (auto field = fields.begin(); field != fields.end(); ++field) {
    const bool twice = std::any_of(
        fields.begin(), field, [&](const auto& earlier) { return earlier.first == field->first; });
    if (twice) return fail(Code::invalid, excerpt(field->first) + ": the query has it twice");
  }
  return fields;
}

std::string_view field_in(const net::Headers& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

// While the ledger stands, its reason is in many refusals; what cannot be read is said with where.
Error told_outside(const ledger::Ledger* ledger, const Error& error) {
  if (error.code != Code::unavailable && error.code != Code::corrupt) return error;
  Error out = error;
  const bool stopped = ledger != nullptr && !ledger->state();
  if (error.code == Code::unavailable && stopped) {
    out.what = kLedgerStopped;
  } else if (error.what.starts_with('/') || error.what.find(" /") != std::string::npos) {
    out.what = "what is stored here cannot be read; the operator's log says why";
  }
  return out;
}

net::Response json_reply(int status, const json::Value& value) {
  net::Response out;
  out.status = status;
  out.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  out.body = json::print(value) + "\n";
  return out;
}

net::Response empty_reply() {
  net::Response out;
  out.status = 204;
  return out;
}

Result<json::Value> parse_body(const AdminRequest& request) {
  return json::parse(request.http.body, {.bytes_max = kBodyBytesMax});
}

Status check_match(const AdminRequest& request, std::string_view what, std::int64_t version) {
  const std::string_view match = request.http.header("if-match");
  const std::string name(what);
  if (match.empty()) {
    return fail(Code::invalid, "If-Match with the version of the " + name + " is required");
  }
  if (match == "\"" + std::to_string(version) + "\"") return ok();
  return fail(Code::conflict, "the " + name + " has version " + std::to_string(version));
}

Result<json::Value> patched(const AdminRequest& request, json::Object body) {
  MC_TRY(const json::Value patch, parse_body(request));
  if (patch.as_object() == nullptr) return fail(Code::invalid, "the body must be a JSON object");
  for (const json::Member& member : patch.as_object()->members()) {
    body.set(member.name, member.value);
  }
  return json::Value(std::move(body));
}

bool administers(const identity::Caller& caller, const TenantId& tenant) {
  return caller.reads_other_tenants() ||
         (caller.tenant == tenant && caller.roles.has(Role::tenant_admin));
}

// 404 rather than 403: who may not know a tenant does not learn that it exists.
Status check_reads(const AdminRequest& request, const TenantId& tenant) {
  if (!request.caller->may(Scope::admin_read)) {
    return fail(Code::denied, "the token lacks the scope 'admin:read'");
  }
  if (request.caller->tenant == tenant || request.caller->reads_other_tenants()) return ok();
  return fail(Code::not_found, "no tenant '" + excerpt(tenant.get()) + "'");
}

Status check_writes(const AdminRequest& request, const TenantId& tenant) {
  MC_TRY_OK(check_reads(request, tenant));
  if (!request.caller->may(Scope::admin_write)) {
    return fail(Code::denied, "the token lacks the scope 'admin:write'");
  }
  if (administers(*request.caller, tenant)) return ok();
  return fail(Code::denied, "role tenant-admin, or operator of tenant system, is required");
}

Reply get_self(const AdminWorld&, const AdminRequest& request) {
  json::Object out;
  out.set("tenant", request.caller->tenant.get());
  out.set("principal", request.caller->principal.get());
  out.set("roles", identity::join(request.caller->roles));
  out.set("scopes", identity::join(request.caller->scopes));
  out.set("purpose", request.caller->purpose);
  out.set("expires_at", format_rfc3339(request.caller->expires));
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
