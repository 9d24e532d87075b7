// The exports of a server: the desk, and the worker on a thread of its own, as rows, disks and the
// ledger are waited for.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/base.h"
#include "export/export.h"
#include "gateway/gateway.h"
#include "maestro/machine.h"
#include "metric/metric.h"
#include "signing/signing.h"

namespace mc::app {

struct Settings;

class OwnExports {
 public:
  // All outlive it.
  struct World {
    Machine& machine;
    log::Log& log;
    identity::Directory& directory;
    ledger::Ledger& ledger;
    signing::Signing& signing;
    const gateway::PolicyWorld& policy;
    gateway::Gateway& gateway;
    residency::Residency& residency;
    const dataset::Catalog* catalog = nullptr;
    exporting::DpReports* reports = nullptr;  // null: there are none of private answers
  };
  // `node` names this server among those of one state. `invalid` names a profile that does not fit.
  static Result<std::unique_ptr<OwnExports>> start(World world, const Settings& settings,
                                                   const std::string& node);
  ~OwnExports();
  OwnExports(const OwnExports&) = delete;
  OwnExports& operator=(const OwnExports&) = delete;

  exporting::Exports& exports() { return *exports_; }
  void add_metrics(metric::Registry& metrics);
  void stop();  // what is under way is left to the next start

 private:
  explicit OwnExports(World world) : world_(world) {}
  void run();

  const World world_;
  std::unique_ptr<exporting::Exports> exports_;
  std::unique_ptr<exporting::Worker> worker_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
