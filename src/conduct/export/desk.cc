#include <algorithm>

#include "crypto/crypto.h"
#include "export/core.h"
#include "export/hold.h"
#include "export/release.h"

namespace mc::exporting {
namespace {

constexpr std::size_t kSaltBytes = 32;
constexpr std::int64_t kPageMax = 200;

std::string actor_of(const identity::Caller& caller) {
  return caller.principal.get() + "@" + caller.tenant.get();
}

std::string hex_of(const crypto::Digest& digest) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

// What is asked under a key, so that another request under it is told from the same one again.
std::string hash_of(const Ask& ask, const std::string& purpose) {
  json::Array releases;
  for (const std::string& each : ask.releases) releases.emplace_back(each);
  json::Object out;
  if (ask.hold) out.set("hold", json::to_value(*ask.hold));
  out.set("actor", actor_of(ask.caller));
  out.set("dataset", ask.dataset);
  out.set("format", ask.format ? format_name(*ask.format) : "");
  out.set("kind", kind_name(ask.kind));
  out.set("profile", ask.profile);
  out.set("purpose", purpose);
  out.set("releases", std::move(releases));
  return hex_of(crypto::Sha256().add(json::canonical(out)).finish());
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& each : texts) out += (out.empty() ? "" : ", ") + each;
  return out;
}

// What is asked of the policies, and by whom, with all that has to outlive the question.
struct Question {
  const Ask& ask;
  Profile profile;
  identity::Tenant tenant;
  std::string purpose;
  bool stepped_up = false;
  const access::Resource* resource = nullptr;
};

Result<Profile> profile_of(const Exports::Core& core, const Ask& ask) {
  if (ask.kind != Kind::kanon) {
    if (ask.dataset.empty()) {
      return fail(Code::invalid, "dataset: a report, and a legal hold, is of one");
    }
    Profile out;
    out.dataset = ask.dataset;
    if (ask.format) out.format = *ask.format;
    return out;
  }
  const auto found = core.settings.profiles.find(ask.profile);
  if (found == core.settings.profiles.end()) {
    return fail(Code::not_found, "there is no profile '" + excerpt(ask.profile) + "'");
  }
  Profile out = found->second;
  if (!ask.dataset.empty() && ask.dataset != out.dataset) {
    return fail(Code::invalid, "dataset: profile " + ask.profile + " is of " + out.dataset);
  }
  if (ask.format) out.format = *ask.format;
  return out;
}

Result<Question> question_of(Exports::Core& core, const Ask& ask) {
  const World& world = core.world;
  if (world.catalog == nullptr) return fail(Code::unavailable, "there are no datasets here");
  MC_TRY(Profile profile, profile_of(core, ask));
  MC_TRY(identity::Tenant tenant, world.directory.tenant(ask.tenant));
  Question out{ask, std::move(profile), std::move(tenant),
               ask.purpose.empty() ? ask.caller.purpose : ask.purpose};
  out.resource = world.find_resource("dataset", out.profile.dataset);
  if (out.resource == nullptr) {
    return fail(Code::not_found, "there is no dataset '" + excerpt(out.profile.dataset) + "'");
  }
  out.stepped_up = ask.caller.proof.has_value() &&
                   check_proof(*ask.caller.proof, world.step_up, world.clock.wall()).has_value();
  return out;
}

// `denied`, with the rule; what the policies said otherwise.
Result<Rules> check_rules(Exports::Core& core, const Question& question) {
  if (question.ask.kind == Kind::hold) return Rules();  // check_access asks for its permission
  const World& world = core.world;
  RulesGate gate({world.engine, world.clock, world.random});
  Rules rules = gate.ask({.caller = question.ask.caller,
                          .purpose = question.purpose,
                          .tenant = question.tenant.id.get(),
                          .tenant_region = question.tenant.region,
                          .node_region = world.node_region,
                          .kind = question.ask.kind,
                          .profile = question.ask.profile,
                          .settings = question.profile,
                          .resource = *question.resource,
                          .stepped_up = question.stepped_up});
  if (!rules.allow) {
    return fail(Code::denied, "export-denied: " + joined(rules.reasons));
  }
  if (question.ask.kind == Kind::dp) return rules;
  const auto& purposes = question.profile.purposes;
  if (std::ranges::find(purposes, question.purpose) == purposes.end()) {
    return fail(Code::denied, "export-purpose: profile " + question.ask.profile +
                                  " is not for the purpose '" + excerpt(question.purpose) + "'");
  }
  MC_TRY_OK(check_bounds(question.profile, rules.bounds));
  return rules;
}

// Whether who asks may read the rows and export them.
Result<access::Verdict> check_access(Exports::Core& core, const Question& question) {
  const World& world = core.world;
  Wanted wanted;
  if (question.ask.kind == Kind::kanon) {
    MC_TRY(wanted, wanted_of(world.catalog->model(), question.profile));
  } else if (question.ask.kind == Kind::hold) {
    MC_TRY(wanted, wanted_of_hold(world.catalog->model(), question.profile.dataset,
                                  question.ask.hold->columns));
  } else {
    wanted.dataset = world.catalog->model().dataset_index(question.profile.dataset);
  }
  const auto leaves =
      question.ask.kind == Kind::hold ? access::Action::hold : access::Action::export_;
  access::Gate gate({world.engine, world.clock, world.random, world.decisions, world.remote});
  RowGate rows({gate, *question.resource, world.mask_keys, world.catalog->model(), world.residency},
               {question.ask.caller, question.ask.tenant, question.purpose, question.tenant.region,
                world.node_region, question.ask.request_id, question.stepped_up, wanted, leaves});
  MC_TRY([[maybe_unused]] const dataset::DatasetAccess access,
         rows.enter(wanted.dataset, dataset::Use::read));
  return rows.verdict();
}

Status check_open(Exports::Core& core, const TenantId& tenant) {
  const ExportSettings& settings = core.settings;
  MC_TRY(const std::int64_t open, core.with_store<std::int64_t>([&](Store& store) {
    return store.count(tenant, State::running);
  }));
  if (open >= settings.open_max) {
    return fail(Code::exhausted, "tenant " + tenant.get() + " has " + std::to_string(open) +
                                     " exports under way, which is the limit "
                                     "(exports.open_max)");
  }
  return ok();
}

// What waits for somebody is in nobody's way but that of what else would wait.
Status check_pending(Exports::Core& core, const TenantId& tenant) {
  MC_TRY(const std::int64_t pending, core.with_store<std::int64_t>([&](Store& store) {
    return store.count(tenant, State::pending);
  }));
  if (pending < core.settings.hold_pending_max) return ok();
  return fail(Code::exhausted, "tenant " + tenant.get() + " has " + std::to_string(pending) +
                                   " legal holds that wait for approval, which is the limit "
                                   "(exports.hold_pending_max)");
}

Status check_limits(Exports::Core& core, const TenantId& tenant, Kind kind) {
  const ExportSettings& settings = core.settings;
  MC_TRY_OK(kind == Kind::hold ? check_pending(core, tenant) : check_open(core, tenant));
  MC_TRY(const std::int64_t kept, core.with_store<std::int64_t>([&](Store& store) {
    return store.count(tenant, State::ready);
  }));
  if (kept < settings.kept_max) return ok();
  return fail(Code::exhausted, "tenant " + tenant.get() + " has " + std::to_string(kept) +
                                   " exports kept, which is the limit (exports.kept_max)");
}

Run run_of(Exports::Core& core, const Question& question) {
  const World& world = core.world;
  std::array<std::uint8_t, kSaltBytes> salt{};
  world.random.fill(salt);
  Run out;
  out.tenant = question.ask.tenant;
  out.id = sys::make_id("exp", world.clock, world.random);
  out.kind = question.ask.kind;
  out.dataset = question.profile.dataset;
  out.profile = question.ask.profile;
  out.format = question.profile.format;
  out.purpose = question.purpose;
  out.requester = actor_of(question.ask.caller);
  out.hold = question.ask.hold;
  if (out.hold) out.state = State::pending;
  out.asked = out.changed = core.now();
  out.expires = whole_ms(out.asked + core.settings.retention);
  out.idempotency_key = question.ask.idempotency_key;
  out.request_hash = hash_of(question.ask, question.purpose);
  out.salt = to_hex(std::string_view(reinterpret_cast<const char*>(salt.data()), salt.size()));
  return out;
}

// Job and row together, or none of both.
Result<Run> create(Exports::Core& core, Run run, const Task& task) {
  const World& world = core.world;
  MC_TRY_OK(world.directory.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection));
    job::Store jobs(connection, world.clock, world.random);
    MC_TRY(const job::Job job, jobs.create({run.tenant,
                                            std::string(kJobKind),
                                            to_json(task),
                                            {.unit = "rows", .message = "queued"}}));
    run.job = job.id;
    if (run.state == State::pending) MC_TRY_OK(jobs.pause(run.tenant, job.id));
    Store store(connection);
    MC_TRY_OK(store.insert(run));
    return transaction.commit();
  }));
  return run;
}

