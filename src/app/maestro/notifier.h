// The threads that send notifications, and what they need.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "identity/identity.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "maestro/settings.h"
#include "metric/metric.h"
#include "net/net.h"
#include "notify/notify.h"
#include "sys/sys.h"

namespace mc::app {

struct NotifierWorld {
  sys::Clock& clock;
  sys::Random& random;
  sys::Files& files;
  log::Log& log;
  identity::Directory& directory;
  const ledger::Ledger& ledger;  // whose records go out as OCSF
};

class Notifier {
 public:
  // Reads or makes the key of webhook secrets, ends what a dead process left, starts the threads.
  static Result<std::unique_ptr<Notifier>> start(const NotifierWorld& world,
                                                 const Settings& settings);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  const notify::Secrets& secrets() const { return secrets_; }
  void add_metrics(metric::Registry& metrics);
  // Forgets what is older than the retention, once an hour. For the maintenance thread.
  void tick();
  // Ends the threads; what they are sending ends first, within notify::kSendTimeout.
  void stop();

 private:
  Notifier(const NotifierWorld& world, const Settings& settings, notify::Secrets secrets,
           net::AddressRule addresses);
  void run(Secret smtp_password);
  bool wait();  // until there may be something to do; false when stopping

  NotifierWorld world_;
  Settings settings_;
  notify::Secrets secrets_;
  net::AddressRule addresses_;
  notify::Dispatcher dispatcher_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable changed_;
  bool stopping_ = false;
  std::optional<MonoTime> pruned_;
  std::vector<std::thread> threads_;
};

}  // namespace mc::app
