// Private queries that wait for a window: those who asked see their own and may cancel them; who
// protects or runs the tenant sees all of it. Answers are not told here: queuedDP gives them to who
// asked, through the gate.
#include "api/handlers.h"
#include "planner/queue.h"

namespace mc::api {
namespace {

using identity::Role;
using identity::Scope;
using planner::QueuedQuery;

Result<planner::Queue*> queue_of(const AdminWorld& world) {
  if (world.privacy.queue != nullptr) return world.privacy.queue;
  return fail(Code::unavailable, "no dataset of this server has privacy budgets");
}

struct Seen {
  TenantId tenant;
  std::string subject;  // whose; "" = everybody's
};
// Who may ask needs no other scope to look after what it has left.
Result<Seen> seen_by(const AdminWorld& world, const AdminRequest& request, Scope scope) {
  const identity::Caller& caller = *request.caller;
  const TenantId tenant(request.path[1]);
  const bool own = caller.tenant == tenant;
  const Seen mine{tenant, caller.principal.get()};
  if (scope == Scope::admin_write && caller.roles.has(Role::auditor)) {
    return fail(Code::denied, "an auditor changes nothing");
  }
  if (own && caller.may(Scope::query) && !caller.may(scope)) return mine;
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  if (!own && scope == Scope::admin_read) return Seen{tenant, ""};
  const bool protects = own && caller.roles.has(Role::dpo);
  if (caller.may(scope) && (protects || administers(caller, tenant))) return Seen{tenant, ""};
  if (own) return mine;
  return fail(Code::denied, "role dpo, tenant-admin, or operator of tenant system, is required");
}

json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value() : json::Value(text);
}

// What it filters by may name somebody, and is left out.
json::Value aggregate_of(const QueuedQuery& query) {
  const Result<json::Value> question = json::parse(query.question);
  const json::Value* const name = question ? question->find("aggregate") : nullptr;
  return name == nullptr ? json::Value() : *name;
}

json::Object to_json(const QueuedQuery& query) {
  json::Object out;
  out.set("id", query.id);
  out.set("state", planner::name_of(query.state));
  out.set("analyst", query.subject);
  out.set("dataset", query.dataset);
  out.set("purpose", query.purpose);
  out.set("query_type", aggregate_of(query));
  out.set("epsilon", accountant::to_decimal(query.cost.epsilon));
  out.set("delta", accountant::to_decimal(query.cost.delta));
  out.set("rho", accountant::to_decimal(query.cost.rho));
  out.set("asked_at", format_rfc3339(query.asked));
  out.set("runs_at", format_rfc3339(query.runs_at));
  out.set("expires_at", format_rfc3339(query.expires));
  out.set("changed_at", format_rfc3339(query.changed));
  out.set("charge", text_or_null(query.release));
  out.set("why", text_or_null(query.why));
  return out;
}

}  // namespace

Reply list_queued(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Seen seen, seen_by(world, request, Scope::admin_read));
  if (!request.query.empty()) {
    return fail(Code::invalid,
                "the query has nothing, not '" + excerpt(request.query.front().first) + "'");
  }
  MC_TRY(planner::Queue * queue, queue_of(world));
  MC_TRY(const std::vector<QueuedQuery> all, queue->list(seen.tenant, seen.subject));
  json::Array items;
  for (const QueuedQuery& each : all) items.emplace_back(to_json(each));
  json::Object out;
  out.set("items", std::move(items));
  out.set("next_cursor", json::Value());
  return json_reply(200, json::Value(std::move(out)));
}

Reply get_queued(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Seen seen, seen_by(world, request, Scope::admin_read));
  MC_TRY(planner::Queue * queue, queue_of(world));
  MC_TRY(const QueuedQuery found, queue->find(seen.tenant, request.path[4], seen.subject));
  return json_reply(200, json::Value(to_json(found)));
}

// One that is being answered just then is charged all the same, and has its answer then.
Reply cancel_queued(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Seen seen, seen_by(world, request, Scope::admin_write));
  MC_TRY(planner::Queue * queue, queue_of(world));
  if (request.dry_run) {
    MC_TRY(const QueuedQuery found, queue->find(seen.tenant, request.path[4], seen.subject));
    return json_reply(200, json::Value(to_json(found)));
  }
  MC_TRY(const QueuedQuery ended, queue->cancel(seen.tenant, request.path[4], seen.subject));
  return json_reply(200, json::Value(to_json(ended)));
}

}  // namespace mc::api
