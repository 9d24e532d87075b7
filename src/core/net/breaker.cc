#include "net/breaker.h"

namespace mc::net {

bool Breaker::allow(MonoTime now, Nanos& retry_after) {
  const std::lock_guard lock(mutex_);
  if (failures_ < failures_max_) return true;
  if (now < open_until_) {
    retry_after = open_until_ - now;
    return false;
  }
  // The trial has the next pause for itself. One that never reports back, because its client has
  // left, is followed by another.
  open_until_ = now + pause_;
  return true;
}

void Breaker::succeeded() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  why_.clear();
}

void Breaker::failed(MonoTime now, std::string why) {
  const std::lock_guard lock(mutex_);
  ++failures_;
  why_ = std::move(why);
  if (failures_ >= failures_max_) open_until_ = now + pause_;
}

bool Breaker::open(std::string& why) const {
  const std::lock_guard lock(mutex_);
  if (failures_ < failures_max_) return false;
  why = why_;
  return true;
}

}  // namespace mc::net