Status check_ask(const Ask& ask) {
  if (ask.idempotency_key.size() > kKeyBytesMax || !is_one_line(ask.idempotency_key)) {
    return fail(Code::invalid, "Idempotency-Key: it is one line of at most 200 bytes");
  }
  if (!is_one_line(ask.purpose.empty() ? ask.caller.purpose : ask.purpose)) {
    return fail(Code::invalid, "purpose: it is one line");
  }
  if (ask.kind != Kind::dp && !ask.releases.empty()) {
    return fail(Code::invalid, "releases: they are of a report");
  }
  if (ask.hold.has_value() != (ask.kind == Kind::hold)) {
    return fail(Code::invalid, "legal_hold: it is of the kind hold, which has one");
  }
  if (ask.hold && !ask.profile.empty()) {
    return fail(Code::invalid, "profile: a legal hold has none");
  }
  if (ask.hold) MC_TRY_OK(ask.hold->check());
  if (ask.kind == Kind::dp && (ask.releases.empty() || ask.releases.size() > kReleasesMax)) {
    return fail(Code::invalid, "releases: a report has 1 to " + std::to_string(kReleasesMax));
  }
  return ok();
}

Result<std::optional<Run>> find_again(Exports::Core& core, const Ask& ask) {
  if (ask.idempotency_key.empty()) return std::optional<Run>();
  MC_TRY(std::optional<Run> again, core.with_store<std::optional<Run>>([&](Store& store) {
    return store.find_again(ask.tenant, ask.idempotency_key);
  }));
  const std::string purpose = ask.purpose.empty() ? ask.caller.purpose : ask.purpose;
  if (again && again->request_hash != hash_of(ask, purpose)) {
    return fail(Code::conflict, "Idempotency-Key: something else was asked for under it");
  }
  return again;
}

