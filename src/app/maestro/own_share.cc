#include "maestro/own_share.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "config/config.h"
#include "crypto/crypto.h"
#include "redis/redis.h"

namespace mc::app {
namespace {

constexpr auto kRecordAgain = std::chrono::milliseconds(500);

struct Address {
  std::string host;
  int port = 0;
};

Result<Address> address_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos
                        ? Result<std::int64_t>(fail(Code::invalid, "no port"))
                        : parse_int(std::string_view(text).substr(colon + 1));
  if (colon == 0 || !port || *port < 1 || *port > 65'535) {
    return fail(Code::invalid, "budget_store.redis: host:port, not '" + excerpt(text) + "'");
  }
  return Address{text.substr(0, colon), static_cast<int>(*port)};
}

std::string_view kind_of(share::Event::Kind kind) {
  using Kind = share::Event::Kind;
  return kind == Kind::store_lost ? "lost" : kind == Kind::store_back ? "back" : "emptied";
}

}  // namespace

Status BudgetStoreSettings::check() const {
  if (!redis.empty()) {
    MC_TRY_OK(address_of(redis).map([](const auto&) { return std::monostate(); }));
  }
  if (!user.empty() && password.empty()) {
    return fail(Code::invalid, "budget_store.user: needs budget_store.password");
  }
  if (mode != "lease" && mode != "exact") {
    return fail(Code::invalid, "budget_store.mode: lease or exact, not '" + excerpt(mode) + "'");
  }
  if (!budget::on_loss_of(on_store_loss)) {
    return fail(Code::invalid,
                "budget_store.on_store_loss: local_share, open, closed or "
                "last_known, not '" +
                    excerpt(on_store_loss) + "'");
  }
  return ok();
}

Result<std::unique_ptr<OwnShare>> OwnShare::start(World world,
                                                  const BudgetStoreSettings& settings) {
  if (settings.redis.empty()) return std::unique_ptr<OwnShare>();
  MC_TRY_OK(settings.check());
  MC_TRY(const Address address, address_of(settings.redis));
  Secret password;
  if (!settings.password.empty()) {
    MC_TRY(password, config::read_secret(*world.machine.files, settings.password));
  }
  std::unique_ptr<OwnShare> own(new OwnShare(world, *budget::on_loss_of(settings.on_store_loss)));
  redis::Options options;
  options.host = address.host;
  options.port = address.port;
  options.user = settings.user;
  options.op_timeout = settings.op_timeout;
  MC_TRY(own->store_, redis::redis_store(std::move(options), std::move(password)));
  share::Share::Options how;
  how.mode = settings.mode == "exact" ? share::Mode::exact : share::Mode::lease;
  how.op_timeout = settings.op_timeout;
  how.nodes_min = settings.nodes_min;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t random = world.machine.random->next_u64();
    how.node += to_hex(std::string_view(reinterpret_cast<const char*>(&random), sizeof(random)));
  }
  own->node_ = how.node;
  OwnShare& held = *own;
  share::Share::Hooks hooks;
  hooks.on_event = [&held](const share::Event& event) { held.tell(event); };
  hooks.wake = [&held] {
    const std::lock_guard lock(held.mutex_);
    held.due_ = true;
    held.woken_.notify_one();
  };
  MC_TRY(own->share_, share::Share::make(std::move(how), *own->store_, std::move(hooks)));
  own->turner_ = std::thread([&held] { held.turn(); });
  own->recorder_ = std::thread([&held] { held.record(); });
  return own;
}

// The store first: what it has under way is failed, and heard of by nobody.
OwnShare::~OwnShare() {
  stop();
  store_.reset();
}

void OwnShare::stop() {
  if (share_ != nullptr) share_->close();  // null: it was not made
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  woken_.notify_all();
  told_.notify_all();
  if (turner_.joinable()) turner_.join();
  if (recorder_.joinable()) recorder_.join();
}

void OwnShare::turn() {
  std::unique_lock lock(mutex_);
  while (!end_) {
    due_ = false;
    lock.unlock();
    const Nanos next = share_->turn(world_.machine.clock->mono());
    lock.lock();
    woken_.wait_for(
        lock, std::chrono::nanoseconds(std::clamp<std::int64_t>(next.count, 0, seconds(1).count)),
        [this] { return due_ || end_; });
  }
}

