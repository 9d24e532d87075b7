// Budgets as they are, and their overrides: who changes them for a time, and who may see that.
#include "api/approvals.h"
#include "api/budget_wire.h"
#include "budget/override_desk.h"
#include "budget/preview.h"

namespace mc::api {
namespace {

using budget::Override;
using budget::OverrideDesk;
using budget::OverrideState;

Result<OverrideDesk*> desk_of(const AdminWorld& world) {
  if (world.budgets.overrides != nullptr) return world.budgets.overrides;
  return fail(Code::unavailable, "only a running server has budgets");
}

using Run = OverrideDesk::Run;
using Actor = budget::OverrideActor;

// A tenant does not give itself more.
Result<TenantId> changed_tenant_in(const AdminRequest& request) {
  TenantId tenant(request.path[1]);
  MC_TRY_OK(check_writes(request, tenant));
  if (request.caller->reads_other_tenants()) return tenant;
  return fail(Code::denied, "only the operator's people change budgets");
}

json::Object to_json(const Override& one) {
  json::Object out;
  out.set("id", one.id);
  out.set("tenant", one.tenant);
  out.set("scope", budget::name_of(one.scope));
  out.set("route", value_or_null(one.route));
  out.set("dimension", budget::name_of(one.dimension));
  out.set("amount", value_or_null(one.amount));
  out.set("factor", one.factor ? json::Value(budget::print_factor(*one.factor)) : json::Value());
  out.set("from", format_rfc3339(one.from));
  out.set("until", format_rfc3339(one.until));
  out.set("reason", one.reason);
  out.set("note", one.note);
  out.set("ticket", one.ticket);
  out.set("state", budget::name_of(one.state));
  out.set("asked_by", one.asked_by);
  out.set("asked_at", format_rfc3339(one.asked));
  out.set("approved_by", value_or_null(one.approved_by));
  out.set("ended_by", value_or_null(one.ended_by));
  out.set("changed_at", format_rfc3339(one.changed));
  out.set("limit_before", value_or_null(one.before));
  out.set("limit_after", value_or_null(one.after));
  out.set("record", one.record);
  out.set("version", one.version);
  return out;
}

json::Object to_json(const budget::Book::Line& line) {
  const bool changed = !line.id.empty();
  json::Object out;
  out.set("scope", budget::name_of(line.scope));
  out.set("route", value_or_null(line.route));
  out.set("class", value_or_null(line.class_name));
  out.set("dimension", budget::name_of(line.dimension));
  out.set("limit", line.quota);
  out.set("left", value_or_null(line.left));
  out.set("source", changed ? "override" : "plan");
  out.set("override", value_or_null(line.id));
  out.set("until", changed ? json::Value(format_rfc3339(line.until)) : json::Value());
  out.set("limit_of_plan", value_or_null(line.of_plan));
  out.set("warn_only", line.warn_only);
  out.set("counted", gateway::Gateway::counts(line.dimension));
  return out;
}

net::Response override_reply(int status, const AdminRequest& request, const Override& one) {
  json::Object body = to_json(one);
  if (request.dry_run && one.record == 0) body.set("record", json::Value());
  return versioned_reply(status, std::move(body), one.version);
}

// Which limit, and what of it.
template <class Body>
Result<Override> read_limit(const Body& body, const TenantId& tenant) {
  Override out;
  out.tenant = tenant.get();
  out.scope = budget::scope_of(body.scope).value_or(budget::Scope::tenant);
  out.route = body.route;
  const auto dimension = budget::dimension_of(body.dimension);
  if (!dimension || !gateway::Gateway::counts(*dimension)) {
    return fail(Code::invalid, "dimension: " + excerpt(body.dimension) +
                                   " is not counted by this server, so that a limit of it would "
                                   "change nothing");
  }
  out.dimension = *dimension;
  out.amount = body.amount;
  if (!body.factor.empty()) {
    MC_TRY(out.factor, budget::parse_factor(body.factor));
  }
  return out;
}

Result<Override> read_wanted(const AdminWorld& world, const AdminRequest& request,
                             const TenantId& tenant) {
  MC_TRY(const OverrideBody body, read_body<OverrideBody>(request));
  MC_TRY(Override out, read_limit(body, tenant));
  if (!body.from.empty()) {
    MC_TRY(out.from, read_time("from", body.from));
  }
  const WallTime begin = body.from.empty() ? whole_ms(world.clock.wall()) : out.from;
  MC_TRY(out.until, end_of({"until", body.until, body.lifetime}, begin));
  out.reason = body.reason;
  out.note = body.note;
  out.ticket = body.ticket;
  return out;
}

Reply decided(const AdminWorld& world, const AdminRequest& request, OverrideState to) {
  MC_TRY(const TenantId tenant, changed_tenant_in(request));
  if (auto refused = challenge(world, request)) return std::move(*refused);
  MC_TRY(OverrideDesk * desk, desk_of(world));
  MC_TRY(const Override done, desk->decide(tenant, request.path[4], {to, run_of<Run>(request)},
                                           actor_of<Actor>(request)));
  return override_reply(200, request, done);
}

}  // namespace

Reply list_overrides(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(OverrideDesk * desk, desk_of(world));
  MC_TRY(const std::vector<Override> all, desk->list(tenant));
  json::Array items;
  for (const Override& one : all) items.emplace_back(to_json(one));
  return whole_page(std::move(items));
}

Reply create_override(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, changed_tenant_in(request));
  if (auto refused = challenge(world, request)) return std::move(*refused);
  MC_TRY(OverrideDesk * desk, desk_of(world));
  MC_TRY(Override wanted, read_wanted(world, request, tenant));
  MC_TRY(const Override made,
         desk->create(std::move(wanted), actor_of<Actor>(request), run_of<Run>(request)));
  return override_reply(made_status(request), request, made);
}

