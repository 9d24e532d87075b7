#include "residency/residency.h"

#include <algorithm>
#include <utility>

#include "crypto/crypto.h"
#include "residency/store.h"
#include "transparency/transparency.h"

namespace mc::residency {
namespace {

constexpr Nanos kHour = seconds(3'600);
constexpr Nanos kRetryAfter = seconds(60);
constexpr std::string_view kActor = "residency@system";
constexpr std::string_view kProbeAction = "residency probe";  // begins with kRecordAction
constexpr std::string_view kNotStated = "not stated";
constexpr char kCursorSeparator = '~';
constexpr std::size_t kHourNameBytes = std::string_view("2026-11-22T11Z").size();
constexpr std::string_view kHourBegin = "-00-00Z";  // of the first moment's name

ledger::Entry own_record(const std::string& tenant, std::string_view type, json::Object payload) {
  ledger::Entry out;
  out.log = transparency::log_of(TenantId(tenant));
  out.type = type;
  out.actor = kActor;
  out.tenant = tenant;
  out.action = kProbeAction;
  out.purpose = kNotStated;
  out.payload = json::canonical(std::move(payload));
  return out;
}

// Of what the probe found itself; attempts have their records already.
ledger::Entry record_of(const Evidence& evidence, const Violation& violation) {
  json::Object payload;
  payload.set("reason", violation.code);
  payload.set("object", violation.source);
  payload.set("action", violation.action);
  payload.set("period", evidence.period);
  payload.set("region_src", violation.src);
  payload.set("region_dst", violation.dst);
  payload.set("count", violation.count);
  const std::string_view type =
      violation.denied ? transparency::kind_name(transparency::Kind::denied) : kViolationType;
  return own_record(evidence.tenant, type, std::move(payload));
}

ledger::Entry record_of(const Evidence& evidence, const Summary& summary) {
  json::Object payload;
  payload.set("period", evidence.period);
  payload.set("ok", summary.ok);
  payload.set("violations", summary.violations);
  payload.set("sha256", summary.sha256);
  payload.set("region", evidence.region);
  payload.set("node", evidence.node);
  payload.set("node_region", evidence.node_region);
  return own_record(evidence.tenant, kProofType, std::move(payload));
}

// A list goes from new to old, and at the same period by tenant.
struct Place {
  std::string period;
  std::string tenant;
  bool operator==(const Place&) const = default;
};
bool comes_before(const Place& a, const Place& b) {
  return a.period == b.period ? a.tenant < b.tenant : a.period > b.period;
}

Result<Place> read_cursor(const std::string& cursor) {
  const Result<std::string> text = from_base64url(cursor);
  const std::size_t separator = text ? text->find(kCursorSeparator) : std::string::npos;
  if (separator == std::string::npos || !is_period(text->substr(0, separator))) {
    return fail(Code::invalid, "cursor: it is none that this list has given");
  }
  return Place{text->substr(0, separator), text->substr(separator + 1)};
}

// Where the hour of a name begins, as the first moment's name in it; names sort as times do, and an
// hour's stands behind those of all moments in it.
std::string hour_begin(const std::string& period) {
  return period.substr(0, kHourNameBytes - 1) + std::string(kHourBegin);
}

// Of the names of a tenant, oldest first, those whose periods may be of the time that is asked for.
//
// A name says when its period ends. Most begin with their hour, but one can cover hours before it
// whose own proofs were not made: of all that lie behind `to` only the first hour can, since those
// behind that one begin where it ends, and so can what was proven before it was over.
std::vector<std::string> candidates(std::vector<std::string> names,
                                    const Residency::Question& question) {
  if (question.from) {
    const std::string from = moment_name(*question.from);
    names.erase(names.begin(), std::lower_bound(names.begin(), names.end(), from));
  }
  if (!question.to) return names;
  const std::string to = moment_name(*question.to);
  const auto last = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
    return name.size() == kHourNameBytes && hour_begin(name) >= to;
  });
  if (last != names.end()) names.erase(last + 1, names.end());
  return names;
}

// Whether it is of those that are asked for, as its document says.
Result<bool> is_wanted(const Summary& summary, const Residency::Question& question) {
  if (question.ok && *question.ok != summary.ok) return false;
  if (!question.to) return true;
  MC_TRY(const WallTime begin, parse_rfc3339(summary.from));
  return begin < *question.to;
}

}  // namespace

Residency::Residency(const World& world, const ResidencyConfig& config, Home home)
    : world_(world),
      config_(config),
      home_(std::move(home)),
      regions_(config, home_.region),
      store_(std::make_unique<ProofStore>(world.files, home_.folder, config.proofs_max)),
      counted_since_(whole_ms(world.clock.wall())) {}