// Another person than who asked, who has just shown who they are: whoever hands out tokens has
// those of as many principals as they like.
Result<Requester> check_approver(Exports::Core& core, const Run& run,
                                 const Exports::Approval& approval) {
  if (actor_of(approval.by) == run.requester) {
    return fail(Code::denied, "export-hold: it is approved by somebody else than who asked for it");
  }
  const auto& proof = approval.by.proof;
  const bool proven = proof.has_value() &&
                      check_proof(*proof, core.world.step_up, core.world.clock.wall()).has_value();
  Requester out = requester_of(approval.by, run.purpose);
  MC_TRY(out.decision,
         check_holder(core, run, {approval.by, run.purpose, approval.request_id, proven}));
  if (!proven && !core.settings.hold_machines) {
    return fail(Code::denied,
                "export-hold: it is approved in a session, not with a token "
                "(exports.hold_machines)");
  }
  out.stepped_up = proven;
  return out;
}

Result<Shown> shown(Exports::Core& core, Run run) {
  Shown out{std::move(run), "", {}};
  if (out.run.job.empty()) return out;
  MC_TRY_OK(core.world.directory.lend([&](sql::Connection& connection) -> Status {
    job::Store jobs(connection, core.world.clock, core.world.random);
    MC_TRY(const job::Job job, jobs.get(out.run.tenant, out.run.job));
    out.job_state = job::state_name(job.state);
    out.progress = job.progress;
    return ok();
  }));
  const std::optional<job::Progress> live = core.board.find(out.run.job);
  if (live && out.run.state == State::running) out.progress = *live;
  return out;
}

}  // namespace

