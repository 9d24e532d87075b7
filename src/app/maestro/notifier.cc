#include "maestro/notifier.h"

#include <array>
#include <chrono>

#include "config/config.h"
#include "smtp/smtp.h"
#include "transparency/transparency.h"

namespace mc::app {
namespace {

constexpr int kThreads = 4;
// A first attempt begins within this time after its event.
constexpr std::chrono::milliseconds kPollEvery{200};
constexpr Nanos kPruneEvery = seconds(3600);

Result<Secret> master_key(const NotifierWorld& world, const Settings& settings) {
  if (!settings.notify.key.empty()) {
    return config::read_secret(world.files, settings.notify.key);
  }
  const std::string path = settings.data_dir + "/notify.key";
  MC_TRY(const bool there, world.files.exists(path));
  if (!there) {
    std::array<std::uint8_t, notify::kMasterKeyBytesMin> bytes{};
    world.random.fill(bytes);
    const std::string text =
        to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    MC_TRY_OK(world.files.write_atomic(path, text + "\n"));
  }
  return config::read_secret(world.files, "file:" + path);
}

}  // namespace

Notifier::Notifier(const NotifierWorld& world, const Settings& settings, notify::Secrets secrets,
                   net::AddressRule addresses)
    : world_(world),
      settings_(settings),
      secrets_(std::move(secrets)),
      addresses_(std::move(addresses)),
      dispatcher_({[this](const auto& use) { return world_.directory.lend(use); }, world_.clock,
                   world_.random}) {}

Result<std::unique_ptr<Notifier>> Notifier::start(const NotifierWorld& world,
                                                  const Settings& settings) {
  MC_TRY(Secret key, master_key(world, settings));
  MC_TRY(notify::Secrets secrets, notify::Secrets::make(std::move(key)));
  MC_TRY(net::AddressRule addresses, net::AddressRule::make(settings.notify.allowed_networks));
  std::unique_ptr<Notifier> out(
      new Notifier(world, settings, std::move(secrets), std::move(addresses)));
  MC_TRY_OK(out->dispatcher_.begin());
  for (int i = 0; i < kThreads; ++i) {
    Secret password;
    if (!settings.smtp.password.empty()) {
      MC_TRY(password, config::read_secret(world.files, settings.smtp.password));
    }
    out->threads_.emplace_back([raw = out.get(), held = std::make_shared<Secret>(std::move(
                                                     password))] { raw->run(std::move(*held)); });
  }
  return out;
}

Notifier::~Notifier() {
  stop();
}

bool Notifier::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPollEvery, [this] { return stopping_; });
  return !stopping_;
}

void Notifier::run(Secret smtp_password) {
  notify::WebhookSender webhook(
      net::Client::make(), secrets_, addresses_, world_.clock,
      [this](const auto& parcel) { return transparency::ocsf_of(world_.ledger.store(), parcel); });
  const std::unique_ptr<notify::Sender> mail =
      smtp::mail_sender(settings_.smtp, std::move(smtp_password), world_.clock);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    const Result<bool> sent = dispatcher_.step(webhook, *mail);
    if (!sent) world_.log.warn("notify.failed", {{"why", sent.error().what}});
    if ((!sent || !*sent) && !wait()) return;
  }
}

void Notifier::tick() {
  const MonoTime now = world_.clock.mono();
  if (pruned_ && now - *pruned_ < kPruneEvery) return;
  pruned_ = now;
  const Result<std::int64_t> gone = dispatcher_.prune(settings_.notify.retention);
  if (!gone) world_.log.warn("notify.unpruned", {{"why", gone.error().what}});
}

void Notifier::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Notifier::add_metrics(metric::Registry& metrics) {
  metrics.collect_counter(
      {.name = "mc_notify_attempts_total",
       .help = "Attempts to deliver a notification, by what became of the delivery.",
       .labels = {"outcome"}},
      [this](const metric::Registry::Emit& emit) {
        const notify::DispatcherCounters counters = dispatcher_.counters();
        emit({"delivered"}, static_cast<double>(counters.delivered));
        emit({"again"}, static_cast<double>(counters.retried));
        emit({"failed"}, static_cast<double>(counters.failed));
      });
}

}  // namespace mc::app
