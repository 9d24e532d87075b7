// The salts of payloads, drawn several at a time: one call of the kernel for each took as long as
// the hash of its payload.
#pragma once

#include <mutex>
#include <string>

#include "ledger/record.h"
#include "sys/sys.h"

namespace mc::ledger {

// Thread-safe. What is drawn ahead is 256 bytes at most, and is wiped as it is given away and at
// the end. A ledger has its own, and a ledger does not outlive a fork: no salt is given twice.
class Salts {
 public:
  explicit Salts(sys::Random& random) : random_(random) {}
  ~Salts();
  Salts(const Salts&) = delete;
  Salts& operator=(const Salts&) = delete;
  Salt draw();

 private:
  sys::Random& random_;
  std::mutex mutex_;  // of all below
  std::string block_;
  std::size_t left_ = 0;  // of its bytes, at the front
};

}  // namespace mc::ledger