Reply approve_override(const AdminWorld& world, const AdminRequest& request) {
  return decided(world, request, OverrideState::active);
}

Reply refuse_override(const AdminWorld& world, const AdminRequest& request) {
  return decided(world, request, OverrideState::refused);
}

Reply revoke_override(const AdminWorld& world, const AdminRequest& request) {
  return decided(world, request, OverrideState::revoked);
}

// Nothing is changed, so who may look at the tenant may ask.
Reply preview_override(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY(const PreviewBody body, read_body<PreviewBody>(request));
  MC_TRY(const Override wanted, read_limit(body, tenant));
  MC_TRY(OverrideDesk * desk, desk_of(world));
  MC_TRY(const budget::Book::Change change, desk->change_by(wanted));
  if (world.budgets.journal == nullptr) {
    return fail(Code::unavailable, "nothing is limited here, so that no override changes anything");
  }
  MC_TRY(const budget::Preview seen,
         budget::preview(*world.budgets.journal, wanted, world.clock.wall()));
  json::Object out;
  out.set("tenant", tenant.get());
  out.set("window_s", seen.window.count / 1'000'000'000);
  out.set("decisions", seen.decisions);
  out.set("rejected_before", seen.rejected_before);
  out.set("rejected_after", seen.rejected_after);
  out.set("admitted_instead", seen.admitted_instead);
  out.set("refused_instead", seen.refused_instead);
  // Who pays is the operator's to know.
  json::Array payers;
  for (const budget::Preview::Payer& payer : seen.payers) {
    if (!request.caller->reads_other_tenants()) break;
    json::Object one;
    one.set("tenant", payer.tenant);
    one.set("more_refused", payer.refused);
    payers.emplace_back(std::move(one));
  }
  out.set("payers", std::move(payers));
  out.set("takes_two", desk->takes_two(change));
  out.set("limit_of_plan", value_or_null(change.of_plan));
  out.set("limit_before", value_or_null(change.before));
  out.set("limit_after", value_or_null(change.after));
  return json_reply(200, json::Value(std::move(out)));
}

Reply get_effective_budgets(const AdminWorld& world, const AdminRequest& request) {
  TenantId tenant = request.caller->tenant;
  std::string route, user;
  for (const auto& [name, value] : request.query) {
    if (name == "tenant") {
      tenant = TenantId(value);
    } else if (name == "route") {
      route = value;
    } else if (name == "user") {
      user = value;
    } else {
      return fail(Code::invalid,
                  "the query has tenant, route and user, not '" + excerpt(name) + "'");
    }
  }
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY(const identity::Tenant held, world.directory.tenant(tenant));
  MC_TRY(OverrideDesk * desk, desk_of(world));
  MC_TRY(const std::vector<budget::Book::Line> lines, desk->effective(tenant, route, user));
  json::Array items;
  for (const budget::Book::Line& line : lines) items.emplace_back(to_json(line));
  json::Object out;
  out.set("tenant", tenant.get());
  out.set("plan", held.plan);
  out.set("items", std::move(items));
  out.set("next_cursor", json::Value());
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
