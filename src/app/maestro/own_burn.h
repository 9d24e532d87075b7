// What tenants use is watched, and told: to their endpoints, in the log, in the ledger and as
// metrics.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/base.h"
#include "budget/book.h"
#include "burn/burn.h"
#include "identity/identity.h"
#include "log/log.h"
#include "maestro/record_spool.h"
#include "metric/metric.h"
#include "search/search.h"
#include "sys/sys.h"

namespace mc::app {

struct Settings;

class OwnBurn {
 public:
  // All outlive it.
  struct World {
    sys::Clock& clock;
    log::Log& log;
    identity::Directory& directory;
    const budget::Book& book;
    RecordSpool& records;
    search::Index& index;  // of what is recorded in `store`
    const ledger::Store& store;
    std::string node;
  };
  OwnBurn(const World& world, const Settings& settings);

  burn::Usage& usage() { return usage_; }
  const burn::QuotaWatch& quotas() const { return quotas_; }
  // Looks, and tells what is new. Of one thread.
  void step();
  bool guards() const { return slo_.guards(); }  // burn::SloWatch
  void add_metrics(metric::Registry& metrics);

 private:
  // Whether another process of this node has recorded it: a level of a day or month outlives it.
  Result<bool> was_told(const burn::QuotaEvent& event, const ledger::Entry& entry);
  void tell(const burn::QuotaEvent& event);
  void tell(const burn::SloEvent& event);
  void announce(const std::string& tenant, std::string_view type, const std::string& subject,
                json::Object data);

  const World world_;
  const MonoTime start_;
  burn::Usage usage_;
  burn::QuotaWatch quotas_;
  burn::SloWatch slo_;
};

// Looks each five seconds, on a thread of its own.
class BurnChores {
 public:
  // `guard` hears when an error budget begins to burn too fast, and when that is over.
  BurnChores(OwnBurn& burn, std::function<void(bool)> guard);
  ~BurnChores();
  BurnChores(const BurnChores&) = delete;
  BurnChores& operator=(const BurnChores&) = delete;

 private:
  void run();

  OwnBurn& burn_;
  const std::function<void(bool)> guard_;
  bool guarding_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
