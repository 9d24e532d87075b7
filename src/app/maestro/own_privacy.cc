#include "maestro/own_privacy.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "crypto/crypto.h"
#include "maestro/settings.h"
#include "metric/metric.h"
#include "sql/sql.h"

namespace mc::app {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kBudgetsExported = 400;
constexpr std::size_t kKeyFileMax = 256;

// Of 32 bytes, in hexadecimal; made when there is none.
Result<Secret> own_secret(Machine& machine, const std::string& path) {
  MC_TRY(const bool there, machine.files->exists(path));
  if (!there) {
    std::array<std::uint8_t, kKeyBytes> bytes{};
    machine.random->fill(bytes);
    std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::string line = to_hex(text) + "\n";
    const Status written = machine.files->write_atomic(path, line);
    wipe(text);
    wipe(line);
    MC_TRY_OK(written);
  }
  MC_TRY(std::string text, machine.files->read_all(path, kKeyFileMax));
  Result<std::string> key = from_hex(trim(std::string_view(text).substr(0, text.find('\n'))));
  wipe(text);
  if (!key || key->size() != kKeyBytes) {
    return fail(Code::corrupt, path + " has no key of 32 bytes in hexadecimal");
  }
  return Secret(std::move(*key));
}

// Another key for each use.
Secret derived(const Secret& key, std::string_view use) {
  return Secret(crypto::hmac_sha256(key.reveal(RevealToken{}), use));
}

}  // namespace

std::string privacy_url(const Settings& settings) {
  if (!settings.privacy.url.empty()) return settings.privacy.url;
  if (settings.state_url.starts_with("postgres")) return settings.state_url;
  return "sqlite:" + std::filesystem::absolute(settings.data_dir).lexically_normal().string() +
         "/privacy.db";
}

Result<std::unique_ptr<OwnPrivacy>> OwnPrivacy::start(World world, const Settings& settings,
                                                      std::string node) {
  const bool wanted = std::ranges::any_of(
      world.model.datasets, [](const dataset::Dataset& each) { return each.privacy.has_value(); });
  if (!wanted) return std::unique_ptr<OwnPrivacy>();
  std::unique_ptr<OwnPrivacy> own(new OwnPrivacy(world));
  MC_TRY_OK(own->open(settings, std::move(node)));
  OwnPrivacy& made = *own;
  made.writer_ = std::thread([&made] {
    while (made.accountant_->turn()) {
    }
  });
  made.settler_ = std::thread([&made] { made.run(); });
  return own;
}

Status OwnPrivacy::open(const Settings& settings, std::string node) {
  MC_TRY(key_, own_secret(world_.machine, settings.data_dir + "/privacy.key"));
  quote_key_ = derived(key_, "quotes");
  const std::string url = privacy_url(settings);
  MC_TRY(auto writer, world_.machine.drivers.open(url));
  MC_TRY([[maybe_unused]] const sql::MigrationReport report,
         sql::migrate(*writer, sql::built_in_migrations(), *world_.machine.clock));
  MC_TRY(auto reader, world_.machine.drivers.open(url, {.access = sql::Access::read_only}));
  MC_TRY(const accountant::Settings accounts, accountant_settings(settings.privacy));
  MC_TRY(accountant_, accountant::Accountant::open({.writer = std::move(writer),
                                                    .reader = std::move(reader),
                                                    .clock = *world_.machine.clock,
                                                    .random = *world_.machine.random},
                                                   accounts, std::move(node)));
  MC_TRY(const planner::Settings planned, planner_settings(settings.privacy));
  queue_.emplace(planner::Queue::World{[this](const std::function<Status(sql::Connection&)>& use) {
                                         return accountant_->lend(use);
                                       },
                                       *world_.machine.clock, *world_.machine.random},
                 planned);
  planner_.emplace(
      planner::Planner::World{
          .accountant = *accountant_,
          .model = world_.model,
          .clock = *world_.machine.clock,
          .random = *world_.machine.random,
          .plan_of = [this](const TenantId& tenant) -> Result<std::string> {
            MC_TRY(const identity::Tenant found, world_.directory.tenant(tenant));
            return found.plan;
          },
          .unit_secret = [this](
                             const TenantId& tenant,
                             const std::string& dataset) { return unit_secret(tenant, dataset); },
          .quote_key = quote_key_,
          .settled = [this](
                         const TenantId& tenant, const std::string& dataset,
                         const std::string& purpose) { watch_->touch(tenant, dataset, purpose); },
          .refused =
              [this](const accountant::Charge& charge, const accountant::Refusal& by,
                     const dataset::PrivateRefusal& told) { watch_->refused(charge, by, told); },
          .override_url = asks_at(settings.privacy),
          .queue = &*queue_},
      planned);
  top_ups_.emplace(topup::Desk::World{world_.directory, world_.ledger, *accountant_,
                                      *world_.machine.clock, *world_.machine.random, world_.log});
  MC_TRY(ExhaustionNotice notice, exhaustion_notice(settings.privacy));
  watch_.emplace(PrivacyWatch::World{*accountant_, world_.ledger, world_.index, world_.directory,
                                     *world_.machine.clock, world_.log},
                 std::move(notice));
  reports_.emplace(*accountant_, world_.model);
  touch_all();
  return ok();
}

