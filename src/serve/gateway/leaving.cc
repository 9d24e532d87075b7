#include "gateway/leaving.h"

#include <utility>

#include "gateway/call.h"

namespace mc::gateway {

void Leaving::tell(const CallPtr& call, Step step, Act act) {
  Leaving& self = call->leaving;
  bool hooks = false;
  bool gone = false;
  {
    const std::lock_guard lock(self.mutex_);
    if (step < self.step_) return;
    self.step_ = step;
    hooks = !std::exchange(self.hooked_, true);
    gone = self.gone_;
    if (!gone) self.act_.swap(act);
  }
  if (gone) return act(call);
  if (!hooks) return;
  // Not the call itself: the exchange keeps the hook, and the call the exchange. Who waits is held
  // by what it waits for.
  call->exchange->on_cancel([weak = std::weak_ptr(call)] {
    if (const CallPtr there = weak.lock()) left(there);
  });
}

void Leaving::left(const CallPtr& call) {
  Leaving& self = call->leaving;
  Act act;
  {
    const std::lock_guard lock(self.mutex_);
    self.gone_ = true;
    act.swap(self.act_);
  }
  if (act) act(call);
}

}  // namespace mc::gateway
