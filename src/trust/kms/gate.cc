#include "kms/gate.h"

#include <algorithm>

namespace mc::kms {

Gate::Answer Gate::ask(MonoTime now) {
  if (open_ && now < trial_at_) return {.step = Step::closed, .again_in = trial_at_ - now};
  if (open_ && trial_) return {.step = Step::closed, .again_in = pause_};
  if (in_flight_ >= limits_.in_flight_max) return {.step = Step::wait};
  Answer out;
  if (!take_token(now, out.again_in)) {
    out.step = Step::spent;
    return out;
  }
  ++in_flight_;
  trial_ = open_;
  out.era = era_;
  return out;
}

void Gate::done(std::int64_t era, bool failed, MonoTime now) {
  MC_CHECK(in_flight_ > 0);
  --in_flight_;
  if (era != era_) return;
  if (!failed) {
    failures_ = 0;
    if (!open_) return;
    open_ = false;
    trial_ = false;
    pause_ = limits_.pause_first;
    ++era_;
    return;
  }
  if (open_) {
    pause_ = std::min(pause_ * 2, limits_.pause_max);
  } else if (++failures_ < limits_.failures_max) {
    return;
  }
  open_ = true;
  trial_ = false;
  failures_ = 0;
  trial_at_ = now + pause_;
  ++opened_;
  ++era_;
}

// The generic cell rate algorithm (ITU-T I.371): a call costs the time in which its token grows
// back, rounded up, so that there are never more than the rate says.
bool Gate::take_token(MonoTime now, Nanos& again_in) {
  const std::int64_t rate = limits_.calls_each_second;
  const Nanos each = {(seconds(1).count + rate - 1) / rate};
  const MonoTime from = std::max(full_at_.value_or(now), now);
  const Nanos over = from - now + each - each * limits_.burst;
  if (over > Nanos{0}) {
    again_in = over;
    return false;
  }
  full_at_ = from + each;
  return true;
}

}  // namespace mc::kms
