// Top-ups of privacy budgets: who asks for more, who approves it, what it would mean.
#include "api/approvals.h"
#include "api/privacy_wire.h"
#include "topup/topup.h"

namespace mc::api {
namespace {

using accountant::NanoEpsilon;
using topup::Desk;
using topup::Request;
using topup::State;

Result<Desk*> desk_of(const AdminWorld& world) {
  if (world.privacy.top_ups != nullptr) return world.privacy.top_ups;
  return fail(Code::unavailable, "no dataset of this server has privacy budgets");
}

// Those who protect the tenant's people, and those who run it.
Result<TenantId> changed_tenant_in(const AdminWorld& world, const AdminRequest& request) {
  TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  const identity::Caller& caller = *request.caller;
  if (!caller.may(identity::Scope::admin_write)) {
    return fail(Code::denied, "the token lacks the scope 'admin:write'");
  }
  const bool protects = caller.tenant == tenant && caller.roles.has(identity::Role::dpo);
  if (protects || administers(caller, tenant)) return tenant;
  return fail(Code::denied, "role dpo, tenant-admin, or operator of tenant system, is required");
}

json::Value amount_or_null(const std::optional<NanoEpsilon>& amount) {
  return amount ? json::Value(accountant::to_decimal(*amount)) : json::Value();
}

json::Object to_json(const Request& one) {
  json::Object out;
  out.set("id", one.id);
  out.set("tenant", one.tenant);
  out.set("dataset", one.dataset);
  out.set("purpose", one.purpose);
  out.set("epsilon", accountant::to_decimal(one.epsilon));
  out.set("expires", format_rfc3339(one.expires));
  out.set("warrant", one.warrant);
  out.set("ticket", value_or_null(one.ticket));
  out.set("reason", one.reason);
  out.set("state", name_of(one.state));
  out.set("asked_by", one.asked_by);
  out.set("asked_at", format_rfc3339(one.asked));
  out.set("approved_by", value_or_null(one.approved_by));
  out.set("ended_by", value_or_null(one.ended_by));
  out.set("changed_at", format_rfc3339(one.changed));
  out.set("window_start",
          one.window_start ? json::Value(format_rfc3339(*one.window_start)) : json::Value());
  out.set("taken", amount_or_null(one.taken));
  out.set("record", one.record == 0 ? json::Value() : json::Value(one.record));
  out.set("version", one.version);
  return out;
}

net::Response top_up_reply(int status, const Request& one) {
  return versioned_reply(status, to_json(one), one.version);
}

// A budget that no query is ever held against is no reason to ask for more.
Status check_private(const AdminWorld& world, const std::string& name) {
  for (const dataset::Dataset& each : world.catalog->model().datasets) {
    if (each.name == name && each.privacy) return ok();
  }
  return fail(Code::invalid, "dataset: '" + excerpt(name) + "' has no private answers");
}

Result<Request> read_wanted(const AdminWorld& world, const AdminRequest& request,
                            const TenantId& tenant) {
  MC_TRY(const TopUpBody body, read_body<TopUpBody>(request));
  Request out;
  out.tenant = tenant.get();
  MC_TRY_OK(check_private(world, body.dataset));
  out.dataset = body.dataset;
  out.purpose = body.purpose;
  MC_TRY(out.epsilon, accountant::parse_epsilon(body.epsilon));
  MC_TRY(out.expires,
         end_of({"expires", body.expires, body.lifetime}, whole_ms(world.clock.wall())));
  out.warrant = body.warrant;
  out.ticket = body.ticket;
  out.reason = body.reason;
  return out;
}

Reply decided(const AdminWorld& world, const AdminRequest& request, State to) {
  MC_TRY(const TenantId tenant, changed_tenant_in(world, request));
  if (auto refused = challenge(world, request)) return std::move(*refused);
  MC_TRY(Desk * desk, desk_of(world));
  MC_TRY(const Request done, desk->decide(tenant, request.path[4], {to, run_of<Desk::Run>(request)},
                                          actor_of<topup::Actor>(request)));
  return top_up_reply(200, done);
}

}  // namespace

Reply list_top_ups(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(Desk * desk, desk_of(world));
  MC_TRY(const std::vector<Request> all, desk->list(tenant));
  json::Array items;
  for (const Request& one : all) items.emplace_back(to_json(one));
  return whole_page(std::move(items));
}

Reply create_top_up(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, changed_tenant_in(world, request));
  if (auto refused = challenge(world, request)) return std::move(*refused);
  MC_TRY(Desk * desk, desk_of(world));
  MC_TRY(Request wanted, read_wanted(world, request, tenant));
  MC_TRY(const Request made,
         desk->ask(std::move(wanted), actor_of<topup::Actor>(request), run_of<Desk::Run>(request)));
  return top_up_reply(made_status(request), made);
}

Reply approve_top_up(const AdminWorld& world, const AdminRequest& request) {
  return decided(world, request, State::active);
}

Reply refuse_top_up(const AdminWorld& world, const AdminRequest& request) {
  return decided(world, request, State::refused);
}

Reply revoke_top_up(const AdminWorld& world, const AdminRequest& request) {
  return decided(world, request, State::revoked);
}

// Nothing is changed, so who may look at the tenant may ask.
Reply preview_top_up(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(Desk * desk, desk_of(world));
  MC_TRY(const TopUpPreviewBody body, read_body<TopUpPreviewBody>(request));
  MC_TRY_OK(check_private(world, body.dataset));
  Request wanted;
  wanted.tenant = tenant.get();
  wanted.dataset = body.dataset;
  wanted.purpose = body.purpose;
  MC_TRY(wanted.epsilon, accountant::parse_epsilon(body.epsilon));
  MC_TRY(const topup::Preview seen, desk->preview(wanted));
  json::Object out;
  out.set("dataset", seen.dataset);
  out.set("purpose", seen.purpose);
  out.set("window_start", format_rfc3339(seen.window_start));
  out.set("window_end", format_rfc3339(seen.window_end));
  out.set("limit_before", amount_or_null(seen.limit_before));
  out.set("limit_after", amount_or_null(seen.limit_after));
  out.set("left_before", amount_or_null(seen.left_before));
  out.set("left_after", amount_or_null(seen.left_after));
  out.set("lifetime_spent", accountant::to_decimal(seen.lifetime_spent));
  out.set("odds_before", value_or_null(seen.odds_before));
  out.set("odds_after", value_or_null(seen.odds_after));
  out.set("error_before", value_or_null(seen.error_before));
  out.set("error_after", value_or_null(seen.error_after));
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
