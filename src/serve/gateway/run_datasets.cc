// Dataset operations: short reads where they are, on the event loop, everything else on the worker
// threads. What is short shows when it runs: a read that passes BriefLimits is stopped and run
// again on a worker, and its document goes there at once from then on.
#include <algorithm>

#include "gateway/call.h"
#include "gateway/costs.h"

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
  may.noised = caller.roles.has(Role::analyst) || caller.roles.has(Role::dpo) ||
               caller.roles.has(Role::tenant_admin);
  return may;
}

// Whose query may be left to be run later: somebody who can be looked up again by then. A
// provider's token says who it is for some minutes only.
dataset::PrivateCaller private_caller(const Call& call) {
  const identity::Caller& caller = *call.caller;
  const bool may_leave = call.reach == nullptr && !caller.token_id.starts_with("jwt_");
  return {caller.principal.get(), call.purpose, call.request_id, may_leave, caller.token_id};
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

// The reads of one request see one state of a database, where it can keep one.
class HeldViews {
 public:
  HeldViews(dataset::ConnectionSet& set, bool wanted) : set_(set) {
    if (wanted) set_.hold_views();
  }
  HeldViews(const HeldViews&) = delete;
  HeldViews& operator=(const HeldViews&) = delete;
  ~HeldViews() { set_.release_views(); }

 private:
  dataset::ConnectionSet& set_;
};

constexpr Nanos kCancelAgain = millis(50);

// A database ignores an interrupt that comes a moment before its statement starts, so it is sent
// again until the session is over.
void cancel_until_over(net::Server& server, const std::shared_ptr<CancelSlot>& slot) {
  if (!slot->cancel()) return;
  server.post_after(kCancelAgain, [&server, slot] { cancel_until_over(server, slot); });
}

}  // namespace

void Gateway::Core::run_on_datasets(const CallPtr& call, Place place) {
  if (place == Place::loop && may_run_on_loop(*call) && execute_on_loop(call)) return;
  const bool queued = workers->submit(
      [this, call](int worker) { execute_on_worker(call, static_cast<std::size_t>(worker)); });
  if (!queued) overloaded(call);
}

bool Gateway::Core::may_run_on_loop(const Call& call) const {
  const Compiled& compiled = *call.documents.front();
  return config.loop_steps_max > 0 && call.documents.size() == 1 && !call.mutates &&
         call.reach == nullptr && !compiled.introspects && !decisions_block() &&
         !compiled.too_long_for_loop.load(std::memory_order_relaxed);
}

bool Gateway::Core::execute_on_loop(const CallPtr& call) {
  constexpr std::size_t kRowsMax = 250;
  constexpr std::size_t kStatementsMax = 8;
  dataset::ConnectionSet& set = *loop_connections[call->exchange->loop()];
  // All reads of a turn share a view. None is older than its request: the turn began with it.
  if (!set.holds_views()) call->exchange->after_turn([&set] { set.release_views(); });
  set.hold_views();
  std::optional<SessionGate> gate = make_gate(*call, loop_deciders, call->exchange->loop());
  const auto session = make_session(*call, set, gate ? &*gate : nullptr,
                                    {config.loop_steps_max, kRowsMax, kStatementsMax});
  if (!session) return false;
  Executed executed = execute_all(*call, **session);
  if ((*session)->report().too_long) {
    call->documents.front()->too_long_for_loop.store(true, std::memory_order_relaxed);
    meters.runs_moved.add();
    return false;
  }
  meters.runs_on_loop.add();
  call->ran_on_loop = true;
  conclude(call, (*session)->report(), std::move(executed));
  return true;
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
  CostWatch watch(*this, call, item.index);
  request.tally = watch.tally();
  graphql::ExecuteResult result =
      graphql::execute(*call.route->schema, request, session, world.clock);
  watch.end(result.body);
  return result;
}

Result<std::unique_ptr<dataset::Session>> Gateway::Core::make_session(const Call& call,
                                                                      dataset::ConnectionSet& set,
                                                                      dataset::DatasetGate* gate,
                                                                      dataset::BriefLimits brief) {
  dataset::SessionOptions options;
  options.may = capabilities(*call.caller);
  options.deadline = call.deadline;
  options.region = call.region();
  options.brief = brief;
  options.gate = gate;
  options.private_answers = world.private_answers;
  options.private_caller = private_caller(call);
  options.credits = [&call] { return requested_credits(call); };
  return dataset::Session::make(*world.catalog, call.tenant(), set, {world.clock, world.random},
                                std::move(options));
}

std::optional<SessionGate> Gateway::Core::make_gate(Call& call,
                                                    std::vector<std::unique_ptr<Decider>>& seats,
                                                    std::size_t index) const {
  if (world.policy == nullptr) return std::nullopt;
  return std::optional<SessionGate>(
      std::in_place, *seats[index], call,
      SessionGate::World{world.catalog->model(), resources, residency});
}

Gateway::Core::Executed Gateway::Core::execute_all(Call& call, dataset::Session& session) {
  const auto bytes_max = static_cast<std::size_t>(call.route->config.response_bytes_max);
  Executed out;
  call.began = true;
  call.budget.used.reset();  // a run on the loop that was begun anew
  bool request_error = false;
  if (call.graphql.batch) out.body += '[';
  for (std::size_t i = 0; i < call.graphql.items.size(); ++i) {
    const std::size_t bytes_left = bytes_max - std::min(bytes_max, out.body.size());
    graphql::ExecuteResult result = execute_item(call, {i, bytes_left}, session);
    if (i > 0) out.body += ',';
    if (call.graphql.batch) {
      out.body += result.body;
    } else {
      out.body = std::move(result.body);
    }
    request_error = request_error || result.request_error;
    out.errors += result.errors;
  }
  if (call.graphql.batch) out.body += ']';
  out.stage = request_error    ? Stage::prepare
              : out.errors > 0 ? Stage::executed_with_errors
                               : out.stage;
  return out;
}

void Gateway::Core::execute_on_worker(const CallPtr& call, std::size_t worker) {
  if (call->exchange->cancelled()) return finish(call, 499, "");
  if (call->reach != nullptr) {
    if (const Opened opened = open_reach(*call, worker); !opened) {
      return refuse(call, opened.error());
    }
  }
  const HeldViews views(*connections[worker], !call->mutates);
  std::optional<SessionGate> gate = make_gate(*call, deciders, worker);
  const auto session = make_session(*call, *connections[worker], gate ? &*gate : nullptr, {});
  if (!session) return refuse(call, {403, "FORBIDDEN", session.error().what});
  const auto slot = std::make_shared<CancelSlot>();
  slot->attach(session->get());
  Leaving::tell(call, Leaving::Step::run,
                [this, slot](const CallPtr&) { cancel_until_over(*server, slot); });
  // Counted before it runs: when a private answer was ready is nobody's business.
  meters.runs_on_worker.add();
  Executed executed = execute_all(*call, **session);
  slot->attach(nullptr);
  conclude(call, (*session)->report(), std::move(executed));
}

}  // namespace mc::gateway
