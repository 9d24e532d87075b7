// What is short besides seats, measured once a second and told to the gateway, which then turns
// away the least important requests of those who use more than their share; in the log and as
// metrics too (docs/adr/0029).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "admission/admission.h"
#include "base/base.h"
#include "gateway/gateway.h"
#include "log/log.h"
#include "metric/metric.h"
#include "net/net.h"
#include "sys/host.h"

namespace mc::app {

// From what is measured to what shedding would help against. Of one thread.
class PressureMeter {
 public:
  struct Seen {
    MonoTime now;
    sys::HostReading host;
    std::vector<net::LoopLoad> loops;
    std::vector<gateway::RouteStatus> routes;
    // Since the start: requests of all kinds that were read, and those that came to a seat's queue.
    std::int64_t requests = 0, arrived = 0;
  };
  admission::Pressures look(const Seen& seen);

 private:
  // Of a process that is alone on its processors or not, the part of them that it used itself.
  std::int64_t cpu_of(const Seen& seen) const;
  // Whether most requests came to where some are shed: what is refused before is not fewer then.
  bool mostly_arrive(const Seen& seen) const;
  std::int64_t failed_of(const Seen& seen);

  struct Before {
    MonoTime at;
    Nanos cpu;
    std::int64_t requests = 0, arrived = 0;
  };
  std::optional<Before> before_;
  std::deque<std::vector<gateway::RouteStatus>> routes_;  // of the last looks
};

class OwnPressure {
 public:
  // What is asked; all of it outlives this.
  struct World {
    log::Log& log;
    std::function<PressureMeter::Seen()> see;
    std::function<void(const admission::Pressures&)> report;
    std::function<admission::Snapshot()> admission;
  };
  explicit OwnPressure(World world) : world_(std::move(world)) {}

  void step();  // of one thread
  void add_metrics(metric::Registry& metrics);

 private:
  struct Shown {
    bool memory_limited = false;
    Nanos lag_most;  // of all loops, busy or not
  };
  void tell(const admission::Snapshot& now, const admission::Pressures& pressures);

  const World world_;
  PressureMeter meter_;
  bool pressed_ = false, told_in_vain_ = false;
  Guarded<std::optional<Shown>> shown_;  // absent: nothing was seen yet
};

// Steps each second, on a thread of its own: others are held up by disks and peers.
class PressureChores {
 public:
  explicit PressureChores(OwnPressure& pressure);  // outlives it
  ~PressureChores();
  PressureChores(const PressureChores&) = delete;
  PressureChores& operator=(const PressureChores&) = delete;

 private:
  void run();

  OwnPressure& pressure_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