void OwnShare::tell(const share::Event& event) {
  std::int64_t alone = 0;
  for (const std::int64_t amount : event.admitted) alone += amount;
  world_.log.warn("budget.store", {{"what", kind_of(event.kind)},
                                   {event.why.empty() ? "" : "why", event.why},
                                   {"admitted_alone", alone}});
  const std::lock_guard lock(mutex_);
  if (unrecorded_.size() >= kStoreEventsMax) {
    world_.log.warn("budget.store_event_lost", {{"limit", std::int64_t{kStoreEventsMax}}});
    unrecorded_.pop_front();
  }
  unrecorded_.push_back({event, world_.machine.clock->wall(), ++told_events_});
  told_.notify_one();
}

// Told once that the ledger does not take it, until it does again.
void OwnShare::record() {
  bool failing = false;
  std::unique_lock lock(mutex_);
  while (true) {
    told_.wait(lock, [this] { return end_ || !unrecorded_.empty(); });
    if (end_) return;
    const Told next = unrecorded_.front();
    lock.unlock();
    const Status done = append(next);
    if (!done && !failing) {
      world_.log.warn("budget.store_unrecorded", {{"why", done.error().what}});
    }
    failing = !done;
    lock.lock();
    if (done) {
      // tell() may have dropped it meanwhile.
      if (!unrecorded_.empty() && unrecorded_.front().number == next.number) {
        unrecorded_.pop_front();
      }
    } else {
      told_.wait_for(lock, kRecordAgain, [this] { return end_; });
    }
  }
}

Status OwnShare::append(const Told& told) {
  const share::Event& event = told.event;
  json::Object payload;
  payload.set("at", format_rfc3339(told.at));
  payload.set("on_store_loss", budget::name_of(on_loss_));
  if (!event.why.empty()) payload.set("why", event.why);
  if (event.kind == share::Event::Kind::store_back) {
    json::Object admitted;
    for (std::size_t i = 0; i < share::kOnLosses; ++i) {
      admitted.set(std::string(budget::name_of(static_cast<share::OnLoss>(i))), event.admitted[i]);
    }
    payload.set("admitted_alone", std::move(admitted));
    json::Object keys;
    for (const auto& [key, amount] : event.keys) keys.set(key, amount);
    payload.set("keys", std::move(keys));
  }
  ledger::Entry entry;
  entry.log = "audit/system";
  entry.type = "budget";
  entry.actor = "node@system";
  entry.tenant = "system";
  entry.action = "budget.store_" + std::string(kind_of(event.kind));
  entry.purpose = "not stated";
  entry.payload = json::canonical(json::Value(std::move(payload)));
  const crypto::Digest digest =
      crypto::Sha256().add(entry.action).add(node_).add(std::to_string(told.number)).finish();
  std::transform(digest.begin(), digest.begin() + entry.key.size(), entry.key.begin(),
                 [](std::uint8_t byte) { return static_cast<char>(byte); });
  return world_.ledger.append(std::move(entry)).map([](const auto&) { return std::monostate(); });
}

void OwnShare::add_metrics(metric::Registry& metrics) {
  using share::Stats;
  const auto gauge = [&](const char* name, const char* help, auto member) {
    metrics.collect_gauge({.name = name, .help = help},
                          [this, member] { return static_cast<double>(member(share_->stats())); });
  };
  gauge("mc_budget_store_lost", "1 while the store of shared budgets does not answer.",
        [](const Stats& now) { return now.lost ? 1 : 0; });
  gauge("mc_budget_store_keys", "Budgets that this server shares, by key.",
        [](const Stats& now) { return now.lines; });
  gauge("mc_budget_store_nodes", "Nodes that share budgets, as last told.",
        [](const Stats& now) { return now.nodes; });
  const auto counter = [&](const char* name, const char* help, auto member) {
    metrics.collect_counter({.name = name, .help = help},
                            [this, member](const metric::Registry::Emit& emit) {
                              emit({}, static_cast<double>(member(share_->stats())));
                            });
  };
  counter("mc_budget_store_calls_total", "Calls of the store of shared budgets.",
          [](const Stats& now) { return now.calls; });
  counter("mc_budget_store_failed_calls_total", "Those that failed or took too long.",
          [](const Stats& now) { return now.failed_calls; });
  counter("mc_budget_store_waited_total", "Requests that waited for the store.",
          [](const Stats& now) { return now.waited; });
  counter("mc_budget_store_alone_total", "Requests that were decided without it.",
          [](const Stats& now) { return now.alone; });
}

}  // namespace mc::app
