#include "maestro/own_privacy_queue.h"

#include <algorithm>
#include <chrono>

namespace mc::app {
namespace {

using planner::QueuedQuery;
using planner::QueueState;

constexpr Nanos kAnswerTimeMax = seconds(60);
constexpr Nanos kSwept = seconds(3'600);
constexpr std::size_t kThreads = 4;

tl::unexpected<dataset::PrivateRefusal> refused(Error error) {
  dataset::PrivateRefusal out;
  out.error = std::move(error);
  return tl::unexpected<dataset::PrivateRefusal>(std::move(out));
}

std::string reasons_of(const access::Verdict& verdict) {
  std::string out = verdict.allow ? "it takes a person at a browser" : "";
  for (const std::string& each : verdict.reasons) out += (out.empty() ? "" : ", ") + each;
  return out + " (decision " + verdict.decision_id + ")";
}

// Asks policies and residency as the gateway does for a request.
class QueueGate final : public dataset::DatasetGate {
 public:
  struct Place {
    access::Gate& gate;
    const gateway::PolicyWorld& policy;
    gateway::Gateway& gateway;
    residency::Residency& residency;
    const dataset::Model& model;
    log::Log& log;
  };
  QueueGate(const Place& place, const identity::Caller& caller, const QueuedQuery& query)
      : place_(place), caller_(caller), query_(query) {}

  Result<dataset::DatasetAccess> enter(int dataset, dataset::Use use) override {
    if (use != dataset::Use::noised) return fail(Code::denied, "a queued query reads no rows");
    const dataset::Dataset& described = place_.model.datasets[static_cast<std::size_t>(dataset)];
    MC_TRY_OK(place_.residency.admit(touch(described)));
    MC_TRY(const access::Resource* const resource, resource_of(dataset));
    const access::Verdict verdict = place_.gate.decide({.caller = caller_,
                                                        .purpose = query_.purpose,
                                                        .action = access::Action::noised,
                                                        .resource = *resource,
                                                        .tenant = query_.tenant.get(),
                                                        .tenant_region = caller_.region,
                                                        .node_region = place_.policy.region,
                                                        .stepped_up = false,
                                                        .request_id = query_.id});
    if (verdict.obligations.alert) {
      place_.log.event("access.alert", {{"request_id", query_.id},
                                        {"tenant", caller_.tenant},
                                        {"principal", caller_.principal},
                                        {"decision", verdict.decision_id}});
    }
    const bool undecided =
        std::ranges::find(verdict.reasons, access::kPolicyError) != verdict.reasons.end();
    if (!verdict.allow && undecided) {
      return fail(Code::unavailable, "policies do not decide: " + reasons_of(verdict));
    }
    if (!verdict.allow || verdict.obligations.step_up) {
      return fail(Code::denied, "denied by policy: " + reasons_of(verdict));
    }
    dataset::DatasetAccess out;
    out.may.noised = true;
    out.masks = verdict.obligations.masks;
    if (!verdict.obligations.filterable.empty()) {
      out.filterable.resize(described.columns.size());
      for (const int column : verdict.obligations.filterable) {
        out.filterable[static_cast<std::size_t>(column)] = true;
      }
    }
    return out;
  }
  mask::ColumnKey key(int dataset, int column) override {
    const dataset::Dataset& described = place_.model.datasets[static_cast<std::size_t>(dataset)];
    return place_.policy.mask_keys.column(query_.tenant.get(), described.name,
                                          described.columns[static_cast<std::size_t>(column)].name);
  }
  residency::Residency::Touch touch(const dataset::Dataset& dataset) const {
    return {caller_, query_.tenant, caller_.region, dataset, "read", query_.purpose, query_.id};
  }

 private:
  Result<const access::Resource*> resource_of(int dataset) const {
    const std::string& name = place_.model.datasets[static_cast<std::size_t>(dataset)].name;
    const access::Resource* const found = place_.gateway.find_resource("dataset", name);
    if (found != nullptr) return found;
    return fail(Code::denied, "no policies decide on dataset '" + name + "'");
  }

  Place place_;
  const identity::Caller& caller_;
  const QueuedQuery& query_;
};

}  // namespace

PrivacyQueue::PrivacyQueue(const World& world) : world_(world) {
  for (std::size_t i = 0; i < kThreads; ++i) {
    gates_.push_back(std::make_unique<access::Gate>(
        access::Gate::World{world.policy.engine, *world.machine.clock, *world.machine.random,
                            world.policy.decisions, world.policy.remote}));
    connections_.push_back(std::make_unique<dataset::ConnectionSet>(
        world.machine.drivers, world.catalog.model(), *world.gateway.writers()));
  }
}

std::unique_ptr<PrivacyQueue> PrivacyQueue::start(const World& world) {
  std::unique_ptr<PrivacyQueue> own(new PrivacyQueue(world));
  PrivacyQueue& made = *own;
  made.crew_ = std::make_unique<QueueCrew>(
      QueueCrew::Work{.due = [&made] { return made.world_.queue.due(); },
                      .run = [&made](std::size_t thread,
                                     const planner::Queue::Due& due) { made.run_one(thread, due); },
                      .cancel = [&made] { made.cancel_all(); }},
      kThreads);
  made.thread_ = std::thread([&made] { made.run(); });
  return own;
}

PrivacyQueue::~PrivacyQueue() {
  stop();
}

void PrivacyQueue::hold() {
  {
    const std::lock_guard lock(mutex_);
    if (!held_) held_ = world_.machine.clock->mono();
  }
  crew_->hold();
}

void PrivacyQueue::stop() {
  hold();
  Nanos left;
  {
    const std::lock_guard lock(mutex_);
    if (end_) return;
    end_ = true;
    left = std::max(Nanos(), world_.grace - (world_.machine.clock->mono() - *held_));
  }
  ended_.notify_all();
  if (thread_.joinable()) thread_.join();
  crew_->stop(left);
}

void PrivacyQueue::cancel_all() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (dataset::Session* const each : sessions_) each->cancel();
}

Status PrivacyQueue::fill_caller(const QueuedQuery& query, identity::Caller& out) {
  MC_TRY(const identity::Tenant tenant, world_.directory.tenant(query.tenant));
  MC_TRY(const std::vector<identity::Principal> people, world_.directory.principals(query.tenant));
  const auto person = std::ranges::find(people, PrincipalId(query.subject),
                                        [](const identity::Principal& each) { return each.id; });
  if (tenant.state != "active" || person == people.end() || person->state != "active") {
    return fail(Code::denied, "who has asked is not active any more");
  }
  out.tenant = query.tenant;
  out.principal = person->id;
  out.name = person->name;
  out.roles = person->roles;
  out.plan = tenant.plan;
  out.region = tenant.region;
  out.purpose = query.purpose;
  if (query.token.empty()) {
    out.session_id = query.id;  // as a person's: policies look at whether there is one
    out.purposes = {std::string(identity::kDefaultPurpose)};
    out.scopes = {identity::Scope::query};
    return ok();
  }
  MC_TRY(const std::vector<identity::Token> tokens, world_.directory.tokens(query.tenant));
  const auto token = std::ranges::find(tokens, query.token, &identity::Token::id);
  const bool good = token != tokens.end() && !token->revoked &&
                    token->expires > world_.machine.clock->wall() &&
                    token->scopes.has(identity::Scope::query);
  if (!good) return fail(Code::denied, "the token that it was asked with has ended");
  out.token_id = token->id;
  out.scopes = token->scopes;
  for (const std::string_view each : split(token->purposes, ',')) out.purposes.emplace_back(each);
  return ok();
}

dataset::PrivateResult PrivacyQueue::ask(std::size_t thread, const QueuedQuery& query) {
  identity::Caller caller;
  if (const Status filled = fill_caller(query, caller); !filled) return refused(filled.error());
  Result<dataset::PrivateKept> kept = planner::read_queued(world_.catalog.model(), query);
  if (!kept) return refused(kept.error());
  QueueGate gate({*gates_[thread], world_.policy, world_.gateway, world_.residency,
                  world_.catalog.model(), world_.log},
                 caller, query);
  dataset::SessionOptions options;
  options.gate = &gate;
  options.deadline = world_.machine.clock->mono() + kAnswerTimeMax;
  options.region = caller.region;
  options.private_answers = &world_.planner;
  options.private_caller = {query.subject, query.purpose, query.id};
  const auto session =
      dataset::Session::make(world_.catalog, query.tenant, *connections_[thread],
                             {*world_.machine.clock, *world_.machine.random}, std::move(options));
  if (!session) return refused(session.error());
  kept->call.where = kept->where.is_null() ? nullptr : &kept->where;
  kept->call.due = query.id;
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return refused({Code::unavailable, "the server ends"});
    sessions_.insert(session->get());
  }
  dataset::PrivateResult result = (*session)->answer(kept->call);
  {
    const std::lock_guard lock(mutex_);
    sessions_.erase(session->get());
  }
  for (const dataset::Worked& each : (*session)->report().worked) {
    world_.residency.count(gate.touch(*each.dataset), static_cast<std::int64_t>(each.reads));
  }
  return result;
}