OwnPrivacy::~OwnPrivacy() {
  stop();
}

void OwnPrivacy::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (end_) return;
    end_ = true;
  }
  ended_.notify_all();
  if (settler_.joinable()) settler_.join();
  if (accountant_ != nullptr) accountant_->stop();
  if (writer_.joinable()) writer_.join();
}

crypto::Block OwnPrivacy::unit_secret(const TenantId& tenant, const std::string& dataset) const {
  std::string use = "unit";
  use.append(1, '\0').append(tenant.get()).append(1, '\0').append(dataset);
  const Secret secret = derived(key_, use);
  crypto::Block out{};
  std::ranges::copy_n(secret.reveal(RevealToken{}).begin(), out.size(), out.begin());
  return out;
}

// Told once, until it goes well again.
void OwnPrivacy::tell(const Status& done) {
  if (!done && !failing_) {
    world_.log.warn("privacy.unsettled", {{"why", done.error().what}});
  }
  failing_ = !done;
}

void OwnPrivacy::settle() {
  const Result<std::int64_t> settled = accountant_->settle_left_open();
  if (!settled) return tell(tl::unexpected<Error>(settled.error()));
  if (*settled == 0) return;
  world_.log.event("privacy.settled", {{"charges", *settled}});
  touch_all();
}

// What was settled while nobody looked: before the start, or by another server.
void OwnPrivacy::touch_all() {
  const Result<std::vector<identity::Tenant>> tenants = world_.directory.tenants();
  if (!tenants) return tell(tl::unexpected<Error>(tenants.error()));
  for (const identity::Tenant& tenant : *tenants) {
    for (const dataset::Dataset& dataset : world_.model.datasets) {
      if (dataset.privacy) watch_->touch(tenant.id, dataset.name, "");
    }
  }
}

Status OwnPrivacy::step() {
  const Status ticked = top_ups_->tick();
  MC_TRY_OK(watch_->step());
  MC_TRY(const std::int64_t queued, queue_->count());
  queued_ = queued;
  return ticked;
}

void OwnPrivacy::add_metrics(metric::Registry& metrics) {
  metrics.collect_gauge(
      {.name = "mc_dp_queue_waiting",
       .help = "Private queries that wait for the next window of a budget, of all tenants.",
       .labels = {},
       .series_max = 1},
      [this](const metric::Registry::Emit& emit) { emit({}, static_cast<double>(queued_)); });
  struct Gauge {
    const char* name;
    const char* help;
    double PrivacyWatch::Left::* value;
  };
  constexpr Gauge kGauges[] = {
      {"dp_epsilon_limit",
       "Epsilon that a purpose may spend of a dataset in the present window, with top-ups.",
       &PrivacyWatch::Left::epsilon_limit},
      {"dp_epsilon_spent", "Epsilon that it has spent.", &PrivacyWatch::Left::epsilon_spent},
      {"dp_epsilon_reserved", "Epsilon that is set aside for queries under way.",
       &PrivacyWatch::Left::epsilon_reserved},
      {"dp_epsilon_topup", "The part of dp_epsilon_limit that is of top-ups.",
       &PrivacyWatch::Left::epsilon_top_up}};
  for (const Gauge& gauge : kGauges) {
    metrics.collect_gauge({.name = gauge.name,
                           .help = gauge.help,
                           .labels = {"tenant", "dataset", "purpose"},
                           .series_max = kBudgetsExported},
                          [this, gauge](const metric::Registry::Emit& emit) {
                            std::size_t shown = 0;
                            for (const PrivacyWatch::Left& left : watch_->left()) {
                              if (++shown > kBudgetsExported) return;
                              emit({left.tenant, left.dataset, left.purpose}, left.*gauge.value);
                            }
                          });
  }
}

void OwnPrivacy::run() {
  constexpr auto kEach = std::chrono::seconds(1);
  constexpr int kSettleEach = 60;
  std::unique_lock lock(mutex_);
  for (int turn = 1; !ended_.wait_for(lock, kEach, [this] { return end_; }); ++turn) {
    lock.unlock();
    tell(step());
    if (turn % kSettleEach == 0) settle();
    lock.lock();
  }
}

}  // namespace mc::app
