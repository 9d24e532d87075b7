// How a call waits: until a time, or until another has ended. Behind an interface, so that tests
// run on a virtual clock. Thread-safe.
//
// Whoever waits for something takes a ticket, looks whether it is there already, and then waits
// with the ticket: what woke others in between is not lost.
#pragma once

#include <cstdint>
#include <memory>

#include "base/base.h"
#include "sys/sys.h"

namespace mc::kms {

class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual std::uint64_t ticket() = 0;
  // Returns at `until`, or once wake() was called after the ticket was taken; now and then for no
  // reason.
  virtual void wait(std::uint64_t ticket, MonoTime until) = 0;
  virtual void wake() = 0;
};

// Blocks the calling thread. The clock outlives it.
std::unique_ptr<Waiter> thread_waiter(sys::Clock& clock);

}  // namespace mc::kms