Residency::~Residency() = default;

void Residency::record_soon(ledger::Entry entry) {
  log::Log& log = world_.log;
  std::string tenant = entry.tenant;
  world_.ledger.append(std::move(entry), [&log, tenant](const Result<ledger::Recorded>& recorded) {
    if (recorded) return;
    log.warn("residency.unrecorded", {{"tenant", tenant}, {"why", recorded.error().what}});
  });
}

void Residency::attempt(const Attempt& attempt) {
  std::optional<ledger::Entry> entry =
      attempts_.note(attempt, {world_.clock.wall(), world_.clock.mono()});
  if (!entry) return;
  world_.log.warn("residency.denied", {{"tenant", attempt.tenant},
                                       {"actor", attempt.actor},
                                       {"action", attempt.action},
                                       {"source", attempt.source},
                                       {"region_src", attempt.src},
                                       {"region_dst", attempt.dst},
                                       {"why", attempt.code},
                                       {"request_id", attempt.request_id}});
  record_soon(std::move(*entry));
}

std::string_view Residency::region_of(const Touch& touch) const {
  if (world_.model == nullptr) return "";
  const dataset::Source* source = source_of(*world_.model, touch.dataset.source, touch.region);
  return source == nullptr ? std::string_view() : source->region;
}

void Residency::deny(const Touch& touch, std::string_view region, std::string_view code) {
  attempt({.tenant = touch.tenant,
           .actor = touch.caller.principal.get() + "@" + touch.caller.tenant.get(),
           .action = std::string(touch.action),
           .purpose = std::string(touch.purpose),
           .source = touch.dataset.source,
           .src = home_.region,
           .dst = std::string(region),
           .code = std::string(code),
           .request_id = std::string(touch.request_id),
           .dataset = touch.dataset.name});
}

Status Residency::admit(const Touch& touch) {
  if (world_.model == nullptr) return ok();
  const dataset::Source* source = source_of(*world_.model, touch.dataset.source, touch.region);
  if (source == nullptr) return ok();  // there is nothing that could be touched
  const Answer answer = regions_.judge(touch.tenant, touch.region, source->region);
  if (answer == Answer::permitted) return ok();
  deny(touch, source->region, reason_of(answer));
  return fail(Code::denied, std::string(reason_of(answer)) + ": data of tenant " +
                                touch.tenant.get() + " are not served from where those of " +
                                touch.dataset.name + " are (" + std::string(answer_name(answer)) +
                                ")");
}

void Residency::count(const Touch& touch, std::int64_t statements) {
  const bool reads = touch.action == "read";
  counts_.add(touch.tenant, {home_.region, std::string(region_of(touch)), reads ? statements : 0,
                             reads ? 0 : statements});
}

void Residency::note_elsewhere(const Touch& touch, std::string_view region) {
  deny(touch, region, kWrongRegion);
}

bool Residency::has_sources(const identity::Tenant& tenant) const {
  return world_.model != nullptr && world_.writers != nullptr &&
         tenant.id.get() != identity::kSystemTenant &&
         !sources_of(*world_.model, tenant.region).empty();
}

// A server that was down has no proof of its last hours; a tenant is not left without a fresh one
// until the next hour is over.
Status Residency::begin_first() {
  const WallTime now = whole_ms(world_.clock.wall());
  MC_TRY(const std::vector<identity::Tenant> tenants, world_.directory.tenants());
  for (const identity::Tenant& tenant : tenants) {
    if (tenant.state != "active" || !has_sources(tenant)) continue;
    MC_TRY(const std::vector<std::string> names, store_->names(tenant.id));
    if (!names.empty() && names.back() >= hour_name(now - kHour)) continue;
    due_[tenant.id.get()] = {moment_name(now), counted_since_, now, counts_.of(tenant.id),
                             attempts_.of(tenant.id)};
  }
  hour_ = hour_of(now);
  return ok();
}

// What was counted goes to the hour that is over, for all tenants at the same moment.
Status Residency::end_hour(WallTime now) {
  MC_TRY(const std::vector<identity::Tenant> tenants, world_.directory.tenants());
  ResidencyCounts::All traffic = counts_.take_all();
  Attempts::All attempts = attempts_.take_all();
  for (const identity::Tenant& tenant : tenants) {
    const std::string& id = tenant.id.get();
    const bool used = traffic.contains(id) || attempts.contains(id);
    if (!has_sources(tenant) || (tenant.state != "active" && !used)) continue;
    const auto [due, fresh] = due_.try_emplace(id);
    if (fresh) due->second.from = counted_since_;
    // One that could not be made yet covers this hour too.
    due->second.period = hour_name(*hour_);
    due->second.to = now;
    for (const Traffic& each : traffic[id]) add_traffic(due->second.traffic, each);
    for (Violation& each : attempts[id]) {
      add_violation(due->second.attempts, std::move(each));
    }
  }
  counted_since_ = now;
  hour_ = hour_of(now);
  return ok();
}