Exports::Exports(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Exports::~Exports() = default;

Result<std::unique_ptr<Exports>> Exports::make(World world, ExportSettings settings) {
  MC_TRY_OK(settings.check());
  for (const auto& [name, profile] : settings.profiles) {
    if (world.catalog == nullptr) break;
    const Result<Wanted> wanted = wanted_of(world.catalog->model(), profile);
    if (wanted) continue;
    return fail(Code::invalid, "exports.profiles." + name + ": " + wanted.error().what);
  }
  return std::unique_ptr<Exports>(
      new Exports(std::make_unique<Core>(std::move(world), std::move(settings))));
}

const ExportSettings& Exports::settings() const {
  return core_->settings;
}

Result<Shown> Exports::request(const Ask& ask, Trial trial) {
  Core& core = *core_;
  MC_TRY_OK(check_ask(ask));
  MC_TRY(std::optional<Run> again, find_again(core, ask));
  if (again) return shown(core, std::move(*again));
  MC_TRY(const Question question, question_of(core, ask));
  Run run = run_of(core, question);
  if (run.hold) {
    // What is approved is what is named here, whatever columns the dataset has by then.
    MC_TRY(Wanted wanted,
           wanted_of_hold(core.world.catalog->model(), run.dataset, ask.hold->columns));
    run.hold->columns = std::move(wanted.names);
  }
  const auto refused = [&](const Error& error) -> tl::unexpected<Error> {
    if (trial == Trial::dry || error.code != Code::denied) return tl::unexpected<Error>(error);
    const auto recorded = core.record("refused", run, run.requester, error.what);
    if (!recorded) return tl::unexpected<Error>(recorded.error());
    ++core.counts.refused;
    return tl::unexpected<Error>(error);
  };
  const Result<Rules> rules = check_rules(core, question);
  if (!rules) return refused(rules.error());
  const Result<access::Verdict> verdict = check_access(core, question);
  if (!verdict) return refused(verdict.error());
  run.decision = verdict->decision_id;
  if (ask.kind == Kind::dp && core.world.dp == nullptr) {
    return fail(Code::unavailable, "there are no differentially private answers here");
  }
  MC_TRY([[maybe_unused]] const auto hierarchies,
         read_hierarchies(core.world.files, question.profile));
  MC_TRY_OK(check_limits(core, ask.tenant, ask.kind));
  if (trial == Trial::dry) return Shown{std::move(run), "", {}};
  Task task;
  task.id = run.id;
  if (ask.kind == Kind::kanon) task.profile = question.profile;
  task.requester = requester_of(ask.caller, question.purpose);
  task.releases = ask.releases;
  task.rules = ask.hold ? verdict->rule_ids : rules->rules;
  task.policy = ask.hold ? verdict->revision : rules->revision;
  task.requester.decision = run.decision;
  task.requester.stepped_up = question.stepped_up;
  if (ask.hold) {
    MC_TRY([[maybe_unused]] const auto record, core.record("hold_asked", run, run.requester));
  }
  Result<Run> made = create(core, std::move(run), task);
  if (!made && made.error().code == Code::conflict) {
    // The same key came twice at once: the other one was first.
    MC_TRY(again, find_again(core, ask));
    if (again) return shown(core, std::move(*again));
  }
  if (!made) return tl::unexpected<Error>(made.error());
  ++core.counts.asked;
  return shown(core, std::move(*made));
}

Result<Shown> Exports::find(const TenantId& tenant, const std::string& id) {
  if (!is_export_id(id)) return fail(Code::not_found, "no export '" + excerpt(id) + "'");
  MC_TRY(Run run, core_->with_store<Run>([&](Store& store) { return store.find(tenant, id); }));
  return shown(*core_, std::move(run));
}

Result<Exports::Page> Exports::list(const TenantId& tenant, const std::string& cursor,
                                    std::int64_t limit) {
  if (!cursor.empty() && !is_export_id(cursor)) {
    return fail(Code::invalid, "cursor: it is not of a page");
  }
  if (limit < 1 || limit > kPageMax) {
    return fail(Code::invalid, "limit: it is 1 to " + std::to_string(kPageMax));
  }
  MC_TRY(std::vector<Run> runs, core_->with_store<std::vector<Run>>([&](Store& store) {
    return store.list(tenant, cursor, limit + 1);
  }));
  Page out;
  const bool more = static_cast<std::int64_t>(runs.size()) > limit;
  if (more) runs.pop_back();
  if (more) out.next = runs.back().id;
  for (Run& run : runs) {
    MC_TRY(Shown one, shown(*core_, std::move(run)));
    out.items.push_back(std::move(one));
  }
  return out;
}

Result<Shown> Exports::steer(const identity::Caller& by, const TenantId& tenant,
                             const std::string& id, Steer steer) {
  Core& core = *core_;
  MC_TRY(Shown held, find(tenant, id));
  const bool waits = held.run.state == State::pending && steer == Steer::cancel;
  if (held.run.state != State::running && !waits) {
    return fail(Code::conflict,
                "the export is " + std::string(state_name(held.run.state)) +
                    (held.run.state == State::pending ? ": it waits for approval" : " already"));
  }
  if (steer == Steer::cancel) {
    MC_TRY_OK(core.end(held.run, State::cancelled, actor_of(by), "cancelled"));
    core.board.stop(held.run.job);
  }
  if (steer == Steer::resume) {
    // Who proved themselves at the request has not now; a step tells it by this time (Work::look).
    held.run.changed = std::max(core.now(), held.run.changed + millis(1));
    MC_TRY_OK(
        core.with_store([&](Store& store) { return store.change(held.run, State::running); }));
  }
  const Status done = core.world.directory.lend([&](sql::Connection& connection) {
    job::Store jobs(connection, core.world.clock, core.world.random);
    if (steer == Steer::pause) return jobs.pause(tenant, held.run.job);
    if (steer == Steer::resume) return jobs.resume(tenant, held.run.job);
    return jobs.cancel(tenant, held.run.job);
  });
  // A job that ended meanwhile changes nothing of a row that is cancelled.
  const bool ended = steer == Steer::cancel && !done && done.error().code == Code::conflict;
  if (!done && !ended) return tl::unexpected<Error>(done.error());
  return find(tenant, id);
}

Result<Shown> Exports::approve(const Approval& approval, const TenantId& tenant,
                               const std::string& id, Trial trial) {
  Core& core = *core_;
  MC_TRY(const Shown held, find(tenant, id));
  Run run = held.run;
  if (!run.hold || run.state != State::pending || run.expires <= core.world.clock.wall()) {
    return fail(Code::conflict, "the export does not wait for approval");
  }
  const std::string by = actor_of(approval.by);
  Result<Requester> approver = check_approver(core, run, approval);
  if (!approver) {
    if (trial == Trial::dry || approver.error().code != Code::denied) {
      return tl::unexpected<Error>(approver.error());
    }
    MC_TRY([[maybe_unused]] const auto record,
           core.record("hold_refused", run, by, approver.error().what));
    return tl::unexpected<Error>(approver.error());
  }
  MC_TRY_OK(check_open(core, tenant));
  run.hold->approved_by = by;
  run.hold->approver = std::move(*approver);
  run.changed = std::max(core.now(), run.asked);
  run.hold->approved_ms = to_unix_ms(run.changed);
  run.state = State::running;
  if (trial == Trial::dry) return Shown{std::move(run), held.job_state, held.progress};
  MC_TRY(run.record, core.record("hold_approved", run, by));
  MC_TRY_OK(core.world.directory.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection));
    job::Store jobs(connection, core.world.clock, core.world.random);
    MC_TRY_OK(jobs.resume(tenant, run.job));
    Store store(connection);
    MC_TRY_OK(store.change(run, State::pending));
    return transaction.commit();
  }));
  return find(tenant, id);
}

