// Queries that wait for a window: when one may, what is kept of it, what became of it.
#include "planner/planner.h"

namespace mc::planner {

using dataset::PrivateAnswer;
using dataset::PrivateCall;
using dataset::PrivateRefusal;
using dataset::PrivateResult;

namespace {

tl::unexpected<PrivateRefusal> failed(Error error) {
  PrivateRefusal out;
  out.error = std::move(error);
  return tl::unexpected<PrivateRefusal>(std::move(out));
}

// Whether the budget that is short is whole again with its next window.
bool waiting_helps(const accountant::Refusal& refusal) {
  const accountant::Scope scope = refusal.account.scope;
  return refusal.resets_at.has_value() &&
         (scope == accountant::Scope::window || scope == accountant::Scope::dataset);
}

dataset::PrivateQueued told(const QueuedQuery& query) {
  return {query.id, std::string(name_of(query.state)), format_rfc3339(query.runs_at),
          format_rfc3339(query.expires), query.why};
}

// How a query ends whose charge this is. Nothing: it is open, somebody answers it.
std::optional<Queue::End> end_of(const accountant::ChargeRecord& charge) {
  switch (charge.state) {
    case accountant::State::committed:
      return Queue::End{QueueState::answered, charge.id.get(), ""};
    case accountant::State::reserved:
    case accountant::State::executing:
      return std::nullopt;
    case accountant::State::burned:
      return Queue::End{QueueState::failed, "",
                        "this answer could not be made; what it costs stays spent"};
    case accountant::State::released:
      return Queue::End{QueueState::failed, "", "it was given up before it was begun"};
  }
  return std::nullopt;
}

}  // namespace

// Over all snapshots, as nobody knows in which one it will be run.
Result<std::string> Planner::same_of(const PrivateCall& call, const Asked& asked) const {
  MC_TRY(const Question anytime, question_of(*asked.question.dataset, call, settings_, ""));
  json::Array parts;
  parts.emplace_back(call.caller.subject);
  parts.emplace_back(anytime.digest);
  parts.emplace_back(accountant::to_decimal(asked.epsilon));
  return "sha256:" + to_hex(sys::sha256(json::print(json::Value(std::move(parts)))));
}

// When a query that was refused could run: with the next window, after what waits for it already.
std::optional<WallTime> Planner::queue_time(const PrivateCall& call, const Asked& asked) {
  if (world_.queue == nullptr || settings_.queue_max == 0 || !call.caller.may_leave) return {};
  if (!waiting_helps(asked.short_of)) return {};
  const Result<std::string> same = same_of(call, asked);
  const Result<bool> alone = world_.accountant.fits_next(asked.charge, {});
  if (!same || !alone || !*alone) return {};
  const Result<std::vector<Queue::Waiting>> waiting =
      world_.queue->waiting(asked.charge.tenant, asked.charge.dataset);
  if (!waiting) return {};
  std::vector<accountant::Charge> before;
  for (const Queue::Waiting& each : *waiting) {
    if (each.same == *same) return each.runs_at;
    accountant::Charge charge = asked.charge;
    charge.purpose = each.purpose;
    charge.cost = each.cost;
    before.push_back(std::move(charge));
  }
  const Result<bool> fits = world_.accountant.fits_next(asked.charge, before);
  return fits && *fits ? asked.short_of.resets_at : std::nullopt;
}

PrivateResult Planner::queue(const PrivateCall& call, const Asked& asked, PrivateRefusal refusal) {
  const std::optional<WallTime> at = queue_time(call, asked);
  if (!at) return tl::unexpected<PrivateRefusal>(std::move(refusal));
  if (!call.may_queue) {
    refusal.extensions.set("queueRunsAt", format_rfc3339(*at));
    return tl::unexpected<PrivateRefusal>(std::move(refusal));
  }
  Result<std::string> same = same_of(call, asked);
  if (!same) return failed(std::move(same).error());
  PrivateCall exactly = call;
  exactly.epsilon = accountant::to_decimal(asked.epsilon);
  QueuedQuery wanted;
  wanted.tenant = call.tenant;
  wanted.same = std::move(*same);
  wanted.subject = call.caller.subject;
  wanted.token = call.caller.token;
  wanted.purpose = call.caller.purpose;
  wanted.dataset = asked.charge.dataset;
  wanted.question = print_queued(*asked.question.dataset, exactly);
  wanted.cost = asked.charge.cost;
  wanted.runs_at = *at;
  const Result<QueuedQuery> added = world_.queue->add(std::move(wanted));
  if (!added && added.error().code == Code::exhausted) {
    refusal.error.what += "; and " + added.error().what;
    return tl::unexpected<PrivateRefusal>(std::move(refusal));
  }
  if (!added) return failed(added.error());
  PrivateAnswer out;
  out.verdict = "QUEUE";
  out.epsilon = out.delta = "0";
  out.mechanism = asked.charge.mechanism;
  out.snapshot = snapshot_at(settings_.snapshot, added->runs_at);
  out.queued = told(*added);
  return out;
}

Result<dataset::PrivateKept> Planner::queued_call(const TenantId& tenant,
                                                  const dataset::PrivateCaller& caller,
                                                  const std::string& id) {
  // A subject of another tenant may have the name of one of this tenant.
  if (world_.queue == nullptr || !caller.may_leave) {
    return fail(Code::not_found, "no queued query '" + excerpt(id) + "'");
  }
  MC_TRY(const QueuedQuery found, world_.queue->find(tenant, id, caller.subject));
  return read_queued(world_.model, found);
}

// Also the answer, whatever snapshot it is of: it was paid for.
PrivateResult Planner::of_queue(const PrivateCall& call) {
  if (world_.queue == nullptr) return failed({Code::not_found, "no query waits here"});
  const Result<QueuedQuery> found =
      world_.queue->find(call.tenant, call.queued, call.caller.subject);
  if (!found) return failed(found.error());
  if (found->purpose != call.caller.purpose) {
    return failed({Code::denied, "id: this query was asked for another purpose"});
  }
  PrivateAnswer out;
  out.verdict = found->state == QueueState::waiting ? "QUEUE" : "DENY";
  out.epsilon = out.delta = "0";
  out.snapshot = snapshot_at(settings_.snapshot, found->runs_at);
  if (found->state == QueueState::answered) {
    // Whatever plans and limits say today: it is not asked, and was paid for.
    const Result<Question> question =
        question_of(world_.model.datasets[static_cast<std::size_t>(call.dataset)], call, settings_,
                    out.snapshot);
    if (!question) return failed(question.error());
    const Result<accountant::ChargeRecord> charge =
        world_.accountant.reports().charge({call.tenant, accountant::ChargeId(found->release)});
    if (!charge) return failed(charge.error());
    Result<KeptAnswer> kept = read_answer(charge->result);
    if (!kept) return failed(kept.error());
    out = answer_with(*question, std::move(*kept), "CACHED", found->release);
  } else if (const Result<Asked> made = asked(call)) {
    out.mechanism = made->charge.mechanism;
  }
  out.queued = told(*found);
  return out;
}

std::optional<Queue::End> Planner::end_queued(const QueuedQuery& query,
                                              const std::function<PrivateResult()>& ask) {
  const auto charged = [&] { return world_.accountant.by_key(query.tenant, queue_key(query.id)); };
  const bool over = query.expires <= world_.clock.wall();
  const auto before = charged();
  if (!before) {
    if (!over || before.error().code == Code::unavailable) return std::nullopt;
    return Queue::End{QueueState::failed, "", "what became of it cannot be found out"};
  }
  if (*before) return end_of(**before);
  if (over) return Queue::End{QueueState::expired, "", ""};
  const PrivateResult result = ask();
  if (result) return Queue::End{QueueState::answered, result->release, ""};
  const auto after = charged();
  if (!after) return std::nullopt;
  if (*after) return end_of(**after);
  const Error& error = result.error().error;
  const bool refused = result.error().budget || error.code == Code::denied;
  const bool busy = error.code == Code::unavailable || error.code == Code::exhausted;
  if (busy && !refused) return std::nullopt;
  return Queue::End{refused ? QueueState::refused : QueueState::failed, "", error.what};
}

}  // namespace mc::planner
