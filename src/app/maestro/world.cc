#include "maestro/world.h"

#include <array>
#include <filesystem>

#include "admission/controller.h"
#include "maestro/node_name.h"

namespace mc::app {
namespace {

constexpr std::size_t kModelFileMax = dataset::kModelBytesMax;
constexpr std::size_t kPolicyFileMax = 256 << 10;
constexpr Nanos kSaveLastUseEvery = seconds(30);
constexpr std::size_t kCursorKeyBytes = 32;

// Sends batches with the blocking client; the maintenance thread may wait.
class HttpExporter final : public trace::Exporter {
 public:
  HttpExporter(net::Client& client, std::string url) : client_(client), url_(std::move(url)) {}
  Status send(std::string_view otlp_json) override {
    net::ClientRequest request;
    request.method = "POST";
    request.url = url_;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = otlp_json;
    request.timeout = seconds(5);
    MC_TRY(const net::Response response, client_.fetch(request));
    if (response.status / 100 == 2) return ok();
    const bool later = response.status == 429 || response.status >= 502;
    return fail(later ? Code::unavailable : Code::invalid,
                "the trace collector answered " + std::to_string(response.status));
  }

 private:
  net::Client& client_;
  std::string url_;
};

Result<Secret> cursor_key(Machine& machine, const Settings& settings) {
  if (!settings.cursor_key.empty()) {
    return config::read_secret(*machine.files, settings.cursor_key);
  }
  std::array<std::uint8_t, kCursorKeyBytes> bytes{};
  machine.random->fill(bytes);
  return Secret(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

std::string state_url(const Settings& settings) {
  if (!settings.state_url.empty()) return settings.state_url;
  return "sqlite:" + std::filesystem::absolute(settings.data_dir).lexically_normal().string() +
         "/state.db";
}

Result<State> open_state(Machine& machine, const Settings& settings) {
  MC_TRY_OK(machine.files->make_folders(settings.data_dir));
  State state;
  MC_TRY(state.lock, sys::lock_folder(settings.data_dir));
  MC_TRY(std::unique_ptr<sql::Connection> connection, machine.drivers.open(state_url(settings)));
  MC_TRY([[maybe_unused]] const sql::MigrationReport report,
         sql::migrate(*connection, sql::built_in_migrations(), *machine.clock));
  state.database = connection->version();
  MC_TRY(state.directory,
         identity::Directory::open(std::move(connection), *machine.clock, *machine.random));
  return state;
}

Result<LogOutput> open_log(Machine& machine, const LogSettings& settings, const std::string& path) {
  LogOutput out;
  MC_TRY(out.file, path.empty() ? Result<std::unique_ptr<sys::File>>(sys::standard_output())
                                : machine.files->open(path, sys::OpenMode::append));
  out.sink = std::make_unique<log::FileSink>(*out.file, *machine.clock);
  const log::Options options{
      .level = static_cast<log::Level>(settings.level),
      .format = settings.format == LogFormat::json ? log::Format::json : log::Format::text};
  out.log = std::make_unique<log::Log>(*machine.clock, *out.sink, options);
  return out;
}

Result<std::unique_ptr<Running>> Running::start(Machine& machine, const Settings& settings,
                                                LogOutput& output, bool demo) {
  std::unique_ptr<Running> running(new Running(machine, settings, output));
  MC_TRY_OK(running->build(demo));
  return running;
}

Running::~Running() {
  stop();
}

Status Running::build_catalog() {
  if (settings_.datasets_file.empty()) return ok();
  MC_TRY(const std::string yaml, machine_.files->read_all(settings_.datasets_file, kModelFileMax));
  MC_TRY(dataset::Model model, dataset::parse_model(yaml, settings_.datasets_file));
  MC_TRY(Secret key, cursor_key(machine_, settings_));
  MC_TRY(catalog_, dataset::Catalog::make(std::move(model), {.cursor_key = std::move(key)}));
  // The tables are looked at once, before the first request: a wrong name is a start-up error.
  dataset::Writers writers(machine_.drivers, catalog_->model());
  dataset::ConnectionSet connections(machine_.drivers, catalog_->model(), writers);
  return dataset::check_tables(catalog_->model(), connections);
}

void Running::add_ledger_metrics() {
  metrics_.collect_gauge({.name = "mc_ledger_recording",
                          .help = "1 while the ledger records; 0 after a disk has failed."},
                         [this] { return ledger_.ledger->state() ? 1.0 : 0.0; });
  metrics_.collect_gauge(
      {.name = "mc_ledger_heads", .help = "Leaves of the log of heads, about one a commit."},
      [this] {
        const auto head = ledger_.ledger->store().head(ledger::kRootLog);
        return head ? static_cast<double>(head->size) : 0.0;
      });
  metrics_.collect_counter({.name = "mc_access_unwarranted_total",
                            .help = "Accesses of the operator's people without a warrant.",
                            .labels = {"tenant"}},
                           [this](const metric::Registry::Emit& emit) {
                             for (const auto& [tenant, count] : gate_->unwarranted()) {
                               emit({tenant}, static_cast<double>(count));
                             }
                           });
  metrics_.collect_counter({.name = "mc_record_downloads_total",
                            .help = "Receipts, ranges and exports of records that were asked for.",
                            .labels = {"tenant"}},
                           [this](const metric::Registry::Emit& emit) {
                             for (const auto& [tenant, count] : ledger_.recorder->downloads()) {
                               emit({tenant}, static_cast<double>(count));
                             }
                           });
  chores_->add_metrics(metrics_);
  policy_->add_metrics(metrics_);
  residency_->add_metrics(metrics_);
  if (cosigning_ != nullptr) cosigning_->add_metrics(metrics_);
}

void Running::add_metrics() {
  metric::add_process_metrics(metrics_, machine_.clock->wall());
  metrics_.collect_gauge(
      {.name = "mc_connections_open", .help = "Open client connections."},
      [this] { return static_cast<double>(server_->counters().connections_open); });
  const auto of_admission = [this](const char* name, const char* help, auto member) {
    metrics_.collect_gauge({.name = name, .help = help}, [this, member] {
      return static_cast<double>(member(gateway_->admission()));
    });
  };
  using admission::Snapshot;
  of_admission("mc_admission_seats", "Requests that may run at a time, as it was found out.",
               [](const Snapshot& now) { return now.seats; });
  of_admission("mc_admission_seats_in_use", "Seats of requests that run.",
               [](const Snapshot& now) { return now.in_use; });
  of_admission("mc_admission_waiting", "Requests that wait for a seat.", [](const Snapshot& now) {
    std::uint64_t waiting = 0;
    for (const admission::ClassSnapshot& one : now.classes) waiting += one.waiting;
    return waiting;
  });
  metrics_.collect_counter({.name = "mc_connections_total", .help = "Client connections accepted."},
                           [this](const metric::Registry::Emit& emit) {
                             emit({}, static_cast<double>(server_->counters().connections_total));
                           });
  metrics_.collect_counter(
      {.name = "mc_http_refused_total", .help = "Requests refused by the HTTP server itself."},
      [this](const metric::Registry::Emit& emit) {
        emit({}, static_cast<double>(server_->counters().refused_total));
      });
  notifier_->add_metrics(metrics_);
  taps_->add_metrics(metrics_);
  burn_->add_metrics(metrics_);
  pressure_->add_metrics(metrics_);
  records_->add_metrics(metrics_);
  if (windows_ != nullptr) windows_->add_metrics(metrics_);
  if (share_ != nullptr) share_->add_metrics(metrics_);
  if (privacy_ != nullptr) privacy_->add_metrics(metrics_);
  exports_->add_metrics(metrics_);
  add_ledger_metrics();
  if (issuer_ != nullptr) {
    metrics_.collect_gauge({.name = "mc_oidc_keys_fetched_timestamp_seconds",
                            .help = "When the provider's keys were fetched; 0 = not yet."},
                           [this] {
                             const auto fetched = issuer_->fetched();
                             return fetched ? static_cast<double>(fetched->nanos) / 1e9 : 0.0;
                           });
  }
  metrics_.collect_counter(
      {.name = "mc_log_lines_dropped_total", .help = "Log lines lost by the output."},
      [this](const metric::Registry::Emit& emit) {
        emit({}, static_cast<double>(output_.sink->dropped()));
      });
}

Status Running::build_ledger() {
  MC_TRY(ledger_, open_ledger(machine_, settings_));
  MC_TRY(witness_, open_witness(machine_, settings_));
  MC_TRY(signing_, open_signing(machine_, settings_, *ledger_.ledger));
  MC_TRY(index_, open_index(machine_, settings_, *ledger_.ledger));
  MC_TRY(records_, RecordSpool::open({*machine_.files, *machine_.random, *output_.log,
                                      RecordSpool::append_to(*ledger_.ledger)},
                                     settings_.data_dir + "/budget-records.json"));
  chores_ = std::make_unique<LedgerChores>(*machine_.files, ledger_folder(settings_),
                                           *ledger_.ledger, *index_, *output_.log);
  MC_TRY(transparency::AccessPolicy access_policy, read_access_policy(machine_, settings_));
  gate_ = std::make_unique<transparency::Gate>(
      transparency::Gate::World{*state_.directory, *machine_.clock, *machine_.random},
      std::move(access_policy));
  const std::string& policy_file = settings_.ledger.policy_file;
  if (policy_file.empty()) return ok();
  MC_TRY(const std::string policy, machine_.files->read_all(policy_file, kPolicyFileMax));
  MC_TRY(cosigning_, CosignRounds::start(*ledger_.ledger, *output_.log, policy));
  return ok();
}

Status Running::build_oidc() {
  const identity::IssuerConfig& oidc = settings_.oidc;
  if (!oidc.enabled()) return ok();
  issuer_ = std::make_shared<identity::Issuer>(oidc, net::Client::make(), *machine_.clock);
  state_.directory->trust(issuer_);
  if (oidc.client_id.empty()) return ok();
  Secret secret;
  if (!oidc.client_secret.empty()) {
    MC_TRY(secret, config::read_secret(*machine_.files, oidc.client_secret));
  }
  code_login_ = std::make_unique<identity::CodeLogin>(
      identity::CodeLogin::World{*state_.directory, issuer_, net::Client::make(), *machine_.clock,
                                 *machine_.random},
      oidc, std::move(secret), settings_.portal.public_url + "/sign-in/callback");
  return ok();
}

void Running::build_residency() {
  const dataset::Model* const model = catalog_ == nullptr ? nullptr : &catalog_->model();
  residency_ = std::make_unique<residency::Residency>(
      residency::Residency::World{*machine_.clock, *machine_.random, *machine_.files, *output_.log,
                                  *state_.directory, *ledger_.ledger, *signing_, machine_.drivers,
                                  model, gateway_->writers()},
      settings_.residency,
      residency::Residency::Home{settings_.data_dir + "/residency", settings_.ledger.origin,
                                 settings_.policy.region});
  gateway_->set_residency(*residency_);
  residency_chores_ = std::make_unique<ResidencyChores>(*residency_);
}

void Running::build_pressure() {
  host_ = std::make_unique<sys::Host>(*machine_.files);
  const auto see = [this] {
    return PressureMeter::Seen{.now = machine_.clock->mono(),
                               .host = host_->read(),
                               .loops = server_->take_loads(),
                               .routes = gateway_->status(),
                               .requests = server_->counters().requests_total,
                               .arrived = static_cast<std::int64_t>(gateway_->admission().arrived)};
  };
  pressure_ = std::make_unique<OwnPressure>(OwnPressure::World{
      *output_.log, see, [this](const admission::Pressures& now) { gateway_->report(now); },
      [this] { return gateway_->admission(); }});
}

Status Running::build_opa() {
  if (!settings_.opa.enabled) return ok();
  MC_TRY(opa_, opa::DataApi::make({*machine_.clock, *machine_.random, *output_.log, metrics_,
                                   *state_.directory, policy_->engine(), kVersion},
                                  settings_.opa));
  opa_->on_decision([this](const opa::Decision& decision) { policy_->keep(decision); });
  MC_TRY(opa_server_,
         net::Server::start(opa::to_server_config(settings_.opa), *opa_, *machine_.clock));
  output_.log->event("opa.started",
                     {{"host", settings_.opa.host}, {"port", std::int64_t{opa_server_->port()}}});
  return ok();
}

void Running::build_tracer() {
  if (settings_.trace.otlp_url.empty()) return;
  trace::Options options;
  options.service_version = kVersion;
  options.ratio = settings_.trace.ratio;
  tracer_ = std::make_unique<trace::Tracer>(*machine_.clock, *machine_.random, options);
  pump_ = std::make_unique<trace::Pump>(*tracer_, *machine_.clock, *output_.log);
  otlp_client_ = net::Client::make();
}

Status Running::build_budgets() {
  MC_TRY(budgets_, make_book(settings_));
  MC_TRY(const std::string node, node_name(machine_, settings_.data_dir + "/node"));
  record_settings({*records_, *index_, ledger_.ledger->store(), *output_.log},
                  {{settings_.budgets, settings_.admission}, node, machine_.clock->wall()});
  MC_TRY(admission_, make_admission(settings_));
  for (std::size_t i = 0; i < budget::kDimensions; ++i) {
    const auto dimension = static_cast<budget::Dimension>(i);
    if (!budgets_->limits(dimension) || gateway::Gateway::counts(dimension)) continue;
    output_.log->warn("budget.not_counted", {{"dimension", budget::name_of(dimension)}});
  }
  const bool has_classes = std::ranges::any_of(
      settings_.budgets, [](const auto& plan) { return !plan.second.classes.empty(); });
  if (has_classes && policy_->remote() != nullptr) {
    output_.log->warn("budget.classes_not_asked",
                      {{"why", "policy.opa decides elsewhere, and is not asked for classes"}});
  }
  MC_TRY(journal_, make_journal(machine_, settings_, *budgets_));
  windows_ = OwnWindows::start(
      {machine_, *output_.log, *state_.directory, *budgets_, journal_.get()}, node);
  burn_ = std::make_unique<OwnBurn>(
      OwnBurn::World{*machine_.clock, *output_.log, *state_.directory, *budgets_, *records_,
                     *index_, ledger_.ledger->store(), node},
      settings_);
  records_->start();
  return ok();
}

Status Running::build_gateway() {
  gateway::GatewayWorld world{*machine_.clock,
                              *machine_.random,
                              *machine_.files,
                              *output_.log,
                              metrics_,
                              tracer_.get(),
                              *state_.directory,
                              &machine_.drivers,
                              catalog_.get(),
                              &policy_->gateway_world(),
                              budgets_.get(),
                              gate_.get(),
                              ledger_.recorder.get()};
  world.journal = journal_.get();
  world.seats = &admission_.seats;
  world.shares = &admission_.shares;
  world.usage = &burn_->usage();
  MC_TRY(share_,
         OwnShare::start({machine_, *output_.log, *ledger_.ledger}, settings_.budget_store));
  if (share_ != nullptr) {
    world.share = &share_->share();
    world.on_store_loss = share_->on_loss();
  }
  if (catalog_ != nullptr) {
    MC_TRY(const std::string node, node_name(machine_, settings_.data_dir + "/node"));
    MC_TRY(privacy_, OwnPrivacy::start({machine_, *output_.log, *state_.directory, *ledger_.ledger,
                                        *index_, catalog_->model()},
                                       settings_, node));
  }
  if (privacy_ != nullptr) world.private_answers = &privacy_->planner();
  tap_board_ = std::make_unique<tap::Board>(machine_.clock->mono());
  world.taps = tap_board_.get();
  MC_TRY(gateway_, gateway::Gateway::make(settings_.gateway, world));
  overrides_ = std::make_unique<budget::OverrideDesk>(
      budget::OverrideDesk::World{*state_.directory, *ledger_.ledger, *machine_.clock,
                                  *machine_.random, *output_.log, *budgets_, journal_.get()});
  budget_chores_ = std::make_unique<BudgetChores>(*overrides_, *output_.log);
  burn_chores_ = std::make_unique<BurnChores>(*burn_, [this](bool on) {
    gateway_->set_slo_guard(on);
    overrides_->set_slo_guard(on);
  });
  return ok();
}

Status Running::build_taps() {
  std::vector<std::string> upstreams;
  for (const gateway::RouteStatus& route : gateway_->status()) {
    if (!route.upstream.empty()) upstreams.push_back(route.upstream);
  }
  MC_TRY(taps_, OwnTaps::start({machine_, *output_.log, *ledger_.ledger, *tap_board_}, settings_,
                               std::move(upstreams)));
  return ok();
}

Status Running::build_exports() {
  MC_TRY(const std::string node, node_name(machine_, settings_.data_dir + "/node"));
  MC_TRY(exports_,
         OwnExports::start({machine_, *output_.log, *state_.directory, *ledger_.ledger, *signing_,
                            policy_->gateway_world(), *gateway_, *residency_, catalog_.get(),
                            privacy_ == nullptr ? nullptr : &privacy_->reports()},
                           settings_, node));
  if (privacy_ == nullptr) return ok();
  privacy_queue_ = PrivacyQueue::start(
      {machine_, *output_.log, *state_.directory, policy_->gateway_world(), *gateway_, *residency_,
       *catalog_, privacy_->planner(), privacy_->queue(), settings_.gateway.private_release_quantum,
       settings_.server.drain_timeout});
  return ok();
}

api::PrivacyDesk Running::privacy_desk() {
  if (privacy_ == nullptr) return {};
  return {&privacy_->accountant(), &privacy_->top_ups(), &privacy_->queue()};
}

Status Running::build(bool demo) {
  MC_TRY(state_, open_state(machine_, settings_));
  MC_TRY_OK(build_ledger());
  MC_TRY(policy_, OwnPolicy::start(machine_, settings_, *ledger_.ledger, *output_.log));
  MC_TRY_OK(build_oidc());
  MC_TRY(notifier_, Notifier::start({*machine_.clock, *machine_.random, *machine_.files,
                                     *output_.log, *state_.directory, *ledger_.ledger},
                                    settings_));
  MC_TRY_OK(build_catalog());
  build_tracer();
  MC_TRY_OK(build_budgets());
  MC_TRY_OK(build_gateway());
  MC_TRY_OK(build_taps());
  build_residency();
  MC_TRY_OK(build_exports());
  desk_.emplace(api::PolicyDesk{policy_->engine(), policy_->updater(), policy_->decisions(),
                                [this](std::string_view kind, std::string_view name) {
                                  return gateway_->find_resource(kind, name);
                                },
                                *machine_.random, policy_->remote()});
  api_ = std::make_unique<api::Api>(
      api::ApiWorld{*machine_.clock,
                    *output_.log,
                    metrics_,
                    *state_.directory,
                    *gateway_,
                    catalog_.get(),
                    {kVersion, state_.database},
                    settings_.server.metrics_public,
                    demo,
                    &settings_.oidc,
                    code_login_.get(),
                    settings_.portal,
                    &notifier_->secrets(),
                    machine_.random.get(),
                    ledger_.recorder.get(),
                    witness_.get(),
                    signing_.get(),
                    settings_.signing.open,
                    gate_.get(),
                    index_.get(),
                    &*desk_,
                    residency_.get(),
                    {overrides_.get(), journal_.get(), &burn_->usage(), &burn_->quotas()},
                    &taps_->desk(),
                    privacy_desk(),
                    &exports_->exports()});
  MC_TRY(server_, net::Server::start(to_server_config(settings_.server), *api_, *machine_.clock));
  build_pressure();
  add_metrics();
  MC_TRY_OK(build_opa());
  gateway_->attach(*server_);
  api_->attach(*server_);
  pressure_chores_ = std::make_unique<PressureChores>(*pressure_);
  last_use_saved_ = machine_.clock->mono();
  api_->set_ready(true);
  output_.log->event("server.started", {{"host", settings_.server.host},
                                        {"port", std::int64_t{server_->port()}},
                                        {"version", kVersion}});
  return ok();
}

// Each second. A disk that fails keeps nobody waiting; it is told once.
void Running::flush_journal() {
  constexpr Nanos kEach = seconds(1);
  const MonoTime now = machine_.clock->mono();
  if (journal_ == nullptr || now - journal_flushed_ < kEach) return;
  journal_flushed_ = now;
  const Status done = journal_->flush();
  if (!done && !journal_failing_) {
    output_.log->warn("admission.log_unwritten", {{"why", done.error().what}});
  }
  journal_failing_ = !done;
}

void Running::export_traces() {
  if (pump_ == nullptr) return;
  HttpExporter exporter(*otlp_client_, settings_.trace.otlp_url);
  pump_->step(exporter);
}

void Running::refresh_issuer() {
  if (issuer_ == nullptr) return;
  const std::optional<Status> done = issuer_->refresh();
  if (!done) return;
  if (*done) {
    output_.log->event("oidc.keys_fetched", {{"issuer", settings_.oidc.issuer}});
  } else {
    output_.log->warn("oidc.refresh_failed",
                      {{"issuer", settings_.oidc.issuer}, {"why", done->error().what}});
  }
}

void Running::tick() {
  output_.sink->tick();
  gateway_->traffic().tick();
  flush_journal();
  const MonoTime now = machine_.clock->mono();
  if (now - last_use_saved_ >= kSaveLastUseEvery) {
    last_use_saved_ = now;
    if (const Status saved = state_.directory->save_last_use(); !saved) {
      output_.log->warn("identity.last_use_unsaved", {{"why", saved.error().what}});
    }
  }
  if (now - health_checked_ >= settings_.gateway.health_every) {
    health_checked_ = now;
    gateway_->check_health();
  }
  refresh_issuer();
  notifier_->tick();
  export_traces();
}

bool Running::stop() {
  if (stopped_ || server_ == nullptr) return true;
  stopped_ = true;
  api_->set_ready(false);
  pressure_chores_.reset();  // it asks the loops
  if (privacy_queue_ != nullptr) privacy_queue_->hold();
  const bool complete = server_->drain(settings_.server.drain_timeout);
  if (opa_server_ != nullptr) (void)opa_server_->drain(settings_.server.drain_timeout);
  exports_->stop();
  if (privacy_queue_ != nullptr) privacy_queue_->stop();
  residency_chores_.reset();
  budget_chores_.reset();
  burn_chores_.reset();
  records_->stop();
  if (share_ != nullptr) share_->stop();  // before those who waited find nobody to go on
  gateway_->stop();
  if (privacy_ != nullptr) privacy_->stop();
  if (windows_ != nullptr) windows_->stop();
  journal_flushed_ = {};
  flush_journal();
  api_->stop();
  taps_.reset();
  notifier_->stop();
  if (const Status saved = state_.directory->save_last_use(); !saved) {
    output_.log->warn("identity.last_use_unsaved", {{"why", saved.error().what}});
  }
  if (pump_ != nullptr) {
    HttpExporter exporter(*otlp_client_, settings_.trace.otlp_url);
    pump_->finish(exporter);
  }
  output_.log->event("server.stopped", {{"complete", complete}});
  output_.sink->flush();
  return complete;
}

}  // namespace mc::app