// Until a multiple of the quantum since `begin`, so that ends do not tell how long a query took.
void PrivacyQueue::wait_to_tell(MonoTime begin) {
  if (world_.quantum.count <= 0) return;
  const Nanos took = world_.machine.clock->mono() - begin;
  const std::chrono::nanoseconds rest(world_.quantum.count - took.count % world_.quantum.count);
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, rest, [this] { return end_; });
}

void PrivacyQueue::run_one(std::size_t thread, const planner::Queue::Due& due) {
  Result<QueuedQuery> query = world_.queue.find(due.tenant, due.id, "");
  if (!query) return tell(runs, tl::unexpected<Error>(query.error()));
  if (query->state != QueueState::waiting) return;  // it was cancelled just now
  Status done = end(thread, *query);
  if (!done) {  // so that it does not stand before the others of its tenant
    static_cast<void>(world_.queue.put_off(*query));
  }
  tell(runs, done);
}

Status PrivacyQueue::end(std::size_t thread, const QueuedQuery& query) {
  const MonoTime begin = world_.machine.clock->mono();
  const auto end = world_.planner.end_queued(query, [&] { return ask(thread, query); });
  wait_to_tell(begin);
  if (!end) return world_.queue.put_off(query);
  MC_TRY(const bool ended, world_.queue.end(query, *end));
  if (ended) {
    world_.log.event(
        "privacy.queue_run",
        {{"tenant", query.tenant}, {"id", query.id}, {"state", planner::name_of(end->state)}});
  }
  return ok();
}

// Once, until it goes well again.
void PrivacyQueue::tell(Source source, const Status& done) {
  const std::lock_guard lock(mutex_);
  if (!done && !failing_[source]) {
    world_.log.warn("privacy.queue_failed", {{"why", done.error().what}});
  }
  failing_[source] = !done;
}

void PrivacyQueue::run() {
  constexpr auto kEach = std::chrono::seconds(1);
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  for (std::int64_t turn = 1; !end_; ++turn) {
    lock.unlock();
    Status done = ok();
    if (const MonoTime now = world_.machine.clock->mono(); now >= next_sweep_) {
      done = world_.queue.sweep();
      next_sweep_ = now + kSwept;
    }
    const Result<std::size_t> handed = crew_->tick();
    if (!handed) done = tl::unexpected<Error>(handed.error());
    tell(ticks, done);
    lock.lock();
    // Seconds that are over are left out, so that what begins does so at whole ones.
    turn = std::max<std::int64_t>(turn, (std::chrono::steady_clock::now() - start) / kEach + 1);
    ended_.wait_until(lock, start + turn * kEach, [this] { return end_; });
  }
}

}  // namespace mc::app
