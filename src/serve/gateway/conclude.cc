// What follows a run of dataset operations: what is told of it, and the answer.
//
// With private answers in it all of that waits for a multiple of private_release_quantum after the
// request came, so that neither the client nor a log, a count or a record learns how long they
// took: the time of a release says in which quantum it was ready, and nothing more. Nobody waits
// for it on a thread.
#include <algorithm>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

constexpr std::string_view kPrivateRefused = "DP_REFUSED";  // in logs and counts

// The status of a request whose private answers were all refused by budgets, and which failed by
// nothing else; nothing for any other.
std::optional<int> refused_status(const dataset::PrivateReport& report, std::size_t errors) {
  if (report.refused == 0 || report.refused != report.asked || report.refused != errors) {
    return std::nullopt;
  }
  return report.waiting_helps ? 429 : 403;
}

}  // namespace

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

// False when the call was answered.
bool Gateway::Core::tell_run(const CallPtr& call, const dataset::SessionReport& report,
                             int status) {
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
  if (call->reach == nullptr) return true;
  if (const Opened recorded = record_reach(*call, report, status); !recorded) {
    refuse(call, recorded.error());
    return false;
  }
  return true;
}

// The log tells a reply that nobody waited for from one that was read. Nothing is given back for
// it: who leaves early must not run more than who stays.
void Gateway::Core::leave(const CallPtr& call, Leave how) {
  if (call->exchange->cancelled()) {
    call->budget.used.reset();
    return finish(call, 499, "");
  }
  finish(call, how.status, std::move(how.body), std::move(how.extra));
}

void Gateway::Core::conclude(const CallPtr& call, const dataset::SessionReport& report,
                             Executed executed) {
  Leave how{status_for(executed.stage, call->media_type, config.http_profile),
            std::move(executed.body),
            {}};
  const dataset::PrivateReport& noised = report.private_answers;
  if (const std::optional<int> refused = refused_status(noised, executed.errors)) {
    how.status = *refused;
    call->code = kPrivateRefused;
    if (*refused == 429) how.extra = {{"Retry-After", std::to_string(noised.retry_after_s)}};
  }
  if (noised.asked > 0) return conclude_in_time(call, report, std::move(how));
  if (tell_run(call, report, how.status)) leave(call, std::move(how));
}

// Records of other tenants' rows block, so they are made on a worker; they took some time too.
void Gateway::Core::conclude_in_time(const CallPtr& call, const dataset::SessionReport& report,
                                     Leave how) {
  const auto held =
      std::make_shared<std::pair<dataset::SessionReport, Leave>>(report, std::move(how));
  const auto tell = [this, call, held] { return tell_run(call, held->first, held->second.status); };
  const auto go = [this, call, held] { leave(call, std::move(held->second)); };
  if (call->reach == nullptr) {
    return release(call, [tell, go] {
      if (tell()) go();
    });
  }
  release(call, [this, call, tell, go] {
    const bool queued = workers->submit([this, call, tell, go](int) {
      if (tell()) release(call, go);
    });
    if (!queued) overloaded(call);
  });
}

void Gateway::Core::release(const CallPtr& call, std::function<void()> work) {
  const MonoTime received = call->exchange->request().received;
  const MonoTime now = world.clock.mono();
  const std::int64_t quantum = config.private_release_quantum.count;
  const std::int64_t spent = std::max<std::int64_t>(1, (now - received).count);
  const std::int64_t quanta = (spent + quantum - 1) / quantum;
  call->released = received + Nanos{quanta * quantum};
  server->post_after(*call->released - now, std::move(work));
}

}  // namespace mc::gateway
