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
  conclude(call, **session, std::move(executed));
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
  bool errors = false;
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
    errors = errors || result.errors > 0;
  }
  if (call.graphql.batch) out.body += ']';
  out.stage = request_error ? Stage::prepare : errors ? Stage::executed_with_errors : out.stage;
  return out;
}

// Where data came from and went to: into the counts of the hour's proof, and the span. A server
// that stood elsewhere was reached for, whether a statement had begun or not.
void Gateway::Core::note_regions(Call& call, const dataset::SessionReport& report) {
  if (residency == nullptr) return;
  const auto touch_of = [&](const dataset::Dataset& dataset, std::string_view action) {
    return residency::Residency::Touch{*call.caller, call.tenant(), call.region(),  dataset,
                                       action,       call.purpose,  call.request_id};
  };
  for (const dataset::Fault& fault : report.faults) {
    if (fault.region.empty()) continue;
    const bool writes = fault.use == dataset::Use::write;
    residency->note_elsewhere(touch_of(*fault.dataset, writes ? "write" : "read"), fault.region);
  }
  for (const dataset::Worked& worked : report.worked) {
    const residency::Residency::Touch read = touch_of(*worked.dataset, "read");
    if (worked.reads > 0) residency->count(read, static_cast<std::int64_t>(worked.reads));
    if (worked.writes > 0) {
      residency->count(touch_of(*worked.dataset, "write"),
                       static_cast<std::int64_t>(worked.writes));
    }
    if (call.span) {
      call.span->set("region_src", std::string_view(residency->regions().node()));
      call.span->set("region_dst", residency->region_of(read));
    }
  }
}

void Gateway::Core::conclude(const CallPtr& call, const dataset::Session& session,
                             Executed executed) {
  const dataset::SessionReport& report = session.report();
  call->statements = report.statements;
  call->rows = report.rows;
  if (call->budget.used) {
    call->budget.used->fanout = static_cast<std::int64_t>(report.statements);
  }
  for (const dataset::Fault& fault : report.faults) {
    world.log.warn("dataset.fault", {{"request_id", call->request_id},
                                     {"tenant", call->caller->tenant},
                                     {"code", fault.error.code},
                                     {"what", fault.error.what},
                                     {fault.region.empty() ? "" : "region", fault.region}});
  }
  note_regions(*call, report);
  const int status = status_for(executed.stage, call->media_type, config.http_profile);
  if (call->reach != nullptr) {
    if (const Opened recorded = record_reach(*call, report, status); !recorded) {
      return refuse(call, recorded.error());
    }
  }
  // The log tells a reply that nobody waited for from one that was read. Nothing is given back for
  // it: who leaves early must not run more than who stays.
  if (call->exchange->cancelled()) {
    call->budget.used.reset();
    return finish(call, 499, "");
  }
  finish(call, status, std::move(executed.body));
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
  Executed executed = execute_all(*call, **session);
  slot->attach(nullptr);
  meters.runs_on_worker.add();
  conclude(call, **session, std::move(executed));
}

}  // namespace mc::gateway