void Residency::retry_later(std::string_view what, const Error& why) {
  world_.log.warn("residency.unproven", {{"tenant", what}, {"why", why.what}});
  not_before_ = world_.clock.mono() + kRetryAfter;
}

bool Residency::step() {
  for (ledger::Entry& entry : attempts_.due(world_.clock.mono())) record_soon(std::move(entry));
  if (!config_.probes || world_.model == nullptr) return false;
  const std::lock_guard lock(proving_);
  const WallTime now = whole_ms(world_.clock.wall());
  if (!hour_ || hour_of(now) != *hour_) {
    if (const Status begun = hour_ ? end_hour(now) : begin_first(); !begun) {
      if (!not_before_) retry_later("", begun.error());
      return false;
    }
  }
  if (not_before_ && world_.clock.mono() < *not_before_) return false;
  not_before_.reset();
  if (due_.empty()) return false;
  const auto next = due_.begin();
  const Result<identity::Tenant> tenant = world_.directory.tenant(TenantId(next->first));
  const Result<Summary> proven = tenant ? prove(*tenant, next->second)
                                        : Result<Summary>(tl::unexpected<Error>(tenant.error()));
  if (proven || proven.error().code == Code::not_found) {
    due_.erase(next);
  } else {
    retry_later(next->first, proven.error());
  }
  return proven.has_value() && !due_.empty();
}

Result<Summary> Residency::prove_now(const TenantId& tenant) {
  MC_TRY(const identity::Tenant held, world_.directory.tenant(tenant));
  if (!has_sources(held)) {
    return fail(Code::not_found, "nothing of tenant " + tenant.get() + " lies in a source of here");
  }
  const std::lock_guard lock(proving_);
  const WallTime now = whole_ms(world_.clock.wall());
  return prove(held,
               {moment_name(now), counted_since_, now, counts_.of(tenant), attempts_.of(tenant)});
}

// A clock that went back, or two proofs in a second: the next second that is free. No proof is
// ever replaced.
Result<std::string> Residency::free_name(const TenantId& tenant, const std::string& wanted) const {
  MC_TRY(const bool taken, store_->has(tenant, wanted));
  if (!taken) return wanted;
  const std::string now = moment_name(world_.clock.wall());
  MC_TRY(const bool taken_too, store_->has(tenant, now));
  if (!taken_too) return now;
  return fail(Code::conflict, "there is a proof of residency of this second; try again later");
}

Evidence Residency::evidence_of(const identity::Tenant& tenant, const Due& due) const {
  Evidence out;
  out.tenant = tenant.id.get();
  out.region = tenant.region;
  const auto permitted = regions_.permitted(tenant.id);
  out.permitted.assign(permitted.begin(), permitted.end());
  out.unstated = regions_.unstated();
  out.period = due.period;
  out.from = due.from;
  out.to = due.to;
  out.node = home_.node;
  out.node_region = home_.region;
  out.traffic = due.traffic;
  out.violations = due.attempts;
  return out;
}

Result<Summary> Residency::prove(const identity::Tenant& tenant, const Due& due) {
  Evidence evidence = evidence_of(tenant, due);
  MC_TRY(evidence.period, free_name(tenant.id, due.period));
  const ProbeWorld world{world_.clock, world_.random, world_.drivers, *world_.model,
                         *world_.writers};
  Probed probed = probe(world, regions_, tenant, evidence.period);
  evidence.at = whole_ms(world_.clock.wall());
  evidence.sources = std::move(probed.sources);
  std::move(probed.violations.begin(), probed.violations.end(),
            std::back_inserter(evidence.violations));
  judge_traffic(evidence);
  MC_TRY(const proof::Statement statement, statement_of(evidence));
  MC_TRY(const proof::Bundle signed_bundle, world_.signing.sign(statement));
  const std::string bundle = proof::print_bundle(signed_bundle);
  MC_TRY(const Stored stored, read_stored(bundle));
  MC_TRY_OK(record(evidence, stored.summary));
  MC_TRY_OK(store_->put(tenant.id, evidence.period, bundle));
  proven_.with([&](auto& all) { all[evidence.tenant] = {evidence.at, stored.summary.ok}; });
  if (stored.summary.ok) {
    world_.log.event("residency.proven", {{"tenant", tenant.id}, {"period", evidence.period}});
  } else {
    world_.log.warn("residency.not_held", {{"tenant", tenant.id},
                                           {"period", evidence.period},
                                           {"violations", stored.summary.violations}});
  }
  return stored.summary;
}

