// One function for each endpoint of the admin API, and what they share. The table of endpoints is
// in admin.cc. Private to the module.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/admin.h"
#include "api/wire.h"
#include "json/json.h"

namespace mc::api {

using Reply = Result<net::Response>;

// The fields of a query; `invalid` when one is there twice, as then it would be left to chance
// which of the two counts.
Result<net::Headers> read_fields(std::string_view query);
std::string_view field_in(const net::Headers& fields, std::string_view name);  // "" = none
inline constexpr std::string_view kWarrantHeader = "x-maestro-warrant";

net::Response json_reply(int status, const json::Value& value);
net::Response empty_reply();  // 204

// 404 rather than 403: who may not know a tenant does not learn that it exists.
Status check_reads(const AdminRequest& request, const TenantId& tenant);
Status check_writes(const AdminRequest& request, const TenantId& tenant);
bool administers(const identity::Caller& caller, const TenantId& tenant);
// If-Match must be the version that was read (RFC 9110 section 13.1.1): `invalid` without it,
// `conflict` for another one. `what` is "tenant".
Status check_match(const AdminRequest& request, std::string_view what, std::int64_t version);
// `body` with the members of the request's body in place of its own.
Result<json::Value> patched(const AdminRequest& request, json::Object body);

// What `use` gives of the state database, which is lent for as long. `unavailable` without a
// server.
template <class T, class Use>
Result<T> with_state(const AdminWorld& world, const Use& use) {
  if (world.random == nullptr) {
    return fail(Code::unavailable, "only a running server has notifications and alerts");
  }
  std::optional<Result<T>> out;
  MC_TRY_OK(world.directory.lend([&](sql::Connection& connection) -> Status {
    out.emplace(use(connection));
    return ok();
  }));
  return std::move(*out);
}
// The caller's own tenant first.
Result<std::vector<std::string>> visible_tenants(const AdminWorld& world,
                                                 const identity::Caller& caller);

Result<json::Value> parse_body(const AdminRequest& request);
template <class T>
Result<T> read_body(const AdminRequest& request) {
  MC_TRY(const json::Value value, parse_body(request));
  return json::read<T>(value);
}

json::Object to_json(const transparency::Warrant& warrant);  // of wire.h are the others
template <class T>
json::Value page(const std::vector<T>& items) {
  json::Array list;
  for (const T& item : items) list.emplace_back(to_json(item));
  json::Object out;
  out.set("items", json::Value(std::move(list)));
  out.set("next_cursor", json::Value());
  return json::Value(std::move(out));
}

Reply list_tenants(const AdminWorld& world, const AdminRequest& request);
Reply create_tenant(const AdminWorld& world, const AdminRequest& request);
Reply get_tenant(const AdminWorld& world, const AdminRequest& request);
Reply update_tenant(const AdminWorld& world, const AdminRequest& request);

Reply list_principals(const AdminWorld& world, const AdminRequest& request);
Reply create_principal(const AdminWorld& world, const AdminRequest& request);
Reply create_link(const AdminWorld& world, const AdminRequest& request);
Reply list_tokens(const AdminWorld& world, const AdminRequest& request);
Reply create_token(const AdminWorld& world, const AdminRequest& request);
Reply revoke_token(const AdminWorld& world, const AdminRequest& request);

// What /v1/session tells; `cookie` is the session's secret, "" for a token.
Result<json::Object> describe_session(const AdminWorld& world, const identity::Caller& caller,
                                      std::string_view cookie);
// The value of Set-Cookie that begins a session in this browser, or ends it without a secret.
std::string session_cookie(const AdminWorld& world, const AdminRequest& request,
                           std::string_view secret);
identity::StepUp step_up_rule(const AdminWorld& world);
// The refusal of a person whose sign-in is too old or too weak to give access to others
// (RFC 9470 section 3); nothing for everybody else.
std::optional<net::Response> challenge(const AdminWorld& world, const AdminRequest& request);

Reply get_sign_in(const AdminWorld& world, const AdminRequest& request);
Reply sign_in(const AdminWorld& world, const AdminRequest& request);
Reply begin_code_login(const AdminWorld& world, const AdminRequest& request);
Reply finish_code_login(const AdminWorld& world, const AdminRequest& request);
Reply get_session(const AdminWorld& world, const AdminRequest& request);
Reply sign_out(const AdminWorld& world, const AdminRequest& request);
Reply list_sessions(const AdminWorld& world, const AdminRequest& request);
Reply revoke_session(const AdminWorld& world, const AdminRequest& request);

Reply list_endpoints(const AdminWorld& world, const AdminRequest& request);
Reply create_endpoint(const AdminWorld& world, const AdminRequest& request);
Reply get_endpoint(const AdminWorld& world, const AdminRequest& request);
Reply update_endpoint(const AdminWorld& world, const AdminRequest& request);
Reply delete_endpoint(const AdminWorld& world, const AdminRequest& request);
Reply rotate_endpoint(const AdminWorld& world, const AdminRequest& request);
Reply test_endpoint(const AdminWorld& world, const AdminRequest& request);
Reply replay_endpoint(const AdminWorld& world, const AdminRequest& request);
Reply list_deliveries(const AdminWorld& world, const AdminRequest& request);
Reply get_delivery(const AdminWorld& world, const AdminRequest& request);
Reply send_delivery(const AdminWorld& world, const AdminRequest& request);

// Of the ledger's readers.
Result<ledger::Ledger*> ledger_of(const AdminWorld& world);
Status check_known(const AdminWorld& world, const TenantId& tenant);
// RFC 3339, or a day; `name` is the query's.
Result<WallTime> time_in(std::string_view name, const std::string& text);

Reply get_ledger(const AdminWorld& world, const AdminRequest& request);
Reply list_records(const AdminWorld& world, const AdminRequest& request);
Reply get_receipt(const AdminWorld& world, const AdminRequest& request);
Reply get_range_receipt(const AdminWorld& world, const AdminRequest& request);
Reply erase_record(const AdminWorld& world, const AdminRequest& request);

Reply list_warrants(const AdminWorld& world, const AdminRequest& request);
Reply create_warrant(const AdminWorld& world, const AdminRequest& request);
Reply approve_warrant(const AdminWorld& world, const AdminRequest& request);
Reply deny_warrant(const AdminWorld& world, const AdminRequest& request);
Reply revoke_warrant(const AdminWorld& world, const AdminRequest& request);
Reply get_access(const AdminWorld& world, const AdminRequest& request);
Reply set_access(const AdminWorld& world, const AdminRequest& request);

Reply list_overrides(const AdminWorld& world, const AdminRequest& request);
Reply create_override(const AdminWorld& world, const AdminRequest& request);
Reply approve_override(const AdminWorld& world, const AdminRequest& request);
Reply refuse_override(const AdminWorld& world, const AdminRequest& request);
Reply revoke_override(const AdminWorld& world, const AdminRequest& request);
Reply preview_override(const AdminWorld& world, const AdminRequest& request);
Reply get_effective_budgets(const AdminWorld& world, const AdminRequest& request);
Reply get_budget_usage(const AdminWorld& world, const AdminRequest& request);
Reply explain_budget(const AdminWorld& world, const AdminRequest& request);
Reply get_denial(const AdminWorld& world, const AdminRequest& request);
Reply sign_denial(const AdminWorld& world, const AdminRequest& request);

Reply get_privacy_budgets(const AdminWorld& world, const AdminRequest& request);
Reply get_privacy_burn_down(const AdminWorld& world, const AdminRequest& request);
Reply get_privacy_spend(const AdminWorld& world, const AdminRequest& request);
Reply list_privacy_charges(const AdminWorld& world, const AdminRequest& request);
Reply get_privacy_charge(const AdminWorld& world, const AdminRequest& request);
Reply list_queued(const AdminWorld& world, const AdminRequest& request);
Reply get_queued(const AdminWorld& world, const AdminRequest& request);
Reply cancel_queued(const AdminWorld& world, const AdminRequest& request);
Reply get_accountant(const AdminWorld& world, const AdminRequest& request);
Reply list_top_ups(const AdminWorld& world, const AdminRequest& request);
Reply create_top_up(const AdminWorld& world, const AdminRequest& request);
Reply approve_top_up(const AdminWorld& world, const AdminRequest& request);
Reply refuse_top_up(const AdminWorld& world, const AdminRequest& request);
Reply revoke_top_up(const AdminWorld& world, const AdminRequest& request);
Reply preview_top_up(const AdminWorld& world, const AdminRequest& request);

Reply list_exports(const AdminWorld& world, const AdminRequest& request);
Reply create_export(const AdminWorld& world, const AdminRequest& request);
Reply get_export(const AdminWorld& world, const AdminRequest& request);
Reply get_export_file(const AdminWorld& world, const AdminRequest& request);
Reply approve_export(const AdminWorld& world, const AdminRequest& request);
Reply cancel_export(const AdminWorld& world, const AdminRequest& request);
Reply pause_export(const AdminWorld& world, const AdminRequest& request);
Reply resume_export(const AdminWorld& world, const AdminRequest& request);

Reply list_taps(const AdminWorld& world, const AdminRequest& request);
Reply set_tap(const AdminWorld& world, const AdminRequest& request);
Reply get_tap(const AdminWorld& world, const AdminRequest& request);
Reply lift_tap(const AdminWorld& world, const AdminRequest& request);

Reply get_policy(const AdminWorld& world, const AdminRequest& request);
Reply reload_policy(const AdminWorld& world, const AdminRequest& request);
Reply try_policy(const AdminWorld& world, const AdminRequest& request);
Reply list_decisions(const AdminWorld& world, const AdminRequest& request);
Reply get_decision(const AdminWorld& world, const AdminRequest& request);

Reply list_residency(const AdminWorld& world, const AdminRequest& request);
Reply locate_residency(const AdminWorld& world, const AdminRequest& request);
Reply list_attempts(const AdminWorld& world, const AdminRequest& request);
Reply get_residency(const AdminWorld& world, const AdminRequest& request);
Reply probe_residency(const AdminWorld& world, const AdminRequest& request);

Reply list_alerts(const AdminWorld& world, const AdminRequest& request);
Reply receive_alerts(const AdminWorld& world, const AdminRequest& request);

Reply get_overview(const AdminWorld& world, const AdminRequest& request);
Reply list_datasets(const AdminWorld& world, const AdminRequest& request);
Reply get_dataset(const AdminWorld& world, const AdminRequest& request);
Reply get_self(const AdminWorld& world, const AdminRequest& request);

}  // namespace mc::api
