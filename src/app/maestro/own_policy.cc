#include "maestro/own_policy.h"

#include <algorithm>
#include <chrono>

#include "config/config.h"
#include "json/json.h"
#include "maestro/policy_files.h"
#include "net/client_end.h"
#include "transparency/transparency.h"

namespace mc::app {
namespace {

constexpr std::string_view kOwner = "system";
constexpr std::size_t kKeyBytesMax = 64 << 10;
constexpr std::size_t kMaskKeyBytes = 32;
constexpr auto kStep = std::chrono::milliseconds(100);

Result<std::vector<policy::VerificationKey>> read_keys(Machine& machine,
                                                       const PolicySettings& settings) {
  constexpr std::string_view kAlgorithms[] = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                              "PS512", "ES256", "ES384", "ES512", "EdDSA",
                                              "HS256", "HS384", "HS512"};
  std::vector<policy::VerificationKey> keys;
  for (const PolicyKeySettings& one : settings.keys) {
    if (std::ranges::find(kAlgorithms, one.algorithm) == std::end(kAlgorithms)) {
      return fail(Code::invalid, "policy.keys: algorithm '" + excerpt(one.algorithm) + "' of '" +
                                     one.id + "': RS256, ES256, EdDSA, HS256, ...");
    }
    MC_TRY(std::string key, machine.files->read_all(one.key_file, kKeyBytesMax));
    if (one.algorithm.starts_with("HS")) key = std::string(trim(key.substr(0, key.find('\n'))));
    keys.push_back({one.id, one.algorithm, std::move(key), one.scope});
  }
  return keys;
}

// Made at the first start: pseudonyms stay the same as long as it does.
Result<Secret> read_mask_key(Machine& machine, const Settings& settings) {
  if (!settings.policy.mask_key.empty()) {
    return config::read_secret(*machine.files, settings.policy.mask_key);
  }
  const std::string path = settings.data_dir + "/mask.key";
  MC_TRY(const bool there, machine.files->exists(path));
  if (!there) {
    std::array<std::uint8_t, kMaskKeyBytes> bytes{};
    machine.random->fill(bytes);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    MC_TRY_OK(machine.files->write_atomic(path, to_hex(text) + "\n"));
  }
  MC_TRY(std::string text, machine.files->read_all(path, kKeyBytesMax));
  return Secret(std::string(trim(text.substr(0, text.find('\n')))));
}

std::string payload_of(const policy::Event& event) {
  json::Object out;
  out.set("bundle", event.bundle);
  out.set("revision", event.revision);
  out.set("digest", event.digest);
  out.set("signed_by", event.signed_by);
  out.set("before", event.before);
  out.set("why", excerpt(event.why, 1'000));
  out.set("from_disk", event.from_disk);
  out.set("channel", event.channel);
  out.set("expires", event.expires ? json::Value(format_rfc3339(*event.expires)) : json::Value());
  return json::canonical(out);
}

// What decides instead of policies that have expired: it denies, and says why.
std::vector<archive::Entry> denying_policies() {
  return {{"mc/access/decision.rego", R"(package mc.access

# METADATA
# title: The policies in use have not expired
# description: Nothing newer has come since, and policy.source.expired is deny.
# custom:
#   id: policy-expired
decision := {"allow": false, "rules": ["policy-expired"], "reasons": ["policy-expired"]}
)"}};
}

}  // namespace

OwnPolicy::OwnPolicy(Machine& machine, const Settings& settings, ledger::Ledger& ledger,
                     log::Log& log)
    : machine_(machine),
      ledger_(ledger),
      log_(log),
      store_(*machine.files, settings.data_dir + "/policies"),
      decisions_(*machine.files, settings.data_dir + "/decisions", settings.policy.decisions),
      cut_(std::make_shared<std::atomic<bool>>(false)) {}

Result<std::unique_ptr<OwnPolicy>> OwnPolicy::start(Machine& machine, const Settings& settings,
                                                    ledger::Ledger& ledger, log::Log& log) {
  std::unique_ptr<OwnPolicy> made(new OwnPolicy(machine, settings, ledger, log));
  MC_TRY_OK(made->open(settings));
  OwnPolicy& own = *made;
  own.looker_ = std::thread([&own] { own.repeat([&own] { own.updater_->tick(); }); });
  own.writer_ = std::thread([&own] {
    own.repeat([&own] {
      own.updater_->note_expiry();  // the other thread may be held by a bundle server
      own.write_decisions();
    });
  });
  return made;
}

Status OwnPolicy::open(const Settings& settings) {
  MC_TRY(const Secret mask_key, read_mask_key(machine_, settings));
  MC_TRY(mask_keys_, mask::Keys::make(mask_key));
  if (settings.policy.opa.enabled()) MC_TRY_OK(open_remote(settings.policy.opa));
  gateway_world_.emplace(
      gateway::PolicyWorld{engine_,
                           &decisions_,
                           *mask_keys_,
                           settings.policy.region,
                           {settings.portal.step_up_max_age, settings.oidc.step_up_acr},
                           remote_.get()});
  policy::Updater::Options options;
  options.source = settings.policy.source;
  MC_TRY(options.keys, read_keys(machine_, settings.policy));
  options.built_in = access::default_policies();
  options.denying = denying_policies();
  options.capabilities = policy_capabilities(*machine_.files);
  std::unique_ptr<policy::BundleSource> source;
  if (!options.source.location.empty()) {
    source = policy::make_source(options.source, *machine_.files, net::make_client(cut_));
  }
  updater_ = std::make_unique<policy::Updater>(
      policy::Updater::World{engine_, *machine_.clock, *machine_.random, store_,
                             [this](const policy::Event& event) { return tell(event); }},
      std::move(options), std::move(source));
  return remote_ == nullptr ? updater_->start() : ok();
}

// That others decide stands in the ledger before they do, as an activation would.
Status OwnPolicy::open_remote(const access::RemoteConfig& config) {
  MC_TRY(remote_,
         access::Remote::make({*machine_.clock, *machine_.files, [] { return net::Client::make(); },
                               [this](const access::RemoteEvent& event) { tell(event); },
                               [this](Nanos took) { remote_duration_->observe(to_seconds(took)); }},
                              config));
  log_.event("policy.opa", {{"url", config.url}});
  json::Object payload;
  payload.set("url", config.url);
  return record("elsewhere policies", json::canonical(payload));
}

OwnPolicy::~OwnPolicy() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  *cut_ = true;
  ended_.notify_all();
  if (looker_.joinable()) looker_.join();
  if (writer_.joinable()) writer_.join();
  write_decisions();
}

// A server that cannot be reached is for the log and the alert; what it sent, or that policies
// ended, is for the ledger.
bool OwnPolicy::tell(const policy::Event& event) {
  using Kind = policy::Event::Kind;
  if (event.kind == Kind::unreachable && *cut_) return true;  // we hung up
  const log::Fields about = {{"revision", event.revision},
                             {"digest", event.digest},
                             {"signed_by", event.signed_by},
                             {"before", event.before},
                             {"why", event.why}};
  switch (event.kind) {
    case Kind::activated:
      log_.event("policy.activated", about);
      break;
    case Kind::refused:
      log_.warn("policy.refused", about);
      break;
    case Kind::expired:
      log_.warn("policy.expired", about);
      break;
    case Kind::unreachable:
      log_.warn("policy.unreachable", about);
      break;
  }
  if (event.kind == Kind::unreachable) return true;
  return record(std::string(policy::kind_name(event.kind)) + " " + event.bundle, payload_of(event))
      .has_value();
}

void OwnPolicy::tell(const access::RemoteEvent& event) {
  using Kind = access::RemoteEvent::Kind;
  switch (event.kind) {
    case Kind::failed:
      log_.warn("policy.opa_failed", {{"why", event.why}});
      break;
    case Kind::paused:
      log_.warn("policy.opa_paused", {{"why", event.why}});
      break;
    case Kind::resumed:
      log_.event("policy.opa_resumed", {});
      break;
  }
}

Status OwnPolicy::record(std::string action, std::string payload) {
  ledger::Entry entry;
  entry.log = transparency::log_of(TenantId(std::string(kOwner)));
  entry.type = "policy";
  entry.actor = kOwner;
  entry.tenant = kOwner;
  entry.action = std::move(action);
  entry.purpose = "policy";
  entry.payload = std::move(payload);
  MC_TRY([[maybe_unused]] const ledger::Recorded recorded, ledger_.append(std::move(entry)));
  return ok();
}

// In OPA's format. The input is the caller's own and may hold anything, so it is not kept; nor is
// the result but for a verdict: true, or false and undefined, which deny.
void OwnPolicy::keep(const opa::Decision& decision) {
  const bool allowed =
      decision.error == nullptr && !decision.result.is_undefined() && !decision.result.is_false();
  const std::optional<double> rate = decisions_.wants({.id = decision.id, .allowed = allowed});
  if (!rate) return;
  std::string line;
  json::Writer writer(line);
  writer.begin_object().member("decision_id", decision.id).member("path", decision.path);
  writer.member("revision", decision.policies.revision());
  writer.member("at_ms", to_unix_ms(decision.at)).member("allowed", allowed);
  writer.member("rate", *rate);
  const identity::Caller* const caller = decision.caller;
  writer.member("tenant", caller == nullptr ? kOwner : std::string_view(caller->tenant.get()));
  writer.member("principal", caller == nullptr ? "" : std::string_view(caller->principal.get()));
  writer.member("requested_by", decision.peer);
  writer.key("rules").begin_array().end_array().key("reasons").begin_array();
  if (decision.error != nullptr) writer.value(decision.error->code);
  writer.end_array().key("erased").begin_array().value("/input").value("/result").end_array();
  writer.member("took_ns", decision.took.count).end_object();
  decisions_.add({std::string(decision.id), decision.at, allowed, std::move(line)});
}

void OwnPolicy::repeat(const std::function<void()>& step) {
  std::unique_lock lock(mutex_);
  while (!end_) {
    ended_.wait_for(lock, kStep);
    if (end_) return;
    lock.unlock();
    step();
    lock.lock();
  }
}

// A disk that fails is told of once, until it has written again.
void OwnPolicy::write_decisions() {
  const Status written = decisions_.flush();
  if (!written && !unwritten_told_) {
    log_.error("decisions.unwritten", {{"why", written.error().what}});
  }
  unwritten_told_ = !written;
}

void OwnPolicy::add_remote_metrics(metric::Registry& metrics) {
  using Emit = metric::Registry::Emit;
  remote_duration_ = &metrics.histogram(
      {.name = "mc_policy_opa_duration_seconds",
       .help = "From a decision asked of the OPA server to its answer.",
       .buckets = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1}});
  metrics.collect_counter({.name = "mc_policy_opa_decisions_total",
                           .help = "Decisions of the OPA server, by what became of them.",
                           .labels = {"result"}},
                          [this](const Emit& emit) {
                            const access::RemoteCounters counters = remote_->counters();
                            emit({"answered"}, static_cast<double>(counters.answered));
                            emit({"undefined"}, static_cast<double>(counters.undefined));
                            emit({"error"}, static_cast<double>(counters.error));
                            emit({"failed"}, static_cast<double>(counters.failed));
                            emit({"unasked"}, static_cast<double>(counters.unasked));
                          });
  metrics.collect_gauge({.name = "mc_policy_opa_paused",
                         .help = "1 while the OPA server is not asked, after failures in a row."},
                        [this] { return remote_->paused().empty() ? 0.0 : 1.0; });
}

void OwnPolicy::add_metrics(metric::Registry& metrics) {
  using Emit = metric::Registry::Emit;
  if (remote_ != nullptr) add_remote_metrics(metrics);
  metrics.collect_counter({.name = "mc_policy_updates_total",
                           .help = "Bundles of policies, by what became of them.",
                           .labels = {"result"}},
                          [this](const Emit& emit) {
                            const policy::UpdaterStatus status = updater_->status();
                            emit({"activated"}, static_cast<double>(status.activations));
                            emit({"refused"}, static_cast<double>(status.refused));
                          });
  metrics.collect_gauge(
      {.name = "mc_policy_problem", .help = "1 while the newest policies could not be taken."},
      [this] { return updater_->status().problem.empty() ? 0.0 : 1.0; });
  metrics.collect_gauge(
      {.name = "mc_policy_expired", .help = "1 while the policies in use have expired."},
      [this] { return updater_->status().expired ? 1.0 : 0.0; });
  metrics.collect_gauge({.name = "mc_policy_expires_timestamp_seconds",
                         .help = "When the policies in use expire, Unix time; absent: never."},
                        [this](const Emit& emit) {
                          const auto at = updater_->status().expires;
                          if (at) emit({}, static_cast<double>(to_unix_ms(*at)) / 1e3);
                        });
  metrics.collect_counter({.name = "mc_decisions_total",
                           .help = "Decisions, by what became of them in the decision log.",
                           .labels = {"log"}},
                          [this](const Emit& emit) {
                            const access::DecisionCounters counters = decisions_.counters();
                            emit({"written"}, static_cast<double>(counters.logged));
                            emit({"dropped"}, static_cast<double>(counters.dropped));
                            emit({"sampled_out"}, static_cast<double>(counters.sampled_out));
                          });
  metrics.collect_counter(
      {.name = "mc_decision_log_failures_total", .help = "Writes of the decision log that failed."},
      [this](const Emit& emit) { emit({}, static_cast<double>(decisions_.counters().failed)); });
}

}  // namespace mc::app