Status Residency::record(const Evidence& evidence, const Summary& summary) {
  for (const Violation& each : evidence.violations) {
    if (!each.actor.empty()) continue;  // an attempt
    found_.with([&](auto& all) { ++all[evidence.tenant]; });
    MC_TRY_OK(world_.ledger.append(record_of(evidence, each)));
  }
  MC_TRY_OK(world_.ledger.append(record_of(evidence, summary)));
  return ok();
}

Result<Residency::Listed> Residency::list(const Question& question) const {
  std::optional<Place> after;
  if (!question.cursor.empty()) {
    MC_TRY(after, read_cursor(question.cursor));
  }
  std::vector<Place> places;
  for (const std::string& tenant : question.tenants) {
    MC_TRY(std::vector<std::string> names, store_->names(TenantId(tenant)));
    for (const std::string& name : candidates(std::move(names), question)) {
      Place place{name, tenant};
      if (!after || comes_before(*after, place)) places.push_back(std::move(place));
    }
  }
  std::sort(places.begin(), places.end(), comes_before);
  Listed out;
  const std::size_t most = std::clamp(question.limit, std::size_t{1}, kProofsListedMax);
  std::size_t looked = 0;
  for (const Place& place : places) {
    if (out.items.size() == most || looked == kProofsReadMax) {
      const Place& last = places[looked - 1];
      out.next_cursor = to_base64url(last.period + kCursorSeparator + last.tenant);
      break;
    }
    ++looked;
    const Result<std::string> bundle = store_->read(TenantId(place.tenant), place.period);
    if (!bundle && bundle.error().code == Code::not_found) continue;  // it has just become too old
    if (!bundle) return tl::unexpected<Error>(bundle.error());
    MC_TRY(Stored stored, read_stored(*bundle));
    MC_TRY(const bool wanted, is_wanted(stored.summary, question));
    if (wanted) out.items.push_back(std::move(stored.summary));
  }
  return out;
}

Result<Residency::Located> Residency::locate(const TenantId& tenant) const {
  MC_TRY(const identity::Tenant held, world_.directory.tenant(tenant));
  Located out;
  out.region = held.region;
  if (world_.model == nullptr) return out;
  for (const std::size_t index : sources_of(*world_.model, held.region)) {
    const dataset::Source& source = world_.model->sources[index];
    Located::Place place{source.name, source.region, {}, {}};
    place.answer = regions_.judge(tenant, held.region, source.region);
    out.places.push_back(std::move(place));
  }
  for (const dataset::Dataset& dataset : world_.model->datasets) {
    const auto place =
        std::find_if(out.places.begin(), out.places.end(),
                     [&](const Located::Place& each) { return each.source == dataset.source; });
    (place == out.places.end() ? out.absent : place->datasets).push_back(dataset.name);
  }
  return out;
}

Result<Residency::Proof> Residency::read(const TenantId& tenant, const std::string& period) const {
  MC_TRY(std::string bundle, store_->read(tenant, period));
  MC_TRY(Stored stored, read_stored(bundle));
  return Proof{std::move(bundle), std::move(stored.document)};
}

void Residency::add_metrics(metric::Registry& metrics) const {
  metrics.collect_counter({.name = "mc_residency_violations_total",
                           .help = "Attempts on data outside of their regions that were denied, "
                                   "and violations that probes found.",
                           .labels = {"tenant"}},
                          [this](const metric::Registry::Emit& emit) {
                            std::map<std::string, std::uint64_t> all = attempts_.totals();
                            found_.with([&](const auto& found) {
                              for (const auto& [tenant, count] : found) all[tenant] += count;
                            });
                            for (const auto& [tenant, count] : all) {
                              emit({tenant}, static_cast<double>(count));
                            }
                          });
  const auto of_proven = [this](auto value) {
    return [this, value](const metric::Registry::Emit& emit) {
      proven_.with([&](const auto& all) {
        for (const auto& [tenant, proven] : all) emit({tenant}, value(proven));
      });
    };
  };
  metrics.collect_gauge(
      {.name = "mc_residency_proven_timestamp_seconds",
       .help = "When the newest proof of residency was made.",
       .labels = {"tenant"}},
      of_proven([](const Proven& each) { return static_cast<double>(each.at.nanos) / 1e9; }));
  metrics.collect_gauge({.name = "mc_residency_holds",
                         .help = "1 when the newest proof of residency says that it held; else 0.",
                         .labels = {"tenant"}},
                        of_proven([](const Proven& each) { return each.ok ? 1.0 : 0.0; }));
}

}  // namespace mc::residency
