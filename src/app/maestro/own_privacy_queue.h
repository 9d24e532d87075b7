// Runs the private queries that waited for a window (planner/queue.h), on threads of its own.
//
// Each is run for who asked it, by the rules of now: the tenant and the person have to be active,
// the token that it was asked with has to be good, and policies and residency are asked as for a
// request. What they refuse is not run, and costs nothing. Only the purpose is the one that was
// stated. A query is tried until it is answered, refused, or expired; while policies cannot decide
// it is tried again.
//
// Queries begin at whole seconds since the start, whatever others take, and their ends are told at
// multiples of gateway.private_release_quantum after that, as a request's answer is. Where more
// tenants than threads have some that are due, the rest wait, and may see that they do.
#pragma once

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "base/base.h"
#include "dataset/dataset.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "log/log.h"
#include "maestro/machine.h"
#include "maestro/queue_crew.h"
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
    Nanos quantum;  // gateway.private_release_quantum
    Nanos grace;    // what is being answered at the end has so long
  };
  static std::unique_ptr<PrivacyQueue> start(const World& world);
  ~PrivacyQueue();
  PrivacyQueue(const PrivacyQueue&) = delete;
  PrivacyQueue& operator=(const PrivacyQueue&) = delete;

  void hold();  // begins no more; the grace counts from here
  void stop();  // what is not answered within the grace is cancelled, and stays charged

 private:
  explicit PrivacyQueue(const World& world);
  Status fill_caller(const planner::QueuedQuery& query, identity::Caller& out);
  dataset::PrivateResult ask(std::size_t thread, const planner::QueuedQuery& query);
  void wait_to_tell(MonoTime begin);
  void run_one(std::size_t thread, const planner::Queue::Due& due);
  Status end(std::size_t thread, const planner::QueuedQuery& query);
  void cancel_all();
  enum Source : std::uint8_t { ticks, runs };
  void tell(Source source, const Status& done);
  void run();

  const World world_;
  // One a thread of the crew.
  std::vector<std::unique_ptr<access::Gate>> gates_;
  std::vector<std::unique_ptr<dataset::ConnectionSet>> connections_;
  MonoTime next_sweep_{};  // of run()
  std::mutex mutex_;       // of all below
  std::condition_variable ended_;
  bool end_ = false;
  bool cancelled_ = false;
  std::array<bool, 2> failing_{};         // by Source
  std::optional<MonoTime> held_;          // since
  std::set<dataset::Session*> sessions_;  // that answer
  std::unique_ptr<QueueCrew> crew_;
  std::thread thread_;
};

}  // namespace mc::app