Status Exports::check_taker(const identity::Caller& caller, const Run& run,
                            const std::string& request_id) {
  const std::string name = actor_of(caller);
  if (!run.hold || name != run.requester) {
    return fail(Code::denied, "export-hold: its rows are for who asked for it");
  }
  // Proof of who they are was given when it was asked for.
  MC_TRY([[maybe_unused]] const std::string decision,
         check_holder(*core_, run, {caller, run.purpose, request_id, true}));
  return ok();
}

Result<Exports::File> Exports::file(const TenantId& tenant, const std::string& id,
                                    const std::string& name) {
  MC_TRY(const Shown held, find(tenant, id));
  const auto absent = [&] {
    return fail(Code::not_found, "export " + excerpt(id) + " has no file '" + excerpt(name) + "'");
  };
  if (held.run.state != State::ready) return absent();
  File out{name, "application/json", ""};
  const auto& items = held.run.outcome.items;
  const auto item = std::ranges::find(items, name, &Item::name);
  std::string digest = held.run.outcome.manifest;
  if (item != items.end()) {
    out.media_type = item->media_type;
    digest = item->sha256;
  } else if (name != kBundleFile) {
    return absent();
  }
  MC_TRY(out.bytes, core_->blobs.read({tenant, id}, name,
                                      static_cast<std::size_t>(core_->settings.bytes_max)));
  if (digest_text(sys::sha256(out.bytes)) != digest) {
    return fail(Code::corrupt, "file " + name + " of export " + id + " is not as it was written");
  }
  ++core_->counts.downloads;
  return out;
}

Counters Exports::counters() const {
  const Core::Counts& from = core_->counts;
  return {from.asked, from.ready, from.refused, from.failed, from.cancelled, from.downloads};
}

}  // namespace mc::exporting
