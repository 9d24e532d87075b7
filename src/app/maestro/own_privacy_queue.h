// Runs the private queries that waited for a window (planner/queue.h), on a thread of its own.
//
// Each is run for who asked it, by the rules of now: the tenant and the person have to be active,
// the token that it was asked with has to be good, and policies and residency are asked as for a
// request. What they refuse is not run, and costs nothing. Only the purpose is the one that was
// stated. A query is tried until it is answered, refused, or expired; while policies cannot decide
// it is tried again. Its end is told at a whole second after its begin.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/base.h"
#include "dataset/dataset.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "log/log.h"
#include "maestro/machine.h"
#include "planner/planner.h"
#include "residency/residency.h"

namespace mc::app {

class PrivacyQueue {
 public:
  // All outlive it.
  struct World {
    Machine& machine;
    log::Log& log;
    identity::Directory& directory;
    const gateway::PolicyWorld& policy;
    gateway::Gateway& gateway;
    residency::Residency& residency;
    const dataset::Catalog& catalog;
    planner::Planner& planner;
    planner::Queue& queue;
  };
  static std::unique_ptr<PrivacyQueue> start(const World& world);
  ~PrivacyQueue();
  PrivacyQueue(const PrivacyQueue&) = delete;
  PrivacyQueue& operator=(const PrivacyQueue&) = delete;

  void stop();  // when what is being answered has its answer, which has a minute

 private:
  explicit PrivacyQueue(const World& world);
  Status fill_caller(const planner::QueuedQuery& query, identity::Caller& out);
  dataset::PrivateResult ask(const planner::QueuedQuery& query);
  void wait_to_tell(MonoTime begin);
  Status run_one(const planner::QueuedQuery& query);
  Result<std::size_t> step();  // how many were due
  void run();

  const World world_;
  access::Gate gate_;
  dataset::ConnectionSet connections_;
  bool failing_ = false;
  MonoTime next_sweep_{};
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
