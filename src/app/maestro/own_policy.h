// The policies of a server: the engine, what keeps it at the newest bundle, and the decision log;
// or, with policy.opa.url, the OPA server elsewhere that decides, and an engine without any
// policies. Each of the last two has a thread: a bundle server may hold its answer for minutes, and
// decisions are written meanwhile.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "access/access.h"
#include "access/remote.h"
#include "gateway/gateway.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "maestro/machine.h"
#include "maestro/settings.h"
#include "mask/mask.h"
#include "metric/metric.h"
#include "opa/opa.h"
#include "policy/updater.h"

namespace mc::app {

class OwnPolicy {
 public:
  // Loads policies, or fails: a server without any must not serve. Activations stand in the ledger,
  // among the records of the tenant system, before they happen.
  static Result<std::unique_ptr<OwnPolicy>> start(Machine& machine, const Settings& settings,
                                                  ledger::Ledger& ledger, log::Log& log);
  ~OwnPolicy();
  OwnPolicy(const OwnPolicy&) = delete;
  OwnPolicy& operator=(const OwnPolicy&) = delete;

  const policy::Engine& engine() const { return engine_; }
  policy::Updater& updater() { return *updater_; }
  access::DecisionLog& decisions() { return decisions_; }
  const access::Remote* remote() const { return remote_.get(); }  // null = the engine decides
  // What the gateway borrows.
  const gateway::PolicyWorld& gateway_world() const { return *gateway_world_; }
  // A decision over OPA's API, into the decision log.
  void keep(const opa::Decision& decision);
  void add_metrics(metric::Registry& metrics);

 private:
  OwnPolicy(Machine& machine, const Settings& settings, ledger::Ledger& ledger, log::Log& log);
  Status open(const Settings& settings);
  Status open_remote(const access::RemoteConfig& config);
  bool tell(const policy::Event& event);
  void tell(const access::RemoteEvent& event);
  Status record(std::string action, std::string payload);
  void add_remote_metrics(metric::Registry& metrics);
  void repeat(const std::function<void()>& step);
  void write_decisions();

  Machine& machine_;
  ledger::Ledger& ledger_;
  log::Log& log_;
  policy::Engine engine_;
  policy::BundleStore store_;
  access::DecisionLog decisions_;
  std::optional<mask::Keys> mask_keys_;
  std::unique_ptr<access::Remote> remote_;
  metric::Histogram* remote_duration_ = nullptr;  // set before requests come
  std::optional<gateway::PolicyWorld> gateway_world_;
  std::unique_ptr<policy::Updater> updater_;
  bool unwritten_told_ = false;  // of decisions
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::shared_ptr<std::atomic<bool>> cut_;  // true = whatever the bundle server sends is too late
  std::thread looker_;
  std::thread writer_;
};

}  // namespace mc::app
