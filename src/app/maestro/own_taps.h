// The taps of a server: its desk, the three ways to it that this process opens, and the threads
// that keep it going. One looks at the folder of signed orders and at ends, one waits for the
// ledger, one answers on the local socket; none of them waits for another.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/base.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "maestro/machine.h"
#include "maestro/tap_socket.h"
#include "metric/metric.h"
#include "tap/desk.h"
#include "tap/inbox.h"

namespace mc::app {

struct Settings;

std::string tap_socket_path(const std::string& data_dir);

class OwnTaps {
 public:
  // All outlive it.
  struct World {
    Machine& machine;
    log::Log& log;
    ledger::Ledger& ledger;
    tap::Board& board;
  };
  // The taps of the data directory are in force when it returns. `corrupt` when their file is not
  // understood, `invalid` for a key that is none. Where there can be no socket that is told, and
  // the server goes on.
  static Result<std::unique_ptr<OwnTaps>> start(World world, const Settings& settings,
                                                std::vector<std::string> upstreams);
  ~OwnTaps();
  OwnTaps(const OwnTaps&) = delete;
  OwnTaps& operator=(const OwnTaps&) = delete;

  tap::Desk& desk() { return *desk_; }
  void add_metrics(metric::Registry& metrics);

 private:
  explicit OwnTaps(World world) : world_(world) {}
  Status open_inbox(const Settings& settings);
  void open_socket(const std::string& data_dir);
  // Until the end; what fails is told once, until it goes well again.
  void repeat(Nanos every, const std::function<Status()>& step,
              const std::function<void(const Error&)>& tell);
  Status look();

  const World world_;
  std::unique_ptr<tap::Desk> desk_;
  std::unique_ptr<tap::Inbox> inbox_;  // null without keys
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::unique_ptr<TapSocket> socket_;
  std::thread looker_;
  std::thread recorder_;
};

}  // namespace mc::app
