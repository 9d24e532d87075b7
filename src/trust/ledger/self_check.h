// Reads the ledger again while it runs, believing nothing (verify.h), and holds what it reads
// against what the ledger says of itself: bits that a disk has lost are found before somebody needs
// them. A pass goes from the first batch to the last, then follows what is appended.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/base.h"
#include "ledger/segments.h"
#include "sys/sys.h"

namespace mc::ledger {

class Chain;
class Ledger;

// Not thread-safe, but for progress().
class SelfCheck {
 public:
  // `folder` is that of the open ledger.
  SelfCheck(sys::Files& files, std::string folder, const Ledger& ledger);
  ~SelfCheck();

  // Reads up to about `bytes`. `corrupt` when something does not hold or is missing, twice: an
  // erasure that goes on meanwhile is not damage.
  Status step(std::uint64_t bytes);
  // Begins again at the first batch.
  void restart();

  struct Progress {
    std::uint64_t records = 0;  // read in this pass
    std::uint64_t behind = 0;   // leaves of the log "root" that were not read yet
    std::uint64_t passes = 0;   // that have come to the end
  };
  Progress progress() const;

 private:
  Status read(std::uint64_t bytes, std::uint64_t size);
  Status compare(std::uint64_t size);

  sys::Files& files_;
  std::string folder_;
  const Ledger& ledger_;
  std::unique_ptr<Chain> chain_;
  Mark at_;
  bool complete_ = false;     // this pass has come to the end
  mutable std::mutex mutex_;  // of the next
  Progress progress_;
};

}  // namespace mc::ledger
