// Differential privacy of this server: the accounts of its budgets, the planner over them, and the
// threads that write and settle.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "accountant/accountant.h"
#include "base/base.h"
#include "dataset/model.h"
#include "identity/identity.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "maestro/machine.h"
#include "maestro/privacy_reports.h"
#include "maestro/privacy_watch.h"
#include "metric/metric.h"
#include "planner/planner.h"
#include "topup/topup.h"

namespace mc::app {

struct Settings;

class OwnPrivacy {
 public:
  // All outlive it.
  struct World {
    Machine& machine;
    log::Log& log;
    identity::Directory& directory;
    ledger::Ledger& ledger;
    search::Index& index;  // of the ledger
    const dataset::Model& model;
  };
  // Null when no dataset has a section `privacy`. `node` names this server among those of one
  // database. What it had left open when it ended is settled when this returns.
  static Result<std::unique_ptr<OwnPrivacy>> start(World world, const Settings& settings,
                                                   std::string node);
  ~OwnPrivacy();
  OwnPrivacy(const OwnPrivacy&) = delete;
  OwnPrivacy& operator=(const OwnPrivacy&) = delete;

  accountant::Accountant& accountant() { return *accountant_; }
  planner::Planner& planner() { return *planner_; }
  planner::Queue& queue() { return *queue_; }
  topup::Desk& top_ups() { return *top_ups_; }
  PrivacyReports& reports() { return *reports_; }
  void add_metrics(metric::Registry& metrics);
  void stop();  // queries fail from here

 private:
  explicit OwnPrivacy(World world) : world_(world) {}
  Status open(const Settings& settings, std::string node);
  crypto::Block unit_secret(const TenantId& tenant, const std::string& dataset) const;
  void settle();
  void touch_all();
  Status step();
  void tell(const Status& done);
  void run();

  const World world_;
  Secret key_, quote_key_;
  std::unique_ptr<accountant::Accountant> accountant_;
  std::optional<planner::Queue> queue_;
  std::optional<planner::Planner> planner_;
  std::optional<topup::Desk> top_ups_;
  std::optional<PrivacyWatch> watch_;
  std::optional<PrivacyReports> reports_;
  std::atomic<std::int64_t> queued_{0};  // queries that wait, as last looked at
  bool failing_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread writer_, settler_;
};

// Where the budgets of privacy are: privacy.url, or the state database where that is PostgreSQL, or
// privacy.db in the data directory.
std::string privacy_url(const Settings& settings);

}  // namespace mc::app
