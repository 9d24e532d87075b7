// Dataset operations on the worker threads.
#include <algorithm>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

using identity::Role;

// Aggregates without privacy protection are for people who run or protect the tenant, not for
// analysts: they get theirs from the privacy engines.
dataset::Capabilities capabilities(const identity::Caller& caller) {
  dataset::Capabilities may;
  may.aggregates = caller.roles.has(Role::operator_) || caller.roles.has(Role::tenant_admin) ||
                   caller.roles.has(Role::dpo) || caller.roles.has(Role::oncall);
  may.writes = caller.may(identity::Scope::mutate) &&
               (caller.roles.has(Role::operator_) || caller.roles.has(Role::tenant_admin) ||
                caller.roles.has(Role::platform));
  return may;
}

// Lets the loop reach the session of a worker while there is one.
struct CancelSlot {
  std::mutex mutex;
  dataset::Session* session = nullptr;
  bool cancelled = false;

  void attach(dataset::Session* running) {
    const std::lock_guard lock(mutex);
    session = running;
    if (cancelled && session != nullptr) session->cancel();
  }
  // False when no session is left to cancel.
  bool cancel() {
    const std::lock_guard lock(mutex);
    cancelled = true;
    if (session != nullptr) session->cancel();
    return session != nullptr;
  }
};

constexpr Nanos kCancelAgain = millis(50);

// A database ignores an interrupt that comes a moment before its statement starts, so it is sent
// again until the session is over.
void cancel_until_over(net::Server& server, const std::shared_ptr<CancelSlot>& slot) {
  if (!slot->cancel()) return;
  server.post_after(kCancelAgain, [&server, slot] { cancel_until_over(server, slot); });
}

}  // namespace

void Gateway::Core::run_on_datasets(const CallPtr& call) {
  const bool queued = workers->submit(
      [this, call](int worker) { execute_on_worker(call, static_cast<std::size_t>(worker)); });
  if (queued) return;
  refuse(call, {503, "OVERLOADED", "the queue of operations is full; retry"},
         {{"Retry-After", "1"}});
}

graphql::ExecuteResult Gateway::Core::execute_item(Call& call, const Item& item,
                                                   dataset::Session& session) {
  const Compiled& compiled = *call.documents[item.index];
  const Params& params = call.graphql.items[item.index];
  graphql::ExecuteRequest request{.document = *compiled.document,
                                  .operation_name = params.operation_name,
                                  .variables = params.variables,
                                  .deadline = call.deadline};
  request.introspection = call.caller->may(identity::Scope::introspect);
  request.limits.response_bytes_max = item.bytes_max;
  for (const auto& prepared : compiled.prepared) {
    const graphql::OperationNode& operation = prepared->operation();
    if (compiled.prepared.size() == 1 ||
        compiled.document->name(operation.name) == params.operation_name) {
      request.prepared = prepared.get();
    }
  }
  return graphql::execute(*call.route->schema, request, session, world.clock);
}

void Gateway::Core::execute_on_worker(const CallPtr& call, std::size_t worker) {
  if (call->exchange->cancelled()) return finish(call, 499, "");
  dataset::SessionOptions options;
  options.may = capabilities(*call->caller);
  options.deadline = call->deadline;
  options.region = call->caller->region;
  Result<std::unique_ptr<dataset::Session>> session =
      dataset::Session::make(*world.catalog, call->caller->tenant, *connections[worker],
                             {world.clock, world.random}, options);
  if (!session) return refuse(call, {403, "FORBIDDEN", session.error().what});
  const auto slot = std::make_shared<CancelSlot>();
  slot->attach(session->get());
  call->exchange->on_cancel([this, slot] { cancel_until_over(*server, slot); });

  const auto bytes_max = static_cast<std::size_t>(call->route->config.response_bytes_max);
  std::string body = call->graphql.batch ? "[" : "";
  bool request_error = false;
  bool errors = false;
  for (std::size_t i = 0; i < call->graphql.items.size(); ++i) {
    const std::size_t bytes_left = bytes_max - std::min(bytes_max, body.size());
    graphql::ExecuteResult result = execute_item(*call, {i, bytes_left}, **session);
    if (i > 0) body += ',';
    body += result.body;
    request_error = request_error || result.request_error;
    errors = errors || result.errors > 0;
  }
  if (call->graphql.batch) body += ']';
  slot->attach(nullptr);

  const dataset::SessionReport& report = (*session)->report();
  call->statements = report.statements;
  call->rows = report.rows;
  for (const Error& fault : report.faults) {
    world.log.warn("dataset.fault", {{"request_id", call->request_id},
                                     {"tenant", call->caller->tenant},
                                     {"code", fault.code},
                                     {"what", fault.what}});
  }
  // The log tells a reply that nobody waited for from one that was read.
  if (call->exchange->cancelled()) return finish(call, 499, "");
  const Stage stage = request_error ? Stage::prepare
                      : errors      ? Stage::executed_with_errors
                                    : Stage::executed;
  finish(call, status_for(stage, call->media_type, config.http_profile), std::move(body));
}

}  // namespace mc::gateway
