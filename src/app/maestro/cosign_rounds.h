// Asks the witnesses of the ledger's policy to cosign each new checkpoint, on a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "ledger/ledger.h"
#include "log/log.h"
#include "metric/metric.h"
#include "net/net.h"
#include "witness/witness.h"

namespace mc::app {

class CosignRounds {
 public:
  // `policy_text` as in c2sp.org/tlog-policy; `invalid` when it does not name this ledger's key.
  static Result<std::unique_ptr<CosignRounds>> start(ledger::Ledger& ledger, log::Log& log,
                                                     std::string_view policy_text);
  ~CosignRounds();
  CosignRounds(const CosignRounds&) = delete;
  CosignRounds& operator=(const CosignRounds&) = delete;

  void add_metrics(metric::Registry& metrics) const;

 private:
  CosignRounds(ledger::Ledger& ledger, log::Log& log, tlog::Policy policy);
  void run();
  void ask(const std::string& checkpoint);

  ledger::Ledger& ledger_;
  log::Log& log_;
  std::unique_ptr<net::Client> client_;
  witness::Cosigner cosigner_;
  std::atomic<std::int64_t> missing_ = 0;
  std::atomic<bool> quorum_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
